"""Tests, projection, cures and alerts over HTTP, with their working; and the proof of the books."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from open401k import fiduciary
from open401k.base.access import Permission
from open401k.kernel import AlertId, day_of
from open401k.views import alert, plan_health, shown, test_detail

from ...described import given
from ...guard import Caller, Needs
from ...written import document
from . import models
from .paging import LIMIT, Cursor, Limit, page
from .payroll import found, named

ProjectionModel: Any = given(shown.Projection)
AlertModel: Any = given(shown.AlertLine)
CureModel: Any = given(alert.CureLine)


class Projected(BaseModel):
    """The projection of every test that has one."""

    as_of: date
    items: list[ProjectionModel]


class CuresOfAlert(BaseModel):
    """Every cure of one open alert, cheapest first."""

    alert_id: str
    cures: list[CureModel]


router = APIRouter(tags=["Tests, projection, cures, alerts"])
Tester = Annotated[Caller, Depends(Needs(Permission.COMPLIANCE_VIEW))]
Alerted = Annotated[Caller, Depends(Needs(Permission.ALERT_VIEW))]


def of_year(
    year: Annotated[int | None, Query(ge=1975, le=2199, description="In which the plan year begins")] = None,
) -> int | None:
    """Of which plan year; without one, the newest."""
    return year


TestedYear = Annotated[int | None, Depends(of_year)]


@router.get("/plans/{plan_id}/tests/latest", response_model=given(test_detail.TestsOverview))
def latest_tests(caller: Tester, year: TestedYear) -> dict[str, Any]:
    """Every test as it stands after the last payroll, or at the end of an earlier plan year."""
    with caller.begin() as tx:
        return dict(document(test_detail.load_overview(tx, tenant_id=caller.tenant, plan_id=caller.plan, year=year)))


@router.get("/plans/{plan_id}/tests/{key}", response_model=given(test_detail.TestDetail))
def test_with_working(caller: Tester, key: str, year: TestedYear) -> dict[str, Any]:
    """One test with its working, down to the payroll rows."""
    with caller.begin() as tx:
        told = test_detail.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, key=key, year=year)
    return dict(document(found(told)))


@router.get("/plans/{plan_id}/projection", response_model=Projected)
def projection(caller: Tester) -> dict[str, Any]:
    """Where each test will end the year: probability and interval."""
    with caller.begin() as tx:
        told = test_detail.load_overview(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    projected = [document(line.projection) for line in told.tests if line.projection is not None]
    return {"as_of": told.heading.as_of.isoformat(), "items": projected}


@router.get("/plans/{plan_id}/alerts", response_model=models.Page[AlertModel])
def alerts(caller: Alerted, after: Cursor = None, limit: Limit = LIMIT) -> dict[str, Any]:
    """Open alerts, the first raised first."""
    with caller.begin() as tx:
        today = day_of(tx.now)
        found = fiduciary.open_alerts(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    told, following = page(found, lambda each: str(each.alert_id), after=after, limit=limit)
    return {"items": [document(alert.alert_line(each, today)) for each in told], "next": following}


@router.get("/plans/{plan_id}/alerts/{alert_id}", response_model=given(alert.AlertDetail))
def alert_with_cures(caller: Alerted, alert_id: str) -> dict[str, Any]:
    """One alert with its projection and every cure."""
    with caller.begin() as tx:
        told = alert.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, alert_id=named(AlertId, alert_id))
    return dict(document(found(told)))


@router.get("/plans/{plan_id}/cures", response_model=models.Page[CuresOfAlert])
def cures(caller: Alerted, after: Cursor = None, limit: Limit = LIMIT) -> dict[str, Any]:
    """Every cure of every open alert, as priced with it."""
    with caller.begin() as tx:
        found = fiduciary.open_alerts(tx, tenant_id=caller.tenant, plan_id=caller.plan)
        told, following = page(found, lambda each: str(each.alert_id), after=after, limit=limit)
        items = [
            {"alert_id": str(each.alert_id), "cures": document(alert.cures(tx, tenant_id=caller.tenant, of=each))}
            for each in told
        ]
    return {"items": items, "next": following}


@router.get("/plans/{plan_id}/health", response_model=given(plan_health.PlanHealth))
def health(caller: Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW))]) -> dict[str, Any]:
    """What the plan health page says, as data."""
    with caller.begin() as tx:
        return dict(document(plan_health.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)))


@router.get("/sponsors/{sponsor_id}/verification")
def verification(caller: Annotated[Caller, Depends(Needs(Permission.AUDIT_VIEW))]) -> models.Verification:
    """Recompute balances, entitlements, tests and the audit chain of a sponsor from facts."""
    found = caller.services.verifier.verify(actor=caller.actor, tenants=[caller.tenant])
    return models.Verification.model_validate(found)

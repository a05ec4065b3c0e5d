"""Tests, projection, cures and alerts over HTTP, with their working; and the proof of the books."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from open401k.base.access import Permission
from open401k.kernel import AlertId
from open401k.views import alert, plan_health, test_detail

from ...guard import Caller, Needs
from ...written import document
from .payroll import found, named

router = APIRouter(tags=["Tests, projection, cures, alerts"])
Tester = Annotated[Caller, Depends(Needs(Permission.COMPLIANCE_VIEW))]
Alerted = Annotated[Caller, Depends(Needs(Permission.ALERT_VIEW))]


@router.get("/plans/{plan_id}/tests/latest")
def latest_tests(caller: Tester) -> dict[str, Any]:
    """Every test as it stands after the last payroll."""
    with caller.begin() as tx:
        return dict(document(test_detail.load_overview(tx, tenant_id=caller.tenant, plan_id=caller.plan)))


@router.get("/plans/{plan_id}/tests/{key}")
def test_with_working(caller: Tester, key: str) -> dict[str, Any]:
    """One test with its working, down to the payroll rows."""
    with caller.begin() as tx:
        shown = test_detail.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, key=key)
    return dict(document(found(shown)))


@router.get("/plans/{plan_id}/projection")
def projection(caller: Tester) -> dict[str, Any]:
    """Where each test will end the year: probability and interval."""
    with caller.begin() as tx:
        shown = test_detail.load_overview(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    projected = [{"test": line.key, "projection": document(line.projection)} for line in shown.tests]
    return {"as_of": shown.heading.as_of.isoformat(), "items": [each for each in projected if each["projection"]]}


@router.get("/plans/{plan_id}/alerts")
def alerts(caller: Alerted) -> dict[str, Any]:
    """Open alerts."""
    with caller.begin() as tx:
        shown = plan_health.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return {"items": document(shown.alerts), "next": None}


@router.get("/plans/{plan_id}/alerts/{alert_id}")
def alert_with_cures(caller: Alerted, alert_id: str) -> dict[str, Any]:
    """One alert with its projection and every cure."""
    with caller.begin() as tx:
        shown = alert.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, alert_id=named(AlertId, alert_id))
    return dict(document(found(shown)))


@router.get("/plans/{plan_id}/cures")
def cures(caller: Alerted) -> dict[str, Any]:
    """Every cure of every open alert, as priced with it."""
    items: list[Any] = []
    with caller.begin() as tx:
        shown = plan_health.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
        for line in shown.alerts:
            detail = alert.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, alert_id=line.alert_id)
            if detail is not None:
                items.append({"alert_id": str(line.alert_id), "cures": document(detail.cures)})
    return {"items": items, "next": None}


@router.get("/plans/{plan_id}/health")
def health(caller: Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW))]) -> dict[str, Any]:
    """What the plan health page says, as data."""
    with caller.begin() as tx:
        return dict(document(plan_health.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)))


@router.get("/sponsors/{sponsor_id}/verification")
def verification(caller: Annotated[Caller, Depends(Needs(Permission.AUDIT_VIEW))]) -> dict[str, Any]:
    """Recompute balances, entitlements, tests and the audit chain of a sponsor from facts."""
    return dict(caller.services.verifier.verify(actor=caller.actor, tenants=[caller.tenant]))

"""The year before a plan came here, over HTTP: one file of year-to-date figures in, every finding or all of it out."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel

from open401k import census
from open401k.base.access import Permission
from open401k.flows.year_to_date import Brought, bring
from open401k.flows.year_to_date_expected import YearToDate

from ...guard import Caller, Needs
from ...problems import ProblemError
from .convert import rejected, told_if_refused
from .once import answered, key_of

router = APIRouter(tags=["Sponsors, plans, people"])
Key = Annotated[str, Depends(key_of)]


class YearToDateBrought(BaseModel):
    """What the figures of a plan's year before the takeover now add up to."""

    already: bool
    as_of: date
    rows: int
    people: int
    plan_compensation: str
    employee: str
    employer: str
    prior_year_end_balances: str
    corrected_entries: int


class YearToDatePeriod(BaseModel):
    """Days, both included, whose payrolls were made before the plan came here."""

    start: date
    end: date
    people: int


class YearToDateOnFile(BaseModel):
    """The periods that count; none where the plan has been here all year."""

    periods: list[YearToDatePeriod]


@router.post("/plans/{plan_id}/year-to-date", status_code=201)
def bring_year_to_date(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))],
    key: Key,
    as_of: Annotated[date, Query(description="The last day whose payrolls are in the file")],
    content: Annotated[bytes, Body(media_type="text/csv", description="The canonical CSV of year-to-date figures")],
) -> YearToDateBrought:
    """Bring over pay and contributions of the year, of payrolls that were made before the plan came here.

    They count in tests, limits, match and eligibility; nothing is posted for them, since the balances hold their money.
    The file takes the place of what was brought before, and payrolls posted here are settled to it. With any fault it
    is the problem `year_to_date_rejected`, every finding in its `errors`, and nothing is changed.
    """
    kept = answered(
        caller,
        key=key,
        what=f"year to date {caller.plan} {as_of}",
        body=content,
        work=lambda: _brought(caller, as_of, content).model_dump(mode="json"),
    )
    return YearToDateBrought.model_validate(kept)


@router.get("/plans/{plan_id}/year-to-date")
def get_year_to_date(caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))]) -> YearToDateOnFile:
    """The periods that are counted as paid before the plan came here."""
    with caller.begin() as tx:
        found = census.brought_periods(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return YearToDateOnFile(
        periods=[YearToDatePeriod(start=each.start, end=each.end, people=each.people) for each in found]
    )


def _brought(caller: Caller, as_of: date, content: bytes) -> YearToDateBrought:
    told = YearToDate(caller.tenant, caller.plan, as_of, f"year-to-date {as_of}.csv", content)
    with told_if_refused():
        outcome = bring(caller.services.db, actor=caller.actor, told=told)
    if not isinstance(outcome, Brought):
        raise ProblemError(rejected(outcome, "year_to_date_rejected", "The year-to-date figures were rejected."))
    return YearToDateBrought(
        already=outcome.already,
        as_of=outcome.as_of,
        rows=outcome.rows,
        people=outcome.people,
        plan_compensation=outcome.plan_compensation.plain(),
        employee=outcome.employee.plain(),
        employer=outcome.employer.plain(),
        prior_year_end_balances=outcome.balances_before.plain(),
        corrected_entries=outcome.entries,
    )

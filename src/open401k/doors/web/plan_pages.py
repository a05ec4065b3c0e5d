"""Pages of one plan that only read: health, people, tests, alerts; and the list of plans."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from open401k import census
from open401k.base import messages
from open401k.base.access import Permission
from open401k.kernel import AlertId, EmployeeId, FlowId
from open401k.views import (
    advisor_book,
    alert,
    daily_round,
    derived,
    elections,
    loans,
    people,
    plan_health,
    test_detail,
)

from ..guard import Caller, Needs
from ..problems import NOT_FOUND, ProblemError
from .frame import frame, page, see_other

router = APIRouter(include_in_schema=False)
Reader = Annotated[Caller, Depends(Needs(Permission.PLAN_VIEW))]
Tester = Annotated[Caller, Depends(Needs(Permission.COMPLIANCE_VIEW))]
Alerted = Annotated[Caller, Depends(Needs(Permission.ALERT_VIEW))]
PeopleReader = Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))]
AnyLogin = Annotated[Caller, Depends(Needs(None))]
_PEOPLE_A_PAGE = 500


def of_year(year: Annotated[int | None, Query(ge=1975, le=2199)] = None) -> int | None:
    """Of which plan year; without one, the newest."""
    return year


TestedYear = Annotated[int | None, Depends(of_year)]


@router.get("/")
def home(request: Request, caller: AnyLogin) -> Response:
    """The one plan of a login, or its book."""
    with caller.begin_where(Permission.PLAN_VIEW) as tx:
        book = advisor_book.load(tx)
        day = daily_round.load(tx) if caller.may(Permission.OPERATIONS_VIEW) else None
    if len(book.plans) == 1 and (day is None or not day.failed):
        return see_other(f"/plans/{book.plans[0].heading.plan_id}")
    return page(request, "advisor_book", frame(request, "Plans", caller=caller), book=book, day=day)


@router.get("/plans/{plan_id}")
def health(request: Request, caller: Reader) -> Response:
    """Is the plan all right?"""
    with caller.begin() as tx:
        drawn_at = messages.newest_cursor(tx, tenant_id=caller.tenant)
        shown = plan_health.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    around = frame(request, f"{shown.heading.plan_name}: health", caller=caller, current="health")
    return page(request, "plan_health", around, heading=shown.heading, health=shown, drawn_at=drawn_at)


@router.get("/plans/{plan_id}/people")
def roster(request: Request, caller: PeopleReader, start: int = 0) -> Response:
    """Everyone by the page, numbers masked."""
    with caller.begin() as tx:
        shown = people.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, start=start, limit=_PEOPLE_A_PAGE)
    around = frame(request, "People", caller=caller, current="people")
    return page(request, "people", around, heading=shown.heading, roster=shown)


@router.get("/plans/{plan_id}/elections")
def elected(request: Request, caller: PeopleReader, start: int = 0) -> Response:
    """What is to be withheld, why, and what payroll did otherwise."""
    with caller.begin() as tx:
        shown = elections.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, start=start, limit=_PEOPLE_A_PAGE)
    around = frame(request, "Elections", caller=caller, current="people")
    moves = caller.may(Permission.PLAN_CHANGE)
    return page(request, "elections", around, heading=shown.heading, elections=shown, moves=moves)


@router.get("/plans/{plan_id}/people/{employee_id}")
def person(request: Request, caller: PeopleReader, employee_id: str) -> Response:
    """One person: sources, entry, groups."""
    try:
        found = EmployeeId.parse(employee_id)
    except ValueError:
        raise ProblemError(NOT_FOUND) from None
    with caller.begin() as tx:
        shown = people.load_person(tx, tenant_id=caller.tenant, plan_id=caller.plan, employee_id=found)
        follows = derived.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, employee_id=found)
        lent = loans.of_person(tx, tenant_id=caller.tenant, plan_id=caller.plan, employee_id=found) if shown else ()
        known = census.roster(tx, tenant_id=caller.tenant, employee_ids=[found])
    if shown is None:
        raise ProblemError(NOT_FOUND)
    around = frame(request, shown.person.name, caller=caller, current="people")
    return page(
        request,
        "person",
        around,
        heading=shown.heading,
        detail=shown,
        derived=follows or (),
        loans=lent,
        employment=[span for each in known for span in each.employment],
        employee_class="".join(each.employee_class for each in known),
        records=caller.may(Permission.CENSUS_CHANGE),
        key=str(caller.services.ids.new(FlowId)),
    )


@router.get("/plans/{plan_id}/tests")
def tests(request: Request, caller: Tester, year: TestedYear) -> Response:
    """Every test as it stands, or as it stood at the end of an earlier plan year."""
    with caller.begin() as tx:
        shown = test_detail.load_overview(tx, tenant_id=caller.tenant, plan_id=caller.plan, year=year)
    around = frame(request, "Tests", caller=caller, current="tests")
    return page(request, "tests", around, heading=shown.heading, overview=shown, year=year)


@router.get("/plans/{plan_id}/tests/{key}")
def test(request: Request, caller: Tester, key: str, year: TestedYear) -> Response:
    """One test down to the payroll rows."""
    with caller.begin() as tx:
        shown = test_detail.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, key=key, year=year)
    if shown is None:
        raise ProblemError(NOT_FOUND)
    around = frame(request, shown.line.title, caller=caller, current="tests")
    return page(request, "test_detail", around, heading=shown.heading, test=shown)


@router.get("/plans/{plan_id}/alerts/{alert_id}")
def alert_page(request: Request, caller: Alerted, alert_id: str) -> Response:
    """One alert and its cures."""
    try:
        found = AlertId.parse(alert_id)
    except ValueError:
        raise ProblemError(NOT_FOUND) from None
    with caller.begin() as tx:
        shown = alert.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, alert_id=found)
    if shown is None:
        raise ProblemError(NOT_FOUND)
    around = frame(request, shown.alert.title, caller=caller, current="health")
    return page(request, "alert", around, heading=shown.heading, detail=shown)

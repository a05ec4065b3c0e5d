"""The year-end census to look at, complete and confirm. Not here: how it is derived (compliance/year_census.py)."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k import census
from open401k.base import steps
from open401k.base.access import Permission
from open401k.flows.correction import Correction, LateFact, correct
from open401k.flows.payroll_settle import PostingRefused
from open401k.flows.year_census import confirm, state_filed
from open401k.kernel import EmployeeId, FlowId, Money, Refused, day_of
from open401k.views import census_year

from ..guard import Caller, Needs, posted_form, word
from ..late_facts import refuse_impossible, related
from ..problems import Problem, ProblemError
from .frame import frame, page, see_other
from .payroll_pages import named

router = APIRouter(include_in_schema=False, prefix="/plans/{plan_id}/census/{year}")
Reader = Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))]
Changer = Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))]
Posted = Annotated[FormData, Depends(posted_form)]
Year = Annotated[int, Path(ge=1974, le=2100)]
_PEOPLE_A_PAGE = 200


@router.get("")
def show(request: Request, caller: Reader, year: Year, start: int = 0) -> Response:
    """Everybody of the plan year, by the page; what changed since it was confirmed; what only a person knows."""
    with caller.begin() as tx:
        shown = census_year.load(
            tx, tenant_id=caller.tenant, plan_id=caller.plan, year=year, start=start, limit=_PEOPLE_A_PAGE
        )
    return page(
        request,
        "census_year",
        frame(request, f"Census of {year}", caller=caller, current="people"),
        heading=shown.heading,
        shown=shown,
        changes=caller.may(Permission.CENSUS_CHANGE),
        key=str(caller.services.ids.new(FlowId)),
        money=lambda cents: str(Money(cents)),
        hundredths=lambda number: Money(number).plain(),  # hours and percent carry two decimals as dollars do
        relations=[each.value for each in census.Relation],
    )


@router.get("/export.csv")
def export(caller: Reader, year: Year) -> Response:
    """Everybody as CSV; Social Security numbers masked, and no cell that a spreadsheet takes for a formula."""
    with caller.begin() as tx:
        shown = census_year.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, year=year)
    headers = {"Content-Disposition": f'attachment; filename="census-{year}.csv"'}
    return Response(census_year.as_csv(shown), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/confirm")
def sign(caller: Changer, form: Posted, year: Year) -> Response:
    """Sign it off as it was shown; the same again changes nothing."""
    signed_as = word(form, "signed_as")[:200]
    if not signed_as:
        raise ProblemError(Problem(422, "signature_missing", "Not confirmed.", fix="Go back and say who signs."))
    with caller.begin() as tx:
        done = confirm(
            tx, tenant_id=caller.tenant, plan_id=caller.plan, year=year, sha256=word(form, "sha256"),
            signed_as=signed_as,
        )  # fmt: skip
    if isinstance(done, Refused):
        raise ProblemError(Problem(422, str(done.reason), "Not confirmed.", done.message, done.fix))
    return see_other(f"/plans/{caller.plan}/census/{year}?said=Confirmed by {signed_as}.")


@router.post("/filed")
def tell_filed(caller: Changer, form: Posted, year: Year) -> Response:
    """As what the plan year was reported; shown with the year after, for which it counts."""
    size = word(form, "filed_as")
    if size not in ("small", "large"):
        raise ProblemError(Problem(422, "filed_as_unknown", "Not recorded.", fix="Choose small or large."))
    with caller.begin() as tx:
        done = state_filed(tx, tenant_id=caller.tenant, plan_id=caller.plan, year=year, small=size == "small")
    if isinstance(done, Refused):
        raise ProblemError(Problem(422, str(done.reason), "Not recorded.", done.message, done.fix))
    return see_other(f"/plans/{caller.plan}/census/{year + 1}?said=On file: {year} was filed as {size}.")


@router.post("/fact")
def tell(caller: Changer, form: Posted, year: Year) -> Response:
    """What only a person knows: shares, offices, family. What follows from it in the books is posted at once."""
    who, fact = named(EmployeeId, word(form, "who")), _fact(form)
    since, flow_id = _day(word(form, "since")), named(FlowId, word(form, "key"))
    with caller.begin() as tx:
        person = census.employee(tx, tenant_id=caller.tenant, employee_id=who)  # says so where nobody is called so
        if not steps.done(tx, tenant_id=caller.tenant, flow_id=flow_id):
            of = related(tx, tenant_id=caller.tenant, person=person, fact=fact)
            refuse_impossible(person, fact, event_on=since, today=day_of(tx.now), relatives=of)
    wanted = Correction(caller.tenant, caller.plan, flow_id, LateFact(who, fact, since))
    try:
        correct(caller.services.db, actor=caller.actor, correction=wanted)
    except PostingRefused as error:
        refused = error.refused
        raise ProblemError(Problem(422, str(refused.reason), "Not recorded.", refused.message, refused.fix)) from None
    return see_other(f"/plans/{caller.plan}/census/{year}?said=On file. Tests and the census follow from it.")


def _fact(form: FormData) -> census.Fact:
    kind, value = word(form, "kind"), word(form, "value")
    if kind == "ownership":
        return census.Ownership(_share_bps(value))
    if kind in ("officer", "not_officer"):
        return census.Officer(kind == "officer")
    if kind.startswith("left_by_"):
        return _left(kind.removeprefix("left_by_"))
    try:
        relation = census.Relation(kind)
    except ValueError:
        raise ProblemError(Problem(422, "fact_unknown", "Not recorded.", fix="Choose what it is.")) from None
    return census.Family(named(EmployeeId, word(form, "relative")), relation)


def _left(by: str) -> census.Fact:
    if by not in tuple(census.LeftBy):
        raise ProblemError(Problem(422, "fact_unknown", "Not recorded.", fix="Choose what it is."))
    return census.Terminated(by=census.LeftBy(by))


def _share_bps(text: str) -> int:
    """A percentage of at most two decimals, as hundredths of a percent."""
    whole, _, part = text.strip().removesuffix("%").strip().partition(".")
    digits = whole + part.ljust(2, "0")
    if not (digits.isascii() and digits.isdigit() and whole and len(part) <= 2 and int(digits) <= 10_000):
        raise ProblemError(Problem(422, "share_invalid", "That is not a share.", fix="Write it as 12.5, up to 100."))
    return int(digits)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ProblemError(Problem(422, "date_invalid", "That is not a date.", fix="Write it as 2026-08-14.")) from None

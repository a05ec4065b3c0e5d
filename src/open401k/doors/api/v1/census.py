"""The year-end census and what is derived of a person, over HTTP. Not here: facts learned late (late_facts.py)."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field, StringConstraints

from open401k.base.access import Permission
from open401k.base.db import Tx
from open401k.flows.year_census import confirm, state_filed
from open401k.kernel import EmployeeId, Money, Refused
from open401k.views import census_year, derived

from ...guard import Caller, Needs
from ...problems import NOT_FOUND, Problem, ProblemError
from ...texts import MoneyText, Name, Sent
from ...written import document
from .once import key_of, once
from .paging import LIMIT, Cursor, Limit, place_of
from .payroll import named

router = APIRouter(tags=["Sponsors, plans, people"])
Key = Annotated[str, Depends(key_of)]
Year = Annotated[int, Path(ge=1974, le=2100, description="In which the plan year begins")]


class CensusPerson(BaseModel):
    """One person of a plan year; money of the plan year, shares in hundredths of a percent."""

    employee_id: str
    name: str
    ssn: str
    birth_date: date | None
    hired_on: date | None
    rehired_on: date | None
    terminated_on: date | None
    status: str
    employee_class: str
    officer: bool
    ownership_bps: int
    family: list[str]
    hours: MoneyText
    gross: MoneyText
    plan_compensation: MoneyText
    section_415_compensation: MoneyText
    fica_wages: MoneyText
    pre_tax: MoneyText
    roth: MoneyText
    after_tax: MoneyText
    match: MoneyText
    nonelective: MoneyText
    qnec: MoneyText
    corrective: Annotated[MoneyText, Field(description="For failures of the year, whenever it was contributed")]
    eligible_on: date | None
    participates: bool
    highly_compensated: bool | None
    why_highly_compensated: str
    lookback_pay: MoneyText
    key_employee: bool | None
    why_key: str
    fica_wages_of_the_year_before: MoneyText
    roth_catch_up: bool | None
    why_roth_catch_up: str
    part_time: str
    part_time_years: int
    vesting_years: Annotated[int | None, Field(description="None: a break in service has to be judged")]


class CensusCounts(BaseModel):
    """Participants as Form 5500 counts them; ``counted`` decides whether the plan is large."""

    at_start: int
    at_end: int
    with_balances_at_start: int
    with_balances_at_end: int
    active_at_start: int
    active_at_end: int
    counted: int
    counted_on: date
    large: bool
    why: str
    filed_as_small_before: Annotated[bool | None, Field(description="The plan year before; None: not on file")]


class CensusConfirmation(BaseModel):
    """Who said that the census is right, and the hash of what they saw."""

    confirmed_at: datetime
    known_at: datetime
    sha256: str
    people: int
    confirmed_by: str
    signed_as: str


class CensusDifference(BaseModel):
    """What is otherwise than when it was confirmed; without ``field``: the person was, or is, not in it."""

    employee_id: str
    name: str
    field: str
    before: str
    now: str


class Census(BaseModel):
    """The census of a plan year as known now; ``next`` is the cursor of the following page of people."""

    year: int
    first_day: date
    last_day: date
    as_of: date
    over: bool
    known_at: datetime
    sha256: str
    people: int
    items: list[CensusPerson]
    next: str | None
    counts: CensusCounts
    automatic_enrollment_mandate: str
    why_mandate: str
    missing: str
    open_questions: int
    confirmation: CensusConfirmation | None
    changed_since: list[CensusDifference]


class ConfirmCensus(Sent):
    """The ``sha256`` of the census as it was shown, and who signs for the sponsor."""

    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    signed_as: Name


class FiledAs(Sent):
    """As what the plan year was reported on Form 5500."""

    filed_as: Literal["small", "large"]


class Filed(BaseModel):
    """What is on file now."""

    year: int
    filed_as: Literal["small", "large"]


class Derived(BaseModel):
    """One thing nobody is asked for, and from which facts and rule it follows."""

    key: str
    label: str
    value: str | int | None
    why: str


class DerivedFacts(BaseModel):
    """Everything derived of a person as of today."""

    items: list[Derived]


@router.get("/plans/{plan_id}/census/{year}")
def year_census(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))],
    year: Year,
    after: Cursor = None,
    limit: Limit = LIMIT,
) -> Census:
    """The census of a plan year, derived from facts: nothing is sent in. Social Security numbers masked."""
    with caller.begin() as tx:
        shown = census_year.load(
            tx, tenant_id=caller.tenant, plan_id=caller.plan, year=year, start=place_of(after) or 0, limit=limit
        )
    return _census(shown)


@router.post("/plans/{plan_id}/census/{year}/confirm", status_code=201)
def confirm_census(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))], key: Key, year: Year, sent: ConfirmCensus
) -> CensusConfirmation:
    """Sign the census off as it was shown; a fact that changes later shows it as changed since then."""

    def work(tx: Tx) -> dict[str, Any]:
        of: dict[str, Any] = {"tenant_id": caller.tenant, "plan_id": caller.plan}
        done = confirm(tx, **of, year=year, sha256=sent.sha256, signed_as=sent.signed_as)
        if isinstance(done, Refused):
            raise ProblemError(Problem(422, str(done.reason), "It was not confirmed.", done.message, done.fix))
        return CensusConfirmation.model_validate(asdict(done)).model_dump(mode="json")

    body = sent.model_dump_json().encode()
    what = f"confirm census {caller.plan} {year}"
    kept = once(caller, tenant_id=caller.tenant, key=key, what=what, body=body, work=work)
    return CensusConfirmation.model_validate(kept)


@router.post("/plans/{plan_id}/census/{year}/filed", status_code=201)
def state_how_filed(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))], key: Key, year: Year, sent: FiledAs
) -> Filed:
    """State as what a plan year was reported: it counts for the year after, with 80 to 120 participants."""

    def work(tx: Tx) -> dict[str, Any]:
        of: dict[str, Any] = {"tenant_id": caller.tenant, "plan_id": caller.plan}
        done = state_filed(tx, **of, year=year, small=sent.filed_as == "small")
        if isinstance(done, Refused):
            raise ProblemError(Problem(422, str(done.reason), "It was not recorded.", done.message, done.fix))
        return {"year": year, "filed_as": sent.filed_as}

    body = sent.model_dump_json().encode()
    what = f"filed {caller.plan} {year}"
    return Filed.model_validate(once(caller, tenant_id=caller.tenant, key=key, what=what, body=body, work=work))


@router.get("/plans/{plan_id}/people/{employee_id}/derived")
def derived_facts(caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))], employee_id: str) -> DerivedFacts:
    """What follows from the facts of a person, each with its why: groups, entry, catch-up, part-time, service."""
    who = named(EmployeeId, employee_id)
    with caller.begin() as tx:
        found = derived.load(tx, tenant_id=caller.tenant, plan_id=caller.plan, employee_id=who)
    if found is None:
        raise ProblemError(NOT_FOUND)
    return DerivedFacts(items=[Derived.model_validate(document(each)) for each in found])


def _census(shown: census_year.CensusYear) -> Census:
    return Census(
        year=shown.year,
        first_day=shown.first_day,
        last_day=shown.last_day,
        as_of=shown.as_of,
        over=shown.over,
        known_at=shown.known_at,
        sha256=shown.sha256,
        people=shown.people,
        items=[_person(line) for line in shown.lines],
        next=None if shown.more is None else str(shown.more),
        counts=CensusCounts.model_validate(asdict(shown.counts)),
        automatic_enrollment_mandate=shown.mandate,
        why_mandate=shown.mandate_why,
        missing=shown.missing,
        open_questions=shown.open_questions,
        confirmation=CensusConfirmation.model_validate(asdict(shown.confirmation)) if shown.confirmation else None,
        changed_since=[CensusDifference.model_validate(asdict(each)) for each in shown.differences],
    )


def _person(line: census_year.CensusLine) -> CensusPerson:
    told = asdict(line.row)
    money = {"plan_cents": "plan_compensation", "section_415_cents": "section_415_compensation"}
    money |= {"fica_cents": "fica_wages", "wages_before_cents": "fica_wages_of_the_year_before"}
    money |= {"hours_hundredths": "hours", "lookback_pay_cents": "lookback_pay"}
    written: dict[str, Any] = {"ssn": line.ssn_masked}
    for name, value in told.items():
        amount = name.endswith("_cents") or name == "hours_hundredths"
        written[money.get(name, name.removesuffix("_cents"))] = Money(value).plain() if amount else value
    return CensusPerson.model_validate(written)

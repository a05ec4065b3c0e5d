"""What a person at the employer records of somebody: facts learned late, and what they elect. Not here: the page."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k import census
from open401k.base.access import Permission
from open401k.flows.election import elect_once
from open401k.kernel import EmployeeId, Refused, Source, day_of
from open401k.recordkeeping import How, NewElection, Part, Slot

from .. import late_facts
from ..declaring import cents_of, percent_of
from ..guard import Caller, Needs, posted_form, word
from ..problems import Problem, ProblemError
from .frame import see_other
from .payroll_pages import named

router = APIRouter(include_in_schema=False, prefix="/plans/{plan_id}/people/{employee_id}")
Changer = Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))]
Posted = Annotated[FormData, Depends(posted_form)]
#: What each kind of fact holds beside its person and day, and how the form writes it.
_MEMBERS = {
    "birth_date": ("birth_date",),
    "name": ("first_name", "last_name"),
    "employee_class": ("employee_class",),
    "ssn": ("ssn",),
    "hired": ("instead_of",),
    "terminated": ("instead_of", "by"),
}
_AMOUNTS = ("section_415", "plan", "fica")


@router.post("/facts")
def learn(caller: Changer, form: Posted, employee_id: str) -> Response:
    """A fact learned late, or put right: every payroll that it touches is derived anew."""
    who = named(EmployeeId, employee_id)
    told = _told(form, word(form, "kind")) | {"employee_id": str(who), "event_on": _day_of(caller, form, who)}
    of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}
    settled = late_facts.learn_once(caller.services.db, **of, key=_key(form), sent=late_facts.read(told))
    return _back(caller, who, f"On file. {late_facts.in_words(settled)}")


@router.post("/elections")
def elect(caller: Changer, form: Posted, employee_id: str) -> Response:
    """What somebody elected, on paper or by word; a change takes effect with the first pay date from its day on."""
    who = named(EmployeeId, employee_id)
    percent, dollars, stop = word(form, "percent"), word(form, "dollars"), word(form, "stop") == "yes"
    if (bool(percent) + bool(dollars) + stop) != 1:
        raise _wrong("An election is a percentage, an amount, or a stop.", "Give one of the three; 0 is nothing.")
    new = NewElection(
        who,
        _slot(word(form, "source"), word(form, "part")),
        _day(form, "effective_on"),
        How.ADMINISTRATOR,
        bps=percent_of(percent, "the percentage") if percent else 0,
        cents=cents_of(dollars, "dollars of each paycheck") if dollars else 0,
        made_on=_day(form, "made_on"),
    )
    of: dict[str, Any] = {"tenant_id": caller.tenant, "plan_id": caller.plan, "key": _key(form)}
    with caller.begin() as tx:
        done = elect_once(tx, **of, new=new, stop=stop)
    if isinstance(done, Refused):
        title = "The plan does not take this election."
        raise ProblemError(Problem(422, str(done.reason), title, done.message, done.fix))
    since = f"On file: what is elected from {new.event_on} on. Payroll is told of it."
    owed = " What it should have withheld since then, if it did not, waits under Corrections."
    return _back(caller, who, since + owed if new.event_on <= day_of(caller.services.clock.now()) else since)


def _told(form: FormData, kind: str) -> dict[str, Any]:
    if kind == "pay_of_year":
        year = word(form, "year")
        amounts = {f"{name}_cents": cents_of(word(form, name), "pay") for name in _AMOUNTS}
        hours = {"hours_hundredths": cents_of(word(form, "hours"), "hours")}
        return {"kind": kind, "year": int(year) if year.isdecimal() else year, **amounts, **hours}
    values = {name: word(form, name) for name in _MEMBERS.get(kind, ())}
    return {"kind": kind, **{name: value for name, value in values.items() if value}}


def _day_of(caller: Caller, form: FormData, who: EmployeeId) -> date | str:
    """When it happened, as said; what is of no day (a birth date) has held since the first day here."""
    if said := word(form, "event_on"):
        return said
    with caller.begin() as tx:
        known = census.employee(tx, tenant_id=caller.tenant, employee_id=who)
    if known.employment and word(form, "kind") in ("birth_date", "name", "ssn", "pay_of_year"):
        return known.employment[0].hired_on
    raise _wrong("It is not said when it happened.", "Fill in the day.")


def _slot(source: str, part: str) -> Slot:
    try:
        return Slot(Source(source), Part(part))
    except ValueError:
        raise _wrong("It is not said what is elected.", "Choose the source and the pay it is of.") from None


def _day(form: FormData, name: str) -> date:
    try:
        return date.fromisoformat(word(form, name))
    except ValueError:
        raise _wrong("That is not a date.", "Write it as 2026-08-14.") from None


def _key(form: FormData) -> str:
    if key := word(form, "key"):
        return key
    raise _wrong("This form has no key.", "Go back, load the page again, and fill it in there.")


def _wrong(message: str, fix: str) -> ProblemError:
    return ProblemError(Problem(422, "form_incomplete", "Nothing was recorded.", message, fix))


def _back(caller: Caller, who: EmployeeId, said: str) -> Response:
    return see_other(f"/plans/{caller.plan}/people/{who}?said={quote(said)}")

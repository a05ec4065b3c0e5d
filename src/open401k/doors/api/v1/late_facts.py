"""Facts learned late, over HTTP: the past is derived anew, the difference posted. Facts are appended, never edited."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field, StrictBool, StrictInt

from open401k import census
from open401k.base.access import Permission
from open401k.flows import correction
from open401k.kernel import EmployeeId, FlowId, Money, named_uuid

from ...guard import Caller, Needs
from ...texts import Name, Sent, Text
from . import models
from .convert import told_if_refused
from .models import SsnText
from .once import answered, key_of
from .payroll import named

router = APIRouter(tags=["Sponsors, plans, people"])
Key = Annotated[str, Depends(key_of)]
Cents = Annotated[StrictInt, Field(ge=0, le=10**12)]


class AboutPerson(Sent):
    """What every fact about a person says: whom, and since when."""

    employee_id: Text
    event_on: date


class HiredLate(AboutPerson):
    """Hired, or hired again; ``instead_of`` is the day it was thought to be."""

    kind: Literal["hired"]
    instead_of: date | None = None


class TerminatedLate(AboutPerson):
    """The last day of the employment; ``instead_of`` is the day it was thought to be.

    ``by``: death or disability, for which a plan may vest in full or waive what it asks of who is to receive a
    contribution; voluntary, which no turnover counts (Rev. Rul. 2007-43).
    """

    kind: Literal["terminated"]
    instead_of: date | None = None
    by: census.LeftBy | None = None


class NeverHappened(AboutPerson):
    """The hire or the termination that is on file for the day never happened."""

    kind: Literal["not_hired", "not_terminated"]


class BornOn(AboutPerson):
    """The date of birth."""

    kind: Literal["birth_date"]
    birth_date: date


class CalledSo(AboutPerson):
    """A name."""

    kind: Literal["name"]
    first_name: Name
    last_name: Name


class OfClass(AboutPerson):
    """A class of employees; provisions may exclude some."""

    kind: Literal["employee_class"]
    employee_class: Text


class Owns(AboutPerson):
    """A share of the sponsor, owned directly."""

    kind: Literal["ownership"]
    ownership_bps: Annotated[StrictInt, Field(ge=0, le=10_000)]


class IsOfficer(AboutPerson):
    """Whether somebody is an officer."""

    kind: Literal["officer"]
    officer: StrictBool


class NumberedSo(AboutPerson):
    """The right Social Security number, where another was on file."""

    kind: Literal["ssn"]
    ssn: SsnText


class RelatedTo(AboutPerson):
    """A relative whose shares are attributed (IRC 318), or no longer."""

    kind: Literal["family"]
    relative: Text
    relation: census.Relation
    ended: StrictBool = False


class PaidInYear(AboutPerson):
    """A year's pay from before the first payroll here."""

    kind: Literal["pay_of_year"]
    year: Annotated[StrictInt, Field(ge=1974, le=2100)]
    section_415_cents: Cents
    plan_cents: Cents
    fica_cents: Cents
    hours_hundredths: Annotated[StrictInt, Field(ge=0, le=900_000)]


class PayCode(Sent):
    """Whether an earnings code counts as plan compensation, from a day on."""

    kind: Literal["pay_code"]
    code: Name
    counts: StrictBool
    event_on: date


LateFact = Annotated[
    HiredLate
    | TerminatedLate
    | NeverHappened
    | BornOn
    | CalledSo
    | OfClass
    | Owns
    | IsOfficer
    | NumberedSo
    | RelatedTo
    | PaidInYear
    | PayCode,
    Field(discriminator="kind"),
]


@router.post("/plans/{plan_id}/corrections", status_code=201)
def correct(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))], key: Key, sent: LateFact
) -> models.Correction:
    """Record what was learned late. Every payroll it touches is derived anew, and the difference is posted.

    A fact has the day on which it happened; that it is known from now on stays on file, too. Tests, projection and
    alerts follow.
    """
    body = sent.model_dump_json().encode()
    kept = answered(
        caller,
        key=key,
        what=f"correct {caller.plan}",
        body=body,
        work=lambda: _correct(caller, key, sent).model_dump(mode="json"),
    )
    return models.Correction.model_validate(kept)


def _correct(caller: Caller, key: str, sent: LateFact) -> models.Correction:
    flow_id = FlowId(named_uuid("correction", str(caller.tenant), key))
    asked = correction.Correction(caller.tenant, caller.plan, flow_id, _learned(caller, sent))
    with told_if_refused():
        done = correction.correct(caller.services.db, actor=caller.actor, correction=asked)
    return corrected(flow_id, done["settle"])


def corrected(flow_id: FlowId, settled: Mapping[str, Any]) -> models.Correction:
    """What followed in the books."""
    return models.Correction(
        correction_id=str(flow_id),
        origin=settled["origin"],
        entries=settled["entries"],
        credited=Money(settled["credited_cents"]).plain(),
        held=Money(settled["held_cents"]).plain(),
        employer=Money(settled.get("employer_cents", 0)).plain(),
        changed=[
            models.CorrectionChange(
                employee_id=each["employee_id"],
                source=each["source"],
                credited=Money(each["credited_cents"]).plain(),
                held=Money(each["held_cents"]).plain(),
            )
            for each in settled.get("changed", ())
        ],
        paragraph=settled.get("paragraph", ""),
    )


def _learned(caller: Caller, sent: LateFact) -> correction.LateFact | correction.PayCodeMeaning:
    if isinstance(sent, PayCode):
        return correction.PayCodeMeaning(sent.code, sent.counts, sent.event_on)
    employee_id = named(EmployeeId, sent.employee_id)
    with caller.begin() as tx:
        census.employee(tx, tenant_id=caller.tenant, employee_id=employee_id)  # says so where nobody is called so
    return correction.LateFact(employee_id, _fact(sent), sent.event_on)


def _fact(sent: AboutPerson) -> census.Fact:
    match sent:
        case HiredLate():
            return census.Hired(sent.instead_of)
        case TerminatedLate():
            return census.Terminated(sent.instead_of, sent.by)
        case NeverHappened():
            return census.NotHired() if sent.kind == "not_hired" else census.NotTerminated()
        case BornOn():
            return census.BirthDate(sent.birth_date)
        case CalledSo():
            return census.Name(sent.first_name, sent.last_name)
        case OfClass():
            return census.EmployeeClass(sent.employee_class)
        case Owns():
            return census.Ownership(sent.ownership_bps)
        case IsOfficer():
            return census.Officer(sent.officer)
        case NumberedSo():
            return census.Ssn(sent.ssn)
        case RelatedTo():
            return census.Family(named(EmployeeId, sent.relative), sent.relation, sent.ended)
        case PaidInYear():
            pay = census.AnnualPay(sent.section_415_cents, sent.plan_cents, sent.fica_cents, sent.hours_hundredths)
            return census.PayOfYear(sent.year, pay)
        case _:
            raise TypeError(f"no fact is a {type(sent).__name__}")

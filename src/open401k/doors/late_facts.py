"""What can be learned late, as every door takes it: facts of people and pay codes. Not here: what follows (flows)."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt, TypeAdapter, ValidationError

from open401k import census
from open401k.base import steps
from open401k.base.db import Actor, Database, Tx
from open401k.flows import correction
from open401k.flows.payroll_keys import claim_key
from open401k.flows.payroll_settle import PostingRefused
from open401k.kernel import EmployeeId, FlowId, Money, PlanId, SponsorId, day_of, named_uuid

from .problems import NOT_FOUND, FieldProblem, Problem, ProblemError
from .saying import count
from .texts import Name, Sent, SsnText, Text, what_is_wrong

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

_FACT: TypeAdapter[Any] = TypeAdapter(LateFact)


def read(told: dict[str, Any]) -> Any:
    """One fact as its members; everything wrong with it is told at once."""
    try:
        return _FACT.validate_python(told)
    except ValidationError as error:
        wrong = [
            FieldProblem(*what_is_wrong(each), pointer="/".join(map(str, each["loc"][1:])) or "kind")
            for each in error.errors(include_input=False, include_url=False)
        ]
        words = "; ".join(f"{each.pointer}: {each.reason}" for each in wrong)
        fix = "Say what happened, when, and what is right; docs/reference/api.md names the members of each kind."
        raise ProblemError(Problem(422, "fact_invalid", "Not recorded.", words, fix, errors=wrong)) from None


_YES_OR_NO = ("officer", "ended", "counts")


def value_of(name: str, text: str) -> Any:
    """A member as it is typed: whole numbers and yes or no for those that are such, words for all else."""
    if name in _YES_OR_NO:
        return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower(), text)
    whole = name == "year" or name.endswith(("_cents", "_bps", "_hundredths"))
    return int(text) if whole and text.isascii() and text.isdigit() and len(text) <= 15 else text


def learn(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, key: str, sent: Any
) -> tuple[FlowId, dict[str, Any]]:
    """Record it and settle the books to it; the same key is once, and stands for one fact."""
    flow_id = FlowId(named_uuid("correction", str(tenant_id), key))
    asked = correction.Correction(tenant_id, plan_id, flow_id, _learned(db, actor, tenant_id, flow_id, sent))
    try:
        done = correction.correct(db, actor=actor, correction=asked)
    except PostingRefused as error:
        refused, title = error.refused, "The correction could not be posted."
        raise ProblemError(Problem(422, str(refused.reason), title, refused.message, refused.fix)) from None
    settled: dict[str, Any] = done["settle"]
    return flow_id, settled


def learn_once(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, key: str, sent: Any
) -> dict[str, Any]:
    """The same for a form or a command: a key that stood for another fact is refused."""
    content = sent.model_dump_json().encode()
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id}
    if claim_key(db, **of, key=f"late fact/{plan_id}/{key}", content=content) is not None:
        message = "This was sent before, with something else in it; nothing was recorded."
        raise ProblemError(Problem(409, "key_reused", message, fix="Begin again on a fresh page."))
    _, settled = learn(db, **of, plan_id=plan_id, key=f"once/{key}", sent=sent)
    return settled


def in_words(settled: Mapping[str, Any]) -> str:
    """What followed in the books, in a sentence or two."""
    if not settled["entries"]:
        return "Nothing that was posted changes. What was missed, if anything was, waits under Corrections."
    posted = count(len(settled["entries"]), "correction")
    said = f"{posted} posted: {_more(settled['credited_cents'])} in accounts in all, "
    if not settled["employer_cents"]:
        return f"{said}none of it from the employer."
    employer = _more(settled["employer_cents"])
    return f"{said}{employer} of it from the employer. What waits for a decision is under Corrections."


def _more(cents: int) -> str:
    return f"{Money(abs(cents))} {'less' if cents < 0 else 'more'}"


def _learned(
    db: Database, actor: Actor, tenant_id: SponsorId, flow_id: FlowId, sent: Any
) -> correction.LateFact | correction.PayCodeMeaning:
    if isinstance(sent, PayCode):
        return correction.PayCodeMeaning(sent.code, sent.counts, sent.event_on)
    employee_id = _person(sent.employee_id)
    with db.begin(actor, tenants=[tenant_id]) as tx:
        person = census.employee(tx, tenant_id=tenant_id, employee_id=employee_id)  # says where nobody is called so
        today, known = day_of(tx.now), steps.done(tx, tenant_id=tenant_id, flow_id=flow_id)
        fact = fact_of(sent)
        relatives = related(tx, tenant_id=tenant_id, person=person, fact=fact)
    if known:  # on file under this key: what was learned since does not refuse its repeat
        return correction.LateFact(employee_id, fact, sent.event_on)
    refuse_impossible(person, fact, event_on=sent.event_on, today=today, relatives=relatives)
    return correction.LateFact(employee_id, fact, sent.event_on)


def related(
    tx: Tx, *, tenant_id: SponsorId, person: census.Employee, fact: census.Fact
) -> dict[EmployeeId, census.Employee]:
    """Whom a fact names, and of a date of birth everybody on file as a relative."""
    named = [fact.relative] if isinstance(fact, census.Family) else []
    if isinstance(fact, census.BirthDate):
        named = [who for who, _ in person.family]
    found = [census.employee(tx, tenant_id=tenant_id, employee_id=each) for each in named]
    return {each.employee_id: each for each in found}


def refuse_impossible(
    person: census.Employee,
    fact: census.Fact,
    *,
    event_on: date,
    today: date,
    relatives: Mapping[EmployeeId, census.Employee],
) -> None:
    """What cannot be, with its place, reason and fix."""
    cannot_be = census.impossible(person, fact, event_on=event_on, today=today, relatives=relatives)
    if cannot_be is not None:
        wrong = [FieldProblem(cannot_be.reason, cannot_be.fix, pointer=cannot_be.member)]
        words = f"{cannot_be.member}: {cannot_be.reason}"
        raise ProblemError(Problem(422, "fact_impossible", "Not recorded.", words, cannot_be.fix, errors=wrong))


def _person(text: str) -> EmployeeId:
    try:
        return EmployeeId.parse(text)
    except ValueError:
        raise ProblemError(NOT_FOUND) from None


def fact_of(sent: AboutPerson) -> census.Fact:
    """As the census keeps it."""
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
            return census.Family(_person(sent.relative), sent.relation, sent.ended)
        case PaidInYear():
            pay = census.AnnualPay(sent.section_415_cents, sent.plan_cents, sent.fica_cents, sent.hours_hundredths)
            return census.PayOfYear(sent.year, pay)
        case _:
            raise TypeError(f"no fact is a {type(sent).__name__}")

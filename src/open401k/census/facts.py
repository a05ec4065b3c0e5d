"""People added, and facts about them appended. Not here: reading them back (roster.py)."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, assert_never

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Open401kError, SponsorId, day_of

from . import _store
from ._store import NewFact
from .people import (
    AnnualPay,
    BirthDate,
    EmployeeClass,
    Fact,
    Family,
    Hired,
    Name,
    NotHired,
    NotTerminated,
    Officer,
    Ownership,
    PayOfYear,
    Relation,
    Ssn,
    Terminated,
)

_SSN = re.compile(r"(\d{3})-?(\d{2})-?(\d{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewEmployee:
    """Someone to be added. ``hired_on`` is ``None`` for an owner or relative who does not work here.

    ``event_on``: since when the name, class and ownership hold; the day of hire unless given.
    """

    first_name: str
    last_name: str
    ssn: str | None = field(default=None, repr=False)
    birth_date: date | None = None
    hired_on: date | None = None
    terminated_on: date | None = None
    employee_class: str = ""
    ownership_bps: int = 0
    officer: bool = False
    annual_pay: Mapping[int, AnnualPay] = field(default_factory=dict)
    event_on: date | None = None
    employee_id: EmployeeId | None = None


def parse_ssn(text: str) -> str:
    """The nine digits of a social security number, written with or without dashes; never repeated in an error."""
    match = _SSN.fullmatch(text.strip())
    if match is None:
        raise Open401kError("This is not a social security number.", fix="Nine digits, for example 123-45-6789.")
    return match[1] + match[2] + match[3]


def mask_ssn(last4: str) -> str:
    """How a number is shown: ``***-**-6789``."""
    return f"***-**-{last4}"


def add_employee(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    ssn: str | None,
    first_name: str,
    last_name: str,
    birth_date: date | None,
    hired_on: date | None,
    terminated_on: date | None = None,
    employee_class: str = "",
    ownership_bps: int = 0,
    officer: bool = False,
    annual_pay: Mapping[int, AnnualPay] | None = None,
    event_on: date | None = None,
    employee_id: EmployeeId | None = None,
) -> EmployeeId:
    """Add one person; see :class:`NewEmployee`."""
    person = NewEmployee(
        first_name=first_name,
        last_name=last_name,
        ssn=ssn,
        birth_date=birth_date,
        hired_on=hired_on,
        terminated_on=terminated_on,
        employee_class=employee_class,
        ownership_bps=ownership_bps,
        officer=officer,
        annual_pay=annual_pay or {},
        event_on=event_on,
        employee_id=employee_id,
    )
    return add_employees(tx, tenant_id=tenant_id, people=[person])[0]


def add_employees(tx: Tx, *, tenant_id: SponsorId, people: Sequence[NewEmployee]) -> list[EmployeeId]:
    """Add people at once, in a handful of statements whatever their number; a number on file already is an error."""
    heads.lock(tx, tenant_id=tenant_id)
    employee_ids = [person.employee_id or tx.ids.new(EmployeeId) for person in people]
    _store.add_employees(tx, tenant_id=tenant_id, employee_ids=employee_ids)
    numbered = [
        (employee_id, parse_ssn(person.ssn))
        for employee_id, person in zip(employee_ids, people, strict=True)
        if person.ssn is not None
    ]
    _add_ssns(tx, tenant_id=tenant_id, numbered=numbered)
    facts = [
        fact
        for employee_id, person in zip(employee_ids, people, strict=True)
        for fact in _first_facts(employee_id, person, day_of(tx.now))
    ]
    _store.add_facts(tx, tenant_id=tenant_id, facts=facts)
    years = [
        (employee_id, year, pay)
        for employee_id, person in zip(employee_ids, people, strict=True)
        for year, pay in person.annual_pay.items()
    ]
    _add_annual_pay(tx, tenant_id=tenant_id, years=years)
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="census.employees_added",
        subject=employee_ids[0] if len(employee_ids) == 1 else tenant_id,
        after={"employees": len(employee_ids), "ids_sha256": _sha256_of(employee_ids), "facts": len(facts)},
    )
    return employee_ids


def record_fact(tx: Tx, *, tenant_id: SponsorId, employee_id: EmployeeId, fact: Fact, event_on: date) -> None:
    """Append what happened on ``event_on``, learned now. Nothing recorded before is changed."""
    heads.lock(tx, tenant_id=tenant_id)
    if not _store.people(tx, tenant_id=tenant_id, known_at=None, employee_id=employee_id):
        raise Open401kError(f"There is no employee {employee_id}.", fix="Check the id, and that it is this sponsor's.")
    ordinal = _store.next_ordinal(tx, tenant_id=tenant_id, employee_id=employee_id)
    match fact:
        case Ssn(ssn):
            _add_ssns(tx, tenant_id=tenant_id, numbered=[(employee_id, parse_ssn(ssn))], ordinal=ordinal)
        case Family(relative, relation, ended):
            _add_family(tx, tenant_id, employee_id, relative, relation, event_on, ended=ended)
        case PayOfYear(year, pay):
            _add_annual_pay(tx, tenant_id=tenant_id, years=[(employee_id, year, pay)], ordinal=ordinal)
        case _:
            _store.add_facts(tx, tenant_id=tenant_id, facts=points(employee_id, fact, event_on), ordinal=ordinal)
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="census.fact_recorded",
        subject=employee_id,
        after={"fact": type(fact).__name__, "event_on": event_on.isoformat()} | _told(fact),
    )


PointFact = Hired | Terminated | NotHired | NotTerminated | BirthDate | Name | EmployeeClass | Ownership | Officer


def points(employee_id: EmployeeId, fact: PointFact, event_on: date) -> list[NewFact]:
    """The points a fact is stored as; a moved day is one taken back and one that stands."""
    match fact:
        case Hired(instead_of) | Terminated(instead_of):
            kind = "hired" if isinstance(fact, Hired) else "terminated"
            moved = [] if instead_of is None else [NewFact(employee_id, kind, instead_of, {}, stands=False)]
            by = fact.by if isinstance(fact, Terminated) else None
            return [*moved, NewFact(employee_id, kind, event_on, {} if by is None else {"by": by.value})]
        case NotHired():
            return [NewFact(employee_id, "hired", event_on, {}, stands=False)]
        case NotTerminated():
            return [NewFact(employee_id, "terminated", event_on, {}, stands=False)]
        case BirthDate(birth_date):
            return [NewFact(employee_id, "birth_date", event_on, {"birth_date": birth_date.isoformat()})]
        case Name(first_name, last_name):
            return [NewFact(employee_id, "name", event_on, {"first_name": first_name, "last_name": last_name})]
        case EmployeeClass(employee_class):
            return [NewFact(employee_id, "class", event_on, {"employee_class": employee_class})]
        case Ownership(ownership_bps):
            if not 0 <= ownership_bps <= 10_000:
                raise Open401kError(
                    f"{ownership_bps} basis points are not a share of a company.", fix="Give 0 to 10,000: 5 % is 500."
                )
            return [NewFact(employee_id, "ownership", event_on, {"ownership_bps": ownership_bps})]
        case Officer(officer):
            return [NewFact(employee_id, "officer", event_on, {"officer": officer})]
        case _:
            assert_never(fact)


def _first_facts(employee_id: EmployeeId, person: NewEmployee, today: date) -> list[NewFact]:
    since = person.event_on or person.hired_on or today
    facts: list[tuple[PointFact, date]] = [(Name(person.first_name, person.last_name), since)]
    if person.birth_date is not None:
        facts.append((BirthDate(person.birth_date), since))
    if person.hired_on is not None:
        facts.append((Hired(), person.hired_on))
    if person.terminated_on is not None:
        facts.append((Terminated(), person.terminated_on))
    if person.employee_class:
        facts.append((EmployeeClass(person.employee_class), since))
    if person.ownership_bps:
        facts.append((Ownership(person.ownership_bps), since))
    if person.officer:
        facts.append((Officer(True), since))
    return [point for fact, day in facts for point in points(employee_id, fact, day)]


def _add_ssns(tx: Tx, *, tenant_id: SponsorId, numbered: Sequence[tuple[EmployeeId, str]], ordinal: int = 0) -> None:
    """Seal and append numbers. The head is locked, so nobody else can take one of them meanwhile."""
    indexes = [tx.keyring.blind_index("ssn", ssn) for _, ssn in numbered]
    owners = _store.ssn_owners(tx, tenant_id=tenant_id, blind_indexes=indexes)
    for (employee_id, ssn), index in zip(numbered, indexes, strict=True):
        if owners.setdefault(index, employee_id) != employee_id:
            raise Open401kError(
                f"{mask_ssn(ssn[-4:])} is the number of {owners[index]} already.",
                fix="Check both; correct the wrong one first.",
            )
    sealed = [
        tx.keyring.seal(
            tx, tenant_id=tenant_id, table="census.ssn", column="sealed", row_id=employee_id, plaintext=ssn.encode()
        )
        for employee_id, ssn in numbered
    ]
    _store.add_ssns(
        tx,
        tenant_id=tenant_id,
        employee_ids=[employee_id for employee_id, _ in numbered],
        sealed=sealed,
        blind_indexes=indexes,
        last4=[ssn[-4:] for _, ssn in numbered],
        ordinal=ordinal,
    )


def _add_family(
    tx: Tx,
    tenant_id: SponsorId,
    employee_id: EmployeeId,
    relative: EmployeeId,
    relation: Relation,
    event_on: date,
    *,
    ended: bool,
) -> None:
    """Store a pair from the older side; spouses from the lower id."""
    if employee_id == relative:
        raise Open401kError("Nobody is their own relative.", fix="Name the other person.")
    younger_side = relation in (Relation.PARENT, Relation.GRANDPARENT)
    swap = younger_side or (relation is Relation.SPOUSE and relative < employee_id)
    first, second = (relative, employee_id) if swap else (employee_id, relative)
    _store.add_family(
        tx,
        tenant_id=tenant_id,
        employee_id=first,
        relative_id=second,
        event_on=event_on,
        relation=(relation.inverse if swap else relation).value,
        ended=ended,
    )


def _add_annual_pay(
    tx: Tx, *, tenant_id: SponsorId, years: Sequence[tuple[EmployeeId, int, AnnualPay]], ordinal: int = 0
) -> None:
    if years:
        _store.add_annual_pay(
            tx,
            tenant_id=tenant_id,
            employee_ids=[employee_id for employee_id, _, _ in years],
            year=[year for _, year, _ in years],
            pay=[(pay.section_415_cents, pay.plan_cents, pay.fica_cents, pay.hours_hundredths) for _, _, pay in years],
            ordinal=ordinal,
        )


def _told(fact: Fact) -> dict[str, Any]:
    """What the audit trail says beyond the kind of fact. Names, numbers and birth dates stay in their own rows."""
    match fact:
        case Hired(instead_of):
            return {} if instead_of is None else {"instead_of": instead_of.isoformat()}
        case Terminated(instead_of, by):
            moved = {} if instead_of is None else {"instead_of": instead_of.isoformat()}
            return moved if by is None else moved | {"by": by.value}
        case EmployeeClass(employee_class):
            return {"employee_class": employee_class}
        case Ownership(ownership_bps):
            return {"ownership_bps": ownership_bps}
        case Officer(officer):
            return {"officer": officer}
        case Family(relative, relation, ended):
            return {"relative": str(relative), "relation": relation.value, "ended": ended}
        case PayOfYear(year, _):
            return {"year": year}
        case Ssn(ssn):
            return {"ssn": mask_ssn(parse_ssn(ssn)[-4:])}
        case BirthDate() | Name() | NotHired() | NotTerminated():
            return {}
        case _:
            assert_never(fact)


def _sha256_of(employee_ids: Sequence[EmployeeId]) -> str:
    return hashlib.sha256(b"".join(each.uuid.bytes for each in employee_ids)).hexdigest()

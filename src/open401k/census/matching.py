"""Who the row of a file is: evidence against the people on file. Not here: reading files, making new employees.

A wrong match posts one person's money to another, so whatever is not certain is a conflict for a person to decide;
the answer is remembered and can be taken back.
"""

import json
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from rapidfuzz import fuzz

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, SponsorId

from . import _match_store
from .people import Employee
from .roster import find_by_ssn, roster

#: How alike two names must be, of 100, to be one name with a slip, and two parts of a name to be the same part.
_NAME_ALIKE = 88
_PART_ALIKE = 85
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})


@dataclass(frozen=True, slots=True)
class PersonEvidence:
    """What a row says about its person; the number as nine digits, if the file has one."""

    first_name: str
    last_name: str
    ssn: str | None = field(default=None, repr=False)
    birth_date: date | None = None
    hired_on: date | None = None


class How(StrEnum):
    """What a match rests on."""

    ANSWER = "answer"
    SSN = "ssn"
    NAME_AND_BIRTH_DATE = "name_and_birth_date"


class Why(StrEnum):
    """Why a row is not matched without a person's word. Checked in this order."""

    SSN_OF_ANOTHER_NAME = "ssn_of_another_name"
    SSN_ONE_SLIP_OFF = "ssn_one_slip_off"
    SAME_PERSON_OTHER_SSN = "same_person_other_ssn"
    SEVERAL_ALIKE = "several_alike"
    NAME_ALONE = "name_alone"


@dataclass(frozen=True, slots=True)
class Matched:
    """The row is this employee. ``name_changed``: the number is theirs, part of the name is another."""

    employee_id: EmployeeId
    how: How
    name_changed: bool = False


@dataclass(frozen=True, slots=True)
class New:
    """Nobody on file is like this row."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """The row may be one of these, or somebody new; a person must say."""

    candidates: tuple[EmployeeId, ...]
    why: Why


Outcome: TypeAlias = Matched | New | Conflict


@dataclass(frozen=True, slots=True)
class Standing:
    """What is on file for these rows: people, whose the numbers are, whose number is one slip away, answers given."""

    employees: Mapping[EmployeeId, Employee]
    by_ssn: Mapping[str, EmployeeId]
    one_slip_off: Mapping[str, tuple[EmployeeId, ...]] = field(default_factory=dict)
    answers: Mapping[PersonEvidence, EmployeeId] = field(default_factory=dict)


def decide(evidence: PersonEvidence, standing: Standing, alike: Sequence[EmployeeId]) -> Outcome:
    """Who one row is. ``alike`` are the people of :func:`alike_names` for it."""
    if evidence in standing.answers:
        return Matched(standing.answers[evidence], How.ANSWER)
    if evidence.ssn is not None and evidence.ssn in standing.by_ssn:
        return _by_number(evidence, standing.employees[standing.by_ssn[evidence.ssn]], alike)
    people = [standing.employees[each] for each in alike]
    agreeing = [each for each in people if _born_alike(evidence, each) is not False]
    born_too = [each for each in agreeing if _born_alike(evidence, each)]
    if evidence.ssn is None:
        return _without_number(agreeing, born_too)
    near = [each for each in agreeing if each.employee_id in standing.one_slip_off.get(evidence.ssn, ())]
    if near:
        return Conflict(_ids(near), Why.SSN_ONE_SLIP_OFF)
    hired_too = [each for each in agreeing if evidence.hired_on and _hired_alike(evidence, each)]
    same = born_too or hired_too
    return Conflict(_ids(same), Why.SAME_PERSON_OTHER_SSN) if same else New()


def alike_names(evidence: Sequence[PersonEvidence], employees: Iterable[Employee]) -> list[list[EmployeeId]]:
    """For each row the people whose whole name is the same but for a slip, in order of id.

    Only people who share the beginnings of their names or the birth date are compared: comparing all with all would
    take minutes for ten thousand.
    """
    bins: dict[object, list[tuple[str, EmployeeId]]] = defaultdict(list)
    for employee in employees:
        name = plain_name(employee.first_name, employee.last_name)
        for key in _bins(employee.first_name, employee.last_name, employee.birth_date):
            bins[key].append((name, employee.employee_id))
    found = []
    for row in evidence:
        name = plain_name(row.first_name, row.last_name)
        near = {
            employee_id
            for key in _bins(row.first_name, row.last_name, row.birth_date)
            for other, employee_id in bins.get(key, ())
            if fuzz.ratio(name, other, score_cutoff=_NAME_ALIKE)
        }
        found.append(sorted(near))
    return found


def plain_name(*parts: str) -> str:
    """A name for comparing: lower case, without accents, marks and suffixes.

    >>> plain_name("José", "O'Brien-Núñez, Jr.")
    'jose obrien nunez'
    """
    text = unicodedata.normalize("NFKD", " ".join(parts)).casefold()
    kept = "".join(" " if mark in " -.,_" else mark for mark in text if mark.isalnum() or mark in " -.,_")
    return " ".join(word for word in kept.split() if word not in _SUFFIXES)


def one_slip_from(ssn: str) -> list[str]:
    """Every number that one wrong digit, or two neighbors swapped, makes of this one."""
    wrong = [ssn[:at] + digit + ssn[at + 1 :] for at in range(9) for digit in "0123456789" if digit != ssn[at]]
    swapped = [ssn[:at] + ssn[at + 1] + ssn[at] + ssn[at + 2 :] for at in range(8) if ssn[at] != ssn[at + 1]]
    return wrong + swapped


def match_people(tx: Tx, *, tenant_id: SponsorId, evidence: Sequence[PersonEvidence]) -> list[Outcome]:
    """Who the rows are, in their order, from what is on file now. Writes nothing."""
    employees = {each.employee_id: each for each in roster(tx, tenant_id=tenant_id)}
    numbers = {row.ssn for row in evidence if row.ssn is not None}
    by_ssn = find_by_ssn(tx, tenant_id=tenant_id, ssns=sorted(numbers))
    unknown = [row for row in evidence if row.ssn not in by_ssn or _whole(row) != _whole(employees[by_ssn[row.ssn]])]
    alike = dict(zip(unknown, alike_names(unknown, employees.values()), strict=True))
    slips = {
        row.ssn: one_slip_from(row.ssn)
        for row in unknown
        if row.ssn is not None and row.ssn not in by_ssn and alike[row]
    }
    owners = find_by_ssn(tx, tenant_id=tenant_id, ssns=sorted({slip for each in slips.values() for slip in each}))
    one_slip_off = {ssn: tuple(owners[slip] for slip in each if slip in owners) for ssn, each in slips.items()}
    standing = Standing(employees, by_ssn, one_slip_off, _answers(tx, tenant_id, evidence))
    return [decide(row, standing, alike.get(row, [])) for row in evidence]


def remember(tx: Tx, *, tenant_id: SponsorId, evidence: PersonEvidence, employee_id: EmployeeId) -> None:
    """Keep a person's word that such rows are this employee; the newest word counts."""
    _answer(tx, tenant_id, evidence, employee_id)


def forget(tx: Tx, *, tenant_id: SponsorId, evidence: PersonEvidence) -> None:
    """Take the word back: such rows are decided by evidence again."""
    _answer(tx, tenant_id, evidence, None)


def _answer(tx: Tx, tenant_id: SponsorId, evidence: PersonEvidence, employee_id: EmployeeId | None) -> None:
    heads.lock(tx, tenant_id=tenant_id)
    key = _key(tx, evidence)
    _match_store.add_answer(tx, tenant_id=tenant_id, evidence_hash=key, employee_id=employee_id)
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="census.match_remembered" if employee_id else "census.match_forgotten",
        subject=employee_id or tenant_id,
        after={"evidence": key.hex()},
    )


def _answers(tx: Tx, tenant_id: SponsorId, evidence: Sequence[PersonEvidence]) -> dict[PersonEvidence, EmployeeId]:
    known = _match_store.answers(tx, tenant_id=tenant_id)
    if not known:
        return {}
    keys = {row: _key(tx, row) for row in evidence}
    return {row: known[key] for row, key in keys.items() if key in known}


def _key(tx: Tx, evidence: PersonEvidence) -> bytes:
    """A keyed hash: evidence holds a number, so a plain hash of it could be searched."""
    said = [
        evidence.ssn,
        plain_name(evidence.first_name, evidence.last_name),
        evidence.birth_date.isoformat() if evidence.birth_date else None,
    ]
    return tx.keyring.blind_index("match evidence", json.dumps(said))


def _by_number(evidence: PersonEvidence, owner: Employee, alike: Sequence[EmployeeId]) -> Outcome:
    """The number is on file: the same person, perhaps renamed, or a number typed into another person's row."""
    others = tuple(each for each in alike if each != owner.employee_id)
    whole = fuzz.ratio(_whole(evidence), _whole(owner))
    if whole >= _NAME_ALIKE or not _whole(evidence):
        return Matched(owner.employee_id, How.SSN)
    part_alike = not others and any(
        fuzz.ratio(plain_name(said), plain_name(known)) >= _PART_ALIKE
        for said, known in ((evidence.first_name, owner.first_name), (evidence.last_name, owner.last_name))
    )
    born = _born_alike(evidence, owner)
    if born or (part_alike and born is None):
        return Matched(owner.employee_id, How.SSN, name_changed=True)
    return Conflict((owner.employee_id, *others), Why.SSN_OF_ANOTHER_NAME)


def _without_number(agreeing: Sequence[Employee], born_too: Sequence[Employee]) -> Outcome:
    if len(born_too) == 1:
        return Matched(born_too[0].employee_id, How.NAME_AND_BIRTH_DATE)
    if born_too:
        return Conflict(_ids(born_too), Why.SEVERAL_ALIKE)
    return Conflict(_ids(agreeing), Why.NAME_ALONE) if agreeing else New()


def _whole(person: PersonEvidence | Employee) -> str:
    return plain_name(person.first_name, person.last_name)


def _born_alike(evidence: PersonEvidence, employee: Employee) -> bool | None:
    """``None`` where either side does not say."""
    if evidence.birth_date is None or employee.birth_date is None:
        return None
    return evidence.birth_date == employee.birth_date


def _hired_alike(evidence: PersonEvidence, employee: Employee) -> bool:
    return any(span.hired_on == evidence.hired_on for span in employee.employment)


def _bins(first_name: str, last_name: str, birth_date: date | None) -> list[object]:
    first, last = plain_name(first_name), plain_name(last_name)
    return [("last", last[:3], first[:1]), ("first", first, last[:1]), *([birth_date] if birth_date else [])]


def _ids(employees: Iterable[Employee]) -> tuple[EmployeeId, ...]:
    return tuple(employee.employee_id for employee in employees)

"""Who the row of a file is: evidence against the people on file. Not here: reading files, making new employees.

A wrong match posts one person's money to another, so whatever is not certain is a conflict for a person to decide;
the answer is remembered and can be taken back.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, SponsorId

from . import _match_store
from .facts import parse_ssn
from .likeness import WEIGHTS, Likeness, Told, Trait, Traits, likeness, plain
from .people import Employee
from .roster import find_by_ssn, roster

#: From this likeness on a person is asked; whoever is less alike is somebody else.
ASK = 20
#: A row without a number is somebody without a question from this likeness on, if the next is so much less alike.
SURE, APART = 60, 20
_NAMED_SO = frozenset({None, Told.SAME, Told.ONE_SLIP, Told.SWAPPED, Told.SHORT_FORM, Told.INITIAL})
_SLIP = WEIGHTS[Trait.NUMBER, Told.ONE_SLIP]


@dataclass(frozen=True, slots=True)
class PersonEvidence:
    """What a row says about its person; the number as nine digits, if the file has one.

    ``employee_number`` is what the provider's system calls them at the employer with this EIN.
    """

    first_name: str
    last_name: str
    ssn: str | None = field(default=None, repr=False)
    birth_date: date | None = None
    hired_on: date | None = None
    employee_number: str = ""
    provider: str = ""
    employer_ein: str = ""

    @property
    def system(self) -> str:
        """Whose employee numbers they are: two employers have two people of one number."""
        return f"{self.provider}|{self.employer_ein}"


class How(StrEnum):
    """What a match rests on."""

    ANSWER = "answer"
    SSN = "ssn"
    NAME_AND_BIRTH_DATE = "name_and_birth_date"
    EMPLOYEE_NUMBER = "employee_number"


class Why(StrEnum):
    """Why a row is not matched without a person's word. Checked in this order."""

    SSN_OF_ANOTHER_NAME = "ssn_of_another_name"
    SSN_ONE_SLIP_OFF = "ssn_one_slip_off"
    SAME_PERSON_OTHER_SSN = "same_person_other_ssn"
    EMPLOYEE_NUMBER_USED_AGAIN = "employee_number_used_again"
    SEVERAL_ALIKE = "several_alike"
    NAME_ALONE = "name_alone"
    SEVERAL_ROWS = "several_rows"


@dataclass(frozen=True, slots=True)
class Matched:
    """The row is this employee. ``name_changed``: the number is theirs, part of the name is another."""

    employee_id: EmployeeId
    how: How
    name_changed: bool = False


@dataclass(frozen=True, slots=True)
class New:
    """Nobody on file is like this row, or a person ``said`` so."""

    said: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """The row may be one of these, the likeliest first, or somebody new; a person must say."""

    candidates: tuple[EmployeeId, ...]
    why: Why
    likeness: tuple[Likeness, ...] = field(default=(), compare=False)


Outcome: TypeAlias = Matched | New | Conflict
Near: TypeAlias = Sequence[tuple[EmployeeId, Likeness]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is on file for these rows: people, whose the numbers are, whose number is one slip away, answers given.

    Of the answers, None is somebody new.
    """

    employees: Mapping[EmployeeId, Employee]
    by_ssn: Mapping[str, EmployeeId]
    one_slip_off: Mapping[str, tuple[EmployeeId, ...]] = field(default_factory=dict)
    answers: Mapping[PersonEvidence, EmployeeId | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers that stand, to be asked with evidence; empty nearly everywhere."""

    tx: Tx
    by_hash: Mapping[bytes, EmployeeId | None]

    def __bool__(self) -> bool:
        return bool(self.by_hash)

    def of(self, evidence: Iterable[PersonEvidence]) -> dict[PersonEvidence, EmployeeId | None]:
        """Who a person said these are; None: somebody new. Evidence nobody was asked about is left out."""
        if not self.by_hash:
            return {}
        keys = {each: evidence_key(self.tx, each) for each in evidence}
        return {each: self.by_hash[key] for each, key in keys.items() if key in self.by_hash}


def decide(evidence: PersonEvidence, standing: Standing, near: Near) -> Outcome:
    """Who one row is. ``near`` are the people of :func:`near_people` for it."""
    if evidence in standing.answers:
        said = standing.answers[evidence]
        return New(said=True) if said is None else Matched(said, How.ANSWER)
    if evidence.ssn is not None and evidence.ssn in standing.by_ssn:
        return _by_number(evidence, standing.employees[standing.by_ssn[evidence.ssn]], near)
    slips = standing.one_slip_off.get(evidence.ssn or "", ())
    found = [(who, alike.with_number(_numbers(evidence, standing.employees[who], slips))) for who, alike in near]
    found = sorted(
        ((w, a) for w, a in found if a.score >= ASK or _numbered_so(evidence, a)),
        key=lambda each: (-each[1].score, each[0]),
    )
    if not found:
        return New()
    if evidence.ssn is None and (how := _sure(found)) is not None:
        return Matched(found[0][0], how)
    return Conflict(tuple(who for who, _ in found), _why(evidence, found), tuple(alike for _, alike in found))


def outcomes_of(evidence: Sequence[PersonEvidence], standing: Standing, near: Sequence[Near]) -> list[Outcome]:
    """Who the rows of a file are, in their order.

    Two rows are never one person by their names alone: whoever means it says so.
    """
    outcomes = [decide(row, standing, people) for row, people in zip(evidence, near, strict=True)]
    taken = Counter(each.employee_id for each in outcomes if isinstance(each, Matched))
    guessed = (How.NAME_AND_BIRTH_DATE, How.EMPLOYEE_NUMBER)
    return [
        Conflict((each.employee_id,), Why.SEVERAL_ROWS)
        if isinstance(each, Matched) and each.how in guessed and taken[each.employee_id] > 1
        else each
        for each in outcomes
    ]


def near_people(
    evidence: Sequence[PersonEvidence],
    employees: Iterable[Employee],
    numbers: Mapping[EmployeeId, frozenset[tuple[str, str]]] | None = None,
) -> list[Near]:
    """For each row the people it might be, with how alike they are without the numbers, in order of id.

    Only people who share the beginnings of their names, a whole name, the birth date or an employee number are
    compared: comparing all with all would take minutes for ten thousand.
    """
    rows = [_traits_of(each) for each in evidence]
    bins: dict[object, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        for key in _bins(row):
            bins[key].append(place)
    found: list[dict[EmployeeId, Likeness]] = [{} for _ in rows]
    born = {row.birth_date for row in rows}
    letters = {letter for row in rows for letter in _initials(row.first_name, row.last_name)}
    for employee in employees:
        own = (numbers or {}).get(employee.employee_id, frozenset())
        # Most of a large roster shares neither a birthday nor a letter with the few rows that are asked about.
        if not own and employee.birth_date not in born and letters.isdisjoint(_initials(employee.last_name)):
            continue
        traits = _traits_on_file(employee, own)
        for place in {place for key in _bins(traits) for place in bins.get(key, ())}:
            alike = likeness(rows[place], traits)
            if alike.score + _SLIP >= ASK or alike.told(Trait.EMPLOYEE_NUMBER) is Told.SAME:
                found[place][employee.employee_id] = alike
    return [sorted(each.items()) for each in found]


def plain_name(*parts: str) -> str:
    """A name for comparing: lower case, without accents, marks and suffixes.

    >>> plain_name("José", "O'Brien-Núñez, Jr.")
    'jose obrien nunez'
    """
    return " ".join(word for part in parts if (word := plain(part)))


def one_slip_from(ssn: str) -> list[str]:
    """Every number that one wrong digit, or two neighbors swapped, makes of this one."""
    wrong = [ssn[:at] + digit + ssn[at + 1 :] for at in range(9) for digit in "0123456789" if digit != ssn[at]]
    swapped = [ssn[:at] + ssn[at + 1] + ssn[at] + ssn[at + 2 :] for at in range(8) if ssn[at] != ssn[at + 1]]
    return wrong + swapped


def match_people(tx: Tx, *, tenant_id: SponsorId, evidence: Sequence[PersonEvidence]) -> list[Outcome]:
    """Who the rows are, in their order, from what is on file now. Writes nothing."""
    employees = {each.employee_id: each for each in roster(tx, tenant_id=tenant_id)}
    by_ssn, answers = find_named(tx, tenant_id=tenant_id, ssns=sorted({row.ssn for row in evidence if row.ssn}))
    doubtful = [row for row in evidence if row.ssn not in by_ssn or not plainly_named(row, employees[by_ssn[row.ssn]])]
    near = dict(zip(doubtful, near_people(doubtful, employees.values(), _known_numbers(tx, tenant_id, doubtful)),
                    strict=True))  # fmt: skip
    slips = {
        row.ssn: one_slip_from(row.ssn)
        for row in doubtful
        if row.ssn is not None and row.ssn not in by_ssn and near[row]
    }
    owners = find_by_ssn(tx, tenant_id=tenant_id, ssns=sorted({slip for each in slips.values() for slip in each}))
    one_slip_off = {ssn: tuple(owners[slip] for slip in each if slip in owners) for ssn, each in slips.items()}
    standing = Standing(employees, by_ssn, one_slip_off, answers.of(evidence))
    return outcomes_of(evidence, standing, [near.get(row, ()) for row in evidence])


def find_named(tx: Tx, *, tenant_id: SponsorId, ssns: Sequence[str]) -> tuple[dict[str, EmployeeId], Answers]:
    """Who has which number, and every answer that stands: one statement, as :func:`find_by_ssn` takes."""
    indexes = {ssn: tx.keyring.blind_index("ssn", parse_ssn(ssn)) for ssn in ssns}
    owners, answers = _match_store.owners_and_answers(
        tx, tenant_id=tenant_id, blind_indexes=list(set(indexes.values()))
    )
    return {ssn: owners[index] for ssn, index in indexes.items() if index in owners}, Answers(tx, answers)


def numbered(tx: Tx, *, tenant_id: SponsorId, evidence: Iterable[PersonEvidence]) -> dict[tuple[str, str], EmployeeId]:
    """Who had the employee numbers of this evidence last, by system and number."""
    wanted = sorted({(each.system, each.employee_number) for each in evidence if each.employee_number})
    return _match_store.owners_of_numbers(tx, tenant_id=tenant_id, numbers=wanted) if wanted else {}


def note_numbers(tx: Tx, *, tenant_id: SponsorId, people: Mapping[PersonEvidence, EmployeeId]) -> None:
    """Keep what the employer's system calls whom; what is on file so is not kept twice.

    A number that was somebody else's is given anew: the newest counts.
    """
    known = numbered(tx, tenant_id=tenant_id, evidence=people)
    told = {(each.system, each.employee_number): who for each, who in people.items() if each.employee_number}
    new = [(*number, who) for number, who in told.items() if known.get(number) != who]
    if new:
        _match_store.add_numbers(tx, tenant_id=tenant_id, numbers=new)


def named_alike(evidence: PersonEvidence, employee: Employee) -> bool:
    """Whether a row with somebody's number names them, a slip aside; a row without a name names nobody else."""
    alike = likeness(_traits_of(evidence), _traits_on_file(employee))
    names = {alike.told(Trait.LAST_NAME), alike.told(Trait.FIRST_NAME)}
    return names <= _NAMED_SO and alike.told(Trait.SUFFIX) is not Told.ANOTHER


def plainly_named(evidence: PersonEvidence, employee: Employee) -> bool:
    """Whether nothing that a row with somebody's number says is otherwise: else another may fit better than they do."""
    alike = likeness(_traits_of(evidence), _traits_on_file(employee))
    names = {alike.told(Trait.LAST_NAME), alike.told(Trait.FIRST_NAME)}
    known = (None, Told.SAME)
    return names <= {*known} and alike.told(Trait.BIRTH_DATE) in known and alike.told(Trait.SUFFIX) in known


def remember(tx: Tx, *, tenant_id: SponsorId, evidence: PersonEvidence, employee_id: EmployeeId | None) -> None:
    """Keep a person's word that such rows are this employee, or somebody new; the newest word counts."""
    answer(tx, tenant_id=tenant_id, key=evidence_key(tx, evidence), employee_id=employee_id, is_new=employee_id is None)


def forget(tx: Tx, *, tenant_id: SponsorId, evidence: PersonEvidence) -> None:
    """Take the word back: such rows are decided by evidence again."""
    answer(tx, tenant_id=tenant_id, key=evidence_key(tx, evidence), employee_id=None, is_new=False)


def answer(tx: Tx, *, tenant_id: SponsorId, key: bytes, employee_id: EmployeeId | None, is_new: bool) -> None:
    """Append a word about evidence: an employee, somebody new, or (neither) nobody's word any more."""
    heads.lock(tx, tenant_id=tenant_id)
    _match_store.add_answer(tx, tenant_id=tenant_id, evidence_hash=key, employee_id=employee_id, is_new=is_new)
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="census.match_remembered" if employee_id or is_new else "census.match_forgotten",
        subject=employee_id or tenant_id,
        after={"evidence": key.hex()} | ({"new": True} if is_new else {}),
    )


def evidence_key(tx: Tx, evidence: PersonEvidence) -> bytes:
    """A keyed hash: evidence holds a number, so a plain hash of it could be searched."""
    said = [
        evidence.ssn,
        plain_name(evidence.first_name, evidence.last_name),
        evidence.birth_date.isoformat() if evidence.birth_date else None,
    ]
    if evidence.ssn is None and evidence.employee_number:
        said += [evidence.system, evidence.employee_number]
    return tx.keyring.blind_index("match evidence", json.dumps(said))


def _by_number(evidence: PersonEvidence, owner: Employee, near: Near) -> Outcome:
    """The number is on file: the same person, perhaps renamed, or a number typed into another person's row."""
    own = likeness(_traits_of(evidence), _traits_on_file(owner))
    alike = own.with_number(Told.SAME)
    if named_alike(evidence, owner):
        better = [(who, each) for who, each in near if who != owner.employee_id and _fits_better(each, own)]
        if not better:
            return Matched(owner.employee_id, How.SSN)
        found = [(owner.employee_id, alike), *((who, each.with_number(Told.ANOTHER)) for who, each in better)]
        return Conflict(tuple(who for who, _ in found), Why.SSN_OF_ANOTHER_NAME, tuple(each for _, each in found))
    others = [(who, each) for who, each in near if who != owner.employee_id and _names_agree(each)]
    partly = {Told.SAME, Told.ONE_SLIP, Told.PART, Told.SHORT_FORM, Told.SWAPPED}
    part_alike = not partly.isdisjoint({alike.told(Trait.LAST_NAME), alike.told(Trait.FIRST_NAME)})
    born, generation = alike.told(Trait.BIRTH_DATE), alike.told(Trait.SUFFIX)
    renamed = born is Told.SAME or (part_alike and born is None)
    # Twins share the birth date, and names of a file that was sorted alone are others': never taken for renamed.
    if not others and generation is not Told.ANOTHER and renamed:
        return Matched(owner.employee_id, How.SSN, name_changed=True)
    found = [(owner.employee_id, alike), *((who, each.with_number(Told.ANOTHER)) for who, each in others)]
    return Conflict(tuple(who for who, _ in found), Why.SSN_OF_ANOTHER_NAME, tuple(each for _, each in found))


def _fits_better(other: Likeness, own: Likeness) -> bool:
    """Whether somebody else is named exactly so where the owner is not (twins), or born so (a parent and a child)."""

    def exactly(alike: Likeness) -> bool:
        return alike.told(Trait.FIRST_NAME) is alike.told(Trait.LAST_NAME) is Told.SAME

    if alike_born := other.told(Trait.BIRTH_DATE):
        if alike_born is Told.SAME and own.told(Trait.BIRTH_DATE) not in (None, Told.SAME):
            return _names_agree(other)
        if alike_born is not Told.SAME:
            return False
    return exactly(other) and not exactly(own)


def _numbers(evidence: PersonEvidence, employee: Employee, slips: Sequence[EmployeeId]) -> Told | None:
    if evidence.ssn is None or not employee.ssn_last4:
        return None
    return Told.ONE_SLIP if employee.employee_id in slips else Told.ANOTHER


def _numbered_so(evidence: PersonEvidence, alike: Likeness) -> bool:
    """Whether the employee number is all that says who it is: systems use it again, so somebody has to be asked."""
    return evidence.ssn is None and alike.told(Trait.EMPLOYEE_NUMBER) is Told.SAME


def _sure(found: Near) -> How | None:
    """Whether a row without a number is certainly the first of these, and by what."""
    best = found[0][1]
    if best.score < SURE or (len(found) > 1 and found[1][1].score > best.score - APART):
        return None
    first, last = best.told(Trait.FIRST_NAME), best.told(Trait.LAST_NAME)
    # Twins share the last name and the birth date: of them the first name must be the very one.
    named = first in (Told.SAME, Told.SHORT_FORM, Told.SWAPPED) and last in (Told.SAME, Told.ONE_SLIP, Told.SWAPPED)
    if not named or best.told(Trait.SUFFIX) is Told.ANOTHER or best.told(Trait.BIRTH_DATE) is Told.ANOTHER:
        return None
    if best.told(Trait.BIRTH_DATE) is Told.SAME:
        return How.NAME_AND_BIRTH_DATE
    return How.EMPLOYEE_NUMBER if best.told(Trait.EMPLOYEE_NUMBER) is Told.SAME else None


def _why(evidence: PersonEvidence, found: Near) -> Why:
    best = found[0][1]
    if evidence.ssn is not None:
        slip = best.told(Trait.NUMBER) is Told.ONE_SLIP
        return Why.SSN_ONE_SLIP_OFF if slip else Why.SAME_PERSON_OTHER_SSN
    if best.told(Trait.EMPLOYEE_NUMBER) is Told.SAME and not _names_agree(best):
        return Why.EMPLOYEE_NUMBER_USED_AGAIN
    born_too = [alike for _, alike in found if alike.told(Trait.BIRTH_DATE) is Told.SAME]
    return Why.SEVERAL_ALIKE if len(born_too) > 1 else Why.NAME_ALONE


def _names_agree(alike: Likeness) -> bool:
    return {alike.told(Trait.LAST_NAME), alike.told(Trait.FIRST_NAME)} <= _NAMED_SO


def _known_numbers(
    tx: Tx, tenant_id: SponsorId, evidence: Iterable[PersonEvidence]
) -> dict[EmployeeId, frozenset[tuple[str, str]]]:
    """What systems call people; read only where a row in doubt says a number."""
    if not any(each.employee_number for each in evidence):
        return {}
    known: dict[EmployeeId, set[tuple[str, str]]] = defaultdict(set)
    for system, number, who in _match_store.numbers(tx, tenant_id=tenant_id):
        known[who].add((system, number))
    return {who: frozenset(each) for who, each in known.items()}


def _traits_of(evidence: PersonEvidence) -> Traits:
    return Traits(
        evidence.first_name,
        evidence.last_name,
        evidence.birth_date,
        frozenset({evidence.hired_on} if evidence.hired_on else ()),
        frozenset({(evidence.system, evidence.employee_number)} if evidence.employee_number else ()),
    )


def _traits_on_file(employee: Employee, numbers: frozenset[tuple[str, str]] = frozenset()) -> Traits:
    hired = frozenset(span.hired_on for span in employee.employment)
    return Traits(employee.first_name, employee.last_name, employee.birth_date, hired, numbers)


def _initials(*names: str) -> set[str]:
    return {word[0] for name in names for word in plain(name).split()}


def _bins(traits: Traits) -> set[object]:
    """The same for two people who may be one, either way around."""
    first, last = plain(traits.first_name), plain(traits.last_name)
    keys: set[object] = {("names", frozenset({last, first})), *traits.employee_numbers}
    keys |= {("last", word) for word in last.split() if len(word) > 1}
    keys |= {("last and initial", last[:3], first[:1]), ("first and initial", first, last[:1])}
    return keys | ({traits.birth_date} if traits.birth_date else set())

"""Who the rows of a file are: by number, by a person's word, or in doubt. Not here: how alike people are (census)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from open401k import census
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, SponsorId

from .rows import PayrollRow, masked_ssn
from .standing import Doubt, NumberAgain


@dataclass(frozen=True, slots=True)
class Identified:
    """People of some rows, and the place of each by SSN and by employee id text.

    ``doubts`` are rows that wait for a person's word, by row number; ``answered`` are rows about which there is one,
    ``said_new`` those of them that are somebody new.
    """

    place: Mapping[str, int]
    people: list[census.Employee]
    doubts: Mapping[int, Doubt] = field(default_factory=dict)
    answered: frozenset[int] = frozenset()
    said_new: frozenset[int] = frozenset()
    numbers_again: Mapping[int, NumberAgain] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """Of what a person is or was asked: the members of a standing of these names."""
        asked = {"doubts": self.doubts, "answered": self.answered, "said_new": self.said_new}
        return {**asked, "numbers_again": self.numbers_again}


def evidence_of(row: PayrollRow, provider: str) -> census.PersonEvidence:
    """What a row says about its person."""
    return census.PersonEvidence(
        row.first_name,
        row.last_name,
        row.ssn or None,
        row.birth_date,
        row.hire_date,
        employee_number=row.number_as_evidence,
        provider=provider,
        employer_ein=row.employer_ein,
    )


def named_by(
    tx: Tx, *, tenant_id: SponsorId, rows: Sequence[PayrollRow], provider: str
) -> tuple[dict[str, EmployeeId], dict[int, EmployeeId | None]]:
    """Who has the numbers and ids of these rows, and whom a person said that rows are (None: somebody new).

    The word goes before the number: it was given where the number names somebody else, or nobody. Rows that only
    payroll's own number names are who the evidence says, where that is certain.
    """
    named, answers = census.find_named(tx, tenant_id=tenant_id, ssns=[row.ssn for row in rows if row.ssn])
    for row in rows:
        if row.employee_id:
            try:
                named[row.employee_id] = EmployeeId.parse(row.employee_id)
            except ValueError:
                continue  # the checks say that nobody has this id
    said: dict[int, EmployeeId | None] = {}
    if answers:
        evidence = {row.row: evidence_of(row, provider) for row in rows}
        told = answers.of(set(evidence.values()))
        said = {row: told[each] for row, each in evidence.items() if each in told}
        for row in rows:
            if (who := said.get(row.row)) is not None:
                named[row.key] = who
    by_number = [row for row in rows if row.by_number and row.row not in said]
    evident = [evidence_of(row, provider) for row in by_number]
    outcomes = census.match_people(tx, tenant_id=tenant_id, evidence=evident) if evident else []
    for row, outcome in zip(by_number, outcomes, strict=True):
        if isinstance(outcome, census.Matched):
            named[row.key] = outcome.employee_id
    return named, said


def note_numbers(
    tx: Tx, *, tenant_id: SponsorId, rows: Sequence[PayrollRow], who: Mapping[str, EmployeeId], provider: str
) -> None:
    """Keep what payroll calls whom, of rows that say it: evidence for later files."""
    people = {evidence_of(row, provider): who[row.key] for row in rows if row.number_as_evidence}
    if people:
        census.note_numbers(tx, tenant_id=tenant_id, people=people)


def identify(tx: Tx, *, tenant_id: SponsorId, rows: Sequence[PayrollRow], provider: str = "") -> Identified:
    """Who these rows are, from what is on file and what was answered; writes nothing."""
    named, said = named_by(tx, tenant_id=tenant_id, rows=rows, provider=provider)
    people = census.roster(tx, tenant_id=tenant_id, employee_ids=list(dict.fromkeys(named.values())))
    known = {person.employee_id: place for place, person in enumerate(people)}
    place = {key: known[employee_id] for key, employee_id in named.items() if employee_id in known}
    doubtful = [row for row in rows if row.row not in said and _in_doubt(row, place, people)]
    doubts: dict[int, Doubt] = {}
    if doubtful and (people or census.headcount(tx, tenant_id=tenant_id)):
        doubts = _doubts(tx, tenant_id, doubtful, provider)
    new = frozenset(row for row, who in said.items() if who is None)
    again = _numbers_again(tx, tenant_id, rows, {row.row: named.get(row.key) for row in rows}, provider)
    return Identified(place, people, doubts, frozenset(said), new, again)


def _numbers_again(
    tx: Tx, tenant_id: SponsorId, rows: Sequence[PayrollRow], who: Mapping[int, EmployeeId | None], provider: str
) -> dict[int, NumberAgain]:
    """Rows whose employee number was somebody else's, by row number."""
    evidence = {row.row: evidence_of(row, provider) for row in rows if row.number_as_evidence and not row.by_number}
    owners = census.numbered(tx, tenant_id=tenant_id, evidence=evidence.values())
    found: dict[int, EmployeeId] = {}
    for row, each in evidence.items():
        owner = owners.get((each.system, each.employee_number))
        if owner is not None and owner != who[row]:
            found[row] = owner
    known = census.roster(tx, tenant_id=tenant_id, employee_ids=sorted(set(found.values()))) if found else []
    people = {person.employee_id: person for person in known}
    return {row: _again(people[owner]) for row, owner in found.items()}


def _again(owner: census.Employee) -> NumberAgain:
    left = not owner.employment or owner.employment[-1].terminated_on is not None
    return NumberAgain(f"{owner.first_name} {owner.last_name}", left)


def _in_doubt(row: PayrollRow, place: Mapping[str, int], people: Sequence[census.Employee]) -> bool:
    """Whether a row names nobody on file, or with somebody's number somebody else.

    Anything that a number's owner is called or born otherwise may be what somebody else on file is.
    """
    if row.key not in place:
        return True
    person = people[place[row.key]]
    told, known = (row.last_name, row.first_name), (person.last_name, person.first_name)
    if told in (known, ("", "")) or [each.casefold() for each in told] == [each.casefold() for each in known]:
        return bool(row.ssn and row.birth_date and person.birth_date not in (None, row.birth_date))
    return bool(row.ssn) or not census.named_alike(evidence_of(row, ""), person)


def _doubts(tx: Tx, tenant_id: SponsorId, rows: Sequence[PayrollRow], provider: str) -> dict[int, Doubt]:
    evidence = [evidence_of(row, provider) for row in rows]
    outcomes = census.match_people(tx, tenant_id=tenant_id, evidence=evidence)
    asked = [
        (row, census.AskedRow(row.row, each, outcome))
        for row, each, outcome in zip(rows, evidence, outcomes, strict=True)
        if isinstance(outcome, census.Conflict)
    ]
    wanted = {who for _, each in asked for who in each.conflict.candidates}
    found = census.roster(tx, tenant_id=tenant_id, employee_ids=sorted(wanted)) if asked else []
    names = {person.employee_id: person for person in found}
    return {
        row.row: Doubt(
            str(census.question_id(tx, tenant_id=tenant_id, evidence=each.evidence)),
            _reason(row, each.conflict, names[each.conflict.candidates[0]]),
            each,
        )
        for row, each in asked
    }


def _reason(row: PayrollRow, conflict: census.Conflict, likeliest: census.Employee) -> str:
    """Why a row is not taken for somebody without a question; the whole number is nobody's to see."""
    name, known = f"{row.first_name} {row.last_name}", f"{likeliest.first_name} {likeliest.last_name}"
    theirs = census.mask_ssn(likeliest.ssn_last4) if likeliest.ssn_last4 else "no SSN"
    born = f", born {likeliest.birth_date}" if likeliest.birth_date else ""
    more = len(conflict.candidates) - 1
    others = f" and {more} more may be meant" if more else ""
    match conflict.why:
        case census.Why.SSN_OF_ANOTHER_NAME:
            return f"The SSN is on file for {known}{born}; the row names {name}{others}."
        case census.Why.SSN_ONE_SLIP_OFF:
            mine = masked_ssn(row.ssn)
            return f"Nobody has the SSN {mine}; {known}{born} has {theirs}, one slip away, and the row names {name}."
        case census.Why.SAME_PERSON_OTHER_SSN:
            mine = masked_ssn(row.ssn)
            return f"Nobody has the SSN {mine}; {name} is like {known}{born}, on file with {theirs}{others}."
        case census.Why.EMPLOYEE_NUMBER_USED_AGAIN:
            return f"The employee number was {known}'s{born}; the row names {name}."
        case _:
            return f"{name} is like {known}{born}{others}; nothing says which of them it is."

"""Who is who: the rows about which a person is asked, with the evidence for each candidate, and what was answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from open401k import census
from open401k.base.db import Tx
from open401k.census import Told, Trait, Why
from open401k.kernel import EmployeeId, PlanId, QuestionId, RunId, SponsorId
from open401k.payroll import runs

from .heading import heading
from .shown import PlanHeading
from .who import names

#: From these scores on: ten points make it ten times as likely that both are one person.
_VERY_LIKELY, _LIKELY = 80, 45
_TRAITS = {
    Trait.NUMBER: "SSN",
    Trait.LAST_NAME: "Last name",
    Trait.FIRST_NAME: "First name",
    Trait.SUFFIX: "Jr. or Sr.",
    Trait.BIRTH_DATE: "Birth date",
    Trait.HIRE_DATE: "Hire date",
    Trait.EMPLOYEE_NUMBER: "Employee number",
}
_TOLD = {
    Told.SAME: "the same",
    Told.ONE_SLIP: "one slip apart",
    Told.SHORT_FORM: "a short form",
    Told.INITIAL: "an initial of it",
    Told.PART: "shares a part",
    Told.SWAPPED: "the other way around",
    Told.ANOTHER: "another",
}
_WHY = {
    Why.SSN_OF_ANOTHER_NAME: "The number is on file for somebody of another name.",
    Why.SSN_ONE_SLIP_OFF: "Nobody has this number; one that differs by a slip belongs to somebody alike.",
    Why.SAME_PERSON_OTHER_SSN: "Nobody has this number; somebody alike is on file with another.",
    Why.EMPLOYEE_NUMBER_USED_AGAIN: "The employee number was somebody else's.",
    Why.SEVERAL_ALIKE: "Several people on file are like this row.",
    Why.NAME_ALONE: "Only the name says who it is.",
    Why.SEVERAL_ROWS: "Several rows of the file would be one person.",
}


@dataclass(frozen=True, slots=True)
class MarkLine:
    """What one trait says, in words, and its points."""

    trait: str
    told: str
    points: int


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """Somebody whom the row may be."""

    employee_id: EmployeeId
    name: str
    ssn_masked: str
    birth_date: date | None
    hired_on: date | None
    terminated_on: date | None
    score: int
    likely: str
    marks: tuple[MarkLine, ...]


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """One row that waits for a word, or has one. ``answer`` in words; empty while it is open."""

    question_id: QuestionId
    run_id: RunId
    row: int
    asked_at: datetime
    name: str
    ssn_masked: str
    birth_date: date | None
    hired_on: date | None
    why: str
    candidates: tuple[CandidateLine, ...]
    may_be_new: bool
    number_may_be_right: bool
    answer: str
    answered_at: datetime | None
    answered_by: str
    called: str = ""  # who answered, by name


@dataclass(frozen=True, slots=True)
class WhoIsWho:
    """Open questions first, then the answered ones; newest first."""

    heading: PlanHeading
    asked: tuple[QuestionLine, ...]
    answered: tuple[QuestionLine, ...]


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> WhoIsWho:
    """Every question of the plan as it stands."""
    waiting = open_questions(tx, tenant_id=tenant_id, plan_id=plan_id)
    found = [each for each in census.questions(tx, tenant_id=tenant_id) if each.plan_id == plan_id and each.reply]
    found = [*waiting, *found]
    wanted = {each.employee_id for question in found for each in question.candidates}
    wanted |= {each.reply.employee_id for each in found if each.reply and each.reply.employee_id}
    people = census.roster(tx, tenant_id=tenant_id, employee_ids=sorted(wanted)) if wanted else []
    called = names(tx, (each.reply.answered_by for each in found if each.reply))
    known = {person.employee_id: person for person in people}
    lines = [_line(each, known, called) for each in found]
    return WhoIsWho(
        heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        tuple(each for each in lines if not each.answer),
        tuple(each for each in lines if each.answer),
    )


def open_questions(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[census.Question]:
    """Those that a payroll waits for; none of a file in whose place another one of its pay date was posted since."""
    asked = [each for each in census.questions(tx, tenant_id=tenant_id) if each.plan_id == plan_id and not each.reply]
    return [each for each in asked if not _overtaken(tx, tenant_id, each)]


def _overtaken(tx: Tx, tenant_id: SponsorId, question: census.Question) -> bool:
    run = runs.get(tx, tenant_id=tenant_id, run_id=question.run_id)
    if run.pay_date is None:
        return False
    posted = runs.replaceable(tx, tenant_id=tenant_id, plan_id=run.plan_id, pay_date=run.pay_date)
    # Of two received at one instant nobody knows which was second: a question too many is better than one too few.
    return any(each.received_at > run.received_at for each in posted)


def _line(
    question: census.Question, people: dict[EmployeeId, census.Employee], called: Mapping[str, str]
) -> QuestionLine:
    said, reply = question.evidence, question.reply
    answer = ""
    if reply is not None:
        known = people.get(reply.employee_id) if reply.employee_id else None
        answer = f"{known.first_name} {known.last_name}" if known else "Somebody new"
    numbered = bool(question.ssn_last4)
    return QuestionLine(
        question_id=question.question_id,
        run_id=question.run_id,
        row=question.row,
        asked_at=question.asked_at,
        name=f"{said.first_name} {said.last_name}".strip(),
        ssn_masked=census.mask_ssn(question.ssn_last4) if numbered else "",
        birth_date=said.birth_date,
        hired_on=said.hired_on,
        why=_WHY[question.why],
        candidates=tuple(_candidate(each, people[each.employee_id]) for each in question.candidates),
        may_be_new=question.why is not Why.SSN_OF_ANOTHER_NAME,
        number_may_be_right=numbered and question.why is not Why.SSN_OF_ANOTHER_NAME,
        answer=answer,
        answered_at=reply.answered_at if reply else None,
        answered_by=reply.answered_by if reply else "",
        called=called[reply.answered_by] if reply else "",
    )


def _candidate(candidate: census.Candidate, person: census.Employee) -> CandidateLine:
    score = candidate.likeness.score
    return CandidateLine(
        employee_id=candidate.employee_id,
        name=f"{person.first_name} {person.last_name}",
        ssn_masked=census.mask_ssn(person.ssn_last4) if person.ssn_last4 else "",
        birth_date=person.birth_date,
        hired_on=person.employment[0].hired_on if person.employment else None,
        terminated_on=person.employment[-1].terminated_on if person.employment else None,
        score=score,
        likely="very likely" if score >= _VERY_LIKELY else "likely" if score >= _LIKELY else "possible",
        marks=tuple(MarkLine(_TRAITS[m.trait], _TOLD[m.told], m.points) for m in candidate.likeness.marks),
    )

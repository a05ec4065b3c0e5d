"""Questions about who a row is: asked once with the evidence, answered by a person, taken back. Not here: deciding
which rows are asked about (matching.py), what an answer changes in payrolls (flows/who_is_who.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from open401k.base import heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Open401kError, PlanId, QuestionId, RunId, SponsorId, named_uuid

from . import _match_store
from ._match_store import QuestionRow
from .likeness import Likeness, Mark, Told, Trait
from .matching import Conflict, PersonEvidence, Why, answer, evidence_key


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom the row may be, with how alike they were when it was asked; no marks: asked for another reason."""

    employee_id: EmployeeId
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Reply:
    """A person's word: this employee, or somebody new (None)."""

    employee_id: EmployeeId | None
    answered_at: datetime
    answered_by: str


@dataclass(frozen=True, slots=True)
class Question:
    """Who is the person of this row? ``ssn_last4`` is all that is kept of the number."""

    question_id: QuestionId
    plan_id: PlanId
    run_id: RunId
    row: int
    asked_at: datetime
    evidence: PersonEvidence
    ssn_last4: str
    why: Why
    candidates: tuple[Candidate, ...]
    reply: Reply | None
    #: Whether a person ever answered: pay may have been posted by a word that was taken back.
    answered_before: bool
    key: bytes


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A row that waits for a person's word."""

    row: int
    evidence: PersonEvidence
    conflict: Conflict


def question_id(tx: Tx, *, tenant_id: SponsorId, evidence: PersonEvidence) -> QuestionId:
    """The same for the same evidence: it is asked about once."""
    return _id(tenant_id, evidence_key(tx, evidence))


def ask(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, run_id: RunId, rows: Sequence[AskedRow]) -> None:
    """Put rows on the list of questions; what is asked already with the same candidates is not asked again."""
    heads.lock(tx, tenant_id=tenant_id)
    asked = {each.row: evidence_key(tx, each.evidence) for each in rows}
    ids = {row: _id(tenant_id, key) for row, key in asked.items()}
    known = _match_store.questions(tx, tenant_id=tenant_id, question_ids=[each.uuid for each in ids.values()])
    before = {row.question_id: (row.run_id, row.why, row.candidates) for row in known}
    for each in rows:
        candidates = [_written(who, alike) for who, alike in _likenesses(each.conflict)]
        number = ids[each.row].uuid
        if before.get(number, ()) == (run_id.uuid, str(each.conflict.why), candidates):
            continue
        before[number] = (run_id.uuid, str(each.conflict.why), candidates)
        row = QuestionRow(
            number, asked[each.row], plan_id.uuid, run_id.uuid, each.row, _said(each.evidence), str(each.conflict.why),
            candidates, tx.now, None, False, None, "",
        )  # fmt: skip
        _match_store.add_question(tx, tenant_id=tenant_id, row=row)


def questions(tx: Tx, *, tenant_id: SponsorId) -> list[Question]:
    """Every question of a sponsor, newest first, with the answer that stands."""
    return [_question(row) for row in _match_store.questions(tx, tenant_id=tenant_id)]


def question(tx: Tx, *, tenant_id: SponsorId, question_id: QuestionId) -> Question:
    """One question; an unknown id is an error a person can act on."""
    for row in _match_store.questions(tx, tenant_id=tenant_id, question_ids=[question_id.uuid]):
        return _question(row)
    raise Open401kError(f"There is no question {question_id}.", fix="Take the id from the list of questions.")


def reply(tx: Tx, *, tenant_id: SponsorId, question: Question, employee_id: EmployeeId | None) -> None:
    """Keep a person's word; None is somebody new. Also what the provider calls them, where the row says it."""
    answer(tx, tenant_id=tenant_id, key=question.key, employee_id=employee_id, is_new=employee_id is None)
    said = question.evidence
    if employee_id is not None and said.employee_number:
        told = [(said.system, said.employee_number, employee_id)]
        _match_store.add_numbers(tx, tenant_id=tenant_id, numbers=told)


def replies(tx: Tx, *, tenant_id: SponsorId, question: Question) -> list[EmployeeId | None]:
    """Every word that was given, taken back or not, oldest first; None: somebody new."""
    return _match_store.answers_ever(tx, tenant_id=tenant_id, evidence_hash=question.key)


def take_back(tx: Tx, *, tenant_id: SponsorId, question: Question) -> None:
    """The question is open again."""
    answer(tx, tenant_id=tenant_id, key=question.key, employee_id=None, is_new=False)


def _id(tenant_id: SponsorId, key: bytes) -> QuestionId:
    return QuestionId(named_uuid("match question", str(tenant_id), key.hex()))


def _likenesses(conflict: Conflict) -> list[tuple[EmployeeId, Likeness]]:
    alike = conflict.likeness or (Likeness(()),) * len(conflict.candidates)
    return list(zip(conflict.candidates, alike, strict=True))


def _written(who: EmployeeId, alike: Likeness) -> dict[str, Any]:
    return {"employee_id": str(who), "marks": [[str(mark.trait), str(mark.told)] for mark in alike.marks]}


def _said(evidence: PersonEvidence) -> dict[str, Any]:
    said = {
        "first_name": evidence.first_name,
        "last_name": evidence.last_name,
        "ssn_last4": evidence.ssn[-4:] if evidence.ssn else "",
        "birth_date": evidence.birth_date.isoformat() if evidence.birth_date else "",
        "hired_on": evidence.hired_on.isoformat() if evidence.hired_on else "",
        "employee_number": evidence.employee_number,
        "provider": evidence.provider,
        "employer_ein": evidence.employer_ein,
    }
    return {name: text for name, text in said.items() if text}


def _question(row: QuestionRow) -> Question:
    said = row.said

    def day(name: str) -> date | None:
        return date.fromisoformat(said[name]) if name in said else None

    evidence = PersonEvidence(
        said.get("first_name", ""), said.get("last_name", ""), None, day("birth_date"), day("hired_on"),
        said.get("employee_number", ""), said.get("provider", ""), said.get("employer_ein", ""),
    )  # fmt: skip
    candidates = tuple(
        Candidate(
            EmployeeId.parse(each["employee_id"]),
            Likeness(tuple(Mark(Trait(trait), Told(told)) for trait, told in each["marks"])),
        )
        for each in row.candidates
    )
    replied = None
    if row.answered_at is not None and (row.employee_id is not None or row.is_new):
        who = None if row.employee_id is None else EmployeeId(row.employee_id)
        replied = Reply(who, row.answered_at, row.answered_by)
    return Question(
        QuestionId(row.question_id), PlanId(row.plan_id), RunId(row.run_id), row.row_no, row.asked_at, evidence,
        said.get("ssn_last4", ""), Why(row.why), candidates, replied, row.answered_at is not None,
        row.evidence_hash,
    )  # fmt: skip

"""A person says who a row is, or takes it back; payrolls that wait are checked anew. Not here: moving pay that was
posted by another word (who_is_who_moved.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from open401k import census, payroll
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import EmployeeId, PlanId, QuestionId, Refused, RunId, SponsorId
from open401k.payroll import runs

from .payroll_check import check_run
from .who_is_who_moved import let_go, move, posted_otherwise, rows_of


class Refusal(StrEnum):
    """Why a word was not taken. Listed in order of precedence."""

    NUMBER_TAKEN = "number_taken"
    NOT_ANSWERED = "not_answered"


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says of a question: this employee, or somebody new (None).

    ``number_is_right``: the number of the row is theirs, where another was on file.
    """

    tenant_id: SponsorId
    question_id: QuestionId
    employee_id: EmployeeId | None
    number_is_right: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed from a word: runs checked anew, and runs whose pay moved, each with the run in whose place it is.

    ``waiting`` are runs that should have moved and cannot be posted as they are: their findings say why.
    """

    question_id: QuestionId
    checked: tuple[RunId, ...]
    moved: tuple[tuple[RunId, RunId], ...] = ()
    waiting: tuple[RunId, ...] = ()


def answer(db: Database, *, actor: Actor, word: Word) -> Followed | Refused[Refusal]:
    """Keep the word, check what waited for it, move what was posted by another one. The same word again goes on."""
    with db.begin(actor, tenants=[word.tenant_id]) as tx:
        heads.lock(tx, tenant_id=word.tenant_id)
        asked = census.question(tx, tenant_id=word.tenant_id, question_id=word.question_id)
        refused = _refused(asked, word)
        if refused is not None:
            return refused
        asked = _kept(tx, asked, word)
        checked = _check_waiting(tx, word.tenant_id, asked)
        posted = posted_otherwise(tx, tenant_id=word.tenant_id, asked=asked) if asked.answered_before else []
    moved = [(run.run_id, move(db, actor=actor, tenant_id=word.tenant_id, asked=asked, run=run)) for run in posted]
    done = tuple((was, run_id) for was, run_id in moved if run_id is not None)
    if len(done) == len(moved):
        let_go(db, actor=actor, tenant_id=word.tenant_id, asked=asked)
    waiting = tuple(was for was, run_id in moved if run_id is None)
    return Followed(word.question_id, tuple(checked), done, waiting)


def take_back(
    db: Database, *, actor: Actor, tenant_id: SponsorId, question_id: QuestionId
) -> Followed | Refused[Refusal]:
    """The question is open again: files with the row wait for another word, and posted pay moves when it is given."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)
        asked = census.question(tx, tenant_id=tenant_id, question_id=question_id)
        if asked.reply is None:
            return Refused(Refusal.NOT_ANSWERED, "Nobody has answered this question.", "Answer it.")
        census.take_back(tx, tenant_id=tenant_id, question=asked)
        checked = [
            run
            for run in _open_runs(tx, tenant_id, asked.plan_id)
            if rows_of(tx, tenant_id=tenant_id, run=run, asked=asked)
        ]
        for run in checked:
            check_run(tx, tenant_id=tenant_id, run=run)
    return Followed(question_id, tuple(run.run_id for run in checked))


def _refused(asked: census.Question, word: Word) -> Refused[Refusal] | None:
    """Somebody new cannot have the number of somebody on file."""
    if word.employee_id is None and asked.why is census.Why.SSN_OF_ANOTHER_NAME:
        message = f"The number {census.mask_ssn(asked.ssn_last4)} is on file for somebody else: nobody new can have it."
        fix = "Correct the number of whoever has it wrongly first, or send the file again with the right number."
        return Refused(Refusal.NUMBER_TAKEN, message, fix)
    return None


def _kept(tx: Tx, asked: census.Question, word: Word) -> census.Question:
    """The question with the word; one that it has already is not said twice."""
    if asked.reply is None or asked.reply.employee_id != word.employee_id:
        if word.employee_id is not None:
            census.employee(tx, tenant_id=word.tenant_id, employee_id=word.employee_id)  # says so where it is nobody
        census.reply(tx, tenant_id=word.tenant_id, question=asked, employee_id=word.employee_id)
    if word.number_is_right and word.employee_id is not None:
        _take_number(tx, word.tenant_id, asked, word.employee_id)
    return census.question(tx, tenant_id=word.tenant_id, question_id=word.question_id)


def _take_number(tx: Tx, tenant_id: SponsorId, asked: census.Question, employee_id: EmployeeId) -> None:
    run = runs.get(tx, tenant_id=tenant_id, run_id=asked.run_id)
    number = next((row.ssn for row in rows_of(tx, tenant_id=tenant_id, run=run, asked=asked) if row.ssn), "")
    owner = census.find_by_ssn(tx, tenant_id=tenant_id, ssns=[number]).get(number) if number else None
    if number and owner != employee_id:
        fact, since = census.Ssn(number), run.pay_date or asked.asked_at.date()
        census.record_fact(tx, tenant_id=tenant_id, employee_id=employee_id, fact=fact, event_on=since)


def _open_runs(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> Iterable[runs.Run]:
    """Runs that are not posted or closed, nor wait for their columns."""
    done = (runs.Status.POSTED, runs.Status.NEEDS_MAPPING, runs.Status.CANCELED)
    return [run for run in runs.history(tx, tenant_id=tenant_id, plan_id=plan_id) if run.status not in done]


def _check_waiting(tx: Tx, tenant_id: SponsorId, asked: census.Question) -> list[RunId]:
    """Check the runs that were refused for this question; those that may be posted now wait for their sender."""
    detail = ("question", str(asked.question_id))
    checked = []
    for run in _open_runs(tx, tenant_id, asked.plan_id):
        found: list[payroll.Finding] = runs.findings_of_run(tx, tenant_id=tenant_id, run_id=run.run_id, run=run)
        if any(detail in each.detail for each in found):
            check_run(tx, tenant_id=tenant_id, run=run)
            checked.append(run.run_id)
    return checked

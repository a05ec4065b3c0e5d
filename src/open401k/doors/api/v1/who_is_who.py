"""Who the rows of files are, over HTTP: questions, a person's word, taking it back."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StrictBool

from open401k import census
from open401k.base.access import Permission
from open401k.flows.who_is_who import Followed, Word, answer, take_back
from open401k.kernel import EmployeeId, QuestionId, Refused
from open401k.views import who_is_who

from ...guard import Caller, Needs
from ...problems import FieldProblem, Problem, ProblemError
from ...texts import Sent, Text
from . import models
from .convert import told_if_refused
from .once import answered, key_of
from .paging import LIMIT, Cursor, Limit, page_by_place
from .payroll import named

router = APIRouter(tags=["Sponsors, plans, people"])
Key = Annotated[str, Depends(key_of)]


class Evidence(BaseModel):
    """What one trait says, and its points: ten make it ten times as likely that both are one person."""

    trait: str
    told: str
    points: int


class QuestionCandidate(BaseModel):
    """Somebody on file whom the row may be; ``score`` is the sum of the evidence."""

    employee_id: str
    name: str
    ssn: str
    birth_date: date | None
    hired_on: date | None
    terminated_on: date | None
    score: int
    evidence: list[Evidence]


class Question(BaseModel):
    """A row about which a person is asked who it is; without ``answer`` it is open, and its file waits."""

    question_id: str
    run_id: str
    row: int
    asked_at: datetime
    name: str
    ssn: str
    birth_date: date | None
    hired_on: date | None
    why: str
    candidates: list[QuestionCandidate]
    may_be_new: bool
    answer: str | None
    answered_at: datetime | None
    answered_by: str | None


class QuestionAnswer(Sent):
    """Who the row is: an employee on file, or a new hire. One of the two.

    ``number_is_right``: the Social Security number of the row is theirs, and the one on file is corrected to it.
    """

    employee_id: Text | None = None
    new_hire: StrictBool = False
    number_is_right: StrictBool = False


class MovedRun(BaseModel):
    """A posted payroll whose pay moved: the run that took its place."""

    run_id: str
    replaced_by: str


class QuestionFollowed(BaseModel):
    """What followed: payrolls checked anew, posted ones whose pay moved, and those that wait for something else."""

    question_id: str
    checked: list[str]
    moved: list[MovedRun]
    waiting: Annotated[list[str], Field(description="Should have moved, and cannot be posted: see their findings")]


@router.get("/plans/{plan_id}/questions")
def list_questions(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))], after: Cursor = None, limit: Limit = LIMIT
) -> models.Page[Question]:
    """Every question about who a row is, the open ones first; Social Security numbers masked."""
    with caller.begin() as tx:
        shown = who_is_who.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    some, following = page_by_place((*shown.asked, *shown.answered), after=after, limit=limit)
    return models.Page(items=[_question(each) for each in some], next=following)


@router.post("/plans/{plan_id}/questions/{question_id}/answer")
def answer_question(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))],
    key: Key,
    question_id: str,
    sent: QuestionAnswer,
) -> QuestionFollowed:
    """Say who the row is. It is remembered for every later file; pay posted by another answer moves by corrections."""
    if (sent.employee_id is None) is not sent.new_hire:
        place = FieldProblem("It says both, or neither.", "Send one of the two.", "answer.one", "/employee_id")
        raise ProblemError(Problem(422, "invalid", "An answer is an employee or a new hire.", errors=[place]))
    who = None if sent.employee_id is None else named(EmployeeId, sent.employee_id)
    word = Word(caller.tenant, _of_plan(caller, question_id), who, sent.number_is_right)
    kept = answered(
        caller,
        key=key,
        what=f"answer {question_id}",
        body=sent.model_dump_json().encode(),
        work=lambda: _answer(caller, word),
    )
    return QuestionFollowed.model_validate(kept)


@router.post("/plans/{plan_id}/questions/{question_id}/undo")
def take_back_answer(
    caller: Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))], key: Key, question_id: str
) -> QuestionFollowed:
    """Take the answer back: the question is open, and pay that was posted by it moves when it is answered anew."""
    known = _of_plan(caller, question_id)
    kept = answered(
        caller,
        key=key,
        what=f"undo {question_id}",
        body=b"",
        work=lambda: _done(
            take_back(caller.services.db, actor=caller.actor, tenant_id=caller.tenant, question_id=known)
        ),
    )
    return QuestionFollowed.model_validate(kept)


def _of_plan(caller: Caller, text: str) -> QuestionId:
    """A question of the plan that the address names; any other is not found."""
    known = named(QuestionId, text)
    with caller.begin() as tx:
        asked = census.questions(tx, tenant_id=caller.tenant)
    if known not in {each.question_id for each in asked if each.plan_id == caller.plan}:
        raise ProblemError(Problem(404, "not_found", "Not found.", f"There is no question {text} of this plan."))
    return known


def _answer(caller: Caller, word: Word) -> dict[str, Any]:
    with told_if_refused():
        followed = answer(caller.services.db, actor=caller.actor, word=word)
    return _done(followed)


def _done(followed: Followed | Refused[Any]) -> dict[str, Any]:
    if isinstance(followed, Refused):
        raise ProblemError(Problem(422, str(followed.reason), "It was not taken.", followed.message, followed.fix))
    return QuestionFollowed(
        question_id=str(followed.question_id),
        checked=[str(each) for each in followed.checked],
        moved=[MovedRun(run_id=str(was), replaced_by=str(now)) for was, now in followed.moved],
        waiting=[str(each) for each in followed.waiting],
    ).model_dump(mode="json")


def _question(line: who_is_who.QuestionLine) -> Question:
    return Question(
        question_id=str(line.question_id),
        run_id=str(line.run_id),
        row=line.row,
        asked_at=line.asked_at,
        name=line.name,
        ssn=line.ssn_masked,
        birth_date=line.birth_date,
        hired_on=line.hired_on,
        why=line.why,
        candidates=[
            QuestionCandidate(
                employee_id=str(each.employee_id),
                name=each.name,
                ssn=each.ssn_masked,
                birth_date=each.birth_date,
                hired_on=each.hired_on,
                terminated_on=each.terminated_on,
                score=each.score,
                evidence=[Evidence(trait=mark.trait, told=mark.told, points=mark.points) for mark in each.marks],
            )
            for each in line.candidates
        ],
        may_be_new=line.may_be_new,
        answer=line.answer or None,
        answered_at=line.answered_at,
        answered_by=line.answered_by or None,
    )

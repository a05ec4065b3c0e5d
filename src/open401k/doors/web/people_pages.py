"""Pages on which somebody says what only a person knows of people: who a row is. Not here: pages that only read."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k.base.access import Permission
from open401k.flows.who_is_who import Followed, Refusal, Word, answer, take_back
from open401k.kernel import EmployeeId, QuestionId, Refused
from open401k.views import who_is_who

from ..guard import Caller, Needs, posted_form, word
from ..problems import Problem, ProblemError
from .frame import frame, page, see_other
from .payroll_pages import named

router = APIRouter(include_in_schema=False, prefix="/plans/{plan_id}")
Reader = Annotated[Caller, Depends(Needs(Permission.CENSUS_VIEW))]
Changer = Annotated[Caller, Depends(Needs(Permission.CENSUS_CHANGE))]
Posted = Annotated[FormData, Depends(posted_form)]
NEW = "new"


@router.get("/who-is-who")
def questions(request: Request, caller: Reader) -> Response:
    """Rows that wait for a person's word, with the evidence; and what was answered."""
    with caller.begin() as tx:
        shown = who_is_who.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    around = frame(request, "Who is who", caller=caller, current="people")
    answers = caller.may(Permission.CENSUS_CHANGE)
    return page(request, "who_is_who", around, heading=shown.heading, shown=shown, answers=answers)


@router.post("/who-is-who/{question_id}/answer")
def say(caller: Changer, form: Posted, question_id: str) -> Response:
    """Keep who it is; the same word again changes nothing."""
    who = word(form, "who")
    if not who:
        raise ProblemError(Problem(422, "answer_missing", "Nothing was chosen.", fix="Go back and choose who it is."))
    said = None if who == NEW else named(EmployeeId, who)
    right = word(form, "number") == "yes" and said is not None
    told = Word(caller.tenant, named(QuestionId, question_id), said, right)
    return _after(caller, answer(caller.services.db, actor=caller.actor, word=told))


@router.post("/who-is-who/{question_id}/undo")
def undo(caller: Changer, form: Posted, question_id: str) -> Response:
    """The question is open again."""
    del form  # its token was compared
    known = named(QuestionId, question_id)
    done = take_back(caller.services.db, actor=caller.actor, tenant_id=caller.tenant, question_id=known)
    return _after(caller, done)


def _after(caller: Caller, done: Followed | Refused[Refusal]) -> Response:
    if isinstance(done, Refused):
        raise ProblemError(Problem(422, str(done.reason), "It was not taken.", done.message, done.fix))
    told = ["Remembered."]
    if done.checked:
        told.append(f"{_payrolls(len(done.checked))} checked anew.")
    if done.moved:
        told.append(f"{_payrolls(len(done.moved))} posted anew in place of the earlier one: pay and money moved.")
    if done.waiting:
        told.append(f"{_payrolls(len(done.waiting))} to be looked at before pay can move.")
    return see_other(f"/plans/{caller.plan}/who-is-who?said={' '.join(told)}")


def _payrolls(many: int) -> str:
    return "1 payroll" if many == 1 else f"{many} payrolls"

"""Payroll told in files, over HTTP: the layout, files made of what waits, their bytes, what payroll sends back."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, Field

from open401k.base.access import Permission
from open401k.flows.write_back_files import make_file, take_answer
from open401k.kernel import Open401kError
from open401k.payroll import Findings, feedback_files
from open401k.payroll.feedback_files import FeedbackFileId
from open401k.payroll.write_back import State
from open401k.views import feedback_files as view

from ...described import given
from ...guard import Caller, Needs
from ...problems import Problem, ProblemError
from ...texts import Sent, Text
from ...written import document
from .convert import rejected
from .once import answered, key_of
from .payroll import named

router = APIRouter(tags=["Payroll"])
Key = Annotated[str, Depends(key_of)]
Reader = Annotated[Caller, Depends(Needs(Permission.PAYROLL_VIEW))]
Sender = Annotated[Caller, Depends(Needs(Permission.PAYROLL_SUBMIT))]
Shown: Any = given(view.FeedbackFiles)


class FeedbackTerms(Sent):
    """How payroll is told in files. An empty `layout` ends it."""

    layout: Annotated[Text, Field(description="ascensus or paykonnect", examples=["ascensus"])]
    plan_number: Annotated[Text, Field(description="By which payroll knows the plan", examples=["4711-01"])] = ""


class FeedbackMade(BaseModel):
    """`feedback_file_id` is null where nothing waited that a file can say; `refused` wait for a person."""

    feedback_file_id: str | None
    told: int
    refused: int


class FeedbackContent(BaseModel):
    """The file for payroll, as it is. It names people by their Social Security numbers."""

    feedback_file_id: str
    name: str
    content: str


class FeedbackAnswer(BaseModel):
    """What payroll's file says of the one that it got; of what it does not name the next payroll is the proof."""

    acknowledged: int
    refused: int
    not_answered: int
    unknown: list[str]


@router.get("/plans/{plan_id}/feedback-files")
def list_feedback_files(caller: Reader) -> Shown:
    """The layout in which payroll is told, how many instructions wait, and every file, the newest first."""
    with caller.begin() as tx:
        shown = view.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return Shown.model_validate(document(shown))


@router.put("/plans/{plan_id}/feedback-files/layout")
def choose_layout(caller: Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))], sent: FeedbackTerms) -> Shown:
    """Choose the layout that payroll takes, and the number by which it knows the plan; again, nothing changes."""
    try:
        with caller.begin() as tx:
            feedback_files.choose(
                tx, tenant_id=caller.tenant, plan_id=caller.plan, layout=sent.layout, plan_number=sent.plan_number
            )
    except Open401kError as error:
        raise _not_done("The layout was not chosen.", error) from None
    return list_feedback_files(caller)


@router.post("/plans/{plan_id}/feedback-files", status_code=201)
def make_feedback_file(caller: Sender, key: Key) -> FeedbackMade:
    """Make a file of every instruction that payroll was not told; with it they are told.

    Who has it may hand it to payroll as often as it takes: the bytes of a file never change.
    """

    def work() -> dict[str, Any]:
        try:
            with caller.begin() as tx:
                made = make_file(tx, tenant_id=caller.tenant, plan_id=caller.plan)
        except Open401kError as error:
            raise _not_done("No file was made.", error) from None
        file_id = str(made.file_id) if made and made.file_id else None
        return {"feedback_file_id": file_id, "told": made.told if made else 0, "refused": made.refused if made else 0}

    kept = answered(caller, key=key, what=f"feedback file {caller.plan}", body=b"", work=work)
    return FeedbackMade.model_validate(kept)


@router.get("/plans/{plan_id}/feedback-files/{feedback_file_id}")
def get_feedback_file(caller: Sender, feedback_file_id: str) -> FeedbackContent:
    """The bytes of a file, the same each time; that they were asked for is in the audit trail."""
    file_id = named(FeedbackFileId, feedback_file_id)
    try:
        with caller.begin() as tx:
            file, data = feedback_files.content(tx, tenant_id=caller.tenant, plan_id=caller.plan, file_id=file_id)
    except Open401kError as error:
        raise _not_done("There is no such file.", error) from None
    return FeedbackContent(feedback_file_id=str(file_id), name=file.name, content=data.decode())


@router.post("/plans/{plan_id}/feedback-files/{feedback_file_id}/answer", status_code=201)
def answer_feedback_file(
    caller: Sender,
    key: Key,
    feedback_file_id: str,
    content: Annotated[
        bytes, Body(media_type="application/octet-stream", description="The file that payroll sent back")
    ],
) -> FeedbackAnswer:
    """Read a file that payroll sends back in the layout of the one it got: what it took, and what it has otherwise."""
    file_id = named(FeedbackFileId, feedback_file_id)

    def work() -> dict[str, Any]:
        try:
            with caller.begin() as tx:
                found = take_answer(tx, tenant_id=caller.tenant, plan_id=caller.plan, file_id=file_id, data=content)
        except Open401kError as error:
            raise _not_done("The answer was not taken.", error) from None
        if isinstance(found, Findings):
            raise ProblemError(rejected(found, "answer_rejected", "The answer was not taken."))
        refused = sum(each.state is State.REFUSED for each in found.outcomes)
        return {
            "acknowledged": len(found.outcomes) - refused,
            "refused": refused,
            "not_answered": found.not_answered,
            "unknown": list(found.unknown),
        }

    kept = answered(caller, key=key, what=f"feedback answer {file_id}", body=content, work=work)
    return FeedbackAnswer.model_validate(kept)


def _not_done(title: str, error: Open401kError) -> ProblemError:
    return ProblemError(Problem(422, "not_done", title, error.message, error.fix))

"""The page of what payroll is told, and its forms: telling again, the layout of files, making one, its answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k.base.access import Permission
from open401k.flows.write_back_files import make_file, take_answer
from open401k.kernel import InstructionId, Open401kError
from open401k.payroll import Findings, write_back_book
from open401k.payroll import feedback_files as stored
from open401k.payroll.feedback_files import FeedbackFileId
from open401k.payroll.write_back import State
from open401k.views import feedback_files, instructions

from ..guard import Caller, Needs, file_of, posted_form, word
from ..problems import Problem, ProblemError
from .frame import frame, page, see_other
from .payroll_pages import named

router = APIRouter(include_in_schema=False, prefix="/plans/{plan_id}/instructions")
Reader = Annotated[Caller, Depends(Needs(Permission.PAYROLL_VIEW))]
Sender = Annotated[Caller, Depends(Needs(Permission.PAYROLL_SUBMIT))]
Changer = Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))]
Posted = Annotated[FormData, Depends(posted_form)]
#: No feedback file of a plan is larger: one row is below 200 bytes.
_MOST_BYTES = 50_000_000


@router.get("")
def told_to_payroll(request: Request, caller: Reader) -> Response:
    """What payroll was told, and what became of it."""
    with caller.begin() as tx:
        shown = instructions.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
        files = feedback_files.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    around = frame(request, "Told to payroll", caller=caller, current="payroll")
    return page(
        request,
        "instructions",
        around,
        heading=shown.heading,
        told=shown,
        files=files,
        sends=caller.may(Permission.PAYROLL_SUBMIT),
        chooses=caller.may(Permission.PLAN_CHANGE),
    )


@router.post("/layout")
def layout(caller: Changer, form: Posted) -> Response:
    """Choose the layout that payroll takes."""
    chosen, number = word(form, "layout"), word(form, "plan_number")
    with _told("The layout was not chosen."), caller.begin() as tx:
        stored.choose(tx, tenant_id=caller.tenant, plan_id=caller.plan, layout=chosen, plan_number=number)
    return _back(caller, "Payroll is told in files." if chosen else "Payroll is told in no files.")


@router.post("/{instruction_id}/again")
def again(caller: Sender, _: Posted, instruction_id: str) -> Response:
    """Have one told once more, after somebody looked; twice is once."""
    with _told("It was not queued again."), caller.begin() as tx:
        known = named(InstructionId, instruction_id)
        write_back_book.tell_again(tx, tenant_id=caller.tenant, plan_id=caller.plan, instruction_id=known)
    return _back(caller, "It is told again: to a connected provider with the next round, else in the next file.")


@router.post("/file")
def make(caller: Sender, _: Posted) -> Response:
    """Make a file of everything that waits; sent twice, the second finds nothing."""
    with _told("No file was made."), caller.begin() as tx:
        made = make_file(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    if made is None:
        return _back(caller, "Payroll was told everything; the files are below.")
    unsaid = f" No file can say {made.refused} of them: see below." if made.refused else ""
    return _back(caller, f"Instructions in the new file: {made.told}.{unsaid}")


@router.post("/file/{feedback_file_id}")
def bytes_of_file(caller: Sender, _: Posted, feedback_file_id: str) -> Response:
    """A file for payroll, the same bytes each time; that it was asked for is recorded, so it is a form and no link."""
    with _told("There is no such file."), caller.begin() as tx:
        file_id = named(FeedbackFileId, feedback_file_id)
        file, data = stored.content(tx, tenant_id=caller.tenant, plan_id=caller.plan, file_id=file_id)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "Cache-Control": "no-store"}
    return Response(data, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/file/{feedback_file_id}/answer")
def answer(caller: Sender, form: Posted, feedback_file_id: str) -> Response:
    """Read the file that payroll sent back."""
    data = file_of(form, "file").file.read(_MOST_BYTES + 1)
    with _told("The answer was not taken."), caller.begin() as tx:
        file_id = named(FeedbackFileId, feedback_file_id)
        found = take_answer(tx, tenant_id=caller.tenant, plan_id=caller.plan, file_id=file_id, data=data)
    if isinstance(found, Findings):
        first = found.by_place()[0]
        where = f"Row {first.row}, {first.column}: " if first.row else ""
        raise ProblemError(
            Problem(422, "answer_rejected", "The answer was not taken.", f"{where}{first.reason}", first.fix)
        )
    refused = sum(each.state is State.REFUSED for each in found.outcomes)
    told = f"Acknowledged: {len(found.outcomes) - refused}. Otherwise at payroll: {refused}."
    return _back(caller, f"{told} Not answered: {found.not_answered}. Not ours: {len(found.unknown)}.")


def _back(caller: Caller, said: str) -> Response:
    return see_other(f"/plans/{caller.plan}/instructions?said={quote(said)}")


@contextmanager
def _told(title: str) -> Iterator[None]:
    try:
        yield
    except Open401kError as error:
        raise ProblemError(Problem(422, "not_done", title, error.message, error.fix)) from None

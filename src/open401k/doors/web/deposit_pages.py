"""The page of deposits and its forms: statements in, debits out, people decide. Every form may be sent twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from open401k import custody
from open401k.base.access import Permission
from open401k.custody import AccountChangeId, AchFileId, StatementId
from open401k.custody.accounts import NewAccount, Purpose
from open401k.custody.ach import FileStatus
from open401k.flows.bank_statement import StatementFile, read_in
from open401k.flows.debit_file import make_file, take_answer
from open401k.flows.deposit import deposit_run
from open401k.flows.deposit_choices import place_line
from open401k.flows.deposit_doubles import settle_twice
from open401k.flows.waiting_money import use_waiting
from open401k.kernel import EntryId, FileId, Open401kError, ProposalId, Refused, RunId, day_of
from open401k.views import deposit_page
from open401k.views import over_sent as lowered
from open401k.wire import Unreadable
from open401k.wire.banklines import MOST_BYTES

from .. import corrections, over_sent
from ..guard import Caller, Needs, file_of, posted_form, word
from ..problems import Problem, ProblemError
from .frame import frame, page, see_other
from .payroll_pages import named

router = APIRouter(include_in_schema=False, prefix="/plans/{plan_id}/deposits")
Reader = Annotated[Caller, Depends(Needs(Permission.LEDGER_VIEW))]
Mover = Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))]
Posted = Annotated[FormData, Depends(posted_form)]
#: What a line of the bank may be other than a payroll's money.
EMPLOYERS = "employers"
NO_PAYROLL = ("none", EMPLOYERS)


@router.get("")
def deposits(request: Request, caller: Reader) -> Response:
    """What is due, on its way, received, short, late or returned, and what waits for a person."""
    with caller.begin() as tx:
        shown = deposit_page.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    around = frame(request, "Deposits", caller=caller, current="deposits")
    return page(
        request,
        "deposits",
        around,
        heading=shown.heading,
        shown=shown,
        moves=caller.may(Permission.PLAN_CHANGE),
        open_ways=lowered.open_ways,
        key=str(caller.services.ids.new(FileId)),
    )


@router.post("/received")
def received(caller: Mover, form: Posted) -> Response:
    """A person has seen the whole money of a payroll arrive."""
    on, run_id = _day(word(form, "on")), named(RunId, word(form, "run_id"))
    if on > day_of(caller.services.clock.now()):
        raise ProblemError(Problem(422, "day_in_future", "The day is still to come.", fix="Record it on that day."))
    done = deposit_run(
        caller.services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan, run_id=run_id, on=on
    )
    if isinstance(done, Refused):
        raise ProblemError(Problem(422, str(done.reason), "Not recorded.", done.message, done.fix))
    return _back(caller, "The deposit is on file." if done else "Nothing is due for that payroll.")


@router.post("/correction")
def correction_received(caller: Mover, form: Posted) -> Response:
    """A person has seen the whole money of an approved correction arrive."""
    corrections.received(
        caller.services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan,
        proposal_id=named(ProposalId, word(form, "proposal_id")), on=_day(word(form, "on")),
    )  # fmt: skip
    return _back(caller, "The money of the correction is on file.")


@router.post("/statement")
def statement(caller: Mover, form: Posted) -> Response:
    """Read a bank statement in."""
    file = file_of(form, "file")
    data = file.file.read(MOST_BYTES + 1)
    of = StatementFile(caller.tenant, caller.plan, (file.filename or "statement")[:200], data)
    with _told("The statement was not taken."):
        result = read_in(caller.services.db, actor=caller.actor, of=of)
    if isinstance(result, Unreadable):
        raise ProblemError(_unreadable("The statement was not taken.", result))
    found = len({each["line"] for each in result["settle"]})
    others = ", ".join(result["sort_out"]["others"])
    left_out = f" Left out: other accounts, ending in {others}." if others else ""
    return _back(caller, f"The statement was read. Lines that found their payroll: {found}.{left_out}")


@router.post("/answer")
def answer(caller: Mover, form: Posted) -> Response:
    """Read a file of returns and notices of change."""
    data = file_of(form, "file").file.read(MOST_BYTES + 1)
    with _told("The file was not taken."):
        result = take_answer(
            caller.services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan, data=data,
            fragment=word(form, "fragment") == "yes",
        )  # fmt: skip
    if isinstance(result, Unreadable):
        raise ProblemError(_unreadable("The file was not taken.", result))
    told = f"Debits that came back: {len(result.returned)}. Changes to decide: {result.changes}."
    unknown = f" Not taken: {'; '.join(result.unknown[:3])}." if result.unknown else ""
    return _back(caller, told + unknown)


@router.post("/debit")
def debit(caller: Mover, form: Posted) -> Response:
    """Make a file of debits for all that is due."""
    with _told("No file was made."):
        file_id = make_file(
            caller.services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan,
            key=word(form, "key"), same_day=word(form, "same_day") == "yes",
        )  # fmt: skip
    return _back(caller, "The file is ready for your bank." if file_id else "Nothing is due that is not under way.")


@router.post("/file/{ach_file_id}")
def bytes_of_file(caller: Mover, _: Posted, ach_file_id: str) -> Response:
    """The file for the bank; that it was asked for is recorded, so it is a form and no link."""
    with _told("There is no such file."), caller.begin() as tx:
        file_id = named(AchFileId, ach_file_id)
        data = custody.ach.content(tx, tenant_id=caller.tenant, plan_id=caller.plan, file_id=file_id)
    headers = {"Content-Disposition": f'attachment; filename="{file_id}.ach"', "Cache-Control": "no-store"}
    return Response(data, media_type="text/plain; charset=us-ascii", headers=headers)


@router.post("/mark/{ach_file_id}")
def mark(caller: Mover, form: Posted, ach_file_id: str) -> Response:
    """A person says that a file was sent, or withdraws it."""
    status = FileStatus.SENT if word(form, "status") == "sent" else FileStatus.WITHDRAWN
    with _told("Not recorded."), caller.begin() as tx:
        file_id = named(AchFileId, ach_file_id)
        custody.ach.mark(tx, tenant_id=caller.tenant, plan_id=caller.plan, file_id=file_id, status=status)
    return _back(caller, f"The file is {status}.")


@router.post("/place")
def place(caller: Mover, form: Posted) -> Response:
    """A person says which payroll a line pays, that it is the employer's, or none of the plan's deposits."""
    run = word(form, "run_id")
    if not run:
        fix = "Choose a payroll, the employer's money, or none of the plan's deposits."
        raise ProblemError(Problem(422, "place_missing", "Nothing says what the line is for.", fix=fix))
    with _told("The line was not placed."):
        place_line(
            caller.services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan,
            statement_id=named(StatementId, word(form, "statement_id")), line_no=_number(word(form, "line_no")),
            run_id=named(RunId, run) if run not in NO_PAYROLL else None, employers=run == EMPLOYERS,
        )  # fmt: skip
    return _back(caller, "The line has its place.")


@router.post("/twice")
def twice(caller: Mover, form: Posted) -> Response:
    """A person says whether what was probably booked twice is the same money."""
    told = word(form, "is")
    if told not in ("same", "own"):
        raise ProblemError(Problem(422, "answer_missing", "Nothing says what the line is.", fix="Choose on the page."))
    with _told("Nothing was changed."):
        settle_twice(
            caller.services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan,
            statement_id=named(StatementId, word(form, "statement_id")), line_no=_number(word(form, "line_no")),
            same_money=told == "same",
        )  # fmt: skip
    return _back(caller, "It was taken back." if told == "same" else "Both are payments.")


@router.post("/waiting")
def waiting(caller: Mover, form: Posted) -> Response:
    """Money that waits pays a payroll or a correction, or was given back."""
    pays = word(form, "run_id")
    correction = named(ProposalId, pays) if pays.startswith(ProposalId.prefix) else None
    with _told("The money still waits."):
        rest = use_waiting(
            caller.services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan,
            entry_id=named(EntryId, word(form, "entry_id")), proposal_id=correction,
            run_id=named(RunId, pays) if pays and correction is None else None, on=day_of(caller.services.clock.now()),
        )  # fmt: skip
    applied = f"The money was applied; {rest} of it waits on." if rest else "The money was applied."
    return _back(caller, applied if pays else "It is recorded as given back.")


@router.post("/over")
def over(caller: Mover, form: Posted) -> Response:
    """What becomes of money that a corrected payroll left over."""
    names = ("key", "run", "way", "amount", "earnings", "reason")
    said = {name: word(form, name) for name in names}
    done = over_sent.settle(
        caller.services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan,
        on=_day(word(form, "on")), **said,
    )  # fmt: skip
    return _back(caller, f"On file: {done.words}.")


@router.post("/over/undo")
def undo_over(caller: Mover, form: Posted) -> Response:
    """What was said of money that is over was wrong: it is open again."""
    of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}
    done = over_sent.undo(caller.services.db, **of, decision=word(form, "decision"), reason=word(form, "reason"))
    return _back(caller, f"Taken back: {done.words}.")


@router.post("/give-back")
def give_back(caller: Mover, form: Posted) -> Response:
    """A person approves that what payroll withheld beyond an election goes back."""
    done = over_sent.give(
        caller.services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan,
        employee=word(form, "employee"), first=_day(word(form, "first")),
    )  # fmt: skip
    return _back(caller, over_sent.given_words(done))


@router.post("/account")
def account(caller: Mover, form: Posted) -> Response:
    """Put a bank account on file."""
    said = {name: word(form, name) for name in ("name", "routing", "number", "bank_name", "company_id")}
    told, kind = word(form, "purpose"), word(form, "kind")
    if told not in tuple(Purpose) or kind not in ("checking", "savings"):
        fix = "Choose whose account it is, and whether it is for checking or savings."
        raise ProblemError(Problem(422, "account_invalid", "Nothing says what account it is.", fix=fix))
    purpose = Purpose(told)
    with _told("The account was not put on file."), caller.begin() as tx:
        new = NewAccount(purpose, kind=kind, **said)
        custody.accounts.add(tx, tenant_id=caller.tenant, plan_id=caller.plan, account=new)
    return _back(caller, "The account is on file.")


@router.post("/change")
def change(caller: Mover, form: Posted) -> Response:
    """Decide what a bank asks to change."""
    with _told("Not decided."), caller.begin() as tx:
        change_id, accepted = named(AccountChangeId, word(form, "change_id")), word(form, "accepted") == "yes"
        custody.accounts.decide(
            tx, tenant_id=caller.tenant, plan_id=caller.plan, change_id=change_id, accepted=accepted
        )
    return _back(caller, "The account was changed." if accepted else "The account stays as it is.")


def _back(caller: Caller, said: str) -> Response:
    return see_other(f"/plans/{caller.plan}/deposits?said={quote(said)}")


@contextmanager
def _told(title: str) -> Iterator[None]:
    try:
        yield
    except Open401kError as error:
        raise ProblemError(Problem(422, "not_done", title, error.message, error.fix)) from None


def _unreadable(title: str, found: Unreadable) -> Problem:
    told = " ".join(str(each) for each in found.problems[:5])
    return Problem(422, "file_unreadable", title, told, "Nothing of it was used.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ProblemError(Problem(422, "date_invalid", "That is not a date.", fix="Write it as 2026-08-14.")) from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ProblemError(Problem(422, "line_invalid", "That is not a line.", fix="Choose it on the page."))
    return int(text)

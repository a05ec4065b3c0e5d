"""Deposits over HTTP: bank statements and files of the bank in, debit files out, what waits for a person.

Not here: recording a whole deposit by hand (books.py).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, Field

from open401k import custody
from open401k.base.access import Permission
from open401k.custody import AccountChangeId, AchFileId, StatementId
from open401k.custody.accounts import NewAccount, Purpose
from open401k.flows.bank_statement import StatementFile, read_in
from open401k.flows.debit_file import make_file, take_answer
from open401k.flows.deposit_choices import place_line
from open401k.flows.deposit_doubles import settle_twice
from open401k.flows.waiting_money import use_waiting
from open401k.kernel import EntryId, Money, Open401kError, ProposalId, RunId, day_of
from open401k.views import deposit_page
from open401k.wire import Unreadable

from ...guard import Caller, Needs
from ...problems import FieldProblem, Problem, ProblemError
from ...texts import Sent, Text
from .deposits_now import DepositsNow, now_of
from .once import answered, key_of
from .payroll import named

router = APIRouter(tags=["Deposits"])
Key = Annotated[str, Depends(key_of)]
Reader = Annotated[Caller, Depends(Needs(Permission.LEDGER_VIEW))]
Mover = Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))]
Balance = Annotated[int | None, Query(ge=-(10**14), le=10**14, description="For a CSV without balances")]
Answer = TypeVar("Answer", bound=BaseModel)


class Found(BaseModel):
    """What a line, or a part of it, turned out to be."""

    line: int
    kind: str
    amount: str
    run_id: str | None


class StatementRead(BaseModel):
    """A statement on file and what its lines are; lines that are not listed wait for a person."""

    statement_ids: list[str]
    found: list[Found]
    left_out: list[str] = Field(
        default_factory=list, description="Other accounts that the file has statements of: their last four digits"
    )


class AchFileLine(BaseModel):
    """A file of debits."""

    ach_file_id: str
    total: str
    effective_on: date
    same_day: bool
    state: str


class AchFiles(BaseModel):
    """Files of debits, the newest first."""

    items: list[AchFileLine]


class AchFileContent(BaseModel):
    """What to give to the bank, as it is: lines of 94 columns."""

    ach_file_id: str
    content: str


class NewAchFile(Sent):
    """A file of all that is due and not under way."""

    effective_on: date | None = None
    same_day: bool = False


class AnswerRead(BaseModel):
    """What the bank told: payrolls whose debits came back, changes to decide, and records that were not taken."""

    returned: list[str]
    changes: int
    unknown: list[str]


class NewBankAccount(Sent):
    """A bank account; its number is sealed and never sent out again."""

    purpose: Purpose
    name: Text
    routing: Text
    number: Text
    kind: Literal["checking", "savings"] = "checking"
    bank_name: Annotated[str, Field(max_length=100, pattern=r"^[ -~]*$")] = ""
    company_id: Annotated[str, Field(max_length=10, pattern=r"^[ -~]*$")] = ""


class AccountOnFile(BaseModel):
    """An account put on file."""

    bank_account_id: str


class Placed(Sent):
    """Which payroll a line (``statement_id``, ``line_no``) or waiting money (``entry_id``) is for; null: none."""

    statement_id: str | None = None
    line_no: int | None = None
    entry_id: str | None = None
    run_id: str | None = None
    proposal_id: str | None = Field(default=None, description="The approved correction that waiting money pays")
    employers: bool = Field(
        default=False, description="A line that is the employer's money: it came twice, or too much"
    )


class SaidOfTwice(Sent):
    """Whether a line that was probably booked twice is the same money (it is taken back) or a payment of its own."""

    statement_id: Text
    line_no: Annotated[int, Field(ge=1, le=10**9)]
    same_money: bool


class DecidedChange(Sent):
    """Whether a change that a bank asks for is taken over."""

    change_id: Text
    accepted: bool


@router.get("/plans/{plan_id}/deposits/now")
def deposits_now(caller: Reader) -> DepositsNow:
    """Each payroll's money with its state and clock, lines that wait, money that waits."""
    with caller.begin() as tx:
        shown = deposit_page.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return now_of(shown)


@router.post("/plans/{plan_id}/bank-statements", status_code=201)
def send_statement(
    caller: Mover,
    key: Key,
    content: Annotated[bytes, Body(media_type="application/octet-stream", description="BAI2, camt.053/054 or CSV")],
    opening_cents: Balance = None,
    closing_cents: Balance = None,
) -> StatementRead:
    """Read a bank statement: each line that explains itself is posted, once; the others wait.

    The same bytes again change nothing. What does not add up is the problem `file_unreadable`, and nothing is kept.
    """
    of = StatementFile(caller.tenant, caller.plan, "statement", content, opening_cents, closing_cents)
    what = f"bank statement {caller.plan} {opening_cents} {closing_cents}"
    return _once(caller, key, what, content, StatementRead, lambda: _statement(caller, of))


@router.post("/plans/{plan_id}/ach-answers", status_code=201)
def send_answer(
    caller: Mover,
    key: Key,
    content: Annotated[bytes, Body(media_type="application/octet-stream", description="A NACHA file of the bank")],
    fragment: Annotated[
        bool, Query(description="It has no header and no controls, as some banks send returns")
    ] = False,
) -> AnswerRead:
    """Read returns and notices of change; what came back is due again by its first clock."""
    what = f"ach answer {caller.plan} {fragment}"
    return _once(caller, key, what, content, AnswerRead, lambda: _answer(caller, content, fragment))


@router.get("/plans/{plan_id}/ach-files")
def list_files(caller: Reader) -> AchFiles:
    """Files of debits."""
    with caller.begin() as tx:
        found = custody.ach.files(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return AchFiles(
        items=[
            AchFileLine(
                ach_file_id=str(each.ach_file_id),
                total=Money(each.cents).plain(),
                effective_on=each.effective_on,
                same_day=each.same_day,
                state=each.status,
            )
            for each in found
        ]
    )


@router.post("/plans/{plan_id}/ach-files", status_code=201)
def make_debits(caller: Mover, key: Key, sent: NewAchFile) -> AchFiles:
    """Make a file of debits (CCD) of all that is due and not under way; none is made where nothing is."""
    with _told("No file was made."):
        make_file(
            caller.services.db,
            actor=caller.actor,
            tenant_id=caller.tenant,
            plan_id=caller.plan,
            key=key,
            effective_on=sent.effective_on,
            same_day=sent.same_day,
        )
    return list_files(caller)


@router.get("/plans/{plan_id}/ach-files/{ach_file_id}")
def get_file(caller: Mover, ach_file_id: str) -> AchFileContent:
    """The file for the bank. It holds account numbers: who asked is in the audit trail."""
    file_id = named(AchFileId, ach_file_id)
    with _told("There is no such file."), caller.begin() as tx:
        data = custody.ach.content(tx, tenant_id=caller.tenant, plan_id=caller.plan, file_id=file_id)
    return AchFileContent(ach_file_id=str(file_id), content=data.decode("ascii"))


@router.post("/plans/{plan_id}/bank-accounts", status_code=201)
def add_account(caller: Mover, key: Key, sent: NewBankAccount) -> AccountOnFile:
    """Put the employer's or the plan's account on file."""
    body = sent.model_dump_json().encode()
    return _once(caller, key, f"bank account {caller.plan}", body, AccountOnFile, lambda: _account(caller, sent))


@router.post("/plans/{plan_id}/account-changes", status_code=201)
def decide_change(caller: Mover, key: Key, sent: DecidedChange) -> DepositsNow:
    """A person takes over what a bank asked to change, or leaves the account as it is."""
    body = sent.model_dump_json().encode()
    return _once(caller, key, f"account change {caller.plan}", body, DepositsNow, lambda: _decide(caller, sent))


@router.post("/plans/{plan_id}/deposits/placed", status_code=201)
def place(caller: Mover, key: Key, sent: Placed) -> DepositsNow:
    """A person says what a line or waiting money is for."""
    body = sent.model_dump_json().encode()
    return _once(caller, key, f"place {caller.plan}", body, DepositsNow, lambda: _place(caller, sent))


@router.post("/plans/{plan_id}/deposits/twice", status_code=201)
def twice(caller: Mover, key: Key, sent: SaidOfTwice) -> DepositsNow:
    """A person says what a line is that was probably booked twice; the same money is taken back, and due again."""
    body = sent.model_dump_json().encode()
    return _once(caller, key, f"twice {caller.plan}", body, DepositsNow, lambda: _twice(caller, sent))


def _twice(caller: Caller, sent: SaidOfTwice) -> DepositsNow:
    with _told("Nothing was changed."):
        settle_twice(
            caller.services.db,
            actor=caller.actor,
            tenant_id=caller.tenant,
            plan_id=caller.plan,
            statement_id=named(StatementId, sent.statement_id),
            line_no=sent.line_no,
            same_money=sent.same_money,
        )
    return deposits_now(caller)


def _statement(caller: Caller, of: StatementFile) -> StatementRead:
    with _told("The statement was not taken."):
        result = read_in(caller.services.db, actor=caller.actor, of=of)
    if isinstance(result, Unreadable):
        raise ProblemError(_unreadable(result))
    found = [
        Found(line=e["line"], kind=e["kind"], amount=Money(e["cents"]).plain(), run_id=e["run_id"] or None)
        for e in result["settle"]
    ]
    return StatementRead(statement_ids=result["keep"], found=found, left_out=result["sort_out"]["others"])


def _answer(caller: Caller, content: bytes, fragment: bool) -> AnswerRead:
    with _told("The file was not taken."):
        result = take_answer(
            caller.services.db,
            actor=caller.actor,
            tenant_id=caller.tenant,
            plan_id=caller.plan,
            data=content,
            fragment=fragment,
        )
    if isinstance(result, Unreadable):
        raise ProblemError(_unreadable(result))
    returned = [str(run_id) for run_id in result.returned]
    return AnswerRead(returned=returned, changes=result.changes, unknown=list(result.unknown))


def _account(caller: Caller, sent: NewBankAccount) -> AccountOnFile:
    new = NewAccount(**sent.model_dump())
    with _told("The account was not put on file."), caller.begin() as tx:
        account_id = custody.accounts.add(tx, tenant_id=caller.tenant, plan_id=caller.plan, account=new)
    return AccountOnFile(bank_account_id=str(account_id))


def _decide(caller: Caller, sent: DecidedChange) -> DepositsNow:
    change_id = named(AccountChangeId, sent.change_id)
    with _told("It was not decided."), caller.begin() as tx:
        custody.accounts.decide(
            tx, tenant_id=caller.tenant, plan_id=caller.plan, change_id=change_id, accepted=sent.accepted
        )
    return deposits_now(caller)


def _place(caller: Caller, sent: Placed) -> DepositsNow:
    run_id = named(RunId, sent.run_id) if sent.run_id else None
    proposal_id = named(ProposalId, sent.proposal_id) if sent.proposal_id else None
    services = caller.services
    with _told("It was not placed."):
        if sent.entry_id:
            entry_id, on = named(EntryId, sent.entry_id), day_of(services.clock.now())
            use_waiting(
                services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan, entry_id=entry_id,
                run_id=run_id, proposal_id=proposal_id, on=on,
            )  # fmt: skip
        elif sent.statement_id and sent.line_no:
            statement_id = named(StatementId, sent.statement_id)
            place_line(
                services.db,
                actor=caller.actor,
                tenant_id=caller.tenant,
                plan_id=caller.plan,
                statement_id=statement_id,
                line_no=sent.line_no,
                run_id=run_id,
                employers=sent.employers,
            )
        else:
            raise Open401kError("Nothing says what is placed.", fix="Send statement_id and line_no, or entry_id.")
    return deposits_now(caller)


def _once(caller: Caller, key: str, what: str, body: bytes, kind: type[Answer], work: Callable[[], Answer]) -> Answer:
    kept = answered(caller, key=key, what=what, body=body, work=lambda: work().model_dump(mode="json"))
    return kind.model_validate(kept)


@contextmanager
def _told(title: str) -> Iterator[None]:
    try:
        yield
    except Open401kError as error:
        raise ProblemError(Problem(422, "not_done", title, error.message, error.fix)) from None


def _unreadable(found: Unreadable) -> Problem:
    errors = [
        FieldProblem(each.reason, each.fix, code=each.field.replace(" ", "_"), pointer=f"/{each.where}")
        for each in found.problems
    ]
    return Problem(422, "file_unreadable", "The file was not taken.", "Nothing of it was used.", errors=errors)

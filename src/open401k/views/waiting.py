"""What waits for somebody's decision: each kind with how many, and the page where it is decided. Not here: deciding."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from open401k import census, compliance, custody, fiduciary, payroll, plan, recordkeeping
from open401k.base import webhooks
from open401k.base.db import Tx
from open401k.compliance import ProposalState
from open401k.kernel import PlanId, SponsorId, day_of
from open401k.payroll import connections, runs, write_back, write_back_book

from . import rollovers_invalid
from .deposit_page import gaps_of
from .deposits import Deposit, State
from .duties import unsettled
from .instructions import needing_a_person
from .loans import count_waiting
from .who_is_who import open_questions

_URGENT = (State.LATE, State.RETURNED, State.SHORT)


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """One kind of decision. ``path`` is its page, below the plan's."""

    key: str
    count: int
    one: str
    many: str
    path: str

    @property
    def words(self) -> str:
        """What waits, in the number of how many."""
        return self.one if self.count == 1 else self.many


def waiting(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, history: Sequence[runs.Run], owed: Sequence[Deposit]
) -> tuple[WaitingLine, ...]:
    """Every kind of which there is any, in the order in which they hold up money."""
    found = (
        *_of_payrolls(tx, tenant_id, plan_id, history),
        *_of_deposits(tx, tenant_id, plan_id, owed),
        *_of_people(tx, tenant_id, plan_id, history),
    )
    return tuple(line for line in found if line.count)


def _of_payrolls(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, history: Sequence[runs.Run]) -> Iterator[WaitingLine]:
    files = unsettled(history, day_of(tx.now))
    path = f"/payrolls/{files[0].run_id}" if len(files) == 1 else "/payrolls"
    yield WaitingLine("payrolls", len(files), "payroll to look at and post", "payrolls to look at and post", path)
    asked = len(open_questions(tx, tenant_id=tenant_id, plan_id=plan_id))
    yield WaitingLine(
        "who_is_who", asked, "row that may be somebody on file", "rows that may be somebody on file", "/who-is-who"
    )
    yield WaitingLine(
        "pay_codes", _codes(tx, tenant_id, plan_id), "pay code to confirm", "pay codes to confirm", "/pay-codes"
    )
    known = connections.of_plan(tx, tenant_id=tenant_id, plan_id=plan_id)
    stuck = sum(_asks(each) for each in known)
    yield WaitingLine(
        "connections",
        stuck,
        "payroll provider that asks for somebody",
        "payroll providers that ask for somebody",
        "/connections",
    )
    yield WaitingLine(
        "webhooks",
        webhooks.stopped(tx, tenant_id=tenant_id),
        "webhook endpoint that takes nothing any more",
        "webhook endpoints that take nothing any more",
        "/connections#h-webhooks",
    )


def _asks(of: connections.Connection) -> bool:
    return bool(of.waits or of.problem.get("asks")) or of.state == connections.State.NEEDS_A_PERSON


def _codes(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> int:
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    if not payroll.seen_last(tx, **of) and not payroll.deductions_seen_last(tx, **of):
        return 0
    kinds = census.code_kinds(tx, tenant_id=tenant_id)
    asked, deductions = payroll.questions(tx, **of, kinds=kinds), payroll.deduction_questions(tx, **of, kinds=kinds)
    return len(asked) + len(deductions)


def _of_deposits(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, owed: Sequence[Deposit]) -> Iterator[WaitingLine]:
    today = day_of(tx.now)
    behind = sum(each.state_on(today) in _URGENT for each in owed)
    yield WaitingLine(
        "deposits",
        behind,
        "deposit that is late, short or came back",
        "deposits that are late, short or came back",
        "/deposits",
    )
    lines = len(custody.statements.lines(tx, tenant_id=tenant_id, plan_id=plan_id))
    yield WaitingLine(
        "bank_lines",
        lines,
        "line of a bank statement that fits no payroll",
        "lines of bank statements that fit no payroll",
        "/deposits#h-lines",
    )
    yield WaitingLine(
        "statement_gaps",
        len(gaps_of(tx, tenant_id=tenant_id, plan_id=plan_id)),
        "statement of the bank that does not join the one before",
        "statements of the bank that do not join those before",
        "/deposits#h-gaps",
    )
    money = len(recordkeeping.waiting(tx, tenant_id=tenant_id, plan_id=plan_id))
    yield WaitingLine(
        "extra_money",
        money,
        "deposit beyond what was due",
        "deposits beyond what was due",
        "/deposits#h-money",
    )
    yield WaitingLine(
        "over_sent",
        sum(each.over is not None for each in owed),
        "payroll of which money is over",
        "payrolls of which money is over",
        "/deposits#h-over",
    )
    yield from _of_plan_years(tx, tenant_id, plan_id, today)
    changes = custody.accounts.changes(tx, tenant_id=tenant_id, plan_id=plan_id)
    open_ones = sum(each.accepted is None for each in changes)
    yield WaitingLine(
        "bank_accounts",
        open_ones,
        "bank account that the bank says has changed",
        "bank accounts that the bank says have changed",
        "/deposits",
    )


def _of_plan_years(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, today: date) -> Iterator[WaitingLine]:
    yield WaitingLine(
        "forfeitures",
        _forfeitures(tx, tenant_id, plan_id),
        "plan year whose forfeitures have to be used",
        "plan years whose forfeitures have to be used",
        "/forfeitures",
    )
    failed = fiduciary.amounts_failed(tx, tenant_id=tenant_id, plan_id=plan_id, today=today)
    yield WaitingLine(
        "amounts",
        int(failed is not None),
        "plan year whose profit sharing fails the test of amounts",
        "plan years whose profit sharing fails the test of amounts",
        "/declarations",
    )
    yield WaitingLine(
        "turnover",
        len(fiduciary.turnover_open(tx, tenant_id=tenant_id, plan_id=plan_id)),
        "plan year whose turnover may have ended a part of the plan",
        "plan years whose turnover may have ended a part of the plan",
        "/vesting",
    )


def _forfeitures(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> int:
    if not recordkeeping.keeps_forfeitures(tx, tenant_id=tenant_id, plan_id=plan_id):
        return 0
    account = recordkeeping.forfeiture_account(tx, tenant_id=tenant_id, plan_id=plan_id)
    return len(fiduciary.forfeitures_due(account, today=day_of(tx.now)))


def _of_people(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, history: Sequence[runs.Run]) -> Iterator[WaitingLine]:
    proposals = compliance.proposals(tx, tenant_id=tenant_id, plan_id=plan_id)
    proposed = sum(each.state is ProposalState.PROPOSED for each in proposals)
    yield WaitingLine(
        "corrections", proposed, "correction to approve or decline", "corrections to approve or decline", "/corrections"
    )
    yield from _of_payroll(tx, tenant_id, plan_id)
    yield from _of_loans(tx, tenant_id, plan_id)
    looked = recordkeeping.following_of(tx, tenant_id=tenant_id, plan_id=plan_id)
    yield WaitingLine(
        "rollovers",
        0 if looked is None or looked.ok else looked.open_count,
        "rollover of which our node does not say where it stands",
        "rollovers of which our node does not say where they stand",
        "/rollovers",
    )
    yield WaitingLine(
        "invalid_rollovers",
        len(rollovers_invalid.waiting(tx, tenant_id=tenant_id, plan_id=plan_id)),
        "invalid rollover to pay back",
        "invalid rollovers to pay back",
        "/rollovers",
    )
    yield _census(tx, tenant_id, plan_id, history)


def _of_payroll(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> Iterator[WaitingLine]:
    """What payroll did not take; and, where no connection tells it, what somebody has to tell it."""
    told: Sequence[write_back.Instruction] = ()
    if write_back_book.ever_told(tx, tenant_id=tenant_id, plan_id=plan_id):
        told = write_back_book.on_file(tx, tenant_id=tenant_id, plan_id=plan_id)
    untold = sum(each.state is write_back.State.QUEUED for each in told)
    if untold and any(
        each.state != connections.State.PAUSED for each in connections.of_plan(tx, tenant_id=tenant_id, plan_id=plan_id)
    ):
        untold = 0
    yield WaitingLine(
        "instructions",
        len(needing_a_person(told)),
        "change that payroll did not take",
        "changes that payroll did not take",
        "/instructions",
    )
    yield WaitingLine(
        "instructions_to_tell", untold, "change to tell payroll", "changes to tell payroll", "/instructions"
    )


def _of_loans(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> Iterator[WaitingLine]:
    """What was asked for; installments that may still be paid; loans whose cure period is over (1.72(p)-1 Q&A-10)."""
    asked, late, deemed = count_waiting(tx, tenant_id=tenant_id, plan_id=plan_id)
    yield WaitingLine("loans", asked, "loan to approve or decline", "loans to approve or decline", "/loans")
    yield WaitingLine(
        "loans_late",
        late,
        "loan with a missed installment that can still be paid",
        "loans with missed installments that can still be paid",
        "/loans",
    )
    yield WaitingLine(
        "loans_deemed",
        deemed,
        "loan that is a deemed distribution, to report",
        "loans that are deemed distributions, to report",
        "/loans",
    )


def _census(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, history: Sequence[runs.Run]) -> WaitingLine:
    """The census of the plan year that ended last, if payrolls of it are here and nobody confirmed it."""
    start = plan.get(tx, tenant_id=tenant_id, plan_id=plan_id).plan_year_of(day_of(tx.now)).start
    paid = any(run.pay_date and run.pay_date < start for run in history if run.status == runs.Status.POSTED)
    before = plan.get(tx, tenant_id=tenant_id, plan_id=plan_id).plan_year_of(start - timedelta(days=1))
    year = before.start.year
    asks = paid and census.confirmed_year(tx, tenant_id=tenant_id, plan_id=plan_id, year_start=before.start) is None
    return WaitingLine("census", int(asks), f"census to confirm, of {year}", "", f"/census/{year}")

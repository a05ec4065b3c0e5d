"""What the employer has to send for each payroll, and what has come in. Not here: when it is due (payroll)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from open401k import ledger, payroll
from open401k.base.db import Tx
from open401k.kernel import Money, PlanId, RunId, SponsorId, day_of
from open401k.payroll.remittance import Remittance

from . import _store
from .shown import DutyLine, DutyState

_SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Deposit:
    """One payroll's money: what is to be sent, what of it came, and when."""

    remittance: Remittance
    received: Money
    received_on: date | None

    @property
    def run_id(self) -> RunId:
        """The payroll it belongs to."""
        return self.remittance.run_id

    @property
    def outstanding(self) -> Money:
        """What is still to be sent; a correction that takes money back asks for none."""
        return Money(max(0, self.remittance.total_cents - self.received.cents))


def deposits(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[Deposit, ...]:
    """Every payroll that owes a deposit, by pay date."""
    came = {cause: (on, cents) for cause, on, cents in _store.deposits(tx, tenant_id=tenant_id, plan_id=plan_id)}
    found = []
    for each in payroll.remittance.recorded(tx, tenant_id=tenant_id, plan_id=plan_id):
        on, cents = came.get(str(each.run_id), (None, 0))
        if each.total_cents or cents:  # a period of no contributions owes none
            found.append(Deposit(each, Money(cents), on))
    return tuple(found)


def owed_for_corrections(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, owed: Sequence[Deposit]) -> Money:
    """What the books say the employer owes beyond its payrolls: late facts made it due. Zero or more."""
    books = ledger.balances(tx, tenant_id=tenant_id, plan_id=plan_id).total(ledger.Kind.EMPLOYER_RECEIVABLE)
    by_payroll = sum(each.remittance.total_cents - each.received.cents for each in owed)
    return Money(max(0, books - by_payroll))


def state_on(due_on: date, today: date, *, done: bool = False) -> DutyState:
    """Whether a dated duty is done, past, near or ahead."""
    if done:
        return DutyState.DONE
    if due_on < today:
        return DutyState.LATE
    return DutyState.SOON if due_on <= today + _SOON else DutyState.AHEAD


def duties(tx: Tx, found: tuple[Deposit, ...]) -> list[DutyLine]:
    """Every deposit still to be sent, and the last one that came."""
    today = day_of(tx.now)
    told = [_duty(each, today) for each in found if each.outstanding]
    came = [each for each in found if each.received_on is not None and not each.outstanding]
    return [*told, *(_duty(each, today) for each in came[-1:])]


def _duty(deposit: Deposit, today: date) -> DutyLine:
    due = deposit.remittance
    done = not deposit.outstanding
    detail = (
        f"received {_day(deposit.received_on)}"
        if done and deposit.received_on
        else f"at the very latest {_day(due.outer_limit_on)} ({due.cite})"
    )
    return DutyLine(
        due_on=due.due_on,
        title=f"Deposit of the {_day(due.pay_date)} payroll",
        detail=detail,
        state=state_on(due.due_on, today, done=done),
        amount=Money(due.total_cents) if done else deposit.outstanding,
        run_id=due.run_id,
    )


def _day(day: date) -> str:
    return f"{day:%B} {day.day}"

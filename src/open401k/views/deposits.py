"""What the employer has to send for each payroll, and what has come in. Not here: when it is due (payroll)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from open401k import compliance, custody, payroll, recordkeeping
from open401k.base.db import Tx
from open401k.custody.doubles import BOOKED_TWICE, OVERPAID
from open401k.kernel import Money, PlanId, RunId, SponsorId, day_of
from open401k.payroll.deposit_clock import Basis, Clock
from open401k.payroll.remittance import Remittance
from open401k.recordkeeping import over_sent

from .shown import DutyLine, DutyState

_SOON = timedelta(days=7)


class State(StrEnum):
    """Where a payroll's money is."""

    DUE = "due"
    ON_ITS_WAY = "on_its_way"
    RECEIVED = "received"
    SHORT = "short"
    LATE = "late"
    RETURNED = "returned"
    COVERED = "covered"


@dataclass(frozen=True, slots=True)
class Deposit:
    """One payroll's money: what is to be sent and by when, what of it came, and when; ``came``: part by part."""

    remittance: Remittance
    received: Money
    received_on: date | None
    clock: Clock
    returned: bool = False
    on_its_way: bool = False
    came: tuple[tuple[date, int], ...] = ()
    over: over_sent.Over | None = None
    """What came beyond what it owes by now: a corrected file lowered it after the money was sent."""

    @property
    def run_id(self) -> RunId:
        """The payroll it belongs to."""
        return self.remittance.run_id

    @property
    def outstanding(self) -> Money:
        """What is still to be sent; a correction that takes money back asks for none."""
        return Money(max(0, self.remittance.total_cents - self.received.cents))

    def state_on(self, today: date) -> State:
        """The state that asks for most: money that came back or is late before money that is short or under way.

        Covered: forfeitures paid all of it, or it was a correction that takes money back; nothing is to be sent.
        """
        if not self.outstanding:
            return State.RECEIVED if self.received else State.COVERED
        if self.on_its_way and self.clock.late_after >= today:
            return State.ON_ITS_WAY
        if self.returned:
            return State.RETURNED
        if self.clock.late_after < today:
            return State.LATE
        return State.SHORT if self.received else State.DUE


def deposits(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[Deposit, ...]:
    """Every payroll that owes a deposit, by pay date."""
    dues = payroll.remittance.owed(tx, tenant_id=tenant_id, plan_id=plan_id)
    if not dues:
        return ()
    posted = recordkeeping.deposits(tx, tenant_id=tenant_id, plan_id=plan_id)
    parts: dict[RunId, list[tuple[date, int]]] = {}
    for each in posted:
        if each.taken_back is None:
            parts.setdefault(RunId.parse(each.reference), []).append((each.on, each.cents))
    came = {run_id: (sum(cents for _, cents in of), max(on for on, _ in of)) for run_id, of in parts.items()}
    debits = custody.ach.debits(tx, tenant_id=tenant_id, plan_id=plan_id)
    under_way = {each.run_id for each in debits if each.under_way}
    returned = {each.run_id for each in debits if each.return_code}
    returned |= _came_back(tx, tenant_id, plan_id, posted)
    owing = {due.connection_id: due for due in dues}
    past = {company: payroll.deposit_clock.shown_by(due, dues, came) for company, due in owing.items()}
    known = over_sent.decided(tx, tenant_id=tenant_id, plan_id=plan_id)
    found = []
    for due in dues:
        cents, on = came.get(due.run_id, (0, None))
        if due.total_cents or cents or due.forfeiture_cents:  # a period of no contributions owes none
            clock = payroll.deposit_clock.clock(due, past[due.connection_id])
            back, sent = due.run_id in returned, due.run_id in under_way
            mine = tuple(parts.get(due.run_id, ()))
            over = over_sent.over_of(
                due.run_id, owed_cents=due.total_cents, withheld_less_cents=due.withheld_less_cents, came=mine,
                known=known,
            )  # fmt: skip
            found.append(Deposit(due, Money(cents), on, clock, back, sent, mine, over))
    return tuple(found)


def _came_back(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, posted: Sequence[recordkeeping.Deposited]) -> set[RunId]:
    """Payrolls whose deposit was undone; what was booked twice, or was other money, did not go."""
    undone = [each for each in posted if each.taken_back is not None]
    if not undone:
        return set()
    findings = custody.statements.findings(tx, tenant_id=tenant_id, plan_id=plan_id)
    twice = {each.entry_id for each in findings if each.rule in (BOOKED_TWICE, OVERPAID)}
    return {RunId.parse(each.reference) for each in undone if each.taken_back not in twice}


def owed_for_corrections(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Money:
    """What is still to come for corrections that somebody approved; what is only proposed asks for nothing."""
    known = compliance.corrections_owed(tx, tenant_id=tenant_id, plan_id=plan_id)
    return Money(sum(max(0, each.outstanding.cents) for each in known))


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
    detail = f"received {_day(deposit.received_on)}" if done and deposit.received_on else _why(deposit.clock)
    return DutyLine(
        due_on=deposit.clock.target_on,
        title=f"Deposit of the {_day(due.pay_date)} payroll",
        detail=detail,
        state=_duty_state(deposit, today, done=done),
        amount=Money(due.total_cents) if done else deposit.outstanding,
        run_id=due.run_id,
    )


def _duty_state(deposit: Deposit, today: date, *, done: bool) -> DutyState:
    if done:
        return DutyState.DONE
    if deposit.clock.late_after < today:
        return DutyState.LATE
    return DutyState.SOON if deposit.clock.target_on <= today + _SOON else DutyState.AHEAD


def _why(clock: Clock) -> str:
    """The clock in words; the outer bound is not among them, since nobody may aim at it."""
    if clock.basis is Basis.OWN_PATTERN and not clock.business_days:
        return f"this employer usually sends it on the pay date ({clock.cite})"
    if clock.basis is Basis.OWN_PATTERN:
        days = f"{clock.business_days} business day{'' if clock.business_days == 1 else 's'}"
        return f"this employer has usually needed {days} ({clock.cite})"
    if clock.basis is Basis.SAFE_HARBOR:
        return f"within the safe harbor of seven business days ({clock.cite})"
    return f"as soon as it can be segregated; no pattern is known yet ({clock.cite})"


def _day(day: date) -> str:
    return f"{day:%B} {day.day}"

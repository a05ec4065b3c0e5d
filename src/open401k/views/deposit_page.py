"""The page of deposits: each payroll's money, what waits for a person, files at the bank. Not here: the rules."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from open401k import compliance, custody, ledger, recordkeeping
from open401k.base.db import Tx
from open401k.custody.accounts import BankAccount, Change, Purpose
from open401k.custody.ach import AchFile
from open401k.custody.doubles import Twice, booked_twice
from open401k.custody.joins import Gap, gaps
from open401k.custody.matching import LONGEST_WAIT
from open401k.custody.repeats import of_their_own
from open401k.custody.statements import Kept, Line
from open401k.kernel import ConnectionId, EntryId, Money, Open401kError, PlanId, RunId, SponsorId, day_of
from open401k.law import lost_earnings
from open401k.payroll import connections, deposit_clock
from open401k.payroll.deposit_clock import Basis
from open401k.payroll.remittance import Remittance
from open401k.recordkeeping import overpaid_decided

from . import over_sent
from .deposits import Deposit, State, deposits
from .heading import heading
from .shown import PlanHeading

#: The order in which a person has to look at them.
_FIRST = {
    State.RETURNED: 0,
    State.LATE: 1,
    State.SHORT: 2,
    State.DUE: 3,
    State.ON_ITS_WAY: 4,
    State.RECEIVED: 5,
    State.COVERED: 5,
}
_TO_DO = {
    State.RETURNED: "The employer sends it again, by debit or by itself.",
    State.LATE: "The employer sends it now. What employees lost is proposed as a correction once it has come.",
    State.SHORT: "The employer sends the rest.",
}
#: How many settled payrolls a page shows before it folds the older ones.
_SETTLED_SHOWN = 6
_SOURCES = {
    "pre_tax": "pre-tax",
    "roth": "Roth",
    "after_tax": "after-tax",
    "match": "match",
    "qualified_match": "safe harbor match",
    "held": "held in suspense",
}


@dataclass(frozen=True, slots=True)
class LateMoney:
    """What late money costs the people whose it is, by the calculator of the DOL; a person approves a payment.

    ``paid``: what the approved correction gave them, and from which day on the employer owes that.
    """

    owed: Money | None
    principal: Money
    since: date
    until: date
    working: str
    cite: str
    paid: Money | None = None
    paid_on: date | None = None
    proposed: bool = False
    """``owed`` is what the correction asks for that waits for the employer: it may count from another day."""


@dataclass(frozen=True, slots=True)
class DepositLine:
    """One payroll's money."""

    run_id: RunId
    pay_date: date
    state: State
    reference: str
    due: Money
    outstanding: Money
    received: Money
    received_on: date | None
    target_on: date
    late_after: date
    outer_limit_on: date
    why: str
    sources: tuple[tuple[str, Money], ...]
    employee_funded: Money
    employer_funded: Money
    late: LateMoney | None
    company: str = ""
    """Who owes it, where several companies pay people of the plan."""
    to_do: str = ""
    """Who does what next, where it is not plain."""
    debitable: bool = True
    """False: a debit of it came back and may not be sent again as things are."""

    @property
    def settled(self) -> bool:
        """Whether all of it came, and nobody has to decide on what lateness cost."""
        return not self.outstanding and (self.late is None or self.late.paid is not None)


@dataclass(frozen=True, slots=True)
class Choice:
    """A payroll that a line may be for: it waits for money, or its deposit of that sum (``came_on``) is taken back."""

    run_id: RunId
    pay_date: date
    amount: Money
    came_on: date | None = None


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A line of a statement that only a person can place."""

    statement_id: str
    line_no: int
    booked_on: date
    amount: Money
    text: str
    choices: tuple[Choice, ...] = ()
    came_again: bool = False
    """It may be overpaid money of which a person said that it came again."""


@dataclass(frozen=True, slots=True)
class TwiceLine:
    """A line that was booked though another file had told the same money, and what each was booked as."""

    line: WaitingLine
    booked_as: str
    first_booked_as: str


@dataclass(frozen=True, slots=True)
class WaitingMoney:
    """Money of the employer that came beyond what was due."""

    entry_id: EntryId
    on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class DepositsPage:
    """All of it."""

    heading: PlanHeading
    deposits: tuple[DepositLine, ...]
    lines: tuple[WaitingLine, ...]
    money: tuple[WaitingMoney, ...]
    files: tuple[AchFile, ...]
    statements: tuple[Kept, ...]
    accounts: tuple[BankAccount, ...]
    changes: tuple[Change, ...]
    set_aside: tuple[WaitingLine, ...] = ()
    """Lines of the last two months that another file had told before; a person may know that one is its own money."""
    twice: tuple[TwiceLine, ...] = ()
    """What was probably booked twice, for a person to look at."""
    corrections: tuple[compliance.CorrectionOwed, ...] = ()
    returned: tuple[custody.ach.Debit, ...] = ()
    """Debits that the bank sent back, of any file."""
    gaps: tuple[Gap, ...] = ()
    """Statements of the bank that do not join, with the days between them."""
    lowered: tuple[over_sent.OverLine, ...] = ()
    """Payrolls that a corrected file lowered, with what of their money is over."""

    @property
    def over(self) -> tuple[over_sent.OverLine, ...]:
        """Those of which money is over that a person has to decide on."""
        return tuple(each for each in self.lowered if each.open)

    @property
    def open_ones(self) -> tuple[DepositLine, ...]:
        """Payrolls whose money has not all come."""
        return tuple(each for each in self.deposits if each.outstanding)

    @property
    def corrections_due(self) -> bool:
        """Whether money of a correction is still to come: then it stands before the payrolls."""
        return any(each.outstanding for each in self.corrections)

    @property
    def earlier(self) -> tuple[DepositLine, ...]:
        """Payrolls of which nothing is left to do, without the newest of them."""
        return tuple(each for each in self.deposits if each.settled)[_SETTLED_SHOWN:]

    @property
    def recent(self) -> tuple[DepositLine, ...]:
        """All others, what asks for somebody first."""
        earlier = {each.run_id for each in self.earlier}
        return tuple(each for each in self.deposits if each.run_id not in earlier)

    @property
    def can_debit(self) -> bool:
        """Whether a file of debits can be made: something is due, and both accounts are on file."""
        purposes = {each.purpose for each in self.accounts}
        under_way = (State.RECEIVED, State.COVERED, State.ON_ITS_WAY)
        wanted = any(each.state not in under_way and each.debitable for each in self.deposits)
        return purposes == set(Purpose) and wanted


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> DepositsPage:
    """The page, what asks for somebody first."""
    today = day_of(tx.now)
    lines = custody.statements.lines(tx, tenant_id=tenant_id, plan_id=plan_id)
    waiting = recordkeeping.waiting(tx, tenant_id=tenant_id, plan_id=plan_id)
    changes = custody.accounts.changes(tx, tenant_id=tenant_id, plan_id=plan_id)
    paying = connections.of_plan(tx, tenant_id=tenant_id, plan_id=plan_id)
    names = {each.connection_id: each.company_name for each in paying} if len(paying) > 1 else {}
    owed = deposits(tx, tenant_id=tenant_id, plan_id=plan_id)
    holds = _held_now(tx, tenant_id, plan_id, owed)
    listing = [_as_held_now(each, holds) for each in listed(owed, today, names)]
    debits = custody.ach.debits(tx, tenant_id=tenant_id, plan_id=plan_id)
    accounts = custody.accounts.on_file(tx, tenant_id=tenant_id, plan_id=plan_id)
    listing = [_with_next(each, debits, accounts.get(Purpose.EMPLOYER), today) for each in listing]
    told = _told(tx, tenant_id, plan_id, listing)
    posted = recordkeeping.deposits(tx, tenant_id=tenant_id, plan_id=plan_id) if lines or told.set_aside else []
    return DepositsPage(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        deposits=tuple(_with_paid(tx, tenant_id, plan_id, listing)),
        lines=tuple(_that_came_again(tx, tenant_id, plan_id, lines, [_line(each, listing, posted) for each in lines])),
        set_aside=tuple(_line(each, listing, posted) for each in told.set_aside),
        twice=tuple(_twice(each, listing) for each in told.twice),
        money=tuple(WaitingMoney(each.entry_id, each.on, Money(each.cents)) for each in waiting),
        files=tuple(custody.ach.files(tx, tenant_id=tenant_id, plan_id=plan_id)),
        statements=tuple(custody.statements.kept(tx, tenant_id=tenant_id, plan_id=plan_id)),
        accounts=tuple(accounts.values()),
        changes=tuple(each for each in changes if each.accepted is None),
        corrections=tuple(compliance.corrections_owed(tx, tenant_id=tenant_id, plan_id=plan_id)),
        returned=tuple(each for each in debits if each.return_code),
        gaps=tuple(gaps_of(tx, tenant_id=tenant_id, plan_id=plan_id)),
        lowered=over_sent.lowered(tx, tenant_id=tenant_id, plan_id=plan_id, found=owed),
    )


def gaps_of(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Gap]:
    """Statements that do not join; lines are read only where two could."""
    kept = custody.statements.kept(tx, tenant_id=tenant_id, plan_id=plan_id)
    if sum(each.opening_cents is not None and each.closing_cents is not None for each in kept) < 2:
        return []
    return gaps(kept, custody.statements.lines(tx, tenant_id=tenant_id, plan_id=plan_id, open_only=False))


def _that_came_again(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, lines: Sequence[Line], shown: Sequence[WaitingLine]
) -> Iterator[WaitingLine]:
    """The lines, each with whether it may be overpaid money that is in the books already."""
    known = overpaid_decided.decided(tx, tenant_id=tenant_id, plan_id=plan_id) if lines else []
    findings = custody.statements.findings(tx, tenant_id=tenant_id, plan_id=plan_id) if known else []
    seen = {each.entry_id for each in findings}
    for each, line in zip(lines, shown, strict=True):
        cents, on = each.line.cents, each.line.booked_on
        found = overpaid_decided.came_again(known, cents=cents, on=on, seen=seen)
        yield replace(line, came_again=found is not None)


@dataclass(frozen=True, slots=True)
class _Told:
    """What statements tell that is not open: lines set aside of late, and those probably booked twice."""

    set_aside: list[Line]
    twice: list[Twice]


def _told(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, payrolls: Sequence[DepositLine]) -> _Told:
    findings = custody.statements.findings(tx, tenant_id=tenant_id, plan_id=plan_id)
    if not findings:
        return _Told([], [])
    every = custody.statements.lines(tx, tenant_id=tenant_id, plan_id=plan_id, open_only=False)
    since = day_of(tx.now) - LONGEST_WAIT
    _, names = of_their_own(each for each in findings if each.booked_on >= since)
    pay_dates = {each.run_id: each.pay_date for each in payrolls}
    return _Told([each for each in every if each.key in names], booked_twice(every, findings, pay_dates))


def _twice(each: Twice, payrolls: Sequence[DepositLine]) -> TwiceLine:
    days = {one.run_id: one.pay_date for one in payrolls}
    return TwiceLine(_line(each.line, (), ()), _booked_as(each.parts, days), _booked_as(each.first_parts, days))


def _booked_as(parts: Sequence[custody.statements.Finding], days: Mapping[RunId, date]) -> str:
    told = [
        f"{Money(each.cents)} for the payroll of {days.get(each.run_id, each.booked_on)}"
        if each.run_id
        else f"{Money(each.cents)} as the employer's money"
        for each in parts
    ]
    return ", ".join(told)


def listed(
    found: Iterable[Deposit], today: date, companies: Mapping[ConnectionId, str] | None = None
) -> list[DepositLine]:
    """Deposits in words, what asks for somebody first, then the newest; ``companies``: names of those that pay."""
    shown = [_deposit(each, today, companies or {}) for each in found]
    shown.sort(key=lambda each: each.pay_date, reverse=True)
    return sorted(shown, key=lambda each: _FIRST[each.state])


def _with_next(
    line: DepositLine, debits: Sequence[custody.ach.Debit], account: BankAccount | None, today: date
) -> DepositLine:
    """The line with who does what next; a debit that came back may need something first."""
    if not line.outstanding:
        return line
    mine = [each for each in debits if each.run_id == line.run_id]
    of = None if account is None else account.bank_account_id
    after = custody.retries.again(mine, account=of, cents=line.outstanding.cents, on=today)
    if line.state is State.ON_ITS_WAY:
        return replace(line, to_do="Debited; the bank's statement will show it.")
    if after.words:
        return replace(line, to_do=after.words, debitable=after.allowed)
    return replace(line, to_do=_TO_DO.get(line.state, ""))


def _with_paid(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, lines: Sequence[DepositLine]) -> Iterator[DepositLine]:
    """The lines; where a correction of late money waits or was approved, its figure and none beside it."""
    late = any(each.late for each in lines)
    known = compliance.proposals(tx, tenant_id=tenant_id, plan_id=plan_id) if late else []
    last = {each.about: each for each in known if each.content.kind == compliance.LATE_DEPOSIT}
    for each in lines:
        decided = last.get(str(each.run_id))
        if each.late is None or each.outstanding or decided is None:
            yield each
            continue
        if decided.state is compliance.ProposalState.PROPOSED:
            asked = Money(decided.content.total_cents)
            yield replace(each, late=replace(each.late, owed=asked, proposed=True))
            continue
        if decided.as_approved is None:
            yield each
            continue
        mine = [one.as_approved for one in known if one.about == decided.about and one.as_approved is not None]
        given = Money(sum(one.total_cents for one in mine))
        yield replace(each, late=replace(each.late, paid=given, paid_on=day_of(decided.ended_at)))


def late_money(deposit: Deposit, today: date) -> LateMoney | None:
    """Earnings that employees lost while their withheld money was late; None: it was in time.

    Withheld pay and loan payments only: the employer's own contributions have other days. They count from the day on
    which the employer has shown that it can send money; without a pattern from the pay date, as the DOL's
    self-correction does (VFC Program section 7.1).
    """
    withheld = deposit.remittance.employee_cents + deposit.remittance.loan_cents
    parts, missing = deposit_clock.late_parts(withheld, deposit.came, deposit.clock.late_after)
    if missing and today > deposit.clock.late_after:
        parts = [*parts, lost_earnings.LatePart(today, missing)]
    if not parts:
        return None
    since, until = deposit.clock.loss_on, parts[-1].recovered_on
    late = Money(sum(each.principal_cents for each in parts))
    try:
        lost = lost_earnings.lost_earnings_in_parts(parts=tuple(parts), loss_on=since)
    except Open401kError as refused:
        return LateMoney(None, late, since, until, refused.message, "DOL VFC Program section 5(b)")
    words = "; ".join(_lost_words(each) for each in lost)
    total = Money(sum(each.total_cents for each in lost))
    return LateMoney(total, late, since, until, f"{words}, compounded daily", lost[0].cite)


def _lost_words(part: lost_earnings.LostEarnings) -> str:
    periods = [f"{each.days} days at {each.rate_percent} % to {each.last}" for each in part.until_recovery]
    told = f"{Money(part.principal_cents)} from {part.loss_on} to {part.recovered_on}: {', '.join(periods)}"
    return f"{told}, with interest on them to {part.paid_on}" if part.interest_cents else told


def _deposit(each: Deposit, today: date, companies: Mapping[ConnectionId, str]) -> DepositLine:
    due, clock = each.remittance, each.clock
    funded = deposit_clock.allocate(due, each.received.cents)
    return DepositLine(
        run_id=each.run_id,
        pay_date=due.pay_date,
        state=each.state_on(today),
        reference=custody.ach.reference(each.run_id),
        due=Money(due.total_cents),
        outstanding=each.outstanding,
        received=each.received,
        received_on=each.received_on,
        target_on=clock.target_on,
        late_after=clock.late_after,
        outer_limit_on=clock.outer_limit_on,
        why=_why(clock),
        sources=_sources(due),
        employee_funded=Money(funded.employee_cents + funded.loan_cents),
        employer_funded=Money(funded.employer_cents),
        late=late_money(each, today),
        company=companies.get(due.connection_id, "") if due.connection_id else "",
    )


def _sources(due: Remittance) -> tuple[tuple[str, Money], ...]:
    """What is due by source, less what forfeitures pay of the employer's part."""
    found = [(_SOURCES.get(name, name.replace("_", " ")), Money(cents)) for name, cents in due.sources.items()]
    if due.forfeiture_cents:
        found.append(("paid by forfeitures", Money(-due.forfeiture_cents)))
    return tuple(found)


def _held_now(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, found: Sequence[Deposit]) -> dict[date, int]:
    """By pay date of which money was held when it was posted: what still waits in suspense."""
    held = {each.remittance.pay_date: 0 for each in found if each.remittance.sources.get("held", 0) > 0}
    if held:
        of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "kind": ledger.Kind.SUSPENSE}
        of |= {"start": min(held), "end": max(held) + timedelta(days=1)}
        for each in ledger.contributions(tx, **of):
            if each.event_on in held:
                held[each.event_on] += each.cents
    return held


def _as_held_now(line: DepositLine, holds: Mapping[date, int]) -> DepositLine:
    """What was held when the payroll was posted may have been credited since, or given back."""
    if line.pay_date not in holds:
        return line
    found: list[tuple[str, Money]] = []
    for name, amount in line.sources:
        waits = min(amount.cents, max(0, holds[line.pay_date])) if name == _SOURCES["held"] else amount.cents
        found += [(name, Money(waits))] if waits else []
        found += [("held at first, released since", Money(amount.cents - waits))] if waits < amount.cents else []
    return replace(line, sources=tuple(found))


def _why(clock: deposit_clock.Clock) -> str:
    if clock.basis is Basis.OWN_PATTERN:
        return "what this employer has usually needed"
    return "seven business days" if clock.basis is Basis.SAFE_HARBOR else "no pattern yet: as soon as you can"


def _line(each: Line, payrolls: Sequence[DepositLine], posted: Sequence[recordkeeping.Deposited]) -> WaitingLine:
    line = each.line
    if line.cents > 0:
        choices = [Choice(one.run_id, one.pay_date, one.outstanding) for one in payrolls if one.outstanding]
    else:
        stands = {one.reference: one.on for one in posted if one.taken_back is None and one.cents == -line.cents}
        choices = [
            Choice(one.run_id, one.pay_date, Money(-line.cents), stands[str(one.run_id)])
            for one in payrolls
            if str(one.run_id) in stands
        ]
    text = " · ".join(part for part in (line.counterparty, line.text, *line.references) if part)
    name = (str(each.statement_id), each.line_no, line.booked_on)
    return WaitingLine(*name, Money(line.cents), text, tuple(choices))

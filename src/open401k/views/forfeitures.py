"""The plan's forfeitures: by plan year with the last day to use them, whose they were and why, what they paid."""

from dataclasses import dataclass
from datetime import date, datetime

from open401k import census, fiduciary, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Money, PlanId, SponsorId, day_of
from open401k.law.forfeitures import ForfeitureUse
from open401k.recordkeeping import ForfeitureCause, forfeiture_use, forfeiture_year_end

from .deposits import state_on
from .heading import heading
from .shown import DutyState, Percent, PlanHeading

_WHY = {
    ForfeitureCause.DEEMED_CASH_OUT: "left with nothing vested, and the plan deems it paid (Reg. 1.411(a)-7(d)(4))",
    ForfeitureCause.FIVE_BREAKS: "five one-year breaks in service are complete (IRC 411(a)(6)(C))",
    ForfeitureCause.RESTORED: "hired again before five breaks: restored (IRC 411(a)(7)(C))",
}
_USES = {
    ForfeitureUse.PLAN_EXPENSES: "an expense of the plan",
    ForfeitureUse.EMPLOYER_CONTRIBUTIONS: "employer contributions",
    ForfeitureUse.ALLOCATION: "declared profit sharing",
}


@dataclass(frozen=True, slots=True)
class LotLine:
    """Forfeitures of one plan year; ``unallocated`` was taken back from accounts that had it by mistake."""

    plan_year: str
    incurred: Money
    unallocated: Money
    left: Money
    use_by: date
    state: DutyState
    proposed_only: bool


@dataclass(frozen=True, slots=True)
class ForfeitedLine:
    """What one person forfeited on a day, or got back; ``vested`` is the share that stays.

    Who may not see the census gets the end of the account's id for a name, and no reason.
    """

    employee_id: EmployeeId
    name: str
    source: str
    on: date
    amount: Money
    vested: Percent
    why: str


@dataclass(frozen=True, slots=True)
class UseLine:
    """What forfeitures paid; ``reference``: the payroll, the expense, the last day of a plan year."""

    used_for: str
    amount: Money
    reference: str
    on: date
    approved: bool
    by: str


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """What somebody approved."""

    approval_id: str
    used_for: str
    amount: Money
    reference: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A use that the plan names, and what may be approved for it now."""

    used_for: str
    words: str
    most: Money


@dataclass(frozen=True, slots=True)
class YearEndLine:
    """What is left of plan years that are over, by when it is used, and what one approval would do.

    ``used_for`` is empty where something has to be said or declared first; ``words`` says what.
    """

    left: Money
    use_by: date
    used_for: str
    amount: Money
    reference: str
    words: str


@dataclass(frozen=True, slots=True)
class ForfeituresPage:
    """All of it. ``kept`` is false for a plan whose terms keep no forfeitures; ``by_itself``: payrolls use them."""

    heading: PlanHeading
    kept: bool
    by_itself: bool
    balance: Money
    waiting: Money
    lots: tuple[LotLine, ...]
    people: tuple[ForfeitedLine, ...]
    uses: tuple[UseLine, ...]
    approvals: tuple[ApprovalLine, ...]
    choices: tuple[Choice, ...]
    due: tuple[LotLine, ...]
    year_end: YearEndLine | None = None


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, named: bool) -> ForfeituresPage:
    """As of today; whose they were is derived anew, as the books derive it. ``named``: with names and reasons."""
    today = day_of(tx.now)
    account = recordkeeping.forfeiture_account(tx, tenant_id=tenant_id, plan_id=plan_id)
    lots = tuple(_lot(each, today) for each in account.lots)
    due = {str(each.year) for each in fiduciary.forfeitures_due(account, today=today)}
    uses = () if account.terms is None else account.terms.uses
    return ForfeituresPage(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        kept=account.terms is not None,
        by_itself=account.by_itself,
        balance=Money(account.balance_cents),
        waiting=Money(account.waiting_cents),
        lots=lots,
        people=_people(tx, tenant_id, plan_id, today, named=named),
        uses=tuple(
            UseLine(each.used_for.value, Money(each.cents), each.reference, each.on, each.approved, each.by)
            for each in reversed(account.uses)
        ),
        approvals=tuple(approval_line(each) for each in reversed(account.approvals)),
        choices=() if account.by_itself else tuple(_choice(account, each) for each in uses),
        due=tuple(each for each in lots if each.plan_year in due),
        year_end=_year_end(tx, tenant_id, plan_id, account, today),
    )


def _year_end(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, account: recordkeeping.ForfeitureAccount, today: date
) -> YearEndLine | None:
    if account.terms is None or account.balance_cents <= 0:
        return None
    last, given, declared = forfeiture_use.of_last_year(tx, tenant_id=tenant_id, plan_id=plan_id, account=account)
    found = forfeiture_year_end.at_year_end(
        account, today=today, employer_cents=given, last_day=last, declared_cents=declared
    )
    if found is None:
        return None
    used_for = "" if found.used_for is None else found.used_for.value
    return YearEndLine(
        Money(found.left_cents), found.use_by, used_for, Money(found.cents), found.reference, found.words
    )


def approval_line(approval: recordkeeping.Approval) -> ApprovalLine:
    """An approval as it is shown."""
    return ApprovalLine(
        str(approval.approval_id),
        approval.used_for.value,
        Money(approval.cents),
        approval.reference,
        approval.at,
        approval.by,
    )


def words_of(used_for: ForfeitureUse) -> str:
    """A use in words."""
    return _USES[used_for]


def _choice(account: recordkeeping.ForfeitureAccount, used_for: ForfeitureUse) -> Choice:
    return Choice(used_for.value, _USES[used_for], Money(account.free_cents(used_for)))


def _lot(lot: recordkeeping.Lot, today: date) -> LotLine:
    return LotLine(
        str(lot.year),
        Money(lot.incurred_cents),
        Money(lot.unallocated_cents),
        Money(lot.left_cents),
        lot.use_by,
        state_on(lot.use_by, today, done=not lot.left_cents),
        lot.proposed_only,
    )


def _people(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, today: date, *, named: bool) -> tuple[ForfeitedLine, ...]:
    if not recordkeeping.keeps_forfeitures(tx, tenant_id=tenant_id, plan_id=plan_id):
        return ()
    found = recordkeeping.derive_forfeitures(tx, tenant_id=tenant_id, plan_id=plan_id, as_of=today)
    names = {who: f"account ending {str(who)[-6:]}" for who in found}
    if named:
        people = census.roster(tx, tenant_id=tenant_id, employee_ids=sorted(found))
        names = {each.employee_id: f"{each.first_name} {each.last_name}" for each in people}
    lines = [
        ForfeitedLine(
            who,
            names[who],
            move.source.value,
            move.on,
            Money(move.cents),
            Percent(move.vested_bps),
            _WHY[move.by] if named else "",
        )
        for who, moves in found.items()
        for move in moves
    ]
    return tuple(sorted(lines, key=lambda line: (line.on, line.name), reverse=True))

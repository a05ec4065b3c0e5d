"""What the plan's forfeitures are used for: approved by a person where there is a choice. Not here: how they arise.

Money flow: forfeitures -> what the employer owes (its contributions, or what it declared), or -> fees of the plan.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from open401k import ledger, plan
from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EntryId, FlowId, Money, PlanId, PlanYear, Refused, RunId, Source, SponsorId, day_of
from open401k.law.forfeitures import ForfeitureUse, use_by

from . import _forfeiture_store as _store
from .forfeitures import REASON
from .plan_endings import EndingKind, endings_of

#: What the journal calls a use.
USE_REASON = "forfeiture_use"
_CITE = "Prop. Reg. 1.401-7(b)(1)"
#: After these no payroll comes that could use what is left.
_NOTHING_COMES = (EndingKind.PLAN_TERMINATION, EndingKind.CONTRIBUTIONS_DISCONTINUED)


class UseRefusal(StrEnum):
    """Why a use of forfeitures was not approved. Checked, and listed, in order of precedence."""

    KEY_REUSED = "key_reused"
    NOT_A_PERSON = "not_a_person"
    NOT_PROVIDED = "not_provided"
    NOTHING_ASKED = "nothing_asked"
    NOT_SAID_FOR_WHAT = "not_said_for_what"
    MORE_THAN_THERE_IS = "more_than_there_is"


@dataclass(frozen=True, slots=True)
class Lot:
    """Forfeitures of one plan year, and what of them is left when the oldest are used first.

    ``unallocated_cents`` were not forfeited: taken back from accounts that had received them by mistake, they only
    reduce what the employer contributes (Rev. Proc. 2021-30 section 6.06(2)). What is left of a plan that ended is due
    by a final regulation: not ``proposed_only``.
    """

    year: PlanYear
    incurred_cents: int
    unallocated_cents: int
    left_cents: int
    use_by: date
    proposed_only: bool


@dataclass(frozen=True, slots=True)
class Use:
    """One use as posted. ``reference``: the payroll, the expense, or the last day of the plan year."""

    used_for: ForfeitureUse
    cents: int
    reference: str
    on: date
    entry_id: EntryId
    approved: bool
    by: str


@dataclass(frozen=True, slots=True)
class Approval:
    """What somebody approved, and what of it has been used."""

    approval_id: FlowId
    used_for: ForfeitureUse
    cents: int
    reference: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ForfeitureAccount:
    """The plan's forfeitures as they stand. ``waiting_cents``: approved for contributions and not needed so far."""

    balance_cents: int
    waiting_cents: int
    employer_only_cents: int
    lots: tuple[Lot, ...]
    uses: tuple[Use, ...]
    approvals: tuple[Approval, ...]
    terms: plan.Forfeitures | None

    @property
    def by_itself(self) -> bool:
        """Whether payrolls use forfeitures without anybody approving: the plan has no other use."""
        return self.terms is not None and self.terms.uses == (ForfeitureUse.EMPLOYER_CONTRIBUTIONS,)

    def free_cents(self, used_for: ForfeitureUse) -> int:
        """What may be approved for a use now."""
        kept = 0 if used_for is ForfeitureUse.EMPLOYER_CONTRIBUTIONS else self.employer_only_cents
        return max(self.balance_cents - max(self.waiting_cents, kept), 0)

    def for_payroll_cents(self, employer_cents: int) -> int:
        """What of the employer's contribution of a payroll forfeitures pay."""
        allowed = self.balance_cents if self.by_itself else min(self.waiting_cents, self.balance_cents)
        return max(min(employer_cents, allowed), 0)


# --- decisions (pure)


def lots_of(gained: Iterable[tuple[PlanYear, int, int]], gone_cents: int) -> tuple[Lot, ...]:
    """Forfeitures by plan year, oldest first; ``gained``: year, forfeited, unallocated. The oldest are used first."""
    totals: dict[PlanYear, list[int]] = defaultdict(lambda: [0, 0])
    for year, incurred, unallocated in gained:
        totals[year][0] += incurred
        totals[year][1] += unallocated
    found, rest = [], gone_cents
    for year in sorted(totals, key=lambda each: each.start):
        incurred, unallocated = totals[year]
        used = min(rest, incurred + unallocated)
        rest -= used
        until = use_by(incurred_in=year)
        found.append(
            Lot(year, incurred, unallocated, incurred + unallocated - used, until.last_day, until.proposed_only)
        )
    return tuple(found)


def due_at_end(lots: Sequence[Lot], ended_on: date) -> tuple[Lot, ...]:
    """What is left when the plan ends, or its contributions do, is allocated then (Reg. 1.411(d)-2(a)(2)(i))."""
    return tuple(
        replace(each, use_by=min(each.use_by, ended_on), proposed_only=False) if each.left_cents > 0 else each
        for each in lots
    )


def refuse_use(
    account: ForfeitureAccount, *, used_for: ForfeitureUse, cents: int, reference: str, declared_cents: int | None
) -> Refused[UseRefusal] | None:
    """The first reason against a use. ``declared_cents``: profit sharing of the year that is still to be paid."""
    named = account.terms.uses if account.terms is not None else ()
    if used_for not in named:
        return Refused(
            UseRefusal.NOT_PROVIDED,
            f"The plan does not use forfeitures for {used_for} ({_CITE}).",
            f"Its uses are {', '.join(named)}." if named else "Amend the plan first: it keeps no forfeitures.",
        )
    if cents <= 0:
        return Refused(UseRefusal.NOTHING_ASKED, "The amount of a use is above zero.", "Say how much.")
    if used_for is ForfeitureUse.PLAN_EXPENSES and not reference.strip():
        return Refused(
            UseRefusal.NOT_SAID_FOR_WHAT,
            "An expense that the plan pays is named: it must be one of administering the plan (ERISA 404(a)(1)(A)).",
            "Name the expense, its invoice and who is paid.",
        )
    if used_for is ForfeitureUse.ALLOCATION and declared_cents is None:
        return Refused(
            UseRefusal.NOT_SAID_FOR_WHAT,
            f"{reference or 'Nothing'} is not the last day of a plan year that has ended with profit sharing.",
            "Declare profit sharing of the amount first, then name the last day of that plan year.",
        )
    most = account.free_cents(used_for)
    if declared_cents is not None:
        most = min(most, declared_cents)
    if cents > most:
        return Refused(
            UseRefusal.MORE_THAN_THERE_IS,
            f"{Money(cents)} are more than the {Money(most)} that may be used for {used_for} now.",
            f"Approve at most {Money(most)}.",
            {"most_cents": str(most)},
        )
    return None


# --- verbs


def forfeiture_account(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> ForfeitureAccount:
    """What the plan's forfeitures are made of, by plan year, and what became of them; of a plan that ended, due."""
    account = _account(tx, tenant_id=tenant_id, plan_id=plan_id)
    if account.balance_cents <= 0:
        return account
    ended = [
        each.starts_on for each in endings_of(tx, tenant_id=tenant_id, plan_id=plan_id) if each.kind in _NOTHING_COMES
    ]
    return replace(account, lots=due_at_end(account.lots, min(ended))) if ended else account


def _account(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> ForfeitureAccount:
    moved = _store.account_moves(tx, tenant_id=tenant_id, plan_id=plan_id)
    posted = _store.forfeited(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=None)
    terms = _terms(tx, tenant_id, plan_id)
    uses = _store.uses(tx, tenant_id=tenant_id, plan_id=plan_id)
    approved = _store.approvals(tx, tenant_id=tenant_id, plan_id=plan_id)
    gained = [(terms.plan_year_of(row.event_on), max(row.cents, 0), 0) for row in posted]
    other = [(terms.plan_year_of(day), cents) for why, day, cents in moved if why not in (REASON, USE_REASON)]
    gained += [(year, 0, cents) for year, cents in other]
    balance = sum(cents for _, _, cents in moved)
    gone = sum(incurred + unallocated for _, incurred, unallocated in gained) - balance
    contributed = _cents(uses, ForfeitureUse.EMPLOYER_CONTRIBUTIONS)
    by_person = sum(row.cents for row in uses if row.approval_id is not None and _is_contribution(row.used_for))
    waiting = _cents(approved, ForfeitureUse.EMPLOYER_CONTRIBUTIONS) - by_person
    return ForfeitureAccount(
        balance_cents=balance,
        waiting_cents=max(min(waiting, balance), 0),
        employer_only_cents=min(max(sum(cents for _, cents in other) - contributed, 0), max(balance, 0)),
        lots=lots_of(gained, gone),
        uses=tuple(_use(row) for row in uses),
        approvals=tuple(_approval(row) for row in approved),
        terms=terms.forfeitures,
    )


def approve_use(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    approval_id: FlowId,
    used_for: ForfeitureUse,
    cents: int,
    reference: str,
    by_person: bool,
) -> Approval | Refused[UseRefusal] | Refused[ledger.Refusal]:
    """Somebody lets forfeitures be used: an expense or an allocation is posted, contributions wait for payrolls.

    Once for an id, whatever is sent how often.
    """
    heads.lock(tx, tenant_id=tenant_id)
    account = forfeiture_account(tx, tenant_id=tenant_id, plan_id=plan_id)
    known = next((each for each in account.approvals if each.approval_id == approval_id), None)
    if known is not None:
        same = (known.used_for, known.cents, known.reference) == (used_for, cents, reference)
        return known if same else _reused()
    if not by_person:
        return Refused(
            UseRefusal.NOT_A_PERSON, "Whose money pays what is for a person to decide.", "Sign in and approve it."
        )
    declared = None
    if used_for is ForfeitureUse.ALLOCATION:
        declared = _declared_cents(tx, tenant_id, plan_id, reference, account)
    refused = refuse_use(account, used_for=used_for, cents=cents, reference=reference, declared_cents=declared)
    if refused is not None:
        return refused
    _store.insert_approval(
        tx, tenant_id=tenant_id, plan_id=plan_id, approval_id=approval_id.uuid, used_for=used_for.value, cents=cents,
        reference=reference,
    )  # fmt: skip
    told = {"plan_id": str(plan_id), "used_for": used_for.value, "cents": cents, "reference": reference}
    audit.record(tx, tenant_id=tenant_id, action="forfeitures.approved", subject=approval_id, after=told)
    if used_for is not ForfeitureUse.EMPLOYER_CONTRIBUTIONS:
        used = _use_now(tx, tenant_id, plan_id, approval_id.uuid, approval_id.uuid, used_for, cents, reference)
        if isinstance(used, Refused):
            return used
    return Approval(approval_id, used_for, cents, reference, tx.now, tx.actor.id)


def use_for_payroll(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, run_id: RunId, employer_cents: int
) -> int | Refused[ledger.Refusal]:
    """Let forfeitures pay what they may of the employer's contribution of a payroll; how much. Once for a run."""
    terms = _terms(tx, tenant_id, plan_id).forfeitures
    if employer_cents <= 0 or terms is None or ForfeitureUse.EMPLOYER_CONTRIBUTIONS not in terms.uses:
        return 0
    account = _account(tx, tenant_id=tenant_id, plan_id=plan_id)
    cents = account.for_payroll_cents(employer_cents)
    if not cents:
        return 0
    approval = None if account.by_itself else _last_of_contributions(account)
    used_for = ForfeitureUse.EMPLOYER_CONTRIBUTIONS
    used = _use_now(tx, tenant_id, plan_id, run_id.uuid, approval, used_for, cents, str(run_id))
    return used if isinstance(used, Refused) else cents


def of_last_year(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, account: ForfeitureAccount) -> tuple[date, int, int]:
    """The last day of the plan year that ended last, the employer's money of it, and what is declared and not paid."""
    last = _terms(tx, tenant_id, plan_id).plan_year_of(day_of(tx.now)).previous()
    rows = ledger.contributions(tx, tenant_id=tenant_id, plan_id=plan_id, start=last.start, end=last.end)
    given = sum(each.cents for each in rows if not each.source.from_employee)
    declared = _declared_cents(tx, tenant_id, plan_id, last.last_day.isoformat(), account)
    return last.last_day, given, declared or 0


def used_for_payrolls(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> dict[str, int]:
    """Forfeitures used for each payroll, by its id; for verification."""
    rows = _store.uses(tx, tenant_id=tenant_id, plan_id=plan_id)
    return {row.reference: row.cents for row in rows if _is_contribution(row.used_for)}


def _use_now(
    tx: Tx,
    tenant_id: SponsorId,
    plan_id: PlanId,
    use_id: UUID,
    approval_id: UUID | None,
    used_for: ForfeitureUse,
    cents: int,
    reference: str,
) -> EntryId | Refused[ledger.Refusal]:
    to = ledger.Kind.FEES if used_for is ForfeitureUse.PLAN_EXPENSES else ledger.Kind.EMPLOYER_RECEIVABLE
    keys = [ledger.AccountKey(plan_id, kind) for kind in (ledger.Kind.FORFEITURES, to)]
    accounts = ledger.open_accounts(tx, tenant_id=tenant_id, keys=keys)
    today = day_of(tx.now)
    posted = ledger.post(
        tx,
        tenant_id=tenant_id,
        key=f"{USE_REASON}/{plan_id}/{use_id}",
        event_on=today,
        reason=USE_REASON,
        cause=reference,
        lines=[ledger.Line(accounts[keys[0]], accounts[keys[1]], cents, used_for.value)],
    )
    if isinstance(posted, Refused):
        return posted
    _store.insert_use(
        tx, tenant_id=tenant_id, plan_id=plan_id, use_id=use_id, used_for=used_for.value, approval_id=approval_id,
        cents=cents, reference=reference, event_on=today, entry_id=posted.entry_id,
    )  # fmt: skip
    return posted.entry_id


def _declared_cents(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, reference: str, account: ForfeitureAccount
) -> int | None:
    """Profit sharing posted on the last day of a plan year, less what forfeitures have paid of it."""
    try:
        last = date.fromisoformat(reference)
    except ValueError:
        return None
    end = last + timedelta(days=1)
    rows = ledger.contributions(tx, tenant_id=tenant_id, plan_id=plan_id, start=last, end=end)
    given = sum(each.cents for each in rows if each.source is Source.PROFIT_SHARING)
    if not given or _terms(tx, tenant_id, plan_id).plan_year_of(last).last_day != last:
        return None
    paid = sum(
        each.cents for each in account.uses if each.used_for is ForfeitureUse.ALLOCATION and each.reference == reference
    )
    return max(given - paid, 0)


def _terms(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> plan.Provisions:
    """Those of today; the first ones before the plan has begun."""
    spans = plan.provisions_between(tx, tenant_id=tenant_id, plan_id=plan_id, start=date.min, end=date.max)
    today = day_of(tx.now)
    return next((each for each in reversed(spans) if each.start <= today), spans[0]).provisions


def _last_of_contributions(account: ForfeitureAccount) -> UUID | None:
    mine = [each for each in account.approvals if each.used_for is ForfeitureUse.EMPLOYER_CONTRIBUTIONS]
    return mine[-1].approval_id.uuid if mine else None


def _cents(rows: Sequence[_store.UseRow] | Sequence[_store.ApprovalRow], used_for: ForfeitureUse) -> int:
    return sum(row.cents for row in rows if row.used_for == used_for.value)


def _is_contribution(used_for: str) -> bool:
    return used_for == ForfeitureUse.EMPLOYER_CONTRIBUTIONS.value


def _reused() -> Refused[UseRefusal]:
    return Refused(
        UseRefusal.KEY_REUSED, "This was approved before with another use or amount.", "Repeat it unchanged."
    )


def _use(row: _store.UseRow) -> Use:
    return Use(
        ForfeitureUse(row.used_for),
        row.cents,
        row.reference,
        row.event_on,
        EntryId(row.entry_id),
        row.approval_id is not None,
        row.recorded_by,
    )


def _approval(row: _store.ApprovalRow) -> Approval:
    return Approval(
        FlowId(row.approval_id), ForfeitureUse(row.used_for), row.cents, row.reference, row.recorded_at, row.recorded_by
    )

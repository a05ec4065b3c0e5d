"""Balances brought from a prior recordkeeper. Not here: contributions (posting.py), deposits (deposits.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from open401k import ledger
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, EntryId, Money, PlanId, Refused, Source, SponsorId

from . import _store

_REASON = "opening"


@dataclass(frozen=True, slots=True)
class OpeningBalance:
    """What one person's source held when the plan came here."""

    employee_id: EmployeeId
    source: Source
    amount: Money


def load_opening_balances(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, on: date, balances: Sequence[OpeningBalance], key: str
) -> ledger.Posted | Refused[ledger.Refusal]:
    """Put the balances of the end of day ``on`` into the accounts, against the opening account; once for a key."""
    contra = ledger.AccountKey(plan_id, ledger.Kind.OPENING)
    held = [
        (ledger.AccountKey(plan_id, ledger.Kind.PARTICIPANT, each.employee_id, each.source), each.amount.cents)
        for each in sorted(balances, key=lambda each: (each.employee_id, each.source))  # in whatever order they came
        if each.amount
    ]
    accounts = ledger.open_accounts(tx, tenant_id=tenant_id, keys=[contra, *(account for account, _ in held)])
    lines = [
        ledger.Line(accounts[contra], accounts[account], cents, f"opening/{account.source}") for account, cents in held
    ]
    return ledger.post(tx, tenant_id=tenant_id, key=key, event_on=on, reason=_REASON, cause=str(plan_id), lines=lines)


@dataclass(frozen=True, slots=True)
class Opening:
    """Opening balances that were loaded: of the end of ``on``, and by which entry they were taken back, if any."""

    entry_id: EntryId
    on: date
    people: int
    amount: Money
    reversed_by: EntryId | None


def openings(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Opening]:
    """All that was ever loaded for a plan, in order; at most the last one stands."""
    return [
        Opening(
            EntryId(row.entry_id),
            row.event_on,
            row.people,
            Money(row.cents),
            EntryId(row.reversed_by) if row.reversed_by else None,
        )
        for row in _store.openings(tx, tenant_id=tenant_id, plan_id=plan_id, reason=_REASON)
    ]


def opened_on(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> date | None:
    """The day of the opening balances that stand; ``None`` where none were brought over."""
    return next((each.on for each in openings(tx, tenant_id=tenant_id, plan_id=plan_id) if not each.reversed_by), None)


def opening_key(plan_id: PlanId, before: Sequence[Opening]) -> str:
    """The key of the loading that stands, or of the next one where none does: a plan has one at a time."""
    taken_back = sum(each.reversed_by is not None for each in before)
    return f"opening/{plan_id}/{taken_back + 1}" if taken_back else f"opening/{plan_id}"


def reverse_opening_balances(
    tx: Tx, *, tenant_id: SponsorId, opening: Opening
) -> ledger.Posted | Refused[ledger.Refusal]:
    """Take the balances out of the accounts again, as of the day they were of; once, and again the first answer."""
    key = f"opening/reversal/{opening.entry_id}"
    return ledger.reverse(
        tx, tenant_id=tenant_id, entry_id=opening.entry_id, key=key, event_on=opening.on, reason="opening_reversed"
    )

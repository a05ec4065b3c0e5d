"""Balances brought from a prior recordkeeper, and the employer's deposits. Not here: contributions (posting.py)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from open401k import ledger
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Money, PlanId, Refused, Source, SponsorId

from . import _store


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
        for each in balances
        if each.amount
    ]
    accounts = ledger.open_accounts(tx, tenant_id=tenant_id, keys=[contra, *(account for account, _ in held)])
    lines = [
        ledger.Line(accounts[contra], accounts[account], cents, f"opening/{account.source}") for account, cents in held
    ]
    return ledger.post(tx, tenant_id=tenant_id, key=key, event_on=on, reason="opening", cause=str(plan_id), lines=lines)


def deposited(tx: Tx, *, tenant_id: SponsorId, keys: Iterable[str]) -> set[str]:
    """The keys of deposits that have been recorded."""
    return set(_store.posted_among(tx, tenant_id=tenant_id, keys=list(keys)))


def record_deposit(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, on: date, amount: Money, key: str, reference: str
) -> ledger.Posted | Refused[ledger.Refusal]:
    """The employer's money has arrived: what it owes falls, cash clearing rises. Once for a key."""
    cash = ledger.AccountKey(plan_id, ledger.Kind.CASH_CLEARING)
    owed = ledger.AccountKey(plan_id, ledger.Kind.EMPLOYER_RECEIVABLE)
    accounts = ledger.open_accounts(tx, tenant_id=tenant_id, keys=[cash, owed])
    line = ledger.Line(accounts[cash], accounts[owed], amount.cents, "deposit")
    return ledger.post(tx, tenant_id=tenant_id, key=key, event_on=on, reason="deposit", cause=reference, lines=[line])

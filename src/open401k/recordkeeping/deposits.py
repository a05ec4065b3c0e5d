"""The employer's money in the books: deposits of payrolls, money that waits, what was taken back. Not here: matching.

Money flow: employer receivable -> cash clearing; what comes back, the other way round by a new entry.
"""

from dataclasses import dataclass, replace
from datetime import date

from open401k import ledger
from open401k.base.db import Tx
from open401k.kernel import AccountId, EntryId, Money, PlanId, Refused, SponsorId

from . import _store

_DEPOSIT, _WAITS, _CORRECTION, _LEFT = "deposit", "employer_money", "correction_deposit", "deposit_over"
#: With what the key of a deposit begins that waiting money paid; the entry of that money follows.
APPLIED = "deposit/applied/"


@dataclass(frozen=True, slots=True)
class Deposited:
    """A deposit as posted; ``reference`` is the payroll (or the line) it belongs to, ``taken_back`` its reversal."""

    entry_id: EntryId
    reference: str
    on: date
    cents: int
    taken_back: EntryId | None
    taken_back_on: date | None
    applied: bool = False
    """Paid with money that had come before and waited: no line of a bank shows it a second time."""


def deposits(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Deposited]:
    """Every deposit for a payroll of the plan, also those that came back, in the order of posting.

    After them, below zero, what left a payroll again since a corrected file does not ask for it (over_sent.py).
    """
    left = left_payrolls(tx, tenant_id=tenant_id, plan_id=plan_id)
    return [*_of_reason(tx, tenant_id, plan_id, _DEPOSIT), *(each for each in left if each.taken_back is None)]


def left_payrolls(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Deposited]:
    """What came for a payroll and is not its money any more, below zero; also where that was taken back."""
    found = _of_reason(tx, tenant_id, plan_id, _LEFT)
    return [replace(each, cents=-each.cents, applied=True) for each in found]


def correction_deposits(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Deposited]:
    """The same of corrections that the employer approved; ``reference`` is the correction."""
    return _of_reason(tx, tenant_id, plan_id, _CORRECTION)


def waiting(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Deposited]:
    """The employer's money that came beyond what was due and has not been used or given back."""
    return [each for each in ever_waited(tx, tenant_id=tenant_id, plan_id=plan_id) if each.taken_back is None]


def ever_waited(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Deposited]:
    """The same, also what was used or given back since."""
    return _of_reason(tx, tenant_id, plan_id, _WAITS)


def record_deposit(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, on: date, amount: Money, key: str, reference: str
) -> ledger.Posted | Refused[ledger.Refusal]:
    """The employer's money has arrived: what it owes falls, cash clearing rises. Once for a key."""
    return _arrived(tx, tenant_id, plan_id, on, amount, key, reference, _DEPOSIT)


def record_correction_deposit(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, on: date, amount: Money, key: str, reference: str
) -> ledger.Posted | Refused[ledger.Refusal]:
    """The same for a correction: no payroll's money, and so under a reason of its own. Once for a key."""
    return _arrived(tx, tenant_id, plan_id, on, amount, key, reference, _CORRECTION)


def record_employer_money(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, on: date, amount: Money, key: str, reference: str
) -> ledger.Posted | Refused[ledger.Refusal]:
    """More arrived than was due: the plan holds it, and owes it to the employer, until a person says what for."""
    return _arrived(tx, tenant_id, plan_id, on, amount, key, reference, _WAITS)


def leave_payroll(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, on: date, amount: Money, key: str, reference: str
) -> ledger.Posted | Refused[ledger.Refusal]:
    """What came for a payroll is over by now: cash clearing falls, and the employer's credit. Once for a key."""
    cash, owed = _accounts(tx, tenant_id, plan_id)
    line = ledger.Line(owed, cash, amount.cents, "deposit")
    return ledger.post(tx, tenant_id=tenant_id, key=key, event_on=on, reason=_LEFT, cause=reference, lines=[line])


def take_back(
    tx: Tx, *, tenant_id: SponsorId, entry_id: EntryId, on: date, reason: str
) -> ledger.Posted | Refused[ledger.Refusal]:
    """Undo a deposit by a new entry: a bank returned it, or it waits no more. Once for an entry."""
    key = f"deposit/back/{entry_id}"
    return ledger.reverse(tx, tenant_id=tenant_id, entry_id=entry_id, key=key, event_on=on, reason=reason)


def _arrived(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, on: date, amount: Money, key: str, reference: str, reason: str
) -> ledger.Posted | Refused[ledger.Refusal]:
    cash, owed = _accounts(tx, tenant_id, plan_id)
    line = ledger.Line(cash, owed, amount.cents, "deposit")
    return ledger.post(tx, tenant_id=tenant_id, key=key, event_on=on, reason=reason, cause=reference, lines=[line])


def _accounts(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> tuple[AccountId, AccountId]:
    """Cash clearing, and what the employer owes."""
    cash = ledger.AccountKey(plan_id, ledger.Kind.CASH_CLEARING)
    owed = ledger.AccountKey(plan_id, ledger.Kind.EMPLOYER_RECEIVABLE)
    accounts = ledger.open_accounts(tx, tenant_id=tenant_id, keys=[cash, owed])
    return accounts[cash], accounts[owed]


def _of_reason(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, reason: str) -> list[Deposited]:
    rows = _store.deposits(tx, tenant_id=tenant_id, plan_id=plan_id, reason=reason)
    return [
        Deposited(
            EntryId(row.entry_id),
            row.cause,
            row.event_on,
            row.cents,
            EntryId(row.reversed_by) if row.reversed_by else None,
            row.reversed_on,
            row.key.startswith(APPLIED),
        )
        for row in rows
    ]

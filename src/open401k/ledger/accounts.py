"""Accounts: what they are for, which side adds, how they are opened. Not here: what is in them (see balances.py)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import AccountId, EmployeeId, PlanId, Source, SponsorId

from . import _store

USD = "USD"


class Kind(StrEnum):
    """What an account is for."""

    PARTICIPANT = "participant"
    EMPLOYER_RECEIVABLE = "employer_receivable"
    CASH_CLEARING = "cash_clearing"
    FORFEITURES = "forfeitures"
    SUSPENSE = "suspense"
    FEES = "fees"
    WITHHOLDING_PAYABLE = "withholding_payable"
    OPENING = "opening"
    #: What of a participant's source is lent to the participant: theirs, as a note in place of cash.
    PARTICIPANT_LOAN = "participant_loan"
    #: What the participant owes the plan on that note; per person it equals the sum of the former.
    LOAN_RECEIVABLE = "loan_receivable"

    @property
    def normal_side(self) -> int:
        """1 when credits add to the balance, -1 when debits do."""
        return -1 if self in (Kind.EMPLOYER_RECEIVABLE, Kind.CASH_CLEARING, Kind.LOAN_RECEIVABLE) else 1

    @property
    def may_go_negative(self) -> bool:
        """Whether the balance may fall below zero: what employer or bank owes, and the contra of loaded balances."""
        return self in (Kind.EMPLOYER_RECEIVABLE, Kind.CASH_CLEARING, Kind.OPENING)


@dataclass(frozen=True, slots=True)
class AccountKey:
    """What one account holds: whose, from which source, in what.

    ``asset`` is ``USD`` (amounts in cents) or ``fund:<id>`` (amounts in millionths of a unit).
    """

    plan_id: PlanId
    kind: Kind
    employee_id: EmployeeId | None = None
    source: Source | None = None
    asset: str = USD

    def __post_init__(self) -> None:
        of_source = self.kind in (Kind.PARTICIPANT, Kind.PARTICIPANT_LOAN)
        if of_source and (self.employee_id is None or self.source is None):
            raise ValueError("a participant's account names the employee and the source")
        if self.kind is Kind.LOAN_RECEIVABLE and self.employee_id is None:
            raise ValueError("a note names the employee who owes it")


def account_id(*, tenant_id: SponsorId, key: AccountKey) -> AccountId:
    """The account's id: a hash of its key (UUID version 8), so that an edited row no longer fits its id."""
    employee = key.employee_id.uuid if key.employee_id is not None else None
    return AccountId(account_uuid(tenant_id.uuid, key.plan_id.uuid, key.kind, employee, key.source, key.asset))


def account_uuid(
    tenant_id: UUID, plan_id: UUID, kind: str, employee_id: UUID | None, source: str | None, asset: str
) -> UUID:
    """The same from plain values, for bulk work and for verification."""
    employee = employee_id.hex if employee_id is not None else ""
    text = f"{tenant_id.hex}|{plan_id.hex}|{kind}|{employee}|{source or ''}|{asset}"
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:10] + _asset_tag(asset), "big")
    return UUID(int=digest & ~(0xF << 76) & ~(0b11 << 62) | 8 << 76 | 0b10 << 62)


@lru_cache(maxsize=1024)
def _asset_tag(asset: str) -> bytes:
    # The tables compare these six bytes: a line between two assets is refused without a look-up.
    return hashlib.sha256(asset.encode()).digest()[:6]


def open_accounts(tx: Tx, *, tenant_id: SponsorId, keys: Sequence[AccountKey]) -> dict[AccountKey, AccountId]:
    """Open whichever of these accounts do not exist yet; the answer names them all. Doing it twice is harmless."""
    return dict(zip(keys, open_in_order(tx, tenant_id=tenant_id, keys=keys), strict=True))


def open_in_order(tx: Tx, *, tenant_id: SponsorId, keys: Sequence[AccountKey]) -> list[AccountId]:
    """The same, with the ids in the order of the keys: no key of a large payroll is looked up, which costs a tenth."""
    ids = [account_id(tenant_id=tenant_id, key=key) for key in keys]
    found = _store.missing_accounts(tx, tenant_id=tenant_id, account_ids=[account.uuid for account in ids])
    if not found:
        return ids
    new = {account.uuid: (key, account) for key, account in zip(keys, ids, strict=True) if account.uuid in found}
    missing = [_row(key, account) for key, account in new.values()]
    heads.lock(tx, tenant_id=tenant_id)
    opened = _store.insert_accounts(tx, tenant_id=tenant_id, rows=missing)
    if opened:
        digest = hashlib.sha256(b"".join(row.account_id.bytes for row in missing)).hexdigest()
        audit.record(
            tx,
            tenant_id=tenant_id,
            action="ledger.open_accounts",
            subject=str(missing[0].plan_id),
            after={"accounts": opened, "ids_hash": digest},
        )
    return ids


def _row(key: AccountKey, account: AccountId) -> _store.AccountRow:
    return _store.AccountRow(
        account.uuid,
        key.plan_id.uuid,
        key.kind,
        key.employee_id.uuid if key.employee_id is not None else None,
        key.source,
        key.asset,
        key.kind.normal_side,
        key.kind.may_go_negative,
    )

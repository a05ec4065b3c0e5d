"""A small plan's books for the ledger's tests: its accounts by short names, and short ways to post."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tests.support.database import TESTER, new_tenant

from open401k import ledger
from open401k.base.db import Database, Tx
from open401k.kernel import AccountId, EmployeeId, PlanId, Refused, Source, SponsorId
from open401k.ledger import AccountKey, Kind

PAY_DATE = date(2026, 1, 2)

Move = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Books:
    """Accounts of one plan with two participants, ``one`` and ``two``; each name as in :data:`ACCOUNTS`."""

    db: Database
    tenant_id: SponsorId
    plan_id: PlanId
    accounts: dict[str, AccountId]

    def line(self, debit: str, credit: str, amount: int) -> ledger.Line:
        return ledger.Line(self.accounts[debit], self.accounts[credit], amount, f"{debit} to {credit}")

    def lines(self, moves: Sequence[Move]) -> list[ledger.Line]:
        return [self.line(*move) for move in moves]

    def post(
        self,
        tx: Tx,
        key: str,
        *moves: Move,
        event_on: date = PAY_DATE,
        reason: str = "contribution",
        together: ledger.Together | None = None,
    ) -> ledger.Posted | Refused[ledger.Refusal]:
        return ledger.post(
            tx,
            tenant_id=self.tenant_id,
            key=key,
            event_on=event_on,
            reason=reason,
            cause="run_1",
            lines=self.lines(moves),
            together=together,
        )

    def reserve(
        self, tx: Tx, key: str, *moves: Move, event_on: date = PAY_DATE
    ) -> ledger.Reserved | Refused[ledger.Refusal]:
        return ledger.reserve(
            tx,
            tenant_id=self.tenant_id,
            key=key,
            event_on=event_on,
            reason="rollover",
            cause="rol_1",
            lines=self.lines(moves),
        )

    def balances(self, tx: Tx) -> dict[str, int]:
        """Running balances that are not zero, by name."""
        found = ledger.balances(tx, tenant_id=self.tenant_id, plan_id=self.plan_id)
        return self.by_name(found)

    def by_name(self, found: ledger.Balances) -> dict[str, int]:
        names = {account.uuid: name for name, account in self.accounts.items()}
        amounts = zip(found.account_id, found.amount, strict=True)
        return {names[account]: amount for account, amount in amounts if amount}

    def verify(self, tx: Tx) -> ledger.Checked:
        return ledger.verify(tx, tenant_id=self.tenant_id)


#: What the names stand for: kind, participant, source, asset.
ACCOUNTS: dict[str, tuple[Kind, str | None, Source | None, str]] = {
    "receivable": (Kind.EMPLOYER_RECEIVABLE, None, None, "USD"),
    "cash": (Kind.CASH_CLEARING, None, None, "USD"),
    "forfeitures": (Kind.FORFEITURES, None, None, "USD"),
    "opening": (Kind.OPENING, None, None, "USD"),
    "one pre-tax": (Kind.PARTICIPANT, "one", Source.PRE_TAX, "USD"),
    "one match": (Kind.PARTICIPANT, "one", Source.MATCH, "USD"),
    "two pre-tax": (Kind.PARTICIPANT, "two", Source.PRE_TAX, "USD"),
    "two held": (Kind.SUSPENSE, "two", Source.PRE_TAX, "USD"),
    "opening units": (Kind.OPENING, None, None, "fund:index"),
    "one units": (Kind.PARTICIPANT, "one", Source.PRE_TAX, "fund:index"),
}


def open_books(db: Database) -> Books:
    """Books of a fresh tenant."""
    tenant_id = new_tenant(db)
    plan_id = db.ids.new(PlanId)
    people = {"one": db.ids.new(EmployeeId), "two": db.ids.new(EmployeeId)}
    keys = {
        name: AccountKey(plan_id, kind, people[person] if person else None, source, asset)
        for name, (kind, person, source, asset) in ACCOUNTS.items()
    }
    with db.begin(TESTER, tenants=[tenant_id]) as tx:
        opened = ledger.open_accounts(tx, tenant_id=tenant_id, keys=list(keys.values()))
    return Books(db, tenant_id, plan_id, {name: opened[key] for name, key in keys.items()})

"""The books as they can be read: balances with names, journal entries with their lines, the audit trail."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from open401k import census, ledger
from open401k.base import audit
from open401k.base.db import Tx
from open401k.base.plain import JSON
from open401k.kernel import AccountId, EmployeeId, EntryId, Money, PlanId, SponsorId

from . import _store, who


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """One account: of whom, of which source, how much (money for dollars, millionths for units)."""

    account_id: AccountId
    kind: str
    employee_id: EmployeeId | None
    name: str
    source: str | None
    asset: str
    amount: Money | int
    reserved: Money | int


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One debit and credit of the same amount."""

    line_no: int
    debit: AccountId
    credit: AccountId
    amount: int
    asset: str
    ref: str


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One entry with its lines."""

    entry_id: EntryId
    number: int
    event_on: date
    recorded_at: datetime
    recorded_by: str
    reason: str
    cause: str
    reverses: EntryId | None
    lines: tuple[JournalLine, ...]


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One thing done: who, when, why, before and after."""

    number: int
    recorded_at: datetime
    actor_kind: str
    actor_id: str
    why: str
    action: str
    subject: str
    before: JSON
    after: JSON
    hash: str
    who: str = ""
    """The same actor as a person names it."""


def load_balances(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, as_of: date | None = None, known_at: datetime | None = None
) -> tuple[BalanceLine, ...]:
    """Every account of a plan."""
    names = {each.employee_id: f"{each.first_name} {each.last_name}" for each in census.roster(tx, tenant_id=tenant_id)}
    found = ledger.balances(tx, tenant_id=tenant_id, plan_id=plan_id, as_of=as_of, known_at=known_at)
    columns = zip(
        found.account_id,
        found.kind,
        found.employee_id,
        found.source,
        found.asset,
        found.amount,
        found.reserved,
        strict=True,
    )
    return tuple(
        BalanceLine(
            AccountId(account),
            kind,
            EmployeeId(person) if person else None,
            names.get(EmployeeId(person), "") if person else "",
            source,
            asset,
            Money(amount) if asset == ledger.USD else amount,
            Money(reserved) if asset == ledger.USD else reserved,
        )
        for account, kind, person, source, asset, amount, reserved in columns
    )


def load_journal(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, after: int | None, limit: int
) -> tuple[tuple[JournalEntry, ...], str | None]:
    """A page of the entries that touch the plan's accounts, oldest first, and the cursor of the next page."""
    rows = _store.entries_of_plan(tx, tenant_id=tenant_id, plan_id=plan_id, after=after or 0, limit=limit + 1)
    shown = rows[:limit]
    lines: dict[UUID, list[JournalLine]] = {}
    for row in _store.lines_of(tx, tenant_id=tenant_id, entry_ids=[each.entry_id for each in shown]):
        line = JournalLine(row.line_no, AccountId(row.debit), AccountId(row.credit), row.amount, row.asset, row.ref)
        lines.setdefault(row.entry_id, []).append(line)
    entries = tuple(
        JournalEntry(
            EntryId(row.entry_id),
            row.number,
            row.event_on,
            row.recorded_at,
            row.recorded_by,
            row.reason,
            row.cause,
            EntryId(row.reverses) if row.reverses else None,
            tuple(lines.get(row.entry_id, ())),
        )
        for row in shown
    )
    return entries, str(shown[-1].number) if len(rows) > limit else None


def load_audit(
    tx: Tx, *, tenant_id: SponsorId, before: int | None, limit: int
) -> tuple[tuple[AuditLine, ...], str | None]:
    """A page of the audit trail, newest first, and the cursor of the next page."""
    found = audit.entries(tx, tenant_id=tenant_id, limit=limit + 1, before=before)
    called = who.names(tx, [f"{each.actor_kind}:{each.actor_id}" for each in found])
    lines = tuple(
        AuditLine(
            each.audit_no,
            each.recorded_at,
            each.actor_kind,
            each.actor_id,
            each.why,
            each.action,
            each.subject,
            each.before,
            each.after,
            each.hash.hex(),
            called[f"{each.actor_kind}:{each.actor_id}"],
        )
        for each in found[:limit]
    )
    return lines, str(lines[-1].number) if len(found) > limit else None

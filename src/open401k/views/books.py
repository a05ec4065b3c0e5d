"""The books as they can be read: balances with names, journal entries with their lines, the audit trail."""

from dataclasses import dataclass
from datetime import date, datetime

from open401k import census, ledger
from open401k.base.db import Tx
from open401k.base.plain import JSON
from open401k.kernel import AccountId, EmployeeId, EntryId, Money, PlanId, SponsorId


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
    rows = tx.rows(
        """
        select e.entry_id, e.number, e.event_on, e.recorded_at, e.recorded_by, e.reason, e.cause, e.reverses
        from ledger.entry_v e
        where e.tenant_id = %(tenant)s
          and e.number > %(after)s
          and exists (
              select 1
              from ledger.line_v l
              join ledger.account_v a on a.tenant_id = l.tenant_id and a.account_id = l.debit_account
              where l.tenant_id = e.tenant_id and l.entry_id = e.entry_id and a.plan_id = %(plan)s
          )
        order by e.number
        limit %(limit)s
        """,
        {"tenant": tenant_id, "plan": plan_id, "after": after or 0, "limit": limit + 1},
    )
    shown = rows[:limit]
    lines = _lines(tx, tenant_id, [row[0] for row in shown])
    entries = tuple(
        JournalEntry(
            EntryId(entry_id),
            number,
            on,
            at,
            by,
            reason,
            cause,
            EntryId(back) if back else None,
            tuple(lines[entry_id]),
        )
        for entry_id, number, on, at, by, reason, cause, back in shown
    )
    return entries, str(shown[-1][1]) if len(rows) > limit else None


def load_audit(
    tx: Tx, *, tenant_id: SponsorId, before: int | None, limit: int
) -> tuple[tuple[AuditLine, ...], str | None]:
    """A page of the audit trail, newest first, and the cursor of the next page."""
    rows = tx.rows(
        """
        select audit_no, recorded_at, actor_kind, actor_id, why, action, subject, before, after, hash
        from base.audit
        where tenant_id = %s and (%s::bigint is null or audit_no < %s)
        order by audit_no desc
        limit %s
        """,
        [tenant_id, before, before, limit + 1],
    )
    lines = tuple(
        AuditLine(number, at, kind, actor, why, action, subject, was, then, bytes(hashed).hex())
        for number, at, kind, actor, why, action, subject, was, then, hashed in rows[:limit]
    )
    return lines, str(lines[-1].number) if len(rows) > limit else None


def _lines(tx: Tx, tenant_id: SponsorId, entry_ids: list[object]) -> dict[object, list[JournalLine]]:
    rows = tx.rows(
        """
        select l.entry_id, l.line_no, l.debit_account, l.credit_account, l.amount, a.asset, l.ref
        from ledger.line_v l
        join ledger.account_v a on a.tenant_id = l.tenant_id and a.account_id = l.debit_account
        where l.tenant_id = %s and l.entry_id = any (%s::uuid[])
        order by l.entry_id, l.line_no
        """,
        [tenant_id, entry_ids],
    )
    grouped: dict[object, list[JournalLine]] = {}
    for entry_id, line_no, debit, credit, amount, asset, ref in rows:
        line = JournalLine(line_no, AccountId(debit), AccountId(credit), amount, asset, ref)
        grouped.setdefault(entry_id, []).append(line)
    return grouped

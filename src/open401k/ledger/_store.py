"""The SQL of accounts, keys, entries and balances. Reservations: _pending_store.py; reads: _reads_store.py.

Every statement starts from the tenant, so that it runs on one shard.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import EntryId, SponsorId

from .lines import FIRST_SEAL, EntryRow, Lines, Standing


class AccountRow(NamedTuple):
    """One row of ledger.account."""

    account_id: UUID
    plan_id: UUID
    kind: str
    employee_id: UUID | None
    source: str | None
    asset: str
    normal_side: int
    may_go_negative: bool


class Used(NamedTuple):
    """What a key was used for before."""

    subject: UUID
    body_hash: bytes


class Last(NamedTuple):
    """Where a tenant's journal ends."""

    number: int
    recorded_at: datetime | None
    seal: bytes


@contextmanager
def joined_by_hashing(tx: Tx) -> Iterator[None]:
    """Keep the planner from nested loops inside the block.

    A new tenant is not in the statistics yet: the planner takes its thousands of accounts for a handful, and a nested
    loop over them is quadratic (measured: 3,000 lines in 1 s instead of 30 ms).
    """
    tx.send("set local enable_nestloop = off")
    yield
    tx.send("set local enable_nestloop to default")


def missing_accounts(tx: Tx, *, tenant_id: SponsorId, account_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these accounts are not open; mostly none is missing, so they are counted first."""
    wanted = list(account_ids)
    (open_already,) = tx.one(
        "select count(*) from ledger.account where tenant_id = %s and account_id = any (%b)", (tenant_id, wanted)
    )
    if open_already == len(wanted) or open_already == len(set(wanted)):
        return set()
    found = tx.rows(
        "select account_id from ledger.account where tenant_id = %s and account_id = any (%b)", (tenant_id, wanted)
    )
    return set(wanted) - {row[0] for row in found}


def insert_accounts(tx: Tx, *, tenant_id: SponsorId, rows: Sequence[AccountRow]) -> int:
    """Open accounts with a balance of zero; those that exist are left alone."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    return tx.run(
        """
        with opened as (
            insert into ledger.account (
                tenant_id, account_id, plan_id, kind, employee_id, source, asset,
                normal_side, may_go_negative, opened_at
            )
            select
                %s, a.account_id, a.plan_id, a.kind, a.employee_id, a.source, a.asset,
                a.normal_side, a.may_go_negative, %s
            from unnest(
                %b::uuid[], %b::uuid[], %b::text[], %b::uuid[], %b::text[], %b::text[], %b::smallint[], %b::boolean[]
            ) as a (account_id, plan_id, kind, employee_id, source, asset, normal_side, may_go_negative)
            on conflict (tenant_id, account_id) do nothing
            returning tenant_id, account_id, normal_side, may_go_negative
        )
        insert into ledger.balance (tenant_id, account_id, balance, reserved, version, normal_side, may_go_negative)
        select tenant_id, account_id, 0, 0, 0, normal_side, may_go_negative
        from opened
        """,
        (tenant_id, tx.now, *columns),
    )


def standings(tx: Tx, *, tenant_id: SponsorId, account_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """Asset and available amount of these accounts; asked only to explain a refusal."""
    found = tx.rows(
        """
        select a.account_id, a.asset, b.normal_side, b.may_go_negative, b.balance - b.reserved
        from ledger.account a
        join ledger.balance b on b.tenant_id = a.tenant_id and b.account_id = a.account_id
        where a.tenant_id = %s
          and a.account_id = any (%b)
        """,
        (tenant_id, list(account_ids)),
    )
    return {row[0]: Standing(*row[1:]) for row in found}


def used_key(tx: Tx, *, tenant_id: SponsorId, key: str) -> Used | None:
    """What this key was used for, in any of the tables that carry keys."""
    found = tx.maybe(
        """
        select entry_id, body_hash from ledger.entry where tenant_id = %(tenant)s and key = %(key)s
        union all
        select reservation_id, body_hash from ledger.reservation where tenant_id = %(tenant)s and key = %(key)s
        union all
        select reservation_id, body_hash from ledger.reservation_end
        where tenant_id = %(tenant)s and key = %(key)s and outcome = 'voided'
        limit 1
        """,
        {"tenant": tenant_id, "key": key},
    )
    return Used(found[0], bytes(found[1])) if found else None


def last_entry(tx: Tx, *, tenant_id: SponsorId) -> Last:
    """The end of the journal; stable while the head row is locked."""
    found = tx.maybe(
        """
        select number, recorded_at, seal
        from ledger.entry
        where tenant_id = %s
        order by number desc
        limit 1
        """,
        (tenant_id,),
    )
    return Last(found[0], found[1], bytes(found[2])) if found else Last(0, None, FIRST_SEAL)


def insert_entry(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    entry: EntryRow,
    number: int,
    seal: bytes,
    line_count: int,
    reverses: EntryId | None,
) -> None:
    """The head of an entry."""
    tx.send(
        """
        insert into ledger.entry (
            tenant_id, entry_id, number, key, event_on, recorded_at, recorded_by,
            reason, cause, reverses, line_count, body_hash, seal
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            tenant_id, entry.row_id, number, entry.key, entry.event_on, entry.recorded_at, entry.recorded_by,
            entry.reason, entry.cause, reverses, line_count, entry.body_hash, seal,
        ),
    )  # fmt: skip


def insert_lines(tx: Tx, *, tenant_id: SponsorId, entry_id: UUID, lines: Lines) -> None:
    """The lines of an entry, in one statement."""
    tx.send(
        """
        insert into ledger.line (tenant_id, entry_id, line_no, debit_account, credit_account, amount, ref)
        select %(tenant)s, %(entry)s, l.line_no, l.debit, l.credit, l.amount, l.ref
        from unnest(%(debit)b::uuid[], %(credit)b::uuid[], %(amount)b::bigint[], %(ref)b::text[])
            with ordinality as l (debit, credit, amount, ref, line_no)
        """,
        line_params(tenant_id, entry_id, lines),
    )


def update_balances(tx: Tx, *, tenant_id: SponsorId, entries: Sequence[UUID], lines: Lines) -> bool:
    """Take the lines of entries into the running balances, each account once; false if an account is not open.

    The table refuses a balance below its floor. The accounts are named once more by themselves, so that a small entry
    looks up its few balances and a large one scans the tenant's.
    """
    named = accounts_of(lines)
    moved = tx.run(
        """
        with delta as materialized (
            select account_id, sum(net)::bigint as net, sum(sides)::bigint as sides
            from (
                select debit_account as account_id, -sum(amount) as net, count(*) as sides
                from ledger.line
                where tenant_id = %(tenant)s and entry_id = any (%(entries)b)
                group by debit_account
                union all
                select credit_account, sum(amount), count(*)
                from ledger.line
                where tenant_id = %(tenant)s and entry_id = any (%(entries)b)
                group by credit_account
            ) side
            group by account_id
        )
        update ledger.balance b
        set balance = b.balance + b.normal_side * d.net,
            version = b.version + d.sides
        from delta d
        where b.tenant_id = %(tenant)s
          and b.account_id = d.account_id
          and b.account_id = any (%(named)b)
        """,
        {"tenant": tenant_id, "entries": list(entries), "named": named},
    )
    return moved == len(named)


def accounts_of(lines: Lines) -> list[UUID]:
    """Every account that the lines name, once."""
    return list({*lines.debit, *lines.credit})


class Original(NamedTuple):
    """An entry that somebody wants to reverse."""

    cause: str
    reversed_by: UUID | None


def original(tx: Tx, *, tenant_id: SponsorId, entry_id: EntryId) -> Original | None:
    """The entry and what reversed it."""
    found = tx.maybe(
        """
        select e.cause, r.entry_id
        from ledger.entry e
        left join ledger.entry r on r.tenant_id = e.tenant_id and r.reverses = e.entry_id
        where e.tenant_id = %s
          and e.entry_id = %s
        """,
        (tenant_id, entry_id),
    )
    return Original(*found) if found else None


def lines_of(tx: Tx, *, tenant_id: SponsorId, entry_id: EntryId) -> Lines:
    """The lines of an entry, in order."""
    return columns(
        tx.rows(
            """
            select debit_account, credit_account, amount, ref
            from ledger.line
            where tenant_id = %s
              and entry_id = %s
            order by line_no
            """,
            (tenant_id, entry_id),
        )
    )


def columns(rows: Sequence[tuple[UUID, UUID, int, str]]) -> Lines:
    """Rows of lines as columns."""
    return Lines(*([row[place] for row in rows] for place in range(4)))  # type: ignore[arg-type]


def line_params(tenant_id: SponsorId, entry_id: UUID, lines: Lines) -> dict[str, object]:
    """What both kinds of line are inserted from."""
    return {
        "tenant": tenant_id,
        "entry": entry_id,
        "debit": lines.debit,
        "credit": lines.credit,
        "amount": lines.amount,
        "ref": lines.ref,
    }

"""Every SQL statement of ACH files, returns and notices of change. Not here: accounts and statements (_store.py)."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, RunId, SponsorId

from .ids import AccountChangeId, AchFileId


def file_by_key(tx: Tx, *, tenant_id: SponsorId, key: str) -> UUID | None:
    """The file that was made under a key."""
    row = tx.maybe("select ach_file_id from custody.ach_file where tenant_id = %s and key = %s", [tenant_id, key])
    return None if row is None else row[0]


def add_file(tx: Tx, *, tenant_id: SponsorId, file_id: AchFileId, plan_id: PlanId, columns: Sequence[Any]) -> None:
    """Insert a file."""
    tx.run(
        """
        insert into custody.ach_file (
            tenant_id, ach_file_id, plan_id, key, sealed, cents, effective_on, same_day, bank_account_id, recorded_at,
            recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, file_id, plan_id, *columns, tx.now, tx.actor.id],
    )


def add_entries(
    tx: Tx, *, tenant_id: SponsorId, file_id: AchFileId, plan_id: PlanId, rows: Sequence[tuple[str, RunId, int]]
) -> None:
    """Insert the debits of a file."""
    tx.run(
        """
        insert into custody.ach_entry (tenant_id, ach_file_id, plan_id, trace, run_id, cents)
        select %s, %s, %s, e.trace, e.run_id, e.cents
        from unnest(%s::text[], %s::uuid[], %s::bigint[]) as e (trace, run_id, cents)
        """,
        [tenant_id, file_id, plan_id, [r[0] for r in rows], [r[1].uuid for r in rows], [r[2] for r in rows]],
    )


def count_files(tx: Tx, *, tenant_id: SponsorId) -> tuple[int, int]:
    """How many files and debits a sponsor has: the next trace number follows."""
    row = tx.one(
        """
        select
            (select count(*) from custody.ach_file where tenant_id = %s),
            (select count(*) from custody.ach_entry where tenant_id = %s)
        """,
        [tenant_id, tenant_id],
    )
    return int(row[0]), int(row[1])


def files(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[Any, ...]]:
    """Files with their last state, the newest first."""
    return tx.rows(
        """
        select f.ach_file_id, f.cents, f.effective_on, f.same_day, f.recorded_at,
            (
                select e.status
                from custody.ach_event e
                where e.tenant_id = f.tenant_id and e.ach_file_id = f.ach_file_id
                order by e.recorded_at desc
                limit 1
            )
        from custody.ach_file f
        where f.tenant_id = %s and f.plan_id = %s
        order by f.recorded_at desc, f.ach_file_id desc
        """,
        [tenant_id, plan_id],
    )


def sealed_file(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, file_id: AchFileId) -> bytes | None:
    """The sealed bytes."""
    row = tx.maybe(
        """
        select sealed from custody.ach_file where tenant_id = %s and plan_id = %s and ach_file_id = %s
        """,
        [tenant_id, plan_id, file_id],
    )
    return None if row is None else bytes(row[0])


def entries(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[Any, ...]]:
    """Debits with their file's day and state, and how they came back, the oldest first."""
    return tx.rows(
        """
        select e.ach_file_id, e.trace, e.run_id, e.cents, f.effective_on, coalesce(w.code, r.code), r.returned_on,
            exists (
                select 1
                from custody.ach_event v
                where v.tenant_id = e.tenant_id and v.ach_file_id = e.ach_file_id and v.status = 'withdrawn'
            ),
            f.bank_account_id, r.bank_account_id
        from custody.ach_entry e
        join custody.ach_file f on f.tenant_id = e.tenant_id and f.ach_file_id = e.ach_file_id
        left join custody.ach_return r
            on r.tenant_id = e.tenant_id and r.ach_file_id = e.ach_file_id and r.trace = e.trace
        left join custody.ach_return_reason w
            on w.tenant_id = e.tenant_id and w.ach_file_id = e.ach_file_id and w.trace = e.trace
        where e.tenant_id = %s and e.plan_id = %s
        order by f.recorded_at, e.ach_file_id, e.trace
        """,
        [tenant_id, plan_id],
    )


def add_event(tx: Tx, *, tenant_id: SponsorId, file_id: AchFileId, status: str) -> int:
    """A file was sent or withdrawn, once."""
    return tx.run(
        """
        insert into custody.ach_event (tenant_id, ach_file_id, status, recorded_at, recorded_by)
        values (%s, %s, %s, %s, %s)
        on conflict do nothing
        """,
        [tenant_id, file_id, status, tx.now, tx.actor.id],
    )


def add_return(
    tx: Tx, *, tenant_id: SponsorId, file_id: AchFileId, trace: str, code: str, returned_on: date, account: Any
) -> int:
    """A debit came back, once; ``account`` is the employer's on file then."""
    return tx.run(
        """
        insert into custody.ach_return (
            tenant_id, ach_file_id, trace, code, returned_on, bank_account_id, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        on conflict do nothing
        """,
        [tenant_id, file_id, trace, code, returned_on, account, tx.now, tx.actor.id],
    )


def add_reason(tx: Tx, *, tenant_id: SponsorId, file_id: AchFileId, trace: str, code: str) -> int:
    """Why a debit came back, told after it did, once."""
    return tx.run(
        """
        insert into custody.ach_return_reason (tenant_id, ach_file_id, trace, code, recorded_at, recorded_by)
        values (%s, %s, %s, %s, %s, %s)
        on conflict do nothing
        """,
        [tenant_id, file_id, trace, code, tx.now, tx.actor.id],
    )


def change_by_trace(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, trace: str, code: str) -> UUID | None:
    """The notice of a trace and code."""
    row = tx.maybe(
        """
        select account_change_id
        from custody.account_change
        where tenant_id = %s and plan_id = %s and trace = %s and code = %s
        """,
        [tenant_id, plan_id, trace, code],
    )
    return None if row is None else row[0]


def add_change(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    change_id: AccountChangeId,
    trace: str,
    code: str,
    sealed: bytes,
    shown: str,
) -> None:
    """Insert what a bank asks for."""
    tx.run(
        """
        insert into custody.account_change (
            tenant_id, account_change_id, plan_id, trace, code, sealed, shown, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, change_id, plan_id, trace, code, sealed, shown, tx.now, tx.actor.id],
    )


def changes(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[Any, ...]]:
    """Notices with their decision."""
    return tx.rows(
        """
        select c.account_change_id, c.trace, c.code, c.shown, d.accepted
        from custody.account_change c
        left join custody.account_change_decision d
            on d.tenant_id = c.tenant_id and d.account_change_id = c.account_change_id
        where c.tenant_id = %s and c.plan_id = %s
        order by c.recorded_at, c.account_change_id
        """,
        [tenant_id, plan_id],
    )


def sealed_change(tx: Tx, *, tenant_id: SponsorId, change_id: AccountChangeId) -> bytes:
    """The sealed wish."""
    row = tx.one(
        """
        select sealed from custody.account_change where tenant_id = %s and account_change_id = %s
        """,
        [tenant_id, change_id],
    )
    return bytes(row[0])


def add_decision(tx: Tx, *, tenant_id: SponsorId, change_id: AccountChangeId, accepted: bool) -> None:
    """Insert a decision."""
    tx.run(
        """
        insert into custody.account_change_decision (
            tenant_id, account_change_id, accepted, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s)
        """,
        [tenant_id, change_id, accepted, tx.now, tx.actor.id],
    )

"""Every SQL statement of bank accounts, statements and findings. Not here: ACH files and changes (_ach_store.py)."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId

from .ids import BankAccountId, StatementId


def add_account(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, account_id: BankAccountId, columns: Sequence[Any]
) -> None:
    """Insert a bank account."""
    tx.run(
        """
        insert into custody.bank_account (
            tenant_id, bank_account_id, plan_id, purpose, name, bank_name, company_id, kind, routing, sealed, last4,
            recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, account_id, plan_id, *columns, tx.now, tx.actor.id],
    )


def accounts(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[Any, ...]]:
    """The newest account of each purpose."""
    return tx.rows(
        """
        select distinct on (purpose) bank_account_id, purpose, name, bank_name, company_id, kind, routing, last4
        from custody.bank_account
        where tenant_id = %s and plan_id = %s
        order by purpose, recorded_at desc, bank_account_id desc
        """,
        [tenant_id, plan_id],
    )


def accounts_ever(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, purpose: str) -> list[tuple[Any, ...]]:
    """Every account that a purpose ever had, the newest first."""
    return tx.rows(
        """
        select bank_account_id, purpose, name, bank_name, company_id, kind, routing, last4
        from custody.bank_account
        where tenant_id = %s and plan_id = %s and purpose = %s
        order by recorded_at desc, bank_account_id desc
        """,
        [tenant_id, plan_id, purpose],
    )


def sealed_account(tx: Tx, *, tenant_id: SponsorId, account_id: BankAccountId) -> bytes:
    """The sealed number."""
    row = tx.one(
        """
        select sealed from custody.bank_account where tenant_id = %s and bank_account_id = %s
        """,
        [tenant_id, account_id],
    )
    return bytes(row[0])


def statement_by_hash(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, hashes: Sequence[bytes]) -> UUID | None:
    """The statement with these bytes."""
    row = tx.maybe(
        """
        select statement_id from custody.statement
        where tenant_id = %s and plan_id = %s and sha256 = any (%s::bytea[])
        """,
        [tenant_id, plan_id, list(hashes)],
    )
    return None if row is None else row[0]


def add_statement(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, statement_id: StatementId, columns: Sequence[Any]
) -> None:
    """Insert a statement."""
    tx.run(
        """
        insert into custody.statement (
            tenant_id, statement_id, plan_id, sha256, name, kind, sealed, account_last4, opening_cents, closing_cents,
            closed_on, file_id, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, statement_id, plan_id, *columns, tx.now, tx.actor.id],
    )


def add_lines(tx: Tx, *, tenant_id: SponsorId, statement_id: StatementId, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert the lines of a statement; references come joined by a tab."""
    tx.run(
        """
        insert into custody.statement_line (
            tenant_id, statement_id, line_no, place, booked_on, value_on, cents, refs, counterparty, description,
            return_code
        )
        select %s, %s, l.line_no, l.place, l.booked_on, l.value_on, l.cents, string_to_array(l.refs, chr(9)),
            l.counterparty, l.description, nullif(l.return_code, '')
        from unnest(
            %s::bigint[], %s::text[], %s::date[], %s::date[], %s::bigint[], %s::text[], %s::text[], %s::text[],
            %s::text[]
        ) as l (line_no, place, booked_on, value_on, cents, refs, counterparty, description, return_code)
        """,
        [tenant_id, statement_id, *([row[at] for row in rows] for at in range(9))],
    )


def statements(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[Any, ...]]:
    """Every statement, the newest first, with how many lines it has."""
    return tx.rows(
        """
        select s.statement_id, s.name, s.kind, s.account_last4, s.opening_cents, s.closing_cents, s.closed_on,
            s.recorded_at,
            (
                select count(*)
                from custody.statement_line l
                where l.tenant_id = s.tenant_id and l.statement_id = s.statement_id
            )
        from custody.statement s
        where s.tenant_id = %s and s.plan_id = %s
        order by s.recorded_at desc, s.statement_id desc
        """,
        [tenant_id, plan_id],
    )


def lines(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, open_only: bool) -> list[tuple[Any, ...]]:
    """Lines of a plan by day; with ``open_only`` those that nothing was found of yet."""
    return tx.rows(
        """
        select l.statement_id, l.line_no, l.place, l.booked_on, l.value_on, l.cents, l.refs, l.counterparty,
            l.description, l.return_code, s.file_id
        from custody.statement_line l
        join custody.statement s on s.tenant_id = l.tenant_id and s.statement_id = l.statement_id
        where l.tenant_id = %s
          and s.plan_id = %s
          and (
              not %s
              or not exists (
                  select 1
                  from custody.finding f
                  where f.tenant_id = l.tenant_id and f.statement_id = l.statement_id and f.line_no = l.line_no
              )
          )
        order by l.booked_on, s.recorded_at, l.statement_id, l.line_no
        """,
        [tenant_id, plan_id, open_only],
    )


def add_finding(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, statement_id: StatementId, line_no: int, columns: Sequence[Any]
) -> None:
    """Insert the next part of what a line is."""
    tx.run(
        """
        insert into custody.finding (
            tenant_id, statement_id, line_no, part_no, plan_id, kind, run_id, cents, entry_id, rule, recorded_at,
            recorded_by
        )
        select %s, %s, %s, coalesce(max(f.part_no), 0) + 1, %s, %s, %s, %s, %s, %s, %s, %s
        from custody.finding f
        where f.tenant_id = %s and f.statement_id = %s and f.line_no = %s
        """,
        [
            tenant_id, statement_id, line_no, plan_id, *columns, tx.now, tx.actor.id, tenant_id, statement_id, line_no,
        ],
    )  # fmt: skip


def findings(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[Any, ...]]:
    """Everything that lines of a plan turned out to be, in the order in which it was found."""
    return tx.rows(
        """
        select f.statement_id, f.line_no, f.part_no, f.kind, f.run_id, f.cents, f.entry_id, f.rule, l.booked_on
        from custody.finding f
        join custody.statement_line l
            on l.tenant_id = f.tenant_id and l.statement_id = f.statement_id and l.line_no = f.line_no
        where f.tenant_id = %s and f.plan_id = %s
        order by f.recorded_at, f.statement_id, f.line_no, f.part_no
        """,
        [tenant_id, plan_id],
    )


def last_day(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> date | None:
    """The last day that a statement covers."""
    row = tx.one(
        """
        select max(closed_on) from custody.statement where tenant_id = %s and plan_id = %s
        """,
        [tenant_id, plan_id],
    )
    found: date | None = row[0]
    return found

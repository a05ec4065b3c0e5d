"""The SQL of verification: what the books say against what can be recomputed from the journal. Reads only."""

from typing import Any
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import SponsorId

Row = tuple[Any, ...]


def counts(tx: Tx, *, tenant_id: SponsorId) -> Row:
    """How many accounts, entries, lines and reservations there are."""
    return tx.one(
        """
        select
            (select count(*) from ledger.account where tenant_id = %(tenant)s),
            (select count(*) from ledger.entry where tenant_id = %(tenant)s),
            (select count(*) from ledger.line where tenant_id = %(tenant)s),
            (select count(*) from ledger.reservation where tenant_id = %(tenant)s)
        """,
        {"tenant": tenant_id},
    )


def balances_that_differ(tx: Tx, *, tenant_id: SponsorId) -> list[Row]:
    """Balances, versions and floors that accounts and lines do not give; also either without the other."""
    return tx.rows(
        """
        with side as (
            select debit_account as account_id, -sum(amount) as net, count(*) as sides
            from ledger.line
            where tenant_id = %(tenant)s
            group by debit_account
            union all
            select credit_account, sum(amount), count(*)
            from ledger.line
            where tenant_id = %(tenant)s
            group by credit_account
        ),
        journal as (
            select account_id, sum(net) as net, sum(sides) as sides
            from side
            group by account_id
        )
        select
            coalesce(a.account_id, b.account_id),
            a.account_id is not null, b.account_id is not null,
            (a.normal_side * coalesce(j.net, 0))::bigint, b.balance,
            coalesce(j.sides, 0)::bigint, b.version,
            a.normal_side, b.normal_side,
            a.may_go_negative, b.may_go_negative,
            b.reserved
        from (select * from ledger.account where tenant_id = %(tenant)s) a
        full join (select * from ledger.balance where tenant_id = %(tenant)s) b on b.account_id = a.account_id
        left join journal j on j.account_id = coalesce(a.account_id, b.account_id)
        where a.account_id is null
           or b.account_id is null
           or b.balance <> a.normal_side * coalesce(j.net, 0)
           or b.version <> coalesce(j.sides, 0)
           or b.normal_side <> a.normal_side
           or b.may_go_negative <> a.may_go_negative
           or (not a.may_go_negative and b.balance - b.reserved < 0)
        order by 1
        """,
        {"tenant": tenant_id},
    )


def reserved_that_differ(tx: Tx, *, tenant_id: SponsorId) -> list[Row]:
    """Accounts whose reserved amount is not the sum over reservations that have not ended: account, expected, found."""
    return tx.rows(
        """
        with open_line as (
            select l.*
            from ledger.reservation_line l
            left join ledger.reservation_end e
                on e.tenant_id = l.tenant_id and e.reservation_id = l.reservation_id
            where l.tenant_id = %(tenant)s
              and e.reservation_id is null
        ),
        net as (
            select reservation_id, account_id, sum(net) as net
            from (
                select reservation_id, debit_account as account_id, -amount as net from open_line
                union all
                select reservation_id, credit_account, amount from open_line
            ) side
            group by reservation_id, account_id
        ),
        held as (
            select n.account_id, sum(greatest(0, -a.normal_side * n.net)) as held
            from net n
            join ledger.account a on a.tenant_id = %(tenant)s and a.account_id = n.account_id
            group by n.account_id
        )
        select b.account_id, coalesce(h.held, 0)::bigint, b.reserved
        from ledger.balance b
        left join held h on h.account_id = b.account_id
        where b.tenant_id = %(tenant)s
          and b.reserved <> coalesce(h.held, 0)
        order by b.account_id
        """,
        {"tenant": tenant_id},
    )


def lines_that_fit_nowhere(tx: Tx, *, tenant_id: SponsorId) -> list[Row]:
    """Lines without entry, without account, or between two assets: entry, line, entry there, assets."""
    return tx.rows(
        """
        select l.entry_id, l.line_no, e.entry_id is not null, d.asset, c.asset
        from ledger.line l
        left join ledger.entry e on e.tenant_id = l.tenant_id and e.entry_id = l.entry_id
        left join ledger.account d on d.tenant_id = l.tenant_id and d.account_id = l.debit_account
        left join ledger.account c on c.tenant_id = l.tenant_id and c.account_id = l.credit_account
        where l.tenant_id = %s
          and (e.entry_id is null or d.asset is null or c.asset is null or d.asset <> c.asset)
        order by l.entry_id, l.line_no
        """,
        (tenant_id,),
    )


def entries(tx: Tx, *, tenant_id: SponsorId) -> list[Row]:
    """Every entry, in order of its number."""
    return tx.rows(
        """
        select
            entry_id, number, key, event_on, recorded_at, recorded_by,
            reason, cause, reverses, line_count, body_hash, seal
        from ledger.entry
        where tenant_id = %s
        order by number
        """,
        (tenant_id,),
    )


def reservations(tx: Tx, *, tenant_id: SponsorId) -> list[Row]:
    """Every reservation with its end and the cause of the entry that posted it."""
    return tx.rows(
        """
        select
            r.reservation_id, r.event_on, r.reason, r.cause, r.line_count, r.body_hash,
            e.outcome, e.entry_id, e.key, e.reason, e.body_hash, j.key, j.body_hash
        from ledger.reservation r
        left join ledger.reservation_end e on e.tenant_id = r.tenant_id and e.reservation_id = r.reservation_id
        left join ledger.entry j on j.tenant_id = e.tenant_id and j.entry_id = e.entry_id
        where r.tenant_id = %s
        order by r.reservation_id
        """,
        (tenant_id,),
    )


def accounts(tx: Tx, *, tenant_id: SponsorId) -> list[tuple[UUID, UUID, str, UUID | None, str | None, str]]:
    """Every account's id and what it is hashed from."""
    return tx.rows(
        """
        select account_id, plan_id, kind, employee_id, source, asset
        from ledger.account
        where tenant_id = %s
        order by account_id
        """,
        (tenant_id,),
    )

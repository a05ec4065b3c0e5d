"""The SQL of reservations and of how they end. Not here: entries and balances in general (_store.py)."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import EntryId, ReservationId, SponsorId

from ._store import accounts_of, columns, line_params
from .lines import EntryRow, Lines


def insert_reservation(tx: Tx, *, tenant_id: SponsorId, reservation: EntryRow, line_count: int) -> None:
    """The head of a reservation."""
    tx.run(
        """
        insert into ledger.reservation (
            tenant_id, reservation_id, key, event_on, recorded_at, recorded_by, reason, cause, line_count, body_hash
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            tenant_id, reservation.row_id, reservation.key, reservation.event_on, reservation.recorded_at,
            reservation.recorded_by, reservation.reason, reservation.cause, line_count, reservation.body_hash,
        ),
    )  # fmt: skip


def insert_reservation_lines(tx: Tx, *, tenant_id: SponsorId, reservation_id: UUID, lines: Lines) -> None:
    """As insert_lines, for a reservation."""
    tx.run(
        """
        insert into ledger.reservation_line (
            tenant_id, reservation_id, line_no, debit_account, credit_account, amount, ref
        )
        select %(tenant)s, %(entry)s, l.line_no, l.debit, l.credit, l.amount, l.ref
        from unnest(%(debit)b::uuid[], %(credit)b::uuid[], %(amount)b::bigint[], %(ref)b::text[])
            with ordinality as l (debit, credit, amount, ref, line_no)
        """,
        line_params(tenant_id, reservation_id, lines),
    )


def update_reserved(
    tx: Tx, *, tenant_id: SponsorId, reservation_id: ReservationId, lines: Lines, direction: int
) -> bool:
    """Hold (1) or release (-1) what a reservation will take: per account, the fall of its balance, never a rise.

    False if an account is not open.
    """
    named = accounts_of(lines)
    moved = tx.run(
        """
        with delta as materialized (
            select account_id, sum(net)::bigint as net
            from (
                select debit_account as account_id, -amount as net
                from ledger.reservation_line
                where tenant_id = %(tenant)s and reservation_id = %(reservation)s
                union all
                select credit_account, amount
                from ledger.reservation_line
                where tenant_id = %(tenant)s and reservation_id = %(reservation)s
            ) side
            group by account_id
        )
        update ledger.balance b
        set reserved = b.reserved + %(direction)s * greatest(0, -b.normal_side * d.net)
        from delta d
        where b.tenant_id = %(tenant)s
          and b.account_id = d.account_id
          and b.account_id = any (%(named)b)
        """,
        {"tenant": tenant_id, "reservation": reservation_id, "direction": direction, "named": named},
    )
    return moved == len(named)


class ReservationRow(NamedTuple):
    """A reservation and how it ended, if it did."""

    event_on: date
    reason: str
    cause: str
    outcome: str | None


def reservation(tx: Tx, *, tenant_id: SponsorId, reservation_id: ReservationId) -> ReservationRow | None:
    """One reservation with its end."""
    found = tx.maybe(
        """
        select r.event_on, r.reason, r.cause, e.outcome
        from ledger.reservation r
        left join ledger.reservation_end e on e.tenant_id = r.tenant_id and e.reservation_id = r.reservation_id
        where r.tenant_id = %s
          and r.reservation_id = %s
        """,
        (tenant_id, reservation_id),
    )
    return ReservationRow(*found) if found else None


def waiting(tx: Tx, *, tenant_id: SponsorId, reason: str, cause_end: str) -> list[tuple[UUID, str]]:
    """Reservations of a reason that have not ended and whose cause ends so, with it; the oldest first."""
    return tx.rows(
        """
        select r.reservation_id, r.cause
        from ledger.reservation r
        left join ledger.reservation_end e on e.tenant_id = r.tenant_id and e.reservation_id = r.reservation_id
        where r.tenant_id = %(tenant)s
          and r.reason = %(reason)s
          and right(r.cause, length(%(cause_end)s)) = %(cause_end)s
          and e.reservation_id is null
        order by r.recorded_at, r.reservation_id
        """,
        {"tenant": tenant_id, "reason": reason, "cause_end": cause_end},
    )


def insert_end(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    reservation_id: ReservationId,
    key: str,
    entry_id: EntryId | None,
    reason: str,
    body_hash: bytes,
) -> None:
    """How a reservation ended: posted as an entry, or voided."""
    tx.run(
        """
        insert into ledger.reservation_end (
            tenant_id, reservation_id, key, outcome, entry_id, reason, recorded_at, recorded_by, body_hash
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            tenant_id, reservation_id, key, "posted" if entry_id else "voided", entry_id,
            reason, tx.now, tx.actor.id, body_hash,
        ),
    )  # fmt: skip


def reserved_lines(tx: Tx, *, tenant_id: SponsorId, reservation_id: ReservationId) -> Lines:
    """The lines of a reservation, in order."""
    return columns(
        tx.rows(
            """
            select debit_account, credit_account, amount, ref
            from ledger.reservation_line
            where tenant_id = %s
              and reservation_id = %s
            order by line_no
            """,
            (tenant_id, reservation_id),
        )
    )

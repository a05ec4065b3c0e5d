"""Reservations: money set aside now, posted or voided later, each once. Not here: plain postings (journal.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EntryId, Refused, ReservationId, SponsorId

from . import _pending_store
from ._store import joined_by_hashing, used_key
from .journal import Posted, answered, write_entry, write_or_explain
from .lines import EntryRow, Line, Lines, Refusal, body_hash, refuse_lines


@dataclass(frozen=True, slots=True)
class Reserved:
    """Money is set aside; ``already`` when this key had done it before."""

    reservation_id: ReservationId
    already: bool = False


@dataclass(frozen=True, slots=True)
class Voided:
    """A reservation was released; ``already`` when this key had done it before."""

    reservation_id: ReservationId
    already: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A reservation as it stands: ``outcome`` is ``posted``, ``voided``, or None while it waits."""

    reservation_id: ReservationId
    cause: str
    lines: Lines
    outcome: str | None


def held(tx: Tx, *, tenant_id: SponsorId, key: str) -> Held | None:
    """The reservation that this key made; None if it made none. It waits for whoever writes to these books now."""
    heads.lock(tx, tenant_id=tenant_id)
    used = used_key(tx, tenant_id=tenant_id, key=key)
    if used is None:
        return None
    found = ReservationId(used.subject)
    row = _pending_store.reservation(tx, tenant_id=tenant_id, reservation_id=found)
    if row is None:
        return None
    lines = _pending_store.reserved_lines(tx, tenant_id=tenant_id, reservation_id=found)
    return Held(found, row.cause, lines, row.outcome)


def waiting(tx: Tx, *, tenant_id: SponsorId, reason: str, cause_end: str) -> list[Held]:
    """Reservations of a reason that wait and whose cause ends so. It waits for whoever writes to these books now."""
    heads.lock(tx, tenant_id=tenant_id)
    rows = _pending_store.waiting(tx, tenant_id=tenant_id, reason=reason, cause_end=cause_end)
    ids = [(ReservationId(row_id), cause) for row_id, cause in rows]
    return [
        Held(each, cause, _pending_store.reserved_lines(tx, tenant_id=tenant_id, reservation_id=each), None)
        for each, cause in ids
    ]


def reserve(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    key: str,
    event_on: date,
    reason: str,
    cause: str,
    lines: Sequence[Line] | Lines,
) -> Reserved | Refused[Refusal]:
    """Set aside what these lines would take: it no longer counts as available, and is not yet posted."""
    columns = Lines.of(lines)
    body = body_hash(verb="reserve", event_on=event_on, reason=reason, cause=cause, reverses=None, lines=columns)
    heads.lock(tx, tenant_id=tenant_id)
    before = answered(tx, tenant_id=tenant_id, key=key, body=body)
    if before is not None:
        return before if isinstance(before, Refused) else Reserved(ReservationId(before.subject), already=True)
    if refused := refuse_lines(columns):
        return refused
    found = tx.ids.new(ReservationId)
    row = EntryRow(found.uuid, key, event_on, tx.now, tx.actor.id, reason, cause, body)

    def write() -> bool:
        _pending_store.insert_reservation(tx, tenant_id=tenant_id, reservation=row, line_count=len(columns))
        _pending_store.insert_reservation_lines(tx, tenant_id=tenant_id, reservation_id=found.uuid, lines=columns)
        return _pending_store.update_reserved(tx, tenant_id=tenant_id, reservation_id=found, lines=columns, direction=1)

    if refused := write_or_explain(tx, tenant_id=tenant_id, lines=columns, write=write):
        return refused
    after = {"lines": len(columns), "reason": reason, "body_hash": body.hex()}
    audit.record(tx, tenant_id=tenant_id, action="ledger.reserve", subject=str(found), after=after)
    return Reserved(found)


def post_reserved(
    tx: Tx, *, tenant_id: SponsorId, reservation_id: ReservationId, key: str, event_on: date
) -> Posted | Refused[Refusal]:
    """Post exactly what was reserved, and release the reservation, in one."""
    heads.lock(tx, tenant_id=tenant_id)
    held = _pending_store.reservation(tx, tenant_id=tenant_id, reservation_id=reservation_id)
    if held is None:
        return _unknown(reservation_id)
    lines = _pending_store.reserved_lines(tx, tenant_id=tenant_id, reservation_id=reservation_id)
    cause = str(reservation_id)
    body = body_hash(event_on=event_on, reason=held.reason, cause=cause, reverses=None, lines=lines)
    before = answered(tx, tenant_id=tenant_id, key=key, body=body)
    if before is not None:
        return before if isinstance(before, Refused) else Posted(EntryId(before.subject), already=True)
    if held.outcome is not None:
        return _ended(reservation_id, held.outcome)
    entry = EntryRow(tx.ids.new(EntryId).uuid, key, event_on, tx.now, tx.actor.id, held.reason, cause, body)
    posted = write_entry(tx, tenant_id=tenant_id, entry=entry, lines=lines, settles=reservation_id)
    if isinstance(posted, Refused):
        return posted
    _pending_store.insert_end(
        tx,
        tenant_id=tenant_id,
        reservation_id=reservation_id,
        key=key,
        entry_id=posted.entry_id,
        reason=held.reason,
        body_hash=body,
    )
    return posted


def void(
    tx: Tx, *, tenant_id: SponsorId, reservation_id: ReservationId, key: str, reason: str
) -> Voided | Refused[Refusal]:
    """Release a reservation without posting anything."""
    heads.lock(tx, tenant_id=tenant_id)
    held = _pending_store.reservation(tx, tenant_id=tenant_id, reservation_id=reservation_id)
    if held is None:
        return _unknown(reservation_id)
    nothing = Lines([], [], [], [])
    cause = str(reservation_id)
    body = body_hash(verb="void", event_on=held.event_on, reason=reason, cause=cause, reverses=None, lines=nothing)
    before = answered(tx, tenant_id=tenant_id, key=key, body=body)
    if before is not None:
        return before if isinstance(before, Refused) else Voided(reservation_id, already=True)
    if held.outcome is not None:
        return _ended(reservation_id, held.outcome)
    lines = _pending_store.reserved_lines(tx, tenant_id=tenant_id, reservation_id=reservation_id)
    with joined_by_hashing(tx):
        _pending_store.update_reserved(
            tx, tenant_id=tenant_id, reservation_id=reservation_id, lines=lines, direction=-1
        )
    _pending_store.insert_end(
        tx, tenant_id=tenant_id, reservation_id=reservation_id, key=key, entry_id=None, reason=reason, body_hash=body
    )
    audit.record(tx, tenant_id=tenant_id, action="ledger.void", subject=str(reservation_id), after={"reason": reason})
    return Voided(reservation_id)


def _unknown(reservation_id: ReservationId) -> Refused[Refusal]:
    message = f"There is no reservation {reservation_id} in these books."
    return Refused(Refusal.RESERVATION_UNKNOWN, message, "Check the reservation's id.")


def _ended(reservation_id: ReservationId, outcome: str) -> Refused[Refusal]:
    message = f"Reservation {reservation_id} was {outcome} before."
    return Refused(Refusal.RESERVATION_ENDED, message, "A reservation ends once; reserve again under a new key.")

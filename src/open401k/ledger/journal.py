"""Journal entries: posted once, never changed, undone by a reversing entry. Not here: reservations (pending.py)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from psycopg.errors import CheckViolation

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.base.faults import fault
from open401k.kernel import EntryId, Refused, ReservationId, SponsorId

from . import _pending_store, _store
from .lines import EntryRow, Line, Lines, Refusal, body_hash, effects, refuse_against, refuse_key, refuse_lines, seal

#: What the audit trail calls a posting; verification looks for it.
POST_ACTION = "ledger.post"


@dataclass(slots=True)
class Together:
    """Entries of one transaction that are one movement: what one takes may be there by what another gives.

    Pass the same to each :func:`post`, then call :func:`take_in` once; what waits is in no balance before.
    """

    _entries: list[UUID] = field(default_factory=list)
    _lines: list[Lines] = field(default_factory=list)

    def wait(self, entry_id: UUID, lines: Lines) -> None:
        """An entry is written whose accounts do not have the money yet."""
        self._entries.append(entry_id)
        self._lines.append(lines)

    def waiting(self) -> tuple[list[UUID], Lines]:
        """The entries that wait and all their lines."""
        return list(self._entries), Lines.joined(self._lines)


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry is in the books; ``already`` when this key had put it there before."""

    entry_id: EntryId
    already: bool = False


def post(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    key: str,
    event_on: date,
    reason: str,
    cause: str,
    lines: Sequence[Line] | Lines,
    reverses: EntryId | None = None,
    together: Together | None = None,
) -> Posted | Refused[Refusal]:
    """Post one entry, all lines or none. Same key and same body: the first answer, for ever; other body: refused.

    A refusal leaves the transaction usable and nothing of the entry behind. ``together`` lets an entry wait that takes
    more than is there so far.
    """
    columns = Lines.of(lines)
    body = body_hash(event_on=event_on, reason=reason, cause=cause, reverses=reverses, lines=columns)
    heads.lock(tx, tenant_id=tenant_id)
    before = answered(tx, tenant_id=tenant_id, key=key, body=body)
    if before is not None:
        return before if isinstance(before, Refused) else Posted(EntryId(before.subject), already=True)
    if reverses is not None and (refused := refuse_reversal(tx, tenant_id=tenant_id, entry_id=reverses)):
        return refused
    refused = refuse_lines(columns)
    if refused is not None:
        return refused
    entry = _entry_row(tx, key=key, event_on=event_on, reason=reason, cause=cause, body=body)
    posted = write_entry(tx, tenant_id=tenant_id, entry=entry, lines=columns, reverses=reverses)
    if together is None or not isinstance(posted, Refused) or posted.reason is not Refusal.BALANCE_TOO_LOW:
        return posted
    return write_entry(tx, tenant_id=tenant_id, entry=entry, lines=columns, reverses=reverses, together=together)


def take_in(tx: Tx, *, tenant_id: SponsorId, together: Together) -> Refused[Refusal] | None:
    """The balances of entries that waited, net; on a refusal the caller undoes the whole movement."""
    entries, lines = together.waiting()
    if not entries:
        return None

    def write() -> bool:
        return _store.update_balances(tx, tenant_id=tenant_id, entries=entries, lines=lines)

    return write_or_explain(tx, tenant_id=tenant_id, lines=lines, write=write)


def short(tx: Tx, *, tenant_id: SponsorId, together: Together) -> list[UUID]:
    """The accounts that would fall below their floor by what waits; no statement where nothing does."""
    _, lines = together.waiting()
    if not lines.debit:
        return []
    net = effects(lines)
    standings = _store.standings(tx, tenant_id=tenant_id, account_ids=sorted(net))
    return [
        account
        for account, each in standings.items()
        if not each.may_go_negative and each.available + net[account] * each.normal_side < 0
    ]


def reverse(
    tx: Tx, *, tenant_id: SponsorId, entry_id: EntryId, key: str, event_on: date, reason: str
) -> Posted | Refused[Refusal]:
    """Undo an entry by one with debit and credit exchanged; an entry can be reversed once."""
    heads.lock(tx, tenant_id=tenant_id)
    original = _store.original(tx, tenant_id=tenant_id, entry_id=entry_id)
    if original is None:
        return _unknown(entry_id)
    lines = _store.lines_of(tx, tenant_id=tenant_id, entry_id=entry_id).swapped()
    return post(
        tx,
        tenant_id=tenant_id,
        key=key,
        event_on=event_on,
        reason=reason,
        cause=str(entry_id),
        lines=lines,
        reverses=entry_id,
    )


def answered(tx: Tx, *, tenant_id: SponsorId, key: str, body: bytes) -> _store.Used | Refused[Refusal] | None:
    """What this key was answered before; a refusal when it came with another body. The head must be locked."""
    refused = refuse_key(key)
    if refused is not None:
        return refused
    used = _store.used_key(tx, tenant_id=tenant_id, key=key)
    if used is None or used.body_hash == body:
        return used
    message = f"The key {key!r} was used before for another command."
    return Refused(Refusal.KEY_REUSED, message, "Repeat the first command unchanged, or send a new key.", {"key": key})


def refuse_reversal(tx: Tx, *, tenant_id: SponsorId, entry_id: EntryId) -> Refused[Refusal] | None:
    """Only an entry that exists and stands can be reversed."""
    original = _store.original(tx, tenant_id=tenant_id, entry_id=entry_id)
    if original is None:
        return _unknown(entry_id)
    if original.reversed_by is None:
        return None
    message = f"Entry {entry_id} was reversed before, by {EntryId(original.reversed_by)}."
    return Refused(Refusal.ALREADY_REVERSED, message, "Post a new entry if the money moves again.")


def write_entry(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    entry: EntryRow,
    lines: Lines,
    reverses: EntryId | None = None,
    settles: ReservationId | None = None,
    together: Together | None = None,
) -> Posted | Refused[Refusal]:
    """Write head, lines and balances in a savepoint, and the audit record; on refusal nothing stays.

    With ``together`` the balances wait.
    """
    last = _store.last_entry(tx, tenant_id=tenant_id)
    number = last.number + 1
    entry = replace(entry, recorded_at=latest(entry.recorded_at, last.recorded_at))
    sealed = seal(before=last.seal, number=number, entry=entry)

    def write() -> bool:
        if settles is not None:
            _pending_store.update_reserved(tx, tenant_id=tenant_id, reservation_id=settles, lines=lines, direction=-1)
        _store.insert_entry(
            tx, tenant_id=tenant_id, entry=entry, number=number, seal=sealed, line_count=len(lines), reverses=reverses
        )
        _store.insert_lines(tx, tenant_id=tenant_id, entry_id=entry.row_id, lines=lines)
        fault("ledger.after_lines_before_balances")
        if together is not None:
            together.wait(entry.row_id, lines)
            return True
        return _store.update_balances(tx, tenant_id=tenant_id, entries=[entry.row_id], lines=lines)

    refused = write_or_explain(tx, tenant_id=tenant_id, lines=lines, write=write)
    if refused is not None:
        return refused
    after = {"number": number, "lines": len(lines), "reason": entry.reason, "seal": sealed.hex()}
    audit.record(tx, tenant_id=tenant_id, action=POST_ACTION, subject=str(EntryId(entry.row_id)), after=after)
    return Posted(EntryId(entry.row_id))


class _NotWrittenError(Exception):
    """Leaves the savepoint; never leaves this module."""


def write_or_explain(
    tx: Tx, *, tenant_id: SponsorId, lines: Lines, write: Callable[[], bool]
) -> Refused[Refusal] | None:
    """Let ``write`` try inside a savepoint; when the tables refuse, take it back and say why.

    Trying first keeps the common case free of a check that the tables make anyway.
    """
    try:
        with tx.savepoint(), _store.joined_by_hashing(tx):
            if not write():
                raise _NotWrittenError
    except (_NotWrittenError, CheckViolation) as failure:
        accounts = sorted({*lines.debit, *lines.credit})
        standings = _store.standings(tx, tenant_id=tenant_id, account_ids=accounts)
        refused = refuse_against(lines, standings)
        if refused is None:
            raise RuntimeError("the tables refused what the rules allow") from failure
        return refused
    return None


def latest(now: datetime, before: datetime | None) -> datetime:
    """Now, yet never before the entry ahead, whose transaction may have begun later and locked first."""
    return now if before is None or now >= before else before


def _entry_row(tx: Tx, *, key: str, event_on: date, reason: str, cause: str, body: bytes) -> EntryRow:
    return EntryRow(tx.ids.new(EntryId).uuid, key, event_on, tx.now, tx.actor.id, reason, cause, body)


def _unknown(entry_id: EntryId) -> Refused[Refusal]:
    return Refused(Refusal.ENTRY_UNKNOWN, f"There is no entry {entry_id} in these books.", "Check the entry's id.")

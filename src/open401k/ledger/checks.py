"""Proving the books: what can be recomputed from the journal is, and each difference is named. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from open401k.base import audit
from open401k.base.db import Tx
from open401k.kernel import AccountId, EntryId, ReservationId, SponsorId

from . import _checks_store, _pending_store, _store
from .accounts import account_uuid
from .journal import POST_ACTION
from .lines import FIRST_SEAL, EntryRow, Lines, body_hash, seal

_WHOLE_TRAIL = 2**31


class DamageKind(StrEnum):
    """What is wrong with the books."""

    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_MISSING = "account_missing"
    AUDIT_DIFFERS = "audit_differs"
    ASSET_MISMATCH = "asset_mismatch"
    BALANCE_DIFFERS = "balance_differs"
    BALANCE_MISSING = "balance_missing"
    BALANCE_TOO_LOW = "balance_too_low"
    BODY_CHANGED = "body_changed"
    ENTRY_MISSING = "entry_missing"
    LINES_MISCOUNTED = "lines_miscounted"
    LINE_ORPHANED = "line_orphaned"
    RECORDED_IN_FUTURE = "recorded_in_future"
    RECORDED_OUT_OF_ORDER = "recorded_out_of_order"
    RESERVATION_CHANGED = "reservation_changed"
    RESERVED_DIFFERS = "reserved_differs"
    SEAL_BROKEN = "seal_broken"
    VERSION_DIFFERS = "version_differs"


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is not as it must be: where, what is there, what should be."""

    kind: DamageKind
    where: str
    found: str
    expected: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what was wrong with it."""

    accounts: int
    entries: int
    lines: int
    reservations: int
    damage: tuple[Damage, ...]

    @property
    def ok(self) -> bool:
        """Nothing was wrong."""
        return not self.damage


def verify(tx: Tx, *, tenant_id: SponsorId) -> Checked:
    """Recompute balances, versions, reserved amounts, hashes and seals of one tenant from its journal."""
    with _store.joined_by_hashing(tx):
        damage = [
            *_accounts(tx, tenant_id),
            *_balances(tx, tenant_id),
            *_reserved(tx, tenant_id),
            *_lines(tx, tenant_id),
            *_entries(tx, tenant_id),
            *_reservations(tx, tenant_id),
        ]
    accounts, entries, lines, reservations = _checks_store.counts(tx, tenant_id=tenant_id)
    return Checked(accounts, entries, lines, reservations, tuple(damage))


def _accounts(tx: Tx, tenant_id: SponsorId) -> Iterator[Damage]:
    for found, plan_id, kind, employee_id, source, asset in _checks_store.accounts(tx, tenant_id=tenant_id):
        expected = account_uuid(tenant_id.uuid, plan_id, kind, employee_id, source, asset)
        if found != expected:
            now = f"{kind} of {employee_id} from {source} in {asset}"
            yield Damage(DamageKind.ACCOUNT_CHANGED, _account(found), now, "what the id was made from")


def _balances(tx: Tx, tenant_id: SponsorId) -> Iterator[Damage]:
    for row in _checks_store.balances_that_differ(tx, tenant_id=tenant_id):
        where, has_account, has_balance, *pairs, reserved = row
        if not has_account:
            yield Damage(DamageKind.ACCOUNT_MISSING, _account(where), "a balance", "its account")
            continue
        if not has_balance:
            yield Damage(DamageKind.BALANCE_MISSING, _account(where), "an account", "its balance")
            continue
        balance, found, sides, version, side, found_side, floor, found_floor = pairs
        if found != balance:
            yield Damage(DamageKind.BALANCE_DIFFERS, _account(where), str(found), str(balance))
        if version != sides:
            yield Damage(DamageKind.VERSION_DIFFERS, _account(where), str(version), str(sides))
        if (found_side, found_floor) != (side, floor):
            changed, should_be = f"side {found_side}, negative {found_floor}", f"side {side}, negative {floor}"
            yield Damage(DamageKind.ACCOUNT_CHANGED, _account(where), changed, should_be)
        if not floor and found - reserved < 0:
            yield Damage(DamageKind.BALANCE_TOO_LOW, _account(where), str(found - reserved), "0 or more")


def _reserved(tx: Tx, tenant_id: SponsorId) -> Iterator[Damage]:
    for where, expected, found in _checks_store.reserved_that_differ(tx, tenant_id=tenant_id):
        yield Damage(DamageKind.RESERVED_DIFFERS, _account(where), str(found), str(expected))


def _lines(tx: Tx, tenant_id: SponsorId) -> Iterator[Damage]:
    for entry, line_no, has_entry, debit, credit in _checks_store.lines_that_fit_nowhere(tx, tenant_id=tenant_id):
        where = f"{EntryId(entry)} line {line_no}"
        if not has_entry:
            yield Damage(DamageKind.LINE_ORPHANED, where, "a line", "its entry")
        if debit is None or credit is None:
            yield Damage(DamageKind.ACCOUNT_MISSING, where, "a line", "both its accounts")
        elif debit != credit:
            yield Damage(DamageKind.ASSET_MISMATCH, where, f"{debit} against {credit}", "one asset")


def _entries(tx: Tx, tenant_id: SponsorId) -> Iterator[Damage]:
    before, last, recorded = FIRST_SEAL, 0, None
    audited = _audited(tx, tenant_id)
    for row in _checks_store.entries(tx, tenant_id=tenant_id):
        entry_id, number, key, event_on, recorded_at, recorded_by, reason, cause, reverses, count, body, sealed = row
        entry = EntryRow(entry_id, key, event_on, recorded_at, recorded_by, reason, cause, bytes(body))
        where = str(EntryId(entry_id))
        if number != last + 1:
            yield Damage(DamageKind.ENTRY_MISSING, where, f"number {number} after {last}", f"number {last + 1}")
        yield from _recorded(where, recorded_at, recorded, tx.now)
        lines = _store.lines_of(tx, tenant_id=tenant_id, entry_id=EntryId(entry_id))
        if len(lines) != count:
            yield Damage(DamageKind.LINES_MISCOUNTED, where, f"{len(lines)} lines", f"{count} lines")
        yield from _body(where, entry, EntryId(reverses) if reverses else None, lines)
        expected = seal(before=before, number=number, entry=entry)
        if bytes(sealed) != expected:
            yield Damage(DamageKind.SEAL_BROKEN, where, bytes(sealed).hex(), expected.hex())
        said = audited.pop(where, "no record of it")
        if said != bytes(sealed).hex():
            yield Damage(DamageKind.AUDIT_DIFFERS, where, bytes(sealed).hex(), said)
        before, last, recorded = bytes(sealed), number, recorded_at
    for where, said in audited.items():
        yield Damage(DamageKind.ENTRY_MISSING, where, "no entry", f"the entry that the audit trail sealed as {said}")


def _audited(tx: Tx, tenant_id: SponsorId) -> dict[str, str]:
    """The seal of every entry, by the audit trail: the journal's last entries cannot vanish unseen."""
    trail = audit.entries(tx, tenant_id=tenant_id, limit=_WHOLE_TRAIL)
    return {
        record.subject: str(record.after["seal"])
        for record in trail
        if record.action == POST_ACTION and isinstance(record.after, dict)
    }


def _recorded(where: str, at: datetime, before: datetime | None, now: datetime) -> Iterator[Damage]:
    if before is not None and at < before:
        yield Damage(DamageKind.RECORDED_OUT_OF_ORDER, where, str(at), f"{before} or later")
    if at > now:
        yield Damage(DamageKind.RECORDED_IN_FUTURE, where, str(at), f"{now} or earlier")


def _body(where: str, entry: EntryRow, reverses: EntryId | None, lines: Lines) -> Iterator[Damage]:
    expected = body_hash(
        event_on=entry.event_on, reason=entry.reason, cause=entry.cause, reverses=reverses, lines=lines
    )
    if entry.body_hash != expected:
        yield Damage(DamageKind.BODY_CHANGED, where, entry.body_hash.hex(), expected.hex())


def _reservations(tx: Tx, tenant_id: SponsorId) -> Iterator[Damage]:
    for row in _checks_store.reservations(tx, tenant_id=tenant_id):
        found, event_on, reason, cause, count, body, *end = row
        where = str(ReservationId(found))
        lines = _pending_store.reserved_lines(tx, tenant_id=tenant_id, reservation_id=ReservationId(found))
        expected = body_hash(verb="reserve", event_on=event_on, reason=reason, cause=cause, reverses=None, lines=lines)
        if bytes(body) != expected or len(lines) != count:
            yield Damage(DamageKind.RESERVATION_CHANGED, where, bytes(body).hex(), expected.hex())
        yield from _end(where, event_on, end)


def _end(where: str, event_on: Any, end: list[Any]) -> Iterator[Damage]:
    outcome, entry_id, key, reason, body, entry_key, entry_body = end
    if outcome == "posted" and (entry_key != key or entry_body is None or bytes(entry_body) != bytes(body)):
        found = str(EntryId(entry_id)) if entry_body is not None else "no entry"
        yield Damage(DamageKind.RESERVATION_CHANGED, where, found, f"the entry of key {key}")
    if outcome == "voided":
        nothing = Lines([], [], [], [])
        expected = body_hash(verb="void", event_on=event_on, reason=reason, cause=where, reverses=None, lines=nothing)
        if bytes(body) != expected:
            yield Damage(DamageKind.RESERVATION_CHANGED, where, bytes(body).hex(), expected.hex())


def _account(found: UUID) -> str:
    return str(AccountId(found))

"""The audit trail: who did what, when, why, before and after; one hash chain a tenant. Not here: the books (ledger).

The head row carries the chain's last number and hash, so that a tail cut off is noticed as well as an edit.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import Any

from open401k.kernel import SponsorId

from . import _store
from ._store import AuditEntry
from .db import Tx
from .plain import JSON, canonical, plain


class Damage(StrEnum):
    """What is wrong at one place of the chain."""

    ALTERED = "altered"
    MISSING = "missing"
    OUT_OF_CHAIN = "out_of_chain"
    TAIL_LOST = "tail_lost"


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """One place where the chain does not hold."""

    audit_no: int
    damage: Damage
    message: str


def record(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    action: str,
    subject: object,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Say in the same transaction what was done; who, when and why come from ``tx``. Never pass an SSN.

    Locks the tenant's head, as every posting does.
    """
    head: _store.Head | None = tx.cache.get(("audit head", tenant_id)) or _store.lock_head(tx, tenant_id)
    if head is None:
        raise LookupError(f"{tenant_id} has no head: open it with heads.open, or begin with this tenant")
    entry = AuditEntry(
        audit_no=head.audit_no + 1,
        recorded_at=tx.now,
        actor_kind=tx.actor.kind,
        actor_id=tx.actor.id,
        why=tx.actor.why,
        action=action,
        subject=str(subject),
        before=plain(before),
        after=plain(after),
        previous_hash=head.audit_hash,
        hash=b"",
    )
    digest = _hash(tenant_id, entry)
    _store.add_audit(tx, tenant_id, entry, digest)
    tx.cache["audit head", tenant_id] = _store.Head(entry.audit_no, digest, head.event_no)


def entries(
    tx: Tx, *, tenant_id: SponsorId, subject: object | None = None, limit: int = 100, before: int | None = None
) -> list[AuditEntry]:
    """The newest entries first, of one subject if it is given; ``before`` a number for the next page."""
    return _store.audit_entries(tx, tenant_id, str(subject) if subject is not None else None, limit, before)


def recorded(tx: Tx, *, tenant_id: SponsorId, action: str, subjects: Iterable[object]) -> set[str]:
    """Which of the subjects this was done to already."""
    return set(_store.audited_subjects(tx, tenant_id, action, [str(each) for each in subjects]))


def verify(tx: Tx, *, tenant_id: SponsorId) -> list[ChainBreak]:
    """Recompute the tenant's chain from its first entry; an empty list says that nothing was changed."""
    head = _store.head(tx, tenant_id)
    if head is None:
        return [ChainBreak(0, Damage.TAIL_LOST, f"{tenant_id} has no head row.")]
    return _breaks(tenant_id, head, _store.audit_chain(tx, tenant_id))


def _breaks(tenant_id: SponsorId, head: _store.Head, chain: Iterable[AuditEntry]) -> list[ChainBreak]:
    found: list[ChainBreak] = []
    number, previous = 0, b""
    for entry in chain:
        if entry.audit_no != number + 1:
            gap = f"{number + 1}" if entry.audit_no == number + 2 else f"{number + 1} to {entry.audit_no - 1}"
            found.append(ChainBreak(number + 1, Damage.MISSING, f"Entry {gap} is missing."))
        elif entry.previous_hash != previous:
            found.append(
                ChainBreak(entry.audit_no, Damage.OUT_OF_CHAIN, f"Entry {entry.audit_no} does not follow {number}.")
            )
        if _hash(tenant_id, entry) != entry.hash:
            found.append(ChainBreak(entry.audit_no, Damage.ALTERED, f"Entry {entry.audit_no} was altered."))
        number, previous = entry.audit_no, entry.hash
    if (number, previous) != (head.audit_no, head.audit_hash):
        message = (
            f"The chain ends at entry {number}, but its head says {head.audit_no}: the end was cut off or replaced."
        )
        found.append(ChainBreak(head.audit_no, Damage.TAIL_LOST, message))
    return found


def _hash(tenant_id: SponsorId, entry: AuditEntry) -> bytes:
    body: list[JSON] = [
        str(tenant_id),
        entry.audit_no,
        entry.recorded_at.astimezone(UTC).isoformat(),
        entry.actor_kind,
        entry.actor_id,
        entry.why,
        entry.action,
        entry.subject,
        entry.before,
        entry.after,
    ]
    return hashlib.sha256(entry.previous_hash + canonical(body)).digest()

"""The head row of a tenant: what every posting locks first. Not here: the audit chain and outbox that it carries."""

from open401k.kernel import SponsorId

from . import _store
from .db import Tx


def open(tx: Tx, *, tenant_id: SponsorId) -> None:  # noqa: A001 (read as heads.open)
    """Create the head of a new tenant; harmless if it exists. Everything else of the tenant comes after it."""
    _store.open_head(tx, tenant_id)


def lock(tx: Tx, *, tenant_id: SponsorId) -> None:
    """Make this transaction the only one that writes for the tenant, until it ends.

    The first statement of every posting: two runs that lock rows in different orders would wait for each other.
    The first lock reads the clock again: what waited here is recorded after what it waited for, so that nobody who
    looked in between, "as known then", sees the past change.
    """
    if locked(tx, tenant_id=tenant_id):
        return
    head = _store.lock_head(tx, tenant_id)
    if head is None:
        raise LookupError(f"{tenant_id} has no head: open it with heads.open, or begin with this tenant")
    tx.cache["head locked", tenant_id] = True
    tx.cache["audit head", tenant_id] = head  # where the audit trail goes on: base/audit.py
    if tx.clock is not None:
        tx.now = max(tx.now, tx.clock.now())


def locked(tx: Tx, *, tenant_id: SponsorId) -> bool:
    """Whether this transaction holds the lock: what it read of the tenant since then, nobody else can change."""
    return ("head locked", tenant_id) in tx.cache


def unchanging(tx: Tx, *, tenant_id: SponsorId) -> bool:
    """Whether a second reading gives the same: under the lock, and in a snapshot."""
    return tx.snapshot or locked(tx, tenant_id=tenant_id)

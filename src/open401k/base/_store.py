"""The SQL of heads, audit trail, outbox and stored steps. Not here: access (base/access/_store.py), wrapped keys."""

from dataclasses import dataclass

from open401k.kernel import SponsorId

from .db import Tx


@dataclass(frozen=True, slots=True)
class Head:
    """Where a tenant's audit chain and outbox stand."""

    audit_no: int
    audit_hash: bytes
    event_no: int


def open_head(tx: Tx, tenant_id: SponsorId) -> None:
    """Create the head unless it exists."""
    tx.run("insert into base.head (tenant_id, opened_at) values (%s, %s) on conflict do nothing", [tenant_id, tx.now])


def lock_head(tx: Tx, tenant_id: SponsorId) -> Head | None:
    """The head, locked until the transaction ends."""
    row = tx.maybe(
        """
        select audit_no, audit_hash, event_no
        from base.head
        where tenant_id = %s
        for no key update  -- rows that refer to the head may still be inserted
        """,
        [tenant_id],
    )
    return Head(*row) if row else None

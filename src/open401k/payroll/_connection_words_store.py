"""The SQL of a person's yes to what a provider told."""

from open401k.base.db import Tx
from open401k.kernel import ConnectionId, SponsorId


def add(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, asked: str) -> None:
    """Insert a yes."""
    tx.run(
        """
        insert into payroll.connection_word (tenant_id, connection_id, asked, recorded_at, recorded_by)
        values (%s, %s, %s, %s, %s)
        """,
        [tenant_id, connection_id, asked, tx.now, tx.actor.id],
    )


def words(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId) -> frozenset[str]:
    """Everything that was said yes to."""
    found = tx.rows(
        "select asked from payroll.connection_word where tenant_id = %s and connection_id = %s",
        [tenant_id, connection_id],
    )
    return frozenset(asked for (asked,) in found)

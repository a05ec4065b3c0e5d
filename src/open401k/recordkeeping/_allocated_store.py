"""SQL of what was allocated before the employer's money was held to IRC 415(c)."""

from open401k.base.db import Tx
from open401k.kernel import SponsorId


def last_entry_before(tx: Tx, *, tenant_id: SponsorId) -> int | None:
    """The number of the sponsor's last entry of that time; None: all of the books are later."""
    row = tx.maybe("select entry_number from recordkeeping.allocated_before where tenant_id = %s", [tenant_id])
    return None if row is None else int(row[0])

"""A kept file, opened again as what was said of its run has it. Not here: reading it (reading.py)."""

from open401k.base.db import Tx
from open401k.kernel import SponsorId

from . import runs
from .reading import Opened, open_upload


def reopen(tx: Tx, *, tenant_id: SponsorId, run: runs.Run, data: bytes) -> Opened:
    """Open the bytes of a run by the columns that are remembered of its provider, in the encoding that was declared."""
    return open_upload(
        data,
        file_name=run.file_name,
        provider=run.provider,
        remembered=runs.remembered(tx, tenant_id=tenant_id, plan_id=run.plan_id, provider=run.provider),
        encoding=run.said.encoding or None,
        no_contributions=run.said.no_contributions,
    )

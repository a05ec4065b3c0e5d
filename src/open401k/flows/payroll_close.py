"""A payroll that waits and is not to be posted: a person closes it, and says why. Not here: one taken back (runs)."""

from enum import StrEnum

from open401k.base import heads
from open401k.base.db import Actor, Database
from open401k.kernel import Refused, RunId, SponsorId
from open401k.payroll import runs


class CloseRefusal(StrEnum):
    """Why a run stays open."""

    WHY_MISSING = "why_missing"
    POSTED = "posted"


def close_run(
    db: Database, *, actor: Actor, tenant_id: SponsorId, run_id: RunId, why: str
) -> bool | Refused[CloseRefusal]:
    """Nothing of it is posted from now on; whether it was closed before. Of a provider's the telling is done with."""
    if not 0 < len(why.strip()) <= 200:
        fix = "Say it in 1 to 200 characters, such as: the file of that payroll was posted."
        return Refused(CloseRefusal.WHY_MISSING, "Nothing says why it is closed.", fix)
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)  # nobody posts it between the look and the word
        run = runs.get(tx, tenant_id=tenant_id, run_id=run_id)
        if run.status == runs.Status.POSTED:
            fix = "Send a payroll that replaces it: a corrected file, or one of no contributions."
            return Refused(CloseRefusal.POSTED, f"The payroll of {run.pay_date} is in the books.", fix)
        runs.cancel(tx, tenant_id=tenant_id, run=run, why=f"Closed by a person: {why.strip()}")
        return run.status == runs.Status.CANCELED

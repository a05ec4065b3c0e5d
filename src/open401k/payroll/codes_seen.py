"""Pay codes that were in doubt in a file: what was seen of them is kept. Not here: judging it (code_proposals.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from open401k.base.db import Tx
from open401k.kernel import PlanId, RunId, SponsorId

from . import _seen_store, runs
from .code_proposals import Seen, seen_from


@dataclass(frozen=True, slots=True)
class SeenOn:
    """How a code behaved in the last file in which it was in doubt."""

    pay_date: date
    run_id: RunId
    recorded_at: datetime
    seen: Seen


def note_codes(tx: Tx, *, tenant_id: SponsorId, run: runs.Run, pay_date: date, seen: Sequence[Seen]) -> None:
    """Keep what a check saw of codes in doubt; a file without one leaves nothing."""
    if seen:
        told = [each.as_json() for each in seen]
        _seen_store.add(tx, tenant_id=tenant_id, plan_id=run.plan_id, run_id=run.run_id, pay_date=pay_date, seen=told)


def seen_last(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> dict[str, SeenOn]:
    """By code."""
    found = _seen_store.newest(tx, tenant_id=tenant_id, plan_id=plan_id)
    return {each["code"]: SeenOn(day, run_id, at, seen_from(each)) for day, run_id, at, each in found}

"""Pay codes that were in doubt in a file: what was seen of them is kept. Not here: judging it (code_proposals.py)."""

from dataclasses import dataclass
from datetime import date, datetime

from open401k.base.db import Tx
from open401k.census import Side
from open401k.kernel import PlanId, RunId, SponsorId

from . import _seen_store, runs
from .code_proposals import Seen, seen_from
from .code_watch import CodeWatch
from .deduction_proposals import SeenDeduction, seen_deduction_from


@dataclass(frozen=True, slots=True)
class SeenOn:
    """How a code behaved in the last file in which it was in doubt."""

    pay_date: date
    run_id: RunId
    recorded_at: datetime
    seen: Seen


@dataclass(frozen=True, slots=True)
class DeductionSeenOn:
    """The same of a code of deductions."""

    pay_date: date
    run_id: RunId
    recorded_at: datetime
    seen: SeenDeduction


def note_codes(tx: Tx, *, tenant_id: SponsorId, run: runs.Run, pay_date: date, watch: CodeWatch) -> None:
    """Keep what a check saw of codes in doubt; a file without one leaves nothing."""
    told = [(str(Side.EARNING), each.as_json()) for each in watch.told()]
    told += [(str(Side.DEDUCTION), each.as_json()) for each in watch.told_deductions()]
    if told:
        _seen_store.add(tx, tenant_id=tenant_id, plan_id=run.plan_id, run_id=run.run_id, pay_date=pay_date, seen=told)


def seen_last(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> dict[str, SeenOn]:
    """By code of earnings."""
    found = _seen_store.newest(tx, tenant_id=tenant_id, plan_id=plan_id, side=str(Side.EARNING))
    return {each["code"]: SeenOn(day, run_id, at, seen_from(each)) for day, run_id, at, each in found}


def deductions_seen_last(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> dict[str, DeductionSeenOn]:
    """By code of deductions."""
    found = _seen_store.newest(tx, tenant_id=tenant_id, plan_id=plan_id, side=str(Side.DEDUCTION))
    told = ((each, DeductionSeenOn(day, run_id, at, seen_deduction_from(each))) for day, run_id, at, each in found)
    return {each["code"]: seen for each, seen in told}

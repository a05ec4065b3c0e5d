"""Turnover that lets a partial termination be presumed: told with its counts until a person decides.

Not here: counting. What is open follows from what was found and what was stated, as with forfeitures that are due.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from open401k import plan, recordkeeping
from open401k.base import audit, heads, messages
from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId

TURNOVER_PRESUMED = "turnover.presumed"
_CITE = "IRC 411(d)(3); Rev. Rul. 2007-43"


@dataclass(frozen=True, slots=True)
class TurnoverOpen:
    """A plan year whose turnover asks for a decision: was it a partial termination?"""

    start: date
    last_day: date
    severed: int
    participants: int
    cite: str = _CITE


def turnover_open(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[TurnoverOpen, ...]:
    """Plan years of which nobody has decided; decided again where more were let go than it was decided on."""
    return tuple(
        TurnoverOpen(each.start, each.last_day, each.severed, each.participants)
        for each in recordkeeping.found_turnover(tx, tenant_id=tenant_id, plan_id=plan_id)
        if each.presumed and each.decided is None
    )


def tell_turnover(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, today: date) -> list[TurnoverOpen]:
    """Count this plan year and the one before; the outside hears of counts that let one be presumed, and are news.

    A plan whose money is all vested at once is not counted: nobody would gain by it.
    """
    this = plan.get(tx, tenant_id=tenant_id, plan_id=plan_id).plan_year_of(today)
    asked = recordkeeping.vests_by_service(tx, tenant_id=tenant_id, plan_id=plan_id, years=(this.previous(), this))
    if not asked:
        return []
    heads.lock(tx, tenant_id=tenant_id)
    periods = [(each.start, each.end - timedelta(days=1)) for each in asked]
    counted = recordkeeping.count_turnover(tx, tenant_id=tenant_id, plan_id=plan_id, periods=periods, as_of=today)
    fresh = []
    for each in counted:
        if not recordkeeping.keep_found(tx, tenant_id=tenant_id, plan_id=plan_id, found=each):
            continue
        open_one = TurnoverOpen(each.start, each.last_day, each.result.employer_initiated, each.result.participants)
        said = {
            "from": str(each.start),
            "to": str(each.last_day),
            "severed": open_one.severed,
            "participants": open_one.participants,
            "turnover_bps": each.result.turnover_bps,
            "cite": _CITE,
        }
        subject = f"{plan_id}/{each.last_day}"
        audit.record(tx, tenant_id=tenant_id, action=TURNOVER_PRESUMED, subject=subject, after=said)
        messages.publish(tx, tenant_id=tenant_id, kind="turnover.presumed", subject=plan_id, data=said)
        fresh.append(open_one)
    return fresh

"""Forfeitures that are to be used by a day: told once, with amount and deadline. Not here: using them.

What is due is what is left of a plan year, so it cannot say anything else; alerts of tests have a table (alerts.py).
"""

from dataclasses import dataclass
from datetime import date, timedelta

from open401k import recordkeeping
from open401k.base import audit, heads, messages
from open401k.base.db import Tx
from open401k.kernel import PlanId, PlanYear, SponsorId

#: So long before the last day somebody has to hear of it: payrolls that could use the money still come.
WARNED_BEFORE = timedelta(days=120)
FORFEITURES_DUE = "forfeitures.due"
_CITE, _ENDED = "Prop. Reg. 1.401-7(b)(2)", "Reg. 1.411(d)-2(a)(2)(i)"


@dataclass(frozen=True, slots=True)
class ForfeituresDue:
    """What is left of the forfeitures of a plan year, and the last day to use it."""

    year: PlanYear
    cents: int
    use_by: date
    cite: str = _CITE


def forfeitures_due(account: recordkeeping.ForfeitureAccount, *, today: date) -> tuple[ForfeituresDue, ...]:
    """Plan years whose forfeitures are to be used soon, or should have been; the oldest first."""
    return tuple(
        ForfeituresDue(each.year, each.left_cents, each.use_by, _CITE if each.proposed_only else _ENDED)
        for each in account.lots
        if each.left_cents > 0 and today >= each.use_by - WARNED_BEFORE
    )


def tell_forfeitures(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, today: date) -> list[ForfeituresDue]:
    """The outside hears once of each plan year whose forfeitures have to be used; returns those told of now.

    And once more when the plan has ended, and they are due at once.
    """
    if not recordkeeping.keeps_forfeitures(tx, tenant_id=tenant_id, plan_id=plan_id):
        return []
    account = recordkeeping.forfeiture_account(tx, tenant_id=tenant_id, plan_id=plan_id)
    due = {
        f"{plan_id}/{each.year.last_day}{'' if each.cite == _CITE else '/ended'}": each
        for each in forfeitures_due(account, today=today)
    }
    if not due:
        return []
    heads.lock(tx, tenant_id=tenant_id)
    known = audit.recorded(tx, tenant_id=tenant_id, action=FORFEITURES_DUE, subjects=due)
    fresh = {subject: each for subject, each in due.items() if subject not in known}
    for subject, each in fresh.items():
        said = {
            "cents": each.cents,
            "incurred_in": str(each.year),
            "use_by": each.use_by.isoformat(),
            "cite": each.cite,
        }
        audit.record(tx, tenant_id=tenant_id, action=FORFEITURES_DUE, subject=subject, after=said)
        messages.publish(tx, tenant_id=tenant_id, kind="forfeitures.due", subject=plan_id, data=said)
    return list(fresh.values())

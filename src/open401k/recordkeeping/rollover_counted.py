"""What rollovers change in the balances that the top-heavy ratio counts. Not here: the ratio (law/top_heavy.py).

A rollover that the employee began, between plans of unrelated employers: the plan that pays adds it back as paid out,
the plan that takes it in leaves it out (IRC 416(g)(4)(A); Reg. 1.416-1 T-32). One between plans of the same employer is
counted by the plan that took it in, as any balance is. Reg. T-32 was read as others tell it, not in its own words.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from open401k import census, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, SponsorId, anniversary

from .rollover_invalid import InvalidRollover, invalid_rollovers
from .rollovers import RolloverBooked, RolloverWay, rollovers_booked

#: Distributions are added back: of the year before the determination date, or of five years if paid in service
#: (IRC 416(g)(3)(A) and (B)).
AFTER_SEVERANCE_YEARS, IN_SERVICE_YEARS = 1, 5


def rollover_adjustments(
    here: Sequence[RolloverBooked],
    elsewhere: Sequence[RolloverBooked],
    *,
    as_of: date,
    employed: Callable[[EmployeeId, date], bool],
    taken_back: Sequence[InvalidRollover] = (),
) -> Mapping[EmployeeId, int]:
    """Cents to add to each person's balance of a day, below zero to leave out.

    ``elsewhere`` are those of the employer's other plans: what is booked there under the same id is related. What was
    found invalid and paid back is in no balance any more, so nothing of it is left out.
    """
    related = {(each.rollover, each.way) for each in elsewhere}
    found: Counter[EmployeeId] = Counter()
    left_out: Counter[EmployeeId] = Counter()
    for each in sorted(here, key=lambda one: one.event_on):
        who = each.employee_id
        if each.event_on > as_of:
            continue
        if each.way is RolloverWay.INTO:
            if (each.rollover, RolloverWay.OUT) not in related:
                left_out[who] += each.cents
            continue
        brought = sum(cents for part in each.parts for source, cents in part.shares.items() if source.is_rollover)
        gone = min(brought, left_out[who])  # it was never counted: nothing of it comes back
        left_out[who] -= gone
        years = IN_SERVICE_YEARS if employed(who, each.event_on) else AFTER_SEVERANCE_YEARS
        if (each.rollover, RolloverWay.INTO) not in related and each.event_on > anniversary(as_of, -years):
            found[who] += each.cents - gone
    for back in taken_back:
        if back.paid is not None and back.paid.on <= as_of:
            left_out[back.employee_id] -= min(sum(back.paid.cents.values()), left_out[back.employee_id])
    found.subtract(left_out)
    return {who: cents for who, cents in found.items() if cents}


def top_heavy_rollovers(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, as_of: date, known_at: datetime | None = None
) -> Mapping[EmployeeId, int]:
    """The same of a plan's books; a plan whose terms never had rollovers is not asked."""
    spans = plan.provisions_between(
        tx, tenant_id=tenant_id, plan_id=plan_id, start=date.min, end=date.max, known_at=known_at
    )
    if all(each.provisions.rollovers is None for each in spans):
        return {}
    of: dict[str, Any] = {"tenant_id": tenant_id, "known_at": known_at}
    here = rollovers_booked(tx, **of, plan_id=plan_id)
    if not here:
        return {}
    others = plan.other_plans(tx, **of, plan_id=plan_id)
    elsewhere = [each for other in others for each in rollovers_booked(tx, **of, plan_id=other)]
    who = sorted({each.employee_id for each in here})
    people = {each.employee_id: each for each in census.roster(tx, **of, employee_ids=who)}
    back = invalid_rollovers(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    return rollover_adjustments(
        here,
        elsewhere,
        as_of=as_of,
        employed=lambda each, day: census.employed_on(people[each].employment, day),
        taken_back=back,
    )

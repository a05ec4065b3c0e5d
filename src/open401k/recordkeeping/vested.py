"""Who is vested in full, as the books know it now. Not here: the rules (full_vesting.py), forfeitures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from open401k import census, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, SponsorId
from open401k.law.vesting_years import FullyVestedBy

from .forfeitures import ages_of
from .full_vesting import full_vesting, full_vesting_on
from .leaving import leavings
from .plan_endings import endings_of


@dataclass(frozen=True, slots=True)
class VestedLeaver:
    """Somebody who left and was vested in full by something else than service."""

    employee_id: EmployeeId
    left_on: date
    by: FullyVestedBy


def vested_in_full(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, person: census.Employee, on: date
) -> FullyVestedBy | None:
    """What vests one person in full on a day; None: the schedule decides."""
    spans = plan.provisions_between(tx, tenant_id=tenant_id, plan_id=plan_id, start=date.min, end=date.max)
    if not spans or not any(each.provisions.vesting.takes_time for each in spans):
        return None
    ages = ages_of(tx, tenant_id=tenant_id, plan_id=plan_id, people=[person], spans=spans, on=on)
    endings = endings_of(tx, tenant_id=tenant_id, plan_id=plan_id)
    return full_vesting_on(person.employment, spans=spans, ages=ages[person.employee_id], endings=endings, on=on)


def vested_leavers(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, people: Sequence[census.Employee], on: date
) -> tuple[VestedLeaver, ...]:
    """Everybody who left vested in full by something else than service, the last first."""
    spans = plan.provisions_between(tx, tenant_id=tenant_id, plan_id=plan_id, start=date.min, end=date.max)
    left = [each for each in people if any(span.terminated_on for span in each.employment)]
    if not left or not any(each.provisions.vesting.takes_time for each in spans):
        return ()
    ages = ages_of(tx, tenant_id=tenant_id, plan_id=plan_id, people=left, spans=spans)
    endings = endings_of(tx, tenant_id=tenant_id, plan_id=plan_id)
    found = [
        VestedLeaver(each.employee_id, leaving.left_on, by)
        for each in left
        for leaving in leavings(each.employment, spans=spans, on=on)
        if (by := full_vesting(leaving, spans=spans, ages=ages[each.employee_id], endings=endings)) is not None
    ]
    return tuple(sorted(found, key=lambda each: (each.left_on, each.employee_id), reverse=True))

"""What is vested, as the books know it now. Not here: the rules (full_vesting.py, vested_share.py), forfeitures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from open401k import census, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, Source, SponsorId
from open401k.law.vesting_years import FullyVestedBy

from . import _forfeiture_store as _store
from .forfeitures import ages_of
from .full_vesting import full_vesting, full_vesting_on
from .leaving import leavings
from .plan_endings import endings_of
from .rollovers import paid_out
from .vested_share import Credit, vested_fractions, vested_percent


@dataclass(frozen=True, slots=True)
class VestedLeaver:
    """Somebody who left and was vested in full by something else than service."""

    employee_id: EmployeeId
    left_on: date
    by: FullyVestedBy


@dataclass(frozen=True, slots=True)
class VestedShares:
    """What is vested of each source of one person by service, and of each what was forfeited for five breaks or paid.

    ``of`` has None where breaks in service would have to be judged, and no source that everybody owns at once.
    """

    of: Mapping[Source, Fraction | None]
    forfeited_cents: Mapping[Source, int]
    paid_cents: Mapping[Source, int] = field(default_factory=dict)

    def vested(self, source: Source, held_cents: int) -> Fraction | None:
        """Of what is held, in cents: what was forfeited is not forfeited twice, and what was paid counts as vested.

        ``P(AB + D) - D`` of Reg. 1.411(a)-7(d)(5)(iii), D being what rollovers paid out.
        """
        share = self.of.get(source, Fraction(1))
        if share is None:
            return None
        paid = self.paid_cents.get(source, 0)
        vested = share * (held_cents + self.forfeited_cents.get(source, 0) + paid) - paid
        return min(max(vested, Fraction(0)), Fraction(held_cents))


def vested_shares(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, person: census.Employee, on: date) -> VestedShares:
    """What one person would keep of each source if they left on a day, or keeps since they left, by service."""
    spans = plan.provisions_between(tx, tenant_id=tenant_id, plan_id=plan_id, start=date.min, end=date.max)
    begun = [each for each in spans if each.start <= on] or spans[:1]
    later = {source for each in spans for source, schedule in each.provisions.vesting.schedules if schedule.takes_time}
    if not later:
        return VestedShares({}, {})
    if len(person.employment) != 1:
        schedules = begun[-1].provisions.vesting
        return VestedShares({each: None for each in later if schedules.of(each).takes_time}, {})
    who = [person.employee_id]
    rows = _store.gained(tx, tenant_id=tenant_id, plan_id=plan_id, employees=who, known_at=None)
    money = [Credit(Source(source), day, cents) for _, source, day, cents in rows]
    lost: dict[Source, int] = {}
    for row in _store.forfeited(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=None):
        if EmployeeId(row.employee_id) == person.employee_id:
            lost[Source(row.source)] = lost.get(Source(row.source), 0) + row.cents
    paid = paid_out(tx, tenant_id=tenant_id, plan_id=plan_id, employee_id=person.employee_id)
    until_now = [replace(each, terminated_on=on) if on in each else each for each in person.employment]
    leaving = next(iter(leavings(until_now, spans=spans, on=on)), None)
    if leaving is None:  # not hired yet
        return VestedShares(dict.fromkeys(later, Fraction(0)), lost, paid)
    held = vested_fractions(money, leaving, spans)
    none_yet = {
        source: Fraction(vested_percent(source, on, held_since=on, leaving=leaving, spans=spans), 100)
        for source in later
    }
    return VestedShares(none_yet | {source: share for source, share in held.items() if source in later}, lost, paid)


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

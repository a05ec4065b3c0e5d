"""A plan's half of a rollover, gathered from its records as they are now. Not here: sending it (rollover_send.py)."""

from datetime import date
from typing import Any

from open401k import census, plan, recordkeeping
from open401k.base import heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, Refused, SponsorId, day_of
from open401k.rails.kinds import Into
from open401k.rails.node.halves import ReceivingHalf, ReleasingHalf
from open401k.rails.preflight.facts import Identity
from open401k.recordkeeping import RolloverRefusal, RolloverRequest, RolloverWay

from .rollover_core import kind_of
from .rollover_halves import OurPlan, receiving_half
from .rollover_node import Us
from .rollover_paying import releasing_half
from .rollover_told import IntoTold, OutTold, of_request

Refusal = Refused[RolloverRefusal]


def terms_of(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> plan.Rollovers | Refusal:
    """What the plan says about rollovers today."""
    today = day_of(tx.now)
    if plan.in_effect(tx, tenant_id=tenant_id, plan_id=plan_id, on=today):
        terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today).rollovers
        if terms is not None:
            return terms
    fix = "Amend the plan: give it terms of rollovers (docs/howto/roll-money-in-and-out.md)."
    return Refused(RolloverRefusal.NOT_OFFERED, "The plan's terms say nothing of rollovers.", fix)


def person_of(tx: Tx, *, tenant_id: SponsorId, employee_id: EmployeeId) -> census.Employee | Refusal:
    """Somebody on file."""
    people = census.roster(tx, tenant_id=tenant_id, employee_ids=[employee_id])
    if people:
        return people[0]
    message = f"There is no employee {employee_id} of this sponsor."
    return Refused(RolloverRefusal.PERSON_UNKNOWN, message, "Take the id from: open401k people --json")


def requests_of(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[RolloverRequest]:
    """Every request of the plan; nobody puts another on file before this transaction ends."""
    heads.lock(tx, tenant_id=tenant_id)
    return recordkeeping.rollover_requests(tx, tenant_id=tenant_id, plan_id=plan_id)


def may_roll_in(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, person: census.Employee, terms: plan.Rollovers
) -> Refusal | None:
    """Why somebody may not: who works here, and has entered unless the plan takes money before."""
    today = day_of(tx.now)
    if not census.employed_on(person.employment, today):
        message = "Only who works for the employer may roll money in."
        return Refused(RolloverRefusal.NOT_EMPLOYED, message, "If they were hired again, tell the date of hire first.")
    if terms.before_entry:
        return None
    provisions = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today)
    (entered,) = census.entry_dates(tx, tenant_id=tenant_id, provisions=provisions, plan_id=plan_id, employees=[person])
    if entered is not None and entered <= today:
        return None
    when = "will not enter as things are" if entered is None else f"enters on {entered}"
    fix = "Ask again then, or let the plan take rollovers before entry (rollovers.before_entry)."
    return Refused(RolloverRefusal.NOT_ENTERED, f"They have not entered the plan: {when}.", fix)


def not_taken(told: IntoTold, terms: plan.Rollovers) -> Refusal | None:
    """Why the plan does not take what somebody wants to bring: by its terms, kind by kind."""
    takes = {kind_of(each) for each in terms.takes}
    wrong = [each for each in told.wanted if each.kind not in takes or each.into is not Into.PLAN]
    if not wrong:
        return None
    if any(each.into is Into.PERSON for each in wrong):
        message = "A part that is paid to the person is a payment of the plan that pays, not of one that receives."
        fix = "Leave it out here, and ask the plan that pays to pay it to you (it withholds and reports; IRC 3405(c))."
        return Refused(RolloverRefusal.KIND_NOT_TAKEN, message, fix)
    said = ", ".join(f"{each.kind.name.lower()} into {each.into.name.lower()}" for each in wrong)
    fix = f"It takes, into the plan: {', '.join(each.value for each in terms.takes) or 'nothing'}."
    return Refused(RolloverRefusal.KIND_NOT_TAKEN, f"The plan does not take {said}.", fix)


def may_go_back(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, told: OutTold, account: str) -> Refusal | None:
    """Why money that came does not go back from the account into which it came."""
    parts = [(each.kind.name.lower(), each.cents) for each in told.wanted]
    return recordkeeping.may_go_back(tx, tenant_id=tenant_id, plan_id=plan_id, account=account, wanted=parts)


def half_of(
    tx: Tx, *, tenant_id: SponsorId, request: RolloverRequest, terms: plan.Rollovers, us: Us
) -> ReceivingHalf | ReleasingHalf | Refusal:
    """Our half as of now; whose number is told is in the audit trail."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": request.plan_id}
    person = person_of(tx, tenant_id=tenant_id, employee_id=request.employee_id)
    if isinstance(person, Refused):
        return person
    ours = _ours(tx, terms=terms, us=us, **of)
    identity = _identity(tx, tenant_id=tenant_id, person=person)
    if request.way is RolloverWay.INTO:
        told = of_request(IntoTold, request)
        asked_on = day_of(request.asked_at)
        return receiving_half(ours, told, account=request.account, identity=identity, asked_on=asked_on)
    now = recordkeeping.releasable(tx, **of, person=person, on=day_of(tx.now))
    file = _file(ours, now)
    paid = of_request(OutTold, request)
    return releasing_half(ours, paid, account=request.account, releasable=now, identity=identity, file=file)


def _ours(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, terms: plan.Rollovers, us: Us) -> OurPlan:
    named = plan.get(tx, tenant_id=tenant_id, plan_id=plan_id)
    ein = plan.sponsor(tx, tenant_id=tenant_id).ein_written
    return OurPlan(named.name, named.number, ein, terms, us.member, us.member_until)


def _identity(tx: Tx, *, tenant_id: SponsorId, person: census.Employee) -> Identity | None:
    """None where the number or the day of birth is not on file: what is not known is not told."""
    who = person.employee_id
    numbers = census.reveal_ssns(tx, tenant_id=tenant_id, employee_ids=[who])
    if who not in numbers or person.birth_date is None:
        return None
    return Identity(f"{person.first_name} {person.last_name}", numbers[who], person.birth_date)


def _file(ours: OurPlan, now: recordkeeping.Releasable) -> dict[str, str]:
    """Items of the transfer file that the plan's records hold and facts do not."""
    left = now.opened.on if now.opened is not None and now.opened.event.value == "severance" else None
    items: dict[str, str | date | None] = {
        "distributing.plan_name": ours.name,
        "distributing.plan_type": "401(k)",
        "distributing.sponsor_ein": ours.ein,
        "distributing.plan_number": ours.number,
        "distributing.payer_name": ours.terms.trustee,
        "event.severed_on": left,
        "event.last_contribution_on": now.last_contribution_on,
    }
    return {label: str(value) for label, value in items.items() if value}

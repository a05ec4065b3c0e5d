"""Rollovers as both doors and the terminal ask for them: asked, answered, told, followed, refused in the same words.

The story itself needs the rails (rolling.py); pages are there without them.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from open401k import census, recordkeeping
from open401k.base.db import Actor, Tx
from open401k.kernel import EmployeeId, Money, PlanId, Refused, RolloverId, SponsorId, named_uuid
from open401k.recordkeeping import RolloverRefusal, RolloverRequest
from open401k.recordkeeping.rollover_wishes import WishRefusal
from open401k.views import rollovers as view

from .problems import NOT_FOUND, Problem, ProblemError
from .provided import RolloverStory, Services

_REFUSED = "That cannot be done with this rollover."
NO_NODE = Problem(
    409,
    "no_node",
    "No node of the rails is set up.",
    "Rollovers go over the node of the plan's custodian, and this server knows none.",
    "Set OPEN401K_NODE_URL and OPEN401K_NODE_TOKEN (docs/howto/roll-money-in-and-out.md).",
)
Done = RolloverRequest | Refused[RolloverRefusal] | Refused[WishRefusal]


def ask_into(
    services: Services, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId,
    told: Mapping[str, Any], key: str,
) -> view.RolloverDetail:  # fmt: skip
    """Bring money into the plan; the same key is the same request."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id}
    wanted = _id(tenant_id, plan_id, key)
    done = story(services).ask_into(**of, rollover_id=wanted, employee_id=employee_id, told=told)
    return _shown(services, of, done)


def release(
    services: Services, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId, case: str,
    told: Mapping[str, Any], key: str,
) -> view.RolloverDetail:  # fmt: skip
    """Answer another custodian's request to pay; the same key is the same answer."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id}
    wanted = _id(tenant_id, plan_id, key)
    done = story(services).release(**of, rollover_id=wanted, employee_id=employee_id, case=case, told=told)
    return _shown(services, of, done)


def take_up(
    services: Services, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId,
    told: Mapping[str, Any], case: str,
) -> view.RolloverDetail:  # fmt: skip
    """What a participant wished becomes a request; again, it is the same."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id}
    return _shown(services, of, story(services).take_up(**of, rollover_id=rollover_id, told=told, case=case))


def tell(
    services: Services, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId,
    told: Mapping[str, Any],
) -> view.RolloverDetail:  # fmt: skip
    """More facts, or others; the same again changes nothing."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id}
    return _shown(services, of, story(services).tell(**of, rollover_id=rollover_id, told=told))


def follow(services: Services, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId) -> view.PlanRollovers:
    """Look where every open one stands at the node, and keep it."""
    story(services).follow(actor=actor, tenant_id=tenant_id, plan_id=plan_id)
    with services.db.begin(actor, tenants=[tenant_id]) as tx:
        return view.load(tx, tenant_id=tenant_id, plan_id=plan_id)


def shown(
    services: Services, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId
) -> view.RolloverDetail:
    """One rollover, with what Form 1099-R will say of what was paid; or the problem that there is none."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "rollover_id": rollover_id}
    with services.db.begin(actor, tenants=[tenant_id]) as tx:
        found = view.load_one(tx, **of)
        if found is None:
            raise ProblemError(NOT_FOUND)
        request = recordkeeping.get_rollover_request(tx, **of)
        if isinstance(request, Refused) or request.booked is None or services.rollovers is None:
            return found
        (person,) = census.roster(tx, tenant_id=tenant_id, employee_ids=[request.employee_id])
    forms = services.rollovers.forms(request.as_withheld or request.booked, born_on=person.birth_date)
    if forms is None or found.differs is not None:  # which of both is right is somebody's to find out
        return found
    lines = [
        view.FormLine(
            Money(each.box_1_gross_cents), Money(each.box_2a_taxable_cents), Money(each.box_5_basis_cents),
            each.box_7_codes, each.box_11_roth_first_year, Money(each.box_4_withheld_cents), each.tax_year.year,
            each.payee.value,
        )
        for each in forms
    ]  # fmt: skip
    return replace(found, forms=tuple(lines), deposit=view.withheld_tax(lines))


def _id(tenant_id: SponsorId, plan_id: PlanId, key: str) -> RolloverId:
    return RolloverId(named_uuid("rollover", str(tenant_id), str(plan_id), key))


def named_person(tx: Tx, *, tenant_id: SponsorId, employee_id: EmployeeId) -> census.Employee:
    """Somebody of this sponsor; or the problem that there is no such person."""
    found = census.roster(tx, tenant_id=tenant_id, employee_ids=[employee_id])
    if not found:
        raise ProblemError(NOT_FOUND)
    return found[0]


def story(services: Services) -> RolloverStory:
    """What speaks to our node; or the problem that there is none."""
    if services.rollovers is None:
        raise ProblemError(NO_NODE)
    return services.rollovers


def _shown(services: Services, of: dict[str, Any], done: Done) -> view.RolloverDetail:
    if isinstance(done, Refused):
        if done.reason in (RolloverRefusal.ROLLOVER_UNKNOWN, WishRefusal.WISH_UNKNOWN):
            raise ProblemError(NOT_FOUND)
        raise ProblemError(Problem(422, str(done.reason), _REFUSED, done.message, done.fix))
    return shown(services, **of, rollover_id=done.rollover_id)

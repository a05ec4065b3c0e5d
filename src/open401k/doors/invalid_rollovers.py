"""Rollovers that were found invalid, as both doors and the terminal ask for them: determined, paid back, refused.

No node is asked: the money has come, and goes back to the person.
"""

from collections.abc import Mapping
from typing import Any

from open401k.base.db import Actor
from open401k.flows import rollover_invalid
from open401k.flows.rollover_invalid import Which
from open401k.kernel import Money, PlanId, Refused, RolloverId, Source, SponsorId
from open401k.recordkeeping import InvalidRefusal, WhyInvalid
from open401k.views import rollovers as view

from . import rollovers
from .problems import NOT_FOUND, Problem, ProblemError
from .provided import Services

_REFUSED = "That cannot be done with this rollover."


def determine(
    services: Services, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, why: str,
    detail: str, legs: Mapping[int, str],
) -> view.RolloverDetail:  # fmt: skip
    """Which amounts of which legs were none that could be rolled over; the same again changes nothing."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id, "rollover_id": rollover_id}
    cents = {leg: _cents(f"leg {leg}", amount) for leg, amount in legs.items()}
    done = rollover_invalid.determine(
        services.db, actor=actor, which=Which(tenant_id, plan_id, rollover_id), why=_why(why), detail=detail, legs=cents
    )
    return _shown(services, of, done)


def pay_back(
    services: Services, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, withheld: str,
    earnings: Mapping[str, str] | None,
) -> view.RolloverDetail:  # fmt: skip
    """Approve the payment with its earnings; without ``earnings`` they are those that the books attribute."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id, "rollover_id": rollover_id}
    told = None if earnings is None else {_source(name): _cents(name, each) for name, each in earnings.items()}
    done = rollover_invalid.pay_back(
        services.db, actor=actor, which=Which(tenant_id, plan_id, rollover_id),
        withheld_cents=_cents("withheld", withheld), earnings=told,
    )  # fmt: skip
    return _shown(services, of, done)


def _shown(services: Services, of: dict[str, Any], done: rollover_invalid.Done) -> view.RolloverDetail:
    if isinstance(done, Refused):
        if done.reason is InvalidRefusal.ROLLOVER_UNKNOWN:
            raise ProblemError(NOT_FOUND)
        raise ProblemError(Problem(422, str(done.reason), _REFUSED, done.message, done.fix))
    return rollovers.shown(services, **of)


def _cents(field: str, written: str) -> int:
    try:
        return Money.usd(written).cents
    except ValueError as error:
        raise _wrong(f"{field}: {error}", "Write an amount in dollars and cents, as 120.50.") from None


def _why(written: str) -> WhyInvalid:
    try:
        return WhyInvalid(written)
    except ValueError:
        raise _wrong(f"why: {written!r} is no reason here", f"Choose from {', '.join(WhyInvalid)}.") from None


def _source(written: str) -> Source:
    try:
        return Source(written)
    except ValueError:
        raise _wrong(f"earnings: {written!r} is no source of money", "Take it from the rollover's page.") from None


def _wrong(detail: str, fix: str) -> ProblemError:
    return ProblemError(Problem(422, "facts_wrong", _REFUSED, detail, fix))

"""What a person found that was withheld of a rollover, as both doors and the terminal say it. No node is asked."""

from collections.abc import Mapping
from typing import Any

from open401k.base.db import Actor
from open401k.kernel import Money, PlanId, Refused, RolloverId, SponsorId
from open401k.recordkeeping import RolloverRefusal
from open401k.recordkeeping.rollover_withheld import settle_withheld
from open401k.views import rollovers as view

from . import rollovers
from .problems import NOT_FOUND, Problem, ProblemError
from .provided import Services

_REFUSED = "That cannot be said of this rollover."


def settle(
    services: Services, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId,
    legs: Mapping[int, str], why: str,
) -> view.RolloverDetail:  # fmt: skip
    """By leg, with the reason; the same again changes nothing."""
    cents = {leg: _cents(leg, amount) for leg, amount in legs.items()}
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "rollover_id": rollover_id}
    with services.db.begin(actor, tenants=[tenant_id]) as tx:
        done = settle_withheld(tx, **of, legs=cents, why=why)
    if isinstance(done, Refused):
        if done.reason is RolloverRefusal.ROLLOVER_UNKNOWN:
            raise ProblemError(NOT_FOUND)
        raise ProblemError(Problem(422, str(done.reason), _REFUSED, done.message, done.fix))
    return rollovers.shown(services, actor=actor, **of)


def _cents(leg: int, written: str) -> int:
    try:
        return Money.usd(written).cents
    except ValueError as error:
        fix = "Write an amount in dollars and cents, as 120.50."
        raise ProblemError(Problem(422, "facts_wrong", _REFUSED, f"leg {leg}: {error}", fix)) from None

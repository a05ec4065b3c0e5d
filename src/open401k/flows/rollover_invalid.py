"""A person determines that a rollover was invalid, and approves that it is paid back with its earnings. ADR-0059.

Not here: what may be determined, how earnings are attributed (recordkeeping/rollover_invalid.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from open401k import recordkeeping
from open401k.base.db import Actor, Database
from open401k.kernel import PlanId, Refused, RolloverId, Source, SponsorId
from open401k.recordkeeping import InvalidRefusal, InvalidRollover, WhyInvalid

_PEOPLE = ("user", "api_key")
Done = InvalidRollover | Refused[InvalidRefusal]


@dataclass(frozen=True, slots=True)
class Which:
    """One rollover of a plan."""

    tenant_id: SponsorId
    plan_id: PlanId
    rollover_id: RolloverId


def determine(
    db: Database, *, actor: Actor, which: Which, why: WhyInvalid, detail: str, legs: Mapping[int, int]
) -> Done:
    """Put on file which cents of which legs were invalid; the outside hears of it, and it waits for its payment."""
    with db.begin(actor, tenants=[which.tenant_id]) as tx:
        return recordkeeping.determine_invalid(
            tx, tenant_id=which.tenant_id, plan_id=which.plan_id, rollover_id=which.rollover_id, why=why, detail=detail,
            legs=legs, by_person=actor.kind in _PEOPLE,
        )  # fmt: skip


def pay_back(
    db: Database, *, actor: Actor, which: Which, withheld_cents: int, earnings: Mapping[Source, int] | None
) -> Done:
    """Post the payment and keep its fact, both or neither."""
    with db.begin(actor, tenants=[which.tenant_id]) as tx:
        return recordkeeping.pay_back_invalid(
            tx, tenant_id=which.tenant_id, plan_id=which.plan_id, rollover_id=which.rollover_id,
            withheld_cents=withheld_cents, earnings=earnings, by_person=actor.kind in _PEOPLE,
        )  # fmt: skip

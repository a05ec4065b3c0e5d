"""A participant wishes for a rollover on a page of their own, or takes the wish back; staff decline it with a reason.

Nothing moves by it, and no node is asked. Not here: taking it up (rollover_wished.py), whose page it is (base/access).
"""

from typing import Any

from open401k import census
from open401k.base.access import Participant
from open401k.base.db import Actor, Database
from open401k.kernel import PlanId, Refused, RolloverId, SponsorId, day_of, named_uuid
from open401k.recordkeeping import RolloverWay
from open401k.recordkeeping import rollover_wishes as wishes
from open401k.recordkeeping.rollover_wishes import RolloverWish, Wished, WishEnd, WishRefusal

Done = RolloverWish | Refused[WishRefusal]


def actor_of(who: Participant) -> Actor:
    """As the audit trail names them; their link stands nowhere."""
    return Actor(kind="user", id=str(who.employee_id), why="the participant's own page")


def wish(db: Database, *, who: Participant, way: RolloverWay, wished: Wished, key: str) -> Done:
    """Keep it; the same key is the same wish."""
    of: dict[str, Any] = {"tenant_id": who.tenant_id, "plan_id": who.plan_id}
    named = RolloverId(named_uuid("rollover wish", str(who.tenant_id), str(who.plan_id), str(who.employee_id), key))
    with db.begin(actor_of(who), tenants=[who.tenant_id]) as tx:
        (person,) = census.roster(tx, tenant_id=who.tenant_id, employee_ids=[who.employee_id])
        may = wishes.may_wish(tx, **of, person=person, on=day_of(tx.now))
        return wishes.wish(
            tx, **of, employee_id=who.employee_id, rollover_id=named, way=way, wished=wished, may=may
        )  # fmt: skip


def withdraw(db: Database, *, who: Participant, rollover_id: RolloverId) -> Done:
    """Take it back while nobody answered it; what was taken up is taken back where it is signed."""
    of: dict[str, Any] = {"tenant_id": who.tenant_id, "plan_id": who.plan_id, "employee_id": who.employee_id}
    with db.begin(actor_of(who), tenants=[who.tenant_id]) as tx:
        return wishes.end_wish(tx, **of, rollover_id=rollover_id, how=WishEnd.WITHDRAWN)


def decline(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, words: str
) -> Done:
    """Staff will not take it up; the participant reads why."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "rollover_id": rollover_id}
    with db.begin(actor, tenants=[tenant_id]) as tx:
        return wishes.end_wish(tx, **of, how=WishEnd.DECLINED, words=words)

"""Open rollovers are looked at once a day by themselves, plan by plan: what became of them is kept, and what did not
answer is, with whose desk it is.

A node that is silent costs no day: everything else of the day goes on, and the look is tried again until it is good.
Not here: what a look keeps of one rollover (rollover_send.py), when to look (doors/daily.py).
"""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from open401k import recordkeeping
from open401k.base import rounds
from open401k.base.db import ALL_TENANTS, Actor, Database
from open401k.kernel import PlanId, Refused, SponsorId
from open401k.recordkeeping import NotFollowed, RolloverDesk, RolloverRequest

from .rollover_node import NodeRefusedError, NodeSilentError, OwnNode
from .rollover_send import kept_and_explained, send
from .rollover_withheld import read_withheld

log = logging.getLogger("open401k.rollovers")
#: The round as one process at a time does it.
NAME = "rollovers"


@dataclass(frozen=True, slots=True)
class Followed:
    """One plan: how many were open when the look began, and what of them could not be looked at."""

    plan_id: PlanId
    open_count: int
    problems: tuple[NotFollowed, ...]

    def as_json(self) -> dict[str, Any]:
        """``{"plan_id": ..., "open": 2, "problems": [{"rollover_id": ..., "message": ..., "owner": ...}]}``."""
        problems = [asdict(each) for each in self.problems]
        return {"plan_id": str(self.plan_id), "open": self.open_count, "problems": problems}


def follow_due(
    db: Database, *, actor: Actor, node: OwnNode, ends: Callable[[], bool] = lambda: False
) -> list[Followed]:
    """Every plan whose open rollovers nobody looked at today; one that fails stops no other, a silent node all."""
    made: list[Followed] = []
    if not _due(db, actor):
        return made
    with rounds.alone(db, NAME) as mine:
        for tenant_id, plan_id in _due(db, actor) if mine else []:
            if ends():
                break
            silent = next((each for one in made for each in one.problems if each.of_all), None)
            made.append(follow_plan(db, actor, node, tenant_id, plan_id, silent=silent))
    return made


def follow_plan(
    db: Database, actor: Actor, node: OwnNode, tenant_id: SponsorId, plan_id: PlanId, silent: NotFollowed | None = None
) -> Followed:
    """Look where every open request of a plan stands; ``silent``: our node is, so that nobody asks it again."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        found = recordkeeping.rollover_requests(tx, tenant_id=tenant_id, plan_id=plan_id)
    waiting, problems = (
        [each for each in found if each.open or each.withheld_unread],
        [] if silent is None else [silent],
    )
    for each in waiting:
        if any(problem.of_all for problem in problems):
            break
        problem = _look(db, actor, node, tenant_id, each)
        if problem is not None:
            problems.append(problem)
    with db.begin(actor, tenants=[tenant_id]) as tx:
        recordkeeping.keep_following(
            tx, tenant_id=tenant_id, plan_id=plan_id, open_count=len(waiting), problems=problems
        )
    return Followed(plan_id, len(waiting), tuple(problems))


def _look(
    db: Database, actor: Actor, node: OwnNode, tenant_id: SponsorId, request: RolloverRequest
) -> NotFollowed | None:
    """One request: it is sent if it never reached the node, otherwise what is new of it is kept."""
    which = str(request.rollover_id)
    try:
        if request.withheld_unread:
            return read_withheld(db, actor, node, tenant_id, request)
        if request.case is not None:
            kept_and_explained(db, actor, node, tenant_id, request, node.standing(request.case))
            return None
        sent = send(db, actor, node, tenant_id, request.plan_id, request.rollover_id)
    except NodeSilentError as why:
        return NotFollowed("", why.message, why.fix, RolloverDesk.OPERATIONS)
    except NodeRefusedError as why:
        return NotFollowed(which, why.message, why.fix, RolloverDesk.OPERATIONS)
    except Exception as error:  # a bug about one rollover must not keep the others from being looked at
        log.exception("%s could not be followed", which)
        return NotFollowed(which, rounds.why(error), "Look in the log of the server.", RolloverDesk.OPERATIONS)
    return NotFollowed(which, sent.message, sent.fix, RolloverDesk.ADMINISTRATOR) if isinstance(sent, Refused) else None


def _due(db: Database, actor: Actor) -> list[tuple[SponsorId, PlanId]]:
    with db.begin(actor, tenants=ALL_TENANTS) as tx:
        return recordkeeping.rollovers_to_follow(tx)

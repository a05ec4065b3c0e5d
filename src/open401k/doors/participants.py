"""A participant at the door: their link is the credential, opens one page, and nothing of staff. ADR-0065.

Not here: how the page is drawn (web/participant_pages.py), what may be wished (recordkeeping).
"""

from dataclasses import dataclass
from typing import Any

from fastapi import Request

from open401k import recordkeeping
from open401k.base import access
from open401k.base.access import Participant
from open401k.base.db import ALL_TENANTS, Actor
from open401k.flows import participant_wish
from open401k.kernel import EmployeeId, PlanId, Refused, RolloverId, SponsorId, day_of
from open401k.recordkeeping.rollover_wishes import RolloverWish, WishRefusal
from open401k.views import participant as view
from open401k.views import rollover_wishes as wish_view

from .guard import services_of
from .limits import limits_of
from .problems import NOT_FOUND, Problem, ProblemError
from .provided import Services
from .rollovers import named_person, story

DOOR = Actor(kind="system", id="door", why="a participant's link")
NO_LINK = Problem(
    404,
    "link_not_known",
    "This link does not open anything.",
    "It may be mistyped, replaced by a newer one, or at its end.",
    "Ask the plan's staff for a new one.",
)
_REFUSED = "That cannot be asked for."


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who came by a link that holds."""

    services: Services
    who: Participant

    def page(self) -> view.ParticipantPage:
        """Their own."""
        with self.services.db.begin(participant_wish.actor_of(self.who), tenants=[self.who.tenant_id]) as tx:
            return view.load(
                tx, tenant_id=self.who.tenant_id, plan_id=self.who.plan_id, employee_id=self.who.employee_id
            )

    def tracker(self, rollover_id: RolloverId) -> str:
        """Where one of theirs is followed; another's is not there."""
        services, who = self.services, self.who
        with services.db.begin(participant_wish.actor_of(who), tenants=[who.tenant_id]) as tx:
            found = recordkeeping.get_rollover_request(
                tx, tenant_id=who.tenant_id, plan_id=who.plan_id, rollover_id=rollover_id
            )
        if isinstance(found, Refused) or found.employee_id != who.employee_id or found.case is None:
            raise ProblemError(NOT_FOUND)
        return story(services).tracker(found, key=f"{rollover_id}/{day_of(services.wall.now())}")


def visitor(request: Request, link: str) -> Visitor:
    """Whose link it is; unknown, replaced and expired ones are answered alike, and counted."""
    services = services_of(request)
    at, limits = services.wall.now(), limits_of(request)
    limits.refuse_address(request, at)
    with services.db.begin(DOOR, tenants=ALL_TENANTS) as tx:
        found = access.participant_of(tx, token=link, at=at)
    if found is None:
        limits.address_failed(request, at)
        raise ProblemError(NO_LINK)
    return Visitor(services, found)


def wished(done: RolloverWish | Refused[WishRefusal]) -> RolloverWish:
    """What was kept; or its problem, in words for the participant."""
    if isinstance(done, Refused):
        if done.reason is WishRefusal.WISH_UNKNOWN:
            raise ProblemError(NOT_FOUND)
        raise ProblemError(Problem(422, str(done.reason), _REFUSED, done.message, done.fix))
    return done


def link_for(
    services: Services, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId, days: int,
    key: str,
) -> str:  # fmt: skip
    """A participant's address, for so many days; a new one ends those before, the same key is the same one."""
    if not 1 <= days <= access.LONGEST_DAYS:
        message = f"A link holds for 1 to {access.LONGEST_DAYS} days, not {days}."
        raise ProblemError(Problem(422, "days_wrong", "No link was made.", message, "Give another number of days."))
    with services.db.begin(actor, tenants=[tenant_id]) as tx:
        named_person(tx, tenant_id=tenant_id, employee_id=employee_id)
        token = access.make_participant_link(
            tx, tenant_id=tenant_id, plan_id=plan_id, employee_id=employee_id, key=key, days=days,
            at=services.wall.now(),
        )  # fmt: skip
    return f"{services.settings.origin}/mine/{token}"


def decline(services: Services, *, actor: Actor, rollover_id: RolloverId, words: str, **of: Any) -> wish_view.WishLine:
    """Staff will not take it up."""
    wished(participant_wish.decline(services.db, actor=actor, rollover_id=rollover_id, words=words, **of))
    with services.db.begin(actor, tenants=[of["tenant_id"]]) as tx:
        found = wish_view.load(tx, **of, waiting=False)
    return next(each for each in found if each.rollover_id == rollover_id)

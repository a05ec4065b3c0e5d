"""Which sponsor and plan a command is about, and as whom it acts: who may run it at this machine is the operator."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import typer

from open401k import plan
from open401k.base.db import ALL_TENANTS, Actor, Tx
from open401k.kernel import PlanId, SponsorId
from open401k.views import whereabouts

from ..provided import Order, Services
from .say import BadInputError
from .wiring import Wiring

PlanOption = Annotated[
    str, typer.Option("--plan", help="Id or name of the plan; needed only when there are several.", show_default=False)
]


SponsorOption = Annotated[
    str,
    typer.Option(
        "--sponsor", help="Name, EIN or id of the sponsor; needed only when there are several.", show_default=False
    ),
]


@dataclass(frozen=True, slots=True)
class Place:
    """A plan of a sponsor, for one command."""

    services: Services
    actor: Actor
    tenant_id: SponsorId
    plan_id: PlanId
    name: str

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """A transaction that sees this sponsor only."""
        with self.services.db.begin(self.actor, tenants=[self.tenant_id]) as tx:
            yield tx

    def order(self, key: str) -> Order:
        """What a story needs to know about who asks."""
        return Order(self.actor, self.tenant_id, self.plan_id, key)


def actor_of(command: str) -> Actor:
    """As the audit trail names a command."""
    return Actor(kind="system", id="cli", why=f"open401k {command}")


@contextmanager
def at_plan(wiring: Wiring, command: str, wanted: str) -> Iterator[Place]:
    """The plan that was named, or the only one."""
    actor = actor_of(command)
    with wiring.open() as services:
        with services.db.begin(actor, tenants=ALL_TENANTS) as tx:
            plans = whereabouts.plans_in_sight(tx)
        tenant_id, plan_id, name = _choose(plans, wanted)
        yield Place(services, actor, tenant_id, plan_id, name)


@contextmanager
def at_sponsor(wiring: Wiring, command: str, wanted: str) -> Iterator[tuple[Services, Actor, plan.Sponsor]]:
    """The sponsor that was named, or the only one; its plan may still have to come."""
    actor = actor_of(command)
    with wiring.open() as services:
        with services.db.begin(actor, tenants=ALL_TENANTS) as tx:
            known = plan.list_sponsors(tx)
        yield services, actor, _choose_sponsor(known, wanted)


def _choose_sponsor(known: list[plan.Sponsor], wanted: str) -> plan.Sponsor:
    if not known:
        raise BadInputError("There is no sponsor yet.", fix="Register one: open401k takeover sponsor --help")
    exact = [each for each in known if wanted in (str(each.sponsor_id), each.ein, each.ein_written)]
    matching = exact or [each for each in known if wanted.lower() in each.name.lower()]
    if len(matching) == 1:
        return matching[0]
    names = "; ".join(f"{each.name} ({each.ein_written}, {each.sponsor_id})" for each in (matching or known))
    told = "There are several sponsors." if matching else f"No sponsor is called {wanted!r}."
    raise BadInputError(told, fix=f"Choose one with --sponsor, by name, EIN or id: {names}")


def _choose(plans: list[tuple[SponsorId, PlanId, str]], wanted: str) -> tuple[SponsorId, PlanId, str]:
    if not plans:
        raise BadInputError(
            "There is no plan yet.", fix="Play the demo (open401k demo), or adopt one: open401k takeover --help"
        )
    matching = [each for each in plans if wanted in ("", str(each[1])) or wanted.lower() in each[2].lower()]
    if len(matching) == 1:
        return matching[0]
    names = "; ".join(f"{name} ({plan_id})" for _, plan_id, name in (matching or plans))
    if not matching:
        raise BadInputError(f"No plan is called {wanted!r}.", fix=f"Choose one with --plan: {names}")
    raise BadInputError("There are several plans.", fix=f"Choose one with --plan: {names}")

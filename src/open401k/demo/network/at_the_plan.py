"""A plan on Open401k as one of the custodians of the network for trying: its terms, its node, who brings money in.

Not here: what happens (rollovers.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from open401k import census, plan, recordkeeping
from open401k.base.db import Actor, Database
from open401k.flows.amendment import Amendment, amend
from open401k.flows.rollover import Asked, ask_into, follow
from open401k.flows.rollover_at_node import AtNode
from open401k.flows.rollover_node import Standing
from open401k.flows.rollover_send import keep
from open401k.kernel import (
    Clock,
    EmployeeId,
    FlowId,
    Open401kError,
    PlanId,
    Random,
    Refused,
    RolloverId,
    SponsorId,
    day_of,
    named_uuid,
)  # fmt: skip
from open401k.rails.kinds import Into
from open401k.rails.node.cases import State
from open401k.rails.node.client import NodeClient

from ..story import Seat as PlanSeat
from .companies import EAST, WEST, Company
from .hands import hands
from .people import NINA, Mover, file_of_receiver
from .rollovers import Stories
from .sandbox import Say, network_for_trying

SLUG = "plan"
_TERMS = plan.Rollovers(
    takes=(plan.RolloverKind.PRE_TAX, plan.RolloverKind.ROTH), trustee="Acme 401(k) Trust", before_entry=True,
    spouse_takes_all_on_death=True, holds_annuity_money=False, qualified_by=plan.QualifiedBy.DETERMINATION_LETTER,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Machine:
    """Random numbers and the machine's clock."""

    random: Random = field(repr=False)
    wall: Clock


@dataclass(frozen=True, slots=True)
class AtThePlan:
    """The plan, who works there, and their money elsewhere."""

    tenant_id: SponsorId
    plan_id: PlanId
    employee_id: EmployeeId
    company: Company
    mover: Mover

    def told(self, db: Database, *, source: bytes, key: bytes) -> dict[str, Any]:
        """What the person tells beside what the plan's records say."""
        today = day_of(db.clock.now())
        return {
            "source": source.hex(), "source_account": self.mover.account, "key": key.hex(), "mode": "fixed",
            "wanted": [{"kind": kind.name.lower(), "into": "plan", "cents": cents}
                       for kind, _, cents in self.mover.amounts],
            "deadline": str(today + timedelta(days=8)),
            "proof": {"level": 2, "valid_until": str(today + timedelta(days=90))},
            "screening": {"on": str(today - timedelta(days=2)), "clear": True},
            "e_sign_consent": True,
            "file": file_of_receiver(today),
        }  # fmt: skip


def prepared(db: Database, *, actor: Actor, seat: PlanSeat) -> AtThePlan:
    """The plan takes rollovers from today on; somebody who works there has money at another company."""
    today = day_of(db.clock.now())
    of: Any = {"tenant_id": seat.tenant_id, "plan_id": seat.plan_id}
    with db.begin(actor, tenants=[seat.tenant_id]) as tx:
        terms = plan.provisions_on(tx, **of, on=today)
        name = plan.get(tx, **of).name
        here = census.roster(tx, tenant_id=seat.tenant_id)
        earlier = [each for each in recordkeeping.rollover_requests(tx, **of) if each.open]
    for each in earlier:  # of a network that was thrown away: nobody can say any more what became of them
        keep(db, actor, seat.tenant_id, each, Standing(each.case or "", State.RELEASED, None))
    if terms.rollovers is None:
        _takes_rollovers(db, actor, of, replace(terms, rollovers=_TERMS), today)
    known = {(each.first_name, each.last_name): each.employee_id for each in here}
    person = next(
        each for each in seat.company.people
        if not each.ownership_bps and each.terminated_on is None and (each.first_name, each.last_name) in known
    )  # fmt: skip
    who = known[person.first_name, person.last_name]
    mover = replace(
        NINA, name=f"{person.first_name} {person.last_name}", tax_number=person.ssn, born_on=person.birth_date,
        into=str(who),
    )  # fmt: skip
    company = Company(SLUG, name, "plan", {}, frozenset({Into.PLAN}), plan=str(seat.plan_id))
    return AtThePlan(seat.tenant_id, seat.plan_id, who, company, mover)


def _takes_rollovers(db: Database, actor: Actor, of: Any, terms: plan.Provisions, today: date) -> None:
    flow = FlowId(named_uuid("the demo's rollovers", str(of["plan_id"])))
    changed = Amendment(**of, flow_id=flow, effective_on=today, provisions=terms, why="the plan takes rollovers")
    done = amend(db, actor=actor, amendment=changed)
    if isinstance(done, Refused):
        raise Open401kError(f"The plan cannot take rollovers: {done.message}", fix="Begin anew: demo --reset.")


@dataclass(frozen=True, slots=True)
class Beside:
    """A network that runs beside the demo: the plan's node, and the rollovers that are played."""

    node_url: str
    node_token: str
    stories: Stories


@contextmanager
def network_beside(
    db: Database, *, actor: Actor, seat: PlanSeat, data_dir: Path, ports: Sequence[int], around: Machine, say: Say
) -> Iterator[Beside]:
    """The network for trying with the demo's plan as one of its custodians."""
    here = prepared(db, actor=actor, seat=seat)
    with network_for_trying(
        data_dir / "network", ports=ports, random=around.random, wall=around.wall, say=say,
        start=db.clock.now(), companies=(EAST, WEST, here.company), plan_data=data_dir,
    ) as (trial, running):  # fmt: skip
        own, source = trial.seat(SLUG), trial.seat(WEST.slug).account.address
        node = AtNode(NodeClient(own.url, token=own.token))
        of: Any = {"actor": actor, "node": node}

        def ask(key: bytes) -> str:
            wish = here.told(db, source=source, key=key)
            made = Asked(here.tenant_id, here.plan_id, db.ids.new(RolloverId), here.employee_id, wish)
            done = ask_into(db, **of, asked=made)
            if isinstance(done, Refused) or done.case is None:
                raise Open401kError(f"The plan cannot ask: {done}", fix="Begin anew: demo --reset.")
            return done.case

        def booked() -> None:
            follow(db, **of, tenant_id=here.tenant_id, plan_id=here.plan_id)

        stories = Stories(
            trial, running, hands(trial, around.random), SLUG, here.mover, ask, around.random, say, booked
        )  # fmt: skip
        yield Beside(own.url, own.token, stories)

"""A running plan comes here: sponsor, terms, people with their history, balances. Not here: setting up a new plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from open401k import census, plan, recordkeeping
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import FlowResults, Halt, run_flow
from open401k.kernel import EmployeeId, FlowId, PlanId, Refused, SponsorId

FLOW = "plan_takeover"


@dataclass(frozen=True, slots=True)
class Takeover:
    """Everything the prior recordkeeper hands over; ids are made beforehand, so that a repeat is the same takeover."""

    sponsor_id: SponsorId
    plan_id: PlanId
    sponsor_name: str
    ein: str
    established_on: date
    plan_name: str
    provisions: plan.Provisions
    people: Sequence[census.NewEmployee]
    family: Sequence[tuple[EmployeeId, census.Family]]
    balances: Sequence[recordkeeping.OpeningBalance]
    balances_on: date
    elections: Sequence[recordkeeping.NewElection] = ()


def take_over(db: Database, *, actor: Actor, takeover: Takeover) -> FlowResults:
    """Bring the plan in; a takeover that was stopped half way goes on where it stood."""
    with db.begin(actor, tenants=[takeover.sponsor_id]) as tx:
        heads.open(tx, tenant_id=takeover.sponsor_id)  # what the flow's own record hangs on
    return run_flow(
        db,
        flow=FLOW,
        flow_id=FlowId(takeover.plan_id.uuid),
        tenant_id=takeover.sponsor_id,
        actor=actor,
        steps=STEPS,
        ctx=takeover,
    )


def register(tx: Tx, takeover: Takeover, _: dict[str, Any]) -> str:
    """The sponsor becomes a tenant."""
    plan.register_sponsor(
        tx,
        name=takeover.sponsor_name,
        ein=takeover.ein,
        established_on=takeover.established_on,
        sponsor_id=takeover.sponsor_id,
    )
    return str(takeover.sponsor_id)


def adopt(tx: Tx, takeover: Takeover, _: dict[str, Any]) -> str:
    """The plan's terms, from the day it was adopted."""
    return str(
        plan.adopt(
            tx,
            tenant_id=takeover.sponsor_id,
            provisions=takeover.provisions,
            name=takeover.plan_name,
            plan_id=takeover.plan_id,
        )
    )


def add_people(tx: Tx, takeover: Takeover, _: dict[str, Any]) -> int:
    """Everybody, with the years of pay that fix HCEs and key employees, and who is related to whom."""
    census.add_employees(tx, tenant_id=takeover.sponsor_id, people=takeover.people)
    for employee_id, family in takeover.family:
        census.record_fact(
            tx, tenant_id=takeover.sponsor_id, employee_id=employee_id, fact=family, event_on=takeover.established_on
        )
    return len(takeover.people)


def load_balances(tx: Tx, takeover: Takeover, _: dict[str, Any]) -> str | Halt:
    """What each account held, tied to the cent by one entry."""
    posted = recordkeeping.load_opening_balances(
        tx,
        tenant_id=takeover.sponsor_id,
        plan_id=takeover.plan_id,
        on=takeover.balances_on,
        balances=takeover.balances,
        key=f"opening/{takeover.plan_id}",
    )
    if isinstance(posted, Refused):
        return Halt(posted.reason, posted.message)
    return str(posted.entry_id)


def bring_elections(tx: Tx, takeover: Takeover, _: dict[str, Any]) -> int | Halt:
    """What everybody had elected elsewhere, with the days from which it holds."""
    if not takeover.elections:
        return 0
    recorded = recordkeeping.record_elections(
        tx, tenant_id=takeover.sponsor_id, plan_id=takeover.plan_id, elections=takeover.elections
    )
    return Halt(recorded.reason, recorded.message) if isinstance(recorded, Refused) else recorded


STEPS = (register, adopt, add_people, load_balances, bring_elections)

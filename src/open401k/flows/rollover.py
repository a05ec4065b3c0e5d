"""A rollover into the plan or out of it, from the request to the end, over our custodian's node. ADR-0050.

Each verb is harmless to do twice: the request is on file first, the node is asked under its id, its answer is kept.
The money moves in the node's core (rollover_core.py). Not here: what people tell (rollover_told.py), sending it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from open401k import ledger, recordkeeping
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import EmployeeId, PlanId, Refused, RolloverId, Source, SponsorId
from open401k.rails.node.codec import told as as_json
from open401k.recordkeeping import ACCOUNT, CASE, NOT_FACTS, RolloverRefusal, RolloverRequest, RolloverWay

from .rollover_explaining import explained
from .rollover_gather import Refusal, may_go_back, may_roll_in, not_taken, person_of, requests_of, terms_of
from .rollover_node import NodeRefusedError, OwnNode
from .rollover_receivers import anothers, go_to, not_joined
from .rollover_round import follow_plan
from .rollover_send import send
from .rollover_told import IntoTold, OutTold, by_name, told_of


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose rollover; ``rollover_id`` is made by the door, so that a repeat is the same request."""

    tenant_id: SponsorId
    plan_id: PlanId
    rollover_id: RolloverId
    employee_id: EmployeeId
    told: Mapping[str, Any]


def ask_into(db: Database, *, actor: Actor, node: OwnNode, asked: Asked) -> RolloverRequest | Refusal:
    """Somebody wants to bring money into the plan: on file, then our node asks the custodian that has it."""
    told = told_of(IntoTold, asked.told)
    if isinstance(told, Refused):
        return told
    with db.begin(actor, tenants=[asked.tenant_id]) as tx:
        refused = _put_on_file(tx, asked, RolloverWay.INTO, told, {ACCOUNT: f"{asked.employee_id}/{asked.rollover_id}"})
    return refused or send(db, actor, node, asked.tenant_id, asked.plan_id, asked.rollover_id)


def release(db: Database, *, actor: Actor, node: OwnNode, asked: Asked, case: str) -> RolloverRequest | Refusal:
    """We answer a case in which another custodian asks us to pay: which money it wants is taken from there."""
    coming = node.standing(case)
    if (refused := not_joined(node, coming) or anothers(asked.employee_id, coming)) is not None:
        return refused
    wanted = asked.told if "wanted" in asked.told else {**asked.told, "wanted": as_json(coming.all_wanted)}
    told = told_of(OutTold, wanted)
    if isinstance(told, Refused):
        return told
    account = coming.source_account or str(asked.employee_id)  # none: the other side's facts are not there yet
    with db.begin(actor, tenants=[asked.tenant_id]) as tx:
        refused = _put_on_file(tx, asked, RolloverWay.OUT, told, {CASE: case, ACCOUNT: account} | go_to(coming))
    return refused or send(db, actor, node, asked.tenant_id, asked.plan_id, asked.rollover_id)


def tell(
    db: Database, *, actor: Actor, node: OwnNode, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId,
    told: Mapping[str, Any],
) -> RolloverRequest | Refusal:  # fmt: skip
    """More, or other, facts of an open request; the node judges anew with the plan's records as they are now."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "rollover_id": rollover_id}
    with db.begin(actor, tenants=[tenant_id]) as tx:
        request = recordkeeping.get_rollover_request(tx, **of)
        if isinstance(request, Refused):
            return request
        if not request.open:
            message = f"{rollover_id} has ended; nothing is told of it any more."
            return Refused(RolloverRefusal.ENDED_BEFORE, message, "Ask for a new rollover.")
        before = {name: each.told for name, each in request.told.items() if name not in NOT_FACTS}
        both = {**before, **told}
        read = told_of(IntoTold, both) if request.way is RolloverWay.INTO else told_of(OutTold, both)
        if isinstance(read, OutTold):
            read = explained(tx, read, tenant_id=tenant_id, plan_id=plan_id)
        if isinstance(read, Refused):
            return read
        recordkeeping.tell_rollover(tx, **of, told=by_name(read))
    return send(db, actor, node, **of)


def follow(
    db: Database, *, actor: Actor, node: OwnNode, tenant_id: SponsorId, plan_id: PlanId
) -> list[RolloverRequest]:
    """Look where every open request stands, and keep what is new; one that never reached the node is sent now.

    What could not be looked at is kept too, and raised when the others are done.
    """
    made = follow_plan(db, actor, node, tenant_id, plan_id)
    if made.problems:
        raise NodeRefusedError(made.problems[0].message, fix=made.problems[0].fix)
    with db.begin(actor, tenants=[tenant_id]) as tx:
        return recordkeeping.rollover_requests(tx, tenant_id=tenant_id, plan_id=plan_id)


def _put_on_file(
    tx: Tx, asked: Asked, way: RolloverWay, told: IntoTold | OutTold, own: Mapping[str, Any]
) -> Refusal | None:
    """The request with all that was told, the account that waits for the money; a repeat changes nothing."""
    of: dict[str, Any] = {"tenant_id": asked.tenant_id, "plan_id": asked.plan_id}
    terms = terms_of(tx, **of)
    person = person_of(tx, tenant_id=asked.tenant_id, employee_id=asked.employee_id)
    if isinstance(terms, Refused) or isinstance(person, Refused):
        return terms if isinstance(terms, Refused) else person if isinstance(person, Refused) else None
    known = requests_of(tx, **of)
    if all(each.rollover_id != asked.rollover_id for each in known):
        mine = [each for each in known if each.open and (each.employee_id, each.way) == (asked.employee_id, way)]
        if isinstance(told, OutTold) and any(
            recordkeeping.confusable(each.told["wanted"].told, by_name(told)["wanted"]) for each in mine
        ):
            message = "Another rollover of this person is open, and its posting could not be told from this one's."
            return Refused(RolloverRefusal.ONE_IS_OPEN, message, "Name other amounts, or wait until it ended.")
        if isinstance(told, IntoTold):
            refused = may_roll_in(tx, **of, person=person, terms=terms) or not_taken(told, terms)
        else:
            refused = may_go_back(tx, **of, told=told, account=own[ACCOUNT])
        if refused is not None:
            return refused
        said = explained(tx, told, **of) if isinstance(told, OutTold) else told
        if isinstance(said, Refused):
            return said
        told = said
    asked_now = recordkeeping.ask_rollover(
        tx, **of, rollover_id=asked.rollover_id, employee_id=asked.employee_id, way=way
    )
    if isinstance(asked_now, Refused) or not asked_now:
        return asked_now if isinstance(asked_now, Refused) else None
    recordkeeping.tell_rollover(tx, **of, rollover_id=asked.rollover_id, told=by_name(told) | dict(own))
    account = ledger.AccountKey(asked.plan_id, ledger.Kind.PARTICIPANT, asked.employee_id, Source.ROLLOVER)
    ledger.open_accounts(tx, tenant_id=asked.tenant_id, keys=[account])
    return None

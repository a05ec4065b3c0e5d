"""Staff take up what a participant wished: it becomes a request of the same id, with what only staff know.

Stopped anywhere and repeated it is taken up once: the request is on file under the wish's id first. Not here: the wish
(participant_wish.py), asking and answering (rollover.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from open401k import recordkeeping
from open401k.base.db import Actor, Database, Tx
from open401k.base.faults import fault
from open401k.kernel import PlanId, Refused, RolloverId, SponsorId, day_of
from open401k.recordkeeping import RolloverRefusal, RolloverRequest, RolloverWay
from open401k.recordkeeping import rollover_wishes as wishes
from open401k.recordkeeping.rollover_wishes import RolloverWish, Wished, WishEnd, WishRefusal

from .rollover import Asked, ask_into, release
from .rollover_node import OwnNode, Standing
from .rollover_receivers import not_joined

BOUNDARIES = ("rollover.wish_asked",)
Refusal = Refused[RolloverRefusal] | Refused[WishRefusal]


@dataclass(frozen=True, slots=True)
class Which:
    """One wish of a plan."""

    tenant_id: SponsorId
    plan_id: PlanId
    rollover_id: RolloverId


def take_up(
    db: Database, *, actor: Actor, node: OwnNode, which: Which, told: Mapping[str, Any], case: str = ""
) -> RolloverRequest | Refusal:
    """Ask, or answer ``case``, as the participant wished; what they said is not told by staff again."""
    of: dict[str, Any] = {"tenant_id": which.tenant_id, "plan_id": which.plan_id, "rollover_id": which.rollover_id}
    with db.begin(actor, tenants=[which.tenant_id]) as tx:
        found = wishes.wish_of(tx, **of)
        if isinstance(found, Refused):
            return found
        if found.end in (WishEnd.DECLINED, WishEnd.WITHDRAWN):
            message = f"It was {found.end.value} before."
            return Refused(WishRefusal.ENDED_BEFORE, message, "The participant may ask anew.")
        said = dict(told) | (_into(found.wished) if found.way is RolloverWay.INTO else {})
        if found.way is RolloverWay.OUT:
            said = _explained(tx, which.tenant_id, found, said)
    case_names = str(said.pop("case_names", ""))
    asked = Asked(which.tenant_id, which.plan_id, which.rollover_id, found.employee_id, said)
    if found.way is RolloverWay.INTO:
        done = ask_into(db, actor=actor, node=node, asked=asked)
    elif (other := _unfit(node, found.wished, case, case_names)) is not None:
        return other
    else:
        done = release(db, actor=actor, node=node, asked=asked, case=case)
    if isinstance(done, Refused):
        return done
    fault("rollover.wish_asked")
    with db.begin(actor, tenants=[which.tenant_id]) as tx:
        ended = wishes.end_wish(tx, **of, how=WishEnd.TAKEN_UP)
    return ended if isinstance(ended, Refused) else done


def _into(wished: Wished) -> dict[str, Any]:
    """What the participant said, as facts of a rollover into the plan: everything there of each kind."""
    wanted = [{"kind": each.kind, "into": "plan"} for each in wished.parts]
    return {"source_account": wished.account, "wanted": wanted}


def _explained(tx: Tx, tenant_id: SponsorId, wish: RolloverWish, told: dict[str, Any]) -> dict[str, Any]:
    """The explanation that they said to have read, on that day; staff say whether it tells of the thirty days."""
    thirty = told.pop("told_of_thirty_days", None)
    fingerprint = bytes.fromhex(wish.wished.explanation)
    found = recordkeeping.explanation_of(tx, tenant_id=tenant_id, plan_id=wish.plan_id, fingerprint=fingerprint)
    if found is None or thirty is None or "explanation" in told:
        return told
    given = {
        "given_on": day_of(wish.asked_at).isoformat(), "told_of_thirty_days": thirty,
        "of_roth_money": found.of_roth, "of_other_money": found.of_other,
    }  # fmt: skip
    return told | {"explanation": given, "explanation_hash": fingerprint.hex()}


def _unfit(node: OwnNode, wished: Wished, case: str, case_names: str) -> Refusal | None:
    """Why a case is not what was wished; who did not join yet is asked for first."""
    coming = node.standing(case)
    return not_joined(node, coming) or _otherwise(wished, coming, case_names)


def _otherwise(wished: Wished, standing: Standing, case_names: str) -> Refused[WishRefusal] | None:
    """Whether the case asks for other money than the participant wished, or names somebody else to have it.

    A participant writes a company's name as they know it: where it differs, staff confirm what the case names.
    """
    asked = {(each.kind.name.lower(), each.into.name.lower(), each.cents) for each in standing.all_wanted}
    mine = {(each.kind, each.into, each.cents) for each in wished.parts}
    if asked == mine:
        return _elsewhere(wished, standing, case_names)
    lines = sorted(f"{kind} into {into}" + (f" ({cents} cents)" if cents else "") for kind, into, cents in asked)
    said = ", ".join(lines) or "nothing yet"
    message = f"The case asks for {said}, and the participant wished otherwise."
    fix = "Ask the participant, who may take this wish back and ask anew, or the custodian that receives."
    return Refused(WishRefusal.CASE_ASKS_OTHERWISE, message, fix)


def _elsewhere(wished: Wished, standing: Standing, case_names: str) -> Refused[WishRefusal] | None:
    """Whether the case names another company or account than the participant did, and nobody confirmed it."""
    same = all(
        wishes.same_name(wished.custodian, each.custodian)
        and (not wished.account.strip() or wishes.same_name(wished.account, each.account))
        for each in standing.receives
    )
    named = "; ".join(_named(each.custodian, each.account) for each in standing.receives)
    if same or case_names.strip() == named:
        return None
    message = f'The participant named "{_named(wished.custodian, wished.account)}"; the case names "{named}".'
    fix = f'If they are the same, take it up with case_names "{named}"; if not, ask the participant.'
    return Refused(WishRefusal.CASE_NOT_CONFIRMED, message, fix)


def _named(custodian: str, account: str) -> str:
    return ", account ".join(each.strip() for each in (custodian, account) if each.strip())

"""The plan's explanation of section 402(f) goes along with a rollover that it pays: to our node, before the signature.

Not here: keeping it (recordkeeping/rollover_explanations.py), who shows it (the receiving node's page).
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from open401k import recordkeeping
from open401k.base.db import Actor, Database, Tx
from open401k.base.faults import fault
from open401k.kernel import PlanId, Refused, SponsorId
from open401k.rails.node.codec import BadInputError
from open401k.rails.node.papers import Media, Paper, paper_in
from open401k.recordkeeping import PAPER, Explanation, RolloverRefusal, RolloverRequest, RolloverWay
from open401k.recordkeeping.rollover_explanations import fitting, needed_for

from .rollover_node import OwnNode, Standing
from .rollover_told import OutTold

#: Where a test may stop the process (base.faults).
BOUNDARIES: Final = ("rollover.explained",)
#: States of a case in which nobody signed yet; afterwards what was shown stays as it is.
UNSIGNED = ("draft", "data_requested", "nigo", "prevalidated")


@dataclass(frozen=True, slots=True)
class NewExplanation:
    """A document as somebody gives it, and of which money it tells."""

    title: str
    version: str
    of_roth: bool
    of_other: bool
    content: bytes = field(repr=False)


def put_explanation(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, given: NewExplanation
) -> Explanation | Refused[RolloverRefusal]:
    """The plan gives this one from now on; what a document may not be is refused, every wrong field at once."""
    if not (given.of_roth or given.of_other):
        return _wrong("of_roth, of_other: it tells of no money", "Say of which money it tells.")
    try:
        paper = paper_in(given.content, title=given.title, version=given.version)
    except BadInputError as wrong:
        return _wrong(str(wrong), "Correct it, and send it again; nothing was kept.")
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    with db.begin(actor, tenants=[tenant_id]) as tx:
        recordkeeping.put_explanation(
            tx, **of, fingerprint=paper.fingerprint, title=paper.title, version=paper.version, media=paper.media.value,
            content=paper.content, of_roth=given.of_roth, of_other=given.of_other,
        )  # fmt: skip
        return recordkeeping.explanations_of(tx, **of)[0]


def explained(tx: Tx, told: OutTold, *, tenant_id: SponsorId, plan_id: PlanId) -> OutTold | Refused[RolloverRefusal]:
    """With what is signed of the plan's newest document that tells of the money, where nobody told of another.

    Of which money a document of the plan tells is said by the document, not by who tells of giving it.
    """
    found = recordkeeping.explanations_of(tx, tenant_id=tenant_id, plan_id=plan_id)
    if not found:
        return told
    if told.explanation_hash is None:
        mine = fitting(found, needed_for(each.kind.name.lower() for each in told.wanted))
        if mine is None:
            message = "None of the plan's explanations tells of all the money that goes (IRC 402(f))."
            fix = "Put one that does: for Roth money and other money together, one that tells of both."
            return Refused(RolloverRefusal.NOT_EXPLAINED, message, fix)
    else:
        mine = next((each for each in found if each.fingerprint == told.explanation_hash), None)
        if mine is None:
            return told
    given = told.explanation
    if given is not None:
        given = replace(given, of_roth_money=mine.of_roth, of_other_money=mine.of_other)
    return replace(told, explanation=given, explanation_hash=mine.fingerprint)


def deliver(
    db: Database, actor: Actor, node: OwnNode, tenant_id: SponsorId, request: RolloverRequest, standing: Standing
) -> None:
    """The document that the facts name, once for each; one that is not the plan's comes to the node otherwise."""
    named = request.told.get("explanation_hash")
    if request.way is not RolloverWay.OUT or named is None or standing.state not in UNSIGNED:
        return
    if PAPER in request.told and request.told[PAPER].told == named.told:
        return
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": request.plan_id}
    with db.begin(actor, tenants=[tenant_id]) as tx:
        found = recordkeeping.explanation_of(tx, **of, fingerprint=bytes.fromhex(named.told))
    if found is None:
        return
    node.explain(standing.case, paper=Paper(found.title, found.version, Media(found.media), found.content))
    fault("rollover.explained")
    with db.begin(actor, tenants=[tenant_id]) as tx:
        recordkeeping.tell_rollover(tx, **of, rollover_id=request.rollover_id, told={PAPER: named.told})


def _wrong(message: str, fix: str) -> Refused[RolloverRefusal]:
    return Refused(RolloverRefusal.FACTS_WRONG, message, fix)

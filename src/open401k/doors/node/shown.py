"""Cases as the API shows them: states, cents, codes and addresses, nothing of a person."""

from __future__ import annotations

from typing import Any

from open401k.rails.messages import attestation_hash
from open401k.rails.node.codec import told
from open401k.rails.node.config import NodeConfig
from open401k.rails.node.core import Side
from open401k.rails.node.deal import DealUnit
from open401k.rails.node.hooks import Hook
from open401k.rails.node.letters import Elected

_EVENTS = 200


def case_shown(unit: DealUnit, case: str, config: NodeConfig, *, whole: bool = False) -> dict[str, Any]:
    """A case; ``whole`` with what happened to it and what it waits for."""
    file = unit.case(case)
    agreed = file.agreed
    shown: dict[str, Any] = {
        "case": case, "side": str(file.side), "state": str(file.state), "stop": file.stop, "parent": file.parent,
        "since": unit.since(case), "rollover": agreed.rollover.hex() if agreed else None,
        "cents": agreed.cents if agreed else None, "deadline": agreed.deadline if agreed else None,
    }  # fmt: skip
    try:
        deal = unit.deal(case)
    except LookupError:
        deal = None
    if deal is not None:
        names = {each.member: each.name for each in config.peers}
        shown |= {
            "reference": deal.reference.hex(), "peer": deal.peer.hex(), "peer_name": names.get(deal.peer),
            "receivers": deal.many, "place": deal.place if deal.side is Side.RECEIVER else None,
            "number": deal.number, "opened_at": deal.opened_at, "elected_at": deal.elected_at,
            "gives_back": deal.gives_back.hex() if deal.gives_back else None,
            "their_state": deal.their_state and str(deal.their_state),
            "reasons": None if deal.reasons is None else [
                {"code": int(each.code), "name": each.code.name.lower(), "owner": str(each.owner),
                 "next_step": each.next_step, "detail": each.detail, "unknown": each.unknown}
                for each in deal.reasons
            ],
        }  # fmt: skip
    if whole:
        shown |= {
            "exceptions": [
                {"code": each.code, "words": each.words, "raised_at": each.raised_at, "is_open": each.is_open}
                for each in unit.raised(case)
            ],
            "calls": [
                {"kind": str(each.kind), "is_done": each.is_done, "refused": each.refused}
                for each in unit.outbox(case)
            ],
            "attestation": _attestation(deal.elected) if deal and deal.elected else None,
            "notes": [told(each) for each in deal.notes] if deal else [],
            "off_rail": _off_rail(unit, case),
        }  # fmt: skip
    return shown


def hook_shown(hook: Hook) -> dict[str, Any]:
    """An endpoint without its secret."""
    at = hook.standing
    return {"webhook": hook.webhook_id, "url": hook.url, "state": str(at.state), "sequence": at.cursor,
            "failures": at.failures, "problem": at.problem}  # fmt: skip


def _attestation(elected: Elected) -> dict[str, str]:
    """By which id who attested the participant's identity may take that back on the network."""
    found = attestation_hash(elected.election.participant, elected.attestation)
    return {"id": f"0x{found.hex()}", "attestor": f"0x{elected.attestation.attestor.hex()}"}


def _off_rail(unit: DealUnit, case: str) -> dict[str, str] | None:
    found = unit.off_rail(case)
    return {"way": str(found[0]), "reference": found[1]} if found else None

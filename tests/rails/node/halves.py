"""Both halves of a rollover with nothing in its way, taken from the facts that preflight's tests have."""

from __future__ import annotations

from dataclasses import replace

from tests.rails.preflight_facts import lawful
from tests.rails.world import key

from open401k.rails.messages import Mode
from open401k.rails.node.halves import ReceivingHalf, ReleasingHalf, Wanted
from open401k.rails.preflight.facts import Facts, Part

RELEASING = frozenset(
    {
        "payment_cents", "held", "contact", "distributee", "because", "series_years", "opened", "spouse", "explanation",
        "holds", "roth", "after_tax_basis_cents", "minimum", "loan", "tax", "approved_by_administrator",
    }
)  # fmt: skip


def releasing(*parts: Part, **other: object) -> ReleasingHalf:
    """What the old custodian says."""
    facts = lawful(*parts)
    half = ReleasingHalf(
        custodian="The Old Company",
        account="account at source",
        payment_on=facts.timing.payment_on,
        identity=facts.releasing,
        member_until=facts.releasing_member_until,
        explanation_hash=bytes(range(32)),
        **{name: getattr(facts, name) for name in RELEASING},
    )
    return replace(half, **other)  # type: ignore[arg-type]


def receiving(*parts: Part, member: bytes = key("receiver").address, **other: object) -> ReceivingHalf:
    """What the new custodian says: everything of each kind into one account."""
    facts: Facts = lawful(*parts)
    (receiver, *_) = facts.receivers
    half = ReceivingHalf(
        custodian="the new plan",
        member=member,
        account="account at receiver",
        source_account="account at source",
        key=key("a participant").address,
        mode=Mode.FIXED,
        wanted=tuple(Wanted(part.kind, part.into, part.cents) for part in facts.parts),
        deadline=facts.timing.deadline,
        identity=facts.receiving,
        proof=facts.proof,
        screening=facts.screening,
        e_sign_consent=facts.e_sign_consent,
        paying=facts.paying,
        letter=receiver.letter,
        delivery_confirmed=receiver.delivery_confirmed,
        member_until=receiver.member_until,
        own_screening=receiver.screening,
    )
    return replace(half, **other)  # type: ignore[arg-type]

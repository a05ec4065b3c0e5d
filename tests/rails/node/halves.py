"""Both halves of a rollover with nothing in its way, taken from the facts that preflight's tests have."""

from __future__ import annotations

from dataclasses import replace

from tests.rails.preflight_facts import lawful
from tests.rails.world import key

from open401k.rails.messages import Mode
from open401k.rails.node.halves import ReceivingHalf, ReleasingHalf, Wanted
from open401k.rails.node.papers import Media, Paper
from open401k.rails.preflight.facts import Facts, Part

RELEASING = frozenset(
    {
        "payment_cents", "held", "contact", "distributee", "because", "series_years", "opened", "spouse", "explanation",
        "holds", "roth", "after_tax_basis_cents", "minimum", "loan", "tax", "approved_by_administrator",
    }
)  # fmt: skip


#: What the source gave the participant to read; the text of the law's notice is the source's to supply.
PAPER = Paper("Your rollover options", "a sample", Media.TEXT, b"A sample.\n\nYou may move it, or have it paid.")

SOURCE_FILE = {
    "participant.address": "1 Main Street, Springfield",
    "participant.w9_status": "on file",
    "participant.email": "maria@example.com",
    "participant.phone": "+1 555 0100",
    "participant.marital_status": "married",
    "distributing.plan_name": "Old Company 401(k) Plan",
    "distributing.plan_type": "401(k)",
    "distributing.payer_name": "The Old Company, trustee",
    "distributing.payer_tin": "12-3456789",
    "distributing.recordkeeper": "The Old Company",
    "distributing.contact": "rollovers@old.example",
    "event.last_contribution_on": "2026-05-15",
    "amounts[pre_tax].earnings_cents": "0",
    "authority.explanation_version": "Notice 2026-13",
    "institution.releasing_lei": "5493001KJTIIGC8Y1R12",
    "settlement.fees_cents": "0",
    "tax.state": "none",
    "tax.state_cents": "0",
}
RECEIVER_FILE = {
    "receiving[0].plan_name": "New Company 401(k) Plan",
    "receiving[0].plan_type": "401(k)",
    "receiving[0].trustee": "The New Company, trustee",
    "receiving[0].letter_id": "LOA 1",
    "receiving[0].letter_signer": "plan administrator",
    "receiving[0].letter_on": "2026-05-20",
    "receiving[0].investment": "as elected",
    "receiving[0].money_types": "pre-tax rollover, Roth rollover",
    "authority.esign_consent_at": "2026-06-01T12:00:00Z",
    "authority.proofing_method": "documents",
    "authority.proofed_at": "2026-05-29T12:00:00Z",
    "authority.receiving_administrator_approval": "approved",
    "institution.receiving_lei": "5493001KJTIIGC8Y1R13",
}


def releasing(*parts: Part, **other: object) -> ReleasingHalf:
    """What the old custodian says."""
    facts = lawful(*parts)
    half = ReleasingHalf(
        custodian="The Old Company",
        account="account at source",
        payment_on=facts.timing.payment_on,
        identity=facts.releasing,
        member_until=facts.releasing_member_until,
        explanation_hash=PAPER.fingerprint,
        file=SOURCE_FILE,
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
        file=RECEIVER_FILE,
    )
    return replace(half, **other)  # type: ignore[arg-type]

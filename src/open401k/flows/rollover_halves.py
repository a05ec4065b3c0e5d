"""The half of a plan that receives a rollover: the person, its letter of acceptance, the account that waits. Pure.

Not here: the half of a plan that pays (rollover_paying.py), gathering (rollover.py).
"""

from dataclasses import dataclass
from datetime import date, timedelta

from open401k import plan
from open401k.rails.kinds import Into
from open401k.rails.node.halves import ReceivingHalf
from open401k.rails.preflight.facts import Identity, Letter

from .rollover_core import kind_of
from .rollover_told import IntoTold


@dataclass(frozen=True, slots=True)
class OurPlan:
    """The plan as letters name it, its terms, and our custodian in the network."""

    name: str
    number: str
    ein: str
    terms: plan.Rollovers
    member: bytes
    member_until: date | None = None


def receiving_half(
    ours: OurPlan, told: IntoTold, *, account: str, identity: Identity | None, asked_on: date
) -> ReceivingHalf:
    """What we know as the plan that receives: the person, the letter of acceptance, the account that waits.

    The letter is the plan's terms: which kinds it takes, for so many days from the request, under the title of the
    trust. The account was opened in these books, so where the money goes is confirmed.
    """
    until = asked_on + timedelta(days=ours.terms.letter_days)
    title = f"Trustee of {ours.terms.trustee} FBO {identity.legal_name}" if identity is not None else ""
    takes = frozenset((kind_of(each), Into.PLAN) for each in ours.terms.takes)
    after_tax = ["after-tax rollover"] * (plan.RolloverKind.AFTER_TAX in ours.terms.takes)
    file = {
        "receiving[0].plan_name": ours.name,
        "receiving[0].plan_type": "401(k)",
        "receiving[0].ein": ours.ein,
        "receiving[0].plan_number": ours.number,
        "receiving[0].trustee": ours.terms.trustee,
        "receiving[0].letter_on": asked_on.isoformat(),
        "receiving[0].money_types": ", ".join(["pre-tax rollover", "Roth rollover", *after_tax]),
    }
    return ReceivingHalf(
        custodian=ours.name,
        member=ours.member,
        account=account,
        source_account=told.source_account,
        key=told.key,
        mode=told.mode,
        wanted=told.wanted,
        deadline=told.deadline,
        identity=identity,
        proof=told.proof,
        screening=told.screening,
        e_sign_consent=told.e_sign_consent,
        paying=told.paying,
        letter=Letter(takes, until, title) if title else None,
        delivery_confirmed=True,
        member_until=ours.member_until,
        file=dict(told.file) | file,
    )

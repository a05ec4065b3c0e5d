"""What each custodian tells of a rollover before anybody signs: its half of the facts, and both joined.

None is "not known", never "no". Not here: what follows from the facts (preflight), how they travel (letters).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from open401k.kernel import Money
from open401k.law.given import ImpossibleInput
from open401k.law.rollovers import Distributee, PaidBecause

from ..kinds import Into, Kind
from ..messages import Mode
from ..passkeys import Passkey
from ..preflight.facts import (
    ContactChanges,
    Explanation,
    Facts,
    Held,
    Holds,
    Identity,
    Letter,
    Loan,
    Minimum,
    Opened,
    Part,
    PayingPlan,
    Proof,
    Receiver,
    Roth,
    Screening,
    Spouse,
    Tax,
    Timing,
)

ADDRESS, POINT = 20, 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """Money of a kind that goes into an account of one receiver; ``cents`` None: what is left of this kind."""

    kind: Kind
    into: Into
    cents: int | None = None


@dataclass(frozen=True, slots=True)
class ReleasingHalf:
    """What the custodian that pays knows. ``file``: items of the transfer file that do not follow from the rest.

    ``custodian`` is its name as the participant knows it, ``account`` the account there, ``explanation_hash`` that of
    the 402(f) explanation as it was given.
    """

    custodian: str
    account: str
    payment_on: date
    payment_cents: int
    held: tuple[Held, ...]
    identity: Identity | None = None
    contact: ContactChanges | None = None
    distributee: Distributee | None = None
    because: PaidBecause | None = None
    series_years: int | None = None
    opened: Opened | None = None
    spouse: Spouse | None = None
    explanation: Explanation | None = None
    explanation_hash: bytes | None = None
    holds: Holds | None = None
    roth: Roth | None = None
    after_tax_basis_cents: int | None = None
    minimum: Minimum | None = None
    loan: Loan | None = None
    paying: PayingPlan | None = None
    member_until: date | None = None
    tax: Tax | None = None
    approved_by_administrator: bool | None = None
    file: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReceivingHalf:
    """What the custodian that receives knows: who asks, for what, and what it takes.

    ``member`` is its address in the network, ``account`` the account there, ``source_account`` the one that the person
    named at the source. ``key`` is the participant's: the 20 bytes of an address or the 64 of a passkey's point, None
    until they choose it. Of ``paying`` the receiver's own finding counts before what the source says of itself.
    ``deadline`` is the last day.
    """

    custodian: str
    member: bytes
    account: str
    source_account: str
    mode: Mode
    wanted: tuple[Wanted, ...]
    deadline: date
    key: bytes | None = None
    identity: Identity | None = None
    proof: Proof | None = None
    screening: Screening | None = None
    e_sign_consent: bool | None = None
    paying: PayingPlan | None = None
    letter: Letter | None = None
    delivery_confirmed: bool | None = None
    member_until: date | None = None
    #: Where the receiver screens for itself, as IRAs' custodians do.
    own_screening: Screening | None = None
    file: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.key is not None and len(self.key) not in (ADDRESS, POINT):
            raise ImpossibleInput("key", f"is the {ADDRESS} bytes of an address or the {POINT} of a passkey")
        if not self.wanted:
            raise ImpossibleInput("wanted", "is empty: name the kinds of money that are to move")
        for place, each in enumerate(self.wanted):
            if each.cents is None and self.mode is Mode.FIXED:
                raise ImpossibleInput(f"wanted[{place}].cents", "is missing: a fixed rollover names each amount")
            if each.cents == 0:
                raise ImpossibleInput(f"wanted[{place}].cents", "is 0: leave this line out")
        rest = [each.kind for each in self.wanted if each.cents is None]
        if len(set(rest)) != len(rest):
            raise ImpossibleInput("wanted", "names the rest of one kind twice: give one of them an amount")
        pairs = [(each.kind, each.into) for each in self.wanted]
        if len(set(pairs)) != len(pairs):
            raise ImpossibleInput("wanted", "names one kind into one type of account twice: put them together")

    @property
    def participant(self) -> bytes | None:
        """The address by which the chain knows the participant; None before they have chosen a key."""
        if self.key is None:
            return None
        return self.key if len(self.key) == ADDRESS else Passkey(self.key[:32], self.key[32:]).address


Half = ReleasingHalf | ReceivingHalf


def joined(releasing: ReleasingHalf, *receiving: ReceivingHalf, on: date) -> Facts:
    """Both halves as the facts that preflight judges on a day. The first receiver is who asks: it knows the person."""
    first = receiving[0]
    return Facts(
        timing=Timing(on, releasing.payment_on, first.deadline),
        payment_cents=releasing.payment_cents,
        parts=parts_of(releasing.held, receiving),
        receivers=tuple(_receiver(each) for each in receiving),
        held=releasing.held,
        releasing=releasing.identity,
        receiving=first.identity,
        proof=first.proof,
        contact=releasing.contact,
        screening=first.screening,
        distributee=releasing.distributee,
        because=releasing.because,
        series_years=releasing.series_years,
        opened=releasing.opened,
        spouse=releasing.spouse,
        explanation=releasing.explanation,
        holds=releasing.holds,
        roth=releasing.roth,
        after_tax_basis_cents=releasing.after_tax_basis_cents,
        minimum=releasing.minimum,
        loan=releasing.loan,
        paying=first.paying or releasing.paying,
        releasing_member_until=releasing.member_until,
        tax=releasing.tax,
        approved_by_administrator=releasing.approved_by_administrator,
        e_sign_consent=first.e_sign_consent,
    )


def parts_of(held: Sequence[Held], receiving: Sequence[ReceivingHalf]) -> tuple[Part, ...]:
    """What goes where: named amounts as they are, then what is left of each kind that the sources pay.

    A rest that is not there becomes an empty part, which preflight tells; nothing is made to fit.
    """
    left = {kind: sum(each.paid_cents for each in held if each.kind is kind) for kind in Kind}
    for half in receiving:
        for each in half.wanted:
            left[each.kind] -= each.cents or 0
    return tuple(
        Part(each.kind, each.into, to, max(left[each.kind], 0) if each.cents is None else each.cents)
        for to, half in enumerate(receiving)
        for each in half.wanted
    )


def shared_as(held: Sequence[Held], receiving: Sequence[ReceivingHalf], before: Sequence[Part]) -> tuple[Part, ...]:
    """What comes in after all was moved, of each kind in the ratio in which ``before`` moved it; no empty parts.

    An amount that the election names was paid then and is not paid again. Of a kind that did not move then, what was
    asked for counts.
    """
    moved = {each.kind for each in before}
    found: dict[tuple[int, Kind, Into], int] = {}
    for kind in moved:
        legs = [each for each in before if each.kind is kind]
        left = sum(each.paid_cents for each in held if each.kind is kind)
        shares = Money(left).split([each.cents for each in legs])
        found |= {(x.to, kind, x.into): share.cents for x, share in zip(legs, shares, strict=True)}
    asked = [*before, *(each for each in parts_of(held, receiving) if each.kind not in moved)]
    parts = (replace(each, cents=found.get((each.to, each.kind, each.into), each.cents)) for each in asked)
    return tuple(sorted((each for each in parts if each.cents), key=lambda each: each.to))


def _receiver(half: ReceivingHalf) -> Receiver:
    return Receiver(half.custodian, half.letter, half.delivery_confirmed, half.member_until, half.own_screening)

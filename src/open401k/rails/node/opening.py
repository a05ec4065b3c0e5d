"""Opening a case file and agreeing on exact terms. Not here: following it (worker), the checks of preflight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .. import messages
from ..decoding import decode_case
from ..kinds import Into
from ..messages import Attestation, Election, Leg, Terms
from .cases import Agreed, Case, Raised, State, Unit
from .codes import FORGOTTEN, FOUND
from .core import CASH_TO_PERSON, Order, Part, Side
from .locking import FORGOTTEN_FILE


class TermsError(ValueError):
    """Terms in which our custodian has no such part."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Exact terms with the participant's election, the identity behind it, and both signatures."""

    election: Election
    signature: bytes
    attestation: Attestation
    attested: bytes
    terms: Terms


@dataclass(frozen=True, slots=True)
class TaxFacts:
    """What the transfer file says of one leg beside its cents: of a part that is paid out, what is withheld of it."""

    basis: int = 0
    roth_since: int | None = None
    withheld: int = 0


def agreed_of(
    told: Signed, *, us: bytes, side: Side, facts: Mapping[int, TaxFacts] | None = None, evidence: bytes = bytes(32)
) -> Agreed:
    """The terms as our side of them: the legs that are ours, and our place in the order of approvals."""
    election, terms = told.election, told.terms
    paid = sorted({leg.to for leg in terms.legs})
    if side is Side.SOURCE:
        if election.source != us:
            raise TermsError(f"{us.hex()} does not release in these terms")
        mine, place = list(enumerate(terms.legs)), 0
    else:
        ours = [to for to in paid if to < len(election.receivers) and election.receivers[to] == us]
        if not ours:
            raise TermsError(f"{us.hex()} receives nothing in these terms")
        mine = [(number, leg) for number, leg in enumerate(terms.legs) if leg.to in ours]
        place = 1 + paid.index(ours[0])
    known = facts or {}
    parts = tuple(_part(number, leg, side, known.get(number, TaxFacts())) for number, leg in mine)
    return Agreed(
        rollover=messages.rollover_id(messages.election_hash(election), terms),
        key=(int.from_bytes(election.source, "big") << 72) | (election.number << 8) | terms.part,
        us=us,
        place=place,
        deadline=terms.deadline,
        encoded=messages.encode_case(election, told.signature, told.attestation, told.attested, terms),
        parts=parts,
        evidence=evidence,
    )


def _part(number: int, leg: Leg, side: Side, facts: TaxFacts) -> Part:
    """As our books have it: a receiver that pays the person takes in what is left after tax, and into no account."""
    if leg.into == Into.PERSON and side is Side.RECEIVER:
        return Part(number, CASH_TO_PERSON, leg.amount - facts.withheld)
    return Part(number, leg.kind, leg.amount, facts.basis, facts.roth_since)


def order_of(case: Case, agreed: Agreed) -> Order:
    """What our core is to hold or post: each part with the account that its leg goes into, by the terms themselves."""
    legs = decode_case(agreed.encoded).terms.legs
    parts = tuple(replace(part, into=legs[part.leg].into) for part in agreed.parts)
    return Order(agreed.rollover, case.side, case.account, parts)


def open_case(unit: Unit, case: str, *, side: Side, account: str, parent: str | None = None) -> Case:
    """A new file; ``parent`` where it is a residual, a return or a second try."""
    opened = Case(case, side, account, parent=parent)
    unit.add(opened)
    return opened


def move(unit: Unit, case: str, *states: State) -> Case:
    """Take it through these states, in order; one that is not allowed is a MoveError, and nothing happened."""
    before = unit.case(case)
    after = before
    for state in states:
        after = after.to(state)
    unit.change(before, after)
    return after


def agree(unit: Unit, case: str, agreed: Agreed) -> Case:
    """The exact terms, once the money is there to be moved; they are agreed once."""
    before = unit.case(case)
    if before.state is not State.LIQUIDATING or before.agreed not in (None, agreed):
        raise TermsError(f"case {case} is {before.state}; its terms are agreed once, while it is liquidating")
    named = messages.parent_of(agreed.encoded)
    if named is not None and given_back(unit, before, named) is None:
        raise TermsError(f"case {case}: its terms give back {named.hex()}, and no case before it was that")
    _remember(unit, agreed.rollover)  # both files are locked before the turn to write events is taken
    after = replace(before, agreed=agreed)
    unit.change(before, after)
    return after


def note_forgotten(unit: Unit, rollover: bytes, side: Side, *, at: int) -> bool:
    """We agreed to it, and no file knows it (an older backup): one that stands for it, with an exception for a desk.

    Nothing is done about the money: what the core holds stays held. False if a file knows it, or it was noted.
    """
    if unit.case_of(rollover, side) is not None:
        return False
    name = stands_for(rollover)
    try:
        if unit.case(name).state is not State.DRAFT:
            return False  # a person set it right
    except LookupError:
        open_case(unit, name, side=side, account="not known")
    return unit.raise_(Raised(name, FORGOTTEN, f"{FOUND[FORGOTTEN]}: {rollover.hex()}", at))


def _remember(unit: Unit, rollover: bytes) -> None:
    """Its terms were agreed again: nothing stands for it any more."""
    try:
        stood = unit.case(stands_for(rollover))
    except LookupError:
        return
    unit.resolve(stood.id, FORGOTTEN)
    if stood.state is State.DRAFT:
        move(unit, stood.id, State.RELEASED)


def stands_for(rollover: bytes) -> str:
    """The id of the file that stands for one that was forgotten."""
    return f"{FORGOTTEN_FILE}{rollover.hex()}"


def only_stands(case: Case) -> bool:
    """Whether it stands for one that was forgotten: there is no deal, and nobody to be told."""
    return case.id.startswith(FORGOTTEN_FILE)


def given_back(unit: Unit, case: Case, named: bytes) -> Agreed | None:
    """Our side of the rollover that this one gives back: of the case before it, or before that (a second try)."""
    while case.parent is not None:
        case = unit.case(case.parent)
        if case.agreed is not None and case.agreed.rollover == named:
            return case.agreed
    return None


def stop(unit: Unit, case: str, code: int) -> Case:
    """We want it ended, for this reason; who has voted waits for the chain's word."""
    before = unit.case(case)
    after = replace(before, stop=before.stop or code)
    unit.change(before, after)
    return after

"""What is asked back of a rollover that was posted, checked at both desks before anybody signs. Not here: its way on.

The network holds a return to what came (ADR-0053); here everything that it would refuse, and what it cannot see, is
told at once and in words. A return is a deal like any other: its participant signs, both nodes follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from eth_hash.auto import keccak

from open401k.base.faults import fault

from ..decoding import Decoded, decode_case
from ..kinds import Into, Kind
from ..messages import Leg, Mode
from .cases import Agreed, Case, State, Unit
from .codec import BadInputError, Wrong
from .codes import RETURN_UNFIT
from .core import Side
from .deal import Deal, DealUnit
from .desk import Desk
from .exceptions import StillOpenError
from .halves import ReceivingHalf
from .judging import end, raise_for
from .letters import Came, Ended, Letter, LetterKind, Request, Taken
from .opening import move, open_case
from .retention import is_erased

#: Where a test may stop the process: at the end of the verb, before its transaction is committed.
BOUNDARIES: Final = ("deals.return",)
_OPEN: Final = (State.LIQUIDATING, State.HELD, State.VOTED)
#: What a desk does with what does not go back by the network.
OTHERWISE: Final = "ask for a rollover of its own that names no other, or pay it by check or wire"


def came_to(case: Decoded, who: bytes) -> dict[int, int]:
    """Cents of each kind that a custodian received and took into an account; what a person was paid came to nobody."""
    found: dict[int, int] = {}
    for leg in case.terms.legs:
        if case.election.receivers[leg.to] == who and leg.into != Into.PERSON:
            found[leg.kind] = found.get(leg.kind, 0) + leg.amount
    return found


def outside(legs: Sequence[Leg], parent: bytes, *, by: bytes) -> list[str]:
    """What of the legs by which ``by`` gives back is not within what came to it by the encoded case ``parent``."""
    came = came_to(decode_case(parent), by)
    asked: dict[int, int] = {}
    for leg in legs:
        asked[leg.kind] = asked.get(leg.kind, 0) + leg.amount
    found = [_more(kind, cents, came.get(kind, 0)) for kind, cents in asked.items() if cents > came.get(kind, 0)]
    return found + ["a part that is paid to the person goes back to nobody"] * any(x.into == Into.PERSON for x in legs)


def misfits(half: ReceivingHalf, before: Agreed, *, by: bytes, accounts: tuple[str, str], token: bytes) -> list[Wrong]:
    """What of a half that asks back is not the reverse of the rollover ``before``, all of it.

    ``by`` received it and is to pay back; ``accounts`` are those from which and into which it went.
    """
    return list(_misfits(half, decode_case(before.encoded), by, accounts, token))


def _misfits(
    half: ReceivingHalf, before: Decoded, by: bytes, accounts: tuple[str, str], token: bytes
) -> Iterator[Wrong]:
    if half.member != before.election.source:
        yield Wrong("member", "is not the custodian that paid; it goes back to where it came from")
    if half.account != accounts[0]:
        yield Wrong("account", "is not the account from which it was paid; it goes back to where it came from")
    if half.source_account != accounts[1]:
        yield Wrong("source_account", "is not the account into which it was paid; name that one")
    if before.terms.token != token:
        yield Wrong("", f"it was paid in another deposit than the network's of today: {OTHERWISE}")
    if half.mode is not Mode.FIXED:
        yield Wrong("mode", "is all; a return names the cents of each kind")
    came, asked = came_to(before, by), dict[int, int]()
    for place, each in enumerate(half.wanted):
        if each.into is Into.PERSON:
            yield Wrong(f"wanted[{place}].into", "is the person; a return goes into the account from which it was paid")
        earlier = asked.get(each.kind, 0)
        asked[each.kind] = earlier + (each.cents or 0)
        if asked[each.kind] > came.get(each.kind, 0) >= earlier:
            yield Wrong(f"wanted[{place}].cents", _more(each.kind, asked[each.kind], came.get(each.kind, 0)))


def _more(kind: int, asked: int, came: int) -> str:
    name = Kind(kind).name.lower() if kind in set(Kind) else f"kind {kind}"
    return f"of {name} {asked} cents are asked back, and {came} came; earnings go otherwise: {OTHERWISE}"


def give_back(
    unit: DealUnit, desk: Desk, case: str, new: str, half: ReceivingHalf, *, at: str = "", by: bytes | None = None
) -> Deal:
    """We paid, and ask the custodian that received to pay back: a rollover of its own that names the first as parent.

    The participant signs it like any other. ``half`` is ours, as who receives; ``at`` is where it stood, for what is
    wrong with it. The same half again is nothing new. ``by`` is who gives back, where several received: its own part.
    """
    deal, file = unit.deal(case), unit.case(case)
    if deal.side is not Side.SOURCE or file.state is not State.POSTED or file.agreed is None:
        raise StillOpenError(f"case {case} is {file.state} at the {deal.side}; the source asks back what it paid")
    if is_erased(file):
        raise StillOpenError(
            f"case {case}: its records were erased after their time; ask the other custodian for a check"
        )
    giver, known_as = _giver(deal, by)
    tries = _tries(unit, case, giver)
    if (last := _standing(tries)) is not None:
        known = unit.deal(last[0])
        if known.receiving == half:
            return known
        raise StillOpenError(_once(unit, case, *last))
    wrong = [Wrong("member", "is not our own address in the network")] if half.member != desk.us else []
    wrong += _batched(unit, file.agreed)
    wrong += misfits(half, file.agreed, by=giver, accounts=_accounts(unit, file, giver), token=desk.token)
    if wrong:
        raise BadInputError([Wrong(f"{at}.{x.path}".strip("."), x.said) for x in {y.path: y for y in wrong}.values()])
    parent = file.agreed.rollover
    open_case(unit, new, side=Side.RECEIVER, account=half.account, parent=case)
    reference = keccak(b"open401k return" + known_as + parent + len(tries).to_bytes(4, "big"))
    made = Deal(new, reference, Side.RECEIVER, desk.us, giver, desk.now(), receiving=half, edition=1, parent=parent)
    unit.add_deal(made)
    move(unit, new, State.DATA_REQUESTED)
    unit.put_letter(giver, reference, LetterKind.REQUEST, Request(giver, half, parent))
    fault("deals.return")
    return made


def changed_wish(unit: DealUnit, desk: Desk, deal: Deal, half: ReceivingHalf) -> list[Wrong]:
    """What of a newer half does not fit the rollover that a deal gives back; nothing where it gives back none."""
    if deal.parent is None:
        return []
    before = _given_back(unit, deal)
    if before is None or before.agreed is None:
        return [Wrong("", "no case of ours is what it gives back")]
    return misfits(half, before.agreed, by=deal.source, accounts=_accounts(unit, before, deal.peer), token=desk.token)


def wrong_return(unit: DealUnit, deal: Deal, legs: Sequence[Leg]) -> list[str]:
    """Why exact terms of these legs do not go back; nothing where they are within what came, or give back nothing."""
    if deal.parent is None:
        return []
    before = _given_back(unit, deal)
    if before is None or before.agreed is None:
        return ["no case of ours is what it gives back"]
    return outside(legs, before.agreed.encoded, by=deal.source)


def another(unit: DealUnit, deal: Deal) -> str | None:
    """What stands in the way of a second try of a return: the rollover goes back already, by another case."""
    before = _given_back(unit, deal)
    last = _standing(_tries(unit, before.id, deal.peer)) if before is not None else None
    return _once(unit, before.id, *last) if before is not None and last is not None else None


def asked_back(unit: DealUnit, desk: Desk, peer: bytes, letter: Letter, body: Request, *, number: int) -> Taken:
    """The other side asks back what it paid us: a case after the one that it names, or its end with every reason."""
    parent = body.parent or b""
    before = _ours(unit, peer, parent)
    if before is not None and before.state in _OPEN:  # the chain's word is not final or not booked here yet
        return Taken(Came.EARLY, before.id, f"our case is {before.state}")
    case, half = f"{Side.SOURCE}-{desk.random.token(8).hex()}", body.receiving
    wrong = _why_not(unit, desk, before, half)
    open_case(unit, case, side=Side.SOURCE, account=half.source_account, parent=before.id if before else None)
    deal = Deal(case, letter.reference, Side.SOURCE, desk.us, peer, desk.now(), number=number, receiving=half,
                their_edition=1, parent=parent)  # fmt: skip
    unit.add_deal(deal)
    unit.take_letter(peer, letter)
    move(unit, case, State.DATA_REQUESTED)
    if wrong:
        words = "; ".join(str(each) for each in wrong)
        end(unit, deal, RETURN_UNFIT)
        raise_for(unit, desk, case, RETURN_UNFIT, words)
        unit.put_letter(peer, letter.reference, LetterKind.STOP, Ended(RETURN_UNFIT, words[:2_000]))
    return Taken(Came.TAKEN, case, "; ".join(str(each) for each in wrong))


def _why_not(unit: DealUnit, desk: Desk, before: Case | None, half: ReceivingHalf) -> list[Wrong]:
    if before is None or before.agreed is None:
        return [Wrong("parent", "no rollover that this custodian paid came to us under this id")]
    if before.state is not State.POSTED:
        return [Wrong("parent", f"our case of it is {before.state}: nothing came")]
    if is_erased(before):
        return [Wrong("parent", "its records were erased after their time: agree with our desk on a check or wire")]
    last = _standing(_tries(unit, before.id, half.member))
    found = [] if last is None else [Wrong("parent", _once(unit, before.id, *last))]
    found += _batched(unit, before.agreed)
    return found + misfits(
        half, before.agreed, by=desk.us, accounts=_accounts(unit, before, half.member), token=desk.token
    )


def _batched(unit: DealUnit, before: Agreed) -> list[Wrong]:
    if unit.batch_of(before.rollover) is None:
        return []
    return [Wrong("", f"it was settled in a batch, which does not go back by the network: {OTHERWISE}")]


def _given_back(unit: DealUnit, deal: Deal) -> Case | None:
    """Our case of the rollover that a deal gives back: there we stood on the other side."""
    if deal.parent is None:
        return None
    case = unit.case_of(deal.parent, Side.RECEIVER if deal.side is Side.SOURCE else Side.SOURCE)
    return unit.case(case) if case is not None else None


def _ours(unit: DealUnit, peer: bytes, rollover: bytes) -> Case | None:
    """Our case of a rollover that this member paid us."""
    case = unit.case_of(rollover, Side.RECEIVER)
    other = unit.other_desk(case) if case is not None else None
    return unit.case(case) if case is not None and other is not None and other[0] == peer else None


def _accounts(unit: DealUnit, before: Case, other: bytes) -> tuple[str, str]:
    """From which account, into which one a posted rollover went, or the part of it between us and another custodian;
    the other side's is as the facts told it."""
    deal = unit.deal(before.id)
    if deal.side is Side.SOURCE:
        return before.account, next((half.account for half in deal.halves or () if half.member == other), "")
    return deal.releasing.account if deal.releasing else "", before.account


def _giver(deal: Deal, by: bytes | None) -> tuple[bytes, bytes]:
    """Who gives back, and the reference that it knows; of several receivers one must be named."""
    found = [(who, known_as) for who, known_as in deal.desks if by in (who, None)]
    if len(found) == 1:
        return found[0]
    told = ", ".join(f"{half.custodian} (0x{half.member.hex()})" for half in deal.present)
    raise BadInputError(
        [Wrong("by", f"names none, or not one, of those who received; each gives back its own: {told}")]
    )


def _tries(unit: DealUnit, case: str, other: bytes) -> list[tuple[str, State]]:
    """Returns of a case between us and this custodian; one whose desk is not known counts, too."""
    found = [(each, state, unit.other_desk(each)) for each, state in unit.returns_of(case)]
    return [(each, state) for each, state, desk in found if desk is None or desk[0] == other]


def _standing(tries: Sequence[tuple[str, State]]) -> tuple[str, State] | None:
    """The return that is not over without having paid: while there is one, there is no other."""
    return next((each for each in tries if each[1] is not State.RELEASED), None)


def _once(unit: Unit, case: str, last: str, state: State) -> str:
    told = unit.off_rail(last)
    how = f"by {told[0]} {told[1]}" if told else "on the rails" if state is State.POSTED else ""
    if how:
        return f"case {case} went back {how}, as case {last}; a rollover goes back once. For what is left {OTHERWISE}"
    return f"case {case} is asked back by case {last} already, which is {state}; change that one, or stop it"

"""What is asked back of a rollover that was posted, checked at both desks before anybody signs. Not here: its way on.

The network holds a return to what came, once, and keeps no word of what a batch settled (ADR-0053). What it does not
take as a return goes as a rollover of its own the other way, which names the first in both files and not in its terms:
then both nodes alone hold it to what is left (ADR-0064). Everything that is wrong is told at once and in words. Either
is a deal like any other: its participant signs, both nodes follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
_NOTHING: Final[Mapping[int, int]] = {}


@dataclass(frozen=True, slots=True)
class Left:
    """What of a posted rollover one custodian may be asked to give back: who, between which accounts (ours, theirs),
    the cents by kind that came to it and that went back since; ``why_not`` where nothing can be asked now, ``alone``
    where the network takes no return of it."""

    giver: bytes
    known_as: bytes
    accounts: tuple[str, str]
    before: Agreed
    came: Mapping[int, int]
    gone: Mapping[int, int]
    why_not: str | None
    alone: bool

    @property
    def cents(self) -> dict[Kind, int]:
        """Of each kind what is left."""
        return {Kind(kind): cents - self.gone.get(kind, 0) for kind, cents in sorted(self.came.items())}


def came_to(case: Decoded, who: bytes) -> dict[int, int]:
    """Cents of each kind that a custodian received and took into an account; what a person was paid came to nobody."""
    found: dict[int, int] = {}
    for leg in case.terms.legs:
        if case.election.receivers[leg.to] == who and leg.into != Into.PERSON:
            found[leg.kind] = found.get(leg.kind, 0) + leg.amount
    return found


def outside(legs: Sequence[Leg], parent: bytes, *, by: bytes, gone: Mapping[int, int] = _NOTHING) -> list[str]:
    """What of the legs by which ``by`` gives back is not within what came to it by the encoded case ``parent``, without
    what went back already (``gone``, cents by kind)."""
    came = came_to(decode_case(parent), by)
    asked: dict[int, int] = {}
    for leg in legs:
        asked[leg.kind] = asked.get(leg.kind, 0) + leg.amount
    left = {kind: came.get(kind, 0) - gone.get(kind, 0) for kind in asked}
    found = [
        _more(kind, cents, came.get(kind, 0), gone.get(kind, 0)) for kind, cents in asked.items() if cents > left[kind]
    ]
    return found + ["a part that is paid to the person goes back to nobody"] * any(x.into == Into.PERSON for x in legs)


def misfits(
    half: ReceivingHalf, before: Agreed, *, by: bytes, accounts: tuple[str, str], token: bytes,
    gone: Mapping[int, int] = _NOTHING,
) -> list[Wrong]:  # fmt: skip
    """What of a half that asks back is not the reverse of the rollover ``before``, all of it.

    ``by`` received it and is to pay back; ``accounts`` are those from which and into which it went; ``gone`` went back.
    """
    return list(_misfits(half, decode_case(before.encoded), by, accounts, token, gone))


def _misfits(
    half: ReceivingHalf, before: Decoded, by: bytes, accounts: tuple[str, str], token: bytes, gone: Mapping[int, int]
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
        back = gone.get(each.kind, 0)
        if asked[each.kind] > came.get(each.kind, 0) - back >= earlier:
            yield Wrong(f"wanted[{place}].cents", _more(each.kind, asked[each.kind], came.get(each.kind, 0), back))


def _more(kind: int, asked: int, came: int, gone: int) -> str:
    name = Kind(kind).name.lower() if kind in set(Kind) else f"kind {kind}"
    less = f", of which {gone} went back" if gone else ""
    return f"of {name} {asked} cents are asked back, and {came} came{less}; earnings go otherwise: {OTHERWISE}"


def may_give_back(unit: DealUnit, case: str, *, by: bytes | None = None) -> Left:
    """What the source may ask back of a posted case now; raises why not. ``by`` is who gives back, of several."""
    deal, file = unit.deal(case), unit.case(case)
    if deal.side is not Side.SOURCE or file.state is not State.POSTED or file.agreed is None:
        raise StillOpenError(f"case {case} is {file.state} at the {deal.side}; the source asks back what it paid")
    if is_erased(file):
        raise StillOpenError(
            f"case {case}: its records were erased after their time; ask the other custodian for a check"
        )
    giver, known_as = _giver(deal, by)
    back = gone_back(unit, file, giver)
    came = came_to(decode_case(file.agreed.encoded), giver)
    return Left(
        giver,
        known_as,
        _accounts(unit, file, giver),
        file.agreed,
        came,
        back,
        _stands_against(unit, file, giver, by=giver),
        bool(_goes_alone(unit, file, giver)),
    )


def give_back(
    unit: DealUnit, desk: Desk, case: str, new: str, half: ReceivingHalf, *, at: str = "", by: bytes | None = None
) -> Deal:
    """We paid, and ask the custodian that received to pay back: a rollover of its own that names the first as parent,
    or, where the network takes no such return any more, in both files alone (``Deal.undoes``).

    The participant signs it like any other. ``half`` is ours, as who receives; ``at`` is where it stood, for what is
    wrong with it. The same half again is nothing new. ``by`` is who gives back, where several received: its own part.
    """
    left = may_give_back(unit, case, by=by)
    giver, parent = left.giver, left.before.rollover
    tries = _tries(unit, case, giver)
    for name, state in tries:
        if state is not State.RELEASED and (known := unit.deal(name)).receiving == half:
            return known
    if left.why_not is not None:
        raise StillOpenError(left.why_not)
    wrong = [Wrong("member", "is not our own address in the network")] if half.member != desk.us else []
    wrong += misfits(half, left.before, by=giver, accounts=left.accounts, token=desk.token, gone=left.gone)
    if wrong:
        raise BadInputError([Wrong(f"{at}.{x.path}".strip("."), x.said) for x in {y.path: y for y in wrong}.values()])
    open_case(unit, new, side=Side.RECEIVER, account=half.account, parent=case)
    reference = keccak(b"open401k return" + left.known_as + parent + len(tries).to_bytes(4, "big"))
    made = Deal(new, reference, Side.RECEIVER, desk.us, giver, desk.now(), receiving=half, edition=1)
    told = Request(giver, half)
    if left.alone:
        made, told = replace(made, undoes=parent), replace(told, undoes=parent)
    else:
        made, told = replace(made, parent=parent), replace(told, parent=parent)
    unit.add_deal(made)
    move(unit, new, State.DATA_REQUESTED)
    unit.put_letter(giver, reference, LetterKind.REQUEST, told)
    fault("deals.return")
    return made


def changed_wish(unit: DealUnit, desk: Desk, deal: Deal, half: ReceivingHalf) -> list[Wrong]:
    """What of a newer half does not fit the rollover that a deal gives back; nothing where it gives back none."""
    if deal.gives_back is None:
        return []
    before = _given_back(unit, deal)
    if before is None or before.agreed is None:
        return [Wrong("", "no case of ours is what it gives back")]
    return misfits(
        half, before.agreed, by=deal.source, accounts=_accounts(unit, before, deal.peer), token=desk.token,
        gone=gone_back(unit, before, deal.peer),
    )  # fmt: skip


def wrong_return(unit: DealUnit, deal: Deal, legs: Sequence[Leg]) -> list[str]:
    """Why exact terms of these legs do not go back; nothing where they are within what came, or give back nothing."""
    if deal.gives_back is None:
        return []
    before = _given_back(unit, deal)
    if before is None or before.agreed is None:
        return ["no case of ours is what it gives back"]
    return outside(legs, before.agreed.encoded, by=deal.source, gone=gone_back(unit, before, deal.peer))


def another(unit: DealUnit, deal: Deal) -> str | None:
    """What stands in the way of a second try of a return: the rollover goes back already, by another case."""
    before = _given_back(unit, deal)
    if before is None:
        return None
    if (why := _stands_against(unit, before, deal.peer, by=deal.source)) is not None:
        return why
    last = _paid(_tries(unit, before.id, deal.peer))
    if last is None or deal.undoes is not None:
        return None
    return f"{_once(unit, before.id, *last)}: ask it back anew, for it goes as a rollover of its own then"


def goes_twice(unit: DealUnit, deal: Deal) -> str | None:
    """Why a return that ended is not closed by check or wire: another case gives it back, or did."""
    before = _given_back(unit, deal)
    if before is None or before.agreed is None or deal.receiving is None:
        return None
    tries = [each for each in _tries(unit, before.id, deal.peer) if each[0] != deal.case]
    if (waits := _waits(tries)) is not None:
        return f"case {before.id} is asked back by case {waits[0]} already, which is {waits[1]}; stop that one first"
    came, gone = came_to(decode_case(before.agreed.encoded), deal.source), gone_back(unit, before, deal.peer)
    for kind in {each.kind for each in deal.receiving.wanted}:
        asked = sum(each.cents or 0 for each in deal.receiving.wanted if each.kind == kind)
        if asked > came.get(kind, 0) - gone.get(kind, 0):
            return _more(kind, asked, came.get(kind, 0), gone.get(kind, 0))
    return None


def asked_back(unit: DealUnit, desk: Desk, peer: bytes, letter: Letter, body: Request, *, number: int) -> Taken:
    """The other side asks back what it paid us: a case after the one that it names, or its end with every reason."""
    parent = body.parent or body.undoes or b""
    before = _ours(unit, peer, parent)
    if before is not None and before.state in _OPEN:  # the chain's word is not final or not booked here yet
        return Taken(Came.EARLY, before.id, f"our case is {before.state}")
    case, half = f"{Side.SOURCE}-{desk.random.token(8).hex()}", body.receiving
    wrong = _why_not(unit, desk, before, half, is_alone=body.parent is None)
    open_case(unit, case, side=Side.SOURCE, account=half.source_account, parent=before.id if before else None)
    deal = Deal(case, letter.reference, Side.SOURCE, desk.us, peer, desk.now(), number=number, receiving=half,
                their_edition=1, parent=body.parent, undoes=body.undoes)  # fmt: skip
    unit.add_deal(deal)
    unit.take_letter(peer, letter)
    move(unit, case, State.DATA_REQUESTED)
    if wrong:
        words = "; ".join(str(each) for each in wrong)
        end(unit, deal, RETURN_UNFIT)
        raise_for(unit, desk, case, RETURN_UNFIT, words)
        unit.put_letter(peer, letter.reference, LetterKind.STOP, Ended(RETURN_UNFIT, words[:2_000]))
    return Taken(Came.TAKEN, case, "; ".join(str(each) for each in wrong))


def _why_not(
    unit: DealUnit, desk: Desk, before: Case | None, half: ReceivingHalf, *, is_alone: bool
) -> list[Wrong]:  # fmt: skip
    if before is None or before.agreed is None:
        return [Wrong("parent", "no rollover that this custodian paid came to us under this id")]
    if before.state is not State.POSTED:
        return [Wrong("parent", f"our case of it is {before.state}: nothing came")]
    if is_erased(before):
        return [Wrong("parent", "its records were erased after their time: agree with our desk on a check or wire")]
    found, other = list[Wrong](), half.member
    if (why := _stands_against(unit, before, other, by=desk.us)) is not None:
        found.append(Wrong("parent", why))
    elif (how := _goes_alone(unit, before, other)) and not is_alone:
        found.append(Wrong("parent", f"{how}; the network takes no return of it: ask again, as a rollover of its own"))
    elif is_alone and not how:
        found.append(Wrong("parent", "the network takes a return of it and watches over it: ask it back as one"))
    return found + misfits(
        half, before.agreed, by=desk.us, accounts=_accounts(unit, before, other), token=desk.token,
        gone=gone_back(unit, before, other),
    )  # fmt: skip


def gone_back(unit: DealUnit, before: Case, other: bytes) -> dict[int, int]:
    """Cents of each kind that went back between us and this custodian: on the rails, or by check or wire as asked."""
    found: dict[int, int] = {}
    for name, state in _tries(unit, before.id, other):
        for kind, cents in _cents(unit, name, state):
            found[kind] = found.get(kind, 0) + cents
    return found


def is_asked_back(unit: DealUnit, file: Case) -> bool:
    """Whether what a posted case of ours moved is asked back now; nothing goes back before its participant signed."""
    return file.state is State.POSTED and _waits(unit.returns_of(file.id)) is not None


def still_back(unit: DealUnit, before: Case, other: bytes) -> dict[int, int]:
    """Of that what is still where it went back to: a return can be given back itself."""
    found = gone_back(unit, before, other)
    for name, state in _tries(unit, before.id, other):
        if state is State.POSTED:
            for kind, cents in still_back(unit, unit.case(name), other).items():
                found[kind] = found.get(kind, 0) - cents
    return found


def _cents(unit: DealUnit, name: str, state: State) -> list[tuple[int, int]]:
    if state is State.POSTED and (agreed := unit.case(name).agreed) is not None:
        return [(part.kind, part.cents) for part in agreed.parts]
    if state is State.OFF_RAIL and (receiving := unit.deal(name).receiving) is not None:
        return [(each.kind, each.cents or 0) for each in receiving.wanted]
    return []


def _goes_alone(unit: DealUnit, before: Case, other: bytes) -> str:
    """Why the network takes no return of it, if it does not: it keeps one word for a batch, and one for a return."""
    if before.agreed is not None and unit.batch_of(before.agreed.rollover) is not None:
        return "it was settled in a batch"
    return "a part of it went back before" if _paid(_tries(unit, before.id, other)) is not None else ""


def _stands_against(unit: DealUnit, before: Case, other: bytes, *, by: bytes) -> str | None:
    """Why nothing of it is asked back now: another case is about to, or nothing is left."""
    tries = _tries(unit, before.id, other)
    if (waits := _waits(tries)) is not None:
        return f"case {before.id} is asked back by case {waits[0]} already, which is {waits[1]}; change it, or stop it"
    last, gone = _paid(tries), gone_back(unit, before, other)
    if last is None or before.agreed is None:
        return None
    came = came_to(decode_case(before.agreed.encoded), by)
    if any(cents > gone.get(kind, 0) for kind, cents in came.items()):
        return None
    return f"{_once(unit, before.id, *last)}: nothing is left of it. Earnings go otherwise: {OTHERWISE}"


def _waits(tries: Sequence[tuple[str, State]]) -> tuple[str, State] | None:
    """By which something is about to go back."""
    return next((x for x in tries if x[1] not in (State.RELEASED, State.POSTED, State.OFF_RAIL)), None)


def _paid(tries: Sequence[tuple[str, State]]) -> tuple[str, State] | None:
    """The last by which something went back."""
    return next((each for each in reversed(tries) if each[1] in (State.POSTED, State.OFF_RAIL)), None)


def _given_back(unit: DealUnit, deal: Deal) -> Case | None:
    """Our case of the rollover that a deal gives back: there we stood on the other side."""
    if deal.gives_back is None:
        return None
    case = unit.case_of(deal.gives_back, Side.RECEIVER if deal.side is Side.SOURCE else Side.SOURCE)
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


def _once(unit: Unit, case: str, last: str, state: State) -> str:
    told = unit.off_rail(last)
    how = f"by {told[0]} {told[1]}" if told else f"on the rails ({state})"
    return f"case {case} went back {how}, as case {last}"

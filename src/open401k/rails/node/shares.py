"""Who takes which part of a rollover with several receivers, who is there, and the code that each who is not joins by.

A code as people hand it over ends in two bytes of a hash over what must fit it, so that a wrong letter, source, account
or mode is told where it is typed. Not here: what joining does (together), pages and commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from eth_hash.auto import keccak

from ..kinds import Into, Kind
from ..messages import Mode
from ..preflight.facts import Part
from .cases import State
from .codec import BadInputError, Wrong
from .core import Side
from .deal import Deal
from .halves import ReceivingHalf
from .together import codes_of

_CODE: Final = 32
_CHECK: Final = 2
_GROUP: Final = 4


@dataclass(frozen=True, slots=True)
class Share:
    """What one receiver takes, as one side knows it: ``parts`` with cents as far as they are known.

    ``name`` is empty before it has said who it is; ``code`` is there while it is awaited, where we may hand it over.
    """

    place: int
    member: bytes
    name: str
    is_ours: bool
    has_joined: bool
    parts: tuple[Part, ...] = ()
    state: State | None = None
    code: str | None = None


def shares_of(deal: Deal, state: State) -> tuple[Share, ...]:
    """Every receiver in the election's order; nothing where there is one. ``state`` is that of our own case.

    Who leads learns that others joined once all did; who joins learns of others with its place.
    """
    if deal.many == 1:
        return ()
    codes = {} if deal.elected is not None or state in _OVER else handed_codes(deal)
    is_lead_ours = deal.side is Side.RECEIVER and deal.place == 0
    leads = 0 if deal.side is Side.SOURCE or is_lead_ours else deal.place
    first_state = deal.their_state if deal.side is Side.SOURCE else state
    found = []
    if deal.receiving is not None:
        name, is_ours = deal.receiving.custodian, deal.side is Side.RECEIVER
        parts = _parts(deal, leads, deal.receiving)
        found.append(Share(leads, deal.receiving.member, name, is_ours, True, parts, first_state))
    for each in deal.others:
        has_joined, half = each.half is not None, each.half
        parts, name = (_parts(deal, each.place, half), half.custodian) if half else ((), "")
        code = None if has_joined else codes.get(each.member)
        found.append(Share(each.place, each.member, name, False, has_joined, parts, each.state, code))
    return tuple(sorted(found, key=lambda each: each.place))


def handed_codes(deal: Deal) -> dict[bytes, str]:
    """By which code each other receiver joins, as it is handed over; where we lead or pay."""
    if deal.receiving is None:
        return {}
    account, mode = deal.receiving.source_account, deal.receiving.mode
    return {member: handed(code, deal.source, account, mode) for member, code in codes_of(deal).items()}


def handed(code: bytes, source: bytes, account: str, mode: Mode) -> str:
    """A code as people read it: in groups of four letters."""
    letters = (code + _check(code, source, account, mode)).hex()
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def mode_of(text: str, source: bytes, account: str) -> tuple[bytes, Mode]:
    """The code of what was typed, and how much the rollover moves; :class:`BadInputError` where it does not fit."""
    try:
        given = bytes.fromhex(text.replace("-", "").replace(" ", "").strip().removeprefix("0x"))
    except ValueError:
        given = b""
    if len(given) != _CODE + _CHECK:
        raise BadInputError([Wrong("code", f"is {2 * (_CODE + _CHECK)} letters of 0-9 and a-f, as handed over")])
    code, check = given[:_CODE], given[_CODE:]
    for mode in Mode:
        if _check(code, source, account, mode) == check:
            return code, mode
    raise BadInputError([Wrong("code", "is not that of a rollover from this source and this account there: one of the "
                               "three was mistyped, or it is another rollover's")])  # fmt: skip


def code_for(text: str, source: bytes, half: ReceivingHalf) -> bytes:
    """The code of what was typed for a half; what moves is how who leads asked for it."""
    code, mode = mode_of(text, source, half.source_account)
    if mode is not half.mode:
        raise BadInputError([Wrong("receiving.mode", f"is {half.mode.name.lower()}; who leads asks for {_HOW[mode]}")])
    return code


def _check(code: bytes, source: bytes, account: str, mode: Mode) -> bytes:
    return keccak(b"open401k handed over" + code + source + bytes([mode]) + account.encode())[:_CHECK]


def _parts(deal: Deal, place: int, half: ReceivingHalf) -> tuple[Part, ...]:
    """With the cents of the terms, else of what is known of both halves, else those that it names."""
    if deal.terms is not None:
        legs = (each for each in deal.terms.legs if each.to == place)
        return tuple(Part(Kind(each.kind), Into(each.into), place, each.amount) for each in legs)
    if deal.parts is not None:
        return tuple(each for each in deal.parts if each.to == place)
    return tuple(Part(each.kind, each.into, place, each.cents or 0) for each in half.wanted)


_OVER: Final = (State.POSTED, State.RELEASED, State.OFF_RAIL)
_HOW: Final = {Mode.ALL: "all", Mode.FIXED: "fixed amounts"}

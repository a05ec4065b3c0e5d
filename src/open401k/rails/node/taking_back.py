"""What a participant takes back: the move before it is decided, the agreement to papers on a screen, e-mails. ADR-0057.

Taking back is always the safe direction, so that the link alone is asked for. What was signed and shown before stays
as valid as it was (15 USC 7001(c)(4)). Not here: pages, the chain's word, by which a race with the verdict is decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Final

from open401k.base.faults import fault

from . import deals
from .cases import Raised
from .codes import FOUND, PAPER_WANTED, WITHDRAWN
from .core import Side
from .deal import Deal, DealUnit
from .desk import Desk
from .following import Verdict
from .judging import NotNowError, is_closed
from .letters import Ended, LetterKind
from .lineage import newest_of, usable_again, usable_for_rest, withdraw
from .together import tell_all

BOUNDARIES: Final = ("taking_back.move", "taking_back.rest", "taking_back.screen")
_DECIDED: Final = (Verdict.COMMITTED, Verdict.CLOSED)


class TakeBack(StrEnum):
    """What."""

    #: The wish, and the election if it was signed.
    MOVE = "move"
    #: What comes in after the move, which an election of all there is would let follow.
    REST = "rest"
    #: Papers and signature on a screen: from now on on paper.
    SCREEN = "screen"
    #: E-mails that tell of news.
    MAIL = "mail"


def may_take_back(unit: DealUnit, deal: Deal, verdict: Verdict | None, *, now: int) -> Iterator[TakeBack]:
    """What of it is there now to be taken back. E-mails are not of the deal.

    A move that ended may be proposed again under what was signed, and what comes in later may follow one of all there
    is, until the election is over: so long that can be taken back, too. ``verdict`` is on the newest proposal.
    """
    newest = newest_of(unit, deal)
    case = unit.case(newest.case)
    open_now = not is_closed(case) and case.stop is None
    if (open_now or usable_again(case, newest, now=now)) and verdict not in _DECIDED:
        yield TakeBack.MOVE
    if usable_for_rest(case, newest, now=now):
        yield TakeBack.REST
    case = unit.case(deal.case)
    half = deal.receiving
    agreed = deal.side is Side.RECEIVER and half is not None and half.e_sign_consent and not is_closed(case)
    if agreed and not any(each.is_open and each.code == PAPER_WANTED for each in unit.raised(deal.case)):
        yield TakeBack.SCREEN


def take_back_move(unit: DealUnit, desk: Desk, case: str, verdict: Verdict | None) -> None:
    """The case ends for this reason at both sides: before exact terms at once, else as the network's word allows.

    It is the last proposal under the election that ends; after one that is over there is no other.
    """
    deal = unit.deal(case)
    newest = newest_of(unit, deal)
    file = unit.case(newest.case)
    if file.stop == WITHDRAWN:
        return
    if TakeBack.MOVE not in may_take_back(unit, deal, verdict, now=desk.now()):
        raise NotNowError("the move is decided or over; what has moved comes back by a new rollover")
    if is_closed(file):
        _no_more(unit, newest)
    else:
        deals.stop(unit, desk, newest.case, WITHDRAWN)
    unit.put_event(case, "the participant took the move back")
    fault("taking_back.move")


def take_back_rest(unit: DealUnit, desk: Desk, case: str) -> None:
    """What has moved stays moved; nothing follows it under what was signed."""
    deal = unit.deal(case)
    newest = newest_of(unit, deal)
    if unit.case(newest.case).stop == WITHDRAWN:
        return
    if TakeBack.REST not in may_take_back(unit, deal, None, now=desk.now()):
        raise NotNowError("nothing more can follow under what was signed")
    _no_more(unit, newest)
    unit.put_event(case, "the participant wants nothing more moved")
    fault("taking_back.rest")


def _no_more(unit: DealUnit, deal: Deal) -> None:
    withdraw(unit, unit.case(deal.case))
    tell_all(unit, deal, LetterKind.STOP, Ended(WITHDRAWN))


def take_back_screen(unit: DealUnit, desk: Desk, case: str) -> None:
    """From now on on paper: before the signature it cannot be signed here any more; somebody sends the papers."""
    deal, file = unit.deal(case), unit.case(case)
    if TakeBack.SCREEN not in may_take_back(unit, deal, None, now=desk.now()):
        raise NotNowError("there is no agreement to papers on a screen any more")
    unit.raise_(Raised(case, PAPER_WANTED, FOUND[PAPER_WANTED], desk.now()))
    unit.put_event(case, "the participant wants paper from now on")
    if deal.elected is None and deal.receiving is not None and file.agreed is None and file.stop is None:
        deals.put_facts(unit, desk, case, replace(deal.receiving, e_sign_consent=False))
    fault("taking_back.screen")


def agreed_again(unit: DealUnit, case: str) -> None:
    """They agreed to papers on a screen once more: nobody has to send paper."""
    unit.resolve(case, PAPER_WANTED)

"""Several receivers of one election: who leads, who joins, what each is told. The source is between them all.

A receiver joins by a code that the lead has from its own case and hands over with the participant; no letter goes
between receivers. Each verb is one transaction, and repeated it changes nothing more. Not here: terms (terms_of).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from open401k.base.faults import fault

from ..kinds import Into
from .cases import Case, State
from .codec import BadInputError, Wrong
from .core import Side
from .deal import Deal, DealUnit
from .desk import Desk
from .elections import account_at
from .halves import ReceivingHalf
from .joined import MOST, Joined, code_of, veiled
from .judging import NotNowError
from .letters import Body, FactsTold, LetterKind, Request
from .opening import move, open_case
from .views import releasing_for

#: Where a test may stop the process: at the end of each verb, before its transaction is committed.
BOUNDARIES: Final = ("deals.joined",)


def tell_all(unit: DealUnit, deal: Deal, kind: LetterKind, body: Body, *, but: bytes | None = None) -> None:
    """The same to everybody who takes part in a case, but not to who told us."""
    left_out = deal.left_out
    for member, reference in deal.desks:
        if member != but and member not in left_out:
            unit.put_letter(member, reference, kind, body)


def tell_facts(unit: DealUnit, deal: Deal) -> None:
    """We pay: our half to every receiver, with what each may see of the others; before we have told one, nothing."""
    if deal.releasing is None:
        return
    for place, (member, reference, half) in enumerate(_by_place(deal)):
        if reference is not None and half is not None:
            told = FactsTold(deal.edition, releasing=releasing_for(deal.releasing, half, place), number=deal.number,
                             place=place, others=views_for(deal, place))  # fmt: skip
            unit.put_letter(member, reference, LetterKind.FACTS, told)


def views_for(deal: Deal, place: int) -> tuple[ReceivingHalf, ...]:
    """What one receiver sees of the others, in order; nothing before all of them are here."""
    halves = deal.halves
    if halves is None:
        return ()
    seen = (veiled(half, account_at(deal, other)) for other, half in enumerate(halves) if other != place)
    return tuple(seen)


def others_from(members: Sequence[ReceivingHalf], place: int) -> tuple[Joined, ...]:
    """The others as a receiver was told of them."""
    places = (each for each in range(len(members) + 1) if each != place)
    return tuple(Joined(at, half.member, half) for at, half in zip(places, members, strict=True))


def leading(members: Sequence[bytes], desk: Desk, source: bytes) -> None:
    """Refuse other receivers who cannot be meant."""
    if len(members) >= MOST:
        raise BadInputError([Wrong("receivers", f"has {len(members)} beside us; {MOST} receive at most")])
    if len({*members, desk.us, source}) != len(members) + 2:
        raise BadInputError([Wrong("receivers", "names somebody twice, us or the source")])


def no_cash_for_persons(desk: Desk, half: ReceivingHalf) -> list[Wrong]:
    """What of it a plan's books do not take: a part that is paid to the person is a payment of the plan that pays.

    That plan withholds from it and reports it (IRC 3405(c)(1)); what another plan takes is what goes into it directly
    (IRC 401(a)(31)). In the books of that one it would lie among assets that are not its own.
    """
    if desk.pays_persons:
        return []
    why = "is the person: the plan that pays pays that part itself; a plan that receives takes into its accounts alone"
    return [Wrong(f"wanted[{at}].into", why) for at, each in enumerate(half.wanted) if each.into is Into.PERSON]


def codes_of(deal: Deal) -> dict[bytes, bytes]:
    """By which code each other receiver joins, where we lead, or pay and were told who is awaited."""
    if deal.side is Side.SOURCE:
        return {each.member: each.code for each in deal.others if each.code is not None}
    if deal.place:
        return {}
    return {each.member: code_of(deal.reference, each.place) for each in deal.others}


def join(unit: DealUnit, desk: Desk, case: str, *, source: bytes, code: bytes, half: ReceivingHalf) -> Deal:
    """We receive a part of what another custodian's participant asks for, and have its code from them."""
    if half.member != desk.us or source == desk.us:
        raise BadInputError([Wrong("member", "is not our own address, or the source is")])
    if cash := no_cash_for_persons(desk, half):
        raise BadInputError(cash)
    if (known := unit.deal_of(source, code)) is not None:
        if (known.case, known.receiving) != (case, half):
            raise NotNowError(f"this code was used for case {known.case}; put the facts of that one")
        return known
    open_case(unit, case, side=Side.RECEIVER, account=half.account)
    hidden = desk.random.token(32)
    deal = Deal(case, code, Side.RECEIVER, desk.us, source, desk.now(), receiving=half, edition=1, many=2, place=1,
                hidden=hidden)  # fmt: skip
    unit.add_deal(deal)
    move(unit, case, State.DATA_REQUESTED)
    unit.put_letter(source, code, LetterKind.REQUEST, Request(source, half, salt=hidden))
    fault("deals.joined")
    return deal


def awaited(unit: DealUnit, deal: Deal, members: Sequence[bytes]) -> Deal:
    """We pay: the others whom the lead named may join."""
    others = tuple(Joined(at, member, code=code_of(deal.reference, at)) for at, member in enumerate(members, 1))
    for each in others:
        unit.await_desk(deal.case, each.member, each.code or b"")
    return replace(deal, many=1 + len(others), others=others)


def joins(unit: DealUnit, deal: Deal, file: Case, peer: bytes, body: Request) -> Deal | str:
    """We pay, and another receiver is here; why it does not fit, if it does not."""
    mine = next((each for each in deal.others if each.member == peer and each.code is not None), None)
    half = body.receiving
    if deal.side is not Side.SOURCE or mine is None or mine.half is not None or body.salt is None:
        return "this rollover was asked for already"
    if len(body.salt) != 32 or half.member != peer or half.source_account != file.account:
        return "it names another custodian or account than the request of who leads"
    unit.desk_joined(peer, mine.code or b"")
    unit.put_event(deal.case, "another receiver joined")
    return with_other(deal, replace(mine, half=half, hidden=body.salt, edition=1))


def with_other(deal: Deal, one: Joined) -> Deal:
    """In place of what was known of it; our half is told anew, with what others see of it."""
    others = tuple(one if each.place == one.place else each for each in deal.others)
    return replace(deal, others=others, edition=deal.edition + (deal.releasing is not None))


def _by_place(deal: Deal) -> list[tuple[bytes, bytes | None, ReceivingHalf | None]]:
    others = {each.place: (each.member, each.code, each.half) for each in deal.others}
    return [(deal.peer, deal.reference, deal.receiving), *(others[place] for place in sorted(others))]

"""What a desk does with a deal that ended: propose it again, move what is left, close it beside the rails.

A new proposal is a case of its own under a reference that both sides derive from the old one, so that both may begin
it. The participant's election goes on, until its deadline. Not here: the queues (exceptions), what is asked back
(returning), what a case does next.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from open401k.base.faults import fault

from ..kinds import Into, Kind
from ..messages import Mode
from ..preflight.facts import Part
from .cases import Case, State, Way
from .codec import BadInputError
from .codes import NOTHING_COMES, WITHDRAWN
from .core import Side
from .deal import Deal, DealUnit
from .desk import Desk
from .elections import unfit
from .exceptions import StillOpenError, close_off_rail, is_followed, next_part, propose_again
from .exceptions import residual as residual_case
from .following import Verdict
from .halves import ReleasingHalf
from .joined import Joined
from .judging import NotNowError, judged
from .letters import Again, Came, Ended, Letter, LetterKind, OffRail, Taken, body_of
from .lineage import after, before_of, is_closed_there, later_of, next_reference, usable_for_rest
from .returning import another, goes_twice
from .together import tell_facts

#: Where a test may stop the process: at the end of each verb, before its transaction is committed.
BOUNDARIES: Final = ("deals.again", "deals.residual", "deals.off_rail")
_OPEN: Final = frozenset({State.LIQUIDATING, State.HELD, State.VOTED})


def again(unit: DealUnit, desk: Desk, case: str, new: str, *, verdict: Verdict) -> Deal:
    """Propose it again as case ``new``, with the same election, once it is released; where several receive, to all.

    ``verdict`` is the chain's final one on the proposal before. The same again is nothing new.
    """
    deal = unit.deal(case)
    reference = next_reference(deal)
    if (known := unit.deal_of(deal.peer, reference)) is not None:
        return known
    if deal.many > 1 and deal.side is not Side.SOURCE:
        raise NotNowError(f"case {case} has {deal.many} receivers: the custodian that pays proposes it again, to all")
    file = unit.case(case)
    if file.stop == WITHDRAWN:
        raise NotNowError(f"the participant took case {case} back; what they signed holds no more. Ask anew")
    if file.state is not State.RELEASED:
        raise StillOpenError(f"case {case} is {file.state}; it is proposed again when it is released")
    if deal.elected is None:
        raise NotNowError(f"case {case} was not signed; ask for a new rollover")
    if is_closed_there(deal):
        raise NotNowError(f"the other side closed case {case} by check or wire; close it here by the same")
    if (why := went_before(unit, deal) or another(unit, deal)) is not None:
        raise NotNowError(why)
    _still_signed(deal, desk)
    part = next_part(deal.part, verdict)
    propose_again(unit, case, new)
    after = _begun(unit, desk, deal, new, part)
    for (member, before), (_, now) in zip(deal.desks, after.desks, strict=True):
        unit.put_letter(member, now, LetterKind.AGAIN, Again(before, part))
    _tell_left_out(unit, after)
    fault("deals.again")
    return after


def residual(unit: DealUnit, desk: Desk, case: str, new: str, half: ReleasingHalf, *, verdict: Verdict) -> Deal:
    """What came in at the source after all there was moved, as a child ``new``: ``half`` says what is there now.

    Each receiver gets its part in the ratio in which all was moved; to whom nothing comes is told so (ADR-0083).
    """
    deal = unit.deal(case)
    reference = next_reference(deal)
    if (known := unit.deal_of(deal.peer, reference)) is not None:
        return known
    elected = deal.elected
    if deal.side is not Side.SOURCE or elected is None or elected.election.mode is not Mode.ALL:
        raise NotNowError(f"case {case} has no residual: the source moves one where the participant signed for all")
    _still_signed(deal, desk)
    if unit.case(case).stop == WITHDRAWN:
        raise NotNowError(f"the participant wants nothing more moved after case {case}. Ask anew")
    if _batched(unit, unit.case(case)):
        raise NotNowError(f"case {case} was settled in a batch, which used its number whole; ask for a new rollover")
    edition = deal.edition + 1
    changed = replace(deal, releasing=half, edition=edition, moved=_moved(deal))
    if fields := unfit(elected.election, changed, desk):
        raise NotNowError(f"case {case} was signed with another {', '.join(fields)}; ask for a new rollover")
    residual_case(unit, case, new)
    part = next_part(deal.part, verdict)
    after = _begun(unit, desk, changed, new, part)
    for (member, before), (_, now) in zip(deal.desks, after.desks, strict=True):
        unit.put_letter(member, now, LetterKind.AGAIN, Again(before, part, is_residual=True))
    tell_facts(unit, after)
    _tell_left_out(unit, after)
    fault("deals.residual")
    return after


def rest_follows(unit: DealUnit, file: Case, deal: Deal, *, now: int) -> bool:
    """Whether what comes in now may follow a case, which nothing followed yet; the source moves it."""
    if deal.side is not Side.SOURCE or not usable_for_rest(file, deal, now=now) or _batched(unit, file):
        return False
    return unit.known_as(deal.peer, next_reference(deal)) is None


def _moved(deal: Deal) -> tuple[Part, ...]:
    """The parts that moved when all did; what followed since was shared out by them, too."""
    legs = deal.terms.legs if deal.terms is not None else ()
    return deal.moved or tuple(Part(Kind(each.kind), Into(each.into), each.to, each.amount) for each in legs)


def _tell_left_out(unit: DealUnit, deal: Deal) -> None:
    """To whom nothing comes of it is told at once: its case ends, and it knows of what may follow."""
    for member, reference in deal.desks:
        if member in deal.left_out:
            unit.put_letter(member, reference, LetterKind.STOP, Ended(NOTHING_COMES))


def off_rail(unit: DealUnit, case: str, way: Way, reference: str) -> Case:
    """Closed by check or wire, with the transfer file that both have; the other side is told. Once; the same again is
    nothing new. A file that stands for one that was forgotten has no other side.

    Where several receive, who pays names a check or wire for each, in order; a receiver closes its own part alone.
    """
    file = unit.case(case)
    if file.state is State.OFF_RAIL and unit.off_rail(case) == (way, reference):
        return file
    if (why := moves_otherwise(unit, file)) is not None:
        raise NotNowError(why)
    told = _told_of(unit, file, reference)
    after = close_off_rail(unit, case, way, reference)
    for (member, known_by), its in told:
        unit.put_letter(member, known_by, LetterKind.OFF_RAIL, OffRail(way, its))
    fault("deals.off_rail")
    return after


def moves_otherwise(unit: DealUnit, file: Case) -> str | None:
    """Why a case is not closed beside the rails: what it was to move may move by another, or went already."""
    if unit.other_desk(file.id) is None:
        return None
    if file.stop == NOTHING_COMES:
        return f"nothing of case {file.id} comes to us"
    deal = unit.deal(file.id)
    if (why := went_before(unit, deal)) is not None or file.state is not State.RELEASED:
        return why
    later = later_of(unit, deal.peer, deal.reference)
    stands = next((name for name in reversed(later) if unit.case(name).state is not State.RELEASED), None)
    if stands is not None or (later and not is_closed_there(deal)):
        last = stands or later[-1]
        return f"case {file.id} was proposed again, last as case {last}; stop that one if it is open, and close it"
    return goes_twice(unit, deal)


def went_before(unit: DealUnit, deal: Deal) -> str | None:
    """Why it is not closed by a check of its own: one that was to move the same money before it was."""
    for before in before_of(unit, deal):
        if (told := unit.off_rail(before.case)) is not None:
            return (
                f"case {before.case}, which came before it, was closed by {told[0]} {told[1]}: that is the same money"
            )
        if is_closed_there(before):
            how = "close that one here by the same check or wire"
            return f"the other side closed case {before.case}, which came before it, beside the rails: {how}"
    return None


def _told_of(unit: DealUnit, file: Case, reference: str) -> list[tuple[tuple[bytes, bytes], str]]:
    """Whom we write to, and of which check or wire."""
    other = unit.other_desk(file.id)
    if other is None:
        return []
    deal = unit.deal(file.id)
    if deal.many == 1:
        return [(other, reference)]
    if file.state is not State.RELEASED:
        how = "stop it, which ends it for all; then close it"
        raise NotNowError(f"case {file.id} has {deal.many} receivers and is {file.state}: {how}")
    if deal.side is not Side.SOURCE:
        return [(other, reference)]
    each = [one.strip() for one in reference.split(",")]
    if len(each) != len(deal.desks) or not all(each):
        names = ", ".join(half.custodian for half in deal.present)
        how = f"name a check or wire for each, between commas, in this order: {names}"
        raise NotNowError(f"case {file.id} pays {len(deal.desks)} receivers: {how}")
    return list(zip(deal.desks, each, strict=True))


# ---- letters of the other side


def begun_there(unit: DealUnit, desk: Desk, peer: bytes, letter: Letter) -> Taken:
    """The other side proposes again: we begin the same case, once ours is where that can be."""
    try:
        body = body_of(letter)
    except BadInputError as wrong:
        return Taken(Came.REFUSED, words=str(wrong))
    deal = unit.deal_of(peer, body.after) if isinstance(body, Again) else None
    if deal is None or not isinstance(body, Again) or letter.number != 1:
        return Taken(Came.REFUSED, words="no case of ours came before this one")
    case = unit.case(deal.case)
    if case.state in _OPEN:  # the chain's word is not final here yet: it comes again
        return Taken(Came.EARLY, deal.case, f"our case is {case.state}")
    parts = (deal.part + 1,) if body.is_residual else (deal.part, deal.part + 1)
    is_by_all = deal.many == 1 or deal.side is Side.RECEIVER  # where several receive, who pays proposes again
    is_ours = is_by_all and deal.elected is not None and letter.reference == next_reference(deal) and body.part in parts
    never = case.stop == WITHDRAWN or (body.is_residual and _batched(unit, case))
    never = never or went_before(unit, deal) is not None
    fits = is_followed(case) if body.is_residual else case.state is State.RELEASED
    if never or not fits or not is_ours or (body.is_residual and deal.side is not Side.RECEIVER):
        return Taken(Came.REFUSED, deal.case, f"our case is {case.state} and does not go on as part {body.part}")
    new = f"{deal.side}-{desk.random.token(8).hex()}"
    (residual_case if body.is_residual else propose_again)(unit, deal.case, new)
    _begun(unit, desk, replace(deal, moved=_moved(deal)) if body.is_residual else deal, new, body.part)
    unit.take_letter(peer, letter)
    return Taken(Came.TAKEN, new)


def closed_there(unit: DealUnit, deal: Deal, body: OffRail, peer: bytes) -> str | None:
    """The other side closed it by check or wire; why ours cannot be closed so now, if it cannot."""
    case = unit.case(deal.case)
    if deal.many > 1 and deal.side is Side.SOURCE:
        return _closed_one(unit, deal, case, body, peer)
    if case.state is State.OFF_RAIL:
        return None if unit.off_rail(deal.case) == (body.way, body.reference) else "we closed it otherwise"
    if case.state in _OPEN or case.state is State.POSTED:
        return f"ours is {case.state}; close it as {body.way} {body.reference} when it is released"
    if (why := went_before(unit, deal)) is not None:
        return why
    if case.state is State.RELEASED:
        later = [unit.case(name) for name in later_of(unit, deal.peer, deal.reference)]
        stands = next((each for each in reversed(later) if each.state is not State.RELEASED), None)
        if stands is not None:
            return (
                f"we proposed it again as case {stands.id}, which is {stands.state}; stop that one first if it is open"
            )
        if (why := goes_twice(unit, deal)) is not None:
            return why
    close_off_rail(unit, deal.case, body.way, body.reference)
    return None


def _closed_one(unit: DealUnit, deal: Deal, case: Case, body: OffRail, peer: bytes) -> str | None:
    """One of several receivers closed its own part: ours is closed for all of them, by a person."""
    place = [member for member, _ in deal.desks].index(peer)
    if case.state is not State.OFF_RAIL:
        return f"close ours, which is {case.state}, for all; of these receivers it is number {place + 1}"
    way, told = unit.off_rail(deal.case) or (None, "")
    is_same = (way, told.split(",")[place].strip()) == (body.way, body.reference)
    return None if is_same else "we closed it otherwise"


def _begun(unit: DealUnit, desk: Desk, deal: Deal, new: str, part: int) -> Deal:
    """The deal anew: the same facts and signatures, without terms; preflight of today says where its case goes."""
    made = replace(
        deal, case=new, reference=next_reference(deal), signed_under=deal.commitments, part=part, opened_at=desk.now(),
        reasons=None, terms=None, file=None, their_state=None, their_since=None, named=None, notes=(),
        voters=tuple(each.not_given for each in deal.voters), others=tuple(_anew(each) for each in deal.others),
    )  # fmt: skip
    unit.add_deal(made)
    for each in made.others:
        if each.code is not None:
            unit.await_desk(new, each.member, each.code)
            unit.desk_joined(each.member, each.code)
    return judged(unit, desk, made, made)


def _still_signed(deal: Deal, desk: Desk) -> None:
    if deal.elected is None or desk.now() >= deal.elected.election.deadline:
        raise NotNowError(f"the election of case {deal.case} is over; ask for a new rollover")


def _batched(unit: DealUnit, case: Case) -> bool:
    """Whether it was settled in a batch: of its control number the coordinator takes no other part then."""
    return case.agreed is not None and unit.batch_of(case.agreed.rollover) is not None


def _anew(other: Joined) -> Joined:
    """Another receiver in the next proposal, in which it stands nowhere yet."""
    return replace(other, code=after(other.code) if other.code is not None else None, state=None, since=None)

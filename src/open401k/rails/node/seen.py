"""What a node knows of a rollover, as the tracker takes it: our case, the chain's word, what the other side told.

Where the other side has said nothing of its case, what must be so is taken: both run the same preflight on the same
facts, and a verdict needs both votes. It shows; nothing is decided by it. Not here: words, pages (tracking, doors).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from .. import tracking
from ..decoding import decode_case
from ..kinds import Into
from ..messages import Role
from ..tracking import Seen, SideSeen, Vote
from .cases import Case, Kind, Message, State
from .codes import BOOKING_LATE, NOTHING_COMES, VOTER_REFUSED, WITHDRAWN
from .core import Side
from .deal import Deal, DealUnit
from .explaining import is_awaited
from .following import Standing, Verdict
from .halves import ADDRESS
from .returning import is_asked_back, still_back

#: Until then the other side stands where we stand: the same letters took both there.
_TOGETHER: Final = frozenset(
    {State.DRAFT, State.DATA_REQUESTED, State.NIGO, State.PREVALIDATED, State.LIQUIDATING, State.OFF_RAIL}
)
_DECIDED: Final = (Verdict.COMMITTED, Verdict.CLOSED)
_ROLES: Final = {
    Role.SPOUSE: "Your spouse", Role.ADMINISTRATOR: "Your plan's administrator", Role.DEPOSITORY: "The depository",
}  # fmt: skip


def seen_of(
    unit: DealUnit, case: str, standing: Standing | None, *, now: int, names: Mapping[bytes, str] | None = None
) -> Seen:
    """A case with the chain's word on it at a final block; None before there are exact terms.

    ``names`` are those of members, for who has not told its own yet.
    """
    file, deal = unit.case(case), unit.deal(case)
    since = _since(unit, deal)
    verdict = standing.verdict if standing else Verdict.ABSENT
    theirs = _theirs(file, deal, verdict)
    known = names or {}
    ours_seen = SideSeen(_name(deal, deal.side, known), file.state, since)
    other = Side.RECEIVER if deal.side is Side.SOURCE else Side.SOURCE
    told_at = deal.their_since if theirs is deal.their_state and deal.their_since is not None else since
    theirs_seen = SideSeen(_name(deal, other, known), theirs, told_at)
    source, receiver = (ours_seen, theirs_seen) if deal.side is Side.SOURCE else (theirs_seen, ours_seen)
    receivers = _in_order(deal, receiver, verdict, since, known)
    back, came = _gone_back(unit, file, deal)
    decided = file.agreed is not None and file.state in (State.POSTED, State.RELEASED)
    return Seen(
        now=now,
        begun_at=deal.opened_at,
        verdict=_shown(verdict),
        source=source,
        receivers=receivers,
        reasons=deal.reasons or (),
        arose={each.code: each.raised_at for each in unit.raised(case) if each.is_open},
        elected_at=deal.elected_at,
        votes=_votes(file, deal, standing, theirs, known, is_refused=_is_refused(unit.outbox(case))),
        deadline=file.agreed.deadline if file.agreed else None,
        decided_at=since if decided else None,
        unbooked_since=_unbooked_since(unit, case, told_at if theirs is State.POSTED else None),
        was_set_aside=unit.was_in(case, State.HELD) if deal.side is Side.SOURCE else deal.they_held,
        taken_back=file.stop == WITHDRAWN,
        declined=file.stop == VOTER_REFUSED,
        asked_back=is_asked_back(unit, file),
        gives_back=deal.gives_back is not None,
        goes_elsewhere=file.stop == NOTHING_COMES,
        keyless=keyless_in(deal),
        explained=_reads_elsewhere(deal) or not is_awaited(unit, deal),
        went_back=back,
        came=came,
    )


def _gone_back(unit: DealUnit, file: Case, deal: Deal) -> tuple[int, int]:
    """Cents that went back to who paid since it was booked, as far as we know, and all that came into accounts.

    Who received with others knows of its own part alone; what comes of it is a part of all.
    """
    if file.state is not State.POSTED or file.agreed is None:
        return 0, 0
    others = [deal.peer, *(each.member for each in deal.others)] if deal.side is Side.SOURCE else [deal.peer]
    back = sum(sum(still_back(unit, file, each).values()) for each in others)
    if not back:
        return 0, 0
    legs = decode_case(file.agreed.encoded).terms.legs
    return back, sum(leg.amount for leg in legs if leg.into != Into.PERSON)


def _unbooked_since(unit: DealUnit, case: str, booked_there: int | None) -> int | None:
    """Since when the other side has booked it, or our desk was told that our core has not: whichever was first."""
    late = (each.raised_at for each in unit.raised(case) if each.is_open and each.code == BOOKING_LATE)
    return min((at for at in (booked_there, *late) if at is not None), default=None)


def keyless_in(deal: Deal) -> tuple[Vote, ...]:
    """A spouse who has not chosen yet how to sign, though exact terms will name their key; others are members."""
    is_asked = deal.terms is None and Role.SPOUSE in deal.asked
    is_named = any(each.role is Role.SPOUSE for each in deal.voters)
    return (_vote(Role.SPOUSE, given=False),) if is_asked and not is_named else ()


def _in_order(
    deal: Deal, first: SideSeen, verdict: Verdict, since: int, names: Mapping[bytes, str]
) -> tuple[SideSeen, ...]:
    """Receivers that take part, in order: of others where they stand as they told us, else as who is seen does."""
    found = {0 if deal.side is Side.SOURCE else deal.place: first}
    left_out = deal.left_out
    if deal.side is Side.SOURCE and deal.peer in left_out:
        del found[0]
    others = () if deal.side is Side.RECEIVER and deal.us in left_out else deal.others
    for each in others:
        if each.member in left_out:
            continue
        name = each.half.custodian if each.half else names.get(each.member, "another company")
        state = State.DATA_REQUESTED if each.half is None else first.state
        if verdict is Verdict.CLOSED:
            state = State.POSTED
        elif verdict in (Verdict.PREPARING, Verdict.COMMITTED):
            state = State.VOTED
        found[each.place] = SideSeen(name, each.state or state, each.since or since, has_joined=each.half is not None)
    return tuple(replace(found[place], place=place) for place in sorted(found))


def _reads_elsewhere(deal: Deal) -> bool:
    """Whoever signs by a key that is no passkey is shown what they sign by other means than our page."""
    return deal.receiving is not None and deal.receiving.key is not None and len(deal.receiving.key) == ADDRESS


def _theirs(file: Case, deal: Deal, verdict: Verdict) -> State:
    """Where the other side stands: as it told, or as it must be by what the chain says."""
    told = deal.their_state
    if file.stop == NOTHING_COMES:  # of what moves there nothing comes here
        return State.RELEASED
    if verdict is Verdict.CLOSED:
        return State.POSTED
    if told in (State.POSTED, State.RELEASED, State.OFF_RAIL):
        return told
    if verdict is Verdict.COMMITTED or (verdict is Verdict.PREPARING and deal.side is Side.RECEIVER):
        return State.VOTED
    if told is not None:
        return told
    if deal.side is Side.RECEIVER and deal.releasing is None and file.state in _TOGETHER:
        return State.DATA_REQUESTED
    if file.state in _TOGETHER or (file.state is State.RELEASED and file.agreed is None):
        return file.state
    return State.LIQUIDATING


def _votes(
    file: Case, deal: Deal, standing: Standing | None, theirs: State, names: Mapping[bytes, str], *, is_refused: bool
) -> tuple[Vote, ...]:  # fmt: skip
    """Everybody whose approval the terms need; those of further voters as they came to us.

    What the network refused counts for nothing, whatever our file or their letter says: the last approval that counts
    decides, so while it is open by the final chain not all of them do.
    """
    if file.agreed is None or deal.terms is None:
        return ()
    decided = standing is not None and standing.verdict in _DECIDED
    given = {
        deal.side: decided or (standing is not None and standing.voted and not is_refused),
        Side.SOURCE if deal.side is Side.RECEIVER else Side.RECEIVER: decided or theirs in (State.VOTED, State.POSTED),
    }
    roles = {Side.SOURCE: Role.SOURCE, Side.RECEIVER: Role.RECEIVER}
    custodians = [Vote(roles[side], _name(deal, side, names), given[side]) for side in Side]
    for each in deal.others:
        is_given = decided or each.state in (State.VOTED, State.POSTED)
        name = each.half.custodian if each.half else "another company"
        custodians.append(Vote(Role.RECEIVER, name, is_given, is_told=is_given or deal.side is Side.SOURCE))
    signed = {each.role for each in deal.voters if each.is_given}
    nays = {each.role for each in deal.voters if each.no is not None}
    further = [Role(each.role) for each in deal.terms.voters]
    others = [_vote(x, given=decided or x in signed, said_no=x in nays and not decided) for x in further]
    is_open = standing is not None and standing.verdict is Verdict.PREPARING
    if is_open and deal.side is Side.SOURCE and all(each.given for each in (*custodians, *others)):
        custodians = [replace(each, given=each.role is Role.SOURCE) for each in custodians]
    return (*custodians, *others)


def _is_refused(outbox: Sequence[Message]) -> bool:
    """Whether the network takes our approval as little as it stands."""
    return any(each.kind is Kind.APPROVE and each.refused is not None and not each.is_done for each in outbox)


def _vote(role: Role, *, given: bool, said_no: bool = False) -> Vote:
    return Vote(role, _ROLES[role], given, said_no)


def _shown(verdict: Verdict) -> tracking.Verdict:
    """One that can never be is as good as ended."""
    return tracking.Verdict.ABORTED if verdict is Verdict.TAKEN else tracking.Verdict(verdict.value)


def _name(deal: Deal, side: Side, names: Mapping[bytes, str]) -> str:
    member = deal.us if side is deal.side else deal.peer
    if side is Side.SOURCE:
        return deal.releasing.custodian if deal.releasing else names.get(member, "your old company")
    return deal.receiving.custodian if deal.receiving else names.get(member, "your new company")


def _since(unit: DealUnit, deal: Deal) -> int:
    try:
        return unit.since(deal.case)
    except LookupError:
        return deal.opened_at

"""Where each part of a move to several companies stands, as its participant reads it. Pure.

All parts move at once or none does; until then each company answers for its own. Not here: the move as a whole
(tracking).
"""

from __future__ import annotations

from dataclasses import dataclass

from .preflight.facts import Part
from .tracking import CaseState, Place, Seen, SideSeen, Track, Verdict, tracked


@dataclass(frozen=True, slots=True)
class PartSeen:
    """What goes to one company: its name, where this part stands, the money as far as it is known."""

    name: str
    said: str
    parts: tuple[Part, ...]


_DECIDED = (Verdict.COMMITTED, Verdict.CLOSED)


def parts_seen(seen: Seen, parts: tuple[Part, ...]) -> tuple[PartSeen, ...]:
    """One for each company, in the order of what is signed; nothing where one receives everything."""
    if len(seen.receivers) == 1:
        return ()
    track = tracked(seen)
    return tuple(
        PartSeen(side.name, _said(seen, track, side), tuple(each for each in parts if each.to == side.place))
        for side in seen.receivers
    )


def _said(seen: Seen, track: Track, side: SideSeen) -> str:
    if seen.verdict in _DECIDED:
        if track.place is Place.WENT_BACK:
            return f"It had arrived, and went back to {seen.source.name}."
        if side.state is CaseState.POSTED and seen.went_back:
            return "It arrived. Some of what moved went back since."
        if side.state is CaseState.POSTED:
            return "Arrived: it is in your account there."
        return "Paid. It is being entered in your account there."
    if track.ended:
        return "It did not move."
    if not side.has_joined:
        lead = seen.receivers[0].name
        return f"Not there yet: {side.name} joins with a code that {lead} hands over. Nothing moves before."
    if seen.reasons and all(each.to not in (None, side.place) for each in seen.reasons):
        return "In order there. It waits until everything else is."
    if side.state in (CaseState.DRAFT, CaseState.DATA_REQUESTED, CaseState.NIGO) or seen.reasons:
        return "It knows of the move. Not everything is in order yet."
    if seen.elected_at is None:
        return "In order. It waits for your signature."
    if not seen.votes:
        return "In order. The exact amounts are not known yet."
    if _agreed(seen, side):
        return "It agreed to the exact amounts, and waits for the others."
    return "Its agreement to the exact amounts has not come here yet."


def _agreed(seen: Seen, side: SideSeen) -> bool:
    return any(vote.name == side.name and vote.given for vote in seen.votes)

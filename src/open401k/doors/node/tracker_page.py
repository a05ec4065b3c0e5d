"""The participant's page ``/r/{link}``: where the move is, where the money is, who must act by when. Live.

The link is all that is asked for, so the page shows no name, number or address of a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from open401k.rails import tracking
from open401k.rails.node.cases import State
from open401k.rails.node.taking_back import TakeBack
from open401k.rails.tracking import Place, Step, Todo, Track
from open401k.rails.tracking_parts import PartSeen, parts_seen

from ..problems import NOT_FOUND, Problem, ProblemError
from .live import stream
from .look import PRIVATE, Look, answering
from .provided import Entered, Followed, ForPages, Signing

NO_LINK = Problem(
    404,
    "link_not_known",
    "This link does not open anything.",
    "It may be mistyped, replaced by a newer one, or at its end.",
    "Ask the company that sent it for a new one.",
)
NOT_SURE = Problem(
    422, "not_sure", "Nothing was taken back.", "The box below what follows was not ticked.", "Go back and tick it."
)
#: What the page says after it.
TAKEN_BACK: dict[str, str] = {
    TakeBack.MOVE: "You took the move back. Both companies are told.",
    TakeBack.REST: "Nothing more is moved. Both companies are told.",
    TakeBack.SCREEN: "From now on you get everything on paper. E-mails have stopped.",
    TakeBack.MAIL: "E-mails about this move have stopped.",
}
#: In which of three places the money is drawn: old account, on its way, new account.
_SLOTS = {
    Place.OLD_ACCOUNT: 0,
    Place.BEING_SOLD: 0,
    Place.SET_ASIDE: 0,
    Place.HELD_FOR_ALL: 1,
    Place.BEING_BOOKED: 2,
    Place.NEW_ACCOUNT: 2,
    Place.WENT_BACK: 0,
}
#: Which state of a case file tells when a station was reached.
_REACHED = {Step.CHECKED: State.PREVALIDATED, Step.SET_ASIDE: State.HELD, Step.ARRIVED: State.POSTED}


@dataclass(frozen=True, slots=True)
class Stop:
    """One station with its time, if it is known, and who is waited for, if it is here."""

    said: str
    standing: str
    at: int | None
    waits_for: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page draws."""

    track: Track
    source: str
    receivers: str
    stops: tuple[Stop, ...]
    yours: tuple[Todo, ...]
    others: tuple[Todo, ...]
    slot: int | None
    cents: int | None
    moves: str
    #: Where each part stands, if there are several.
    shares: tuple[PartSeen, ...]


def shown(followed: Followed) -> Shown:
    """The page of one rollover."""
    track, seen = tracking.tracked(followed.seen), followed.seen
    yours = tuple(todo for todo in track.todo if todo.owner == tracking.YOU)
    others = tuple(todo for todo in track.todo if todo.owner != tracking.YOU)
    return Shown(
        track=track,
        source=seen.source.name,
        receivers=" and ".join(each.name for each in seen.receivers),
        stops=tuple(_stops(track, times(followed), track.todo)),
        yours=yours if followed.signing is not Signing.KEY_NEEDED or track.ended else _with_key(yours),
        others=others,
        slot=_SLOTS.get(track.place),
        cents=_there(followed, track),
        moves=_moves(followed, track),
        shares=parts_seen(seen, followed.parts),
    )


def _there(followed: Followed, track: Track) -> int | None:
    """Cents where the money is shown, None before all that moves is known: what arrived and went back in part is there
    without that part, and what all of went back is without what the person was paid."""
    if not followed.parts or not all(each.has_joined for each in followed.seen.receivers):
        return None  # what somebody takes who has not joined is not among the parts
    if track.place is Place.WENT_BACK:
        return followed.seen.went_back
    gone = followed.seen.went_back if track.place is Place.NEW_ACCOUNT else 0
    return sum(part.cents for part in followed.parts) - gone


def _moves(followed: Followed, track: Track) -> str:
    if track.ended:
        return "What moved" if track.place in (Place.NEW_ACCOUNT, Place.WENT_BACK) else "What was to move"
    return "What moves" if followed.exact else "What is planned to move"


def times(followed: Followed) -> dict[Step, int]:
    """When each station was reached, as far as it is known."""
    seen, found = followed.seen, {Step.ASKED: followed.seen.begun_at}
    for step, state in _REACHED.items():
        if moment := _first(followed.entered, state):
            found[step] = moment
    if seen.elected_at is not None:
        found[Step.SIGNED] = seen.elected_at
    if seen.decided_at is not None and seen.verdict in (tracking.Verdict.COMMITTED, tracking.Verdict.CLOSED):
        found[Step.APPROVED] = found[Step.MOVED] = seen.decided_at
    return found


def _first(entered: Sequence[Entered], state: State) -> int | None:
    return min((each.at for each in entered if each.state is state), default=None)


def _with_key(yours: tuple[Todo, ...]) -> tuple[Todo, ...]:
    """Before anything can be signed they choose how they will sign."""
    others = tuple(todo for todo in yours if todo.why)
    return (Todo(tracking.YOU, "Choose how you will sign. It takes a minute.", None, overdue=False), *others)


def _stops(track: Track, moments: dict[Step, int], todo: Sequence[Todo]) -> list[Stop]:
    *others, last = dict.fromkeys(_inside(each.owner) for each in todo) or [""]
    waits = f"{', '.join(others)} and {last}" if others else last
    return [
        Stop(
            station.said,
            station.standing.value,
            moments.get(station.step) if station.standing in _BEHIND else None,
            waits if station.standing is tracking.Standing.NOW else "",
        )
        for station in track.stations
    ]


_BEHIND = (tracking.Standing.DONE, tracking.Standing.UNDONE)


def _inside(owner: str) -> str:
    """A name in the middle of a sentence."""
    return owner[0].lower() + owner[1:] if owner.startswith(("You", "The ")) else owner


def routes(given: ForPages, look: Look) -> list[BaseRoute]:
    """The tracker and its stream."""

    async def followed(request: Request) -> Followed:
        found = await run_in_threadpool(given.followed, request.path_params["link"])
        if found is None:
            raise ProblemError(NO_LINK)
        return found

    async def tracker(request: Request) -> Response:
        found = await followed(request)
        done = TAKEN_BACK.get(request.query_params.get("taken_back", ""), "")
        link = request.path_params["link"]
        return look.private("tracker", followed=found, page=shown(found), link=link, done=done)

    async def events(request: Request) -> Response:
        return stream(given, request, (await followed(request)).case)

    async def take_back(request: Request) -> Response:
        """A form, so that it works without scripts; ticked, so that nobody does it by accident."""
        await followed(request)
        async with request.form(max_files=0, max_fields=4) as form:
            what, sure = form.get("what"), form.get("sure") == "yes"
        if what not in list(TakeBack):
            raise ProblemError(NOT_FOUND)
        if not sure:
            raise ProblemError(NOT_SURE)
        link = request.path_params["link"]
        refusal = await run_in_threadpool(given.take_back, link, TakeBack(what))
        if refusal is not None:
            raise ProblemError(Problem(409, "refused", "Not done.", refusal.reason, refusal.fix))
        return RedirectResponse(f"/r/{link}?taken_back={what}", 303, headers=PRIVATE)

    async def back(request: Request) -> Response:
        return RedirectResponse(f"/r/{request.path_params['link']}", 303, headers=PRIVATE)

    return [
        Route("/r/{link}/take-back", answering(look, back, private=True), methods=["GET"]),
        Route("/r/{link}/take-back", answering(look, take_back, private=True), methods=["POST"]),
        Route("/r/{link}", answering(look, tracker, private=True), methods=["GET"], name="tracker"),
        Route("/r/{link}/events", answering(look, events, private=True), methods=["GET"], name="tracker-events"),
    ]

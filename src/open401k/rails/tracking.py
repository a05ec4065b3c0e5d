"""A rollover as its participant sees it: what is done, where the money is, who must act and by when. Pure.

From the verdict's state on chain, both sides' case files and clocks. Words hold no jargon. Where the sides contradict
each other nothing is guessed: it is said, and both must look. Not here: reading any of these (node), pages (doors).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from ..kernel import Money
from ..law.deadlines import business_day_after
from .messages import Role
from .preflight.reasons import ANSWERED_IN, Owner, Reason
from .preflight.rule_version import EAST, end_of

#: Who reads the page, as an owner of what is to do.
YOU = "You"


class Verdict(StrEnum):
    """The state of a rollover on chain, at its final block."""

    ABSENT = "absent"
    PREPARING = "preparing"
    COMMITTED = "committed"
    ABORTED = "aborted"
    CLOSED = "closed"


class CaseState(StrEnum):
    """Where one side's case file stands: the words of a node (rails/node/cases.py has the moves)."""

    DRAFT = "draft"
    DATA_REQUESTED = "data_requested"
    PREVALIDATED = "prevalidated"
    #: Not in good order: a reason was found before anything was promised.
    NIGO = "nigo"
    #: The source sells; the exact terms are agreed when it has.
    LIQUIDATING = "liquidating"
    HELD = "held"
    VOTED = "voted"
    POSTED = "posted"
    RELEASED = "released"
    #: Closed by check or wire, with the same file.
    OFF_RAIL = "off_rail"


@dataclass(frozen=True, slots=True)
class SideSeen:
    """One custodian: its name as the participant knows it, its case file, since when it stands there."""

    name: str
    state: CaseState
    since: int
    #: Of several receivers one that was named, and has not said yet what it takes.
    has_joined: bool = True
    #: Its place among the receivers of the election, which parts and reasons name; some of them may take nothing.
    place: int = 0


@dataclass(frozen=True, slots=True)
class Vote:
    """One approval that the terms need."""

    role: Role
    name: str
    given: bool
    #: They signed that they do not agree.
    said_no: bool = False
    #: Whether they tell us; receivers tell who pays, and not each other.
    is_told: bool = True


@dataclass(frozen=True, slots=True)
class Clocks:
    """Business days in which each is expected to act. The networks' own word, not the law's."""

    answer: int = 2
    sell: int = 5
    approve: int = 1
    book: int = 1
    sign: int = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is known of a rollover; times are seconds of the chain's clock since 1970."""

    now: int
    begun_at: int
    verdict: Verdict
    source: SideSeen
    receivers: tuple[SideSeen, ...]
    reasons: tuple[Reason, ...] = ()
    #: When a reason of this code was found, where that was after others.
    arose: Mapping[int, int] = field(default_factory=dict)
    elected_at: int | None = None
    votes: tuple[Vote, ...] = ()
    #: Of the terms that were agreed.
    deadline: int | None = None
    decided_at: int | None = None
    #: Since when it is known that a side has not booked what was decided.
    unbooked_since: int | None = None
    #: Others who must agree, and have not chosen yet how they sign.
    keyless: tuple[Vote, ...] = ()
    #: Whether the explanation of their choices can be read; before, nothing is signed.
    explained: bool = True
    #: Whether they took the move back; it ends, unless it was decided before.
    taken_back: bool = False
    #: Whether it ended since somebody besides the custodians, whose agreement it needed, does not agree.
    declined: bool = False
    #: Whether what arrived is asked back by a move of its own.
    asked_back: bool = False
    #: Whether this move is one that gives back what came.
    gives_back: bool = False
    #: Of what came in later nothing comes to the company whose page it is.
    goes_elsewhere: bool = False
    #: Whether the money was set aside at some time, also where it went back since.
    was_set_aside: bool = False
    #: Cents that went back since they arrived, and of how many.
    went_back: int = 0
    came: int = 0


class Step(StrEnum):
    """The stations, in order."""

    ASKED = "asked"
    CHECKED = "checked"
    SIGNED = "signed"
    SET_ASIDE = "set_aside"
    APPROVED = "approved"
    MOVED = "moved"
    ARRIVED = "arrived"


class Standing(StrEnum):
    """Whether a station is behind, here, ahead, will not be reached, or was reached and went back."""

    DONE = "done"
    NOW = "now"
    TO_COME = "to_come"
    NOT_REACHED = "not_reached"
    UNDONE = "undone"


class Place(StrEnum):
    """Where the money is."""

    OLD_ACCOUNT = "old_account"
    BEING_SOLD = "being_sold"
    SET_ASIDE = "set_aside"
    HELD_FOR_ALL = "held_for_all"
    BEING_BOOKED = "being_booked"
    NEW_ACCOUNT = "new_account"
    #: It had arrived, and was given back since.
    WENT_BACK = "went_back"
    ANOTHER_WAY = "another_way"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Station:
    """One step as shown."""

    step: Step
    standing: Standing
    said: str


@dataclass(frozen=True, slots=True)
class Todo:
    """Who must act, what they do, by when; ``by`` None where only the person decides when.

    ``why`` is what the participant reads of a reason that is in the way; then ``said`` is the next step of its owner.
    """

    owner: str
    said: str
    by: int | None
    overdue: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Track:
    """What the participant's page shows."""

    headline: str
    stations: tuple[Station, ...]
    place: Place
    where: str
    todo: tuple[Todo, ...]
    ended: bool


_SAID = {
    Step.ASKED: "You asked for the move",
    Step.CHECKED: "Everything was checked on both sides",
    Step.SIGNED: "You signed",
    Step.SET_ASIDE: "Your money was made ready and set aside",
    Step.APPROVED: "Everybody agreed to the exact amounts",
    Step.MOVED: "The move was decided and paid, all at once",
    Step.ARRIVED: "Your new {accounts} the money",
}
#: The same while they are ahead, or where they will not be reached.
_AHEAD = {
    Step.ASKED: "You ask for the move",
    Step.CHECKED: "Everything is checked on both sides",
    Step.SIGNED: "You sign",
    Step.SET_ASIDE: "Your money is made ready and set aside",
    Step.APPROVED: "Everybody agrees to the exact amounts",
    Step.MOVED: "The move is decided and paid, all at once",
    Step.ARRIVED: "Your new {accounts} the money",
}
_WHERE = {
    Place.OLD_ACCOUNT: "Your money is in your old account at {source}. Nothing was moved.",
    Place.BEING_SOLD: "{source} is selling what you held. It is still your account there.",
    Place.SET_ASIDE: "{source} has set your money aside for the move. It is still yours there.",
    Place.HELD_FOR_ALL: "Your money is held until everybody has agreed. If somebody does not in time, it goes back by "
    "itself.",
    Place.BEING_BOOKED: "The money has been paid to {receivers}. It is being entered in your new {accounts}.",
    Place.NEW_ACCOUNT: "Your money is in your new {accounts} at {receivers}.",
    Place.ANOTHER_WAY: "Your money moves by check or wire instead. {source} can tell you its state.",
    Place.UNCLEAR: "The companies tell us different things. They are checking; nothing more moves until they agree.",
}
_HEADLINES = {
    Place.OLD_ACCOUNT: "We are preparing your move",
    Place.BEING_SOLD: "Your old account is being made ready",
    Place.SET_ASIDE: "Your money is set aside",
    Place.HELD_FOR_ALL: "Almost there: waiting for the last agreements",
    Place.BEING_BOOKED: "Your money has moved",
    Place.NEW_ACCOUNT: "Done: your money has arrived",
    Place.ANOTHER_WAY: "Your money goes another way",
    Place.UNCLEAR: "We are checking something",
}
_JOINS = "Join the move with the code that {lead} has for it."
_DECIDED = (Verdict.COMMITTED, Verdict.CLOSED)
_CUSTODIANS = (Role.SOURCE, Role.RECEIVER)
_ON_THE_WAY = (CaseState.HELD, CaseState.VOTED)
_CHECKED = (*_ON_THE_WAY, CaseState.PREVALIDATED, CaseState.LIQUIDATING, CaseState.POSTED, CaseState.RELEASED)


def last_day(by: int) -> date:
    """The day at whose end, in the East, somebody must have acted."""
    return (datetime.fromtimestamp(by, UTC) - EAST).date()


def tracked(seen: Seen, clocks: Clocks | None = None) -> Track:
    """What the participant sees now."""
    if seen.goes_elsewhere:
        where = f"Nothing of it comes to {seen.receivers[0].name}. Your money there stays as it is."
        return Track(
            "What came in later goes to another company",
            _stations(seen, Place.OLD_ACCOUNT, True),
            Place.OLD_ACCOUNT,
            where,
            (),
            ended=True,
        )
    place = _place(seen)
    ended = _ended(seen, place)
    names = {"source": seen.source.name, "receivers": " and ".join(each.name for each in seen.receivers)}
    names["accounts"] = _several(seen, "account", "accounts")
    returned = ended and place is Place.OLD_ACCOUNT
    headline = _HEADLINES[place]
    if returned:
        is_late = seen.deadline is not None and seen.decided_at is not None and seen.decided_at > seen.deadline
        headline = f"{_why_ended(seen, is_late)}; your money stayed yours"
    if seen.taken_back and seen.verdict not in _DECIDED:
        headline = "You took the move back; your money stays yours" if ended else "You took the move back; it is ending"
    where = _WHERE[place].format(**names)
    if place is Place.NEW_ACCOUNT and ended and seen.went_back:
        return _back_again(seen, f"{names['accounts']} at {names['receivers']}")
    if returned:
        where = f"Your money is in your old account at {seen.source.name}. The move ended without it."
        if not is_late and not seen.taken_back:
            where += f" {seen.source.name} can tell you why, and what you can do now."
    if place is Place.NEW_ACCOUNT and ended and seen.asked_back:
        where += f" {seen.source.name} asks for it back by a move of its own; nothing goes back before you sign that."
    todo = () if ended else tuple(_todo(seen, place, clocks or Clocks()))
    return Track(headline, _stations(seen, place, ended), place, where, todo, ended)


def _why_ended(seen: Seen, is_late: bool) -> str:
    if seen.declined:
        return "Somebody whose agreement was needed did not agree"
    return "The time ran out before everybody agreed" if is_late else "The move was stopped"


def _several(seen: Seen, one: str, more: str) -> str:
    return one if len(seen.receivers) == 1 else more


def _back_again(seen: Seen, accounts: str) -> Track:
    """It arrived, and some or all of it was given back since: the line ends where the money is now."""
    source, cents = seen.source.name, Money(seen.went_back)
    stations = _stations(seen, Place.NEW_ACCOUNT, True)
    if seen.went_back < seen.came:
        where = f"The money came to your new {accounts}. Since then {cents} of it went back to {source}."
        headline = "Your money arrived, and a part of it went back"
        return Track(headline, stations, Place.NEW_ACCOUNT, where, (), ended=True)
    where = f"The money came to your new {accounts}. Since then all of it went back to {source}."
    *before, last = stations
    showed = _several(seen, "account", "accounts")
    undone = replace(last, standing=Standing.UNDONE, said=f"Your new {showed} showed the money, and it went back")
    return Track("Your money went back", (*before, undone), Place.WENT_BACK, where, (), ended=True)


def _place(seen: Seen) -> Place:
    states = [seen.source.state, *(each.state for each in seen.receivers)]
    if _contradicts(seen, states):
        return Place.UNCLEAR
    if CaseState.OFF_RAIL in states:
        return Place.ANOTHER_WAY
    if seen.verdict in _DECIDED:
        arrived = all(each.state is CaseState.POSTED for each in seen.receivers)
        return Place.NEW_ACCOUNT if arrived else Place.BEING_BOOKED
    if seen.verdict is Verdict.PREPARING:
        return Place.HELD_FOR_ALL
    if seen.verdict is Verdict.ABORTED:
        return Place.SET_ASIDE if seen.source.state in _ON_THE_WAY else Place.OLD_ACCOUNT
    if seen.source.state is CaseState.LIQUIDATING:
        return Place.BEING_SOLD
    return Place.SET_ASIDE if seen.source.state in _ON_THE_WAY else Place.OLD_ACCOUNT


def _contradicts(seen: Seen, states: Sequence[CaseState]) -> bool:
    """A side that booked without a verdict, or let go of what was decided, or promised nothing of what is open."""
    if seen.verdict in _DECIDED:
        bad = {CaseState.RELEASED, CaseState.OFF_RAIL, CaseState.NIGO, CaseState.DRAFT, CaseState.DATA_REQUESTED}
        closed_early = seen.verdict is Verdict.CLOSED and any(state is not CaseState.POSTED for state in states)
        return bool(bad & set(states)) or closed_early
    if CaseState.POSTED in states:
        return True
    before = (CaseState.HELD, CaseState.VOTED)
    return seen.verdict is Verdict.PREPARING and seen.source.state not in before


def _ended(seen: Seen, place: Place) -> bool:
    if place is Place.NEW_ACCOUNT:
        return seen.source.state is CaseState.POSTED
    if place is Place.ANOTHER_WAY:
        return True
    let_go = seen.verdict is Verdict.ABORTED or seen.source.state is CaseState.RELEASED
    return let_go and place is Place.OLD_ACCOUNT


def _stations(seen: Seen, place: Place, ended: bool) -> tuple[Station, ...]:
    """Steps that are done come before all others, so that the line never jumps back."""
    reached = {
        Step.ASKED: True,
        Step.CHECKED: not seen.reasons and _were_checked(seen),
        Step.SIGNED: seen.elected_at is not None,
        Step.SET_ASIDE: seen.source.state in _ON_THE_WAY,
        Step.APPROVED: bool(seen.votes) and all(vote.given for vote in seen.votes),
        Step.MOVED: False,
        Step.ARRIVED: False,
    }
    if seen.verdict in _DECIDED:
        reached |= dict.fromkeys(tuple(Step)[:-1], True)
        reached[Step.ARRIVED] = place is Place.NEW_ACCOUNT
    elif seen.verdict is Verdict.PREPARING:
        reached |= dict.fromkeys((Step.CHECKED, Step.SIGNED, Step.SET_ASIDE), True)
    told: list[Station] = []
    ahead = Standing.NOT_REACHED if ended else Standing.NOW
    going = True
    shows = _several(seen, "account shows", "accounts show")
    for step in Step:
        going = going and reached[step]
        if going:
            asked = f"{seen.receivers[0].name} asked back what it had paid"
            said = asked if _is_asked_back(seen, step) else _SAID[step].format(accounts=shows)
            told.append(Station(step, Standing.DONE, said))
            continue
        if ended and step is Step.SET_ASIDE and seen.was_set_aside:
            told.append(Station(step, Standing.UNDONE, f"{_SAID[step]}, and went back"))
            continue
        told.append(Station(step, ahead, _AHEAD[step].format(accounts=shows)))
        ahead = Standing.NOT_REACHED if ended else Standing.TO_COME
    return tuple(told)


def _were_checked(seen: Seen) -> bool:
    """What was closed beside the rails had been in order, if it was signed."""
    closed = (CaseState.OFF_RAIL,) if seen.elected_at is not None else ()
    return all(side.state in (*_CHECKED, *closed) for side in (seen.source, *seen.receivers))


def _is_asked_back(seen: Seen, step: Step) -> bool:
    return seen.gives_back and step is Step.ASKED


def _todo(seen: Seen, place: Place, clocks: Clocks) -> Iterator[Todo]:
    if place is Place.UNCLEAR:
        for side in (seen.source, *seen.receivers):
            yield _by(seen, side.name, "Compare your books with the other side and say what is right.", clocks.book)
        return
    if seen.verdict in _DECIDED:
        for side in (seen.source, *seen.receivers):
            if side.state is not CaseState.POSTED:
                since = seen.decided_at or seen.unbooked_since or seen.now
                yield _by(seen, side.name, "Enter the move in the account.", clocks.book, since)
        return
    if seen.verdict is Verdict.ABORTED:
        yield _by(seen, seen.source.name, "Free the money that was set aside.", clocks.book, seen.decided_at)
        return
    if seen.deadline is not None and seen.now > seen.deadline:
        told = "The time for the move is over. It ends now, and the money goes back by itself."
        yield Todo(seen.source.name, told, seen.deadline, overdue=True)
        return
    yield from _before_the_verdict(seen, clocks)


def _before_the_verdict(seen: Seen, clocks: Clocks) -> Iterator[Todo]:
    for vote in seen.keyless:
        told = f"Open the link from {seen.source.name}, and choose how to sign."
        yield _by(seen, vote.name, told, clocks.sign)
    if seen.verdict is Verdict.ABSENT and (seen.reasons or seen.elected_at is None):
        yield from _before_the_signature(seen, clocks)
    elif seen.source.state in (CaseState.PREVALIDATED, CaseState.LIQUIDATING):
        told = "Sell the holdings and set the money aside."
        yield _by(seen, seen.source.name, told, clocks.sell, seen.source.since)
    elif late := _waiting(seen):
        for side in late:
            yield _by(seen, side.name, "Check the move and answer.", clocks.answer, side.since)
    elif missing := [vote for vote in seen.votes if not vote.given]:
        for vote in missing:
            until = _end(seen.source.since, clocks.approve)
            if vote.role not in _CUSTODIANS and seen.deadline is not None:
                until = seen.deadline
            by = until if seen.deadline is None else min(until, seen.deadline)
            told = "Agree to the exact amounts." if vote.is_told else "Agree to the exact amounts, if it has not yet."
            yield Todo(vote.name, told, by, overdue=seen.now > by)
    else:
        told = "Put the exact amounts to everybody." if not seen.votes else "Send the move to be decided."
        yield _by(seen, seen.source.name, told, clocks.approve, seen.source.since)


def _before_the_signature(seen: Seen, clocks: Clocks) -> Iterator[Todo]:
    stuck = [side.since for side in (seen.source, *seen.receivers) if side.state is CaseState.NIGO]
    begun = max(stuck, default=seen.begun_at)
    in_the_way = []
    for each in seen.reasons:
        since = max(begun, seen.arose.get(each.code, begun))
        due = _by(seen, _name(each, seen), each.next_step, ANSWERED_IN[each.code // 100], since)
        in_the_way.append(replace(due, why=each.said))
    yield from dict.fromkeys(in_the_way)  # one line for what is in the way twice, as of two kinds of money
    if seen.reasons:
        return
    late = _waiting(seen)
    for side in late:
        told = "Check the move and answer." if side.has_joined else _JOINS.format(lead=seen.receivers[0].name)
        yield _by(seen, side.name, told, clocks.answer, side.since)
    if not late and not seen.explained:
        told = "Send the explanation of your choices, which you read before you sign."
        yield _by(seen, seen.source.name, told, clocks.answer, seen.source.since)
    elif not late:
        yield _by(seen, YOU, "Read what will move, and sign.", clocks.sign, max(seen.source.since, seen.begun_at))


def _waiting(seen: Seen) -> list[SideSeen]:
    """Who has not answered yet."""
    open_states = (CaseState.DRAFT, CaseState.DATA_REQUESTED, CaseState.NIGO)
    return [side for side in (seen.source, *seen.receivers) if side.state in open_states]


def _by(seen: Seen, owner: str, said: str, days: int, since: int | None = None) -> Todo:
    by = _end(seen.begun_at if since is None else since, days)
    return Todo(owner, said, by, overdue=seen.now > by)


def _end(since: int, days: int) -> int:
    """The end of the business day that is so many after a moment, in the East."""
    moment = datetime.fromtimestamp(since, UTC) - EAST
    return end_of(business_day_after(moment.date(), days))


def _name(reason: Reason, seen: Seen) -> str:
    match reason.owner:
        case Owner.PARTICIPANT:
            return YOU
        case Owner.SPOUSE:
            return "Your spouse"
        case Owner.RELEASING_CUSTODIAN:
            return seen.source.name
        case Owner.RELEASING_ADMINISTRATOR:
            return f"Your old plan at {seen.source.name}"
        case Owner.RECEIVING_CUSTODIAN:
            named = [each.name for each in seen.receivers if reason.to in (None, each.place)]
            return " and ".join(named or (each.name for each in seen.receivers))
        case Owner.NETWORK:
            return "The network of the companies"

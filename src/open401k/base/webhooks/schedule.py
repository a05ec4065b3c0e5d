"""When an event is tried again, and what an answer leads to. Pure; not here: sending (sending.py), keeping (_store)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where an endpoint stands."""

    ACTIVE = "active"
    PAUSED = "paused"  # by a person
    FAILED = "failed"  # by us: nothing was taken there for days
    GONE = "gone"  # by the receiver: 410
    REMOVED = "removed"


#: After each try that failed; the last of them from then on.
WAITS: Sequence[timedelta] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
GIVES_UP_AFTER = timedelta(days=5)
_GONE = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one try: a status, or why there is none."""

    status: int | None
    problem: str = ""

    @property
    def taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def words(self) -> str:
        """Why it was not taken."""
        return self.problem or f"Answered {self.status}."


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an endpoint is, and how the event behind ``cursor`` fares there."""

    state: State
    cursor: int
    failures: int = 0
    first_failed_at: datetime | None = None
    next_at: datetime | None = None
    problem: str = ""
    delivered_at: datetime | None = None

    def due(self, at: datetime) -> bool:
        """Whether the next event may be tried."""
        return self.state is State.ACTIVE and (self.next_at is None or self.next_at <= at)


def after(standing: Standing, answer: Answer, *, event_no: int, at: datetime) -> Standing:
    """Where an endpoint stands after an answer: behind the event, or before it until a later try."""
    if answer.taken:
        return Standing(standing.state, event_no, delivered_at=at)
    failures, first = standing.failures + 1, standing.first_failed_at or at
    failed = replace(standing, failures=failures, first_failed_at=first, problem=answer.words, next_at=None)
    if answer.status == _GONE:
        return _stopped(failed, State.GONE)
    ends = first + GIVES_UP_AFTER
    if at >= ends:
        return _stopped(failed, State.FAILED)
    return replace(failed, next_at=min(at + WAITS[min(failures, len(WAITS)) - 1], ends))


def _stopped(standing: Standing, state: State) -> Standing:
    """One that a person paused or removed meanwhile stays as they left it."""
    return replace(standing, state=state if standing.state is State.ACTIVE else standing.state)

"""How long is waited after somebody did not answer: twice as long each time. Pure; the clock is an argument."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .cases import Cases, Unit

Who = TypeVar("Who", bound=Hashable)


@dataclass
class Backoff(Generic[Who]):
    """Who is left alone until when. Times are seconds of any clock that does not go back."""

    first: float = 1.0
    most: float = 60.0
    _failed: dict[Who, tuple[int, float]] = field(default_factory=dict)

    def failed(self, who: Who, *, at: float) -> float:
        """It did not answer; how many seconds it is left alone."""
        times, _ = self._failed.get(who, (0, 0.0))
        wait = min(self.first * (1 << times), self.most)
        self._failed[who] = (min(times + 1, 30), at + wait)
        return wait

    def answered(self, who: Who) -> None:
        """It did: from now on it is asked as usual."""
        self._failed.pop(who, None)

    def may_ask(self, who: Who, *, at: float) -> bool:
        """Whether its time has come."""
        return who not in self._failed or self._failed[who][1] <= at

    def left_alone(self, *, at: float) -> list[Who]:
        """Whose time has not come."""
        return [who for who in self._failed if not self.may_ask(who, at=at)]

    def forget_others(self, those: Collection[Who]) -> None:
        """Keep these alone: the others are not asked any more."""
        self._failed = {who: told for who, told in self._failed.items() if who in those}


@dataclass
class Chosen:
    """Case files of which a pass follows those whose time has come."""

    cases: Cases
    backoff: Backoff[str]
    at: float = 0.0

    def begin(self) -> AbstractContextManager[Unit]:
        return self.cases.begin()

    def to_follow(self) -> Sequence[str]:
        found = self.cases.to_follow()
        self.backoff.forget_others(found)
        return [case for case in found if self.backoff.may_ask(case, at=self.at)]

"""How often others may make us ask the network. Not here: what is asked (vouching).

Whoever asked in vain lately shares a number of questions with others who did, so that they cannot use up those of
everybody else; and of either, one address gets a part. Memory is bounded however many addresses somebody has.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

#: Within so many seconds so many questions, for those who failed lately and for all others; so many from one address.
WINDOW, MOST, FROM_ONE = 2.0, 10, 3
#: For so many seconds somebody who asked in vain is known for it; of so many addresses, the latest ones.
LATELY, MOST_NAMES = 300.0, 10_000


class _Lane:
    """Questions of the last seconds."""

    def __init__(self) -> None:
        self._asked: deque[tuple[float, str]] = deque()
        self._by: Counter[str] = Counter()

    def may(self, by: str, at: float) -> bool:
        while self._asked and at - self._asked[0][0] >= WINDOW:
            self._by[self._asked.popleft()[1]] -= 1
        if len(self._asked) >= MOST or self._by[by] >= FROM_ONE:
            return False
        self._asked.append((at, by))
        self._by[by] += 1
        self._by += Counter()  # names of which nothing is left go
        return True


@dataclass
class Quota:
    """Questions by the address that makes us ask; ``clock`` never goes back."""

    clock: Callable[[], float]
    _lanes: tuple[_Lane, _Lane] = field(default_factory=lambda: (_Lane(), _Lane()))
    _failed: OrderedDict[str, float] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def may(self, by: str) -> bool:
        """Whether one more is asked because of them; it counts."""
        at = self.clock()
        with self._lock:
            has_failed = at - self._failed.get(by, at - LATELY) < LATELY
            return self._lanes[has_failed].may(by, at)

    def failed(self, by: str) -> None:
        """What they made us ask was in vain."""
        with self._lock:
            self._failed[by] = self.clock()
            self._failed.move_to_end(by)
            while len(self._failed) > MOST_NAMES:
                self._failed.popitem(last=False)

    @property
    def names(self) -> int:
        """How many addresses are remembered."""
        return len(self._failed)

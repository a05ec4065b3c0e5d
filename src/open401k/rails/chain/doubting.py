"""Endpoints that were not believed, in the log of who relies on them: at once, and no flood. Not here: who is believed.

While enough others agree everything goes on, and nobody would know that one of them lies, until too few are left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .agreement import Doubt, Fault

_logger = logging.getLogger("open401k.node.chain")
#: Seconds between two lines about the same; that an endpoint lags is told once it did for so long, with no such gap.
_AGAIN, _LONG, _GAP = 600.0, 60.0, 30.0
_LETTERS: Final = 200  # of what an endpoint said: it may be anybody's
_WORDS: Final = {
    Fault.LIES: "says otherwise than the others",
    Fault.LAGS: "is behind the others",
    Fault.SILENT: "gives no answer that can be read",
}


@dataclass
class _Heard:
    since: float
    last: float
    times: int = 0
    told_at: float | None = None


class Doubts:
    """Hears of every doubt; ``now`` is a clock that never goes back. For many threads."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._heard: dict[tuple[str, Fault], _Heard] = {}

    def __call__(self, doubt: Doubt) -> None:
        """One more."""
        now = self._now()
        known = self._heard.setdefault((doubt.endpoint, doubt.fault), _Heard(now, now))
        if now - known.last > _GAP:
            known.since = now
        known.last, known.times = now, known.times + 1
        is_due = doubt.fault is not Fault.LAGS or now - known.since >= _LONG
        if is_due and (known.told_at is None or now - known.told_at >= _AGAIN):
            words, about, times = _WORDS[doubt.fault], ascii(doubt.about[:_LETTERS]), known.times
            known.told_at, known.times = now, 0
            _logger.warning("endpoint %s %s: %s, %d times since the last line", doubt.endpoint, words, about, times)

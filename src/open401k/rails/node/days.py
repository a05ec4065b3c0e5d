"""What a new day means for deals before exact terms: preflight anew, and the end of what nobody finished in time.

Nothing was promised there, so the node's own clock may say it; afterwards the chain's does. Not here: the verbs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from . import deals
from .deal import Deals
from .desk import Desk

log = logging.getLogger("open401k.node.days")
#: Seconds between two looks at the calendar; cases of one look.
LOOK: Final = 60.0
_AT_ONCE: Final = 100


@dataclass
class Days:
    """All open deals without exact terms, once each day and after a start: a job of the node's process."""

    deals: Deals
    desk: Callable[[], Desk]
    name: str = "days"
    _done: date | None = None
    _after: str = field(default="")

    def once(self, *, at: float) -> float:  # noqa: ARG002 (what counts here is the day)
        """Look at the next cases; seconds until the next look."""
        desk = self.desk()
        if self._done == desk.today:
            return LOOK
        with self.deals.begin() as unit:
            waiting = unit.without_terms(after=self._after, limit=_AT_ONCE)
        for case in waiting:
            self._look_at(case, desk)
        if len(waiting) == _AT_ONCE:
            self._after = waiting[-1]
            return 0.0
        self._done, self._after = desk.today, ""
        return LOOK

    def _look_at(self, case: str, desk: Desk) -> None:
        with self.deals.begin() as unit:
            if deals.lapse(unit, desk, case):
                log.info("case %s: its last day went by before exact terms", case)
            else:
                deals.judge_again(unit, desk, case)

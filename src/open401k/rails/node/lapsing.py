"""What time alone changes before anything is promised: cases whose last day went by, facts in order no more."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from . import deals
from .desk import Desk
from .judging import NotNowError
from .kept_deals import KeptDeals
from .report import case_ids

log = logging.getLogger("open401k.node.lapsing")
#: Seconds between two looks over all cases.
LOOK = 600.0
_AT_ONCE = 200


@dataclass
class Lapsing:
    """A look over all cases from time to time: a job of the node's process."""

    files: KeptDeals
    desk: Callable[[], Desk]
    name: str = "lapsing"

    def once(self, *, at: float) -> float:  # noqa: ARG002 (days are the desk's)
        """End what lapsed, judge again what may have changed with the day; seconds until the next look."""
        after, desk = "", self.desk()
        while found := case_ids(self.files, after=after, limit=_AT_ONCE):
            for case in found:
                self._look(desk, case)
            after = found[-1]
        return LOOK

    def _look(self, desk: Desk, case: str) -> None:
        with self.files.begin() as unit:
            try:
                if not deals.lapse(unit, desk, case):
                    deals.judge_again(unit, desk, case)
            except LookupError:
                return  # it was opened with exact terms: its deadline is the chain's
            except NotNowError as why:
                log.warning("case %s: %s", case, why)

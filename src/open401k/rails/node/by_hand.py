"""An exception that a person closes, with what was found: nothing that happens later would close it. Not here: queues.

Of an open case only what letters left; the rest closes when it is mended, proposed again, or ended.
"""

from __future__ import annotations

from typing import Final

from open401k.base.faults import fault

from .cases import Case
from .codes import BY_A_PERSON
from .deal import DealUnit
from .judging import NotNowError, is_closed

#: Where a test may stop the process: before its transaction is committed.
BOUNDARIES: Final = ("deals.exception_closed",)


def may_close(case: Case, code: int) -> bool:
    """Whether a person may close an open exception of this code."""
    return is_closed(case) or code in BY_A_PERSON


def close_exception(unit: DealUnit, case: str, code: int, words: str, *, by: str) -> None:
    """Closed by somebody, whose words stay with the case; they name no participant. The same again is nothing new."""
    file = unit.case(case)
    ours = [each.is_open for each in unit.raised(case) if each.code == code]
    if not ours:
        raise NotNowError(f"case {case} has no exception {code}")
    if not any(ours):
        return
    if not may_close(file, code):
        raise NotNowError(
            f"case {case} is {file.state}: its exception {code} closes when that is mended, or at the end"
        )
    unit.resolve(case, code)
    unit.put_event(case, f"exception {code} was closed by {by}: {words}")
    fault("deals.exception_closed")

"""An exception that a person closes, with what was found: nothing that happens later would close it. Not here: queues.

A payment that the bank returned after it was booked is closed with the check or wire that pays it instead (ADR-0081).
Of an open case only what letters left; the rest closes when it is mended, proposed again, or ended. Nothing of a case
that the other side closed by check or wire, until ours is closed by the same: what is open is all that shows it.
"""

from __future__ import annotations

from typing import Final

from open401k.base.faults import fault

from .again import moves_otherwise
from .cases import Case, State, Way
from .codes import BY_A_PERSON, PAYMENT_RETURNED
from .deal import DealUnit
from .judging import NotNowError, is_closed
from .lineage import is_closed_there

#: Where a test may stop the process: before its transaction is committed.
BOUNDARIES: Final = ("deals.exception_closed",)


def may_close(unit: DealUnit, case: Case, code: int) -> bool:
    """Whether a person may close an open exception of this code."""
    return (is_closed(case) or code in BY_A_PERSON) and not _closes_with_case(unit, case)


def _closes_with_case(unit: DealUnit, case: Case) -> bool:
    """Whether it is ours to close the case by the check or wire of the other side, now or once it is released."""
    if case.state in (State.POSTED, State.OFF_RAIL) or unit.other_desk(case.id) is None:
        return False
    return is_closed_there(unit.deal(case.id)) and moves_otherwise(unit, case) is None


def is_paid_otherwise(case: Case, code: int) -> bool:
    """Whether it is closed by what pays instead: the books have it, the bank has it back, and nobody has the money."""
    return code == PAYMENT_RETURNED and case.state is State.POSTED


def close_exception(
    unit: DealUnit, case: str, code: int, words: str, *, by: str, paid: tuple[Way, str] | None = None
) -> None:
    """Closed by somebody, whose words stay with the case; they name no participant. The same again is nothing new.

    ``paid``: by which check or wire a payment went instead that the bank returned.
    """
    file = unit.case(case)
    ours = [each.is_open for each in unit.raised(case) if each.code == code]
    if not ours:
        raise NotNowError(f"case {case} has no exception {code}")
    if not any(ours):
        return
    if _closes_with_case(unit, file):
        raise NotNowError(
            f"the other side closed case {case} by check or wire: stop ours if it is open, then close it by the same"
        )
    if not may_close(unit, file, code):
        raise NotNowError(
            f"case {case} is {file.state}: its exception {code} closes when that is mended, or at the end"
        )
    reference = paid[1].strip() if paid else ""
    if is_paid_otherwise(file, code) and not (paid and reference):
        raise NotNowError(
            f"the bank has the money of case {case} back: once it is paid again this closes by itself; if it was paid "
            "otherwise, name the check or wire"
        )
    paid_by = f"{paid[0]} {reference}" if paid and reference else ""
    how = f" (paid by {paid_by})" if paid_by else ""
    unit.resolve(case, code, paid_by=paid_by)
    unit.put_event(case, f"exception {code} was closed by {by}{how}: {words}")
    fault("deals.exception_closed")

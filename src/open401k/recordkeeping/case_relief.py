"""Which relief is open for deferrals that were missed: one answer for the elections page and for the correction. Pure.

Not here: the law of it (law/missed_deferrals.py), what was missed (withheld.py), what is owed for it
(missed_cases.py, compliance/failure_correction.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from open401k.kernel import EmployeeId
from open401k.law.missed_deferrals import NOTICE_DAYS, CorrectionWindows, ReliefFound, relief
from open401k.plan import Covered, Provisions


@dataclass(frozen=True, slots=True)
class Standing:
    """When somebody entered the plan, and left the employer for the last time, as far as is known."""

    entered_on: date | None = None
    left_on: date | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What people recorded of a mistake: the employee told the employer, deferrals begin, the notice was given."""

    told_on: date | None = None
    begin_on: date | None = None
    notice_on: date | None = None
    uniform: bool = True


#: What was recorded of one person's mistake, by its first and its last pay date.
ToldOf = Callable[[EmployeeId, date, date], Told]


def nothing_recorded(_who: EmployeeId, _first: date, _last: date) -> Told:
    """Nobody recorded anything yet."""
    return Told()


def of_automatic(terms: Provisions, *, by_default: bool, began: date, entered_on: date | None) -> bool:
    """Whether IRC 414(cc) is open: automatic enrollment or escalation went wrong, or an election of whom it covers.

    IRC 414(cc)(2)(A)(i): "an affirmative election made by an eligible employee covered by such feature". Anybody else's
    election is corrected as in a plan without automatic enrollment.
    """
    if by_default:
        return True
    automatic = terms.automatic_enrollment
    if automatic is None or began < automatic.counted_from:
        return False
    if automatic.covers is Covered.WITHOUT_ELECTION:
        return True
    return entered_on is not None and entered_on >= automatic.counted_from


def notice_open(*, begun: date, notice_on: date | None, on: date) -> bool:
    """Whether a notice that was not given can still be in time, on a day."""
    return notice_on is None and on <= begun + timedelta(days=NOTICE_DAYS)


def open_relief(
    *,
    windows: CorrectionWindows,
    pay_dates: tuple[date, ...],
    begun: date,
    left: bool,
    automatic: bool,
    notice_on: date | None,
    uniform: bool,
    on: date,
) -> ReliefFound:
    """The cheapest relief that is open on a day; a notice that can still be given in time is taken to be given.

    ``begun``: when correct deferrals began, or begin at the earliest; ``left``: gone before they could.
    """
    assumed = begun if notice_open(begun=begun, notice_on=notice_on, on=on) else None
    return relief(
        windows=windows,
        pay_dates=pay_dates,
        correct_deferrals_begin_on=None if left else begun,
        notice_given_on=notice_on or assumed,
        automatic=automatic,
        uniform=uniform,
        would_begin_on=begun if left else None,
    )

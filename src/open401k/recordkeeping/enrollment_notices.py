"""What automatic enrollment makes due, with its days: notices, the end of withdrawals, the next increase. Pure.

Derived from entry dates and elections each time. Not here: the days themselves (law/notices.py), words of a notice,
whether one was given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from open401k.kernel import EmployeeId
from open401k.law import permissible_withdrawals
from open401k.law.notices import Notice, PlanFeatures, on_eligibility, plan_year_calendar
from open401k.plan import Arrangement, AutomaticEnrollment, Covered, Provisions

from .defaults import Defaults, Why

_NOTICES = (Notice.EACA, Notice.QACA)


class DutyKind(StrEnum):
    """What is to be done, or ends."""

    INITIAL_NOTICE = "initial_notice"
    ANNUAL_NOTICE = "annual_notice"
    WITHDRAWAL_ENDS = "withdrawal_ends"
    INCREASE = "increase"


@dataclass(frozen=True, slots=True)
class EnrollmentDuty:
    """One thing with its days (``first`` None: at once); ``employee_id`` None is of everybody it concerns."""

    kind: DutyKind
    employee_id: EmployeeId | None
    first: date | None
    last: date
    about: str
    cite: str


def enrollment_duties(
    provisions: Provisions,
    *,
    employee_ids: Sequence[EmployeeId],
    entered_on: Sequence[date | None],
    defaults: Defaults,
    today: date,
    days_ahead: int = 120,
) -> list[EnrollmentDuty]:
    """Everything whose last day is from today on, and at most so many days ahead, by that day."""
    terms = provisions.automatic_enrollment
    if terms is None:
        return []
    until = today + timedelta(days=days_ahead)
    found = [
        *_initial(terms, employee_ids, entered_on, defaults),
        *_annual(provisions, terms, today),
        *_withdrawals(terms, employee_ids, defaults),
        *_increase(terms, defaults),
    ]
    return sorted((each for each in found if today <= each.last <= until), key=lambda each: (each.last, each.kind))


def _features(terms: AutomaticEnrollment) -> PlanFeatures:
    """A qualified arrangement whose first contributions can be taken back is an eligible one, too."""
    qualified = terms.arrangement is Arrangement.QACA
    eligible = terms.arrangement is Arrangement.EACA or (qualified and terms.withdrawal_days > 0)
    return PlanFeatures(qaca=qualified, eaca=eligible, participant_directed=False)


def _initial(
    terms: AutomaticEnrollment, ids: Sequence[EmployeeId], entered_on: Sequence[date | None], defaults: Defaults
) -> Iterator[EnrollmentDuty]:
    """To whom the default may come: they can only decide against it once they were told of it."""
    for place, entry in enumerate(entered_on):
        if entry is None or defaults.why_of(place) is Why.ELECTED:
            continue
        if entry < terms.counted_from and terms.covers is Covered.NEW_ENTRANTS:
            continue
        told_by = max(entry, terms.counted_from)
        for due in on_eligibility(eligible_on=told_by, features=_features(terms)):
            if due.notice in _NOTICES:
                yield EnrollmentDuty(DutyKind.INITIAL_NOTICE, ids[place], due.first, due.last, due.about, due.cite)


def _annual(provisions: Provisions, terms: AutomaticEnrollment, today: date) -> Iterator[EnrollmentDuty]:
    """Before the next plan year, by the plan's own day, which is not later than the law's."""
    following = provisions.plan_year_of(provisions.plan_year_of(today).end)
    for due in plan_year_calendar(plan_year=following, features=_features(terms)):
        if due.notice in _NOTICES:
            own = following.start - timedelta(days=terms.notice_days)
            yield EnrollmentDuty(DutyKind.ANNUAL_NOTICE, None, due.first, min(due.last, own), due.about, due.cite)


def _withdrawals(terms: AutomaticEnrollment, ids: Sequence[EmployeeId], defaults: Defaults) -> Iterator[EnrollmentDuty]:
    if not terms.withdrawal_days:
        return
    for place in np.flatnonzero(defaults.applies & ~np.isnat(defaults.first_on)).tolist():
        first: date = defaults.first_on[place].item()
        last = permissible_withdrawals.election_deadline(
            first_contribution_on=first, plan_days=min(terms.withdrawal_days, 90)
        )
        about = f"first default contribution on {first}"
        cite = "IRC 414(w)(2)(B); Reg. 1.414(w)-1(c)(2)(i)"
        yield EnrollmentDuty(DutyKind.WITHDRAWAL_ENDS, ids[place], first, last, about, cite)


def _increase(terms: AutomaticEnrollment, defaults: Defaults) -> Iterator[EnrollmentDuty]:
    """The day of the next increase, where it raises anybody's rate."""
    below = defaults.applies & (defaults.bps < terms.top_bps)
    if defaults.next_increase is None or not below.any():
        return
    about = f"{int(below.sum())} with the default rise by {terms.step_bps / 100:g} % of pay, if a year is complete"
    yield EnrollmentDuty(DutyKind.INCREASE, None, None, defaults.next_increase, about, defaults.cite)

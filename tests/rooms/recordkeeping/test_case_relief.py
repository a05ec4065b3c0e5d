"""One answer for the elections page and the correction: whom IRC 414(cc) is for, and which relief a day leaves open."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from open401k.kernel import EmployeeId, PlanYear, Source
from open401k.law.missed_deferrals import CorrectionWindows, Relief, correction_windows
from open401k.plan import AutomaticEnrollment, Covered, Provisions
from open401k.recordkeeping import Case, Told, Withheld, cases_of, open_relief
from open401k.recordkeeping.case_relief import Standing, of_automatic
from open401k.recordkeeping.defaults import Why
from open401k.recordkeeping.withheld import Difference, Kind

SINCE = date(2025, 7, 1)
PAID = tuple(date(2026, 1, 9) + timedelta(days=14 * each) for each in range(20))
SOMEBODY = EmployeeId.parse("emp_" + "1" * 32)
LONG_IN, NOTHING = Standing(date(2020, 1, 1)), Told()
NEW_ENTRANTS = AutomaticEnrollment(counted_from=SINCE, covers=Covered.NEW_ENTRANTS)
EVERYBODY = replace(NEW_ENTRANTS, covers=Covered.WITHOUT_ELECTION)


def terms(automatic: AutomaticEnrollment | None) -> Provisions:
    return Provisions(adopted_on=date(2020, 1, 1), automatic_enrollment=automatic)


@pytest.mark.parametrize(
    ("automatic", "why", "began", "entered_on", "covered"),
    [
        (None, Why.ELECTED, PAID[0], date(2026, 1, 1), False),
        (EVERYBODY, Why.ELECTED, PAID[0], date(2020, 1, 1), True),
        (EVERYBODY, Why.ELECTED, SINCE - timedelta(days=1), date(2020, 1, 1), False),  # there was no arrangement yet
        (NEW_ENTRANTS, Why.ELECTED, PAID[0], SINCE - timedelta(days=1), False),
        (NEW_ENTRANTS, Why.ELECTED, PAID[0], SINCE, True),
        (NEW_ENTRANTS, Why.ELECTED, PAID[0], None, False),
        (NEW_ENTRANTS, Why.DEFAULT, PAID[0], SINCE, True),
        # A default brought from elsewhere, and its increase: enrollment and escalation themselves went wrong.
        (NEW_ENTRANTS, Why.DEFAULT, PAID[0], date(2020, 1, 1), True),
        (NEW_ENTRANTS, Why.ESCALATED, PAID[0], date(2020, 1, 1), True),
    ],
)
def test_414cc_is_for_whom_automatic_enrollment_or_escalation_covers(
    automatic: AutomaticEnrollment | None, why: Why, began: date, entered_on: date | None, covered: bool
) -> None:
    """IRC 414(cc)(2)(A)(i) and (ii)."""
    by_default = why in (Why.DEFAULT, Why.ESCALATED)
    assert of_automatic(terms(automatic), by_default=by_default, began=began, entered_on=entered_on) is covered


def case_of(
    automatic: AutomaticEnrollment | None,
    *,
    why: Why = Why.ELECTED,
    pay_dates: int = 8,
    right_again: bool = False,
    standing: Standing = LONG_IN,
    told: Told = NOTHING,
    today: date = date(2026, 5, 11),
    room: int | None = None,
) -> Case:
    """100.00 on each of some pay dates, which payroll did not withhold."""
    expected = {Source.PRE_TAX: 100_00, Source.ROTH: 0, Source.AFTER_TAX: 0}
    nothing = dict.fromkeys(expected, 0)
    missed = [
        Difference(SOMEBODY, day, Kind.NOT_WITHHELD, expected, nothing, 2_000_00, why) for day in PAID[:pay_dates]
    ]
    paid = PAID[: pay_dates + right_again]
    left = {} if room is None else {(SOMEBODY, 2026): room}
    withheld = Withheld(missed, {SOMEBODY: paid}, {SOMEBODY: standing}, left)
    (case,) = cases_of(withheld, provisions=terms(automatic), today=today, recorded=lambda *_: told)
    return case


@pytest.mark.parametrize(
    ("case", "share"),
    [
        (case_of(EVERYBODY), 0),
        (case_of(NEW_ENTRANTS), 25),
        (case_of(NEW_ENTRANTS, standing=Standing(SINCE)), 0),
        (case_of(NEW_ENTRANTS, why=Why.ESCALATED), 0),
        (case_of(None), 25),
        (case_of(None, pay_dates=2, today=date(2026, 2, 1)), 0),  # three months are not over
        (case_of(None, standing=Standing(None, date(2026, 5, 1))), 50),  # gone before deferrals could begin
        (case_of(EVERYBODY, standing=Standing(None, date(2026, 5, 1))), 0),
        (case_of(None, told=Told(told_on=date(2026, 2, 10))), 50),  # by the end of March (App. A .05(9)(b))
        (case_of(EVERYBODY, told=Told(told_on=date(2026, 2, 10))), 50),
    ],
)
def test_what_the_page_says_is_owed(case: Case, share: int) -> None:
    assert case.missed is not None
    assert case.missed.missed_cents == 100_00 * len(case.differences)
    assert case.missed.qnec_cents == case.missed.missed_cents * share // 100
    assert f"owes {share} % of them" in case.words


def test_a_notice_that_was_not_given_in_time_counts_as_missing() -> None:
    """App. A .05(9)(c): 45 days from when correct deferrals began, here on May 1."""
    last = PAID[8] + timedelta(days=45)
    assert _share(case_of(None, right_again=True, today=last)) == 2_500
    late = case_of(None, right_again=True, today=last + timedelta(days=1))
    assert _share(late) == 5_000
    assert "the notice by" not in late.words
    given = Told(notice_on=last)
    assert _share(case_of(None, right_again=True, told=given, today=date(2026, 12, 1))) == 2_500


@pytest.mark.parametrize(("room", "missed"), [(None, 800_00), (900_00, 800_00), (500_00, 500_00), (0, 0)])
def test_no_more_was_missed_than_the_year_left_room_for(room: int | None, missed: int) -> None:
    """402(g) with catch-up (App. A .05(5)): as the correction has it, to the cent."""
    case = case_of(None, room=room)
    assert case.missed is not None
    assert (case.missed.missed_cents, case.missed.qnec_cents) == (missed, missed // 4)


def test_what_one_case_takes_of_the_years_room_is_gone_for_the_next() -> None:
    """100.00 missed on the first and on the third pay date of a year that left room for 150.00."""
    expected = {Source.PRE_TAX: 100_00, Source.ROTH: 0, Source.AFTER_TAX: 0}
    nothing = dict.fromkeys(expected, 0)
    missed = [
        Difference(SOMEBODY, day, Kind.NOT_WITHHELD, expected, nothing, 2_000_00, Why.ELECTED)
        for day in (PAID[0], PAID[2])
    ]
    withheld = Withheld(missed, {SOMEBODY: PAID[:4]}, {SOMEBODY: LONG_IN}, {(SOMEBODY, 2026): 150_00})
    first, second = cases_of(withheld, provisions=terms(None), today=date(2026, 3, 1))
    assert first.missed is not None
    assert second.missed is not None
    assert first.missed.by_date == {PAID[0]: 100_00}
    assert second.missed.by_date == {PAID[2]: 50_00}


def _share(case: Case) -> int:
    assert case.missed is not None
    return case.missed.relief.qnec_bps


def test_the_relief_never_grows_cheaper_by_waiting() -> None:
    year = PlanYear.starting(date(2026, 1, 1))
    windows: CorrectionWindows = correction_windows(plan_year=year, failure_began_on=PAID[0])
    order = list(Relief)
    found = [
        open_relief(
            windows=windows,
            pay_dates=tuple(PAID[0] + timedelta(days=14 * each) for each in range(110)),
            begun=PAID[0] + timedelta(days=30 * month),
            left=False,
            automatic=True,
            notice_on=None,
            uniform=True,
            on=PAID[0] + timedelta(days=30 * month),
        ).relief
        for month in range(50)
    ]
    costs = [0 if each in (Relief.AUTOMATIC, Relief.THREE_MONTHS) else order.index(each) for each in found]
    assert costs == sorted(costs)
    assert {Relief.AUTOMATIC, Relief.QUARTER, Relief.HALF} == set(found)

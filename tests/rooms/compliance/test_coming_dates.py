"""The pay dates that a projection still expects."""

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from tests.rooms.compliance.small_plan import twelve

from open401k.compliance import PayHistory, PlanFacts
from open401k.compliance.pay_rhythm import coming_dates, dates_expected, dates_seen

YEAR_END = date(2026, 12, 31)


def every(first: date, days: int, count: int) -> tuple[date, ...]:
    return tuple(first + timedelta(days=days * place) for place in range(count))


def test_biweekly_fridays_do_not_gain_a_date_in_the_next_year() -> None:
    fridays = every(date(2026, 1, 2), 14, 26)
    assert coming_dates(fridays[:17], YEAR_END) == fridays[17:]
    assert coming_dates(fridays, YEAR_END) == ()


def test_a_payroll_that_was_skipped_does_not_change_the_rhythm() -> None:
    fridays = every(date(2026, 1, 2), 14, 26)
    assert coming_dates((*fridays[:3], *fridays[4:10]), YEAR_END) == fridays[10:]


def test_weekly_dates_go_on_to_the_last_one_of_the_year() -> None:
    thursdays = every(date(2026, 1, 1), 7, 53)
    assert coming_dates(thursdays[:30], YEAR_END) == thursdays[30:]


@pytest.mark.parametrize("months", [3, 8, 11])
def test_semimonthly_dates_end_with_the_last_day(months: int) -> None:
    days = []
    for month in range(1, 13):
        following = date(2026, month + 1, 1) if month < 12 else date(2027, 1, 1)
        days += [date(2026, month, 15), following - timedelta(days=1)]
    assert len(coming_dates(days[: 2 * months], YEAR_END)) == 24 - 2 * months


def paid(year: int, *days: int) -> list[date]:
    """The pay dates of a year on these days of each month (31: its last), or on the Friday before a weekend."""
    found = []
    for first in [*(date(year, month, 1) for month in range(1, 13)), date(year + 1, 1, 1)]:
        for day in days:
            wanted = first.replace(day=min(day, monthrange(first.year, first.month)[1]))
            found.append(wanted - timedelta(days=max(wanted.weekday() - 4, 0)))
    return sorted(each for each in found if each.year == year)


@pytest.mark.parametrize("day", [1, 5, 10, 15, 25, 30, 31])
@pytest.mark.parametrize("year", [2024, 2025, 2026, 2027])
def test_monthly_dates_are_one_in_each_month_to_come(day: int, year: int) -> None:
    days = paid(year, day)
    for seen in range(2, len(days) + 1):
        found = coming_dates(days[:seen], date(year, 12, 31))
        assert [each.month for each in found] == [each.month for each in days[seen:]], (seen, found)


@pytest.mark.parametrize("days", [(15, 31), (1, 16), (5, 20), (7, 22), (10, 25)])
@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_semimonthly_dates_are_two_in_each_month_to_come(days: tuple[int, int], year: int) -> None:
    dates = paid(year, *days)
    for seen in range(5, len(dates) + 1):
        assert len(coming_dates(dates[:seen], date(year, 12, 31))) == len(dates) - seen, seen


def test_a_bonus_between_the_months_is_none_of_them() -> None:
    seen = [date(2026, 1, 30), date(2026, 2, 27), date(2026, 3, 10), date(2026, 3, 31), date(2026, 4, 30)]
    assert [each.month for each in coming_dates(seen, YEAR_END)] == [5, 6, 7, 8, 9, 10, 11, 12]
    assert [each.month for each in coming_dates(seen[:3], YEAR_END)][:2] == [3, 4]


def test_the_holidays_payroll_that_came_early_is_that_months() -> None:
    assert coming_dates([*paid(2026, 31)[:11], date(2026, 12, 24)], YEAR_END) == ()


def first_payroll(on: date, cents: int, **known: Any) -> PlanFacts:
    """Of twelve people, most of whom earned 50,000.00 the year before."""
    facts = twelve()
    paid = np.full((12, 1), cents, dtype=np.int64)
    return replace(facts, history=PayHistory((on,), paid, paid, paid, paid, paid, **known))


@pytest.mark.parametrize(
    ("cents", "to_come"), [(50_000_00 // 12, 7), (50_000_00 // 26, 15), (50_000_00 // 52, 30), (7_000_00_00, 15)]
)
def test_how_much_of_last_years_pay_the_first_payroll_was_tells_when_others_come(cents: int, to_come: int) -> None:
    seen = dates_seen(first_payroll(date(2026, 5, 29), cents))
    assert len(coming_dates(seen, YEAR_END)) == to_come


def test_the_first_payrolls_period_tells_it_and_so_do_the_dates_of_the_year_before() -> None:
    day = date(2026, 1, 30)
    for days, to_come in ((31, 11), (14, 23), (7, 47)):
        assert len(coming_dates(dates_seen(first_payroll(day, 1, period_days=days)), YEAR_END)) == to_come
    before = (date(2025, 11, 28), date(2025, 12, 31))
    assert dates_seen(first_payroll(day, 1, before=before)) == (*before, day)
    assert len(coming_dates((*before, day), YEAR_END)) == 11


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 12, 31), (date(2026, 12, 11), date(2026, 12, 25))),
        (date(2027, 1, 1), (date(2026, 12, 25),)),
        (date(2027, 1, 8), (date(2026, 12, 25),)),
        (date(2027, 1, 9), ()),
    ],
)
def test_a_payroll_of_a_year_that_is_over_comes_within_two_weeks_or_there_was_none(
    today: date, expected: tuple[date, ...]
) -> None:
    """A plan whose last payroll was in November failed by the one of December that nobody ran, for ever."""
    facts, paid = twelve(), np.full((12, 2), 2_000_00, dtype=np.int64)
    history = PayHistory((date(2026, 11, 13), date(2026, 11, 27)), paid, paid, paid, paid, paid)
    known = datetime(today.year, today.month, today.day, 17, tzinfo=UTC)
    assert dates_expected(replace(facts, history=history, known_at=known)) == expected

"""The pay dates that a projection still expects."""

from datetime import date, timedelta

import numpy as np
import pytest

from open401k.compliance import PayHistory
from open401k.compliance.outset import coming_dates

YEAR_END = date(2026, 12, 31)


def paid_on(*days: date) -> PayHistory:
    nothing = np.zeros((1, len(days)), dtype=np.int64)
    return PayHistory(days, nothing, nothing, nothing, nothing, nothing)


def every(first: date, days: int, count: int) -> tuple[date, ...]:
    return tuple(first + timedelta(days=days * place) for place in range(count))


def test_biweekly_fridays_do_not_gain_a_date_in_the_next_year() -> None:
    fridays = every(date(2026, 1, 2), 14, 26)
    assert coming_dates(paid_on(*fridays[:17]), YEAR_END) == fridays[17:]
    assert coming_dates(paid_on(*fridays), YEAR_END) == ()


def test_a_payroll_that_was_skipped_does_not_change_the_rhythm() -> None:
    fridays = every(date(2026, 1, 2), 14, 26)
    assert coming_dates(paid_on(*fridays[:3], *fridays[4:10]), YEAR_END) == fridays[10:]


def test_weekly_dates_go_on_to_the_last_one_of_the_year() -> None:
    thursdays = every(date(2026, 1, 1), 7, 53)
    assert coming_dates(paid_on(*thursdays[:30]), YEAR_END) == thursdays[30:]


@pytest.mark.parametrize("months", [3, 8, 11])
def test_semimonthly_dates_end_with_the_last_day(months: int) -> None:
    days = []
    for month in range(1, 13):
        following = date(2026, month + 1, 1) if month < 12 else date(2027, 1, 1)
        days += [date(2026, month, 15), following - timedelta(days=1)]
    assert len(coming_dates(paid_on(*days[: 2 * months]), YEAR_END)) == 24 - 2 * months

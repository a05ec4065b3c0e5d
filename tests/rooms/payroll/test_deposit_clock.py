"""By when withheld money must be in the plan (29 CFR 2510.3-102), and whose short money is."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import RunId
from open401k.law.deadlines import business_day_after
from open401k.payroll import deposit_clock, remittance
from open401k.payroll.deposit_clock import Basis

FRIDAY = date(2026, 3, 13)


def due(people: int, pay_date: date = FRIDAY) -> remittance.Remittance:
    return remittance.due(
        run_id=RunId(UUID(int=1)),
        pay_date=pay_date,
        employee_cents=70_000,
        employer_cents=30_000,
        loan_cents=5_000,
        participants_at_start_of_year=people,
    )


def past(*days: int) -> list[tuple[date, date]]:
    """One payroll each two weeks before, whose money came so many business days later."""
    paid = [FRIDAY - timedelta(days=14 * (back + 1)) for back in range(len(days))]
    return [(day, business_day_after(day, needed)) for day, needed in zip(paid, days, strict=True)]


def test_the_employers_own_pattern_comes_first_and_a_small_plan_is_late_after_seven_days() -> None:
    clock = deposit_clock.clock(due(99), past(2, 2, 3))
    assert (clock.basis, clock.business_days) == (Basis.OWN_PATTERN, 2)
    assert clock.target_on == date(2026, 3, 17)
    assert clock.late_after == date(2026, 3, 24), "seven business days are deemed soon enough below 100"
    assert clock.loss_on == clock.target_on


def test_a_large_plan_is_late_after_its_own_pattern() -> None:
    clock = deposit_clock.clock(due(100), past(2, 2, 3))
    assert (clock.target_on, clock.late_after) == (date(2026, 3, 17), date(2026, 3, 17))


@pytest.mark.parametrize(("people", "basis"), [(99, Basis.SAFE_HARBOR), (100, Basis.NO_PATTERN_YET)])
def test_two_deposits_are_no_pattern(people: int, basis: Basis) -> None:
    clock = deposit_clock.clock(due(people), past(1, 1))
    assert (clock.basis, clock.target_on) == (basis, date(2026, 3, 24))
    assert clock.loss_on == FRIDAY, "without a pattern money is lost from the day it was withheld"


@given(people=st.sampled_from([50, 500]), days=st.lists(st.integers(0, 40), max_size=8))
def test_the_outer_bound_is_never_a_target(people: int, days: list[int]) -> None:
    clock = deposit_clock.clock(due(people), past(*days))
    assert clock.target_on <= clock.late_after < clock.outer_limit_on == date(2026, 4, 21)
    assert clock.target_on <= date(2026, 3, 24)


def test_what_came_after_the_pay_date_or_a_year_before_does_not_move_the_clock() -> None:
    later = [(FRIDAY, FRIDAY + timedelta(days=3))] * 5
    old = [(FRIDAY - timedelta(days=366), FRIDAY - timedelta(days=365))] * 5
    assert deposit_clock.clock(due(99), later + old).basis is Basis.SAFE_HARBOR


def test_only_payrolls_whose_money_all_came_show_a_pattern() -> None:
    one = due(99)
    came = FRIDAY + timedelta(days=3)
    assert deposit_clock.shown([one], {one.run_id: (104_999, came)}) == []
    assert deposit_clock.shown([one], {one.run_id: (105_000, came)}) == [(FRIDAY, came)]


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (0, (0, 0, 0, 105_000)),
        (69_999, (69_999, 0, 0, 35_001)),
        (72_000, (70_000, 2_000, 0, 33_000)),
        (80_000, (70_000, 5_000, 5_000, 25_000)),
        (105_000, (70_000, 5_000, 30_000, 0)),
        (200_000, (70_000, 5_000, 30_000, 0)),
    ],
)
def test_short_money_is_the_employees_first(received: int, expected: tuple[int, int, int, int]) -> None:
    funded = deposit_clock.allocate(due(99), received)
    assert (funded.employee_cents, funded.loan_cents, funded.employer_cents, funded.missing_cents) == expected


@given(owed=st.lists(st.integers(0, 10**9), min_size=1, max_size=30), received=st.integers(0, 10**10))
def test_short_money_among_people_is_all_given_and_nobody_gets_more_than_is_owed(
    owed: list[int], received: int
) -> None:
    parts = deposit_clock.allocate_among(owed, received)
    assert sum(parts) == min(received, sum(owed))
    assert all(0 <= part <= each for part, each in zip(parts, owed, strict=True))
    whole = sum(owed)
    if received < whole:
        assert all(abs(part * whole - each * received) < whole for part, each in zip(parts, owed, strict=True))

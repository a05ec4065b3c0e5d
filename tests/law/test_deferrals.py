"""Deferral limits by age, the split into regular, catch-up and excess, the Roth catch-up rule, one payroll at a
time.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import CalendarYear
from open401k.law import NotEnacted, deferrals
from open401k.law.arrays import Cents

YEAR = CalendarYear(2026)


def cents(*dollars: int) -> Cents:
    return np.array(dollars, dtype=np.int64) * 100


def limits_for(age: int, *, higher_60_to_63: bool = False) -> deferrals.DeferralLimits:
    return deferrals.deferral_limits(np.array([age]), YEAR, higher_60_to_63=higher_60_to_63)


@pytest.mark.parametrize(
    ("age", "offered", "total"),
    [
        (49, True, 24_500),
        (50, True, 32_500),
        (59, True, 32_500),
        (60, True, 35_750),
        (62, False, 32_500),
        (63, True, 35_750),
        (64, True, 32_500),
        (0, True, 24_500),  # birth date not known: no catch-up
    ],
)
def test_the_limit_goes_by_the_age_on_31_december(age: int, offered: bool, total: int) -> None:
    assert limits_for(age, higher_60_to_63=offered).total.tolist() == [total * 100]


def test_before_2025_there_was_no_higher_catch_up() -> None:
    assert deferrals.catch_up_limits(np.array([61]), CalendarYear(2024), higher_60_to_63=True).tolist() == [750_000]


def test_a_year_without_figures_is_refused() -> None:
    with pytest.raises(NotEnacted):
        deferrals.deferral_limits(np.array([30]), CalendarYear(2027))


def test_age_is_that_of_the_year_end_and_unknown_stays_unknown() -> None:
    assert deferrals.ages_at_year_end(np.array([1976, 1977, 0]), YEAR).tolist() == [50, 49, 0]


def test_a_plan_limit_below_402g_makes_room_for_catch_up_earlier() -> None:
    limits = deferrals.deferral_limits(np.array([55]), YEAR, plan_limit=cents(10_000))
    split = deferrals.split(cents(12_000), limits)
    assert (split.regular.tolist(), split.catch_up.tolist()) == ([1_000_000], [200_000])


@pytest.mark.parametrize(("wages", "required"), [(15_000_000, False), (15_000_001, True), (0, False)])
def test_roth_catch_up_is_required_above_the_threshold_only(wages: int, required: bool) -> None:
    assert deferrals.roth_catch_up_required(np.array([wages]), YEAR).tolist() == [required]


def test_before_2026_no_catch_up_had_to_be_roth() -> None:
    assert deferrals.roth_catch_up_required(cents(900_000), CalendarYear(2025)).tolist() == [False]


def test_from_2027_the_missing_threshold_is_refused_not_skipped() -> None:
    with pytest.raises(NotEnacted):
        deferrals.roth_catch_up_required(cents(900_000), CalendarYear(2027))


def test_without_roth_in_the_plan_who_needs_roth_has_no_catch_up() -> None:
    limits = deferrals.deferral_limits(
        np.array([55, 55]), YEAR, roth_required=np.array([True, False]), plan_has_roth=False
    )
    assert limits.total.tolist() == [2_450_000, 3_250_000]


def test_a_payroll_over_the_limit_is_split_at_the_limit() -> None:
    taken = deferrals.accept(before=cents(24_000, 24_000), period=cents(1_000, 1_000), limits=_two())
    assert taken.regular.tolist() == [50_000, 50_000]
    assert taken.catch_up.tolist() == [0, 50_000]
    assert taken.excess.tolist() == [50_000, 0]


def test_a_negative_amount_takes_catch_up_back_first() -> None:
    taken = deferrals.accept(before=cents(24_000, 25_000), period=cents(-1_000, -1_000), limits=_two())
    assert taken.regular.tolist() == [-100_000, -50_000]
    assert taken.catch_up.tolist() == [0, -50_000]


def test_room_is_what_is_left_catch_up_included() -> None:
    assert deferrals.deferral_room(cents(24_000, 33_000), _two()).tolist() == [50_000, 0]


def test_excess_comes_out_of_pre_tax_first_and_then_out_of_roth() -> None:
    taken = deferrals.accept_by_source(
        before=cents(24_500),
        roth_before=cents(0),
        pre_tax=cents(300),
        roth=cents(500),
        limits=limits_for(40),
        roth_required=np.array([False]),
    )
    assert (taken.excess_pre_tax.tolist(), taken.excess_roth.tolist()) == ([30_000], [50_000])


@pytest.mark.parametrize(
    ("roth_before", "pre_tax", "roth", "must_be_roth"),
    [
        (0, 1_000, 0, 500),  # 500 of the 1,000 is above 24,500
        (400, 1_000, 0, 100),  # earlier Roth deferrals count toward it
        (600, 1_000, 0, 0),
        (0, 500, 500, 0),
    ],
)
def test_pre_tax_catch_up_of_the_well_paid_must_become_roth(
    roth_before: int, pre_tax: int, roth: int, must_be_roth: int
) -> None:
    taken = deferrals.accept_by_source(
        before=cents(24_000),
        roth_before=cents(roth_before),
        pre_tax=cents(pre_tax),
        roth=cents(roth),
        limits=limits_for(55),
        roth_required=np.array([True]),
    )
    assert taken.must_be_roth.tolist() == [must_be_roth * 100]


@given(
    periods=st.lists(st.integers(0, 500_000), min_size=1, max_size=26),
    age=st.integers(18, 80),
    offered=st.booleans(),
)
def test_payrolls_one_by_one_add_up_to_the_split_of_the_year(periods: list[int], age: int, offered: bool) -> None:
    limits = limits_for(age, higher_60_to_63=offered)
    before = np.zeros(1, dtype=np.int64)
    sums = np.zeros(3, dtype=np.int64)
    for amount in periods:
        taken = deferrals.accept(before=before, period=np.array([amount]), limits=limits)
        assert int((taken.accepted + taken.excess)[0]) == amount
        sums += np.concatenate([taken.regular, taken.catch_up, taken.excess])
        before = before + taken.accepted
    whole = deferrals.split(np.array([sum(periods)]), limits)
    assert sums.tolist() == [int(whole.regular[0]), int(whole.catch_up[0]), int(whole.excess[0])]


def _two() -> deferrals.DeferralLimits:
    return deferrals.deferral_limits(np.array([49, 50]), YEAR)


def test_other_plans_fill_the_regular_limit_first_and_then_catch_up() -> None:
    """2026: 24,500 and 8,000 for the whole employer (Reg. 1.401(a)-30(a); IRC 414(v)(2)(D))."""
    elsewhere = np.array([0, 10_000_00, 24_500_00, 30_000_00, 40_000_00])
    limits = deferrals.deferral_limits(np.full(5, 55), CalendarYear(2026), elsewhere=elsewhere)
    assert limits.regular.tolist() == [24_500_00, 14_500_00, 0, 0, 0]
    assert limits.catch_up.tolist() == [8_000_00, 8_000_00, 8_000_00, 2_500_00, 0]


def test_plan_limit_is_one_of_the_plan_alone_whatever_is_elsewhere() -> None:
    """A plan's own limit of 5,000 stays what it is, until the other plan leaves less."""
    elsewhere = np.array([10_000_00, 22_000_00])
    limits = deferrals.deferral_limits(
        np.full(2, 40), CalendarYear(2026), plan_limit=np.full(2, 5_000_00), elsewhere=elsewhere
    )
    assert limits.total.tolist() == [5_000_00, 2_500_00]


@given(age=st.integers(18, 80), here=st.integers(0, 5_000_000), there=st.integers(0, 5_000_000))
def test_what_is_over_is_the_same_in_one_plan_or_in_two(age: int, here: int, there: int) -> None:
    year, ages = CalendarYear(2026), np.array([age])
    alone = deferrals.split(np.array([here + there]), deferrals.deferral_limits(ages, year))
    left = deferrals.deferral_limits(ages, year, elsewhere=np.array([there]))
    shared = deferrals.split(np.array([here]), left)
    there_over = int(deferrals.split(np.array([there]), deferrals.deferral_limits(ages, year)).excess[0])
    assert int(shared.excess[0]) + there_over == int(alone.excess[0])


@pytest.mark.parametrize(
    ("before", "roth_before", "pre_tax", "roth", "posted", "excess", "must_be_roth"),
    [
        # Room for 200: nothing of pre-tax to come out of, so Roth does.
        (32_300, 0, 0, 300, (0, 200), (0, 100), 0),
        (32_300, 0, 50, 300, (0, 200), (50, 100), 0),
        (32_300, 0, 300, 0, (200, 0), (100, 0), 200),
        # Corrections: what was over goes first, out of the source that is corrected.
        (1_000, 0, -100, 0, (-100, 0), (0, 0), 0),
        (32_600, 0, -100, 0, (0, 0), (-100, 0), 0),
        (32_600, 0, 0, -100, (0, 0), (0, -100), 0),
        (32_550, 0, -100, 0, (-50, 0), (-50, 0), 0),
        # Roth of the year, this payroll's included, covers the catch-up.
        (24_500, 100, 300, 0, (300, 0), (0, 0), 200),
        (24_500, 100, 300, 50, (300, 50), (0, 0), 200),
        (24_500, 400, 300, 0, (300, 0), (0, 0), 0),
        (24_500, 0, 0, 300, (0, 300), (0, 0), 0),
        (24_000, 0, 500, 0, (500, 0), (0, 0), 0),
        (24_400, 0, 500, 0, (500, 0), (0, 0), 400),
    ],
)
def test_one_payroll_by_source(
    before: int, roth_before: int, pre_tax: int, roth: int, posted: tuple[int, int], excess: tuple[int, int],
    must_be_roth: int,
) -> None:  # fmt: skip
    """Somebody of 50: 24,500 and 8,000 of catch-up (IRC 402(g)(1), 414(v)(7); Reg. 1.414(v)-2)."""
    for required in (True, False):
        found = deferrals.accept_by_source(
            before=cents(before), roth_before=cents(roth_before), pre_tax=cents(pre_tax), roth=cents(roth),
            limits=limits_for(50), roth_required=np.array([required]),
        )  # fmt: skip
        assert (found.pre_tax.tolist(), found.roth.tolist()) == ([posted[0] * 100], [posted[1] * 100])
        assert (found.excess_pre_tax.tolist(), found.excess_roth.tolist()) == ([excess[0] * 100], [excess[1] * 100])
        assert found.must_be_roth.tolist() == [must_be_roth * 100 if required else 0]


def test_what_was_accepted_before_is_not_accepted_again() -> None:
    found = deferrals.accept(before=cents(26_000), period=cents(7_000), limits=limits_for(50))
    assert [part.tolist() for part in (found.regular, found.catch_up, found.excess)] == [[0], [650_000], [50_000]]


def test_the_year_of_somebody_born_in_the_year_one_is_known() -> None:
    assert deferrals.ages_at_year_end(np.array([1, 0, 2026]), YEAR).tolist() == [2_025, 0, 0]


@pytest.mark.parametrize(("year", "limit"), [(2024, 7_500), (2025, 11_250)])
def test_the_higher_catch_up_begins_with_2025(year: int, limit: int) -> None:
    """SECURE 2.0 s. 109(c): taxable years beginning after 31 December 2024."""
    found = deferrals.catch_up_limits(np.array([61]), CalendarYear(year), higher_60_to_63=True)
    assert found.tolist() == [limit * 100]
    assert deferrals.catch_up_limits(np.array([61]), CalendarYear(year)).tolist() == [750_000]


def test_roth_catch_up_in_a_plan_with_roth_takes_nothing_away() -> None:
    for has_roth, catch_up in ((True, 800_000), (False, 0)):
        found = deferrals.deferral_limits(
            np.array([50, 50]), YEAR, roth_required=np.array([True, False]), plan_has_roth=has_roth
        )
        assert found.catch_up.tolist() == [catch_up, 800_000]
        unknown = deferrals.deferral_limits(np.array([50]), YEAR, plan_has_roth=has_roth)
        assert unknown.catch_up.tolist() == [800_000]

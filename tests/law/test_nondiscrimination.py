"""ADP and ACP: the limit at each edge, rounding, groups, scenarios that equal single tests."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.law import nondiscrimination as nd
from open401k.law.arrays import Cents, Flags
from open401k.law.prior_year import FIRST_YEAR_NHCE_AVERAGE

HUNDREDTHS = st.integers(0, 3_000)


def cents(*dollars: int) -> Cents:
    return np.array(dollars, dtype=np.int64) * 100


def flags(*values: bool) -> Flags:
    return np.array(values, dtype=np.bool_)


@pytest.mark.parametrize(
    ("nhce", "hce", "passed", "path"),
    [
        (0, 0, True, nd.LimitPath.BASIC),
        (0, 1, False, nd.LimitPath.BASIC),
        (100, 200, True, nd.LimitPath.ALTERNATIVE),  # twice the NHCE average
        (100, 201, False, nd.LimitPath.ALTERNATIVE),
        (200, 400, True, nd.LimitPath.ALTERNATIVE),  # where twice and plus two points meet
        (500, 700, True, nd.LimitPath.ALTERNATIVE),  # two points over it
        (321, 521, True, nd.LimitPath.ALTERNATIVE),
        (321, 522, False, nd.LimitPath.ALTERNATIVE),
        (800, 1000, True, nd.LimitPath.BASIC),  # where the two paths meet
        (1000, 1250, True, nd.LimitPath.BASIC),
        (1000, 1251, False, nd.LimitPath.BASIC),
    ],
)
def test_the_limit_at_each_edge(nhce: int, hce: int, passed: bool, path: nd.LimitPath) -> None:
    limit = nd.ratio_limit(nhce)
    assert (hce <= limit.limit, limit.path) == (passed, path)
    test = nd.adp_test(
        contributions=np.array([hce, nhce]) * 1_000,
        compensation=np.array([10_000_000, 10_000_000]),
        is_hce=flags(True, False),
    )
    assert (test.passed, test.path, test.room) == (passed, path, limit.limit - hce)


def test_half_a_hundredth_rounds_up_in_ratios_averages_and_the_1_25_line() -> None:
    assert nd.ratio_limit(378).times_1_25 == 473  # 4.725
    ratios = nd.ratios(np.array([1]), np.array([20_000]), flags(False))  # 0.005 %
    assert ratios.tolist() == [1]
    test = nd.adp_test(
        contributions=np.array([477, 278, 100]) * 100,
        compensation=np.full(3, 1_000_000),
        is_hce=flags(False, False, True),
    )
    assert test.nhce.average == 378  # 3.775


def test_eligible_people_who_defer_nothing_count_as_zero_and_the_ineligible_not_at_all() -> None:
    def tested(eligible: Flags | None) -> nd.RatioTest:
        return nd.adp_test(
            contributions=cents(4_000, 4_000, 0, 0),
            compensation=cents(100_000, 100_000, 50_000, 50_000),
            is_hce=flags(True, False, False, False),
            eligible=eligible,
        )

    everyone, three = tested(None), tested(flags(True, True, True, False))
    assert (everyone.nhce.count, everyone.nhce.average, three.nhce.count, three.nhce.average) == (3, 133, 2, 200)


def test_people_without_pay_are_left_out_and_named() -> None:
    test = nd.adp_test(
        contributions=cents(4_000, 3_000, 0), compensation=cents(100_000, 100_000, 0), is_hce=flags(True, False, False)
    )
    assert (test.nhce.count, test.left_out_without_pay) == (1, (2,))


def test_a_contribution_without_pay_counts_in_the_least_favorable_way() -> None:
    assert nd.ratios(cents(100, 100), cents(0, 0), flags(True, False)).tolist() == [10_000, 0]


@pytest.mark.parametrize(
    ("is_hce", "path"),
    [(True, nd.LimitPath.DEEMED_NO_NHCE), (False, nd.LimitPath.DEEMED_NO_HCE)],
)
def test_a_plan_with_only_one_kind_of_employee_is_deemed_to_pass(is_hce: bool, path: nd.LimitPath) -> None:
    test = nd.adp_test(contributions=cents(20_000), compensation=cents(100_000), is_hce=flags(is_hce))
    assert (test.passed, test.path) == (True, path)


def test_prior_year_testing_takes_the_average_of_the_year_before() -> None:
    test = nd.adp_test(
        contributions=cents(5_100, 0),
        compensation=cents(100_000, 50_000),
        is_hce=flags(True, False),
        prior_year_nhce_average=FIRST_YEAR_NHCE_AVERAGE,
    )
    assert (test.passed, test.testing, test.limit.limit, test.room) == (False, nd.Testing.PRIOR_YEAR, 500, -10)


def test_the_adp_numerator_leaves_out_catch_up_and_for_nhces_deferrals_over_the_limit() -> None:
    numerator = nd.adp_numerator(
        deferrals=cents(18_000, 16_000, 16_000),
        catch_up=cents(3_000, 0, 0),
        over_401a30=cents(0, 1_000, 1_000),
        qualified=cents(0, 0, 50),
        is_hce=flags(True, True, False),
    )
    assert numerator.tolist() == cents(15_000, 16_000, 15_050).tolist()


def test_early_participation_offers_both_ways() -> None:
    # One short-service HCE who defers nothing, one short-service NHCE who defers nothing.
    both = nd.early_participation(
        nd.RatioKind.ADP,
        contributions=cents(6_000, 4_000, 0, 0),
        compensation=cents(100_000, 100_000, 100_000, 50_000),
        is_hce=flags(True, False, True, False),
        eligible=flags(True, True, True, True),
        excludable=flags(False, False, True, True),
    )
    assert (both.leave_out_nhces.nhce.average, both.leave_out_nhces.hce.average) == (400, 300)
    assert [test.passed for test in both.tested_separately] == [True, True]
    assert both.passed


@given(nhce=HUNDREDTHS, more=HUNDREDTHS, hce=HUNDREDTHS)
def test_raising_the_nhce_average_never_turns_a_pass_into_a_fail(nhce: int, more: int, hce: int) -> None:
    if hce <= nd.ratio_limit(nhce).limit:
        assert hce <= nd.ratio_limit(nhce + more).limit


@given(data=st.data(), people=st.integers(1, 8), scenarios=st.integers(1, 4))
def test_every_scenario_equals_the_test_of_one_year(data: st.DataObject, people: int, scenarios: int) -> None:
    def column(top: int) -> Cents:
        return np.array(data.draw(st.lists(st.integers(0, top), min_size=people, max_size=people)), dtype=np.int64)

    contributions = np.stack([column(2_000_000) for _ in range(scenarios)])
    compensation = np.stack([column(30_000_000) for _ in range(scenarios)])
    is_hce = np.array(data.draw(st.lists(st.booleans(), min_size=people, max_size=people)), dtype=np.bool_)
    all_at_once = nd.ratio_scenarios(contributions=contributions, compensation=compensation, is_hce=is_hce)
    for place in range(scenarios):
        one = nd.adp_test(contributions=contributions[place], compensation=compensation[place], is_hce=is_hce)
        assert (one.hce.average, one.nhce.average, one.limit.limit, one.passed) == (
            all_at_once.hce_average[place],
            all_at_once.nhce_average[place],
            all_at_once.limit[place],
            all_at_once.passed[place],
        )


@given(contribution=st.integers(0, 10**7), extra=st.integers(0, 10**6), pay=st.integers(1, 10**8))
def test_one_nhce_who_defers_more_never_turns_a_pass_into_a_fail(contribution: int, extra: int, pay: int) -> None:
    def passed(nhce: int) -> bool:
        return nd.adp_test(
            contributions=np.array([nhce, 0, 700_000]),
            compensation=np.array([pay, 5_000_000, 10_000_000]),
            is_hce=flags(False, False, True),
        ).passed

    assert passed(contribution + extra) or not passed(contribution)

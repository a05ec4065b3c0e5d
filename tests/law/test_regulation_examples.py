"""Examples of Reg. 1.401(k)-2, 1.401(k)-3 and 1.401(m)-2 beyond those in cases/, read at the source."""

from datetime import date

import numpy as np
import pytest

from open401k.kernel import PlanYear
from open401k.law import correction_steps as steps
from open401k.law import corrections, deadlines, matching, targeting
from open401k.law import nondiscrimination as nd
from open401k.law.arrays import Cents, Flags
from open401k.law.matching import MatchFormula
from open401k.law.prior_year import PriorSubgroup
from open401k.law.safe_harbor import BASIC_MATCH
from open401k.law.safe_harbor_changes import hce_rates_higher
from open401k.law.testing_method import Method, after_coverage_change
from tests.law.on_file import cents, facts, hundredths

CURRENT = Method.CURRENT_YEAR


def ratio(contribution: int, pay: int) -> int:
    return int(nd.ratios(np.array([contribution]), np.array([pay]), np.array([True]))[0])


def test_adr_of_two_plans_with_different_plan_years() -> None:
    """Reg. 1.401(k)-2(a)(3)(iii) Examples 3 and 4: all contributions of the tested plan's year over its pay."""
    pay = 6 * 10_000_00 + 6 * 11_500_00
    assert ratio(6 * 900_00 + 6 * 1_250_00, pay) == 1_000
    assert ratio(12 * 900_00, 12 * 10_000_00) == 900
    assert ratio(6 * 400_00 + 6 * 1_250_00, pay) == 767


#: Plan U of 1.401(k)-2(a)(7) Examples 4 to 8: M and N are HCEs.
PLAN_U = (
    cents([100_000, 100_000, 60_000, 40_000, 30_000, 5_000, 20_000]),
    cents([3_000, 2_000, 1_800, 0, 0, 0, 0]),
    np.array([True, True, False, False, False, False, False]),
)


def test_example_4_a_qnec_for_everybody_counts_for_everybody() -> None:
    pay, deferred, is_hce = PLAN_U
    alone = nd.adp_test(contributions=deferred, compensation=pay, is_hce=is_hce)
    assert (alone.hce.average, alone.nhce.average, alone.passed) == (250, 60, False)
    qnec = matching.nonelective(pay, 200)
    countable = targeting.countable_qnec(
        qnec=qnec, compensation=pay, eligible_nhce=~is_hce, employed_on_last_day=~is_hce
    )
    assert countable.counted.tolist() == qnec.tolist()
    both = nd.adp_test(contributions=deferred + countable.counted, compensation=pay, is_hce=is_hce)
    assert (both.hce.average, both.nhce.average, both.passed) == (450, 260, True)


def test_example_5_a_qnec_for_the_prior_year_comes_too_late_in_the_year_after() -> None:
    applicable = PlanYear.starting(date(2005, 1, 1))
    assert deadlines.correction_deadlines(applicable).qnec == date(2006, 12, 31) < date(2007, 1, 1)
    pay, deferred, is_hce = PLAN_U
    test = nd.adp_test(contributions=deferred, compensation=pay, is_hce=is_hce, prior_year_nhce_average=80)
    assert (test.hce.average, test.passed) == (250, False)


def test_example_8_a_qnec_used_once_is_not_used_by_the_next_year() -> None:
    limit = nd.ratio_limit(60)
    assert (limit.times_1_25, limit.alternative, limit.limit) == (75, 120, 120)
    assert limit.limit < 350


def test_example_9_qmac_of_one_percent_moves_to_the_adp_test() -> None:
    pay, is_hce = cents([100_000, 100_000]), np.array([True, False])
    everyone = np.ones(2, dtype=np.bool_)
    assert not nd.adp_test(contributions=cents([15_000, 11_000]), compensation=pay, is_hce=is_hce).passed
    found = steps.shift_qmac(
        deferrals=cents([15_000, 11_000]), in_acp=cents([5_000, 4_000]), moved=cents([0, 1_000]),
        qualified=cents([0, 4_000]), compensation=pay, is_hce=is_hce, eligible=everyone, adp_method=CURRENT,
        acp_method=CURRENT,
    )  # fmt: skip
    assert (found.adp.hce.average, found.adp.nhce.average, found.adp.passed) == (1_500, 1_200, True)
    assert (found.acp.hce.average, found.acp.nhce.average) == (500, 300)
    assert found.passed


def refund_of_plan_p(in_plan: list[int] | None) -> list[int]:
    test = nd.adp_test(
        contributions=cents([12_000, 8_960]), compensation=cents([200_000, 128_000]), is_hce=np.array([True, True]),
        prior_year_nhce_average=300,
    )  # fmt: skip
    assert (test.hce.average, test.limit.limit) == (650, 500)
    found = corrections.refund(test, in_tested_plan=in_plan)
    assert found.total_cents == 4_560_00
    return [share.refund_cents for share in found.shares]


def test_refund_examples_1_and_2() -> None:
    """Reg. 1.401(k)-2(b)(2)(viii): the shares; and of somebody with 3,000 in this plan no more than that."""
    assert refund_of_plan_p(None) == [3_800_00, 760_00]
    assert refund_of_plan_p([3_000_00, 8_960_00]) == [3_000_00, 1_560_00]


def test_coverage_change_example_4_one_subgroup_keeps_its_average() -> None:
    assert after_coverage_change([PriorSubgroup(400, 200)]).average == 200
    assert after_coverage_change([PriorSubgroup(100, 200)]).average == 200


def test_acr_of_two_plans_counts_both() -> None:
    """Reg. 1.401(m)-2(a)(3)(iii)."""
    assert ratio(4_000_00 + 4_000_00 + 2_000_00, 120_000_00) == 833


#: Plan V of 1.401(m)-2(a)(7) Examples 2 to 6: A and B are HCEs.
PAY_V = cents([190_000, 100_000, 85_000, 70_000, 40_000, 10_000])
DEFERRED_V = cents([15_000, 5_000, 12_000, 9_500, 10_000, 0])
AFTER_TAX_V = cents([3_500, 10_000, 0, 0, 0, 0])
HCE_V = np.array([True, True, False, False, False, False])
EVERYONE: Flags = np.ones(6, dtype=np.bool_)


def acp_of_plan_v(match: Cents, more: Cents | int = 0) -> nd.RatioTest:
    return nd.acp_test(contributions=AFTER_TAX_V + match + more, compensation=PAY_V, is_hce=HCE_V)


def match_v(nhce_percent: int) -> Cents:
    own = DEFERRED_V + AFTER_TAX_V
    return np.where(HCE_V, own * 50, own * nhce_percent) // 100


def test_acp_example_2_fails() -> None:
    test = acp_of_plan_v(match_v(50))
    assert [person.ratio for person in test.people] == [671, 1_750, 706, 679, 1_250, 0]
    assert (test.hce.average, test.nhce.average, test.limit.times_1_25, test.limit.alternative, test.passed) == (
        1_211, 659, 824, 859, False,
    )  # fmt: skip


def test_acp_3_what_is_moved_must_not_be_needed_in_the_adp_test() -> None:
    given, expected = facts("ACP-3")
    names = [person["employee"] for person in given["employees"]]
    moved = cents([given["elective_contributions_moved_to_acp_usd"].get(name, 0) for name in names])
    found = steps.shift_deferrals(
        deferrals=DEFERRED_V, moved=moved, in_acp=AFTER_TAX_V + match_v(50), compensation=PAY_V, is_hce=HCE_V,
        eligible=EVERYONE, adp_method=CURRENT, acp_method=CURRENT,
    )  # fmt: skip
    assert found.passed
    assert found.adp.nhce.average == hundredths(expected["adp"]["adp_nhce_pct_excluding_E"])
    assert found.acp.nhce.average == hundredths(expected["acp"]["acp_nhce_pct"])


def test_acp_example_4_the_smallest_whole_match_rate_that_passes() -> None:
    assert next(rate for rate in range(50, 101) if acp_of_plan_v(match_v(rate)).passed) == 74
    test = acp_of_plan_v(match_v(74))
    assert ([person.ratio for person in test.people][2:], test.nhce.average) == ([1_045, 1_004, 1_850, 0], 975)


def test_acp_example_6_a_qnec_counts_up_to_twice_the_representative_rate() -> None:
    qnec = cents([0, 0, 0, 0, 0, 1_300])
    found = targeting.countable_qnec(
        qnec=qnec, beside=match_v(50), compensation=PAY_V, eligible_nhce=~HCE_V, employed_on_last_day=~HCE_V
    )
    assert (found.representative_rate, int(found.counted[5])) == (1_250, 1_300_00)
    test = acp_of_plan_v(match_v(50), found.counted)
    # Printed 9.84 and passed: 12.11 is less than 1.25 times it.
    assert (test.nhce.average, test.passed) == (984, True)


def test_acp_correction_examples_3_and_4_an_excess_deferral_paid_before_and_after() -> None:
    """Reg. 1.401(m)-2(b)(5): $3,000 to recharacterize, $1,200 paid as an excess deferral, its match forfeited."""
    found = steps.in_order(
        excess_deferral_paid_here=1_200_00, excess_contribution=3_000_00, excess_aggregate=0, match_rate_bps=5_000,
        match_on_deferrals=7_500_00,
    )  # fmt: skip
    assert found.excess_contribution_paid == 1_800_00
    # ACR with 1,800 recharacterized and 600 forfeited; printed as if only the match on the excess deferral left.
    acp = nd.acp_test(
        contributions=cents([7_500 + 1_800 - 600]), compensation=cents([200_000]), is_hce=np.array([True]),
        prior_year_nhce_average=200,
    )  # fmt: skip
    assert (acp.hce.average, acp.limit.limit, corrections.refund(acp).total_cents) == (435, 400, 700_00)
    # Example 4: after 3,000 were recharacterized nothing is paid as an excess deferral.
    later = corrections.coordinate_refunds(excess_contribution_distributed=3_000_00, excess_deferral=1_200_00)
    assert later.further_excess_deferral == 0


@pytest.mark.parametrize(
    ("paid_here", "expected"), [(1_000_00, (0, 1_000_00, 600_00)), (0, (600_00, 600_00, 1_000_00))]
)
def test_acp_correction_example_5_both_ways(paid_here: int, expected: tuple[int, int, int]) -> None:
    found = steps.in_order(
        excess_deferral_paid_here=paid_here, excess_contribution=600_00, excess_aggregate=1_600_00,
        match_rate_bps=10_000, match_on_deferrals=10_000_00,
    )  # fmt: skip
    assert (found.excess_contribution_paid, found.match_forfeited, found.excess_aggregate_paid) == expected


def test_acp_correction_example_7_the_vested_part_is_paid() -> None:
    found = steps.vested_split(excess_match_cents=1_000_00, vested_bps=6_000)
    assert (found.distributed_cents, found.forfeited_cents) == (600_00, 400_00)


def test_safe_harbor_example_5_hces_have_no_higher_rate_anywhere() -> None:
    """Reg. 1.401(k)-3(c)(7): an enhanced match for HCEs of division D, the basic match for NHCEs of division E."""
    enhanced = MatchFormula.of([(10_000, 400)])
    assert hce_rates_higher(hce=enhanced, nhce=BASIC_MATCH)
    assert not hce_rates_higher(hce=BASIC_MATCH, nhce=enhanced)

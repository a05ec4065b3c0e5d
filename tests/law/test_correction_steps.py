"""Corrections beyond the refund, testing methods, the T-24 balances: edges, refusals and what they say."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import PlanYear
from open401k.law import correction_steps as steps
from open401k.law import targeting, testing_method, top_heavy
from open401k.law.correction_steps import RecharacterizationBar, ShiftBar
from open401k.law.explain import explain
from open401k.law.matching import MatchFormula
from open401k.law.prior_year import PriorSubgroup
from open401k.law.safe_harbor import BASIC_MATCH
from open401k.law.testing_method import ChangeGround, Method, MethodHistory
from tests.law.on_file import cents, facts

YEAR = PlanYear.starting(date(2026, 1, 1))
CURRENT, PRIOR = Method.CURRENT_YEAR, Method.PRIOR_YEAR


def recharacterized(
    excess: int, *, on: date = date(2027, 3, 15), allows: bool = True, acp: Method = CURRENT, most: int = 20_000_00
) -> steps.Recharacterization:
    return steps.recharacterize(
        excess_cents=excess, after_tax_cents=1_000_00, most_after_tax_cents=most, plan_allows_after_tax=allows,
        adp_method=CURRENT, acp_method=acp, plan_year=YEAR, notified_on=on,
    )  # fmt: skip


def test_acc_2_recharacterized_in_february() -> None:
    given_, expected = facts("ACC-2")
    assert given_["elective_contributions_usd"] == 15_000
    found = recharacterized(expected["recharacterised_usd"] * 100, on=date(2027, 2, 10))
    assert (found.recharacterized_cents, found.to_distribute_cents) == (expected["recharacterised_usd"] * 100, 0)
    assert "become after-tax contributions if everybody concerned is told by 2027-03-15" in explain(found)
    assert "count in the ACP test of the plan year 2027" in explain(found)


def test_recharacterized_amounts_count_in_the_acp_test_of_the_year_that_taxes_them() -> None:
    """Reg. 1.401(m)-2(a)(4)(ii), 1.401(k)-2(b)(2)(vi)(A), (3)(ii)."""
    assert recharacterized(1_00, on=date(2027, 1, 1)).acp_plan_year == PlanYear.starting(date(2027, 1, 1))
    assert recharacterized(1_00, on=date(2026, 12, 31)).acp_plan_year == YEAR
    before = PlanYear.starting(date(2006, 1, 1))
    found = steps.recharacterize(
        excess_cents=3_000_00, after_tax_cents=0, most_after_tax_cents=20_000_00, plan_allows_after_tax=True,
        adp_method=CURRENT, acp_method=CURRENT, plan_year=before, notified_on=date(2007, 2, 10),
    )  # fmt: skip
    assert found.acp_plan_year == before


@pytest.mark.parametrize(
    ("what", "bar"),
    [
        ({"on": date(2027, 3, 16)}, RecharacterizationBar.TOO_LATE),
        ({"allows": False}, RecharacterizationBar.NO_AFTER_TAX),
        ({"acp": PRIOR}, RecharacterizationBar.DIFFERENT_METHODS),
    ],
)
def test_what_bars_recharacterization_leaves_all_to_be_paid(
    what: dict[str, object], bar: RecharacterizationBar
) -> None:
    found = recharacterized(3_000_00, **what)  # type: ignore[arg-type]
    assert (found.bars, found.recharacterized_cents, found.to_distribute_cents) == ((bar,), 0, 3_000_00)
    assert explain(found).endswith("$3,000.00 must be paid out.")


def test_the_plans_maximum_of_after_tax_money_binds() -> None:
    found = recharacterized(3_000_00, most=2_500_00)
    assert (found.recharacterized_cents, found.to_distribute_cents) == (1_500_00, 1_500_00)
    with pytest.raises(ValueError, match="excess_cents"):
        recharacterized(-1)


def shifted(moved: list[int], deferred: list[int], *, acp: Method = CURRENT) -> steps.Shift:
    return steps.shift_deferrals(
        deferrals=cents(deferred), moved=cents(moved), in_acp=cents([5_000, 2_000]),
        compensation=cents([100_000, 100_000]),
        is_hce=np.array([True, False]), eligible=np.array([True, True]), adp_method=CURRENT, acp_method=acp,
    )  # fmt: skip


def test_deferrals_move_only_where_the_adp_test_is_passed_with_and_without_them() -> None:
    assert shifted([0, 1_000], [6_000, 6_000]).passed
    assert "Allowed" in explain(shifted([0, 1_000], [6_000, 6_000]))
    assert shifted([0, 3_000], [6_000, 6_000]).bars == (ShiftBar.ADP_FAILS_WITHOUT_THEM,)
    # HCE deferrals would let the test pass without them, but with them it fails.
    assert shifted([2_000, 0], [8_000, 5_000]).bars == (ShiftBar.ADP_FAILS_WITH_THEM,)
    assert shifted([0, 1_000], [6_000, 6_000], acp=PRIOR).bars == (ShiftBar.DIFFERENT_METHODS,)
    assert ShiftBar.MORE_THAN_THERE_IS in shifted([0, 6_001], [0, 6_000]).bars
    assert explain(shifted([0, 3_000], [6_000, 6_000])).startswith("Not allowed: the ADP test is not passed without")


def test_only_qualified_match_moves() -> None:
    found = steps.shift_qmac(
        deferrals=cents([6_000, 3_000]), in_acp=cents([2_000, 2_000]), moved=cents([0, 1_001]),
        qualified=cents([0, 1_000]), compensation=cents([100_000, 100_000]), is_hce=np.array([True, False]),
        eligible=np.array([True, True]),
        adp_method=CURRENT, acp_method=CURRENT,
    )  # fmt: skip
    assert (found.bars, found.allowed, found.passed) == ((ShiftBar.MORE_THAN_THERE_IS,), False, False)


@given(
    st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 20_000), st.integers(0, 10**6)
)
def test_nothing_is_paid_or_forfeited_twice(
    deferral: int, contribution: int, aggregate: int, rate: int, match: int
) -> None:
    found = steps.in_order(
        excess_deferral_paid_here=deferral, excess_contribution=contribution, excess_aggregate=aggregate,
        match_rate_bps=rate, match_on_deferrals=match,
    )  # fmt: skip
    assert found.excess_deferral_paid + found.excess_contribution_paid == max(deferral, contribution)
    assert found.match_forfeited <= match
    assert found.excess_aggregate_paid == max(0, aggregate - found.match_forfeited)
    assert "match forfeited" in explain(found)


def test_the_excise_is_on_what_was_late() -> None:
    def excise(*corrected: tuple[date, int], eaca: bool = False) -> steps.Excise:
        return steps.excise(excess_cents=4_560_00, corrected=corrected, plan_year=YEAR, eaca_covers_everybody=eaca)

    assert excise((date(2027, 3, 15), 4_560_00)).excise_cents == 0
    found = excise((date(2027, 3, 15), 760_00), (date(2027, 3, 16), 3_800_00))
    assert (found.base_cents, found.excise_cents, found.form_5330) == (3_800_00, 380_00, date(2028, 3, 31))
    assert excise((date(2027, 6, 30), 4_560_00), eaca=True).excise_cents == 0
    assert "an excise tax of $380.00, on Form 5330 by 2028-03-31" in explain(found)
    assert "no excise tax" in explain(excise((date(2027, 3, 15), 4_560_00)))
    with pytest.raises(ValueError, match="excess_cents"):
        steps.excise(excess_cents=-1, corrected=[], plan_year=YEAR)


def test_one_to_one_gives_the_nhces_as_much_as_leaves() -> None:
    found = steps.one_to_one(excess_cents=4_560_00, earnings_to_correction_cents=-60_00)
    assert found.paid_to_hces_cents == found.contributed_for_nhces_cents == 4_500_00
    assert explain(found).startswith("$4,500.00 leave the highly compensated employees and $4,500.00 are contributed")


def test_a_refund_is_taxed_when_paid_and_roth_money_only_with_its_income() -> None:
    """Reg. 1.401(k)-2(b)(2)(vi)(A), (C)."""
    pre_tax = steps.corrective_tax(excess_cents=1_000_00, income_cents=50_00, roth_or_after_tax_cents=0)
    assert (pre_tax.paid_cents, pre_tax.taxable_cents) == (1_050_00, 1_050_00)
    roth = steps.corrective_tax(excess_cents=1_000_00, income_cents=50_00, roth_or_after_tax_cents=1_000_00)
    assert (roth.taxable_cents, roth.basis_cents) == (50_00, 1_000_00)
    loss = steps.corrective_tax(excess_cents=1_000_00, income_cents=-50_00, roth_or_after_tax_cents=400_00)
    assert (loss.paid_cents, loss.taxable_cents) == (950_00, 550_00)
    assert explain(loss).startswith("Of $950.00 $550.00 are taxable")
    with pytest.raises(ValueError, match="roth_or_after_tax_cents"):
        steps.corrective_tax(excess_cents=1, income_cents=0, roth_or_after_tax_cents=2)


def test_vesting_has_a_share_between_nothing_and_all() -> None:
    with pytest.raises(ValueError, match="vested_bps"):
        steps.vested_split(excess_match_cents=1, vested_bps=10_001)
    assert explain(steps.vested_split(excess_match_cents=1_01, vested_bps=5_000)) == (
        "$0.51 are vested and paid, $0.50 are not and are forfeited (IRC 401(m)(6)(A))."
    )


@pytest.mark.parametrize(
    ("histories", "ground"),
    [
        ([(5, 5)], ChangeGround.FIVE_YEARS),
        ([(9, 5)], ChangeGround.FIVE_YEARS),
        ([(9, 4)], ChangeGround.NONE),
        ([(3, 3)], ChangeGround.FIVE_YEARS),
        ([(3, 2)], ChangeGround.NONE),
        ([(9, 5), (9, 4)], ChangeGround.NONE),
        ([], ChangeGround.NONE),
    ],
)
def test_back_to_prior_year_testing_after_five_years(histories: list[tuple[int, int]], ground: ChangeGround) -> None:
    """Reg. 1.401(k)-2(c)(1)(ii)."""
    told = [MethodHistory(*each) for each in histories]
    assert testing_method.may_change(to=PRIOR, histories=told) is ground
    assert testing_method.may_change(to=CURRENT, histories=told) is ChangeGround.TO_CURRENT_YEAR
    in_transition = testing_method.may_change(
        to=PRIOR, histories=told, transaction_with_both_methods_in_transition=True
    )
    assert in_transition is (ChangeGround.MERGER if ground is ChangeGround.NONE else ground)


def test_years_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="histories"):
        testing_method.may_change(to=PRIOR, histories=[MethodHistory(2, 3)])
    with pytest.raises(ValueError, match="subgroups"):
        testing_method.after_coverage_change([])


def test_a_first_year_has_three_percent_or_its_own_average_but_not_a_successor_plan() -> None:
    assert testing_method.first_year_average(eligible=10, eligible_before=4, actual_average=None).average == 300
    assert testing_method.first_year_average(eligible=10, eligible_before=4, actual_average=412).average == 412
    successor = testing_method.first_year_average(eligible=10, eligible_before=5, actual_average=412)
    assert successor.average is None
    assert explain(successor).startswith("Tested against successor plan")


def test_ninety_percent_from_one_plan_may_stand_for_all() -> None:
    groups = [PriorSubgroup(90, 600), PriorSubgroup(10, 100)]
    assert testing_method.after_coverage_change(groups).average == 550
    assert testing_method.after_coverage_change(groups, plan_provides_minor_rule=True).average == 600
    fewer = [PriorSubgroup(89, 600), PriorSubgroup(11, 100)]
    assert testing_method.after_coverage_change(fewer, plan_provides_minor_rule=True).average == 545


def test_a_prevailing_wage_contribution_counts_up_to_ten_percent() -> None:
    """Reg. 1.401(k)-2(a)(6)(iv)(D)."""
    pay, nhce = cents([5_000, 50_000, 50_000]), np.ones(3, dtype=np.bool_)
    for flag, counted in ((False, 250_00), (True, 500_00)):
        found = targeting.countable_qnec(
            qnec=cents([600, 0, 0]), compensation=pay, eligible_nhce=nhce,
            employed_on_last_day=nhce, prevailing_wage=np.array([flag, False, False]),
        )  # fmt: skip
        assert int(found.counted[0]) == counted


def test_the_limit_is_on_the_qnec_alone_though_the_match_beside_it_sets_the_rate() -> None:
    """Reg. 1.401(k)-2(a)(6)(iv)(A): the QNECs to the extent that they exceed."""
    pay, nhce = cents([50_000, 50_000, 50_000, 50_000]), np.ones(4, dtype=np.bool_)
    found = targeting.countable_qnec(
        qnec=cents([4_000, 0, 0, 0]), beside=cents([2_000, 2_000, 2_000, 2_000]), compensation=pay,
        eligible_nhce=nhce, employed_on_last_day=nhce,
    )  # fmt: skip
    # 4 % of QMAC for everybody lets 8 % of QNEC count; together they are 12 %.
    assert (found.representative_rate, found.counted.tolist()) == (400, [4_000_00, 0, 0, 0])
    alone = targeting.countable_qnec(
        qnec=cents([4_000, 0, 0, 0]), compensation=pay, eligible_nhce=nhce, employed_on_last_day=nhce
    )
    assert (alone.representative_rate, int(alone.counted[0])) == (0, 2_500_00)


def test_a_match_rate_that_varies_is_read_at_six_percent() -> None:
    assert targeting.matching_rate(MatchFormula.of([(5_000, 600)])) == 5_000
    # 3 % + 1 % of pay on 6 %: two thirds.
    assert targeting.matching_rate(BASIC_MATCH) == 6_667
    assert targeting.matching_rate(MatchFormula.of([(10_000, 300)])) == 5_000


def test_a_match_above_the_deferral_counts_by_the_rate_at_six_percent() -> None:
    """Reg. 1.401(m)-2(a)(5)(ii)(A), (C): 300 % of the first 2 % is 100 % at 6 %: 5 % of pay is the most, of 6 %."""
    everyone = np.ones(3, dtype=np.bool_)
    rate = targeting.matching_rate(MatchFormula.of([(30_000, 200)]))
    found = targeting.countable_match(
        match=cents([3_000, 3_000, 1_500]), deferrals=cents([1_000, 5_000, 500]), compensation=cents([50_000] * 3),
        eligible_nhce=everyone, employed_on_last_day=everyone, matching_rates=np.full(3, rate),
    )  # fmt: skip
    assert (found.representative_rate, found.counted.tolist()) == (10_000, [2_500_00, 3_000_00, 1_500_00])


@pytest.mark.parametrize(("qaca", "left"), [(False, [100_000, 0, 0, 0]), (True, [150_000, 5_000, 4, 0])])
def test_a_safe_harbor_match_may_stay_out_of_the_acp_test(qaca: bool, left: list[int]) -> None:
    """Reg. 1.401(m)-2(a)(5)(iv): up to 4 % of each one's pay, 3 1/2 % in a QACA."""
    pay = np.array([10_000_000, 1_000_000, 863, 500_000])
    match = np.array([500_000, 40_000, 34, 0])
    found = targeting.match_beyond_safe_harbor(match=match, compensation=pay, qaca=qaca)
    assert found.tolist() == left


def balances(*, first: bool, valued: date, funding: bool = False) -> int:
    return int(
        top_heavy.accounts_on_determination_date(
            balances_on_valuation_date=cents([100]), valuation_date=valued,
            contributed_until_determination_date=cents([10]),
            contributed_later_for_first_year=cents([5]), plan_year=YEAR, first_plan_year=first, minimum_funding=funding,
        )[0]
    )  # fmt: skip


def test_contributions_after_the_determination_date_count_only_in_the_first_plan_year() -> None:
    """Reg. 1.416-1 T-24: a first year is determined on its own last day, any other on that of the year before."""
    assert balances(first=True, valued=date(2026, 12, 31)) == 115_00
    assert balances(first=False, valued=date(2025, 12, 31)) == 110_00
    assert balances(first=False, valued=date(2025, 12, 31), funding=True) == 115_00
    assert balances(first=False, valued=date(2025, 1, 1)) == 110_00
    for first, valued in ((False, date(2026, 1, 1)), (False, date(2024, 12, 31)), (True, date(2025, 12, 31))):
        with pytest.raises(ValueError, match="valuation_date"):
            balances(first=first, valued=valued)


def test_more_corrected_than_there_was_leaves_no_excise() -> None:
    for amount, base in ((99, 1), (100, 0), (101, 0)):
        found = steps.excise(excess_cents=100, corrected=[(date(2027, 3, 15), amount)], plan_year=YEAR)
        assert (found.base_cents, found.excise_cents) == (base, 0)
    # Half a cent of tax is a cent.
    assert steps.excise(excess_cents=5, corrected=[], plan_year=YEAR).excise_cents == 1


def test_who_has_no_deferral_left_may_still_move_all_of_it() -> None:
    """As much as there is, to the cent; of one person more than there is bars it for all."""
    assert shifted([0, 6_000], [0, 6_000]).bars == ()
    assert shifted([0, 6_000], [0, 6_000]).adp.nhce.average == 0
    assert shifted([1, 0], [0, 6_000]).bars == (ShiftBar.MORE_THAN_THERE_IS,)

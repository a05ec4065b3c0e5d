"""Pay by kind and definition, the 401(a)(17) limit for each person, the 414(s) ratio test, earned income."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import CalendarYear, LimitationYear, PlanYear
from open401k.law import compensation, pay_items
from open401k.law.compensation_ratio import (
    CompensationRatioTest,
    RatioVerdict,
    compensation_ratio_test,
    equivalent_alternative_pay,
)
from open401k.law.earned_income import earned_income, self_employment_tax
from open401k.law.explain import explain
from open401k.law.given import ImpossibleInput
from open401k.law.pay_items import (
    ELECTIVE_CONTRIBUTIONS,
    PayDefinition,
    PayItem,
    PayKind,
    Treatment,
    WhyCounted,
    beyond_safe_harbors,
    counted_pay,
    treatment,
)

YEAR = LimitationYear.starting(date(2026, 1, 1))
PLAN = PlanYear.starting(date(2026, 1, 1))


def line(kind: PayKind, dollars: int, paid: date = date(2026, 6, 30)) -> PayItem:
    return PayItem(kind, dollars * 100, paid)


def counted(definition: PayDefinition, *items: PayItem, severed: date | None = None, **plan: Any) -> int:
    found = counted_pay(items=items, definition=definition, year=YEAR, severed=severed, **plan)
    assert found.total_cents <= sum(item.cents for item in items)
    return found.total_cents // 100


def test_every_kind_has_a_treatment_under_every_definition_and_a_citation() -> None:
    for kind in PayKind:
        assert pay_items.citation(kind).startswith(("IRC", "Reg."))
        assert {treatment(kind=kind, definition=d) for d in PayDefinition} <= set(Treatment)


@pytest.mark.parametrize(
    ("kind", "letters"),
    # 415, simplified, 3401(a), W-2, 3121(a), 414(s) alternative: i in, o out, p as the plan says.
    [
        (PayKind.REGULAR, "iiiiii"),
        (PayKind.OVERTIME, "iiiiii"),
        (PayKind.PRE_TAX_DEFERRAL, "iiiiii"),
        (PayKind.CAFETERIA_REDUCTION, "iiiioi"),
        (PayKind.TRANSPORTATION_REDUCTION, "iiiioi"),
        (PayKind.TAXABLE_FRINGE, "iiiiio"),
        (PayKind.TAXABLE_GROUP_TERM_LIFE, "iioiio"),
        (PayKind.TAXABLE_MOVING_EXPENSES, "ioiiio"),
        (PayKind.NONSTATUTORY_OPTION_EXERCISE, "ooiiio"),
        (PayKind.SECTION_83B_ELECTION, "ioiiii"),
        (PayKind.STATUTORY_OPTION_SALE, "oooioo"),
        (PayKind.NONQUALIFIED_PLAN_PAYMENT, "poiioo"),
        (PayKind.DIFFERENTIAL_WAGE, "iiiioi"),
        (PayKind.SEVERANCE_PAY, "ooooio"),
        (PayKind.PLAN_DISTRIBUTION, "oooooo"),
        (PayKind.INSURED_SICK_PAY, "iooiio"),
        (PayKind.CONTRACTOR_PAY, "oooooo"),
    ],
)
def test_the_definitions_differ_as_the_regulation_says(kind: PayKind, letters: str) -> None:
    """Reg. 1.415(c)-2(b)-(d), typed a second time."""
    assert "".join(treatment(kind=kind, definition=d).value[0] for d in PayDefinition) == letters


def test_deferrals_are_added_back_and_distributions_are_not_pay() -> None:
    items = (
        line(PayKind.REGULAR, 50_000),
        line(PayKind.PRE_TAX_DEFERRAL, 6_000),
        line(PayKind.CAFETERIA_REDUCTION, 2_000),
        line(PayKind.PLAN_DISTRIBUTION, 10_000),
    )
    assert counted(PayDefinition.W2, *items) == 58_000
    assert counted(PayDefinition.SECTION_3121A, *items) == 56_000


@pytest.mark.parametrize(
    ("kind", "paid", "dollars"),
    [
        (PayKind.REGULAR, date(2026, 2, 14), 100),  # the last day of 2 1/2 months after November 30, 2025
        (PayKind.REGULAR, date(2026, 2, 16), 0),
        (PayKind.SEVERANCE_PAY, date(2026, 1, 5), 0),
        (PayKind.LEAVE_CASHOUT, date(2026, 1, 5), 0),
        (PayKind.DIFFERENTIAL_WAGE, date(2026, 9, 1), 100),
    ],
)
def test_pay_after_a_severance_of_the_year_before(kind: PayKind, paid: date, dollars: int) -> None:
    """Reg. 1.415(c)-2(e)(3)(i)-(iv)."""
    assert counted(PayDefinition.W2, line(kind, 100, paid), severed=date(2025, 11, 30)) == dollars


def test_after_a_severance_in_the_year_the_window_is_the_rest_of_it() -> None:
    late = line(PayKind.BONUS, 100, date(2026, 12, 31))
    assert counted(PayDefinition.SECTION_415, late, severed=date(2026, 1, 31)) == 100
    cashout = line(PayKind.LEAVE_CASHOUT, 100, date(2026, 12, 31))
    assert counted(PayDefinition.SECTION_415, cashout, severed=date(2026, 1, 31)) == 0
    planned = frozenset({PayKind.LEAVE_CASHOUT})
    assert counted(PayDefinition.SECTION_415, cashout, severed=date(2026, 1, 31), plan_includes=planned) == 100


def test_leaving_out_overtime_needs_the_ratio_test_and_leaving_out_all_fringe_does_not() -> None:
    items = (line(PayKind.REGULAR, 40_000), line(PayKind.OVERTIME, 5_000), line(PayKind.TAXABLE_FRINGE, 1_000))

    def found(*kinds: PayKind) -> pay_items.CountedPay:
        return counted_pay(items=items, definition=PayDefinition.W2, year=YEAR, plan_excludes=frozenset(kinds))

    overtime = found(PayKind.OVERTIME)
    assert (overtime.total_cents, overtime.needs_ratio_test) == (4_100_000, True)
    assert explain(overtime) == (
        "$41,000.00 count as W-2 pay with deferrals (IRC 415(c)(3), 414(s)). $5,000.00 of overtime do not: the plan "
        "leaves it out (Reg. 1.414(s)-1(d)(2)). What the plan leaves out needs the ratio test (Reg. 1.414(s)-1(d)(3))."
    )
    assert not found(*pay_items.FREELY_EXCLUDED).needs_ratio_test
    assert found(PayKind.TAXABLE_FRINGE).needs_ratio_test
    assert not found().needs_ratio_test
    assert found(PayKind.REGULAR, PayKind.BONUS).not_reasonable == {PayKind.REGULAR}
    assert "No reasonable definition leaves out regular of other than HCEs" in explain(found(PayKind.REGULAR))


def test_pay_of_the_first_few_weeks_counts_in_the_year_in_which_it_was_earned() -> None:
    """Reg. 1.415(c)-2(e)(2): "earned during that limitation year but not paid during that limitation year solely
    because of the timing of pay periods and pay dates", in "the first few weeks of the next", in one year only.
    """
    late = PayItem(PayKind.REGULAR, 1_000_00, paid=date(2027, 1, 8), earned=date(2026, 12, 31))
    early = PayItem(PayKind.REGULAR, 500_00, paid=date(2026, 1, 9), earned=date(2025, 12, 31))
    assert counted(PayDefinition.W2, late, early) == 500
    assert counted(PayDefinition.W2, late, early, first_weeks_of_next_year=3) == 1_000
    assert counted(PayDefinition.W2, late, early, first_weeks_of_next_year=1) == 500
    assert counted(PayDefinition.SECTION_3121A, late, early, first_weeks_of_next_year=3) == 500
    # Who left in September is paid too late for it in January (e)(3)(i), who left in December is not.
    for severed, dollars in ((date(2026, 9, 1), 0), (date(2026, 12, 31), 1_000)):
        assert counted(PayDefinition.W2, late, severed=severed, first_weeks_of_next_year=3) == dollars
    with pytest.raises(ImpossibleInput, match="first_weeks_of_next_year"):
        counted(PayDefinition.W2, late, first_weeks_of_next_year=5)
    with pytest.raises(ImpossibleInput, match="earned"):
        counted(PayDefinition.W2, PayItem(PayKind.REGULAR, 1, paid=date(2026, 1, 1), earned=date(2026, 1, 2)))


def test_lines_of_other_years_do_not_count_and_negative_ones_are_refused() -> None:
    assert counted(PayDefinition.W2, line(PayKind.REGULAR, 100, date(2025, 12, 31))) == 0
    with pytest.raises(ImpossibleInput, match="cents"):
        counted(PayDefinition.W2, line(PayKind.REGULAR, -1))


@given(st.lists(st.tuples(st.sampled_from(list(PayKind)), st.integers(0, 10**9)), max_size=8))
def test_each_line_is_counted_whole_or_not_at_all(lines: list[tuple[PayKind, int]]) -> None:
    items = [PayItem(kind, cents, date(2026, 5, 1)) for kind, cents in lines]
    for definition in PayDefinition:
        found = counted_pay(items=items, definition=definition, year=YEAR)
        assert all(each.counted_cents == (each.item.cents if each.why is WhyCounted.IN else 0) for each in found.items)
        assert found.total_cents == sum(each.counted_cents for each in found.items)


def test_each_persons_limit_goes_by_the_months_of_the_pay_that_is_used() -> None:
    """Reg. 1.401(a)(17)-1(b)(3)(iii)(A): monthly allocations have a twelfth, a short plan year its months."""
    limits = compensation.limit_for_months(plan_year=PLAN, months=np.array([1, 6, 12]))
    assert limits.tolist() == [3_000_000, 18_000_000, 36_000_000]
    with pytest.raises(ImpossibleInput, match="months"):
        compensation.limit_for_months(plan_year=PlanYear(date(2026, 7, 1), date(2027, 1, 1)), months=np.array([7]))


def test_entry_within_the_year_does_not_prorate_the_limit() -> None:
    """Reg. 1.401(a)(17)-1(b)(3)(iii)(B)."""
    found = compensation.pay_while_participating(
        plan_year=PLAN, pay=np.array([72_000_000, 50_000_000]), before_entry=np.array([36_000_000, 30_000_000])
    )
    assert found.tolist() == [36_000_000, 20_000_000]
    with pytest.raises(ImpossibleInput, match="before_entry"):
        compensation.pay_while_participating(plan_year=PLAN, pay=np.array([1]), before_entry=np.array([2]))


def ratio(
    rows: list[tuple[int, int, bool]], *, owners: list[bool] | None = None, de_minimis: int = 0
) -> CompensationRatioTest:
    included, total, hce = zip(*rows, strict=True)
    return compensation_ratio_test(
        plan_year=PLAN,
        included=np.array(included, dtype=np.int64) * 100,
        total=np.array(total, dtype=np.int64) * 100,
        is_hce=np.array(hce),
        self_employed=None if owners is None else np.array(owners),
        de_minimis_bps=de_minimis,
    )


def test_percentages_are_averaged_person_by_person() -> None:
    """Reg. 1.414(s)-1(d)(3)(iv)(A)."""
    found = ratio([(200_000, 200_000, True), (45_000, 50_000, False), (16_000, 20_000, False)])
    assert (found.hce_average_bps, found.nhce_average_bps, found.difference_bps) == (10_000, 8_500, 1_500)
    assert found.verdict is RatioVerdict.FACTS_AND_CIRCUMSTANCES
    assert "15.00 points between them are more than de minimis is for facts" in explain(found)


@pytest.mark.parametrize(("de_minimis", "verdict"), [(300, "within_de_minimis"), (299, "facts_and_circumstances")])
def test_the_regulation_puts_no_number_on_de_minimis(de_minimis: int, verdict: str) -> None:
    assert ratio([(100, 100, True), (97, 100, False)], de_minimis=de_minimis).verdict == verdict


def test_a_definition_that_favors_others_is_nondiscriminatory() -> None:
    assert ratio([(90, 100, True), (91, 100, False)]).verdict is RatioVerdict.NONDISCRIMINATORY
    assert ratio([(90, 100, True), (90, 100, False)]).verdict is RatioVerdict.NONDISCRIMINATORY


def test_total_pay_ends_at_the_limit_and_who_has_none_or_is_self_employed_is_disregarded() -> None:
    """Reg. 1.414(s)-1(d)(3)(ii)(A), (iii)(B), (C)."""
    rows = [(400_000, 500_000, True), (50, 100, False), (0, 0, False), (1, 100, False)]
    found = ratio(rows, owners=[False, False, False, True])
    assert (found.hce_average_bps, found.nhce_average_bps) == (10_000, 5_000)
    assert found.counted.tolist() == [True, True, False, False]


def test_the_equivalent_pay_of_the_self_employed_is_the_share_of_the_nhces() -> None:
    """Reg. 1.414(s)-1(g)(1)(i): highly compensated common-law employees are disregarded."""
    found = ratio([(100, 100, True), (80, 100, False)])
    assert equivalent_alternative_pay(total_earned_income_cents=10_000_000, test=found, plan_year=PLAN) == 8_000_000
    assert equivalent_alternative_pay(total_earned_income_cents=99_000_000, test=found, plan_year=PLAN) == 28_800_000


def test_nobody_to_compare_and_impossible_pay() -> None:
    assert ratio([(1, 1, True)]).verdict is RatioVerdict.NOTHING_TO_COMPARE
    for included, total, field in ((2, 1, "included"), (-1, 1, "included"), (0, -1, "total")):
        with pytest.raises(ImpossibleInput) as refusal:
            ratio([(included, total, False)])
        assert refusal.value.field == field


@given(st.lists(st.tuples(st.integers(0, 400_000), st.integers(0, 400_000), st.booleans()), min_size=1, max_size=8))
def test_the_ratio_test_equals_exact_fractions(rows: list[tuple[int, int, bool]]) -> None:
    rows = [(min(a, b), max(a, b), hce) for a, b, hce in rows]
    found = ratio(rows)

    def exact(group: bool) -> Fraction:
        shares = [Fraction(min(a, 360_000), min(b, 360_000)) for a, b, hce in rows if b and hce is group]
        return sum(shares, Fraction(0)) / len(shares) if shares else Fraction(0)

    assert abs(found.hce_average_bps - exact(True) * 10_000) <= 1
    assert abs(found.nhce_average_bps - exact(False) * 10_000) <= 1


@pytest.mark.parametrize(("rate", "reduced"), [(1_000, "0.090909"), (1_500, "0.130435"), (2_500, "0.200000")])
def test_the_rate_of_the_self_employed_is_that_of_publication_560(rate: int, reduced: str) -> None:
    """Pub. 560, Rate Table for Self-Employed: 10 % is 0.090909, 15 % 0.130435, 25 % 0.200000."""
    found = earned_income(net_profit_cents=10_000_000, employer_rate_bps=rate, year=CalendarYear(2026), plan_year=PLAN)
    assert f"{float(found.reduced_rate):.6f}" == reduced


def test_half_the_tax_and_the_contribution_are_deducted() -> None:
    # 92.35 % of 100,000 is 92,350; 15.3 % of it 14,129.55, half 7,064.78; 25 % of what remains after the contribution.
    found = earned_income(net_profit_cents=10_000_000, employer_rate_bps=2_500, year=CalendarYear(2026), plan_year=PLAN)
    assert (found.self_employment_tax, found.half_deducted) == (1_412_955, 706_478)
    assert found.employer_contribution == 1_858_704
    assert found.earned_income == 10_000_000 - 706_478 - 1_858_704 == found.plan_pay
    assert "earned income is $74,348.18" in explain(found)


def test_the_old_age_part_ends_at_the_wage_base_and_small_profits_have_no_tax() -> None:
    def tax(profit: int, wages: int = 0) -> int:
        return self_employment_tax(
            net_profit_cents=profit * 100, social_security_wages_cents=wages * 100, year=CalendarYear(2026)
        )

    net = Fraction(30_000_000 * 9235, 10_000)
    assert tax(300_000) == round(18_450_000 * Fraction(124, 1_000) + net * Fraction(29, 1_000))
    assert tax(300_000, 184_500) == round(net * Fraction(29, 1_000))
    assert (tax(433), tax(434) > 0) == (0, True)
    with pytest.raises(ImpossibleInput, match="net_profit_cents"):
        tax(-1)


@given(st.integers(0, 10**10), st.integers(0, 2_500))
def test_a_contribution_is_its_rate_of_earned_income(profit: int, rate: int) -> None:
    found = earned_income(net_profit_cents=profit, employer_rate_bps=rate, year=CalendarYear(2026), plan_year=PLAN)
    assert abs(found.employer_contribution - Fraction(found.plan_pay * rate, 10_000)) <= 1
    assert found.net_profit == found.half_deducted + found.employer_contribution + found.earned_income


@pytest.mark.parametrize(
    ("last", "months"),
    [
        (date(2026, 1, 31), 1),
        (date(2026, 2, 1), 2),
        (date(2026, 6, 30), 6),
        (date(2026, 11, 30), 11),
        (date(2026, 12, 31), 12),
    ],
)
def test_a_short_plan_year_has_a_twelfth_of_the_limit_a_month(last: date, months: int) -> None:
    """Reg. 1.401(a)(17)-1(b)(3)(iii)(A): 360,000 in 2026, so 30,000 a month."""
    year = PlanYear(date(2026, 1, 1), last + timedelta(days=1))
    assert compensation.months_in(year) == months
    assert compensation.annual_cap(year) == months * 30_000_00


@pytest.mark.parametrize(("months", "refused"), [((12, 1), False), ((12, 0), True), ((13, 1), True)])
def test_months_of_pay_are_those_of_the_plan_year(months: tuple[int, int], refused: bool) -> None:
    if refused:
        with pytest.raises(ImpossibleInput, match="months"):
            compensation.limit_for_months(plan_year=PLAN, months=np.array(months))
    else:
        assert compensation.limit_for_months(plan_year=PLAN, months=np.array(months)).tolist() == [
            36_000_000,
            3_000_000,
        ]


def test_all_pay_may_be_from_before_entry_and_not_more() -> None:
    pay = np.array([100, 100])
    found = compensation.pay_while_participating(plan_year=PLAN, pay=pay, before_entry=np.array([100, 0]))
    assert found.tolist() == [0, 100]
    with pytest.raises(ImpossibleInput, match="before_entry"):
        compensation.pay_while_participating(plan_year=PLAN, pay=pay, before_entry=np.array([101, 0]))


def test_the_shares_of_pay_at_their_edges() -> None:
    """Reg. 1.414(s)-1(d)(3): one cent of pay counts; a share is that of the capped pay; half a basis point is up."""
    cents = {"included": [1, 0, 5, 36_000_001], "total": [1, 0, 16, 36_000_002]}
    found = compensation_ratio_test(
        plan_year=PLAN, included=np.array(cents["included"]), total=np.array(cents["total"]),
        is_hce=np.array([True, True, False, False]), self_employed=None, de_minimis_bps=0,
    )  # fmt: skip
    assert (found.counted.tolist(), found.shares_bps.tolist()) == (
        [True, False, True, True],
        [10_000, 0, 3_125, 10_000],
    )
    assert (found.hce_average_bps, found.nhce_average_bps, found.difference_bps) == (10_000, 6_563, 3_438)
    assert (found.cap_cents, found.verdict) == (36_000_000, RatioVerdict.FACTS_AND_CIRCUMSTANCES)
    for income, pay in ((0, 0), (1, 1), (36_000_000, 23_626_800), (36_000_001, 23_626_800)):
        assert equivalent_alternative_pay(total_earned_income_cents=income, test=found, plan_year=PLAN) == pay
    with pytest.raises(ImpossibleInput, match="total_earned_income_cents"):
        equivalent_alternative_pay(total_earned_income_cents=-1, test=found, plan_year=PLAN)


def test_the_regulation_gives_two_and_a_half_months_after_the_severance() -> None:
    """Reg. 1.415(c)-2(e)(3)(i)."""
    for severed, last in (
        (date(2025, 12, 31), date(2026, 3, 15)),
        (date(2025, 12, 30), date(2026, 3, 15)),
        (date(2025, 11, 30), date(2026, 2, 14)),
        (date(2025, 10, 1), date(2025, 12, 16)),
        (date(2025, 1, 20), date(2025, 4, 4)),
    ):
        assert compensation.months_and_a_half_after(severed) == last


def test_elective_contributions_need_no_ratio_test_if_all_of_them_are_left_out() -> None:
    """IRC 414(s)(2); Reg. 1.414(s)-1(c)(4). Wages under 3121(a) leave some of them out, and not the others."""
    w2, fica = PayDefinition.W2, PayDefinition.SECTION_3121A
    assert beyond_safe_harbors(definition=w2, excludes=ELECTIVE_CONTRIBUTIONS) == frozenset()
    cafeteria = frozenset({PayKind.CAFETERIA_REDUCTION})
    assert beyond_safe_harbors(definition=w2, excludes=cafeteria) == cafeteria
    assert beyond_safe_harbors(definition=w2, excludes=ELECTIVE_CONTRIBUTIONS | {PayKind.BONUS}) == {PayKind.BONUS}
    assert cafeteria <= beyond_safe_harbors(definition=fica, excludes=frozenset())

"""Excess deferrals over several employers: the examples of Reg. 1.402(g)-1(e), deadlines at their edges, what holds."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import CalendarYear
from open401k.law import excess_deferrals as ed
from open401k.law.excess_deferrals import ClaimRefusal, PlanDeferrals
from open401k.law.explain import explain
from tests.law.on_file import facts

YEAR = CalendarYear(2026)


def found_in(plans: list[PlanDeferrals], age: int = 40) -> ed.ExcessDeferral:
    return ed.excess_deferral(plans=plans, age_at_year_end=age, year=YEAR)


def test_exd_1_a_withdrawal_before_the_excess_does_not_correct_it() -> None:
    given_, expected = facts("EXD-1")
    deferrals = (given_["deferrals"][0]["monthly_usd"] * 8, given_["deferrals"][1]["total_usd"])
    found = ed.excess_deferral(
        plans=[PlanDeferrals(name, name, dollars * 100) for name, dollars in zip("YZ", deferrals, strict=True)],
        age_at_year_end=given_["age"], year=CalendarYear(1991), limit_cents=given_["limit_402g_usd"] * 100,
        catch_up_limit_cents=0,
    )  # fmt: skip
    assert found.total_cents == expected["total_deferrals_usd"] * 100
    assert found.excess_cents == found.by_claim_cents == expected["corrective_distribution_needed_usd"] * 100
    corrects = ed.earlier_withdrawal_corrects(
        withdrawn_on=date(1991, 1, 15), excess_received_on=date(1991, 12, 31), designated_as_excess=True
    )
    assert corrects is expected["january_withdrawal_corrects_excess"]
    claimed = ed.claim(found, asked_cents={"Y": 525_00}, claimed_on=date(1992, 1, 31))
    assert (claimed.refusals, claimed.last_day) == ((), date.fromisoformat(expected["deadline"]))


def test_example_1_a_withdrawal_that_is_not_designated_corrects_nothing() -> None:
    """Reg. 1.402(g)-1(e)(11) Example 1: $7,000 and $813 of $7,313 in 1988."""
    found = ed.excess_deferral(
        plans=[PlanDeferrals("M", "M", 7_000_00), PlanDeferrals("other", "other", 813_00)],
        age_at_year_end=60, year=CalendarYear(1988), limit_cents=7_313_00, catch_up_limit_cents=0,
    )  # fmt: skip
    assert (found.excess_cents, found.included_cents) == (500_00, 500_00)
    assert not ed.earlier_withdrawal_corrects(
        withdrawn_on=date(1988, 12, 15), excess_received_on=date(1988, 9, 30), designated_as_excess=False
    )
    tax = ed.refund_tax(year=CalendarYear(1988), paid_on=date(1989, 4, 15), excess_cents=500_00, income_cents=0)
    assert (tax.in_deferral_year_cents, tax.when_paid_cents, tax.early_distribution_tax) == (500_00, 0, False)


def test_example_2_what_the_adp_refund_paid_is_not_paid_again() -> None:
    """EXD-4 by the other function; and the other order (Reg. 1.401(k)-2(b)(4)(i))."""
    assert ed.refund_after_adp_refund(excess_deferral_cents=2_000_00, excess_contribution_paid_cents=2_002_00) == 0
    assert ed.refund_after_adp_refund(excess_deferral_cents=2_000_00, excess_contribution_paid_cents=500_00) == 1_500_00
    assert (
        ed.adp_refund_after_deferral_refund(excess_contribution_cents=2_002_00, excess_deferral_paid_cents=2_000_00)
        == 2_00
    )


def test_example_3_a_partial_correction_is_ratable() -> None:
    found = ed.partial_correction(excess_cents=1_000_00, income_cents=100_00, paid_cents=1_000_00)
    # Printed in whole dollars: 909 and 91, of which 91 remain to be taxed again.
    assert (found.excess_paid_cents, found.income_paid_cents) == (909_09, 90_91)
    assert (found.excess_left_cents, found.income_left_cents) == (90_91, 9_09)
    assert explain(found) == (
        "The payment is $909.09 of excess and $90.91 of income; $90.91 of the excess stay and are taxed again when "
        "they leave (IRC 402(g)(2)(D))."
    )


def test_the_person_claims_what_two_unrelated_employers_make_too_much() -> None:
    found = found_in([PlanDeferrals("P", "Y", 20_000_00), PlanDeferrals("Q", "Z", 6_000_00)])
    assert (found.excess_cents, found.by_claim_cents) == (1_500_00, 1_500_00)
    assert explain(found) == (
        "$26,000.00 were deferred in 2026 over all employers, of at most $24,500.00: $1,500.00 too much (IRC "
        "402(g)(1)). $1,500.00 only the person can claim."
    )


def test_plans_over_their_own_limit_pay_back_unasked() -> None:
    found = found_in(
        [PlanDeferrals("P", "Y", 15_000_00), PlanDeferrals("P2", "Y", 10_000_00), PlanDeferrals("Q", "Z", 6_000_00)]
    )
    assert [each.over_cents for each in found.employers] == [500_00, 0]
    assert (found.excess_cents, found.by_claim_cents) == (6_500_00, 6_000_00)
    assert "pay it back unasked (IRC 401(a)(30))" in explain(found)


def test_a_person_of_fifty_has_catch_up_though_no_plan_allows_it() -> None:
    plans = [PlanDeferrals(name, name, 16_000_00, plan_allows_catch_up=False) for name in "PQ"]
    assert found_in(plans, age=50).excess_cents == 0
    assert found_in(plans, age=49).excess_cents == 7_500_00
    assert found_in(plans, age=61).catch_up_limit_cents == 11_250_00
    one = found_in([PlanDeferrals("P", "Y", 25_000_00, plan_allows_catch_up=False)], age=55)
    # No excess of the person, yet the plan is over its own limit.
    assert (one.excess_cents, one.employers[0].over_cents, one.by_claim_cents) == (0, 500_00, 0)
    ordinary = found_in([PlanDeferrals("P", "Y", 35_000_00, plan_has_higher_60_to_63=False)], age=62)
    assert ordinary.employers[0].over_cents == 2_500_00


def test_roth_deferrals_cover_the_excess_in_income_first() -> None:
    found = found_in([PlanDeferrals("P", "Y", 20_000_00), PlanDeferrals("Q", "Z", 5_000_00, roth_cents=1_000_00)])
    assert (found.excess_cents, found.included_cents) == (1_500_00, 500_00)


@pytest.mark.parametrize(
    ("asked", "on", "refusals"),
    [
        ({"Q": 1_500_00}, date(2027, 4, 15), ()),
        ({"Q": 1_500_00}, date(2027, 4, 16), (ClaimRefusal.AFTER_DEADLINE,)),
        ({"Q": 1_500_01}, date(2027, 1, 1), (ClaimRefusal.ABOVE_EXCESS,)),
        ({"Q": 6_000_01}, date(2027, 1, 1), (ClaimRefusal.ABOVE_DEFERRALS, ClaimRefusal.ABOVE_EXCESS)),
        ({"R": 1}, date(2027, 1, 1), (ClaimRefusal.UNKNOWN_PLAN,)),
        ({"Q": -1}, date(2027, 1, 1), (ClaimRefusal.NEGATIVE,)),
    ],
)
def test_a_claim_at_its_edges(asked: dict[str, int], on: date, refusals: tuple[ClaimRefusal, ...]) -> None:
    found = found_in([PlanDeferrals("P", "Y", 20_000_00), PlanDeferrals("Q", "Z", 6_000_00)])
    claimed = ed.claim(found, asked_cents=asked, claimed_on=on)
    assert claimed.refusals == refusals
    assert sum(claimed.by_plan.values()) + claimed.unclaimed_cents == found.by_claim_cents
    assert ("cannot be honored" in explain(claimed)) is bool(refusals)


def test_a_plan_may_set_an_earlier_day_and_never_a_later_one() -> None:
    found = found_in([PlanDeferrals("P", "Y", 20_000_00), PlanDeferrals("Q", "Z", 6_000_00)])
    for day, last in ((date(2027, 3, 1), date(2027, 3, 1)), (date(2027, 6, 1), date(2027, 4, 15))):
        assert ed.claim(found, asked_cents={}, claimed_on=day, plans_last_day=day).last_day == last


def test_income_ends_with_the_taxable_year_but_for_2007() -> None:
    def income(year: int, paid_on: date) -> ed.ExcessIncome:
        return ed.income_on_excess(
            excess_cents=1_000_00, income_of_year_cents=600_00, opening_balance_cents=4_000_00,
            deferrals_of_year_cents=8_000_00, year=CalendarYear(year), paid_on=paid_on,
        )  # fmt: skip

    assert income(2026, date(2027, 4, 10)).total_cents == 1_050_00
    # Paid on 16 March: as if on 1 April, three months of a tenth of 50 each.
    assert income(2007, date(2008, 3, 16)).gap_income_cents == 15_00
    assert income(2007, date(2008, 3, 15)).gap_income_cents == 10_00
    assert income(2007, date(2007, 12, 20)).gap_months == 0
    assert "$50.00 to the end of the year and $15.00 for 3 months after it: $1,065.00" in explain(
        income(2007, date(2008, 3, 16))
    )
    with pytest.raises(ValueError, match="paid_on"):
        ed.gap_months(year=YEAR, paid_on=date(2026, 12, 31))


def test_a_late_refund_is_taxed_twice() -> None:
    late = ed.refund_tax(year=YEAR, paid_on=date(2027, 4, 16), excess_cents=1_000_00, income_cents=50_00)
    assert (late.in_deferral_year_cents, late.when_paid_cents, late.taxed_twice_cents) == (1_000_00, 1_050_00, 1_000_00)
    assert (late.early_distribution_tax, late.distributable_only_by_401k2b) == (True, True)
    assert "and again when paid" in explain(late)
    timely = ed.refund_tax(year=YEAR, paid_on=date(2027, 4, 15), excess_cents=1_000_00, income_cents=50_00)
    assert (timely.in_deferral_year_cents, timely.when_paid_cents, timely.taxed_twice_cents) == (1_000_00, 50_00, 0)
    assert "without the 10 % tax" in explain(timely)


def test_a_loss_is_reported_when_paid_and_never_lowers_the_year_of_deferral() -> None:
    """Notice 89-32 by a practitioner's numbers: $1,000 of excess, $100 lost, $900 paid; $1,000 of income in the year of
    deferral, "the loss may be reported as a bracketed item" in the year of payment.
    """
    found = ed.refund_tax(year=YEAR, paid_on=date(2027, 2, 2), excess_cents=1_000_00, income_cents=-100_00)
    assert (found.in_deferral_year_cents, found.when_paid_cents, found.loss_when_paid_cents) == (1_000_00, 0, 100_00)
    assert "A loss of $100.00 may be reported" in explain(found)
    late = ed.refund_tax(year=YEAR, paid_on=date(2027, 5, 1), excess_cents=1_000_00, income_cents=-100_00)
    assert (late.when_paid_cents, late.loss_when_paid_cents) == (900_00, 0)
    with pytest.raises(ValueError, match="income_cents"):
        ed.refund_tax(year=YEAR, paid_on=date(2027, 2, 2), excess_cents=1_00, income_cents=-2_00)


def test_a_roth_excess_is_taxed_again_only_when_late() -> None:
    """IRC 402A(d)(3); Reg. 1.402(g)-1(e)(8)(iv)."""
    for day, when_paid in ((date(2027, 4, 15), 50_00), (date(2027, 4, 16), 1_050_00)):
        found = ed.refund_tax(year=YEAR, paid_on=day, excess_cents=1_000_00, income_cents=50_00, designated_roth=True)
        assert (found.in_deferral_year_cents, found.when_paid_cents) == (0, when_paid)


@pytest.mark.parametrize("field", ["pre_tax_cents", "excess_cents", "paid_cents", "paid_on"])
def test_contradictions_are_refused_by_name(field: str) -> None:
    day = date(2027, 1, 1)
    calls: dict[str, Callable[[], object]] = {
        "pre_tax_cents": lambda: found_in([PlanDeferrals("P", "Y", -1)]),
        "excess_cents": lambda: ed.income_on_excess(
            excess_cents=2, income_of_year_cents=0, opening_balance_cents=0, deferrals_of_year_cents=1, year=YEAR,
            paid_on=day,
        ),
        "paid_cents": lambda: ed.partial_correction(excess_cents=1, income_cents=0, paid_cents=2),
        "paid_on": lambda: ed.refund_tax(year=YEAR, paid_on=date(2025, 12, 31), excess_cents=1, income_cents=0),
    }  # fmt: skip
    with pytest.raises(ValueError, match=field):
        calls[field]()


def test_where_nothing_is_over_nothing_is_corrected() -> None:
    with pytest.raises(ValueError, match="excess_cents: there is no excess"):
        ed.partial_correction(excess_cents=0, income_cents=1, paid_cents=1)


@given(excess=st.integers(1, 10**7), income=st.integers(0, 10**6), share=st.integers(0, 100))
def test_a_partial_correction_conserves_both(excess: int, income: int, share: int) -> None:
    paid = (excess + income) * share // 100
    found = ed.partial_correction(excess_cents=excess, income_cents=income, paid_cents=paid)
    assert found.excess_paid_cents + found.income_paid_cents == paid
    assert found.excess_paid_cents + found.excess_left_cents == excess
    assert found.income_paid_cents + found.income_left_cents == income


@given(st.lists(st.integers(0, 30_000_00), min_size=1, max_size=4), st.integers(20, 70))
def test_the_order_of_plans_does_not_matter_and_more_is_never_less_excess(amounts: list[int], age: int) -> None:
    plans = [PlanDeferrals(str(number), str(number % 2), cents) for number, cents in enumerate(amounts)]
    found, turned = found_in(plans, age), found_in(plans[::-1], age)
    assert (found.excess_cents, found.by_claim_cents) == (turned.excess_cents, turned.by_claim_cents)
    assert found_in([*plans, PlanDeferrals("more", "more", 1)], age).excess_cents >= found.excess_cents


@pytest.mark.parametrize(
    ("paid_on", "months"),
    [
        (date(2008, 1, 1), 0),
        (date(2008, 1, 15), 0),
        (date(2008, 1, 16), 1),
        (date(2008, 12, 16), 12),
        (date(2009, 1, 15), 12),
        (date(2010, 2, 16), 26),
    ],
)
def test_months_after_the_year(paid_on: date, months: int) -> None:
    """Reg. 1.402(g)-1(e)(5)(iv): on or before the 15th counts as the last day of the month before."""
    assert ed.gap_months(year=CalendarYear(2007), paid_on=paid_on) == months


def test_only_the_excess_of_a_later_day_is_corrected() -> None:
    for day, corrects in ((10, False), (11, True)):
        found = ed.earlier_withdrawal_corrects(
            withdrawn_on=date(2026, 5, day), excess_received_on=date(2026, 5, 10), designated_as_excess=True
        )
        assert found is corrects


def test_a_claim_of_two_plans_is_refused_for_either() -> None:
    found = found_in([PlanDeferrals("P", "Y", 20_000_00), PlanDeferrals("Q", "Z", 6_000_00)])
    cases: dict[ClaimRefusal, dict[str, int]] = {
        ClaimRefusal.UNKNOWN_PLAN: {"P": 1_00, "R": 1_00},
        ClaimRefusal.NEGATIVE: {"P": 1_00, "Q": -1},
        ClaimRefusal.ABOVE_DEFERRALS: {"P": 1_00, "Q": 6_000_01},
    }
    for reason, asked in cases.items():
        assert reason in ed.claim(found, asked_cents=asked, claimed_on=date(2027, 1, 1)).refusals
    none = ed.claim(found, asked_cents={"P": 0, "Q": 1_00}, claimed_on=date(2027, 1, 1))
    assert (none.refusals, dict(none.by_plan)) == ((), {"Q": 1_00})


def test_nothing_is_over_at_the_limit_and_nobody_owes_less_than_nothing() -> None:
    for more, over in ((-1, 0), (0, 0), (1, 1)):
        found = found_in([PlanDeferrals("P", "Y", 24_500_00 + more)])
        assert (found.excess_cents, found.employers[0].over_cents, found.by_claim_cents) == (over, over, 0)
        assert found.included_cents == over
    assert ed.refund_after_adp_refund(excess_deferral_cents=5, excess_contribution_paid_cents=6) == 0
    assert ed.adp_refund_after_deferral_refund(excess_contribution_cents=5, excess_deferral_paid_cents=6) == 0
    assert ed.adp_refund_after_deferral_refund(excess_contribution_cents=7, excess_deferral_paid_cents=6) == 1


def test_the_higher_catch_up_of_one_plan_is_that_of_the_employer() -> None:
    """IRC 414(v)(2)(D): all plans of an employer are one; somebody of 61 has 11,250 where one of them offers it."""
    for offers, limit in (((True, False), 35_750_00), ((False, False), 32_500_00)):
        plans = [PlanDeferrals(str(n), "Y", 1, plan_has_higher_60_to_63=has) for n, has in enumerate(offers)]
        assert found_in(plans, age=61).employers[0].limit_cents == limit


def test_the_whole_of_a_plans_deferrals_may_be_excess_and_be_paid_on_the_first_day() -> None:
    found = ed.income_on_excess(
        excess_cents=1_000, income_of_year_cents=100, opening_balance_cents=0, deferrals_of_year_cents=1_000, year=YEAR,
        paid_on=date(2027, 1, 1),
    )  # fmt: skip
    assert found.total_cents == 1_100
    tax = ed.refund_tax(year=YEAR, paid_on=date(2026, 1, 1), excess_cents=1_000, income_cents=-20)
    assert (tax.timely, tax.when_paid_cents) == (True, 0)
    assert ed.partial_correction(excess_cents=1, income_cents=0, paid_cents=1).excess_left_cents == 0
    assert ed.partial_correction(excess_cents=1, income_cents=0, paid_cents=0).excess_paid_cents == 0

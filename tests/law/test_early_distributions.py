"""The additional tax of IRC 72(t), periodic payments, small accounts and divided accounts."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from open401k.kernel import CalendarYear, Source, half_up
from open401k.law import domestic_relations, early_distribution_tax, figures, force_outs, periodic_payments
from open401k.law.domestic_relations import DividedSource, OrderProblem, SplitProblem
from open401k.law.early_distribution_tax import CITES, Exempt, ExemptAmount
from open401k.law.explain import explain
from open401k.law.force_outs import ForceOut
from open401k.law.given import ImpossibleInput

BORN = date(1970, 3, 15)
ON = date(2026, 5, 4)


def test_the_figures_of_early_distributions_are_those_of_the_law() -> None:
    typed = {
        "early_distribution_tax": {1987: 1000},
        "medical_expense_floor": {2017: 750},
        "periodic_payments_rate": {2022: 500},
        "partial_termination_turnover": {2007: 2000},
    }
    assert {figure_id: figures.figure(figure_id).values for figure_id in typed} == typed


def taxed(**facts: object) -> early_distribution_tax.EarlyDistributionTax:
    terms: dict[str, object] = {"taxable_cents": 10_000_00, "distributed_on": ON, "birth_date": BORN}
    return early_distribution_tax.early_distribution_tax(**terms | facts)  # type: ignore[arg-type]


def test_without_exception_ten_percent_is_due() -> None:
    assert (taxed().tax_cents, taxed().exempt) == (1_000_00, ())


@pytest.mark.parametrize(
    ("born", "day"),
    [(date(1967, 6, 30), date(2026, 12, 30)), (date(1967, 8, 31), date(2027, 2, 28)), (BORN, date(2029, 9, 15))],
)
def test_age_59_and_a_half_is_six_months_after_the_birthday(born: date, day: date) -> None:
    assert early_distribution_tax.age_59_5_on(born) == day
    before = early_distribution_tax.early_distribution_tax(
        taxable_cents=100, distributed_on=date.fromordinal(day.toordinal() - 1), birth_date=born
    )
    after = early_distribution_tax.early_distribution_tax(taxable_cents=100, distributed_on=day, birth_date=born)
    assert (before.tax_cents, after.tax_cents) == (10, 0)


@pytest.mark.parametrize(
    ("separated", "tax"), [(date(2024, 12, 31), 1_000_00), (date(2025, 1, 1), 0), (date(2026, 5, 5), 1_000_00)]
)
def test_severance_in_or_after_the_year_of_55_is_exempt(separated: date, tax: int) -> None:
    """IRC 72(t)(2)(A)(v): born 1970, 55 in 2025; and only after the severance."""
    assert taxed(separated_on=separated).tax_cents == tax


@pytest.mark.parametrize(
    ("separated", "years", "exempt"),
    [(date(2020, 1, 1), 1, True), (date(2019, 12, 31), 24, False), (date(2015, 1, 1), 25, True)],
)
def test_public_safety_employees_and_firefighters_are_exempt_from_50_or_25_years(
    separated: date, years: int, exempt: bool
) -> None:
    """IRC 72(t)(10)(A)."""
    result = taxed(separated_on=separated, public_safety_or_firefighter=True, years_of_service=years)
    assert (Exempt.PUBLIC_SAFETY in [each.exempt for each in result.exempt]) is exempt


@pytest.mark.parametrize(
    ("exempt", "first"),
    [
        (Exempt.BIRTH_OR_ADOPTION, date(2020, 1, 1)),
        (Exempt.TERMINAL_ILLNESS, date(2022, 12, 30)),
        (Exempt.DOMESTIC_ABUSE, date(2024, 1, 1)),
        (Exempt.EMERGENCY_EXPENSE, date(2024, 1, 1)),
        (Exempt.LONG_TERM_CARE, date(2025, 12, 30)),
    ],
)
def test_no_exception_covers_a_distribution_from_before_it_was_law(exempt: Exempt, first: date) -> None:
    claimed = [ExemptAmount(exempt, 10_000_00)]
    before = taxed(distributed_on=date.fromordinal(first.toordinal() - 1), claimed=claimed)
    assert (before.tax_cents, taxed(distributed_on=first, claimed=claimed).tax_cents) == (1_000_00, 0)


@pytest.mark.parametrize(("on", "tax"), [(date(2022, 12, 29), 1_000_00), (date(2022, 12, 30), 0)])
def test_25_years_of_service_count_for_distributions_after_the_enactment(on: date, tax: int) -> None:
    """SECURE 2.0 s. 329(b): "distributions made after the date of the enactment"."""
    result = taxed(
        distributed_on=on,
        separated_on=date(2015, 1, 1),
        public_safety_or_firefighter=True,
        years_of_service=25,
    )
    assert result.tax_cents == tax


def test_partial_exceptions_add_up_and_never_exceed_the_distribution() -> None:
    result = taxed(claimed=[ExemptAmount(Exempt.MEDICAL, 6_000_00), ExemptAmount(Exempt.BIRTH_OR_ADOPTION, 5_000_00)])
    assert [(each.exempt, each.cents) for each in result.exempt] == [
        (Exempt.BIRTH_OR_ADOPTION, 5_000_00),
        (Exempt.MEDICAL, 5_000_00),
    ]
    assert (result.subject_cents, result.tax_cents) == (0, 0)
    part = taxed(claimed=[ExemptAmount(Exempt.EMERGENCY_EXPENSE, 1_000_00)])
    assert (part.subject_cents, part.tax_cents) == (9_000_00, 900_00)


@pytest.mark.parametrize(
    ("separated", "tax"), [(None, 1_000_00), (date(2026, 5, 5), 1_000_00), (ON, 0), (date(2020, 1, 1), 0)]
)
def test_periodic_payments_of_a_plan_begin_after_the_severance(separated: date | None, tax: int) -> None:
    """IRC 72(t)(3)(B): "unless the series of payments begins after the employee separates from service"."""
    claimed = [ExemptAmount(Exempt.PERIODIC_PAYMENTS, 10_000_00)]
    assert taxed(separated_on=separated, claimed=claimed).tax_cents == tax


def test_what_follows_from_dates_is_not_claimed() -> None:
    with pytest.raises(ImpossibleInput, match="follows from the dates"):
        taxed(claimed=[ExemptAmount(Exempt.AGE_59_5, 1)])
    with pytest.raises(ImpossibleInput, match="taxable_cents"):
        taxed(taxable_cents=-1)
    with pytest.raises(ImpossibleInput, match="distributed_on"):
        taxed(distributed_on=date(1960, 1, 1))


def test_every_exception_has_its_section() -> None:
    assert set(CITES) == set(Exempt)


def test_medical_expenses_are_exempt_above_seven_and_a_half_percent_of_income() -> None:
    """IRC 72(t)(2)(B), 213(a)."""
    exempt = early_distribution_tax.medical_exempt_cents(
        expenses_cents=9_000_00, adjusted_gross_income_cents=60_000_00, year=CalendarYear(2026)
    )
    assert exempt == 4_500_00


@drawn(cents=st.integers(0, 10**9), claims=st.lists(st.tuples(st.sampled_from(list(Exempt)), st.integers(0, 10**9))))
def test_exempt_and_subject_add_up_whatever_is_claimed_in_whatever_order(
    cents: int, claims: list[tuple[Exempt, int]]
) -> None:
    by_dates = {Exempt.AGE_59_5, Exempt.SEPARATION_55, Exempt.PUBLIC_SAFETY}
    claimed = [ExemptAmount(*claim) for claim in claims if claim[0] not in by_dates]
    result = taxed(taxable_cents=cents, claimed=claimed)
    assert result.exempt_cents + result.subject_cents == cents
    assert taxed(taxable_cents=cents, claimed=claimed[::-1]).tax_cents == result.tax_cents


@pytest.mark.parametrize(("balance", "tenths", "yearly"), [(400_000, 342, 11_696), (408_304, 333, 12_261)])
def test_the_minimum_method_of_the_irs_example(balance: int, tenths: int, yearly: int) -> None:
    """IRS, Retirement Plans FAQs regarding SEPPs (Bob, 50, in 2011; tables from before 2022): printed in dollars."""
    payment = periodic_payments.required_minimum_method(balance_cents=balance * 100, life_expectancy_tenths=tenths)
    assert half_up(Fraction(payment.yearly_cents, 100)) == yearly


def test_the_fixed_methods_of_the_irs_example() -> None:
    """The same page: 34.2 years at 2.98 %: $18,811; factor 21.345: $18,740."""
    amortized = periodic_payments.fixed_amortization(balance_cents=400_000_00, life_expectancy_tenths=342, rate_bps=298)
    assert half_up(Fraction(amortized.yearly_cents, 100)) == 18_811
    annuitized = periodic_payments.fixed_annuitization(
        balance_cents=400_000_00, annuity_factor_thousandths=21_345, rate_bps=298
    )
    assert half_up(Fraction(annuitized.yearly_cents, 100)) == 18_740


def test_amortization_over_whole_years_equals_the_exact_fraction() -> None:
    """As the Tax Court worked it out in Kulzer v. Commissioner (summary opinion, 2008): $286,000 at 8 %."""
    for years, printed in ((27, 26_154_16), (36, 24_408_58)):
        payment = periodic_payments.fixed_amortization(
            balance_cents=286_000_00, life_expectancy_tenths=years * 10, rate_bps=800
        )
        rate = Fraction(8, 100)
        grown = (1 + rate) ** years
        assert payment.yearly_cents == half_up(28_600_000 * rate * grown / (grown - 1))
        assert abs(payment.yearly_cents - printed) <= 1


def test_without_interest_both_methods_agree() -> None:
    amounts = {
        periodic_payments.fixed_amortization(balance_cents=100_00, life_expectancy_tenths=362, rate_bps=0).yearly_cents,
        periodic_payments.required_minimum_method(balance_cents=100_00, life_expectancy_tenths=362).yearly_cents,
    }
    assert amounts == {2_76}
    with pytest.raises(ImpossibleInput, match="life_expectancy_tenths"):
        periodic_payments.required_minimum_method(balance_cents=100_00, life_expectancy_tenths=0)


@pytest.mark.parametrize(("mid_term", "most"), [(120, 500), (500, 500), (519, 519)])
def test_the_rate_may_be_five_percent_or_the_mid_term_rate(mid_term: int, most: int) -> None:
    """Notice 2022-6 s. 3.02(c)."""
    assert periodic_payments.most_rate_bps(federal_mid_term_120_bps=mid_term, first_payment_on=ON) == most


def test_a_series_may_change_after_five_years_and_59_and_a_half() -> None:
    """IRC 72(t)(4)(A)(ii)."""
    assert periodic_payments.may_change_from(first_payment_on=ON, birth_date=BORN) == date(2031, 5, 4)
    assert periodic_payments.may_change_from(first_payment_on=date(2020, 5, 4), birth_date=BORN) == date(2029, 9, 15)


def test_a_change_brings_back_ten_percent_of_each_year() -> None:
    paid = [periodic_payments.PaidInYear(CalendarYear(year), 12_345_67) for year in (2024, 2023, 2025)]
    result = periodic_payments.recapture(payments=paid, modified_on=ON, birth_date=BORN)
    assert (result.tax_cents, result.modified_in) == (3 * 1_234_57, CalendarYear(2026))
    assert [year.year for year, _ in result.by_year] == [2023, 2024, 2025]


@pytest.mark.parametrize(
    ("first", "changed", "tax"),
    [
        (date(2023, 5, 4), date(2029, 9, 14), 1_00),  # before 59 1/2
        (date(2023, 5, 4), date(2029, 9, 15), 0),
        (date(2026, 5, 4), date(2031, 5, 3), 1_00),  # within the five years, after 59 1/2
        (date(2026, 5, 4), date(2031, 5, 4), 0),
    ],
)
def test_a_change_after_five_years_and_59_and_a_half_brings_nothing_back(first: date, changed: date, tax: int) -> None:
    """IRC 72(t)(4)(A)(ii)(I), (II)."""
    paid = [periodic_payments.PaidInYear(CalendarYear(2026), 10_00)]
    result = periodic_payments.recapture(payments=paid, modified_on=changed, birth_date=BORN, first_payment_on=first)
    assert result.tax_cents == tax


@pytest.mark.parametrize(
    ("vested", "rollover", "without", "outcome"),
    [
        (6_900_00, 500_00, True, ForceOut.ROLLED_TO_IRA),
        (7_000_00, 0, False, ForceOut.ROLLED_TO_IRA),
        (7_000_01, 0, False, ForceOut.CONSENT_NEEDED),
        (7_400_00, 500_00, True, ForceOut.ROLLED_TO_IRA),
        (7_400_00, 500_00, False, ForceOut.CONSENT_NEEDED),
        (1_000_00, 0, False, ForceOut.PAID_IN_CASH),
        (1_000_01, 0, False, ForceOut.ROLLED_TO_IRA),
        (1_200_00, 900_00, True, ForceOut.ROLLED_TO_IRA),  # rollovers count for the $1,000 (Notice 2005-5)
        (0, 0, False, ForceOut.DEEMED_PAID),
    ],
)
def test_small_accounts_at_each_edge(vested: int, rollover: int, without: bool, outcome: ForceOut) -> None:
    """IRC 411(a)(11)(A), (D), 401(a)(31)(B)."""
    result = force_outs.small_account(on=ON, vested_cents=vested, rollover_cents=rollover, leaves_rollovers_out=without)
    assert result.outcome is outcome


def test_the_ceiling_was_5000_until_2024_and_a_plan_may_have_less() -> None:
    before = force_outs.small_account(on=date(2023, 12, 31), vested_cents=6_000_00)
    assert (before.outcome, before.ceiling_cents) == (ForceOut.CONSENT_NEEDED, 5_000_00)
    plan = force_outs.small_account(on=ON, vested_cents=900_00, plan_ceiling_cents=0)
    assert plan.outcome is ForceOut.CONSENT_NEEDED
    ira_only = force_outs.small_account(on=ON, vested_cents=900_00, plan_pays_cash_up_to_cents=0)
    assert ira_only.outcome is ForceOut.ROLLED_TO_IRA


@pytest.mark.parametrize(
    ("born", "retirement", "outcome"),
    [
        (date(1964, 5, 4), 55, ForceOut.PAYABLE_WITHOUT_CONSENT),
        (date(1964, 5, 5), 55, ForceOut.CONSENT_NEEDED),
        (date(1964, 5, 4), 65, ForceOut.CONSENT_NEEDED),
    ],
)
def test_past_62_and_normal_retirement_age_no_consent_is_needed(born: date, retirement: int, outcome: ForceOut) -> None:
    """Reg. 1.411(a)-11(c)(4)."""
    result = force_outs.small_account(on=ON, vested_cents=90_000_00, birth_date=born, normal_retirement_age=retirement)
    assert result.outcome is outcome


def test_more_rollover_money_than_all_is_refused() -> None:
    with pytest.raises(ImpossibleInput, match="rollover_cents"):
        force_outs.small_account(on=ON, vested_cents=1, rollover_cents=2)


SOURCES = (
    DividedSource(Source.PRE_TAX, 60_000_00, 6_000_00),
    DividedSource(Source.ROTH, 30_000_00, -1_500_00),
    DividedSource(Source.MATCH, 10_000_00, 0, vested_now_cents=12_000_00),
)


def test_half_of_each_source_goes_with_its_earnings_and_losses() -> None:
    split = domestic_relations.divide_account(sources=SOURCES, percent_bps=5_000)
    assert [(row.awarded_cents, row.earnings_cents, row.stays_cents) for row in split.by_source] == [
        (30_000_00, 3_000_00, 33_000_00),
        (15_000_00, -750_00, 14_250_00),
        (5_000_00, 0, 7_000_00),
    ]
    assert split.to_alternate_payee_cents == 52_250_00


def test_dollars_are_taken_from_all_sources_in_proportion() -> None:
    split = domestic_relations.divide_account(sources=SOURCES, dollars_cents=1_000_01, with_earnings=False)
    assert [row.awarded_cents for row in split.by_source] == [600_01, 300_00, 100_00]
    assert (split.earnings_cents, split.awarded_cents) == (0, 1_000_01)


def test_a_loan_stays_with_the_participant_and_may_count_in_the_percentage() -> None:
    counted = domestic_relations.divide_account(sources=SOURCES, percent_bps=5_000, loan_then_cents=20_000_00)
    assert (counted.base_cents, counted.awarded_cents) == (120_000_00, 60_000_00)
    left_out = domestic_relations.divide_account(
        sources=SOURCES, percent_bps=5_000, loan_then_cents=20_000_00, loan_counts_in_base=False
    )
    assert left_out.awarded_cents == 50_000_00
    too_much = domestic_relations.divide_account(sources=SOURCES, percent_bps=9_000, loan_then_cents=20_000_00)
    assert (too_much.problems, too_much.awarded_cents) == ((SplitProblem.NOT_ENOUGH_BESIDE_LOAN,), 0)


def test_more_than_the_account_held_is_not_divided() -> None:
    split = domestic_relations.divide_account(sources=SOURCES, dollars_cents=100_000_01)
    assert (split.problems, split.to_alternate_payee_cents) == ((SplitProblem.MORE_THAN_BALANCE,), 0)


@pytest.mark.parametrize(
    ("now", "earnings", "paid", "stays"),
    [(80_000, True, 40_000, 40_000), (80_000, False, 50_000, 30_000), (40_000, False, 40_000, 0)],
)
def test_half_of_an_account_that_fell(now: int, earnings: bool, paid: int, stays: int) -> None:
    """Markham Law, Considerations in Dividing Defined Contribution Accounts: half of $100,000."""
    source = DividedSource(Source.PRE_TAX, 100_000_00, (now - 100_000) * 100)
    split = domestic_relations.divide_account(sources=[source], percent_bps=5_000, with_earnings=earnings)
    assert (split.to_alternate_payee_cents, split.stays_cents) == (paid * 100, stays * 100)
    assert (SplitProblem.LESS_LEFT_THAN_AWARDED in split.problems) is (paid > stays == 0)
    assert ("less than was awarded" in explain(split)) is bool(split.problems)


def test_what_one_source_lost_is_taken_from_the_others() -> None:
    sources = [DividedSource(Source.PRE_TAX, 100_00, -100_00), DividedSource(Source.ROTH, 100_00, 50_00)]
    split = domestic_relations.divide_account(sources=sources, percent_bps=5_000, with_earnings=False)
    assert [row.to_alternate_payee_cents for row in split.by_source] == [0, 100_00]
    assert not split.problems


@drawn(
    rows=st.lists(st.tuples(st.integers(0, 10**9), st.integers(-(10**9), 10**9)), min_size=1, max_size=6),
    percent=st.integers(0, 10_000),
    earnings=st.booleans(),
)
def test_a_division_loses_no_cent(rows: list[tuple[int, int]], percent: int, earnings: bool) -> None:
    sources = [DividedSource(Source.PRE_TAX, then, max(earned, -then)) for then, earned in rows]
    split = domestic_relations.divide_account(sources=sources, percent_bps=percent, with_earnings=earnings)
    now = sum(each.vested_then_cents + each.earnings_since_cents for each in sources)
    assert split.to_alternate_payee_cents + split.stays_cents == now
    if earnings:
        assert split.awarded_cents == half_up(Fraction(sum(e.vested_then_cents for e in sources) * percent, 10_000))
    assert all(row.to_alternate_payee_cents >= 0 <= row.stays_cents for row in split.by_source)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"percent_bps": 5_000, "dollars_cents": 1}, "percent_bps"),
        ({}, "percent_bps"),
        ({"percent_bps": 10_001}, "percent_bps"),
        ({"percent_bps": 1, "sources": ()}, "sources"),
    ],
)
def test_an_award_that_is_none_is_refused(wrong: dict[str, object], field: str) -> None:
    terms: dict[str, object] = {"sources": SOURCES}
    with pytest.raises(ImpossibleInput) as refused:
        domestic_relations.divide_account(**terms | wrong)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_what_an_order_lacks_is_named() -> None:
    """IRC 414(p)(1) to (3)."""
    complete = {
        "relates_to_support_or_marital_property": True,
        "under_state_or_tribal_law": True,
        "names_and_addresses": True,
        "amount_or_percentage": True,
        "payments_or_period": True,
        "each_plan_named": True,
        "asks_other_benefit": False,
        "asks_increased_benefit": False,
        "benefit_of_earlier_order": False,
    }
    assert domestic_relations.order_problems(**complete) == ()
    every = domestic_relations.order_problems(**{fact: not held for fact, held in complete.items()})
    assert every == tuple(OrderProblem)


def test_shared_payments_segregation_and_the_earliest_payment() -> None:
    assert domestic_relations.shared_payment(payment_cents=100_01, percent_bps=5_000) == (50_01, 50_00)
    assert domestic_relations.segregation_ends(first_payment_due_on=date(2026, 8, 31)) == date(2028, 2, 29)
    earliest = domestic_relations.earliest_payment(
        participant_birth_date=date(1980, 1, 5), entitled_on=None, could_begin_if_separated_on=ON
    )
    assert earliest == date(2030, 1, 5)


def test_payments_and_divisions_are_told_in_plain_words() -> None:
    assert explain(taxed(claimed=[ExemptAmount(Exempt.EMERGENCY_EXPENSE, 1_000_00)])) == (
        "Of $10,000.00 in income $9,000.00 bear the additional tax of 10.00 %: $900.00 (IRC 72(t)(1)). $1,000.00 are "
        "exempt (IRC 72(t)(2)(I): emergency expense)."
    )
    payment = periodic_payments.required_minimum_method(balance_cents=400_000_00, life_expectancy_tenths=342)
    assert explain(payment).startswith("$11,695.91 a year from $400,000.00: the balance over the life expectancy")
    paid = [periodic_payments.PaidInYear(CalendarYear(2025), 100_00)]
    change = periodic_payments.recapture(payments=paid, modified_on=ON, birth_date=BORN)
    assert "$10.00 of tax on 1 years' payments" in explain(change)
    for vested, words in (
        (0, "counts as paid out"),
        (1_00, "in cash"),
        (6_000_00, "go to an IRA"),
        (8_000_00, "must consent"),
    ):
        assert words in explain(force_outs.small_account(on=ON, vested_cents=vested))
    died = force_outs.small_account(on=ON, vested_cents=8_000_00, died=True)
    assert "without consent" in explain(died)
    split = domestic_relations.divide_account(sources=SOURCES, percent_bps=5_000)
    assert explain(split).startswith("The alternate payee receives $52,250.00: $50,000.00 as of the day of the order")
    over = domestic_relations.divide_account(sources=SOURCES, dollars_cents=10**9)
    assert "takes more than the account held" in explain(over)
    beside = domestic_relations.divide_account(sources=SOURCES, percent_bps=9_000, loan_then_cents=20_000_00)
    assert "does not fit beside the loan" in explain(beside)

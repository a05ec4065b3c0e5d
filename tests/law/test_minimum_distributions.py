"""Minimum distributions in life: the tables against the regulation's mortality, ages, days, amounts, excise."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import CalendarYear
from open401k.law import NotEnacted, figures, tables
from open401k.law import minimum_distributions as md
from open401k.law.explain import explain
from open401k.law.given import ImpossibleInput, half_year_after
from open401k.law.minimum_distributions import BeginningPath, ExcisePath, MinimumPath
from tests.law.on_file import facts

#: Reg. 1.401(a)(9)-9(e): probabilities of death in millionths, ages 0 to 120.
MORTALITY = """
1762 441 292 232 177 161 153 145 132 127 128 135 146 164 192 223 253 276 293 304 313 343 377 421 466 520 581 630 677 720
763 799 824 833 830 823 819 824 836 853 879 909 945 980 1019 1065 1132 1225 1345 1485 1656 1874 2121 2397 2701 3032 3390
3774 4181 4613 5071 5554 6071 6624 7225 7884 8238 8659 9163 9767 10491 11358 12385 13598 15014 16670 18587 20815 23391
26387 29850 33883 38544 43880 49956 56799 64436 72882 82137 92172 102919 114344 126605 139936 154844 171902 187210
204659 222921 241884 261476 281536 301847 322371 342940 361261 372886 381098 383358 385709 388092 390353 392822 395188
397567 400000 400000 400000 400000 400000 400000
"""
#: Reg. 1.401(a)(9)-9(c) typed a second time, ages 72 to 120.
UNIFORM_2022 = """
27.4 26.5 25.5 24.6 23.7 22.9 22.0 21.1 20.2 19.4 18.5 17.7 16.8 16.0 15.2 14.4 13.7 12.9 12.2 11.5 10.8 10.1 9.5 8.9
8.4 7.8 7.3 6.8 6.4 6.0 5.6 5.2 4.9 4.6 4.3 4.1 3.9 3.7 3.5 3.4 3.3 3.1 3.0 2.9 2.8 2.7 2.5 2.3 2.0
"""
FIGURES = {
    "excise_4974": {1987: 5000, 2023: 2500},
    "excise_4974_corrected": {2023: 1000},
    "eligible_rollover_withholding": {1993: 2000},
    "nonperiodic_withholding": {1993: 1000},
    "small_rollover_distribution": {1993: 200},
    "partial_direct_rollover": {1993: 500},
    "fractional_share_cash": {1993: 200},
    "rollover_days": {1993: 60},
    "form_1099r_floor": {1993: 10},
}
IN_2022, IN_2021 = date(2022, 1, 1), date(2021, 1, 1)
YEARS = st.integers(2022, 2060).map(CalendarYear)
CENTS = st.integers(0, 10**11)


def survival() -> list[list[Decimal]]:
    """For each age the probabilities of living one more year, two, ... up to 120."""
    alive = [1 - Decimal(each) / 1_000_000 for each in MORTALITY.split()]
    found: list[list[Decimal]] = []
    for age in range(121):
        probability, path = Decimal(1), []
        for place in range(age, 120):
            probability *= alive[place]
            path.append(probability)
        found.append(path)
    return found


def tenths(years: Decimal) -> Decimal:
    return years.quantize(Decimal("0.1"), ROUND_HALF_UP)


def test_figures_of_payouts_equal_the_second_typing() -> None:
    assert {row.id: row.values for row in figures.all_figures() if row.file == "payouts.yaml"} == FIGURES


def test_the_2022_tables_follow_from_the_mortality_that_the_regulation_prints() -> None:
    """Reg. 1.401(a)(9)-9(e): years lived plus 11/24, at least one; the joint table until the second death."""
    with localcontext() as context:
        context.prec = 12
        lives, part = survival(), Decimal(11) / 24
        single = {str(age): max(tenths(sum(path, part)), Decimal(1)) for age, path in enumerate(lives)}
        assert single == tables.edition("rmd_single_life", IN_2022)
        for key, printed in tables.edition("rmd_joint_last_survivor", IN_2022).items():
            older, younger = (lives[int(age)] for age in key.split("/"))
            padded = older + [Decimal(0)] * (len(younger) - len(older))
            both = sum((x + y - x * y for x, y in zip(padded, younger, strict=True)), part)
            assert tenths(both) == printed, key


def test_the_uniform_table_is_the_one_printed_and_starts_at_72() -> None:
    printed = {str(72 + place): Decimal(value) for place, value in enumerate(UNIFORM_2022.split())}
    assert tables.edition("rmd_uniform_lifetime", IN_2022) == printed
    with pytest.raises(NotEnacted, match="no entry for 71"):
        tables.value("rmd_uniform_lifetime", 71, IN_2022)


def test_the_joint_table_holds_every_spouse_more_than_ten_years_younger() -> None:
    keys = set(tables.edition("rmd_joint_last_survivor", IN_2022))
    assert keys == {f"{age}/{spouse}" for age in range(72, 121) for spouse in range(age - 10)}


@pytest.mark.parametrize(
    ("table", "count", "total", "some"),
    [
        ("rmd_uniform_lifetime", 46, "538.1", {"70": "27.4", "72": "25.6", "90": "11.4", "115": "1.9"}),
        ("rmd_single_life", 112, "3733.1", {"0": "82.4", "40": "43.6", "72": "15.5", "111": "1.0"}),
    ],
)
def test_the_2002_tables_hold_before_2022(table: str, count: int, total: str, some: dict[str, str]) -> None:
    rows = tables.edition(table, IN_2021)
    assert (len(rows), sum(rows.values())) == (count, Decimal(total))
    assert {key: str(rows[key]) for key in some} == some
    assert list(rows.values()) == sorted(rows.values(), reverse=True)


@pytest.mark.parametrize(
    ("born", "months", "reached"),
    [
        (date(1949, 6, 30), 846, date(2019, 12, 30)),
        (date(1949, 7, 1), 864, date(2021, 7, 1)),
        (date(1950, 12, 31), 864, date(2022, 12, 31)),
        (date(1951, 1, 1), 876, date(2024, 1, 1)),
        (date(1958, 12, 31), 876, date(2031, 12, 31)),
        (date(1959, 6, 1), 876, date(2032, 6, 1)),
        (date(1960, 1, 1), 900, date(2035, 1, 1)),
    ],
)
def test_applicable_age_at_each_edge_of_the_birth_dates(born: date, months: int, reached: date) -> None:
    age = md.applicable_age(born_on=born)
    assert (age.months, age.reached_on) == (months, reached)
    assert age.settled is (born.year != 1959)


def test_a_birth_in_1959_goes_by_the_proposed_paragraph_and_says_so() -> None:
    """The final Reg. 1.401(a)(9)-2(b)(2)(v) is reserved: "(v) [Reserved]"."""
    assert md.applicable_age(born_on=date(1959, 1, 1)).cite == "Prop. Reg. 1.401(a)(9)-2(b)(2)(v)"


def test_somebody_is_70_and_a_half_six_calendar_months_after_the_birthday() -> None:
    """Reg. 1.401(a)(9)-2 A-3 (2002): born June 30, 1932 it is December 30, 2002; a day later, January 1, 2003."""
    assert half_year_after(date(1932, 6, 30), 70) == date(2002, 12, 30)
    assert half_year_after(date(1932, 7, 1), 70) == date(2003, 1, 1)
    assert half_year_after(date(1948, 8, 31), 70) == date(2019, 2, 28)
    for born, begins in ((date(1932, 6, 30), date(2003, 4, 1)), (date(1932, 7, 1), date(2004, 4, 1))):
        assert md.required_beginning_date(born_on=born, retired_on=date(1995, 1, 1)).on == begins


@pytest.mark.parametrize(
    ("retired", "owner", "plan_by_age", "path", "first"),
    [
        (date(2020, 5, 1), False, False, BeginningPath.AGE, 2025),
        (date(2025, 12, 31), False, False, BeginningPath.AGE, 2025),
        (date(2026, 1, 1), False, False, BeginningPath.RETIREMENT, 2026),
        (None, False, False, BeginningPath.STILL_WORKING, None),
        (None, True, False, BeginningPath.FIVE_PERCENT_OWNER, 2025),
        (date(2028, 1, 1), True, False, BeginningPath.FIVE_PERCENT_OWNER, 2025),
        (None, False, True, BeginningPath.PLAN_DISREGARDS_RETIREMENT, 2025),
    ],
)
def test_beginning_waits_for_retirement_but_not_for_owners(
    retired: date | None, owner: bool, plan_by_age: bool, path: BeginningPath, first: int | None
) -> None:
    found = md.required_beginning_date(
        born_on=date(1952, 3, 3), retired_on=retired, five_percent_owner=owner, plan_disregards_retirement=plan_by_age
    )
    assert found.path is path
    assert found.first_year == (None if first is None else CalendarYear(first))
    assert found.on == (None if first is None else date(first + 1, 4, 1))


def minimum(year: int, age: int, balance: int, spouse_age: int | None = None) -> md.LifetimeMinimum:
    return md.lifetime_minimum(
        year=CalendarYear(year),
        born_on=date(year - age, 6, 1),
        retired_on=date(year - age + 50, 1, 1),
        balance_cents=balance,
        spouse_born_on=None if spouse_age is None else date(year - spouse_age, 6, 1),
    )


def test_rmd_1_uniform_table() -> None:
    """The page prints $8,039.21, cut off; half-up it is $8,039.22."""
    given_, expected = facts("RMD-1")
    found = minimum(2023, given_["age_at_year_end"], given_["prior_year_end_balance_usd"] * 100)
    assert found.denominator == Decimal(str(given_["distribution_period"]))
    assert found.required_cents == round(expected["rmd_usd"] * 100)
    assert found.path is MinimumPath.UNIFORM_TABLE


def test_rmd_2_joint_table_for_a_spouse_more_than_ten_years_younger() -> None:
    """27.0 for 72 and 60 is the table that held until 2021; the case's note takes it for the one of 2022, 28.8."""
    given_, expected = facts("RMD-2")
    age, spouse = given_["owner_age"], given_["spouse_sole_beneficiary_age"]
    before, since = (minimum(year, age, given_["prior_year_end_balance_usd"] * 100, spouse) for year in (2021, 2022))
    assert before.denominator == Decimal(str(given_["joint_life_factor"]))
    assert before.required_cents == round(expected["rmd_usd"] * 100)
    assert (since.path, since.denominator) == (MinimumPath.JOINT_TABLE, Decimal("28.8"))
    assert since.required_cents == 909_722


@pytest.mark.parametrize(("spouse_age", "required"), [(None, 4_065_041), (60, 3_533_569), (65, 4_065_041)])
def test_a_million_at_75(spouse_age: int | None, required: int) -> None:
    assert minimum(2024, 75, 100_000_000, spouse_age).required_cents == required


def test_the_first_minimum_waits_for_april_and_the_second_is_due_in_the_same_year() -> None:
    first, second = minimum(2025, 73, 10_000_000), minimum(2026, 74, 9_500_000)
    assert (first.due_by, second.due_by) == (date(2026, 4, 1), date(2026, 12, 31))
    assert (first.required_cents, second.required_cents) == (377_358, 372_549)
    assert minimum(2024, 72, 10_000_000).path is MinimumPath.NOT_YET


@pytest.mark.parametrize(
    ("year", "died", "required"),
    [
        (2025, date(2025, 8, 1), 0),
        (2025, date(2026, 3, 31), 0),
        (2026, date(2026, 3, 31), 0),
        (2025, date(2026, 4, 1), 377_358),
        (2026, date(2026, 4, 1), 392_157 - 15_686),
    ],
)
def test_a_death_before_the_required_beginning_date_leaves_no_minimum_of_the_employee(
    year: int, died: date, required: int
) -> None:
    """Reg. 1.402(c)-2(j)(3)(i)(A): "no amount is a required minimum distribution for the year" of such a death."""
    found = md.lifetime_minimum(
        year=CalendarYear(year),
        born_on=date(1952, 6, 1),
        retired_on=date(2015, 1, 1),
        balance_cents=10_000_000 if year == 2025 else 9_600_000,
        died_on=died,
    )
    assert found.required_cents == required
    assert (found.path is MinimumPath.DIED_BEFORE_BEGINNING) is (required == 0)
    assert ("died before" in explain(found)) is (required == 0)


def test_of_an_account_not_fully_vested_only_the_vested_part_must_be_paid_and_the_rest_is_added_later() -> None:
    """Reg. 1.401(a)(9)-5 A-8 (before 2025): "increased by the sum of amounts not distributed in prior" years."""
    none = md.minimum_of_vested(required_cents=4_000_00, vested_cents=0)
    first = md.minimum_of_vested(required_cents=4_000_00, vested_cents=2_500_00)
    assert (none.due_cents, none.carried_cents) == (0, 4_000_00)
    assert (first.due_cents, first.carried_cents) == (2_500_00, 1_500_00)
    second = md.minimum_of_vested(
        required_cents=4_200_00, vested_cents=50_000_00, not_vested_before_cents=first.carried_cents
    )
    assert (second.due_cents, second.carried_cents) == (5_700_00, 0)
    assert "no more is vested" in explain(first)
    assert "as much is vested" in explain(second)


@given(years=st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=6))
def test_what_is_due_and_what_is_carried_add_up_over_the_years(years: list[tuple[int, int]]) -> None:
    carried = paid = 0
    for required, vested in years:
        found = md.minimum_of_vested(required_cents=required, vested_cents=vested, not_vested_before_cents=carried)
        assert found.due_cents <= vested
        paid, carried = paid + found.due_cents, found.carried_cents
    assert paid + carried == sum(required for required, _ in years)


@pytest.mark.parametrize(("filed", "rate"), [(None, 1_000), (date(2026, 12, 31), 1_000), (date(2027, 1, 1), 2_500)])
def test_the_lower_rate_asks_for_the_return_in_the_window_too(filed: date | None, rate: int) -> None:
    """IRC 4974(e)(1)(B): "submits a return, during the correction window, reflecting such tax"."""
    tax = md.excise_on_shortfall(
        due_by=date(2024, 12, 31),
        required_cents=4_000_00,
        paid_in_time_cents=0,
        shortfall_paid_on=date(2026, 3, 1),
        return_filed_on=filed,
    )
    assert tax.rate_bps == rate


def test_nothing_was_required_for_2020() -> None:
    found = minimum(2020, 75, 10_000_000)
    assert (found.path, found.required_cents, found.due_by) == (MinimumPath.WAIVED, 0, None)
    tax = md.excise_on_shortfall(due_by=date(2020, 4, 1), required_cents=100, paid_in_time_cents=0)
    assert (tax.path, tax.tax_cents) == (ExcisePath.WAIVED, 0)


def test_a_year_before_2022_reads_the_2002_tables_and_refuses_what_is_not_typed_of_them() -> None:
    assert minimum(2021, 75, 22_900_00).required_cents == 1_000_00
    with pytest.raises(NotEnacted, match="no entry for 75/45"):
        minimum(2021, 75, 100, 45)


def test_what_is_typed_of_the_joint_table_of_2002_never_rises_with_age() -> None:
    rows = {
        tuple(map(int, key.split("/"))): value
        for key, value in tables.edition("rmd_joint_last_survivor", IN_2021).items()
    }
    assert set(rows) == {(age, spouse) for age in range(70, 91) for spouse in range(50, age - 10)}
    assert (len(rows), sum(rows.values())) == (420, Decimal("10826.9"))
    for (age, spouse), value in rows.items():
        assert value >= rows.get((age + 1, spouse), Decimal(0))
        assert value >= rows.get((age, spouse + 1), Decimal(0))
        assert value >= tables.value("rmd_uniform_lifetime", age, IN_2021)


def test_above_the_last_row_the_last_row_holds() -> None:
    assert minimum(2026, 120, 1_000).denominator == minimum(2026, 125, 1_000).denominator == Decimal("2.0")
    assert minimum(2026, 125, 1_000, 112).denominator == Decimal("2.0")


@given(year=YEARS, age=st.integers(76, 119), balance=CENTS, spouse=st.integers(0, 119))
def test_a_spouse_never_raises_the_minimum_and_an_older_employee_never_has_less(
    year: CalendarYear, age: int, balance: int, spouse: int
) -> None:
    alone, married = minimum(year.year, age, balance), minimum(year.year, age, balance, spouse)
    assert married.required_cents <= alone.required_cents <= balance
    assert (married.path is MinimumPath.JOINT_TABLE) is (age - spouse > 10)
    assert minimum(year.year, age + 1, balance).required_cents >= alone.required_cents
    assert minimum(year.year, age, balance + 1000).required_cents >= alone.required_cents


def test_the_balance_is_that_of_the_last_valuation_adjusted() -> None:
    def of(year: int) -> md.BalanceForMinimum:
        return md.balance_for_minimum(
            year=CalendarYear(year),
            valuation_cents=50_000_00,
            allocated_after_valuation_cents=1_000_00,
            distributed_after_valuation_cents=3_000_00,
            rollover_in_transit_cents=2_000_00,
            qlac_cents=5_000_00,
            designated_roth_cents=10_000_00,
        )

    # Designated Roth accounts count until 2023 (IRC 402A(d)(5)).
    assert (of(2023).balance_cents, of(2024).balance_cents) == (45_000_00, 35_000_00)
    with pytest.raises(ImpossibleInput, match="valuation_cents: 1 more is taken off"):
        md.balance_for_minimum(year=CalendarYear(2026), valuation_cents=0, qlac_cents=1)


def test_what_was_not_paid_by_the_end_of_the_first_year_is_carried_into_the_next() -> None:
    """Reg. 1.402(c)-2(f)(1): of $7,200 with $5,000 required, $5,000 is the minimum."""
    paid = md.minimum_still_due(required_cents=5_000_00, paid_cents=0, account_cents=7_200_00)
    assert paid == 5_000_00
    both = md.minimum_still_due(required_cents=40, paid_cents=10, account_cents=1_000, carried_cents=50)
    assert both == 80
    assert md.minimum_still_due(required_cents=40, paid_cents=60, account_cents=1_000) == 0
    assert md.minimum_still_due(required_cents=40, paid_cents=0, account_cents=15) == 15


def test_what_one_plan_pays_too_much_does_not_count_for_another() -> None:
    plans = [md.PlanPaid("A", 100, 250), md.PlanPaid("B", 100, 30)]
    assert md.shortfall_by_plan(plans=plans) == {"A": 0, "B": 70}
    with pytest.raises(ImpossibleInput, match="plans: a plan stands twice"):
        md.shortfall_by_plan(plans=[plans[0], plans[0]])


@pytest.mark.parametrize(
    ("due", "late", "notice", "path", "tax"),
    [
        (date(2023, 12, 31), None, None, ExcisePath.FULL_RATE, 250_00),
        (date(2023, 12, 31), date(2025, 12, 31), None, ExcisePath.CORRECTED_IN_THE_WINDOW, 100_00),
        (date(2023, 12, 31), date(2026, 1, 1), None, ExcisePath.FULL_RATE, 250_00),
        (date(2024, 4, 1), date(2026, 12, 31), None, ExcisePath.CORRECTED_IN_THE_WINDOW, 100_00),
        (date(2023, 12, 31), date(2025, 3, 2), date(2025, 3, 1), ExcisePath.FULL_RATE, 250_00),
        (date(2022, 12, 31), date(2023, 1, 5), None, ExcisePath.FULL_RATE, 500_00),
    ],
)
def test_excise_and_its_window(due: date, late: date | None, notice: date | None, path: ExcisePath, tax: int) -> None:
    found = md.excise_on_shortfall(
        due_by=due,
        required_cents=1_500_00,
        paid_in_time_cents=500_00,
        shortfall_paid_on=late,
        notice_or_assessment_on=notice,
    )
    assert (found.path, found.tax_cents, found.shortfall_cents) == (path, tax, 1_000_00)


def test_no_excise_without_a_shortfall_or_with_a_waiver() -> None:
    due = date(2026, 12, 31)
    none = md.excise_on_shortfall(due_by=due, required_cents=10, paid_in_time_cents=11)
    waived = md.excise_on_shortfall(due_by=due, required_cents=10, paid_in_time_cents=0, waived=True)
    assert (none.path, waived.path, none.tax_cents, waived.tax_cents) == (
        ExcisePath.NO_SHORTFALL,
        ExcisePath.WAIVED,
        0,
        0,
    )


def test_facts_that_cannot_be_are_refused_by_their_field() -> None:
    with pytest.raises(ImpossibleInput, match="balance_cents: -1 is negative"):
        minimum(2026, 75, -1)
    with pytest.raises(ImpossibleInput, match="balance_cents: 10000000000000000 is more than any account holds"):
        minimum(2026, 75, 10**16)
    with pytest.raises(ImpossibleInput, match="retired_on: 1949-01-01 is before born_on"):
        md.required_beginning_date(born_on=date(1950, 1, 1), retired_on=date(1949, 1, 1))
    with pytest.raises(ImpossibleInput, match="spouse_born_on: 2031-06-01 is after 2026"):
        minimum(2026, 75, 1, -5)
    with pytest.raises(ImpossibleInput, match="shortfall_paid_on"):
        md.excise_on_shortfall(
            due_by=date(2026, 12, 31), required_cents=1, paid_in_time_cents=0, shortfall_paid_on=date(2026, 1, 1)
        )

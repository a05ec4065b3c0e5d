"""Distributions after a death: who the beneficiary is, which rule, each year's amount and the last year."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import CalendarYear, Refused
from open401k.law import NotEnacted
from open401k.law import beneficiary_distributions as bd
from open401k.law.beneficiary_distributions import AfterDeathRule, Beneficiary, InheritanceRefusal
from open401k.law.given import ImpossibleInput

BORN = date(1945, 3, 1)
BEGAN = date(2016, 4, 1)
NOT_BEGUN = date(2034, 4, 1)


def inherited(
    kind: Beneficiary,
    born: date | None,
    *,
    died: date = date(2023, 5, 5),
    began: date | None = BEGAN,
    employee_born: date = BORN,
    ended: date | None = None,
    ten_years: bool = False,
    as_employee: bool = False,
    roth: bool = False,
) -> bd.Inheritance:
    return bd.Inheritance(
        employee_born_on=employee_born,
        died_on=died,
        required_beginning_on=began,
        beneficiary=kind,
        beneficiary_born_on=born,
        beneficiary_died_on=ended,
        ten_year_rule_elected=ten_years,
        spouse_treated_as_employee=as_employee,
        only_designated_roth=roth,
    )


def due(year: int, inheritance: bd.Inheritance, balance: int = 1_000_000_00) -> bd.InheritedMinimum:
    found = bd.beneficiary_minimum(year=CalendarYear(year), inheritance=inheritance, balance_cents=balance)
    assert not isinstance(found, Refused), found.message
    return found


def rule(inheritance: bd.Inheritance) -> bd.RuleAfterDeath:
    found = bd.rule_after_death(inheritance=inheritance)
    assert not isinstance(found, Refused), found.message
    return found


def refusal(inheritance: bd.Inheritance, year: int = 2026) -> InheritanceRefusal:
    found = bd.beneficiary_minimum(year=CalendarYear(year), inheritance=inheritance, balance_cents=1)
    assert isinstance(found, Refused)
    return found.reason


def test_the_regulations_own_reset_to_the_2022_table() -> None:
    """Reg. 1.401(a)(9)-9(f)(2)(ii)(B): 76 in the year after a death of 2019, 12.1 for 2022, which is 14.1 less 2."""
    assert bd.fixed_life_expectancy(age=76, looked_up_for=CalendarYear(2020), year=CalendarYear(2022)) == Decimal(
        "12.1"
    )
    # In 2021 the formerly applicable table held: 12.7 at 76, less one.
    assert bd.fixed_life_expectancy(age=76, looked_up_for=CalendarYear(2020), year=CalendarYear(2021)) == Decimal(
        "11.7"
    )


def test_five_and_ten_years_end_with_the_year_of_the_anniversary() -> None:
    """Reg. 1.401(a)(9)-3(c)(2)-(3): any day of 2021 gives the end of 2026 and of 2031."""
    for died in (date(2021, 1, 1), date(2021, 12, 31)):
        nobody = inherited(Beneficiary.NOT_A_PERSON, None, died=died, began=NOT_BEGUN)
        other = inherited(Beneficiary.OTHER_PERSON, date(1980, 1, 1), died=died, began=NOT_BEGUN)
        assert (rule(nobody).rule, rule(nobody).final_year) == (AfterDeathRule.FIVE_YEARS, CalendarYear(2026))
        assert (rule(other).rule, rule(other).final_year) == (AfterDeathRule.TEN_YEARS, CalendarYear(2031))
        assert due(2025, nobody).required_cents == due(2030, other).required_cents == 0
        assert due(2026, nobody).whole_balance
        assert due(2031, other).whole_balance
        assert due(2033, other).due_by == date(2033, 12, 31)


def test_ten_years_with_annual_payments_after_the_required_beginning_date() -> None:
    """Employee 78 in the year of death, beneficiary 50 in the year after: 36.2, then one less each year."""
    case = inherited(Beneficiary.OTHER_PERSON, date(1974, 9, 9))
    first, second = due(2024, case), due(2025, case)
    assert rule(case).rule is AfterDeathRule.TEN_YEARS_WITH_ANNUAL_PAYMENTS
    assert (first.beneficiary_years, first.employee_years) == (Decimal("36.2"), Decimal("11.6"))
    assert (second.denominator, second.required_cents) == (Decimal("35.2"), 2_840_909)
    assert (first.excise_waived_by, second.excise_waived_by) == (bd.RELIEF_CITE, "")
    assert due(2032, case).required_cents == 3_546_099
    assert due(2033, case).whole_balance


def test_an_older_beneficiary_divides_by_the_employees_life_expectancy() -> None:
    """The greater of both (Reg. 1.401(a)(9)-5(d)(1)(ii)); the employee's own is a year further on."""
    case = inherited(Beneficiary.NOT_MORE_THAN_TEN_YEARS_YOUNGER, date(1935, 1, 1))
    found = due(2024, case)
    assert (found.beneficiary_years, found.employee_years) == (Decimal("6.1"), Decimal("11.6"))
    assert found.denominator == Decimal("11.6")
    assert rule(case).final_year is None


def test_without_a_designated_beneficiary_the_employees_life_expectancy_runs_out() -> None:
    case = inherited(Beneficiary.NOT_A_PERSON, None)
    assert rule(case).rule is AfterDeathRule.EMPLOYEES_LIFE_EXPECTANCY
    assert due(2024, case).denominator == Decimal("11.6")
    assert due(2034, case).denominator == Decimal("1.6")
    assert due(2035, case).whole_balance


def test_a_spouse_looks_up_again_each_year_and_may_wait() -> None:
    """Reg. 1.401(a)(9)-3(d), -5(d)(3)(iv): until the year in which the employee would have been 75."""
    case = inherited(Beneficiary.SURVIVING_SPOUSE, date(1963, 1, 1), began=None, employee_born=date(1960, 2, 2))
    assert rule(case).first_year == CalendarYear(2035)
    assert due(2034, case).required_cents == 0
    assert due(2035, case).denominator == Decimal("17.2")
    assert due(2036, case).denominator == Decimal("16.4")


def test_a_spouse_treated_as_the_employee_reads_the_uniform_table() -> None:
    facts = (Beneficiary.SURVIVING_SPOUSE, date(1963, 1, 1))
    case = inherited(*facts, began=None, employee_born=date(1960, 2, 2), as_employee=True)
    assert due(2035, case).denominator == Decimal("27.4")
    young = inherited(
        Beneficiary.SURVIVING_SPOUSE, date(1970, 1, 1), began=None, employee_born=date(1960, 2, 2), as_employee=True
    )
    # The table begins with 72; for a younger spouse it has nothing to read.
    with pytest.raises(NotEnacted, match="no entry for 65"):
        due(2035, young)


def test_after_a_spouses_death_one_less_each_year_and_ten_years() -> None:
    case = inherited(Beneficiary.SURVIVING_SPOUSE, date(1950, 1, 1), ended=date(2026, 6, 6))
    assert due(2026, case).denominator == Decimal("14.1")
    assert due(2027, case).denominator == Decimal("13.1")
    assert rule(case).final_year == CalendarYear(2036)


def test_a_minor_child_is_paid_out_ten_years_after_majority() -> None:
    """IRC 401(a)(9)(E)(iii); Reg. 1.401(a)(9)-4(e)(3), -5(e)(4): 21 in 2030, so by the end of 2040."""
    case = inherited(Beneficiary.MINOR_CHILD, date(2009, 7, 1), began=NOT_BEGUN)
    assert rule(case) == bd.RuleAfterDeath(AfterDeathRule.LIFE_EXPECTANCY, CalendarYear(2024), CalendarYear(2040))
    assert due(2024, case).denominator == Decimal("69.9")
    assert due(2039, case).denominator == Decimal("54.9")
    assert due(2040, case).whole_balance
    died_young = inherited(Beneficiary.MINOR_CHILD, date(2009, 7, 1), began=NOT_BEGUN, ended=date(2025, 1, 1))
    assert rule(died_young).final_year == CalendarYear(2035)


def test_an_eligible_beneficiary_may_have_ten_years_before_the_beginning_only() -> None:
    before = inherited(Beneficiary.DISABLED, date(1990, 1, 1), began=NOT_BEGUN, ten_years=True)
    assert rule(before).rule is AfterDeathRule.TEN_YEARS
    after = inherited(Beneficiary.DISABLED, date(1990, 1, 1), ten_years=True)
    assert refusal(after) is InheritanceRefusal.TEN_YEAR_RULE_NOT_OPEN


def test_an_account_of_roth_alone_counts_as_not_begun() -> None:
    """Reg. 1.401(a)(9)-3(a)(2)."""
    case = inherited(Beneficiary.OTHER_PERSON, date(1980, 1, 1), roth=True)
    assert rule(case).rule is AfterDeathRule.TEN_YEARS


def test_nothing_is_required_for_the_year_of_a_death_before_the_beginning_date() -> None:
    """Reg. 1.402(c)-2(j)(3)(i)(A), first sentence of -3(a)(1): the employee's own minimum never began."""
    found = due(2023, inherited(Beneficiary.OTHER_PERSON, date(1980, 1, 1), began=NOT_BEGUN))
    assert (found.required_cents, found.due_by, found.rule.final_year) == (0, None, CalendarYear(2033))


@pytest.mark.parametrize(
    ("inheritance", "year", "reason"),
    [
        (
            inherited(Beneficiary.OTHER_PERSON, date(1980, 1, 1), died=date(2019, 12, 31)),
            2026,
            InheritanceRefusal.DEATH_BEFORE_2020,
        ),
        (inherited(Beneficiary.OTHER_PERSON, date(1980, 1, 1)), 2023, InheritanceRefusal.YEAR_OF_DEATH),
        (
            inherited(Beneficiary.DISABLED, date(1980, 1, 1), began=NOT_BEGUN, as_employee=True),
            2026,
            InheritanceRefusal.TREATED_AS_EMPLOYEE_NOT_OPEN,
        ),
        (
            inherited(Beneficiary.SURVIVING_SPOUSE, date(1950, 1, 1), as_employee=True),
            2026,
            InheritanceRefusal.TREATED_AS_EMPLOYEE_NOT_OPEN,
        ),
        (
            inherited(
                Beneficiary.SURVIVING_SPOUSE,
                date(1963, 1, 1),
                began=None,
                employee_born=date(1960, 2, 2),
                ended=date(2030, 1, 1),
            ),
            2036,
            InheritanceRefusal.SPOUSE_DIED_BEFORE_BEGINNING,
        ),
    ],
)
def test_what_is_not_computed_says_why(inheritance: bd.Inheritance, year: int, reason: InheritanceRefusal) -> None:
    assert refusal(inheritance, year) is reason


@pytest.mark.parametrize(
    ("born", "facts", "kind"),
    [
        (date(1963, 10, 1), {}, Beneficiary.NOT_MORE_THAN_TEN_YEARS_YOUNGER),
        (date(1963, 10, 2), {}, Beneficiary.OTHER_PERSON),
        (date(2003, 5, 6), {"is_child_of_employee": True}, Beneficiary.MINOR_CHILD),
        (date(2002, 5, 5), {"is_child_of_employee": True}, Beneficiary.OTHER_PERSON),
        (date(2003, 5, 6), {}, Beneficiary.OTHER_PERSON),
        (
            date(2003, 5, 6),
            {"is_child_of_employee": True, "disability_documented": True},
            Beneficiary.DISABLED,
        ),
        (date(1980, 1, 1), {"chronic_illness_documented": True}, Beneficiary.CHRONICALLY_ILL),
        (date(1990, 1, 1), {"is_surviving_spouse": True}, Beneficiary.SURVIVING_SPOUSE),
    ],
)
def test_who_is_an_eligible_designated_beneficiary(born: date, facts: dict[str, bool], kind: Beneficiary) -> None:
    """Reg. 1.401(a)(9)-4(e)(6): for a birth on October 1, 1953, born on or before October 1, 1963."""
    found = bd.classify_beneficiary(
        employee_born_on=date(1953, 10, 1), died_on=date(2023, 5, 5), is_person=True, born_on=born, **facts
    )
    assert found is kind
    assert kind.eligible is (kind is not Beneficiary.OTHER_PERSON)


def test_an_estate_is_no_designated_beneficiary() -> None:
    found = bd.classify_beneficiary(employee_born_on=BORN, died_on=date(2023, 5, 5), is_person=False)
    assert found is Beneficiary.NOT_A_PERSON
    assert not found.eligible


def test_a_spouse_under_the_ten_year_rule_catches_up_before_rolling_over() -> None:
    """Reg. 1.402(c)-2(j)(4): from the later of both applicable ages' years; each year on the balance left over."""
    born = date(1951, 5, 5)  # 73 in 2024
    employee = date(1950, 5, 5)  # would have been 72 in 2022
    none = bd.spouse_catch_up(
        year=CalendarYear(2023),
        balance_cents=100_000_00,
        spouse_born_on=born,
        employee_born_on=employee,
        paid_before_cents=(),
    )
    assert none == 0
    # 2024: 100,000 / 26.5 = 3,773.58; 2025: 96,226.42 / 25.5 = 3,773.58 (rounded); together less the 1,000 paid.
    found = bd.spouse_catch_up(
        year=CalendarYear(2025),
        balance_cents=100_000_00,
        spouse_born_on=born,
        employee_born_on=employee,
        paid_before_cents=(1_000_00,),
    )
    second = round((10_000_000 - (377_358 - 100_000)) / 25.5)
    assert found == 377_358 + second - 100_000
    with pytest.raises(ImpossibleInput, match="paid_before_cents: one amount a year from 2024 to 2024"):
        bd.spouse_catch_up(
            year=CalendarYear(2025),
            balance_cents=1,
            spouse_born_on=born,
            employee_born_on=employee,
            paid_before_cents=(),
        )


def test_facts_that_cannot_be_are_refused_by_their_field() -> None:
    with pytest.raises(ImpossibleInput, match="beneficiary_born_on"):
        rule(inherited(Beneficiary.OTHER_PERSON, None))
    with pytest.raises(ImpossibleInput, match="beneficiary: born on 1990-01-01, no minor"):
        rule(inherited(Beneficiary.MINOR_CHILD, date(1990, 1, 1)))
    with pytest.raises(ImpossibleInput, match="beneficiary_died_on"):
        rule(inherited(Beneficiary.OTHER_PERSON, date(1990, 1, 1), ended=date(2020, 1, 1)))
    with pytest.raises(ImpossibleInput, match="born_on: a person's birth date"):
        bd.classify_beneficiary(employee_born_on=BORN, died_on=date(2023, 5, 5), is_person=True)
    with pytest.raises(ImpossibleInput, match="died_on"):
        bd.classify_beneficiary(employee_born_on=BORN, died_on=date(1920, 1, 1), is_person=False)


PEOPLE = st.sampled_from(
    [Beneficiary.OTHER_PERSON, Beneficiary.DISABLED, Beneficiary.SURVIVING_SPOUSE, Beneficiary.NOT_A_PERSON]
)


@given(
    kind=PEOPLE,
    begun=st.booleans(),
    born=st.dates(date(1930, 1, 1), date(2000, 1, 1)),
    balance=st.integers(0, 10**10),
)
def test_every_schedule_pays_everything_in_the_end_and_never_more(
    kind: Beneficiary, begun: bool, born: date, balance: int
) -> None:
    case = inherited(kind, born, began=BEGAN if begun else NOT_BEGUN)
    left, paid = balance, 0
    for year in range(2024, 2150):
        amount = due(year, case, left).required_cents
        assert 0 <= amount <= left
        left, paid = left - amount, paid + amount
        final = rule(case).final_year
        if final is not None and year == final.year:
            assert left == 0
    assert paid + left == balance
    # A life expectancy that is looked up again each year never runs out before 120; the last cents stay with it.
    assert left == 0 or kind is Beneficiary.SURVIVING_SPOUSE

"""Entry dates, deposit days, correction days, notice windows and adoption windows."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import CalendarYear, LimitationYear, PlanYear, anniversary
from open401k.law import compensation, deadlines, excess_deferrals, safe_harbor
from open401k.law import eligibility as el
from open401k.law.excess_deferrals import PlanDeferrals
from open401k.law.given import ImpossibleInput
from open401k.law.matching import MatchFormula

YEAR_2026 = PlanYear.starting(date(2026, 1, 1))
ADULT = date(1990, 5, 5)
DATES = st.dates(date(2015, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("rule", "hired", "entry"),
    [
        (el.EntryRule.IMMEDIATE, date(2026, 3, 17), date(2026, 3, 17)),
        (el.EntryRule.MONTHLY, date(2026, 3, 1), date(2026, 3, 1)),
        (el.EntryRule.MONTHLY, date(2026, 3, 2), date(2026, 4, 1)),
        (el.EntryRule.QUARTERLY, date(2026, 4, 1), date(2026, 4, 1)),
        (el.EntryRule.QUARTERLY, date(2026, 4, 2), date(2026, 7, 1)),
        (el.EntryRule.SEMIANNUAL, date(2026, 7, 1), date(2026, 7, 1)),
        (el.EntryRule.SEMIANNUAL, date(2026, 7, 2), date(2027, 1, 1)),
    ],
)
def test_entry_is_on_or_next_after_meeting_the_conditions(rule: el.EntryRule, hired: date, entry: date) -> None:
    assert el.entry_date(el.EligibilityTerms(entry=rule), born=ADULT, hired=hired) == entry


def test_entry_days_count_from_the_plan_year() -> None:
    terms = el.EligibilityTerms(entry=el.EntryRule.QUARTERLY, plan_year_start=(2, 1))
    assert el.entry_date(terms, born=ADULT, hired=date(2026, 4, 2)) == date(2026, 5, 1)
    terms = el.EligibilityTerms(entry=el.EntryRule.SEMIANNUAL, plan_year_start=(10, 15))
    assert el.entry_date(terms, born=ADULT, hired=date(2026, 4, 16)) == date(2026, 10, 15)


def test_the_later_of_age_and_service_decides() -> None:
    terms = el.EligibilityTerms(minimum_age=21, service_months=3, entry=el.EntryRule.QUARTERLY)
    assert el.entry_date(terms, born=date(2005, 8, 1), hired=date(2026, 1, 2)) == date(2026, 10, 1)
    assert el.entry_date(terms, born=ADULT, hired=date(2026, 1, 2)) == date(2026, 7, 1)


def test_without_a_birth_date_an_age_condition_is_not_met_yet() -> None:
    assert el.entry_date(el.EligibilityTerms(minimum_age=21), born=None, hired=date(2026, 1, 2)) is None
    assert el.entry_date(el.EligibilityTerms(), born=None, hired=date(2026, 1, 2)) == date(2026, 1, 2)


def test_nobody_enters_later_than_the_law_allows() -> None:
    born, hired = np.array(["1990-05-05"], dtype="datetime64[D]"), np.array(["2025-01-02"], dtype="datetime64[D]")
    terms = el.EligibilityTerms(minimum_age=21, service_months=12, entry=el.EntryRule.SEMIANNUAL)
    found = el.entries(terms, born=born, hired=hired)
    assert found.entry.tolist() == [date(2026, 7, 1)]
    late = el.entries(
        el.EligibilityTerms(minimum_age=21, service_months=23, entry=el.EntryRule.SEMIANNUAL), born=born, hired=hired
    )
    assert late.by_plan.tolist() == [date(2027, 1, 1)]
    assert late.entry.tolist() == [date(2026, 7, 2)]


def test_employer_money_that_is_vested_by_then_may_ask_for_two_years() -> None:
    born, hired = np.array(["1990-05-05"], dtype="datetime64[D]"), np.array(["2025-01-02"], dtype="datetime64[D]")
    terms = el.EligibilityTerms(21, 24, entry=el.EntryRule.SEMIANNUAL, vested_after_two_years=True)
    assert el.entries(terms, born=born, hired=hired).entry.tolist() == [date(2027, 7, 1)]
    assert el.entries(replace(terms, vested_after_two_years=False), born=born, hired=hired).entry.tolist() == [
        date(2026, 7, 2)
    ]


@pytest.mark.parametrize(
    ("terms", "problem"),
    [
        (el.EligibilityTerms(minimum_age=22), el.TermsProblem.AGE_OVER_21),
        (el.EligibilityTerms(service_months=13), el.TermsProblem.SERVICE_OVER_A_YEAR),
        (el.EligibilityTerms(hours_in_year=1_001), el.TermsProblem.HOURS_OVER_1000),
    ],
)
def test_terms_beyond_the_law_are_named(terms: el.EligibilityTerms, problem: el.TermsProblem) -> None:
    assert el.problems(terms) == (problem,)
    assert el.problems(el.EligibilityTerms(21, 12, 1_000)) == ()


def test_hours_are_counted_in_the_first_year_and_then_in_plan_years() -> None:
    hired = date(2024, 6, 3)

    def met(hours: dict[date, int]) -> date | None:
        return el.year_of_service(hired, hours, plan_year_start=(1, 1))

    assert met({hired: 1_000}) == date(2025, 6, 3)
    assert met({hired: 999, date(2025, 1, 1): 1_000}) == date(2026, 1, 1)
    assert met({hired: 999, date(2024, 1, 1): 2_000}) is None  # a plan year that began before the hire does not count
    terms = el.EligibilityTerms(service_months=12, hours_in_year=1_000, entry=el.EntryRule.MONTHLY)
    assert el.entry_date(terms, born=ADULT, hired=hired, year_of_service_met=date(2025, 6, 3)) == date(2025, 7, 1)
    assert el.entry_date(terms, born=ADULT, hired=hired) is None


@pytest.mark.parametrize(
    ("met", "latest"),
    [
        (date(2026, 1, 1), date(2026, 1, 1)),  # complete on December 31: the next plan year begins the day after
        (date(2026, 1, 2), date(2026, 7, 1)),  # complete on January 1: six months are sooner than the next plan year
        (date(2026, 6, 3), date(2026, 12, 2)),
        (date(2026, 8, 1), date(2027, 1, 1)),
    ],
)
def test_a_year_of_hours_is_complete_on_the_last_day_of_its_period(met: date, latest: date) -> None:
    """Reg. 1.410(a)-4(b)(1): "the first plan year beginning after the date", or "the date 6 months after the date"."""
    terms = el.EligibilityTerms(service_months=12, hours_in_year=1_000, entry=el.EntryRule.SEMIANNUAL)
    found = el.entries(
        terms,
        born=np.array([ADULT], dtype="datetime64[D]"),
        hired=np.array([date(2024, 6, 3)], dtype="datetime64[D]"),
        year_of_service_met=np.array([met], dtype="datetime64[D]"),
    )
    assert found.latest_lawful.tolist() == [latest]
    assert met <= found.entry[0].item() <= latest


def test_a_former_participant_is_one_again_at_once() -> None:
    rehired = date(2026, 5, 4)
    assert el.entry_after_rehire(was_participant=True, entry=date(2020, 1, 1), rehired=rehired) == rehired
    assert el.entry_after_rehire(was_participant=False, entry=date(2026, 1, 1), rehired=rehired) == rehired
    assert el.entry_after_rehire(was_participant=False, entry=date(2026, 7, 1), rehired=rehired) == date(2026, 7, 1)


def test_who_participates_on_a_day() -> None:
    found = el.participates_on(
        date(2026, 7, 1),
        entry=np.array(["2026-07-01", "2026-07-02", "NaT", "2020-01-01", "2020-01-01"], dtype="datetime64[D]"),
        terminated=np.array(["NaT", "NaT", "NaT", "2026-06-30", "NaT"], dtype="datetime64[D]"),
        excluded_class=np.array([False, False, False, False, True]),
    )
    assert found.tolist() == [True, False, False, False, False]


@given(day=DATES, years=st.integers(0, 25))
def test_months_of_whole_years_are_anniversaries(day: date, years: int) -> None:
    assert el.add_months(np.array([day], dtype="datetime64[D]"), 12 * years).tolist() == [anniversary(day, years)]


@given(hired=DATES, later=st.integers(0, 400), rule=st.sampled_from(list(el.EntryRule)))
def test_a_later_hire_never_enters_earlier_and_entry_is_an_entry_day(
    hired: date, later: int, rule: el.EntryRule
) -> None:
    terms = el.EligibilityTerms(minimum_age=21, service_months=6, entry=rule)

    def entry(day: date) -> date:
        found = el.entry_date(terms, born=ADULT, hired=day)
        assert found is not None
        return found

    assert entry(hired) <= entry(hired + timedelta(days=later))
    if rule is not el.EntryRule.IMMEDIATE:
        assert entry(hired).day == 1


@pytest.mark.parametrize(
    ("day", "closed"),
    [
        (date(2026, 7, 3), False),  # 4 July 2026 is a Saturday: not moved to Friday
        (date(2027, 7, 5), True),  # on a Sunday: moved to Monday
        (date(2026, 1, 19), True),
        (date(2026, 5, 25), True),
        (date(2026, 11, 26), True),
        (date(2026, 6, 19), True),
        (date(2020, 6, 19), False),
        (date(2022, 1, 3), False),  # New Year 2022 was a Saturday
        (date(2026, 8, 15), True),  # a Saturday
    ],
)
def test_business_days_are_those_of_the_federal_reserve(day: date, closed: bool) -> None:
    assert deadlines.is_business_day(day) is not closed


def test_a_small_plan_has_seven_business_days_and_everybody_the_outer_limit() -> None:
    small = deadlines.deposit_deadline(date(2026, 6, 26), participants_at_start_of_year=99)
    large = deadlines.deposit_deadline(date(2026, 6, 26), participants_at_start_of_year=100)
    assert (small.due, large.safe_harbor, large.due) == (date(2026, 7, 7), None, date(2026, 7, 21))


def test_correction_days_of_a_calendar_plan_year() -> None:
    days = deadlines.correction_deadlines(YEAR_2026)
    assert (days.without_excise, days.last_day, days.form_5330) == (
        date(2027, 3, 15),
        date(2027, 12, 31),
        date(2028, 3, 31),
    )
    assert deadlines.correction_deadlines(YEAR_2026, eaca_covers_everybody=True).without_excise == date(2027, 6, 30)
    june = deadlines.correction_deadlines(PlanYear.starting(date(2025, 7, 1)))
    assert (june.without_excise, june.last_day) == (date(2026, 9, 15), date(2027, 6, 30))


def test_excess_deferrals_go_back_by_tax_day() -> None:
    days = deadlines.excess_deferral_deadlines(CalendarYear(2026))
    assert (days.claim, days.claim_by_statute, days.return_by) == (
        date(2027, 4, 15),
        date(2027, 3, 1),
        date(2027, 4, 15),
    )


@pytest.mark.parametrize("plans_day", [None, date(2027, 2, 15), date(2027, 5, 31)])
def test_the_day_for_a_claim_is_one_wherever_it_is_asked(plans_day: date | None) -> None:
    """Reg. 1.402(g)-1(e)(2)(i): "the first April 15 (or such earlier date specified in the plan)"."""
    year, expected = CalendarYear(2026), min(plans_day or date(2027, 4, 15), date(2027, 4, 15))
    found = excess_deferrals.excess_deferral(
        plans=[PlanDeferrals("P", "Y", 20_000_00), PlanDeferrals("Q", "Z", 6_000_00)], age_at_year_end=40, year=year
    )
    claims = [
        excess_deferrals.claim(found, asked_cents={"Q": 100_00}, claimed_on=on, plans_last_day=plans_day)
        for on in (expected, expected + timedelta(days=1))
    ]
    assert deadlines.excess_deferral_deadlines(year, plans_last_day=plans_day).claim == expected
    assert [claim.last_day for claim in claims] == [expected, expected]
    assert [claim.refusals for claim in claims] == [(), (excess_deferrals.ClaimRefusal.AFTER_DEADLINE,)]


def test_the_safe_harbor_notice_of_a_calendar_year() -> None:
    window = deadlines.safe_harbor_notice(PlanYear.starting(date(2027, 1, 1)))
    assert (window.first, window.last) == (date(2026, 10, 3), date(2026, 12, 2))
    assert date(2026, 12, 2) in window
    assert date(2026, 12, 3) not in window


@pytest.mark.parametrize(
    ("on", "rate"),
    [
        (date(2026, 8, 15), 300),
        (date(2026, 11, 30), 300),
        (date(2026, 12, 1), 400),
        (date(2027, 12, 30), 400),
        (date(2027, 12, 31), None),
    ],
)
def test_until_when_a_nonelective_safe_harbor_can_be_adopted(on: date, rate: int | None) -> None:
    offer = safe_harbor.adoptable(YEAR_2026, on=on)
    assert (offer.rate_bps if offer else None) == rate
    assert safe_harbor.adoptable(YEAR_2026, on=on, match_safe_harbor_in_year=True) is None


@pytest.mark.parametrize(
    ("tiers", "shortcomings"),
    [
        ([(10_000, 300), (5_000, 500)], ()),
        ([(10_000, 400)], ()),
        ([(10_000, 600)], ()),
        ([(10_000, 300)], (safe_harbor.Shortcoming.BELOW_BASIC,)),
        ([(5_000, 600)], (safe_harbor.Shortcoming.BELOW_BASIC,)),
        ([(10_000, 300), (15_000, 500)], (safe_harbor.Shortcoming.RATE_RISES,)),
    ],
)
def test_which_match_is_a_safe_harbor(
    tiers: list[tuple[int, int]], shortcomings: tuple[safe_harbor.Shortcoming, ...]
) -> None:
    assert safe_harbor.match_shortcomings(MatchFormula.of(tiers)) == shortcomings


def test_a_dollar_cap_and_a_low_nonelective_are_no_safe_harbor() -> None:
    capped = MatchFormula.of([(10_000, 400)], cap_cents=1)
    assert safe_harbor.match_shortcomings(capped) == (safe_harbor.Shortcoming.CAPPED_IN_DOLLARS,)
    assert safe_harbor.nonelective_shortcomings(299) == (safe_harbor.Shortcoming.BELOW_THREE_PERCENT,)


def test_match_beyond_six_percent_is_tested() -> None:
    assert safe_harbor.acp_shortcomings(MatchFormula.of([(10_000, 600)])) == ()
    assert safe_harbor.acp_shortcomings(MatchFormula.of([(10_000, 601)])) != ()
    # Nothing is matched above 6 % where the rate there is nothing.
    assert safe_harbor.acp_shortcomings(MatchFormula.of([(10_000, 400), (0, 1_000)])) == ()
    assert safe_harbor.acp_shortcomings(MatchFormula.of([(10_000, 500)]), discretionary=True) == (
        safe_harbor.Shortcoming.DISCRETIONARY_ABOVE_FOUR_PERCENT,
    )


@pytest.mark.parametrize(
    ("severed", "last_day"),
    [
        (date(2025, 12, 31), date(2026, 3, 15)),
        (date(2025, 11, 10), date(2026, 1, 25)),
        (date(2025, 10, 16), date(2025, 12, 31)),  # 2 1/2 months end on the last day of the year
        (date(2025, 3, 3), date(2025, 12, 31)),  # the end of the limitation year is later
        (date(2023, 12, 30), date(2024, 3, 15)),  # February has 29 days
    ],
)
def test_pay_after_severance_counts_until_the_later_of_two_and_a_half_months_and_the_years_end(
    severed: date, last_day: date
) -> None:
    """Reg. 1.415(c)-2(e)(3)(i)."""
    for paid, counts in ((last_day, True), (last_day + timedelta(days=1), False)):
        year = PlanYear.starting(date(paid.year, 1, 1))
        assert compensation.counts_after_severance(severed=severed, paid=paid, year=year) is counts


def test_a_limitation_year_of_its_own_decides_how_long_pay_after_severance_counts() -> None:
    year = PlanYear.starting(date(2025, 7, 1))
    for severed, paid, counts in (
        (date(2025, 7, 1), date(2026, 6, 30), True),
        (date(2025, 6, 30), date(2025, 9, 14), True),
        (date(2025, 6, 30), date(2025, 9, 15), False),
    ):
        # June 30: August 30 and fifteen days.
        assert compensation.counts_after_severance(severed=severed, paid=paid, year=year) is counts


def test_what_counts_in_months_after_a_year_counts_from_its_last_day() -> None:
    """The 15th day of the 10th month, and 9 1/2 months, after June 30, 2027."""
    start = date(2026, 7, 1)
    assert deadlines.coverage_amendment(PlanYear.starting(start)) == date(2028, 4, 15)
    assert deadlines.excess_additions_return(LimitationYear.starting(start)) == date(2028, 4, 15)


def test_pay_for_the_top_heavy_minimum_is_capped_and_not_prorated() -> None:
    pay = np.array([0, 35_000_000, 36_000_000, 36_000_001])
    assert compensation.top_heavy_or_415_pay(pay, 36_000_000).tolist() == [0, 35_000_000, 36_000_000, 36_000_000]


@pytest.mark.parametrize(
    ("start", "end", "pay_date", "last"),
    [
        (date(2026, 1, 1), date(2027, 1, 1), date(2026, 1, 2), date(2026, 6, 30)),
        (date(2026, 1, 1), date(2027, 1, 1), date(2026, 4, 1), date(2026, 9, 30)),
        (date(2026, 1, 1), date(2027, 1, 1), date(2026, 12, 31), date(2027, 3, 31)),
        (date(2026, 7, 1), date(2027, 7, 1), date(2026, 9, 30), date(2026, 12, 31)),
        # A plan year of four months: its second quarter is one month, the next one begins the next plan year.
        (date(2026, 9, 1), date(2027, 1, 1), date(2026, 11, 30), date(2026, 12, 31)),
        (date(2026, 9, 1), date(2027, 1, 1), date(2026, 12, 1), date(2027, 3, 31)),
    ],
)
def test_a_safe_harbor_match_by_payroll_is_in_by_the_end_of_the_next_quarter(
    start: date, end: date, pay_date: date, last: date
) -> None:
    """Reg. 1.401(k)-3(c)(5)(ii): "by the last day of the immediately following plan year quarter"."""
    assert deadlines.safe_harbor_match_deposit(pay_date=pay_date, plan_year=PlanYear(start, end)) == last
    with pytest.raises(ImpossibleInput, match="pay_date"):
        deadlines.safe_harbor_match_deposit(pay_date=end, plan_year=PlanYear(start, end))

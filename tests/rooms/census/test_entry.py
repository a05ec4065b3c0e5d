"""Entry dates from people's facts and the plan's terms; wages of a past year, whichever source knows more."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.database import Begin

from open401k import census, plan
from open401k.kernel import CalendarYear, EmployeeId, PlanId, RunId, SponsorId
from open401k.law import eligibility


def provisions(**eligibility: Any) -> plan.Provisions:
    return plan.Provisions(adopted_on=date(2019, 1, 1), eligibility=plan.Eligibility(**eligibility))


YEAR_OF_SERVICE = provisions(minimum_age=21, service_months=12, hours_in_year=None, entry=plan.EntryRule.SEMIANNUAL)
THOUSAND_HOURS = provisions(minimum_age=21, service_months=12, hours_in_year=1_000, entry=plan.EntryRule.SEMIANNUAL)


def hire(begin: Begin, tenant: SponsorId, **person: Any) -> EmployeeId:
    told: dict[str, Any] = {
        "ssn": None,
        "first_name": "Some",
        "last_name": "Body",
        "birth_date": date(1990, 5, 5),
        "hired_on": None,
    }
    with begin() as tx:
        return census.add_employee(tx, tenant_id=tenant, **{**told, **person})


def entry_of(begin: Begin, tenant: SponsorId, plan_id: PlanId, terms: plan.Provisions, who: EmployeeId) -> date | None:
    with begin() as tx:
        employee = census.employee(tx, tenant_id=tenant, employee_id=who)
        (day,) = census.entry_dates(tx, tenant_id=tenant, provisions=terms, plan_id=plan_id, employees=[employee])
        return day


@pytest.fixture
def plan_id(begin: Begin, tenant: SponsorId) -> PlanId:
    with begin() as tx:
        plan.register_sponsor(
            tx, name="A sponsor", ein="12-3456789", established_on=date(2010, 1, 4), sponsor_id=tenant
        )
        return plan.adopt(tx, tenant_id=tenant, provisions=YEAR_OF_SERVICE, name="A plan")


def pay(begin: Begin, tenant: SponsorId, plan_id: PlanId, who: EmployeeId, day: date, hours: int, fica: int) -> None:
    with begin() as tx:
        census.record_run(
            tx,
            tenant_id=tenant,
            plan_id=plan_id,
            run_id=tx.ids.new(RunId),
            pay_date=day,
            period_start=day,
            period_end=day,
            replaces=None,
            lines=census.PayLines([who], [2], [fica], [fica], [hours * 100], [0], [0], [0], [0], [0]),
        )


def test_a_year_of_service_leads_to_the_next_half_year(begin: Begin, tenant: SponsorId, plan_id: PlanId) -> None:
    who = hire(begin, tenant, hired_on=date(2025, 2, 16))
    assert entry_of(begin, tenant, plan_id, YEAR_OF_SERVICE, who) == date(2026, 7, 1)


def test_an_excluded_class_never_enters(begin: Begin, tenant: SponsorId, plan_id: PlanId) -> None:
    who = hire(begin, tenant, hired_on=date(2015, 1, 5), employee_class="union")
    assert entry_of(begin, tenant, plan_id, provisions(excluded_classes=("union",)), who) is None


def test_a_rehired_employee_who_met_the_conditions_while_away_enters_on_the_day_of_the_rehire(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    who = hire(begin, tenant, hired_on=date(2024, 3, 4), terminated_on=date(2025, 4, 30))
    with begin() as tx:
        census.record_fact(tx, tenant_id=tenant, employee_id=who, fact=census.Hired(), event_on=date(2025, 10, 6))
    assert entry_of(begin, tenant, plan_id, YEAR_OF_SERVICE, who) == date(2025, 10, 6)


@pytest.mark.parametrize(
    ("left", "back", "gone_again", "entry"),
    [
        # 30 days of service, a month, and five years without any: eleven months are missing.
        (date(2020, 2, 5), date(2026, 1, 5), None, date(2027, 1, 1)),
        # Back within a year: the severance counts, and so the year is the one from the first day on.
        (date(2025, 2, 5), date(2025, 6, 2), None, date(2026, 7, 1)),
        # Never a whole year of service in all.
        (date(2020, 2, 5), date(2026, 1, 5), date(2026, 6, 30), None),
    ],
)
def test_a_severance_of_more_than_a_year_is_no_service_toward_entry(
    begin: Begin,
    tenant: SponsorId,
    plan_id: PlanId,
    left: date,
    back: date,
    gone_again: date | None,
    entry: date | None,
) -> None:
    """Reg. 1.410(a)-7(c)(2), (d)(1)."""
    who = hire(begin, tenant, hired_on=left - timedelta(days=30), terminated_on=left)
    with begin() as tx:
        census.record_fact(tx, tenant_id=tenant, employee_id=who, fact=census.Hired(), event_on=back)
        if gone_again is not None:
            census.record_fact(tx, tenant_id=tenant, employee_id=who, fact=census.Terminated(), event_on=gone_again)
    assert entry_of(begin, tenant, plan_id, YEAR_OF_SERVICE, who) == entry


def test_hours_of_pay_lines_make_a_year_of_service(begin: Begin, tenant: SponsorId, plan_id: PlanId) -> None:
    enough = hire(begin, tenant, hired_on=date(2025, 1, 6))
    short = hire(begin, tenant, hired_on=date(2025, 1, 6))
    for month in range(1, 11):
        pay(begin, tenant, plan_id, enough, date(2025, month, 28), hours=100, fica=1)
        pay(begin, tenant, plan_id, short, date(2025, month, 28), hours=99, fica=1)
    assert entry_of(begin, tenant, plan_id, THOUSAND_HOURS, enough) == date(2026, 7, 1)
    assert entry_of(begin, tenant, plan_id, THOUSAND_HOURS, short) is None


def test_a_loaded_year_counts_its_hours(begin: Begin, tenant: SponsorId, plan_id: PlanId) -> None:
    loaded = {2024: census.AnnualPay(5_000_000, 5_000_000, 5_000_000, 208_000)}
    who = hire(begin, tenant, hired_on=date(2023, 9, 1), annual_pay=loaded)
    assert entry_of(begin, tenant, plan_id, THOUSAND_HOURS, who) == date(2025, 1, 1)


def test_wages_of_a_year_are_the_larger_of_loaded_and_own(begin: Begin, tenant: SponsorId, plan_id: PlanId) -> None:
    loaded = {2025: census.AnnualPay(0, 0, 15_500_000, 0)}
    taken_over = hire(begin, tenant, hired_on=date(2020, 1, 6), annual_pay=loaded)
    paid_here = hire(begin, tenant, hired_on=date(2020, 1, 6))
    pay(begin, tenant, plan_id, taken_over, date(2025, 12, 19), hours=80, fica=600_000)
    pay(begin, tenant, plan_id, paid_here, date(2025, 12, 19), hours=80, fica=700_000)
    with begin() as tx:
        people = [census.employee(tx, tenant_id=tenant, employee_id=who) for who in (taken_over, paid_here)]
        found = census.fica_wages(
            tx, terms=plan.Deferrals(), tenant_id=tenant, plan_id=plan_id, employees=people, year=CalendarYear(2025)
        )
    assert found.tolist() == [15_500_000, 700_000]


def amend(begin: Begin, tenant: SponsorId, plan_id: PlanId, on: date, terms: plan.Provisions) -> None:
    with begin() as tx:
        done = plan.amend(tx, tenant_id=tenant, plan_id=plan_id, effective_on=on, provisions=terms, why="a test")
        assert isinstance(done, plan.Amended), done


AT_ONCE = replace(YEAR_OF_SERVICE, eligibility=plan.Eligibility(18, 0, None, plan.EntryRule.IMMEDIATE))


def test_who_has_entered_stays_in_and_who_has_not_is_judged_by_the_new_terms(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    young = hire(begin, tenant, birth_date=date(2007, 6, 1), hired_on=date(2026, 2, 2))
    later = hire(begin, tenant, hired_on=date(2026, 9, 7))
    long_here = hire(begin, tenant, hired_on=date(2020, 9, 7))
    amend(begin, tenant, plan_id, date(2026, 3, 1), AT_ONCE)
    amend(begin, tenant, plan_id, date(2026, 7, 1), YEAR_OF_SERVICE)
    # 18 and hired while that was enough: in on the day that the plan asked for less, not on the day of hire.
    assert entry_of(begin, tenant, plan_id, YEAR_OF_SERVICE, young) == date(2026, 3, 1)
    assert entry_of(begin, tenant, plan_id, YEAR_OF_SERVICE, later) == date(2028, 1, 1)
    assert entry_of(begin, tenant, plan_id, YEAR_OF_SERVICE, long_here) == date(2022, 1, 1)


def test_terms_that_ask_for_less_let_people_in_on_their_next_entry_day(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    waiting = hire(begin, tenant, hired_on=date(2026, 1, 12))
    half_yearly = replace(YEAR_OF_SERVICE, eligibility=plan.Eligibility(21, 3, None, plan.EntryRule.SEMIANNUAL))
    amend(begin, tenant, plan_id, date(2026, 8, 1), half_yearly)
    assert entry_of(begin, tenant, plan_id, half_yearly, waiting) == date(2027, 1, 1)
    quarterly = replace(YEAR_OF_SERVICE, eligibility=plan.Eligibility(21, 3, None, plan.EntryRule.QUARTERLY))
    amend(begin, tenant, plan_id, date(2026, 9, 1), quarterly)
    assert entry_of(begin, tenant, plan_id, quarterly, waiting) == date(2026, 10, 1)


def test_a_class_that_was_out_enters_from_the_day_on_which_it_no_longer_is(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    union = hire(begin, tenant, hired_on=date(2020, 1, 6), employee_class="union")
    without = replace(YEAR_OF_SERVICE, eligibility=replace(YEAR_OF_SERVICE.eligibility, excluded_classes=("union",)))
    amend(begin, tenant, plan_id, date(2026, 3, 1), replace(without, adopted_on=YEAR_OF_SERVICE.adopted_on))
    assert entry_of(begin, tenant, plan_id, without, union) is None
    amend(begin, tenant, plan_id, date(2026, 9, 1), YEAR_OF_SERVICE)
    # In since 2021 by the first terms, out from March to August 2026, and in again.
    assert entry_of(begin, tenant, plan_id, YEAR_OF_SERVICE, union) == date(2021, 7, 1)


@given(
    hired=st.dates(date(2018, 1, 1), date(2027, 1, 1)),
    born=st.dates(date(1960, 1, 1), date(2010, 1, 1)),
    split=st.dates(date(2018, 1, 1), date(2028, 1, 1)),
    rule=st.sampled_from(list(eligibility.EntryRule)),
    age=st.integers(0, 21),
    months=st.integers(0, 12),
)
def test_an_amendment_that_changes_nothing_changes_no_entry(
    hired: date, born: date, split: date, rule: eligibility.EntryRule, age: int, months: int
) -> None:
    terms = eligibility.EligibilityTerms(age, months, None, rule)
    birth, hire_day = np.array([born], dtype="datetime64[D]"), np.array([hired], dtype="datetime64[D]")
    (whole,) = eligibility.entries(terms, born=birth, hired=hire_day).entry.tolist()
    (after,) = eligibility.entries(terms, born=birth, hired=hire_day, not_before=split).entry.tolist()
    # Found in the first span if it lies there; else the second span finds the same day.
    assert (whole if whole < split else after) == whole


NO_UNION = provisions(excluded_classes=("union",), service_months=12, hours_in_year=None)


def becomes(begin: Begin, tenant: SponsorId, who: EmployeeId, name: str, day: date) -> None:
    with begin() as tx:
        fact = census.EmployeeClass(name)
        census.record_fact(tx, tenant_id=tenant, employee_id=who, fact=fact, event_on=day)


def on(begin: Begin, tenant: SponsorId, plan_id: PlanId, who: EmployeeId, day: date) -> date | None:
    with begin() as tx:
        people = census.roster(tx, tenant_id=tenant, employee_ids=[who])
        (found,) = census.entry_dates(
            tx, tenant_id=tenant, provisions=NO_UNION, plan_id=plan_id, employees=people, on=day
        )
        return found


def test_who_leaves_an_excluded_class_with_age_and_service_met_enters_that_day(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    long_here = hire(begin, tenant, hired_on=date(2015, 1, 5), employee_class="union")
    newer = hire(begin, tenant, hired_on=date(2026, 2, 16), employee_class="union")
    for who in (long_here, newer):
        becomes(begin, tenant, who, "office", date(2026, 9, 7))
    assert on(begin, tenant, plan_id, long_here, date(2026, 9, 6)) is None
    assert on(begin, tenant, plan_id, long_here, date(2026, 9, 7)) == date(2026, 9, 7)
    assert on(begin, tenant, plan_id, newer, date(2026, 9, 7)) == date(2027, 7, 1)


def test_the_class_of_each_day_decides_and_entry_into_the_plan_is_not_undone(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    who = hire(begin, tenant, hired_on=date(2015, 1, 5))
    becomes(begin, tenant, who, "union", date(2026, 3, 2))
    becomes(begin, tenant, who, "office", date(2026, 9, 7))
    entered = date(2016, 7, 1)
    days = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 9, 6), date(2026, 9, 7)]
    assert [on(begin, tenant, plan_id, who, day) for day in days] == [entered, None, None, entered]
    with begin() as tx:
        (person,) = census.roster(tx, tenant_id=tenant, employee_ids=[who])
    assert census.kept_out([person], ("union",), days).tolist() == [[False, True, True, False]]
    assert census.kept_out([person], (), days).tolist() == [[False] * 4]
    assert [census.class_on(person, day) for day in days] == ["", "union", "union", "office"]


def test_a_class_told_with_the_person_holds_for_the_days_before(begin: Begin, tenant: SponsorId) -> None:
    told = hire(begin, tenant, hired_on=date(2015, 1, 5), employee_class="union", event_on=date(2026, 1, 5))
    changed = hire(begin, tenant, hired_on=date(2015, 1, 5), employee_class="union", event_on=date(2026, 1, 5))
    becomes(begin, tenant, changed, "office", date(2026, 4, 1))
    with begin() as tx:
        one, other = (census.employee(tx, tenant_id=tenant, employee_id=who) for who in (told, changed))
    assert one.class_changes == ()
    assert census.class_on(one, date(2020, 1, 1)) == "union"
    assert [census.class_on(other, day) for day in (date(2020, 1, 1), date(2026, 4, 1))] == ["union", "office"]


def second_plan(begin: Begin, tenant: SponsorId) -> PlanId:
    with begin() as tx:
        return plan.adopt(tx, tenant_id=tenant, provisions=THOUSAND_HOURS, name="Another plan", number="002")


def test_hours_told_to_another_plan_of_the_employer_are_hours_of_service(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    """A year of service is one with the employer (IRC 410(a)(3)(A)); hours told to both plans are worked once."""
    other = second_plan(begin, tenant)
    enough = hire(begin, tenant, hired_on=date(2025, 1, 6))
    short = hire(begin, tenant, hired_on=date(2025, 1, 6))
    for month in range(1, 11):
        pay(begin, tenant, plan_id, enough, date(2025, month, 28), hours=100, fica=1)
        for told_to in (plan_id, other):
            pay(begin, tenant, told_to, short, date(2025, month, 28), hours=99, fica=1)
    assert entry_of(begin, tenant, other, THOUSAND_HOURS, enough) == date(2026, 7, 1)
    assert entry_of(begin, tenant, other, THOUSAND_HOURS, short) is None


def test_wages_are_the_employers_whichever_plans_payroll_told_them(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    other = second_plan(begin, tenant)
    who = hire(begin, tenant, hired_on=date(2020, 1, 6))
    for told_to, day, fica in ((plan_id, 5, 900), (other, 5, 1_000), (other, 19, 300)):
        pay(begin, tenant, told_to, who, date(2025, 12, day), hours=80, fica=fica)
    with begin() as tx:
        people = [census.employee(tx, tenant_id=tenant, employee_id=who)]
        found = census.fica_wages(
            tx, terms=plan.Deferrals(), tenant_id=tenant, plan_id=plan_id, employees=people, year=CalendarYear(2025)
        )
    assert found.tolist() == [1_300]


NO_WAIT = plan.Eligibility(0, 0, None, plan.EntryRule.IMMEDIATE)


def days_of(
    begin: Begin, tenant: SponsorId, plan_id: PlanId, terms: plan.Provisions, who: EmployeeId
) -> census.EntryDays:
    with begin() as tx:
        employee = census.employee(tx, tenant_id=tenant, employee_id=who)
        return census.entries_by_kind(tx, tenant_id=tenant, provisions=terms, plan_id=plan_id, employees=[employee])


def worked(begin: Begin, tenant: SponsorId, **person: Any) -> EmployeeId:
    """Somebody hired in September 2022 with these hours of plan years."""
    hours = person.pop("hours")
    loaded = {year: census.AnnualPay(0, 0, 0, hours_hundredths=each * 100) for year, each in hours.items()}
    with begin() as tx:
        fact = {"ssn": None, "first_name": "Some", "last_name": "Body", "birth_date": date(1990, 5, 5)}
        told: dict[str, Any] = {**fact, "hired_on": date(2022, 9, 5), **person}
        (who,) = census.add_employees(tx, tenant_id=tenant, people=[census.NewEmployee(**told, annual_pay=loaded)])
        return who


def test_two_years_of_service_for_employer_money(begin: Begin, tenant: SponsorId, plan_id: PlanId) -> None:
    """IRC 410(a)(1)(B)(i): and by law no later than half a year after them."""
    who = hire(begin, tenant, hired_on=date(2024, 2, 16))
    terms = replace(
        provisions(),
        eligibility=NO_WAIT,
        match_eligibility=plan.EntryTerms(21, 24, None, plan.EntryRule.QUARTERLY),
        nonelective_eligibility=plan.EntryTerms(21, 12, None, plan.EntryRule.IMMEDIATE),
    )
    found = days_of(begin, tenant, plan_id, terms, who)
    assert found == census.EntryDays((date(2024, 2, 16),), (date(2026, 4, 1),), (date(2025, 2, 16),))


def test_a_gap_of_years_is_no_part_of_two_years_of_service(begin: Begin, tenant: SponsorId, plan_id: PlanId) -> None:
    """Fifteen months, four years away, and nine months more."""
    who = hire(begin, tenant, hired_on=date(2019, 1, 7), terminated_on=date(2020, 4, 6))
    with begin() as tx:
        census.record_fact(tx, tenant_id=tenant, employee_id=who, fact=census.Hired(), event_on=date(2024, 4, 1))
    terms = replace(
        provisions(), eligibility=NO_WAIT, match_eligibility=plan.EntryTerms(21, 24, None, plan.EntryRule.IMMEDIATE)
    )
    assert days_of(begin, tenant, plan_id, terms, who).match == (date(2025, 1, 1),)


def test_two_years_with_enough_hours_need_not_follow_each_other(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    who = worked(begin, tenant, hours={2023: 1_000, 2024: 999, 2025: 1_000})
    terms = replace(provisions(), eligibility=NO_WAIT, nonelective_eligibility=plan.EntryTerms(service_months=24))
    assert days_of(begin, tenant, plan_id, terms, who).nonelective == (date(2026, 1, 1),)


@pytest.mark.parametrize(
    ("hours", "entry"),
    [
        ({2024: 500, 2025: 500}, date(2026, 1, 1)),  # two years, by the rule from 2025 on
        ({2023: 500, 2024: 500}, date(2025, 1, 1)),  # no plan year before lets in after two
        ({2024: 500, 2025: 499}, None),
        ({2023: 500, 2025: 500}, None),  # not consecutive
    ],
)
def test_long_term_part_time_work_lets_defer_and_nothing_else(
    begin: Begin, tenant: SponsorId, plan_id: PlanId, hours: dict[int, int], entry: date | None
) -> None:
    """IRC 401(k)(2)(D)(ii), (15)(D); SECURE 2.0 s. 125(c)."""
    found = days_of(begin, tenant, plan_id, THOUSAND_HOURS, worked(begin, tenant, hours=hours))
    apart = None if entry is None else (None,)
    assert found == census.EntryDays((entry,), apart, apart, apart)


def test_long_term_part_time_people_share_where_the_plan_says_so(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    who = worked(begin, tenant, hours={2024: 500, 2025: 500})
    terms = provisions(part_time_shares=True)
    found = days_of(begin, tenant, plan_id, terms, who)
    assert (found.deferrals, found.match, found.by_terms) == ((date(2026, 1, 1),), None, (None,))


@pytest.mark.parametrize("person", [{"employee_class": "union"}, {"birth_date": date(2006, 1, 1)}])
def test_who_is_bargained_for_or_below_21_does_not_enter_by_part_time_work(
    begin: Begin, tenant: SponsorId, plan_id: PlanId, person: dict[str, Any]
) -> None:
    """IRC 401(k)(15)(A), (C)."""
    who = worked(begin, tenant, hours={2024: 500, 2025: 500}, **person)
    assert days_of(begin, tenant, plan_id, THOUSAND_HOURS, who).deferrals == (None,)


def test_a_year_of_1000_hours_lets_in_for_the_match_as_well(begin: Begin, tenant: SponsorId, plan_id: PlanId) -> None:
    who = worked(begin, tenant, hours={2023: 500, 2024: 500, 2025: 1_000})
    found = days_of(begin, tenant, plan_id, THOUSAND_HOURS, who)
    assert (found.deferrals, found.match) == ((date(2025, 1, 1),), (date(2026, 1, 1),))


def test_hours_of_a_plan_year_that_is_the_first_year_count_once(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    """Hired on the first day of a plan year: 600 hours are not 1,200."""
    who = hire(begin, tenant, hired_on=date(2024, 1, 1))
    pay(begin, tenant, plan_id, who, date(2024, 6, 3), 600, 100)
    assert entry_of(begin, tenant, plan_id, THOUSAND_HOURS, who) is None


LATER_MATCH = replace(
    provisions(),
    eligibility=replace(NO_WAIT, excluded_classes=("interns",)),
    match_eligibility=plan.EntryTerms(21, 12, None, plan.EntryRule.MONTHLY),
)


def test_each_kind_of_money_is_entered_on_the_day_of_leaving_a_class_that_is_out(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    who = hire(begin, tenant, hired_on=date(2025, 1, 6), employee_class="interns")
    with begin() as tx:
        office = census.EmployeeClass("office")
        census.record_fact(tx, tenant_id=tenant, employee_id=who, fact=office, event_on=date(2025, 6, 2))
    found = days_of(begin, tenant, plan_id, LATER_MATCH, who)
    assert found == census.EntryDays((date(2025, 6, 2),), match=(date(2026, 2, 1),))
    with begin() as tx:  # back among the interns before the match begins, and out of them after it would have
        for name, day in (("interns", date(2026, 1, 5)), ("office", date(2026, 3, 9))):
            fact = census.EmployeeClass(name)
            census.record_fact(tx, tenant_id=tenant, employee_id=who, fact=fact, event_on=day)
    found = days_of(begin, tenant, plan_id, LATER_MATCH, who)
    assert found == census.EntryDays((date(2025, 6, 2),), match=(date(2026, 3, 9),))


def test_who_is_rehired_enters_for_the_match_on_that_day_if_it_fell_into_the_gap(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    who = hire(begin, tenant, hired_on=date(2025, 1, 6), terminated_on=date(2025, 11, 3))
    with begin() as tx:
        census.record_fact(tx, tenant_id=tenant, employee_id=who, fact=census.Hired(), event_on=date(2026, 4, 6))
    found = days_of(begin, tenant, plan_id, LATER_MATCH, who)
    assert found == census.EntryDays((date(2025, 1, 6),), match=(date(2026, 4, 6),))


def test_an_amendment_of_the_match_alone_keeps_who_is_in_and_lets_in_from_its_day_on(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    earlier = hire(begin, tenant, hired_on=date(2024, 5, 6))
    later = hire(begin, tenant, hired_on=date(2025, 9, 8))
    # Deferrals as the plan has had them: a year of service, half-yearly. The match: two years from March on.
    two = plan.EntryTerms(21, 24, None, plan.EntryRule.SEMIANNUAL)
    matched = replace(YEAR_OF_SERVICE, match=plan.Match((plan.MatchTier(5_000, 600),)))
    amend(begin, tenant, plan_id, date(2026, 2, 1), matched)
    amend(begin, tenant, plan_id, date(2026, 3, 1), replace(matched, match_eligibility=two))
    terms = replace(matched, match_eligibility=two)
    assert days_of(begin, tenant, plan_id, terms, earlier) == census.EntryDays((date(2025, 7, 1),))
    found = days_of(begin, tenant, plan_id, terms, later)
    assert found == census.EntryDays((date(2027, 1, 1),), match=(date(2028, 1, 1),))

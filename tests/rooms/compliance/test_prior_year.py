"""Prior-year testing of a plan whose people were in another plan of the employer the year before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.rooms.compliance.kept_plan import KeptPlan, open_plan
from tests.rooms.compliance.small_plan import PROVISIONS, twelve
from tests.support.database import Begin

from open401k import census, compliance, plan
from open401k.compliance import ComplianceRun, PlanFacts, PriorRatios, Status, TestId, run_tests
from open401k.kernel import EmployeeId, PlanId, RunId, Source, SponsorId
from open401k.plan import Match, MatchTier, SafeHarbor, Testing, TestingMethod

BY_PRIOR_YEAR = replace(PROVISIONS, testing=Testing(method=TestingMethod.PRIOR_YEAR), match=None)
FIRST_YEAR = replace(BY_PRIOR_YEAR, adopted_on=date(2026, 1, 1))
BASIC_MATCH = Match((MatchTier(10_000, 300), MatchTier(5_000, 500)), source=Source.SAFE_HARBOR_MATCH)
CLOSED, ON = date(2025, 12, 31), date(2026, 8, 31)


@pytest.fixture
def kept(begin: Begin, tenant: SponsorId) -> KeptPlan:
    """Twelve people: two owners, ten who earned 50,000 in 2024 and 2025; in 2025 the ten saved 2 % in plan 001."""
    kept = open_plan(begin, tenant)
    with begin() as tx:
        for place, who in enumerate(kept.employees):
            pay = census.AnnualPay(*(3 * (20_000_000 if place == 0 else 5_000_000,)), 208_000)
            fact = census.PayOfYear(2024, pay)
            census.record_fact(tx, tenant_id=tenant, employee_id=who, fact=fact, event_on=date(2024, 12, 31))
    saved(begin, kept, kept.plan_id, kept.employees, date(2025, 6, 27), 200)
    return kept


def saved(begin: Begin, kept: KeptPlan, plan_id: PlanId, who: tuple[EmployeeId, ...], day: date, rate_bps: int) -> None:
    """A payroll of 10,000 for each."""
    zeros = [0] * len(who)
    with begin() as tx:
        census.record_run(
            tx, tenant_id=kept.tenant, plan_id=plan_id, run_id=tx.ids.new(RunId), pay_date=day,
            period_start=day - timedelta(days=13), period_end=day, replaces=None,
            lines=census.PayLines(
                employee_id=list(who), line_no=list(range(2, len(who) + 2)), gross_cents=[1_000_000] * len(who),
                fica_cents=zeros, hours_hundredths=[8_000] * len(who), pre_tax_cents=[100 * rate_bps] * len(who),
                roth_cents=zeros, after_tax_cents=zeros, catch_up_pre_tax_cents=zeros, catch_up_roth_cents=zeros,
            ),
        )  # fmt: skip


def closed(begin: Begin, kept: KeptPlan, plan_id: PlanId, on: date = CLOSED) -> ComplianceRun:
    with begin() as tx:
        return compliance.retest(tx, tenant_id=kept.tenant, plan_id=plan_id, as_of=on, cause="a test")


def another(begin: Begin, kept: KeptPlan, terms: plan.Provisions = FIRST_YEAR, number: str = "002") -> PlanId:
    with begin() as tx:
        return plan.adopt(tx, tenant_id=kept.tenant, provisions=terms, name="Other 401(k)", number=number)


def without(terms: plan.Provisions, *classes: str) -> plan.Provisions:
    return replace(terms, eligibility=replace(terms.eligibility, excluded_classes=classes))


def facts_of(begin: Begin, kept: KeptPlan, plan_id: PlanId) -> PlanFacts:
    with begin() as tx:
        return compliance.facts_for(tx, tenant_id=kept.tenant, plan_id=plan_id, as_of=ON)


def test_a_plan_that_succeeds_another_is_tested_by_that_plans_average(begin: Begin, kept: KeptPlan) -> None:
    """Reg. 1.401(k)-2(c)(4)(iv) Examples 4 and 5: not by 3 %, though it is its first year."""
    before = closed(begin, kept, kept.plan_id).of(TestId.ADP)
    assert before.working["nhce_of_year_bps"] == 200
    other = another(begin, kept)
    saved(begin, kept, other, kept.employees, date(2026, 6, 26), 450)
    facts = facts_of(begin, kept, other)
    assert facts.succeeds == ("plan 001 (Twelve 401(k))",)
    assert facts.prior_ratios is not None
    assert facts.prior_ratios.adp_bps == 200
    run = closed(begin, kept, other, ON)
    assert (run.of(TestId.ADP).limit, run.of(TestId.ADP).status) == (400, Status.FAIL)  # by 3 % it would be 5 %
    with begin() as tx:
        assert compliance.verify_runs(tx, tenant_id=kept.tenant) == []


def test_a_first_year_with_fewer_than_half_from_another_plan_takes_three_percent(begin: Begin, kept: KeptPlan) -> None:
    closed(begin, kept, kept.plan_id)
    other = another(begin, kept)
    born, hired = date(1985, 1, 1), date(2026, 1, 2)
    with begin() as tx:
        new = [census.NewEmployee("New", str(number), birth_date=born, hired_on=hired) for number in range(13)]
        more = tuple(census.add_employees(tx, tenant_id=kept.tenant, people=new))
    saved(begin, kept, other, (*kept.employees, *more), date(2026, 6, 26), 450)
    facts = facts_of(begin, kept, other)
    assert (int(facts.eligible.sum()), facts.succeeds) == (25, ())
    assert closed(begin, kept, other, ON).of(TestId.ADP).limit == 500


def test_averages_of_several_plans_are_weighted_by_their_nhces_whom_the_new_terms_let_in(
    begin: Begin, kept: KeptPlan
) -> None:
    """Of plan 001 the eight who are not of the yard, at 2 %; of plan 003 its four of no class, at 6 %: 3.33 %."""
    with begin() as tx:
        for who, name in zip(kept.employees[6:], ("field",) * 4 + ("yard",) * 2, strict=True):
            fact = census.EmployeeClass(name)
            census.record_fact(tx, tenant_id=kept.tenant, employee_id=who, fact=fact, event_on=date(2018, 1, 1))
    closed(begin, kept, kept.plan_id)
    third = another(begin, kept, without(replace(BY_PRIOR_YEAR, testing=Testing()), "field", "yard"), "003")
    saved(begin, kept, third, kept.employees[:6], date(2025, 6, 27), 600)
    closed(begin, kept, third)
    other = another(begin, kept, without(FIRST_YEAR, "yard"))
    saved(begin, kept, other, kept.employees[:10], date(2026, 6, 26), 450)
    facts = facts_of(begin, kept, other)
    assert facts.succeeds == ("plan 001 (Twelve 401(k))", "plan 003 (Other 401(k))")
    assert facts.prior_ratios is not None
    assert facts.prior_ratios.adp_bps == 333


def test_without_that_plans_average_the_test_is_refused(begin: Begin, kept: KeptPlan) -> None:
    """A safe harbor plan has no ADP test to take it from."""
    with begin() as tx:
        terms = replace(PROVISIONS, match=BASIC_MATCH, safe_harbor=SafeHarbor.BASIC_MATCH)
        plan.amend(
            tx, tenant_id=kept.tenant, plan_id=kept.plan_id, provisions=terms, effective_on=date(2025, 1, 1), why="so",
        )  # fmt: skip
    closed(begin, kept, kept.plan_id)
    other = another(begin, kept)
    saved(begin, kept, other, kept.employees, date(2026, 6, 26), 450)
    told = closed(begin, kept, other, ON).of(TestId.ADP)
    assert told.status is Status.REFUSED
    assert "eligible in plan 001 (Twelve 401(k)) the year before" in told.explanation
    assert "amend this plan to current-year testing" in told.explanation


def test_the_first_year_with_a_match_takes_three_percent_for_the_acp_test(begin: Begin, kept: KeptPlan) -> None:
    """Reg. 1.401(m)-2(c)(2)(ii): the year before had no ACP test, so it is not an average of nothing."""
    alone = another(begin, kept, replace(BY_PRIOR_YEAR, adopted_on=date(2025, 1, 1)))
    saved(begin, kept, alone, kept.employees, date(2025, 6, 27), 200)
    assert closed(begin, kept, alone).of(TestId.ACP).status is Status.NOT_APPLICABLE
    assert facts_of(begin, kept, alone).prior_ratios == PriorRatios(200, 300)


def test_a_year_that_was_refused_for_want_of_the_one_before_leaves_its_own_averages_to_the_next(
    begin: Begin, kept: KeptPlan
) -> None:
    alone = another(begin, kept, replace(BY_PRIOR_YEAR, match=PROVISIONS.match))
    saved(begin, kept, alone, kept.employees, date(2025, 6, 27), 200)
    run = closed(begin, kept, alone)
    assert [run.of(test).status for test in (TestId.ADP, TestId.ACP)] == [Status.REFUSED, Status.REFUSED]
    saved(begin, kept, alone, kept.employees, date(2026, 6, 26), 300)
    assert facts_of(begin, kept, alone).prior_ratios == PriorRatios(200, 0)
    assert closed(begin, kept, alone, ON).of(TestId.ADP).limit == 400


def test_a_successor_without_an_average_is_refused_and_three_percent_are_of_a_first_year_alone() -> None:
    facts = twelve(provisions=FIRST_YEAR)
    results, _ = run_tests(facts)
    assert next(each for each in results if each.test is TestId.ADP).limit == 500
    results, _ = run_tests(replace(facts, succeeds=("plan 001 (Old)",)))
    told = next(each for each in results if each.test is TestId.ADP)
    assert (told.status, "in plan 001 (Old) the year before" in told.explanation) == (Status.REFUSED, True)

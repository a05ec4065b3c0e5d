"""The tests of a plan count what the same people have in the sponsor's other plans."""

from dataclasses import replace
from datetime import date

import pytest
from tests.flows.bookkeeping import Plan, acme
from tests.flows.two_plans import SECOND, Row, assert_proved, of_person, pay, run_on, second_plan, two
from tests.support.database import TESTER

from open401k import census, compliance, recordkeeping
from open401k.base.db import Database
from open401k.compliance import Status, TestId
from open401k.demo.people import PAY_DATES
from open401k.flows.payroll_intake import Taken, Upload, say_yes, take_in
from open401k.flows.payroll_keys import content_of
from open401k.kernel import FixedClock, Money, RunId, Source
from open401k.payroll import API_PROVIDER
from open401k.plan import Compensation
from open401k.recordkeeping import OpeningBalance
from open401k.views.working_people import listed
from open401k.views.working_steps import steps_of

JAN_30 = PAY_DATES[2]
ALDRICH = "1001"


@pytest.fixture
def both(db: Database, clock: FixedClock) -> tuple[Plan, Plan]:
    """Rosa has deferred 20,000 in plan 001 and 10,000 in plan 002."""
    first, other = two(db, clock)
    pay(first, 1, Row(pre_tax=20_000))
    pay(other, 2, Row(pre_tax=10_000))
    return first, other


def test_402g_fails_in_both_plans_and_says_what_is_in_the_other(both: tuple[Plan, Plan]) -> None:
    rosa = both[0].employee("1003")
    for of, own, elsewhere in ((both[0], 20_000_00, 10_000_00), (both[1], 10_000_00, 20_000_00)):
        run = run_on(of, JAN_30)
        result = run.of(TestId.DEFERRAL_LIMIT)
        assert (result.status, result.measured, result.limit) == (Status.FAIL, 30_000_00, 24_500_00)
        assert of_person(run, result, rosa, "deferral_cents") == own
        assert of_person(run, result, rosa, "elsewhere_cents") == elsewhere
        assert of_person(run, result, rosa, "regular_limit_cents") == 24_500_00
        assert of_person(run, result, rosa, "excess_cents") == 5_500_00
        assert f"{Money(elsewhere)} in plan 00" in result.explanation
    assert_proved(both[0])


def test_working_shows_other_plans_as_a_line_of_its_own(both: tuple[Plan, Plan]) -> None:
    first, _ = both
    run = run_on(first, JAN_30)
    result = run.of(TestId.DEFERRAL_LIMIT)
    (line,) = [step for step in steps_of(result) if step.label == "In other plans of the employer"]
    assert (line.value, line.cite) == (Money(10_000_00), "Reg. 1.401(a)-30(a)")
    with first.db.begin(TESTER, tenants=[first.sponsor]) as tx:
        shown = listed(tx, tenant_id=first.sponsor, run=run, result=result)
    assert shown.columns[:2] == ("Deferred", "In other plans of the employer")
    rosa = next(each for each in shown.people if each.employee_id == first.employee("1003"))
    assert rosa.values[:2] == (Money(20_000_00), Money(10_000_00))


def test_results_as_then_known_stay_when_the_other_plan_posts_later(db: Database, clock: FixedClock) -> None:
    first, other = two(db, clock)
    pay(first, 1, Row(pre_tax=20_000))
    before = run_on(first, JAN_30)
    pay(other, 2, Row(pre_tax=10_000))
    after = run_on(first, JAN_30)
    assert (before.of(TestId.DEFERRAL_LIMIT).measured, after.of(TestId.DEFERRAL_LIMIT).measured) == (
        2_000_000,
        3_000_000,
    )
    with db.begin(TESTER, tenants=[first.sponsor]) as tx:
        then = compliance.facts_for(
            tx, tenant_id=first.sponsor, plan_id=first.plan, as_of=JAN_30, known_at=before.known_at, history=False
        )
        assert compliance.facts_hash(then) == before.facts_hash
    assert_proved(first)


def test_adoption_of_another_plan_does_not_change_what_was_tested_before(db: Database, clock: FixedClock) -> None:
    first = acme(db, clock)
    pay(first, 1, Row(pre_tax=20_000))
    run_on(first, JAN_30)
    second_plan(first)
    assert_proved(first)


def test_415_counts_the_additions_of_both_plans(db: Database, clock: FixedClock) -> None:
    """20,000 with a match of 1,500, and 60,000 after-tax: 81,500 of 72,000 (IRC 415(c), (f)(1)(B))."""
    first, other = two(db, clock)
    pay(first, 1, Row(pre_tax=20_000))
    pay(other, 2, Row(gross=70_000, after_tax=60_000))
    rosa = first.employee("1003")
    for of, elsewhere in ((first, 60_000_00), (other, 21_500_00)):
        run = run_on(of, JAN_30)
        result = run.of(TestId.ADDITIONS_LIMIT)
        assert (result.status, result.measured, result.limit) == (Status.FAIL, 81_500_00, 72_000_00)
        assert of_person(run, result, rosa, "elsewhere_cents") == elsewhere
    assert_proved(first)


def test_415_pay_is_the_employers_and_told_twice_is_one_pay(db: Database, clock: FixedClock) -> None:
    """40,000 told to both plans on one day is one pay; 5,000 that only plan 002 told comes to it."""
    first, other = two(db, clock)
    pay(first, 1, Row(gross=40_000, pre_tax=1_000))
    pay(other, 1, Row(gross=40_000, pre_tax=1_000))
    pay(other, 2, Row(gross=5_000, pre_tax=1_000))
    rosa = first.employee("1003")
    for of in (first, other):
        run = run_on(of, JAN_30)
        assert of_person(run, run.of(TestId.ADDITIONS_LIMIT), rosa, "limit_cents") == 45_000_00
    assert_proved(first)


def test_hce_ratio_is_of_both_plans_and_of_the_employers_pay(db: Database, clock: FixedClock) -> None:
    """An HCE's 2,000 and 6,000 of 50,000 are 16 %; an NHCE's ratio is of the tested plan alone (IRC 401(k)(3)(A))."""
    first, other = two(db, clock)
    rows = (Row(ALDRICH, pre_tax=2_000), Row("1003", pre_tax=2_000))
    pay(first, 1, *rows)
    pay(other, 1, *(replace(row, pre_tax=6_000) for row in rows))
    for of, nhce in ((first, 400), (other, 1_200)):
        run = run_on(of, JAN_30)
        result = run.of(TestId.ADP)
        assert of_person(run, result, first.employee(ALDRICH), "ratio_bps") == 1_600
        assert of_person(run, result, first.employee("1003"), "ratio_bps") == nhce
        assert "In other plans of the employer" in [step.label for step in steps_of(result)]
        assert "in plan 00" in result.explanation
    assert_proved(first)


def test_hce_is_who_the_employer_paid_so_whichever_plan_was_told(db: Database, clock: FixedClock) -> None:
    """Pay of 2025 told by payrolls of plan 002 alone makes an HCE for plan 001 as well (IRC 414(q)(1)(B), (4))."""
    first, other = two(db, clock)
    who = first.employee("1004")
    day = date(2025, 12, 19)
    with db.begin(TESTER, tenants=[first.sponsor]) as tx:
        census.record_run(
            tx, tenant_id=first.sponsor, plan_id=other.plan, run_id=tx.ids.new(RunId), pay_date=day, period_start=day,
            period_end=day, replaces=None,
            lines=census.PayLines(
                employee_id=[who], line_no=[2], gross_cents=[17_000_000], fica_cents=[17_000_000],
                hours_hundredths=[0], pre_tax_cents=[0], roth_cents=[0], after_tax_cents=[0],
                catch_up_pre_tax_cents=[0], catch_up_roth_cents=[0],
            ),
        )  # fmt: skip
    pay(first, 1, Row(pre_tax=1_000))
    run = run_on(first, JAN_30)
    place = run.people["employee"].index(str(who))
    assert run.people["hce"][place] == 1


def balances(of: Plan, amounts: dict[str, int]) -> None:
    """Opening balances of December 31, 2025, in whole dollars."""
    of.at(of.clock.now().date())
    with of.db.begin(TESTER, tenants=[of.sponsor]) as tx:
        recordkeeping.load_opening_balances(
            tx, tenant_id=of.sponsor, plan_id=of.plan, on=date(2025, 12, 31), key=f"opening/{of.plan}/more",
            balances=[
                OpeningBalance(of.employee(last4), Source.PRE_TAX, Money(dollars * 100))
                for last4, dollars in amounts.items()
            ],
        )  # fmt: skip


def test_plans_with_a_key_employee_each_are_one_top_heavy_group(db: Database, clock: FixedClock) -> None:
    first, other = two(db, clock)
    pay(first, 1, Row(pre_tax=1_000))
    pay(other, 1, Row(pre_tax=1_000))
    alone = run_on(first, JAN_30).of(TestId.TOP_HEAVY)
    balances(other, {ALDRICH: 100_000, "1003": 300_000})
    results = [run_on(of, JAN_30).of(TestId.TOP_HEAVY) for of in (first, other)]
    for result in results:
        assert result.working["key_cents"] == int(str(alone.working["key_cents"])) + 100_000_00
        assert result.working["total_cents"] == int(str(alone.working["total_cents"])) + 400_000_00
        assert "required aggregation group (IRC 416(g)(2)(A))" in result.explanation
    assert results[0].measured == results[1].measured
    assert_proved(first)


def test_plan_without_a_key_employee_is_tested_by_itself_and_says_so(db: Database, clock: FixedClock) -> None:
    shut_out = replace(SECOND, eligibility=replace(SECOND.eligibility, excluded_classes=("owner",)))
    first, other = two(db, clock, shut_out)
    with db.begin(TESTER, tenants=[first.sponsor]) as tx:
        for last4 in (ALDRICH, "1002"):
            census.record_fact(
                tx, tenant_id=first.sponsor, employee_id=first.employee(last4),
                fact=census.EmployeeClass("owner"), event_on=date(2008, 5, 1),
            )  # fmt: skip
    pay(first, 1, Row(pre_tax=1_000))
    pay(other, 1, Row(pre_tax=1_000))
    balances(other, {"1003": 300_000})
    for of, words in ((first, "no key employee was in it then"), (other, "no key employee is in this plan")):
        result = run_on(of, JAN_30).of(TestId.TOP_HEAVY)
        assert result.working["together"] == []
        assert words in result.explanation
    assert_proved(first)


def test_projection_starts_from_what_the_other_plan_left(both: tuple[Plan, Plan]) -> None:
    """Rosa is over the limit already: no year-end passes, in either plan."""
    for of in both:
        run = run_on(of, JAN_30)
        with of.db.begin(TESTER, tenants=[of.sponsor]) as tx:
            told = compliance.foresee(tx, tenant_id=of.sponsor, run_id=run.run_id)
        assert told is not None
        projected = told.projection.of(TestId.DEFERRAL_LIMIT)
        assert (projected.today, projected.fail_probability_bps) == (30_000_00, 10_000)
    assert_proved(both[0])


@pytest.mark.parametrize("bonus_told_by_both", [True, False])
def test_pay_that_a_plan_does_not_count_is_not_in_its_ratio_whoever_tells_it(
    db: Database, clock: FixedClock, bonus_told_by_both: bool
) -> None:
    """Reg. 1.401(k)-2(a)(3)(iii) Example 2: 10,000 over 120,000 under plan S, and over 110,000 under plan T."""
    plan_s, plan_t = two(db, clock, replace(SECOND, compensation=Compensation(("BONUS",))))
    owner = plan_s.employee(ALDRICH)
    for of, deferred, with_bonus in ((plan_s, 6_000_00, True), (plan_t, 4_000_00, bonus_told_by_both)):
        of.at(PAY_DATES[2])
        bonus = 10_000_00 if with_bonus else 0
        line = {
            "employee_id": str(owner),
            "gross_cents": 110_000_00 + bonus,
            "pre_tax_cents": deferred,
            "hours": "80.00",
            "earnings": [{"code": "REG", "cents": 110_000_00}, *([{"code": "BONUS", "cents": bonus}] if bonus else [])],
        }
        content = content_of({"pay_date": PAY_DATES[2].isoformat(), "lines": [line]})
        taken = take_in(db, actor=TESTER, upload=Upload(of.sponsor, of.plan, "api.json", content, API_PROVIDER))
        assert isinstance(taken, Taken), taken
        say_yes(db, actor=TESTER, tenant_id=of.sponsor, run_id=taken.run.run_id)
        assert of.post(taken.run.run_id).halted is None
    ratios = {}
    for of in (plan_s, plan_t):
        run = run_on(of, JAN_30)
        ratios[of.plan] = of_person(run, run.of(TestId.ADP), owner, "ratio_bps")
    assert ratios == {plan_s.plan: 833, plan_t.plan: 909}
    assert_proved(plan_s)

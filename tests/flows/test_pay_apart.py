"""Match and nonelective money on other pay than deferrals: what a payroll shows, what is posted, what late facts do."""

from dataclasses import replace
from datetime import date

import pytest
from tests.flows.bookkeeping import Plan, assert_sound, books
from tests.flows.test_pay_codes import BONUS, DEFERRED, learn, pay, take, with_codes
from tests.support.database import TESTER

from open401k import plan as plans
from open401k.base.db import Database
from open401k.demo.people import ACME, PAY_DATES
from open401k.demo.setup import takeover_of
from open401k.flows.payroll_intake import say_yes
from open401k.flows.plan_takeover import take_over
from open401k.flows.year_end import end_years
from open401k.kernel import FixedClock
from open401k.law.pay_items import PayKind
from open401k.payroll import Code, runs
from open401k.views import pay_codes

WITHOUT_BONUS = plans.PayTerms(excluded_kinds=(PayKind.BONUS,))
HALF_TO_SIX = (plans.MatchTier(5_000, 600),)


def plan_with(
    db: Database,
    clock: FixedClock,
    *,
    given: plans.Match,
    conditions: plans.Conditions = plans.UNCONDITIONAL,
    match: plans.PayTerms | None = None,
    nonelective: plans.PayTerms | None = None,
) -> Plan:
    """Acme, whose employer money counts what these terms say; 3 % for everybody besides the match."""
    takeover = takeover_of(ACME, db.ids)
    provisions = replace(
        takeover.provisions,
        compensation=plans.Compensation(match=match, nonelective=nonelective),
        match=given,
        nonelective=plans.Nonelective(300, conditions=conditions),
    )
    wanted = replace(takeover, provisions=provisions)
    take_over(db, actor=TESTER, takeover=wanted)
    return Plan(db, clock, wanted)


@pytest.mark.parametrize("period", [plans.MatchPeriod.PAY_PERIOD, plans.MatchPeriod.PLAN_YEAR])
def test_a_match_without_bonuses_is_one_of_salary_and_profit_sharing_counts_all(
    db: Database, clock: FixedClock, period: plans.MatchPeriod
) -> None:
    terms = plans.Match(HALF_TO_SIX, period=period, true_up=period is plans.MatchPeriod.PAY_PERIOD)
    plan = plan_with(db, clock, given=terms, match=WITHOUT_BONUS)
    learn(plan, Regular=PayKind.REGULAR, Bonus=PayKind.BONUS)
    for each in (1, 2):
        pay(plan, each, with_codes(plan, each))
    found, days = books(plan), PAY_DATES[1:3]
    gross = [found.pay["1003", day, "gross_cents"] for day in days]
    salary = gross[0] - BONUS
    assert gross == [salary + BONUS] * 2
    assert salary * 6 // 100 < DEFERRED
    assert [found.pay["1003", day, "plan_cents"] for day in days] == gross  # what deferrals count
    assert [found.by_date["1003", "match", day] for day in days] == pytest.approx([salary * 3 / 100] * 2, abs=1)
    assert [found.by_date["1003", "nonelective", day] for day in days] == pytest.approx([gross[0] * 3 / 100] * 2, abs=1)
    assert_sound(plan)

    # It was overtime, which the match counts: the rest is posted, and nothing else moves.
    plan.at(date(2026, 3, 2))
    learn(plan, Bonus=PayKind.OVERTIME)
    after = books(plan)
    whole = min(sum(gross) * 6 // 100, 2 * DEFERRED) / 2
    assert sum(after.by_date["1003", "match", day] for day in days) == pytest.approx(whole, abs=2)
    rest = {key: cents for key, cents in after.by_date.items() if key[:2] != ("1003", "match")}
    assert rest == {key: cents for key, cents in found.by_date.items() if key[:2] != ("1003", "match")}
    assert_sound(plan)


def test_the_end_of_the_year_trues_up_on_the_pay_that_the_match_counts(db: Database, clock: FixedClock) -> None:
    """A match with a condition is given whole when the year is over, and a nonelective with one, too."""
    last_day = plans.Conditions(last_day=True)
    terms = plans.Match(HALF_TO_SIX, period=plans.MatchPeriod.PLAN_YEAR, conditions=last_day)
    plan = plan_with(db, clock, given=terms, conditions=last_day, match=WITHOUT_BONUS, nonelective=WITHOUT_BONUS)
    learn(plan, Regular=PayKind.REGULAR, Bonus=PayKind.BONUS)
    pay(plan, 1, with_codes(plan, 1))
    pay(plan, 2, with_codes(plan, 2, bonus=0))
    salary = books(plan).pay["1003", PAY_DATES[2], "gross_cents"]
    plan.at(date(2027, 1, 4))
    with db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        assert end_years(tx, tenant_id=plan.sponsor, plan_id=plan.plan, today=date(2027, 1, 4))
    found = books(plan).by_date
    assert found["1003", "match", date(2026, 12, 31)] == pytest.approx(2 * salary * 3 / 100, abs=1)
    assert found["1003", "nonelective", date(2026, 12, 31)] == pytest.approx(2 * salary * 3 / 100, abs=1)
    assert_sound(plan)


def test_a_payroll_is_previewed_by_the_pay_that_its_match_counts(db: Database, clock: FixedClock) -> None:
    plan = plan_with(db, clock, given=plans.Match(HALF_TO_SIX), match=WITHOUT_BONUS)
    learn(plan, Regular=PayKind.REGULAR, Bonus=PayKind.BONUS)
    data = with_codes(plan, 1)
    row = next(row for row, line in enumerate(data.decode().splitlines(), 1) if line.split(",")[0].endswith("1003"))
    run = take(plan, 1, data).run
    with db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        findings = runs.findings_of_run(tx, tenant_id=plan.sponsor, run_id=run.run_id)
        shown = pay_codes.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    found = next(each for each in findings if (each.code, each.row) == (Code.MATCH_MISMATCH, row))
    say_yes(db, actor=TESTER, tenant_id=plan.sponsor, run_id=run.run_id)
    assert plan.post(run.run_id).halted is None
    assert books(plan).by_date["1003", "match", PAY_DATES[1]] == int(dict(found.detail)["computed_cents"])

    # The map of codes says so, money by money.
    (bonus,) = [each for each in shown.codes if each.code == "Bonus"]
    assert {cell.label: cell.counts for cell in bonus.cells if cell.label in ("Plan", "Match", "Nonelective")} == {
        "Plan": True, "Match": False,
    }  # fmt: skip
    assert [(each.money, each.excluded) for each in shown.apart] == [("Match", ("Bonus",))]

"""A match in each of its forms through the real flows: quarters, caps, years of service, true-up at year end."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.flows.test_accounts_above_zero import TERMS, match_by_day, with_terms
from tests.flows.test_random_years import Machine, Row
from tests.support.database import TESTER

from open401k import census, plan, recordkeeping
from open401k.base import audit, messages
from open401k.base.db import Database
from open401k.flows import amendment, verify
from open401k.flows.correction import Correction, LateFact, correct
from open401k.flows.day import begin_day
from open401k.kernel import EmployeeId, FlowId, Refused

DAYS = [date(2025, 1, 15), date(2025, 2, 14), date(2025, 4, 15), date(2025, 10, 15), date(2026, 1, 15)]
LAST = date(2025, 12, 31)
HALF_OF_SIX = (plan.MatchTier(5_000, 600),)
SAVED, NOTHING = Row(10_000_00, 1_200_00), Row(10_000_00)


def matched(**form: Any) -> plan.Provisions:
    return replace(TERMS, match=plan.Match(HALF_OF_SIX, **form))


def paid(db: Database, terms: plan.Provisions, *rows: Row) -> tuple[Machine, EmployeeId]:
    """One person who saves 12 % on some pay dates and nothing on others."""
    made, who = with_terms(db, terms, DAYS)
    for day, row in zip(DAYS, rows, strict=False):
        made.send(day, {who: row}, told="payroll")
    return made, who


def day_begins(made: Machine, day: date) -> None:
    made.at(day)
    begin_day(made.db, actor=TESTER, tenant_id=made.sponsor)


def assert_proven(made: Machine) -> None:
    assert verify.verify(made.db, actor=TESTER, tenants=[made.sponsor]).problems == []


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, [300_00, 0, 300_00, 0]),
        ({"period": plan.MatchPeriod.MONTH}, [300_00, 0, 300_00, 0]),
        # A quarter is one period: 12 % of the first pay is 6 % of both; the second quarter begins anew.
        ({"period": plan.MatchPeriod.QUARTER}, [300_00, 300_00, 300_00, 0]),
        ({"period": plan.MatchPeriod.QUARTER, "cap_per_period_cents": 350_00}, [300_00, 50_00, 300_00, 0]),
        ({"period": plan.MatchPeriod.PLAN_YEAR}, [300_00, 300_00, 300_00, 300_00]),
        ({"cap_per_period_cents": 100_00}, [100_00, 0, 100_00, 0]),
    ],
)
def test_the_period_decides_what_uneven_saving_earns(db: Database, form: dict[str, Any], expected: list[int]) -> None:
    made, _ = paid(db, matched(**form), SAVED, NOTHING, SAVED, NOTHING)
    found = match_by_day(made)
    assert [found.get(day, 0) for day in DAYS[:4]] == expected
    assert_proven(made)


def test_the_end_of_the_year_adds_what_pay_periods_did_not_give_and_no_day_before_it(db: Database) -> None:
    made, _ = paid(db, matched(true_up=True), SAVED, NOTHING, SAVED, NOTHING)
    day_begins(made, LAST)
    assert match_by_day(made) == {DAYS[0]: 300_00, DAYS[2]: 300_00}
    day_begins(made, date(2026, 1, 1))
    # 2,400.00 of 40,000.00 are 6 %: half of it is 1,200.00.
    once = {DAYS[0]: 300_00, DAYS[2]: 300_00, LAST: 600_00}
    assert match_by_day(made) == once
    day_begins(made, date(2026, 1, 2))
    assert match_by_day(made) == once
    assert_proven(made)
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        events = messages.read_after(tx, tenant_id=made.sponsor, cursor=0)
    told = [each.data for each in events if each.kind == "plan.year_ended"]
    assert told == [{"last_day": "2025-12-31", "employer_cents": 600_00}]


def test_what_is_learned_after_the_end_of_the_year_changes_its_true_up(db: Database) -> None:
    made, who = paid(db, matched(true_up=True, cap_cents=1_150_00), SAVED, NOTHING, SAVED)
    day_begins(made, date(2026, 1, 2))
    assert match_by_day(made)[LAST] == 300_00  # 8 % of 30,000.00 were saved: half of 6 % is 900.00
    made.send(DAYS[3], {who: SAVED}, told="a late payroll")
    assert match_by_day(made)[LAST] == 250_00  # 1,200.00 would be more than the cap
    made.send(DAYS[0], {who: NOTHING}, told="corrected", replaces=made.world.runs[0].run_id)
    assert match_by_day(made) == {DAYS[2]: 300_00, DAYS[3]: 300_00, LAST: 550_00}
    left = LateFact(who, census.BirthDate(date(2009, 1, 1)), date(2009, 1, 1))
    wanted = Correction(made.sponsor, made.plan_id, made.db.ids.new(FlowId), left)
    made.at(date(2026, 1, 3))
    assert correct(made.db, actor=TESTER, correction=wanted).halted is None
    assert_proven(made)


def amended(made: Machine, terms: plan.Provisions, on: date) -> Any:
    asked = amendment.Amendment(made.sponsor, made.plan_id, made.db.ids.new(FlowId), on, terms, "a test")
    return amendment.amend(made.db, actor=TESTER, amendment=asked)


def test_days_under_a_match_that_was_amended_keep_their_true_up(db: Database) -> None:
    made, who = paid(db, matched(true_up=True), SAVED, NOTHING)
    made.at(date(2025, 3, 1))
    without = replace(TERMS, match=plan.Match((plan.MatchTier(10_000, 600),)))
    assert not isinstance(amended(made, without, date(2025, 4, 1)), Refused)
    made.send(DAYS[2], {who: SAVED}, told="payroll")
    made.send(DAYS[3], {who: NOTHING}, told="payroll")
    day_begins(made, date(2026, 1, 2))
    # January and February: 6 % of both were saved, 300.00 are missing. Since April there is no true-up.
    assert match_by_day(made) == {DAYS[0]: 300_00, DAYS[2]: 600_00, LAST: 300_00}
    assert_proven(made)


def test_a_true_up_is_not_taken_out_for_days_in_the_past_and_put_in_for_a_year_that_is_over(db: Database) -> None:
    made, _ = paid(db, matched(true_up=True), SAVED, NOTHING)
    made.at(date(2025, 3, 1))
    refused = amended(made, matched(), date(2025, 1, 1))
    assert isinstance(refused, Refused)
    assert refused.reason is plan.AmendmentRefusal.CUTS_CONTRIBUTIONS
    other, _ = paid(db, matched(), SAVED, NOTHING)
    other.at(date(2026, 2, 1))
    assert not isinstance(amended(other, matched(true_up=True), date(2025, 1, 1)), Refused)
    assert match_by_day(other) == {DAYS[0]: 300_00, LAST: 300_00}
    assert_proven(other)


def test_a_year_ends_once_on_the_books_and_only_where_its_end_gives_something(db: Database) -> None:
    made, _ = paid(db, matched(period=plan.MatchPeriod.QUARTER), SAVED)
    day_begins(made, date(2026, 1, 2))
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        of: dict[str, Any] = {"tenant_id": made.sponsor, "plan_id": made.plan_id}
        assert recordkeeping.years_to_end(tx, **of, today=date(2026, 1, 2)) == []
        ended = audit.recorded(tx, tenant_id=made.sponsor, action="recordkeeping.year_ended", subjects=[made.plan_id])
    assert ended == set()


@pytest.mark.parametrize(("hired", "expected"), [(date(2020, 1, 2), 300_00), (date(2020, 1, 1), 600_00)])
def test_tiers_by_service_look_at_the_first_day_of_the_plan_year(db: Database, hired: date, expected: int) -> None:
    terms = matched(by_service=(plan.ServiceTiers(5, (plan.MatchTier(10_000, 600),)),))
    made, who = with_terms(db, terms, DAYS)
    learned = LateFact(who, census.Hired(instead_of=made.world.people[who].hired), hired)
    wanted = Correction(made.sponsor, made.plan_id, made.db.ids.new(FlowId), learned)
    made.send(DAYS[0], {who: SAVED}, told="payroll")
    made.at(DAYS[0])
    assert correct(made.db, actor=TESTER, correction=wanted).halted is None
    assert match_by_day(made) == {DAYS[0]: expected}
    assert_proven(made)

"""Forfeitures through the real flows: they arise, are restored, follow late facts, and conserve every cent."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.flows.test_accounts_above_zero import TERMS, with_terms
from tests.flows.test_match_forms import assert_proven, day_begins
from tests.flows.test_random_years import Machine, Row
from tests.support.database import START, TESTER, Served, connect
from tests.support.flows import each_step_twice, kill_at, run_with_a_stop, stop_points

from open401k import census, ledger, plan
from open401k.base.db import Database
from open401k.base.steps import run_flow
from open401k.flows import day as day_story
from open401k.flows.correction import Correction, LateFact, correct
from open401k.kernel import EmployeeId, FlowId, Source

GIVES = replace(
    TERMS,
    match=None,
    nonelective=plan.Nonelective(500, Source.PROFIT_SHARING),
    vesting=plan.Vesting(((Source.PROFIT_SHARING, plan.CLIFF_3),)),
    forfeitures=plan.Forfeitures(),
)
DAYS = [date(2025, 1, 15), date(2025, 2, 14), date(2025, 3, 14), date(2025, 4, 15), date(2025, 5, 15)]
PAY, HIRED, LEFT = Row(10_000_00), date(2024, 6, 3), date(2025, 2, 20)


def learn(made: Machine, who: EmployeeId, fact: Any, on: date) -> None:
    made.clock.advance_to(made.clock.now().replace(minute=made.clock.now().minute + 1))
    learned = LateFact(who, fact, on)
    result = correct(
        made.db,
        actor=TESTER,
        correction=Correction(made.sponsor, made.plan_id, made.db.ids.new(FlowId), learned),
    )
    assert result.halted is None


def gone(db: Database, terms: plan.Provisions = GIVES) -> tuple[Machine, EmployeeId]:
    """Two pay dates that gave 500.00 each to somebody with less than three years, who left; the books know it."""
    made, who = with_terms(db, terms, DAYS)
    learn(made, who, census.Hired(instead_of=made.world.people[who].hired), HIRED)
    for day in DAYS[:2]:
        made.send(day, {who: PAY}, told="payroll")
    learn(made, who, census.Terminated(), LEFT)
    return made, who


def holds(made: Machine, who: EmployeeId | None = None) -> dict[str, int]:
    """Cents by kind of account, of one person or of the plan; what is empty is left out."""
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        found = ledger.balances(tx, tenant_id=made.sponsor, plan_id=made.plan_id)
    totals: dict[str, int] = {}
    for kind, whose, cents in zip(found.kind, found.employee_id, found.amount, strict=True):
        if who is None or whose == who.uuid:
            totals[kind] = totals.get(kind, 0) + cents
    return {kind: cents for kind, cents in totals.items() if cents}


def test_who_leaves_unvested_forfeits_on_the_last_day_and_what_comes_later_follows(db: Database) -> None:
    # Money flow: participant's profit sharing -> the plan's forfeitures (1,000.00, then 500.00 of the last pay).
    made, who = gone(db)
    day_begins(made, date(2025, 2, 21))
    assert holds(made) == {"employer_receivable": 1_000_00, "forfeitures": 1_000_00}
    made.send(DAYS[2], {who: PAY}, told="the last pay")
    assert holds(made) == {"employer_receivable": 1_500_00, "forfeitures": 1_500_00}
    day_begins(made, date(2025, 3, 17))
    assert holds(made) == {"employer_receivable": 1_500_00, "forfeitures": 1_500_00}
    assert_proven(made)


def test_a_return_before_five_breaks_restores_and_a_withdrawn_termination_reverses(db: Database) -> None:
    made, who = gone(db)
    day_begins(made, date(2025, 2, 21))
    learn(made, who, census.Hired(), date(2025, 3, 3))
    assert holds(made)["forfeitures"] == 1_000_00  # not back yet
    day_begins(made, date(2025, 3, 3))
    assert holds(made, who) == {"participant": 1_000_00}
    assert "forfeitures" not in holds(made)
    learn(made, who, census.NotHired(), date(2025, 3, 3))
    assert holds(made)["forfeitures"] == 1_000_00
    learn(made, who, census.NotTerminated(), LEFT)
    assert holds(made, who) == {"participant": 1_000_00}
    day_begins(made, date(2025, 3, 4))
    assert_proven(made)


def test_a_correction_that_takes_back_more_than_the_account_has_takes_it_from_what_was_forfeited(db: Database) -> None:
    made, who = gone(db)
    day_begins(made, date(2025, 2, 21))
    made.send(DAYS[1], {who: Row(4_000_00)}, told="replaced", replaces=made.world.runs[1].run_id)
    assert holds(made) == {"employer_receivable": 700_00, "forfeitures": 700_00}
    day_begins(made, date(2025, 2, 24))
    assert_proven(made)


def test_who_has_deferrals_keeps_everything_until_five_breaks(db: Database) -> None:
    made, who = with_terms(db, GIVES, DAYS)
    learn(made, who, census.Hired(instead_of=made.world.people[who].hired), HIRED)
    made.send(DAYS[0], {who: Row(10_000_00, 300_00)}, told="payroll")
    learn(made, who, census.Terminated(), date(2025, 1, 31))
    day_begins(made, date(2025, 2, 3))
    assert holds(made, who) == {"participant": 800_00}
    assert_proven(made)


def test_a_plan_that_keeps_no_forfeitures_moves_nothing(db: Database) -> None:
    made, who = gone(db, replace(GIVES, forfeitures=None))
    day_begins(made, date(2025, 2, 21))
    assert holds(made, who) == {"participant": 1_000_00}
    assert_proven(made)

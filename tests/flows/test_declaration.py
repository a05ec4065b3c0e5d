"""A discretionary contribution through the real flows: declared before or after the year is over, raised, never cut."""

from dataclasses import replace
from datetime import date
from typing import Any

from tests.flows.test_accounts_above_zero import TERMS, with_terms
from tests.flows.test_match_forms import DAYS, HALF_OF_SIX, LAST, NOTHING, SAVED, assert_proven, day_begins
from tests.flows.test_random_years import Machine
from tests.support.database import TESTER

from open401k import compliance, ledger, plan, recordkeeping
from open401k.base.db import Database
from open401k.base.steps import FlowResults
from open401k.flows.declaration import Declared, declare
from open401k.kernel import EmployeeId, FlowId, Refused, Source

LETS = replace(TERMS, match=plan.Match(HALF_OF_SIX), may_declare=(Source.MATCH, Source.PROFIT_SHARING))


def year_of_pay(db: Database) -> tuple[Machine, EmployeeId]:
    """Two pay dates of 10,000.00, on one of which 12 % are saved."""
    made, who = with_terms(db, LETS, DAYS)
    made.send(DAYS[0], {who: SAVED}, told="payroll")
    made.send(DAYS[1], {who: NOTHING}, told="payroll")
    return made, who


def asked(made: Machine, formula: recordkeeping.Declared) -> Declared:
    declaration = recordkeeping.Declaration(LAST, formula, made.clock.now().date())
    return Declared(made.sponsor, made.plan_id, made.db.ids.new(FlowId), declaration)


def on_last_day(made: Machine) -> dict[Source, int]:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        found: dict[Source, int] = {}
        for each in ledger.contributions(
            tx, tenant_id=made.sponsor, plan_id=made.plan_id, start=LAST, end=date(2026, 1, 1)
        ):
            found[each.source] = found.get(each.source, 0) + each.cents
        return found


def put(made: Machine, formula: recordkeeping.Declared) -> Any:
    return declare(made.db, actor=TESTER, declared=asked(made, formula))


def test_what_is_declared_within_the_year_waits_for_its_end(db: Database) -> None:
    made, _ = year_of_pay(db)
    made.at(date(2025, 11, 3))
    assert isinstance(put(made, recordkeeping.Declared(Source.PROFIT_SHARING, rate_bps=300)), FlowResults)
    assert on_last_day(made) == {}
    day_begins(made, date(2026, 1, 2))
    assert on_last_day(made) == {Source.PROFIT_SHARING: 600_00}
    assert_proven(made)


def test_what_is_declared_after_the_year_is_posted_on_its_last_day_once(db: Database) -> None:
    made, who = year_of_pay(db)
    made.at(date(2026, 3, 2))
    once = asked(made, recordkeeping.Declared(Source.MATCH, (plan.MatchTier(2_500, 400),)))
    done = declare(made.db, actor=TESTER, declared=once)
    assert isinstance(done, FlowResults)
    # 1,200.00 of 20,000.00 are 6 %: a quarter of the first 4 %, beside the match of the pay dates.
    assert on_last_day(made) == {Source.MATCH: 200_00}
    again = declare(made.db, actor=TESTER, declared=once)
    assert isinstance(again, FlowResults)
    assert dict(again) == dict(done)
    made.at(date(2026, 3, 3))
    assert isinstance(put(made, recordkeeping.Declared(Source.PROFIT_SHARING, flat_cents=750_00)), FlowResults)
    assert on_last_day(made) == {Source.MATCH: 200_00, Source.PROFIT_SHARING: 750_00}
    made.send(DAYS[2], {who: NOTHING}, told="a late payroll")  # 4 % of what was paid are 1,200.00 still
    assert on_last_day(made) == {Source.MATCH: 300_00, Source.PROFIT_SHARING: 750_00}
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        posted = recordkeeping.corrections(tx, tenant_id=made.sponsor, plan_id=made.plan_id)
        year = LETS.plan_year_of(LAST)
        run = compliance.latest(tx, tenant_id=made.sponsor, plan_id=made.plan_id, plan_year=year)
    assert "The employer declared match for the plan year to 2025-12-31 on 2026-03-02." in {
        each.origin for each in posted
    }
    assert run is not None
    assert_proven(made)


def test_more_may_be_declared_and_less_not_once_it_is_in_the_accounts(db: Database) -> None:
    made, _ = year_of_pay(db)
    made.at(date(2026, 3, 2))
    assert isinstance(put(made, recordkeeping.Declared(Source.PROFIT_SHARING, rate_bps=300)), FlowResults)
    made.at(date(2026, 3, 3))
    assert isinstance(put(made, recordkeeping.Declared(Source.PROFIT_SHARING, rate_bps=500)), FlowResults)
    assert on_last_day(made) == {Source.PROFIT_SHARING: 1_000_00}
    made.at(date(2026, 3, 4))
    refused = put(made, recordkeeping.Declared(Source.PROFIT_SHARING, rate_bps=400))
    assert isinstance(refused, Refused)
    assert refused.reason is recordkeeping.DeclarationRefusal.LESS_THAN_BEFORE
    assert "411(d)(6)" in refused.message
    assert on_last_day(made) == {Source.PROFIT_SHARING: 1_000_00}
    wrong = put(made, recordkeeping.Declared(Source.QNEC, rate_bps=400))
    assert isinstance(wrong, Refused)
    assert wrong.reason is recordkeeping.DeclarationRefusal.NOT_PROVIDED
    assert_proven(made)

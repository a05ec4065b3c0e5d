"""Last-day and hours conditions through the real flows: nothing before the year is over, and what is learned after."""

from dataclasses import replace
from datetime import date
from typing import Any

from tests.flows.test_accounts_above_zero import TERMS, with_terms
from tests.flows.test_match_forms import DAYS, HALF_OF_SIX, LAST, NOTHING, SAVED, assert_proven, day_begins
from tests.flows.test_random_years import Machine
from tests.support.database import TESTER

from open401k import census, compliance, ledger, plan, recordkeeping
from open401k.base.db import Database
from open401k.flows import amendment
from open401k.flows.correction import Correction, LateFact, correct
from open401k.flows.declaration import Declared, declare
from open401k.kernel import EmployeeId, FlowId, Refused, Source

LAST_DAY = plan.Conditions(last_day=True, hours=160, waived=(plan.Waiver.DEATH,))
MATCHED = plan.Match(HALF_OF_SIX, period=plan.MatchPeriod.PLAN_YEAR, conditions=LAST_DAY)
TERMS_WITH = replace(
    TERMS,
    match=MATCHED,
    nonelective=plan.Nonelective(200, conditions=plan.Conditions(hours=161)),
    may_declare=(Source.PROFIT_SHARING,),
    declared_conditions=((Source.PROFIT_SHARING, plan.Conditions(last_day=True)),),
)


def employer_money(made: Machine) -> dict[tuple[EmployeeId, Source, date], int]:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        found = ledger.contributions(
            tx, tenant_id=made.sponsor, plan_id=made.plan_id, start=date(2025, 1, 1), end=date(2027, 1, 1)
        )
    return {(each.employee_id, each.source, each.event_on): each.cents for each in found if not each.source.is_deferral}


def learn(made: Machine, who: EmployeeId, fact: census.Fact, on: date) -> None:
    wanted = Correction(made.sponsor, made.plan_id, made.db.ids.new(FlowId), LateFact(who, fact, on))
    assert correct(made.db, actor=TESTER, correction=wanted).halted is None


def two_paid(db: Database) -> tuple[Machine, EmployeeId, EmployeeId]:
    """Two people with two pay dates of 10,000.00 and 80 hours, one of whom is paid a third time and then leaves."""
    made, stays = with_terms(db, TERMS_WITH, DAYS)
    leaves = next(who for who, each in made.world.people.items() if who != stays and each.hired <= DAYS[0])
    made.send(DAYS[0], {stays: SAVED, leaves: SAVED}, told="payroll")
    made.send(DAYS[1], {stays: NOTHING, leaves: NOTHING}, told="payroll")
    made.send(DAYS[2], {leaves: NOTHING}, told="payroll")
    made.at(date(2025, 4, 21))
    learn(made, leaves, census.Terminated(), date(2025, 4, 20))
    return made, stays, leaves


def test_a_year_gives_what_has_conditions_when_it_is_over_to_who_meets_them(db: Database) -> None:
    made, stays, leaves = two_paid(db)
    made.at(date(2025, 11, 3))
    shared = recordkeeping.Declaration(LAST, recordkeeping.Declared(Source.PROFIT_SHARING, rate_bps=300), DAYS[3])
    declare(made.db, actor=TESTER, declared=Declared(made.sponsor, made.plan_id, made.db.ids.new(FlowId), shared))
    day_begins(made, LAST)
    assert employer_money(made) == {}
    day_begins(made, date(2026, 1, 2))
    # Half of 6 % of 20,000.00; 3 % of it. The one who left has the 161 hours (240), the one who stays has 160.
    kept = {(stays, Source.MATCH, LAST): 600_00, (stays, Source.PROFIT_SHARING, LAST): 600_00}
    assert employer_money(made) == kept | {(leaves, Source.NONELECTIVE, LAST): 600_00}
    assert_tested(made, stays, leaves)
    made.at(date(2026, 1, 3))
    learn(made, leaves, census.Terminated(by=census.LeftBy.DEATH), date(2025, 4, 20))
    matched = {(leaves, Source.MATCH, LAST): 600_00}  # 1,200.00 of 30,000.00 are 4 %: half of it
    assert employer_money(made) == kept | matched | {(leaves, Source.NONELECTIVE, LAST): 600_00}
    assert_proven(made)


def assert_tested(made: Machine, stays: EmployeeId, leaves: EmployeeId) -> None:
    """Who lacks the last day could have no match: not in the ACP test; with 240 hours not in the coverage either."""
    of: dict[str, Any] = {"tenant_id": made.sponsor, "plan_id": made.plan_id, "as_of": LAST}
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        facts = compliance.gather(tx, **of)
    place = {who: at for at, who in enumerate(facts.employee_ids)}
    assert facts.receiving is not None
    assert [bool(facts.receiving.no_match[place[who]]) for who in (stays, leaves)] == [False, True]
    assert not facts.receiving.no_nonelective[[place[stays], place[leaves]]].any()  # each has one of the two
    told: dict[compliance.TestId, Any] = {each.test: each for each in compliance.run_tests(facts)[0]}
    acp = told[compliance.TestId.ACP].working["people"]["place"]
    assert place[stays] in acp
    assert place[leaves] not in acp
    deferrals, match = told[compliance.COVERAGE[0]].working, told[compliance.COVERAGE[1]].working
    assert deferrals["nhce_nonexcludable"] + deferrals["hce_nonexcludable"] == 4
    counted = match["nhce_nonexcludable"] + match["hce_nonexcludable"]
    assert (counted, match["nhce_benefiting"] + match["hce_benefiting"]) == (3, 1)  # two work without enough hours


def test_conditions_taken_up_for_days_of_the_past_are_refused(db: Database) -> None:
    made, _ = with_terms(db, replace(TERMS, match=replace(MATCHED, conditions=plan.UNCONDITIONAL)), DAYS)
    made.at(date(2025, 3, 1))
    asked = amendment.Amendment(
        made.sponsor, made.plan_id, made.db.ids.new(FlowId), date(2025, 1, 1), replace(TERMS, match=MATCHED), "a test"
    )
    refused = amendment.amend(made.db, actor=TESTER, amendment=asked)
    assert isinstance(refused, Refused)
    assert refused.reason is plan.AmendmentRefusal.CUTS_CONTRIBUTIONS

"""Eligibility amended during the year: who is in stays in, who comes in early counts from that day, the past stands."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.flows.bookkeeping import Plan, acme, assert_sound, books
from tests.support.database import TESTER

from open401k import census, plan
from open401k.base.db import Database
from open401k.demo.people import PAY_DATES, Person
from open401k.flows.correction import Correction, LateFact, correct
from open401k.kernel import FixedClock, FlowId

#: Hired in December: with a year of service and half-yearly entry no participant before 2027.
NEWCOMER = Person(
    "219-11-1099", "Nora", "Lund", date(1990, 2, 2), date(2025, 12, 8), 5_200_000, 500, pay_2025_cents=400_000
)
RELAXED_ON, TIGHTENED_ON = PAY_DATES[2] - timedelta(days=3), PAY_DATES[4] - timedelta(days=3)
GROSS = NEWCOMER.pay_cents(1)
WITHHELD, MATCH = GROSS * 500 // 10_000, GROSS * 500 // 20_000


@pytest.fixture
def sponsor(db: Database, clock: FixedClock) -> Plan:
    return acme(db, clock)


def amend(sponsor: Plan, on: date, eligibility: plan.Eligibility) -> None:
    """Other eligibility from a day on."""
    where = {"tenant_id": sponsor.sponsor, "plan_id": sponsor.plan}
    sponsor.at(sponsor.clock.now().date())  # learned after what was tested before
    with sponsor.db.begin(TESTER, tenants=[sponsor.sponsor]) as tx:
        before = plan.provisions_on(tx, **where, on=on)  # type: ignore[arg-type]
        amended = replace(before, eligibility=eligibility)
        done = plan.amend(tx, **where, effective_on=on, provisions=amended, why="a test")  # type: ignore[arg-type]
    assert isinstance(done, plan.Amended), done


def test_a_newcomer_enters_when_the_plan_asks_for_less_and_stays_when_it_asks_for_more(sponsor: Plan) -> None:
    with sponsor.db.begin(TESTER, tenants=[sponsor.sponsor]) as tx:
        strict = plan.provisions_on(tx, tenant_id=sponsor.sponsor, plan_id=sponsor.plan, on=PAY_DATES[1]).eligibility
    at_once = replace(strict, service_months=0, hours_in_year=None, entry=plan.EntryRule.IMMEDIATE)

    sponsor.pay(1, sponsor.file(1, joined=[NEWCOMER]))
    amend(sponsor, RELAXED_ON, at_once)
    sponsor.pay(2, sponsor.file(2, joined=[NEWCOMER]))
    sponsor.pay(3, sponsor.file(3, joined=[NEWCOMER]))
    amend(sponsor, TIGHTENED_ON, strict)
    others = books(sponsor).by_date
    sponsor.pay(4, sponsor.file(4, joined=[NEWCOMER]))

    found = books(sponsor)
    assert found.held == {("1099", PAY_DATES[1], "pre_tax", "not_entered"): WITHHELD}
    for period in (2, 3, 4):
        assert found.by_date["1099", "pre_tax", PAY_DATES[period]] == WITHHELD
        assert abs(found.by_date["1099", "match", PAY_DATES[period]] - MATCH) <= 1
    assert ("1099", "pre_tax", PAY_DATES[1]) not in found.by_date
    assert {key: cents for key, cents in found.by_date.items() if key[2] < PAY_DATES[4]} == dict(others)
    assert_sound(sponsor)

    # A late hire date is derived anew across both amendments: a participant under the first terms already.
    learned = LateFact(sponsor.employee("1099"), census.Hired(instead_of=date(2025, 12, 8)), date(2024, 3, 4))
    wanted = Correction(sponsor.sponsor, sponsor.plan, sponsor.db.ids.new(FlowId), learned)
    assert correct(sponsor.db, actor=TESTER, correction=wanted).halted is None
    after = books(sponsor)
    assert not after.held
    assert after.by_date["1099", "pre_tax", PAY_DATES[1]] == WITHHELD
    assert abs(after.by_date["1099", "match", PAY_DATES[1]] - MATCH) <= 1
    assert_sound(sponsor)


def test_pay_before_an_entry_that_an_amendment_made_does_not_count_in_the_tests(sponsor: Plan) -> None:
    sponsor.pay(1, sponsor.file(1, joined=[NEWCOMER]))
    sponsor.pay(2, sponsor.file(2, joined=[NEWCOMER]))
    with sponsor.db.begin(TESTER, tenants=[sponsor.sponsor]) as tx:
        before = plan.provisions_on(tx, tenant_id=sponsor.sponsor, plan_id=sponsor.plan, on=PAY_DATES[2])
    at_once = replace(before.eligibility, service_months=0, hours_in_year=None, entry=plan.EntryRule.IMMEDIATE)
    amend(sponsor, PAY_DATES[3], at_once)
    sponsor.pay(3, sponsor.file(3, joined=[NEWCOMER]))
    with sponsor.db.begin(TESTER, tenants=[sponsor.sponsor]) as tx:
        everybody = census.roster(tx, tenant_id=sponsor.sponsor)
        terms = plan.provisions_on(tx, tenant_id=sponsor.sponsor, plan_id=sponsor.plan, on=PAY_DATES[3])
        days = census.entry_dates(
            tx, tenant_id=sponsor.sponsor, provisions=terms, plan_id=sponsor.plan, employees=everybody
        )
    by_number = {each.ssn_last4: day for each, day in zip(everybody, days, strict=True)}
    assert by_number["1099"] == PAY_DATES[3]
    assert {day for last4, day in by_number.items() if last4 != "1099" and day and day > date(2026, 1, 1)} == set()
    assert_sound(sponsor)

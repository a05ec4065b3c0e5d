"""A person's class is that of each pay date: what was right stays, what comes in a class that is out waits."""

from dataclasses import replace
from datetime import date

import pytest
from tests.flows.bookkeeping import Plan, assert_sound, books
from tests.support.database import TESTER

from open401k import census, compliance, plan
from open401k.base.db import Database
from open401k.base.steps import FlowResults
from open401k.demo.people import ACME, PAY_DATES, Person
from open401k.demo.setup import takeover_of
from open401k.flows import amendment
from open401k.flows.correction import Correction, LateFact, correct
from open401k.flows.plan_takeover import take_over
from open401k.kernel import FixedClock, FlowId

#: Hired in July 2025: with a year of service and half-yearly entry in on the first of July 2026, and not before.
NEWCOMER = Person("219-11-1098", "Ines", "Holt", date(1991, 3, 3), date(2025, 7, 1), 5_200_000, 500)


@pytest.fixture
def sponsor(db: Database, clock: FixedClock) -> Plan:
    """Acme, without those of the class "interns"."""
    takeover = takeover_of(ACME, db.ids)
    terms = takeover.provisions
    without = replace(terms.eligibility, excluded_classes=("interns",), hours_in_year=None)
    takeover = replace(takeover, provisions=replace(terms, eligibility=without))
    take_over(db, actor=TESTER, takeover=takeover)
    return Plan(db, clock, takeover)


def becomes(sponsor: Plan, last4: str, name: str, day: date) -> None:
    sponsor.at(sponsor.clock.now().date())
    learned = LateFact(sponsor.employee(last4), census.EmployeeClass(name), day)
    wanted = Correction(sponsor.sponsor, sponsor.plan, sponsor.db.ids.new(FlowId), learned)
    assert correct(sponsor.db, actor=TESTER, correction=wanted).halted is None


def facts_on(sponsor: Plan, day: date) -> compliance.PlanFacts:
    with sponsor.db.begin(TESTER, tenants=[sponsor.sponsor]) as tx:
        return compliance.facts_for(tx, tenant_id=sponsor.sponsor, plan_id=sponsor.plan, as_of=day)


def test_a_class_learned_late_holds_from_its_day_on_and_leaves_what_was_right_before(sponsor: Plan) -> None:
    for period in (1, 2, 3):
        sponsor.pay(period)
    before = books(sponsor)
    own = before.by_date["1003", "pre_tax", PAY_DATES[3]]
    assert own > 0
    becomes(sponsor, "1003", "interns", PAY_DATES[3])
    after = books(sponsor)
    for period in (1, 2):
        for source in ("pre_tax", "match"):
            key = ("1003", source, PAY_DATES[period])
            assert after.by_date[key] == before.by_date[key] > 0
    assert after.held == {("1003", PAY_DATES[3], "pre_tax", "not_entered"): own}
    assert after.by_date["1003", "match", PAY_DATES[3]] == 0
    # Eligible on some day of the year is in the tests of the year (Reg. 1.401(k)-6), and is covered.
    facts = facts_on(sponsor, PAY_DATES[3])
    place = facts.employee_ids.index(sponsor.employee("1003"))
    assert facts.eligible[place]
    assert not facts.class_excluded[place]
    assert_sound(sponsor)

    becomes(sponsor, "1003", "office", PAY_DATES[4])
    sponsor.pay(4)
    assert books(sponsor).by_date["1003", "match", PAY_DATES[4]] > 0
    assert_sound(sponsor)


def test_the_check_of_a_file_goes_by_the_class_of_its_pay_date(sponsor: Plan) -> None:
    becomes(sponsor, "1003", "interns", PAY_DATES[2])
    assert "person.not_eligible" not in sponsor.findings(sponsor.pay(1).run.run_id)
    assert "person.not_eligible" in sponsor.findings(sponsor.pay(2).run.run_id)
    assert_sound(sponsor)


def test_who_is_kept_out_by_class_counts_in_coverage_from_the_day_on_which_the_others_enter(sponsor: Plan) -> None:
    sponsor.pay(1, sponsor.file(1, joined=[NEWCOMER]))
    becomes(sponsor, "1098", "interns", date(2025, 7, 1))
    spring, summer = facts_on(sponsor, date(2026, 6, 30)), facts_on(sponsor, date(2026, 7, 1))
    place = spring.employee_ids.index(sponsor.employee("1098"))
    # Hired with another intern's class, somebody else in the same week would enter on the first of July.
    assert spring.eligible_on[place] is None
    assert not spring.class_excluded[place]
    assert spring.kept_out_later[place]
    assert summer.class_excluded[place]
    assert not summer.kept_out_later[place]


def test_a_class_that_was_out_before_the_year_began_is_not_eligible_in_it(sponsor: Plan) -> None:
    becomes(sponsor, "1003", "interns", date(2024, 5, 6))
    sponsor.pay(1)
    facts = facts_on(sponsor, PAY_DATES[1])
    place = facts.employee_ids.index(sponsor.employee("1003"))
    assert not facts.eligible[place]
    assert facts.class_excluded[place]
    becomes(sponsor, "1003", "office", date(2026, 8, 3))
    later = facts_on(sponsor, date(2026, 8, 3))
    assert later.eligible_on[place] == date(2026, 8, 3)
    assert later.eligible[place]
    assert not later.class_excluded[place]


def excluded_from(sponsor: Plan, on: date, *classes: str) -> None:
    """The plan is amended: these classes are out from a day on."""
    sponsor.at(sponsor.clock.now().date())
    with sponsor.db.begin(TESTER, tenants=[sponsor.sponsor]) as tx:
        terms = plan.provisions_on(tx, tenant_id=sponsor.sponsor, plan_id=sponsor.plan, on=on)
    amended = replace(terms, eligibility=replace(terms.eligibility, excluded_classes=classes))
    flow_id = sponsor.db.ids.new(FlowId)
    wanted = amendment.Amendment(sponsor.sponsor, sponsor.plan, flow_id, on, amended, "a test")
    done = amendment.amend(sponsor.db, actor=TESTER, amendment=wanted)
    assert isinstance(done, FlowResults), done


def test_who_was_eligible_before_an_amendment_shut_their_class_out_counts_for_the_year(sponsor: Plan) -> None:
    # Reg. 1.401(k)-6: an eligible employee is one who may defer on some day of the plan year.
    becomes(sponsor, "1003", "drivers", date(2024, 5, 6))
    sponsor.pay(1)
    sponsor.pay(2)
    open_to_all = facts_on(sponsor, PAY_DATES[2])
    excluded_from(sponsor, PAY_DATES[3], "interns", "drivers")
    sponsor.pay(3)
    facts = facts_on(sponsor, PAY_DATES[3])
    place = facts.employee_ids.index(sponsor.employee("1003"))
    assert books(sponsor).held[("1003", PAY_DATES[3], "pre_tax", "not_entered")] > 0
    assert facts.eligible_on[place] == open_to_all.eligible_on[place]
    assert facts.eligible[place]
    assert not facts.class_excluded[place]
    assert facts.kept_out_on[place] == PAY_DATES[3]
    assert_sound(sponsor)
    # In the year after they were shut out on every day of it.
    next_year = facts_on(sponsor, date(2027, 1, 15))
    place = next_year.employee_ids.index(sponsor.employee("1003"))
    assert not next_year.eligible[place]
    assert next_year.class_excluded[place]


def test_a_class_that_an_amendment_lets_in_is_in_from_that_day(sponsor: Plan) -> None:
    becomes(sponsor, "1003", "interns", date(2024, 5, 6))
    sponsor.pay(1)
    excluded_from(sponsor, PAY_DATES[3])
    before, after = facts_on(sponsor, PAY_DATES[2]), facts_on(sponsor, PAY_DATES[3])
    place = after.employee_ids.index(sponsor.employee("1003"))
    assert before.class_excluded[place]
    assert not before.eligible[place]
    assert before.eligible_on[place] == after.eligible_on[place] == PAY_DATES[3]
    assert after.eligible[place]
    assert not after.class_excluded[place]
    sponsor.pay(3)
    assert books(sponsor).by_date["1003", "match", PAY_DATES[3]] > 0
    assert_sound(sponsor)


def test_a_class_let_out_in_the_year_and_in_again_is_in_all_along(sponsor: Plan) -> None:
    becomes(sponsor, "1003", "drivers", date(2024, 5, 6))
    sponsor.pay(1)
    excluded_from(sponsor, PAY_DATES[2], "interns", "drivers")
    excluded_from(sponsor, PAY_DATES[3], "interns")
    facts = facts_on(sponsor, PAY_DATES[3])
    place = facts.employee_ids.index(sponsor.employee("1003"))
    assert facts.eligible[place]
    assert not facts.class_excluded[place]
    since = facts.eligible_on[place]
    assert since is not None
    assert since < PAY_DATES[2]
    assert_sound(sponsor)

"""A class that may defer and is out of the match alone: by pay date, over a period, a year's end, tests and pages."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.flows.bookkeeping import Plan, assert_sound, books
from tests.flows.test_accounts_above_zero import TERMS, match_by_day, with_terms
from tests.flows.test_class_by_date import becomes, facts_on
from tests.flows.test_employer_money_together import AT_HIRE, DAYS, send
from tests.flows.test_entry_by_kind import taken_over
from tests.flows.test_forfeitures import learn
from tests.flows.test_match_forms import HALF_OF_SIX, LAST, assert_proven, day_begins
from tests.support.database import TESTER

from open401k import census, compliance, fiduciary, plan
from open401k.base.db import Database
from open401k.compliance import CureKind, TestId
from open401k.demo.people import ACME, PAY_DATES
from open401k.demo.setup import takeover_of
from open401k.flows import amendment
from open401k.kernel import FixedClock, FlowId, Refused
from open401k.plan import EntryRule, EntryTerms, Kind, MatchPeriod, MatchTier
from open401k.views import derived

AT_ONCE = plan.Eligibility(21, 0, None, EntryRule.IMMEDIATE)
NO_INTERNS = EntryTerms(21, 0, None, EntryRule.IMMEDIATE, ("interns",))
TIERS = (MatchTier(5_000, 600),)


def of_acme(db: Database, clock: FixedClock, match: plan.Match) -> Plan:
    return taken_over(db, clock, eligibility=AT_ONCE, match_eligibility=NO_INTERNS, match=match)


@pytest.mark.parametrize("period", [MatchPeriod.PAY_PERIOD, MatchPeriod.MONTH, MatchPeriod.PLAN_YEAR])
def test_days_in_a_class_out_of_the_match_give_none_and_count_in_no_longer_period(
    db: Database, clock: FixedClock, period: MatchPeriod
) -> None:
    """Deferrals go on all the time; each pay date in the class is matched by none, before and after as ever."""
    sponsor = of_acme(db, clock, plan.Match(TIERS, period=period, true_up=period is MatchPeriod.PAY_PERIOD))
    sponsor.pay(1)
    becomes(sponsor, "1003", "interns", PAY_DATES[2])
    sponsor.pay(2)
    sponsor.pay(3)
    becomes(sponsor, "1003", "office", PAY_DATES[4])
    sponsor.pay(4)
    found = books(sponsor)
    who = next(each for each in ACME.people if each.ssn.endswith("1003"))
    for number in range(1, 5):
        pay, own = who.pay_cents(number), found.by_date["1003", "pre_tax", PAY_DATES[number]]
        assert own > 0
        by_hand = 0 if number in {2, 3} else min(own, pay * 600 // 10_000) // 2
        assert found.by_date["1003", "match", PAY_DATES[number]] == by_hand, number
    assert not found.held
    assert_sound(sponsor)


def test_a_class_learned_late_takes_back_the_match_alone(db: Database, clock: FixedClock) -> None:
    sponsor = of_acme(db, clock, plan.Match(TIERS))
    sponsor.pay(1)
    sponsor.pay(2)
    own = books(sponsor).by_date["1003", "pre_tax", PAY_DATES[2]]
    becomes(sponsor, "1003", "interns", PAY_DATES[2])
    found = books(sponsor)
    assert found.by_date["1003", "pre_tax", PAY_DATES[2]] == own
    assert found.by_date["1003", "match", PAY_DATES[2]] == 0
    assert found.by_date["1003", "match", PAY_DATES[1]] > 0
    assert_sound(sponsor)


def test_a_class_out_of_the_match_all_year_is_in_the_401k_part_and_does_not_benefit_in_the_401m_part(
    db: Database, clock: FixedClock
) -> None:
    """Reg. 1.410(b)-7(c)(1), 1.410(b)-3(a)(2)(i): each part is covered by itself, by who is eligible under it."""
    sponsor = of_acme(db, clock, plan.Match(TIERS))
    becomes(sponsor, "1003", "interns", date(2025, 6, 1))
    sponsor.pay(1)
    facts = facts_on(sponsor, PAY_DATES[1])
    place = facts.employee_ids.index(sponsor.employee("1003"))
    other = facts.employee_ids.index(sponsor.employee("1005"))
    assert facts.in_match is not None
    assert facts.match_kept_out is not None
    assert (facts.eligible[place], facts.class_excluded[place]) == (True, False)
    assert (facts.in_match[place], facts.match_kept_out[place]) == (False, True)
    assert (facts.in_match[other], facts.match_kept_out[other]) == (True, False)
    assert facts.nonelective_on == ()
    with db.begin(TESTER, tenants=[sponsor.sponsor]) as tx:
        told = derived.load(tx, tenant_id=sponsor.sponsor, plan_id=sponsor.plan, employee_id=sponsor.employee("1003"))
    shown = {each.key: each for each in told or ()}
    assert shown["entry"].value is not None
    assert shown["match_entry"].value is None
    assert 'The plan leaves the class "interns" out of it.' in shown["match_entry"].why
    assert "nonelective_entry" not in shown


def test_who_was_let_into_the_match_for_a_part_of_the_year_is_eligible_in_the_401m_part(
    db: Database, clock: FixedClock
) -> None:
    sponsor = of_acme(db, clock, plan.Match(TIERS))
    becomes(sponsor, "1003", "interns", date(2025, 6, 1))
    becomes(sponsor, "1003", "office", PAY_DATES[2])
    sponsor.pay(1)
    sponsor.pay(2)
    facts = facts_on(sponsor, PAY_DATES[2])
    place = facts.employee_ids.index(sponsor.employee("1003"))
    assert facts.in_match is not None
    assert facts.match_kept_out is not None
    assert (facts.in_match[place], facts.match_kept_out[place]) == (True, False)
    assert facts.match_on[place] == PAY_DATES[2]


def test_classes_of_the_plan_are_out_of_each_kind_of_money_too(db: Database) -> None:
    terms = replace(takeover_of(ACME, db.ids).provisions, match_eligibility=NO_INTERNS)
    terms = replace(terms, eligibility=replace(AT_ONCE, excluded_classes=("union", "interns")))
    assert terms.eligibility_of(Kind.MATCH).excluded_classes == ("union", "interns")
    assert not terms.classes_apart(Kind.MATCH)
    open_to_interns = replace(terms, eligibility=replace(AT_ONCE, excluded_classes=("union",)))
    assert open_to_interns.classes_apart(Kind.MATCH)
    assert not open_to_interns.classes_apart(Kind.NONELECTIVE)


@pytest.mark.parametrize("period", [MatchPeriod.PAY_PERIOD, MatchPeriod.QUARTER])
def test_a_true_up_counts_the_year_without_the_days_in_a_class_that_is_out(db: Database, period: MatchPeriod) -> None:
    """By hand: 3,700.00 deferred of 50,000.00 in class are matched up to 6 % of that pay, 3,000.00, with 1,500.00."""
    terms = replace(
        TERMS,
        eligibility=AT_HIRE,
        match_eligibility=EntryTerms(0, 0, None, EntryRule.IMMEDIATE, ("interns",)),
        match=plan.Match(HALF_OF_SIX, period=period, true_up=True),
    )
    made, saver = with_terms(db, terms, DAYS)
    learn(made, saver, census.EmployeeClass("interns"), date(2025, 4, 1))
    learn(made, saver, census.EmployeeClass("office"), date(2025, 7, 1))
    saves = dict(zip(DAYS, (0, 1_200_00, 300_00, 300_00, 1_200_00, 1_200_00, 100_00), strict=True))
    for day, cents in saves.items():
        send(made, day, {saver: cents})
    day_begins(made, date(2026, 1, 2))
    found = match_by_day(made)
    assert not {DAYS[2], DAYS[3]} & {day for day, cents in found.items() if cents}
    by_pay = [min(cents, 600_00) // 2 for day, cents in saves.items() if day not in DAYS[2:4]]
    assert sum(found.values()) == 1_500_00
    if period is MatchPeriod.PAY_PERIOD:
        assert sum(by_pay) == 950_00
        assert found[LAST] == 550_00
    else:  # January to March 600.00 of 1,200.00, July to September the same, October to December 50.00
        assert found[LAST] == 250_00
    assert_proven(made)


def test_a_class_out_of_nonelective_money_is_matched_all_the_same(db: Database, clock: FixedClock) -> None:
    """Hourly paid get no 3 % of pay; the match of each pay date goes on."""
    no_hourly = EntryTerms(21, 0, None, EntryRule.IMMEDIATE, ("hourly",))
    sponsor = taken_over(
        db,
        clock,
        eligibility=AT_ONCE,
        match=plan.Match(TIERS),
        nonelective=plan.Nonelective(300),
        nonelective_eligibility=no_hourly,
    )
    sponsor.pay(1)
    becomes(sponsor, "1003", "hourly", PAY_DATES[2])
    sponsor.pay(2)
    becomes(sponsor, "1003", "office", PAY_DATES[3])
    sponsor.pay(3)
    found = books(sponsor)
    who = next(each for each in ACME.people if each.ssn.endswith("1003"))
    for number in range(1, 4):
        by_hand = 0 if number == 2 else who.pay_cents(number) * 300 // 10_000
        assert found.by_date["1003", "nonelective", PAY_DATES[number]] == by_hand
        assert found.by_date["1003", "match", PAY_DATES[number]] > 0
    facts = facts_on(sponsor, PAY_DATES[3])
    place = facts.employee_ids.index(sponsor.employee("1003"))
    assert facts.eligible[place]
    assert facts.nonelective_kept_out is None or not facts.nonelective_kept_out[place]
    assert facts.match_on == ()
    assert_sound(sponsor)


def test_coverage_of_the_match_that_fails_by_class_is_alarmed_and_an_amendment_that_lets_it_in_resolves_it(
    db: Database, clock: FixedClock
) -> None:
    """All but two of the others are interns: they may defer, and 410(b) fails for the match alone."""
    sponsor = of_acme(db, clock, plan.Match(TIERS))
    sponsor.pay(1)
    facts = facts_on(sponsor, PAY_DATES[1])
    with db.begin(TESTER, tenants=[sponsor.sponsor]) as tx:
        numbers = {each.employee_id: each.ssn_last4 for each in census.roster(tx, tenant_id=sponsor.sponsor)}
    others = np.flatnonzero(facts.eligible & ~compliance.people_of(facts).is_hce).tolist()
    for number in sorted(numbers[facts.employee_ids[place]] for place in others)[:-2]:
        becomes(sponsor, number, "interns", date(2025, 1, 2))
    sponsor.pay(2)
    (alert,) = [each for each in open_alerts(sponsor) if each.test == TestId.COVERAGE_MATCH]
    assert TestId.COVERAGE_DEFERRAL not in [each.test for each in open_alerts(sponsor)]
    assert alert.cheapest_cure in {CureKind.COVER_MORE, CureKind.COVER_AFTERWARDS}
    with db.begin(TESTER, tenants=[sponsor.sponsor]) as tx:
        terms = plan.provisions_on(tx, tenant_id=sponsor.sponsor, plan_id=sponsor.plan, on=PAY_DATES[3])
    assert not isinstance(let_in(sponsor, terms), Refused)
    sponsor.pay(3)
    assert TestId.COVERAGE_MATCH not in [each.test for each in open_alerts(sponsor)]
    found = books(sponsor)
    assert found.by_date["1003", "match", PAY_DATES[2]] == 0
    assert found.by_date["1003", "match", PAY_DATES[3]] > 0
    assert_sound(sponsor)


def open_alerts(sponsor: Plan) -> list[fiduciary.Alert]:
    with sponsor.db.begin(TESTER, tenants=[sponsor.sponsor]) as tx:
        return list(fiduciary.open_alerts(tx, tenant_id=sponsor.sponsor))


def let_in(sponsor: Plan, terms: plan.Provisions) -> object:
    """Everybody into the match from the third pay date on."""
    sponsor.at(sponsor.clock.now().date())
    open_to_all = replace(terms, match_eligibility=replace(NO_INTERNS, excluded_classes=()))
    asked = amendment.Amendment(
        sponsor.sponsor, sponsor.plan, sponsor.db.ids.new(FlowId), PAY_DATES[3], open_to_all, "a test"
    )
    return amendment.amend(sponsor.db, actor=TESTER, amendment=asked)

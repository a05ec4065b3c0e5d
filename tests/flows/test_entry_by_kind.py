"""Entry for the match on a day of its own, and by long-term part-time work: what is credited, held and matched."""

from dataclasses import replace
from datetime import date

from tests.flows.bookkeeping import Plan, assert_sound, books
from tests.support.database import TESTER

from open401k import census, compliance, plan
from open401k.base.db import Database
from open401k.demo.people import ACME, PAY_DATES, Person
from open401k.demo.setup import takeover_of
from open401k.flows.correction import Correction, LateFact, correct
from open401k.flows.plan_takeover import take_over
from open401k.kernel import FixedClock, FlowId
from open401k.views import derived

#: May defer since the day of hire; a year of service is complete on 6 January 2026, and the match begins on 1 February.
HIRED = date(2025, 1, 6)
NEWCOMER = Person("219-11-1099", "Nora", "Lund", date(1990, 2, 2), HIRED, 5_200_000, 1_000, pay_2025_cents=4_000_000)
GROSS = NEWCOMER.pay_cents(1)
WITHHELD, MATCH = GROSS // 10, GROSS * 600 // 10_000 // 2
BEFORE, AFTER = PAY_DATES[1:3], PAY_DATES[3:5]


def taken_over(db: Database, clock: FixedClock, **terms: object) -> Plan:
    """Acme under other terms."""
    takeover = takeover_of(ACME, db.ids)
    takeover = replace(takeover, provisions=replace(takeover.provisions, **terms))  # type: ignore[arg-type]
    take_over(db, actor=TESTER, takeover=takeover)
    return Plan(db, clock, takeover)


def learned(sponsor: Plan, last4: str, fact: census.Fact, on: date) -> None:
    wanted = Correction(
        sponsor.sponsor, sponsor.plan, sponsor.db.ids.new(FlowId), LateFact(sponsor.employee(last4), fact, on)
    )
    assert correct(sponsor.db, actor=TESTER, correction=wanted).halted is None


def test_who_defers_at_once_is_matched_from_the_day_of_entry_for_the_match(db: Database, clock: FixedClock) -> None:
    """And a match over the plan year counts pay and deferrals from that day alone."""
    sponsor = taken_over(
        db,
        clock,
        eligibility=plan.Eligibility(21, 0, None, plan.EntryRule.IMMEDIATE),
        match_eligibility=plan.EntryTerms(21, 12, None, plan.EntryRule.MONTHLY),
        match=plan.Match((plan.MatchTier(5_000, 600),), period=plan.MatchPeriod.PLAN_YEAR),
    )
    for period in range(1, 5):
        sponsor.pay(period, sponsor.file(period, joined=[NEWCOMER]))
    found = books(sponsor)
    assert not found.held
    for day in (*BEFORE, *AFTER):
        assert found.by_date["1099", "pre_tax", day] == WITHHELD
    assert all(("1099", "match", day) not in found.by_date for day in BEFORE)
    assert [found.by_date["1099", "match", day] for day in AFTER] == [MATCH, MATCH]
    assert found.by_date["1003", "match", PAY_DATES[1]] > 0
    assert_sound(sponsor)

    # Hired a week sooner than was told: a year of service by 30 December, and a match from January on.
    learned(sponsor, "1099", census.Hired(instead_of=HIRED), date(2024, 12, 30))
    found = books(sponsor)
    matched = [day for who, source, day in found.by_date if (who, source) == ("1099", "match")]
    assert sorted(matched) == [*PAY_DATES[1:5]]
    assert_sound(sponsor)
    with db.begin(TESTER, tenants=[sponsor.sponsor]) as tx:
        facts = compliance.facts_for(tx, tenant_id=sponsor.sponsor, plan_id=sponsor.plan, as_of=PAY_DATES[4])
        (days,) = [
            census.entries_by_kind(
                tx, tenant_id=sponsor.sponsor, provisions=facts.provisions, plan_id=sponsor.plan, employees=[each]
            )
            for each in census.roster(tx, tenant_id=sponsor.sponsor, employee_ids=[sponsor.employee("1099")])
        ]
    assert days == census.EntryDays((date(2024, 12, 30),), match=(date(2026, 1, 1),))


def test_long_term_part_time_work_lets_somebody_defer_in_a_plan_of_1000_hours_and_gives_no_match(
    db: Database, clock: FixedClock
) -> None:
    """Two years with 500 hours: in by the first day of the next plan year (IRC 401(k)(2)(D)(ii), (15)(B)(i), (D))."""
    takeover = takeover_of(ACME, db.ids)
    terms = replace(takeover.provisions, eligibility=plan.Eligibility())
    part_time = {"219-11-1003": (70_000, 70_000), "219-11-1004": (40_000, 70_000)}
    people = [
        replace(
            each,
            annual_pay={
                year: replace(each.annual_pay[2025], hours_hundredths=hours)
                for year, hours in zip((2024, 2025), part_time[each.ssn], strict=True)
            },
            hired_on=date(2023, 9, 4),
        )
        if each.ssn in part_time
        else each
        for each in takeover.people
    ]
    take_over(db, actor=TESTER, takeover=replace(takeover, provisions=terms, people=people))
    sponsor = Plan(db, clock, takeover)
    sponsor.pay(1)
    found = books(sponsor)
    assert found.by_date["1003", "pre_tax", PAY_DATES[1]] > 0
    assert ("1003", "match", PAY_DATES[1]) not in found.by_date
    assert {(who, reason) for who, _, _, reason in found.held} == {("1004", "not_entered")}
    assert ("1004", "pre_tax", PAY_DATES[1]) not in found.by_date
    assert found.by_date["1005", "match", PAY_DATES[1]] > 0
    assert_sound(sponsor)
    with db.begin(TESTER, tenants=[sponsor.sponsor]) as tx:
        where = {"tenant_id": sponsor.sponsor, "plan_id": sponsor.plan}
        facts = compliance.facts_for(tx, **where, as_of=PAY_DATES[1])  # type: ignore[arg-type]
        told = derived.load(tx, **where, employee_id=sponsor.employee("1003")) or ()  # type: ignore[arg-type]
    place = facts.employee_ids.index(sponsor.employee("1003"))
    assert facts.in_match is not None
    assert (facts.eligible[place], facts.tested[place], facts.in_match[place]) == (True, False, False)
    shown = {each.key: each for each in told}
    assert (shown["entry"].value, shown["match_entry"].value) == (date(2026, 1, 1), None)
    assert shown["part_time"].value == "long term part time"
    assert "401(k)(2)(D)(ii)" in shown["entry"].why

"""The year-end census: derived from facts with its reasons, confirmed by its hash, and what changed since then."""

import csv
import io
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan, TickingClock, acme
from tests.support.database import START, TESTER

from open401k import census, compliance
from open401k.base.db import Database
from open401k.demo.people import ACME, PAY_DATES
from open401k.flows.correction import Correction, LateFact, correct
from open401k.flows.year_census import Refusal, confirm
from open401k.kernel import EmployeeId, FixedClock, FlowId, PlanYear, Refused
from open401k.views import census_year, test_detail


@pytest.fixture
def clock() -> FixedClock:
    return TickingClock(START)


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    """Acme after its first payrolls of 2026."""
    plan = acme(db, clock)
    for period in (1, 2):
        plan.pay(period)
    return plan


def shown(plan: Plan, year: int = 2026) -> census_year.CensusYear:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return census_year.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan, year=year)


def say_so(plan: Plan, sha256: str) -> census.Confirmation | Refused[Refusal]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        of: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan}
        return confirm(tx, **of, year=2026, sha256=sha256, signed_as="Olive Owner")


def learn(plan: Plan, last4: str, fact: census.Fact, event_on: date) -> None:
    learned = LateFact(plan.employee(last4), fact, event_on)
    wanted = Correction(plan.sponsor, plan.plan, plan.db.ids.new(FlowId), learned)
    assert correct(plan.db, actor=TESTER, correction=wanted).halted is None


def test_it_says_of_everybody_what_their_payrolls_and_facts_say(plan: Plan) -> None:
    plan.at(date(2027, 1, 8))
    found = shown(plan)
    assert (found.first_day, found.as_of, found.over) == (date(2026, 1, 1), date(2026, 12, 31), True)
    lines = {line.ssn_masked[-4:]: line.row for line in found.lines}
    person = next(each for each in ACME.people if each.ssn == "219-11-1003")
    row = lines["1003"]
    gross = sum(person.pay_cents(period) for period in (1, 2))
    assert (row.plan_cents, row.section_415_cents, row.fica_cents) == (gross, gross, gross)
    assert row.pre_tax_cents == sum(person.pay_cents(p) * person.rates_bps(PAY_DATES[p])[0] // 10_000 for p in (1, 2))
    assert (row.hours_hundredths, row.status, row.hired_on) == (160_00, "active", person.hired_on)
    assert row.vesting_years == compliance.years_of_service([census.Employment(person.hired_on)], date(2026, 12, 31))
    owner = lines["1001"]
    assert owner.highly_compensated
    assert "5-percent owner" in owner.why_highly_compensated
    assert owner.key_employee
    for each in (each for each in ACME.people if each.ssn[-4:] in lines):
        wages = lines[each.ssn[-4:]].wages_before_cents
        assert wages == each.pay_2025_cents
        # Roth catch-up in 2026: wages of 2025 above $150,000 (IRC 414(v)(7)(A), Notice 2025-67).
        assert lines[each.ssn[-4:]].roth_catch_up is (wages > 150_000_00)
    assert found.counts.active_at_end == sum(
        row.status == "active" and row.eligible_on is not None for row in lines.values()
    )
    assert (found.counts.large, found.mandate) == (False, "adopted_before_enactment")


def test_the_same_facts_give_the_same_census_then_and_later(plan: Plan) -> None:
    plan.at(date(2027, 1, 8))
    before = shown(plan)
    learn(plan, "1004", census.Officer(True), date(2026, 3, 1))
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        of: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan, "year": 2026}
        then = compliance.census_of_year(tx, **of, known_at=before.known_at)
    assert then.sha256 == before.sha256
    assert shown(plan).sha256 != before.sha256


def test_it_is_confirmed_once_the_year_is_over_as_it_was_shown(plan: Plan) -> None:
    early = say_so(plan, shown(plan).sha256)
    assert isinstance(early, Refused)
    assert early.reason is Refusal.YEAR_NOT_OVER
    plan.at(date(2027, 1, 8))
    other = say_so(plan, "0" * 64)
    assert isinstance(other, Refused)
    assert other.reason is Refusal.CHANGED_MEANWHILE

    seen = shown(plan)
    kept = say_so(plan, seen.sha256)
    assert isinstance(kept, census.Confirmation)
    assert (kept.sha256, kept.people, kept.signed_as) == (seen.sha256, seen.people, "Olive Owner")
    assert say_so(plan, seen.sha256) == kept
    after = shown(plan)
    assert (after.confirmation, after.differences) == (kept, ())


def test_a_fact_that_changes_later_shows_what_changed_since(plan: Plan) -> None:
    plan.at(date(2027, 1, 8))
    assert isinstance(say_so(plan, shown(plan).sha256), census.Confirmation)
    learn(plan, "1004", census.Officer(True), date(2026, 3, 1))
    learn(plan, "1003", census.Terminated(), date(2026, 12, 30))
    child = census.Family(plan.employee("1004"), census.Relation.CHILD)
    learn(plan, "1003", child, date(2026, 3, 1))
    found = shown(plan)
    assert found.recomputed
    told = {(each.employee_id, each.field): (each.before, each.now) for each in found.differences}
    assert told[str(plan.employee("1004")), "officer"] == ("False", "True")
    assert told[str(plan.employee("1003")), "terminated_on"] == ("None", "2026-12-30")
    assert told[str(plan.employee("1003")), "status"] == ("active", "terminated")
    in_words = {each.what: (each.before, each.now) for each in found.changes}
    assert (in_words["officer"], in_words["terminated on"]) == (("no", "yes"), ("–", "2026-12-30"))
    relatives = [each.now for each in found.changes if each.what == "family"]
    assert len(relatives) == 2  # each told of the other, by name
    assert all(re.fullmatch(r"(child|parent) [A-Z][a-z]+ [A-Z]\w+", each) for each in relatives), relatives
    assert {who for who, _ in told} == {str(plan.employee("1003")), str(plan.employee("1004"))}

    plan.clock.advance(timedelta(days=1))
    assert isinstance(say_so(plan, found.sha256), census.Confirmation)
    assert shown(plan).differences == ()


def test_a_year_that_is_over_is_tested_by_what_is_learned_of_it_later(plan: Plan) -> None:
    plan.at(date(2027, 1, 8))
    before = run_of_2026(plan)
    assert plan.employee("1003") not in highly_compensated(plan, before)
    learn(plan, "1003", census.Ownership(10_00), date(2026, 3, 1))
    after = run_of_2026(plan)
    assert after.as_of == date(2026, 12, 31)
    assert highly_compensated(plan, after) == highly_compensated(plan, before) | {plan.employee("1003")}
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        of: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan}
        now, then = (test_detail.load_overview(tx, **of, year=year) for year in (None, 2026))
        assert test_detail.load_overview(tx, **of, year=1990).tests == ()
    assert (now.earlier, now.later, now.plan_year_last_day) == (2026, None, date(2027, 12, 31))
    assert (then.earlier, then.later, then.plan_year_last_day) == (None, 2027, date(2026, 12, 31))
    assert now.refused
    assert not then.refused
    plan.at(date(2028, 1, 8))  # the time for its correction is over
    learn(plan, "1004", census.Ownership(10_00), date(2026, 3, 1))
    assert run_of_2026(plan).run_id == after.run_id


def run_of_2026(plan: Plan) -> compliance.ComplianceRun:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        year = PlanYear(date(2026, 1, 1), date(2027, 1, 1))
        run = compliance.latest(tx, tenant_id=plan.sponsor, plan_id=plan.plan, plan_year=year)
    assert run is not None
    return run


def highly_compensated(plan: Plan, run: compliance.ComplianceRun) -> set[EmployeeId]:
    who, flags = run.people["employee"], run.people["hce"]
    return {EmployeeId.parse(each) for each, is_so in zip(who, flags, strict=True) if is_so}


def test_the_export_holds_no_formula_and_no_number(plan: Plan) -> None:
    learn(plan, "1004", census.Name("=HYPERLINK(1)", "+Smith"), date(2026, 1, 2))
    learn(plan, "1005", census.EmployeeClass("@sum"), date(2026, 1, 2))
    found = shown(plan)
    text = census_year.as_csv(found)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == found.people
    for row in rows:
        assert not any(cell.startswith(("=", "+", "@", "\t")) for cell in row.values())
    assert any(row["name"] == "'=HYPERLINK(1) +Smith" for row in rows)
    assert not any(person.ssn.replace("-", "") in text or person.ssn in text for person in ACME.people)
    low = replace(found.lines[0].row, after_tax_cents=-5_00, name="-5+2")
    (line,) = csv.DictReader(io.StringIO(census_year.as_csv(replace(found, lines=(replace(found.lines[0], row=low),)))))
    assert (line["after_tax"], line["name"]) == ("-5.00", "'-5+2")

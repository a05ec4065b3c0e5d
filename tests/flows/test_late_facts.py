"""What is learned late: the past is derived anew, the difference posted and explained; what was said stays said."""

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan, acme, assert_sound, books
from tests.support.database import TESTER

from open401k import census, compliance, recordkeeping
from open401k.base.db import Database
from open401k.base.steps import FlowResults
from open401k.demo.files import Mistakes
from open401k.demo.people import ACME, PAY_DATES, Person
from open401k.demo.setup import takeover_of
from open401k.doors import late_facts
from open401k.doors.problems import ProblemError
from open401k.flows.correction import Correction, LateFact, PayCodeMeaning, correct
from open401k.flows.payroll_intake import Taken, settle_columns
from open401k.flows.plan_takeover import take_over
from open401k.kernel import ComplianceRunId, FixedClock, FlowId
from open401k.law.pay_items import PayKind

#: Hired in December, as her first file says: no participant before 2027.
LATECOMER = Person(
    "219-11-1099", "Nora", "Lund", date(1990, 2, 2), date(2025, 12, 8), 5_200_000, 500, pay_2025_cents=400_000
)


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    return acme(db, clock)


def learn(plan: Plan, learned: LateFact | PayCodeMeaning, flow_id: FlowId | None = None) -> FlowResults:
    wanted = Correction(plan.sponsor, plan.plan, flow_id or plan.db.ids.new(FlowId), learned)
    result = correct(plan.db, actor=TESTER, correction=wanted)
    assert result.halted is None
    return result


def corrections(plan: Plan) -> list[recordkeeping.Corrected]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return recordkeeping.corrections(tx, tenant_id=plan.sponsor, plan_id=plan.plan)


def told(plan: Plan) -> list[compliance.ComplianceRun]:
    """Every test run that is kept, in full, oldest first."""
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        ids = tx.rows("select run_id from compliance.run where tenant_id = %s order by recorded_at", [plan.sponsor])
        return [compliance.get(tx, tenant_id=plan.sponsor, run_id=ComplianceRunId(run_id)) for (run_id,) in ids]


def test_the_same_key_again_is_the_first_answer_though_the_fact_could_not_be_by_now(plan: Plan) -> None:
    of: dict[str, Any] = {"actor": TESTER, "tenant_id": plan.sponsor, "plan_id": plan.plan}
    about = {"employee_id": str(plan.employee("1003")), "event_on": "2025-11-10"}
    left = late_facts.read(about | {"kind": "terminated"})
    first = late_facts.learn_once(plan.db, **of, key="k", sent=left)
    thought = {"kind": "hired", "instead_of": "2012-03-05"}
    late_facts.learn_once(plan.db, **of, key="hire", sent=late_facts.read(about | thought | {"event_on": "2025-12-01"}))
    assert late_facts.learn_once(plan.db, **of, key="k", sent=left) == first
    with pytest.raises(ProblemError, match="before the first hire"):
        late_facts.learn_once(plan.db, **of, key="another", sent=left)


def test_a_late_hire_date_gives_the_match_of_every_past_pay_date(plan: Plan) -> None:
    days = [PAY_DATES[1], PAY_DATES[2]]
    for period in (1, 2):
        plan.pay(period, plan.file(period, joined=[LATECOMER]))
    before, said = books(plan), told(plan)
    assert {reason for (who, _, _, reason) in before.held if who == "1099"} == {"not_entered"}
    gross = LATECOMER.pay_cents(1)
    withheld, match = gross * 500 // 10_000, (gross * 500 // 10_000) // 2

    plan.at(date(2026, 2, 2))
    learned = LateFact(plan.employee("1099"), census.Hired(instead_of=date(2025, 12, 8)), date(2024, 3, 4))
    flow_id = plan.db.ids.new(FlowId)
    result = learn(plan, learned, flow_id)

    after = books(plan)
    assert [after.by_date["1099", "pre_tax", day] for day in days] == [withheld, withheld]
    assert [abs(after.by_date["1099", "match", day] - match) <= 1 for day in days] == [True, True]
    assert not after.held
    assert {key: cents for key, cents in after.by_date.items() if key[0] != "1099"} == dict(before.by_date)
    first, second = corrections(plan)
    assert [str(first.entry_id), str(second.entry_id)] == result["settle"]["entries"]
    assert [first.pay_date, second.pay_date] == days
    assert "Hired of 2024-03-04, learned late" in first.origin
    assert first.cause == str(flow_id)
    by_slot = {(each["source"], each["held"]): each for each in first.differences}
    assert by_slot["pre_tax", "not_entered"]["difference_cents"] == -withheld
    assert by_slot["pre_tax", None]["should_be_cents"] == withheld
    assert by_slot["pre_tax", None]["posted_cents"] == 0
    assert first.credited_cents + first.held_cents == after.by_date["1099", "match", days[0]]
    assert told(plan)[: len(said)] == said
    assert_sound(plan)

    learn(plan, learned, flow_id)
    assert books(plan) == after
    learn(plan, learned)  # somebody else reports the same fact once more
    assert books(plan).by_date == after.by_date
    assert len(corrections(plan)) == 2
    assert_sound(plan)


def saver(plan: Plan, period: int) -> bytes:
    """A file in which 1003 saves 9,000.00 of a pay that has room for it."""
    heading, *rows = csv.reader(io.StringIO(plan.file(period).decode()))
    for row in rows:
        if row[0] == "219-11-1003":
            row[heading.index("Gross Pay")], row[heading.index("401k Deferral")] = "20000.00", "9000.00"
    out = io.StringIO()
    csv.writer(out).writerows([heading, *rows])
    return out.getvalue().encode()


def test_a_birth_date_put_right_makes_room_for_catch_up(plan: Plan) -> None:
    # Born 1979 she may defer 24,500.00 in 2026; born 1975 she is 51 by year end and may catch up to 32,500.00.
    for period in (1, 2, 3):
        plan.pay(period, saver(plan, period))
    before = books(plan)
    assert before.held == {("1003", PAY_DATES[3], "pre_tax", "over_limit"): 2_500_00}
    plan.at(date(2026, 2, 20))
    learn(plan, LateFact(plan.employee("1003"), census.BirthDate(date(1975, 1, 22)), date(2012, 3, 5)))
    after = books(plan)
    assert not after.held
    assert after.by_date["1003", "pre_tax", PAY_DATES[3]] == 9_000_00
    (entry,) = corrections(plan)
    assert entry.pay_date == PAY_DATES[3]
    assert "BirthDate" in entry.origin
    assert_sound(plan)


def test_a_termination_learned_late_holds_what_came_long_after(plan: Plan) -> None:
    plan.pay(1)
    plan.pay(2)
    before, said = books(plan), told(plan)
    plan.at(date(2026, 2, 10))
    learn(plan, LateFact(plan.employee("1003"), census.Terminated(), date(2025, 11, 10)))
    after = books(plan)
    # 2 1/2 months after November 10 is January 25: the first pay date still counts, the second does not.
    own = before.by_date["1003", "pre_tax", PAY_DATES[2]]
    assert after.by_date["1003", "pre_tax", PAY_DATES[1]] == before.by_date["1003", "pre_tax", PAY_DATES[1]]
    assert after.held == {("1003", PAY_DATES[2], "pre_tax", "left_long_ago"): own}
    assert after.by_date["1003", "match", PAY_DATES[2]] == 0
    assert told(plan)[: len(said)] == said
    assert_sound(plan)
    # Nor does the later pay count in the tests; a payroll after it leaves all that as it is.
    plan.pay(3)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        facts = compliance.facts_for(tx, tenant_id=plan.sponsor, plan_id=plan.plan, as_of=PAY_DATES[3])
    place = facts.employee_ids.index(plan.employee("1003"))
    assert facts.compensation[place] == before.pay["1003", PAY_DATES[1], "plan_cents"]
    assert facts.section_415[place] == before.pay["1003", PAY_DATES[1], "gross_cents"]
    assert_sound(plan)


def with_bonus(plan: Plan, period: int) -> bytes:
    """The file with pay split: everybody's gross holds a bonus of 500.00; 1003 saves 1,000.00."""
    heading, *rows = csv.reader(io.StringIO(plan.file(period).decode()))
    out = io.StringIO()
    written = csv.writer(out)
    written.writerow([*heading, "Regular", "Bonus"])
    for row in rows:
        gross = row[heading.index("Gross Pay")]
        dollars, cents = gross.split(".")
        row[heading.index("Gross Pay")] = f"{int(dollars) + 500}.{cents}"
        if row[0] == "219-11-1003":
            row[heading.index("401k Deferral")] = "1000.00"
        written.writerow([*row, gross, "500.00"])
    return out.getvalue().encode()


def pay_with_bonus(plan: Plan, period: int) -> None:
    plan.at(PAY_DATES[period])
    taken = plan.send(with_bonus(plan, period))
    assert isinstance(taken, Taken), taken
    assert plan.post(taken.run.run_id).halted is None, plan.findings(taken.run.run_id)


def test_a_pay_code_that_does_not_count_changes_compensation_and_match_of_the_past(plan: Plan) -> None:
    settled_with_earnings(plan)
    pay_with_bonus(plan, 2)
    before, said = books(plan), told(plan)
    plan.at(date(2026, 2, 3))
    flow_id = plan.db.ids.new(FlowId)
    learned = PayCodeMeaning("Bonus", counts=False, event_on=date(2026, 1, 1))
    learn(plan, learned, flow_id)
    after = books(plan)
    for day in (PAY_DATES[1], PAY_DATES[2]):
        assert before.pay["1003", day, "plan_cents"] - after.pay["1003", day, "plan_cents"] == 500_00
    # 1003 defers more than the 6 % of pay that are matched.
    fewer = before.by_date["1003", "match", PAY_DATES[1]] - after.by_date["1003", "match", PAY_DATES[1]]
    assert fewer == 15_00  # half of 6 % of 500.00
    assert sum(after.balances.values()) < sum(before.balances.values())
    assert all(each.origin == "Pay code Bonus does not count from 2026-01-01 on." for each in corrections(plan))
    assert told(plan)[: len(said)] == said
    assert_sound(plan)
    learn(plan, learned, flow_id)
    assert books(plan) == after
    plan.at(plan.clock.now().date() + timedelta(days=1))
    learn(plan, PayCodeMeaning("Bonus", counts=True, event_on=date(2026, 1, 1)))
    assert books(plan).by_date == before.by_date
    assert_sound(plan)


def settled_with_earnings(plan: Plan) -> None:
    """The first file, whose two last columns a person says to be pay codes."""
    plan.at(PAY_DATES[1])
    taken = plan.send(with_bonus(plan, 1))
    assert isinstance(taken, Taken)
    plan.at(PAY_DATES[1])
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        for code, kind in (("Regular", PayKind.REGULAR), ("Bonus", PayKind.BONUS)):
            said = census.CodeKind(census.Side.EARNING, code, kind, date.min)
            census.set_code_kind(tx, tenant_id=plan.sponsor, said=said)
    taken = settle_columns(
        plan.db,
        actor=TESTER,
        tenant_id=plan.sponsor,
        run_id=taken.run.run_id,
        fields={14: "earnings", 15: "earnings"},
    )
    assert isinstance(taken, Taken)
    assert plan.post(taken.run.run_id).halted is None, plan.findings(taken.run.run_id)


def test_hours_worked_later_do_not_change_what_tests_knew(db: Database, clock: FixedClock) -> None:
    takeover = takeover_of(ACME, db.ids)
    asked = replace(takeover.provisions.eligibility, hours_in_year=1_000)
    takeover = replace(takeover, provisions=replace(takeover.provisions, eligibility=asked))
    take_over(db, actor=TESTER, takeover=takeover)
    plan = Plan(db, clock, takeover)
    idle = replace(LATECOMER, pre_tax_bps=0)
    for period in (1, 2, 3):
        long_days = Mistakes(cells={(idle.ssn, "Hours"): "336.00"})
        plan.pay(period, plan.file(period, long_days, joined=[idle]))
    assert_sound(plan)

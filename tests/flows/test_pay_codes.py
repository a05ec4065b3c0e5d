"""What pay codes mean: said wrongly and put right later, books and tests follow; what was said stays said."""

import csv
import io
from dataclasses import replace
from datetime import date

from tests.flows.bookkeeping import Plan, assert_sound, books
from tests.support.database import TESTER

from open401k import compliance, recordkeeping
from open401k import plan as plans
from open401k.base.db import Database
from open401k.base.steps import FlowResults
from open401k.census import CodeKind, Side
from open401k.demo.people import ACME, PAY_DATES
from open401k.demo.setup import takeover_of
from open401k.flows.code_kinds import PayCodeKinds
from open401k.flows.correction import Correction, correct
from open401k.flows.payroll_intake import Taken, say_yes, settle_columns
from open401k.flows.plan_takeover import take_over
from open401k.kernel import ComplianceRunId, FixedClock, FlowId, Refused
from open401k.law.pay_items import PayKind
from open401k.payroll import runs

WITHOUT_BONUS = plans.Compensation(excluded_kinds=(PayKind.BONUS,))


def plan_with(db: Database, clock: FixedClock, terms: plans.Compensation = WITHOUT_BONUS) -> Plan:
    """Acme, with that definition of compensation."""
    takeover = takeover_of(ACME, db.ids)
    wanted = replace(takeover, provisions=replace(takeover.provisions, compensation=terms))
    take_over(db, actor=TESTER, takeover=wanted)
    return Plan(db, clock, wanted)


BONUS, DEFERRED = 4_000_00, 1_000_00


def with_codes(plan: Plan, period: int, *, who: str = "1003", bonus: int = BONUS, heading: str = "Bonus") -> bytes:
    """The file with pay by code, in which one person has a bonus, and defers 1,000.00."""
    first, *rows = csv.reader(io.StringIO(plan.file(period).decode()))
    gross, deferral = first.index("Gross Pay"), first.index("401k Deferral")
    for row in rows:
        salary, extra = row[gross], 0
        if row[0].endswith(who):
            extra = bonus
            row[gross], row[deferral] = _dollars(_cents(salary) + extra), _dollars(DEFERRED)
        row += [salary, _dollars(extra) if extra else ""]
    out = io.StringIO()
    csv.writer(out).writerows([[*first, "Regular", heading], *rows])
    return out.getvalue().encode()


def _cents(text: str) -> int:
    return round(float(text) * 100)


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def take(plan: Plan, period: int, data: bytes) -> Taken:
    """The file on its pay date; its two columns more are pay codes."""
    plan.at(PAY_DATES[period])
    taken = plan.send(data, settle=False)
    assert not isinstance(taken, Refused), taken
    if taken.run.status == runs.Status.NEEDS_MAPPING:
        settled = settle_columns(
            plan.db,
            actor=TESTER,
            tenant_id=plan.sponsor,
            run_id=taken.run.run_id,
            fields={14: "earnings", 15: "earnings"},
        )
        assert not isinstance(settled, Refused), settled
        return settled
    return taken


def pay(plan: Plan, period: int, data: bytes) -> Taken:
    """Taken, confirmed where that is asked, and posted."""
    taken = take(plan, period, data)
    say_yes(plan.db, actor=TESTER, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    result = plan.post(taken.run.run_id)
    assert result.halted is None, (result.halted, plan.findings(taken.run.run_id))
    return taken


def learn(plan: Plan, **kinds: PayKind) -> FlowResults:
    """A person says what codes are for, since the first pay date of the year."""
    plan.at(plan.clock.now().date())
    said = tuple(CodeKind(Side.EARNING, code, kind, PAY_DATES[0]) for code, kind in kinds.items())
    wanted = Correction(plan.sponsor, plan.plan, plan.db.ids.new(FlowId), PayCodeKinds(said))
    result = correct(plan.db, actor=TESTER, correction=wanted)
    assert result.halted is None
    return result


def posted(plan: Plan) -> list[recordkeeping.Corrected]:
    """The corrections of the plan."""
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return recordkeeping.corrections(tx, tenant_id=plan.sponsor, plan_id=plan.plan)


def kept_tests(plan: Plan) -> list[compliance.ComplianceRun]:
    """Every test run that is kept, oldest first."""
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        ids = tx.rows("select run_id from compliance.run where tenant_id = %s order by recorded_at", [plan.sponsor])
        return [compliance.get(tx, tenant_id=plan.sponsor, run_id=ComplianceRunId(run_id)) for (run_id,) in ids]


def facts_of(plan: Plan, who: str, as_of: date) -> tuple[int, int]:
    """Plan pay and 415 pay of one person, as the tests read them."""
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        facts = compliance.facts_for(tx, tenant_id=plan.sponsor, plan_id=plan.plan, as_of=as_of)
    place = facts.employee_ids.index(plan.employee(who))
    return int(facts.compensation[place]), int(facts.section_415[place])


def test_a_bonus_taken_for_salary_is_put_right_in_june(db: Database, clock: FixedClock) -> None:
    plan = plan_with(db, clock)
    learn(plan, Regular=PayKind.REGULAR, Bonus=PayKind.REGULAR)  # wrong: the plan leaves bonuses out
    for period in (1, 2, 3):
        pay(plan, period, with_codes(plan, period, bonus=BONUS if period != 2 else 0))
    before, said, known = books(plan), kept_tests(plan), facts_of(plan, "1003", PAY_DATES[3])
    salary = before.pay["1003", PAY_DATES[1], "gross_cents"] - BONUS
    assert before.pay["1003", PAY_DATES[1], "plan_cents"] == salary + BONUS

    plan.at(date(2026, 6, 15))
    result = learn(plan, Bonus=PayKind.BONUS)

    after = books(plan)
    for period in (1, 3):
        day = PAY_DATES[period]
        assert after.pay["1003", day, "plan_cents"] == salary
        # 50 % of what is deferred up to 6 % of plan pay.
        lost = after.by_date["1003", "match", day] - before.by_date["1003", "match", day]
        assert lost == _match(salary) - _match(salary + BONUS)
        assert lost < 0
    assert after.by_date["1003", "match", PAY_DATES[2]] == before.by_date["1003", "match", PAY_DATES[2]]
    assert not after.held
    corrected = posted(plan)
    assert [each.pay_date for each in corrected] == [PAY_DATES[1], PAY_DATES[3]]
    assert {each.origin for each in corrected} == {"Pay code Bonus is bonus from 2026-01-02 on."}
    assert [str(each.entry_id) for each in corrected] == result["settle"]["entries"]
    # A bonus is 415 pay whatever the plan counts; severance pay is not, and both follow in the tests.
    assert facts_of(plan, "1003", PAY_DATES[3]) == (known[0] - 2 * BONUS, known[1])
    assert kept_tests(plan)[: len(said)] == said
    assert len(kept_tests(plan)) == len(said) + 1
    learn(plan, Bonus=PayKind.SEVERANCE_PAY)
    assert facts_of(plan, "1003", PAY_DATES[3]) == (known[0] - 2 * BONUS, known[1] - 2 * BONUS)
    assert_sound(plan)

    learn(plan, Bonus=PayKind.REGULAR)  # it was right after all
    assert books(plan).by_date == before.by_date
    assert_sound(plan)


def _match(pay: int) -> int:
    return min(DEFERRED, pay * 6 // 100) // 2

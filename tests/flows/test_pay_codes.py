"""What pay codes mean: said wrongly and put right later, books and tests follow; what was said stays said."""

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan, assert_sound, books
from tests.support.database import TESTER

from open401k import census, compliance, recordkeeping
from open401k import plan as plans
from open401k.base.db import Database
from open401k.base.steps import FlowResults
from open401k.census import CodeKind, Side
from open401k.demo.people import ACME, PAY_DATES, Person
from open401k.demo.setup import takeover_of
from open401k.flows.code_kinds import PayCodeKinds
from open401k.flows.correction import Correction, correct
from open401k.flows.pay_codes import Choice, Confirming, confirm
from open401k.flows.payroll_intake import Taken, say_yes, settle_columns
from open401k.flows.plan_takeover import take_over
from open401k.kernel import ComplianceRunId, FixedClock, FlowId, Open401kError, Refused
from open401k.law.pay_items import PayKind
from open401k.payroll import Code, runs

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


def learn(plan: Plan, *, evidence: dict[str, Any] | None = None, **kinds: PayKind) -> FlowResults:
    """A person says what codes are for, since the first pay date of the year; a moment before and after it."""
    plan.at(plan.clock.now().date())
    said = tuple(
        CodeKind(Side.EARNING, code, kind, PAY_DATES[0], evidence=evidence or {}) for code, kind in kinds.items()
    )
    wanted = Correction(plan.sponsor, plan.plan, plan.db.ids.new(FlowId), PayCodeKinds(said))
    result = correct(plan.db, actor=TESTER, correction=wanted)
    assert result.halted is None
    plan.at(plan.clock.now().date())
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


def asked(plan: Plan, taken: Taken) -> dict[str, str]:
    """The codes that a check asks about, each with why."""
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        found = runs.findings_of_run(tx, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    questions = [dict(each.detail) for each in found if each.code is Code.PAY_CODE_UNCONFIRMED]
    return {each["code"]: each["why"] for each in questions}


def test_a_new_code_is_asked_about_and_confirmed_before_posting_nothing_waits(db: Database, clock: FixedClock) -> None:
    plan = plan_with(db, clock)
    taken = take(plan, 1, with_codes(plan, 1))
    assert taken.run.status == runs.Status.NEEDS_CONFIRMATION
    assert asked(plan, taken) == {"Bonus": "new", "Regular": "new"}
    with db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        found = runs.findings_of_run(tx, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    (bonus,) = [each for each in found if dict(each.detail).get("code") == "Bonus"]
    assert "1 person has $4,000.00 of it" in bonus.reason
    assert "It seems to be bonus (100 of 100)" in bonus.fix
    assert bonus.column == "P Bonus"

    learn(plan, Regular=PayKind.REGULAR, Bonus=PayKind.BONUS)
    result = plan.post(taken.run.run_id)  # it is checked again, since something was said of codes
    assert result.halted is None
    assert asked(plan, taken) == {}
    after = books(plan)
    assert not after.held
    assert after.by_date["1003", "match", PAY_DATES[1]] == _match(after.pay["1003", PAY_DATES[1], "plan_cents"])
    # The same codes on the next pay date are known.
    assert asked(plan, take(plan, 2, with_codes(plan, 2))) == {}
    assert_sound(plan)


def test_posted_without_a_word_its_rows_wait_and_a_word_releases_them(db: Database, clock: FixedClock) -> None:
    straight, waited = plan_with(db, clock), plan_with(db, clock)
    learn(straight, Regular=PayKind.REGULAR, Bonus=PayKind.BONUS)
    learn(waited, Regular=PayKind.REGULAR)
    taken = {plan.plan: take(plan, 1, with_codes(plan, 1)) for plan in (straight, waited)}
    assert asked(waited, taken[waited.plan]) == {"Bonus": "new"}
    for plan in (straight, waited):
        say_yes(db, actor=TESTER, tenant_id=plan.sponsor, run_id=taken[plan.plan].run.run_id)
        assert plan.post(taken[plan.plan].run.run_id).halted is None

    then = books(waited)
    assert then.held == {("1003", PAY_DATES[1], "pre_tax", "pay_code_unconfirmed"): DEFERRED}
    assert then.by_date["1003", "match", PAY_DATES[1]] == 0
    others = {key: cents for key, cents in books(straight).by_date.items() if key[0] != "1003"}
    assert {key: cents for key, cents in then.by_date.items() if key[0] != "1003"} == others
    assert_sound(waited)
    # A second yes, or a later payroll, releases nothing; what a person says of the code does.
    pay(waited, 2, with_codes(waited, 2, bonus=0))
    assert books(waited).held == then.held
    pay(straight, 2, with_codes(straight, 2, bonus=0))

    learn(waited, Bonus=PayKind.BONUS)
    assert not books(waited).held
    assert books(waited).by_date == books(straight).by_date
    assert books(waited).balances == books(straight).balances
    (released,) = posted(waited)
    assert (released.pay_date, released.held_cents) == (PAY_DATES[1], -DEFERRED)
    assert_sound(waited)


def test_the_order_in_which_a_word_and_payrolls_come_does_not_matter(db: Database, clock: FixedClock) -> None:
    first, last, late = (plan_with(db, clock) for _ in range(3))
    learn(first, Regular=PayKind.REGULAR, Bonus=PayKind.SEVERANCE_PAY)
    for plan, order in ((first, (1, 2, 3)), (last, (1, 2, 3)), (late, (3, 1, 2))):
        for period in order:
            plan.at(PAY_DATES[3])
            pay(plan, period, with_codes(plan, period))
    learn(last, Bonus=PayKind.BONUS, Regular=PayKind.REGULAR)
    learn(last, Bonus=PayKind.SEVERANCE_PAY)
    learn(late, Bonus=PayKind.SEVERANCE_PAY, Regular=PayKind.REGULAR)
    for plan in (last, late):
        assert books(plan).by_date == books(first).by_date
        assert not books(plan).held
        assert_sound(plan)


@pytest.mark.parametrize(
    ("change", "why"),
    [({"bonus": 60_000_00}, "amount"), ({"heading": "Bonus or gift"}, "new"), ({"twice": True}, "gross")],
)
def test_a_code_that_behaves_otherwise_than_when_it_was_confirmed_is_asked_about(
    db: Database, clock: FixedClock, change: dict[str, Any], why: str
) -> None:
    plan = plan_with(db, clock)
    first = take(plan, 1, with_codes(plan, 1))
    evidence = {"most_cents": BONUS, "in_gross_seen": True, "in_plan_seen": None, "name": "Bonus"}
    learn(plan, Regular=PayKind.REGULAR)
    learn(plan, Bonus=PayKind.BONUS, evidence=evidence)
    assert plan.post(first.run.run_id).halted is None
    assert not books(plan).held

    data = with_codes(plan, 2, **{name: value for name, value in change.items() if name != "twice"})
    if change.get("twice"):  # the bonus is no longer in gross pay
        heading, *rows = csv.reader(io.StringIO(data.decode()))
        for row in rows:
            if row[-1]:
                row[heading.index("Gross Pay")] = row[-2]
        out = io.StringIO()
        csv.writer(out).writerows([heading, *rows])
        data = out.getvalue().encode()
    taken = take(plan, 2, data)
    assert list(asked(plan, taken).values()) == [why]
    say_yes(db, actor=TESTER, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    assert plan.post(taken.run.run_id).halted is None
    assert set(books(plan).held) == {("1003", PAY_DATES[2], "pre_tax", "pay_code_unconfirmed")}
    assert_sound(plan)


def test_of_two_payrolls_of_a_day_a_doubt_in_either_lets_the_day_wait(db: Database, clock: FixedClock) -> None:
    plan = plan_with(db, clock)
    learn(plan, Regular=PayKind.REGULAR)
    pay(plan, 1, with_codes(plan, 1, bonus=0))
    assert not books(plan).held
    taken = take(plan, 1, with_codes(plan, 1, bonus=BONUS - 1))
    say_yes(db, actor=TESTER, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    assert plan.post(taken.run.run_id).halted is None
    assert books(plan).held == {("1003", PAY_DATES[1], "pre_tax", "pay_code_unconfirmed"): 2 * DEFERRED}
    learn(plan, Bonus=PayKind.BONUS)
    assert not books(plan).held
    assert_sound(plan)


def test_what_the_check_says_waits_is_what_waits_of_new_people_too(
    db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_with(db, clock)
    learn(plan, Regular=PayKind.REGULAR)
    told: list[Any] = []
    checked = runs.checked

    def listening(tx: Any, **given: Any) -> Any:
        told.append(given["outcome"])
        return checked(tx, **given)

    monkeypatch.setattr(runs, "checked", listening)
    newcomer = Person(
        "219-11-1098", "Nora", "Lund", date(1990, 2, 2), date(2019, 12, 8), 5_200_000, 500, pay_2025_cents=400_000
    )
    first, *rows = csv.reader(io.StringIO(plan.file(1, joined=[newcomer]).decode()))
    for row in rows:  # everybody has a bonus within gross pay; one saves both ways
        gross = _cents(row[first.index("Gross Pay")])
        row += [_dollars(gross - 100_00), "100.00"]
        if row[0].endswith("1004"):
            row[first.index("401k Deferral")], row[first.index("Roth 401k")] = "70.00", "30.00"
    out = io.StringIO()
    csv.writer(out).writerows([[*first, "Regular", "Bonus"], *rows])
    taken = take(plan, 1, out.getvalue().encode())
    said = Counter[tuple[str, str]]()
    for hold in told[-1].holds:
        assert hold.code is Code.PAY_CODE_UNCONFIRMED
        said[hold.key[-4:], str(hold.source)] += hold.cents
    say_yes(db, actor=TESTER, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    assert plan.post(taken.run.run_id).halted is None
    held = books(plan).held
    assert {(who, source): cents for (who, _, source, _), cents in held.items()} == said
    assert said["1098", "pre_tax"] > 0
    assert (said["1004", "pre_tax"], said["1004", "roth"]) == (70_00, 30_00)
    assert not books(plan).by_date
    learn(plan, Bonus=PayKind.BONUS)
    assert not books(plan).held
    assert_sound(plan)


def test_a_corrected_file_without_the_code_takes_the_doubt_away(db: Database, clock: FixedClock) -> None:
    plan = plan_with(db, clock)
    learn(plan, Regular=PayKind.REGULAR)
    taken = pay(plan, 1, with_codes(plan, 1))
    assert books(plan).held
    plan.at(PAY_DATES[1])
    corrected = plan.send(with_codes(plan, 1, bonus=0), replaces=taken.run.run_id)
    assert not isinstance(corrected, Refused), corrected
    say_yes(db, actor=TESTER, tenant_id=plan.sponsor, run_id=corrected.run.run_id)
    assert plan.post(corrected.run.run_id).halted is None
    assert not books(plan).held
    assert books(plan).by_date["1003", "pre_tax", PAY_DATES[1]] == DEFERRED
    assert_sound(plan)


def test_confirming_all_that_is_certain_is_done_once_and_checks_again_what_waits(
    db: Database, clock: FixedClock
) -> None:
    plan = plan_with(db, clock)
    taken = take(plan, 1, with_codes(plan, 1))
    plan.at(PAY_DATES[1])
    flow_id = db.ids.new(FlowId)
    wanted = Confirming(plan.sponsor, plan.plan, flow_id, certain=True)
    done = confirm(db, actor=TESTER, asked=wanted)
    assert plan.status(taken.run.run_id) == runs.Status.RECEIVED
    with db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        kinds = {each.said.code: each.said for each in census.code_kinds(tx, tenant_id=plan.sponsor)}
    assert {code: said.kind for code, said in kinds.items()} == {"Bonus": PayKind.BONUS, "Regular": PayKind.REGULAR}
    assert kinds["Bonus"].evidence["most_cents"] == BONUS
    assert kinds["Bonus"].event_on == census.ALWAYS
    with pytest.raises(Open401kError, match="nothing to confirm"):
        confirm(db, actor=TESTER, asked=replace(wanted, flow_id=db.ids.new(FlowId)))
    assert confirm(db, actor=TESTER, asked=wanted)["settle"] == done["settle"]
    again = Confirming(plan.sponsor, plan.plan, flow_id, [Choice("Bonus", "commission")])
    assert confirm(db, actor=TESTER, asked=again)["settle"] == done["settle"]
    plan.at(PAY_DATES[1])
    assert plan.post(taken.run.run_id).halted is None
    assert not books(plan).held
    # What was confirmed is what later files are held against.
    assert asked(plan, take(plan, 2, with_codes(plan, 2, bonus=60_000_00))) == {"Bonus": "amount"}
    assert_sound(plan)

"""Forfeitures through the real flows: they arise, are restored, follow late facts, and conserve every cent."""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.flows.test_accounts_above_zero import TERMS, with_terms
from tests.flows.test_match_forms import amended, assert_proven, day_begins
from tests.flows.test_random_years import Machine, Row
from tests.support.database import TESTER, Served, connect
from tests.support.flows import kill_at

from open401k import census, ledger, payroll, plan, recordkeeping
from open401k.base import messages
from open401k.base.db import Actor, Database
from open401k.base.faults import Stopped, stopping_at
from open401k.flows import day as day_story
from open401k.flows.carry_on import carry_on, left
from open401k.flows.correction import Correction, LateFact, correct
from open401k.flows.declaration import Declared, declare
from open401k.flows.forfeiting import approve_use
from open401k.kernel import EmployeeId, FixedClock, FlowId, PlanId, Refused, Source, SponsorId
from open401k.law.forfeitures import ForfeitureUse
from open401k.views import forfeitures, people
from open401k.views.deposits import State, deposits

GIVES = replace(
    TERMS,
    match=None,
    nonelective=plan.Nonelective(500, Source.PROFIT_SHARING),
    vesting=plan.Vesting(((Source.PROFIT_SHARING, plan.CLIFF_3),)),
    forfeitures=plan.Forfeitures(),
)
DAYS = [date(2025, 1, 15), date(2025, 2, 14), date(2025, 3, 14), date(2025, 4, 15), date(2025, 5, 15)]
PAY, HIRED, LEFT = Row(10_000_00), date(2024, 6, 3), date(2025, 2, 20)


def learn(made: Machine, who: EmployeeId, fact: Any, on: date) -> None:
    made.clock.advance_to(made.clock.now().replace(minute=made.clock.now().minute + 1))
    learned = LateFact(who, fact, on)
    result = correct(
        made.db,
        actor=TESTER,
        correction=Correction(made.sponsor, made.plan_id, made.db.ids.new(FlowId), learned),
    )
    assert result.halted is None


def gone(db: Database, terms: plan.Provisions = GIVES, *, begun: bool = True) -> tuple[Machine, EmployeeId]:
    """Two pay dates that gave 500.00 each to somebody with less than three years, who left; the books know it."""
    made, who = with_terms(db, terms, DAYS)
    learn(made, who, census.Hired(instead_of=made.world.people[who].hired), HIRED)
    for day in DAYS[:2]:
        made.send(day, {who: PAY}, told="payroll")
    learn(made, who, census.Terminated(), LEFT)
    if begun:
        day_begins(made, date(2025, 2, 21))
    return made, who


def holds(made: Machine, who: EmployeeId | None = None) -> dict[str, int]:
    """Cents by kind of account, of one person or of the plan; what is empty is left out."""
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        found = ledger.balances(tx, tenant_id=made.sponsor, plan_id=made.plan_id)
    totals: dict[str, int] = {}
    for kind, whose, cents in zip(found.kind, found.employee_id, found.amount, strict=True):
        if who is None or whose == who.uuid:
            totals[kind] = totals.get(kind, 0) + cents
    return {kind: cents for kind, cents in totals.items() if cents}


def test_who_leaves_unvested_forfeits_on_the_last_day_and_what_comes_later_follows(db: Database) -> None:
    # Money flow: participant's profit sharing -> the plan's forfeitures (1,000.00, then 500.00 of the last pay).
    made, who = gone(db)
    assert holds(made) == {"employer_receivable": 1_000_00, "forfeitures": 1_000_00}
    made.send(DAYS[2], {who: PAY}, told="the last pay")
    assert holds(made) == {"employer_receivable": 1_500_00, "forfeitures": 1_500_00}
    day_begins(made, date(2025, 3, 17))
    assert holds(made) == {"employer_receivable": 1_500_00, "forfeitures": 1_500_00}
    assert_proven(made)


def test_a_return_before_five_breaks_restores_and_a_withdrawn_termination_reverses(db: Database) -> None:
    made, who = gone(db)
    learn(made, who, census.Hired(), date(2025, 3, 3))
    assert holds(made)["forfeitures"] == 1_000_00  # not back yet
    day_begins(made, date(2025, 3, 3))
    assert holds(made, who) == {"participant": 1_000_00}
    assert "forfeitures" not in holds(made)
    learn(made, who, census.NotHired(), date(2025, 3, 3))
    assert holds(made)["forfeitures"] == 1_000_00
    learn(made, who, census.NotTerminated(), LEFT)
    assert holds(made, who) == {"participant": 1_000_00}
    day_begins(made, date(2025, 3, 4))
    assert_proven(made)


def test_a_correction_that_takes_back_more_than_the_account_has_takes_it_from_what_was_forfeited(db: Database) -> None:
    made, who = gone(db)
    made.send(DAYS[1], {who: Row(4_000_00)}, told="replaced", replaces=made.world.runs[1].run_id)
    assert holds(made) == {"employer_receivable": 700_00, "forfeitures": 700_00}
    day_begins(made, date(2025, 2, 24))
    assert_proven(made)


def test_who_has_deferrals_keeps_everything_until_five_breaks(db: Database) -> None:
    made, who = with_terms(db, GIVES, DAYS)
    learn(made, who, census.Hired(instead_of=made.world.people[who].hired), HIRED)
    made.send(DAYS[0], {who: Row(10_000_00, 300_00)}, told="payroll")
    learn(made, who, census.Terminated(), date(2025, 1, 31))
    day_begins(made, date(2025, 2, 3))
    assert holds(made, who) == {"participant": 800_00}
    assert_proven(made)


def test_a_source_that_an_amendment_adds_is_forfeited_as_the_person_page_says_it_is_vested(db: Database) -> None:
    without = replace(GIVES, nonelective=None, vesting=plan.Vesting())
    made, who = with_terms(db, without, DAYS)
    learn(made, who, census.Hired(instead_of=made.world.people[who].hired), HIRED)
    made.send(DAYS[0], {who: PAY}, told="payroll")
    assert not isinstance(amended(made, GIVES, date(2025, 2, 1)), Refused)
    made.send(DAYS[1], {who: PAY}, told="payroll")
    assert told_vested(made, who) == (500_00, 0)
    learn(made, who, census.Terminated(), LEFT)
    day_begins(made, date(2025, 2, 21))
    assert holds(made) == {"employer_receivable": 500_00, "forfeitures": 500_00}
    assert told_vested(made, who) == (0, 0)
    assert_proven(made)


def told_vested(made: Machine, who: EmployeeId) -> tuple[int, int]:
    """What a person's page says of profit sharing: the balance, and what of it is vested."""
    made.at(made.clock.now().date())
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        told = people.load_person(tx, tenant_id=made.sponsor, plan_id=made.plan_id, employee_id=who)
    assert told is not None
    (line,) = [each for each in told.sources if each.source == Source.PROFIT_SHARING]
    assert line.vested is not None
    return line.balance.cents, line.vested.cents


def test_a_plan_that_keeps_no_forfeitures_moves_nothing(db: Database) -> None:
    made, who = gone(db, replace(GIVES, forfeitures=None))
    assert holds(made, who) == {"participant": 1_000_00}
    assert_proven(made)


ONLY_CONTRIBUTIONS = replace(
    GIVES, forfeitures=plan.Forfeitures(uses=(ForfeitureUse.EMPLOYER_CONTRIBUTIONS,)), may_declare=()
)
EVERY_USE = replace(
    GIVES,
    may_declare=(Source.PROFIT_SHARING,),
    forfeitures=plan.Forfeitures(uses=tuple(ForfeitureUse)),
)
SPONSOR = Actor("user", "sponsor", "at the desk")
EXPENSES, CONTRIBUTIONS, ALLOCATION = ForfeitureUse


def stays(made: Machine, who: EmployeeId) -> EmployeeId:
    """Somebody else of the plan who was hired early enough."""
    other = next(each for each in made.world.people if each != who)
    learn(made, other, census.Hired(instead_of=made.world.people[other].hired), date(2019, 6, 3))
    return other


def remitted(made: Machine) -> list[tuple[int, int, int]]:
    """Of each payroll: the employer's part, what forfeitures pay of it, and what is to be sent."""
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        found = payroll.remittance.recorded(tx, tenant_id=made.sponsor, plan_id=made.plan_id)
    return [(each.employer_cents, each.forfeiture_cents, each.total_cents) for each in found]


def approve(made: Machine, used_for: ForfeitureUse, cents: int, reference: str = "", actor: Actor = SPONSOR) -> Any:
    made.at(made.clock.now().date())
    return approve_use(
        made.db,
        actor=actor,
        tenant_id=made.sponsor,
        plan_id=made.plan_id,
        approval_id=made.db.ids.new(FlowId),
        used_for=used_for,
        cents=cents,
        reference=reference,
    )


def account(made: Machine) -> recordkeeping.ForfeitureAccount:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        return recordkeeping.forfeiture_account(tx, tenant_id=made.sponsor, plan_id=made.plan_id)


def assert_conserved(made: Machine) -> None:
    """What was contributed is in accounts, forfeitures and what these paid; the employer owes what they did not."""
    found = holds(made)
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        given = sum(
            each.cents
            for each in ledger.contributions(
                tx, tenant_id=made.sponsor, plan_id=made.plan_id, start=date.min, end=date.max
            )
        )
    uses = account(made).uses
    less = sum(each.cents for each in uses if each.used_for is not EXPENSES)
    spent = sum(each.cents for each in uses if each.used_for is EXPENSES)
    restored = found.get("employer_receivable", 0) - (given - less)
    assert restored >= 0
    assert found.get("fees", 0) == spent
    assert given + restored == sum(found.get(kind, 0) for kind in ("participant", "forfeitures")) + less + spent


def test_a_plan_with_one_use_lowers_what_the_employer_sends_by_itself(db: Database) -> None:
    # Money flow: forfeitures -> employer receivable (500.00 of each payroll, until 1,000.00 are used up).
    made, who = gone(db, ONLY_CONTRIBUTIONS)
    other = stays(made, who)
    for day in DAYS[2:]:
        made.send(day, {other: PAY}, told="payroll")
    assert remitted(made) == [(500_00, 0, 500_00)] * 2 + [(500_00, 500_00, 0)] * 2 + [(500_00, 0, 500_00)]
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        owed = deposits(tx, tenant_id=made.sponsor, plan_id=made.plan_id)
    paid_by_forfeitures = [each for each in owed if each.state_on(DAYS[-1]) is State.COVERED]
    assert [each.remittance.pay_date for each in owed] == DAYS, "one that asks for nothing is listed, too"
    assert [each.remittance.pay_date for each in paid_by_forfeitures] == DAYS[2:4]
    assert holds(made) == {"employer_receivable": 1_500_00, "participant": 1_500_00}
    day_begins(made, date(2025, 5, 16))
    assert_conserved(made)
    assert_proven(made)


def test_restoring_what_was_used_is_owed_by_the_employer(db: Database) -> None:
    made, who = gone(db, ONLY_CONTRIBUTIONS)
    other = stays(made, who)
    made.send(DAYS[2], {other: PAY}, told="payroll")
    made.at(date(2025, 3, 20))
    learn(made, who, census.Hired(), date(2025, 3, 20))
    assert holds(made, who) == {"participant": 1_000_00}
    assert holds(made) == {"employer_receivable": 1_500_00, "participant": 1_500_00}
    day_begins(made, date(2025, 3, 21))
    assert_conserved(made)
    assert_proven(made)


def test_where_there_is_a_choice_a_person_approves_each_use_and_no_more_than_there_is(db: Database) -> None:
    made, who = gone(db, EVERY_USE)
    other = stays(made, who)
    made.send(DAYS[2], {other: PAY}, told="payroll")
    assert remitted(made)[-1] == (500_00, 0, 500_00)
    assert approve(made, CONTRIBUTIONS, 300_00, actor=TESTER).reason is recordkeeping.UseRefusal.NOT_A_PERSON
    assert approve(made, CONTRIBUTIONS, 0).reason is recordkeeping.UseRefusal.NOTHING_ASKED
    assert approve(made, EXPENSES, 1).reason is recordkeeping.UseRefusal.NOT_SAID_FOR_WHAT
    assert approve(made, CONTRIBUTIONS, 1_000_01).reason is recordkeeping.UseRefusal.MORE_THAN_THERE_IS
    assert isinstance(approve(made, CONTRIBUTIONS, 300_00), recordkeeping.Approval)
    assert approve(made, EXPENSES, 700_01, "audit").reason is recordkeeping.UseRefusal.MORE_THAN_THERE_IS
    assert isinstance(approve(made, EXPENSES, 250_00, "audit of 2024, invoice 17"), recordkeeping.Approval)
    made.send(DAYS[3], {other: PAY}, told="payroll")
    made.send(DAYS[4], {other: PAY}, told="payroll")
    assert remitted(made)[-2:] == [(500_00, 300_00, 200_00), (500_00, 0, 500_00)]
    assert [(each.used_for, each.cents) for each in account(made).uses] == [(EXPENSES, 250_00), (CONTRIBUTIONS, 300_00)]
    assert holds(made)["fees"] == 250_00
    day_begins(made, date(2025, 5, 16))
    assert_conserved(made)
    assert_proven(made)


@pytest.mark.parametrize(
    ("sharing", "formula"),
    [
        (None, recordkeeping.Declared(Source.PROFIT_SHARING, rate_bps=800)),
        (
            plan.ProfitSharing(points=plan.Points(for_year_of_age=1)),
            recordkeeping.Declared(Source.PROFIT_SHARING, total_cents=800_00),
        ),
    ],
)
def test_what_is_allocated_is_declared_profit_sharing_that_forfeitures_pay(
    db: Database, sharing: plan.ProfitSharing | None, formula: recordkeeping.Declared
) -> None:
    made, who = gone(db, replace(EVERY_USE, profit_sharing=sharing))
    other = stays(made, who)
    made.send(DAYS[2], {other: PAY}, told="payroll")
    day_begins(made, date(2026, 1, 5))
    assert approve(made, ALLOCATION, 100_00, "2025-12-31").reason is recordkeeping.UseRefusal.NOT_SAID_FOR_WHAT
    declaration = recordkeeping.Declaration(date(2025, 12, 31), formula, made.clock.now().date())
    declared = Declared(made.sponsor, made.plan_id, made.db.ids.new(FlowId), declaration)
    assert not isinstance(declare(made.db, actor=TESTER, declared=declared), Refused)
    owed = holds(made)["employer_receivable"]
    assert approve(made, ALLOCATION, 10_000_00, "2025-12-31").reason is recordkeeping.UseRefusal.MORE_THAN_THERE_IS
    assert isinstance(approve(made, ALLOCATION, 800_00, "2025-12-31"), recordkeeping.Approval)
    assert holds(made)["employer_receivable"] == owed - 800_00
    day_begins(made, date(2026, 1, 6))
    assert_conserved(made)
    assert_proven(made)


def ended(made: Machine) -> forfeitures.YearEndLine | None:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        return forfeitures.load(tx, tenant_id=made.sponsor, plan_id=made.plan_id, named=True).year_end


def test_a_year_that_is_over_says_what_one_approval_would_do_in_the_order_of_the_plan(db: Database) -> None:
    """1,000.00 were forfeited in 2025; the plan pays expenses first, and nobody has named one."""
    made, who = gone(db, EVERY_USE)
    stays(made, who)
    day_begins(made, date(2025, 12, 31))
    assert ended(made) is None
    day_begins(made, date(2026, 1, 5))
    told = ended(made)
    assert told is not None
    assert (told.left.cents, told.use_by, told.used_for, told.amount.cents) == (
        1_000_00,
        date(2026, 12, 31),
        CONTRIBUTIONS.value,
        1_000_00,
    )
    assert "people receive the same" in told.words
    assert isinstance(approve(made, CONTRIBUTIONS, told.amount.cents, told.reference), recordkeeping.Approval)
    assert ended(made) is None  # it waits for payrolls
    assert_proven(made)


def test_what_only_is_allocated_waits_for_a_declaration_and_is_one_approval_then(db: Database) -> None:
    made, who = gone(db, replace(EVERY_USE, forfeitures=plan.Forfeitures(uses=(ALLOCATION,))))
    other = stays(made, who)
    made.send(DAYS[2], {other: PAY}, told="payroll")
    day_begins(made, date(2026, 1, 5))
    told = ended(made)
    assert told is not None
    assert (told.used_for, told.words) == (
        "",
        "They can be allocated once profit sharing is declared for the plan year to 2025-12-31.",
    )
    made.at(date(2026, 1, 6))
    formula = recordkeeping.Declared(Source.PROFIT_SHARING, rate_bps=800)
    declaration = recordkeeping.Declaration(date(2025, 12, 31), formula, made.clock.now().date())
    declared = Declared(made.sponsor, made.plan_id, made.db.ids.new(FlowId), declaration)
    assert not isinstance(declare(made.db, actor=TESTER, declared=declared), Refused)
    told = ended(made)
    assert told is not None
    # 8 % of 30,000.00; of it 1,600.00 went to who left, and is forfeited too.
    assert (told.left.cents, told.amount.cents, told.reference) == (2_600_00, 2_400_00, "2025-12-31")
    assert told.used_for == ALLOCATION.value
    assert isinstance(approve(made, ALLOCATION, told.amount.cents, told.reference), recordkeeping.Approval)
    assert holds(made)["forfeitures"] == 200_00
    assert_proven(made)


def test_what_is_left_is_told_once_before_its_last_day_the_oldest_used_first(db: Database) -> None:
    made, _ = gone(db, EVERY_USE)
    day_begins(made, date(2026, 9, 1))
    day_begins(made, date(2026, 9, 3))
    day_begins(made, date(2026, 9, 4))
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        events = messages.read_after(tx, tenant_id=made.sponsor, cursor=0, limit=1_000)
    (told,) = [dict[str, Any](each.data) for each in events if each.kind == "forfeitures.due"]  # type: ignore[arg-type]
    assert (told["cents"], told["use_by"], told["cite"]) == (1_000_00, "2026-12-31", "Prop. Reg. 1.401-7(b)(2)")
    assert isinstance(approve(made, EXPENSES, 400_00, "audit"), recordkeeping.Approval)
    (lot,) = account(made).lots
    assert (lot.incurred_cents, lot.left_cents, lot.use_by) == (1_000_00, 600_00, date(2026, 12, 31))
    assert_proven(made)


def day_elsewhere(url: str, at: str, sponsor: SponsorId, plan_id: PlanId) -> None:
    """In a process of its own: the day begins."""
    clock = FixedClock(datetime.fromisoformat(at))
    with connect(url, clock) as db:
        day_story.run_day(db, actor=TESTER, of=day_story.PlanDay(sponsor, plan_id, clock.now().date()))


@pytest.mark.parametrize("point", ["ledger.after_lines_before_balances", "day.retest.before_commit"])
def test_a_day_that_is_killed_forfeits_once(postgres: Served, db: Database, point: str) -> None:
    made, who = gone(db, begun=False)
    made.at(date(2025, 2, 21))
    kill_at(point, day_elsewhere, postgres.urls.app, made.clock.now().isoformat(), made.sponsor, made.plan_id)
    assert holds(made, who) == {"participant": 1_000_00}
    day_begins(made, date(2025, 2, 21))
    day_begins(made, date(2025, 2, 21))
    assert holds(made) == {"employer_receivable": 1_000_00, "forfeitures": 1_000_00}
    assert_proven(made)


def test_a_payroll_that_is_stopped_uses_forfeitures_once(db: Database) -> None:
    made, who = gone(db, ONLY_CONTRIBUTIONS)
    other = stays(made, who)
    with stopping_at("payroll_run.post.before_commit"), pytest.raises(Stopped):
        made.send(DAYS[2], {other: PAY}, told="payroll")
    assert holds(made)["forfeitures"] == 1_000_00
    made.at(date(2025, 3, 17))
    for each in left(made.db, actor=TESTER):
        if each.tenant_id == made.sponsor:
            carry_on(made.db, actor=TESTER, of=each)
    assert remitted(made)[-1] == (500_00, 500_00, 0)
    assert holds(made)["forfeitures"] == 500_00
    day_begins(made, date(2025, 3, 18))
    assert_conserved(made)
    assert_proven(made)


@pytest.mark.parametrize("seed", [1, 2])
def test_any_history_conserves_every_cent_and_proves(db: Database, seed: int) -> None:
    """Terminations, returns, late facts, replaced payrolls and uses at random: a seed replays."""
    chance = random.Random(seed)  # noqa: S311 (made-up facts)
    made, who = with_terms(db, replace(EVERY_USE, nonelective=plan.Nonelective(700, Source.PROFIT_SHARING)), DAYS)
    people = [who, stays(made, who)]
    learn(made, who, census.Hired(instead_of=made.world.people[who].hired), HIRED)
    made.send(DAYS[0], dict.fromkeys(people, PAY), told="payroll")
    facts: list[tuple[Any, Any]] = [
        (census.Terminated(), census.NotTerminated()),
        (census.Hired(), census.NotHired()),
    ]
    for day in DAYS[1:]:
        made.at(day)
        fact = chance.choice(facts)[chance.choice([0, 0, 1])]
        learn(made, chance.choice(people), fact, day - timedelta(days=chance.choice([0, 3, 40])))
        day_begins(made, day)
        rows = {each: chance.choice([PAY, Row(4_000_00), Row(7_777_77)]) for each in people}
        made.send(day, rows, told="payroll")
        learn(made, people[0], census.Terminated(), day)
        assert_conserved(made)
        for used_for in (EXPENSES, CONTRIBUTIONS):
            most = account(made).free_cents(used_for)
            if most and chance.random() < 0.6:
                approved = approve(made, used_for, chance.randint(1, most), "audit")
                assert isinstance(approved, recordkeeping.Approval), approved
        assert_conserved(made)
    day_begins(made, date(2025, 6, 2))
    assert_conserved(made)
    assert_proven(made)

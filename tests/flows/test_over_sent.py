"""More withheld than elected goes back: before the money was sent there is less to send; after it, it is over."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan
from tests.flows.test_bank_statements import assert_books_hold, balances, due, told
from tests.flows.test_elections import ROSA, brought, cases, pay_with
from tests.flows.test_told_late import paid
from tests.support.database import TESTER
from tests.support.flows import run_with_a_stop

from open401k import custody
from open401k.base.db import Database
from open401k.demo.people import PAY_DATES
from open401k.flows.debit_file import to_debit
from open401k.flows.deposit import deposit_run, tell_late
from open401k.flows.deposit_choices import place_line
from open401k.flows.give_back import GivenBack, give_back
from open401k.flows.over_sent import decide_over, undo_over
from open401k.flows.waiting_money import use_waiting
from open401k.kernel import FixedClock, Open401kError, Refused, RunId
from open401k.recordkeeping import waiting
from open401k.recordkeeping.over_sent import OverDecided, OverDecision, OverRefusal, Way
from open401k.views.deposits import Deposit

#: Rosa elected 4 %: 136.00 of 3,400.00; payroll withheld 500.00, and she is matched 34.00 more for it.
OVER, MATCH, WHOLE = 364_00, 34_00, 2_544_91
TOO_MUCH = {("219-11-1003", "401k Deferral"): "500.00"}


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    return brought(db, clock)


def withheld_too_much(plan: Plan, *, sent: bool) -> RunId:
    run_id = pay_with(plan, 1, TOO_MUCH)
    if sent:
        of: dict[str, Any] = {"actor": TESTER, "tenant_id": plan.sponsor, "plan_id": plan.plan}
        deposit_run(plan.db, **of, run_id=run_id, on=PAY_DATES[1])
    return run_id


def back(plan: Plan) -> GivenBack:
    plan.at(plan.clock.now().date())  # a minute later
    done = give_back(
        plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, employee_id=plan.employee(ROSA),
        first=PAY_DATES[1],
    )  # fmt: skip
    assert isinstance(done, GivenBack), done
    return done


def decision(plan: Plan, run_id: RunId, way: Way, cents: int, **more: object) -> OverDecision:
    said = OverDecision(plan.db.ids.new(RunId).uuid, run_id, way, cents, plan.clock.now().date(), "a slip of payroll")
    return replace(said, **more)  # type: ignore[arg-type]


def decide(plan: Plan, said: OverDecision) -> OverDecided | Refused[OverRefusal]:
    return decide_over(plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, decision=said)


def only(plan: Plan) -> Deposit:
    (one,) = due(plan)
    return one


def test_before_the_money_is_sent_there_is_less_to_send_and_nothing_is_over(plan: Plan) -> None:
    run_id = withheld_too_much(plan, sent=False)
    assert only(plan).outstanding.cents == WHOLE
    done = back(plan)
    assert (done.cents, done.pay_dates, done.waits) == (OVER, (PAY_DATES[1],), ())
    assert only(plan).run_id == run_id, "one payroll, one line: it was two, and 398.00 too much was asked for"
    assert only(plan).outstanding.cents == WHOLE - OVER - MATCH == balances(plan)[1]
    assert cases(plan) == []
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        wanted, _ = to_debit(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    assert [each.cents for each in wanted] == [WHOLE - OVER - MATCH], "a debit takes no more"
    assert told(plan, (PAY_DATES[1], WHOLE - OVER - MATCH, "ACME")) == [("deposit", WHOLE - OVER - MATCH)]
    assert balances(plan) == (WHOLE - OVER - MATCH, 0)
    assert_books_hold(plan)


def test_again_finds_nothing_to_give_back(plan: Plan) -> None:
    withheld_too_much(plan, sent=False)
    back(plan)
    again = give_back(
        plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, employee_id=plan.employee(ROSA),
        first=PAY_DATES[1],
    )  # fmt: skip
    assert isinstance(again, Refused)


@pytest.mark.parametrize("stop_at", ["payroll_run.post.before_commit", "recordkeeping.before_post"])
def test_a_stop_on_the_way_is_carried_on_by_the_same_again(plan: Plan, stop_at: str) -> None:
    withheld_too_much(plan, sent=False)
    run_with_a_stop(stop_at, lambda: back(plan))
    assert balances(plan)[1] == WHOLE - OVER - MATCH
    assert_books_hold(plan)


def test_of_money_that_was_sent_what_is_over_is_told_by_whose_it_is(plan: Plan) -> None:
    run_id = withheld_too_much(plan, sent=True)
    back(plan)
    over = only(plan).over
    assert over is not None
    assert (over.run_id, over.withheld_cents, over.employer_cents) == (run_id, OVER, MATCH)
    assert over.ways(date(2026, 2, 1)) == (Way.AS_WAGES, Way.TO_EMPLOYEE, Way.NEVER_WITHHELD, Way.EMPLOYERS)
    assert balances(plan) == (WHOLE, -OVER - MATCH)
    assert not only(plan).outstanding
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        assert tell_late(tx, tenant_id=plan.sponsor, plan_id=plan.plan, today=date(2026, 6, 1)) == []
    assert_books_hold(plan)


def test_through_payroll_it_waits_as_the_employers_and_pays_the_next_payroll(plan: Plan) -> None:
    run_id = withheld_too_much(plan, sent=True)
    back(plan)
    said = decision(plan, run_id, Way.AS_WAGES, OVER)
    done = decide(plan, said)
    assert isinstance(done, OverDecided), done
    assert decide(plan, said) == done, "once for its key"
    assert isinstance(decide(plan, replace(said, cents=1)), Refused)
    assert isinstance(decide(plan, decision(plan, run_id, Way.EMPLOYERS, MATCH)), OverDecided)
    assert only(plan).over is None
    assert balances(plan) == (WHOLE, -OVER - MATCH), "nothing moved: it is the employer's, and waits"
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        money = {each.cents: each for each in waiting(tx, tenant_id=plan.sponsor, plan_id=plan.plan)}
    assert set(money) == {OVER, MATCH}
    of: dict[str, Any] = {"actor": TESTER, "tenant_id": plan.sponsor, "plan_id": plan.plan, "on": PAY_DATES[2]}
    with pytest.raises(Open401kError, match="pays what the employer owes next"):
        use_waiting(plan.db, **of, entry_id=money[MATCH].entry_id, run_id=None)
    second = plan.pay(2).run.run_id
    use_waiting(plan.db, **of, entry_id=money[OVER].entry_id, run_id=second)
    use_waiting(plan.db, **of, entry_id=money[MATCH].entry_id, run_id=second)
    two = next(each for each in due(plan) if each.run_id == second)
    assert two.received.cents == OVER + MATCH
    assert told(plan, (PAY_DATES[2], two.outstanding.cents, "ACME")) == [("deposit", two.outstanding.cents)]
    assert balances(plan)[1] == 0
    assert_books_hold(plan)


def test_distributed_it_leaves_the_plan_with_its_earnings_told(plan: Plan) -> None:
    run_id = withheld_too_much(plan, sent=True)
    back(plan)
    refused = decide(plan, decision(plan, run_id, Way.TO_EMPLOYEE, OVER))
    assert isinstance(refused, Refused)
    assert refused.reason is OverRefusal.EARNINGS_NOT_SAID
    done = decide(plan, decision(plan, run_id, Way.TO_EMPLOYEE, OVER, earnings_cents=4_12))
    assert isinstance(done, OverDecided), done
    assert "6.06" in done.words
    assert balances(plan) == (WHOLE - OVER, -MATCH)
    assert_books_hold(plan)


def test_a_year_after_the_payment_it_is_distributed_only(plan: Plan) -> None:
    run_id = withheld_too_much(plan, sent=True)
    back(plan)
    plan.at(date(2027, 1, 16))  # one year to the day
    assert only(plan).over is not None
    assert Way.AS_WAGES in only(plan).over.ways(date(2027, 1, 16))  # type: ignore[union-attr]
    plan.at(date(2027, 1, 17))
    for way in (Way.AS_WAGES, Way.NEVER_WITHHELD):
        refused = decide(plan, decision(plan, run_id, way, OVER))
        assert isinstance(refused, Refused)
        assert refused.reason is OverRefusal.YEAR_IS_OVER


@pytest.mark.parametrize("cents", [0, OVER + 1])
def test_no_more_than_is_over_of_that_kind(plan: Plan, cents: int) -> None:
    run_id = withheld_too_much(plan, sent=True)
    assert isinstance(decide(plan, decision(plan, run_id, Way.AS_WAGES, 1)), Refused), "nothing is over yet"
    back(plan)
    refused = decide(plan, decision(plan, run_id, Way.NEVER_WITHHELD, cents))
    assert isinstance(refused, Refused)
    assert refused.reason is OverRefusal.MORE_THAN_OVER


def test_a_corrected_file_of_the_employer_leaves_the_same_over(plan: Plan) -> None:
    run_id = withheld_too_much(plan, sent=True)
    paid(plan, plan.file(1), replaces=run_id)
    over = only(plan).over
    assert over is not None
    assert (over.withheld_cents, over.employer_cents) == (OVER, MATCH)
    assert only(plan).remittance.total_cents == WHOLE - OVER - MATCH, "no line of -398.00"


def test_a_short_deposit_is_asked_for_less_first(plan: Plan) -> None:
    withheld_too_much(plan, sent=False)
    told(plan, (PAY_DATES[1], WHOLE - 500_00, "ACME"))  # waits: no payroll owes it
    (one,) = due(plan)
    use = WHOLE - 500_00
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (line,) = custody.statements.lines(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    place_line(
        plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, statement_id=line.statement_id,
        line_no=line.line_no, run_id=one.run_id,
    )  # fmt: skip
    back(plan)
    assert only(plan).outstanding.cents == WHOLE - OVER - MATCH - use == 102_00
    assert only(plan).over is None
    assert_books_hold(plan)


def undo(plan: Plan, said: OverDecision) -> OverDecided | Refused[OverRefusal]:
    plan.at(plan.clock.now().date())
    of: dict[str, Any] = {"actor": TESTER, "tenant_id": plan.sponsor, "plan_id": plan.plan}
    return undo_over(plan.db, **of, decision_id=said.decision_id, reason="it was withheld after all")


@pytest.mark.parametrize(("way", "earnings"), [(Way.AS_WAGES, None), (Way.TO_EMPLOYEE, 4_12), (Way.EMPLOYERS, None)])
def test_what_was_said_wrongly_is_taken_back_and_said_anew(plan: Plan, way: Way, earnings: int | None) -> None:
    """The books are as before the decision, the wrong word stays on file, and another one may be said."""
    run_id = withheld_too_much(plan, sent=True)
    back(plan)
    before, over = balances(plan), only(plan).over
    cents = MATCH if way is Way.EMPLOYERS else OVER
    said = decision(plan, run_id, way, cents, earnings_cents=earnings)
    assert isinstance(decide(plan, said), OverDecided)
    gone = undo(plan, said)
    assert isinstance(gone, OverDecided), gone
    assert gone.words.endswith("taken back on 2026-01-16: it was withheld after all")
    assert (balances(plan), only(plan).over) == (before, over)
    assert not only(plan).returned, "no bank sent anything back"
    assert undo(plan, said) == gone, "once"
    assert_books_hold(plan)
    refused = decide(plan, said)
    assert isinstance(refused, Refused)
    assert refused.reason is OverRefusal.KEY_REUSED
    assert isinstance(decide(plan, decision(plan, run_id, way, cents, earnings_cents=earnings)), OverDecided)
    assert_books_hold(plan)


def test_a_word_whose_money_was_used_stands(plan: Plan) -> None:
    run_id = withheld_too_much(plan, sent=True)
    back(plan)
    said = decision(plan, run_id, Way.AS_WAGES, OVER)
    decide(plan, said)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (money,) = waiting(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    second = plan.pay(2).run.run_id
    of: dict[str, Any] = {"actor": TESTER, "tenant_id": plan.sponsor, "plan_id": plan.plan, "on": PAY_DATES[2]}
    use_waiting(plan.db, **of, entry_id=money.entry_id, run_id=second)
    refused = undo(plan, said)
    assert isinstance(refused, Refused)
    assert refused.reason is OverRefusal.MONEY_USED
    nobodys = undo(plan, decision(plan, run_id, Way.AS_WAGES, OVER))
    assert isinstance(nobodys, Refused)
    assert nobodys.reason is OverRefusal.NO_SUCH_DECISION
    assert_books_hold(plan)

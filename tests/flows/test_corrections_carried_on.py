"""A correction that a crash cuts short: the books are whole at every stop, and others carry it to its end."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from tests.flows.bookkeeping import Books, Plan, acme, assert_sound, books
from tests.support.database import START, TESTER, Served, connect, served
from tests.support.flows import kill_at, stop_points

from open401k import census, compliance
from open401k.base import steps
from open401k.base.db import ALL_TENANTS, Database
from open401k.base.faults import Stopped, stopping_at
from open401k.doors.stories import AfterPosting
from open401k.flows import correction, payroll_run
from open401k.flows.correction import Correction, LateFact, PayCodeMeaning
from open401k.flows.day_round import run_round
from open401k.kernel import EmployeeId, FixedClock, FlowId, PlanId, RunId, SponsorId

POINTS = [*stop_points(correction.FLOW, correction.STEPS), "recordkeeping.before_post"]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Served]:
    """A server of its own: what is carried on is of every sponsor there is."""
    with served() as running:
        yield running


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    """Paid once, on 16 January 2026."""
    made = acme(db, clock)
    made.pay(1, wait=True)
    made.at(date(2026, 1, 20))
    return made


def late_termination(plan: Plan) -> Correction:
    """Someone who left in July 2025: what was withheld in January 2026 is held."""
    learned = LateFact(plan.employee("1006"), census.Terminated(), date(2025, 7, 31))
    return Correction(plan.sponsor, plan.plan, plan.db.ids.new(FlowId), learned)


@pytest.fixture(scope="module")
def corrected(postgres: Served) -> Books:
    """The books of a plan that learned of a termination undisturbed."""
    clock = FixedClock(START)
    postgres.db.clock = clock
    made = acme(postgres.db, clock)
    made.pay(1, wait=True)
    made.at(date(2026, 1, 20))
    correction.correct(made.db, actor=TESTER, correction=late_termination(made))
    return books(made)


def unfinished(plan: Plan) -> list[FlowId]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return [each.flow_id for each in steps.unfinished(tx)]


def by_a_start(plan: Plan) -> None:
    """A server starts, works off what is left, and stops."""
    after = AfterPosting(plan.db)
    after.start()
    given_up = time.monotonic() + 30
    while unfinished(plan) and time.monotonic() < given_up:
        time.sleep(0.01)
    after.stop()


def test_a_server_that_ends_leaves_what_waits_to_the_next_start(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    taken_up, may_go_on, done = threading.Event(), threading.Event(), []

    def slow(*_: object, of: object, **__: object) -> None:
        taken_up.set()
        may_go_on.wait(timeout=30)
        done.append(of)

    monkeypatch.setattr(payroll_run, "run_payroll", slow)
    after = AfterPosting(plan.db)
    after.start()
    for _ in range(3):
        after.follow(payroll_run.Payroll(plan.sponsor, plan.plan, plan.db.ids.new(RunId)))
    assert taken_up.wait(timeout=30)
    threading.Timer(0.2, may_go_on.set).start()
    after.stop()
    assert len(done) == 1


def by_the_round(plan: Plan) -> None:
    made = run_round(plan.db, actor=TESTER, wall_at=START)
    assert made is not None
    assert made.ok


def was_tested(plan: Plan, flow_id: FlowId) -> bool:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        rows = tx.rows("select cause from compliance.run where tenant_id = %s", [plan.sponsor])
    return str(flow_id) in {cause for (cause,) in rows}


@pytest.mark.parametrize("carry_on", [by_a_start, by_the_round])
@pytest.mark.parametrize("point", POINTS)
def test_a_correction_that_stopped_is_whole_or_nothing_and_is_carried_on(
    plan: Plan, corrected: Books, point: str, carry_on: Callable[[Plan], None]
) -> None:
    before, wanted = books(plan), late_termination(plan)
    with stopping_at(point), pytest.raises(Stopped):
        correction.correct(plan.db, actor=TESTER, correction=wanted)
    assert_sound(plan)  # the proof of the books says so at every stop
    half = books(plan)
    assert (half.balances, half.held) in ((before.balances, before.held), (corrected.balances, corrected.held))
    begun = half.balances == corrected.balances
    carry_on(plan)
    assert_sound(plan)
    assert unfinished(plan) == []
    if begun:
        assert books(plan) == corrected
        assert was_tested(plan, wanted.flow_id)
    correction.correct(plan.db, actor=TESTER, correction=wanted)  # whoever sent it asks again
    assert books(plan) == corrected
    assert_sound(plan)


def correct_elsewhere(url: str, at: str, sponsor: SponsorId, plan_id: PlanId, who: EmployeeId, flow_id: FlowId) -> None:
    """In a process of its own: learn of the termination."""
    learned = LateFact(who, census.Terminated(), date(2025, 7, 31))
    with connect(url, FixedClock(START.fromisoformat(at))) as db:
        correction.correct(db, actor=TESTER, correction=Correction(sponsor, plan_id, flow_id, learned))


@pytest.mark.parametrize("point", ["correction.settle.after_commit", "correction.retest.after_commit"])
def test_kill_9_behind_a_correction_leaves_whole_books_and_a_start_ends_it(
    postgres: Served, plan: Plan, corrected: Books, point: str
) -> None:
    who, flow_id = plan.employee("1006"), plan.db.ids.new(FlowId)
    at = plan.clock.now().isoformat()
    kill_at(point, correct_elsewhere, postgres.urls.app, at, plan.sponsor, plan.plan, who, flow_id)
    assert_sound(plan)
    assert unfinished(plan) == [flow_id]
    by_a_start(plan)
    assert books(plan) == corrected
    assert unfinished(plan) == []
    assert was_tested(plan, flow_id)
    assert_sound(plan)


def test_a_pay_code_is_never_on_file_without_what_follows_from_it(plan: Plan) -> None:
    wanted = Correction(
        plan.sponsor,
        plan.plan,
        plan.db.ids.new(FlowId),
        PayCodeMeaning("Bonus", counts=False, event_on=date(2026, 1, 1)),
    )
    with stopping_at("correction.settle.before_commit"), pytest.raises(Stopped):
        correction.correct(plan.db, actor=TESTER, correction=wanted)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        assert census.pay_codes(tx, tenant_id=plan.sponsor, plan_id=plan.plan) == []


def test_one_correction_that_fails_is_told_and_keeps_no_plan_from_its_day(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = late_termination(plan)
    with stopping_at("correction.settle.after_commit"), pytest.raises(Stopped):
        correction.correct(plan.db, actor=TESTER, correction=wanted)
    retest = compliance.retest

    def fails(*given: object, **named: object) -> object:
        if named.get("cause") == str(wanted.flow_id):
            raise RuntimeError("no figure")
        return retest(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(compliance, "retest", fails)
    made = run_round(plan.db, actor=TESTER, wall_at=START)
    assert made is not None
    assert made.failed == {plan.plan: "RuntimeError: no figure"}
    assert plan.plan in [each.plan_id for each in made.done]
    assert unfinished(plan) == [wanted.flow_id]
    monkeypatch.undo()
    by_the_round(plan)
    assert unfinished(plan) == []
    with plan.db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        assert steps.unfinished(tx) == []

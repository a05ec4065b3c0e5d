"""Every flow of the payroll story, stopped, killed and repeated at every step: the books come out the same."""

from datetime import date

import pytest
from tests.flows.bookkeeping import Books, Plan, acme, assert_sound, books
from tests.support.database import START, TESTER, Served, connect
from tests.support.flows import each_step_twice, kill_at, run_with_a_stop, stop_points

from open401k import census
from open401k.base import steps
from open401k.base.db import Database
from open401k.base.steps import run_flow
from open401k.demo.people import ACME
from open401k.demo.setup import takeover_of
from open401k.flows import correction, payroll_run, plan_takeover
from open401k.flows.correction import Correction, LateFact
from open401k.flows.payroll_run import Payroll
from open401k.flows.plan_takeover import take_over
from open401k.kernel import FixedClock, FlowId, RunId, SponsorId

#: Where a process may die inside of a step.
INSIDE = ["recordkeeping.before_post", "ledger.after_lines_before_balances"]


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    return acme(db, clock)


@pytest.fixture(scope="module")
def undisturbed(postgres: Served) -> Books:
    """The books of a plan whose first two payrolls nothing disturbed."""
    clock = FixedClock(START)
    postgres.db.clock = clock
    plan = acme(postgres.db, clock)
    plan.pay(1, wait=True)
    plan.pay(2, wait=True)
    return books(plan)


def ended(plan: Plan, flow_id: FlowId) -> bool:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return flow_id not in [left.flow_id for left in steps.unfinished(tx)]


@pytest.mark.parametrize("point", [*stop_points(payroll_run.FLOW, payroll_run.STEPS), *INSIDE])
def test_a_payroll_survives_a_stop_at_every_step(plan: Plan, undisturbed: Books, point: str) -> None:
    # Money flow: employer receivable -> participant sources; nothing twice, nothing half.
    plan.pay(1)
    run_id = plan.receive(2).run.run_id
    result = run_with_a_stop(point, lambda: plan.post(run_id, wait=True))
    assert result.halted is None
    assert books(plan) == undisturbed
    assert_sound(plan)
    assert ended(plan, FlowId(run_id.uuid))


def test_every_step_of_a_payroll_twice_posts_once(plan: Plan, undisturbed: Books) -> None:
    plan.pay(1)
    run_id = plan.receive(2).run.run_id
    run_flow(
        plan.db,
        flow=payroll_run.FLOW,
        flow_id=FlowId(run_id.uuid),
        tenant_id=plan.sponsor,
        actor=TESTER,
        steps=each_step_twice(payroll_run.STEPS),
        ctx=Payroll(plan.sponsor, plan.plan, run_id),
    )
    assert books(plan) == undisturbed
    assert_sound(plan)


def test_a_posted_payroll_posted_again_gives_the_first_answer(plan: Plan) -> None:
    run_id = plan.receive(1).run.run_id
    first = plan.post(run_id, wait=True)
    after = books(plan)
    assert dict(plan.post(run_id, wait=True)) == dict(first)
    assert books(plan) == after


@pytest.mark.parametrize("point", stop_points(plan_takeover.FLOW, plan_takeover.STEPS))
def test_a_takeover_survives_a_stop_at_every_step(
    db: Database, clock: FixedClock, undisturbed: Books, point: str
) -> None:
    takeover = takeover_of(ACME, db.ids)
    result = run_with_a_stop(point, lambda: take_over(db, actor=TESTER, takeover=takeover))
    assert result.halted is None
    plan = Plan(db, clock, takeover)
    opening = {key: cents for key, cents in books(plan).balances.items() if key[1] == "participant"}
    assert sum(opening.values()) == sum(each.balance_2025_cents for each in ACME.people)
    assert_sound(plan)


def test_every_step_of_a_takeover_twice_brings_the_plan_in_once(db: Database, clock: FixedClock) -> None:
    takeover = takeover_of(ACME, db.ids)
    take_over(db, actor=TESTER, takeover=takeover)
    again = take_over(db, actor=TESTER, takeover=takeover)
    assert again.halted is None
    plan = Plan(db, clock, takeover)
    assert books(plan).balances["", "opening", "None"] == -sum(each.balance_2025_cents for each in ACME.people)


def late_termination(plan: Plan) -> Correction:
    """Someone who left in July 2025 and was paid in error since: the deferrals of January 2026 are held."""
    learned = LateFact(plan.employee("1006"), census.Terminated(), date(2025, 7, 31))
    return Correction(plan.sponsor, plan.plan, plan.db.ids.new(FlowId), learned)


@pytest.fixture(scope="module")
def corrected(postgres: Served) -> Books:
    """The books of a plan that learned of a termination undisturbed."""
    clock = FixedClock(START)
    postgres.db.clock = clock
    plan = acme(postgres.db, clock)
    plan.pay(1)
    plan.at(date(2026, 1, 20))
    correction.correct(plan.db, actor=TESTER, correction=late_termination(plan))
    return books(plan)


def paid_once(plan: Plan) -> Correction:
    plan.pay(1)
    plan.at(date(2026, 1, 20))
    return late_termination(plan)


@pytest.mark.parametrize("point", [*stop_points(correction.FLOW, correction.STEPS), *INSIDE])
def test_a_correction_survives_a_stop_at_every_step(plan: Plan, corrected: Books, point: str) -> None:
    wanted = paid_once(plan)
    result = run_with_a_stop(point, lambda: correction.correct(plan.db, actor=TESTER, correction=wanted))
    assert result.halted is None
    assert books(plan) == corrected
    assert_sound(plan)
    assert ended(plan, wanted.flow_id)


def test_every_step_of_a_correction_twice_posts_once(plan: Plan, corrected: Books) -> None:
    wanted = paid_once(plan)
    run_flow(
        plan.db,
        flow=correction.FLOW,
        flow_id=wanted.flow_id,
        tenant_id=plan.sponsor,
        actor=TESTER,
        steps=each_step_twice(correction.STEPS),
        ctx=wanted,
    )
    assert books(plan) == corrected
    assert_sound(plan)


def post_elsewhere(url: str, at: str, sponsor: SponsorId, plan_id: object, run_id: RunId) -> None:
    """In a process of its own: post the run."""
    clock = FixedClock(START.fromisoformat(at))
    with connect(url, clock) as db:
        payroll_run.run_payroll(db, actor=TESTER, of=Payroll(sponsor, plan_id, run_id))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "point",
    [
        "payroll_run.check.after_commit",
        "recordkeeping.before_post",
        "ledger.after_lines_before_balances",
        "payroll_run.post.before_commit",
        "payroll_run.post.after_commit",
        "payroll_run.warn.before_commit",
    ],
)
def test_kill_9_in_the_middle_of_a_payroll_leaves_the_same_books(
    postgres: Served, plan: Plan, undisturbed: Books, point: str
) -> None:
    plan.pay(1)
    run_id = plan.receive(2).run.run_id
    kill_at(point, post_elsewhere, postgres.urls.app, plan.clock.now().isoformat(), plan.sponsor, plan.plan, run_id)
    half = books(plan)
    assert plan.post(run_id, wait=True).halted is None
    assert books(plan) == undisturbed
    assert half.balances in (undisturbed.balances, books_before_second(plan, undisturbed))
    assert_sound(plan)


def books_before_second(plan: Plan, undisturbed: Books) -> object:
    """The balances without the second pay date: nothing of it, or all of it, is ever visible."""
    left = undisturbed.balances.copy()
    second = max(day for _, _, day in undisturbed.by_date)
    for (who, source, day), cents in undisturbed.by_date.items():
        if day == second:
            left[who, "participant", source] -= cents
            left["", "employer_receivable", "None"] -= cents
    return left

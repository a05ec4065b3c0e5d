"""The daily round: every plan's day begins once, whoever asks and however often, and one that fails stops no other."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from tests.flows.bookkeeping import Plan, acme, assert_sound, at_once, books
from tests.support.database import START, TESTER, Served, connect, served
from tests.support.flows import kill_at, run_with_a_stop, stop_points

from open401k import compliance, payroll, plan
from open401k.base import access, messages, rounds
from open401k.base.db import ALL_TENANTS, Database
from open401k.base.steps import unfinished
from open401k.demo.people import BIRCH
from open401k.demo.setup import takeover_of
from open401k.flows import day
from open401k.flows.day import PlanDay, begin_day, run_day
from open401k.flows.day_round import DayRound, run_round
from open401k.flows.deposit import deposit_run
from open401k.flows.plan_takeover import take_over
from open401k.flows.verify import verify
from open401k.kernel import FixedClock, PlanId

WALL = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def postgres() -> Iterator[Served]:
    """A server of its own: a round sees every plan there is."""
    with served() as running:
        yield running


@pytest.fixture
def acme_plan(db: Database, clock: FixedClock) -> Plan:
    """A plan with one payroll, a week ago."""
    made = acme(db, clock)
    made.pay(1, wait=True)
    made.at(date(2026, 1, 23))
    return made


@pytest.fixture
def birch(acme_plan: Plan) -> Plan:
    """Another sponsor's plan, with no payroll at all."""
    takeover = takeover_of(BIRCH, acme_plan.db.ids)
    take_over(acme_plan.db, actor=TESTER, takeover=takeover)
    acme_plan.at(date(2026, 1, 24))
    return Plan(acme_plan.db, acme_plan.clock, takeover)


def go(db: Database) -> DayRound:
    """One round that nobody else is at."""
    made = run_round(db, actor=TESTER, wall_at=WALL)
    assert made is not None
    return made


def go_once_free(db: Database, deadline_seconds: float = 20) -> DayRound:
    """One round after a process was killed: its lock goes when its server process sees the connection end."""
    until = time.monotonic() + deadline_seconds
    while (made := run_round(db, actor=TESTER, wall_at=WALL)) is None:
        assert time.monotonic() < until, "the lock outlived its process"
        time.sleep(0.01)
    return made


def latest(of: Plan) -> compliance.ComplianceRun | None:
    with of.db.begin(TESTER, tenants=[of.sponsor]) as tx:
        return compliance.latest(tx, tenant_id=of.sponsor, plan_id=of.plan)


def told(of: Plan) -> list[tuple[int, str]]:
    """Every event of the sponsor."""
    with of.db.begin(TESTER, tenants=[of.sponsor]) as tx:
        found = messages.read_after(tx, tenant_id=of.sponsor, cursor=0, limit=1_000)
    return [(event.cursor, event.kind) for event in found]


def test_plans_without_a_payroll_are_tested_once_a_day(acme_plan: Plan, birch: Plan) -> None:
    made = go(acme_plan.db)
    assert made.ok
    assert {each.plan_id for each in made.done} == {acme_plan.plan, birch.plan}
    for of in (acme_plan, birch):
        run = latest(of)
        assert run is not None
        assert (run.as_of, run.cause) == (date(2026, 1, 24), "day/2026-01-24")
        assert_sound(of)
    before = [told(acme_plan), told(birch)]
    again = go(acme_plan.db)
    assert (again.ok, again.done, again.already) == (True, [], 2)
    begin_day(birch.db, actor=TESTER, tenant_id=birch.sponsor)
    assert [told(acme_plan), told(birch)] == before
    acme_plan.at(date(2026, 1, 25))
    assert len(go(acme_plan.db).done) == 2
    next_day = latest(birch)
    assert next_day is not None
    assert next_day.as_of == date(2026, 1, 25)


def test_a_year_without_a_payroll_in_the_next_one_is_closed(db: Database, clock: FixedClock) -> None:
    paid = acme(db, clock)
    paid.pay(25, wait=True)
    paid.at(date(2027, 1, 4))
    made = go(db)
    assert made.ok
    assert made.done[0].refused, "2027 has no figures on file, and the round says so"
    with db.begin(TESTER, tenants=[paid.sponsor]) as tx:
        year = plan.get(tx, tenant_id=paid.sponsor, plan_id=paid.plan).plan_year_of(date(2026, 12, 31))
        closed = compliance.latest(tx, tenant_id=paid.sponsor, plan_id=paid.plan, plan_year=year)
    assert closed is not None
    assert (closed.as_of, closed.cause) == (date(2026, 12, 31), f"year/{year}")
    assert_sound(paid)


def test_a_late_deposit_is_told_once_and_one_that_came_never(acme_plan: Plan) -> None:
    """Due on the seventh business day after pay for a small plan (29 CFR 2510.3-102(a)(2))."""
    came, late = acme_plan.pay(2).run.run_id, acme_plan.pay(3).run.run_id
    with acme_plan.db.begin(TESTER, tenants=[acme_plan.sponsor]) as tx:
        owed = payroll.remittance.recorded(tx, tenant_id=acme_plan.sponsor, plan_id=acme_plan.plan)
    due = {each.run_id: each for each in owed}
    deposit_run(
        acme_plan.db,
        actor=TESTER,
        tenant_id=acme_plan.sponsor,
        plan_id=acme_plan.plan,
        run_id=came,
        on=due[came].due_on,
    )

    def told_late() -> list[str]:
        with acme_plan.db.begin(TESTER, tenants=[acme_plan.sponsor]) as tx:
            found = messages.read_after(tx, tenant_id=acme_plan.sponsor, cursor=0, limit=1_000)
        return [event.subject for event in found if event.kind == "deposit.late"]

    acme_plan.at(due[late].due_on)
    assert go(acme_plan.db).ok
    assert str(late) not in told_late(), "it may still come today"
    for after in (1, 2, 30):
        acme_plan.at(due[late].due_on + timedelta(days=after))
        assert go(acme_plan.db).ok
        assert told_late().count(str(late)) == 1
    assert str(came) not in told_late()
    assert verify(acme_plan.db, actor=TESTER, tenants=[acme_plan.sponsor]).problems == []


def test_a_plan_that_takes_effect_later_waits(acme_plan: Plan) -> None:
    with acme_plan.db.begin(TESTER, tenants=[acme_plan.sponsor]) as tx:
        terms = plan.provisions_on(tx, tenant_id=acme_plan.sponsor, plan_id=acme_plan.plan, on=date(2026, 1, 23))
        later = plan.adopt(
            tx,
            tenant_id=acme_plan.sponsor,
            provisions=terms,
            name="A second plan",
            number="002",
            effective_on=date(2026, 7, 1),
        )
    made = go(acme_plan.db)
    assert made.ok
    assert later in {each.plan_id for each in made.done}
    with acme_plan.db.begin(TESTER, tenants=[acme_plan.sponsor]) as tx:
        assert compliance.latest(tx, tenant_id=acme_plan.sponsor, plan_id=later) is None


@pytest.mark.parametrize("point", stop_points(day.FLOW, day.STEPS))
def test_a_day_survives_a_stop_at_every_step(acme_plan: Plan, birch: Plan, point: str) -> None:
    before = books(acme_plan).balances
    made = run_with_a_stop(point, lambda: go(acme_plan.db))
    assert made.ok
    assert [kind for _, kind in told(acme_plan)].count("plan.tested") == 2, "once for the payroll, once for the day"
    assert books(acme_plan).balances == before
    for of in (acme_plan, birch):
        assert_sound(of)


def round_elsewhere(url: str, at: str) -> None:
    """In a process of its own: the round."""
    with connect(url, FixedClock(START.fromisoformat(at))) as db:
        run_round(db, actor=TESTER, wall_at=WALL)


@pytest.mark.parametrize("point", ["day.retest.before_commit", "day.retest.after_commit", "day.warn.before_commit"])
def test_kill_9_in_the_middle_of_a_round_leaves_the_same_books(
    postgres: Served, acme_plan: Plan, birch: Plan, point: str
) -> None:
    before = books(acme_plan).balances
    kill_at(point, round_elsewhere, postgres.urls.app, acme_plan.clock.now().isoformat())
    made = go_once_free(acme_plan.db)
    assert made.ok
    assert len(made.done) + made.already == 2
    for of in (acme_plan, birch):
        assert [kind for _, kind in told(of)].count("plan.tested") == (2 if of is acme_plan else 1)
        assert_sound(of)
    assert books(acme_plan).balances == before


def test_of_two_servers_at_once_one_does_the_round(postgres: Served, acme_plan: Plan, birch: Plan) -> None:
    with connect(postgres.urls.app, acme_plan.clock) as other:
        with rounds.alone(other, day.FLOW) as mine:
            assert mine
            assert run_round(acme_plan.db, actor=TESTER, wall_at=WALL) is None
        made = at_once(*(lambda db=db: run_round(db, actor=TESTER, wall_at=WALL) for db in (acme_plan.db, other)))
    did = [each.plan_id for one in made if one is not None for each in one.done]
    assert sorted(did, key=str) == sorted((acme_plan.plan, birch.plan), key=str)


def test_a_round_that_ended_stands_in_no_ones_way(db: Database) -> None:
    for _ in range(50):
        with rounds.alone(db, day.FLOW) as mine:
            assert mine


def test_one_plans_day_begun_by_two_at_once_is_done_once(postgres: Served, acme_plan: Plan) -> None:
    """Without the round's lock, too: a command and a moved clock may meet."""
    of = PlanDay(acme_plan.sponsor, acme_plan.plan, date(2026, 1, 23))
    before = len(told(acme_plan))
    with connect(postgres.urls.app, acme_plan.clock) as other:
        at_once(*(lambda db=db: run_day(db, actor=TESTER, of=of) for db in (acme_plan.db, other)))
    assert [kind for _, kind in told(acme_plan)[before:]].count("plan.tested") == 1
    with acme_plan.db.begin(TESTER, tenants=[acme_plan.sponsor]) as tx:
        (runs,) = tx.one("select count(*) from compliance.run where cause = 'day/2026-01-23'")
    assert runs == 1


def break_terms(postgres: Served, plan_id: PlanId, *, broken: bool) -> None:
    """As a superuser: terms that no version of the software wrote, or as they were."""
    url = postgres.urls.superuser.replace("/postgres?", "/open401k?")
    with psycopg.connect(url) as conn:
        change = "terms - 'deferrals' || jsonb_build_object('kept', terms -> 'deferrals')"
        if not broken:
            change = "terms - 'kept' || jsonb_build_object('deferrals', terms -> 'kept')"
        changed = conn.execute(
            f"update plan.provisions set terms = {change} where plan_id = %s".encode(), [plan_id.uuid]
        )
        assert changed.rowcount == 1


def test_a_plan_that_fails_is_told_with_its_reason_and_stops_no_other(
    postgres: Served, acme_plan: Plan, birch: Plan, caplog: pytest.LogCaptureFixture
) -> None:
    break_terms(postgres, acme_plan.plan, broken=True)
    made = go(acme_plan.db)
    assert not made.ok
    assert [each.plan_id for each in made.done] == [birch.plan]
    assert list(made.failed) == [acme_plan.plan]
    assert "deferrals" in made.failed[acme_plan.plan]
    assert str(acme_plan.plan) in caplog.text
    go(acme_plan.db)
    of = PlanDay(acme_plan.sponsor, acme_plan.plan, date(2026, 1, 24))
    with acme_plan.db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        went = rounds.went(tx, flows=[(of.tenant_id, of.flow_id)])[of.flow_id]
    assert (went.ended_at, went.failures) == (None, 2)
    assert went.reason == made.failed[acme_plan.plan]
    break_terms(postgres, acme_plan.plan, broken=False)
    repaired = go(acme_plan.db)
    assert repaired.ok
    assert (len(repaired.done), repaired.already) == (1, 1)
    assert_sound(acme_plan)


def test_a_round_stops_between_two_plans_when_asked_and_goes_on_later(acme_plan: Plan, birch: Plan) -> None:
    asked = iter([False, True])
    made = run_round(acme_plan.db, actor=TESTER, wall_at=WALL, ends=lambda: next(asked))
    assert made is not None
    assert (made.ok, made.complete, len(made.done)) == (False, False, 1)
    assert len(go(acme_plan.db).done) == 1


def test_a_day_left_half_way_is_not_carried_on_the_day_after(acme_plan: Plan) -> None:
    of = PlanDay(acme_plan.sponsor, acme_plan.plan, date(2026, 1, 23))
    with pytest.raises(RuntimeError):
        _half(acme_plan.db, of)
    acme_plan.at(date(2026, 1, 24))
    assert go(acme_plan.db).ok
    with acme_plan.db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        assert unfinished(tx) == []
    assert_sound(acme_plan)


def _half(db: Database, of: PlanDay) -> None:
    def broken(tx: object, of: PlanDay, results: object) -> None:
        raise RuntimeError("a bug")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(day, "STEPS", (day.retest, broken))
        run_day(db, actor=TESTER, of=of)


def test_the_round_clears_away_what_signing_in_left(acme_plan: Plan) -> None:
    long_ago = WALL - timedelta(days=1)
    with acme_plan.db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        user_id = access.add_user(tx, email="somebody@example.com", name="Somebody")
        access.create_link(tx, user_id=user_id, at=long_ago)
        access.create_link(tx, user_id=user_id, at=WALL)
    assert go(acme_plan.db).pruned == {"challenges": 0, "links": 1, "sessions": 0}

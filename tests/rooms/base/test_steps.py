"""The test shows that a flow does each step once, whatever stops it."""

import threading
from typing import Any

import pytest
from psycopg.errors import SerializationFailure
from tests.support.database import START, TESTER, Begin, Served, connect
from tests.support.flows import each_step_twice, kill_at, run_with_a_stop, stop_points

from open401k.base import audit, steps
from open401k.base.db import Database, Tx
from open401k.base.faults import Stopped, stopping_at
from open401k.base.steps import Halt
from open401k.kernel import FixedClock, FlowId, SponsorId


def read(tx: Tx, ctx: SponsorId, results: dict[str, Any]) -> Any:
    return {"rows": (1, 2)}


def post(tx: Tx, ctx: SponsorId, results: dict[str, Any]) -> Any:
    assert results["read"] == {"rows": [1, 2]}
    audit.record(tx, tenant_id=ctx, action="post", subject="run")
    return len(results["read"]["rows"])


def answer(tx: Tx, ctx: SponsorId, results: dict[str, Any]) -> Any:
    return None


def stop_here(tx: Tx, ctx: SponsorId, results: dict[str, Any]) -> Any:
    return Halt("rejected", {"findings": 3})


STEPS = [read, post, answer]


def run(db: Database, tenant: SponsorId, flow_id: FlowId, which: Any = STEPS) -> steps.FlowResults:
    return steps.run_flow(db, flow="sample", flow_id=flow_id, tenant_id=tenant, actor=TESTER, steps=which, ctx=tenant)


def posted(begin: Begin, tenant: SponsorId) -> int:
    with begin() as tx:
        assert audit.verify(tx, tenant_id=tenant) == []
        return len(audit.entries(tx, tenant_id=tenant))


@pytest.mark.parametrize("point", stop_points("sample", STEPS))
def test_a_flow_survives_a_stop_at_every_step(db: Database, begin: Begin, tenant: SponsorId, point: str) -> None:
    flow_id = db.ids.new(FlowId)
    results = run_with_a_stop(point, lambda: run(db, tenant, flow_id))
    assert results == {"read": {"rows": [1, 2]}, "post": 2, "answer": None}
    assert results.halted is None
    assert posted(begin, tenant) == 1
    with begin() as tx:
        assert steps.unfinished(tx) == []


def along_with(db: Database, tenant: SponsorId, flow_id: FlowId, which: Any, until: str, say: str) -> Any:
    """The results, having done something along with a step."""

    def along(tx: Tx) -> None:
        audit.record(tx, tenant_id=tenant, action=say, subject="run")

    return steps.run_flow(
        db, flow="sample", flow_id=flow_id, tenant_id=tenant, actor=TESTER, steps=which, ctx=tenant, until=until,
        along=along,
    )  # fmt: skip


@pytest.mark.parametrize("point", ["sample.post.before_commit", "sample.post.after_commit"])
def test_what_goes_along_with_a_step_happens_with_it_or_not_at_all(
    db: Database, begin: Begin, tenant: SponsorId, point: str
) -> None:
    flow_id = db.ids.new(FlowId)

    def said() -> list[str]:
        with begin() as tx:
            return [each.action for each in audit.entries(tx, tenant_id=tenant)]  # the newest first

    with pytest.raises(Stopped), stopping_at(point):
        along_with(db, tenant, flow_id, STEPS, "post", "told")
    assert said() == ([] if point.endswith("before_commit") else ["told", "post"])
    results = along_with(db, tenant, flow_id, STEPS, "post", "told")
    assert results == {"read": {"rows": [1, 2]}, "post": 2}
    assert said() == ["told", "post"]
    halted = along_with(db, tenant, db.ids.new(FlowId), [stop_here], "stop_here", "told of a halt")
    assert halted.halted == "rejected"
    assert "told of a halt" not in said()


def run_elsewhere(url: str, tenant: SponsorId, flow_id: FlowId) -> None:
    with connect(url, FixedClock(START)) as db:
        run(db, tenant, flow_id)


@pytest.mark.parametrize("point", stop_points("sample", [post]))
def test_a_flow_survives_kill_9(postgres: Served, db: Database, begin: Begin, tenant: SponsorId, point: str) -> None:
    flow_id = db.ids.new(FlowId)
    kill_at(point, run_elsewhere, postgres.urls.app, tenant, flow_id)
    assert run(db, tenant, flow_id)["post"] == 2
    assert posted(begin, tenant) == 1


def test_a_stopped_flow_is_listed_until_it_ends(db: Database, begin: Begin, tenant: SponsorId) -> None:
    flow_id = db.ids.new(FlowId)
    run(db, tenant, flow_id, [read, stop_here])
    half = db.ids.new(FlowId)
    with pytest.raises(ZeroDivisionError):
        run(db, tenant, half, [read, lambda tx, ctx, results: 1 // 0])
    with begin() as tx:
        (left,) = steps.unfinished(tx)
        assert (left.flow, left.flow_id, left.tenant_id) == ("sample", half, tenant)


def test_a_halt_ends_the_flow_for_good(db: Database, begin: Begin, tenant: SponsorId) -> None:
    flow_id = db.ids.new(FlowId)
    for _ in range(2):
        results = run(db, tenant, flow_id, [read, stop_here, post])
        assert results == {"read": {"rows": [1, 2]}, "stop_here": {"findings": 3}}
        assert results.halted == "rejected"
    assert posted(begin, tenant) == 0


def test_repeated_steps_must_answer_alike(db: Database, tenant: SponsorId) -> None:
    assert run(db, tenant, db.ids.new(FlowId), each_step_twice([read, answer]))["answer"] is None
    counter = iter(range(2))

    def count(tx: Tx, ctx: SponsorId, results: dict[str, Any]) -> Any:
        return next(counter)

    with pytest.raises(AssertionError, match="count answers differently"):
        run(db, tenant, db.ids.new(FlowId), each_step_twice([count]))


def test_two_runners_of_one_flow_post_once(db: Database, begin: Begin, tenant: SponsorId) -> None:
    flow_id = db.ids.new(FlowId)
    answers: list[steps.FlowResults] = []
    threads = [threading.Thread(target=lambda: answers.append(run(db, tenant, flow_id))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert all(found == answers[0] for found in answers)
    assert posted(begin, tenant) == 1


def test_an_id_belongs_to_one_flow(db: Database, tenant: SponsorId) -> None:
    flow_id = db.ids.new(FlowId)
    run(db, tenant, flow_id)
    with pytest.raises(ValueError, match="is a sample, not a other"):
        steps.run_flow(db, flow="other", flow_id=flow_id, tenant_id=tenant, actor=TESTER, steps=[read], ctx=tenant)


def test_a_flow_stopped_on_purpose_goes_on_where_it_stopped(db: Database, begin: Begin, tenant: SponsorId) -> None:
    flow_id = db.ids.new(FlowId)
    for _ in range(2):
        paused = steps.run_flow(
            db, flow="sample", flow_id=flow_id, tenant_id=tenant, actor=TESTER, steps=STEPS, ctx=tenant, until="read"
        )
        assert paused == {"read": {"rows": [1, 2]}}
    assert posted(begin, tenant) == 0
    assert run(db, tenant, flow_id)["post"] == 2
    assert posted(begin, tenant) == 1


def test_a_halt_for_now_keeps_what_was_written_and_tries_the_step_again(
    db: Database, begin: Begin, tenant: SponsorId
) -> None:
    flow_id = db.ids.new(FlowId)
    waits = iter([True, False])

    def wait(tx: Tx, ctx: SponsorId, results: dict[str, Any]) -> Any:
        post(tx, ctx, {"read": {"rows": [1, 2]}})
        return steps.Halt("needs a yes", "written", for_now=True) if next(waits) else "yes"

    halted = run(db, tenant, flow_id, [read, wait, answer])
    assert (halted.halted, halted["wait"]) == ("needs a yes", "written")
    assert posted(begin, tenant) == 1
    went_on = run(db, tenant, flow_id, [read, wait, answer])
    assert went_on.halted is None
    assert (went_on["wait"], went_on["answer"]) == ("yes", None)
    assert posted(begin, tenant) == 2


def test_two_flows_that_wait_for_each_other_both_end_and_each_is_done_once(
    db: Database, begin: Begin, tenant: SponsorId
) -> None:
    """PostgreSQL undoes one of them; what it had written is gone, and it is tried again."""
    both_hold_one, tries = threading.Barrier(2, timeout=20), list[str]()

    def holding(name: str, first: int, second: int) -> Any:
        def hold(tx: Tx, ctx: SponsorId, results: dict[str, Any]) -> Any:
            tries.append(name)
            tx.run("select pg_advisory_xact_lock(%s)", [first])
            tx.run("insert into base.flow (tenant_id, flow_id, flow, begun_at) values (%s, %s, %s, %s)",
                   [ctx, tx.ids.new(FlowId), f"written by {name}", tx.now])  # fmt: skip
            if tries.count(name) == 1:
                both_hold_one.wait()
            tx.run("select pg_advisory_xact_lock(%s)", [second])
            return len(tries)

        return [hold]

    wanted = {"one": holding("one", 401_001, 401_002), "other": holding("other", 401_002, 401_001)}
    done: dict[str, steps.FlowResults] = {}

    def carry_out(name: str) -> None:
        done[name] = run(db, tenant, db.ids.new(FlowId), wanted[name])

    threads = [threading.Thread(target=carry_out, args=[name]) for name in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(done) == ["one", "other"]
    assert sorted(tries) in (["one", "one", "other"], ["one", "other", "other"])
    with begin() as tx:
        written = tx.rows("select flow from base.flow where tenant_id = %s and flow like 'written by %%'", [tenant])
    assert sorted(written) == [("written by one",), ("written by other",)]


def test_a_step_that_is_undone_again_and_again_says_so(db: Database, tenant: SponsorId) -> None:
    tries = []

    def unlucky(tx: Tx, ctx: SponsorId, results: dict[str, Any]) -> Any:
        tries.append(1)
        raise SerializationFailure("could not serialize access")

    with pytest.raises(SerializationFailure):
        run(db, tenant, db.ids.new(FlowId), [unlucky])
    assert len(tries) == steps.MOST_TRIES

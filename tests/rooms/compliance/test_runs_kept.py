"""Runs from facts in a real database: kept with their working, read back, proved again."""

import hashlib
import importlib
import json
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.rooms.compliance.kept_plan import KeptPlan, open_plan, pay
from tests.rooms.compliance.small_plan import AUGUST, LIMIT, PAY_DATES, RATES
from tests.support.database import Begin

from open401k import census, compliance
from open401k.base import audit
from open401k.compliance import ComplianceRun, Status, TestId
from open401k.compliance.runs import facts_hash
from open401k.kernel import FixedClock, PlanYear, SponsorId

gather_module = importlib.import_module("open401k.compliance.gather")
pieces_module = importlib.import_module("open401k.compliance.pieces")


@pytest.fixture
def kept(begin: Begin, tenant: SponsorId, clock: FixedClock) -> KeptPlan:
    """The plan of twelve after two payrolls."""
    plan = open_plan(begin, tenant)
    for k in range(2):
        clock.advance(timedelta(days=1))
        pay(begin, plan, k)
    clock.advance(timedelta(days=1))
    return plan


def retested(begin: Begin, kept: KeptPlan, *, cause: str = "test", k: int = 1) -> ComplianceRun:
    with begin() as tx:
        return compliance.retest(tx, tenant_id=kept.tenant, plan_id=kept.plan_id, as_of=PAY_DATES[k], cause=cause)


def test_facts_in_the_database_give_what_a_pencil_says(begin: Begin, kept: KeptPlan) -> None:
    run = retested(begin, kept)
    adp = run.of(TestId.ADP)
    assert (adp.status, adp.measured, adp.limit) == (Status.FAIL, 900, LIMIT)
    assert (run.of(TestId.ACP).measured, run.of(TestId.ACP).limit) == (300, 320)
    assert run.of(TestId.TOP_HEAVY).measured == 8_000
    reasons = dict(zip(run.people["employee"], run.people["hce_reason"], strict=True))
    assert {who for who, why in reasons.items() if why} == {str(who) for who in kept.employees[:2]}
    assert "of a spouse" in reasons[str(kept.employees[1])]
    assert set(reasons) == {str(who) for who in kept.employees}


def test_run_reads_back_as_it_was_kept(begin: Begin, kept: KeptPlan) -> None:
    run = retested(begin, kept)
    with begin() as tx:
        again = compliance.get(tx, tenant_id=kept.tenant, run_id=run.run_id)
        newest = compliance.latest(tx, tenant_id=kept.tenant, plan_id=kept.plan_id)
    assert again == run
    assert newest == run


def test_a_run_of_many_people_is_stored_in_pieces_as_a_short_one_is(
    begin: Begin, kept: KeptPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = retested(begin, kept)
    monkeypatch.setattr(pieces_module, "SLICE", 5)
    run = retested(begin, kept, cause="of many")
    with begin() as tx:
        again = compliance.get(tx, tenant_id=kept.tenant, run_id=run.run_id)
        assert compliance.verify_runs(tx, tenant_id=kept.tenant) == []
    assert (again, again.results, again.people) == (run, short.results, short.people)


def test_a_large_plan_is_gathered_in_slices_to_the_same_facts(
    begin: Begin, kept: KeptPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begin() as tx:
        fired = kept.employees[5]
        left = PAY_DATES[0] - timedelta(days=400)
        census.record_fact(tx, tenant_id=kept.tenant, employee_id=fired, fact=census.Terminated(), event_on=left)
    where: dict[str, Any] = {"tenant_id": kept.tenant, "plan_id": kept.plan_id, "as_of": PAY_DATES[1]}
    with begin() as tx:
        at_once = compliance.gather(tx, **where)
        monkeypatch.setattr(gather_module, "MOST_KEPT", 0)
        monkeypatch.setattr(gather_module, "SLICE", 5)
        in_slices = compliance.gather(tx, **where)

    assert len(at_once) == 12
    assert len(at_once.kin) == 2
    assert facts_hash(in_slices) == facts_hash(at_once)
    for name in ("employee_ids", "labels", "classes", "kin", "kept_out_on"):
        assert getattr(in_slices, name) == getattr(at_once, name), name


def test_what_a_run_says_is_hashed_as_one_json_text(begin: Begin, kept: KeptPlan) -> None:
    run = retested(begin, kept)
    head = [str(run.plan_id), str(run.plan_year), run.as_of.isoformat(), run.cause, run.facts_hash.hex()]
    said = [
        [
            *map(str, (each.test, each.status, each.unit, each.measured, each.limit, each.room)),
            *(each.title, each.citation, each.explanation, json.loads(json.dumps(each.working))),
        ]
        for each in run.results
    ]
    text = json.dumps([[*head, run.law_version], run.people, said], sort_keys=True)
    with begin() as tx:
        (kept_entry,) = audit.entries(tx, tenant_id=kept.tenant, subject=run.run_id)
    assert kept_entry.after == {"sha256": hashlib.sha256(text.encode()).hexdigest()}


def test_same_facts_for_the_same_cause_are_one_run(begin: Begin, kept: KeptPlan) -> None:
    assert retested(begin, kept).run_id == retested(begin, kept).run_id
    assert retested(begin, kept).run_id != retested(begin, kept, cause="another").run_id


def test_history_has_a_point_for_every_run_and_test(begin: Begin, kept: KeptPlan, clock: FixedClock) -> None:
    first = retested(begin, kept)
    clock.advance(timedelta(days=14))
    pay(begin, kept, 2, rates=(0, 0, *RATES[2:]))
    second = retested(begin, kept, cause="next", k=2)
    with begin() as tx:
        points = compliance.history(
            tx, tenant_id=kept.tenant, plan_id=kept.plan_id, plan_year=PlanYear.starting(PAY_DATES[0].replace(day=1))
        )
    adp = [(point.run_id, point.measured) for point in points if point.test is TestId.ADP]
    assert adp == [(first.run_id, 900), (second.run_id, 600)]


def test_runs_verify_from_facts_as_then_known(begin: Begin, kept: KeptPlan, clock: FixedClock) -> None:
    retested(begin, kept)
    clock.advance(timedelta(days=1))
    pay(begin, kept, 2)
    with begin() as tx:
        assert compliance.verify_runs(tx, tenant_id=kept.tenant) == []


def test_corrected_payroll_changes_the_test_and_not_the_past(begin: Begin, kept: KeptPlan, clock: FixedClock) -> None:
    clock.advance(timedelta(days=1))
    wrong = pay(begin, kept, 2)
    before = retested(begin, kept, k=2)
    clock.advance(timedelta(days=1))
    pay(begin, kept, 2, rates=(0, 0, *RATES[2:]), replaces=wrong)
    after = retested(begin, kept, cause="correction", k=2)
    assert (before.of(TestId.ADP).measured, after.of(TestId.ADP).measured) == (900, 600)
    with begin() as tx:
        assert compliance.verify_runs(tx, tenant_id=kept.tenant) == []


def test_planted_result_is_found(begin: Begin, kept: KeptPlan, postgres, clock: FixedClock) -> None:  # type: ignore[no-untyped-def]
    run = retested(begin, kept)
    with psycopg.connect(postgres.urls.owner) as owner:
        owner.execute("alter table compliance.result disable row level security")
        owner.execute(
            "update compliance.result set status = 'pass', measured = 500 where run_id = %s and test = 'adp'",
            [run.run_id.uuid],
        )
        owner.execute("alter table compliance.result enable row level security")
    with begin() as tx:
        found = compliance.verify_runs(tx, tenant_id=kept.tenant)
    assert [(each.run_id, each.test) for each in found] == [(run.run_id, None), (run.run_id, TestId.ADP)]


def test_results_cannot_be_changed_by_the_application(begin: Begin, kept: KeptPlan) -> None:
    retested(begin, kept)
    for statement in (
        "update compliance.result set measured = 0",
        "delete from compliance.run",
        "update compliance.projection set seed = 1",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), begin() as tx:
            tx.conn.execute(statement)


def test_forecast_is_kept_once_with_its_cures(begin: Begin, kept: KeptPlan) -> None:
    run = retested(begin, kept)
    with begin() as tx:
        told = compliance.foresee(tx, tenant_id=kept.tenant, run_id=run.run_id)
    assert told is not None
    assert told.projection.of(TestId.ADP).fail_probability_bps > 5_000
    assert told.cures
    with begin() as tx:
        again = compliance.foresee(tx, tenant_id=kept.tenant, run_id=run.run_id)
        newest = compliance.latest_forecast(tx, tenant_id=kept.tenant, plan_id=kept.plan_id)
    assert again == told
    assert newest == told


def test_gathered_history_has_every_pay_date(begin: Begin, kept: KeptPlan) -> None:
    with begin() as tx:
        facts = compliance.gather(tx, tenant_id=kept.tenant, plan_id=kept.plan_id, as_of=AUGUST)
    assert facts.history is not None
    assert facts.history.pay_dates == PAY_DATES[:2]
    assert facts.history.deferrals.sum() == facts.deferrals.sum()
    assert (facts.match > 0).sum() == 8

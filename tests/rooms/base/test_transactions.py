"""What a transaction remembers holds only as long as it is so: audit head, plan terms, connections of the pool."""

from dataclasses import replace
from datetime import date

import psycopg
from tests.support.database import START, TESTER, Begin, Served, connect

from open401k import plan
from open401k.base import audit, heads
from open401k.kernel import FixedClock, PlanId, SponsorId

TERMS = plan.Provisions(adopted_on=date(2019, 1, 1))


def test_the_audit_trail_goes_on_where_a_savepoint_left_it(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        heads.lock(tx, tenant_id=tenant)
        audit.record(tx, tenant_id=tenant, action="before", subject="x")
        with tx.conn.transaction(force_rollback=True):
            audit.record(tx, tenant_id=tenant, action="undone", subject="x")
        audit.record(tx, tenant_id=tenant, action="after", subject="x")
    with begin() as tx:
        assert audit.verify(tx, tenant_id=tenant) == []
        assert [each.action for each in reversed(audit.entries(tx, tenant_id=tenant))] == ["before", "after"]


def adopt(begin: Begin, tenant: SponsorId) -> PlanId:
    with begin() as tx:
        plan.register_sponsor(
            tx, name="A sponsor", ein="12-3456789", established_on=date(2010, 1, 4), sponsor_id=tenant
        )
        return plan.adopt(tx, tenant_id=tenant, provisions=TERMS, name="A plan")


def test_terms_amended_in_a_transaction_are_its_terms_from_then_on_and_nobodys_if_it_is_undone(
    begin: Begin, tenant: SponsorId
) -> None:
    plan_id, on = adopt(begin, tenant), date(2026, 6, 1)
    eligibility = replace(TERMS.eligibility, minimum_age=18)

    with begin() as tx:
        heads.lock(tx, tenant_id=tenant)  # under the lock terms are read once
        assert plan.provisions_on(tx, tenant_id=tenant, plan_id=plan_id, on=on) == TERMS
        amended = replace(TERMS, eligibility=eligibility)
        done = plan.amend(tx, tenant_id=tenant, plan_id=plan_id, effective_on=on, provisions=amended, why="a test")
        assert isinstance(done, plan.Amended)
        assert plan.provisions_on(tx, tenant_id=tenant, plan_id=plan_id, on=on) == amended
        tx.conn.rollback()
    with begin() as tx:
        heads.lock(tx, tenant_id=tenant)
        assert plan.provisions_on(tx, tenant_id=tenant, plan_id=plan_id, on=on) == TERMS


def test_a_connection_that_the_server_ended_is_not_given_out(postgres: Served) -> None:
    with connect(postgres.urls.app, FixedClock(START)) as db:
        with db.begin(TESTER, tenants=[]) as tx:
            (backend,) = tx.one("select pg_backend_pid()")
        with psycopg.connect(postgres.urls.superuser, autocommit=True) as conn:
            conn.execute("select pg_terminate_backend(%s, 5000)", [backend])
        with db.begin(TESTER, tenants=[]) as tx:
            (another,) = tx.one("select pg_backend_pid()")
    assert another != backend

"""What a transaction remembers holds only as long as it is so: audit head, plan terms, connections of the pool."""

from contextlib import suppress
from dataclasses import replace
from datetime import date

import psycopg
import pytest
from psycopg.errors import DivisionByZero
from tests.support.database import START, TESTER, Begin, Served, connect

from open401k import plan
from open401k.base import audit, heads
from open401k.base.db import RolledBackError
from open401k.kernel import FixedClock, PlanId, SponsorId

TERMS = plan.Provisions(adopted_on=date(2019, 1, 1))


def test_the_audit_trail_goes_on_where_a_savepoint_left_it(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        heads.lock(tx, tenant_id=tenant)
        audit.record(tx, tenant_id=tenant, action="before", subject="x")
        with suppress(ZeroDivisionError), tx.savepoint():
            audit.record(tx, tenant_id=tenant, action="undone, before the server heard of it", subject="x")
            raise ZeroDivisionError
        with suppress(ZeroDivisionError), tx.savepoint():
            audit.record(tx, tenant_id=tenant, action="undone by the server", subject="x")
            assert tx.one("select count(*) from base.audit where tenant_id = %s", [tenant]) == (2,)
            raise ZeroDivisionError
        audit.record(tx, tenant_id=tenant, action="after", subject="x")
    with begin() as tx:
        assert audit.verify(tx, tenant_id=tenant) == []
        assert [each.action for each in reversed(audit.entries(tx, tenant_id=tenant))] == ["before", "after"]


def test_a_transaction_whose_last_statement_is_refused_is_undone_whole(begin: Begin, tenant: SponsorId) -> None:
    def recorded_in_vain() -> None:
        with begin() as tx:
            audit.record(tx, tenant_id=tenant, action="undone", subject="x")
            tx.send("select 1 / 0")  # goes with the commit

    with pytest.raises(DivisionByZero):
        recorded_in_vain()
    with begin() as tx:
        assert audit.entries(tx, tenant_id=tenant) == []


@pytest.mark.parametrize("goes_on", [False, True])
def test_an_error_caught_inside_the_block_is_not_taken_for_a_commit(
    begin: Begin, tenant: SponsorId, goes_on: bool
) -> None:
    def went_on() -> None:
        with begin() as tx:
            audit.record(tx, tenant_id=tenant, action="undone", subject="x")
            with suppress(DivisionByZero):
                tx.run("select 1 / 0")
            if goes_on:
                tx.send("select 1")  # waits for a commit that will not be

    with pytest.raises(RolledBackError, match="savepoint"):
        went_on()
    with begin() as tx:  # the connection is as good as new
        assert audit.entries(tx, tenant_id=tenant) == []


def test_the_first_statement_of_all_may_be_the_one_that_was_caught(begin: Begin) -> None:
    def went_on() -> None:
        with begin() as tx, suppress(DivisionByZero):
            tx.run("select 1 / 0")

    with pytest.raises(RolledBackError):
        went_on()


def test_an_error_caught_around_a_savepoint_leaves_the_rest_to_be_committed(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        audit.record(tx, tenant_id=tenant, action="kept", subject="x")
        with suppress(DivisionByZero), tx.savepoint():
            tx.run("select 1 / 0")
    with begin() as tx:
        assert [each.action for each in audit.entries(tx, tenant_id=tenant)] == ["kept"]


def test_an_error_that_leaves_the_block_is_told_itself(begin: Begin) -> None:
    with pytest.raises(DivisionByZero), begin() as tx:
        tx.run("select 1 / 0")


def test_statements_are_carried_out_in_their_order(begin: Begin) -> None:
    with begin() as tx:
        tx.send("select set_config('open401k.test', 'a', true)")
        assert tx.one("select current_setting('open401k.test')") == ("a",)
        tx.send("select set_config('open401k.test', 'b', true)")
        assert tx.rows_by_hashing("select current_setting('open401k.test')") == [("b",)]
        assert tx.one("select current_setting('enable_nestloop')") == ("on",)


def test_what_was_rolled_back_within_is_not_ended_again(begin: Begin) -> None:
    told: list[str | None] = []
    with begin() as tx:
        assert tx.one("select count(*) from base.head where false") == (0,)
        tx.conn.rollback()
        tx.conn.add_notice_handler(lambda each: told.append(each.message_primary))
    assert told == []  # the server warns of an end without a beginning


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

"""The test shows that an event is heard of after its commit, in order, and only by its tenant."""

import threading

import pytest
from psycopg.errors import InsufficientPrivilege
from tests.support.database import Begin, new_tenant

from open401k.base import messages
from open401k.base.db import ALL_TENANTS, Database
from open401k.kernel import SponsorId


def test_events_are_read_in_order_from_a_cursor_on(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        first = messages.publish(tx, tenant_id=tenant, kind="payroll.posted", subject="run_1", data={"rows": 12})
        second = messages.publish(tx, tenant_id=tenant, kind="alert.raised", subject="alt_1", data={})
    with begin() as tx:
        assert [event.event_id for event in messages.read_after(tx, tenant_id=tenant, cursor=0)] == [first, second]
        (later,) = messages.read_after(tx, tenant_id=tenant, cursor=1)
        assert (later.cursor, later.kind, later.data) == (2, "alert.raised", {})
        assert messages.newest_cursor(tx, tenant_id=tenant) == 2


def test_a_rolled_back_event_never_was(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        messages.publish(tx, tenant_id=tenant, kind="payroll.posted", subject="run_1", data={})
        tx.conn.rollback()
    with begin() as tx:
        assert messages.read_after(tx, tenant_id=tenant, cursor=0) == []


def test_a_listener_hears_of_a_commit(db: Database, begin: Begin, tenant: SponsorId) -> None:
    heard = messages.listen(db, timeout_seconds=0.05)
    assert next(heard) is ALL_TENANTS
    assert next(heard) is None

    def tell() -> None:
        with begin() as tx:
            messages.publish(tx, tenant_id=tenant, kind="payroll.posted", subject="run_1", data={})

    thread = threading.Thread(target=tell)
    thread.start()
    assert next(who for who in heard if who is not None) == tenant
    thread.join()
    heard.close()  # type: ignore[attr-defined]


def test_a_listener_whose_connection_breaks_listens_again_and_says_so(db: Database, begin: Begin) -> None:
    heard = messages.listen(db, timeout_seconds=0.05)
    assert next(heard) is ALL_TENANTS
    with begin() as tx:
        ended = tx.rows(
            """
            select pg_terminate_backend(pid)
            from pg_stat_activity
            where datname = current_database() and query ilike 'listen %%'
            """,
            [],
        )
    assert ended
    assert next(who for who in heard if who is not None) is ALL_TENANTS
    heard.close()  # type: ignore[attr-defined]


def test_another_tenant_has_no_outbox_in_sight(begin: Begin, db: Database) -> None:
    other = new_tenant(db)
    with pytest.raises(InsufficientPrivilege), begin() as tx:  # at the latest when it commits
        messages.publish(tx, tenant_id=other, kind="payroll.posted", subject="run_1", data={})

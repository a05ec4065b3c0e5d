"""The test shows that nobody reads or writes another tenant's rows, whatever the setting says."""

import psycopg
import pytest
from tests.support.database import TESTER, Begin, Served, new_tenant

from open401k.base import audit, heads
from open401k.base.db import ALL_TENANTS, Database
from open401k.kernel import SponsorId


def _visible(db: Database, *tenants: SponsorId) -> set[SponsorId]:
    with db.begin(TESTER, tenants=tenants) as tx:
        return {SponsorId(row[0]) for row in tx.rows("select tenant_id from base.head")}


def test_a_transaction_sees_exactly_the_tenants_it_was_begun_with(db: Database, tenant: SponsorId) -> None:
    other, third = new_tenant(db), new_tenant(db)
    assert _visible(db, tenant) == {tenant}
    assert _visible(db, tenant, other) == {tenant, other}
    assert _visible(db) == set()
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        assert {tenant.uuid, other.uuid, third.uuid} <= {row[0] for row in tx.rows("select tenant_id from base.head")}


def test_a_tenant_opened_among_all_of_them_is_in_sight_at_once(db: Database) -> None:
    tenant_id = db.ids.new(SponsorId)
    with db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        heads.open(tx, tenant_id=tenant_id)
        heads.open(tx, tenant_id=tenant_id)
        audit.record(tx, tenant_id=tenant_id, action="sponsor.add", subject=tenant_id)
        assert audit.verify(tx, tenant_id=tenant_id) == []


def test_an_id_goes_in_as_itself_and_in_lists(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        assert tx.one("select %s, %s", [tenant, [tenant, tenant]]) == (tenant.uuid, [tenant.uuid, tenant.uuid])
        assert tx.one("select count(*) from unnest(%s::uuid[])", [[tenant]]) == (1,)


def test_locking_a_tenant_out_of_sight_fails(db: Database, tenant: SponsorId) -> None:
    with db.begin(TESTER, tenants=[new_tenant(db)]) as tx, pytest.raises(LookupError, match="has no head"):
        heads.lock(tx, tenant_id=tenant)


@pytest.mark.parametrize(
    "forged", ["{other}", "{other}:", "{other}:00", "*", "*:", ":", "", "{other}:{mac}", "not a uuid:{mac}"]
)
def test_a_forged_setting_yields_no_rows(db: Database, tenant: SponsorId, forged: str) -> None:
    other = new_tenant(db)
    with db.begin(TESTER, tenants=[tenant]) as tx:
        mac = tx.one("select split_part(current_setting('open401k.tenants'), ':', 2)")[0]
        tx.run("select set_config('open401k.tenants', %s, true)", [forged.format(other=other.uuid.hex, mac=mac)])
        assert tx.rows("select tenant_id from base.head") == []
        assert tx.rows("select base.allowed_tenants()") == []


def test_an_unset_setting_yields_no_rows(postgres: Served, tenant: SponsorId) -> None:
    with psycopg.connect(postgres.urls.app) as conn:
        assert conn.execute("select tenant_id from base.head").fetchall() == []


def test_a_pooled_connection_keeps_nothing_of_its_last_user(db: Database, tenant: SponsorId) -> None:
    with db.begin(TESTER, tenants=[tenant]) as tx:
        conn = tx.conn
        assert len(tx.rows("select tenant_id from base.head")) == 1
    with conn.transaction():
        assert conn.execute("select tenant_id from base.head").fetchall() == []


def test_rows_for_another_tenant_cannot_be_written(db: Database, tenant: SponsorId) -> None:
    other = db.ids.new(SponsorId)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), db.begin(TESTER, tenants=[tenant]) as tx:
        heads.open(tx, tenant_id=other)


@pytest.mark.parametrize(
    "statement",
    [
        "select * from base.signing_key",
        "select base.signed_tenants()",
        "set role open401k_owner",
        "create table base.mine ()",
    ],
)
def test_the_key_that_signs_is_out_of_reach(begin: Begin, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), begin() as tx:
        tx.conn.execute(statement.encode())


@pytest.mark.parametrize(
    "verb", ["update base.{t} set tenant_id = tenant_id", "delete from base.{t}", "truncate base.{t}"]
)
@pytest.mark.parametrize("table", ["audit", "event", "step"])
def test_facts_are_not_updated_deleted_or_truncated(begin: Begin, table: str, verb: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), begin() as tx:
        tx.conn.execute(verb.format(t=table).encode())

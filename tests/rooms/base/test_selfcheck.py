"""The test shows that what is amiss with a database or its settings is named, and that production refuses to serve."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.support.database import Served, served

from open401k.base.db import Database
from open401k.base.selfcheck import Check, inspect, refuse_if_unsafe
from open401k.base.settings import Settings
from open401k.kernel import Open401kError

KEYS = {"OPEN401K_MASTER_KEY": "A" * 43 + "=", "OPEN401K_INDEX_KEY": "B" * 42 + "E="}


@pytest.fixture(scope="module")
def postgres() -> Iterator[Served]:
    """A server as it serves people: what makes it durable is looked at here."""
    with served(durable=True) as running:
        yield running


def settings(tmp_path: Path, **more: str) -> Settings:
    return Settings.from_env({"OPEN401K_DATA_DIR": str(tmp_path), **KEYS, **more})


def failing(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.what for check in checks if not check.ok}


def test_our_own_database_is_in_order(db: Database, tmp_path: Path) -> None:
    checks = inspect(db, settings(tmp_path))
    assert failing(checks) == {}
    assert all(check.what for check in checks)
    assert len({check.name for check in checks}) == len(checks) == 13


@pytest.mark.parametrize(
    ("name", "damage", "repair"),
    [
        ("grants", "grant update on base.audit to open401k_app", "revoke update on base.audit from open401k_app"),
        ("grants", "grant truncate on base.flow to open401k_app", "revoke truncate on base.flow from open401k_app"),
        (
            "grants",
            "grant update (why) on base.audit to open401k_app",
            "revoke update (why) on base.audit from open401k_app",
        ),
        (
            "row security",
            "alter table base.flow no force row level security",
            "alter table base.flow force row level security",
        ),
        ("row security", "create table base.bare (tenant_id uuid not null)", "drop table base.bare"),
        ("views", "create view base.peek as select * from base.flow", "drop view base.peek"),
        ("views", "create materialized view base.peek as select 1 as one", "drop materialized view base.peek"),
        (
            "functions",
            "create function base.f() returns int language sql security definer as 'select 1'",
            "drop function base.f()",
        ),
        ("role", "alter role open401k_app bypassrls", "alter role open401k_app nobypassrls"),
        ("role", "grant open401k_owner to open401k_app", "revoke open401k_owner from open401k_app"),
        (
            "migrations",
            "update base.migration set name = 'x' where name = '0001_base'",
            "update base.migration set name = '0001_base' where name = 'x'",
        ),
        (
            "tenant signature",
            "update base.signing_key set key_no = 2, inner_key = outer_key, outer_key = inner_key",
            "update base.signing_key set key_no = 1, inner_key = outer_key, outer_key = inner_key",
        ),
        ("durability", "alter role open401k_app set synchronous_commit = off", "alter role open401k_app reset all"),
    ],
)
def test_each_damage_is_named(
    postgres: Served, db: Database, tmp_path: Path, name: str, damage: str, repair: str
) -> None:
    url = postgres.urls.superuser.replace("/postgres?", "/open401k?")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(damage.encode())
        try:
            with Database(postgres.urls.app, clock=db.clock, ids=db.ids, keyring=db.keyring) as fresh:
                assert name in failing(inspect(fresh, settings(tmp_path)))
        finally:
            conn.execute(repair.encode())


def test_production_refuses_to_serve_and_says_why(tmp_path: Path) -> None:
    checks = [Check("grants", False, "The application may update base.audit.", "Revoke them.")]
    refuse_if_unsafe(checks, settings(tmp_path))
    live = settings(tmp_path, OPEN401K_MODE="production")
    with pytest.raises(Open401kError, match=r"grants: The application may update base\.audit\. Revoke them\."):
        refuse_if_unsafe(checks, live)
    refuse_if_unsafe([Check("grants", True, "Append-only.")], live)


def test_production_wants_its_key_elsewhere_and_its_connection_encrypted(db: Database, tmp_path: Path) -> None:
    environment = {"OPEN401K_DATA_DIR": str(tmp_path), "OPEN401K_MODE": "production"}
    far = "postgresql://app@db.example.com/o"
    environment |= {"OPEN401K_DATABASE_URL": far, "OPEN401K_OWNER_DATABASE_URL": far}
    assert set(failing(inspect(db, Settings.from_env(environment)))) == {"master key", "connection", "address"}
    environment["OPEN401K_DATABASE_URL"] = f"{far}?sslmode=verify-full"
    environment["OPEN401K_ORIGIN"] = "https://plans.example.org"
    assert set(failing(inspect(db, Settings.from_env(environment | KEYS)))) == set()

"""The test shows that migrations run once and in order, and that an edited, late or unknown one is refused."""

from collections.abc import Iterator

import psycopg
import pytest
from tests.support.database import Served

from open401k.base.db import migrate, migrating, pending
from open401k.kernel import Open401kError

KEY = bytes(32)


@pytest.fixture
def scratch(postgres: Served) -> Iterator[str]:
    """The owner's way into an empty database on the same server."""
    with psycopg.connect(postgres.urls.superuser, autocommit=True) as conn:
        conn.execute("create database scratch owner open401k_owner")
    yield postgres.urls.owner.replace("/open401k?", "/scratch?")
    with psycopg.connect(postgres.urls.superuser, autocommit=True) as conn:
        conn.execute("drop database scratch with (force)")


def file(name: str, sql: str) -> migrating.SqlFile:
    return migrating.SqlFile(name, sql)


def pretend(monkeypatch: pytest.MonkeyPatch, *more: migrating.SqlFile, edited: str = "") -> None:
    real = [file(found.name, found.sql + edited) for found in _REAL]
    monkeypatch.setattr(migrating, "files", lambda: sorted([*real, *more], key=lambda found: found.name))


_REAL = migrating.files()


def test_every_file_is_applied_once(scratch: str) -> None:
    names = [found.name for found in _REAL]
    assert migrate(scratch, signing_key=KEY) == names
    assert migrate(scratch, signing_key=KEY) == []
    with psycopg.connect(scratch) as conn:
        assert pending(conn) == []
        assert conn.execute("select version_num from base.alembic_version").fetchall() == [(names[-1],)]


def test_an_empty_database_has_everything_pending(scratch: str) -> None:
    with psycopg.connect(scratch) as conn:
        assert pending(conn) == [found.name for found in _REAL]


def test_a_later_file_is_applied_and_a_failing_one_leaves_nothing(
    scratch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(scratch, signing_key=KEY)
    good = file(
        "9001_good", "-- a reason\ncreate table base.good (share text default '100%'); create table base.too ();"
    )
    pretend(monkeypatch, good, file("9002_bad", "create table base.half (); select no_such_column"))
    with pytest.raises(Open401kError, match="9002_bad failed and was rolled back"):
        migrate(scratch, signing_key=KEY)
    with psycopg.connect(scratch) as conn:
        assert pending(conn) == ["9002_bad"]
        assert conn.execute("select to_regclass('base.good'), to_regclass('base.half')").fetchone() == (
            "base.good",
            None,
        )


def test_an_edited_file_is_refused(scratch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(scratch, signing_key=KEY)
    pretend(monkeypatch, edited=" ")
    with pytest.raises(Open401kError, match="0001_base was edited after"):
        migrate(scratch, signing_key=KEY)


def test_a_file_that_sorts_before_an_applied_one_is_refused(scratch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(scratch, signing_key=KEY)
    pretend(monkeypatch, file("0001_after", "select 1"))
    with pytest.raises(Open401kError, match="Migration 0001_after sorts before"):
        migrate(scratch, signing_key=KEY)


def test_a_newer_database_is_refused(scratch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, file("9001_newer", "select 1"))
    migrate(scratch, signing_key=KEY)
    pretend(monkeypatch)
    with pytest.raises(Open401kError, match="9001_newer, which this version does not know"):
        migrate(scratch, signing_key=KEY)


def test_only_the_owner_migrates(postgres: Served, scratch: str) -> None:
    superuser = postgres.urls.superuser.replace("/postgres?", "/scratch?")
    with pytest.raises(Open401kError, match=r"here postgres runs them.*create role open401k_owner"):
        migrate(superuser, signing_key=KEY)

"""Forward-only migrations: plain SQL files in ``migrations/``, run by Alembic in the order of their names.

A room adds ``NNNN_room.sql`` and nothing else. Each applied file's SHA-256 is recorded: an edited one is refused.
What has a database of its own (a chain of the rails) has its files in a folder of its own: :func:`migrate_schema`.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any, TypeAlias

import psycopg
from psycopg import sql

from open401k.kernel import Open401kError

_Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
_LOCK = 4_010_401  # advisory: two processes that start at once migrate one after the other


@dataclass(frozen=True, slots=True)
class SqlFile:
    """A migration as it lies in the folder."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """What is recorded when it is applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def files(package: str = __package__) -> list[SqlFile]:
    """Every migration of this version, in order; ``package`` has the folder ``migrations``."""
    folder = resources.files(package) / "migrations"
    found = [
        SqlFile(item.name.removesuffix(".sql"), item.read_text("utf-8"))
        for item in folder.iterdir()
        if item.name.endswith(".sql")
    ]
    return sorted(found, key=lambda file: file.name)


def migrate(owner_url: str, *, signing_key: bytes, former_keys: Sequence[bytes] = ()) -> list[str]:
    """Bring the database to the newest version, as its owner; returns the names of the files it applied.

    ``signing_key`` (``Keyring.signing_key``) is what ``base.allowed_tenants()`` verifies from then on. Where sponsors
    are on file it takes over from itself or from one of ``former_keys`` only: any other would lock everybody out.
    """
    with _alone(owner_url) as connection:
        _require_roles(connection)
        late = _bring_up_to_date(connection, owner_url, files(), "base")
        _install(connection, signing_key, former_keys)
        connection.commit()
    return late


def migrate_schema(url: str, *, package: str, schema: str) -> list[str]:
    """Bring one schema to the newest version by the files of ``package``; returns the names of those it applied.

    For what has a database of its own: no roles are asked for, and no keys installed.
    """
    with _alone(url) as connection:
        return _bring_up_to_date(connection, url, files(package), schema)


@contextmanager
def _alone(url: str) -> Iterator[_Connection]:
    """A connection while no other process migrates this database."""
    with psycopg.connect(url) as connection:
        connection.execute("select pg_advisory_lock(%s)", [_LOCK])
        try:
            yield connection
        finally:
            connection.rollback()
            connection.execute("select pg_advisory_unlock(%s)", [_LOCK])
            connection.commit()


def _bring_up_to_date(connection: _Connection, url: str, known: list[SqlFile], schema: str) -> list[str]:
    connection.execute(_BOOKKEEPING.format(schema=sql.Identifier(schema)))
    connection.commit()
    applied = _applied(connection, schema)
    connection.commit()  # Alembic, on a connection of its own, commits one transaction a file
    _refuse_surprises(known, applied)
    late = [file.name for file in known if file.name not in applied]
    if late:
        # Loading Alembic takes longer than all else that a command does before its work.
        from ._upgrading import upgrade

        upgrade(url, known, applied, schema)
    return late


def pending(conn: _Connection) -> list[str]:
    """The files that this version of the software has and the database has not; readable by the application's role."""
    if conn.execute("select to_regclass('base.migration')").fetchone() == (None,):
        return [file.name for file in files()]
    applied = {row[0] for row in conn.execute("select name from base.migration").fetchall()}
    return [file.name for file in files() if file.name not in applied]


_BOOKKEEPING = sql.SQL(
    """
    create schema if not exists {schema};
    create table if not exists {schema}.migration (
        name text primary key,
        sha256 text not null,
        applied_at timestamptz not null default now()
    );
    """
)


def _require_roles(connection: _Connection) -> None:
    """The embedded server makes the two roles itself; a server of the operator's own needs them beforehand."""
    ((me, app),) = connection.execute(
        "select current_user, (select true from pg_roles where rolname = 'open401k_app')"
    ).fetchall()
    if me != "open401k_owner" or not app:
        raise Open401kError(
            f"Migrations run as the role open401k_owner, beside which open401k_app exists; here {me} runs them.",
            fix="create role open401k_owner login password '...'; create role open401k_app login password '...'; "
            "create database open401k owner open401k_owner; then connect as open401k_owner.",
        )


def _applied(connection: _Connection, schema: str) -> dict[str, str]:
    asked = sql.SQL("select name, sha256 from {schema}.migration").format(schema=sql.Identifier(schema))
    return {row[0]: row[1] for row in connection.execute(asked).fetchall()}


def _refuse_surprises(known: list[SqlFile], applied: dict[str, str]) -> None:
    by_name = {file.name: file for file in known}
    for name, sha256 in sorted(applied.items()):
        if name not in by_name:
            raise Open401kError(
                f"The database has migration {name}, which this version does not know.",
                fix="Run the newer version of Open401k that created it.",
            )
        if by_name[name].sha256 != sha256:
            raise Open401kError(
                f"Migration {name} was edited after it was applied to this database.",
                fix="Restore the file, put the change into a new one; reset a sandbox: open401k demo --reset.",
            )
    late = [file.name for file in known if file.name not in applied and file.name < max(applied, default="")]
    if late:
        raise Open401kError(
            f"Migration {late[0]} sorts before {max(applied)}, which is applied already.",
            fix="Give it a higher number; a sandbox can be reset: open401k demo --reset.",
        )


def _install(connection: _Connection, signing_key: bytes, former_keys: Sequence[bytes]) -> None:
    inner, outer = _padded(signing_key)
    installed = connection.execute("select inner_key from base.signing_key where key_no = 1").fetchone()
    known = {_padded(key)[0] for key in (signing_key, *former_keys)}
    if installed and installed[0] not in known and connection.execute("select true from base.head limit 1").fetchone():
        raise Open401kError(
            "This database was written under another master key than the one that is set.",
            fix="Restore the keys that belong to it. After a change of the master key, name the former one in "
            "OPEN401K_PREVIOUS_MASTER_KEYS (docs/howto/run-in-production.md).",
        )
    connection.execute(
        """
        insert into base.signing_key (key_no, inner_key, outer_key)
        values (1, %s, %s)
        on conflict (key_no) do update
        set inner_key = excluded.inner_key, outer_key = excluded.outer_key
        """,
        [inner, outer],
    )


def _padded(key: bytes) -> tuple[bytes, bytes]:
    """The two padded keys of HMAC-SHA256 (RFC 2104), so that the database needs only sha256()."""
    padded = key.ljust(64, b"\0")
    return bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)

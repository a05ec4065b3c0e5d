"""Forward-only migrations: plain SQL files in ``migrations/``, run by Alembic in the order of their names.

A room adds ``NNNN_room.sql`` and nothing else. Each applied file's SHA-256 is recorded: an edited one is refused.
What has a database of its own (a chain of the rails) has its files in a folder of its own: :func:`migrate_schema`.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from types import ModuleType
from typing import Any

import psycopg
import sqlalchemy
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import Script
from alembic.script.revision import RevisionMap
from psycopg import sql

from open401k.kernel import Open401kError

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
        applied = _bring_up_to_date(connection, files(), "base")
        _install(connection, signing_key, former_keys)
        connection.commit()
    return applied


def migrate_schema(url: str, *, package: str, schema: str) -> list[str]:
    """Bring one schema to the newest version by the files of ``package``; returns the names of those it applied.

    For what has a database of its own: no roles are asked for, and no keys installed.
    """
    with _alone(url) as connection:
        return _bring_up_to_date(connection, files(package), schema)


@contextmanager
def _alone(url: str) -> Iterator[sqlalchemy.Connection]:
    """A connection while no other process migrates this database."""
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=sqlalchemy.NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f"select pg_advisory_lock({_LOCK})")
        try:
            yield connection
        finally:
            connection.rollback()
            connection.exec_driver_sql(f"select pg_advisory_unlock({_LOCK})")
            connection.commit()


def _bring_up_to_date(connection: sqlalchemy.Connection, known: list[SqlFile], schema: str) -> list[str]:
    _driver(connection).execute(_BOOKKEEPING.format(schema=sql.Identifier(schema)))
    connection.commit()
    applied = _applied(connection, schema)
    connection.commit()  # Alembic then opens and commits one transaction a file
    _refuse_surprises(known, applied)
    _upgrade(connection, known, applied, schema)
    return [file.name for file in known if file.name not in applied]


def pending(conn: psycopg.Connection[tuple[Any, ...]]) -> list[str]:
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


def _driver(connection: sqlalchemy.Connection) -> Any:
    """psycopg's own connection."""
    return connection.connection.driver_connection


def _require_roles(connection: sqlalchemy.Connection) -> None:
    """The embedded server makes the two roles itself; a server of the operator's own needs them beforehand."""
    me, app = connection.exec_driver_sql(
        "select current_user, (select true from pg_roles where rolname = 'open401k_app')"
    ).one()
    if me != "open401k_owner" or not app:
        raise Open401kError(
            f"Migrations run as the role open401k_owner, beside which open401k_app exists; here {me} runs them.",
            fix="create role open401k_owner login password '...'; create role open401k_app login password '...'; "
            "create database open401k owner open401k_owner; then connect as open401k_owner.",
        )


def _applied(connection: sqlalchemy.Connection, schema: str) -> dict[str, str]:
    asked = sql.SQL("select name, sha256 from {schema}.migration").format(schema=sql.Identifier(schema))
    return {row[0]: row[1] for row in _driver(connection).execute(asked).fetchall()}


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


def _upgrade(connection: sqlalchemy.Connection, known: list[SqlFile], applied: dict[str, str], schema: str) -> None:
    scripts = [_script(file, before, schema) for before, file in zip([None, *known], known, strict=False)]
    revisions = RevisionMap(lambda: scripts)
    if len(revisions.heads) != 1:  # also resolves the chain, which Alembic does on first use
        raise AssertionError(f"migrations form one chain, not {revisions.heads}")

    def steps(heads: tuple[str, ...], context: MigrationContext) -> list[RevisionStep]:  # noqa: ARG001 (Alembic's signature)
        return [
            MigrationStep.upgrade_from_script(revisions, script) for script in scripts if script.revision not in applied
        ]

    context = MigrationContext.configure(
        connection,
        opts={"fn": steps, "version_table_schema": schema, "transaction_per_migration": True},
    )
    with context.begin_transaction():
        context.run_migrations(connection=connection)


def _script(file: SqlFile, before: SqlFile | None, schema: str) -> Script:
    """What Alembic reads from a Python file of its own, made from an SQL file and its place in the order."""
    module = ModuleType(f"migration_{file.name}")
    module.__dict__.update(
        revision=file.name,
        down_revision=before.name if before else None,
        __doc__=file.sql.split("\n", 1)[0].removeprefix("--").strip(),
        upgrade=_runner(file, schema),
    )
    return Script(module, file.name, f"{file.name}.sql")


def _runner(file: SqlFile, schema: str) -> Callable[..., None]:
    noted = sql.SQL("insert into {schema}.migration (name, sha256) values (%s, %s)")

    def upgrade(*, connection: sqlalchemy.Connection) -> None:
        driver = _driver(connection)
        try:
            driver.execute(file.sql.encode())  # no parameters: several statements, and a percent sign is a percent sign
        except psycopg.Error as error:
            raise Open401kError(f"Migration {file.name} failed and was rolled back: {error}") from error
        driver.execute(noted.format(schema=sql.Identifier(schema)), [file.name, file.sha256])

    return upgrade


def _install(connection: sqlalchemy.Connection, signing_key: bytes, former_keys: Sequence[bytes]) -> None:
    driver = _driver(connection)
    inner, outer = _padded(signing_key)
    installed = driver.execute("select inner_key from base.signing_key where key_no = 1").fetchone()
    known = {_padded(key)[0] for key in (signing_key, *former_keys)}
    if installed and installed[0] not in known and driver.execute("select true from base.head limit 1").fetchone():
        raise Open401kError(
            "This database was written under another master key than the one that is set.",
            fix="Restore the keys that belong to it. After a change of the master key, name the former one in "
            "OPEN401K_PREVIOUS_MASTER_KEYS (docs/howto/run-in-production.md).",
        )
    driver.execute(
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

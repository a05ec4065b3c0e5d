"""Forward-only migrations: plain SQL files in ``migrations/``, run by Alembic in the order of their names.

A room adds ``NNNN_room.sql`` and nothing else. Each applied file's SHA-256 is recorded: an edited one is refused.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from types import ModuleType
from typing import Any

import psycopg
import sqlalchemy
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import Script
from alembic.script.revision import RevisionMap

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


def files() -> list[SqlFile]:
    """Every migration of this version, in order."""
    folder = resources.files(__package__) / "migrations"
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
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(owner_url), poolclass=sqlalchemy.NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f"select pg_advisory_lock({_LOCK})")
        try:
            _require_roles(connection)
            connection.exec_driver_sql(_BOOKKEEPING)
            connection.commit()
            known = files()
            applied = _applied(connection)
            connection.commit()  # Alembic then opens and commits one transaction a file
            _refuse_surprises(known, applied)
            _upgrade(connection, known, applied)
            _install(connection, signing_key, former_keys)
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql(f"select pg_advisory_unlock({_LOCK})")
            connection.commit()
    return [file.name for file in known if file.name not in applied]


def pending(conn: psycopg.Connection[tuple[Any, ...]]) -> list[str]:
    """The files that this version of the software has and the database has not; readable by the application's role."""
    if conn.execute("select to_regclass('base.migration')").fetchone() == (None,):
        return [file.name for file in files()]
    applied = {row[0] for row in conn.execute("select name from base.migration").fetchall()}
    return [file.name for file in files() if file.name not in applied]


_BOOKKEEPING = """
create schema if not exists base;
create table if not exists base.migration (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null default now()
);
"""


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


def _applied(connection: sqlalchemy.Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("select name, sha256 from base.migration").fetchall()
    return {row[0]: row[1] for row in rows}


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


def _upgrade(connection: sqlalchemy.Connection, known: list[SqlFile], applied: dict[str, str]) -> None:
    scripts = [_script(file, before) for before, file in zip([None, *known], known, strict=False)]
    revisions = RevisionMap(lambda: scripts)
    if len(revisions.heads) != 1:  # also resolves the chain, which Alembic does on first use
        raise AssertionError(f"migrations form one chain, not {revisions.heads}")

    def steps(heads: tuple[str, ...], context: MigrationContext) -> list[RevisionStep]:  # noqa: ARG001 (Alembic's signature)
        return [
            MigrationStep.upgrade_from_script(revisions, script) for script in scripts if script.revision not in applied
        ]

    context = MigrationContext.configure(
        connection,
        opts={"fn": steps, "version_table_schema": "base", "transaction_per_migration": True},
    )
    with context.begin_transaction():
        context.run_migrations(connection=connection)


def _script(file: SqlFile, before: SqlFile | None) -> Script:
    """What Alembic reads from a Python file of its own, made from an SQL file and its place in the order."""
    module = ModuleType(f"migration_{file.name}")
    module.__dict__.update(
        revision=file.name,
        down_revision=before.name if before else None,
        __doc__=file.sql.split("\n", 1)[0].removeprefix("--").strip(),
        upgrade=_runner(file),
    )
    return Script(module, file.name, f"{file.name}.sql")


def _runner(file: SqlFile) -> Callable[..., None]:
    def upgrade(*, connection: sqlalchemy.Connection) -> None:
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute(file.sql.encode())  # no parameters: several statements, and a percent sign is a percent sign
        except psycopg.Error as error:
            raise Open401kError(f"Migration {file.name} failed and was rolled back: {error}") from error
        driver.execute("insert into base.migration (name, sha256) values (%s, %s)", [file.name, file.sha256])

    return upgrade


def _install(connection: sqlalchemy.Connection, signing_key: bytes, former_keys: Sequence[bytes]) -> None:
    driver: Any = connection.connection.driver_connection
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

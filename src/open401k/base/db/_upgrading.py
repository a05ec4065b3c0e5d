"""Migration files, run by Alembic. Not here: which of them wait (migrating.py, which needs none of its packages)."""

from collections.abc import Callable, Collection, Sequence
from types import ModuleType
from typing import Any, Protocol

import psycopg
import sqlalchemy
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import Script
from alembic.script.revision import RevisionMap
from psycopg import sql

from open401k.kernel import Open401kError


class SqlFile(Protocol):
    """A migration as it lies in the folder."""

    @property
    def name(self) -> str: ...
    @property
    def sql(self) -> str: ...
    @property
    def sha256(self) -> str: ...


def upgrade(owner_url: str, known: Sequence[SqlFile], applied: Collection[str], schema: str) -> None:
    """Apply what is not applied yet, each file in a transaction of its own."""
    scripts = [_script(file, before, schema) for before, file in zip([None, *known], known, strict=False)]
    revisions = RevisionMap(lambda: scripts)
    if len(revisions.heads) != 1:  # also resolves the chain, which Alembic does on first use
        raise AssertionError(f"migrations form one chain, not {revisions.heads}")

    def steps(heads: tuple[str, ...], context: MigrationContext) -> list[RevisionStep]:  # noqa: ARG001 (Alembic's signature)
        return [
            MigrationStep.upgrade_from_script(revisions, script) for script in scripts if script.revision not in applied
        ]

    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(owner_url), poolclass=sqlalchemy.NullPool
    )
    with engine.connect() as connection:
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
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute(file.sql.encode())  # no parameters: several statements, and a percent sign is a percent sign
        except psycopg.Error as error:
            raise Open401kError(f"Migration {file.name} failed and was rolled back: {error}") from error
        driver.execute(noted.format(schema=sql.Identifier(schema)), [file.name, file.sha256])

    return upgrade

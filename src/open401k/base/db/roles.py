"""The two database roles: their passwords, and how a server that is not ours gets them. Not here: roles of people."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from open401k.kernel import Open401kError, Random

OWNER: Final = "open401k_owner"
APP: Final = "open401k_app"
ROLES: Final = (OWNER, APP)


@dataclass(frozen=True, slots=True, repr=False)
class Urls:
    """How to connect: ``owner`` runs migrations, ``app`` all else, ``superuser`` is for the launcher and drills."""

    superuser: str
    owner: str
    app: str


def passwords(path: Path, random: Random) -> dict[str, str]:
    """The passwords in a file that only we read, made at the first call."""
    if not path.exists():
        made = {name: random.token(24).hex() for name in ("postgres", *ROLES)}
        made["id"] = random.token(8).hex()  # names the data where they lie elsewhere
        aside = path.with_suffix(".new")
        aside.unlink(missing_ok=True)
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(path)
    found: dict[str, str] = json.loads(path.read_text())
    return found


def create_or_alter(conn: psycopg.Connection[tuple[Any, ...]], role: str, password: str) -> None:
    """A role that may log in, and nothing else, under this password."""
    known = conn.execute("select true from pg_roles where rolname = %s", [role]).fetchone()
    statement = sql.SQL("{verb} role {role} login nosuperuser nobypassrls nocreatedb nocreaterole password {password}")
    verb = sql.SQL("alter" if known else "create")
    conn.execute(statement.format(verb=verb, role=sql.Identifier(role), password=sql.Literal(password)))


def adopt(admin_url: str, *, password_file: Path, random: Random) -> Urls:
    """Prepare a database of the operator's own server, by a URL that may create roles; harmless if repeated.

    A role that exists under another password belongs to somebody else's installation and is left alone.
    """
    password_file.parent.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
    known = passwords(password_file, random)
    owner, app = (make_conninfo(admin_url, user=role, password=known[role]) for role in ROLES)
    with psycopg.connect(admin_url, autocommit=True) as conn:
        for role in ROLES:
            if not conn.execute("select true from pg_roles where rolname = %s", [role]).fetchone():
                create_or_alter(conn, role, known[role])
        database = sql.Identifier(conn.info.dbname)
        grant = sql.SQL("grant {what} on database {database} to {role}")
        conn.execute(grant.format(what=sql.SQL("connect, create"), database=database, role=sql.Identifier(OWNER)))
        conn.execute(grant.format(what=sql.SQL("connect"), database=database, role=sql.Identifier(APP)))
    for role, url in zip(ROLES, (owner, app), strict=True):
        try:
            psycopg.connect(url, connect_timeout=10).close()
        except psycopg.OperationalError as error:
            raise Open401kError(
                f"The server has a role {role} already, and its password is not in {password_file}: {error}",
                fix="Set OPEN401K_DATABASE_URL (as open401k_app) and OPEN401K_OWNER_DATABASE_URL (as open401k_owner).",
            ) from error
    return Urls(superuser=admin_url, owner=owner, app=app)

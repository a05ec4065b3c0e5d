"""The tables of a node's own database: SQL files, applied once each, in the order of their names."""

from __future__ import annotations

import hashlib
from importlib import resources

import psycopg

from open401k.kernel import Open401kError

_LOCK = 4_010_402  # advisory: two processes that start at once migrate one after the other


def migrate(url: str) -> list[str]:
    """Bring a node's database to the newest version; returns the names of the files that were applied."""
    folder = resources.files(__package__) / "migrations"
    found = sorted((item.name, item.read_bytes()) for item in folder.iterdir() if item.name.endswith(".sql"))
    with psycopg.connect(url) as conn:
        conn.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        conn.execute("create schema if not exists node")
        conn.execute("create table if not exists node.migration (name text primary key, sha256 text not null)")
        applied: dict[str, str] = dict(conn.execute("select name, sha256 from node.migration").fetchall())
        known = {name: hashlib.sha256(text).hexdigest() for name, text in found}
        for name, sha256 in applied.items():
            if known.get(name) != sha256:
                raise Open401kError(
                    f"This node's database has the migration {name} otherwise than this version.",
                    fix="Run the version of Open401k that made it, or a newer one.",
                )
        new = [(name, text) for name, text in found if name not in applied]
        for name, text in new:
            conn.execute(text)
            conn.execute("insert into node.migration (name, sha256) values (%s, %s)", [name, known[name]])
    return [name for name, _ in new]

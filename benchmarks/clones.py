"""The rows that one run wrote, written again by a bare COPY: the least that writing them can cost."""

from __future__ import annotations

import time

import psycopg
from benchmarks.ledger import superuser

from open401k.base.db import Urls

#: Schemas of the application; a row belongs to a run when a transaction of the run inserted or last changed it.
ROOMS = ("base", "ledger", "plan", "census", "payroll", "recordkeeping", "compliance", "fiduciary")


def transaction_now(urls: Urls) -> int:
    """A transaction id: later transactions have larger ones."""
    with psycopg.connect(superuser(urls)) as conn:
        (number,) = conn.execute("select pg_current_xact_id()::text::bigint").fetchone() or (0,)
    return int(number)


class CopyOfRun:
    """Every row that transactions between two ids wrote, by COPY into empty clones of its table, in one transaction.

    Same columns, keys, indexes and checks, same role; no row security, because PostgreSQL refuses COPY into a table
    that has it, and no foreign keys.
    """

    def __init__(self, urls: Urls, *, after: int, before: int) -> None:
        self._app, self._superuser = urls.app, superuser(urls)
        self._data: dict[str, bytes] = {}
        self.rows: dict[str, int] = {}
        with psycopg.connect(self._superuser) as conn:
            conn.execute("create schema if not exists bench")
            conn.execute("grant usage on schema bench to open401k_app")
            tables = conn.execute(
                "select schemaname, tablename from pg_tables where schemaname = any (%s)", [list(ROOMS)]
            ).fetchall()
            for schema, table in tables:
                self._take(conn, f"{schema}.{table}", after, before)

    def _take(self, conn: psycopg.Connection[tuple[object, ...]], table: str, after: int, before: int) -> None:
        which = f"xmin::text::bigint > {after} and xmin::text::bigint < {before}"
        (count,) = conn.execute(f"select count(*) from {table} where {which}".encode()).fetchone() or (0,)
        if not count:
            return
        clone = f"bench.run_{table.replace('.', '_')}"
        columns = conn.execute(
            """
            select string_agg(quote_ident(attname), ', ' order by attnum)
            from pg_attribute
            where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''
            """,
            [table],
        ).fetchone()
        assert columns is not None
        conn.execute(f"drop table if exists {clone}".encode())
        conn.execute(f"create table {clone} (like {table} including all)".encode())
        conn.execute(f"grant select, insert on {clone} to open401k_app".encode())
        query = f"copy (select {columns[0]} from {table} where {which}) to stdout"
        with conn.cursor().copy(query.encode()) as out:
            self._data[f"{clone} ({columns[0]})"] = b"".join(bytes(part) for part in out)
        self.rows[table] = int(str(count))

    def seconds(self) -> float:
        """Empty the clones, then write everything, durably."""
        with psycopg.connect(self._superuser) as conn:
            conn.execute(f"truncate {', '.join(clone.partition(' ')[0] for clone in self._data)}".encode())
        with psycopg.connect(self._app) as conn:
            conn.execute("select 1")
            start = time.perf_counter()
            for clone, data in self._data.items():
                with conn.cursor().copy(f"copy {clone} from stdin".encode()) as into:
                    into.write(data)
            conn.commit()
            return time.perf_counter() - start

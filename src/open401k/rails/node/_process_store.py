"""The SQL of what a node's process tells of itself."""

from __future__ import annotations

from ._store import Connection


def cases_by_state(conn: Connection) -> dict[str, int]:
    """How many cases stand where."""
    rows = conn.execute(
        """
        select state, count(*)
        from node.case_file
        group by state
        order by state
        """
    )
    return dict(rows.fetchall())


def waiting(conn: Connection) -> tuple[int, int, int]:
    """Open exceptions, calls of the coordinator that are not done, transactions in no final block."""
    row = conn.execute(
        """
        select
            (select count(*) from node.raised where is_open),
            (select count(*) from node.outbox where not is_done),
            (select count(*) from sender.task where done_hash is null)
        """
    ).fetchone()
    return row or (0, 0, 0)

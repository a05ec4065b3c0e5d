"""The SQL of mail: whom of a case, what waits, how far events were read."""

from __future__ import annotations

from dataclasses import dataclass

from ._store import Connection


@dataclass(frozen=True, slots=True)
class MailRow:
    """One mail. Times are seconds since 1970."""

    case: str
    seq: int
    recipient: str
    state: str
    tries: int
    made_at: int
    next_at: int
    problem: str


def put_to(conn: Connection, case: str, state: str, at: int) -> None:
    """Whether the participant of a case is written to."""
    conn.execute(
        """
        insert into node.mail_to (case_id, state, changed_at)
        values (%s, %s, %s)
        on conflict (case_id) do update
        set state = excluded.state, changed_at = excluded.changed_at
        """,
        [case, state, at],
    )


def to(conn: Connection, case: str) -> str | None:
    """Whether they are; None where nobody gave an address."""
    row = conn.execute(
        """
        select state
        from node.mail_to
        where case_id = %s
        """,
        [case],
    ).fetchone()
    return row[0] if row else None


def to_for_update(conn: Connection, case: str) -> str | None:
    """The same, locked: nobody stops it or puts another address until this transaction ends."""
    row = conn.execute(
        """
        select state
        from node.mail_to
        where case_id = %s
        for update
        """,
        [case],
    ).fetchone()
    return row[0] if row else None


def forget_to(conn: Connection, case: str, state: str) -> None:
    """As if nobody had given an address, where it stands so."""
    conn.execute(
        """
        delete from node.mail_to
        where case_id = %s and state = %s
        """,
        [case, state],
    )


def cursor(conn: Connection) -> int | None:
    """How far events were read, locked; None before the first time."""
    row = conn.execute(
        """
        select seq
        from node.mail_cursor
        for update
        """
    ).fetchone()
    return row[0] if row else None


def put_cursor(conn: Connection, seq: int) -> None:
    """Read up to here."""
    conn.execute(
        """
        insert into node.mail_cursor (seq)
        values (%s)
        on conflict (only_one) do update
        set seq = excluded.seq
        """,
        [seq],
    )


def insert_mail(conn: Connection, case: str, seq: int, recipient: str, at: int) -> None:
    """One that waits; what of this case waited before for the same is told by it."""
    conn.execute(
        """
        update node.mail
        set state = 'superseded'
        where case_id = %s and recipient = %s and state = 'waiting'
        """,
        [case, recipient],
    )
    conn.execute(
        """
        insert into node.mail (case_id, seq, recipient, state, made_at, next_at)
        values (%s, %s, %s, 'waiting', %s, %s)
        on conflict do nothing
        """,
        [case, seq, recipient, at, at],
    )


def due(conn: Connection, at: int, limit: int) -> list[MailRow]:
    """What may be sent now, the oldest first."""
    rows = conn.execute(
        """
        select case_id, seq, recipient, state, tries, made_at, next_at, problem
        from node.mail
        where state = 'waiting' and next_at <= %s
        order by next_at, seq
        limit %s
        """,
        [at, limit],
    ).fetchall()
    return [MailRow(*row) for row in rows]


def of_case(conn: Connection, case: str) -> list[MailRow]:
    """All of a case, in order."""
    rows = conn.execute(
        """
        select case_id, seq, recipient, state, tries, made_at, next_at, problem
        from node.mail
        where case_id = %s
        order by seq, recipient
        """,
        [case],
    ).fetchall()
    return [MailRow(*row) for row in rows]


def update_mail(conn: Connection, row: MailRow) -> bool:
    """What became of it; False for one that does not wait any more (withheld, told by a newer one): it stays so."""
    done = conn.execute(
        """
        update node.mail
        set state = %s, tries = %s, next_at = %s, problem = %s
        where case_id = %s and seq = %s and recipient = %s and state = 'waiting'
        """,
        [row.state, row.tries, row.next_at, row.problem, row.case, row.seq, row.recipient],
    )
    return done.rowcount == 1


def withhold(conn: Connection, case: str) -> None:
    """What waits for the participant of a case is not sent any more."""
    conn.execute(
        """
        update node.mail
        set state = 'withheld'
        where case_id = %s and recipient = 'participant' and state = 'waiting'
        """,
        [case],
    )

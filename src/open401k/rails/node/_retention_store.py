"""The SQL of retention: what ended, legal holds, and what goes when a case is erased."""

from __future__ import annotations

from dataclasses import dataclass

from ._store import Connection


@dataclass(frozen=True, slots=True)
class ActRow:
    """A case was held back from erasure, let go or erased; ``case`` is '' where every case is meant."""

    case: str
    act: str
    by_whom: str
    why: str
    at: int


@dataclass(frozen=True, slots=True)
class Found:
    """What is on file about the end of a case and of its lineage."""

    open: int
    ended_at: int
    moved: bool
    exceptions: int
    unsent: int
    is_erased: bool


def ended(conn: Connection, after: str, newest: int, limit: int) -> list[str]:
    """Cases that ended up to a moment and are not erased, by id."""
    rows = conn.execute(
        """
        select case_id
        from node.case_file
        where state in ('posted', 'released', 'off_rail') and erased_at is null and case_id > %s
            and (select max(at) from node.event where event.case_id = case_file.case_id and words = '') <= %s
        order by case_id
        limit %s
        """,
        [after, newest, limit],
    ).fetchall()
    return [row[0] for row in rows]


def lock(conn: Connection) -> None:
    """Holds and erasures wait for each other, until the end of the transaction; the file is locked before."""
    conn.execute("select pg_advisory_xact_lock(hashtext('node.retention'))")


def lineage(conn: Connection, case: str) -> list[str]:
    """The case with all that it followed from and all that followed from those (residuals, returns, second tries)."""
    rows = conn.execute(
        """
        with recursive before as (
            select case_id, parent
            from node.case_file
            where case_id = %s
            union all
            select case_file.case_id, case_file.parent
            from node.case_file
            join before on before.parent = case_file.case_id
        ),
        family as (
            select case_id
            from before
            where parent is null
            union all
            select child.case_id
            from node.case_file as child
            join family on family.case_id = child.parent
        )
        select case_id
        from family
        order by case_id
        """,
        [case],
    ).fetchall()
    return [row[0] for row in rows]


def ending(conn: Connection, case: str, family: list[str]) -> Found:
    """How it stands with a lineage, and whether this case of it was erased."""
    row = conn.execute(
        """
        select
            count(*) filter (where state not in ('posted', 'released', 'off_rail')),
            coalesce(max((select max(at) from node.event where event.case_id = case_file.case_id and words = '')), 0),
            coalesce(sum((select count(*) from node.raised where raised.case_id = case_file.case_id and is_open)), 0),
            coalesce(
                sum((select count(*) from node.outbox where outbox.case_id = case_file.case_id and not is_done)), 0
            ),
            bool_or(state in ('posted', 'off_rail')),
            bool_or(case_id = %s and erased_at is not null)
        from node.case_file
        where case_id = any(%s)
        """,
        [case, family],
    ).fetchone()
    if row is None or row[4] is None:
        raise LookupError(f"no case {case}")
    return Found(int(row[0]), int(row[1]), bool(row[4]), int(row[2]), int(row[3]), bool(row[5]))


def insert_act(conn: Connection, act: ActRow) -> None:
    """One more."""
    conn.execute(
        """
        insert into node.retention_act (case_id, act, by_whom, why, at)
        values (%s, %s, %s, %s, %s)
        """,
        [act.case, act.act, act.by_whom, act.why, act.at],
    )


def acts(conn: Connection, cases: list[str]) -> list[ActRow]:
    """All about these cases, and about every case, oldest first."""
    rows = conn.execute(
        """
        select case_id, act, by_whom, why, at
        from node.retention_act
        where case_id = any(%s) or case_id = ''
        order by seq
        """,
        [cases],
    ).fetchall()
    return [ActRow(*row) for row in rows]


def all_holds(conn: Connection) -> list[ActRow]:
    """Every hold that was set or lifted, oldest first."""
    rows = conn.execute(
        """
        select case_id, act, by_whom, why, at
        from node.retention_act
        where act in ('held', 'let_go')
        order by seq
        """
    ).fetchall()
    return [ActRow(*row) for row in rows]


def erase_file(conn: Connection, case: str, account: str, at: int) -> None:
    """The account's number in the case file and in its lines."""
    conn.execute(
        """
        update node.case_file
        set account = %s, erased_at = %s
        where case_id = %s
        """,
        [account, at, case],
    )
    conn.execute(
        """
        update node.posting
        set account = %s
        from node.case_file
        where case_file.case_id = %s and posting.rollover = case_file.rollover and posting.side = case_file.side
        """,
        [account, case],
    )


def erase_desk(conn: Connection, peer: bytes, reference: bytes, keyed_hash: bytes, case: str) -> None:
    """All letters under a reference, and the reference itself."""
    conn.execute(
        """
        insert into node.erased_reference (keyed_hash, case_id)
        values (%s, %s)
        """,
        [keyed_hash, case],
    )
    conn.execute(
        """
        delete from node.letter_out
        where recipient = %s and reference = %s
        """,
        [peer, reference],
    )
    conn.execute(
        """
        delete from node.letter_in
        where peer = %s and reference = %s
        """,
        [peer, reference],
    )


def erase_deal(conn: Connection, case: str, reference: bytes) -> None:
    """The reference that both sides know, and those by which others could join."""
    conn.execute(
        """
        delete from node.deal_desk
        where case_id = %s
        """,
        [case],
    )
    conn.execute(
        """
        update node.deal
        set reference = %s
        where case_id = %s
        """,
        [reference, case],
    )


def erase_around(conn: Connection, case: str) -> None:
    """Its document's name, links, passkeys, address, and words of its exceptions."""
    conn.execute(
        """
        with gone as (
            delete from node.case_paper
            where case_id = %s
            returning fingerprint
        )
        delete from node.paper
        where fingerprint in (select fingerprint from gone)
            and not exists (
                select 1
                from node.case_paper
                where case_paper.fingerprint = paper.fingerprint and case_id <> %s
            )
        """,
        [case, case],
    )
    conn.execute(
        """
        delete from node.link
        where case_id = %s
        """,
        [case],
    )
    conn.execute(
        """
        delete from node.voter_link
        where case_id = %s
        """,
        [case],
    )
    conn.execute(
        """
        delete from node.secret
        where starts_with(name, 'participant/' || %s || '/') or starts_with(name, 'voter/' || %s || '/')
        """,
        [case, case],
    )
    conn.execute(
        """
        update node.raised
        set words = 'erased'
        where case_id = %s
        """,
        [case],
    )


def is_erased(conn: Connection, keyed_hash: bytes) -> bool:
    """Whether a case under this reference was erased."""
    row = conn.execute(
        """
        select 1
        from node.erased_reference
        where keyed_hash = %s
        """,
        [keyed_hash],
    ).fetchone()
    return row is not None

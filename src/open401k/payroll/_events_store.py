"""The SQL of what is on file: events of a run; files, their bytes and hashes. Not here: runs, findings (_store.py)."""

from typing import Any

from open401k.base.db import Tx
from open401k.base.laid_by import PIECE, laid_by
from open401k.kernel import FileId, PlanId, RunId, SponsorId


def add_file(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    file_id: FileId,
    sha256: bytes,
    name: str,
    size: int,
    sealed: bytes,
) -> None:
    """Insert a sealed file; a long one is sent in pieces, since the driver keeps room for the longest that it sent."""
    row = [tenant_id, file_id, plan_id, sha256, name, size, tx.now, tx.actor.id]
    if len(sealed) <= PIECE:
        tx.send(
            """
            insert into payroll.file
                (tenant_id, file_id, plan_id, sha256, name, size, recorded_at, recorded_by, sealed)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [*row, sealed],
        )
        return
    with laid_by(tx, tenant_id=tenant_id, name=str(file_id), pieces=[sealed]):
        tx.run(
            """
            insert into payroll.file
                (tenant_id, file_id, plan_id, sha256, name, size, recorded_at, recorded_by, sealed)
            select %s, %s, %s, %s, %s, %s, %s, %s, whole
            from base.laid_by_v
            where tenant_id = %s and name = %s
            """,
            [*row, tenant_id, str(file_id)],
        )


def sealed_file(tx: Tx, *, tenant_id: SponsorId, file_id: FileId) -> bytes | None:
    """The sealed bytes; of a long file piece by piece, since the driver keeps room for the longest that it was sent."""
    whole = bytearray()
    size = 1
    while len(whole) < size:
        row = tx.maybe(
            """
            select substring(sealed from %s for %s), octet_length(sealed)
            from payroll.file
            where tenant_id = %s and file_id = %s
            """,
            [len(whole) + 1, PIECE, tenant_id, file_id],
            binary=True,
        )
        if row is None:
            return None
        piece, size = row
        if len(piece) == size:
            return bytes(piece)
        whole += piece
    return bytes(whole)


def last_detail(tx: Tx, *, tenant_id: SponsorId, run_id: RunId) -> dict[str, Any]:
    """What was told with the last thing that happened to a run."""
    row = tx.maybe(
        """
        select detail
        from payroll.run_event
        where tenant_id = %s and run_id = %s
        order by event_no desc
        limit 1
        """,
        [tenant_id, run_id],
    )
    return dict(row[0]) if row else {}


def overtaken(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, run_id: RunId) -> bool:
    """Whether, when or after this run was last checked, another one was posted, columns or pay codes were settled anew.

    Another one of any plan of the sponsor: they share the people, and the limits that a person has.
    """
    (found,) = tx.one(
        """
        with last_check as (
            select coalesce(max(checked.recorded_at), '-infinity'::timestamptz) as at
            from payroll.run_check as checked
            where checked.tenant_id = %(tenant_id)s and checked.run_id = %(run_id)s
        )
        select
            exists (
                select 1
                from payroll.run_event as posted
                where posted.tenant_id = %(tenant_id)s
                    and posted.status = 'posted'
                    and posted.run_id <> %(run_id)s
                    and posted.recorded_at >= last_check.at
            )
            or exists (
                select 1
                from payroll.mapping as settled
                where settled.tenant_id = %(tenant_id)s
                    and settled.plan_id = %(plan_id)s
                    and settled.recorded_at >= last_check.at
            )
            or exists (
                select 1
                from census.code_said_v as said
                where said.tenant_id = %(tenant_id)s and said.recorded_at > last_check.at
            )
        from last_check
        """,
        {"tenant_id": tenant_id, "plan_id": plan_id, "run_id": run_id},
    )
    return bool(found)


def file_hashes(tx: Tx, *, tenant_id: SponsorId) -> list[tuple[FileId, bytes, int]]:
    """Every file with its hash and size, oldest first."""
    found = tx.rows(
        """
        select file_id, sha256, size
        from payroll.file
        where tenant_id = %s
        order by recorded_at, file_id
        """,
        [tenant_id],
    )
    return [(FileId(file_id), bytes(digest), size) for file_id, digest, size in found]

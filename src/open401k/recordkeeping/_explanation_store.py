"""SQL of the explanations that a plan gives before it pays a rollover."""

from datetime import datetime
from typing import Any, NamedTuple

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


class NamedRow(NamedTuple):
    """What a document is called, and of what it tells; not its bytes."""

    put_no: int
    fingerprint: bytes
    title: str
    version: str
    media: str
    of_roth: bool
    of_other: bool
    recorded_at: datetime
    recorded_by: str


def insert(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, row: tuple[Any, ...]) -> None:
    """Append a document."""
    tx.send(
        """
        insert into recordkeeping.rollover_explanation (
            tenant_id, plan_id, put_no, fingerprint, title, version, media, content, of_roth, of_other, recorded_at,
            recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, plan_id, *row, tx.now, tx.actor.id],
    )


def named(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[NamedRow]:
    """Every document of a plan, the newest first."""
    rows = tx.rows(
        """
        select put_no, fingerprint, title, version, media, of_roth, of_other, recorded_at, recorded_by
        from recordkeeping.rollover_explanation
        where tenant_id = %s
          and plan_id = %s
        order by put_no desc
        """,
        [tenant_id, plan_id],
    )
    return [NamedRow(*row) for row in rows]


def content(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, fingerprint: bytes) -> tuple[NamedRow, bytes] | None:
    """One document by what is signed of it, as it was last called."""
    row = tx.maybe(
        """
        select put_no, fingerprint, title, version, media, of_roth, of_other, recorded_at, recorded_by, content
        from recordkeeping.rollover_explanation
        where tenant_id = %s
          and plan_id = %s
          and fingerprint = %s
        order by put_no desc
        limit 1
        """,
        [tenant_id, plan_id, fingerprint],
    )
    return None if row is None else (NamedRow(*row[:-1]), bytes(row[-1]))

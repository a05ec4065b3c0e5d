"""SQL of participants' links."""

from datetime import datetime
from uuid import UUID

from open401k.kernel import EmployeeId, PlanId, SponsorId

from ..db import Tx


def insert(
    tx: Tx, tenant_id: SponsorId, token_hash: bytes, plan_id: PlanId, employee_id: EmployeeId, at: datetime,
    expires_at: datetime,
) -> bool:  # fmt: skip
    """A new link; False: it was made before."""
    return (
        tx.run(
            """
            insert into base.participant_link (
                tenant_id, token_hash, plan_id, employee_id, created_at, expires_at, recorded_by
            )
            values (%s, %s, %s, %s, %s, %s, %s)
            on conflict do nothing
            """,
            [tenant_id, token_hash, plan_id, employee_id, at, expires_at, tx.actor.id],
        )
        == 1
    )


def end_others(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId, token_hash: bytes, at: datetime
) -> int:
    """End every link of a person but one."""
    return tx.run(
        """
        update base.participant_link
        set ended_at = %s
        where tenant_id = %s
          and plan_id = %s
          and employee_id = %s
          and token_hash <> %s
          and ended_at is null
        """,
        [at, tenant_id, plan_id, employee_id, token_hash],
    )


def held(tx: Tx, token_hash: bytes, at: datetime) -> tuple[UUID, UUID, UUID, datetime] | None:
    """Whose a link is while it holds."""
    row = tx.maybe(
        """
        select tenant_id, plan_id, employee_id, expires_at
        from base.participant_link
        where token_hash = %s
          and ended_at is null
          and expires_at > %s
        """,
        [token_hash, at],
    )
    return None if row is None else (row[0], row[1], row[2], row[3])

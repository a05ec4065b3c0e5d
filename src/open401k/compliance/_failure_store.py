"""SQL of failures and of the proposals to correct them: inserted and read, never changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import FailureId, PlanId, ProposalId, SponsorId


@dataclass(frozen=True, slots=True)
class FailureRow:
    """The newest version of one failure."""

    place: int
    recorded_at: datetime
    recorded_by: str
    content: dict[str, Any]


def insert_failure(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    failure_id: FailureId,
    place: int,
    event_on: date,
    content: dict[str, Any],
) -> None:
    """One more version; two at once meet at the primary key."""
    tx.run(
        """
        insert into compliance.failure
            (tenant_id, failure_id, place, plan_id, event_on, recorded_at, recorded_by, content)
        values (%s, %s, %s, %s, %s, %s, %s, %s::jsonb)
        """,
        [
            tenant_id, failure_id, place, plan_id, event_on, tx.now,
            f"{tx.actor.kind}:{tx.actor.id}", json.dumps(content, ensure_ascii=False),
        ],
    )  # fmt: skip


def failures(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId | None, failure_id: FailureId | None, known_at: datetime | None
) -> list[FailureRow]:
    """The newest version of each failure, as known at an instant."""
    rows = tx.rows(
        """
        select place, recorded_at, recorded_by, content
        from (
            select distinct on (failure_id) failure_id, place, recorded_at, recorded_by, content
            from compliance.failure
            where tenant_id = %(tenant)s
              and (%(plan)s::uuid is null or plan_id = %(plan)s)
              and (%(failure)s::uuid is null or failure_id = %(failure)s)
              and (%(known_at)s::timestamptz is null or recorded_at <= %(known_at)s)
            order by failure_id, place desc
        ) as newest
        order by failure_id
        """,
        {"tenant": tenant_id, "plan": plan_id, "failure": failure_id, "known_at": known_at},
    )
    return [FailureRow(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One proposal with the last thing that happened to it."""

    proposal_id: UUID
    plan_id: UUID
    about: str
    place: int
    recorded_at: datetime
    content: dict[str, Any]
    state: str
    ended_at: datetime
    ended_by: str
    ended_with: dict[str, Any]


def insert_proposal(
    tx: Tx, *, tenant_id: SponsorId, proposal_id: ProposalId, plan_id: PlanId, about: str, place: int,
    content: dict[str, Any],
) -> None:  # fmt: skip
    """One more proposal about a matter."""
    tx.run(
        """
        insert into compliance.proposal (tenant_id, proposal_id, plan_id, about, place, recorded_at, content)
        values (%s, %s, %s, %s, %s, %s, %s::jsonb)
        """,
        [tenant_id, proposal_id, plan_id, about, place, tx.now, json.dumps(content, ensure_ascii=False)],
    )


def append_event(tx: Tx, *, tenant_id: SponsorId, proposal_id: ProposalId, kind: str, content: dict[str, Any]) -> None:
    """One thing more that happened to a proposal."""
    tx.run(
        """
        insert into compliance.proposal_event
            (tenant_id, proposal_id, place, kind, recorded_at, recorded_by, content)
        select %(tenant)s, %(proposal)s, coalesce(max(place), 0) + 1, %(kind)s, %(at)s, %(by)s, %(content)s::jsonb
        from compliance.proposal_event
        where tenant_id = %(tenant)s and proposal_id = %(proposal)s
        """,
        {
            "tenant": tenant_id, "proposal": proposal_id, "kind": kind, "at": tx.now,
            "by": f"{tx.actor.kind}:{tx.actor.id}", "content": json.dumps(content, ensure_ascii=False),
        },
    )  # fmt: skip


def proposals(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId | None = None,
    about: str | None = None,
    proposal_id: ProposalId | None = None,
) -> list[ProposalRow]:
    """Proposals as they stand, the oldest first; of a plan, about a matter, or one."""
    rows = tx.rows(
        """
        select
            p.proposal_id, p.plan_id, p.about, p.place, p.recorded_at, p.content,
            e.kind, e.recorded_at, e.recorded_by, e.content
        from compliance.proposal p
        cross join lateral (
            select kind, recorded_at, recorded_by, content
            from compliance.proposal_event
            where tenant_id = p.tenant_id and proposal_id = p.proposal_id
            order by place desc
            limit 1
        ) as e
        where p.tenant_id = %(tenant)s
          and (%(plan)s::uuid is null or p.plan_id = %(plan)s)
          and (%(about)s::text is null or p.about = %(about)s)
          and (%(proposal)s::uuid is null or p.proposal_id = %(proposal)s)
        order by p.recorded_at, p.about, p.place
        """,
        {"tenant": tenant_id, "plan": plan_id, "about": about, "proposal": proposal_id},
    )
    return [ProposalRow(*row) for row in rows]

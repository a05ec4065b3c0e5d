"""The SQL of heads, audit trail, outbox and stored steps. Not here: access (base/access/_store.py), wrapped keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from open401k.kernel import EventId, FlowId, SponsorId

from .db import Tx
from .plain import JSON


@dataclass(frozen=True, slots=True)
class Head:
    """Where a tenant's audit chain and outbox stand."""

    audit_no: int
    audit_hash: bytes
    event_no: int


def open_head(tx: Tx, tenant_id: SponsorId) -> None:
    """Create the head unless it exists."""
    tx.run("insert into base.head (tenant_id, opened_at) values (%s, %s) on conflict do nothing", [tenant_id, tx.now])


def lock_head(tx: Tx, tenant_id: SponsorId) -> Head | None:
    """The head, locked until the transaction ends."""
    row = tx.maybe(
        """
        select audit_no, audit_hash, event_no
        from base.head
        where tenant_id = %s
        for no key update  -- rows that refer to the head may still be inserted
        """,
        [tenant_id],
    )
    return Head(*row) if row else None


def head(tx: Tx, tenant_id: SponsorId) -> Head | None:
    """The head as it stands, not locked."""
    row = tx.maybe("select audit_no, audit_hash, event_no from base.head where tenant_id = %s", [tenant_id])
    return Head(*row) if row else None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the audit trail."""

    audit_no: int
    recorded_at: datetime
    actor_kind: str
    actor_id: str
    why: str
    action: str
    subject: str
    before: JSON
    after: JSON
    previous_hash: bytes
    hash: bytes


def add_audit(tx: Tx, tenant_id: SponsorId, entry: AuditEntry, digest: bytes) -> None:
    """Append an entry and move the head, which the caller has locked; refused where the head stands elsewhere."""
    tx.send(
        """
        with moved as (
            update base.head
            set audit_no = %(no)s, audit_hash = %(hash)s
            where tenant_id = %(tenant)s and audit_no = %(no)s - 1 and audit_hash = %(previous)s
            returning tenant_id
        )
        insert into base.audit (
            tenant_id, audit_no, recorded_at, actor_kind, actor_id, why, action, subject,
            before, after, previous_hash, hash
        )
        values (
            (select tenant_id from moved),  -- none is refused by the table
            %(no)s, %(at)s, %(kind)s, %(actor)s, %(why)s, %(action)s, %(subject)s,
            %(before)s, %(after)s, %(previous)s, %(hash)s
        )
        """,
        {
            "tenant": tenant_id,
            "no": entry.audit_no,
            "at": entry.recorded_at,
            "kind": entry.actor_kind,
            "actor": entry.actor_id,
            "why": entry.why,
            "action": entry.action,
            "subject": entry.subject,
            "before": None if entry.before is None else Jsonb(entry.before),
            "after": None if entry.after is None else Jsonb(entry.after),
            "previous": entry.previous_hash,
            "hash": digest,
        },
    )


def audit_chain(tx: Tx, tenant_id: SponsorId) -> Iterator[AuditEntry]:
    """The whole chain in order, streamed."""
    with tx.conn.cursor(name="audit_chain") as cursor:
        cursor.itersize = 5_000
        cursor.execute(
            """
            select audit_no, recorded_at, actor_kind, actor_id, why, action, subject, before, after, previous_hash, hash
            from base.audit
            where tenant_id = %s
            order by audit_no
            """,
            [tenant_id],
        )
        for row in cursor:
            yield AuditEntry(*row)


def audit_entries(
    tx: Tx, tenant_id: SponsorId, subject: str | None, limit: int, before: int | None = None
) -> list[AuditEntry]:
    """The newest entries first, of those numbered below ``before``."""
    rows = tx.rows(
        """
        select audit_no, recorded_at, actor_kind, actor_id, why, action, subject, before, after, previous_hash, hash
        from base.audit
        where tenant_id = %(tenant)s
          and (%(subject)s::text is null or subject = %(subject)s)
          and (%(before)s::bigint is null or audit_no < %(before)s)
        order by audit_no desc
        limit %(limit)s
        """,
        {"tenant": tenant_id, "subject": subject, "before": before, "limit": limit},
    )
    return [AuditEntry(*row) for row in rows]


def audited_subjects(tx: Tx, tenant_id: SponsorId, action: str, subjects: list[str]) -> list[str]:
    """Those of the subjects that have an entry of this action."""
    rows = tx.rows(
        """
        select distinct subject
        from base.audit
        where tenant_id = %s and subject = any (%s::text[]) and action = %s
        """,
        [tenant_id, subjects, action],
    )
    return [row[0] for row in rows]


def add_event(
    tx: Tx, tenant_id: SponsorId, event_id: EventId, kind: str, subject: str, data: JSON, channel: str
) -> None:
    """Number and append an event; PostgreSQL sends the notice when the transaction commits."""
    tx.send(
        """
        with moved as (
            update base.head
            set event_no = event_no + 1  -- also the lock that makes the order of numbers the order of commits
            where tenant_id = %(tenant)s
            returning event_no
        ), added as (
            insert into base.event (tenant_id, event_no, event_id, recorded_at, kind, subject, data)
            values (
                %(tenant)s,
                (select event_no from moved),  -- of a tenant without a head, none: refused by the table
                %(event)s, %(at)s, %(kind)s, %(subject)s, %(data)s
            )
        )
        select pg_notify(%(channel)s, %(payload)s)
        """,
        {
            "tenant": tenant_id,
            "event": event_id,
            "at": tx.now,
            "kind": kind,
            "subject": subject,
            "data": Jsonb(data),
            "channel": channel,
            "payload": str(tenant_id),
        },
    )


def events_after(tx: Tx, tenant_id: SponsorId, cursor: int, limit: int) -> list[tuple[Any, ...]]:
    """The outbox from a place on."""
    return tx.rows(
        """
        select event_no, event_id, recorded_at, kind, subject, data
        from base.event
        where tenant_id = %s and event_no > %s
        order by event_no
        limit %s
        """,
        [tenant_id, cursor, limit],
    )


def listen(conn: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Hear of committed events on this connection."""
    conn.execute("listen open401k_events")


def begin_flow(tx: Tx, tenant_id: SponsorId, flow_id: FlowId, flow: str, *, ends: bool = False) -> bool:
    """Begin the flow unless it has begun; ``ends``: it ends with this transaction, too.

    True when it begins here: it has no steps yet, and nobody else sees it before this transaction ends.
    """
    begun = tx.run(
        """
        insert into base.flow (tenant_id, flow_id, flow, begun_at, ended_at)
        values (%s, %s, %s, %s, %s)
        on conflict do nothing
        """,
        [tenant_id, flow_id, flow, tx.now, tx.now if ends else None],
    )
    return begun == 1


def lock_flow(tx: Tx, tenant_id: SponsorId, flow_id: FlowId) -> None:
    """Hold a flow that has begun: of two runners of one flow the second waits, then sees what the first one did."""
    tx.send(
        """
        select flow
        from base.flow
        where tenant_id = %s and flow_id = %s
        for no key update
        """,
        [tenant_id, flow_id],
    )


def steps_done(tx: Tx, tenant_id: SponsorId, flow_id: FlowId, flow: str) -> dict[str, tuple[Any, str | None]]:
    """Result and reason to halt of every stored step of a flow that has begun."""
    rows = tx.rows(
        """
        select flow.flow, step.step, step.result, step.halted_because
        from base.flow as flow
        left join base.step as step on step.tenant_id = flow.tenant_id and step.flow_id = flow.flow_id
        where flow.tenant_id = %s and flow.flow_id = %s
        """,
        [tenant_id, flow_id],
    )
    named = {name for name, _, _, _ in rows}
    if named != {flow}:
        raise ValueError(f"{flow_id} is a {', '.join(named) or 'flow that has not begun'}, not a {flow}")
    return {step: (result, halted_because) for _, step, result, halted_because in rows if step is not None}


def steps_by_time(tx: Tx, tenant_id: SponsorId, flow_id: FlowId) -> list[tuple[str, datetime, Any]]:
    """Every stored step with when it was done, the first one first."""
    rows = tx.rows(
        """
        select step, recorded_at, result
        from base.step
        where tenant_id = %s and flow_id = %s
        order by recorded_at, step
        """,
        [tenant_id, flow_id],
    )
    return [(step, recorded_at, result) for step, recorded_at, result in rows]


def add_step(
    tx: Tx, tenant_id: SponsorId, flow_id: FlowId, step: str, result: JSON, halted_because: str | None
) -> None:
    """Store what a step came to."""
    tx.send(
        """
        insert into base.step (tenant_id, flow_id, step, recorded_at, result, halted_because)
        values (%s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, flow_id, step, tx.now, Jsonb(result), halted_because],
    )


def end_flow(tx: Tx, tenant_id: SponsorId, flow_id: FlowId) -> None:
    """Nothing is left to do."""
    tx.send(
        """
        update base.flow
        set ended_at = %s
        where tenant_id = %s and flow_id = %s and ended_at is null
        """,
        [tx.now, tenant_id, flow_id],
    )


def unfinished_flows(tx: Tx) -> list[tuple[Any, ...]]:
    """Every flow in sight that has begun and not ended, oldest first."""
    return tx.rows(
        """
        select flow, flow_id, tenant_id, begun_at
        from base.flow
        where ended_at is null
        order by begun_at, flow_id
        """
    )


def lay_by(tx: Tx, *, tenant_id: SponsorId, name: str, place: int, piece: bytes) -> None:
    """Insert a piece of a long value."""
    tx.run("insert into base.laid_by (tenant_id, name, place, piece) values (%s, %s, %s, %s)", [
        tenant_id, name, place, piece,
    ])  # fmt: skip


def forget_laid_by(tx: Tx, *, tenant_id: SponsorId, name: str) -> None:
    """Delete the pieces of a value that is stored."""
    tx.run("delete from base.laid_by where tenant_id = %s and name = %s", [tenant_id, name])

"""Every SQL statement of the plan room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from open401k.base import heads
from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


@dataclass(frozen=True, slots=True)
class SponsorRow:
    """A row of ``plan.sponsor``."""

    name: str
    ein: str
    established_on: date


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A row of ``plan.plan``."""

    plan_id: PlanId
    number: str
    name: str
    adopted_on: date


@dataclass(frozen=True, slots=True)
class TermsRow:
    """A row of ``plan.provisions``."""

    effective_on: date
    recorded_at: datetime
    terms: dict[str, Any]
    changes: list[dict[str, Any]]
    why: str
    recorded_by: str
    others: Sequence[UUID] = ()


def add_sponsor(tx: Tx, *, tenant_id: SponsorId, name: str, ein: str, established_on: date) -> None:
    """Insert a sponsor."""
    tx.run(
        """
        insert into plan.sponsor (tenant_id, name, ein, established_on, recorded_at, recorded_by)
        values (%s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, name, ein, established_on, tx.now, tx.actor.id],
    )


def sponsor(tx: Tx, *, tenant_id: SponsorId) -> SponsorRow | None:
    """The sponsor, if registered."""
    row = tx.maybe(
        """
        select name, ein, established_on
        from plan.sponsor
        where tenant_id = %s
        """,
        [tenant_id],
    )
    return None if row is None else SponsorRow(*row)


def sponsors(tx: Tx) -> list[tuple[SponsorId, SponsorRow]]:
    """Every sponsor that the transaction may see."""
    rows = tx.rows(
        """
        select tenant_id, name, ein, established_on
        from plan.sponsor
        order by name, tenant_id
        """
    )
    return [(SponsorId(tenant_id), SponsorRow(*rest)) for tenant_id, *rest in rows]


def add_headcount(tx: Tx, *, tenant_id: SponsorId, year: int, employees: int) -> None:
    """Append what was said about a year; the key refuses a second statement in the same instant."""
    tx.run(
        """
        insert into plan.headcount (tenant_id, year, recorded_at, employees, recorded_by)
        values (%s, %s, %s, %s, %s)
        """,
        [tenant_id, year, tx.now, employees, tx.actor.id],
    )


def headcounts(tx: Tx, *, tenant_id: SponsorId) -> dict[int, int]:
    """By year, what was last said."""
    rows = tx.rows(
        """
        select distinct on (year) year, employees
        from plan.headcount
        where tenant_id = %s
        order by year, recorded_at desc
        """,
        [tenant_id],
    )
    return dict(rows)


def add_plan(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, number: str, name: str, adopted_on: date) -> None:
    """Insert a plan without its terms."""
    tx.run(
        """
        insert into plan.plan (tenant_id, plan_id, number, name, adopted_on, recorded_at, recorded_by)
        values (%s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, plan_id, number, name, adopted_on, tx.now, tx.actor.id],
    )


def plans(tx: Tx, *, tenant_id: SponsorId) -> list[PlanRow]:
    """The sponsor's plans by number."""
    rows = tx.rows(
        """
        select plan_id, number, name, adopted_on
        from plan.plan
        where tenant_id = %s
        order by number
        """,
        [tenant_id],
    )
    return [PlanRow(PlanId(plan_id), *rest) for plan_id, *rest in rows]


def plans_in_sight(tx: Tx) -> list[tuple[SponsorId, PlanId]]:
    """Whose every plan is, among those that the transaction may see."""
    rows = tx.rows("select tenant_id, plan_id from plan.plan order by tenant_id, plan_id")
    return [(SponsorId(tenant_id), PlanId(plan_id)) for tenant_id, plan_id in rows]


def add_terms(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    effective_on: date,
    terms: dict[str, Any],
    changes: str,
    why: str,
) -> None:
    """Append terms from a day on; those recorded later in the same instant for the same day count."""
    tx.cache.pop(("plan terms", tenant_id), None)
    tx.run(
        """
        insert into plan.provisions
            (tenant_id, plan_id, effective_on, recorded_at, ordinal, terms, changes, why, recorded_by)
        select
            %(tenant_id)s, %(plan_id)s, %(effective_on)s, %(now)s, count(*), %(terms)s, %(changes)s::jsonb,
            %(why)s, %(by)s
        from plan.provisions
        where tenant_id = %(tenant_id)s
            and plan_id = %(plan_id)s
            and effective_on = %(effective_on)s
            and recorded_at = %(now)s
        """,
        {
            "tenant_id": tenant_id,
            "plan_id": plan_id,
            "effective_on": effective_on,
            "now": tx.now,
            "terms": terms,
            "changes": changes,
            "why": why,
            "by": tx.actor.id,
        },
    )


def terms_in_force(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None) -> list[TermsRow]:
    """For each effective day the newest terms known at the instant, in order of the day.

    Read once a transaction where nobody else can change them: under the tenant's lock, and in a snapshot. The sponsor's
    other plans come along, by number, so that it costs nothing to learn that there are none.
    """
    kept: dict[Any, list[TermsRow]] | None = None
    if heads.unchanging(tx, tenant_id=tenant_id):
        kept = tx.cache.setdefault(("plan terms", tenant_id), {})
        if (plan_id, known_at) in kept:
            return kept[plan_id, known_at]
    found = tx.rows(
        """
        select distinct on (effective_on)
            effective_on, recorded_at, terms, changes, why, recorded_by,
            array(
                select other.plan_id
                from plan.plan as other
                where other.tenant_id = %(tenant_id)s
                    and other.plan_id <> %(plan_id)s
                    and other.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
                order by other.number
            )
        from plan.provisions
        where tenant_id = %(tenant_id)s
            and plan_id = %(plan_id)s
            and recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        order by effective_on, recorded_at desc, ordinal desc
        """,
        {"tenant_id": tenant_id, "plan_id": plan_id, "known_at": known_at},
    )
    rows = [TermsRow(*row) for row in found]
    if kept is not None:
        kept[plan_id, known_at] = rows
    return rows


def terms_recorded(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[TermsRow]:
    """All terms ever recorded, in the order of their recording."""
    rows = tx.rows(
        """
        select effective_on, recorded_at, terms, changes, why, recorded_by
        from plan.provisions
        where tenant_id = %s and plan_id = %s
        order by recorded_at, ordinal, effective_on
        """,
        [tenant_id, plan_id],
    )
    return [TermsRow(*row) for row in rows]

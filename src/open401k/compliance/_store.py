"""All SQL of the compliance room: runs, results and projections, inserted and read, never changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from open401k.base.db import Tx
from open401k.base.laid_by import laid_by
from open401k.kernel import ComplianceRunId, PlanId, SponsorId

from .pieces import is_long, pieces


@dataclass(frozen=True, slots=True)
class RunRow:
    """One row of compliance.run."""

    run_id: UUID
    plan_id: UUID
    year_start: date
    year_end: date
    as_of: date
    known_at: datetime
    recorded_at: datetime
    cause: str
    facts_hash: bytes
    law_version: str
    people: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row of compliance.result."""

    test: str
    place: int
    title: str
    citation: str
    status: str
    unit: str
    measured: int | None
    limit_at: int | None
    room: int | None
    working: dict[str, Any]
    explanation: str


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """What one run said about one test, without its working."""

    run_id: UUID
    as_of: date
    recorded_at: datetime
    cause: str
    test: str
    status: str
    measured: int | None
    limit_at: int | None
    nhce_bps: int | None


@dataclass(frozen=True, slots=True)
class ProjectionRow:
    """One row of compliance.projection, with the run it belongs to."""

    run_id: UUID
    recorded_at: datetime
    seed: int
    scenarios: int
    body: dict[str, Any]
    cures: list[Any]


def insert_run(tx: Tx, *, tenant_id: SponsorId, row: RunRow) -> None:
    """One row."""
    values = [
        tenant_id, row.run_id, row.plan_id, row.year_start, row.year_end, row.as_of, row.known_at,
        row.recorded_at, row.cause, row.facts_hash, row.law_version,
    ]  # fmt: skip
    if not is_long(row.people):
        tx.send(
            """
            insert into compliance.run (
                tenant_id, run_id, plan_id, year_start, year_end, as_of, known_at, recorded_at, cause, facts_hash,
                law_version, people
            )
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb)
            """,
            [*values, _json(row.people)],
        )
        return
    with laid_by(tx, tenant_id=tenant_id, name=str(row.run_id), pieces=_pieces(row.people)):
        tx.run(
            """
            insert into compliance.run (
                tenant_id, run_id, plan_id, year_start, year_end, as_of, known_at, recorded_at, cause, facts_hash,
                law_version, people
            )
            select %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, convert_from(whole, 'UTF8')::jsonb
            from base.laid_by_v
            where tenant_id = %s and name = %s
            """,
            [*values, tenant_id, str(row.run_id)],
        )


def insert_results(tx: Tx, *, tenant_id: SponsorId, run_id: ComplianceRunId, rows: Sequence[ResultRow]) -> None:
    """Every test of one run: in one statement, but for the working of many people, which is sent in pieces."""
    short = [row for row in rows if not is_long(row.working)]
    _insert_short(tx, tenant_id, run_id, short)
    for row in rows:
        if is_long(row.working):
            _insert_long(tx, tenant_id, run_id, row)


def _insert_short(tx: Tx, tenant_id: SponsorId, run_id: ComplianceRunId, rows: Sequence[ResultRow]) -> None:
    tx.send(
        """
        insert into compliance.result (
            tenant_id, run_id, test, place, title, citation, status, unit, measured, limit_at, room,
            working, explanation
        )
        select %s, %s, test, place, title, citation, status, unit, measured, limit_at, room, working::jsonb, explanation
        from unnest(
            %s::text[], %s::integer[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[]
        ) as given (test, place, title, citation, status, unit, measured, limit_at, room, working, explanation)
        """,
        [
            tenant_id,
            run_id,
            [row.test for row in rows],
            [row.place for row in rows],
            [row.title for row in rows],
            [row.citation for row in rows],
            [row.status for row in rows],
            [row.unit for row in rows],
            [row.measured for row in rows],
            [row.limit_at for row in rows],
            [row.room for row in rows],
            [_json(row.working) for row in rows],
            [row.explanation for row in rows],
        ],
    )


def _insert_long(tx: Tx, tenant_id: SponsorId, run_id: ComplianceRunId, row: ResultRow) -> None:
    name = f"{run_id} {row.test}"
    with laid_by(tx, tenant_id=tenant_id, name=name, pieces=_pieces(row.working)):
        tx.run(
            """
            insert into compliance.result (
                tenant_id, run_id, test, place, title, citation, status, unit, measured, limit_at, room, explanation,
                working
            )
            select %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, convert_from(whole, 'UTF8')::jsonb
            from base.laid_by_v
            where tenant_id = %s and name = %s
            """,
            [
                tenant_id, run_id, row.test, row.place, row.title, row.citation, row.status, row.unit, row.measured,
                row.limit_at, row.room, row.explanation, tenant_id, name,
            ],
        )  # fmt: skip


def same_run(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, cause: str, facts_hash: bytes) -> ComplianceRunId | None:
    """The run that already tested these facts for this cause."""
    row = tx.maybe(
        """
        select run_id
        from compliance.run
        where tenant_id = %s and plan_id = %s and cause = %s and facts_hash = %s
        """,
        [tenant_id, plan_id, cause, facts_hash],
    )
    return None if row is None else ComplianceRunId(row[0])


def run(tx: Tx, *, tenant_id: SponsorId, run_id: ComplianceRunId) -> RunRow | None:
    """One run."""
    row = tx.maybe(
        """
        select run_id, plan_id, year_start, year_end, as_of, known_at, recorded_at, cause, facts_hash, law_version,
               people
        from compliance.run
        where tenant_id = %s and run_id = %s
        """,
        [tenant_id, run_id],
    )
    return None if row is None else RunRow(*row)


def latest_run_id(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year_start: date | None, known_at: datetime | None
) -> ComplianceRunId | None:
    """The newest run of a plan, of one plan year or of any, recorded until ``known_at``."""
    row = tx.maybe(
        """
        select run_id
        from compliance.run
        where tenant_id = %(tenant)s
          and plan_id = %(plan)s
          and (%(start)s::date is null or year_start = %(start)s)
          and (%(known)s::timestamptz is null or recorded_at <= %(known)s)
        -- a year that is closed and the day after it may be tested in one transaction
        order by year_start desc, recorded_at desc, as_of desc, run_id desc
        limit 1
        """,
        {"tenant": tenant_id, "plan": plan_id, "start": year_start, "known": known_at},
    )
    return None if row is None else ComplianceRunId(row[0])


def years_failed(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, test: str, status: str, over_by: date, known_at: datetime | None
) -> list[tuple[date, date]]:
    """Plan years that are over by a day and whose newest run has a test in that status: first day and the day after."""
    rows = tx.rows(
        """
        select newest.year_start, newest.year_end
        from (
            select distinct on (year_start) tenant_id, run_id, year_start, year_end
            from compliance.run
            where tenant_id = %(tenant)s
              and plan_id = %(plan)s
              and year_end <= %(over_by)s
              and (%(known)s::timestamptz is null or recorded_at <= %(known)s)
            order by year_start, recorded_at desc, as_of desc, run_id desc
        ) as newest
        join compliance.result using (tenant_id, run_id)
        where result.test = %(test)s and result.status = %(status)s
        order by newest.year_start
        """,
        {
            "tenant": tenant_id, "plan": plan_id, "test": test, "status": status, "over_by": over_by,
            "known": known_at,
        },
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def run_ids(tx: Tx, *, tenant_id: SponsorId) -> list[ComplianceRunId]:
    """Every run of a sponsor, oldest first."""
    rows = tx.rows(
        """
        select run_id
        from compliance.run
        where tenant_id = %s
        order by recorded_at, run_id
        """,
        [tenant_id],
    )
    return [ComplianceRunId(row[0]) for row in rows]


def results(tx: Tx, *, tenant_id: SponsorId, run_id: ComplianceRunId) -> list[ResultRow]:
    """The tests of one run, in their order."""
    rows = tx.rows(
        """
        select test, place, title, citation, status, unit, measured, limit_at, room, working, explanation
        from compliance.result
        where tenant_id = %s and run_id = %s
        order by place
        """,
        [tenant_id, run_id],
    )
    return [ResultRow(*row) for row in rows]


def summaries(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year_start: date) -> list[SummaryRow]:
    """What every run of a plan year said, oldest first."""
    rows = tx.rows(
        """
        select run.run_id, run.as_of, run.recorded_at, run.cause,
               result.test, result.status, result.measured, result.limit_at,
               (result.working #>> '{nhce,average_bps}')::bigint
        from compliance.run
        join compliance.result using (tenant_id, run_id)
        where run.tenant_id = %s and run.plan_id = %s and run.year_start = %s
        order by run.recorded_at, run.as_of, run.run_id, result.place
        """,
        [tenant_id, plan_id, year_start],
    )
    return [SummaryRow(*row) for row in rows]


def insert_projection(tx: Tx, *, tenant_id: SponsorId, row: ProjectionRow) -> bool:
    """Whether the projection is new: one for a run."""
    return bool(
        tx.run(
            """
            insert into compliance.projection (tenant_id, run_id, recorded_at, seed, scenarios, body, cures)
            values (%s, %s, %s, %s, %s, %s::jsonb, %s::jsonb)
            on conflict (tenant_id, run_id) do nothing
            """,
            [tenant_id, row.run_id, row.recorded_at, row.seed, row.scenarios, _json(row.body), _json(row.cures)],
        )
    )


def projection(tx: Tx, *, tenant_id: SponsorId, run_id: ComplianceRunId) -> ProjectionRow | None:
    """The projection made from one run's facts."""
    row = tx.maybe(
        """
        select run_id, recorded_at, seed, scenarios, body, cures
        from compliance.projection
        where tenant_id = %s and run_id = %s
        """,
        [tenant_id, run_id],
    )
    return None if row is None else ProjectionRow(*row)


def latest_projected_run_id(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> ComplianceRunId | None:
    """The newest run of a plan that has a projection."""
    row = tx.maybe(
        """
        select run.run_id
        from compliance.run
        join compliance.projection using (tenant_id, run_id)
        where run.tenant_id = %s and run.plan_id = %s
        order by run.year_start desc, run.recorded_at desc, run.as_of desc, run.run_id desc
        limit 1
        """,
        [tenant_id, plan_id],
    )
    return None if row is None else ComplianceRunId(row[0])


def _pieces(value: Any) -> Iterator[bytes]:
    return (piece.encode() for piece in pieces(value, between=",", after_key=":"))


def _json(value: Any) -> str:
    return "".join(pieces(value, between=",", after_key=":"))

"""The SQL of payroll: files, runs and what happened to them, checks, findings."""

from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString, NamedTuple

from psycopg.types.json import Jsonb

from open401k.base.db import Tx
from open401k.kernel import ConnectionId, FileId, PlanId, RunId, SponsorId

from .findings import Code, Finding, Severity
from .said import Said


class Telling(NamedTuple):
    """Which telling of a connected provider a run came from."""

    connection_id: ConnectionId
    told_id: str  # the provider's id of the payroll
    version: int


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the view shows it."""

    run_id: RunId
    plan_id: PlanId
    file_id: FileId
    attempt: int
    provider: str
    replaces: RunId | None
    reason: str
    announced: date | None  # the pay date told with the upload, for layouts without the column
    received_at: datetime
    received_by: str
    file_name: str
    sha256: str
    status: str
    status_at: datetime
    check_no: int
    pay_date: date | None
    period_start: date | None
    period_end: date | None
    rows: int
    counts: Table[str, int]
    totals: Table[str, int]
    replaced_by: RunId | None
    said: Said
    told: Telling | None = None


_RUNS: LiteralString = """
    select
        run_id, plan_id, file_id, attempt, provider, replaces, reason, recorded_at, recorded_by, file_name, sha256,
        status, status_at, check_no, pay_date, period_start, period_end, row_count, counts, totals, replaced_by,
        announced, control_totals, no_contributions, encoding, connection_id, told_id, told_version
    from payroll.run_v
"""


def file_by_hash(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, sha256: bytes) -> FileId | None:
    """The file with exactly these bytes."""
    row = tx.maybe(
        "select file_id from payroll.file where tenant_id = %s and plan_id = %s and sha256 = %s",
        [tenant_id, plan_id, sha256],
    )
    return FileId(row[0]) if row else None


def add_run(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    run_id: RunId,
    plan_id: PlanId,
    file_id: FileId,
    attempt: int,
    provider: str,
    replaces: RunId | None,
    reason: str,
    announced: date | None,
    said: Said,
    told: Telling | None = None,
) -> None:
    """Insert a run."""
    tx.send(
        """
        insert into payroll.run (
            tenant_id, run_id, plan_id, file_id, attempt, provider, replaces, reason, announced, control_totals,
            no_contributions, encoding, recorded_at, recorded_by, connection_id, told_id, told_version
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            tenant_id,
            run_id,
            plan_id,
            file_id,
            attempt,
            provider,
            replaces,
            reason,
            announced,
            Jsonb(dict(said.control_totals)),
            said.no_contributions,
            said.encoding,
            tx.now,
            tx.actor.id,
            *(told or (None, None, None)),
        ],
    )


def add_event(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, status: str, detail: Table[str, Any]) -> None:
    """Append what happened to a run."""
    tx.send(
        """
        insert into payroll.run_event (tenant_id, run_id, event_no, status, detail, recorded_at, recorded_by)
        select %(tenant_id)s, %(run_id)s, coalesce(max(event_no), 0) + 1, %(status)s, %(detail)s, %(now)s, %(by)s
        from payroll.run_event
        where tenant_id = %(tenant_id)s and run_id = %(run_id)s
        """,
        {
            "tenant_id": tenant_id,
            "run_id": run_id,
            "status": status,
            "detail": Jsonb(dict(detail)),
            "now": tx.now,
            "by": tx.actor.id,
        },
    )


def run(tx: Tx, *, tenant_id: SponsorId, run_id: RunId) -> RunRow | None:
    """One run."""
    row = tx.maybe(
        _RUNS
        + """
        where tenant_id = %s and run_id = %s
        """,
        [tenant_id, run_id],
    )
    return _run(row) if row else None


def runs(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[RunRow]:
    """The runs of a plan, newest first; where a sandbox clock stood still, what counts before what does not."""
    found = tx.rows(
        _RUNS
        + """
        where tenant_id = %s and plan_id = %s
        order by
            recorded_at desc, (replaced_by is null) desc, (status not in ('rejected', 'canceled')) desc, run_id desc
        """,
        [tenant_id, plan_id],
    )
    return [_run(row) for row in found]


def runs_of_file(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, file_id: FileId) -> list[RunRow]:
    """The runs made of a file, the last attempt first."""
    found = tx.rows(
        _RUNS
        + """
        where tenant_id = %s and plan_id = %s and file_id = %s
        order by attempt desc
        """,
        [tenant_id, plan_id, file_id],
    )
    return [_run(row) for row in found]


def runs_on(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, pay_date: date) -> list[RunRow]:
    """Posted runs of a pay date that no posted run replaced, newest first."""
    found = tx.rows(
        _RUNS
        + """
        where
            tenant_id = %(tenant)s
            and plan_id = %(plan)s
            -- as an array, or the last check of every run of the plan is looked up
            and run_id = any (array(
                select checked.run_id
                from payroll.run_check as checked
                where checked.tenant_id = %(tenant)s and checked.pay_date = %(pay_date)s
            ))
            and pay_date = %(pay_date)s
            and status = 'posted'
            and replaced_by is null
        order by recorded_at desc, run_id desc
        """,
        {"tenant": tenant_id, "plan": plan_id, "pay_date": pay_date},
    )
    return [_run(row) for row in found]


def runs_of_telling(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, told_id: str) -> list[RunRow]:
    """Every run that tellings of one payroll of a provider became, the oldest first."""
    found = tx.rows(
        _RUNS
        + """
        where tenant_id = %(tenant)s
            and run_id = any (array(
                select run_id from payroll.run
                where tenant_id = %(tenant)s and connection_id = %(connection)s and told_id = %(told)s
                union
                select run_id from payroll.pulled_done  -- of before a run knew it
                where tenant_id = %(tenant)s and connection_id = %(connection)s and provider_id = %(told)s
                    and kind = 'payroll' and run_id is not null
            ))
        order by recorded_at, attempt, run_id
        """,
        {"tenant": tenant_id, "connection": connection_id, "told": told_id},
    )
    return [_run(row) for row in found]


def posted_with_content(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    content: Sequence[bytes],
    other_than: RunId,
    connection_id: ConnectionId | None,
) -> RunId | None:
    """A posted run, not replaced, with one of these indexes of content; of this company, if both say whose."""
    row = tx.maybe(
        """
        select run_id
        from payroll.run_v
        where
            tenant_id = %(tenant)s
            and plan_id = %(plan)s
            -- as an array, or the last check of every run of the plan is looked up
            and run_id = any (array(
                select checked.run_id
                from payroll.run_check as checked
                where checked.tenant_id = %(tenant)s and checked.content_index = any (%(content)s::bytea[])
            ))
            and content_index = any (%(content)s::bytea[])
            and run_id <> %(other_than)s
            and status = 'posted'
            and replaced_by is null
            and coalesce(connection_id = %(connection)s, true)
        order by recorded_at
        limit 1
        """,
        {
            "tenant": tenant_id,
            "plan": plan_id,
            "content": list(content),
            "other_than": other_than,
            "connection": connection_id,
        },
    )
    return RunId(row[0]) if row else None


def _run(row: tuple[Any, ...]) -> RunRow:
    return RunRow(
        run_id=RunId(row[0]),
        plan_id=PlanId(row[1]),
        file_id=FileId(row[2]),
        attempt=row[3],
        provider=row[4],
        replaces=RunId(row[5]) if row[5] else None,
        reason=row[6],
        announced=row[21],
        received_at=row[7],
        received_by=row[8],
        file_name=row[9],
        sha256=bytes(row[10]).hex(),
        status=row[11],
        status_at=row[12],
        check_no=row[13] or 0,
        pay_date=row[14],
        period_start=row[15],
        period_end=row[16],
        rows=row[17] or 0,
        counts=row[18] or {},
        totals=row[19] or {},
        replaced_by=RunId(row[20]) if row[20] else None,
        said=Said(row[22], row[23], row[24]),
        told=Telling(ConnectionId(row[25]), row[26], row[27]) if row[25] else None,
    )


def add_check(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    run_id: RunId,
    pay_date: date | None,
    period_start: date | None,
    period_end: date | None,
    rows: int,
    content_index: bytes,
    counts: Table[str, int],
    totals: Table[str, int],
) -> int:
    """Append a check; returns its number."""
    (number,) = tx.one(
        """
        insert into payroll.run_check (
            tenant_id, run_id, check_no, pay_date, period_start, period_end, row_count, content_index, counts, totals,
            recorded_at, recorded_by
        )
        select
            %(tenant_id)s, %(run_id)s, coalesce(max(check_no), 0) + 1, %(pay_date)s, %(period_start)s, %(period_end)s,
            %(rows)s, %(content_index)s, %(counts)s, %(totals)s, %(now)s, %(by)s
        from payroll.run_check
        where tenant_id = %(tenant_id)s and run_id = %(run_id)s
        returning check_no
        """,
        {
            "tenant_id": tenant_id,
            "run_id": run_id,
            "pay_date": pay_date,
            "period_start": period_start,
            "period_end": period_end,
            "rows": rows,
            "content_index": content_index,
            "counts": Jsonb(dict(counts)),
            "totals": Jsonb(dict(totals)),
            "now": tx.now,
            "by": tx.actor.id,
        },
    )
    return int(number)


def add_findings(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, check_no: int, findings: Sequence[Finding]) -> None:
    """Append the listed findings of a check, in one statement."""
    tx.send(
        """
        insert into payroll.finding (
            tenant_id, run_id, check_no, finding_no, severity, code, row_no, line_no, place, value_masked, reason, fix,
            detail, confirm
        )
        select
            %s, %s, %s, new.finding_no, new.severity, new.code, new.row_no, new.line_no, new.place, new.value_masked,
            new.reason, new.fix, new.detail, new.confirm
        from unnest(
            %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::jsonb[], %s::boolean[]
        ) with ordinality
            as new (severity, code, row_no, line_no, place, value_masked, reason, fix, detail, confirm, finding_no)
        """,
        [
            tenant_id,
            run_id,
            check_no,
            [str(finding.severity) for finding in findings],
            [str(finding.code) for finding in findings],
            [finding.row for finding in findings],
            [finding.line for finding in findings],
            [finding.column for finding in findings],
            [finding.value_masked for finding in findings],
            [finding.reason for finding in findings],
            [finding.fix for finding in findings],
            [Jsonb(dict(finding.detail)) for finding in findings],
            [finding.confirm for finding in findings],
        ],
    )


def findings(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, check_no: int) -> list[Finding]:
    """The listed findings of a check, as one reads the sheet."""
    found = tx.rows(
        """
        select severity, code, reason, fix, row_no, line_no, place, value_masked, detail, confirm
        from payroll.finding
        where tenant_id = %s and run_id = %s and check_no = %s
        order by finding_no
        """,
        [tenant_id, run_id, check_no],
    )
    return [
        Finding(
            Severity(severity),
            Code(code),
            reason,
            fix,
            row=row,
            line=line,
            column=place,
            value_masked=value,
            detail=tuple(detail.items()),
            confirm=confirm,
        )
        for severity, code, reason, fix, row, line, place, value, detail, confirm in found
    ]

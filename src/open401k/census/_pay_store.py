"""The SQL of pay runs, lines and codes. Not here: people (_store.py), sums of lines (_sums_store.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString, NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, RunId, SponsorId

#: The amounts of a line, in the order in which they are written and summed.
AMOUNTS = (
    "gross_cents",
    "section_415_cents",
    "fica_cents",
    "hours_hundredths",
    "pre_tax_cents",
    "roth_cents",
    "after_tax_cents",
    "catch_up_pre_tax_cents",
    "catch_up_roth_cents",
    "match_cents",
    "nonelective_cents",
)


@dataclass(frozen=True, slots=True)
class RunRow:
    """A row of ``census.pay_run``, and the run that took its place."""

    run_id: RunId
    plan_id: PlanId
    pay_date: date
    period_start: date
    period_end: date
    replaces: RunId | None
    recorded_at: datetime
    replaced_by: RunId | None
    brought: bool


#: A payroll of days that payrolls elsewhere were brought over for is not inserted.
_ADD_RUN: LiteralString = """
    insert into census.pay_run (
        tenant_id, run_id, plan_id, pay_date, period_start, period_end, replaces, brought, recorded_at,
        recorded_by
    )
    select
        %(tenant_id)s, %(run_id)s, %(plan_id)s, %(pay_date)s, %(period_start)s, %(period_end)s, %(replaces)s,
        %(brought)s, %(now)s, %(by)s
    where %(brought)s
        or not exists (
            select 1
            from census.pay_run as other
            where other.tenant_id = %(tenant_id)s
                and other.plan_id = %(plan_id)s
                and other.brought
                and %(pay_date)s between other.period_start and other.period_end
                and not exists (
                    select 1
                    from census.pay_run as successor
                    where successor.tenant_id = %(tenant_id)s and successor.replaces = other.run_id
                )
                and exists (
                    select 1
                    from census.pay_line as line
                    where line.tenant_id = %(tenant_id)s and line.run_id = other.run_id
                )
        )
"""


def add_run(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    run_id: RunId,
    pay_date: date,
    period_start: date,
    period_end: date,
    replaces: RunId | None,
    brought: bool,
) -> bool:
    """Insert a run without lines, unless it is a payroll of days that payrolls elsewhere have been brought over for."""
    inserted = tx.run(
        _ADD_RUN,
        {
            "tenant_id": tenant_id,
            "run_id": run_id,
            "plan_id": plan_id,
            "pay_date": pay_date,
            "period_start": period_start,
            "period_end": period_end,
            "replaces": replaces,
            "brought": brought,
            "now": tx.now,
            "by": tx.actor.id,
        },
    )
    return inserted == 1


def runs(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId | None = None,
    run_ids: Sequence[RunId] | None = None,
    known_at: datetime | None = None,
) -> list[RunRow]:
    """Runs of a plan, or these runs, by pay date and recording; ``replaced_by`` as known at the instant."""
    rows = tx.rows(
        """
        select
            run.run_id, run.plan_id, run.pay_date, run.period_start, run.period_end, run.replaces, run.recorded_at,
            successor.run_id, run.brought
        from census.pay_run as run
        left join census.pay_run as successor
            on successor.tenant_id = run.tenant_id
                and successor.replaces = run.run_id
                and successor.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        where run.tenant_id = %(tenant_id)s
            and run.plan_id = coalesce(%(plan_id)s, run.plan_id)
            and (%(any_run)s or run.run_id = any (%(run_ids)s::uuid[]))
            and run.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        order by run.pay_date, run.recorded_at, run.run_id
        """,
        {
            "tenant_id": tenant_id,
            "plan_id": plan_id,
            "any_run": run_ids is None,
            "run_ids": [each.uuid for each in run_ids or ()],
            "known_at": known_at,
        },
    )
    return [
        RunRow(
            RunId(run_id),
            PlanId(of_plan),
            pay_date,
            period_start,
            period_end,
            None if replaces is None else RunId(replaces),
            recorded_at,
            None if replaced_by is None else RunId(replaced_by),
            brought,
        )
        for run_id, of_plan, pay_date, period_start, period_end, replaces, recorded_at, replaced_by, brought in rows
    ]


def add_lines(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, people: int, columns: Mapping[str, str]) -> int:
    """Append lines of so many people, given as array literals: all, or none if one is no employee of this tenant."""
    return tx.run(
        """
        -- takes the place of a foreign key, which would be checked line by line; counted, because a join of two lists
        -- whose lengths the planner does not know may become a loop over both
        with known as (
            select count(*) as people
            from census.employee
            where tenant_id = %(tenant_id)s and employee_id = any (%(employee_id)s::uuid[])
        )
        insert into census.pay_line
            (tenant_id, run_id, line_no, employee_id, gross_cents, section_415_cents, fica_cents, hours_hundredths,
             pre_tax_cents, roth_cents, after_tax_cents, catch_up_pre_tax_cents, catch_up_roth_cents,
             match_cents, nonelective_cents, recorded_at)
        select
            %(tenant_id)s, %(run_id)s, line.line_no, line.employee_id, line.gross_cents, line.section_415_cents,
            line.fica_cents, line.hours_hundredths, line.pre_tax_cents, line.roth_cents, line.after_tax_cents,
            line.catch_up_pre_tax_cents, line.catch_up_roth_cents, line.match_cents, line.nonelective_cents, %(now)s
        from unnest(
            %(line_no)s::integer[], %(employee_id)s::uuid[], %(gross_cents)s::bigint[],
            %(section_415_cents)s::bigint[], %(fica_cents)s::bigint[], %(hours_hundredths)s::bigint[],
            %(pre_tax_cents)s::bigint[], %(roth_cents)s::bigint[], %(after_tax_cents)s::bigint[],
            %(catch_up_pre_tax_cents)s::bigint[], %(catch_up_roth_cents)s::bigint[],
            %(match_cents)s::bigint[], %(nonelective_cents)s::bigint[]
        ) as line (
            line_no, employee_id, gross_cents, section_415_cents, fica_cents, hours_hundredths, pre_tax_cents,
            roth_cents, after_tax_cents, catch_up_pre_tax_cents, catch_up_roth_cents, match_cents, nonelective_cents
        )
        where (select people from known) = %(people)s
        """,
        {"tenant_id": tenant_id, "run_id": run_id, "now": tx.now, "people": people, **columns},
    )


class LineRow(NamedTuple):
    """One line as stored; ``amounts`` in the order of ``AMOUNTS``."""

    line_no: int
    employee_id: EmployeeId
    amounts: tuple[int | None, ...]


def lines_on_file(tx: Tx, *, tenant_id: SponsorId, run_id: RunId) -> list[LineRow]:
    """Every line of a run by its number, current or not."""
    rows = tx.rows(
        """
        select
            line_no, employee_id, gross_cents, section_415_cents, fica_cents, hours_hundredths, pre_tax_cents,
            roth_cents, after_tax_cents, catch_up_pre_tax_cents, catch_up_roth_cents, match_cents, nonelective_cents
        from census.pay_line
        where tenant_id = %s and run_id = %s
        order by line_no
        """,
        [tenant_id, run_id],
    )
    return [LineRow(line_no, EmployeeId(who), tuple(amounts)) for line_no, who, *amounts in rows]


def paid_alike(
    tx: Tx, *, tenant_id: SponsorId, run_id: RunId, people: Sequence[EmployeeId], gross: Sequence[int]
) -> tuple[int, int]:
    """How many people have pay in a run, and how many of these nearly that of ``gross``: to one part in a hundred."""
    rows = tx.rows_by_hashing(
        """
        select
            count(*),
            count(*) filter (
                where 100 * abs(line.gross_cents - other.gross_cents) <= greatest(line.gross_cents, other.gross_cents)
            )
        from (
            select employee_id, sum(gross_cents) as gross_cents
            from census.pay_line
            where tenant_id = %s and run_id = %s
            group by employee_id
            having sum(gross_cents) > 0
        ) as line
        left join (
            select employee_id, sum(gross_cents) as gross_cents
            from unnest(%s::uuid[], %s::bigint[]) as paid (employee_id, gross_cents)
            group by employee_id
        ) as other using (employee_id)
        """,
        [tenant_id, run_id, list(people), list(gross)],
    )
    return rows[0][0], rows[0][1]


def earnings_on_file(tx: Tx, *, tenant_id: SponsorId, run_id: RunId) -> list[tuple[int, str, int]]:
    """Line, code and cents of a run's earnings."""
    rows = tx.rows(
        "select line_no, code, cents from census.pay_earning where tenant_id = %s and run_id = %s", [tenant_id, run_id]
    )
    return [(line_no, code, cents) for line_no, code, cents in rows]


def add_earnings(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, earnings: Sequence[tuple[int, str, int]]) -> None:
    """Append the parts of pay by code; one code twice on a line is one part."""
    tx.run(
        """
        insert into census.pay_earning (tenant_id, run_id, line_no, code, cents)
        select %s, %s, part.line_no, part.code, sum(part.cents)::bigint
        from unnest(%s::integer[], %s::text[], %s::bigint[]) as part (line_no, code, cents)
        group by part.line_no, part.code
        """,
        [
            tenant_id,
            run_id,
            [line_no for line_no, _, _ in earnings],
            [code for _, code, _ in earnings],
            [cents for _, _, cents in earnings],
        ],
    )


def add_fica_told(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, lines: Sequence[int]) -> None:
    """Append that the FICA wages of these lines are payroll's own."""
    tx.run(
        "insert into census.pay_fica_told (tenant_id, run_id, line_no) select %s, %s, unnest(%s::integer[])",
        [tenant_id, run_id, list(lines)],
    )


def fica_told_on_file(tx: Tx, *, tenant_id: SponsorId, run_id: RunId) -> list[int]:
    """The lines of a run whose FICA wages are payroll's own."""
    rows = tx.rows("select line_no from census.pay_fica_told where tenant_id = %s and run_id = %s", [tenant_id, run_id])
    return [line_no for (line_no,) in rows]


def add_pay_code(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, code: str, event_on: date, counts: bool) -> None:
    """Append what a code means from a day on."""
    tx.run(
        """
        insert into census.pay_code (tenant_id, plan_id, code, event_on, recorded_at, ordinal, counts, recorded_by)
        select %(tenant_id)s, %(plan_id)s, %(code)s, %(event_on)s, %(now)s, count(*), %(counts)s, %(by)s
        from census.pay_code
        where tenant_id = %(tenant_id)s and plan_id = %(plan_id)s and code = %(code)s and recorded_at = %(now)s
        """,
        {
            "tenant_id": tenant_id,
            "plan_id": plan_id,
            "code": code,
            "event_on": event_on,
            "now": tx.now,
            "counts": counts,
            "by": tx.actor.id,
        },
    )


def pay_codes(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None
) -> list[tuple[str, date, bool]]:
    """For each code and day the newest word."""
    rows = tx.rows(
        """
        select distinct on (code, event_on) code, event_on, counts
        from census.pay_code
        where tenant_id = %(tenant_id)s
            and plan_id = %(plan_id)s
            and recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        order by code, event_on, recorded_at desc, ordinal desc
        """,
        {"tenant_id": tenant_id, "plan_id": plan_id, "known_at": known_at},
    )
    return [(code, event_on, counts) for code, event_on, counts in rows]


def together(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    on: date,
    absent: Sequence[UUID],
    replaced: RunId | None,
) -> list[tuple[int, list[UUID]]]:
    """Of each current run of a pay date with any of these people: how many people it has, and which of these."""
    return tx.rows(
        """
        select
            count(distinct line.employee_id),
            array_agg(distinct absent.employee_id) filter (where absent.employee_id is not null)
        from census.pay_run as run
        join census.pay_line as line on line.tenant_id = run.tenant_id and line.run_id = run.run_id
        left join unnest(%(absent)s::uuid[]) as absent (employee_id) on absent.employee_id = line.employee_id
        where run.tenant_id = %(tenant_id)s
            and run.plan_id = %(plan_id)s
            and run.pay_date = %(on)s
            and run.run_id is distinct from %(replaced)s
            and not exists (
                select 1
                from census.pay_run as successor
                where successor.tenant_id = run.tenant_id and successor.replaces = run.run_id
            )
        group by run.run_id
        having count(absent.employee_id) > 0
        order by run.run_id
        """,
        {"tenant_id": tenant_id, "plan_id": plan_id, "on": on, "absent": list(absent), "replaced": replaced},
    )

"""The SQL of pay runs, lines and codes. Not here: people (_store.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID

import numpy as np
import numpy.typing as npt

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


@dataclass(frozen=True, slots=True)
class Span:
    """Which lines are meant: pay dates from ``start`` up to ``end``, as known at an instant, of some or all people.

    ``excluded`` holds the pay codes that the provisions leave out: from a day, up to a day, the code.
    """

    tenant_id: SponsorId
    plan_id: PlanId
    start: date
    end: date
    known_at: datetime | None
    employees: Sequence[EmployeeId] | None
    excluded: Sequence[tuple[date, date, str]]


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
) -> None:
    """Insert a run without lines."""
    tx.run(
        """
        insert into census.pay_run
            (tenant_id, run_id, plan_id, pay_date, period_start, period_end, replaces, recorded_at, recorded_by)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, run_id, plan_id, pay_date, period_start, period_end, replaces, tx.now, tx.actor.id],
    )


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
            successor.run_id
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
        )
        for run_id, of_plan, pay_date, period_start, period_end, replaces, recorded_at, replaced_by in rows
    ]


def add_lines(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, columns: Mapping[str, str]) -> int:
    """Append lines given as array literals; returns how many had an employee of this tenant and were written."""
    return tx.run(
        """
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
        -- takes the place of a foreign key, which would be checked line by line
        join census.employee on employee.tenant_id = %(tenant_id)s and employee.employee_id = line.employee_id
        """,
        {"tenant_id": tenant_id, "run_id": run_id, "now": tx.now, **columns},
    )


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


_CURRENT_LINES: LiteralString = """
    with current_run as (
        select run.run_id, run.pay_date
        from census.pay_run as run
        where run.tenant_id = %(tenant_id)s
            and run.plan_id = %(plan_id)s
            and run.pay_date >= %(start)s
            and run.pay_date < %(end)s
            and run.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
            and not exists (
                select 1
                from census.pay_run as successor
                where successor.tenant_id = %(tenant_id)s
                    and successor.replaces = run.run_id
                    and successor.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
            )
    ),
    meaning as (
        select distinct on (run.run_id, code.code) run.run_id, code.code, code.counts
        from current_run as run
        join census.pay_code as code
            on code.tenant_id = %(tenant_id)s
                and code.plan_id = %(plan_id)s
                and code.event_on <= run.pay_date
                and code.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        order by run.run_id, code.code, code.event_on desc, code.recorded_at desc, code.ordinal desc
    ),
    -- what the sponsor said of a code goes before what the provisions name
    not_counted as (
        select meaning.run_id, meaning.code
        from meaning
        where not meaning.counts
        union
        select run.run_id, named.code
        from current_run as run
        join unnest(%(excluded_from)s::date[], %(excluded_to)s::date[], %(excluded_code)s::text[])
            as named (first_day, end_day, code)
            on run.pay_date >= named.first_day and run.pay_date < named.end_day
        where not exists (
            select 1
            from meaning
            where meaning.run_id = run.run_id and meaning.code = named.code
        )
    ),
    not_plan_pay as (
        select earning.run_id, earning.line_no, sum(earning.cents)::bigint as cents
        from not_counted
        join census.pay_earning as earning
            on earning.tenant_id = %(tenant_id)s
                and earning.run_id = not_counted.run_id
                and earning.code = not_counted.code
        group by earning.run_id, earning.line_no
    ),
    line as (
        select
            line.run_id, line.line_no, line.employee_id, run.pay_date, line.gross_cents, line.section_415_cents,
            line.fica_cents, line.hours_hundredths, line.pre_tax_cents, line.roth_cents, line.after_tax_cents,
            line.catch_up_pre_tax_cents, line.catch_up_roth_cents, line.match_cents, line.nonelective_cents,
            line.gross_cents - coalesce(not_plan_pay.cents, 0) as plan_cents
        from current_run as run
        join census.pay_line as line
            on line.tenant_id = %(tenant_id)s
                and line.run_id = run.run_id
                and line.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        left join not_plan_pay
            on not_plan_pay.run_id = line.run_id and not_plan_pay.line_no = line.line_no
        where %(everybody)s or line.employee_id = any (%(employees)s::uuid[])
    )
"""

# Columns leave the database whole, in binary: fetching 260,000 rows one by one takes ten times as long.
_COLUMNS: LiteralString = """
    select
        array_send(array_agg(employee_id)), array_send(array_agg(second)),
        array_send(array_agg(gross)), array_send(array_agg(section_415)), array_send(array_agg(fica)),
        array_send(array_agg(hours)), array_send(array_agg(pre_tax)), array_send(array_agg(roth)),
        array_send(array_agg(after_tax)), array_send(array_agg(catch_up_pre_tax)),
        array_send(array_agg(catch_up_roth)), array_send(array_agg(match)), array_send(array_agg(nonelective)),
        array_send(array_agg(plan))
"""

_SUMS: LiteralString = """
            sum(gross_cents)::bigint as gross, sum(section_415_cents)::bigint as section_415,
            sum(fica_cents)::bigint as fica, sum(hours_hundredths)::bigint as hours,
            sum(pre_tax_cents)::bigint as pre_tax, sum(roth_cents)::bigint as roth,
            sum(after_tax_cents)::bigint as after_tax, sum(catch_up_pre_tax_cents)::bigint as catch_up_pre_tax,
            sum(catch_up_roth_cents)::bigint as catch_up_roth, coalesce(sum(match_cents), 0)::bigint as match,
            coalesce(sum(nonelective_cents), 0)::bigint as nonelective, sum(plan_cents)::bigint as plan
        from line
"""

_TOTALS: LiteralString = (
    _CURRENT_LINES
    + _COLUMNS
    + """
    from (
        select employee_id, count(*) as second,
    """
    + _SUMS
    + """
        group by employee_id
        order by employee_id
    ) as total
    """
)

_BY_DATE: LiteralString = (
    _CURRENT_LINES
    + _COLUMNS
    + """
    from (
        select employee_id, (pay_date - date '1970-01-01')::bigint as second,
    """
    + _SUMS
    + """
        group by employee_id, pay_date
        order by employee_id, pay_date
    ) as total
    """
)

_LINES: LiteralString = (
    _CURRENT_LINES
    + """
    select
        run_id, line_no, employee_id, pay_date, gross_cents, plan_cents, section_415_cents, fica_cents,
        hours_hundredths, pre_tax_cents, roth_cents, after_tax_cents, catch_up_pre_tax_cents, catch_up_roth_cents,
        match_cents, nonelective_cents
    from line
    order by pay_date, run_id, line_no
    """
)


@dataclass(frozen=True, slots=True)
class Sums:
    """Columns as they came: who, then a count or day, then each amount by name."""

    employees: tuple[EmployeeId, ...]
    employee: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    amounts: dict[str, npt.NDArray[np.int64]]


def totals(tx: Tx, span: Span) -> Sums:
    """Sums per employee; ``second`` counts lines."""
    return _sums(tx.one(_TOTALS, _params(span)))


def by_date(tx: Tx, span: Span) -> Sums:
    """Sums per employee and pay date; ``second`` counts days since 1970."""
    return _sums(tx.one(_BY_DATE, _params(span)))


def lines(tx: Tx, span: Span) -> list[tuple[Any, ...]]:
    """Current lines one by one, by pay date."""
    return tx.rows(_LINES, _params(span))


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


def _params(span: Span) -> dict[str, Any]:
    return {
        "tenant_id": span.tenant_id,
        "plan_id": span.plan_id,
        "start": span.start,
        "end": span.end,
        "known_at": span.known_at,
        "everybody": span.employees is None,
        "employees": [each.uuid for each in span.employees or ()],
        "excluded_from": [first_day for first_day, _, _ in span.excluded],
        "excluded_to": [end_day for _, end_day, _ in span.excluded],
        "excluded_code": [code for _, _, code in span.excluded],
    }


#: What array_send writes: 20 bytes of header, then each element after the four bytes of its length.
_HEADER = 20
_INT = np.dtype([("length", ">i4"), ("value", ">i8")])
_UUID = np.dtype([("length", ">i4"), ("high", ">u8"), ("low", ">u8")])


def _sums(row: tuple[Any, ...]) -> Sums:
    who, second, *amounts = row
    names = [*AMOUNTS, "plan_cents"]
    if who is None:
        nothing = np.zeros(0, dtype=np.int64)
        return Sums((), nothing, nothing, dict.fromkeys(names, nothing))
    ids = np.frombuffer(who, dtype=_UUID, offset=_HEADER)
    starts = np.ones(len(ids), dtype=np.bool_)
    starts[1:] = (ids["high"][1:] != ids["high"][:-1]) | (ids["low"][1:] != ids["low"][:-1])
    first = ids[starts]
    employees = tuple(
        EmployeeId(UUID(int=high << 64 | low))
        for high, low in zip(first["high"].tolist(), first["low"].tolist(), strict=True)
    )
    place = np.cumsum(starts, dtype=np.int64) - 1
    return Sums(employees, place, _ints(second), {name: _ints(each) for name, each in zip(names, amounts, strict=True)})


def _ints(column: bytes) -> npt.NDArray[np.int64]:
    return np.frombuffer(column, dtype=_INT, offset=_HEADER)["value"].astype(np.int64)

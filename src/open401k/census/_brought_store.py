"""The SQL of what was paid and contributed before a plan came here. Not here: runs and lines (_pay_store.py)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, PlanId, RunId, Source, SponsorId

from ._sums_store import id_column, int_column


class PeriodRow(NamedTuple):
    """A current run of pay brought over, and of how many people it has lines."""

    run_id: UUID
    period_start: date
    period_end: date
    people: int


def periods(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None) -> list[PeriodRow]:
    """The runs brought over that were current at an instant, by period; those that a correction emptied, too."""
    rows = tx.rows(
        """
        select
            run.run_id, run.period_start, run.period_end,
            (
                select count(*)
                from census.pay_line as line
                where line.tenant_id = %(tenant_id)s and line.run_id = run.run_id
            )
        from census.pay_run as run
        where run.tenant_id = %(tenant_id)s
            and run.plan_id = %(plan_id)s
            and run.brought
            and run.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
            and not exists (
                select 1
                from census.pay_run as successor
                where successor.tenant_id = %(tenant_id)s
                    and successor.replaces = run.run_id
                    and successor.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
            )
        order by run.period_start, run.period_end
        """,
        {"tenant_id": tenant_id, "plan_id": plan_id, "known_at": known_at},
    )
    return [PeriodRow(*row) for row in rows]


class LineRow(NamedTuple):
    """A line of a run brought over; ``amounts`` in the order of ``AMOUNTS``."""

    run_id: UUID
    line_no: int
    employee_id: UUID
    amounts: tuple[int | None, ...]


def lines(
    tx: Tx, *, tenant_id: SponsorId, runs: Sequence[UUID], employees: Sequence[EmployeeId] | None
) -> list[LineRow]:
    """The lines of these runs, of everybody or of some people."""
    rows = tx.rows(
        """
        select
            run_id, line_no, employee_id, gross_cents, section_415_cents, fica_cents, hours_hundredths, pre_tax_cents,
            roth_cents, after_tax_cents, catch_up_pre_tax_cents, catch_up_roth_cents, match_cents, nonelective_cents
        from census.pay_line
        where tenant_id = %(tenant_id)s
            and run_id = any (%(runs)s::uuid[])
            and (%(everybody)s or employee_id = any (%(employees)s::uuid[]))
        """,
        {
            "tenant_id": tenant_id,
            "runs": list(runs),
            "everybody": employees is None,
            "employees": [each.uuid for each in employees or ()],
        },
    )
    return [LineRow(run_id, line_no, who, tuple(amounts)) for run_id, line_no, who, *amounts in rows]


def add_amounts(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, amounts: Sequence[tuple[int, str, int]]) -> None:
    """Append what lines of a run brought over say besides pay: line, name, cents."""
    tx.run(
        """
        insert into census.brought_amount (tenant_id, run_id, line_no, name, cents)
        select %s, %s, part.line_no, part.name, part.cents
        from unnest(%s::integer[], %s::text[], %s::bigint[]) as part (line_no, name, cents)
        """,
        [
            tenant_id,
            run_id,
            [line_no for line_no, _, _ in amounts],
            [name for _, name, _ in amounts],
            [cents for _, _, cents in amounts],
        ],
    )


def amounts_on_file(tx: Tx, *, tenant_id: SponsorId, runs: Sequence[UUID]) -> list[tuple[UUID, int, str, int]]:
    """Run, line, name and cents of what these runs say besides pay."""
    rows = tx.rows(
        """
        select run_id, line_no, name, cents
        from census.brought_amount
        where tenant_id = %s and run_id = any (%s::uuid[])
        """,
        [tenant_id, list(runs)],
    )
    return [(run_id, line_no, name, cents) for run_id, line_no, name, cents in rows]


def contributed(
    tx: Tx, *, tenant_id: SponsorId, runs: Sequence[UUID]
) -> tuple[IdColumn[EmployeeId], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Who, the place of a source in ``Source``, and cents, of everything that went to the plan in these runs."""
    row = tx.one(
        """
        with part as (
            select line.employee_id, own.name, own.cents
            from census.pay_line as line
            cross join lateral (
                values
                    ('pre_tax', line.pre_tax_cents + line.catch_up_pre_tax_cents),
                    ('roth', line.roth_cents + line.catch_up_roth_cents),
                    ('after_tax', line.after_tax_cents)
            ) as own (name, cents)
            where line.tenant_id = %(tenant_id)s and line.run_id = any (%(runs)s::uuid[])
            union all
            select line.employee_id, amount.name, amount.cents
            from census.brought_amount as amount
            join census.pay_line as line
                on line.tenant_id = %(tenant_id)s and line.run_id = amount.run_id and line.line_no = amount.line_no
            where amount.tenant_id = %(tenant_id)s
                and amount.run_id = any (%(runs)s::uuid[])
                and amount.name <> 'balance_before'
        )
        select
            array_send(array_agg(total.employee_id)), array_send(array_agg(total.source)),
            array_send(array_agg(total.cents))
        from (
            select
                part.employee_id, array_position(%(sources)s::text[], part.name)::bigint - 1 as source,
                sum(part.cents)::bigint as cents
            from part
            group by part.employee_id, part.name
            having sum(part.cents) <> 0
        ) as total
        """,
        {"tenant_id": tenant_id, "runs": list(runs), "sources": [source.value for source in Source]},
        binary=True,
    )
    return id_column(row[0]), int_column(row[1]), int_column(row[2])


def balances_before(tx: Tx, *, tenant_id: SponsorId, runs: Sequence[UUID]) -> list[tuple[UUID, int]]:
    """What each account held on the last day of the plan year before, as these runs say."""
    rows: list[tuple[Any, ...]] = tx.rows(
        """
        select line.employee_id, sum(amount.cents)::bigint
        from census.brought_amount as amount
        join census.pay_line as line
            on line.tenant_id = %(tenant_id)s and line.run_id = amount.run_id and line.line_no = amount.line_no
        where amount.tenant_id = %(tenant_id)s
            and amount.run_id = any (%(runs)s::uuid[])
            and amount.name = 'balance_before'
        group by line.employee_id
        """,
        {"tenant_id": tenant_id, "runs": list(runs)},
    )
    return [(who, cents) for who, cents in rows]

"""The SQL of whose payroll a pay line is: the employer's EIN, where payroll told it. Not here: amounts."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import RunId, SponsorId


def add_employers(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, lines: Sequence[tuple[int, str]]) -> None:
    """Append whose payroll lines are."""
    tx.run(
        """
        insert into census.pay_employer (tenant_id, run_id, line_no, ein)
        select %s, %s, line.line_no, line.ein
        from unnest(%s::integer[], %s::text[]) as line (line_no, ein)
        """,
        [tenant_id, run_id, [line_no for line_no, _ in lines], [ein for _, ein in lines]],
    )


def employers_on_file(tx: Tx, *, tenant_id: SponsorId, run_id: RunId) -> list[tuple[int, str]]:
    """The lines of a run that name an employer."""
    sql = "select line_no, ein from census.pay_employer where tenant_id = %s and run_id = %s"
    return tx.rows(sql, [tenant_id, run_id])


def employers_between(tx: Tx, *, tenant_id: SponsorId, start: date, end: date) -> list[str]:
    """Every employer that lines of these pay dates name, of replaced runs too: more than count only asks for more."""
    rows = tx.rows(
        """
        select distinct told.ein
        from census.pay_run as run
        join census.pay_employer as told
            on told.tenant_id = %(tenant_id)s and told.run_id = run.run_id
        where run.tenant_id = %(tenant_id)s and run.pay_date >= %(start)s and run.pay_date < %(end)s
        """,
        {"tenant_id": tenant_id, "start": start, "end": end},
    )
    return [ein for (ein,) in rows]


def employers_of(tx: Tx, *, tenant_id: SponsorId, runs: Sequence[UUID]) -> Mapping[tuple[UUID, int], str]:
    """Whose payroll each line of these runs is, where it was told."""
    rows = tx.rows(
        "select run_id, line_no, ein from census.pay_employer where tenant_id = %s and run_id = any (%s::uuid[])",
        [tenant_id, list(runs)],
    )
    return {(run_id, line_no): ein for run_id, line_no, ein in rows}

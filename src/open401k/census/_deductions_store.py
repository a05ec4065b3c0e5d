"""The SQL of what payroll takes off by code, and of what codes change of a line's pay. Not here: sums."""

from collections.abc import Sequence
from typing import LiteralString

from open401k.base.db import Tx
from open401k.kernel import RunId, SponsorId

from ._codes_store import CODES

#: Up to ``taken_off``, after the codes of earnings: which deduction codes take their amounts off FICA wages. Gross pay
#: is before every deduction, and pay under section 415 and W-2 pay add these back: only FICA wages are without them.
EFFECTS: LiteralString = (
    CODES
    + """,
    deduction_kind as (
        select distinct on (run.run_id, fact.code) run.run_id, run.pay_date, fact.code, fact.kind
        from current_run as run
        join census.code_kind as fact
            on fact.tenant_id = %(tenant_id)s
                and fact.side = 'deduction'
                and fact.event_on <= run.pay_date
                and fact.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        order by run.run_id, fact.code, fact.event_on desc, fact.recorded_at desc, fact.ordinal desc
    ),
    taken_off as (
        select deduction_kind.run_id, deduction_kind.code
        from deduction_kind
        where deduction_kind.kind = any (%(off_fica)s::text[])
    )
"""
)

#: What codes change of each line: ``by_code``.
BY_CODE: LiteralString = (
    EFFECTS
    + """,
    by_code as (
        select
            part.run_id, part.line_no, sum(part.plan)::bigint as plan, sum(part.section_415)::bigint as section_415,
            sum(part.fica)::bigint as fica
        from (
            select
                earning.run_id, earning.line_no, earning.cents * effect.plan as plan,
                earning.cents * effect.section_415 as section_415, earning.cents * effect.fica as fica
            from effect
            join census.pay_earning as earning
                on earning.tenant_id = %(tenant_id)s
                    and earning.run_id = effect.run_id
                    and earning.code = effect.code
            where (effect.plan, effect.section_415, effect.fica) <> (0, 0, 0)
            union all
            select deduction.run_id, deduction.line_no, 0, 0, -deduction.cents
            from taken_off
            join census.pay_deduction as deduction
                on deduction.tenant_id = %(tenant_id)s
                    and deduction.run_id = taken_off.run_id
                    and deduction.code = taken_off.code
        ) as part
        group by part.run_id, part.line_no
    )
"""
)

#: The current runs, each with what its codes change.
RUNS_BY_CODES: LiteralString = (
    EFFECTS
    + """
    select
        run.run_id,
        array(
            select concat_ws(' ', effect.plan, effect.section_415, effect.fica, effect.code)
            from effect
            where effect.run_id = run.run_id and (effect.plan, effect.section_415, effect.fica) <> (0, 0, 0)
            order by effect.code
        ) || array(
            select concat_ws(' ', 'off', taken_off.code)
            from taken_off
            where taken_off.run_id = run.run_id
            order by taken_off.code
        )
    from current_run as run
    """
)


def add_deductions(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, deductions: Sequence[tuple[int, str, int]]) -> None:
    """Append what was taken off by line and code; one code twice on a line is one amount."""
    tx.run(
        """
        insert into census.pay_deduction (tenant_id, run_id, line_no, code, cents)
        select %s, %s, part.line_no, part.code, sum(part.cents)::bigint
        from unnest(%s::integer[], %s::text[], %s::bigint[]) as part (line_no, code, cents)
        group by part.line_no, part.code
        """,
        [
            tenant_id,
            run_id,
            [line_no for line_no, _, _ in deductions],
            [code for _, code, _ in deductions],
            [cents for _, _, cents in deductions],
        ],
    )


def deductions_on_file(tx: Tx, *, tenant_id: SponsorId, run_id: RunId) -> list[tuple[int, str, int]]:
    """Line, code and cents of a run's deductions."""
    rows = tx.rows(
        "select line_no, code, cents from census.pay_deduction where tenant_id = %s and run_id = %s",
        [tenant_id, run_id],
    )
    return [(line_no, code, cents) for line_no, code, cents in rows]

"""The SQL of what payroll takes off by code, and of what codes change of a line's pay. Not here: sums."""

from collections.abc import Sequence
from datetime import date
from typing import LiteralString
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, RunId, SponsorId

from ._codes_store import CODES

#: Up to ``own_off``, after the codes of earnings: which deduction codes take their amounts off plan pay and FICA wages.
#: Gross pay is before every deduction, and pay under section 415 and W-2 pay add these back: FICA wages are without
#: them, and plan pay where the terms say so; of the plan's own pre-tax deferrals a line has the amount itself.
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
    off_plan as (
        select rule.first_day, rule.end_day, rule.kind
        from unnest(%(rule_from)s::date[], %(rule_to)s::date[], %(rule_kind)s::text[], %(rule_plan)s::boolean[])
            as rule (first_day, end_day, kind, plan)
        where not rule.plan
    ),
    taken_off as (
        select
            deduction_kind.run_id, deduction_kind.code, off_plan.kind is not null as plan,
            deduction_kind.kind = any (%(off_fica)s::text[]) as fica
        from deduction_kind
        left join off_plan
            on off_plan.kind = deduction_kind.kind
                -- the plan's own, told under a code, is what its column tells
                and off_plan.kind <> 'pre_tax_deferral'
                and deduction_kind.pay_date >= off_plan.first_day
                and deduction_kind.pay_date < off_plan.end_day
        where off_plan.kind is not null or deduction_kind.kind = any (%(off_fica)s::text[])
    ),
    own_off as (
        select run.run_id
        from current_run as run
        join off_plan
            on off_plan.kind = 'pre_tax_deferral'
                and run.pay_date >= off_plan.first_day
                and run.pay_date < off_plan.end_day
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
            select
                deduction.run_id, deduction.line_no, -deduction.cents * taken_off.plan::integer, 0,
                -deduction.cents * taken_off.fica::integer
            from taken_off
            join census.pay_deduction as deduction
                on deduction.tenant_id = %(tenant_id)s
                    and deduction.run_id = taken_off.run_id
                    and deduction.code = taken_off.code
            {own_off}
        ) as part
        group by part.run_id, part.line_no
    )
"""
)

#: In place of ``{own_off}`` where terms of the span leave the plan's own pre-tax deferrals out.
OWN_OFF: LiteralString = """
            union all
            select line.run_id, line.line_no, -(line.pre_tax_cents + line.catch_up_pre_tax_cents), 0, 0
            from own_off
            join census.pay_line as line
                on line.tenant_id = %(tenant_id)s and line.run_id = own_off.run_id
"""

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
            select concat_ws(' ', 'off', case when taken_off.plan then taken_off.fica end, taken_off.code)
            from taken_off
            where taken_off.run_id = run.run_id
            order by taken_off.code
        ) || array(
            select 'own'
            from own_off
            where own_off.run_id = run.run_id
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


def runs_without(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: date, end: date) -> list[tuple[UUID, date]]:
    """Current payrolls of ours with lines and no deduction, by pay date."""
    return tx.rows(
        """
        select run.run_id, run.pay_date
        from census.pay_run as run
        where run.tenant_id = %(tenant_id)s
            and run.plan_id = %(plan_id)s
            and run.pay_date >= %(start)s
            and run.pay_date < %(end)s
            and not run.brought
            and not exists (
                select 1
                from census.pay_run as successor
                where successor.tenant_id = %(tenant_id)s and successor.replaces = run.run_id
            )
            and exists (
                select 1
                from census.pay_line as line
                where line.tenant_id = %(tenant_id)s and line.run_id = run.run_id
            )
            and not exists (
                select 1
                from census.pay_deduction as deduction
                where deduction.tenant_id = %(tenant_id)s and deduction.run_id = run.run_id
            )
        order by run.pay_date, run.run_id
        """,
        {"tenant_id": tenant_id, "plan_id": plan_id, "start": start, "end": end},
    )

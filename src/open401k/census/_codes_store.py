"""The SQL of what payroll codes mean: kinds, and what each adds to gross pay. Not here: sums (_sums_store.py)."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, RunId, SponsorId

#: Common tables of a statement over the runs of a span, up to ``effect``: what a code adds to gross pay.
CODES: LiteralString = """
    with current_run as ({runs}),
    -- whoever said it, of the plan or of the sponsor: the word of the later day goes first, then the newer one
    word as (
        select distinct on (run.run_id, said.code) run.run_id, run.pay_date, said.code, said.counts
        from current_run as run
        join (
            select code, event_on, recorded_at, ordinal, counts
            from census.pay_code
            where tenant_id = %(tenant_id)s and plan_id = %(codes_of)s
            union all
            select code, event_on, recorded_at, ordinal, null
            from census.code_kind
            where tenant_id = %(tenant_id)s and side = 'earning'
        ) as said
            on said.event_on <= run.pay_date
                and said.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        order by
            run.run_id, said.code, said.event_on desc, said.recorded_at desc, said.counts is null desc,
            said.ordinal desc
    ),
    kind as (
        select distinct on (run.run_id, fact.code) run.run_id, run.pay_date, fact.code, fact.kind, fact.in_gross
        from current_run as run
        join census.code_kind as fact
            on fact.tenant_id = %(tenant_id)s
                and fact.side = 'earning'
                and fact.event_on <= run.pay_date
                and fact.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        order by run.run_id, fact.code, fact.event_on desc, fact.recorded_at desc, fact.ordinal desc
    ),
    named as (
        select run.run_id, named.code
        from current_run as run
        join unnest(%(excluded_from)s::date[], %(excluded_to)s::date[], %(excluded_code)s::text[])
            as named (first_day, end_day, code)
            on run.pay_date >= named.first_day and run.pay_date < named.end_day
    ),
    -- What a code adds to gross pay to give plan pay, 415 pay and FICA wages, in its amounts: 1, 0 or -1. What the
    -- sponsor said of it for the plan goes before what the provisions name, and that before what they say of its kind;
    -- money that counts other pay than deferrals counts a code that was said to count only as its own terms have it.
    effect as (
        select
            of_code.run_id, of_code.code,
            coalesce(
                case when not word.counts or apart.first_day is null then word.counts end,
                named.code is null and coalesce(rule.plan, true)
            )::integer
                - coalesce(kind.in_gross, true)::integer as plan,
            coalesce(rule.section_415, true)::integer - coalesce(kind.in_gross, true)::integer as section_415,
            coalesce(rule.fica, true)::integer - coalesce(kind.in_gross, true)::integer as fica
        from (
            select run_id, code
            from word
            union
            select run_id, code
            from named
        ) as of_code
        left join word on word.run_id = of_code.run_id and word.code = of_code.code
        left join kind on kind.run_id = of_code.run_id and kind.code = of_code.code
        left join named on named.run_id = of_code.run_id and named.code = of_code.code
        left join unnest(
            %(rule_from)s::date[], %(rule_to)s::date[], %(rule_kind)s::text[], %(rule_plan)s::boolean[],
            %(rule_415)s::boolean[], %(rule_fica)s::boolean[]
        ) as rule (first_day, end_day, kind, plan, section_415, fica)
            on rule.kind = kind.kind and kind.pay_date >= rule.first_day and kind.pay_date < rule.end_day
        left join unnest(%(apart_from)s::date[], %(apart_to)s::date[]) as apart (first_day, end_day)
            on word.pay_date >= apart.first_day and word.pay_date < apart.end_day
    )
"""


#: The current runs, each with what its codes change.
RUNS_WITHOUT_CODES: LiteralString = """
    with current_run as ({runs})
    select run_id, '{}'::text[]
    from current_run
"""


def on_file(tx: Tx, *, tenant_id: SponsorId) -> tuple[bool, bool]:
    """Whether there is any word about any code, and any line in doubt."""
    spoken, doubted = tx.one(
        """
        select
            exists (select 1 from census.pay_code where tenant_id = %(tenant_id)s)
                or exists (select 1 from census.code_kind where tenant_id = %(tenant_id)s),
            exists (select 1 from census.code_doubt where tenant_id = %(tenant_id)s)
        """,
        {"tenant_id": tenant_id},
    )
    return bool(spoken), bool(doubted)


def add_doubts(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, doubts: Sequence[tuple[int, str, str, str]]) -> None:
    """Append line, side, code and why."""
    tx.run(
        """
        insert into census.code_doubt (tenant_id, run_id, line_no, side, code, why, recorded_at)
        select %s, %s, doubt.line_no, doubt.side, doubt.code, doubt.why, %s
        from unnest(%s::integer[], %s::text[], %s::text[], %s::text[]) as doubt (line_no, side, code, why)
        """,
        [tenant_id, run_id, tx.now, *(list(column) for column in zip(*doubts, strict=True))],
    )


class DoubtRow(NamedTuple):
    """A line in doubt, with its code's amount."""

    run_id: UUID
    side: str
    code: str
    why: str
    employee_id: UUID
    pay_date: date
    cents: int


#: Lines whose code nobody spoke of since they were recorded, by what was known at an instant.
_DOUBTS: LiteralString = """
    select
        run.run_id, doubt.side, doubt.code, doubt.why, line.employee_id, run.pay_date,
        coalesce(earning.cents, deduction.cents, 0)
    from census.code_doubt as doubt
    join census.pay_run as run
        on run.tenant_id = %(tenant_id)s
            and run.run_id = doubt.run_id
            and run.plan_id = %(plan_id)s
            and run.pay_date >= %(start)s
            and run.pay_date < %(end)s
    join census.pay_line as line
        on line.tenant_id = %(tenant_id)s and line.run_id = doubt.run_id and line.line_no = doubt.line_no
    left join census.pay_earning as earning
        on earning.tenant_id = %(tenant_id)s
            and earning.run_id = doubt.run_id
            and earning.line_no = doubt.line_no
            and earning.code = doubt.code
            and doubt.side = 'earning'
    left join census.pay_deduction as deduction
        on deduction.tenant_id = %(tenant_id)s
            and deduction.run_id = doubt.run_id
            and deduction.line_no = doubt.line_no
            and deduction.code = doubt.code
            and doubt.side = 'deduction'
    where doubt.tenant_id = %(tenant_id)s
        and doubt.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        and not exists (
            select 1
            from census.pay_run as successor
            where successor.tenant_id = %(tenant_id)s
                and successor.replaces = doubt.run_id
                and successor.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        )
        and not exists (
            select 1
            from census.pay_code as word
            where word.tenant_id = %(tenant_id)s
                and word.plan_id = %(plan_id)s
                and doubt.side = 'earning'
                and word.code = doubt.code
                and word.event_on <= run.pay_date
                and word.recorded_at >= doubt.recorded_at
                and word.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        )
        and not exists (
            select 1
            from census.code_kind as word
            where word.tenant_id = %(tenant_id)s
                and word.side = doubt.side
                and word.code = doubt.code
                and word.event_on <= run.pay_date
                and word.recorded_at >= doubt.recorded_at
                and word.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        )
    order by run.pay_date, run.run_id, doubt.side desc, doubt.code, doubt.line_no
"""


def doubts(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: date, end: date, known_at: datetime | None = None
) -> list[DoubtRow]:
    """Current lines whose code nobody spoke of since they were recorded, as known at an instant."""
    rows = tx.rows(
        _DOUBTS,
        {"tenant_id": tenant_id, "plan_id": plan_id, "start": start, "end": end, "known_at": known_at},
    )
    return [DoubtRow(*row) for row in rows]


class CodeRow(NamedTuple):
    """What is on file of one code: lines, people, cents, the most of a line, and the first and last pay date."""

    code: str
    lines: int
    people: int
    cents: int
    most_cents: int
    first: date
    last: date


_OF_CODES: LiteralString = """
    select
        part.code, count(*), count(distinct line.employee_id), sum(part.cents)::bigint, max(abs(part.cents)),
        min(run.pay_date), max(run.pay_date)
    from census.pay_run as run
    join {parts} as part on part.tenant_id = %(tenant_id)s and part.run_id = run.run_id
    join census.pay_line as line
        on line.tenant_id = %(tenant_id)s and line.run_id = run.run_id and line.line_no = part.line_no
    where run.tenant_id = %(tenant_id)s
        and run.plan_id = %(plan_id)s
        and not exists (
            select 1
            from census.pay_run as successor
            where successor.tenant_id = %(tenant_id)s and successor.replaces = run.run_id
        )
    group by part.code
    order by part.code
"""


def of_codes(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, deducted: bool) -> list[CodeRow]:
    """Every code of current lines of a plan: of what they pay, or of what was deducted."""
    sql = _OF_CODES.replace("{parts}", "census.pay_deduction" if deducted else "census.pay_earning")
    return [CodeRow(*row) for row in tx.rows(sql, {"tenant_id": tenant_id, "plan_id": plan_id})]


class KindRow(NamedTuple):
    """A row of ``census.code_kind``."""

    side: str
    code: str
    event_on: date
    kind: str
    in_gross: bool
    evidence: dict[str, Any]
    recorded_at: datetime
    recorded_by: str


def add_kind(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    side: str,
    code: str,
    event_on: date,
    kind: str,
    in_gross: bool,
    evidence: Mapping[str, Any],
) -> None:
    """Append what a code is for, from a day on."""
    tx.run(
        """
        insert into census.code_kind
            (tenant_id, side, code, event_on, recorded_at, ordinal, kind, in_gross, evidence, recorded_by)
        select
            %(tenant_id)s, %(side)s, %(code)s, %(event_on)s, %(now)s, count(*), %(kind)s, %(in_gross)s,
            %(evidence)s::jsonb, %(by)s
        from census.code_kind
        where tenant_id = %(tenant_id)s and side = %(side)s and code = %(code)s and recorded_at = %(now)s
        """,
        {
            "tenant_id": tenant_id,
            "side": side,
            "code": code,
            "event_on": event_on,
            "now": tx.now,
            "kind": kind,
            "in_gross": in_gross,
            "evidence": json.dumps(evidence),
            "by": tx.actor.id,
        },
    )


def kinds(tx: Tx, *, tenant_id: SponsorId, known_at: datetime | None) -> list[KindRow]:
    """Every word about what a code is for, by code and day, the newest of a day last."""
    rows = tx.rows(
        """
        select side, code, event_on, kind, in_gross, evidence, recorded_at, recorded_by
        from census.code_kind
        where tenant_id = %(tenant_id)s and recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        order by side, code, event_on, recorded_at, ordinal
        """,
        {"tenant_id": tenant_id, "known_at": known_at},
    )
    return [KindRow(*row) for row in rows]


class WordRow(NamedTuple):
    """A word about a code: the plan's, whether its pay counts, or the sponsor's, of which kind it is."""

    side: str
    code: str
    event_on: date
    counts: bool | None
    kind: str | None
    in_gross: bool
    evidence: dict[str, Any]


def words(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, on: date) -> list[WordRow]:
    """What holds of each code on a day, in the order in which one goes before another: the last word is the first."""
    rows = tx.rows(
        """
        select side, code, event_on, counts, kind, in_gross, evidence
        from (
            select
                'earning' as side, code, event_on, recorded_at, ordinal, counts, null as kind, true as in_gross,
                '{}'::jsonb as evidence
            from census.pay_code
            where tenant_id = %(tenant_id)s and plan_id = %(plan_id)s and event_on <= %(on)s
            union all
            select side, code, event_on, recorded_at, ordinal, null, kind, in_gross, evidence
            from census.code_kind
            where tenant_id = %(tenant_id)s and event_on <= %(on)s
        ) as said
        order by side, code, event_on desc, recorded_at desc, counts is null desc, ordinal desc
        """,
        {"tenant_id": tenant_id, "plan_id": plan_id, "on": on},
    )
    return [WordRow(*row) for row in rows]

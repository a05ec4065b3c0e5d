"""The SQL that reads pay lines, as they are current at an instant. Not here: writing them (_pay_store.py)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID

import numpy as np
import numpy.typing as npt

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, PlanId, SponsorId

from ._codes_store import RUNS_WITHOUT_CODES
from ._deductions_store import BY_CODE, OWN_OFF, RUNS_BY_CODES
from ._pay_store import AMOUNTS


@dataclass(frozen=True, slots=True)
class Span:
    """Which lines are meant: pay dates from ``start`` up to ``end``, as known at an instant, of some or all people.

    ``excluded`` holds the pay codes that the provisions leave out: from a day, up to a day, the code. ``rules`` holds
    the kinds of pay that do not count for everything, with what they count for: plan pay, 415 pay, FICA wages.
    """

    tenant_id: SponsorId
    plan_id: PlanId
    start: date
    end: date
    known_at: datetime | None
    employees: Sequence[EmployeeId] | None
    excluded: Sequence[tuple[date, date, str]]
    runs: Sequence[UUID] | None = None  # these, whatever is current
    brought: bool = True  # what payrolls elsewhere paid before the plan came here, too
    rules: Sequence[tuple[date, date, str, bool, bool, bool]] = ()
    coded: bool = True  # whether anybody ever spoke of a code, or the provisions name one
    codes_of: PlanId | None = None  # by whose pay codes pay is plan pay, if not by the plan's own
    off_fica: Sequence[str] = ()  # kinds of deductions that are no FICA wages
    apart: Sequence[tuple[date, date]] = ()  # days of terms by which this pay is not what deferrals count


_CURRENT_RUNS: LiteralString = """
        select run.run_id, run.pay_date
        from census.pay_run as run
        where run.tenant_id = %(tenant_id)s
            and run.plan_id = %(plan_id)s
            and run.pay_date >= %(start)s
            and run.pay_date < %(end)s
            and run.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
            {ours}
            and not exists (
                select 1
                from census.pay_run as successor
                where successor.tenant_id = %(tenant_id)s
                    and successor.replaces = run.run_id
                    and successor.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
            )
"""

_NAMED_RUNS: LiteralString = """
        select run.run_id, run.pay_date
        from census.pay_run as run
        where run.tenant_id = %(tenant_id)s and run.run_id = any (%(runs)s::uuid[])
"""

_CURRENT_LINES: LiteralString = (
    BY_CODE
    + """,
    line as (
        select
            line.run_id, line.line_no, line.employee_id, run.pay_date, line.gross_cents,
            line.section_415_cents + coalesce(by_code.section_415, 0) as section_415_cents,
            line.fica_cents + case when told.run_id is null then coalesce(by_code.fica, 0) else 0 end as fica_cents,
            line.hours_hundredths, line.pre_tax_cents, line.roth_cents, line.after_tax_cents,
            line.catch_up_pre_tax_cents, line.catch_up_roth_cents, line.match_cents, line.nonelective_cents,
            line.gross_cents + coalesce(by_code.plan, 0) as plan_cents
        from current_run as run
        join census.pay_line as line
            on line.tenant_id = %(tenant_id)s
                and line.run_id = run.run_id
                and line.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        left join by_code
            on by_code.run_id = line.run_id and by_code.line_no = line.line_no
        left join census.pay_fica_told as told
            on told.tenant_id = %(tenant_id)s and told.run_id = line.run_id and told.line_no = line.line_no
        {those}
    )
    """
)

# Where nobody ever spoke of a code, all of gross pay is plan pay, and what was sent counts.
_LINES_WITHOUT_CODES: LiteralString = """
    with current_run as ({runs}),
    line as (
        select
            line.run_id, line.line_no, line.employee_id, run.pay_date, line.gross_cents, line.section_415_cents,
            line.fica_cents, line.hours_hundredths, line.pre_tax_cents, line.roth_cents, line.after_tax_cents,
            line.catch_up_pre_tax_cents, line.catch_up_roth_cents, line.match_cents, line.nonelective_cents,
            line.gross_cents as plan_cents
        from current_run as run
        join census.pay_line as line
            on line.tenant_id = %(tenant_id)s
                and line.run_id = run.run_id
                and line.recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        {those}
    )
"""

# Columns leave the database in binary, some thousand values at once: fetching 260,000 rows one by one takes ten times
# as long, and the driver would hold columns sent whole twice, and never give back the room for them.
_COLUMNS: LiteralString = """
    select
        array_send(array_agg(employee_id)), array_send(array_agg(second)),
        array_send(array_agg(gross_cents)), array_send(array_agg(section_415_cents)),
        array_send(array_agg(fica_cents)), array_send(array_agg(hours_hundredths)),
        array_send(array_agg(pre_tax_cents)), array_send(array_agg(roth_cents)),
        array_send(array_agg(after_tax_cents)), array_send(array_agg(catch_up_pre_tax_cents)),
        array_send(array_agg(catch_up_roth_cents)), array_send(array_agg(match_cents)),
        array_send(array_agg(nonelective_cents)), array_send(array_agg(plan_cents))
"""

_TOTALS: LiteralString = (
    "{lines}"
    + _COLUMNS
    + """
    from (
        select
            (row_number() over () - 1) / %(slice)s as slice, employee_id, count(*) as second,
            sum(gross_cents)::bigint as gross_cents, sum(section_415_cents)::bigint as section_415_cents,
            sum(fica_cents)::bigint as fica_cents, sum(hours_hundredths)::bigint as hours_hundredths,
            sum(pre_tax_cents)::bigint as pre_tax_cents, sum(roth_cents)::bigint as roth_cents,
            sum(after_tax_cents)::bigint as after_tax_cents,
            sum(catch_up_pre_tax_cents)::bigint as catch_up_pre_tax_cents,
            sum(catch_up_roth_cents)::bigint as catch_up_roth_cents,
            coalesce(sum(match_cents), 0)::bigint as match_cents,
            coalesce(sum(nonelective_cents), 0)::bigint as nonelective_cents, sum(plan_cents)::bigint as plan_cents
        from line
        group by employee_id
    ) as total
    group by slice
    """
)

# Lines, not sums: putting 260,000 rows in order takes numpy a tenth of the time that it takes here.
_BY_DATE: LiteralString = (
    "{lines}"
    + _COLUMNS
    + """
    from (
        select
            (row_number() over () - 1) / %(slice)s as slice, employee_id,
            (pay_date - date '1970-01-01')::bigint as second, gross_cents, section_415_cents, fica_cents,
            hours_hundredths, pre_tax_cents, roth_cents, after_tax_cents, catch_up_pre_tax_cents,
            catch_up_roth_cents, coalesce(match_cents, 0) as match_cents,
            coalesce(nonelective_cents, 0) as nonelective_cents, plan_cents
        from line
    ) as part
    group by slice
    """
)

_LINES: LiteralString = """
    {lines}
    select
        run_id, line_no, employee_id, pay_date, gross_cents, plan_cents, section_415_cents, fica_cents,
        hours_hundredths, pre_tax_cents, roth_cents, after_tax_cents, catch_up_pre_tax_cents, catch_up_roth_cents,
        match_cents, nonelective_cents
    from line
    order by pay_date, run_id, line_no
"""

#: Of more people than these, everybody's lines are read and the others' left out here: a statement that is prepared
#: may hold each line against each id (100,000 of each took minutes).
FEW = 200
#: Lines or people of which the columns are sent at once.
SLICE = 10_000
#: Slices up to which an answer is short: it is held whole, and its statement need not be planned anew.
SHORT = 3
_THOSE: LiteralString = "where line.employee_id = any (%(employees)s::uuid[])"


@dataclass(frozen=True, slots=True)
class Sums:
    """Columns as they came: who, then a count or day, then each amount by name."""

    employees: IdColumn[EmployeeId]
    employee: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    amounts: dict[str, npt.NDArray[np.int64]]


def totals(tx: Tx, span: Span) -> Sums:
    """Sums per employee; ``second`` counts lines."""
    return _only(_sums(_slices(tx, _TOTALS, span)), span)


def runs(tx: Tx, span: Span) -> frozenset[tuple[UUID, tuple[str, ...]]]:
    """The current runs, each with its codes that change what gross pay counts for: all that sums of pay are made of."""
    sql = RUNS_BY_CODES if span.coded else RUNS_WITHOUT_CODES
    return frozenset((run_id, tuple(codes)) for run_id, codes in tx.rows(meant(sql, span), params(span)))


def together(one: Sums, other: Sums) -> Sums:
    """Totals of other runs added to totals."""
    raw = np.concatenate([one.employees.raw, other.employees.raw])
    if not len(raw):
        return one
    order = np.argsort(raw, kind="stable")
    raw = raw[order]
    starts = np.flatnonzero(np.concatenate([[True], raw[1:] != raw[:-1]]))

    def added(mine: npt.NDArray[np.int64], others: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return np.add.reduceat(np.concatenate([mine, others])[order], starts)

    return Sums(
        IdColumn(EmployeeId, raw[starts]),
        np.arange(len(starts), dtype=np.int64),
        added(one.second, other.second),
        _shared({name: added(each, other.amounts[name]) for name, each in one.amounts.items()}),
    )


def by_date(tx: Tx, span: Span, *, last_only: bool = False) -> Sums:
    """Sums per employee and pay date, or of the last one of each; ``second`` counts days since 1970."""
    return _only(_sums(_slices(tx, _BY_DATE, span), last_only=last_only), span)


def _slices(tx: Tx, sql: LiteralString, span: Span) -> Iterator[tuple[Any, ...]]:
    """An answer slice by slice: at once where the plan's last one was short, else while it arrives."""
    statement, given, key = meant(sql, span), params(span), ("slices of pay", span.plan_id)
    short = _few(span) or (tx.kept is not None and tx.kept.get(key))
    count = 0
    for each in tx.rows(statement, given, binary=True) if short else tx.each(statement, given, binary=True):
        count += 1
        yield each
    if tx.kept is not None and not _few(span):
        tx.kept.put(key, count <= SHORT, 0)


def lines(tx: Tx, span: Span) -> list[tuple[Any, ...]]:
    """Current lines one by one, by pay date."""
    found = tx.rows(meant(_LINES, span), params(span))
    wanted = None if span.employees is None or _few(span) else {each.uuid for each in span.employees}
    return found if wanted is None else [row for row in found if row[2] in wanted]


def _few(span: Span) -> bool:
    return span.employees is not None and len(span.employees) <= FEW


def _only(sums: Sums, span: Span) -> Sums:
    """Without the people who were read only because so many others were asked for."""
    if span.employees is None or _few(span):
        return sums
    mine = sums.employees.places_in(IdColumn.of(EmployeeId, span.employees)) >= 0
    rows = mine[sums.employee]
    return Sums(
        IdColumn(EmployeeId, sums.employees.raw[mine]),
        (np.cumsum(mine, dtype=np.int64) - 1)[sums.employee[rows]],
        sums.second[rows],
        {name: each[rows] for name, each in sums.amounts.items()},
    )


def meant(sql: LiteralString, span: Span) -> LiteralString:
    """A statement over the runs and people that are meant."""
    runs = _CURRENT_RUNS if span.runs is None else _NAMED_RUNS
    sql = sql.replace("{lines}", _CURRENT_LINES if span.coded else _LINES_WITHOUT_CODES)
    sql = sql.replace("{runs}", runs).replace("{those}", _THOSE if _few(span) else "")
    sql = sql.replace("{own_off}", OWN_OFF if any(kind == "pre_tax_deferral" for _, _, kind, *_ in span.rules) else "")
    return sql.replace("{ours}", "" if span.brought else "and not run.brought")


_RULES = ("rule_from", "rule_to", "rule_kind", "rule_plan", "rule_415", "rule_fica")


def params(span: Span) -> dict[str, Any]:
    """What such a statement asks by."""
    asked = {
        "tenant_id": span.tenant_id,
        "plan_id": span.plan_id,
        "codes_of": span.codes_of or span.plan_id,
        "start": span.start,
        "end": span.end,
        "known_at": span.known_at,
        "employees": [each.uuid for each in (span.employees or ()) if _few(span)],
        "runs": list(span.runs or ()),
        "slice": SLICE,
    }
    return asked | _of_codes(span) if span.coded else asked


def _of_codes(span: Span) -> dict[str, Any]:
    return {
        "off_fica": list(span.off_fica),
        "apart_from": [first_day for first_day, _ in span.apart],
        "apart_to": [end_day for _, end_day in span.apart],
        "excluded_from": [first_day for first_day, _, _ in span.excluded],
        "excluded_to": [end_day for _, end_day, _ in span.excluded],
        "excluded_code": [code for _, _, code in span.excluded],
        **dict(zip(_RULES, map(list, zip(*span.rules, strict=True)) if span.rules else [[]] * 6, strict=True)),
    }


#: What array_send writes: 20 bytes of header, then each element after the four bytes of its length.
_HEADER = 20
_INT = np.dtype([("length", ">i4"), ("value", ">i8")])
_UUID = np.dtype([("length", ">i4"), ("value", "S16")])


def _sums(slices: Iterable[tuple[Any, ...]], *, last_only: bool = False) -> Sums:
    """Columns in order of employee and second, rows of one pair added up; ``last_only``: of each the last second."""
    names = [*AMOUNTS, "plan_cents"]
    parts: dict[str, list[npt.NDArray[np.int64]]] = {name: [] for name in ["second", *names]}
    people = []
    for who, *columns in slices:
        people.append(id_column(who).raw.astype("S16"))
        for name, column in _shared(dict(zip(parts, map(_narrow, columns), strict=True))).items():
            parts[name].append(column)
    if not people:
        nothing = np.zeros(0, dtype=np.int64)
        return Sums(IdColumn.of(EmployeeId, ()), nothing, nothing, dict.fromkeys(names, nothing))
    ids, seconds = np.concatenate(people), np.concatenate(parts.pop("second"))
    order = np.lexsort((seconds, ids))
    ids, seconds = ids[order], seconds[order]
    if last_only:
        last = _last_of_each(ids, seconds)
        ids, seconds, order = ids[last], seconds[last], order[last]
    new_person = np.ones(len(order), dtype=np.bool_)
    new_person[1:] = ids[1:] != ids[:-1]
    new_pair = new_person.copy()
    new_pair[1:] |= seconds[1:] != seconds[:-1]
    starts = np.flatnonzero(new_pair)
    return Sums(
        IdColumn(EmployeeId, ids[new_person]),
        np.cumsum(new_person, dtype=np.int64)[starts] - 1,
        seconds[starts].astype(np.int64),
        _shared({name: _added(np.concatenate(parts.pop(name))[order], starts) for name in names}),
    )


def _narrow(column: bytes) -> npt.NDArray[np.int64]:
    """Numbers as they are held until they are added up: in half the room, where they fit."""
    whole = _ints(column)
    narrow: npt.NDArray[Any] = whole.astype(np.int32)
    return narrow if (narrow == whole).all() else whole


def _added(column: npt.NDArray[np.int64], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = np.add.reduceat(column, starts, dtype=np.int64)
    return found


def _last_of_each(ids: npt.NDArray[np.bytes_], seconds: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """The rows of each person's last second, where both are in order."""
    ends = np.flatnonzero(np.append(ids[1:] != ids[:-1], True))
    many = np.diff(ends, prepend=-1)
    found: npt.NDArray[np.bool_] = seconds == np.repeat(seconds[ends], many)
    return found


def _shared(columns: dict[str, npt.NDArray[np.int64]]) -> dict[str, npt.NDArray[np.int64]]:
    """Equal columns once, and one of nothing as a single zero: gross pay is mostly FICA wages, 415 pay and plan pay."""
    found: dict[str, npt.NDArray[np.int64]] = {}
    for name, column in columns.items():
        if not column.any():
            found[name] = np.broadcast_to(np.int64(0), column.shape)
        else:
            found[name] = next((same for same in found.values() if np.array_equal(same, column)), column)
    return found


def id_column(column: bytes | None) -> IdColumn[EmployeeId]:
    """The ids of a column that was sent whole; of none, an empty one."""
    if column is None:
        return IdColumn.of(EmployeeId, ())
    return IdColumn(EmployeeId, np.frombuffer(column, dtype=_UUID, offset=_HEADER)["value"])


def int_column(column: bytes | None) -> npt.NDArray[np.int64]:
    """The same of whole numbers."""
    return np.zeros(0, dtype=np.int64) if column is None else _ints(column)


def _ints(column: bytes) -> npt.NDArray[np.int64]:
    return np.frombuffer(column, dtype=_INT, offset=_HEADER)["value"].astype(np.int64)

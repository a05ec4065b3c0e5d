"""Pay lines as facts: what a payroll run said about each person. Not here: reading files (payroll), entitlement."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt

from open401k import plan
from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, Open401kError, PlanId, RunId, SponsorId
from open401k.law.pay_items import PayKind

from . import _brought_store, _deductions_store, _pay_store, _sums_store, _wages_store
from .pay_codes import spoken, spoken_of
from .pay_proof import RECORDED, employed_by, fica_told, lines_hash, taken_off
from .replaced import Without

Cents = npt.NDArray[np.int64]
#: Where a transaction notes the runs that it opened: only it adds lines to them.
_OPENED: Final = "pay runs opened"
#: Totals of so many people, 14 numbers and an id each, take about the memory of one person of a roster.
PEOPLE_OF_TOTALS: Final = 25
#: Runs, each with its codes that change what gross pay counts for.
_Runs = frozenset[tuple[UUID, tuple[str, ...]]]
#: A column to be written: an int64 array, or plain whole numbers.
Column = Sequence[int] | Cents
#: A column in which a file may say nothing for a row, or nothing at all.
Reported = Sequence[int | None] | Cents | None


@dataclass(frozen=True, slots=True)
class PayLines:
    """Lines of one run, as columns of equal length. ``section_415_cents`` left out is gross pay."""

    employee_id: Sequence[EmployeeId]
    line_no: Column
    gross_cents: Column
    fica_cents: Column
    hours_hundredths: Column
    pre_tax_cents: Column
    roth_cents: Column
    after_tax_cents: Column
    catch_up_pre_tax_cents: Column
    catch_up_roth_cents: Column
    section_415_cents: Column | None = None
    match_cents: Reported = None
    nonelective_cents: Reported = None
    #: (line_no, pay code, cents), where the file splits pay by code.
    earnings: Sequence[tuple[int, str, int]] = field(default=())
    #: The same of what payroll took off, the plan's own money left out.
    deductions: Sequence[tuple[int, str, int]] = field(default=())
    #: The lines whose FICA wages payroll told; of the others they are gross pay with what codes change.
    fica_told: Sequence[int] = ()
    #: (line_no, EIN), where payroll names the employer.
    employers: Sequence[tuple[int, str]] = ()
    #: Not None: these are no payroll of ours (brought_over.py). (line_no, name, cents) of what such lines say besides.
    brought: Sequence[tuple[int, str, int]] | None = None


@dataclass(frozen=True, slots=True)
class PayTotals:
    """Sums over the current lines of a span of pay dates: one place per employee, all columns in that order."""

    employee_id: IdColumn[EmployeeId]
    lines: Cents
    gross_cents: Cents
    plan_cents: Cents
    section_415_cents: Cents
    fica_cents: Cents
    hours_hundredths: Cents
    pre_tax_cents: Cents
    roth_cents: Cents
    after_tax_cents: Cents
    catch_up_pre_tax_cents: Cents
    catch_up_roth_cents: Cents
    match_cents: Cents
    nonelective_cents: Cents

    def __len__(self) -> int:
        return len(self.employee_id)


@dataclass(frozen=True, slots=True)
class PayByDate:
    """Sums per employee and pay date, by employee, then date. ``employee`` counts into ``employee_id``."""

    employee_id: IdColumn[EmployeeId]
    employee: Cents
    pay_date: npt.NDArray[np.datetime64]
    gross_cents: Cents
    plan_cents: Cents
    section_415_cents: Cents
    fica_cents: Cents
    hours_hundredths: Cents
    pre_tax_cents: Cents
    roth_cents: Cents
    after_tax_cents: Cents
    catch_up_pre_tax_cents: Cents
    catch_up_roth_cents: Cents
    match_cents: Cents
    nonelective_cents: Cents

    def __len__(self) -> int:
        return len(self.employee)


@dataclass(frozen=True, slots=True)
class PayCode:
    """What an earnings code means from a pay date on: whether it counts as plan compensation."""

    code: str
    event_on: date
    counts: bool


@dataclass(frozen=True, slots=True)
class PayRun:
    """A run on file; ``replaced_by`` names the corrected one that took its place.

    One of ``brought`` is no payroll of ours: it adds up what others paid in a period (brought_over.py).
    """

    run_id: RunId
    plan_id: PlanId
    pay_date: date
    period_start: date
    period_end: date
    replaces: RunId | None
    recorded_at: datetime
    replaced_by: RunId | None
    brought: bool = False

    @property
    def current(self) -> bool:
        """Whether its lines still count."""
        return self.replaced_by is None


@dataclass(frozen=True, slots=True)
class PayLine:
    """One current line, for working that goes down to the row."""

    run_id: RunId
    line_no: int
    employee_id: EmployeeId
    pay_date: date
    gross_cents: int
    plan_cents: int
    section_415_cents: int
    fica_cents: int
    hours_hundredths: int
    pre_tax_cents: int
    roth_cents: int
    after_tax_cents: int
    catch_up_pre_tax_cents: int
    catch_up_roth_cents: int
    match_cents: int | None
    nonelective_cents: int | None


def record_run(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    run_id: RunId,
    pay_date: date,
    period_start: date,
    period_end: date,
    replaces: RunId | None,
    lines: PayLines,
) -> None:
    """Append lines of a run; a long run comes in several calls of one transaction, with higher line numbers.

    From now on the lines of the run it ``replaces`` are not current, but stay on file. Every line names an employee of
    this sponsor; anything else is a bug of the caller.
    """
    heads.lock(tx, tenant_id=tenant_id)
    brought = lines.brought is not None
    run = PayRun(run_id, plan_id, pay_date, period_start, period_end, replaces, tx.now, None, brought)
    _open_run(tx, tenant_id, run)
    columns = _columns(lines)
    written = _pay_store.add_lines(
        tx,
        tenant_id=tenant_id,
        run_id=run_id,
        people=len(set(lines.employee_id)),
        columns={
            "employee_id": "{" + ",".join([each.uuid.hex for each in lines.employee_id]) + "}",
            **{name: _array(each) for name, each in columns.items()},
        },
    )
    if written != len(lines.employee_id):
        raise ValueError(f"of {len(lines.employee_id)} lines of {run_id} some name no employee of {tenant_id}")
    _add_parts(tx, tenant_id, run_id, lines)
    told: dict[str, Any] = {
        "plan": str(plan_id),
        "pay_date": pay_date.isoformat(),
        "replaces": None if replaces is None else str(replaces),
        "lines": written,
        "sha256": lines_hash(lines.employee_id, columns, _besides(lines)),
    }
    if brought:
        told |= {"brought": True, "period": [period_start.isoformat(), period_end.isoformat()]}
    audit.record(tx, tenant_id=tenant_id, action=RECORDED, subject=run_id, after=told)


def _add_parts(tx: Tx, tenant_id: SponsorId, run_id: RunId, lines: PayLines) -> None:
    """What lines say by code, whose FICA wages were told, and who employs."""
    if lines.earnings:
        _pay_store.add_earnings(tx, tenant_id=tenant_id, run_id=run_id, earnings=lines.earnings)
    if lines.deductions:
        _deductions_store.add_deductions(tx, tenant_id=tenant_id, run_id=run_id, deductions=lines.deductions)
    if lines.fica_told:
        _pay_store.add_fica_told(tx, tenant_id=tenant_id, run_id=run_id, lines=lines.fica_told)
    if lines.employers:
        _wages_store.add_employers(tx, tenant_id=tenant_id, run_id=run_id, lines=lines.employers)
    if lines.brought:
        _brought_store.add_amounts(tx, tenant_id=tenant_id, run_id=run_id, amounts=lines.brought)


def _besides(lines: PayLines) -> list[tuple[int, str, int]]:
    return [
        *lines.earnings, *(lines.brought or ()), *fica_told(lines.fica_told), *taken_off(lines.deductions),
        *employed_by(lines.employers),
    ]  # fmt: skip


def pay_totals(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    start: date,
    end: date,
    known_at: datetime | None = None,
    employees: Sequence[EmployeeId] | None = None,
    without: Without | None = None,
    kind: plan.Kind = plan.Kind.DEFERRALS,
) -> PayTotals:
    """Sums per employee over the lines current at an instant, of pay dates from ``start`` up to ``end``.

    What others paid before the plan came here is in them, as of the last day of each of its periods. ``plan_cents`` is
    gross pay without the codes that do not count for the ``kind`` of money; 415 pay and FICA wages are what was sent,
    without the kinds of pay that the law leaves out of them. People without a line are not there.
    """
    span = _span(tx, tenant_id, plan_id, start, end, known_at, employees, kind)
    if without is not None:
        sums = _sums_store.totals(tx, _left_out(tx, span, without))
    else:
        sums = _totals(tx, span, kind) if employees is None else _sums_store.totals(tx, span)
    return PayTotals(employee_id=sums.employees, lines=sums.second, **sums.amounts)


def _left_out(tx: Tx, span: _sums_store.Span, without: Without) -> _sums_store.Span:
    """The same current runs but one."""
    if without.run_id is None:
        return span
    left_out, current = without.run_id.uuid, _sums_store.runs(tx, span)
    return replace(span, runs=sorted(run_id for run_id, _ in current if run_id != left_out))


def _totals(tx: Tx, span: _sums_store.Span, kind: plan.Kind) -> _sums_store.Sums:
    """Totals of everybody. Lines of a run never change: beside sums of earlier runs, only later ones are read."""
    if tx.kept is None or span.known_at is not None:
        return _sums_store.totals(tx, span)
    runs = _sums_store.runs(tx, span)
    key = ("pay totals", span.tenant_id, span.plan_id, span.start, kind if span.apart else None)
    kept: tuple[_Runs, _sums_store.Sums] | None = tx.kept.get(key)
    if kept is not None and kept[0] == runs:
        return kept[1]
    later = runs - kept[0] if kept is not None and kept[0] <= runs else runs
    sums = _sums_store.totals(tx, replace(span, runs=sorted(run_id for run_id, _ in later)))
    if kept is not None and later != runs:
        sums = _sums_store.together(kept[1], sums)
    # Not while lines of a run are being written, nor where somebody said meanwhile that a code means something else.
    unchanged = heads.unchanging(tx, tenant_id=span.tenant_id) or _sums_store.runs(tx, span) == runs
    if unchanged and not tx.cache.get(_OPENED):
        tx.kept.put(key, (runs, sums), len(sums.employees) // PEOPLE_OF_TOTALS + 1)
    return sums


def pay_by_date(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    start: date,
    end: date,
    known_at: datetime | None = None,
    employees: Sequence[EmployeeId] | None = None,
    runs: Sequence[RunId] | None = None,
    brought: bool = False,
    without: Without | None = None,
    codes_of: PlanId | None = None,
    last_only: bool = False,
    kind: plan.Kind = plan.Kind.DEFERRALS,
) -> PayByDate:
    """Sums per employee and pay date over the lines current at an instant, by employee, then date.

    ``runs`` asks for these runs of the span, whatever is current; ``brought`` adds the periods paid before the plan
    came here, each as of its last day; ``codes_of`` asks for plan pay as another plan of the sponsor defines it.
    ``last_only`` gives of each person the last of these dates; ``kind`` says for which money pay is plan pay.
    """
    span = _span(tx, tenant_id, codes_of or plan_id, start, end, known_at, employees, kind)
    span = replace(span, plan_id=plan_id, brought=brought, codes_of=codes_of)
    if without is not None:
        span = _left_out(tx, span, without)
    asked = span if runs is None else replace(span, runs=[each.uuid for each in runs])
    sums = _sums_store.by_date(tx, asked, last_only=last_only)
    return PayByDate(
        employee_id=sums.employees,
        employee=sums.employee,
        pay_date=sums.second.astype("datetime64[D]"),
        **sums.amounts,
    )


def current_lines(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    start: date,
    end: date,
    known_at: datetime | None = None,
    employees: Sequence[EmployeeId] | None = None,
    brought: bool = False,
) -> list[PayLine]:
    """The current lines themselves, by pay date, as :func:`pay_by_date` has them: for a few people, or one run."""
    span = replace(_span(tx, tenant_id, plan_id, start, end, known_at, employees), brought=brought)
    return [
        PayLine(RunId(run_id), line_no, EmployeeId(employee_id), *rest)
        for run_id, line_no, employee_id, *rest in _sums_store.lines(tx, span)
    ]


def pay_runs(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None) -> list[PayRun]:
    """Every run of a plan known at an instant, replaced ones too, by pay date."""
    rows = _pay_store.runs(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    return [_run(row) for row in rows]


def set_pay_code(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, code: str, counts: bool, event_on: date = date.min
) -> None:
    """Say whether a code is plan compensation, for pay dates from ``event_on`` on (all, unless given).

    The past is derived anew from the lines on file: what should have been posted changes with it.
    """
    heads.lock(tx, tenant_id=tenant_id)
    before = [each for each in pay_codes(tx, tenant_id=tenant_id, plan_id=plan_id) if each.code == code]
    spoken(tx, tenant_id=tenant_id)
    _pay_store.add_pay_code(tx, tenant_id=tenant_id, plan_id=plan_id, code=code, event_on=event_on, counts=counts)
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="census.pay_code_set",
        subject=plan_id,
        before={"code": code, "counts": before[-1].counts} if before else None,
        after={"code": code, "counts": counts, "event_on": event_on.isoformat()},
    )


def pay_codes(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None) -> list[PayCode]:
    """What is known of the plan's codes, by code and day; a code that is not here counts unless provisions name it."""
    rows = _pay_store.pay_codes(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    return [PayCode(*row) for row in rows]


def _open_run(tx: Tx, tenant_id: SponsorId, run: PayRun) -> None:
    """Insert the run with its first lines; later lines come to the same run or it is a mistake."""
    wanted = [run.run_id] if run.replaces is None else [run.run_id, run.replaces]
    known = {row.run_id: row for row in _pay_store.runs(tx, tenant_id=tenant_id, run_ids=wanted)}
    opened_here = tx.cache.setdefault(_OPENED, set())
    if run.run_id in known:
        before = known[run.run_id]
        if run.run_id not in opened_here:
            raise ValueError(f"the lines of {run.run_id} were written before; no more come to it")
        if (before.plan_id, before.pay_date, before.replaces) != (run.plan_id, run.pay_date, run.replaces):
            raise ValueError(f"{run.run_id} is on file with another plan, day or predecessor")
        return
    if run.replaces is not None:
        replaced = known.get(run.replaces)
        if replaced is None or (replaced.plan_id, replaced.brought) != (run.plan_id, run.brought):
            raise Open401kError(f"There is no run {run.replaces} of this plan to replace.", fix="Name a run on file.")
        if replaced.replaced_by is not None:
            raise Open401kError(
                f"{run.replaces} was replaced by {replaced.replaced_by} already.", fix="Replace that one instead."
            )
    opened_here.add(run.run_id)
    added = _pay_store.add_run(
        tx,
        tenant_id=tenant_id,
        plan_id=run.plan_id,
        run_id=run.run_id,
        pay_date=run.pay_date,
        period_start=run.period_start,
        period_end=run.period_end,
        replaces=run.replaces,
        brought=run.brought,
    )
    if not added:
        raise Open401kError(
            f"The payrolls of {run.pay_date} were brought over from before the plan came here.",
            fix="Bring over year-to-date figures that end before that day, or that hold what this payroll changes.",
        )


def _span(
    tx: Tx,
    tenant_id: SponsorId,
    plan_id: PlanId,
    start: date,
    end: date,
    known_at: datetime | None,
    employees: Sequence[EmployeeId] | None,
    kind: plan.Kind = plan.Kind.DEFERRALS,
) -> _sums_store.Span:
    spans = plan.provisions_between(tx, tenant_id=tenant_id, plan_id=plan_id, start=start, end=end, known_at=known_at)
    terms = [(span.start, span.end, span.provisions.compensation.of(kind)) for span in spans]
    excluded = [(start, end, code) for start, end, counted in terms for code in counted.excluded_pay_codes]
    rules = [
        (start, end, of.value, of_plan, of_415, of_fica)
        for start, end, counted in terms
        for of, of_plan, of_415, of_fica in plan.left_out_of(counted)
    ]
    without_deferred = any(PayKind.PRE_TAX_DEFERRAL in plan.off_plan_pay(counted) for _, _, counted in terms)
    coded = bool(excluded) or without_deferred or spoken_of(tx, tenant_id=tenant_id)
    return _sums_store.Span(
        tenant_id,
        plan_id,
        start,
        end,
        known_at,
        employees,
        excluded,
        rules=rules if coded else (),
        coded=coded,
        off_fica=[each.value for each in plan.OFF_FICA_WAGES],
        apart=[(span.start, span.end) for span in spans if kind in span.provisions.compensation.apart],
    )


def _run(row: _pay_store.RunRow) -> PayRun:
    return PayRun(
        row.run_id,
        row.plan_id,
        row.pay_date,
        row.period_start,
        row.period_end,
        row.replaces,
        row.recorded_at,
        row.replaced_by,
        row.brought,
    )


def _columns(lines: PayLines) -> dict[str, list[int] | list[int | None]]:
    """Every column of whole numbers by name, as plain lists of the same length."""
    count = len(lines.employee_id)
    columns: dict[str, list[int] | list[int | None]] = {"line_no": _listed(lines.line_no)}
    for name in _pay_store.AMOUNTS:
        column = getattr(lines, name)
        if column is None:
            column = lines.gross_cents if name == "section_415_cents" else [None] * count
        columns[name] = _listed(column)
    short = [name for name, column in columns.items() if len(column) != count]
    if short:
        raise ValueError(f"{', '.join(short)}: not {count} values")
    return columns


def _listed(column: Column | Sequence[int | None]) -> list[int] | list[int | None]:
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


def _array(column: list[int] | list[int | None]) -> str:
    """An array literal of PostgreSQL, made in one go: 30 times faster than a value at a time."""
    return "{" + str(column)[1:-1].replace("None", "NULL") + "}"

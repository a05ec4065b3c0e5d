"""Every payroll of a plan, and one of them to the last row. Not here: files still being mapped (payroll_upload)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from open401k import ledger, payroll, recordkeeping
from open401k.base.db import Tx
from open401k.base.steps import Done, done
from open401k.kernel import EntryId, FlowId, Money, PlanId, RunId, SponsorId, day_of
from open401k.payroll import connections, runs

from . import _store, who
from .conveyor import Belt, StageLine, stages
from .deposits import Deposit, deposits, state_on
from .fix_links import places, way
from .heading import heading
from .payroll_lines import held_on, payroll_lines
from .payroll_rows import RunRow, posted_rows, sent_rows
from .payroll_words import total_label
from .shown import DutyState, FindingLine, PayrollLine, PlanHeading, RunState, finding_line, state_of

#: Payrolls of one page: a year of biweekly ones.
_PAGE = 26
#: Rows of one page of a run.
_MOST_ROWS = 500

__all__ = [
    "AnnouncedTotal",
    "DepositLine",
    "EntryLine",
    "PayrollHistory",
    "RunDetail",
    "RunRow",
    "StepLine",
    "load",
    "load_rows",
    "load_run",
    "state_of",
]


@dataclass(frozen=True, slots=True)
class PayrollHistory:
    """The payrolls of a plan, newest first; ``older`` continues where this page ends."""

    heading: PlanHeading
    payrolls: tuple[PayrollLine, ...]
    older: str | None = None


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One journal entry that a run caused."""

    entry_id: EntryId
    event_on: date
    recorded_at: datetime
    reason: str
    why: str
    amount: Money
    lines: int


@dataclass(frozen=True, slots=True)
class DepositLine:
    """What the employer must send for a run, and by when."""

    amount: Money
    due_on: date
    latest_on: date
    received_on: date | None
    state: DutyState
    rule: str


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of the payroll flow, and when it was done."""

    name: str
    title: str
    done_at: datetime | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AnnouncedTotal:
    """A control total that came with a payroll."""

    name: str
    label: str
    amount: Money


@dataclass(frozen=True, slots=True)
class RunDetail:
    """One payroll run: steps, findings, rows, journal entries, deposit."""

    heading: PlanHeading
    run: PayrollLine
    period_start: date | None
    period_end: date | None
    received_at: datetime
    received_by: str
    steps: tuple[StepLine, ...]
    findings: tuple[FindingLine, ...]
    rows: tuple[RunRow, ...]
    entries: tuple[EntryLine, ...]
    deposit: DepositLine | None
    stages: tuple[StageLine, ...] = ()
    """The payroll as a conveyor: where it stands, and what holds it."""
    replaces: RunId | None = None
    replaced_by: RunId | None = None
    more_rows: int | None = None
    """The last row shown, when there are more."""
    looks_like: RunId | None = None
    """The posted run of the same people, pay date and amounts, because of which this one was refused."""
    reason: str = ""
    """Why it is a payroll of its own although another looks the same."""
    announced_rows: int | None = None
    """The number of rows that was given as a control total."""
    announced_totals: tuple[AnnouncedTotal, ...] = ()
    no_contributions: bool = False
    """Whether it was said expressly that nothing is contributed this period."""
    company: str = ""
    """The company at a connected provider that paid it, with its EIN; empty of what was sent otherwise."""
    canceled: str = ""
    """Why it was closed before it was posted."""

    @property
    def may_be_corrected(self) -> bool:
        """A corrected file may replace this run as long as no other has."""
        return self.replaced_by is None and self.run.state not in (RunState.POSTING, RunState.CANCELED)


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, after: str | None = None) -> PayrollHistory:
    """A page of the payrolls, newest first; ``after`` is the ``older`` of the page before."""
    history = runs.history(tx, tenant_id=tenant_id, plan_id=plan_id)
    found = history
    if after is not None:
        places = [place for place, run in enumerate(found) if str(run.run_id) == after]
        found = found[places[0] + 1 :] if places else []
    due = payroll.remittance.recorded(tx, tenant_id=tenant_id, plan_id=plan_id)
    waits_on = held_on(tx, tenant_id=tenant_id, plan_id=plan_id, found=found[:_PAGE])
    return PayrollHistory(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        payrolls=payroll_lines(found[:_PAGE], due, among=history, waits_on=waits_on),
        older=str(found[_PAGE - 1].run_id) if len(found) > _PAGE else None,
    )


def load_run(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, run_id: RunId, after_row: int = 0) -> RunDetail | None:
    """One run; None when the plan has no such run. Its rows come by the page, below row ``after_row``."""
    history = {run.run_id: run for run in runs.history(tx, tenant_id=tenant_id, plan_id=plan_id)}
    run = history.get(run_id)
    if run is None:
        return None
    found = runs.findings_of_run(tx, tenant_id=tenant_id, run_id=run_id)
    rows = _rows(tx, tenant_id, run, _replaced(run, history), found, after_row)
    names = {row.line_no: row.name for row in rows}
    known = {row.line_no: row.employee_id for row in rows if row.employee_id is not None}
    at = places(tx, tenant_id=tenant_id, run=run, found=found, people=known, shown=names)
    carried_out = {each.name: each for each in done(tx, tenant_id=tenant_id, flow_id=FlowId(run.run_id.uuid))}
    deposit = _deposit(tx, tenant_id, run)
    due = payroll.remittance.recorded(tx, tenant_id=tenant_id, plan_id=plan_id)
    waits_on = held_on(tx, tenant_id=tenant_id, plan_id=plan_id, found=[run])
    (line,) = payroll_lines([run], due, among=history.values(), waits_on=waits_on)
    return RunDetail(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        run=line,
        period_start=run.period_start,
        period_end=run.period_end,
        received_at=run.received_at,
        received_by=who.names(tx, [run.received_by])[run.received_by],
        steps=_steps(run, carried_out),
        findings=tuple(finding_line(each, person=names.get(each.row or 0, ""), way=way(each, at)) for each in found),
        rows=tuple(rows[:_MOST_ROWS]),
        entries=_entries(tx, tenant_id, run),
        deposit=None if deposit is None else _deposit_line(tx, deposit),
        stages=stages(_belt(tx, tenant_id, run, carried_out, deposit)),
        replaces=run.replaces,
        replaced_by=run.replaced_by,
        looks_like=_looks_like(tx, tenant_id, run),
        reason=run.reason,
        announced_rows=run.said.control_totals.get(payroll.ROWS),
        announced_totals=_announced(run),
        no_contributions=run.said.no_contributions,
        company=_company(tx, tenant_id, run),
        canceled=_canceled(tx, tenant_id, run),
        more_rows=rows[_MOST_ROWS - 1].line_no if len(rows) > _MOST_ROWS else None,
    )


def load_rows(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, run_id: RunId, after_row: int = 0, limit: int = _MOST_ROWS
) -> tuple[tuple[RunRow, ...], int | None] | None:
    """Rows of a run below row ``after_row``, and the last of them if there are more; None without such a run."""
    history = {run.run_id: run for run in runs.history(tx, tenant_id=tenant_id, plan_id=plan_id)}
    run = history.get(run_id)
    if run is None:
        return None
    found = runs.findings_of_run(tx, tenant_id=tenant_id, run_id=run_id)
    rows = _rows(tx, tenant_id, run, _replaced(run, history), found, after_row, limit)
    return tuple(rows[:limit]), rows[limit - 1].line_no if len(rows) > limit else None


def _replaced(run: runs.Run, history: dict[RunId, runs.Run]) -> list[runs.Run]:
    """The runs that this one took the place of, the nearest first."""
    chain = []
    while run.replaces is not None and run.replaces in history:
        run = history[run.replaces]
        chain.append(run)
    return chain


def _rows(
    tx: Tx,
    tenant_id: SponsorId,
    run: runs.Run,
    replaced: Sequence[runs.Run],
    found: Sequence[payroll.Finding],
    after: int,
    limit: int = _MOST_ROWS,
) -> list[RunRow]:
    """A page of rows and one more, if there is one."""
    findings = Counter(each.row for each in found if each.row is not None)
    if run.status != runs.Status.POSTED:
        return sent_rows(tx, tenant_id=tenant_id, run=run, findings=findings, after=after, limit=limit + 1)
    rows = posted_rows(tx, tenant_id=tenant_id, run=run, replaced=replaced, findings=findings)
    return [row for row in rows if row.line_no > after][: limit + 1]


def _announced(run: runs.Run) -> tuple[AnnouncedTotal, ...]:
    given = run.said.control_totals
    names = (name for name in payroll.CONTROL_TOTALS if name in given and name != payroll.ROWS)
    return tuple(AnnouncedTotal(name, total_label(name), Money(given[name])) for name in names)


def _company(tx: Tx, tenant_id: SponsorId, run: runs.Run) -> str:
    if run.told is None:
        return ""
    of = connections.get(tx, tenant_id=tenant_id, connection_id=run.told.connection_id)
    return f"{of.company_name}, EIN {of.ein_written}" if of.ein_written else of.company_name


def _canceled(tx: Tx, tenant_id: SponsorId, run: runs.Run) -> str:
    if run.status != runs.Status.CANCELED:
        return ""
    return str(runs.told(tx, tenant_id=tenant_id, run_id=run.run_id).get("why", ""))


def _looks_like(tx: Tx, tenant_id: SponsorId, run: runs.Run) -> RunId | None:
    if run.status != runs.Status.REJECTED:
        return None
    twin = runs.told(tx, tenant_id=tenant_id, run_id=run.run_id).get("looks_like")
    return None if twin is None else RunId.parse(twin)


def _belt(tx: Tx, tenant_id: SponsorId, run: runs.Run, carried_out: dict[str, Done], deposit: Deposit | None) -> Belt:
    held = 0
    if run.status == runs.Status.POSTED and run.pay_date is not None and run.counts.get(payroll.Severity.HOLD, 0):
        day_after = run.pay_date + timedelta(days=1)
        waits = ledger.contributions(
            tx,
            tenant_id=tenant_id,
            plan_id=run.plan_id,
            start=run.pay_date,
            end=day_after,
            kind=ledger.Kind.SUSPENSE,
        )
        held = sum(each.cents for each in waits)
    return Belt(run, _checked_at(run, carried_out.get("check")), carried_out, deposit, Money(held), day_of(tx.now))


def _steps(run: runs.Run, carried_out: dict[str, Done]) -> tuple[StepLine, ...]:
    """What was done of the payroll's flow, and when."""
    at = _checked_at(run, carried_out.get("check"))
    found = ", ".join(
        f"{run.counts.get(severity, 0)} {word}"
        for severity, word in (("reject", "rejected"), ("hold", "held"), ("note", "noted"))
        if run.counts.get(severity, 0)
    )
    return (
        StepLine("receive", "File received", run.received_at, f"{run.rows} rows" if run.rows else ""),
        StepLine("check", "Every row checked", at, (found or "nothing found") if at else ""),
        _step("post", "Contributions posted", carried_out, _posted_words),
        _step("retest", "Every test run", carried_out),
        _step("project", "Year end projected", carried_out),
        _step("warn", "Alerts brought up to date", carried_out, lambda told: _alerts(len(told))),
    )


def _checked_at(run: runs.Run, checked: Done | None) -> datetime | None:
    if checked is not None:
        return checked.done_at
    return run.status_at if run.check_no and run.status != runs.Status.NEEDS_MAPPING else None


def _step(name: str, title: str, carried_out: dict[str, Done], words: Any = None) -> StepLine:
    step = carried_out.get(name)
    if step is None:
        return StepLine(name, title, None)
    return StepLine(name, title, step.done_at, words(step.result) if words is not None else "")


def _alerts(number: int) -> str:
    return f"{number} alert{'' if number == 1 else 's'} open" if number else "no alert"


def _posted_words(told: dict[str, Any]) -> str:
    held = f", {Money(told['held_cents'])} held" if told.get("held_cents") else ""
    waits = f", {Money(told['late_cents'])} for past pay dates waits to be approved" if told.get("late_cents") else ""
    return f"{Money(told['employee_cents'])} of employees, {Money(told['employer_cents'])} of the employer{held}{waits}"


def _entries(tx: Tx, tenant_id: SponsorId, run: runs.Run) -> tuple[EntryLine, ...]:
    """The run's journal entries, each with why it was posted."""
    corrected = recordkeeping.corrections(tx, tenant_id=tenant_id, plan_id=run.plan_id, cause=str(run.run_id))
    origins = {each.entry_id: _why(each) for each in corrected}
    usual = f"payroll of {run.pay_date:%B} {run.pay_date.day}" if run.pay_date else "payroll"
    return tuple(
        EntryLine(
            entry_id=EntryId(row.entry_id),
            event_on=row.event_on,
            recorded_at=row.recorded_at,
            reason=row.reason,
            why=origins.get(
                EntryId(row.entry_id), "money of the employer arrived" if row.reason == "deposit" else usual
            ),
            amount=Money(row.cents),
            lines=row.lines,
        )
        for row in _store.entries_caused(tx, tenant_id=tenant_id, cause=str(run.run_id))
    )


def _why(corrected: recordkeeping.Corrected) -> str:
    people = len({each["employee_id"] for each in corrected.differences})
    of = f"{people} {'person' if people == 1 else 'people'}"
    return f"{corrected.origin} Credits of {of} change by {Money(corrected.credited_cents)}.".strip()


def _deposit(tx: Tx, tenant_id: SponsorId, run: runs.Run) -> Deposit | None:
    """What is to be sent for the run; a correction that takes money back asks for nothing."""
    for each in deposits(tx, tenant_id=tenant_id, plan_id=run.plan_id):
        if each.run_id == run.run_id and each.remittance.total_cents > 0:
            return each
    return None


def _deposit_line(tx: Tx, deposit: Deposit) -> DepositLine:
    due, clock = deposit.remittance, deposit.clock
    return DepositLine(
        amount=Money(due.total_cents),
        due_on=clock.target_on,
        latest_on=clock.late_after,
        received_on=deposit.received_on,
        state=state_on(clock.target_on, day_of(tx.now), done=not deposit.outstanding),
        rule=due.cite,
    )

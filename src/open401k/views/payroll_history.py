"""Every payroll of a plan, and one of them to the last row. Not here: files still being mapped (payroll_upload)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never

from open401k.kernel import EmployeeId, EntryId, Money, RunId
from open401k.payroll import Severity, runs

from .shown import DutyState, FindingLine, PayrollLine, PlanHeading, RunState


@dataclass(frozen=True, slots=True)
class PayrollHistory:
    """The payrolls of a plan, newest first; ``older`` continues where this page ends."""

    heading: PlanHeading
    payrolls: tuple[PayrollLine, ...]
    older: str | None = None


@dataclass(frozen=True, slots=True)
class RunRow:
    """One paid person of a run: what was paid and what became of it."""

    line_no: int
    employee_id: EmployeeId | None
    name: str
    ssn_masked: str
    plan_compensation: Money
    pre_tax: Money
    roth: Money
    after_tax: Money
    match: Money
    nonelective: Money
    held: Money
    findings: int = 0


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
class RunDetail:
    """One payroll run: steps, findings, rows, journal entries, deposit."""

    heading: PlanHeading
    run: PayrollLine
    period_start: date
    period_end: date
    received_at: datetime
    received_by: str
    steps: tuple[StepLine, ...]
    findings: tuple[FindingLine, ...]
    rows: tuple[RunRow, ...]
    entries: tuple[EntryLine, ...]
    deposit: DepositLine | None
    replaces: RunId | None = None
    replaced_by: RunId | None = None

    @property
    def may_be_corrected(self) -> bool:
        """A corrected file may replace this run as long as no other has."""
        return self.replaced_by is None and self.run.state is not RunState.POSTING


def state_of(run: runs.Run) -> RunState:
    """How far a run has come, in the words of pages. Posting is one transaction, so nobody sees it half way."""
    if run.replaced_by is not None:
        return RunState.REPLACED
    match runs.Status(run.status):
        case runs.Status.NEEDS_MAPPING:
            return RunState.MAPPING
        case runs.Status.RECEIVED | runs.Status.NEEDS_CONFIRMATION | runs.Status.CONFIRMED:
            return RunState.CHECKED
        case runs.Status.REJECTED:
            return RunState.REJECTED
        case runs.Status.POSTED:
            return RunState.POSTED_WITH_HOLDS if run.counts.get(Severity.HOLD, 0) else RunState.POSTED
        case status:
            assert_never(status)

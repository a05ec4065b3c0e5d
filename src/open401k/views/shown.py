"""What several pages show alike: percentages, standings, the heading of a plan. Not here: how they look (doors/web)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import assert_never

from open401k.kernel import AlertId, Money, PlanId, RunId, SponsorId
from open401k.payroll import Finding, Severity, runs


@dataclass(frozen=True, slots=True, order=True)
class Percent:
    """A percentage to two decimals, as ADP averages are stated; ``bps`` are hundredths of a percent.

    >>> str(Percent(521))
    '5.21%'
    """

    bps: int

    def __str__(self) -> str:
        return f"{self.plain()}%"

    def plain(self) -> str:
        """``5.21``: what the API sends."""
        sign = "-" if self.bps < 0 else ""
        whole, rest = divmod(abs(self.bps), 100)
        return f"{sign}{whole}.{rest:02d}"


#: Everything a cell of a table or a step of a working can hold; doors know how to write each of them.
Shown = Money | Percent | date | datetime | int | str | None


class Standing(StrEnum):
    """Where a test stands on the facts known now."""

    PASSES = "passes"
    AT_RISK = "at_risk"
    FAILS = "fails"
    NOT_REQUIRED = "not_required"
    NOT_ENACTED = "not_enacted"
    TOP_HEAVY = "top_heavy"
    """No failure: the plan owes its other employees a minimum contribution."""


class RunState(StrEnum):
    """How far a payroll has come."""

    MAPPING = "mapping"
    CHECKED = "checked"
    POSTING = "posting"
    POSTED = "posted"
    POSTED_WITH_HOLDS = "posted_with_holds"
    REJECTED = "rejected"
    REPLACED = "replaced"
    CANCELED = "canceled"
    """Closed before it was posted: its provider took it back or told another version of it, or a person closed it."""


class DutyState(StrEnum):
    """Whether a dated duty is ahead, near, past or done."""

    AHEAD = "ahead"
    SOON = "soon"
    LATE = "late"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class PlanHeading:
    """What stands above every page of a plan."""

    sponsor_id: SponsorId
    sponsor_name: str
    plan_id: PlanId
    plan_name: str
    as_of: date
    plan_year_last_day: date
    eligible: int
    safe_harbor: str = "none"


@dataclass(frozen=True, slots=True)
class Projection:
    """The simulated year end of one test: how likely it fails, and the interval that holds eight of ten year ends."""

    test_key: str
    measure: str
    fails: Percent
    low: Shown
    middle: Shown
    high: Shown
    limit: Shown
    limit_low: Shown
    limit_high: Shown
    simulated: int
    refused: str = ""
    outcome: str = "fail"
    """What ``fails`` counts: to be top-heavy is no failure."""
    owed: Money | None = None
    """What a plan that is top-heavy for this year owes at its end, in the middle of the year ends; none: nothing is."""
    owed_low: Money | None = None
    owed_high: Money | None = None
    ended_on: date | None = None
    """The last day of the year, where it was over when this was computed: a result, and nothing simulated."""
    ended: str = ""
    """How it ended, in words."""

    @property
    def failing(self) -> int:
        """How many of the simulated year ends ``fails`` counts."""
        return (self.fails.bps * self.simulated + 5_000) // 10_000


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One open alert: what would fail, by how much, and by when somebody must decide."""

    alert_id: AlertId
    title: str
    sentence: str
    decide_by: date | None
    decided_by: str
    raised_at: datetime
    open: bool = True

    @property
    def short(self) -> str:
        """The first two sentences: what is expected, and how surely. The rest is on the alert's page."""
        told = self.sentence.split(". ", 2)
        return f"{'. '.join(told[:2])}." if len(told) > 2 else self.sentence


@dataclass(frozen=True, slots=True)
class StandingLine:
    """One plan test as it stands now, and where its year end is projected."""

    key: str
    title: str
    cite: str
    standing: Standing
    measured: Shown
    limit: Shown
    sentence: str
    as_of: date
    projection: Projection | None = None


@dataclass(frozen=True, slots=True)
class PayrollLine:
    """One payroll run in a list."""

    run_id: RunId
    pay_date: date
    provider: str
    file_name: str
    rows: int
    """Rows of the file; somebody may have several."""
    employee: Money
    employer: Money
    state: RunState
    notes: int = 0
    holds: int = 0
    rejects: int = 0


@dataclass(frozen=True, slots=True)
class DutyLine:
    """One dated duty: a deposit, a notice, a decision, the next payroll."""

    due_on: date
    title: str
    detail: str
    state: DutyState
    amount: Money | None = None
    run_id: RunId | None = None
    alert_id: AlertId | None = None


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One problem of a payroll file, as a person needs it to repair the file."""

    severity: str
    code: str
    row: int | None
    column: str
    value_masked: str
    reason: str
    fix: str
    person: str = ""
    confirm: bool = False
    way: str = ""
    """The page where it is repaired, below the plan's; empty where only the file can be."""
    way_words: str = ""


def finding_line(found: Finding, *, person: str = "", way: tuple[str, str] = ("", "")) -> FindingLine:
    """A finding of payroll as pages, API and terminal show it; ``way``: where it is repaired, the link's words."""
    return FindingLine(
        severity=str(found.severity),
        code=str(found.code),
        row=found.row,
        column=found.column,
        value_masked=found.value_masked,
        reason=found.reason,
        fix=found.fix,
        person=person,
        confirm=found.confirm,
        way=way[0],
        way_words=way[1],
    )


def state_of(run: runs.Run, *, waits: bool = True) -> RunState:
    """How far a run has come, in the words of pages. Posting is one transaction, so nobody sees it half way.

    ``waits``: whether what was held when it was posted still is; False once it has been settled.
    """
    if run.replaced_by is not None:
        return RunState.REPLACED
    match runs.Status(run.status):
        case runs.Status.NEEDS_MAPPING:
            return RunState.MAPPING
        case runs.Status.RECEIVED | runs.Status.NEEDS_CONFIRMATION | runs.Status.CONFIRMED:
            return RunState.CHECKED
        case runs.Status.REJECTED:
            return RunState.REJECTED
        case runs.Status.CANCELED:
            return RunState.CANCELED
        case runs.Status.POSTED:
            held = waits and run.counts.get(Severity.HOLD, 0)
            return RunState.POSTED_WITH_HOLDS if held else RunState.POSTED
        case status:
            assert_never(status)

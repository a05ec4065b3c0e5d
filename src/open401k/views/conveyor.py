"""A payroll as a conveyor: received, checked, held, posted, funded, told back; where it stands, and what holds it.

Not here: invested. There is no room of investments yet; the page says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from open401k.base.steps import Done
from open401k.kernel import Money
from open401k.payroll import Severity, runs

from .deposits import Deposit, State

_OPEN = (runs.Status.RECEIVED, runs.Status.NEEDS_CONFIRMATION, runs.Status.CONFIRMED)


class StageState(StrEnum):
    """How far one stage is."""

    DONE = "done"
    NOW = "now"  # it goes on by itself, or is next
    ASKS = "asks"  # somebody has to do something
    STOPPED = "stopped"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage. ``way`` is where somebody goes on: an address below the plan's, or a place of the page itself."""

    key: str
    title: str
    state: StageState
    detail: str = ""
    at: datetime | None = None
    way: str = ""


@dataclass(frozen=True, slots=True)
class Belt:
    """What the stages are told from. ``still_held`` is what waits of the pay date now."""

    run: runs.Run
    checked_at: datetime | None
    carried_out: Mapping[str, Done]
    deposit: Deposit | None
    still_held: Money
    today: date


def stages(belt: Belt) -> tuple[StageLine, ...]:
    """All stages in order."""
    return (_received(belt), _checked(belt), _held(belt), _posted(belt), _funded(belt), _told_back(belt))


def _received(belt: Belt) -> StageLine:
    rows = f"{belt.run.rows:,} row{'' if belt.run.rows == 1 else 's'}" if belt.run.rows else ""
    return StageLine("received", "Received", StageState.DONE, rows, belt.run.received_at)


def _checked(belt: Belt) -> StageLine:
    run, status, counts = belt.run, belt.run.status, belt.run.counts
    if status == runs.Status.NEEDS_MAPPING:
        return StageLine(
            "checked", "Checked", StageState.ASKS, "its columns are new", way=f"/payrolls/{run.run_id}/mapping"
        )
    if status == runs.Status.REJECTED:
        number = counts.get(Severity.REJECT, 0)
        return StageLine(
            "checked", "Checked", StageState.STOPPED, f"{number} to repair", belt.checked_at, "#h-findings"
        )
    if status == runs.Status.CANCELED:
        return StageLine("checked", "Checked", StageState.STOPPED, "canceled", belt.run.status_at)
    if status == runs.Status.NEEDS_CONFIRMATION:
        return StageLine("checked", "Checked", StageState.ASKS, "needs your yes", belt.checked_at, "#h-findings")
    number = counts.get(Severity.NOTE, 0)
    detail = f"{number} note{'' if number == 1 else 's'}" if number else "nothing found"
    if counts.get(Severity.HOLD, 0):
        detail = f"{counts[Severity.HOLD]} held{f', {detail}' if number else ''}"
    return StageLine("checked", "Checked", StageState.DONE, detail, belt.checked_at)


def _held(belt: Belt) -> StageLine:
    run, holds = belt.run, belt.run.counts.get(Severity.HOLD, 0)
    if run.status in (runs.Status.NEEDS_MAPPING, runs.Status.REJECTED, runs.Status.CANCELED):
        return StageLine("held", "Held", StageState.AHEAD, "nothing is posted")
    if run.status in _OPEN:
        detail = f"{holds} finding{'' if holds == 1 else 's'} would hold money" if holds else "nothing to hold"
        return StageLine("held", "Held", StageState.ASKS if holds else StageState.DONE, detail, way="#h-findings")
    if belt.still_held.cents > 0:
        return StageLine("held", "Held", StageState.ASKS, f"{belt.still_held} waits in suspense", way="#h-findings")
    was = _held_when_posted(belt)
    return StageLine("held", "Held", StageState.DONE, f"{was} was held, none of it now" if was else "nothing is held")


def _held_when_posted(belt: Belt) -> Money:
    posted = belt.carried_out.get("post")
    return Money(int(posted.result.get("held_cents") or 0)) if posted is not None else Money(0)


def _posted(belt: Belt) -> StageLine:
    posted, status = belt.carried_out.get("post"), belt.run.status
    if posted is not None and status == runs.Status.POSTED:
        told = posted.result
        both = Money(int(told["employee_cents"]) + int(told["employer_cents"]))
        return StageLine("posted", "Posted", StageState.DONE, f"{both} to the books", posted.done_at, "#h-entries")
    if status in _OPEN:
        return StageLine("posted", "Posted", StageState.NOW, "ready to post", way="#h-post")
    return StageLine("posted", "Posted", StageState.AHEAD, "not yet")


def _funded(belt: Belt) -> StageLine:
    deposit = belt.deposit
    if belt.run.status != runs.Status.POSTED:
        return StageLine("funded", "Funded", StageState.AHEAD, "not yet")
    if deposit is None:
        return StageLine("funded", "Funded", StageState.DONE, "nothing to send")
    left, by = deposit.outstanding, deposit.clock.target_on
    match deposit.state_on(belt.today):
        case State.RECEIVED:
            on = deposit.received_on
            return StageLine("funded", "Funded", StageState.DONE, f"{deposit.received} came{f' {on}' if on else ''}",
                             way="/deposits")  # fmt: skip
        case State.COVERED:
            return StageLine("funded", "Funded", StageState.DONE, "nothing to send", way="/deposits")
        case State.ON_ITS_WAY:
            return StageLine("funded", "Funded", StageState.NOW, f"{left} on its way", way="/deposits")
        case State.DUE:
            return StageLine("funded", "Funded", StageState.NOW, f"{left} due by {by}", way="/deposits")
        case State.SHORT:
            return StageLine("funded", "Funded", StageState.ASKS, f"{left} still to come", way="/deposits")
        case State.LATE:
            return StageLine("funded", "Funded", StageState.STOPPED, f"{left} late, was due {by}", way="/deposits")
        case State.RETURNED:
            return StageLine("funded", "Funded", StageState.STOPPED, f"{left} came back", way="/deposits")


def _told_back(belt: Belt) -> StageLine:
    answered = belt.carried_out.get("answer")
    if answered is None:
        return StageLine("told_back", "Told back", StageState.AHEAD, "not yet")
    followed, queued = int(answered.result["shown"]), int(answered.result["queued"])
    parts = [f"{queued} change{'' if queued == 1 else 's'} to tell payroll"] if queued else []
    parts += [f"{followed} seen in this payroll"] if followed else []
    detail = ", ".join(parts) or "no change to tell payroll"
    return StageLine("told_back", "Told back", StageState.DONE, detail, answered.done_at, "/instructions")

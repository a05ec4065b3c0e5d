"""What is on file already of a payroll's pay date, as findings. Not here: the checks of its rows (payroll_check.py)."""

from collections.abc import Iterator, Mapping
from typing import Any

from open401k import census, payroll, plan
from open401k.base.db import Tx
from open401k.payroll import runs
from open401k.recordkeeping import opening


def found_on_file(
    tx: Tx,
    asked: payroll.Asked,
    run: runs.Run,
    outcome: payroll.Outcome,
    present: payroll.RowsWatch,
    employers: Mapping[str, int],
) -> Iterator[payroll.Finding]:
    """All of it: ``present`` has seen every row of the file, ``employers`` are the rows of each EIN."""
    yield from paid_before(asked, run, present.again)
    yield from paid_near(tx, asked, run, outcome, present)
    yield from counted_before(tx, asked)
    yield from of_strangers(tx, asked, run, employers)
    yield from undone(tx, asked, run, outcome)


def paid_before(asked: payroll.Asked, run: runs.Run, again: int) -> Iterator[payroll.Finding]:
    """A payroll for people who were paid that day already, without a word why: a correction, or a second payroll?"""
    if run.replaces is not None or run.reason or not asked.same_day or asked.by_others:
        return
    reason = ""
    if again:
        who = "1 person of this file was" if again == 1 else f"{again} people of this file were"
        reason = f"{who} paid on {asked.pay_date} already, by {asked.same_day[0]}."
    elif run.said.no_contributions:
        reason = (
            f"Nothing is contributed on {asked.pay_date}, this one says, but {asked.same_day[0]} is on file for it."
        )
    elif asked.said_nothing is not None:
        reason = f"Nothing is contributed on {asked.pay_date}, {asked.said_nothing} says, but this file has rows."
    if reason:
        fix = "If it is that run again, close it; if it corrects it, send it as that. A second payroll: confirm."
        yield payroll.Finding(payroll.Severity.NOTE, payroll.Code.PAY_DATE_AGAIN, reason, fix, confirm=True)


def paid_near(
    tx: Tx, asked: payroll.Asked, run: runs.Run, outcome: payroll.Outcome, present: payroll.RowsWatch
) -> Iterator[payroll.Finding]:
    """The same payroll, told by the day it was made and by the day it was paid, would be in the books twice."""
    if run.reason:
        return
    people, gross = present.paid
    for run_id, paid_on in runs.posted_near(tx, tenant_id=asked.tenant_id, run=run, outcome=outcome):
        same = census.paid_alike(tx, tenant_id=asked.tenant_id, run_id=run_id, people=people, gross=gross)
        if same.is_most:
            who = "Its one person is" if same.people == 1 else f"{same.alike} of {same.people} people are"
            reason = (
                f"{who} paid the same, for the same time, by {run_id} of {paid_on}; this one is of {asked.pay_date}."
            )
            fix = "If it is that payroll, close this one, or send it as a correction of that run; another one: confirm."
            yield payroll.Finding(payroll.Severity.NOTE, payroll.Code.PAY_DATE_AGAIN, reason, fix, confirm=True)
            return


def counted_before(tx: Tx, asked: payroll.Asked) -> Iterator[payroll.Finding]:
    """A payroll of days whose payrolls were brought over, in one sum or in balances: its money would count twice."""
    of: dict[str, Any] = {"tenant_id": asked.tenant_id, "plan_id": asked.plan_id}
    covered = census.covered_by(tx, **of, day=asked.pay_date)
    if covered is not None:
        reason = (
            f"The payrolls from {covered.start} to {covered.end} were brought over from before the plan came here; one"
            f" of {asked.pay_date} would count twice."
        )
        fix = "Bring over corrected year-to-date figures instead, or check the pay date."
        yield payroll.Finding(payroll.Severity.REJECT, payroll.Code.PERIOD_COVERED, reason, fix, column="pay_date")
        return
    opened = opening.opened_on(tx, **of)
    if opened is not None and asked.pay_date <= opened:
        reason = f"The plan's balances of {opened} were brought over: the money of {asked.pay_date} is in them already."
        fix = "Bring over year-to-date figures for what was paid until then, or check the pay date."
        yield payroll.Finding(payroll.Severity.REJECT, payroll.Code.PERIOD_COVERED, reason, fix, column="pay_date")


def of_strangers(tx: Tx, asked: payroll.Asked, run: runs.Run, rows: Mapping[str, int]) -> Iterator[payroll.Finding]:
    """Rows, counted by EIN, of an employer that neither is the sponsor nor was in a payroll before.

    Only who is employed by an employer that maintains the plan may have money in it (IRC 401(a)). Which employers do is
    not on file, so a person says so once: the EINs of recorded payrolls and of connected companies are known.
    """
    if not rows or run.told is not None:
        return
    sponsor = plan.sponsor(tx, tenant_id=asked.tenant_id)
    for ein in sorted(rows.keys() - {sponsor.ein, *census.employers_told(tx, tenant_id=asked.tenant_id)}):
        of = "1 row is" if rows[ein] == 1 else f"{rows[ein]} rows are"
        reason = (
            f"{of} of the employer with EIN {ein[:2]}-{ein[2:]}, which is neither that of {sponsor.name}"
            f" ({sponsor.ein_written}) nor in an earlier payroll."
        )
        fix = "If that employer has adopted the plan, confirm: it is not asked about again. Else leave its rows out."
        code, severity = payroll.Code.EIN_STRANGE, payroll.Severity.NOTE
        yield payroll.Finding(severity, code, reason, fix, column="employer_ein", confirm=True)


def undone(tx: Tx, asked: payroll.Asked, run: runs.Run, outcome: payroll.Outcome) -> Iterator[payroll.Finding]:
    """A provider tells anew what a person has corrected here since: by itself it would take the correction back."""
    if run.told is None or run.replaces is None:
        return
    before = runs.get(tx, tenant_id=asked.tenant_id, run_id=run.replaces)
    same = runs.is_told_as(tx, tenant_id=asked.tenant_id, run=run, before=before, outcome=outcome)
    if before.told is not None or same:
        return
    why = f" ({before.reason.rstrip('.')})" if before.reason else ""
    reason = f"What was told before was replaced by {before.run_id}{why}; this telling would take its place."
    fix = (
        "Compare them. If that correction is in this one, too, confirm; if not, close it and correct the payroll there."
    )
    code, detail = payroll.Code.RUN_UNDONE, (("run_id", str(before.run_id)),)
    yield payroll.Finding(payroll.Severity.NOTE, code, reason, fix, detail=detail, confirm=True)

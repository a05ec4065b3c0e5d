"""Reading and checking one run: bytes to rows, rows to people, every finding stored. Not here: posting it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from open401k import census, payroll, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Open401kError, Refused, SponsorId, day_of
from open401k.payroll import runs

from .payroll_preview import Previewed, previewed, scope_of

Rows = list[payroll.PayrollRow]

ERISA = date(1974, 9, 2)  # no pay date is earlier: such a day has its finding, and the rest is asked as of today
CHUNKS_AT_ONCE = 5  # of the readers': few enough that memory stays flat however long a file is


@dataclass(slots=True)
class Reading:
    """A run opened for reading: its settled mapping, if any, and its rows in chunks."""

    run: runs.Run
    mapping: payroll.Mapping | None
    findings: payroll.Findings
    chunks: Iterator[Rows]
    readable: bool
    proposal: payroll.MappingProposal | None = None


def _large(chunks: Iterator[Rows]) -> Iterator[Rows]:
    """Chunks of the readers put together: what is asked of the database once a chunk is asked seldom."""
    rows: Rows = []
    for number, chunk in enumerate(chunks, start=1):
        rows += chunk
        if rows and number % CHUNKS_AT_ONCE == 0:
            yield rows
            rows = []
    if rows:
        yield rows


def read_run(tx: Tx, *, tenant_id: SponsorId, run: runs.Run, data: bytes | None = None) -> Reading:
    """Open the stored bytes of a run; the same bytes are read the same way every time.

    ``data`` are these bytes where they have just been stored, so that a long file is held once.
    """
    if data is None:
        data = payroll.files.content(tx, tenant_id=tenant_id, file_id=run.file_id)
    findings = payroll.Findings()
    if run.provider == payroll.API_PROVIDER:
        return Reading(run, None, findings, _large(payroll.read_json(json.loads(data), findings)), readable=True)
    known = runs.remembered(tx, tenant_id=tenant_id, plan_id=run.plan_id, provider=run.provider)
    opened = payroll.open_upload(data, file_name=run.file_name, provider=run.provider, remembered=known)
    readable = opened.mapping is not None
    return Reading(run, opened.mapping, opened.findings, _large(opened.chunks()), readable, opened.proposal)


def payday_of(reading: Reading) -> tuple[date | None, Iterator[Rows]]:
    """The pay date of the first row, and all the rows: they are held by nobody else."""
    read = [first] if (first := next(reading.chunks, [])) else []
    return (first[0].pay_date if first else None), _with(read, reading.chunks)


def _with(read: list[Rows], chunks: Iterator[Rows]) -> Iterator[Rows]:
    while read:
        yield read.pop()
    yield from chunks


def check_run(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    run: runs.Run,
    known: Sequence[payroll.Finding] = (),
    data: bytes | None = None,
) -> runs.Status | Refused[runs.Refusal]:
    """Check every row and store what was found; the status says whether it may be posted.

    ``known`` is what was found already, elsewhere than in its rows; ``data`` as in :func:`read_run`.
    """
    reading = read_run(tx, tenant_id=tenant_id, run=run, data=data)
    if not reading.readable:
        status = runs.Status.REJECTED if reading.proposal is None else runs.Status.NEEDS_MAPPING
        runs.unread(tx, tenant_id=tenant_id, run_id=run.run_id, status=status, findings=reading.findings)
        return status
    paid_on, chunks = payday_of(reading)
    pay_date = run.announced or paid_on or day_of(tx.now)
    in_reach = ERISA <= pay_date <= day_of(tx.now) + timedelta(days=366)
    asked = asked_of(tx, tenant_id=tenant_id, run=run, pay_date=pay_date if in_reach else day_of(tx.now))
    left_out = payroll.codes_left_out(tx, asked=asked)
    expected = payroll.expectation(
        asked, today=day_of(tx.now), announced=run.announced, left_out=left_out, corrects=run.replaces is not None
    )
    whole = payroll.FileCheck(expected, reading.mapping, reading.findings)
    to_date = payroll.to_date(tx, asked=asked)
    paid = frozenset(() if to_date.same_day is None else to_date.same_day.employee_id)
    again: set[EmployeeId] = set()
    preview = None
    if payroll.missing_figures(pay_date, expected) is None:
        preview = Previewed(asked, _before(tx, asked, to_date), to_date.same_day, left_out)
    for rows in chunks:
        standing, people = payroll.gather_standing(tx, asked=asked, to_date=to_date, rows=rows)
        again |= paid.intersection(standing.employee_id[place] for place in standing.place.values()) if paid else set()
        whole.chunk(rows, previewed(tx, preview, standing, people, rows))
        del rows, standing, people  # before the next ones are read beside them
    outcome = whole.finish()
    outcome.findings.extend(_paid_before(asked, run, len(again)))
    outcome.findings.extend(_counted_before(tx, asked))
    outcome.findings.extend(known)
    return runs.checked(tx, tenant_id=tenant_id, run_id=run.run_id, outcome=outcome, run=run)


def _paid_before(asked: payroll.Asked, run: runs.Run, again: int) -> Iterator[payroll.Finding]:
    """A payroll for people who were paid that day already, without a word why: a correction, or a second payroll?"""
    if again and run.replaces is None and not run.reason:
        reason = f"{again} people of this file were paid on {asked.pay_date} already, by {asked.same_day[0]}."
        fix = "If it corrects that run, send it as a correction of it; if it is a second payroll, confirm."
        yield payroll.Finding(payroll.Severity.NOTE, payroll.Code.PAY_DATE_AGAIN, reason, fix, confirm=True)


def _counted_before(tx: Tx, asked: payroll.Asked) -> Iterator[payroll.Finding]:
    """A payroll of days whose payrolls were brought over in one sum: its money would count, and be posted, twice."""
    covered = census.covered_by(tx, tenant_id=asked.tenant_id, plan_id=asked.plan_id, day=asked.pay_date)
    if covered is not None:
        reason = (
            f"The payrolls from {covered.start} to {covered.end} were brought over from before the plan came here; one"
            f" of {asked.pay_date} would count twice."
        )
        fix = "Bring over corrected year-to-date figures instead, or check the pay date."
        yield payroll.Finding(payroll.Severity.REJECT, payroll.Code.PERIOD_COVERED, reason, fix, column="pay_date")


def asked_of(tx: Tx, *, tenant_id: SponsorId, run: runs.Run, pay_date: date) -> payroll.Asked:
    """The plan on the pay date."""
    of, today = (tenant_id, run.plan_id, pay_date), day_of(tx.now)
    posted = runs.replaceable(tx, tenant_id=tenant_id, plan_id=run.plan_id, pay_date=pay_date)
    beside = tuple(each.run_id for each in posted if each.run_id != run.replaces)
    try:
        terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=run.plan_id, on=pay_date)
        asked = payroll.Asked(*of, terms, same_day=beside)
        return replace(asked, without=_replaced(tx, asked, run))
    except Open401kError:
        terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=run.plan_id, on=today)
        return payroll.Asked(*of, terms, in_force=False, same_day=beside)


def _replaced(tx: Tx, asked: payroll.Asked, run: runs.Run) -> census.Without | None:
    """The run that this one replaces, where its pay date is an earlier one: no figure to date counts it."""
    if run.replaces is None:
        return None
    paid = runs.get(tx, tenant_id=asked.tenant_id, run_id=run.replaces).pay_date
    if paid is None or paid >= asked.pay_date:
        return None
    return recordkeeping.without_run(tx, scope=replace(scope_of(asked), since=paid), run_id=run.replaces)


def _before(tx: Tx, asked: payroll.Asked, to_date: payroll.ToDate) -> recordkeeping.Before:
    """In a plan whose year is the calendar year the checks have read most of it already."""
    read = recordkeeping.Before(to_date.contributed, to_date.contributed, to_date.pay, to_date.wages)
    known = read if asked.provisions.plan_year_of(day := asked.pay_date).start == date(day.year, 1, 1) else None
    return recordkeeping.read_before(tx, scope=scope_of(asked), provisions=asked.provisions, on=day, known=known)

"""Checking one run: rows to people, every finding stored. Not here: reading it (payroll_read.py), posting it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from open401k import census, payroll, plan, recordkeeping
from open401k.base import memory
from open401k.base.db import Tx
from open401k.kernel import Open401kError, Refused, SponsorId, day_of
from open401k.payroll import connections, runs

from .payroll_absent import without_row
from .payroll_before import found_on_file
from .payroll_loans_check import with_loans
from .payroll_preview import Previewed, previewed, scope_of
from .payroll_read import payday_of, read_run

ERISA = date(1974, 9, 2)  # no pay date is earlier: such a day has its finding, and the rest is asked as of today


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
    if run.status == runs.Status.CANCELED:
        return runs.Status.CANCELED
    reading = read_run(tx, tenant_id=tenant_id, run=run, data=data)
    if not reading.readable:
        status = runs.Status.REJECTED if reading.proposal is None else runs.Status.NEEDS_MAPPING
        runs.unread(tx, tenant_id=tenant_id, run_id=run.run_id, status=status, findings=reading.findings)
        return status
    paid_on, chunks = payday_of(reading)
    pay_date = run.announced or paid_on or day_of(tx.now)
    in_reach = ERISA <= pay_date <= day_of(tx.now) + timedelta(days=366)
    asked = asked_of(tx, tenant_id=tenant_id, run=run, pay_date=pay_date if in_reach else day_of(tx.now))
    watch = payroll.watch_of(payroll.codes_of(tx, asked=asked), reading.called)
    corrects, today = run.replaces is not None, day_of(tx.now)
    expected = payroll.expectation(
        asked, today=today, announced=run.announced, codes=watch.codes, corrects=corrects, said=run.said
    )
    whole = payroll.FileCheck(expected, reading.mapping, reading.findings, period=reading.period, codes=watch)
    to_date = payroll.to_date(tx, asked=asked)
    present, asked_about, employers = payroll.RowsWatch(to_date), list[census.AskedRow](), Counter[str]()
    preview = None
    if payroll.missing_figures(pay_date, expected) is None:
        preview = Previewed(asked, _before(tx, asked, to_date), to_date, watch, _elections(tx, asked))
    memory.give_back(rows=len(to_date.pay))
    for rows in chunks:
        standing, people = payroll.gather_standing(tx, asked=asked, to_date=to_date, rows=rows)
        asked_about += [doubt.asked for doubt in standing.doubts.values()][: payroll.MOST_LISTED - len(asked_about)]
        employers.update(row.employer_ein for row in rows if row.employer_ein)
        watch.look(rows)
        present.look(standing, rows)
        whole.chunk(rows, with_loans(tx, asked, run, previewed(tx, preview, standing, people, rows), rows))
        del rows, standing, people  # before the next ones are read beside them
    memory.give_back(rows=len(to_date.pay))
    outcome = whole.finish()
    outcome.findings.extend([*found_on_file(tx, asked, run, outcome, present, employers), *known])
    outcome.findings.extend(() if outcome.findings.rejected else without_row(tx, asked, run, present))
    _ask(tx, tenant_id, run, asked_about)
    payroll.note_codes(tx, tenant_id=tenant_id, run=run, pay_date=asked.pay_date, watch=watch)
    return runs.checked(tx, tenant_id=tenant_id, run_id=run.run_id, outcome=outcome, run=run)


def _ask(tx: Tx, tenant_id: SponsorId, run: runs.Run, rows: Sequence[census.AskedRow]) -> None:
    """Rows in doubt become questions; the file waits for the answers, as its findings say."""
    if rows:
        census.ask(tx, tenant_id=tenant_id, plan_id=run.plan_id, run_id=run.run_id, rows=rows)


def asked_of(tx: Tx, *, tenant_id: SponsorId, run: runs.Run, pay_date: date) -> payroll.Asked:
    """The plan on the pay date."""
    of, today = (tenant_id, run.plan_id, pay_date), day_of(tx.now)
    posted = runs.replaceable(tx, tenant_id=tenant_id, plan_id=run.plan_id, pay_date=pay_date)
    others = [each for each in posted if each.run_id != run.replaces]
    beside = tuple(each.run_id for each in others)
    said_nothing = next((each.run_id for each in others if each.said.no_contributions), None)
    try:
        terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=run.plan_id, on=pay_date)
        asked = payroll.Asked(*of, terms, same_day=beside, said_nothing=said_nothing, provider=run.provider)
        by_others = runs.all_by_others(run, others) and not _moved(tx, tenant_id, run, others)
        return replace(asked, without=_replaced(tx, asked, run), by_others=by_others)
    except Open401kError:
        terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=run.plan_id, on=today)
        return payroll.Asked(*of, terms, in_force=False, same_day=beside, provider=run.provider)


def _moved(tx: Tx, tenant_id: SponsorId, run: runs.Run, others: Sequence[runs.Run]) -> bool:
    """Whether one of the others was told of the same employer by another connection: it may be the same payroll."""
    if run.told is None or not others:
        return False
    known = connections.of_plan(tx, tenant_id=tenant_id, plan_id=run.plan_id)
    same = connections.same_employer(known, run.told.connection_id)
    return any(each.told is not None and each.told.connection_id in same for each in others)


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


def _elections(tx: Tx, asked: payroll.Asked) -> recordkeeping.ElectionsOnFile | None:
    """What people asked payroll to withhold; nothing is read where the plan's elections are not kept here."""
    return recordkeeping.read_on_file(
        tx,
        tenant_id=asked.tenant_id,
        plan_id=asked.plan_id,
        provisions=asked.provisions,
        until=asked.pay_date,
    )

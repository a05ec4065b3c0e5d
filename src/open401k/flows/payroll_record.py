"""The rows of a checked run become facts: pay lines. Not here: people (payroll_people.py), checks, money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from open401k import census, payroll
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, SponsorId, day_of
from open401k.payroll import runs

from .payroll_codes import CodesInDoubt
from .payroll_loans_check import LoanWithheld, withheld_of
from .payroll_people import confirmed, learn, people_of
from .payroll_read import Rows, payday_of, read_run


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded, and whose books it touches, from which pay date on."""

    pay_date: date
    since: date
    rows: int
    withheld_cents: int
    employees: Sequence[EmployeeId]
    changed: Sequence[EmployeeId]  # the file told what changes their past, too
    people_on_file: int
    origin: str
    loans: Sequence[LoanWithheld] = ()


def record_lines(tx: Tx, *, tenant_id: SponsorId, run: runs.Run) -> Recorded:
    """Add new people and append every line, chunk by chunk, so that memory stays flat however long the file is."""
    reading = read_run(tx, tenant_id=tenant_id, run=run)
    if not reading.readable:  # it was when it was checked: else a payroll without rows would be posted in its place
        raise ValueError(f"{run.run_id} was checked, and its columns wait for a person")
    paid_on, chunks = payday_of(reading)
    pay_date = run.announced or paid_on or run.pay_date or day_of(tx.now)
    replaced = _replaced_lines(tx, tenant_id, run)
    touched = IdColumn.of(EmployeeId, (line.employee_id for line in replaced))
    changed: list[EmployeeId] = []
    loans: list[LoanWithheld] = []
    yes = confirmed(tx, tenant_id=tenant_id, run=run)
    codes = CodesInDoubt(tx, tenant_id, run, reading.called, pay_date)
    rows_read = 0
    withheld = -sum(_withheld(line) for line in replaced)
    for rows in chunks:
        people = people_of(tx, tenant_id=tenant_id, rows=rows, provider=run.provider)
        changed += learn(tx, tenant_id=tenant_id, rows=rows, who=people, yes=yes, pay_date=pay_date)
        payroll.note_numbers(tx, tenant_id=tenant_id, rows=rows, who=people, provider=run.provider)
        who = [people[row.key] for row in rows]
        _append(tx, tenant_id, run, pay_date, rows, who)
        loans += withheld_of(rows, who)
        codes.note(rows)
        touched = touched.union(IdColumn.of(EmployeeId, people.values()))
        rows_read += len(rows)
        withheld += sum(row.deferral_cents + row.after_tax_cents for row in rows)
        del rows, people, who  # before the next ones are read beside them
    if not rows_read:  # nothing is contributed: the payroll of that pay date all the same, and it may replace another
        _append(tx, tenant_id, run, pay_date, [], [])
    return Recorded(
        pay_date,
        min(pay_date, *(line.pay_date for line in replaced)) if replaced else pay_date,
        rows_read,
        withheld,
        touched,
        changed,
        census.headcount(tx, tenant_id=tenant_id),
        f"A corrected file took the place of run {run.replaces}."
        if run.replaces
        else f"The payroll of {pay_date} was posted after later ones.",
        loans,
    )


def _append(tx: Tx, tenant_id: SponsorId, run: runs.Run, pay_date: date, rows: Rows, who: Sequence[EmployeeId]) -> None:
    first = rows[0] if rows else None
    end = (first and first.period_end) or pay_date
    start = (first and first.period_start) or end
    census.record_run(
        tx,
        tenant_id=tenant_id,
        plan_id=run.plan_id,
        run_id=run.run_id,
        pay_date=pay_date,
        period_start=run.period_start or start,
        period_end=run.period_end or end,
        replaces=run.replaces,
        lines=census.PayLines(
            employee_id=who,
            line_no=[row.row for row in rows],
            gross_cents=[row.gross_cents for row in rows],
            fica_cents=[_or(row.fica_wages_cents, row.gross_cents) for row in rows],
            fica_told=[row.row for row in rows if row.fica_wages_cents is not None],
            employers=[(row.row, row.employer_ein) for row in rows if row.employer_ein],
            hours_hundredths=[row.hours_hundredths or 0 for row in rows],
            pre_tax_cents=[row.pre_tax_cents for row in rows],
            roth_cents=[row.roth_cents for row in rows],
            after_tax_cents=[row.after_tax_cents for row in rows],
            catch_up_pre_tax_cents=[row.pre_tax_catch_up_cents for row in rows],
            catch_up_roth_cents=[row.roth_catch_up_cents for row in rows],
            match_cents=[_sum(row.match_cents, row.safe_harbor_match_cents) for row in rows],
            nonelective_cents=[
                _sum(row.nonelective_cents, row.safe_harbor_nonelective_cents, row.profit_sharing_cents) for row in rows
            ],
            earnings=[(row.row, code, cents) for row in rows for code, cents in row.earnings],
            deductions=[(row.row, code, cents) for row in rows for code, cents in row.deductions],
        ),
    )


def _or(told: int | None, else_: int) -> int:
    return else_ if told is None else told


def _sum(*reported: int | None) -> int | None:
    said = [cents for cents in reported if cents is not None]
    return sum(said) if said else None


def _replaced_lines(tx: Tx, tenant_id: SponsorId, run: runs.Run) -> list[census.PayLine]:
    """The lines that stop to count: the correction touches the books of their people too."""
    known = census.pay_runs(tx, tenant_id=tenant_id, plan_id=run.plan_id) if run.replaces is not None else []
    for before in known:
        if before.run_id == run.replaces and before.current:
            end = before.pay_date + timedelta(days=1)
            lines = census.current_lines(tx, tenant_id=tenant_id, plan_id=run.plan_id, start=before.pay_date, end=end)
            return [line for line in lines if line.run_id == before.run_id]
    return []


def _withheld(line: census.PayLine) -> int:
    coded = line.catch_up_pre_tax_cents + line.catch_up_roth_cents
    return line.pre_tax_cents + line.roth_cents + line.after_tax_cents + coded

"""A payroll run as one line of a list, and the rhythm of the payrolls. Not here: one run to its last row."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median_low

from open401k.kernel import Money, day_of
from open401k.payroll import Severity, remittance, runs
from open401k.payroll.remittance import Remittance

from .shown import PayrollLine, state_of

#: Gaps between pay dates that say what the usual one is.
_RECENT = 8


def payroll_line(run: runs.Run, due: Remittance | None) -> PayrollLine:
    """One run: what was posted, or for a run that is not, what its file says."""
    return PayrollLine(
        run_id=run.run_id,
        pay_date=run.pay_date or run.announced or day_of(run.received_at),
        provider=run.provider,
        file_name=run.file_name,
        people=run.rows,
        employee=Money(due.employee_cents if due else _reported(run)),
        employer=Money(due.employer_cents if due else 0),
        state=state_of(run),
        notes=run.counts.get(Severity.NOTE, 0),
        holds=run.counts.get(Severity.HOLD, 0),
        rejects=run.counts.get(Severity.REJECT, 0),
    )


def payroll_lines(found: Iterable[runs.Run], due: Iterable[Remittance]) -> tuple[PayrollLine, ...]:
    """Runs as lines, in the order given."""
    by_run = {each.run_id: each for each in due}
    return tuple(payroll_line(run, by_run.get(run.run_id)) for run in found)


def next_pay_date(pay_dates: Iterable[date]) -> date | None:
    """When the next payroll is expected, from the usual gap between the last ones; None before the second."""
    known: Sequence[date] = sorted(set(pay_dates))[-_RECENT - 1 :]
    gaps = [(later - earlier).days for earlier, later in pairwise(known)]
    return known[-1] + timedelta(days=median_low(gaps)) if gaps else None


def _reported(run: runs.Run) -> int:
    return remittance.withheld(run.totals) if run.totals else 0

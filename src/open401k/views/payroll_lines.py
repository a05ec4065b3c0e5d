"""A payroll run as one line of a list, and the rhythm of the payrolls. Not here: one run to its last row."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median_low

from open401k import ledger
from open401k.base.db import Tx
from open401k.kernel import Money, PlanId, RunId, SponsorId, day_of
from open401k.payroll import Severity, remittance, runs
from open401k.payroll.remittance import Remittance

from .shown import PayrollLine, state_of

#: Gaps between pay dates that say what the usual one is.
_RECENT = 8
_EMPLOYER = ("match", "safe_harbor_match", "nonelective", "safe_harbor_nonelective", "profit_sharing")


def payroll_line(run: runs.Run, sent: tuple[Money, Money] | None, *, waits: bool) -> PayrollLine:
    """One run: ``sent`` is the money of employees and employer that is due for it; without it, what its file says."""
    employee, employer = sent or (Money(_reported(run)), Money(sum(run.totals.get(name, 0) for name in _EMPLOYER)))
    return PayrollLine(
        run_id=run.run_id,
        pay_date=run.pay_date or run.announced or day_of(run.received_at),
        provider=run.provider,
        file_name=run.file_name,
        rows=run.rows,
        employee=employee,
        employer=employer,
        state=state_of(run, waits=waits),
        notes=run.counts.get(Severity.NOTE, 0),
        holds=run.counts.get(Severity.HOLD, 0),
        rejects=run.counts.get(Severity.REJECT, 0),
    )


def payroll_lines(
    found: Iterable[runs.Run],
    due: Iterable[Remittance],
    among: Iterable[runs.Run] = (),
    *,
    waits_on: Collection[date],
) -> tuple[PayrollLine, ...]:
    """Runs as lines, in the order given; ``among`` are all runs of the plan, ``waits_on`` is of :func:`held_on`.

    A corrected file owes only a difference to what it replaced: its line shows both together.
    """
    found = list(found)
    by_run = {each.run_id: each for each in due}
    known = {run.run_id: run for run in (*among, *found)}
    return tuple(payroll_line(run, _sent(run, known, by_run), waits=run.pay_date in waits_on) for run in found)


def held_on(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, found: Iterable[runs.Run]) -> frozenset[date]:
    """The pay dates of these runs of which money waits in suspense now; nothing is asked where nothing was held."""
    held = {
        run.pay_date
        for run in found
        if run.status == runs.Status.POSTED and run.counts.get(Severity.HOLD, 0) and run.pay_date is not None
    }
    if not held:
        return frozenset()
    first, after = min(held), max(held) + timedelta(days=1)
    waits = ledger.contributions(
        tx, tenant_id=tenant_id, plan_id=plan_id, start=first, end=after, kind=ledger.Kind.SUSPENSE
    )
    return frozenset(each.event_on for each in waits if each.event_on in held)


def _sent(
    run: runs.Run, known: Mapping[RunId, runs.Run], due: Mapping[RunId, Remittance]
) -> tuple[Money, Money] | None:
    if run.run_id not in due:
        return None
    employee, employer, each = 0, 0, due.get(run.run_id)
    while each is not None:
        employee, employer = employee + each.employee_cents, employer + each.employer_cents
        before = known[each.run_id].replaces if each.run_id in known else None
        each = due.get(before) if before is not None else None
    return Money(employee), Money(employer)


def next_pay_date(pay_dates: Iterable[date]) -> date | None:
    """When the next payroll is expected, from the usual gap between the last ones; None before the second."""
    known: Sequence[date] = sorted(set(pay_dates))[-_RECENT - 1 :]
    gaps = [(later - earlier).days for earlier, later in pairwise(known)]
    return known[-1] + timedelta(days=median_low(gaps)) if gaps else None


def _reported(run: runs.Run) -> int:
    return remittance.withheld(run.totals) if run.totals else 0

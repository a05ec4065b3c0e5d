"""The books settled to what a payroll recorded, and what is raised when they refuse. Not here: recording it."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from open401k import payroll, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import Refused, SponsorId, day_of
from open401k.law.deadlines import deposit_deadline
from open401k.payroll import runs

from .payroll_record import Recorded


class PostingRefused(Exception):  # noqa: N818 (a refusal that has to undo the transaction it happens in)
    """The ledger refused a part of a payroll: the whole transaction is undone, and a person decides."""

    def __init__(self, refused: Refused[Any]) -> None:
        super().__init__(refused.message)
        self.refused = refused

    @property
    def finding(self) -> payroll.Finding:
        """What a payroll is told that cannot be posted for now."""
        reason = f"The books cannot take what follows from this payroll: {self.refused.message}"
        fix = f"{self.refused.fix} Then send the same file again.".strip()
        return payroll.Finding(payroll.Severity.REJECT, payroll.Code.LEDGER_REFUSED, reason, fix)


@dataclass(frozen=True, slots=True)
class Booked:
    """What a payroll asks for, and what of the employer's money waits: for past pay dates, by what was told late."""

    settled: recordkeeping.Settled
    late_cents: int = 0

    def __add__(self, other: "Booked") -> "Booked":
        return Booked(self.settled + other.settled, self.late_cents + other.late_cents)


def settle_recorded(tx: Tx, *, tenant_id: SponsorId, run: runs.Run, recorded: Recorded) -> Booked:
    """The whole past of people of whom the file told what changes it; then the pay date and what follows from it.

    In this order a match over the year is owed for the dates on which it was missed, not for this one. Other plans of
    the sponsor are settled along with it, and what is owed for them is not owed for this run.
    """
    scope = recordkeeping.Scope(tenant_id, run.plan_id, recorded.since, date.max, recorded.employees)
    key, cause = f"payroll/{run.run_id}", str(run.run_id)
    booked = Booked(recordkeeping.Settled())
    if recorded.changed:
        origin = f"The payroll of {recorded.pay_date} told a termination or another birth date."
        past = replace(scope, since=date.min, until=recorded.since, employees=recorded.changed)
        booked += _late(tx, past, recordkeeping.Cause(f"{key}/told", cause, correction=True, origin=origin))
    if run.replaces is None:
        pays = recordkeeping.Cause(key, cause, origin=recorded.origin, pays=recorded.pay_date)
        return booked + _paid(tx, scope, pays, recorded)
    again = recordkeeping.Cause(key, cause, correction=True, origin=recorded.origin)
    if not _was_due(recorded.since, recorded, day_of(tx.now)):
        return booked + Booked(_settled(tx, scope, again))
    return booked + _late(tx, scope, replace(again, key=f"{key}/replaced"))


def _was_due(pay_date: date, recorded: Recorded, today: date) -> bool:
    """Whether the money of a pay date was due already: what is told before is not late."""
    return deposit_deadline(pay_date, participants_at_start_of_year=recorded.people_on_file).due < today


def _paid(tx: Tx, scope: recordkeeping.Scope, pays: recordkeeping.Cause, recorded: Recorded) -> Booked:
    """A payroll, and what it changes of those after it, where these were posted first.

    Its own money is due for its own pay date. Of the others the employer's waits once theirs was due: it was missed on
    their days, and earns since (ADR-0035). What was withheld from people was sent for the day on which it was.
    """
    settled, today = _settled(tx, scope, pays), day_of(tx.now)
    due = {day for day, _ in settled.other_days if _was_due(day, recorded, today)}
    if not settled.employer_on(due):
        return Booked(settled)
    cents = recordkeeping.let_wait_of_other_days(tx, scope=scope, cause=pays, settled=settled, days=due)
    return Booked(settled.without_employer_on(due), cents) if cents else Booked(settled)


def _late(tx: Tx, scope: recordkeeping.Scope, cause: recordkeeping.Cause) -> Booked:
    """Past pay dates: the employer's money waits with its earnings, as that of every other late fact (ADR-0035)."""
    settled = _settled(tx, scope, cause)
    cents = recordkeeping.let_wait(tx, scope=scope, cause=cause, settled=settled)
    return Booked(settled.of_employees(), cents) if cents else Booked(settled)


def use_forfeitures(tx: Tx, *, tenant_id: SponsorId, run: runs.Run, employer_cents: int) -> int:
    """What of the employer's part the plan's forfeitures pay; nothing where the plan, or nobody, lets them."""
    used = recordkeeping.use_for_payroll(
        tx, tenant_id=tenant_id, plan_id=run.plan_id, run_id=run.run_id, employer_cents=employer_cents
    )
    if isinstance(used, Refused):
        raise PostingRefused(used)
    return used


def _settled(tx: Tx, scope: recordkeeping.Scope, cause: recordkeeping.Cause) -> recordkeeping.Settled:
    settled = recordkeeping.settle(tx, scope=scope, cause=cause)
    if isinstance(settled, Refused):
        raise PostingRefused(settled)
    return settled

"""What the employer must send for a run, and by when. Not here: its arrival (ledger), the clock (deposit_clock.py)."""

from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace
from datetime import date

from open401k.base.db import Tx
from open401k.kernel import ConnectionId, PlanId, RunId, SponsorId
from open401k.law import deadlines

from . import _remittance_store as _store


@dataclass(frozen=True, slots=True)
class Remittance:
    """Money withheld and promised in one run, with the day by which withheld money must be in the plan."""

    run_id: RunId
    pay_date: date
    employee_cents: int
    employer_cents: int
    loan_cents: int
    due_on: date
    outer_limit_on: date
    sources: Table[str, int] = field(default_factory=dict)  # cents by source as posted; "held" waits in suspense
    forfeiture_cents: int = 0  # of the employer's part, what the plan's forfeitures pay
    cite: str = "29 CFR 2510.3-102"
    connection_id: ConnectionId | None = None  # the company that owes it, where a connected provider told the payroll

    @property
    def total_cents(self) -> int:
        """Everything to send."""
        return self.employee_cents + self.employer_cents + self.loan_cents - self.forfeiture_cents


def due(
    *,
    run_id: RunId,
    pay_date: date,
    employee_cents: int,
    employer_cents: int,
    loan_cents: int = 0,
    sources: Table[str, int] | None = None,
    forfeiture_cents: int = 0,
    participants_at_start_of_year: int,
) -> Remittance:
    """What to send and by when. Withheld money that waits in suspense is sent too: it left the employee's pay."""
    deadline = deadlines.deposit_deadline(pay_date, participants_at_start_of_year=participants_at_start_of_year)
    return Remittance(
        run_id,
        pay_date,
        employee_cents,
        employer_cents,
        loan_cents,
        deadline.due,
        deadline.outer_limit,
        dict(sources or {}),
        forfeiture_cents,
    )


def withheld(totals: Table[str, int]) -> int:
    """The employees' own money in the totals of an outcome, without loan payments."""
    return sum(totals[name] for name in ("pre_tax", "roth", "after_tax", "pre_tax_catch_up", "roth_catch_up"))


def record(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, remittance: Remittance) -> None:
    """Keep what is due; recording the same run again changes nothing."""
    _store.add(
        tx,
        tenant_id=tenant_id,
        plan_id=plan_id,
        run_id=remittance.run_id,
        pay_date=remittance.pay_date,
        cents=(remittance.employee_cents, remittance.employer_cents, remittance.loan_cents),
        due_on=remittance.due_on,
        outer_limit_on=remittance.outer_limit_on,
        sources=remittance.sources,
        forfeiture_cents=remittance.forfeiture_cents,
    )


def recorded(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Remittance]:
    """What is due by plan, the earliest pay date first."""
    found = _store.of_plan(tx, tenant_id=tenant_id, plan_id=plan_id)
    return [
        replace(Remittance(RunId(row[0]), *row[1:-1]), connection_id=ConnectionId(row[-1]) if row[-1] else None)
        for row in found
    ]

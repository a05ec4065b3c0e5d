"""What the employer must send for a run, and by when. Not here: its arrival (ledger), the clock (deposit_clock.py)."""

from collections.abc import Iterable
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
    replaces: RunId | None = None  # the run that it corrects
    lowered_by: tuple["Remittance", ...] = ()  # corrected files that lowered it since (netted)

    @property
    def total_cents(self) -> int:
        """Everything to send."""
        return self.employee_cents + self.employer_cents + self.loan_cents - self.forfeiture_cents

    @property
    def withheld_less_cents(self) -> int:
        """What corrected files withhold less than was told first: employees' money, where it was sent."""
        return max(0, sum(-(each.employee_cents + each.loan_cents) for each in self.lowered_by))

    def plus(self, other: "Remittance") -> "Remittance":
        """The same, lowered by a corrected file."""
        names = {**self.sources, **other.sources}
        sources = {name: self.sources.get(name, 0) + other.sources.get(name, 0) for name in names}
        return replace(
            self,
            employee_cents=self.employee_cents + other.employee_cents,
            employer_cents=self.employer_cents + other.employer_cents,
            loan_cents=self.loan_cents + other.loan_cents,
            forfeiture_cents=self.forfeiture_cents + other.forfeiture_cents,
            sources={name: cents for name, cents in sources.items() if cents},
            lowered_by=(*self.lowered_by, *other.lowered_by, replace(other, lowered_by=())),
        )

    def emptied(self) -> "Remittance":
        """The same, once the run that it corrects has its money."""
        return replace(
            self, employee_cents=0, employer_cents=0, loan_cents=0, forfeiture_cents=0, sources={}, lowered_by=()
        )


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
    return [
        replace(
            Remittance(RunId(row[0]), *row[1:-2]),
            connection_id=ConnectionId(row[-2]) if row[-2] else None,
            replaces=RunId(row[-1]) if row[-1] else None,
        )
        for row in _store.of_plan(tx, tenant_id=tenant_id, plan_id=plan_id)
    ]


def owed(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Remittance]:
    """The same as it stands by now: what money is held against."""
    return netted(recorded(tx, tenant_id=tenant_id, plan_id=plan_id))


def netted(dues: Iterable[Remittance]) -> list[Remittance]:
    """What a corrected file took back is owed no more for the run that it corrects, and has no money of its own. Pure.

    What it asks for beyond that run is sent for itself, by its own day. The sum of all stays the same, to the cent.
    """
    found = {each.run_id: each for each in dues}

    def place(run_id: RunId) -> int:
        before = found[run_id].replaces
        return 0 if before is None or before not in found else 1 + place(before)

    for run_id in sorted(found, key=place, reverse=True):
        due = found[run_id]
        if due.total_cents < 0 and due.replaces in found:
            found[due.replaces] = found[due.replaces].plus(due)
            found[run_id] = due.emptied()
    return list(found.values())

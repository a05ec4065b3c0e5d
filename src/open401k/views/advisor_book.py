"""Every plan that one login may see, worst first. Not here: the pages of a single plan."""

from dataclasses import dataclass
from datetime import date

from open401k import fiduciary
from open401k.base.db import Tx
from open401k.compliance import TestId
from open401k.kernel import Money, PlanId, SponsorId, day_of
from open401k.payroll import runs

from .deposits import deposits
from .duties import duties
from .heading import heading
from .payroll_lines import next_pay_date
from .plan_health import assets
from .shown import DutyLine, DutyState, PlanHeading, Standing, StandingLine
from .standings import WORST_FIRST, newest, worst_of
from .whereabouts import plans_in_sight


@dataclass(frozen=True, slots=True)
class BookLine:
    """One plan in the book: its worst test, its open alerts, its last payroll and what is due next."""

    heading: PlanHeading
    worst: Standing
    worst_test: str
    alerts: int
    plan_assets: Money
    last_payroll_on: date | None
    adp: StandingLine | None = None
    next_duty: DutyLine | None = None


@dataclass(frozen=True, slots=True)
class AdvisorBook:
    """The book, worst standing first."""

    as_of: date
    plans: tuple[BookLine, ...]


def load(tx: Tx) -> AdvisorBook:
    """Every plan in sight of the transaction: those that need somebody first, then by name."""
    lines = [_line(tx, tenant_id, plan_id) for tenant_id, plan_id, _ in plans_in_sight(tx)]
    lines.sort(key=lambda line: (not line.alerts, WORST_FIRST.index(line.worst), line.heading.plan_name))
    return AdvisorBook(day_of(tx.now), tuple(lines))


def _line(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> BookLine:
    tested = newest(tx, tenant_id=tenant_id, plan_id=plan_id)
    tests = () if tested is None else tested.lines
    worst = worst_of(tests)
    alerts = fiduciary.open_alerts(tx, tenant_id=tenant_id, plan_id=plan_id)
    history = runs.history(tx, tenant_id=tenant_id, plan_id=plan_id)
    paid = [run.pay_date for run in history if run.status == runs.Status.POSTED and run.pay_date is not None]
    due = duties(
        tx,
        tenant_id=tenant_id,
        plan_id=plan_id,
        alerts=alerts,
        owed=deposits(tx, tenant_id=tenant_id, plan_id=plan_id),
        history=history,
        expected=next_pay_date(paid),
    )
    return BookLine(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id, run=None if tested is None else tested.run),
        worst=Standing.NOT_REQUIRED if worst is None else worst.standing,
        worst_test="No payroll yet" if worst is None else worst.title,
        alerts=len(alerts),
        plan_assets=assets(tx, tenant_id=tenant_id, plan_id=plan_id),
        last_payroll_on=max(paid, default=None),
        adp=next((line for line in tests if line.key == TestId.ADP), None),
        next_duty=next((line for line in due if line.state is not DutyState.DONE), None),
    )

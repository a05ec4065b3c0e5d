"""The sponsor's first page: is the plan all right, what fails, what is due. Not here: how a test came to its number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from open401k import census, compliance, fiduciary, ledger, plan
from open401k.base.db import Tx
from open401k.compliance import TestId
from open401k.kernel import Money, PlanId, PlanYear, SponsorId, day_of
from open401k.payroll import remittance, runs

from .alert import alert_line
from .deposits import deposits
from .duties import duties
from .heading import heading
from .payroll_lines import held_on, next_pay_date, payroll_lines
from .shown import AlertLine, DutyLine, DutyState, PayrollLine, Percent, PlanHeading, Projection, Standing, StandingLine
from .standings import newest
from .waiting import WaitingLine, waiting

_RECENT_PAYROLLS = 5


@dataclass(frozen=True, slots=True)
class AveragePoint:
    """Average deferral of both groups over the plan year up to one pay date, and the limit that follows from it."""

    pay_date: date
    hce: Percent | None
    nhce: Percent | None
    limit: Percent | None


@dataclass(frozen=True, slots=True)
class PlanHealth:
    """Everything the plan health page says."""

    heading: PlanHeading
    alerts: tuple[AlertLine, ...]
    plan_assets: Money
    contributed_this_year: Money
    saving: int
    deposits_due: Money
    next_deposit_on: date | None
    next_payroll_on: date | None
    averages: tuple[AveragePoint, ...]
    tests: tuple[StandingLine, ...]
    payrolls: tuple[PayrollLine, ...]
    duties: tuple[DutyLine, ...]
    waiting: tuple[WaitingLine, ...] = ()
    """What waits for somebody's decision, each kind with its page."""
    refused: str = ""
    """Why tests of this plan year cannot be run, and what to do about it; empty when they can."""

    @property
    def needs_somebody(self) -> bool:
        """Whether a test fails or is on its way to, a duty is late, or a decision waits, with or without an alert."""
        urgent = any(line.standing in (Standing.FAILS, Standing.AT_RISK) for line in self.tests)
        return urgent or bool(self.waiting) or any(duty.state is DutyState.LATE for duty in self.duties)

    @property
    def adp_ahead(self) -> Projection | None:
        """Where the ADP test will end the year, where that could be simulated."""
        ahead = next((line.projection for line in self.tests if line.key == TestId.ADP), None)
        return ahead if ahead is not None and not ahead.refused else None

    @property
    def participation(self) -> Percent | None:
        """Share of the eligible who defer this plan year."""
        eligible = self.heading.eligible
        return Percent((self.saving * 20_000 + eligible) // (2 * eligible)) if eligible else None


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> PlanHealth:
    """The plan as of today, from the last test run, the books and the payrolls."""
    tested = newest(tx, tenant_id=tenant_id, plan_id=plan_id)
    top = heading(tx, tenant_id=tenant_id, plan_id=plan_id, run=None if tested is None else tested.run)
    history = runs.history(tx, tenant_id=tenant_id, plan_id=plan_id)
    owed = deposits(tx, tenant_id=tenant_id, plan_id=plan_id)
    expected = next_pay_date(run.pay_date for run in history if run.status == runs.Status.POSTED and run.pay_date)
    found = fiduciary.open_alerts(tx, tenant_id=tenant_id, plan_id=plan_id)
    year = plan.get(tx, tenant_id=tenant_id, plan_id=plan_id).plan_year_of(day_of(tx.now))
    contributed, saving = _contributed(tx, tenant_id, plan_id, year)
    recent = history[:_RECENT_PAYROLLS]
    waits_on = held_on(tx, tenant_id=tenant_id, plan_id=plan_id, found=recent)
    sent = remittance.recorded(tx, tenant_id=tenant_id, plan_id=plan_id) if recent else []
    return PlanHealth(
        heading=top,
        alerts=tuple(alert_line(each, day_of(tx.now)) for each in found),
        plan_assets=assets(tx, tenant_id=tenant_id, plan_id=plan_id),
        contributed_this_year=contributed,
        saving=saving,
        deposits_due=Money(sum(each.outstanding.cents for each in owed)),
        next_deposit_on=min((each.clock.target_on for each in owed if each.outstanding), default=None),
        next_payroll_on=expected,
        averages=_averages(tx, tenant_id, plan_id, year, history),
        tests=() if tested is None else tested.lines,
        payrolls=payroll_lines(recent, sent, among=history, waits_on=waits_on),
        duties=duties(
            tx,
            tenant_id=tenant_id,
            plan_id=plan_id,
            alerts=found,
            owed=owed,
            history=history,
            expected=expected,
        ),
        waiting=waiting(tx, tenant_id=tenant_id, plan_id=plan_id, history=history, owed=owed),
        refused="" if tested is None else tested.refused,
    )


def assets(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Money:
    """What the plan holds for its people: their accounts with notes, what waits in suspense, and forfeitures."""
    held = ledger.balances(tx, tenant_id=tenant_id, plan_id=plan_id)
    kinds = (
        ledger.Kind.PARTICIPANT, ledger.Kind.PARTICIPANT_LOAN, ledger.Kind.SUSPENSE, ledger.Kind.FORFEITURES,
    )  # fmt: skip
    return Money(sum(held.total(kind) for kind in kinds))


def _contributed(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, year: PlanYear) -> tuple[Money, int]:
    """Everything contributed for the plan year, here or before, and how many people have deferred in it."""
    rows = census.contributed(tx, tenant_id=tenant_id, plan_id=plan_id, start=year.start, end=year.end).rows()
    savers = {row.employee_id for row in rows if row.source.is_deferral and row.cents > 0}
    return Money(sum(row.cents for row in rows)), len(savers)


def _averages(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, year: PlanYear, history: Sequence[runs.Run]
) -> tuple[AveragePoint, ...]:
    """The ADP test after each payroll, as then known; of a payroll sent again, the last one."""
    paid_on = {str(run.run_id): run.pay_date for run in history if run.pay_date is not None}
    points: dict[date, AveragePoint] = {}
    for point in compliance.history(tx, tenant_id=tenant_id, plan_id=plan_id, plan_year=year):
        if point.test is TestId.ADP and point.cause in paid_on and point.measured is not None:
            day = paid_on[point.cause]
            points[day] = AveragePoint(day, Percent(point.measured), _percent(point.nhce_bps), _percent(point.limit))
    return tuple(points[day] for day in sorted(points))


def _percent(bps: int | None) -> Percent | None:
    return None if bps is None else Percent(bps)

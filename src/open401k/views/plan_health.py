"""The sponsor's first page: is the plan all right, what fails, what is due. Not here: how a test came to its number."""

from dataclasses import dataclass
from datetime import date

from open401k.kernel import Money

from .shown import AlertLine, DutyLine, PayrollLine, Percent, PlanHeading, StandingLine


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

    @property
    def participation(self) -> Percent | None:
        """Share of the eligible who defer this plan year."""
        eligible = self.heading.eligible
        return Percent((self.saving * 20_000 + eligible) // (2 * eligible)) if eligible else None

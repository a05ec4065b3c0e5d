"""Every plan that one login may see, worst first. Not here: the pages of a single plan."""

from dataclasses import dataclass
from datetime import date

from open401k.kernel import Money

from .shown import PlanHeading, Standing


@dataclass(frozen=True, slots=True)
class BookLine:
    """One plan in the book: its worst test, its open alerts and its last payroll."""

    heading: PlanHeading
    worst: Standing
    worst_test: str
    alerts: int
    plan_assets: Money
    last_payroll_on: date | None


@dataclass(frozen=True, slots=True)
class AdvisorBook:
    """The book, worst standing first."""

    as_of: date
    plans: tuple[BookLine, ...]

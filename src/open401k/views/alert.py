"""One alert: what would fail, how sure we are, and every cure with its price. Priced by compliance, shown here."""

from dataclasses import dataclass
from datetime import date

from open401k.kernel import Money

from .shown import AlertLine, Percent, PlanHeading, Projection


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notice that a cure needs, and the last day to give it."""

    title: str
    due_on: date | None


@dataclass(frozen=True, slots=True)
class EffectLine:
    """What a cure does to one person: money to (positive) or from (negative) the account, or a rate to keep to."""

    person: str
    text: str
    amount: Money
    rate: Percent | None = None


@dataclass(frozen=True, slots=True)
class CureLine:
    """One way to pass: what is done, what it costs whom, by when, who decides, and the result afterwards."""

    key: str
    title: str
    what: str
    offered: bool
    why_not: str
    employer_cost: Money | None
    decide_by: date | None
    effective_on: date | None
    decided_by: str
    needs_amendment: bool
    notices: tuple[NoticeLine, ...]
    hce_after: Percent | None
    limit_after: Percent | None
    fails_after: Percent | None
    costs: tuple[tuple[str, Money], ...] = ()
    effects: tuple[EffectLine, ...] = ()
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class AlertDetail:
    """An alert with its projection and its cures, cheapest first."""

    heading: PlanHeading
    alert: AlertLine
    projection: Projection | None
    cures: tuple[CureLine, ...]
    history: tuple[tuple[date, str], ...] = ()

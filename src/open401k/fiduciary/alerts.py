"""Alerts: a projected failure told once, with dates, costs and who must decide. Not here: computing it (compliance)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from open401k.kernel import AlertId, PlanId


class AlertState(StrEnum):
    """Where an alert stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class AlertEventKind(StrEnum):
    """What happened to an alert; its state is the outcome of its events, which are only appended."""

    RAISED = "raised"
    UPDATED = "updated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """One open question per plan, plan year and test, as its newest event left it."""

    alert_id: AlertId
    plan_id: PlanId
    plan_year: str
    test: str
    state: AlertState
    title: str
    text: str
    fail_probability_bps: int
    measured: int | None
    limit: int | None
    unit: str
    decided_by: str
    decide_by: date | None
    cheapest_cure: str | None
    cheapest_cost_cents: int | None
    raised_at: datetime
    updated_at: datetime
    acknowledged_by: str | None

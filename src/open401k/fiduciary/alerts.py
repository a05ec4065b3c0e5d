"""Alerts: a projected failure told once, with dates, costs and who must decide. Not here: computing it, wording.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from open401k.base import audit, heads, messages
from open401k.base.db import Tx
from open401k.compliance import CURABLE, Forecast, Standing, TestId, read_forecast
from open401k.kernel import AlertId, ComplianceRunId, Open401kError, PlanId, PlanYear, SponsorId

from . import _store
from .wording import Wording

RAISE_FROM_BPS = 5_000
"""An alert opens when a test is at least as likely to fail as to pass."""
RESOLVE_BELOW_BPS = 2_500
"""It is resolved only when failing has become unlikely, so that it does not come and go with each payroll."""
_WATCHED = CURABLE
"""Every test that something can be done about."""


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
class Content:
    """What an alert says, figures and text; equal contents are not told twice."""

    run_id: str
    as_of: str
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


@dataclass(frozen=True, slots=True)
class Alert:
    """One open question per plan, plan year and test, as its newest event left it."""

    alert_id: AlertId
    plan_id: PlanId
    plan_year: str
    last_day: date
    """Of that plan year."""
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
    run_id: str
    """The compliance run whose forecast it tells, with its cures."""
    raised_at: datetime
    updated_at: datetime
    acknowledged_by: str | None


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One thing that happened to an alert."""

    kind: AlertEventKind
    recorded_at: datetime
    recorded_by: str
    fail_probability_bps: int
    text: str
    cheapest_cost_cents: int | None = None


# --- decisions (pure)


def content_of(forecast: Forecast, test: TestId) -> Content:
    """What to say about one test of a forecast: by how much, how likely, what it costs, by when, who decides."""
    told = forecast.projection.of(test)
    offers = [cure for cure in forecast.cures_of(test) if cure.standing is not Standing.NOT_AVAILABLE]
    cheapest = offers[0] if offers else None
    soonest = min((cure.decide_by for cure in offers if cure.decide_by is not None), default=None)
    said = Wording(told, forecast, offers, gone=told.alarm_bps < RESOLVE_BELOW_BPS)
    return Content(
        run_id=str(forecast.run_id),
        as_of=forecast.projection.as_of.isoformat(),
        title=said.title(),
        text=said.text(),
        fail_probability_bps=told.alarm_bps,
        measured=told.today if told.cost_median else told.median,
        limit=told.limit_median,
        unit=told.unit.value,
        decided_by=cheapest.decided_by if cheapest else "the sponsor",
        decide_by=soonest,
        cheapest_cure=None if cheapest is None else cheapest.kind.value,
        cheapest_cost_cents=None if cheapest is None else cheapest.employer_cost_cents,
    )


def decide(content: Content, *, before: Alert | None, worth_raising: bool) -> AlertEventKind | None:
    """What a new forecast does to the alert of a test: raise, update, resolve, or nothing."""
    likely = content.fail_probability_bps
    if before is None or before.state is AlertState.RESOLVED:
        return AlertEventKind.RAISED if worth_raising and likely >= RAISE_FROM_BPS else None
    if likely < RESOLVE_BELOW_BPS:
        return AlertEventKind.RESOLVED
    said = (before.title, before.text)
    told = (*said, before.fail_probability_bps, before.measured, before.limit, before.cheapest_cost_cents)
    now = (content.title, content.text, likely, content.measured, content.limit, content.cheapest_cost_cents)
    return AlertEventKind.UPDATED if told != now else None


# --- verbs


def watch(tx: Tx, *, tenant_id: SponsorId, forecast: Forecast) -> list[Alert]:
    """Raise, update or resolve the plan's alerts from a new forecast; returns those that changed."""
    heads.lock(tx, tenant_id=tenant_id)
    projection = forecast.projection
    starts = {projection.year_of(test).start for test in _WATCHED}
    known = {
        (start, alert.test): alert
        for start in starts
        for alert in _load(tx, tenant_id=tenant_id, plan_id=projection.plan_id, year_start=start)
    }
    changed: list[Alert] = []
    for test in _WATCHED:
        if not projection.tells(test) or projection.of(test).refused:
            continue
        content = content_of(forecast, test)
        before = known.get((projection.year_of(test).start, test.value))
        if test is TestId.COVERAGE_MATCH and before is None and not forecast.cures_of(test):
            continue  # it follows that of the deferrals, or nothing but a person's amendment can be done
        worth = projection.as_of <= projection.plan_year.last_day
        kind = decide(content, before=before, worth_raising=worth)
        if kind is not None:
            changed.append(_append(tx, tenant_id, forecast, test, before, kind, content))
    return changed


def acknowledge(tx: Tx, *, tenant_id: SponsorId, alert_id: AlertId) -> Alert:
    """Somebody has read it and takes it on; a second time changes nothing."""
    heads.lock(tx, tenant_id=tenant_id)
    alert = get(tx, tenant_id=tenant_id, alert_id=alert_id)
    if alert.state is not AlertState.OPEN:
        return alert
    content = _store.newest(tx, tenant_id=tenant_id, alert_id=alert_id).content
    _write(tx, tenant_id, alert_id, AlertEventKind.ACKNOWLEDGED, content)
    return get(tx, tenant_id=tenant_id, alert_id=alert_id)


def open_alerts(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId | None = None) -> list[Alert]:
    """Alerts that are not resolved, of one plan or of all, the most urgent day first."""
    alerts = [
        alert
        for alert in _load(tx, tenant_id=tenant_id, plan_id=plan_id, year_start=None)
        if alert.state is not AlertState.RESOLVED
    ]
    return sorted(alerts, key=lambda alert: (alert.decide_by or date.max, alert.raised_at))


def get(tx: Tx, *, tenant_id: SponsorId, alert_id: AlertId) -> Alert:
    """One alert; asking for one that does not exist is an error."""
    rows = _store.alerts(tx, tenant_id=tenant_id, plan_id=None, year_start=None, alert_id=alert_id)
    if not rows:
        raise Open401kError(f"There is no alert {alert_id}.", fix="Check the id, or list the open alerts.")
    return _alert(rows[0])


def events(tx: Tx, *, tenant_id: SponsorId, alert_id: AlertId) -> list[AlertEvent]:
    """Everything that happened to an alert, oldest first."""
    return [
        AlertEvent(
            AlertEventKind(row.kind), row.recorded_at, row.recorded_by,
            int(row.content["fail_probability_bps"]), str(row.content["text"]), row.content["cheapest_cost_cents"],
        )
        for row in _store.events(tx, tenant_id=tenant_id, alert_id=alert_id)
    ]  # fmt: skip


def follows(tx: Tx, *, tenant_id: SponsorId, alert: Alert) -> bool:
    """Whether an alert says what the forecast that it tells gives."""
    forecast = read_forecast(tx, tenant_id=tenant_id, run_id=ComplianceRunId.parse(alert.run_id))
    if forecast is None:
        return False
    said = _store.newest(tx, tenant_id=tenant_id, alert_id=alert.alert_id).content
    return said == _plain(content_of(forecast, TestId(alert.test)))


def _append(
    tx: Tx,
    tenant_id: SponsorId,
    forecast: Forecast,
    test: TestId,
    before: Alert | None,
    kind: AlertEventKind,
    content: Content,
) -> Alert:
    projection = forecast.projection
    if kind is AlertEventKind.RAISED or before is None:
        alert_id = tx.ids.new(AlertId)
        _store.insert_alert(
            tx,
            tenant_id=tenant_id,
            alert_id=alert_id,
            plan_id=projection.plan_id,
            year_start=projection.year_of(test).start,
            test=test.value,
        )
    else:
        alert_id = before.alert_id
    _write(tx, tenant_id, alert_id, kind, _plain(content))
    return get(tx, tenant_id=tenant_id, alert_id=alert_id)


def _write(tx: Tx, tenant_id: SponsorId, alert_id: AlertId, kind: AlertEventKind, content: dict[str, Any]) -> None:
    """One event: in the room's own table, in the audit trail, and for the outside."""
    _store.append_event(tx, tenant_id=tenant_id, alert_id=alert_id, kind=kind.value, content=content)
    told = {key: content[key] for key in ("title", "fail_probability_bps", "decide_by", "cheapest_cost_cents")}
    audit.record(tx, tenant_id=tenant_id, action=f"alert.{kind.value}", subject=alert_id, after=told)
    messages.publish(tx, tenant_id=tenant_id, kind=f"alert.{kind.value}", subject=alert_id, data=told)


def _plain(content: Content) -> dict[str, Any]:
    plain = {name: getattr(content, name) for name in Content.__slots__}
    return plain | {"decide_by": None if content.decide_by is None else content.decide_by.isoformat()}


def _load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId | None, year_start: date | None) -> list[Alert]:
    """The newest round of each alert."""
    rows = _store.alerts(tx, tenant_id=tenant_id, plan_id=plan_id, year_start=year_start, alert_id=None)
    return [_alert(row) for row in rows]


def _alert(row: _store.AlertRow) -> Alert:
    said, year = row.content, PlanYear.starting(row.year_start)
    return Alert(
        alert_id=AlertId(row.alert_id),
        plan_id=PlanId(row.plan_id),
        plan_year=str(year),
        last_day=year.last_day,
        test=row.test,
        state=_STATES[AlertEventKind(row.state)],
        title=said["title"],
        text=said["text"],
        fail_probability_bps=said["fail_probability_bps"],
        measured=said["measured"],
        limit=said["limit"],
        unit=said["unit"],
        decided_by=said["decided_by"],
        decide_by=None if said["decide_by"] is None else date.fromisoformat(said["decide_by"]),
        cheapest_cure=said["cheapest_cure"],
        cheapest_cost_cents=said["cheapest_cost_cents"],
        run_id=said["run_id"],
        raised_at=row.raised_at,
        updated_at=row.updated_at,
        acknowledged_by=row.acknowledged_by,
    )


# An update does not undo an acknowledgement: the state comes from the last event that is not an update.
_STATES = {
    AlertEventKind.RAISED: AlertState.OPEN,
    AlertEventKind.UPDATED: AlertState.OPEN,
    AlertEventKind.ACKNOWLEDGED: AlertState.ACKNOWLEDGED,
    AlertEventKind.RESOLVED: AlertState.RESOLVED,
}

"""One alert: what would fail, how sure we are, and every cure with its price. Priced by compliance, shown here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from open401k import compliance, fiduciary
from open401k.base.db import Tx
from open401k.compliance import Cure, CureKind, Forecast, TestId, Unit
from open401k.fiduciary import Alert, AlertEvent, AlertEventKind, AlertState
from open401k.kernel import AlertId, ComplianceRunId, Money, PlanId, SponsorId, day_of

from . import who
from .heading import heading
from .shown import AlertLine, Percent, PlanHeading, Projection, Shown
from .standings import figure, projection_of

_WHAT = {
    CureKind.LOWER_HCE_DEFERRALS: "The highly compensated save less for the rest of the year.",
    CureKind.MORE_PARTICIPATION: "More of the others save, which raises their average and with it the limit.",
    CureKind.REFUND: "After the year end, what is too much goes back to the highly compensated.",
    CureKind.QNEC: "The employer contributes for the others until the test passes.",
    CureKind.SAFE_HARBOR_3: "The employer contributes 3 % of pay for the others, and the test need not be passed.",
    CureKind.SAFE_HARBOR_4: "The employer contributes 4 % of pay for the others, and the test need not be passed.",
    CureKind.LOWER_ELECTION: "Whoever is on course over the limit contributes less for the rest of the year.",
    CureKind.STOP_ELECTION: "Payroll withholds nothing more once the limit would be passed.",
    CureKind.ELECT_ROTH: "Those whose catch-up must be Roth make their deferrals as Roth.",
    CureKind.RETURN_EXCESS: "After the year end, what is over the limit goes back to the person.",
    CureKind.REALLOCATE: "Employer money given on pay that does not count leaves the account.",
    CureKind.COVER_MORE: "A class that the plan leaves out comes in, for the rest of the year.",
    CureKind.COVER_AFTERWARDS: "After the year end, a class that was left out is covered for all of the year.",
    CureKind.TOP_HEAVY_MINIMUM: "The employer gives the other employees up to 3 % of pay.",
    CureKind.LOWER_KEY_DEFERRALS: "The key employees save less, so that their part of the balances stays below 60 %.",
    CureKind.SAFE_HARBOR_NEXT_YEAR: "From next year on the plan is a safe harbor plan, which is never top-heavy.",
}
_AFTER = {
    TestId.DEFERRAL_LIMIT: "Deferrals of whoever is nearest, after",
    TestId.ADDITIONS_LIMIT: "Additions of whoever is nearest, after",
    TestId.COMPENSATION_LIMIT: "Largest pay that counts, after",
    TestId.COVERAGE_DEFERRAL: "Coverage ratio after",
    TestId.COVERAGE_MATCH: "Coverage ratio of the match after",
    TestId.TOP_HEAVY: "Key employees' share after",
}
#: The year is deemed to pass: there is no limit any more.
_NOT_TESTED = (CureKind.SAFE_HARBOR_3, CureKind.SAFE_HARBOR_4)
_BEFORE_THE_YEAR_END = "Sized so that nine in ten simulated year ends pass, by the engine that tests every payroll."
_AFTER_THE_YEAR_END = "Priced at the middle one of the simulated year ends; the true amount follows from the year end."
_OF_THE_YEAR_AS_IT_ENDED = "Computed from the year as it ended, on what is known of it now."
_HOW = {
    **dict.fromkeys(
        (
            CureKind.LOWER_ELECTION,
            CureKind.STOP_ELECTION,
            CureKind.ELECT_ROTH,
            CureKind.COVER_MORE,
            CureKind.LOWER_KEY_DEFERRALS,
        ),
        _BEFORE_THE_YEAR_END,
    ),
    CureKind.LOWER_HCE_DEFERRALS: _BEFORE_THE_YEAR_END,
    CureKind.MORE_PARTICIPATION: _BEFORE_THE_YEAR_END,
}


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
    measured_after: Shown
    """What the test then measures; none where it says nothing about this way out."""
    limit_after: Shown
    fails_after: Percent | None
    costs: tuple[tuple[str, Money | None], ...] = ()
    """Parts of the cost; None where it cannot be known, as its name says."""
    effects: tuple[EffectLine, ...] = ()
    explanation: str = ""
    amendment: str = ""
    """Which amendment is needed, and by when."""
    after: str = "Highly compensated after"
    """What ``measured_after`` is."""

    @property
    def passes_in_hundred(self) -> str:
        """Simulated year ends that pass with it, of a hundred; "100" and "0" only when all of them agree."""
        if self.fails_after is None:
            return ""
        passes = 10_000 - self.fails_after.bps
        return str(min(99, max(1, (passes + 50) // 100))) if 0 < passes < 10_000 else str(passes // 100)


@dataclass(frozen=True, slots=True)
class AlertDetail:
    """An alert with its projection and its cures, cheapest first."""

    heading: PlanHeading
    alert: AlertLine
    projection: Projection | None
    cures: tuple[CureLine, ...]
    history: tuple[tuple[date, str], ...] = ()
    has_working: bool = True
    """Whether the test's page is still of the year of the alert: in a new plan year it shows that one."""


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, alert_id: AlertId) -> AlertDetail | None:
    """One alert of the plan with the projection and the cures it tells of; None when there is no such alert."""
    events = fiduciary.events(tx, tenant_id=tenant_id, alert_id=alert_id)
    found = fiduciary.get(tx, tenant_id=tenant_id, alert_id=alert_id) if events else None
    if found is None or found.plan_id != plan_id:
        return None
    test = TestId(found.test)
    told = compliance.read_forecast(tx, tenant_id=tenant_id, run_id=ComplianceRunId.parse(found.run_id))
    run = compliance.latest(tx, tenant_id=tenant_id, plan_id=plan_id)
    called = who.names(tx, [each.recorded_by for each in events])
    events = [replace(each, recorded_by=called[each.recorded_by]) for each in events]
    return AlertDetail(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id, run=run),
        alert=alert_line(found, day_of(tx.now)),
        projection=projection_of(told, test),
        cures=_cures(told, test),
        history=history_of(events, test, last_day=found.last_day),
        has_working=told is None or run is None or told.projection.plan_year == run.plan_year,
    )


def cures(tx: Tx, *, tenant_id: SponsorId, of: Alert) -> tuple[CureLine, ...]:
    """The cures that an alert tells of, cheapest first, without the rest of its page."""
    told = compliance.read_forecast(tx, tenant_id=tenant_id, run_id=ComplianceRunId.parse(of.run_id))
    return _cures(told, TestId(of.test))


def _cures(told: Forecast | None, test: TestId) -> tuple[CureLine, ...]:
    if told is None:
        return ()
    over = day_of(told.recorded_at) > told.projection.year_of(test).last_day
    unit = told.projection.of(test).unit
    return tuple(_cure(cure, unit, over=over) for cure in told.cures_of(test))


def alert_line(alert: Alert, today: date) -> AlertLine:
    """An alert as lists show it; what nobody has looked at since its year ended is said to be of before."""
    told_on = day_of(alert.updated_at)
    stale = told_on <= alert.last_day < today
    return AlertLine(
        alert_id=alert.alert_id,
        title=f"{alert.title}, as told on {told_on:%B} {told_on.day}" if stale else alert.title,
        sentence=alert.text,
        decide_by=alert.decide_by,
        decided_by=_who(alert.decided_by),
        raised_at=alert.raised_at,
        open=alert.state is not AlertState.RESOLVED,
    )


def _cure(cure: Cure, unit: Unit, *, over: bool) -> CureLine:
    offered = cure.standing is not compliance.Standing.NOT_AVAILABLE
    amended = cure.standing is compliance.Standing.NEEDS_AMENDMENT
    passes = cure.pass_probability_bps
    how = _OF_THE_YEAR_AS_IT_ENDED if over else _HOW.get(cure.kind, _AFTER_THE_YEAR_END)
    return CureLine(
        key=cure.kind.value,
        title=cure.title,
        what=cure.explanation if offered else _WHAT[cure.kind],
        offered=offered,
        why_not="" if offered else cure.reason,
        employer_cost=None if cure.employer_cost_cents is None else Money(cure.employer_cost_cents),
        decide_by=cure.decide_by,
        effective_on=cure.effective_on,
        decided_by=_sentence(cure.decided_by),
        needs_amendment=amended,
        notices=tuple(NoticeLine(words, None) for words in cure.notices),
        measured_after=figure(unit, cure.median_after),
        limit_after=None if cure.kind in _NOT_TESTED else figure(unit, cure.limit_after),
        fails_after=None if passes is None else Percent(10_000 - passes),
        costs=tuple(
            (
                f"{item.name} ({item.note})" if item.note else item.name,
                None if item.cents is None else Money(item.cents),
            )
            for item in cure.cost
        ),
        effects=tuple(
            EffectLine(effect.label, effect.text, Money(effect.cents), _percent(effect.rate_bps))
            for effect in cure.effects
        ),
        explanation=how if offered else "",
        amendment=cure.reason if amended else "",
        after=_AFTER.get(cure.test, "Highly compensated after"),
    )


def history_of(events: Sequence[AlertEvent], test: TestId, *, last_day: date) -> tuple[tuple[date, str], ...]:
    """What happened, oldest first; of reviews between two other things only the last, and how many there were."""
    lines: list[tuple[date, str]] = []
    for reviewed, group in groupby(events, key=lambda event: event.kind is AlertEventKind.UPDATED):
        together = list(group)
        for event in together[-1:] if reviewed else together:
            words = _event(event, test, over=day_of(event.recorded_at) > last_day)
            if reviewed and len(together) > 1:
                words = words.replace("Reviewed", f"Reviewed {len(together)} times, last", 1)
            lines.append((day_of(event.recorded_at), words))
    return tuple(lines)


def _event(event: AlertEvent, test: TestId, *, over: bool) -> str:
    """``over``: the year had ended by then, and what the simulations agreed on is the result."""
    chance = f"{Percent(event.fail_probability_bps)} of the simulated year ends fail"
    if over:
        chance = f"the year ended, and the test {'failed' if event.fail_probability_bps >= 5_000 else 'passed'}"
    if test is TestId.TOP_HEAVY:
        # To be top-heavy is a fact; what moves from payroll to payroll is what the cheapest answer to it costs.
        cost = event.cheapest_cost_cents
        chance = "top-heavy" if cost is None else f"the cheapest answer costs {Money(cost)}"
    match event.kind:
        case AlertEventKind.RAISED:
            return f"Alert raised: {chance}."
        case AlertEventKind.UPDATED:
            return f"Reviewed: {chance}."
        case AlertEventKind.ACKNOWLEDGED:
            return f"Taken on by {event.recorded_by.partition(':')[2] or event.recorded_by}."
        case AlertEventKind.RESOLVED:
            return f"Resolved: {chance}." if over else f"Resolved: only {chance}."


def _who(decided_by: str) -> str:
    """Who decides, for the middle of a title: without who else might."""
    return _sentence(decided_by.partition(";")[0])


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _percent(bps: int | None) -> Percent | None:
    return None if bps is None else Percent(bps)

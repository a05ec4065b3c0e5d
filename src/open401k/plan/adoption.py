"""Plans adopted and amended: which terms hold on a day, and which were known to at an instant."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import Open401kError, PlanId, PlanYear, Refused, SponsorId, day_of

from . import _store
from .amendments import AmendmentRefusal, Change, changes_between, decide_amendment, objections
from .lawful import problems
from .provisions import MonthDay, Provisions, plan_year_of
from .provisions_json import provisions_from_json, provisions_to_json


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan's name plate; its terms are its provisions."""

    plan_id: PlanId
    name: str
    number: str
    adopted_on: date
    plan_year_start: MonthDay

    @property
    def called(self) -> str:
        """How messages name it beside another: ``plan 002 (Acme Bonus 401(k))``."""
        return f"plan {self.number} ({self.name})"

    def plan_year_of(self, day: date) -> PlanYear:
        """The plan year that a day falls in, as the newest terms have it."""
        return plan_year_of(self.plan_year_start, day)


@dataclass(frozen=True, slots=True)
class Span:
    """Terms and the days they hold: from ``start`` up to, not including, ``end``; with the sponsor's other plans."""

    start: date
    end: date
    provisions: Provisions
    others: tuple[PlanId, ...] = ()


class InForce(NamedTuple):
    """The terms of a day, the other plans of the sponsor (some limits are one for all), the first day of any terms."""

    provisions: Provisions
    others: tuple[PlanId, ...]
    began_on: date


@dataclass(frozen=True, slots=True)
class Version:
    """Terms as once recorded: what changed, since when, who recorded it and why."""

    effective_on: date
    recorded_at: datetime
    recorded_by: str
    why: str
    changes: tuple[Change, ...]
    provisions: Provisions


@dataclass(frozen=True, slots=True)
class Amended:
    """An amendment on file; ``changes`` is what it changed on its effective day."""

    plan_id: PlanId
    effective_on: date
    changes: tuple[Change, ...]


class Proposed(NamedTuple):
    """What an amendment would change on its day, and everything that stands against it."""

    changes: tuple[Change, ...]
    objections: tuple[Refused[AmendmentRefusal], ...]


def adopt(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    provisions: Provisions,
    name: str,
    number: str = "001",
    effective_on: date | None = None,
    plan_id: PlanId | None = None,
) -> PlanId:
    """Record a plan and its first terms, which hold from ``effective_on`` (the day of adoption unless given).

    Ask :func:`problems` first and show what it says: provisions that have any are an error here.
    """
    found = problems(provisions)
    if found:
        raise Open401kError(f"{found[0].field}: {found[0].reason} ({found[0].citation})", fix=found[0].fix)
    heads.lock(tx, tenant_id=tenant_id)
    if any(row.number == number for row in _store.plans(tx, tenant_id=tenant_id)):
        raise Open401kError(f"The sponsor has a plan {number} already.", fix="Use the next free number, such as 002.")
    new_id = plan_id or tx.ids.new(PlanId)
    starts = effective_on or provisions.adopted_on
    _store.add_plan(tx, tenant_id=tenant_id, plan_id=new_id, number=number, name=name, adopted_on=provisions.adopted_on)
    terms = provisions_to_json(provisions)
    _store.add_terms(
        tx, tenant_id=tenant_id, plan_id=new_id, effective_on=starts, terms=terms, changes="[]", why="adopted"
    )
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="plan.adopted",
        subject=str(new_id),
        after={"name": name, "number": number, "effective_on": starts.isoformat(), "provisions": terms},
    )
    return new_id


def amend(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, effective_on: date, provisions: Provisions, why: str
) -> Amended | Refused[AmendmentRefusal]:
    """Put new terms in force from a day on; the terms before that day stay as they were.

    An amendment that takes effect before today is lawful only where it takes nothing away that was earned; what it
    changes in the books is settled by who calls this (flows/amendment.py).
    """
    heads.lock(tx, tenant_id=tenant_id)
    terms = _every_term(tx, tenant_id, plan_id)
    outcome = decide_amendment(terms, provisions, effective_on=effective_on, signed_on=day_of(tx.now))
    if isinstance(outcome, Refused):
        return outcome
    for day, changed in outcome:
        _store.add_terms(
            tx,
            tenant_id=tenant_id,
            plan_id=plan_id,
            effective_on=day,
            terms=provisions_to_json(changed),
            changes=_changes_json(changes_between(_terms_on(terms, day), changed)),
            why=why,
        )
    changes = changes_between(_terms_on(terms, effective_on), provisions)
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="plan.amended",
        subject=str(plan_id),
        before={each.field: each.before for each in changes},
        after={each.field: each.after for each in changes} | {"effective_on": effective_on.isoformat(), "why": why},
    )
    return Amended(plan_id, effective_on, changes)


def proposed(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, effective_on: date, provisions: Provisions) -> Proposed:
    """What :func:`amend` would do with the same terms today, or everything against it; nothing is recorded."""
    terms = _every_term(tx, tenant_id, plan_id)
    against = objections(terms, provisions, effective_on=effective_on, signed_on=day_of(tx.now))
    held = [each for day, each in terms if day <= effective_on]
    return Proposed(changes_between(held[-1], provisions) if held else (), against)


def provisions_on(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, on: date, known_at: datetime | None = None
) -> Provisions:
    """The terms that hold on a day, as known at an instant; without one, as known now."""
    return in_force(tx, tenant_id=tenant_id, plan_id=plan_id, on=on, known_at=known_at).provisions


def in_force(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, on: date, known_at: datetime | None = None) -> InForce:
    """The terms that hold on a day, and which other plans the sponsor has; both as known at an instant."""
    rows = _store.terms_in_force(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    held = [row for row in rows if row.effective_on <= on]
    if not held:
        raise Open401kError(
            f"{plan_id} has no provisions on {on}.", fix="The plan takes effect later, or was not known then."
        )
    return InForce(_parsed(tx, held[-1]), _others(held[-1]), held[0].effective_on)


def other_plans(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None
) -> tuple[PlanId, ...]:
    """The sponsor's other plans by number; under the tenant's lock without a statement, once the terms were read."""
    rows = _store.terms_in_force(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    return _others(rows[0]) if rows else ()


def _others(row: _store.TermsRow) -> tuple[PlanId, ...]:
    return tuple(PlanId(each) for each in row.others)


def _parsed(tx: Tx, row: _store.TermsRow) -> Provisions:
    """Terms as read, once a transaction; beside each the row itself, so that no other takes its place in memory."""
    parsed: dict[int, tuple[_store.TermsRow, Provisions]] = tx.cache.setdefault("terms parsed", {})
    if id(row) not in parsed:
        parsed[id(row)] = (row, provisions_from_json(row.terms))
    return parsed[id(row)][1]


def provisions_between(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: date, end: date, known_at: datetime | None = None
) -> tuple[Span, ...]:
    """The terms that hold on the days from ``start`` up to ``end``, in order, a span for each change."""
    rows = _store.terms_in_force(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    ends = [*(row.effective_on for row in rows[1:]), end][: len(rows)]
    spans = []
    for row, until in zip(rows, ends, strict=True):
        first, last = max(start, row.effective_on), min(end, until)
        if first < last:
            spans.append(Span(first, last, _parsed(tx, row), _others(row)))
    return tuple(spans)


def history(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Version]:
    """All terms ever recorded for a plan, oldest recording first."""
    return [
        Version(
            row.effective_on,
            row.recorded_at,
            row.recorded_by,
            row.why,
            tuple(Change(**each) for each in row.changes),
            provisions_from_json(row.terms),
        )
        for row in _store.terms_recorded(tx, tenant_id=tenant_id, plan_id=plan_id)
    ]


def list_plans(tx: Tx, *, tenant_id: SponsorId) -> list[Plan]:
    """The sponsor's plans by number."""
    plans = []
    for row in _store.plans(tx, tenant_id=tenant_id):
        rows = _store.terms_in_force(tx, tenant_id=tenant_id, plan_id=row.plan_id, known_at=None)
        start = provisions_from_json(rows[-1].terms).plan_year_start
        plans.append(Plan(row.plan_id, row.name, row.number, row.adopted_on, start))
    return plans


def every_plan(tx: Tx) -> list[tuple[SponsorId, PlanId]]:
    """Every plan in sight of the transaction, with its sponsor: for jobs that sweep the book."""
    return _store.plans_in_sight(tx)


def in_effect(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, on: date) -> bool:
    """Whether the plan has terms on a day: one may be adopted before it takes effect."""
    rows = _store.terms_in_force(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=None)
    return any(row.effective_on <= on for row in rows)


def get(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Plan:
    """One plan; asking for one that does not exist is an error."""
    for plan in list_plans(tx, tenant_id=tenant_id):
        if plan.plan_id == plan_id:
            return plan
    raise Open401kError(f"There is no plan {plan_id}.", fix="Check the id, and that the caller may see its sponsor.")


def _every_term(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[date, Provisions]]:
    on_file = _store.terms_in_force(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=None)
    return [(row.effective_on, provisions_from_json(row.terms)) for row in on_file]


def _terms_on(terms: list[tuple[date, Provisions]], day: date) -> Provisions:
    return [provisions for effective_on, provisions in terms if effective_on <= day][-1]


def _changes_json(changes: tuple[Change, ...]) -> str:
    plain: list[Mapping[str, Any]] = [
        {"field": each.field, "before": each.before, "after": each.after} for each in changes
    ]
    return json.dumps(plain)

"""Projections and their cures, computed from a stored run's facts and kept beside it. Not here: computing them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from open401k.base import audit
from open401k.base.db import Tx
from open401k.kernel import ComplianceRunId, PlanId, PlanYear, SponsorId
from open401k.law import ImpossibleInput, NotEnacted

from . import _store
from .cures import CURABLE, cures
from .edition import edition
from .facts import Cents, PlanFacts
from .order import ordered
from .projection import project
from .results import (
    CostItem,
    Cure,
    CureKind,
    Effect,
    ProjectedTest,
    Projection,
    Standing,
    TestId,
    Unit,
)
from .runs import ComplianceRun, RunDifference, facts_for, get
from .standing import people_of

#: What the audit trail calls the keeping of a forecast.
KEPT = "compliance.projected"

CURED_FROM_BPS = 1_000
"""Cures are priced from a one-in-ten probability of failing."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The projection of a run, and the cures of each test that may fail, cheapest lawful first."""

    run_id: ComplianceRunId
    recorded_at: datetime
    projection: Projection
    cures: tuple[Cure, ...]

    def cures_of(self, test: TestId) -> tuple[Cure, ...]:
        """The cures of one test."""
        return tuple(cure for cure in self.cures if cure.test is test)


def forecast(facts: PlanFacts, *, run_id: ComplianceRunId, scenarios: int | None = None) -> Forecast | None:
    """Project the year and price the cures of what may fail (pure); None where a figure of the year is not on file.

    None, too, where a fact is impossible: the run's own test is refused by it, and its result says what and why.

    The same facts give the same answer, whatever ids the plan and its people have and whoever came first.
    """
    try:
        people = people_of(facts)
        known = ordered(facts, is_hce=people.is_hce, is_key=people.is_key)
        del facts  # a large plan's history is not held twice
        is_hce, is_key = people.is_hce[known.places], people.is_key[known.places]
        told = project(
            known.facts,
            is_hce=is_hce,
            is_key=is_key,
            seed=known.seed,
            scenarios=scenarios,
            key_missing=people.key_missing or known.facts.balances_missing,
        )
    except (NotEnacted, ImpossibleInput):
        return None
    found: list[Cure] = []
    for test in filter(told.tells, CURABLE):
        projected = told.of(test)
        if not projected.refused and max(projected.fail_probability_bps, projected.alarm_bps) >= CURED_FROM_BPS:
            found += cures(known.facts, is_hce=is_hce, is_key=is_key, seed=known.seed, test=test)
    return Forecast(run_id, known.facts.known_at, told, tuple(_in_places_of_run(cure, known.places) for cure in found))


def _in_places_of_run(cure: Cure, places: Cents) -> Cure:
    """Its effects, each with the place that the person has in the run; who is hired later has none."""
    effects = tuple(
        replace(effect, place=int(places[effect.place])) if effect.place < len(places) else effect
        for effect in cure.effects
    )
    return replace(cure, effects=effects)


def foresee(tx: Tx, *, tenant_id: SponsorId, run_id: ComplianceRunId) -> Forecast | None:
    """Project a stored run's plan year from the facts it was made of, and keep the answer beside it (once)."""
    kept = read(tx, tenant_id=tenant_id, run_id=run_id)
    if kept is not None:
        return kept
    run = get(tx, tenant_id=tenant_id, run_id=run_id)
    told = _of(tx, tenant_id, run)
    if told is None:
        return None
    row = _store.ProjectionRow(
        run_id.uuid,
        tx.now,
        told.projection.seed,
        told.projection.scenarios,
        _projection_json(told.projection),
        [_cure_json(cure) for cure in told.cures],
    )
    _store.insert_projection(tx, tenant_id=tenant_id, row=row)
    kept = Forecast(run_id, tx.now, told.projection, told.cures)
    audit.record(tx, tenant_id=tenant_id, action=KEPT, subject=run_id, after={"sha256": _said_hash(kept)})
    return kept


def _of(tx: Tx, tenant_id: SponsorId, run: ComplianceRun) -> Forecast | None:
    return forecast(
        facts_for(tx, tenant_id=tenant_id, plan_id=run.plan_id, as_of=run.as_of, known_at=run.known_at, history=True),
        run_id=run.run_id,
    )


def verify_forecast(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[RunDifference]:
    """Hold the newest forecast of a plan to the audit trail and, under the same edition, project it again."""
    kept = latest_forecast(tx, tenant_id=tenant_id, plan_id=plan_id)
    if kept is None:
        return []
    trail = [each for each in audit.entries(tx, tenant_id=tenant_id, subject=kept.run_id) if each.action == KEPT]
    if [each.after for each in trail] != [{"sha256": _said_hash(kept)}]:
        return [RunDifference(kept.run_id, None, "a forecast", "another one, as the audit trail says")]
    run = get(tx, tenant_id=tenant_id, run_id=kept.run_id)
    if run.law_version != edition():
        return []
    again = _of(tx, tenant_id, run)
    if again is not None and _as_json(kept) == _as_json(again):
        return []
    return [RunDifference(kept.run_id, None, "a forecast with cures", "another one")]


def _said_hash(told: Forecast) -> str:
    return hashlib.sha256(json.dumps(_as_json(told), sort_keys=True).encode()).hexdigest()


def _as_json(told: Forecast) -> Any:
    """What is kept of a forecast, as JSON gives it back."""
    return json.loads(json.dumps([_projection_json(told.projection), [_cure_json(cure) for cure in told.cures]]))


def read(tx: Tx, *, tenant_id: SponsorId, run_id: ComplianceRunId) -> Forecast | None:
    """The kept forecast of one run."""
    row = _store.projection(tx, tenant_id=tenant_id, run_id=run_id)
    if row is None:
        return None
    return Forecast(run_id, row.recorded_at, _projection(row), tuple(_cure(each) for each in row.cures))


def latest_forecast(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Forecast | None:
    """The newest kept forecast of a plan."""
    run_id = _store.latest_projected_run_id(tx, tenant_id=tenant_id, plan_id=plan_id)
    return None if run_id is None else read(tx, tenant_id=tenant_id, run_id=run_id)


def _projection_json(told: Projection) -> dict[str, Any]:
    return {
        "plan": told.plan_id.uuid.hex,
        "year": [told.plan_year.start.isoformat(), told.plan_year.end.isoformat()],
        "as_of": told.as_of.isoformat(),
        "known_at": told.known_at.isoformat(),
        "tests": [asdict(test) for test in told.tests],
        "assumptions": told.assumptions,
    }


def _projection(row: _store.ProjectionRow) -> Projection:
    body = row.body
    start, end = (date.fromisoformat(day) for day in body["year"])
    return Projection(
        plan_id=PlanId.parse(f"{PlanId.prefix}_{body['plan']}"),
        plan_year=PlanYear(start, end),
        as_of=date.fromisoformat(body["as_of"]),
        known_at=datetime.fromisoformat(body["known_at"]),
        seed=row.seed,
        scenarios=row.scenarios,
        tests=tuple(
            ProjectedTest(**{**each, "test": TestId(each["test"]), "unit": Unit(each["unit"])})
            for each in body["tests"]
        ),
        assumptions=body["assumptions"],
    )


def _cure_json(cure: Cure) -> dict[str, Any]:
    plain = asdict(cure)
    for name in ("decide_by", "effective_on"):
        plain[name] = None if plain[name] is None else plain[name].isoformat()
    return plain


def _cure(plain: dict[str, Any]) -> Cure:
    days = {
        name: None if plain[name] is None else date.fromisoformat(plain[name]) for name in ("decide_by", "effective_on")
    }
    return Cure(
        **{
            **plain,
            **days,
            "kind": CureKind(plain["kind"]),
            "test": TestId(plain["test"]),
            "standing": Standing(plain["standing"]),
            "cost": tuple(CostItem(**item) for item in plain["cost"]),
            "effects": tuple(Effect(**effect) for effect in plain["effects"]),
            "notices": tuple(plain["notices"]),
        }
    )

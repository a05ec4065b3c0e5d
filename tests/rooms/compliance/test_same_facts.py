"""The same plan under other ids, its people in another order, is projected and cured to the cent as before."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.compliance.kept_plan import KeptPlan, open_plan, pay
from tests.rooms.compliance.small_plan import PAY_DATES, RATES, twelve
from tests.support.database import TESTER, Begin, new_tenant

from open401k import compliance, plan
from open401k.base.db import Database, Tx
from open401k.compliance import Cure, Forecast, Kin, PlanFacts, Span, TestId, forecast
from open401k.compliance.facts import EarlierCalendarYear, KeyFacts, OtherPlan, Receiving, Workforce
from open401k.kernel import ComplianceRunId, EmployeeId, FixedClock, PlanId, PlanYear, SponsorId

forecasts = importlib.import_module("open401k.compliance.forecasts")
_RUN = ComplianceRunId(UUID(int=7))


def uneven() -> PlanFacts:
    """The plan of twelve without two people alike, but for the last two, who are alike in everything but the name."""
    facts = twelve()
    raised = np.array([0, 0, 900, 700, 500, 300, 100, 800, 600, 400, 0, 0], dtype=np.int64)
    assert facts.history is not None
    history = replace(facts.history, compensation=facts.history.compensation + raised[:, None] * 7)
    more = raised * 7 * len(history.pay_dates)
    born = (*(date(1960 + 3 * i, 1 + i, 3) for i in range(10)), *(date(1985, 1, 1),) * 2)
    came = (*((Span(date(2018, 1, 1) + timedelta(days=61 * i), None),) for i in range(10)), *facts.employment[10:])
    return replace(
        facts, compensation=facts.compensation + more, section_415=facts.section_415 + more, history=history,
        birth_dates=born, employment=came,
    )  # fmt: skip


def elsewhere(facts: PlanFacts, order: list[int]) -> PlanFacts:
    """The same facts in another database: other ids, and people in another order."""
    at = np.array(order, dtype=np.int64)
    now = {was: place for place, was in enumerate(order)}

    def taken(part: Any) -> dict[str, Any]:
        columns = {name: getattr(part, name) for name in part.__dataclass_fields__}
        return {name: value[at] for name, value in columns.items() if isinstance(value, np.ndarray)}

    def each(values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(values[place] for place in order) if values else ()

    return replace(
        facts, **taken(facts), plan_id=PlanId(UUID(int=991)), tenant_id=SponsorId(UUID(int=990)),
        employee_ids=tuple(EmployeeId(UUID(int=5_000 - i)) for i in range(len(order))),
        labels=each(facts.labels), birth_dates=each(facts.birth_dates), employment=each(facts.employment),
        eligible_on=each(facts.eligible_on), classes=each(facts.classes), kept_out_on=each(facts.kept_out_on),
        kin=tuple(Kin(now[kin.person], now[kin.relative], kin.relation) for kin in facts.kin[::-1]),
        key_facts=None if facts.key_facts is None else replace(facts.key_facts, **taken(facts.key_facts)),
        lookback=None if facts.lookback is None else replace(facts.lookback, ranked=facts.lookback.ranked[at]),
        earlier=None if facts.earlier is None else replace(facts.earlier, **taken(facts.earlier)),
        others=tuple(replace(other, **taken(other)) for other in facts.others[::-1]),
        tested_on=each(facts.tested_on), match_on=each(facts.match_on), nonelective_on=each(facts.nonelective_on),
        receiving=None if facts.receiving is None else replace(facts.receiving, **taken(facts.receiving)),
        history=None if facts.history is None else replace(facts.history, **taken(facts.history)),
    )  # fmt: skip


def told(facts: PlanFacts) -> Forecast:
    found = forecast(facts, run_id=_RUN, scenarios=60)
    assert found is not None
    return found


def without_places(cures: tuple[Cure, ...]) -> list[Cure]:
    return [replace(cure, effects=tuple(replace(each, place=0) for each in cure.effects)) for cure in cures]


def assert_same(one: Forecast, other: Forecast) -> None:
    assert replace(one.projection, plan_id=other.projection.plan_id) == other.projection
    assert without_places(one.cures) == without_places(other.cures)


@pytest.fixture(scope="module")
def here() -> Forecast:
    found = told(uneven())
    assert {cure.test for cure in found.cures} >= {TestId.ADP, TestId.TOP_HEAVY}
    return found


@settings(max_examples=6, deadline=None)
@given(order=st.permutations(range(12)))
def test_other_ids_and_another_order_change_no_chance_no_interval_and_no_cost(here: Forecast, order: list[int]) -> None:
    assert_same(told(elsewhere(uneven(), order)), here)


def test_conditions_and_days_of_entry_go_with_the_people() -> None:
    """Who may not have a match is somebody, whatever the order: the best paid do, and one of each other rate does."""
    some = np.arange(12, dtype=np.int64)
    kept = Receiving(
        some % 5 == 3, some % 4 == 3, some * 90, some != 7, match_by_last_day=True, nonelective_by_last_day=False
    )
    terms = plan.Match(
        (plan.MatchTier(5_000, 600),), period=plan.MatchPeriod.PLAN_YEAR, conditions=plan.Conditions(last_day=True)
    )
    since = tuple(date(2019, 1, 1) if place % 3 else date(2026, 11, 1) for place in range(12))
    full = replace(
        uneven(),
        receiving=kept,
        match_on=since,
        nonelective_on=since[::-1],
        provisions=replace(uneven().provisions, match=terms, nonelective=plan.Nonelective(200)),
    )
    order = [7, 2, 11, 0, 9, 4, 1, 10, 3, 8, 5, 6]
    assert_same(told(elsewhere(full, order)), told(full))
    more = replace(full, receiving=replace(kept, no_match=some % 5 == 2))
    assert told(more).projection.seed != told(full).projection.seed


def test_everything_that_is_known_of_people_goes_with_them() -> None:
    zeros, no = np.zeros(12, dtype=np.int64), np.zeros(12, dtype=np.bool_)
    some = np.arange(12, dtype=np.int64)
    full = replace(
        uneven(),
        classes=tuple("abcabcabcabc"),
        kept_out_on=(None,) * 11 + (date(2026, 5, 1),),
        former_owners=some == 3,
        key_facts=KeyFacts(some == 0, some <= 1, no, some == 5),
        lookback=Workforce(
            PlanYear.starting(date(2025, 1, 1)), 14, 12, (), (), some != 4, some[:2] * 1_000_000, zeros[:0]
        ),
        earlier=EarlierCalendarYear(some * 1_000, some * 100_000),
        others=tuple(
            OtherPlan(name, some * 700 * k, zeros, some * 700 * k, zeros, some * 90, some * 90, some * k, some > 6)
            for k, name in ((1, "Second plan"), (2, "Third plan"))
        ),
        pay_elsewhere=some * 500,
    )
    order = [7, 2, 11, 0, 9, 4, 1, 10, 3, 8, 5, 6]
    assert_same(told(elsewhere(full, order)), told(full))


@pytest.mark.parametrize("name", ["compensation", "match", "balances_at_determination", "fica_prior"])
def test_another_fact_is_another_seed(here: Forecast, name: str) -> None:
    changed = getattr(uneven(), name).copy()
    changed[4] += 1
    assert told(replace(uneven(), **{name: changed})).projection.seed != here.projection.seed


def test_an_effect_names_the_place_that_the_person_has_in_the_run() -> None:
    order = [7, 2, 11, 0, 9, 4, 1, 10, 3, 8, 5, 6]
    facts = elsewhere(uneven(), order)
    effects = [effect for cure in told(facts).cures for effect in cure.effects if effect.place < len(facts)]
    assert effects
    assert all(facts.labels[effect.place] == effect.label for effect in effects)


def test_two_sponsors_with_the_same_facts_are_told_the_same(db: Database, clock: FixedClock) -> None:
    tenants = [new_tenant(db), new_tenant(db)]

    def begin() -> AbstractContextManager[Tx]:
        return db.begin(TESTER, tenants=tenants)

    def kept(of: KeptPlan) -> Forecast:
        with begin() as tx:
            run = compliance.retest(tx, tenant_id=of.tenant, plan_id=of.plan_id, as_of=PAY_DATES[1], cause="test")
            found = compliance.foresee(tx, tenant_id=of.tenant, run_id=run.run_id)
            assert compliance.verify_forecast(tx, tenant_id=of.tenant, plan_id=of.plan_id) == []
        assert found is not None
        return found

    first = open_plan(begin, tenants[0])
    second = open_plan(begin, tenants[1], added=range(len(RATES) - 1, -1, -1))
    for k in range(2):
        clock.advance(timedelta(days=1))
        pay(begin, first, k)
        pay(begin, second, k)
    clock.advance(timedelta(days=1))
    one, other = kept(first), kept(second)
    assert one.projection.plan_id != other.projection.plan_id
    assert_same(replace(one, projection=replace(one.projection, known_at=other.projection.known_at)), other)


def test_a_forecast_of_an_earlier_edition_is_held_to_the_audit_trail_alone(
    begin: Begin, tenant: SponsorId, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = open_plan(begin, tenant)
    pay(begin, plan, 0)
    clock.advance(timedelta(days=10))
    of: dict[str, Any] = {"tenant_id": tenant, "plan_id": plan.plan_id}
    with begin() as tx:
        run = compliance.retest(tx, **of, as_of=PAY_DATES[0], cause="test")
        compliance.foresee(tx, tenant_id=tenant, run_id=run.run_id)
    # Another seed and order of the same people, as an engine before or after this one may have.
    ordered = forecasts.ordered
    monkeypatch.setattr(forecasts, "ordered", lambda *args, **named: replace(ordered(*args, **named), seed=1))
    with begin() as tx:
        (differs,) = compliance.verify_forecast(tx, **of)
        assert differs.run_id == run.run_id
    monkeypatch.setattr(forecasts, "edition", lambda: "another")
    with begin() as tx:
        assert compliance.verify_forecast(tx, **of) == []

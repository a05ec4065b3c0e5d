"""The working of every test of many small plans, as steps: none is left without its words. No database."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from tests.rooms.compliance.small_plan import PROVISIONS, RATES, twelve

from open401k.compliance import PriorRatios, Status, TestId, TestResult, run_tests
from open401k.kernel import PlanYear
from open401k.plan import Match, MatchTier, SafeHarbor, Testing, TestingMethod
from open401k.views.shown import Percent
from open401k.views.working import WorkingStep
from open401k.views.working_steps import steps_of

_NOBODY = np.zeros(len(RATES), dtype=np.int64)
_BY_PRIOR_YEAR = replace(PROVISIONS, testing=Testing(method=TestingMethod.PRIOR_YEAR))
_SAFE = replace(
    PROVISIONS, safe_harbor=SafeHarbor.BASIC_MATCH, match=Match((MatchTier(10_000, 300), MatchTier(5_000, 500)))
)

PLANS: dict[str, dict[str, Any]] = {
    "current year": {},
    "prior year": {"provisions": _BY_PRIOR_YEAR, "prior_ratios": PriorRatios(700, 300)},
    "prior year, averages missing": {"provisions": _BY_PRIOR_YEAR},
    "first year": {"provisions": replace(_BY_PRIOR_YEAR, adopted_on=date(2026, 1, 1))},
    "no highly compensated": {"ownership_bps": _NOBODY, "prior_section_415": _NOBODY, "kin": ()},
    "no match": {"provisions": replace(PROVISIONS, match=None)},
    "safe harbor": {"provisions": _SAFE},
    "no figures": {"plan_year": PlanYear.starting(date(2027, 1, 1)), "as_of": date(2027, 3, 1)},
}


def _results(**changed: Any) -> tuple[TestResult, ...]:
    return run_tests(replace(twelve(), **changed))[0]


def _steps(test: TestId, **changed: Any) -> dict[str, WorkingStep]:
    result = next(each for each in _results(**changed) if each.test is test)
    return {step.key: step for step in steps_of(result)}


@pytest.mark.parametrize("name", PLANS)
def test_every_test_that_ran_has_steps_and_no_other(name: str) -> None:
    for result in _results(**PLANS[name]):
        steps = steps_of(result)
        assert bool(steps) == (result.status in (Status.PASS, Status.FAIL)), result.test
        keys = [step.key for step in steps]
        assert len(set(keys)) == len(keys)
        assert all(step.label and step.value is not None for step in steps)
        assert {name for step in steps for name in step.inputs} <= {"people", *keys}


def test_a_failed_test_says_by_how_much() -> None:
    steps = _steps(TestId.ADP)
    assert (steps["hce"].value, steps["limit"].value) == (Percent(900), Percent(520))
    assert (steps["room"].label, steps["room"].value) == ("Over the limit by", Percent(380))


def test_a_prior_year_plan_is_told_last_years_average() -> None:
    steps = _steps(TestId.ADP, **PLANS["prior year"])
    assert (steps["nhce"].label, steps["nhce"].value) == ("Average of everyone else, year before", Percent(700))
    assert steps["nhce"].inputs == ()
    assert steps["limit"].value == Percent(900)


def test_a_plan_without_highly_compensated_is_deemed_to_pass_in_words() -> None:
    steps = _steps(TestId.ADP, **PLANS["no highly compensated"])
    assert steps["hce"].formula == "nobody is in this group"
    assert steps["limit"].formula == "nobody is in one of the two groups, so the test is deemed passed"
    assert steps["limit"].cite == "Reg. 1.401(k)-2(a)(1)(ii)"


def test_a_plan_that_is_not_top_heavy_owes_no_minimum() -> None:
    balances = np.full(len(RATES), 1_000_000, dtype=np.int64)
    assert "owed" not in _steps(TestId.TOP_HEAVY, balances_at_determination=balances)
    assert "owed" in _steps(TestId.TOP_HEAVY)

"""Each test of a plan year as two whole numbers, measured and limit, for one year or thousands. Not here: the words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .facts import Cents, Flags
from .results import TestId, Unit
from .year import Year


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One number per year-end: what was measured, against which limit, and whether that passes."""

    measured: Cents
    limit: Cents
    passed: Flags


@dataclass(frozen=True, slots=True)
class Measure:
    """How one test is measured, with its name and citation."""

    test: TestId
    title: str
    citation: str
    unit: Unit
    of: Callable[[Year], Measured | None]
    """``None``: the test does not apply to the plan."""


def _adp(year: Year) -> Measured:
    outcome = year.adp()
    return Measured(outcome.hce_average, outcome.limit, outcome.passed)


def _acp(year: Year) -> Measured:
    outcome = year.acp()
    return Measured(outcome.hce_average, outcome.limit, outcome.passed)


MEASURES: tuple[Measure, ...] = (
    Measure(TestId.ADP, "ADP test", "IRC 401(k)(3)", Unit.BPS, _adp),
    Measure(TestId.ACP, "ACP test", "IRC 401(m)(2)", Unit.BPS, _acp),
)

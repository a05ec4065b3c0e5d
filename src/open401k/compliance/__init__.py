"""Proof: plan tests from the facts of payroll, their projection to the year end, and cures with their price."""

from .cures import CURABLE, cures
from .facts import JSON, Cents, EarlierCalendarYear, Flags, Kin, PayHistory, PlanFacts, PriorRatios, Span
from .forecasts import Forecast, forecast, foresee, latest_forecast, verify_forecast
from .forecasts import read as read_forecast
from .gather import gather
from .measures import MEASURES, Measure, Measured
from .outset import Habits
from .projection import project
from .registry import PLAN_TESTS, PlanTest, run_tests
from .results import (
    CostItem,
    Cure,
    CureKind,
    Effect,
    PersonStatus,
    ProjectedTest,
    Projection,
    Standing,
    Status,
    TestId,
    TestResult,
    Unit,
)
from .runs import (
    ComplianceRun,
    RunDifference,
    RunPoint,
    facts_for,
    facts_hash,
    get,
    history,
    keep,
    latest,
    retest,
    verify_runs,
)
from .standing import People, people_of

__all__ = [
    "CURABLE",
    "JSON",
    "MEASURES",
    "PLAN_TESTS",
    "Cents",
    "ComplianceRun",
    "CostItem",
    "Cure",
    "CureKind",
    "EarlierCalendarYear",
    "Effect",
    "Flags",
    "Forecast",
    "Habits",
    "Kin",
    "Measure",
    "Measured",
    "PayHistory",
    "People",
    "PersonStatus",
    "PlanFacts",
    "PlanTest",
    "PriorRatios",
    "ProjectedTest",
    "Projection",
    "RunDifference",
    "RunPoint",
    "Span",
    "Standing",
    "Status",
    "TestId",
    "TestResult",
    "Unit",
    "cures",
    "facts_for",
    "facts_hash",
    "forecast",
    "foresee",
    "gather",
    "get",
    "history",
    "keep",
    "latest",
    "latest_forecast",
    "people_of",
    "project",
    "read_forecast",
    "retest",
    "run_tests",
    "verify_forecast",
    "verify_runs",
]

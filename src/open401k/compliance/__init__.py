"""Proof: plan tests from the facts of payroll, their projection to the year end, and cures with their price."""

from .facts import JSON, Cents, Flags, Kin, PayHistory, PlanFacts, PriorRatios, Span
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

__all__ = [
    "JSON",
    "Cents",
    "CostItem",
    "Cure",
    "CureKind",
    "Effect",
    "Flags",
    "Kin",
    "PayHistory",
    "PersonStatus",
    "PlanFacts",
    "PriorRatios",
    "ProjectedTest",
    "Projection",
    "Span",
    "Standing",
    "Status",
    "TestId",
    "TestResult",
    "Unit",
]

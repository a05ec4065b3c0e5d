"""What a plan test answers: a status, two exact figures, its working as data. Not here: the tests (registry.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from open401k.kernel import CalendarYear, PlanId, PlanYear

from .facts import JSON


class TestId(StrEnum):
    """The tests of a plan year, in the order they are shown."""

    __test__ = False

    ADP = "adp"
    ACP = "acp"
    DEFERRAL_LIMIT = "402g"
    ADDITIONS_LIMIT = "415c"
    COMPENSATION_LIMIT = "401a17"
    PAY_RATIO = "414s"
    COVERAGE_DEFERRAL = "410b_401k"
    COVERAGE_MATCH = "410b_401m"
    COVERAGE_NONELECTIVE = "410b_nonelective"
    TOP_HEAVY = "top_heavy"
    ADP_STUDENT_LOANS = "adp_student_loans"
    AMOUNTS = "401a4"


#: One for each part of the plan that is tested by itself (Reg. 1.410(b)-7(c)(1)).
COVERAGE = (TestId.COVERAGE_DEFERRAL, TestId.COVERAGE_MATCH, TestId.COVERAGE_NONELECTIVE)


class Status(StrEnum):
    """How a test came out."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    REFUSED = "refused"
    """A figure of the year is not on file: no answer is better than a guessed one."""


class Unit(StrEnum):
    """What ``measured`` and ``limit`` count."""

    BPS = "bps"
    """Hundredths of a percent."""
    CENTS = "cents"


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test's answer. ``measured`` against ``limit``; ``room`` is what is left, negative when failed."""

    __test__: ClassVar[bool] = False

    test: TestId
    title: str
    citation: str
    status: Status
    unit: Unit
    measured: int | None
    limit: int | None
    room: int | None
    working: dict[str, JSON]
    """Columns aligned to the run's people, the path taken and the inputs: what "why 5.21 %?" is answered from."""
    explanation: str


@dataclass(frozen=True, slots=True)
class PersonStatus:
    """Derived standing of one person, with the reasons in the words of the Code."""

    hce: bool
    hce_reasons: tuple[str, ...]
    key: bool
    key_reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProjectedTest:
    """The year-end distribution of one test: a probability and an interval, not one number."""

    test: TestId
    title: str
    citation: str
    unit: Unit
    fail_probability_bps: int
    """Share of the simulated year-ends that fail, in hundredths of a percent."""
    today: int | None
    today_limit: int | None
    median: int | None
    low: int | None
    """Ten in a hundred year-ends are below; ``low`` to ``high`` is the 80 % interval."""
    high: int | None
    limit_median: int | None
    limit_low: int | None
    limit_high: int | None
    person_fail_bps: int | None = None
    """Of a limit that each person has alone: how likely the likeliest person is over it."""
    cost_median: int | None = None
    """Cents that a top-heavy plan owes its other employees for this year; None where it is not top-heavy."""
    cost_low: int | None = None
    cost_high: int | None = None
    refused: str = ""
    """Why there is no projection, when a figure is not on file or the test does not apply."""

    @property
    def alarm_bps(self) -> int:
        """How likely something has to be done: in a large plan somebody or other nearly always comes near a limit."""
        if self.person_fail_bps is not None:
            return self.person_fail_bps
        if self.cost_median:
            return 10_000
        return self.fail_probability_bps


@dataclass(frozen=True, slots=True)
class Projection:
    """Year-end distributions of every test of one plan year, from one seed."""

    plan_id: PlanId
    plan_year: PlanYear
    as_of: date
    known_at: datetime
    seed: int
    scenarios: int
    tests: tuple[ProjectedTest, ...]
    assumptions: dict[str, JSON]
    """The rates that the simulation used, for people to argue with."""

    def of(self, test: TestId) -> ProjectedTest:
        """The projection of one test."""
        return next(projected for projected in self.tests if projected.test is test)

    def tells(self, test: TestId) -> bool:
        """Whether it is projected, or said why not: nothing at all is told of a test that hardly any plan has."""
        return any(projected.test is test for projected in self.tests)

    def year_of(self, test: TestId) -> CalendarYear | PlanYear:
        """The year at whose end a test is projected: 402(g) goes by the calendar year."""
        if test is TestId.DEFERRAL_LIMIT:
            return CalendarYear(min(self.as_of, self.plan_year.last_day).year)
        return self.plan_year


class CureKind(StrEnum):
    """Ways out of a projected failure; each belongs to one test or to a few (cures.py)."""

    LOWER_HCE_DEFERRALS = "lower_hce_deferrals"
    MORE_PARTICIPATION = "more_participation"
    REFUND = "refund"
    QNEC = "qnec"
    SAFE_HARBOR_3 = "safe_harbor_nonelective_3"
    SAFE_HARBOR_4 = "safe_harbor_nonelective_4"
    LOWER_ELECTION = "lower_election"
    STOP_ELECTION = "stop_election"
    ELECT_ROTH = "elect_roth"
    RETURN_EXCESS = "return_excess"
    REALLOCATE = "reallocate"
    COVER_MORE = "cover_more"
    COVER_AFTERWARDS = "cover_afterwards"
    TOP_HEAVY_MINIMUM = "top_heavy_minimum"
    LOWER_KEY_DEFERRALS = "lower_key_deferrals"
    SAFE_HARBOR_NEXT_YEAR = "safe_harbor_next_year"


class Standing(StrEnum):
    """Whether the plan may take a cure as it stands."""

    PERMITTED = "permitted"
    NEEDS_AMENDMENT = "needs_amendment"
    NOT_AVAILABLE = "not_available"


@dataclass(frozen=True, slots=True)
class CostItem:
    """One part of what a cure costs the employer."""

    name: str
    cents: int | None
    """None: not known, and the note says why."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a cure does to one person (``place`` in the arrays of the facts)."""

    place: int
    label: str
    text: str
    cents: int
    """Money to (positive) or from (negative) the person's account."""
    rate_bps: int | None = None
    """The deferral rate to keep to from the effective date, where the cure sets one."""


@dataclass(frozen=True, slots=True)
class Cure:
    """One way out, computed by the same engine as the projection it answers."""

    kind: CureKind
    test: TestId
    title: str
    standing: Standing
    reason: str
    """Why it is not available, or which provision must be amended; empty when permitted."""
    employer_cost_cents: int | None
    cost: tuple[CostItem, ...]
    effects: tuple[Effect, ...]
    decide_by: date | None
    effective_on: date | None
    notices: tuple[str, ...]
    decided_by: str
    median_after: int | None
    limit_after: int | None
    pass_probability_bps: int | None
    explanation: str

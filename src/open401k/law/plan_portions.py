"""What is a plan for coverage: mandatory disaggregation, permissive aggregation, the testing group (Reg.
1.410(b)-7). Not here: tests.

Not here either: multiemployer plans, accruals for former status ((c)(4)(i)(C), (D)), and whether lines of business are
qualified.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from ..kernel import PlanYear
from .given import ImpossibleInput, check_fields


class PortionKind(StrEnum):
    """Which money a portion consists of (Reg. 1.410(b)-7(c)(1), -9)."""

    ELECTIVE = "elective contributions (401(k) plan)"
    MATCH_AND_EMPLOYEE = "matching and employee contributions (401(m) plan)"
    OTHER = "other contributions"


class Population(StrEnum):
    """On which side of the greatest age and service conditions the employees are, if tested apart (Reg.
    1.410(b)-7(c)(3)).
    """

    TOGETHER = "tested together"
    MET = "met age 21 and a year of service"
    NOT_MET = "otherwise excludable"


@dataclass(frozen=True, slots=True)
class PlanPortion:
    """A plan after disaggregation. ``bargaining_agreement`` is empty for employees who are not collectively
    bargained.
    """

    plan: str
    plan_year: PlanYear
    kind: PortionKind = PortionKind.OTHER
    is_esop: bool = False
    population: Population = Population.TOGETHER
    line_of_business: str = ""
    bargaining_agreement: str = ""
    employer: str = ""

    def __post_init__(self) -> None:
        check_fields(self)


class Barrier(StrEnum):
    """Why two portions may not be one plan, in the order of the regulation."""

    KIND = "401(k), 401(m) and other money are separate plans ((c)(1))"
    ESOP = "an ESOP and what is none are separate plans, and two ESOPs do not aggregate ((c)(2), (d)(2))"
    EXCLUDABLE = "otherwise excludable employees are tested apart ((c)(3))"
    LINE_OF_BUSINESS = "employees of different qualified separate lines of business ((c)(4)(ii)(A))"
    BARGAINED = "employees of different bargaining agreements, or bargained and not ((c)(4)(ii)(B))"
    EMPLOYER = "employees of different employers ((c)(4)(ii)(C))"
    PLAN_YEAR = "different plan years ((d)(5))"


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan of section 414(l) before it is taken apart."""

    name: str
    plan_year: PlanYear
    kinds: tuple[PortionKind, ...]
    has_esop_portion: bool = False
    has_non_esop_portion: bool = True
    otherwise_excludable_tested_apart: bool = False
    lines_of_business: tuple[str, ...] = ("",)
    bargaining_agreements: tuple[str, ...] = ("",)
    employers: tuple[str, ...] = ("",)

    def __post_init__(self) -> None:
        check_fields(self)


def disaggregate(plan: Plan) -> tuple[PlanPortion, ...]:
    """The separate plans that section 410(b) sees in one plan (Reg. 1.410(b)-7(c)(1)-(4))."""
    for name in ("kinds", "lines_of_business", "bargaining_agreements", "employers"):
        if not getattr(plan, name) or len(set(getattr(plan, name))) < len(getattr(plan, name)):
            raise ImpossibleInput(name, "names nothing, or the same twice")
    esops = tuple(each for each, there in ((True, plan.has_esop_portion), (False, plan.has_non_esop_portion)) if there)
    if not esops:
        raise ImpossibleInput("has_non_esop_portion", "the plan is neither an ESOP nor anything else")
    apart = (Population.MET, Population.NOT_MET) if plan.otherwise_excludable_tested_apart else (Population.TOGETHER,)
    return tuple(
        PlanPortion(plan.name, plan.plan_year, kind, esop, population, line, agreement, employer)
        for kind in plan.kinds
        for esop in esops
        for population in apart
        for line in plan.lines_of_business
        for agreement in plan.bargaining_agreements
        for employer in plan.employers
    )


def barriers(one: PlanPortion, other: PlanPortion) -> tuple[Barrier, ...]:
    """Everything that keeps two portions from being treated as one plan (Reg. 1.410(b)-7(d)(2), (5)); none: they may
    be.
    """
    apart = {
        Barrier.KIND: one.kind is not other.kind,
        Barrier.ESOP: one.is_esop or other.is_esop,
        Barrier.EXCLUDABLE: one.population is not other.population,
        Barrier.LINE_OF_BUSINESS: one.line_of_business != other.line_of_business,
        Barrier.BARGAINED: one.bargaining_agreement != other.bargaining_agreement,
        Barrier.EMPLOYER: one.employer != other.employer,
        Barrier.PLAN_YEAR: one.plan_year != other.plan_year,
    }
    return tuple(barrier for barrier in Barrier if apart[barrier])


def testing_group(*, tested: PlanPortion, others: tuple[PlanPortion, ...]) -> tuple[PlanPortion, ...]:
    """The plans whose money counts in the average benefit percentage (Reg. 1.410(b)-7(e)(1)).

    The plan tested and every plan that could be aggregated with it, whatever its plan year, and whether 401(k), 401(m)
    or other money, an ESOP or not: (c)(1), (c)(2) and (d)(5) do not count here.
    """
    ignored = {Barrier.KIND, Barrier.ESOP, Barrier.PLAN_YEAR}
    return (tested, *(other for other in others if other != tested and not set(barriers(tested, other)) - ignored))


testing_group.__test__ = False  # type: ignore[attr-defined]  # the regulation's word; not a test


def aggregation_problems(
    *, groups: tuple[tuple[PlanPortion, ...], ...]
) -> tuple[tuple[PlanPortion, PlanPortion, Barrier], ...]:
    """What is wrong with treating each group as one plan (Reg. 1.410(b)-7(d)(1)-(3), (5)); nothing: the employer may.

    A plan in two groups is refused (d)(3): plans AB and AC cannot both be.
    """
    seen: set[PlanPortion] = set()
    for group in groups:
        for portion in group:
            if portion in seen:
                raise ImpossibleInput("groups", f"{portion.plan} is in two plans (Reg. 1.410(b)-7(d)(3))")
            seen.add(portion)
    return tuple(
        (one, other, barrier)
        for group in groups
        for one, other in combinations(group, 2)
        for barrier in barriers(one, other)
    )

"""Design safe harbors for amounts: uniform allocations and uniform points (Reg. 1.401(a)(4)-2(b)). Not here:
disparity in form (401(l)).

The safe harbors are of formulas; actual allocations in cents are held against a formula within half a cent. Not here:
plans with several formulas ((b)(4)(vi)), which are judged formula by formula.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np

from ..kernel import PlanYear
from . import figures
from .arrays import Cents, Counts, Flags
from .compensation import pay_within_limit
from .exact_rates import amounts, at_least_shares, average, hundredths, paid, same_shape, whole
from .given import ImpossibleInput, check_facts, check_fields


class UniformBy(StrEnum):
    """What is the same for each employee (Reg. 1.401(a)(4)-2(b)(2)(i))."""

    PERCENTAGE = "the same percentage of pay"
    DOLLARS = "the same dollar amount"
    UNITS = "the same dollar amount for each unit of service"


@dataclass(frozen=True, slots=True)
class UniformAllocation:
    """In which ways the allocations are uniform, and the lowest and highest rate of pay, in hundredths of a percent."""

    by: tuple[UniformBy, ...]
    lowest_rate: int
    highest_rate: int
    people: int

    @property
    def passed(self) -> bool:
        return bool(self.by)


class PointsFinding(StrEnum):
    """Why a points formula is no safe harbor, in the order in which it is looked at."""

    NEITHER_AGE_NOR_SERVICE = "no points for age or service"
    UNIT_TOO_LARGE = "a unit of pay is over $200"
    HCE_AVERAGE_HIGHER = "the HCEs' average rate is over that of the NHCEs"


@dataclass(frozen=True, slots=True)
class PointsFormula:
    """Points for each year of age and of service, and for each whole unit of pay."""

    for_year_of_age: int = 0
    for_year_of_service: int = 0
    for_unit_of_pay: int = 0
    unit_cents: int = 10_000
    most_years_of_service: int | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, eq=False)
class UniformPoints:
    """What a points formula gives each person, and whether it is the safe harbor; averages in hundredths of a
    percent.
    """

    findings: tuple[PointsFinding, ...]
    points: Counts
    allocations: Cents
    hce_average: int
    nhce_average: int

    @property
    def passed(self) -> bool:
        return not self.findings


def uniform_allocation(
    *,
    allocations: Cents,
    compensation: Cents,
    is_hce: Flags,
    benefiting: Flags,
    units_of_service: Counts | None = None,
    plan_year: PlanYear | None = None,
) -> UniformAllocation:
    """Whether everybody has the same percentage, dollars, or dollars a unit of service (Reg.
    1.401(a)(4)-2(b)(2)(i)).

    A unit is at most a week. HCEs may have less (-2(b)(4)(v)). Pay counts up to the 401(a)(17) limit, of the
    ``plan_year`` or, if none is told, cut to it already. Allocations differ from the formula by at most half a
    cent.
    """
    check_facts(locals())
    shape = is_hce.shape
    given, pay = amounts("allocations", allocations, shape=shape), amounts("compensation", compensation, shape=shape)
    if plan_year is not None:
        pay = pay_within_limit(compensation=pay, plan_year=plan_year)
    hce, inside = same_shape("is_hce", is_hce, shape), same_shape("benefiting", benefiting, shape)
    each = {UniformBy.PERCENTAGE: paid(given, pay), UniformBy.DOLLARS: np.ones_like(pay)}
    if units_of_service is not None:
        each[UniformBy.UNITS] = np.maximum(amounts("units_of_service", units_of_service, shape=shape), 1)
    who = np.flatnonzero(inside)
    rates = [Fraction(int(given[place]), int(each[UniformBy.PERCENTAGE][place])) for place in who.tolist()]
    return UniformAllocation(
        by=tuple(by for by, base in each.items() if _uniform(given[who], base[who], hce[who])),
        lowest_rate=hundredths(min(rates, default=Fraction(0))),
        highest_rate=hundredths(max(rates, default=Fraction(0))),
        people=len(who),
    )


def uniform_points(
    *,
    formula: PointsFormula,
    total_cents: int,
    ages: Counts,
    years_of_service: Counts,
    compensation: Cents,
    is_hce: Flags,
    plan_year: PlanYear,
) -> UniformPoints:
    """The allocations of a uniform points formula, and whether it is the safe harbor (Reg. 1.401(a)(4)-2(b)(3)(i)).

    The same points for each year of age, year of service and unit of pay; for age or service at least; a unit of at
    most $200, of pay up to the 401(a)(17) limit; and the average of the HCEs' allocation rates not over that of the
    NHCEs, without imputing and grouping. Not for an ESOP, nor for component plans (-9(c)(3)(ii)). Everybody given is an
    employee of the plan. Cents left over go to the largest remainders.
    """
    check_facts(locals())
    limited = pay_within_limit(compensation=compensation, plan_year=plan_year)
    points = _points(formula, ages, years_of_service, limited)
    hce = same_shape("is_hce", is_hce, compensation.shape)
    everybody = int(points.sum())
    if everybody == 0:
        raise ImpossibleInput("formula", "gives nobody a point")
    rates = whole(points, paid(points, amounts("compensation", limited)))
    one = np.zeros(len(points), dtype=np.int64)
    fair = bool(at_least_shares(rates, ~hce, hce, one, 1, numerator=1, denominator=1)[0])
    share = Fraction(total_cents, everybody)
    return UniformPoints(
        findings=_findings(formula, plan_year, fair=fair),
        points=points,
        allocations=_shared(total_cents, points),
        hce_average=hundredths(average(rates, hce) * share),
        nhce_average=hundredths(average(rates, ~hce) * share),
    )


def _uniform(given: Cents, base: Cents, hce: Flags) -> bool:
    """Whether one rate gives everybody's amount to the half cent; an HCE's amount only has to be no more than it
    gives.
    """
    rows = list(zip(given.tolist(), base.tolist(), hce.tolist(), strict=True))
    least = max((Fraction(2 * amount - 1, 2 * by) for amount, by, _ in rows), default=Fraction(0))
    most = min((Fraction(2 * amount + 1, 2 * by) for amount, by, high in rows if not high), default=least)
    return least <= most


def _points(formula: PointsFormula, ages: Counts, years: Counts, compensation: Cents) -> Counts:
    shape = compensation.shape
    for name in ("for_year_of_age", "for_year_of_service", "for_unit_of_pay"):
        if getattr(formula, name) > 1_000_000:
            raise ImpossibleInput(name, f"is {getattr(formula, name)}")
    if not formula.unit_cents:
        raise ImpossibleInput("unit_cents", "is nothing")
    service = amounts("years_of_service", years, most=99, shape=shape)
    if formula.most_years_of_service is not None:
        service = np.minimum(service, formula.most_years_of_service)
    units = amounts("compensation", compensation) // formula.unit_cents
    age = amounts("ages", ages, most=120, shape=shape)
    return formula.for_year_of_age * age + formula.for_year_of_service * service + formula.for_unit_of_pay * units


def _findings(formula: PointsFormula, plan_year: PlanYear, *, fair: bool) -> tuple[PointsFinding, ...]:
    largest = figures.cents("points_compensation_unit", plan_year)
    broken = {
        PointsFinding.NEITHER_AGE_NOR_SERVICE: not (formula.for_year_of_age or formula.for_year_of_service),
        PointsFinding.UNIT_TOO_LARGE: formula.for_unit_of_pay > 0 and formula.unit_cents > largest,
        PointsFinding.HCE_AVERAGE_HIGHER: not fair,
    }
    return tuple(finding for finding in PointsFinding if broken[finding])


def _shared(total_cents: int, points: Counts) -> Cents:
    weights = points.tolist()
    everybody = sum(weights)
    parts = [divmod(total_cents * weight, everybody) for weight in weights]
    cents = [part for part, _ in parts]
    largest_first = sorted(range(len(parts)), key=lambda place: (-parts[place][1], place))
    for place in largest_first[: total_cents - sum(cents)]:
        cents[place] += 1
    return np.array(cents, dtype=np.int64)

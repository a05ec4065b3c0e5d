"""Gradual age or service schedules, which need no gateway for cross-testing (Reg. 1.401(a)(4)-8(b)(1)(iv)). Not
here: the gateway.
"""

import itertools
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from ..kernel import PlanYear
from . import figures
from .cross_testing import TestingBasis, normalization_factor
from .given import ImpossibleInput, check_facts, check_fields

#: A band may have at most so many times the rate of the one before ((b)(1)(iv)(B)).
_MOST_RATIO = 2
#: Where a first band by age or points, and one by service, is taken to start at the latest ((b)(1)(iv)(C)).
_FIRST_AGE, _FIRST_SERVICE = 25, 1
#: A hypothetical schedule below a minimum rate starts no lower than 1 % ((b)(1)(iv)(D)(1)).
_LOWEST_BPS = 100


class ScheduleBy(StrEnum):
    """What the bands are of."""

    AGE = "age"
    SERVICE = "service"
    POINTS = "age and service points"


@dataclass(frozen=True, slots=True)
class Band:
    """From this age, service or number of points on, until the next band, this share of pay."""

    starts_at: int
    rate_bps: int

    def __post_init__(self) -> None:
        check_fields(self)


class ScheduleFinding(StrEnum):
    """Why a schedule is not gradual, in the order in which it is looked at."""

    NOT_RISING = "a band has no higher rate than the one before"
    STEP_TOO_HIGH = "a band is more than 5 points above the one before"
    RATIO_OVER_TWO = "a band has more than twice the rate of the one before"
    RATIO_RISES = "a band rises by a larger ratio than the one before did"
    INTERVALS_DIFFER = "the bands are not of the same length"


class MinimumRule(StrEnum):
    """Which rule let a minimum rate stand (Reg. 1.401(a)(4)-8(b)(1)(iv)(D))."""

    NONE_NEEDED = "none needed"
    HYPOTHETICAL_SCHEDULE = "a hypothetical schedule from 1 % or more"
    EQUIVALENT_RATES = "equivalent accrual rates of older bands"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class GradualSchedule:
    """Whether a schedule is gradual, with every rule that it breaks and the ratios from band to band."""

    passed: bool
    findings: tuple[ScheduleFinding, ...]
    ratios: tuple[Fraction, ...]
    minimum_rule: MinimumRule


def gradual_schedule(
    *,
    bands: tuple[Band, ...],
    by: ScheduleBy,
    plan_year: PlanYear,
    minimum_band: bool = False,
    basis: TestingBasis | None = None,
) -> GradualSchedule:
    """One schedule for all employees whose rates increase smoothly at regular intervals (-8(b)(1)(iv)(A)-(D)).

    ``minimum_band``: the first band is a uniform minimum (or the top-heavy minimum) of all employees, so that the rates
    above it may pass as part of a hypothetical schedule ((D)(1)) or, by age and with a ``basis``, by equivalent rates
    ((D)(2)).
    """
    check_facts(locals())
    _believable(bands)
    ratios = _ratios(bands)
    found = _findings(bands, by, ratios, plan_year)
    rule = MinimumRule.NONE_NEEDED
    if found and minimum_band and len(bands) > 1:
        rule = _minimum(bands, by, plan_year, basis)
    passed = not found or rule in (MinimumRule.HYPOTHETICAL_SCHEDULE, MinimumRule.EQUIVALENT_RATES)
    return GradualSchedule(passed, found, ratios, rule)


def _findings(
    bands: tuple[Band, ...], by: ScheduleBy, ratios: tuple[Fraction, ...], plan_year: PlanYear
) -> tuple[ScheduleFinding, ...]:
    steps = [after.rate_bps - before.rate_bps for before, after in itertools.pairwise(bands)]
    broken = {
        ScheduleFinding.NOT_RISING: any(step <= 0 for step in steps),
        ScheduleFinding.STEP_TOO_HIGH: any(step > figures.bps("schedule_step", plan_year) for step in steps),
        ScheduleFinding.RATIO_OVER_TWO: any(ratio > _MOST_RATIO for ratio in ratios),
        ScheduleFinding.RATIO_RISES: any(later > former for former, later in itertools.pairwise(ratios)),
        ScheduleFinding.INTERVALS_DIFFER: not _regular([band.starts_at for band in bands], by),
    }
    return tuple(finding for finding in ScheduleFinding if broken[finding])


def _regular(starts: list[int], by: ScheduleBy) -> bool:
    """Each band but the last has one length; the first may be taken to start earlier, or at 25 or one year ((C))."""
    lengths = [after - before for before, after in itertools.pairwise(starts)]
    if len(lengths) < 2:
        return True
    latest = _FIRST_SERVICE if by is ScheduleBy.SERVICE else _FIRST_AGE
    rest, end = set(lengths[1:]), starts[1]
    if len(rest) > 1:
        return False
    length = next(iter(rest))
    if by is not ScheduleBy.SERVICE and end <= _FIRST_AGE:
        return True
    return lengths[0] == length or end - length <= latest


def _minimum(bands: tuple[Band, ...], by: ScheduleBy, plan_year: PlanYear, basis: TestingBasis | None) -> MinimumRule:
    if _hypothetical(bands, by, plan_year):
        return MinimumRule.HYPOTHETICAL_SCHEDULE
    if by is ScheduleBy.AGE and basis is not None and _equivalent(bands, basis, plan_year):
        return MinimumRule.EQUIVALENT_RATES
    return MinimumRule.NEITHER


def _hypothetical(bands: tuple[Band, ...], by: ScheduleBy, plan_year: PlanYear) -> bool:
    """Whether lower bands of the same length can stand below the rates over the minimum, the lowest at 1 % or more
    ((D)(1)).

    Each ratio below is at least the one above it, so the highest possible rates repeat the lowest ratio above the
    minimum.
    """
    above = bands[1:]
    ratios = _ratios(above)
    smooth = _findings(above, by, ratios, plan_year)
    if any(finding is not ScheduleFinding.INTERVALS_DIFFER for finding in smooth):
        return False
    lengths = {after.starts_at - before.starts_at for before, after in itertools.pairwise(above)}
    if len(lengths) != 1:
        return not lengths and above[0].rate_bps > _LOWEST_BPS
    length = lengths.pop()
    latest = _FIRST_SERVICE if by is ScheduleBy.SERVICE else _FIRST_AGE
    needed = max(0, -(-(above[0].starts_at - latest) // length))
    return above[0].rate_bps >= _LOWEST_BPS * ratios[0] ** needed


def _equivalent(bands: tuple[Band, ...], basis: TestingBasis, plan_year: PlanYear) -> bool:
    """In each band somebody could have an equivalent rate no higher than at the last age of the minimum ((D)(2)).

    Within a band the lowest is at its highest age, at most the testing age.
    """
    ends = [band.starts_at - 1 for band in bands[1:]] + [max(basis.testing_age, bands[-1].starts_at)]
    minimum = bands[0].rate_bps * normalization_factor(basis=basis, age=ends[0], plan_year=plan_year)
    return all(
        band.rate_bps * normalization_factor(basis=basis, age=_lowest_at(band, end, basis), plan_year=plan_year)
        <= minimum
        for band, end in zip(bands[1:], ends[1:], strict=True)
    )


def _lowest_at(band: Band, end: int, basis: TestingBasis) -> int:
    return max(band.starts_at, min(end, basis.testing_age))


def _ratios(bands: tuple[Band, ...]) -> tuple[Fraction, ...]:
    return tuple(Fraction(after.rate_bps, before.rate_bps) for before, after in itertools.pairwise(bands))


def _believable(bands: tuple[Band, ...]) -> None:
    if not bands:
        raise ImpossibleInput("bands", "are none")
    for band in bands:
        if not 0 < band.rate_bps <= 10_000:
            raise ImpossibleInput("rate_bps", f"is {band.rate_bps} from {band.starts_at} on")
        if band.starts_at > 200:
            raise ImpossibleInput("starts_at", f"is {band.starts_at}")
    if any(after.starts_at <= before.starts_at for before, after in itertools.pairwise(bands)):
        raise ImpossibleInput("starts_at", "must rise from band to band")

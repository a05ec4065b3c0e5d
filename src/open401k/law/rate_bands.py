"""Grouping of rates around midpoints before the general test (Reg. 1.401(a)(4)-2(c)(2)(v), -3(d)(3)(ii)). Not here:
the test.
"""

import itertools
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np

from .arrays import Flags
from .exact_rates import SCALE, Rates, average, hundredths, same_shape
from .given import ImpossibleInput, check_facts, check_fields

_UNIT = SCALE // 1_000_000
#: Within five percent of the midpoint.
_FIVE_PERCENT = Fraction(5, 100)


class RateKind(StrEnum):
    """Which rates are grouped: the range in points of pay differs."""

    ALLOCATION = "allocation"
    ACCRUAL = "accrual"


#: A quarter of a point for allocation rates (-2(c)(2)(v)(B)), a twentieth for accrual rates (-3(d)(3)(ii)(B)), in
#: millionths of pay.
_POINTS = {RateKind.ALLOCATION: 2_500, RateKind.ACCRUAL: 500}


@dataclass(frozen=True, slots=True)
class RateBand:
    """A range that the employer chose: everybody from the lowest to the highest rate counts as at the midpoint."""

    midpoint_millionths: int
    lowest_millionths: int
    highest_millionths: int

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class BandFound:
    """Who is in a band, with average rates in hundredths of a percent, for the judgment whether HCEs are
    significantly higher.
    """

    band: RateBand
    nhces: int
    hces: int
    nhce_average: int
    hce_average: int
    hces_average_higher: bool


@dataclass(frozen=True, slots=True, eq=False)
class GroupedRates:
    """The rates after grouping, and each band with its people."""

    rates: Rates
    bands: tuple[BandFound, ...]


def group_rates(*, rates: Rates, is_hce: Flags, bands: tuple[RateBand, ...], kind: RateKind) -> GroupedRates:
    """Treat everybody within a range as having its midpoint rate (Reg. 1.401(a)(4)-2(c)(2)(v), -3(d)(3)(ii)).

    Ranges do not overlap; their ends are within five percent of the midpoint, or within a quarter of a point (accrual
    rates: a twentieth). A range may not be used where HCEs' rates in it generally are significantly higher than the
    NHCEs'; each band says how the averages stand, and a person decides. Rates outside every range stay as they are.
    """
    check_facts(locals())
    hce = same_shape("is_hce", is_hce, is_hce.shape)
    if len(hce) != len(rates):
        raise ImpossibleInput("is_hce", f"is of {len(hce)} people, rates are of {len(rates)}")
    _check(bands, kind)
    top, bottom, family = rates.numerator.copy(), rates.denominator.copy(), rates.family.copy()
    inside = np.zeros(len(rates), dtype=np.int64)
    found = []
    for number, band in enumerate(bands, start=1):
        members = _within(rates, band)
        inside[members] = number
        top[members], bottom[members], family[members] = band.midpoint_millionths * _UNIT, 1, 0
        found.append(_found(rates, hce, members, band))

    def exact(place: int) -> Fraction:
        number = int(inside[place])
        return Fraction(bands[number - 1].midpoint_millionths, 1_000_000) if number else rates.exact(place)

    return GroupedRates(Rates(top, bottom, family, rates.slack, exact), tuple(found))


def _check(bands: tuple[RateBand, ...], kind: RateKind) -> None:
    for band in bands:
        low, middle, high = band.lowest_millionths, band.midpoint_millionths, band.highest_millionths
        if not low <= middle <= high <= 10_000_000:
            raise ImpossibleInput("bands", f"the range {low} to {high} is not around its midpoint {middle}")
        furthest = max(middle - low, high - middle)
        if furthest > _POINTS[kind] and furthest > middle * _FIVE_PERCENT:
            raise ImpossibleInput(
                "bands", f"the range {low} to {high} is wider around {middle} than five percent or the points allowed"
            )
    ordered = sorted(bands, key=lambda band: band.lowest_millionths)
    for lower, upper in itertools.pairwise(ordered):
        if upper.lowest_millionths <= lower.highest_millionths:
            raise ImpossibleInput("bands", f"two ranges overlap at {upper.lowest_millionths}")


def _within(rates: Rates, band: RateBand) -> Flags:
    """Who is in the range; next to its ends, where a rounded factor could err, by the fraction itself."""
    low, high = band.lowest_millionths * _UNIT, band.highest_millionths * _UNIT
    floors = rates.floors()
    ceilings = -(-rates.numerator // rates.denominator)
    inside = (floors >= low) & (ceilings <= high)
    if rates.slack:
        edge = (np.abs(floors - low) <= rates.slack + 1) | (np.abs(floors - high) <= rates.slack + 1)
        for place in np.flatnonzero(edge).tolist():
            inside[place] = low <= rates.exact(place) * SCALE <= high
    # Whoever has nothing does not benefit, and is in no range.
    return np.asarray(inside & (rates.numerator > 0), dtype=np.bool_)


def _found(rates: Rates, hce: Flags, members: Flags, band: RateBand) -> BandFound:
    theirs, mine = average(rates, members & hce), average(rates, members & ~hce)
    return BandFound(
        band=band,
        nhces=int((members & ~hce).sum()),
        hces=int((members & hce).sum()),
        nhce_average=hundredths(mine),
        hce_average=hundredths(theirs),
        hces_average_higher=bool((members & hce).any()) and theirs > mine,
    )

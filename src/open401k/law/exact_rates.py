"""Rates of pay as exact fractions in whole-number arrays: their order, their averages, who stands where.

Not here: any rule of law; the rates are those of Reg. 1.401(a)(4)-2(c)(2) and -8(b)(2). A rate is ``numerator / (SCALE
* denominator)``. Two different fractions with denominators below 2**L differ by more than 2**-2L, so their first 2L
binary places, found by long division in int64, order them without error; nothing is compared in floating point. Rates
that come from a rounded annuity factor carry the width of that rounding (``slack``) and the way to the unrounded
fraction: what lies closer together than the rounding could move it is decided by the fractions themselves.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ..kernel import half_up
from .arrays import Cents, Counts, Flags, as_cents
from .given import ImpossibleInput

#: A rate of 100 % of pay.
SCALE = 10**10
#: The most pay, in cents, that is believed: far above any cap of section 401(a)(17).
MOST_PAY_CENTS = 2**30
#: The most allocation, in cents, that is believed: several times any limit of section 415(c).
MOST_ALLOCATION_CENTS = 2**25
_MOST = 2**62
_MOST_PLANS = 10**8
#: Binary places of the second attempt at an average, before whole fractions are added.
_FINE = 200

Exact = Callable[[int], Fraction]


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """One rate for each person, flat; ``family`` tells whose rates share one rounding (0: none was rounded)."""

    numerator: Cents
    denominator: Cents
    family: Counts
    slack: int
    exact: Exact

    def __len__(self) -> int:
        return len(self.numerator)

    def of(self, places: npt.NDArray[np.intp]) -> "Rates":
        """Those of some people."""
        exact = self.exact
        return Rates(
            self.numerator[places],
            self.denominator[places],
            self.family[places],
            self.slack,
            lambda place: exact(int(places[place])),
        )

    def floors(self) -> Cents:
        """Each rate in units of 1/SCALE, rounded down."""
        return self.numerator // self.denominator


def whole(numerator: Cents, denominator: Cents) -> Rates:
    """Rates that need no rounding: ``numerator / denominator`` of pay."""
    top = numerator * SCALE

    def exact(place: int) -> Fraction:
        return Fraction(int(top[place]), SCALE * int(denominator[place]))

    return Rates(top, denominator, np.zeros(len(top), dtype=np.int64), 0, exact)


def amounts(
    name: str, values: npt.ArrayLike, *, most: int = MOST_PAY_CENTS, shape: tuple[int, ...] | None = None
) -> Cents:
    """Whole cents, flat, none negative and none absurd; what is wrong is refused by the argument's name."""
    array = as_cents(values)
    if shape is not None and array.shape != shape:
        raise ImpossibleInput(name, f"has the shape {array.shape}, the employees have {shape}")
    flat = array.reshape(-1)
    if flat.size and int(flat.min()) < 0:
        raise ImpossibleInput(name, f"is negative for the person at place {int(flat.argmin())}")
    if flat.size and int(flat.max()) > most:
        raise ImpossibleInput(name, f"is over {most / 100:,.2f} for the person at place {int(flat.argmax())}")
    return flat


def same_shape(name: str, values: Flags, shape: tuple[int, ...]) -> Flags:
    """Flags for the same people, flat."""
    if values.dtype != np.bool_:
        raise ImpossibleInput(name, f"is yes or no for each person, not {values.dtype}")
    if values.shape != shape:
        raise ImpossibleInput(name, f"has the shape {values.shape}, the employees have {shape}")
    return values.reshape(-1)


def of_one_plan(shape: tuple[int, ...]) -> None:
    """Refuse many plans at once where the working of one is asked for."""
    if len(shape) != 1:
        raise ImpossibleInput("is_hce", f"has the shape {shape}; the working is that of one plan's people")


def paid(allocations: Cents, compensation: Cents) -> Cents:
    """Pay to divide by: one cent for whoever had neither pay nor an allocation; an allocation without pay is
    refused.
    """
    without = (compensation == 0) & (allocations > 0)
    if without.any():
        place = int(without.argmax())
        raise ImpossibleInput("compensation", f"is zero for the person at place {place}, who has an allocation")
    return np.maximum(compensation, 1)


def plans_of(shape: tuple[int, ...], plan: Counts | None) -> tuple[Counts, int]:
    """For each person, flat, the number of the plan: given, or the rows of a layout of plans times people."""
    if plan is None:
        rows = int(np.prod(shape[:-1], dtype=np.int64))
        return np.repeat(np.arange(rows, dtype=np.int64), shape[-1] if shape else 1), rows
    flat = np.asarray(plan, dtype=np.int64).reshape(-1)
    if flat.size != int(np.prod(shape, dtype=np.int64)):
        raise ImpossibleInput("plan", f"has {flat.size} entries for {int(np.prod(shape, dtype=np.int64))} people")
    if flat.size and (int(flat[0]) < 0 or bool((np.diff(flat) < 0).any())):
        raise ImpossibleInput("plan", "numbers must rise from zero, so that the people of a plan stand together")
    if flat.size and int(flat[-1]) > _MOST_PLANS:
        raise ImpossibleInput("plan", f"is over {_MOST_PLANS} for the last person")
    return flat, int(flat[-1]) + 1 if flat.size else 0


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """People in order of plan and rate: ``order`` places them, ``first`` is where each one's equals begin."""

    order: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]
    plan: Counts


def standing(rates: Rates, plan: Counts) -> Standing:
    """Everybody from the lowest rate of the first plan to the highest of the last; equal fractions stand as equals."""
    keys = _places(rates.numerator, rates.denominator)
    order = np.lexsort((*reversed(keys), plan))
    new = np.ones(len(order), dtype=np.bool_)
    if len(order) > 1:
        same = plan[order[1:]] == plan[order[:-1]]
        for key in keys:
            same &= key[order[1:]] == key[order[:-1]]
        new[1:] = ~same
    if rates.slack:
        _settle(order, new, keys[0], plan, rates)
    index = np.arange(len(order))
    return Standing(order, np.maximum.accumulate(np.where(new, index, 0)), plan[order])


def _places(numerator: Cents, denominator: Cents) -> list[Cents]:
    """The whole part of each fraction, then as many binary places as tell any two different ones apart."""
    length = int(denominator.max(initial=1)).bit_length()
    step = 63 - length
    whole_part, rest = np.divmod(numerator, denominator)
    keys = [whole_part]
    for _ in range(-(-2 * length // step)):
        part, rest = np.divmod(rest << step, denominator)
        keys.append(part)
    return keys


def _settle(order: npt.NDArray[np.intp], new: Flags, floors: Cents, plan: Counts, rates: Rates) -> None:
    """Put right, by whole fractions, each run of neighbors whose rounding could have changed places."""
    value, home, family = floors[order], plan[order], rates.family[order]
    near = (np.diff(value) <= rates.slack) & (home[1:] == home[:-1])
    mixed = near & ((family[1:] != family[:-1]) | (family[1:] < 0))
    if not mixed.any():
        return
    ends = np.flatnonzero(~near) + 1
    starts = np.concatenate((np.zeros(1, dtype=np.intp), ends))
    runs = np.unique(np.searchsorted(starts, np.flatnonzero(mixed), side="right") - 1)
    for run in runs.tolist():
        begin = int(starts[run])
        end = int(starts[run + 1]) if run + 1 < len(starts) else len(order)
        found = sorted(((rates.exact(int(place)), int(place)) for place in order[begin:end]), key=lambda each: each[0])
        order[begin:end] = [place for _, place in found]
        new[begin + 1 : end] = [one[0] != other[0] for one, other in zip(found[1:], found[:-1], strict=True)]


def at_least_shares(
    rates: Rates, group: Flags, other: Flags, plan: Counts, plans: int, *, numerator: int, denominator: int
) -> Flags:
    """For each plan, whether a group's average rate is at least that share of the other group's average, exactly.

    First by whole-number parts with the bounds of what they leave out, then by 200 binary places, then by fractions. A
    plan without one of the groups has nothing to compare: yes.
    """
    floors, error = rates.floors(), rates.slack
    mine, theirs = (_sums(floors, each, plan, plans) for each in (group, other))
    left = mine.count * theirs.count * denominator
    right = mine.count * theirs.count * numerator
    gap = mine.total * theirs.count * denominator - theirs.total * mine.count * numerator
    passed = np.asarray(gap - left * error - right * (error + 1) >= 0, dtype=np.bool_)
    failed = np.asarray(gap + left * (error + 1) + right * error < 0, dtype=np.bool_)
    empty = np.asarray(mine.count * theirs.count == 0, dtype=np.bool_)
    for which in np.flatnonzero(~passed & ~failed & ~empty).tolist():
        inside = plan == which
        passed[which] = _exactly_share(rates, group & inside, other & inside, numerator, denominator)
    return passed | empty


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """How many and how much, as whole numbers without a limit."""

    count: npt.NDArray[np.object_]
    total: npt.NDArray[np.object_]


def _sums(floors: Cents, group: Flags, plan: Counts, plans: int) -> _Sums:
    members = np.flatnonzero(group)
    value = floors[members]
    if int(value.max(initial=0)) * len(floors) >= _MOST:
        raise ImpossibleInput("rates", "add up to more than a plan of people can have")
    running = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(value)))
    edges = np.searchsorted(plan[members], np.arange(plans + 1))
    return _Sums(np.diff(edges).astype(object), np.diff(running[edges]).astype(object))


def _exactly_share(rates: Rates, group: Flags, other: Flags, numerator: int, denominator: int) -> bool:
    mine, theirs = ([rates.exact(place) for place in np.flatnonzero(each).tolist()] for each in (group, other))
    fine = [sum((each.numerator << _FINE) // each.denominator for each in side) for side in (mine, theirs)]
    weights = denominator * len(theirs), numerator * len(mine)
    if fine[0] * weights[0] >= (fine[1] + len(theirs)) * weights[1]:
        return True
    if (fine[0] + len(mine)) * weights[0] < fine[1] * weights[1]:
        return False
    return _total(mine) * weights[0] >= _total(theirs) * weights[1]


def average(rates: Rates, group: Flags) -> Fraction:
    """The average rate of a group, without rounding; zero of nobody."""
    places = np.flatnonzero(group)
    total = _total([rates.exact(int(place)) for place in places])
    return total / max(len(places), 1)  # exact: the total is a Fraction


def average_hundredths(rates: Rates, group: Flags) -> int:
    """The average rate of a group in hundredths of a percent, half-up; fractions are added only where it matters."""
    low, high = _average_between(rates, group)
    rounded = hundredths(low)
    return rounded if rounded == hundredths(high) else hundredths(average(rates, group))


def share_hundredths(rates: Rates, group: Flags, other: Flags) -> int:
    """One group's average of another's in hundredths of a percent, half-up; the other one's is not zero."""
    (low, high), (least, most) = (_average_between(rates, each) for each in (group, other))
    if least > 0 and (rounded := hundredths(low / most)) == hundredths(high / least):  # exact: Fractions
        return rounded
    return hundredths(average(rates, group) / average(rates, other))  # exact: Fractions


def _average_between(rates: Rates, group: Flags) -> tuple[Fraction, Fraction]:
    """What a group's average lies between, by the whole-number parts of its rates."""
    parts = rates.floors()[group].tolist()
    total, scale = sum(parts), SCALE * max(len(parts), 1)
    return (
        Fraction(max(total - len(parts) * rates.slack, 0), scale),
        Fraction(total + len(parts) * (rates.slack + 1), scale),
    )


def hundredths(rate: Fraction) -> int:
    """A rate of pay in hundredths of a percent, half-up, to be shown.

    >>> hundredths(Fraction(1, 3))
    3333
    """
    return half_up(rate * 10_000)


def fits(name: str, top: Iterable[int]) -> None:
    """Refuse what would leave 64 bits, naming the argument."""
    if max(top, default=0) >= _MOST:
        raise ImpossibleInput(name, "is too large for a plan of people")


def _total(parts: list[Fraction]) -> Fraction:
    """The sum, by halves, so that large denominators meet late."""
    while len(parts) > 1:
        last = parts[-1:] if len(parts) % 2 else []
        parts = [one + other for one, other in zip(parts[::2], parts[1::2], strict=False)] + last
    return parts[0] if parts else Fraction(0)

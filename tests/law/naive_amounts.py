"""A slow second implementation of uniform allocations, points, targeted amounts, the top-heavy ratio and minimum,
vesting and gradual schedules: loops and fractions, person by person, written from the statute and the regulations.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

HALF = Fraction(1, 2)


def nearest(exact: Fraction) -> int:
    """Half up."""
    return math.floor(exact + HALF)


@dataclass(frozen=True)
class Given:
    """What somebody was given of a base: pay, one, or units of service."""

    amount: int
    base: int
    hce: bool


def uniform(people: list[Given]) -> bool:
    """Reg. 1.401(a)(4)-2(b)(2)(i), (4)(v): one rate meets everybody's amount to half a cent; HCEs may have less."""
    tried = [(each.amount + part) / each.base for each in people for part in (-HALF, HALF)]

    def meets(rate: Fraction) -> bool:
        gaps = [(rate * each.base - each.amount, each.hce) for each in people]
        return all(gap >= -HALF and (hce or gap <= HALF) for gap, hce in gaps)

    return not people or any(meets(rate) for rate in tried)


def shares(total: int, weights: list[int]) -> list[int]:
    """Cent by cent to whoever is furthest below their exact share; of equals to the first."""
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    given = [math.floor(each) for each in exact]
    for _ in range(total - sum(given)):
        behind = [share - cents for share, cents in zip(exact, given, strict=True)]
        given[behind.index(max(behind))] += 1
    return given


def representative(rates: list[int], last_day: list[bool]) -> int:
    """Reg. 1.401(k)-2(a)(6)(iv)(B): the best lowest rate of any half of the group, or of all on the last day."""
    if not rates:
        return 0
    half = [rate for rate in rates if 2 * sum(other >= rate for other in rates) >= len(rates)]
    stayed = [rate for rate, there in zip(rates, last_day, strict=True) if there]
    return max(max(half), min(stayed, default=0))


@dataclass(frozen=True)
class Member:
    """Somebody whose QNEC, match and deferrals are looked at, in cents."""

    nhce: bool
    last_day: bool
    pay: int
    qnec: int
    match: int
    deferral: int
    prevailing_wage: bool


def counted_qnec(people: list[Member], beside: bool) -> tuple[int, list[int]]:
    """Reg. 1.401(k)-2(a)(6)(iv): the greater of 5 % and twice the representative rate; 10 % of a prevailing wage."""
    nhces = [each for each in people if each.nhce]
    rates = [nearest(Fraction(10_000 * (each.qnec + each.match * beside), each.pay or 1)) for each in nhces]
    rate = representative(rates, [each.last_day for each in nhces])
    counted = []
    for each in people:
        share = max(500, 2 * rate, 1_000 if each.prevailing_wage else 0)
        most = nearest(Fraction(each.pay * share, 10_000))
        counted.append(min(each.qnec, most) if each.nhce else each.qnec)
    return rate, counted


def counted_match(people: list[Member]) -> tuple[int, list[int]]:
    """Reg. 1.401(m)-2(a)(5)(ii): 5 % of pay, the deferral, or twice the representative rate of it."""
    deferring = [each for each in people if each.nhce and each.deferral > 0]
    rates = [nearest(Fraction(10_000 * each.match, each.deferral)) for each in deferring]
    rate = representative(rates, [each.last_day for each in deferring])
    counted = []
    for each in people:
        twice = nearest(Fraction(2 * rate * each.deferral, 10_000))
        most = max(nearest(Fraction(each.pay, 20)), each.deferral, twice)
        counted.append(min(each.match, most) if each.nhce else each.match)
    return rate, counted


@dataclass(frozen=True)
class Holder:
    """Somebody of a plan that may be top-heavy, in cents."""

    key: bool
    former_key: bool
    served: bool
    balance: int
    paid: int
    pay: int
    deferral: int
    match: int
    nonelective: int
    owed_to: bool


def top_heavy(people: list[Holder]) -> tuple[bool, int, int, int, int]:
    """IRC 416(g)(1), (3), (4)(B), (E): over 60 %? and key, total, hundredths of a percent, how many counted."""
    counted = [each for each in people if each.served and (each.key or not each.former_key)]
    key = sum(each.balance + each.paid for each in counted if each.key)
    total = sum(each.balance + each.paid for each in counted)
    part = Fraction(key, total) if total else Fraction(0)
    return part > Fraction(60, 100), key, total, nearest(part * 10_000), len(counted)


def minimum(people: list[Holder]) -> tuple[int, int, list[int], list[int], list[int]]:
    """IRC 416(c)(2): the rate owed, the highest key rate; of each the minimum, what counts toward it, what lacks."""
    rates = [
        Fraction(10_000 * (each.deferral + each.match + each.nonelective), each.pay)
        for each in people
        if each.key and each.pay
    ]
    highest = max(rates, default=Fraction(0))
    rate = min(Fraction(300), highest)
    owed, toward, lacking = [], [], []
    for each in people:
        due = nearest(each.pay * rate / 10_000) if each.owed_to and not each.key else 0
        owed.append(due)
        toward.append(each.match + each.nonelective if due else 0)
        lacking.append(max(due - each.match - each.nonelective, 0))
    return nearest(rate), nearest(highest), owed, toward, lacking


def vested(steps: list[int], years: int) -> int:
    """The step of that year; the last one holds for ever."""
    return steps[years] if years < len(steps) else steps[-1]


def nowhere_slower(steps: list[int], other: list[int]) -> bool:
    return all(vested(steps, years) >= vested(other, years) for years in range(20))


def jumps(bands: list[tuple[int, int]]) -> set[str]:
    """Reg. 1.401(a)(4)-8(b)(1)(iv)(A), (B): what is wrong with the rates of a schedule."""
    rates = [rate for _, rate in bands]
    wrong = set()
    for n in range(1, len(rates)):
        if rates[n] <= rates[n - 1]:
            wrong.add("NOT_RISING")
        if rates[n] > rates[n - 1] + 500:
            wrong.add("STEP_TOO_HIGH")
        if rates[n] > 2 * rates[n - 1]:
            wrong.add("RATIO_OVER_TWO")
        if n > 1 and rates[n] * rates[n - 2] > rates[n - 1] ** 2:
            wrong.add("RATIO_RISES")
    return wrong


def regular(bands: list[tuple[int, int]], latest: int, *, may_end_by_latest: bool) -> bool:
    """(C): some start of the first band, the own one or an earlier or the deemed one, makes all bands equally long."""
    starts = [start for start, _ in bands]
    if len(starts) < 3:
        return True
    lengths = {starts[n + 1] - starts[n] for n in range(1, len(starts) - 1)}
    if len(lengths) > 1:
        return False
    if may_end_by_latest and starts[1] <= latest:
        return True
    first = starts[1] - lengths.pop()
    return first == starts[0] or first <= latest


def stands_below(bands: list[tuple[int, int]], latest: int) -> bool:
    """(D)(1): of the rates above a minimum, whether bands of their length down to ``latest`` can start at 1 %."""
    above = bands[1:]
    if jumps(above) or len({b[0] - a[0] for a, b in pairwise(above)}) > 1:
        return False
    start, rate = above[0][0], Fraction(above[0][1])
    length, ratio = above[1][0] - start, Fraction(above[1][1], above[0][1])
    while start > latest:
        start, rate = start - length, rate / ratio
    return rate >= 100

"""A slow second implementation of coverage, rate groups, the gateway, ADP and ACP with their refunds: loops and
fractions, person by person, written from the statute and the regulations.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

#: Reg. 1.410(b)-4(c)(4)(iv), the table as printed: concentration, safe harbor, unsafe harbor.
TABLE = """
60 50.00 40.00|61 49.25 39.25|62 48.50 38.50|63 47.75 37.75|64 47.00 37.00|65 46.25 36.25|66 45.50 35.50|67 44.75 34.75
68 44.00 34.00|69 43.25 33.25|70 42.50 32.50|71 41.75 31.75|72 41.00 31.00|73 40.25 30.25|74 39.50 29.50|75 38.75 28.75
76 38.00 28.00|77 37.25 27.25|78 36.50 26.50|79 35.75 25.75|80 35.00 25.00|81 34.25 24.25|82 33.50 23.50|83 32.75 22.75
84 32.00 22.00|85 31.25 21.25|86 30.50 20.50|87 29.75 20.00|88 29.00 20.00|89 28.25 20.00|90 27.50 20.00|91 26.75 20.00
92 26.00 20.00|93 25.25 20.00|94 24.50 20.00|95 23.75 20.00|96 23.00 20.00|97 22.25 20.00|98 21.50 20.00|99 20.75 20.00
"""
HARBORS = {
    int(row.split()[0]): (Fraction(row.split()[1]), Fraction(row.split()[2]))
    for line in TABLE.split("\n")
    for row in line.split("|")
    if row.strip()
}


@dataclass(frozen=True)
class Person:
    hce: bool
    excluded: bool
    allocation: int
    pay: int
    rate: Fraction


def harbors(people: list[Person]) -> tuple[Fraction, Fraction]:
    counted = [person for person in people if not person.excluded]
    nhces = [person for person in counted if not person.hce]
    concentration = len(nhces) * 100 // len(counted) if counted else 0
    # All are NHCEs: no row is printed, and nobody asks, since no HCE benefits.
    return HARBORS[min(99, max(60, concentration))]


def ratio(people: list[Person], inside: list[Person]) -> Fraction:
    """In percent, to the nearest hundredth."""
    counted = [person for person in people if not person.excluded]
    nhces = [person for person in counted if not person.hce]
    hces = [person for person in counted if person.hce]
    hces_inside = [person for person in inside if person.hce and not person.excluded]
    if not nhces or not hces_inside:
        return Fraction(100)
    mine = Fraction(len([person for person in inside if not person.hce and not person.excluded]), len(nhces))
    exact = mine / Fraction(len(hces_inside), len(hces)) * 10_000
    return Fraction(math.floor(exact + Fraction(1, 2)), 100)


def average_benefit_passes(people: list[Person]) -> bool:
    counted = [person for person in people if not person.excluded]
    nhces = [person.rate for person in counted if not person.hce]
    hces = [person.rate for person in counted if person.hce]
    if not nhces or not hces:
        return True
    return sum(nhces) / len(nhces) >= Fraction(7, 10) * (sum(hces) / len(hces))


def general_test_passes(people: list[Person], average: bool) -> bool:
    inside = [person for person in people if person.allocation and not person.excluded]
    safe, unsafe = harbors(people)
    whole_plan = ratio(people, inside)
    for hce in inside:
        if hce.hce:
            found = ratio(people, [person for person in inside if person.rate >= hce.rate])
            enough = found >= min((safe + unsafe) / 2, whole_plan)
            if found < 70 and not (enough and average):
                return False
    return True


def gateway_passes(people: list[Person]) -> bool:
    """A third of the highest rate for each, or 5 % for each."""
    inside = [person for person in people if person.allocation]
    highest = max((Fraction(person.allocation, person.pay) for person in inside if person.hce), default=Fraction(0))
    rates = [Fraction(person.allocation, person.pay) for person in inside if not person.hce]
    return all(3 * rate >= highest for rate in rates) or all(20 * rate >= 1 for rate in rates)


@dataclass(frozen=True)
class Saver:
    """Somebody in an ADP or ACP test, in cents."""

    hce: bool
    eligible: bool
    contribution: int
    pay: int


@dataclass(frozen=True)
class Tested:
    """In hundredths of a percent; ``deemed`` where nobody can be favored."""

    hce_average: int
    nhce_average: int
    deemed: bool
    passed: bool


def nearest(exact: Fraction) -> int:
    """Half up."""
    return math.floor(exact + Fraction(1, 2))


def saved(person: Saver) -> int:
    """Reg. 1.401(k)-2(a)(3)(i), in hundredths of a percent; a contribution of no pay counts against the plan."""
    if person.pay == 0:
        return 10_000 if person.hce and person.contribution else 0
    return nearest(Fraction(person.contribution, person.pay) * 10_000)


def mean(people: list[Saver]) -> int:
    return nearest(Fraction(sum(saved(person) for person in people), len(people))) if people else 0


def within(hce: int, nhce: int) -> bool:
    """IRC 401(k)(3)(A)(ii): not more than 1.25 times; or not more than 2 points over, and not more than twice."""
    return hce <= nearest(nhce * Fraction(5, 4)) or (hce - nhce <= 200 and hce <= 2 * nhce)


def ratio_test(people: list[Saver], prior: int | None = None) -> Tested:
    """IRC 401(k)(3), 401(m)(2); ``prior`` is the NHCEs' average of the year before."""
    inside = [person for person in people if person.eligible and (person.pay or person.contribution)]
    hces, nhces = ([person for person in inside if person.hce is kind] for kind in (True, False))
    high, low = mean(hces), mean(nhces) if prior is None else prior
    deemed = not hces or (not nhces and prior is None)
    return Tested(high, low, deemed, deemed or within(high, low))


def ratio_level(ratios: list[int], limit: int) -> int:
    """The ceiling, lowered in ever smaller steps to a hundredth, under which the HCEs' mean is within the limit."""

    def over(level: int) -> bool:
        return sum(min(ratio, level) for ratio in ratios) > limit * len(ratios)

    level = max(ratios)
    for step in (10**10, 10**8, 10**6, 10_000, 100, 1):
        while over(level - step) or (step == 1 and over(level)):
            level -= step
    return level


def excess(people: list[Saver], level: int) -> Fraction:
    """What HCEs with a higher ratio have beyond that share of pay, in cents (IRC 401(k)(8)(B))."""
    parts = [person.contribution - Fraction(person.pay * level, 10_000) for person in people if saved(person) > level]
    return sum((max(part, Fraction(0)) for part in parts), Fraction(0))


def dollar_levels(amounts: list[int], caps: list[int], total: Fraction) -> list[Fraction]:
    """Who gives back what: from the largest amounts down to the next one, again and again (IRC 401(k)(8)(C))."""
    given = [Fraction(0)] * len(amounts)
    while total:
        left = {at: amounts[at] - given[at] for at in range(len(amounts)) if given[at] < min(caps[at], amounts[at])}
        if not left:
            break
        top = max(left.values())
        group = [at for at, amount in left.items() if amount == top]
        lower = [amount for amount in left.values() if amount < top]
        step = min([top - max(lower, default=Fraction(0)), *(caps[at] - given[at] for at in group)])
        step = min(step, total / len(group))
        for at in group:
            given[at] += step
        total -= step * len(group)
    return given


def whole_cents(shares: list[Fraction]) -> list[int]:
    """The rounded total, handed out one by one to whoever is owed most of a cent, the first of equals first."""
    cents = [math.floor(share) for share in shares]
    while sum(cents) < math.floor(sum(shares, Fraction(0)) + Fraction(1, 2)):
        owed = [share - mine for share, mine in zip(shares, cents, strict=True)]
        cents[owed.index(max(owed))] += 1
    return cents

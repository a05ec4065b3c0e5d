"""Whether profit sharing by groups or points is nondiscriminatory in amount (IRC 401(a)(4)). Not here: sharing it.

Three ways, in this order: the safe harbor of uniform points, rate groups on contributions, rate groups on benefits
behind the gateway. Left to a person: imputed disparity, restructuring, grouped rates, an amendment by Reg.
1.401(a)(4)-11(g).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from open401k import law
from open401k.kernel import PlanYear, age_on
from open401k.law.average_benefit import average_benefit_percentage
from open401k.law.coverage import RATIO_TO_PASS
from open401k.law.cross_testing import TestingBasis, equivalent_accrual_rates
from open401k.law.exact_rates import Rates
from open401k.law.gateway import Gateway, minimum_allocation_gateway
from open401k.law.general_test import GeneralTest, allocation_rates, general_test
from open401k.plan import Points

from .facts import JSON, Cents, Flags, PlanFacts
from .measures import Measure, Measured, counted_in, whole_year
from .pieces import column
from .results import TestId, Unit
from .standing import people_of
from .year import Year
from .year_from_facts import year_of

CITATION = "IRC 401(a)(4)"
#: Of who has nothing no age is asked: any that the law believes will do.
_ANY_AGE = 65
_MOST_PEOPLE = 10_000


class AmountsPath(StrEnum):
    """Which way settled it."""

    NO_HCE = "no highly compensated employee has any"
    POINTS = "uniform points"
    CONTRIBUTIONS = "contributions"
    BENEFITS = "benefits"
    GATEWAY = "gateway"
    """It fails on contributions, and may not be tested on benefits."""


@dataclass(frozen=True, slots=True, eq=False)
class AmountsTest:
    """How the allocations of a year came out; the working of each way that was looked at."""

    path: AmountsPath
    on_contributions: GeneralTest
    gateway: Gateway | None = None
    on_benefits: GeneralTest | None = None

    @property
    def decided(self) -> GeneralTest:
        """The rate groups that decided."""
        return self.on_contributions if self.on_benefits is None else self.on_benefits

    @property
    def passed(self) -> bool:
        """Whether one of the ways is open to the end."""
        if self.path in (AmountsPath.NO_HCE, AmountsPath.POINTS):
            return True
        return self.path is not AmountsPath.GATEWAY and self.decided.passed

    @property
    def lowest_ratio(self) -> int:
        """The ratio percentage of the worst rate group, in hundredths of a percent."""
        return min((group.ratio for group in self.decided.groups), default=RATIO_TO_PASS)

    @property
    def words(self) -> str:
        """How it came out, and what a failure lacks."""
        told = law.explain.explain(self.on_contributions)
        if self.path is AmountsPath.POINTS:
            return (
                "The points are uniform, and the average rate of the highly compensated is no higher than that of the "
                "others: a safe harbor (Reg. 1.401(a)(4)-2(b)(3))."
            )
        if self.path in (AmountsPath.NO_HCE, AmountsPath.CONTRIBUTIONS):
            return f"On contributions: {told}"
        gateway = "" if self.gateway is None else law.explain.explain(self.gateway)
        if self.on_benefits is None:
            return f"On contributions: {told} On benefits it may not be tested: {gateway}"
        return f"{gateway} On benefits: {law.explain.explain(self.on_benefits)}{self._lacking}"

    @property
    def _lacking(self) -> str:
        """How many more of the others each failing group needs for 70 %, in words."""
        test = self.decided
        if test.passed:
            return ""
        needs = []
        for group in test.groups:
            if not group.passed:
                share = group.hce_inside * RATIO_TO_PASS * test.nhces
                most = -(-share // (test.hces * 10_000))
                needs.append(f"{most - group.nhce_inside} more of the others at {group.rate / 100:g} % or above")
        return f" At 70 % it needs {'; '.join(needs)}, or less for the highly compensated."


def amounts_test(facts: PlanFacts, year: Year, *, more: Cents | None = None) -> AmountsTest:
    """The nonelective money of a plan year; ``more``: what is declared and in no account yet."""
    given = year.nonelective if more is None else year.nonelective + more
    part, counted = year.of_nonelective(), counted_in(TestId.COVERAGE_NONELECTIVE, year)
    rates = allocation_rates(allocations=given, compensation=year.compensation, plan_year=year.plan_year)
    excluded = ~counted
    found = general_test(
        rates=rates,
        is_hce=year.is_hce,
        excluded=excluded,
        average_benefit_passed=_average(facts, year, given, on_benefits=False),
    )
    if not found.groups:
        return AmountsTest(AmountsPath.NO_HCE, found)
    if _uniform_points(facts, year, rates, given, more):
        return AmountsTest(AmountsPath.POINTS, found)
    if found.passed:
        return AmountsTest(AmountsPath.CONTRIBUTIONS, found)
    gateway = minimum_allocation_gateway(
        allocations=given,
        compensation=year.compensation,
        section_415_compensation=year.section_415,
        is_hce=year.is_hce,
        benefiting=counted & part.eligible & (given > 0),
        plan_year=year.plan_year,
    )
    if not gateway.passed:
        return AmountsTest(AmountsPath.GATEWAY, found, gateway)
    on_benefits = general_test(
        rates=_benefits(facts, year, given),
        is_hce=year.is_hce,
        excluded=excluded,
        average_benefit_passed=_average(facts, year, given, on_benefits=True),
    )
    return AmountsTest(AmountsPath.BENEFITS, found, gateway, on_benefits)


def _uniform_points(facts: PlanFacts, year: Year, rates: Rates, given: Cents, more: Cents | None) -> bool:
    """The safe harbor of a points formula, where nothing else is allocated (Reg. 1.401(a)(4)-2(b)(3)(i))."""
    terms = facts.provisions.profit_sharing
    if terms is None or terms.points is None or facts.provisions.nonelective is not None:
        return False
    if more is not None and year.nonelective.any():
        return False
    return _is_safe_harbor(terms.points, year.plan_year) and _no_higher(rates, year.is_hce, given > 0)


def _is_safe_harbor(points: Points, year: PlanYear) -> bool:
    largest = law.figures.cents("points_compensation_unit", year)
    by_pay = points.for_unit_of_pay > 0 and points.unit_cents > largest
    return bool(points.for_year_of_age or points.for_year_of_service) and not by_pay


def _no_higher(rates: Rates, is_hce: Flags, inside: Flags) -> bool:
    """Whether the average rate of the HCEs is no higher than that of the NHCEs; exact."""
    one = np.zeros(len(rates), dtype=np.int64)
    fair = law.exact_rates.at_least_shares(rates, ~is_hce & inside, is_hce & inside, one, 1, numerator=1, denominator=1)
    return bool(fair[0])


def _benefits(facts: PlanFacts, year: Year, given: Cents) -> Rates:
    """Equivalent accrual rates at the usual standards: 8.5 %, UP-1984, 65 (Reg. 1.401(a)(4)-8(b)(2), -12)."""
    last = year.plan_year.last_day
    born = [0 if day is None else age_on(day, last) for day in facts.birth_dates]
    ages = np.where(given > 0, np.array(born, dtype=np.int64), _ANY_AGE)
    return equivalent_accrual_rates(
        allocations=given,
        compensation=year.compensation,
        ages=ages,
        basis=TestingBasis(),
        plan_year=year.plan_year,
    )


def _average(facts: PlanFacts, year: Year, given: Cents, *, on_benefits: bool) -> bool | None:
    """Whether the average benefit percentage is 70 %, of all employer money, deferrals included, but for catch-up.

    IRC 410(b)(2)(C), 414(v)(3)(B). None where other plans of the sponsor have money that is not in these figures, and
    for so many people that nobody would wait for it.
    """
    if facts.others or len(facts) > _MOST_PEOPLE:
        return None
    excluded = ~(year.eligible | year.class_excluded)
    everything = given + year.qnec + year.match + year.deferrals - year.plan_split().catch_up
    everything = np.where(excluded, 0, everything)
    if on_benefits:
        rates = _benefits(facts, year, everything)
    else:
        rates = allocation_rates(allocations=everything, compensation=year.compensation, plan_year=year.plan_year)
    return average_benefit_percentage(rates=rates, is_hce=year.is_hce, excluded=excluded).passed


def not_tested(year: Year) -> str:
    """Why the amounts of a year are not tested: nothing is shared by groups or points, or it is not over."""
    if not any(each.is_shared for each in year.declared):
        return "Nobody declared profit sharing by groups or points."
    return "" if year.as_of >= year.plan_year.last_day else "It is tested when the year is over."


def measured(facts: PlanFacts, year: Year) -> Measured:
    """The worst rate group of the way that decided, against what it needs."""
    test = amounts_test(facts, year)
    lowest = np.asarray(test.lowest_ratio)
    limit = RATIO_TO_PASS if not test.passed else min(RATIO_TO_PASS, test.lowest_ratio)
    return Measured(lowest, np.asarray(limit), np.asarray(test.passed, dtype=np.bool_))


def told(facts: PlanFacts, year: Year) -> tuple[dict[str, JSON], str]:
    """The working and the words."""
    test = amounts_test(facts, year)
    places = np.flatnonzero(year.nonelective > 0)
    working: dict[str, JSON] = {
        "path": test.path.value,
        "groups": [
            {"rate_bps": each.rate, "nhce": each.nhce_inside, "hce": each.hce_inside, "ratio_bps": each.ratio}
            for each in test.decided.groups
        ],
        "gateway": None if test.gateway is None else test.gateway.path.value,
        "gateway_short_cents": 0 if test.gateway is None or test.gateway.passed else test.gateway.least_cost_cents,
        "people": {
            "place": column(places),
            "allocation_cents": column(year.nonelective[places]),
            "compensation_cents": column(year.counted_pay()[places]),
        },
    }
    return working, test.words


AMOUNTS = Measure(
    TestId.AMOUNTS, "Amounts", CITATION, Unit.BPS, True, not_tested, silent=True, of=whole_year, of_facts=measured
)


def judge(facts: PlanFacts, *, more: Cents | None = None) -> AmountsTest:
    """The test of a plan year from its facts; a figure or a fact that is missing raises as the law has it."""
    people = people_of(facts)
    return amounts_test(facts, year_of(facts, is_hce=people.is_hce, is_key=people.is_key), more=more)

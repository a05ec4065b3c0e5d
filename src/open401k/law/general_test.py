"""Nondiscrimination in amount of an employer's contributions: the general test by rate groups (Reg.
1.401(a)(4)-2(c)).

Not here: which rates are tested (cross_testing.py, imputed_disparity.py), design safe harbors (uniform_allocation.py),
coverage of the plan itself (coverage.py, average_benefit.py). Deferrals and match are in none of these rates: the ADP
and ACP tests are theirs alone (Reg. 1.401(a)(4)-1(b)(2)(ii)(B)).
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from ..kernel import PlanYear
from .arrays import Cents, Counts, Flags
from .average_benefit import Outcome, harbors, midpoint_thousandths
from .compensation import pay_within_limit
from .coverage import RATIO_TO_PASS, ratio_percentages
from .exact_rates import (
    MOST_ALLOCATION_CENTS,
    Rates,
    Standing,
    amounts,
    hundredths,
    of_one_plan,
    paid,
    plans_of,
    same_shape,
    standing,
    whole,
)
from .given import ImpossibleInput, check_facts

_NO_GROUP = np.iinfo(np.int64).max


class GroupPath(StrEnum):
    """How a rate group stands under section 410(b)."""

    RATIO_PERCENTAGE = "ratio percentage"
    AVERAGE_BENEFIT = "classification and average benefit percentage"
    AVERAGE_OPEN = "the average benefit percentage is not tested yet"
    AVERAGE_TOO_LOW = "the average benefit percentage is below 70 %"
    CLASSIFICATION = "below the midpoint and below the plan's own ratio"


@dataclass(frozen=True, slots=True)
class RateGroup:
    """The group of every HCE with one rate: who has that rate or more. ``rate`` in hundredths of a percent, half-up."""

    rate: int
    hces: tuple[int, ...]
    nhce_inside: int
    hce_inside: int
    ratio: int
    path: GroupPath

    @property
    def passed(self) -> bool:
        return self.path in (GroupPath.RATIO_PERCENTAGE, GroupPath.AVERAGE_BENEFIT)


@dataclass(frozen=True, slots=True)
class GeneralTest:
    """The general test of one plan, with each distinct rate group from the lowest rate of an HCE to the highest."""

    outcome: Outcome
    groups: tuple[RateGroup, ...]
    plan_ratio: int
    safe_harbor: int
    unsafe_harbor: int
    nhces: int
    hces: int
    average_benefit_passed: bool | None

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED

    @property
    def midpoint_thousandths(self) -> int:
        return midpoint_thousandths(safe_harbor=self.safe_harbor, unsafe_harbor=self.unsafe_harbor)


@dataclass(frozen=True, slots=True, eq=False)
class RateGroupScenarios:
    """The general test of many plans at once: one number or flag a plan."""

    passed: Flags
    passed_by_ratio_alone: Flags
    lowest_ratio: Cents
    groups_failed: Counts
    plan_ratio: Cents
    safe_harbor: Cents
    unsafe_harbor: Cents


def allocation_rates(*, allocations: Cents, compensation: Cents, plan_year: PlanYear | None = None) -> Rates:
    """Allocations of employer contributions and forfeitures over plan year compensation (Reg.
    1.401(a)(4)-2(c)(2)(i)-(iii)).

    Earnings are not taken into account; pay counts up to the limit of section 401(a)(17), of the ``plan_year`` or, if
    none is told, cut to it already. Exact: nothing is rounded.
    """
    check_facts(locals())
    given = amounts("allocations", allocations, most=MOST_ALLOCATION_CENTS)
    pay = amounts("compensation", compensation, shape=allocations.shape)
    if plan_year is not None:
        pay = pay_within_limit(compensation=pay, plan_year=plan_year)
    return whole(given, paid(given, pay))


def general_test(
    *,
    rates: Rates,
    is_hce: Flags,
    excluded: Flags,
    benefiting: Flags | None = None,
    average_benefit_passed: bool | None = None,
) -> GeneralTest:
    """Each rate group satisfies section 410(b) as if it were a plan (Reg. 1.401(a)(4)-2(c)(1), (3)).

    A group passes with a ratio percentage of 70 %, or with the lesser of the midpoint of the harbors and the plan's own
    ratio percentage if the plan's average benefit percentage passes (-2(c)(3)(ii), (iii)); no reasonable classification
    is asked for. ``benefiting``: who has an allocation, if not told otherwise.
    """
    check_facts(locals())
    of_one_plan(is_hce.shape)
    people = _People.of(rates, is_hce, excluded, benefiting, None)
    found = _groups(people)
    groups = _told(people, found, average_benefit_passed)
    outcome = Outcome.PASSED
    if any(not group.passed for group in groups):
        certain = any(group.path in (GroupPath.AVERAGE_TOO_LOW, GroupPath.CLASSIFICATION) for group in groups)
        outcome = Outcome.FAILED if certain else Outcome.OPEN
    whole_plan = _plan_figures(people)
    return GeneralTest(
        outcome=outcome,
        groups=groups,
        plan_ratio=int(whole_plan.ratio[0]),
        safe_harbor=int(whole_plan.safe[0]),
        unsafe_harbor=int(whole_plan.unsafe[0]),
        nhces=int(people.nhces[0]),
        hces=int(people.hces[0]),
        average_benefit_passed=average_benefit_passed,
    )


def rate_group_scenarios(
    *,
    rates: Rates,
    is_hce: Flags,
    excluded: Flags,
    benefiting: Flags | None = None,
    average_benefit_passed: Flags | None = None,
    plan: Counts | None = None,
) -> RateGroupScenarios:
    """The general test of many plans at once (Reg. 1.401(a)(4)-2(c)); the working of one plan is
    :func:`general_test`.

    People on the last axis and plans before it; or flat, with each person's ``plan`` from 0 upward. Cost grows with n
    log n.
    """
    check_facts(locals(), apart=("average_benefit_passed",))
    people = _People.of(rates, is_hce, excluded, benefiting, plan)
    average = (
        np.zeros(people.plans, dtype=np.bool_) if average_benefit_passed is None else average_benefit_passed.reshape(-1)
    )
    if len(average) != people.plans:
        raise ImpossibleInput("average_benefit_passed", f"has {len(average)} entries for {people.plans} plans")
    return _verdicts(people, _groups(people), average)


@dataclass(frozen=True, slots=True, eq=False)
class _People:
    """The nonexcludable employees of each plan, and those who benefit by rate."""

    rates: Rates
    is_hce: Flags
    inside: Flags
    plan: Counts
    plans: int
    nhces: Counts
    hces: Counts

    @classmethod
    def of(
        cls, rates: Rates, is_hce: Flags, excluded: Flags, benefiting: Flags | None, plan: Counts | None
    ) -> "_People":
        hce = same_shape("is_hce", is_hce, is_hce.shape)
        counted = ~same_shape("excluded", excluded, is_hce.shape)
        if len(rates) != len(hce):
            raise ImpossibleInput("rates", f"are of {len(rates)} people, is_hce of {len(hce)}")
        given = rates.numerator > 0 if benefiting is None else same_shape("benefiting", benefiting, is_hce.shape)
        if bool((~given & (rates.numerator > 0)).any()):
            place = int((~given & (rates.numerator > 0)).argmax())
            raise ImpossibleInput("benefiting", f"is no for the person at place {place}, who has an allocation")
        home, plans = plans_of(is_hce.shape, plan)
        return cls(
            rates,
            hce,
            counted & given,
            home,
            plans,
            _count(home, counted & ~hce, plans),
            _count(home, counted & hce, plans),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    """One row for each HCE who benefits: the plan, where the group begins, and who is inside."""

    members: npt.NDArray[np.intp]
    standing: Standing
    at: npt.NDArray[np.intp]
    plan: Counts
    nhce_inside: Counts
    hce_inside: Counts
    ratio: Cents


@dataclass(frozen=True, slots=True, eq=False)
class _PlanFigures:
    ratio: Cents
    safe: Cents
    unsafe: Cents


def _groups(people: _People) -> _Groups:
    members = np.flatnonzero(people.inside)
    placed = standing(people.rates.of(members), people.plan[members])
    hce = people.is_hce[members][placed.order]
    ends = np.cumsum(np.bincount(placed.plan, minlength=people.plans))
    running, running_hce = _running(~hce), _running(hce)
    at = np.flatnonzero(hce)
    home, first = placed.plan[at], placed.first[at]
    nhce_inside = running[ends[home]] - running[first]
    hce_inside = running_hce[ends[home]] - running_hce[first]
    ratio = ratio_percentages(
        nhce_nonexcludable=people.nhces[home],
        nhce_benefiting=nhce_inside,
        hce_nonexcludable=people.hces[home],
        hce_benefiting=hce_inside,
    )
    return _Groups(members, placed, at, home, nhce_inside, hce_inside, ratio)


def _plan_figures(people: _People) -> _PlanFigures:
    everybody = people.nhces + people.hces
    safe, unsafe = harbors(np.where(everybody > 0, people.nhces * 100 // np.maximum(everybody, 1), 0))
    ratio = ratio_percentages(
        nhce_nonexcludable=people.nhces,
        nhce_benefiting=_count(people.plan, people.inside & ~people.is_hce, people.plans),
        hce_nonexcludable=people.hces,
        hce_benefiting=_count(people.plan, people.inside & people.is_hce, people.plans),
    )
    return _PlanFigures(ratio, safe, unsafe)


def _classified(found: _Groups, figures: _PlanFigures) -> Flags:
    """At least the lesser of the midpoint and the plan's ratio; the midpoint can be half a hundredth."""
    middle = (figures.safe + figures.unsafe)[found.plan]
    return (2 * found.ratio >= middle) | (found.ratio >= figures.ratio[found.plan])


def _verdicts(people: _People, found: _Groups, average: Flags) -> RateGroupScenarios:
    figures = _plan_figures(people)
    by_ratio = found.ratio >= RATIO_TO_PASS
    good = by_ratio | (_classified(found, figures) & average[found.plan])
    failed = _count(found.plan, ~good, people.plans)
    lowest = np.full(people.plans, _NO_GROUP, dtype=np.int64)
    np.minimum.at(lowest, found.plan, found.ratio)
    return RateGroupScenarios(
        passed=failed == 0,
        passed_by_ratio_alone=_count(found.plan, ~by_ratio, people.plans) == 0,
        lowest_ratio=np.where(lowest == _NO_GROUP, 10_000, lowest),
        groups_failed=failed,
        plan_ratio=figures.ratio,
        safe_harbor=figures.safe,
        unsafe_harbor=figures.unsafe,
    )


def _told(people: _People, found: _Groups, average: bool | None) -> tuple[RateGroup, ...]:
    classified = _classified(found, _plan_figures(people))
    first = found.standing.first[found.at]
    places = found.members[found.standing.order[found.at]]
    starts = np.flatnonzero(np.diff(first, prepend=-1))
    groups = []
    for begin, end in zip(starts.tolist(), np.append(starts, len(first))[1:].tolist(), strict=True):
        groups.append(
            RateGroup(
                rate=hundredths(people.rates.exact(int(places[begin]))),
                hces=tuple(sorted(places[begin:end].tolist())),
                nhce_inside=int(found.nhce_inside[begin]),
                hce_inside=int(found.hce_inside[begin]),
                ratio=int(found.ratio[begin]),
                path=_group_path(int(found.ratio[begin]), classified=bool(classified[begin]), average=average),
            )
        )
    return tuple(groups)


def _group_path(ratio: int, *, classified: bool, average: bool | None) -> GroupPath:
    if ratio >= RATIO_TO_PASS:
        return GroupPath.RATIO_PERCENTAGE
    if not classified:
        return GroupPath.CLASSIFICATION
    if average is None:
        return GroupPath.AVERAGE_OPEN
    return GroupPath.AVERAGE_BENEFIT if average else GroupPath.AVERAGE_TOO_LOW


def _running(flags: Flags) -> Counts:
    """How many came before each place, and at the end how many there are."""
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(flags, dtype=np.int64)))


def _count(plan: Counts, flags: Flags, plans: int) -> Counts:
    return np.bincount(plan[flags], minlength=plans).astype(np.int64, copy=False)

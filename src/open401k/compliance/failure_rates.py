"""At which rate of pay somebody would have deferred, and up to which limit. Pure; not here: what is owed for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from open401k import law
from open401k.kernel import CalendarYear, EmployeeId, PlanYear
from open401k.law.missed_deferrals import Basis
from open401k.plan import Provisions

from .failures import Failure, FailureKind

_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At which rate somebody would have deferred in a plan year, by what basis, and how that was found."""

    basis: Basis
    rate_bps: int
    found: str


def basis_of(failure: Failure, who: EmployeeId, terms: Provisions, group_average_bps: int, plan_year: PlanYear) -> Rate:
    """The rate at which somebody would have deferred (Rev. Proc. 2021-30 App. A .05(2)(a), (d), (5), (8))."""
    if failure.kind is FailureKind.CATCH_UP_NOT_OFFERED:
        return Rate(Basis.CATCH_UP, 0, "half of the year's catch-up limit, less catch-up that was made")
    told, least = failure.rate_of(who), law.figures.bps("missed_deferral_safe_harbor", plan_year)
    if told is not None:
        default = failure.kind is FailureKind.AUTOMATIC_NOT_APPLIED or (
            failure.kind is FailureKind.LEFT_OUT and failure.automatic
        )
        basis = Basis.DEFAULT if default else Basis.ELECTION
        return Rate(basis, told, "the default rate of the plan" if default else "the election")
    if terms.safe_harbor.is_match:
        full = fully_matched_up_to_bps(terms)
        found = (
            f"a safe harbor match: the greater of {least / 100:g} % and the {full / 100:g} % that are matched in full"
        )
        return Rate(Basis.SAFE_HARBOR_MATCH, max(least, full), found)
    if terms.safe_harbor.value == "nonelective":
        return Rate(Basis.SAFE_HARBOR_NONELECTIVE, least, f"a safe harbor nonelective contribution: {least / 100:g} %")
    return Rate(Basis.GROUP_AVERAGE, group_average_bps, "the average deferral percentage of the employee's group")


def fully_matched_up_to_bps(terms: Provisions) -> int:
    """The share of pay up to which each dollar is matched by at least a dollar."""
    top = 0
    for tier in terms.match.tiers if terms.match is not None else ():
        if tier.rate_bps < _WHOLE:
            break
        top = tier.up_to_bps_of_pay
    return top


def limit_of(year: int, ages: int, terms: Provisions) -> tuple[int, int]:
    """The most that somebody could have deferred in a calendar year: 402(g) with catch-up; and the catch-up in it."""
    limits = law.deferrals.deferral_limits(
        np.array([ages], dtype=np.int64),
        CalendarYear(year),
        plan_allows_catch_up=terms.deferrals.catch_up,
        higher_60_to_63=terms.deferrals.higher_catch_up_60_63,
    )
    return int(limits.total[0]), int(limits.catch_up[0])

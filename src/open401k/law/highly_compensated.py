"""Who is highly compensated (IRC 414(q)). Not here: ownership by attribution (see ownership.py), key employees."""

from dataclasses import dataclass

import numpy as np

from ..kernel import PlanYear
from . import figures
from .arrays import Cents, Flags
from .given import check_facts

_WHOLE = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class HighlyCompensated:
    """Per employee: highly compensated or not, and by which of the two roads; with the threshold that was used."""

    is_hce: Flags
    by_ownership: Flags
    by_compensation: Flags
    in_top_paid_group: Flags | None
    lookback_year: PlanYear
    threshold_cents: int
    top_paid_group_size: int | None


def lookback_year(plan_year: PlanYear) -> PlanYear:
    """The twelve months before the plan year (IRC 414(q)(1)(B))."""
    check_facts(locals())
    return plan_year.previous()


def highly_compensated(
    *,
    plan_year: PlanYear,
    five_percent_owner: Flags,
    lookback_compensation: Cents,
    top_paid_group: bool = False,
    counted_employees: int | None = None,
    ranked: Flags | None = None,
    others_compensation: Cents | None = None,
) -> HighlyCompensated:
    """Highly compensated: a 5-percent owner in this or the lookback year, or paid over the threshold in the latter.

    IRC 414(q)(1). The threshold is that of the lookback year, and pay must exceed it. With the top-paid group
    election the well-paid must also be among the top 20 % (414(q)(3)) of everybody who worked in the lookback year
    (Notice 97-45); owners count whatever they earn. Pay is 415(c)(3) pay, uncapped.

    ``counted_employees``: of that year (headcount.py); ``ranked``: who of these people worked in it;
    ``others_compensation``: pay of those who did and are not among these people, as leavers of that year.
    """
    check_facts(locals(), apart=("others_compensation",), one_plan=True)
    lookback = lookback_year(plan_year)
    threshold = figures.cents("hce_comp_threshold", lookback)
    by_compensation = lookback_compensation > threshold
    group, size = None, None
    if top_paid_group:
        counted = len(five_percent_owner) if counted_employees is None else counted_employees
        size = top_paid_group_size(counted, lookback)
        pay = lookback_compensation if ranked is None else np.where(ranked, lookback_compensation, 0)
        group = top_paid(pay, size, others_compensation)
        by_compensation = by_compensation & group
    return HighlyCompensated(
        is_hce=five_percent_owner | by_compensation,
        by_ownership=five_percent_owner.copy(),
        by_compensation=by_compensation,
        in_top_paid_group=group,
        lookback_year=lookback,
        threshold_cents=threshold,
        top_paid_group_size=size,
    )


def top_paid_group_size(counted_employees: int, year: PlanYear) -> int:
    """20 % of the employees counted (IRC 414(q)(3), (5)); a part of a person is rounded up, always.

    Any rule of rounding that is reasonable, nondiscriminatory and uniform will do (Temp. Reg. 1.414(q)-1T A-3(b)).
    """
    check_facts(locals())
    return -(-counted_employees * figures.bps("top_paid_share", year) // _WHOLE)


def top_paid(lookback_compensation: Cents, size: int, others_compensation: Cents | None = None) -> Flags:
    """The ``size`` best paid of all, those not counted included (IRC 414(q)(3); Temp. Reg. 1.414(q)-1T A-9(c)).

    Ties go to the earlier place, and before ``others``: a rule as free as that of rounding (A-3(b)).
    """
    check_facts(locals(), apart=("others_compensation",), one_plan=True)
    people = len(lookback_compensation)
    others = np.zeros(0, dtype=np.int64) if others_compensation is None else others_compensation
    best = np.argsort(-np.concatenate([lookback_compensation, others]), kind="stable")[:size]
    best = best[best < people]
    group = np.zeros(lookback_compensation.shape, dtype=np.bool_)
    group[best] = lookback_compensation[best] > 0
    return group


def former_highly_compensated(*, separated: Flags, hce_in_separation_year: Flags, hce_from_age_55: Flags) -> Flags:
    """Former employees who stay highly compensated (IRC 414(q)(6); Temp. Reg. 1.414(q)-1T A-4(a)).

    Who left before the year and was an HCE in the year of separation, or in a determination year that ended on or
    after the 55th birthday. Who does no work for the employer in the year counts as separated (A-4(b)).
    """
    check_facts(locals())
    return separated & (hce_in_separation_year | hce_from_age_55)

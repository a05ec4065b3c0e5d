"""Who is a key employee (IRC 416(i)(1)). Not here: attribution of ownership (ownership.py), the top-heavy ratio."""

from dataclasses import dataclass

import numpy as np

from ..kernel import PlanYear
from . import figures
from .arrays import Cents, Flags
from .given import check_facts


@dataclass(frozen=True, slots=True, eq=False)
class KeyEmployees:
    """Per employee: key or not, by which road; with the thresholds and how many officers may count."""

    is_key: Flags
    by_office: Flags
    by_five_percent: Flags
    by_one_percent: Flags
    officer_threshold_cents: int
    one_percent_threshold_cents: int
    officer_cap: int


def officer_cap(employees: int) -> int:
    """Most officers who may be key: 50, or if less the greater of 3 and 10 % of the employees, rounded up.

    IRC 416(i)(1)(A); Reg. 1.416-1 T-14. Two sentences of T-14 are older than the statute: employees under 414(q)(5)
    are no longer counted, and the four years before, whose largest count T-14 takes too, are no longer looked at.
    """
    check_facts(locals())
    return min(50, max(3, -(-employees // 10)))


def key_employees(
    *,
    determination_year: PlanYear,
    officer: Flags,
    five_percent_owner: Flags,
    one_percent_owner: Flags,
    compensation: Cents,
    counted_employees: int | None = None,
    other_officers_compensation: Cents | None = None,
) -> KeyEmployees:
    """Key in the plan year that contains the determination date (IRC 416(i)(1)(A)).

    Officers paid more than the threshold, the best paid first up to the cap; 5-percent owners; 1-percent owners paid
    more than $150,000. Pay is 415(c)(3) pay of that year. ``counted_employees``: of that year, as 414(q)(5) counts
    them (headcount.py); ``other_officers_compensation``: of officers who are not among these people, and take their
    places under the cap.
    """
    check_facts(locals(), apart=("other_officers_compensation",), one_plan=True)
    officer_threshold = figures.cents("key_officer_comp", determination_year)
    owner_threshold = figures.cents("key_1pct_owner_comp", determination_year)
    cap = officer_cap(len(officer) if counted_employees is None else counted_employees)
    others = np.zeros(0, dtype=np.int64) if other_officers_compensation is None else other_officers_compensation
    by_office = _best_paid(officer & (compensation > officer_threshold), compensation, others, cap)
    by_one_percent = one_percent_owner & (compensation > owner_threshold)
    return KeyEmployees(
        is_key=by_office | five_percent_owner | by_one_percent,
        by_office=by_office,
        by_five_percent=five_percent_owner.copy(),
        by_one_percent=by_one_percent,
        officer_threshold_cents=officer_threshold,
        one_percent_threshold_cents=owner_threshold,
        officer_cap=cap,
    )


def _best_paid(officers: Flags, compensation: Cents, others: Cents, cap: int) -> Flags:
    """Of equal pay the earlier place goes first, and before ``others``."""
    pay = np.concatenate([np.where(officers, compensation, 0), others])
    ranked = np.argsort(-pay, kind="stable")[:cap]
    chosen = np.zeros_like(officers)
    chosen[ranked[ranked < len(officers)]] = True
    return chosen & officers

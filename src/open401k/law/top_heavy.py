"""Top-heavy plans: the ratio, the exemption, the minimum contribution (IRC 416). Not here: who is key."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from ..kernel import PlanYear, anniversary
from .arrays import Cents, Flags, half_up_quotient, sum_of
from .compensation import pay_within_limit
from .given import ImpossibleInput, check_facts

#: Above this ratio a plan is top-heavy, in hundredths of a percent (IRC 416(g)(1)(A)).
THRESHOLD = 6_000
#: The most that the minimum contribution can be (IRC 416(c)(2)(A)).
MINIMUM_BPS = 300
_WHOLE = 10_000
#: Above fifteen million dollars products of two amounts leave 64 bits.
_MOST_EXACT_CENTS = 1_500_000_000


@dataclass(frozen=True, slots=True)
class TopHeavyTest:
    """Key employees' part of the balances on the determination date; ``ratio`` in hundredths of a percent, half-up."""

    top_heavy: bool
    key_cents: int
    total_cents: int
    ratio: int
    people_counted: int


@dataclass(frozen=True, slots=True, eq=False)
class TopHeavyScenarios:
    """The same over scenarios: one whole number or flag per scenario."""

    key_cents: Cents
    total_cents: Cents
    ratio: Cents
    top_heavy: Flags


@dataclass(frozen=True, slots=True, eq=False)
class MinimumScenarios:
    """The minimum over scenarios: one rate per scenario, one amount per scenario and employee."""

    rate_bps: Cents
    highest_key_rate_bps: Cents
    minimum: Cents
    given: Cents
    shortfall: Cents

    def of_one(self) -> "TopHeavyMinimum":
        """The only scenario, as a year of its own."""
        if self.minimum.ndim != 1:
            raise ImpossibleInput(
                "is_key", "the top-heavy minimum is that of one year: the highest key rate must not mix scenarios"
            )
        return TopHeavyMinimum(
            rate_bps=int(self.rate_bps),
            highest_key_rate_bps=int(self.highest_key_rate_bps),
            minimum=self.minimum,
            given=self.given,
            shortfall=self.shortfall,
        )


@dataclass(frozen=True, slots=True, eq=False)
class TopHeavyMinimum:
    """The minimum for each non-key employee: the rate owed, what has been given, and what is missing."""

    rate_bps: int
    highest_key_rate_bps: int
    minimum: Cents
    given: Cents
    shortfall: Cents

    @property
    def total_shortfall_cents(self) -> int:
        return int(self.shortfall.sum())


def determination_date_year(plan_year: PlanYear, *, first_plan_year: bool) -> PlanYear:
    """The plan year that ends on the determination date: the one before, or a first one itself (IRC 416(g)(4)(C))."""
    check_facts(locals())
    return plan_year if first_plan_year else plan_year.previous()


def top_heavy_test(
    *,
    balances: Cents,
    is_key: Flags,
    former_key: Flags | None = None,
    served_in_year: Flags | None = None,
    paid_on_severance_1_year: Cents | None = None,
    paid_in_service_5_years: Cents | None = None,
) -> TopHeavyTest:
    """More than 60 % of the balances belongs to key employees (IRC 416(g)(1)).

    Distributions of the last year after severance and of the last five years in service are added back (416(g)(3)).
    Former key employees, and people who did no work in the year that ends on the determination date, are left out
    (416(g)(4)(B), (E)). Balances are without unrelated rollovers received (416(g)(4)(A)).
    """
    check_facts(locals(), one_plan=True)
    counted = np.ones_like(is_key)
    if former_key is not None:
        counted &= ~(former_key & ~is_key)
    if served_in_year is not None:
        counted &= served_in_year
    amounts = balances.astype(np.int64, copy=True)
    for added_back in (paid_on_severance_1_year, paid_in_service_5_years):
        if added_back is not None:
            amounts += added_back
    outcome = top_heavy_scenarios(balances=amounts, is_key=is_key, counted=counted)
    return TopHeavyTest(
        top_heavy=bool(outcome.top_heavy),
        key_cents=int(outcome.key_cents),
        total_cents=int(outcome.total_cents),
        ratio=int(outcome.ratio),
        people_counted=int(counted.sum()),
    )


def top_heavy_scenarios(*, balances: Cents, is_key: Flags, counted: Flags) -> TopHeavyScenarios:
    """The ratio of IRC 416(g)(1) over scenarios at once; balances with what is added back, people on the last axis."""
    check_facts(locals())
    key, total = sum_of(balances, counted & is_key), sum_of(balances, counted)
    ratio = half_up_quotient(key * _WHOLE, np.maximum(total, 1))
    # The comparison is on the cents: 60.004 % is more than 60 %, though it prints as 60.00 %.
    return TopHeavyScenarios(key, total, ratio, np.asarray(key * _WHOLE > THRESHOLD * total, dtype=np.bool_))


def exempt(*, only_safe_harbor_contributions: bool, starter_401k: bool = False, simple_401k: bool = False) -> bool:
    """Whether the plan cannot be top-heavy this year (IRC 416(g)(4)(G), (H)).

    It must consist of deferrals, safe harbor contributions and a match within the 401(m)(11) or (12) limits; any other
    contribution, even an allocated forfeiture, ends the exemption for the year (Rev. Rul. 2004-13).
    """
    return only_safe_harbor_contributions or starter_401k or simple_401k


def minimum_contribution(
    *,
    is_key: Flags,
    owed_to: Flags,
    compensation: Cents,
    deferrals: Cents,
    match: Cents,
    nonelective: Cents,
    enables_a_defined_benefit_plan: bool = False,
    plan_year: PlanYear | None = None,
) -> TopHeavyMinimum:
    """What a top-heavy plan owes: 3 % of pay, or a lower highest rate of a key employee (IRC 416(c)(2)).

    That rate is a fraction, not rounded before it is applied: ``rate_bps`` only shows it.

    A key employee's own deferrals count in that rate, this year's catch-up does not (Reg. 1.414(v)-1(d)(3)), so pass
    ``deferrals`` without it; a non-key employee's do not count toward the minimum (Reg. 1.416-1 M-20), match does
    (416(c)(2)(A), which overtook M-19). ``owed_to``: non-key participants employed on the last day, whatever their
    hours (M-10); who is collectively bargained, with retirement benefits bargained for in good faith, is owed nothing
    (416(i)(4)). Pay is 415(c)(3) pay up to the 401(a)(17) limit, of the ``plan_year`` or, if none is told, cut to it
    already (M-7: "not in excess of"). A safe harbor nonelective of 3 % meets it alone.
    ``enables_a_defined_benefit_plan`` of its required aggregation group to meet 401(a)(4) or 410: then 3 % in any case
    (416(c)(2)(B)(ii)(II); M-7).
    """
    check_facts(locals())
    pay = compensation if plan_year is None else pay_within_limit(compensation=compensation, plan_year=plan_year)
    return minimum_scenarios(
        is_key=is_key,
        owed_to=owed_to,
        compensation=pay,
        deferrals=deferrals,
        match=match,
        nonelective=nonelective,
        enables_a_defined_benefit_plan=enables_a_defined_benefit_plan,
    ).of_one()


def minimum_scenarios(
    *,
    is_key: Flags,
    owed_to: Flags,
    compensation: Cents,
    deferrals: Cents,
    match: Cents,
    nonelective: Cents,
    enables_a_defined_benefit_plan: bool = False,
) -> MinimumScenarios:
    """The same over scenarios at once, people on the last axis: each scenario has its own highest key rate."""
    check_facts(locals())
    key_rates = half_up_quotient(
        np.where(is_key, deferrals + match + nonelective, 0) * _WHOLE, np.maximum(compensation, 1)
    )
    highest = np.where(compensation > 0, key_rates, 0).max(axis=-1, initial=0)
    rate = np.full_like(highest, MINIMUM_BPS) if enables_a_defined_benefit_plan else np.minimum(MINIMUM_BPS, highest)
    owed = (
        half_up_quotient(compensation * MINIMUM_BPS, _WHOLE)
        if enables_a_defined_benefit_plan
        else _owed(is_key, compensation, deferrals + match + nonelective)
    )
    minimum = np.where(owed_to & ~is_key, owed, 0)
    toward = match + nonelective
    return MinimumScenarios(
        rate_bps=rate,
        highest_key_rate_bps=highest,
        minimum=minimum,
        given=np.where(minimum > 0, toward, 0),
        shortfall=np.maximum(minimum - toward, 0),
    )


def _owed(is_key: Flags, compensation: Cents, contributed: Cents) -> Cents:
    """Pay times 3 % or the highest rate of a key employee, which is compared and applied as the fraction it is."""
    pay, given = compensation, np.where(is_key & (compensation > 0), contributed, 0)
    if max(int(pay.max(initial=0)), int(given.max(initial=0))) > _MOST_EXACT_CENTS:
        pay, given = pay.astype(object), given.astype(object)
    pay, given = np.broadcast_arrays(pay, given)
    if not pay.shape[-1]:
        return pay
    bottoms = np.maximum(pay, 1)
    # Of equal rates in millionths the highest is found by multiplying crosswise.
    place = np.expand_dims((given * 1_000_000 // bottoms).argmax(axis=-1), -1)
    top, bottom = (np.take_along_axis(each, place, -1) for each in (given, bottoms))
    while (better := given * bottom > top * bottoms).any():
        place = np.where(better.any(axis=-1, keepdims=True), np.expand_dims(better.argmax(axis=-1), -1), place)
        top, bottom = (np.take_along_axis(each, place, -1) for each in (given, bottoms))
    enough = top * _WHOLE >= MINIMUM_BPS * bottom
    return half_up_quotient(pay * np.where(enough, MINIMUM_BPS, top), np.where(enough, _WHOLE, bottom))


def accounts_on_determination_date(
    *,
    balances_on_valuation_date: Cents,
    valuation_date: date,
    contributed_until_determination_date: Cents,
    contributed_later_for_first_year: Cents,
    plan_year: PlanYear,
    first_plan_year: bool,
    minimum_funding: bool = False,
) -> Cents:
    """Balances that the ratio counts: the last valuation and contributions after it (Reg. 1.416-1 T-24).

    The valuation date lies within the twelve months that end on the determination date. Contributions after it count
    if made by the determination date; those made later only in the first plan year, where they are allocated as of a
    date in it, and in plans under the funding standards, where they would be.
    """
    check_facts(locals())
    determined = determination_date_year(plan_year, first_plan_year=first_plan_year).last_day
    if not anniversary(determined, -1) < valuation_date <= determined:
        raise ImpossibleInput(
            "valuation_date", f"{valuation_date} is not within the twelve months that end on {determined}"
        )
    counted = balances_on_valuation_date + contributed_until_determination_date
    return counted + contributed_later_for_first_year if first_plan_year or minimum_funding else counted

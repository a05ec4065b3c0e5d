"""Whether a plan's own definition of pay discriminates: the 414(s) compensation ratio test. Not here: kinds of pay.

Definitions that need no test are in pay_items.py. Rate-of-pay and imputed definitions (Reg. 1.414(s)-1(e), (f)) are
not tested here.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np

from ..kernel import PlanYear, half_up
from .arrays import Cents, Flags, as_cents, half_up_quotient
from .compensation import annual_cap
from .given import ImpossibleInput, check_facts

#: Shares of pay are averaged to a hundred-millionth of a percent, well below any difference that could matter.
_SCALE = 10_000_000_000
_BPS = 10_000


class RatioVerdict(StrEnum):
    """What the averages say."""

    #: One of the groups has nobody with pay.
    NOTHING_TO_COMPARE = "nothing_to_compare"
    #: No larger a share of the HCEs' pay is included than of the NHCEs'.
    NONDISCRIMINATORY = "nondiscriminatory"
    #: A larger share of the HCEs' pay, by no more than the difference that the employer takes as de minimis.
    WITHIN_DE_MINIMIS = "within_de_minimis"
    #: A larger share; whether by more than a de minimis amount is for facts and circumstances.
    FACTS_AND_CIRCUMSTANCES = "facts_and_circumstances"


@dataclass(frozen=True, slots=True, eq=False)
class CompensationRatioTest:
    """Average shares of total pay that the plan's definition includes, in basis points, and each person's."""

    verdict: RatioVerdict
    hce_average_bps: int
    nhce_average_bps: int
    difference_bps: int
    shares_bps: Cents
    counted: Flags
    cap_cents: int


def compensation_ratio_test(
    *,
    plan_year: PlanYear,
    included: Cents,
    total: Cents,
    is_hce: Flags,
    self_employed: Flags | None = None,
    de_minimis_bps: int = 0,
) -> CompensationRatioTest:
    """The averages of included over total pay must not favor HCEs by more than a de minimis amount.

    Reg. 1.414(s)-1(d)(3)(i), (iv)(A): each person's percentage first, then their average. Total pay is 415(c)(3) pay
    up to the 401(a)(17) limit (d)(3)(ii); who has none (C) and the self-employed (B) are disregarded (d)(3)(iii). The
    regulation puts no number on de minimis (d)(3)(v): ``de_minimis_bps`` is what the employer stands by, 0 if nothing.
    """
    check_facts(locals())
    given, whole = as_cents(included), as_cents(total)
    if (given > whole).any():
        raise ImpossibleInput("included", "is more than the total pay of somebody.")
    cap = annual_cap(plan_year)
    capped, part = np.minimum(whole, cap), np.minimum(given, cap)
    counted = capped > 0
    if self_employed is not None:
        counted &= ~self_employed
    shares = np.where(counted, part * _SCALE // np.maximum(capped, 1), 0)
    averages = [_average(shares, counted & group) for group in (is_hce, ~is_hce)]
    difference = averages[0] - averages[1]
    return CompensationRatioTest(
        verdict=_verdict(difference, de_minimis_bps, bool((counted & is_hce).any() and (counted & ~is_hce).any())),
        hce_average_bps=half_up(averages[0] * _BPS),
        nhce_average_bps=half_up(averages[1] * _BPS),
        difference_bps=half_up(difference * _BPS),
        shares_bps=half_up_quotient(shares, _SCALE // _BPS),
        counted=counted,
        cap_cents=cap,
    )


def equivalent_alternative_pay(
    *, total_earned_income_cents: int, test: CompensationRatioTest, plan_year: PlanYear
) -> int:
    """Pay of a self-employed person under the plan's definition (Reg. 1.414(s)-1(g)(1)(i)).

    Earned income, up to the 401(a)(17) limit (Reg. 1.401(a)(17)-1(c)(1)), times the share of the common-law NHCEs.
    """
    check_facts(locals())
    if total_earned_income_cents < 0:
        raise ImpossibleInput("total_earned_income_cents", f"{total_earned_income_cents} is negative.")
    income = min(total_earned_income_cents, annual_cap(plan_year))
    return half_up(Fraction(income * test.nhce_average_bps, _BPS))


def _average(shares: Cents, who: Flags) -> Fraction:
    people = int(who.sum())
    return Fraction(sum(shares[who].tolist()), people * _SCALE) if people else Fraction(0)


def _verdict(difference: Fraction, de_minimis_bps: int, both: bool) -> RatioVerdict:
    if not both:
        return RatioVerdict.NOTHING_TO_COMPARE
    if difference <= 0:
        return RatioVerdict.NONDISCRIMINATORY
    if difference * _BPS <= de_minimis_bps:
        return RatioVerdict.WITHIN_DE_MINIMIS
    return RatioVerdict.FACTS_AND_CIRCUMSTANCES

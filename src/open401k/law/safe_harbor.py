"""Safe harbor designs: whether a formula is one, until when a nonelective may be adopted. Not here: notices."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from ..kernel import PlanYear, anniversary
from . import figures
from .given import check_facts
from .matching import MatchFormula, exact_rate

#: 100 % of the first 3 % of pay and 50 % of the next 2 % (IRC 401(k)(12)(B)(i)).
BASIC_MATCH = MatchFormula.of([(10_000, 300), (5_000, 500)])
#: Match on deferrals above this share of pay ends the ACP safe harbor (IRC 401(m)(11)(B)(i)).
ACP_DEFERRAL_CEILING_BPS = 600
#: The most a discretionary match may be (Reg. 1.401(m)-3(d)(3)(ii)).
ACP_DISCRETIONARY_CEILING_BPS = 400


class Shortcoming(StrEnum):
    """Why a match or nonelective is not a safe harbor contribution."""

    BELOW_BASIC = "below_basic"
    RATE_RISES = "rate_rises"
    CAPPED_IN_DOLLARS = "capped_in_dollars"
    CONDITIONS = "last_day_or_hours_condition"
    BELOW_THREE_PERCENT = "below_three_percent"
    ABOVE_SIX_PERCENT_OF_PAY = "match_on_deferrals_above_six_percent"
    DISCRETIONARY_ABOVE_FOUR_PERCENT = "discretionary_match_above_four_percent"


@dataclass(frozen=True, slots=True)
class Adoption:
    """A safe harbor nonelective that can still be adopted for a plan year."""

    plan_year: PlanYear
    rate_bps: int
    last_day: date
    cite: str


def match_shortcomings(formula: MatchFormula, *, last_day_or_hours_condition: bool = False) -> tuple[Shortcoming, ...]:
    """Why a match does not satisfy IRC 401(k)(12)(B); none: it is the basic match or an enhanced one.

    At every rate of deferral the match must be at least the basic one, and its rate must not rise with the deferral
    (401(k)(12)(B)(iii)). A last-day or hours condition excludes it (Reg. 1.401(k)-3(c)(7) Example 4).
    """
    rates = sorted({tier.up_to_bps for tier in (*formula.tiers, *BASIC_MATCH.tiers)})
    # Both formulas are straight between these rates, so comparing there compares everywhere.
    below = any(exact_rate(formula, rate) < exact_rate(BASIC_MATCH, rate) for rate in rates)
    return _present(
        (below, Shortcoming.BELOW_BASIC),
        (_rises(formula), Shortcoming.RATE_RISES),
        (formula.cap_cents is not None, Shortcoming.CAPPED_IN_DOLLARS),
        (last_day_or_hours_condition, Shortcoming.CONDITIONS),
    )


def nonelective_shortcomings(rate_bps: int, *, last_day_or_hours_condition: bool = False) -> tuple[Shortcoming, ...]:
    """Why a nonelective does not satisfy IRC 401(k)(12)(C): 3 % of pay to every eligible NHCE, no conditions."""
    check_facts(locals())
    return _present(
        (rate_bps < 300, Shortcoming.BELOW_THREE_PERCENT),
        (last_day_or_hours_condition, Shortcoming.CONDITIONS),
    )


def acp_shortcomings(formula: MatchFormula, *, discretionary: bool = False) -> tuple[Shortcoming, ...]:
    """Why a match of a safe harbor plan is not excused from the ACP test (IRC 401(m)(11)(B); Reg. 1.401(m)-3(d))."""
    top = max((tier.up_to_bps for tier in formula.tiers if tier.rate_bps), default=0)
    most = exact_rate(formula, formula.tiers[-1].up_to_bps)
    return _present(
        (top > ACP_DEFERRAL_CEILING_BPS, Shortcoming.ABOVE_SIX_PERCENT_OF_PAY),
        (_rises(formula), Shortcoming.RATE_RISES),
        (discretionary and most > ACP_DISCRETIONARY_CEILING_BPS, Shortcoming.DISCRETIONARY_ABOVE_FOUR_PERCENT),
    )


def adoptable(plan_year: PlanYear, *, on: date, match_safe_harbor_in_year: bool = False) -> Adoption | None:
    """The nonelective safe harbor that an amendment adopted ``on`` that day can still give the plan year, if any.

    IRC 401(k)(12)(F): 3 % before the 30th day before the plan year closes, then 4 % before the last day on which excess
    contributions could be distributed; not for a plan that was a match safe harbor at any time in the year.
    """
    check_facts(locals())
    if match_safe_harbor_in_year:
        return None
    return next((offer for offer in adoptions(plan_year) if on <= offer.last_day), None)


def adoptions(plan_year: PlanYear) -> tuple[Adoption, Adoption]:
    """Both windows of IRC 401(k)(12)(F)(i): last days are days on which the amendment is still in time."""
    check_facts(locals())
    thirtieth_day = plan_year.last_day - timedelta(days=30)
    # "Before the last day" for distributing excess contributions, which is the last day of the following plan year.
    last_for_refunds = anniversary(plan_year.end, 1) - timedelta(days=1)
    return (
        Adoption(
            plan_year,
            figures.bps("safe_harbor_nonelective", plan_year),
            thirtieth_day - timedelta(days=1),
            "IRC 401(k)(12)(F)(i)(I)",
        ),
        Adoption(
            plan_year,
            figures.bps("safe_harbor_nonelective_late", plan_year),
            last_for_refunds - timedelta(days=1),
            "IRC 401(k)(12)(F)(i)(II), (iii)",
        ),
    )


def _rises(formula: MatchFormula) -> bool:
    rates = [tier.rate_bps for tier in formula.tiers]
    return any(later > earlier for earlier, later in pairwise(rates))


def _present(*found: tuple[bool, Shortcoming]) -> tuple[Shortcoming, ...]:
    return tuple(shortcoming for there, shortcoming in found if there)

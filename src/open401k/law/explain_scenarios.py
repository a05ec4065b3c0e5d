"""Many plans or simulated year-ends at once, counted in plain words. Not here: the working of one (explain.py)."""

import numpy as np

from ..kernel import Money
from .arrays import Cents, Flags
from .coverage import CoverageScenarios
from .explain import explain, percent
from .gateway import GatewayScenarios
from .general_test import RateGroupScenarios
from .nondiscrimination import RatioScenarios
from .top_heavy import MinimumScenarios, TopHeavyScenarios


@explain.register
def _ratios(found: RatioScenarios) -> str:
    between = f"The highly compensated average {_between(found.hce_average)}, its limit {_between(found.limit)}"
    return f"{_of(found.passed)} pass. {between} (IRC 401(k)(3)(A)(ii), 401(m)(2)(A))."


@explain.register
def _coverage(found: CoverageScenarios) -> str:
    return f"{_of(found.passed)} pass. The ratio percentage {_between(found.ratio)} (IRC 410(b)(1)(B))."


@explain.register
def _top_heavy(found: TopHeavyScenarios) -> str:
    return f"{_of(found.top_heavy)} are top-heavy. Key employees' part {_between(found.ratio)} (IRC 416(g)(1))."


@explain.register
def _minimum(found: MinimumScenarios) -> str:
    short = np.asarray(found.shortfall.sum(axis=-1), dtype=np.int64)
    missing = Money(int(short.max(initial=0)))
    return (
        f"{_of(np.asarray(short == 0))} give the top-heavy minimum already, which {_between(found.rate_bps)} of pay; "
        f"at most {missing} are missing (IRC 416(c)(2))."
    )


@explain.register
def _rate_groups(found: RateGroupScenarios) -> str:
    alone = int(np.count_nonzero(found.passed_by_ratio_alone))
    return (
        f"{_of(found.passed)} pass, {alone} of them with 70 % in each rate group. The lowest "
        f"ratio of a rate group {_between(found.lowest_ratio)} (Reg. 1.401(a)(4)-2(c))."
    )


@explain.register
def _gateway(found: GatewayScenarios) -> str:
    return (
        f"The gateway is open in {_of(found.passed)}: by a third of the highest rate of an HCE in "
        f"{int(np.count_nonzero(found.by_one_third))}, by 5 % of pay in {int(np.count_nonzero(found.by_five_percent))} "
        "(Reg. 1.401(a)(4)-8(b)(1)(vi))."
    )


def _of(flags: Flags) -> str:
    return f"{int(np.count_nonzero(flags))} of {np.size(flags)}"


def _between(hundredths: Cents) -> str:
    """``is 5.00 %``, or ``is 4.00 % to 6.00 %``."""
    if not np.size(hundredths):
        return "is that of nobody"
    low, high = percent(int(np.min(hundredths))), percent(int(np.max(hundredths)))
    return f"is {low}" if low == high else f"is {low} to {high}"

"""The tests of many plans, and one plan's, said together in plain words. Not here: what each test says of itself."""

import numpy as np

from ..kernel import Money
from .book import AmountVerdicts, PlanRefunds, Verdicts, Working
from .explain import explain


@explain.register
def _verdicts(found: Verdicts) -> str:
    totals = found.totals()
    return (
        f"Of {totals.plans} plans {totals.adp_failed} fail the ADP test, {totals.acp_failed} the ACP test (IRC "
        f"401(k)(3), 401(m)(2)), {totals.coverage_below_ratio} cover too few for the ratio percentage (IRC 410(b)(1)) "
        f"and {totals.top_heavy} are top-heavy (IRC 416(g)). {totals.people_over_402g} people are "
        f"{Money(totals.cents_over_402g)} over the limit of IRC 402(g), {totals.people_over_415} are "
        f"{Money(totals.cents_over_415)} over that of IRC 415(c); {Money(totals.catch_up_cents)} are catch-up."
    )


@explain.register
def _working(found: Working) -> str:
    each = (found.adp, found.acp, found.deferrals, found.coverage, found.top_heavy)
    return " ".join(explain(part) for part in each)


@explain.register
def _refunds(found: PlanRefunds) -> str:
    adp = "" if found.adp is None else f"For the ADP test: {explain(found.adp)}"
    acp = "" if found.acp is None else f"For the ACP test: {explain(found.acp)}"
    return " ".join(part for part in (adp, acp) if part) or "Both tests are passed: nothing is refunded."


@explain.register
def _amounts(found: AmountVerdicts) -> str:
    passed = int(np.count_nonzero(found.passed))
    return (
        f"{passed} of {np.size(found.passed)} plans do not discriminate in amount (Reg. 1.401(a)(4)-1(b)(2)). On "
        f"contributions: {explain(found.contributions)} On benefits: {explain(found.benefits)} {explain(found.gateway)}"
    )

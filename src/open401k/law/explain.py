"""Results in plain words with their citation, for pages, notices and alerts. Not here: any calculation."""

from functools import singledispatch

import numpy as np

from ..kernel import Money
from .additions import AnnualAdditions
from .corrections import DeferralCut, QnecNeeded, Refund
from .coverage import Classification, CoverageTest
from .deadlines import CorrectionDeadlines, DepositDeadline, ExcessDeferralDeadlines, Window
from .deferrals import DeferralLimits
from .highly_compensated import HighlyCompensated
from .key_employees import KeyEmployees
from .nondiscrimination import EarlyParticipation, LimitPath, RatioKind, RatioLimit, RatioTest, Testing
from .safe_harbor import Adoption
from .top_heavy import TopHeavyMinimum, TopHeavyTest


def percent(hundredths: int) -> str:
    """``5.21 %`` for 521.

    >>> percent(521)
    '5.21 %'
    """
    sign = "-" if hundredths < 0 else ""
    whole, part = divmod(abs(hundredths), 100)
    return f"{sign}{whole}.{part:02d} %"


def points(hundredths: int) -> str:
    """``0.21 points`` for 21."""
    return percent(hundredths).replace(" %", " points")


@singledispatch
def explain(result: object) -> str:
    """Say a result of the law in plain words: what, by how much, under which rule."""
    raise TypeError(f"nothing explains a {type(result).__name__} yet; add it in law/explain.py")


@explain.register
def _ratio_test(test: RatioTest) -> str:
    if test.path is LimitPath.DEEMED_NO_HCE:
        return f"No highly compensated employee is eligible, so the {_name(test)} is passed ({_section(test)})."
    if test.path is LimitPath.DEEMED_NO_NHCE:
        return f"Only highly compensated employees are eligible, so the {_name(test)} is passed ({_section(test)})."
    average = f"The highly compensated average {percent(test.hce.average)}"
    whose = " of the year before" if test.testing is Testing.PRIOR_YEAR else ""
    limit = f"the limit of {percent(test.limit.limit)}, {_path(test.limit, whose)}"
    if test.passed:
        return f"{average} is within {limit}; {points(test.room)} of room are left ({_section(test)})."
    return f"{average} is over {limit} ({_section(test)})."


@explain.register
def _ratio_limit(limit: RatioLimit) -> str:
    deemed = limit.path in (LimitPath.DEEMED_NO_HCE, LimitPath.DEEMED_NO_NHCE)
    why = "" if deemed else f": {_path(limit, '')}"
    return f"The limit is {percent(limit.limit)}{why} (IRC 401(k)(3)(A)(ii), 401(m)(2)(A))."


@explain.register
def _early_participation(result: EarlyParticipation) -> str:
    without = explain(result.leave_out_nhces)
    old, young = (explain(test) for test in result.tested_separately)
    return (
        f"Leaving out non-highly compensated employees below age 21 or a year of service (IRC 401(k)(3)(F)): {without} "
        f"Tested as two groups (IRC 410(b)(4)(B)): {old} {young}"
    )


@explain.register
def _coverage(test: CoverageTest) -> str:
    if test.deemed:
        return f"Coverage is passed: {test.deemed}."
    counts = (
        f"{test.nhce_benefiting} of {test.nhce_nonexcludable} non-highly compensated and {test.hce_benefiting} of "
        f"{test.hce_nonexcludable} highly compensated employees benefit: a ratio of {percent(test.ratio)}"
    )
    if test.passed:
        return f"{counts}, which passes at 70 % (IRC 410(b)(1)(B))."
    words = {
        Classification.SAFE_HARBOR: "inside the safe harbor",
        Classification.FACTS_AND_CIRCUMSTANCES: "between the harbors, where facts and circumstances decide",
        Classification.DISCRIMINATORY: "below the unsafe harbor",
    }
    below = test.classification is Classification.DISCRIMINATORY
    then = "cannot be passed either" if below else "would have to be passed too"
    return (
        f"{counts}, below 70 % (IRC 410(b)(1)(B)). With {test.nhce_concentration} % non-highly compensated employees "
        f"it is {words[test.classification]}, of harbors of {percent(test.safe_harbor)} and "
        f"{percent(test.unsafe_harbor)}; the average benefit test {then} (IRC 410(b)(2); Reg. 1.410(b)-4)."
    )


@explain.register
def _top_heavy(test: TopHeavyTest) -> str:
    held = f"Key employees hold {Money(test.key_cents)} of {Money(test.total_cents)}, {percent(test.ratio)}"
    if test.top_heavy:
        return f"{held}: more than 60 %, so the plan is top-heavy (IRC 416(g)(1))."
    return f"{held}: not more than 60 %, so the plan is not top-heavy (IRC 416(g)(1))."


@explain.register
def _top_heavy_minimum(owed: TopHeavyMinimum) -> str:
    rate = percent(owed.rate_bps)
    source = (
        "3 % of pay"
        if owed.rate_bps < owed.highest_key_rate_bps or owed.rate_bps == 300
        else f"the highest rate of a key employee, {rate}, which is below 3 %"
    )
    people = int(np.count_nonzero(owed.shortfall))
    if not people:
        return f"The top-heavy minimum, {source}, is met by what has been contributed (IRC 416(c)(2))."
    return (
        f"The top-heavy minimum is {source}; {people} non-key employees are short by "
        f"{Money(owed.total_shortfall_cents)} together (IRC 416(c)(2))."
    )


@explain.register
def _highly_compensated(found: HighlyCompensated) -> str:
    size = found.top_paid_group_size
    group = "" if size is None else f", and in the top-paid group of {size}"
    return (
        f"{int(found.is_hce.sum())} employees are highly compensated: {int(found.by_ownership.sum())} "
        f"own more than 5 %, "
        f"{int(found.by_compensation.sum())} were paid more than {Money(found.threshold_cents)} in "
        f"{found.lookback_year}{group} (IRC 414(q)(1))."
    )


@explain.register
def _key(found: KeyEmployees) -> str:
    return (
        f"{int(found.is_key.sum())} employees are key: {int(found.by_office.sum())} officers paid more than "
        f"{Money(found.officer_threshold_cents)} (at most {found.officer_cap} count), "
        f"{int(found.by_five_percent.sum())} own more "
        f"than 5 %, {int(found.by_one_percent.sum())} own more than 1 % and were paid more than "
        f"{Money(found.one_percent_threshold_cents)} (IRC 416(i)(1)(A))."
    )


@explain.register
def _limits(limits: DeferralLimits) -> str:
    most = Money(int(limits.regular.max(initial=0)))
    catch_up = Money(int(limits.catch_up.max(initial=0)))
    return f"In {limits.year} at most {most} (IRC 402(g)(1)), and up to {catch_up} of catch-up on top (IRC 414(v))."


@explain.register
def _additions(result: AnnualAdditions) -> str:
    over = int(result.excess.sum())
    rule = f"the lesser of {Money(result.dollar_limit_cents)} and pay (IRC 415(c)(1))"
    if not over:
        return f"Nobody's annual additions are over {rule}."
    return f"{int(np.count_nonzero(result.excess))} employees are over {rule}, by {Money(over)} together."


@explain.register
def _refund(correction: Refund) -> str:
    if not correction.shares:
        return "The test is passed: nothing is refunded."
    people = sum(share.refund_cents > 0 for share in correction.shares)
    kept = f"{Money(correction.catch_up_cents)} stay in the plan as catch-up, and " if correction.catch_up_cents else ""
    return (
        f"Bringing the highest ratios down to {percent(correction.level)} takes {Money(correction.total_cents)} (IRC "
        f"401(k)(8)(B)). Shared out from the largest dollar amount downward (401(k)(8)(C)): {kept}"
        f"{Money(correction.refund_cents)} and its income go back to {people} highly compensated employees."
    )


@explain.register
def _qnec(needed: QnecNeeded) -> str:
    if not needed.possible:
        return "No qualified nonelective contribution of up to 100 % of pay would pass the test."
    whole, part = divmod(needed.rate_millionths, 10_000)
    return (
        f"A qualified nonelective contribution of {whole}.{part:04d} % of pay to every eligible "
        f"non-highly compensated employee, "
        f"{Money(needed.total_cents)} together, brings their average to "
        f"{percent(needed.nhce_average_needed)}, at which the test "
        "is passed (IRC 401(k)(3)(D)(ii); Reg. 1.401(k)-2(a)(6))."
    )


@explain.register
def _cut(cut: DeferralCut) -> str:
    if not cut.possible:
        return "Even if highly compensated employees stopped deferring now, the test would not be passed."
    return (
        f"If highly compensated employees defer at most {percent(cut.cap_bps)} of pay from then on, "
        f"{Money(int(cut.reduction.sum()))} less together, their average ends at "
        f"{percent(cut.hce_average)} and the test is "
        "passed (IRC 401(k)(3)(A)(ii))."
    )


@explain.register
def _deposit(deadline: DepositDeadline) -> str:
    outer = f"at the latest on {deadline.outer_limit:%Y-%m-%d}"
    if deadline.safe_harbor is None:
        return (
            f"Deferrals withheld on {deadline.pay_date} are due as soon as they can be segregated, "
            f"{outer} ({deadline.cite})."
        )
    return (
        f"Deferrals withheld on {deadline.pay_date} are timely if deposited by {deadline.due}, the "
        f"seventh business day "
        f"({deadline.cite})."
    )


@explain.register
def _correction_days(days: CorrectionDeadlines) -> str:
    return (
        f"Corrected by {days.without_excise} without excise tax; until {days.last_day} with a 10 % tax "
        f"on the excess, on Form "
        f"5330 by {days.form_5330} ({days.cite})."
    )


@explain.register
def _excess_deferral_days(days: ExcessDeferralDeadlines) -> str:
    return (
        f"Excess deferrals of {days.year} are claimed by {days.claim} at the latest, and paid back by "
        f"{days.return_by} ({days.cite}); {days.claim_by_statute} is the day for the claim that the statute names."
    )


@explain.register
def _window(window: Window) -> str:
    return f"From {window.first} to {window.last} ({window.cite})."


@explain.register
def _adoption(offer: Adoption) -> str:
    return (
        f"A safe harbor nonelective of {percent(offer.rate_bps)} of pay for the plan year "
        f"{offer.plan_year} can be adopted until "
        f"{offer.last_day} ({offer.cite})."
    )


def _name(test: RatioTest) -> str:
    return "ADP test" if test.kind is RatioKind.ADP else "ACP test"


def _section(test: RatioTest) -> str:
    adp = test.kind is RatioKind.ADP
    match test.path:
        case LimitPath.BASIC:
            return "IRC 401(k)(3)(A)(ii)(I)" if adp else "IRC 401(m)(2)(A)(i)"
        case LimitPath.ALTERNATIVE:
            return "IRC 401(k)(3)(A)(ii)(II)" if adp else "IRC 401(m)(2)(A)(ii)"
        case LimitPath.DEEMED_NO_HCE | LimitPath.DEEMED_NO_NHCE:
            return "Reg. 1.401(k)-2(a)(1)(ii)" if adp else "Reg. 1.401(m)-2(a)(1)(ii)"


def _path(limit: RatioLimit, whose: str) -> str:
    nhce = percent(limit.nhce_average)
    if limit.path is LimitPath.BASIC:
        return f"1.25 times {nhce}{whose}"
    return f"the lesser of twice {nhce} and {nhce} plus 2 points{whose}"

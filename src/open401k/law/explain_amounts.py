"""Nondiscrimination in amount and availability in plain words, with citations. Not here: any calculation."""

from fractions import Fraction

from ..kernel import Money, half_up
from .allocation_schedules import GradualSchedule, MinimumRule
from .average_benefit import AverageBenefitPath, AverageBenefitPercentage, AverageBenefitTest, AveragePath, Outcome
from .benefits_rights_features import Availability
from .component_plans import Restructured
from .cross_testing import EquivalentBenefit
from .explain import explain, percent
from .gateway import BroadlyAvailable, Gateway, GatewayPath
from .general_test import GeneralTest, GroupPath, RateGroup
from .imputed_disparity import ImputedRate
from .plan_portions import PlanPortion
from .rate_bands import GroupedRates
from .uniform_allocation import UniformAllocation, UniformPoints


@explain.register
def _average(found: AverageBenefitPercentage) -> str:
    if found.path is not AveragePath.TESTED:
        return f"The average benefit percentage test is passed, since {found.path} (IRC 410(b)(2)(A)(ii))."
    verdict = "at least 70 %" if found.passed else "below 70 %"
    return (
        f"Non-highly compensated employees average {percent(found.nhce_average)} of pay and highly compensated ones "
        f"{percent(found.hce_average)}: an average benefit percentage of {percent(found.percentage)}, {verdict} (IRC "
        "410(b)(2)(A)(ii); Reg. 1.410(b)-5)."
    )


@explain.register
def _average_benefit_test(test: AverageBenefitTest) -> str:
    ratio = f"a ratio of {percent(test.coverage.ratio)}"
    if test.path is AverageBenefitPath.DEEMED:
        return f"Coverage is passed: {test.coverage.deemed}."
    if test.path is AverageBenefitPath.RATIO_PERCENTAGE:
        return f"Coverage is passed with {ratio}, at least 70 % (IRC 410(b)(1)(B))."
    harbors = f"harbors of {percent(test.coverage.safe_harbor)} and {percent(test.coverage.unsafe_harbor)}"
    average = f" {explain(test.average)}" if test.average else ""
    words = {Outcome.PASSED: "is passed", Outcome.FAILED: "is failed", Outcome.OPEN: "is open"}[test.outcome]
    return f"Coverage {words} with {ratio} against {harbors}: {test.path} (IRC 410(b)(2); Reg. 1.410(b)-4).{average}"


@explain.register
def _general_test(test: GeneralTest) -> str:
    if not test.groups:
        return "No highly compensated employee benefits, so there is no rate group (Reg. 1.401(a)(4)-2(c)(1))."
    worst = [group for group in test.groups if not group.passed]
    if not worst:
        lowest = min(test.groups, key=lambda group: group.ratio)
        return (
            f"Each of the {len(test.groups)} rate groups satisfies coverage; the lowest: {explain(lowest)} "
            "(Reg. 1.401(a)(4)-2(c)(1))."
        )
    words = "fail" if test.outcome is Outcome.FAILED else "wait for the average benefit percentage"
    middle, part = divmod(test.midpoint_thousandths, 1_000)
    return (
        f"Of {len(test.groups)} rate groups {len(worst)} {words}: {'; '.join(explain(group) for group in worst)}. The "
        f"midpoint of the harbors is {middle}.{part:03d} %, the plan's own ratio {percent(test.plan_ratio)} "
        "(Reg. 1.401(a)(4)-2(c)(3))."
    )


@explain.register
def _rate_group(group: RateGroup) -> str:
    told = {
        GroupPath.RATIO_PERCENTAGE: "passes at 70 %",
        GroupPath.AVERAGE_BENEFIT: "passes with the plan's average benefit percentage",
        GroupPath.AVERAGE_OPEN: "passes only with an average benefit percentage of 70 %",
        GroupPath.AVERAGE_TOO_LOW: "would need an average benefit percentage of 70 %",
        GroupPath.CLASSIFICATION: "is too low for any average benefit percentage",
    }
    return (
        f"at {percent(group.rate)} of pay and more are {group.nhce_inside} non-highly and {group.hce_inside} highly "
        f"compensated employees, a ratio of {percent(group.ratio)}, which {told[group.path]}"
    )


@explain.register
def _equivalent(found: EquivalentBenefit) -> str:
    factor = half_up(found.annuity_factor * 10_000)
    return (
        f"{Money(found.allocation_cents)} at age {found.age} grow to {Money(half_up(found.at_testing_age_cents))} in "
        f"{found.years} years and, divided by {factor // 10_000}.{factor % 10_000:04d}, buy "
        f"{Money(half_up(found.annual_benefit_cents))} a year from age {found.testing_age}: "
        f"{percent(found.rate_hundredths)} of pay of {Money(found.compensation_cents)} (Reg. 1.401(a)(4)-8(b)(2))."
    )


@explain.register
def _gateway(found: Gateway) -> str:
    highest = f"the highest rate of a highly compensated employee, {percent(found.highest_hce_rate)}"
    match found.path:
        case GatewayPath.NO_NHCE:
            return "No non-highly compensated employee benefits, so the gateway asks for nothing."
        case GatewayPath.ONE_THIRD:
            return f"Each non-highly compensated employee has a third of {highest} (Reg. 1.401(a)(4)-8(b)(1)(vi)(A))."
        case GatewayPath.FIVE_PERCENT:
            return (
                "Each non-highly compensated employee has 5 % of section 415 pay, so a third of the highest rate is "
                "not needed (Reg. 1.401(a)(4)-8(b)(1)(vi)(B))."
            )
        case GatewayPath.FAILED:
            return (
                f"Not each non-highly compensated employee has a third of {highest}, which is "
                f"{percent(found.needed_rate)}, nor each 5 % of section 415 pay; {Money(found.least_cost_cents)} more "
                "would do (Reg. 1.401(a)(4)-8(b)(1)(vi))."
            )


@explain.register
def _broadly(found: BroadlyAvailable) -> str:
    narrow = [name for name, test in found.rates if not test.passed]
    if not narrow:
        return "Each allocation rate is available to a group that satisfies coverage (Reg. 1.401(a)(4)-8(b)(1)(iii))."
    words = "may not be" if found.outcome is Outcome.OPEN else "are not"
    return f"These allocation rates {words} broadly available: {', '.join(narrow)} (Reg. 1.401(a)(4)-8(b)(1)(iii))."


@explain.register
def _schedule(found: GradualSchedule) -> str:
    if not found.findings:
        return "The schedule rises smoothly at regular intervals (Reg. 1.401(a)(4)-8(b)(1)(iv))."
    why = "; ".join(found.findings)
    if found.passed:
        return (
            f"{_capital(why)}; the minimum rate is allowed by {found.minimum_rule} (Reg. 1.401(a)(4)-8(b)(1)(iv)(D))."
        )
    tried = ", and no rule lets the minimum rate stand" if found.minimum_rule is MinimumRule.NEITHER else ""
    return f"The schedule is not gradual: {why}{tried} (Reg. 1.401(a)(4)-8(b)(1)(iv))."


@explain.register
def _imputed(found: ImputedRate) -> str:
    before, after = (half_up(rate * 10_000) for rate in (found.unadjusted, found.adjusted))
    return f"With imputed disparity {percent(before)} counts as {percent(after)}: {found.path} (Reg. 1.401(a)(4)-7)."


@explain.register
def _uniform(found: UniformAllocation) -> str:
    if found.passed:
        return f"Everybody has {found.by[0]}, a safe harbor (Reg. 1.401(a)(4)-2(b)(2))."
    return (
        f"Rates run from {percent(found.lowest_rate)} to {percent(found.highest_rate)}, so the allocations are not "
        "uniform (Reg. 1.401(a)(4)-2(b)(2))."
    )


@explain.register
def _points(found: UniformPoints) -> str:
    averages = (
        f"highly compensated employees average {percent(found.hce_average)} of pay, the others "
        f"{percent(found.nhce_average)}"
    )
    if found.passed:
        return f"The points are a safe harbor: {averages} (Reg. 1.401(a)(4)-2(b)(3))."
    return f"The points are no safe harbor: {'; '.join(found.findings)}; {averages} (Reg. 1.401(a)(4)-2(b)(3))."


@explain.register
def _restructured(found: Restructured) -> str:
    if found.passed:
        return (
            f"Each of {len(found.components)} component plans satisfies coverage and amounts (Reg. 1.401(a)(4)-9(c))."
        )
    first = next(part for part in found.components if part.outcome is not Outcome.PASSED)
    told = first.coverage if first.coverage.outcome is not Outcome.PASSED else first.amounts
    return f"Component plan {first.number} is {first.outcome}: {explain(told)}"


@explain.register
def _availability(found: Availability) -> str:
    words = {
        Outcome.PASSED: "It is available without discrimination",
        Outcome.FAILED: "It is not available without discrimination",
        Outcome.OPEN: "Whether it is available without discrimination is open",
    }[found.outcome]
    favors = {None: "nobody has judged yet", True: "it substantially favors HCEs", False: "it does not favor HCEs"}
    return (
        f"{words}: {found.current.path}, a ratio of {percent(found.current.coverage.ratio)} (Reg. 1.401(a)(4)-4(b)); "
        f"effectively {percent(found.nhce_share_effective)} of non-highly and {percent(found.hce_share_effective)} of "
        f"highly compensated employees have it, and {favors[found.substantially_favors_hces]} (Reg. 1.401(a)(4)-4(c))."
    )


@explain.register
def _portion(portion: PlanPortion) -> str:
    apart = [portion.kind, *(["an ESOP"] if portion.is_esop else [])]
    who = [each for each in (portion.line_of_business, portion.bargaining_agreement, portion.employer) if each]
    return f"{portion.plan}: {', '.join([*apart, *who])}, a plan of its own for coverage (Reg. 1.410(b)-7(c))."


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


@explain.register
def _grouped(found: GroupedRates) -> str:
    told = "; ".join(
        f"{each.nhces + each.hces} count at {_millionths(each.band.midpoint_millionths)}, where non-highly compensated "
        f"employees average {percent(each.nhce_average)} and highly compensated ones {percent(each.hce_average)}"
        for each in found.bands
    )
    judged = (
        " Somebody must judge whether the highly compensated are significantly higher in a range."
        if any(each.hces_average_higher for each in found.bands)
        else ""
    )
    return f"Ranges of rates: {told} (Reg. 1.401(a)(4)-2(c)(2)(v), -3(d)(3)(ii)).{judged}"


def _millionths(rate: int) -> str:
    return percent(half_up(Fraction(rate, 100)))

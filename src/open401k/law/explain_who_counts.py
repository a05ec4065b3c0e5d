"""Who counts, in plain words: employers, pay, service, part-time work. Not here: any calculation."""

from fractions import Fraction

import numpy as np

from ..kernel import Money, half_up
from .affiliation import (
    AffiliatedRole,
    Affiliation,
    LeasedEmployee,
    NotLeased,
    Significance,
    SignificantPortion,
)
from .breaks import LostBy, ServiceCounted
from .compensation_ratio import CompensationRatioTest, RatioVerdict
from .controlled_groups import CommonControl, ControlledGroup, GroupKind
from .earned_income import EarnedIncome
from .elapsed_time import ElapsedService
from .eligibility import Entries
from .explain import explain, percent, points
from .headcount import Headcount
from .holdings import DeemedOwnership
from .hours import YearCredited
from .long_term_part_time import LongTermPartTime, PartTimeStatus
from .ownership import Ownership
from .pay_items import CountedPay, PayDefinition

_DEFINITIONS = {
    PayDefinition.SECTION_415: "415(c)(3) pay",
    PayDefinition.SECTION_415_SIMPLIFIED: "current includible pay",
    PayDefinition.SECTION_3401A: "withholding wages with deferrals",
    PayDefinition.W2: "W-2 pay with deferrals",
    PayDefinition.SECTION_3121A: "social security wages",
    PayDefinition.SECTION_414S_ALTERNATIVE: "the 414(s) safe harbor alternative",
}
_LOST = {
    LostBy.BREAK_BEFORE_TWO_YEARS: "a break came before the years that the plan asks for (IRC 410(a)(5)(B))",
    LostBy.PARITY: "the breaks are five and as many as the years before them (IRC 410(a)(5)(D))",
    LostBy.HOLD_OUT: "no year is complete since the break (IRC 410(a)(5)(C))",
}


@explain.register
def _common_control(found: CommonControl) -> str:
    if not found.groups:
        return "No two organizations are under common control, so each is an employer of its own (IRC 414(b), (c))."
    return " ".join(_group(group) for group in found.groups)


def _group(group: ControlledGroup) -> str:
    members = _and(group.members)
    if group.kind is GroupKind.PARENT_SUBSIDIARY:
        return f"{members} are one employer: {group.common_parent} is their common parent (IRC 1563(a)(1))."
    if group.kind is GroupKind.COMBINED:
        return f"{members} are one employer: a common parent is itself a brother or sister (IRC 1563(a)(3))."
    return (
        f"{members} are one employer: {_and(group.persons)} own at least {_share(group.together)} of each, and "
        f"{_share(group.identical)} alike (IRC 1563(f)(5)(A); Reg. 1.414(c)-2(c))."
    )


@explain.register
def _deemed(found: DeemedOwnership) -> str:
    return (
        f"{found.owner} is deemed to own {_share(found.greater)} of {found.organization}, "
        f"in {len(found.lots)} part{'s' if len(found.lots) != 1 else ''} (IRC 318(a), 1563(e))."
    )


@explain.register
def _affiliation(found: Affiliation) -> str:
    if found.role is AffiliatedRole.NOT_AFFILIATED:
        return f"Not affiliated: {found.failed[0].replace('_', ' ')} (IRC 414(m))."
    cite = {
        AffiliatedRole.A_ORGANIZATION: "IRC 414(m)(2)(A)",
        AffiliatedRole.B_ORGANIZATION: "IRC 414(m)(2)(B)",
        AffiliatedRole.MANAGEMENT: "IRC 414(m)(5)",
    }[found.role]
    return f"An affiliated service group with the first organization: {found.role.replace('_', ' ')} ({cite})."


@explain.register
def _significant(found: SignificantPortion) -> str:
    words = {
        Significance.NOT_SIGNIFICANT: "below 5 %, which is not significant",
        Significance.SIGNIFICANT: "which is significant from 10 % of all receipts",
        Significance.FACTS_AND_CIRCUMSTANCES: "between, where facts and circumstances decide",
    }[found.verdict]
    return (
        f"Services for the group bring {_share(found.service_receipts)} of receipts from services and "
        f"{_share(found.total_receipts)} of all receipts: {words} (Prop. Reg. 1.414(m)-2(c)(2))."
    )


@explain.register
def _leased(found: LeasedEmployee) -> str:
    if found.failed is None:
        return "A leased employee, who counts as the recipient's (IRC 414(n)(1), (2))."
    if found.failed is NotLeased.COMMON_LAW_EMPLOYEE:
        return "The recipient's own common-law employee, not a leased one (IRC 414(n)(2))."
    return f"Does not count as a leased employee: {found.failed.replace('_', ' ')} (IRC 414(n)(2), (5))."


@explain.register
def _counted_pay(found: CountedPay) -> str:
    told = f"{Money(found.total_cents)} count as {_DEFINITIONS[found.definition]}"
    left = [each for each in found.items if each.counted_cents < each.item.cents]
    out = "".join(
        f" {Money(each.item.cents)} of {each.item.kind.replace('_', ' ')} do not: {each.why} ({each.cite})."
        for each in left
    )
    test = " What the plan leaves out needs the ratio test (Reg. 1.414(s)-1(d)(3))." if found.needs_ratio_test else ""
    never = _and(tuple(sorted(kind.replace("_", " ") for kind in found.not_reasonable))) if found.not_reasonable else ""
    if never:
        test += f" No reasonable definition leaves out {never} of other than HCEs (Reg. 1.414(s)-1(c)(5), (d)(2)(ii))."
    return f"{told} (IRC 415(c)(3), 414(s)).{out}{test}"


@explain.register
def _ratio(test: CompensationRatioTest) -> str:
    if test.verdict is RatioVerdict.NOTHING_TO_COMPARE:
        return "One of the groups has nobody with pay, so there is nothing to compare (Reg. 1.414(s)-1(d)(3))."
    told = (
        f"The plan's definition includes {percent(test.hce_average_bps)} of the pay of highly compensated employees "
        f"and {percent(test.nhce_average_bps)} of the others' on average"
    )
    words = {
        RatioVerdict.NONDISCRIMINATORY: "it does not discriminate",
        RatioVerdict.WITHIN_DE_MINIMIS: f"the {points(test.difference_bps)} between them are taken as de minimis",
        RatioVerdict.FACTS_AND_CIRCUMSTANCES: (
            f"whether the {points(test.difference_bps)} between them are more than de minimis is for facts and "
            f"circumstances"
        ),
    }[test.verdict]
    return f"{told}: {words} (Reg. 1.414(s)-1(d)(3)(i), (v))."


@explain.register
def _earned(found: EarnedIncome) -> str:
    return (
        f"Of a profit of {Money(found.net_profit)}, {Money(found.half_deducted)} of half the self-employment tax and "
        f"{Money(found.employer_contribution)} of contribution are deducted: earned income is "
        f"{Money(found.earned_income)}; {Money(found.plan_pay)} count for the plan (IRC 401(c)(2), 401(a)(17))."
    )


@explain.register
def _year(found: YearCredited) -> str:
    if found.is_year_of_service:
        return f"A year of service: at least {found.hours_for_year} hours (IRC 410(a)(3)(A); 29 CFR 2530.200b-3)."
    if found.is_break:
        return f"A one-year break: not more than {found.hours_against_break} hours (IRC 411(a)(6)(A))."
    return (
        f"Neither a year of service, for which {found.hours_for_year} hours are needed, nor a break, which is up to "
        f"{found.hours_against_break} (IRC 410(a)(3)(A), 411(a)(6)(A))."
    )


@explain.register
def _service(found: ServiceCounted) -> str:
    lost = [each.lost for each in found.periods if each.lost]
    why = f" Earlier ones were left out: {_LOST[lost[-1]]}." if lost else ""
    years = "year of service counts" if found.years == 1 else "years of service count"
    return f"{found.years} {years} (IRC 410(a)(5)(A)).{why}"


@explain.register
def _elapsed(found: ElapsedService) -> str:
    spanned = any(stretch.spanned for stretch in found.stretches)
    with_gap = ", a severance of less than a year included" if spanned else ""
    return f"{found.months} months and {found.days_over} days of service{with_gap} (Reg. 1.410(a)-7(c)(2), (d)(1))."


@explain.register
def _part_time(found: LongTermPartTime) -> str:
    if found.status is PartTimeStatus.LONG_TERM_PART_TIME:
        return (
            f"A long-term part-time employee, let in to defer from {found.latest_entry} at the latest: the consecutive "
            f"years were complete on {found.met_on} (IRC 401(k)(2)(D)(ii), (15))."
        )
    words = {
        PartTimeStatus.EXCLUDED_CLASS: "is outside the rule for long-term part-time employees (IRC 401(k)(15)(C))",
        PartTimeStatus.NO_HOURS_ASKED: "needs no hours to enter: the rule is not for this plan (Prop. Reg. 1.401(k)-5)",
        PartTimeStatus.REGULAR: "has a year of service and enters by the general rule (IRC 401(k)(2)(D)(i))",
        PartTimeStatus.TOO_YOUNG: "was not 21 at the end of the consecutive years (IRC 401(k)(15)(A))",
        PartTimeStatus.NOT_YET: "has not entered as a long-term part-time employee yet (IRC 401(k)(2)(D)(ii))",
    }
    return f"The employee {words[found.status]}."


def _share(share: Fraction | None) -> str:
    return percent(half_up((share or Fraction(0)) * 10_000))


def _and(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@explain.register
def _entries(found: Entries) -> str:
    known = ~np.isnat(found.entry)
    if not known.any():
        return "Nobody has an entry day yet: age or service is not met, or not known (IRC 410(a)(1))."
    days = found.entry[known]
    sooner = int(np.count_nonzero(known & (found.entry < found.by_plan)))
    law = f"; {sooner} of them before the plan's own day, which is later than IRC 410(a)(4) allows" if sooner else ""
    first, last = str(days.min()), str(days.max())
    when = f"on {first}" if first == last else f"from {first} to {last}"
    waiting = int(np.count_nonzero(~known))
    return f"{len(days)} enter {when}{law}; {waiting} have no entry day yet (IRC 410(a)(1), (4))."


@explain.register
def _headcount(found: Headcount) -> str:
    out = "; ".join(f"{number} {reason}" for reason, number in found.left_out.items()) or "nobody"
    unknown = "; ".join(f"{number} {fact}" for fact, number in found.not_on_file.items())
    told = f" Counted for want of a fact: {unknown}." if unknown else ""
    return (
        f"{int(np.count_nonzero(found.counted))} of the {found.worked} employees who worked in the year are counted. "
        f"Left out: {out} (IRC 414(q)(5)).{told}"
    )


@explain.register
def _ownership(found: Ownership) -> str:
    family = "; ".join(
        f"{percent(each.share_bps)} of employee {each.owner} count as employee {each.person}'s ({each.relation.value})"
        for each in found.attributed
    )
    through = f" Through family: {family}." if family else ""
    return (
        f"{int(found.five_percent_owner.sum())} own more than 5 %, {int(found.one_percent_owner.sum())} more than 1 % "
        f"(IRC 318(a)(1), 416(i)(1)(B)).{through}"
    )

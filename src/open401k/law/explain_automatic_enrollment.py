"""Results of automatic enrollment and of missed deferrals in plain words. Not here: any calculation."""

import numpy as np

from ..kernel import Money, Refused
from .automatic_enrollment import DefaultRates, Exemption, Mandate, Uniformity
from .explain import explain, percent
from .missed_deferrals import CorrectionWindows, Lacking, MissedContributions, MissedDeferral, Relief, ReliefFound
from .permissible_withdrawals import PermissibleWithdrawal

_EXEMPT = {
    Exemption.BEFORE_2025: "it begins before 2025",
    Exemption.ESTABLISHED_BEFORE: "the arrangement was adopted before 29 December 2022",
    Exemption.GOVERNMENTAL_OR_CHURCH: "it is a governmental or church plan",
    Exemption.SIMPLE: "it is a SIMPLE 401(k)",
    Exemption.NEW_EMPLOYER: "the employer has existed for less than three years",
    Exemption.SMALL_EMPLOYER: "the employer has had more than ten employees for less than a year, or never",
}
_RELIEF = {
    Relief.AUTOMATIC: "Nothing is owed for the missed deferrals: an error of automatic enrollment corrected in time",
    Relief.THREE_MONTHS: "Nothing is owed for the missed deferrals: correct deferrals began within three months",
    Relief.QUARTER: "A quarter of the missed deferrals is owed: correct deferrals began within the correction period",
    Relief.HALF: "Half of the missed deferrals is owed",
}
_LACKING = {
    Lacking.NOT_AUTOMATIC: "the plan does not enroll automatically",
    Lacking.BEFORE_414CC: "the error is older than IRC 414(cc)",
    Lacking.BEGUN_TOO_LATE: "correct deferrals began too late",
    Lacking.NOTICE_TOO_LATE: "the notice was not given within 45 days",
    Lacking.NOT_UNIFORM: "others in the same position were not corrected alike",
}
_NAMES = {
    Relief.AUTOMATIC: "IRC 414(cc)",
    Relief.THREE_MONTHS: "the three-month rule",
    Relief.QUARTER: "the rule of 25 %",
    Relief.HALF: "the rule of 50 %",
}


@explain.register
def _mandate(found: Mandate) -> str:
    year = f"The plan year {found.plan_year}"
    if found.exemption is None:
        return f"{year} must enroll automatically ({found.cite})."
    later = "" if found.first_plan_year is None else f" The first plan year that must is {found.first_plan_year}."
    return f"{year} need not enroll automatically: {_EXEMPT[found.exemption]} ({found.cite}).{later}"


@explain.register
def _default_rates(rates: DefaultRates) -> str:
    people = int(rates.by_default.sum())
    if not people:
        return f"From {rates.on} nobody defers by default ({rates.cite})."
    values = rates.rate_bps[rates.by_default]
    low, high = percent(int(values.min())), percent(int(values.max()))
    told = low if low == high else f"{low} to {high}"
    return f"From {rates.on} {people} employees defer {told} of pay by default ({rates.cite})."


@explain.register
def _uniform(found: Uniformity) -> str:
    if found.uniform:
        return f"The default is a uniform percentage ({found.cite})."
    return f"The default is not uniform: {int(found.differs.sum())} employees have another rate ({found.cite})."


@explain.register
def _withdrawal(paid: PermissibleWithdrawal) -> str:
    result = "gains" if paid.income_cents >= 0 else "losses"
    fee = f", less a fee of {Money(paid.fee_cents)}" if paid.fee_cents else ""
    return (
        f"{Money(paid.distributed_cents)} are paid back: {Money(paid.contributions_cents)} withheld by default through "
        f"{paid.effective_on}, with {Money(abs(paid.income_cents))} of {result}{fee}. "
        f"{Money(paid.taxable_cents)} are taxed in the year of payment, without the 10 % tax; "
        f"{Money(paid.forfeited_match_cents)} of match are forfeited ({paid.cite})."
    )


@explain.register
def _refused(refused: Refused) -> str:  # type: ignore[type-arg]
    return " ".join(part for part in (refused.message, refused.fix) if part)


@explain.register
def _missed(found: MissedDeferral) -> str:
    total, over = int(found.missed.sum()), int(found.over_limit.sum())
    limited = f" {Money(over)} more would have been over the limit." if over else ""
    people = int(np.count_nonzero(found.missed))
    return f"{people} employees missed deferrals of {Money(total)} together ({found.cite}).{limited}"


@explain.register
def _contributions(owed: MissedContributions) -> str:
    after_tax = int(owed.after_tax_qnec.sum())
    extra = f", {Money(after_tax)} for after-tax contributions" if after_tax else ""
    return (
        f"The employer contributes {Money(owed.total_cents)}, with earnings on top: {Money(int(owed.qnec.sum()))} as a "
        f"qualified nonelective contribution{extra} and {Money(int(owed.match.sum()))} of match in full ({owed.cite})."
    )


@explain.register
def _windows(windows: CorrectionWindows) -> str:
    return (
        f"The first pay date from {windows.three_months} on is the last for the three-month rule, "
        f"from {windows.automatic} on for an error of automatic enrollment, from {windows.quarter} on for 25 % "
        f"({windows.cite})."
    )


@explain.register
def _relief(found: ReliefFound) -> str:
    shut = "; ".join(f"{_NAMES[relief]} is not open because {_LACKING[why]}" for relief, why in found.shut)
    more = f" ({shut})" if shut else ""
    return f"{_RELIEF[found.relief]}{more}. The missed match is owed in full by {found.match_by} ({found.cite})."

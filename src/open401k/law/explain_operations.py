"""Results of operations (late deposits, filings, notices, bond, credits, records) in plain words. Not here: any
calculation.
"""

from ..kernel import Money, half_up
from .bond import AuditWaiver, Bond
from .explain import explain, percent
from .filings import FilingDate
from .late_deposits import DepositExtension, LateDepositExcise, SelfCorrection, SelfCorrectionBar
from .lost_earnings import EarningsPeriod, LostEarnings
from .notices import Due
from .participant_count import AnnualReport, CountRule, ParticipantCount, ReportForm
from .retention import Retention
from .self_correction import OneToOne, OverpaymentChoices, PracticeBar, ReturnPractice, SelfCorrectionPeriod
from .tax_credits import ContributionCredit, Credit, NoCredit, SaversMatch

_BARS = {
    SelfCorrectionBar.NOT_YET: "the deposit came before the component existed (17 March 2025)",
    SelfCorrectionBar.UNDER_INVESTIGATION: "the plan or the employer is under investigation",
    SelfCorrectionBar.REMITTED_TOO_LATE: "the deposit came after 180 days",
    SelfCorrectionBar.LOST_EARNINGS_TOO_HIGH: "lost earnings are over the limit",
}
_NO_CREDIT = {
    NoCredit.TOO_MANY_EMPLOYEES: "the employer has more than 100 employees",
    NoCredit.PLAN_IN_THE_THREE_YEARS_BEFORE: "substantially the same employees had a plan in the three years before",
    NoCredit.NO_NHCE: "no employee who is eligible is other than highly compensated",
    NoCredit.NOT_A_CREDIT_YEAR: "it is not a credit year",
    NoCredit.NO_ARRANGEMENT: "the plan had no eligible automatic contribution arrangement",
}
_RULES = {
    CountRule.UNDER_100: "it has fewer than 100 participants",
    CountRule.FROM_100: "it has 100 participants or more",
    CountRule.AS_THE_YEAR_BEFORE: "with 80 to 120 participants it files as the year before",
}
_PRACTICE = {
    PracticeBar.NO_DEFERRALS: "the plan has no elective deferrals",
    PracticeBar.NO_NONELECTIVE: "the plan has no nonelective contributions besides match",
    PracticeBar.TOO_LATE: "the deferrals were returned later",
}


@explain.register
def _lost(found: LostEarnings) -> str:
    rate = "the rate for large underpayments" if found.large_loss else "the underpayment rate"
    interest = ""
    if found.interest_cents:
        interest = f" and {Money(found.interest_cents)} of interest on them until {found.paid_on}"
    return (
        f"{Money(found.principal_cents)} was due on {found.loss_on} and paid on {found.recovered_on}: "
        f"{Money(found.lost_earnings_cents)} of lost earnings at {rate}, compounded daily{interest} ({found.cite})."
    )


@explain.register
def _self(found: SelfCorrection) -> str:
    lost = Money(found.lost_earnings.total_cents)
    if found.available:
        most = Money(found.limit_cents)
        return f"The late deposit may be self-corrected with {lost} of lost earnings, at most {most} ({found.cite})."
    why = "; ".join(_BARS[bar] for bar in found.bars)
    return f"The late deposit cannot be self-corrected: {why} ({found.cite})."


@explain.register
def _excise(tax: LateDepositExcise) -> str:
    if not tax.years:
        return f"Nothing was late, so there is no excise tax ({tax.cite})."
    years = "; ".join(
        f"{Money(year.tax_cents)} for the tax year to {year.year_ends_on}, on Form 5330 by {year.form_5330_by}"
        for year in tax.years
    )
    return f"The excise tax is {Money(tax.tax_cents)}: {years} ({tax.cite})."


@explain.register
def _extension(found: DepositExtension) -> str:
    interest = " Interest is due on all extensions of the plan year." if found.interest_due else ""
    return (
        f"The outer limit of {found.outer_limit} moves to {found.extended_to} if a bond or letter of credit is there "
        f"before {found.bond_before} and participants and the Department are told by {found.tell_by} "
        f"({found.cite}).{interest}"
    )


@explain.register
def _filing(found: FilingDate) -> str:
    extended = f", with an extension by {found.extended}" if found.extended else ""
    return f"{found.filing} is due by {found.due}{extended} ({found.cite})."


@explain.register
def _due(due: Due) -> str:
    name = due.notice.value.replace("_", " ")
    window = f"by {due.last}" if due.first is None else f"from {due.first} to {due.last}"
    return f"The {name} is given {window}: {due.about} ({due.cite})."


@explain.register
def _count(found: ParticipantCount) -> str:
    who = "participants with an account balance" if found.only_with_balances else "participants"
    return f"{found.counted} {who} on {found.on} count ({found.cite})."


@explain.register
def _report(found: AnnualReport) -> str:
    if found.form is ReportForm.NONE:
        return f"No annual report is due ({found.cite})."
    why = "" if found.rule is None else f" because {_RULES[found.rule]}"
    audit = "with" if found.audit else "without"
    return f"The plan files {found.form}{why}, {audit} an auditor's report ({found.cite})."


@explain.register
def _bond(found: Bond) -> str:
    plans = "; ".join(
        f"{each.plan}: {Money(each.required_cents)} ({each.bound.value.replace('_', ' ')})" for each in found.plans
    )
    return f"A fidelity bond of at least {Money(found.required_cents)} is required: {plans} ({found.cite})."


@explain.register
def _waiver(found: AuditWaiver) -> str:
    share = percent(found.qualifying_bps)
    if not found.bond_needed_cents:
        return f"{share} of the assets are qualifying plan assets, so no audit is needed ({found.cite})."
    if found.waived:
        covered = Money(found.bond_needed_cents)
        return f"{share} of the assets are qualifying, and the bond covers {covered} of others ({found.cite})."
    short = Money(found.short_by_cents)
    return f"An audit is needed, or a bond that is {short} higher: only {share} are qualifying ({found.cite})."


@explain.register
def _credit(found: Credit) -> str:
    if found.none_because is not None:
        return f"There is no credit: {_NO_CREDIT[found.none_because]} ({found.cite})."
    return f"The credit is {Money(found.cents)}, at most {Money(found.limit_cents)} ({found.cite})."


@explain.register
def _contribution_credit(found: ContributionCredit) -> str:
    if found.none_because is not None:
        return f"There is no credit: {_NO_CREDIT[found.none_because]} ({found.cite})."
    cut = f", reduced by {percent(found.reduction_bps)}" if found.reduction_bps else ""
    before = Money(found.before_reduction_cents)
    return f"The credit for contributions is {Money(found.cents)}: {before}{cut} ({found.cite})."


@explain.register
def _savers(found: SaversMatch) -> str:
    return f"The saver's match is {Money(found.cents)}, {found.percent} % of what counts ({found.cite})."


@explain.register
def _retention(found: Retention) -> str:
    until = f"through {found.keep_through}" if found.keep_through else "as long as a benefit may become due"
    return f"Records of {found.record.value.replace('_', ' ')} are kept {until} ({found.cite})."


@explain.register
def _period(found: SelfCorrectionPeriod) -> str:
    if found.available:
        return f"The failure may be self-corrected, certainly in time until {found.last_day} ({found.cite})."
    why = ", ".join(bar.value.replace("_", " ") for bar in found.bars)
    return f"The failure cannot be self-corrected: {why} ({found.cite})."


@explain.register
def _practice(found: ReturnPractice) -> str:
    if found.counts:
        return (
            f"Deferrals returned by {found.return_by} are the plan's practice against 415(c) failures ({found.cite})."
        )
    why = "; ".join(_PRACTICE[bar] for bar in found.bars)
    return f"Returning deferrals by {found.return_by} is no such practice: {why} ({found.cite})."


@explain.register
def _one_to_one(found: OneToOne) -> str:
    amount = Money(found.distributed_cents)
    return (
        f"{amount} go back to highly compensated employees, and {amount} are contributed and shared among "
        f"{int((found.shares > 0).sum())} others by pay ({found.cite})."
    )


@explain.register
def _overpayment(found: OverpaymentChoices) -> str:
    free = "need not be recovered" if found.may_leave_it else "has to be corrected"
    limits = "; the limits of 401(a)(17) and 415 still hold" if found.limits_still_hold else ""
    return f"The overpayment {free}{limits} ({found.cite})."


@explain.register
def _stretch(found: EarningsPeriod) -> str:
    return (
        f"The {found.days} days to {found.last} earn {found.rate_percent} % a year, compounded daily over "
        f"{found.year_days} days: {Money(half_up(found.owed))} are owed then (IRC 6621(b)(2)(A), 6622(a))."
    )

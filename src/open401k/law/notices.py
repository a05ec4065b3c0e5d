"""What participants are told, and the first and last day for it: a plan year's calendar, and what an event starts.

Not here: filings with the government (filings.py), words of a notice, who gets it electronically. A defined
contribution plan owes nothing to the PBGC (ERISA 4021(b)(1)). Days are never moved to a later one for a weekend: no
rule allows it for these.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ..kernel import PlanYear, anniversary
from . import given
from .deadlines import Window, is_business_day, notice_window
from .filings import form_5500
from .given import check_facts

#: 29 CFR 2550.404a-5(h)(1): "at least annually" is once in any 14 months.
_ANNUAL_MONTHS = 14
#: DOL Field Assistance Bulletin 2006-03: a statement within 45 days after the quarter is in time.
_STATEMENT_DAYS = 45
_SMM_DAYS, _SPD_PARTICIPANT_DAYS, _SPD_PLAN_DAYS = 210, 90, 120
_SAR_MONTHS, _SAR_MONTHS_AFTER_EXTENSION = 9, 2
#: A period longer than so many consecutive business days is a blackout (29 CFR 2520.101-3(d)(1)(i)).
_BLACKOUT_BUSINESS_DAYS = 3
#: ERISA 105(a)(2)(E): one statement on paper a year, for plan years after 2025.
_PAPER_FROM = date(2026, 1, 1)


class Notice(StrEnum):
    """What is told."""

    SAFE_HARBOR = "safe_harbor_notice"
    QACA = "qaca_notice"
    EACA = "eaca_notice"
    QDIA = "qualified_default_investment_notice"
    UNENROLLED = "reminder_to_unenrolled"
    FEES_ANNUAL = "participant_fee_disclosure"
    FEES_CHARGED = "statement_of_fees_charged"
    STATEMENT = "benefit_statement"
    LIFETIME_INCOME = "lifetime_income_illustration"
    PAPER_STATEMENT = "paper_benefit_statement"
    SAR = "summary_annual_report"
    SMM = "summary_of_material_modifications"
    SPD = "summary_plan_description"
    SPD_RESTATED = "restated_summary_plan_description"
    BLACKOUT = "blackout_notice"
    ROLLOVER = "rollover_notice_402f"
    FEE_CHANGE = "change_of_fees_or_investment_terms"
    INVESTMENT_CHANGE = "change_of_investments_with_mapping"
    SAFE_HARBOR_CHANGE = "updated_safe_harbor_notice"
    SAFE_HARBOR_SUSPENSION = "supplemental_notice_of_reduction_or_suspension"
    DIVERSIFICATION = "right_to_diversify_employer_securities"


class SafeHarborKind(StrEnum):
    """The safe harbor design, as far as notices differ by it."""

    MATCH = "match"
    NONELECTIVE = "nonelective"
    NONELECTIVE_WITH_ACP_MATCH = "nonelective_and_match_that_relies_on_the_acp_safe_harbor"


@dataclass(frozen=True, slots=True)
class PlanFeatures:
    """What of a plan decides on its notices."""

    safe_harbor: SafeHarborKind | None = None
    qaca: bool = False
    eaca: bool = False
    qdia: bool = False
    participant_directed: bool = True
    reminds_unenrolled_only: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """One notice: from which day (None: no first day), until which, about what."""

    notice: Notice
    first: date | None
    last: date
    about: str
    cite: str

    def in_time(self, given_on: date) -> bool:
        return (self.first is None or self.first <= given_on) and given_on <= self.last


def plan_year_calendar(
    *,
    plan_year: PlanYear,
    features: PlanFeatures,
    first_plan_year: bool = False,
    fees_last_disclosed_on: date | None = None,
    form_5500_extended: bool = False,
    amended: bool = False,
) -> tuple[Due, ...]:
    """Every notice that a plan year by itself calls for, in order of the last day (ERISA 101, 104, 105).

    What comes before the year goes to those who are already in; in a plan's first year the notices of
    :func:`on_eligibility` stand for them. A short plan year has its own days: everything counts from its beginning or
    its end.
    """
    check_facts(locals())
    found: list[Due] = [] if first_plan_year else list(_before_the_year(plan_year, features))
    if features.participant_directed:
        found += _fees(fees_last_disclosed_on)
    found += _statements(plan_year, features, form_5500_extended=form_5500_extended)
    found.append(summary_annual_report(plan_year, form_5500_extended=form_5500_extended))
    if amended:
        found.append(material_modifications(plan_year))
    return tuple(sorted(found, key=lambda due: (due.last, due.notice)))


def on_eligibility(
    *, eligible_on: date, features: PlanFeatures, first_default_investment_on: date | None = None
) -> tuple[Due, ...]:
    """What somebody who becomes eligible is given (Reg. 1.401(k)-3(d)(3)(ii), 1.414(w)-1(b)(3)(iii)(B)).

    From 90 days before to the day of eligibility; the QDIA notice 30 days before, or by that day where default
    contributions can be withdrawn under IRC 414(w), or 30 days before the first default investment, where that is later
    (29 CFR 2550.404c-5(c)(3)(i)). The summary plan description within 90 days after.
    """
    check_facts(locals())
    given.days(eligible_on=eligible_on, first_default_investment_on=first_default_investment_on)
    about = f"eligibility on {eligible_on}"
    ninety = eligible_on - timedelta(days=90)
    found = [
        Due(notice, ninety, eligible_on, about, cite) for notice, cite in _enrollment_notices(features, first_time=True)
    ]
    if features.qdia:
        last = eligible_on if features.eaca else eligible_on - timedelta(days=30)
        last = max(last, (first_default_investment_on or eligible_on) - timedelta(days=30))
        found.append(Due(Notice.QDIA, None, last, about, "29 CFR 2550.404c-5(c)(3)(i)"))
    if features.participant_directed:
        cite = "29 CFR 2550.404a-5(c)(1)(i), (c)(4), (d)(1)"
        found.append(Due(Notice.FEES_ANNUAL, None, eligible_on, f"first direction of investments: {about}", cite))
    return (
        *sorted(found, key=lambda due: (due.last, due.notice)),
        summary_plan_description(participant_on=eligible_on),
    )


def summary_plan_description(
    *, participant_on: date | None = None, plan_subject_to_erisa_on: date | None = None
) -> Due:
    """90 days after becoming a participant; 120 days after a new plan becomes subject to ERISA, where that is later.

    ERISA 104(b)(1); 29 CFR 2520.104b-2(a).
    """
    check_facts(locals())
    days = [] if participant_on is None else [participant_on + timedelta(days=_SPD_PARTICIPANT_DAYS)]
    days += [] if plan_subject_to_erisa_on is None else [plan_subject_to_erisa_on + timedelta(days=_SPD_PLAN_DAYS)]
    if not days:
        raise given.ImpossibleInput("participant_on", "neither a participant nor a new plan is given.")
    return Due(Notice.SPD, None, max(days), "the plan", "ERISA 104(b)(1); 29 CFR 2520.104b-2(a)")


def restated_plan_description(*, reflects_changes_until: date, amended_since: bool, plan_year: PlanYear) -> Due:
    """Every five years if the plan was amended, else every ten (ERISA 104(b)(1)(B); 29 CFR 2520.104b-2(b)).

    210 days after the plan year in which five (ten) years end since the last change that the description reflects.
    ``plan_year`` is any of the plan's, for its first day.
    """
    check_facts(locals())
    years = 5 if amended_since else 10
    day = anniversary(reflects_changes_until, years)
    start = anniversary(plan_year.start, day.year - plan_year.start.year)
    start = start if start <= day else anniversary(start, -1)
    last = anniversary(start, 1) - timedelta(days=1) + timedelta(days=_SMM_DAYS)
    return Due(
        Notice.SPD_RESTATED, None, last, f"{years} years since {reflects_changes_until}", "29 CFR 2520.104b-2(b)"
    )


def material_modifications(plan_year: PlanYear) -> Due:
    """210 days after the plan year in which the change was adopted (ERISA 104(b)(1); 29 CFR 2520.104b-3(a)).

    >>> material_modifications(PlanYear.starting(date(2026, 1, 1))).last
    datetime.date(2027, 7, 29)
    """
    check_facts(locals())
    last = plan_year.last_day + timedelta(days=_SMM_DAYS)
    return Due(Notice.SMM, None, last, f"changes of {plan_year}", "ERISA 104(b)(1); 29 CFR 2520.104b-3(a)")


def summary_annual_report(plan_year: PlanYear, *, form_5500_extended: bool = False) -> Due:
    """Nine months after the plan year, or two months after the extended day of Form 5500 (29 CFR 2520.104b-10(c)).

    >>> summary_annual_report(PlanYear.starting(date(2025, 1, 1)), form_5500_extended=True).last
    datetime.date(2026, 12, 15)
    """
    check_facts(locals())
    last = given.add_months(plan_year.end, _SAR_MONTHS) - timedelta(days=1)
    if form_5500_extended:
        last = given.add_months(_report_day(plan_year, extended=True), _SAR_MONTHS_AFTER_EXTENSION)
    return Due(Notice.SAR, None, last, f"plan year {plan_year}", "29 CFR 2520.104b-10(c)")


def blackout(*, last_day_to_act: date, begins_on: date, ends_on: date) -> Due | None:
    """30 to 60 days before the last day on which participants can act (ERISA 101(i); 29 CFR 2520.101-3(b)(2)(i)).

    None: at most three consecutive business days, which is no blackout ((d)(1)(i)). ``ends_on`` is its last day.
    """
    check_facts(locals())
    given.days(last_day_to_act=last_day_to_act, begins_on=begins_on, ends_on=ends_on)
    span = (ends_on - begins_on).days + 1
    business = sum(is_business_day(begins_on + timedelta(days=day)) for day in range(min(span, 60)))
    if business <= _BLACKOUT_BUSINESS_DAYS:
        return None
    first, last = last_day_to_act - timedelta(days=60), last_day_to_act - timedelta(days=30)
    return Due(Notice.BLACKOUT, first, last, f"{begins_on} to {ends_on}", "ERISA 101(i); 29 CFR 2520.101-3(b)(2)")


def rollover_notice(*, distribution_on: date) -> Due:
    """30 to 180 days before an eligible rollover distribution (IRC 402(f); Reg. 1.402(f)-1 A-2; PPA s. 1102(a)).

    The 30 days may be waived by somebody who was told of the right to them.
    """
    check_facts(locals())
    return _before(Notice.ROLLOVER, distribution_on, 180, 30, "IRC 402(f); Reg. 1.402(f)-1 A-2; PPA s. 1102(a)(1)")


def fee_change(*, effective_on: date) -> Due:
    """30 to 90 days before a change of what was disclosed about fees or instructions (29 CFR 2550.404a-5(c)(1)(ii),
    (2)(i)(B)).
    """
    check_facts(locals())
    return _before(Notice.FEE_CHANGE, effective_on, 90, 30, "29 CFR 2550.404a-5(c)(1)(ii), (c)(2)(i)(B), (c)(3)(i)(B)")


def investment_change(*, effective_on: date) -> Due:
    """30 to 60 days before investments are replaced by similar ones without a direction (ERISA 404(c)(4)(C))."""
    check_facts(locals())
    return _before(Notice.INVESTMENT_CHANGE, effective_on, 60, 30, "ERISA 404(c)(4)(C)(i)")


def safe_harbor_change(*, effective_on: date) -> Due:
    """30 to 90 days before a change during the year takes effect (Notice 2016-16 section III.C)."""
    check_facts(locals())
    return _before(Notice.SAFE_HARBOR_CHANGE, effective_on, 90, 30, "Notice 2016-16 section III.C.2")


def safe_harbor_suspension(*, effective_on: date) -> Due:
    """At least 30 days before safe harbor contributions are reduced or suspended (Reg. 1.401(k)-3(g)(1)(i)(B),
    (ii)(B)).
    """
    check_facts(locals())
    given.days(effective_on=effective_on)
    last = effective_on - timedelta(days=30)
    return Due(Notice.SAFE_HARBOR_SUSPENSION, None, last, f"effect on {effective_on}", "Reg. 1.401(k)-3(g)(2)")


def diversification(*, first_right_on: date) -> Due:
    """30 days before somebody first may sell employer securities (ERISA 101(m))."""
    check_facts(locals())
    given.days(first_right_on=first_right_on)
    last = first_right_on - timedelta(days=30)
    return Due(Notice.DIVERSIFICATION, None, last, f"right from {first_right_on}", "ERISA 101(m)")


def next_fee_disclosure(*, last_given_on: date) -> Due:
    """At least once in any 14-month period (29 CFR 2550.404a-5(c), (d)(1), (h)(1)).

    >>> next_fee_disclosure(last_given_on=date(2025, 9, 1)).last
    datetime.date(2026, 11, 1)
    """
    check_facts(locals())
    given.days(last_given_on=last_given_on)
    last = given.add_months(last_given_on, _ANNUAL_MONTHS)
    return Due(
        Notice.FEES_ANNUAL, None, last, f"after that of {last_given_on}", "29 CFR 2550.404a-5(c), (d)(1), (h)(1)"
    )


def _before_the_year(plan_year: PlanYear, features: PlanFeatures) -> list[Due]:
    about, start = f"plan year {plan_year}", plan_year.start
    window: Window = notice_window(start, cite="")
    found = [
        Due(notice, window.first, window.last, about, cite)
        for notice, cite in _enrollment_notices(features, first_time=False)
    ]
    if features.qdia:
        found.append(Due(Notice.QDIA, None, window.last, about, "29 CFR 2550.404c-5(c)(3)(ii)"))
    if features.reminds_unenrolled_only:
        cite = "IRC 414(bb); ERISA 111 (SECURE 2.0 s. 320)"
        found.append(Due(Notice.UNENROLLED, None, start - timedelta(days=1), about, cite))
    return found


def _enrollment_notices(features: PlanFeatures, *, first_time: bool) -> list[tuple[Notice, str]]:
    clause = "(d)(3)(ii)"
    found = []
    if features.safe_harbor in (SafeHarborKind.MATCH, SafeHarborKind.NONELECTIVE_WITH_ACP_MATCH) and not features.qaca:
        statute = "IRC 401(k)(12)(D)" if features.safe_harbor is SafeHarborKind.MATCH else "IRC 401(m)(11)(A)(ii)"
        found.append((Notice.SAFE_HARBOR, f"{statute}; Reg. 1.401(k)-3{clause}"))
    if features.qaca and features.safe_harbor is not SafeHarborKind.NONELECTIVE:
        found.append((Notice.QACA, f"IRC 401(k)(13)(E); Reg. 1.401(k)-3{clause}, (k)(4)"))
    if features.eaca:
        part = "second sentence of (B)" if first_time else "(B)"
        found.append((Notice.EACA, f"IRC 414(w)(4); Reg. 1.414(w)-1(b)(3)(iii), {part}"))
    return found


def _fees(last_disclosed: date | None) -> list[Due]:
    return [] if last_disclosed is None else [next_fee_disclosure(last_given_on=last_disclosed)]


def _report_day(plan_year: PlanYear, *, extended: bool) -> date:
    # The day that the rule or the extension names, not a later one that a weekend allows for filing.
    named = form_5500(plan_year).named
    return given.add_months(named.replace(day=15), 3) if extended else named


def _statements(plan_year: PlanYear, features: PlanFeatures, *, form_5500_extended: bool) -> list[Due]:
    if not features.participant_directed:
        # Until the annual report is filed, "but in no event later than the date, including extensions" for it.
        last = _report_day(plan_year, extended=form_5500_extended)
        cite = "ERISA 105(a)(1)(A)(ii); DOL FAB 2007-03"
        return [Due(Notice.STATEMENT, None, last, f"plan year {plan_year}", cite)]
    ends = _quarter_ends(plan_year)
    found = []
    for end in ends:
        last, about = end + timedelta(days=_STATEMENT_DAYS), f"quarter to {end}"
        found.append(Due(Notice.STATEMENT, None, last, about, "ERISA 105(a)(1)(A)(i); DOL FAB 2006-03"))
        found.append(Due(Notice.FEES_CHARGED, None, last, about, "29 CFR 2550.404a-5(c)(2)(ii), (c)(3)(ii), (h)(2)"))
    if ends:
        last, about = ends[-1] + timedelta(days=_STATEMENT_DAYS), "once in twelve months"
        found.append(Due(Notice.LIFETIME_INCOME, None, last, about, "ERISA 105(a)(2)(B)(iii), (D); 29 CFR 2520.105-3"))
        if plan_year.start >= _PAPER_FROM:
            found.append(Due(Notice.PAPER_STATEMENT, None, last, "one of the year", "ERISA 105(a)(2)(E)"))
    return found


def _quarter_ends(plan_year: PlanYear) -> list[date]:
    """Calendar quarters that end within the plan year."""
    ends = (date(year, month, 1) - timedelta(days=1) for year in _years(plan_year) for month in (4, 7, 10))
    last = (date(year, 12, 31) for year in _years(plan_year))
    return sorted(day for day in (*ends, *last) if day in plan_year)


def _years(plan_year: PlanYear) -> range:
    return range(plan_year.start.year, plan_year.last_day.year + 1)


def _before(notice: Notice, day: date, most: int, least: int, cite: str) -> Due:
    given.days(effective_on=day)
    return Due(notice, day - timedelta(days=most), day - timedelta(days=least), f"effect on {day}", cite)

"""Who counts on Form 5500, which form a plan files, and whether it is audited. Not here: due dates (filings.py), the
bond.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ..kernel import CalendarYear, PlanYear
from . import figures, given
from .arrays import Flags
from .given import check_facts

#: 100 participants make a large plan (29 CFR 2520.103-1(b), (c)(1)); 80 to 120 may file as the year before ((d)).
LARGE_FROM, KEEP_FROM, KEEP_UP_TO = 100, 80, 120
#: From plan years that begin in 2023, a defined contribution plan counts participants with account balances (88 FR
#: 11984).
BALANCES_FROM = date(2023, 1, 1)


class ReportForm(StrEnum):
    """The annual report of a plan."""

    LARGE = "Form 5500 with Schedule H"
    SMALL = "Form 5500 with Schedule I"
    SHORT = "Form 5500-SF"
    ONE_PARTICIPANT = "Form 5500-EZ"
    NONE = "none"


class CountRule(StrEnum):
    """What decided between large and small."""

    UNDER_100 = "fewer_than_100"
    FROM_100 = "100_or_more"
    AS_THE_YEAR_BEFORE = "80_to_120_as_the_year_before"


class NotShort(StrEnum):
    """Why a small plan cannot file Form 5500-SF, in the order of the regulation."""

    EMPLOYER_SECURITIES = "holds_employer_securities"
    AUDIT_NOT_WAIVED = "audit_waiver_conditions_not_met"
    #: (c)(2)(ii)(B) names 2520.104-46(b)(1)(i)(A)(1), the 95 %, and not (A)(2), the bond in its place.
    AUDIT_WAIVED_BY_BOND = "audit_waived_by_a_bond_alone"
    NO_READY_VALUE = "assets_without_readily_determinable_value"
    MULTIEMPLOYER = "multiemployer_plan"
    FORM_M1 = "files_form_m1"
    POOLED_EMPLOYER_PLAN = "pooled_employer_plan"
    DCG = "in_a_group_of_plans_that_files_as_one"


@dataclass(frozen=True, slots=True)
class ParticipantCount:
    """How many participants count, on which day, and by which rule."""

    counted: int
    on: date
    only_with_balances: bool
    cite: str


@dataclass(frozen=True, slots=True)
class AnnualReport:
    """The form, whether an auditor's report goes with it, and why."""

    form: ReportForm
    rule: CountRule | None
    audit: bool
    not_short: tuple[NotShort, ...]
    cite: str = "29 CFR 2520.103-1(b)-(d), 2520.104-41, 2520.104-46; Form 5500 and 5500-EZ instructions"


def participant_count(
    *, plan_year: PlanYear, first_plan_year: bool, participant: Flags, has_balance: Flags
) -> ParticipantCount:
    """Participants for the size of a defined contribution plan (29 CFR 2520.103-1; 88 FR 11984).

    The columns are those of the first day of the plan year; in a plan's first year of its last day. Since plan years
    of 2023 only participants and beneficiaries with an account balance count; before, everybody eligible did (29 CFR
    2510.3-3(d)).
    """
    check_facts(locals())
    if participant.shape != has_balance.shape:
        raise given.ImpossibleInput("has_balance", "not one for each participant.")
    balances = plan_year.start >= BALANCES_FROM
    counted = participant & has_balance if balances else participant
    day = plan_year.last_day if first_plan_year and balances else plan_year.start
    cite = "Form 5500 instructions, lines 5 and 6g (88 FR 11984)" if balances else "29 CFR 2510.3-3(d)"
    return ParticipantCount(int(counted.sum()), day, balances, cite)


def annual_report(
    *,
    participants: int,
    filed_as_small_the_year_before: bool | None,
    elects_as_the_year_before: bool = True,
    audit_waived: bool = True,
    audit_waived_by_bond_alone: bool = False,
    not_short: tuple[NotShort, ...] = (),
) -> AnnualReport:
    """Which report a plan with employees files (29 CFR 2520.103-1(b)-(d); 2520.104-46).

    With 80 to 120 participants (both included) the administrator may file in the category of the year before; None:
    there was none. A small plan files Form 5500-SF unless a condition of 2520.103-1(c)(2)(ii) is missing, and needs no
    auditor if the waiver's conditions hold. Where they hold only by the bond for other assets (``by_bond`` of
    audit_waiver in bond.py), it is Form 5500 with Schedule I all the same. A large plan is always audited.
    """
    check_facts(locals())
    given.counts(10_000_000, participants=participants)
    keeps = elects_as_the_year_before and KEEP_FROM <= participants <= KEEP_UP_TO
    if keeps and filed_as_small_the_year_before is not None:
        small, rule = filed_as_small_the_year_before, CountRule.AS_THE_YEAR_BEFORE
    else:
        small = participants < LARGE_FROM
        rule = CountRule.UNDER_100 if small else CountRule.FROM_100
    if not small:
        return AnnualReport(ReportForm.LARGE, rule, True, ())
    found = set(not_short) | (set() if audit_waived else {NotShort.AUDIT_NOT_WAIVED})
    found |= {NotShort.AUDIT_WAIVED_BY_BOND} if audit_waived and audit_waived_by_bond_alone else set()
    barred = tuple(each for each in NotShort if each in found)
    return AnnualReport(ReportForm.SMALL if barred else ReportForm.SHORT, rule, not audit_waived, barred)


def one_participant_report(
    *, total_assets_of_all_such_plans_cents: int, year: CalendarYear, final_year: bool = False
) -> AnnualReport:
    """Form 5500-EZ of a plan that covers only owners or partners and their spouses (IRC 6058; PPA s. 1103).

    None is due while all such plans of the employer hold at most $250,000 at the end of the year, except for the final
    one.
    """
    check_facts(locals())
    given.amounts(total_assets_of_all_such_plans_cents=total_assets_of_all_such_plans_cents)
    over = total_assets_of_all_such_plans_cents > figures.cents("form_5500_ez_assets", PlanYear.starting(year.start))
    form = ReportForm.ONE_PARTICIPANT if over or final_year else ReportForm.NONE
    return AnnualReport(form, None, False, (), "IRC 6058(a); Form 5500-EZ instructions; PPA s. 1103(a)")

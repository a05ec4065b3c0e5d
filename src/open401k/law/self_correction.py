"""Correcting a plan without asking the IRS: whether, until when; one-to-one, overpayments, excess additions.

Not here: what a correction costs (corrections.py, missed_deferrals.py), the DOL's programs (late_deposits.py).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from ..kernel import LimitationYear, Money, PlanYear, anniversary
from . import given
from .arrays import Cents, Flags
from .deadlines import excess_additions_return
from .given import check_facts

#: Self-correction to the end of the 18th month after the failure is found is within a reasonable period (Notice
#: 2023-43).
_REASONABLE_MONTHS = 18
#: An employer that may not have the plan stops contributions by the end of the sixth month (Notice 2023-43).
_EMPLOYER_ELIGIBILITY_MONTHS = 6
#: SECURE 2.0 s. 305 holds from its enactment, for failures of any time before it too.
_FROM = date(2022, 12, 29)
_SIGNIFICANT_YEARS = 3


class Bar(StrEnum):
    """Why a failure cannot be self-corrected and needs the IRS; the first that holds comes first."""

    EGREGIOUS = "egregious_diversion_or_abusive"
    NO_PRACTICES = "no_established_practices_and_procedures"
    NO_WRITTEN_PLAN = "no_written_plan_was_adopted"
    ORPHAN_PLAN = "orphan_plan"
    SIGNIFICANT_IN_TERMINATED_PLAN = "significant_failure_of_a_terminated_plan"
    FOUND_BY_THE_IRS = "found_by_the_irs_before_a_specific_commitment"
    TOO_LATE = "not_within_a_reasonable_period"


class PracticeBar(StrEnum):
    """Why returning deferrals within 9 1/2 months does not count as a practice that prevents 415(c) failures."""

    NO_DEFERRALS = "plan_without_elective_deferrals"
    NO_NONELECTIVE = "plan_without_nonelective_contributions_besides_match"
    TOO_LATE = "returned_after_9_and_a_half_months"


@dataclass(frozen=True, slots=True)
class SelfCorrectionPeriod:
    """Whether the sponsor may correct by itself, and until when that is certainly in time."""

    bars: tuple[Bar, ...]
    last_day: date | None
    significant_rule_until: date
    cite: str = "SECURE 2.0 s. 305; Notice 2023-43; Rev. Proc. 2021-30 sections 4, 9.02"

    @property
    def available(self) -> bool:
        return not self.bars


@dataclass(frozen=True, slots=True)
class ReturnPractice:
    """Whether the return of deferrals over 415(c) is the practice of Rev. Proc. 2021-30 section 4.04, and by when."""

    bars: tuple[PracticeBar, ...]
    return_by: date
    cite: str = "Rev. Proc. 2021-30 section 4.04"

    @property
    def counts(self) -> bool:
        return not self.bars


@dataclass(frozen=True, slots=True, eq=False)
class OneToOne:
    """What is paid to highly compensated employees, and the same amount shared out among the others."""

    distributed_cents: int
    shares: Cents
    cite: str = "Rev. Proc. 2021-30 App. B section 2.01(1)(b)"


@dataclass(frozen=True, slots=True)
class OverpaymentChoices:
    """What a plan may do about money it paid out by mistake."""

    may_leave_it: bool
    may_amend: bool
    may_reduce_future_payments: bool
    may_recover_from_whoever_caused_it: bool
    limits_still_hold: bool
    cite: str = "IRC 414(aa) (SECURE 2.0 s. 301)"


def self_correction_period(
    *,
    plan_year: PlanYear,
    identified_on: date,
    corrected_on: date | None = None,
    significant: bool = True,
    established_practices: bool = True,
    egregious: bool = False,
    no_written_plan: bool = False,
    orphan_plan: bool = False,
    plan_terminated: bool = False,
    found_by_irs_on: date | None = None,
    specific_commitment_on: date | None = None,
    employer_may_not_have_the_plan: bool = False,
) -> SelfCorrectionPeriod:
    """Whether an inadvertent failure may be self-corrected (SECURE 2.0 s. 305; Notice 2023-43; Rev. Proc. 2021-30).

    Until the last day of the 18th month after the failure is identified is within a reasonable period (level C: the
    notice's own words were not read); later is a matter of facts and circumstances, and refused here. An employer that
    may not have the plan stops contributions by the last day of the sixth such month (level C, too). A failure found by
    the IRS first is shut unless it is insignificant or steps to correct that very failure were under way.
    """
    check_facts(locals())
    given.days(identified_on=identified_on, corrected_on=corrected_on)
    months = _EMPLOYER_ELIGIBILITY_MONTHS if employer_may_not_have_the_plan else _REASONABLE_MONTHS
    last = _end_of_month(max(identified_on, _FROM), months)
    committed = specific_commitment_on is not None and (
        found_by_irs_on is None or specific_commitment_on < found_by_irs_on
    )
    found = (
        (egregious, Bar.EGREGIOUS),
        (not established_practices, Bar.NO_PRACTICES),
        (no_written_plan, Bar.NO_WRITTEN_PLAN),
        (orphan_plan, Bar.ORPHAN_PLAN),
        (plan_terminated and significant, Bar.SIGNIFICANT_IN_TERMINATED_PLAN),
        (found_by_irs_on is not None and significant and not committed, Bar.FOUND_BY_THE_IRS),
        (corrected_on is not None and corrected_on > last, Bar.TOO_LATE),
    )
    bars = tuple(why for holds, why in found if holds)
    until = anniversary(plan_year.end, _SIGNIFICANT_YEARS) - timedelta(days=1)
    return SelfCorrectionPeriod(bars, None if any(bar is not Bar.TOO_LATE for bar in bars) else last, until)


def excess_additions_practice(
    *,
    limitation_year: LimitationYear,
    returned_on: date | None = None,
    has_elective_deferrals: bool,
    has_nonelective_besides_match: bool,
) -> ReturnPractice:
    """Whether excess additions are regularly corrected by returning deferrals (Rev. Proc. 2021-30 section 4.04).

    Only in a plan that provides for elective deferrals and for nonelective contributions that are not match, within
    9 1/2 months after the limitation year: then the plan has practices that prevent a violation of 415(c). In any other
    plan the method of section 6.06(2) is open, but that presumption is not.
    """
    check_facts(locals())
    last = excess_additions_return(limitation_year)
    found = (
        (not has_elective_deferrals, PracticeBar.NO_DEFERRALS),
        (not has_nonelective_besides_match, PracticeBar.NO_NONELECTIVE),
        (returned_on is not None and returned_on > last, PracticeBar.TOO_LATE),
    )
    return ReturnPractice(tuple(why for holds, why in found if holds), last)


def one_to_one(*, distributed_cents: int, compensation: Cents, is_hce: Flags, eligible: Flags) -> OneToOne:
    """The same dollars that go back to HCEs, with earnings, to the NHCEs by pay (Rev. Proc. 2021-30 App. B 2.01(1)(b)).

    ``eligible`` are the eligible employees of the tested year who were NHCEs in it, or those of them who are NHCEs in
    the year of the correction too; of either group the sponsor may leave out who is no longer employed. Their pay is
    that of the tested year. The same dollar amount for each is allowed too, and is the same pay for each here. Shares
    add up to the cent.
    """
    check_facts(locals(), one_plan=True)
    given.amounts(distributed_cents=distributed_cents)
    weights = [int(pay) if ok else 0 for pay, ok in zip(np.maximum(compensation, 0), eligible & ~is_hce, strict=True)]
    if not sum(weights):
        raise given.ImpossibleInput(
            "eligible", "no non-highly compensated employee with pay can share the contribution."
        )
    shares = Money(distributed_cents).split(weights)
    return OneToOne(distributed_cents, np.array([share.cents for share in shares], dtype=np.int64))


def overpayment_choices(*, inadvertent: bool, over_401a17_or_415: bool) -> OverpaymentChoices:
    """What IRC 414(aa) allows for an overpayment: leave it, amend for it, or reduce what is still to be paid.

    414(aa)(1), (2); limits under 401(a)(17) and 415 are observed all the same ((4)), and nothing of what 411 protects
    may be taken from others ((3)). How a recovery from a participant is limited by ERISA 206(h) is not told here.
    """
    free = inadvertent and not over_401a17_or_415
    return OverpaymentChoices(free, free, True, True, over_401a17_or_415)


def _end_of_month(day: date, months: int) -> date:
    return given.add_months(day.replace(day=1), months + 1) - timedelta(days=1)

"""A deposit that is late: the excise tax, the self-correction of the DOL, and the month an employer may ask more time.

Not here: when a deposit is due (deadlines.py), lost earnings (lost_earnings.py).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from ..kernel import CalendarYear, anniversary, half_up
from . import deadlines, figures, given
from .filings import form_5330_for_4975
from .given import check_facts
from .lost_earnings import LostEarnings, grow, lost_earnings

#: The self-correction component of the VFC Program begins on this day (90 FR 4192).
SELF_CORRECTION_FROM = date(2025, 3, 17)
#: The principal must be in the plan within so many days of withholding or receipt (VFC Program section 7.1).
SELF_CORRECTION_DAYS = 180
#: 29 CFR 2510.3-102(d)(1): ten more business days, and five to tell about them; (d)(3)(i): free of interest twice a
#: year.
EXTENSION_DAYS, EXTENSION_NOTICE_DAYS, EXTENSIONS_WITHOUT_INTEREST = 10, 5, 2


class SelfCorrectionBar(StrEnum):
    """Why a late deposit cannot be self-corrected and needs an application; the first that holds comes first."""

    NOT_YET = "remitted_before_the_component_existed"
    UNDER_INVESTIGATION = "under_investigation"
    REMITTED_TOO_LATE = "remitted_after_180_days"
    LOST_EARNINGS_TOO_HIGH = "lost_earnings_over_the_limit"


@dataclass(frozen=True, slots=True)
class SelfCorrection:
    """Whether the self-correction component is open; lost earnings count from the day of withholding or receipt."""

    bars: tuple[SelfCorrectionBar, ...]
    lost_earnings: LostEarnings
    limit_cents: int
    remit_by: date
    cite: str = "DOL VFC Program section 7.1 (90 FR 4192); PTE 2002-51"

    @property
    def available(self) -> bool:
        return not self.bars


@dataclass(frozen=True, slots=True)
class ExciseYear:
    """One tax year of the employer: interest of the year, the amount involved with earlier years, the tax, its Form
    5330.
    """

    year_ends_on: date
    interest_cents: int
    amount_involved_cents: int
    tax_cents: int
    form_5330_by: date


@dataclass(frozen=True, slots=True)
class LateDepositExcise:
    """First-tier tax on the use of participants' money, year by year, and the second tier if it is never corrected."""

    principal_cents: int
    years: tuple[ExciseYear, ...]
    second_tier_cents: int
    cite: str = "IRC 4975(a), (b), (f)(2), (f)(4); Rev. Rul. 2006-38; Form 5330 instructions, Schedule C"

    @property
    def tax_cents(self) -> int:
        return sum(year.tax_cents for year in self.years)


@dataclass(frozen=True, slots=True)
class DepositExtension:
    """The outer limit of a month, ten business days later, and what the employer must do for it."""

    outer_limit: date
    extended_to: date
    bond_before: date
    tell_by: date
    interest_due: bool
    cite: str = "29 CFR 2510.3-102(d)"


def self_correction(
    *, principal_cents: int, withheld_on: date, remitted_on: date, under_investigation: bool = False
) -> SelfCorrection:
    """Whether a late deposit may be self-corrected without an application (DOL VFC Program section 7.1, 90 FR 4192).

    A deposit later than 29 CFR 2510.3-102 allows, with lost earnings of at most $1,000 and the principal in the plan
    within 180 days of withholding or receipt. Lost earnings are counted from that day, not from the deadline.
    """
    check_facts(locals())
    given.days(withheld_on=withheld_on, remitted_on=remitted_on)
    earnings = lost_earnings(principal_cents=principal_cents, loss_on=withheld_on, recovered_on=remitted_on)
    limit = figures.cents("late_deposit_self_correction", CalendarYear(max(remitted_on, SELF_CORRECTION_FROM).year))
    remit_by = withheld_on + timedelta(days=SELF_CORRECTION_DAYS)
    found = (
        (remitted_on < SELF_CORRECTION_FROM, SelfCorrectionBar.NOT_YET),
        (under_investigation, SelfCorrectionBar.UNDER_INVESTIGATION),
        (remitted_on > remit_by, SelfCorrectionBar.REMITTED_TOO_LATE),
        (earnings.total_cents > limit, SelfCorrectionBar.LOST_EARNINGS_TOO_HIGH),
    )
    return SelfCorrection(tuple(bar for barred, bar in found if barred), earnings, limit, remit_by)


def late_deposit_excise(
    *, principal_cents: int, loss_on: date, corrected_on: date, tax_year_start: tuple[int, int] = (1, 1)
) -> LateDepositExcise:
    """15 % of the interest, for each tax year of the employer or part of one (IRC 4975(a), (f)(2); Rev. Rul. 2006-38).

    The amount involved is the interest on what the employer kept. A use that goes on is a new transaction on the first
    day of each tax year, so that the interest of earlier years is taxed again beside that of the year.
    """
    check_facts(locals())
    given.amounts(principal_cents=principal_cents)
    given.days(loss_on=loss_on, corrected_on=corrected_on)
    owed, involved, years = Fraction(principal_cents), 0, []
    after = loss_on
    while after < corrected_on:
        ends = _tax_year_end(after + timedelta(days=1), tax_year_start)
        periods = grow(owed, after=after, until=min(ends, corrected_on))
        interest = half_up(periods[-1].owed - owed)
        involved += interest
        rate = figures.bps("excise_4975", CalendarYear(ends.year))
        tax = half_up(Fraction(involved * rate, 10_000))
        years.append(ExciseYear(ends, interest, involved, tax, form_5330_for_4975(tax_year_ends_on=ends).due))
        owed, after = periods[-1].owed, min(ends, corrected_on)
    second = figures.bps("excise_4975_second", CalendarYear(corrected_on.year))
    return LateDepositExcise(principal_cents, tuple(years), half_up(Fraction(involved * second, 10_000)))


def deposit_extension(*, pay_date: date, extensions_before_in_plan_year: int = 0) -> DepositExtension:
    """Ten more business days for the contributions of one month (29 CFR 2510.3-102(d)).

    A bond or letter of credit before the extension begins, notice to participants and to the Department within five
    business days after it ends; from the third extension of a plan year on, interest for all of that year.
    """
    check_facts(locals())
    given.counts(12, extensions_before_in_plan_year=extensions_before_in_plan_year)
    outer = deadlines.deposit_deadline(pay_date, participants_at_start_of_year=deadlines.SMALL_PLAN_BELOW).outer_limit
    extended = deadlines.business_day_after(outer, EXTENSION_DAYS)
    return DepositExtension(
        outer_limit=outer,
        extended_to=extended,
        bond_before=outer + timedelta(days=1),
        tell_by=deadlines.business_day_after(extended, EXTENSION_NOTICE_DAYS),
        interest_due=extensions_before_in_plan_year >= EXTENSIONS_WITHOUT_INTEREST,
    )


def _tax_year_end(day: date, start: tuple[int, int]) -> date:
    begins = date(day.year, *start)
    begins = begins if begins <= day else anniversary(begins, -1)
    return anniversary(begins, 1) - timedelta(days=1)

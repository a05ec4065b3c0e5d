"""An employee left out, or an election not followed: what is missed, what is contributed, by when (EPCRS).

Not here: failed ADP and ACP tests (corrections.py), earnings on what is contributed (those of the plan;
lost_earnings.py).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

import numpy as np

from ..kernel import PlanYear, anniversary, half_up
from . import figures, given
from .arrays import Cents, half_up_quotient
from .given import check_facts
from .matching import MatchFormula, match

_WHOLE = 10_000
#: Notice of the failure within so many days after correct deferrals begin (IRC 414(cc)(2)(B)(iv); App. A .05(9)).
NOTICE_DAYS = 45
#: IRC 414(cc) corrects errors whose last day falls after this one (Notice 2024-2).
AUTOMATIC_FROM = date(2023, 12, 31)
_THREE_MONTHS, _NINE_MONTHS, _HALF_MONTH_DAYS, _MATCH_MONTHS = 3, 9, 14, 6
#: The self-correction period of a significant failure: the third plan year after (Rev. Proc. 2021-30 section 9.02).
_CORRECTION_YEARS = 3


class Basis(StrEnum):
    """At which rate of pay somebody would have deferred (Rev. Proc. 2021-30 App. A .05)."""

    GROUP_AVERAGE = "average_deferral_percentage_of_the_group"
    SAFE_HARBOR_MATCH = "safe_harbor_match"
    SAFE_HARBOR_NONELECTIVE = "safe_harbor_nonelective"
    ELECTION = "election_that_was_not_followed"
    DEFAULT = "default_rate_of_automatic_enrollment"
    CATCH_UP = "half_of_the_catch_up_limit"


class Relief(StrEnum):
    """How much of the missed deferral is owed; the first that is open decides, from the cheapest."""

    AUTOMATIC = "automatic_contribution_error"
    THREE_MONTHS = "three_months"
    QUARTER = "correction_period"
    HALF = "half"


class Lacking(StrEnum):
    """Why a relief is not open, in the order in which it is looked at."""

    NOT_AUTOMATIC = "no_automatic_enrollment"
    BEFORE_414CC = "before_2024"
    BEGUN_TOO_LATE = "correct_deferrals_began_too_late"
    NOTICE_TOO_LATE = "notice_too_late_or_missing"
    NOT_UNIFORM = "not_for_all_in_the_same_way"


@dataclass(frozen=True, slots=True, eq=False)
class MissedDeferral:
    """Per employee: the rate, what would have been deferred, and what of it the limit takes away."""

    basis: Basis
    rate_bps: Cents
    missed: Cents
    over_limit: Cents
    cite: str = "Rev. Proc. 2021-30 App. A .05(2), (5); App. B section 2.02(1)(a)(ii)"


@dataclass(frozen=True, slots=True)
class CorrectionWindows:
    """By when correct deferrals begin for each relief: the first pay date on or after the day told."""

    plan_year: PlanYear
    failure_began_on: date
    automatic: date
    three_months: date
    quarter: date
    match_of_others: date
    cite: str = "IRC 414(cc)(2)(B)(i); Notice 2024-2 section F; Rev. Proc. 2021-30 App. A .05(9), section 9.02"


@dataclass(frozen=True, slots=True)
class ReliefFound:
    """The cheapest relief that is open, its share of the missed deferral, and what kept cheaper ones shut."""

    relief: Relief
    qnec_bps: int
    begin_by: date | None
    notice_by: date
    match_by: date
    shut: tuple[tuple[Relief, Lacking], ...]
    cite: str

    @property
    def owes_qnec(self) -> bool:
        return self.qnec_bps > 0


@dataclass(frozen=True, slots=True, eq=False)
class MissedContributions:
    """Per employee what the employer contributes: a QNEC and the whole missed match. Earnings come on top."""

    qnec: Cents
    match: Cents
    after_tax_qnec: Cents
    cite: str = "Rev. Proc. 2021-30 App. A .05(2)-(5), (9); IRC 414(cc)(2)(B)(ii), (3)"

    @property
    def total_cents(self) -> int:
        return int((self.qnec + self.match + self.after_tax_qnec).sum())


def missed_deferrals(
    *,
    basis: Basis,
    compensation: Cents,
    rate_bps: Cents | int = 0,
    fully_matched_up_to_bps: int = 0,
    deferred: Cents | None = None,
    limit: Cents | None = None,
    plan_year: PlanYear,
) -> MissedDeferral:
    """What employees would have deferred while they were left out (Rev. Proc. 2021-30 App. A .05(2), (5)).

    ``compensation`` is that of the time left out. ``rate_bps`` is the average deferral percentage of the employee's
    group (HCE or NHCE), the election, or the default rate. In a safe harbor plan it is 3 %, or with a match the
    greater of that and the rate up to which the match is at least 100 % (.05(2)(d)). What was deferred and what is
    missed stay within ``limit`` (402(g) or the plan's, with catch-up where it applies).
    """
    check_facts(locals())
    if (np.asarray(rate_bps) > _WHOLE).any():
        raise given.ImpossibleInput("rate_bps", "a rate of pay is from 0 to 10,000 basis points.")
    least = figures.bps("missed_deferral_safe_harbor", plan_year)
    match basis:
        case Basis.SAFE_HARBOR_NONELECTIVE:
            rate_bps = least
        case Basis.SAFE_HARBOR_MATCH:
            given.counts(_WHOLE, fully_matched_up_to_bps=fully_matched_up_to_bps)
            rate_bps = max(least, fully_matched_up_to_bps)
        case Basis.CATCH_UP:
            raise given.ImpossibleInput("basis", "catch-up is half of a limit, no rate of pay: missed_catch_up_cents.")
        case Basis.GROUP_AVERAGE | Basis.ELECTION | Basis.DEFAULT:
            pass
    rates = np.broadcast_to(np.asarray(rate_bps, dtype=np.int64), compensation.shape)
    whole = half_up_quotient(compensation * rates, _WHOLE)
    room = whole if limit is None else np.maximum(limit - (0 if deferred is None else deferred), 0)
    missed = np.minimum(whole, room)
    return MissedDeferral(basis, rates, missed, whole - missed)


def missed_contributions(
    missed: MissedDeferral,
    *,
    relief: Relief,
    plan_year: PlanYear,
    formula: MatchFormula | None = None,
    compensation: Cents | None = None,
    deferred: Cents | None = None,
    matched: Cents | None = None,
    missed_after_tax: Cents | None = None,
) -> MissedContributions:
    """The QNEC by the relief, and the missed match in full under each of them (Rev. Proc. 2021-30 App. A .05).

    The match is the formula on what was and would have been deferred, on the plan's pay of the year
    (``compensation``), less what was matched. Of after-tax contributions that were missed, 40 % (.05(3)).
    """
    check_facts(locals())
    none = np.zeros_like(missed.missed)
    before = none if deferred is None else deferred
    owed = half_up_quotient(missed.missed * qnec_share_bps(relief, plan_year), _WHOLE)
    lost_match = none
    if formula is not None:
        if compensation is None:
            raise given.ImpossibleInput("compensation", "the match needs the pay it is counted on.")
        whole = match(before + missed.missed, compensation, formula)
        lost_match = np.maximum(whole - (match(before, compensation, formula) if matched is None else matched), 0)
    after_tax = none if missed_after_tax is None else missed_after_tax
    share = figures.bps("missed_after_tax_qnec", plan_year)
    return MissedContributions(owed, lost_match, half_up_quotient(after_tax * share, _WHOLE))


def qnec_share_bps(relief: Relief, plan_year: PlanYear) -> int:
    """The share of the missed deferral (IRC 414(cc)(3); Rev. Proc. 2021-30 App. A .05(2)(b), (9)(a), (b))."""
    check_facts(locals())
    match relief:
        case Relief.AUTOMATIC | Relief.THREE_MONTHS:
            return 0
        case Relief.QUARTER:
            return figures.bps("missed_deferral_qnec_reduced", plan_year)
        case Relief.HALF:
            return figures.bps("missed_deferral_qnec", plan_year)


def missed_catch_up_cents(*, catch_up_limit_cents: int, deferred_catch_up_cents: int = 0) -> int:
    """Missed catch-up of somebody who was not offered it: half of the limit (Rev. Proc. 2021-30 App. A .05(4)).

    Of this the relief's share is contributed, and the match in full.
    """
    check_facts(locals())
    given.amounts(catch_up_limit_cents=catch_up_limit_cents, deferred_catch_up_cents=deferred_catch_up_cents)
    half = half_up(Fraction(catch_up_limit_cents, 2))
    return min(half, max(catch_up_limit_cents - deferred_catch_up_cents, 0))


def correction_windows(
    *, plan_year: PlanYear, failure_began_on: date, notified_on: date | None = None
) -> CorrectionWindows:
    """From which day the next pay date is the last on which correct deferrals begin, for each relief.

    IRC 414(cc)(2)(B)(i): 9 1/2 months after the plan year in which the error began; Rev. Proc. 2021-30 App. A
    .05(9)(a): three months from its beginning; (b): the end of the third plan year after it. Once the employee tells
    the employer (``notified_on``), the last day of the month after that, where earlier.

    >>> correction_windows(
    ...     plan_year=PlanYear.starting(date(2026, 1, 1)), failure_began_on=date(2026, 2, 1)
    ... ).automatic
    datetime.date(2027, 10, 15)
    """
    check_facts(locals())
    given.days(failure_began_on=failure_began_on, notified_on=notified_on)
    if failure_began_on not in plan_year:
        raise given.ImpossibleInput("failure_began_on", f"{failure_began_on} is not in the plan year {plan_year}.")
    told = date.max if notified_on is None else _end_of_month(notified_on, 1)
    scp = anniversary(plan_year.end, _CORRECTION_YEARS) - timedelta(days=1)
    return CorrectionWindows(
        plan_year=plan_year,
        failure_began_on=failure_began_on,
        automatic=min(given.add_months(plan_year.end, _NINE_MONTHS) + timedelta(days=_HALF_MONTH_DAYS), told),
        three_months=min(given.add_months(failure_began_on, _THREE_MONTHS) - timedelta(days=1), told),
        quarter=min(scp, told),
        match_of_others=scp,
    )


def relief(
    *,
    windows: CorrectionWindows,
    pay_dates: tuple[date, ...],
    correct_deferrals_begin_on: date | None,
    notice_given_on: date | None,
    automatic: bool,
    uniform: bool = True,
    would_begin_on: date | None = None,
) -> ReliefFound:
    """How much of the missed deferral is owed (IRC 414(cc); Notice 2024-2 section F; Rev. Proc. 2021-30 App. A .05(9)).

    ``pay_dates``: this employee's, from the failure on. ``automatic``: the plan's automatic enrollment or escalation,
    or an election in such a plan, went wrong, or the employee was left out of it. Somebody who left before the
    correction has no ``correct_deferrals_begin_on``; under 414(cc) the day on which they ``would_begin_on`` stands for
    it.
    """
    check_facts(locals())
    begun = correct_deferrals_begin_on
    counted = begun if begun is not None else would_begin_on
    told_by = date.max if counted is None else counted + timedelta(days=NOTICE_DAYS)
    in_time = notice_given_on is not None and notice_given_on <= told_by
    shut: list[tuple[Relief, Lacking]] = []
    for each, since, day in (
        (Relief.AUTOMATIC, windows.automatic, counted),
        (Relief.THREE_MONTHS, windows.three_months, begun),
        (Relief.QUARTER, windows.quarter, begun),
    ):
        last = _first_pay_date(pay_dates, since)
        lacking = _lacking(each, windows, day, last, automatic=automatic, in_time=in_time, uniform=uniform)
        if lacking is None and day is not None:
            return _found(each, windows, last, day, tuple(shut))
        shut.append((each, lacking or Lacking.BEGUN_TOO_LATE))
    return _found(Relief.HALF, windows, None, counted, tuple(shut))


def _lacking(
    each: Relief,
    windows: CorrectionWindows,
    day: date | None,
    last: date | None,
    *,
    automatic: bool,
    in_time: bool,
    uniform: bool,
) -> Lacking | None:
    for_414cc = each is Relief.AUTOMATIC
    found = (
        (for_414cc and not automatic, Lacking.NOT_AUTOMATIC),
        (for_414cc and windows.automatic <= AUTOMATIC_FROM, Lacking.BEFORE_414CC),
        (day is None or (last is not None and day > last), Lacking.BEGUN_TOO_LATE),
        (not in_time, Lacking.NOTICE_TOO_LATE),
        (for_414cc and not uniform, Lacking.NOT_UNIFORM),
    )
    return next((why for holds, why in found if holds), None)


def _found(
    each: Relief,
    windows: CorrectionWindows,
    last: date | None,
    day: date | None,
    shut: tuple[tuple[Relief, Lacking], ...],
) -> ReliefFound:
    match_by = windows.match_of_others
    if each is Relief.AUTOMATIC and day is not None:
        match_by = _end_of_month(day, _MATCH_MONTHS)
    return ReliefFound(
        relief=each,
        qnec_bps=qnec_share_bps(each, windows.plan_year),
        begin_by=last,
        notice_by=date.max if day is None else day + timedelta(days=NOTICE_DAYS),
        match_by=match_by,
        shut=shut,
        cite="IRC 414(cc); Notice 2024-2 section F" if each is Relief.AUTOMATIC else "Rev. Proc. 2021-30 App. A .05",
    )


def _first_pay_date(pay_dates: tuple[date, ...], since: date) -> date | None:
    """None: no pay date on or after the day is known yet, so every day known is in time."""
    return min((each for each in pay_dates if each >= since), default=None)


def _end_of_month(day: date, months: int) -> date:
    return given.add_months(day.replace(day=1), months + 1) - timedelta(days=1)

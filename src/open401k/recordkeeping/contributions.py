"""What each person should have received, per pay date and source: entitlement, pure. Not here: posting (posting.py).

Shapes: N people by K pay dates of one plan year and calendar year, in date order; amounts are int64 cents. The pay
dates are folded one by one, each starting from the year to date that the ones before it left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from open401k.kernel import CalendarYear, EmployeeId, LimitationYear, PlanYear, Source
from open401k.law import additions, compensation, deferrals, matching
from open401k.plan import Conditions, Kind, Match, MatchPeriod, Provisions

from .additions_limit import NOTHING_BESIDE, Beside, YearSoFar, take_above
from .allocating import EVERYBODY, Declared, NonelectiveOfYear, Receives, add_declared, nonelective_of_year
from .entered import Counted, ToDate, counted_for, earned_by_kind, entered_by_day
from .loan_excess import LoanLimits, LoanPeriod, take_back
from .matched import matched_deferrals, matched_loans

Cents = NDArray[np.int64]
#: A match keeps its cap and its true-up when an amendment changes the source it goes to.
MATCHES = (Source.MATCH, Source.SAFE_HARBOR_MATCH)
SAFE_HARBOR = frozenset({Source.SAFE_HARBOR_MATCH, Source.SAFE_HARBOR_NONELECTIVE})
Flags = NDArray[np.bool_]


class HeldReason(StrEnum):
    """Why money that payroll withheld is not credited but waits in suspense. Taken, and listed, in this order."""

    SOURCE_NOT_PERMITTED = "source_not_permitted"
    LEFT_LONG_AGO = "left_long_ago"
    NOT_ENTERED = "not_entered"
    PAY_CODE_UNCONFIRMED = "pay_code_unconfirmed"
    CATCH_UP_TOO_YOUNG = "catch_up_too_young"
    OVER_LIMIT = "over_limit"
    CATCH_UP_MUST_BE_ROTH = "catch_up_must_be_roth"
    OVER_ADDITIONS = "over_additions"


@dataclass(frozen=True, slots=True)
class People:
    """N people: the day each first entered the plan, age reached by year end, and who may catch up only as Roth."""

    employee_ids: tuple[EmployeeId, ...]
    entered_on: tuple[date | None, ...]
    age_at_year_end: Cents
    roth_catch_up_only: Flags
    #: Whole years on the first day of the plan year; None where no term of the plan asks.
    years_of_service: Cents | None = None
    #: The day each entered for the match, and for nonelective money; None: for everybody that of ``entered_on``.
    match_entered_on: tuple[date | None, ...] | None = None
    nonelective_entered_on: tuple[date | None, ...] | None = None
    #: Who gets no safe harbor contribution, as highly compensated; None where everybody does.
    out_of_safe_harbor: Flags | None = None


@dataclass(frozen=True, slots=True)
class Pay:
    """N x K cents of what payroll reported: plan compensation and what was withheld (catch-up codes included in it)."""

    pay_dates: tuple[date, ...]
    compensation: Cents
    pre_tax: Cents
    roth: Cents
    after_tax: Cents
    coded_catch_up_pre_tax: Cents
    coded_catch_up_roth: Cents
    left_long_ago: Flags
    kept_out: Flags  # of a class that the plan excludes, on that pay date
    in_doubt: Flags | None = None  # whose pay holds a code that waits for a person; None is nobody
    #: Compensation of kinds of money that count other pay; who these are entered by is said apart then, too.
    apart: Mapping[Kind, Cents] = field(default_factory=dict)
    beside: Beside = NOTHING_BESIDE
    #: Who is of a class that is out of a kind of money alone, on that pay date.
    out_of: Mapping[Kind, Flags] = field(default_factory=dict)

    def of(self, period: int) -> "PayOfDate":
        """One pay date."""
        return PayOfDate(
            on=self.pay_dates[period],
            compensation=self.compensation[:, period],
            pre_tax=self.pre_tax[:, period],
            roth=self.roth[:, period],
            after_tax=self.after_tax[:, period],
            coded_catch_up_pre_tax=self.coded_catch_up_pre_tax[:, period],
            coded_catch_up_roth=self.coded_catch_up_roth[:, period],
            left_long_ago=self.left_long_ago[:, period],
            kept_out=self.kept_out[:, period],
            in_doubt=None if self.in_doubt is None else self.in_doubt[:, period],
            apart={kind: cents[:, period] for kind, cents in self.apart.items()},
            beside=self.beside.at(period),
            out_of={kind: flags[:, period] for kind, flags in self.out_of.items()},
        )


@dataclass(frozen=True, slots=True)
class PayOfDate:
    """N cents of one pay date, in the order of :class:`Pay`."""

    on: date
    compensation: Cents
    pre_tax: Cents
    roth: Cents
    after_tax: Cents
    coded_catch_up_pre_tax: Cents
    coded_catch_up_roth: Cents
    left_long_ago: Flags
    kept_out: Flags
    in_doubt: Flags | None = None
    apart: Mapping[Kind, Cents] = field(default_factory=dict)
    beside: Beside = NOTHING_BESIDE
    out_of: Mapping[Kind, Flags] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class YearToDate:
    """N cents before a pay date: deferrals of the calendar year, the rest of the plan year.

    ``deferrals``, ``roth_deferrals`` and ``additions`` are of all plans of the sponsor (Reg. 1.401(a)-30(a); IRC
    415(f)(1)(B)), everything else is of this one. ``compensation`` counts from entry into the plan; ``match`` is of
    every match source; ``additions`` is all that was credited, catch-up included. ``matched_deferrals`` and
    ``match_of_terms`` are of the period of the match so far, ``compensation_before_terms`` is of the plan year's days
    before it. A period starts anew where the match was amended, so that nothing earned before is given twice or taken
    back (IRC 411(d)(6)). ``catch_up_elsewhere`` is, where the plan year is not the calendar year, catch-up of the
    plan year in the calendar year before, less that of this calendar year before the plan year.
    """

    deferrals: Cents
    roth_deferrals: Cents
    compensation: Cents
    plan_year_deferrals: Cents
    match: Cents
    additions: Cents
    matched_deferrals: Cents
    match_of_terms: Cents
    compensation_before_terms: Cents
    catch_up_elsewhere: Cents
    #: What counts for the match, and for nonelective money, where people enter for them later than for deferrals.
    for_match: ToDate | None = field(default=None, kw_only=True)
    for_nonelective: ToDate | None = field(default=None, kw_only=True)

    @property
    def so_far(self) -> YearSoFar:
        """What the limit of 415(c) looks at."""
        so_far = self.deferrals, self.plan_year_deferrals, self.additions, self.catch_up_elsewhere
        return YearSoFar(*so_far, self.roth_deferrals)

    @property
    def to_date(self) -> ToDate:
        """What counts for a kind of money that is entered with deferrals."""
        return ToDate(
            self.compensation, self.plan_year_deferrals, self.matched_deferrals, self.compensation_before_terms
        )

    @classmethod
    def zero(cls, people: int) -> "YearToDate":
        """The first day of a year."""
        nothing = np.zeros(people, dtype=np.int64)
        return cls(*[nothing] * 10)


@dataclass(frozen=True, slots=True)
class TermsOfYear:
    """N cents of the days of a plan year under one match, but for the last day of the year: what a true-up counts."""

    match: Match | None
    deferrals: Cents
    compensation_before: Cents  # of the plan year's days before these
    compensation: Cents
    matched: Cents
    student_loans: Cents | None = None  # paid, the last day included


@dataclass(frozen=True, slots=True)
class YearEnd:
    """A plan year that is over: by the match, and the nonelective, it was under, the last one last; what was declared
    for it; and who meets the conditions of what it gives. Or a part of it whose student loan payments are matched."""

    terms: tuple[TermsOfYear, ...] = ()
    declared: tuple[tuple[Declared, Conditions], ...] = ()
    nonelective: tuple[NonelectiveOfYear, ...] = ()
    receives: Receives = EVERYBODY
    shared: Cents | None = None  # profit sharing by groups or points, as it is shared among everybody
    loans_before: Cents | int = 0  # student loan payments of the year that were matched when a period was over
    loan_periods: tuple[LoanPeriod, ...] = ()  # those periods, where the year is over
    section_415: Cents | None = None  # pay of the year as 415(c)(3) counts it, where the year is over


NOT_OVER = YearEnd()

Held = dict[tuple[Source, HeldReason], Cents]
Slot = TypeVar("Slot", Source, tuple[Source, HeldReason])


@dataclass(frozen=True, slots=True)
class Entitlement:
    """N x K cents that should stand in the books, per source, and what is held back, per source and reason.

    ``not_given`` is the employer's money that the terms give by then and 415(c) does not: it stands nowhere.
    """

    credited: Mapping[Source, Cents]
    held: Mapping[tuple[Source, HeldReason], Cents]
    not_given: Mapping[Source, Cents] = field(default_factory=dict)


class OfDate(NamedTuple):
    """N cents of one pay date: credited, held, the year to date after it, and the employer's money that the terms give
    and 415(c) does not let it give."""

    credited: dict[Source, Cents]
    held: Held
    after: YearToDate
    not_given: Mapping[Source, Cents]


def entitle(
    provisions: Provisions, people: People, pay: Pay, opening: YearToDate, year_end: YearEnd = NOT_OVER
) -> Entitlement:
    """Everything each person should have received for these pay dates, as the provisions and the law have it.

    Deferrals stop at 402(g) plus catch-up (IRC 402(g)(1), 414(v)) and at 415(c); match and nonelective count
    compensation from entry up to 401(a)(17). With a ``year_end`` there is one date, the last day of a plan year.
    """
    credited: list[dict[Source, Cents]] = []
    held: list[Held] = []
    not_given: list[Mapping[Source, Cents]] = []
    before, size = opening, len(people.employee_ids)
    for period in range(len(pay.pay_dates)):
        of_date, kept, before, kept_out = entitle_date(provisions, people, pay.of(period), before, year_end)
        credited.append(of_date)
        held.append(kept)
        not_given.append(kept_out)
    return Entitlement(_stacked(credited, size), _stacked(held, size), _stacked(not_given, size))


def entitle_date(
    provisions: Provisions, people: People, pay: PayOfDate, before: YearToDate, year_end: YearEnd = NOT_OVER
) -> OfDate:
    """One pay date, with what 415(c) leaves of it for who is at the limit."""
    plan_year = provisions.plan_year_of(pay.on)
    entered = entered_by(people, pay.on) & ~pay.kept_out
    earned, of_match, of_nonelective = earned_by_kind(entered & ~pay.left_long_ago, pay.compensation, pay.apart)
    limits = limits_on(provisions, people, pay, before)
    held: Held = {}
    wanted = _permitted(provisions, people, pay, entered, held)
    taken = deferrals.accept_by_source(
        before=before.deferrals,
        roth_before=before.roth_deferrals,
        pre_tax=wanted[Source.PRE_TAX],
        roth=wanted[Source.ROTH],
        limits=limits,
        roth_required=people.roth_catch_up_only,
    )
    _hold(held, Source.PRE_TAX, HeldReason.OVER_LIMIT, taken.excess_pre_tax)
    _hold(held, Source.ROTH, HeldReason.OVER_LIMIT, taken.excess_roth)
    _hold(held, Source.PRE_TAX, HeldReason.CATCH_UP_MUST_BE_ROTH, taken.must_be_roth)
    credited = {
        Source.PRE_TAX: taken.pre_tax - taken.must_be_roth,
        Source.ROTH: taken.roth,
        Source.AFTER_TAX: wanted[Source.AFTER_TAX],
    }
    out = pay.out_of.get
    to_match = counted_for(people.match_entered_on, pay.on, of_match, before.to_date, before.for_match, out(Kind.MATCH))
    to_give = counted_for(
        people.nonelective_entered_on, pay.on, of_nonelective, before.to_date, before.for_nonelective,
        out(Kind.NONELECTIVE),
    )  # fmt: skip
    _employer_money(provisions, people, plan_year, before, to_match, to_give, credited, limits.regular)
    _end_year(provisions, people, pay.on, before, to_match, to_give, credited, year_end, limits.regular)
    add_declared(plan_year, to_match, to_give, credited, year_end.declared, year_end.receives, year_end.shared)
    if people.out_of_safe_harbor is not None:
        for source in SAFE_HARBOR & credited.keys():
            credited[source] = np.where(people.out_of_safe_harbor, 0, credited[source])
    if pay.in_doubt is not None:  # what the employer gives for pay that is in doubt comes once it is not
        for source in [each for each in credited if not each.from_employee]:
            credited[source] = np.where(pay.in_doubt, 0, credited[source])
    most = additions.dollar_limit(LimitationYear(plan_year.start, plan_year.end), on=pay.on)
    roth, paid = people.roth_catch_up_only, year_end.section_415
    above = take_above(most, limits, before.so_far, credited, paid=paid, beside=pay.beside, roth_only=roth)
    held |= {(source, HeldReason.OVER_ADDITIONS): cents for source, cents in above.own.items()}
    after = _after(before, earned, credited, provisions)
    if to_match.entered is not None or to_give.entered is not None:
        after = replace(after, for_match=to_match.after(credited), for_nonelective=to_give.after(credited))
    return OfDate(credited, held, after, above.employer)


def entered_by(people: People, on: date) -> Flags:
    """Who has entered the plan by a day."""
    return entered_by_day(people.entered_on, on)


def limits_on(provisions: Provisions, people: People, pay: PayOfDate, before: YearToDate) -> deferrals.DeferralLimits:
    """402(g) and catch-up, and the plan's own share of pay to date where it is lower (above it begins catch-up).

    The plan's limit is one of the plan year, 402(g) one of the calendar year: what the plan year leaves comes on top
    of what the calendar year has seen.
    """
    terms = provisions.deferrals
    plan_limit = None
    if terms.max_bps_of_pay is not None:
        of_plan_year = (before.compensation + pay.compensation) * terms.max_bps_of_pay // 10_000
        plan_limit = np.maximum(before.deferrals + of_plan_year - before.plan_year_deferrals, 0)
    return deferrals.deferral_limits(
        people.age_at_year_end,
        CalendarYear(pay.on.year),
        plan_allows_catch_up=terms.catch_up,
        higher_60_to_63=terms.higher_catch_up_60_63,
        roth_required=people.roth_catch_up_only,
        plan_has_roth=Source.ROTH in terms.sources,
        plan_limit=plan_limit,
    )


def most_of_year(provisions: Provisions, people: People, on: date) -> Cents:
    """402(g) of the calendar year, with catch-up where the plan has it: more nobody could have deferred."""
    terms = provisions.deferrals
    return deferrals.deferral_limits(
        people.age_at_year_end,
        CalendarYear(on.year),
        plan_allows_catch_up=terms.catch_up,
        higher_60_to_63=terms.higher_catch_up_60_63,
    ).total


def _permitted(
    provisions: Provisions, people: People, pay: PayOfDate, entered: Flags, held: Held
) -> dict[Source, Cents]:
    """What is left of the withheld money after source, participation and the age of coded catch-up."""
    ages = people.age_at_year_end
    too_young = (ages > 0) & (ages < 50)
    sources = (
        (Source.PRE_TAX, pay.pre_tax, pay.coded_catch_up_pre_tax),
        (Source.ROTH, pay.roth, pay.coded_catch_up_roth),
        (Source.AFTER_TAX, pay.after_tax, np.zeros_like(pay.after_tax)),
    )
    wanted: dict[Source, Cents] = {}
    for source, withheld, coded in sources:
        left = withheld
        if source not in provisions.deferrals.sources:
            _hold(held, source, HeldReason.SOURCE_NOT_PERMITTED, left)
            left = np.zeros_like(left)
        for reason, out in ((HeldReason.LEFT_LONG_AGO, pay.left_long_ago), (HeldReason.NOT_ENTERED, ~entered)):
            _hold(held, source, reason, np.where(out, left, 0))
            left = np.where(out, 0, left)
        if pay.in_doubt is not None:
            _hold(held, source, HeldReason.PAY_CODE_UNCONFIRMED, np.where(pay.in_doubt, left, 0))
            left = np.where(pay.in_doubt, 0, left)
        early = np.where(too_young, np.minimum(coded, left), 0)
        _hold(held, source, HeldReason.CATCH_UP_TOO_YOUNG, early)
        wanted[source] = left - early
    return wanted


def _employer_money(
    provisions: Provisions,
    people: People,
    plan_year: PlanYear,
    before: YearToDate,
    to_match: Counted,
    to_give: Counted,
    credited: dict[Source, Cents],
    regular_limit: Cents,
) -> None:
    """Match of the pay period by itself, or of a longer period so far less what was given of it; nonelective."""
    cap = compensation.annual_cap(plan_year)
    earned, counting = to_match.earned, to_match.before
    counted = compensation.period_share(before=counting.compensation, period=earned, cap=cap)
    match = provisions.match
    if match is not None:
        deferred, given = to_match.deferrals(credited), np.zeros_like(counted)
        of_period, earlier = counted, given
        if match.period is not MatchPeriod.PAY_PERIOD:
            earlier, given = counting.matched_deferrals, before.match_of_terms
            of_period = compensation.period_share(
                before=counting.compensation_before_terms,
                period=counting.compensation - counting.compensation_before_terms + earned,
                cap=cap,
            )
        matched = matched_deferrals(
            match, regular_limit=regular_limit, before=before.deferrals - earlier, deferred=earlier + deferred
        )
        credited[match.source] = (
            matching.match_still_due(
                match_to_date=_by_formula(match, matched, of_period, people=people),
                matched_in_period=given,
                matched_before=before.match,
                cap_cents=match.cap_cents,
                cap_per_period_cents=match.cap_per_period_cents,
            )
            if not match.conditions.asks
            else np.zeros_like(counted)
        )
    if provisions.nonelective is not None and not provisions.nonelective.conditions.asks:
        if to_match.entered is not None or to_give.entered is not None:
            counted = compensation.period_share(before=to_give.before.compensation, period=to_give.earned, cap=cap)
        given = matching.nonelective(counted, provisions.nonelective.rate_bps)
        source = provisions.nonelective.source
        credited[source] = credited[source] + given if source in credited else given


def _by_formula(match: Match, deferred: Cents, pay: Cents, *, people: People) -> Cents:
    """What the tiers give on these amounts, before any cap."""
    if not match.by_service or people.years_of_service is None:
        return matching.match(deferred, pay, matching.MatchFormula.of(match.tiers))
    bands = tuple(matching.ServiceBand(years, matching.MatchFormula.of(tiers)) for years, tiers in match.bands)
    return matching.match_by_service(
        deferrals=deferred, compensation=pay, years_of_service=people.years_of_service, bands=bands
    )


def _end_year(
    provisions: Provisions,
    people: People,
    on: date,
    before: YearToDate,
    to_match: Counted,
    to_give: Counted,
    credited: dict[Source, Cents],
    year_end: YearEnd,
    regular_limit: Cents,
) -> None:
    """The last day of a plan year: what each match of the year gives over all of its days and did not per period.

    A match with conditions gives all of it then, to who meets them, and so does such a nonelective. Student loan
    payments are matched then, too, with what the formula gives beyond all deferrals (IRC 401(m)(13)(A)(i)): those of
    the year, or of a part of it. Days under a match that was amended keep theirs, as it was earned (IRC 411(d)(6)).
    """
    plan_year, earned, most = provisions.plan_year_of(on), to_match.earned, most_of_year(provisions, people, on)
    cap = compensation.annual_cap(plan_year)
    saved = before.deferrals + credited[Source.PRE_TAX] + credited[Source.ROTH] + year_end.loans_before
    given = sum((credited[each] for each in MATCHES if each in credited), np.zeros_like(earned))
    of_year = before.match + given
    deferred = to_match.deferrals(credited)
    nothing = np.zeros_like(earned)
    made = before.deferrals - sum((each.deferrals for each in year_end.terms), nothing)
    for place, terms in enumerate(year_end.terms, 1):
        match = terms.match
        today = (deferred, earned, given) if place == len(year_end.terms) else (nothing, nothing, nothing)
        made, of_terms = made + terms.deferrals, terms.deferrals + today[0]
        of_all = match is not None and (match.true_up or match.conditions.asks)
        if match is None or not (of_all or match.student_loans):
            continue
        pay = compensation.period_share(before=terms.compensation_before, period=terms.compensation + today[1], cap=cap)
        earlier = made - terms.deferrals
        matched = matched_deferrals(match, regular_limit=regular_limit, before=earlier, deferred=of_terms)
        whole = year_end.receives.of(match.conditions, _by_formula(match, matched, pay, people=people))
        more = np.maximum(whole - terms.matched - today[2], 0) if of_all else nothing
        if terms.student_loans is not None:  # after the deferrals, and only for what these left of the formula
            loans = matched_loans(match, terms.student_loans, most=most, regular_limit=regular_limit, deferred=saved)
            both = year_end.receives.of(match.conditions, _by_formula(match, matched + loans, pay, people=people))
            more, saved = more + both - whole, saved + loans
        if match.cap_cents is not None:
            more = np.minimum(more, np.maximum(match.cap_cents - of_year, 0))
        credited[match.source] = credited.get(match.source, nothing) + more
        of_year = of_year + more
    by_formula = partial(_by_formula, people=people)
    take_back(credited, year_end.loan_periods, before.deferrals, LoanLimits(most, regular_limit, cap), by_formula)
    at_end = nonelective_of_year(plan_year, to_give.earned, year_end.nonelective, year_end.receives)
    for source, cents in at_end.items():
        credited[source] = credited.get(source, nothing) + cents


def _after(before: YearToDate, earned: Cents, credited: dict[Source, Cents], provisions: Provisions) -> YearToDate:
    deferred = credited[Source.PRE_TAX] + credited[Source.ROTH]
    match = provisions.match
    matched = credited[match.source] if match is not None else np.zeros_like(deferred)
    return YearToDate(
        deferrals=before.deferrals + deferred,
        roth_deferrals=before.roth_deferrals + credited[Source.ROTH],
        compensation=before.compensation + earned,
        plan_year_deferrals=before.plan_year_deferrals + deferred,
        match=before.match + matched,
        additions=before.additions + sum(credited.values(), np.zeros_like(deferred)),
        matched_deferrals=before.matched_deferrals + deferred,
        match_of_terms=before.match_of_terms + matched,
        compensation_before_terms=before.compensation_before_terms,
        catch_up_elsewhere=before.catch_up_elsewhere,
    )


def _hold(held: Held, source: Source, reason: HeldReason, cents: Cents) -> None:
    if cents.any():
        held[source, reason] = cents


def _stacked(periods: Sequence[Mapping[Slot, Cents]], people: int) -> dict[Slot, Cents]:
    """Columns of each slot side by side; a slot without an entry for a pay date has zeros there."""
    nothing = np.zeros(people, dtype=np.int64)
    slots = {slot: None for period in periods for slot in period}
    return {slot: np.stack([period.get(slot, nothing) for period in periods], axis=1) for slot in slots}

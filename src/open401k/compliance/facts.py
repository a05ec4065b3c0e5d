"""The facts that plan tests read: arrays aligned over the people of a plan year. Not here: loading them (gather.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from open401k.kernel import CalendarYear, EmployeeId, LimitationYear, PlanId, PlanYear, Source, SponsorId

if TYPE_CHECKING:
    from open401k.plan import Provisions
    from open401k.recordkeeping import Declared

Cents: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
JSON: TypeAlias = bool | int | str | Sequence["JSON"] | dict[str, "JSON"] | None


def at_least_nothing(sums: Cents) -> Cents:
    """Sums of a year, none below zero: of whom more was taken back than given, an earlier year's money was.

    That year has it; nothing is left of it to count in the tests of this one.
    """
    counted: Cents = np.maximum(sums, 0)
    return counted


@dataclass(frozen=True, slots=True)
class Span:
    """One employment: hired on a day, left on a day or still here."""

    hired_on: date
    terminated_on: date | None


@dataclass(frozen=True, slots=True)
class Kin:
    """``relation`` is what ``relative`` is to the person, by place in the arrays: spouse, child, parent, ..."""

    person: int
    relative: int
    relation: str


@dataclass(frozen=True, slots=True, eq=False)
class PayHistory:
    """What each person was paid and deferred on each pay date: people down, pay dates across."""

    pay_dates: tuple[date, ...]
    compensation: Cents
    section_415: Cents
    pre_tax: Cents
    roth: Cents
    after_tax: Cents
    #: Of a year with two pay dates at most, which show no rhythm: those of the year before it.
    before: tuple[date, ...] = ()
    #: The pay period of a plan's very first payroll in days; 0: not known.
    period_days: int = 0
    #: Plan pay that others paid in the plan year, by the last day of each period: people down, periods across.
    brought: Cents | None = None
    brought_to: tuple[date, ...] = ()
    #: The plan's own first day, where that is in the plan year; None: before it.
    plan_began: date | None = None

    @property
    def deferrals(self) -> Cents:
        """Elective deferrals of each pay date."""
        return self.pre_tax + self.roth


@dataclass(frozen=True, slots=True, eq=False)
class EarlierCalendarYear:
    """The calendar year in which a plan year began, once the next one runs: what came before the plan year."""

    deferrals: Cents
    fica_prior: Cents
    """Wages of 3121(a) in the calendar year before it."""


@dataclass(frozen=True, slots=True, eq=False)
class KeyFacts:
    """Who owned or was an officer at any time in the plan year that holds the determination date (416(i)(1)(A))."""

    five_percent_owner: Flags
    one_percent_owner: Flags
    officer: Flags
    formerly: Flags
    """Key in an earlier year of the plan: who is not key now is out of the ratio for ever (IRC 416(g)(4)(B))."""
    untold: tuple[str, ...] = ()
    """Of which earlier years it is not known whether an officer or a 1-percent owner was key, and why."""


@dataclass(frozen=True, slots=True, eq=False)
class Workforce:
    """Who worked for the employer in a year, whether or not they have a place in these facts (IRC 414(q)(3), (5))."""

    year: PlanYear
    worked: int
    counted: int
    left_out: tuple[tuple[str, int], ...]
    """Why others are not counted, and how many."""
    not_on_file: tuple[tuple[str, int], ...]
    """Which fact is missing of how many, who are counted for want of it."""
    ranked: Flags
    """Who of the people of the facts worked in the year, and so can be among the best paid."""
    others_pay: Cents
    """Pay in the year of those who have no place here, as leavers of it: the most first."""
    other_officers_pay: Cents
    """The same of its officers, where these are many."""

    def in_bytes(self) -> bytes:
        """All of it, for the hash of the facts."""
        told = repr((str(self.year), self.worked, self.counted, self.left_out, self.not_on_file)).encode()
        return told + self.ranked.tobytes() + self.others_pay.tobytes() + b"\0" + self.other_officers_pay.tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class OtherPlan:
    """What another plan of the sponsor has of the same people: some limits and ratios are of the employer's plans.

    Like the money of the tested plan: of its years, up to the same day, without what the other plan never allowed.
    """

    name: str
    deferrals: Cents
    """Pre-tax and Roth of the calendar year."""
    roth: Cents
    plan_year_deferrals: Cents
    after_tax: Cents
    match: Cents
    employer: Cents
    """Everything that the employer gave in the plan year, match included."""
    balances: Cents
    """At the determination date that falls into the same calendar year (Reg. 1.416-1 T-23)."""
    participates: Flags
    """Whether the person had entered that plan by then, or has a balance in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Receiving:
    """Whom conditions keep from the employer's money of the year, where the plan has any (plan.Conditions)."""

    no_match: Flags
    """Whoever still works is taken to meet them, until the year is over."""
    no_nonelective: Flags
    hours: Cents
    """Whole hours of service of the plan year."""
    here: Flags
    """Employed on the last day, or on the day of the facts."""
    match_by_last_day: bool
    """Whether everybody who is not there on the last day goes without."""
    nonelective_by_last_day: bool

    def in_bytes(self) -> bytes:
        """All of it, for the hash of the facts."""
        columns = (self.no_match, self.no_nonelective, self.hours, self.here)
        return b"".join(np.ascontiguousarray(each).tobytes() for each in columns)


@dataclass(frozen=True, slots=True, eq=False)
class PlanFacts:
    """What the tests of one plan year read, as of a day, as known at an instant: one place a person, money in cents."""

    tenant_id: SponsorId
    plan_id: PlanId
    plan_year: PlanYear
    as_of: date
    known_at: datetime
    provisions: Provisions
    employee_ids: Sequence[EmployeeId]
    labels: Sequence[str]
    birth_dates: tuple[date | None, ...]
    employment: tuple[tuple[Span, ...], ...]
    eligible_on: tuple[date | None, ...]
    """Entry date into the plan; None for people whom the provisions keep out or who have not met them yet.

    Of who was in an excluded class as the plan year began: the day of it on which that ended.
    """
    class_excluded: Flags
    """Kept out by class alone so far in the year, with age and service met: counted in coverage, not benefiting."""
    compensation: Cents
    """Plan compensation of the plan year to date, before the 401(a)(17) limit."""
    section_415: Cents
    """Of the employer, whichever plan's payrolls told it; so are the pay and the wages of the year before."""
    pre_tax: Cents
    """Deferrals withheld in the plan year, catch-up included: catch-up is derived, not a source. Like the other money
    of employees without what is held because the person, or the plan's terms, never allowed it."""
    roth: Cents
    after_tax: Cents
    calendar_deferrals: Cents
    """Pre-tax and Roth of the calendar year of ``as_of`` (402(g) knows no plan year)."""
    calendar_roth: Cents
    match: Cents
    nonelective: Cents
    """Nonelective, safe harbor nonelective and profit sharing posted for the plan year."""
    qnec: Cents
    fica_prior: Cents
    """Wages of 3121(a) in the preceding calendar year (Roth catch-up)."""
    prior_section_415: Cents
    """Compensation of the lookback year."""
    prior_known: Flags
    """Whether the lookback year's pay is on file for the person."""
    balances_at_determination: Cents
    """Account balances at the end of the preceding plan year (top-heavy)."""
    ownership_bps: npt.NDArray[np.int64]
    officer: Flags
    kin: tuple[Kin, ...]
    former_owners: Flags | None = None
    """Who owned more than 5 %, family included, on another day of this plan year or of the year before."""
    other_nonelective: bool = False
    """Whether any of the nonelective is not a safe harbor contribution."""
    key_facts: KeyFacts | None = None
    """Left out: as ownership and offices are now."""
    lookback: Workforce | None = None
    """Of the lookback year, only with the top-paid group election. Left out: everybody here, and nobody else."""
    determination: Workforce | None = None
    """Of the year with the determination date, only where it had more officers than can be key in any plan."""
    prior_ratios: PriorRatios | None = None
    """NHCE averages of the preceding plan year, for prior-year testing; of a plan that this one succeeds, its."""
    succeeds: tuple[str, ...] = ()
    """Other plans in which half or more of a first year's eligible were the year before (Reg. 1.401(k)-2(c)(2))."""
    classes: tuple[str, ...] = ()
    """Each person's employee class, where anybody has one: what an amendment of coverage names."""
    kept_out_on: tuple[date | None, ...] = ()
    """The day of the year from which each is, or will be, kept out by class alone; empty where nobody is."""
    earlier: EarlierCalendarYear | None = None
    """Only where the plan year began in the calendar year before the one of ``as_of``."""
    others: tuple[OtherPlan, ...] = ()
    """The sponsor's other plans; nearly every sponsor has none."""
    pay_elsewhere: Cents | None = None
    """Plan compensation that only the payrolls of other plans told."""
    tested_on: tuple[date | None, ...] = ()
    """The day from which each counts in the tests; empty: as ``eligible_on``.

    Who may defer only for long-term part-time work is left out, unless the plan has them tested (IRC 401(k)(15)(B)).
    """
    match_pay: Cents | None = None
    """Pay of the plan year to date as the match counts it, where that is not ``compensation``, which tests count."""
    nonelective_pay: Cents | None = None
    """The same as nonelective money counts it."""
    match_on: tuple[date | None, ...] = ()
    """The day of entry for the match; empty: as ``eligible_on``."""
    nonelective_on: tuple[date | None, ...] = ()
    """The same for nonelective money."""
    match_kept_out: Flags | None = None
    """As ``class_excluded``, with the age and service that the match asks for met; None: the same people."""
    nonelective_kept_out: Flags | None = None
    """The same with those that nonelective money asks for."""
    corrective: Cents | None = None
    """What the employer contributed to correct failures of this limitation year, whenever it did; mostly nothing.

    It counts in 415(c) (Reg. 1.415(c)-1(b)(6)(ii)) and toward the top-heavy minimum (Reg. 1.416-1 M-18); no ratio of
    this year is tested with it (Rev. Proc. 2021-30 App. B section 2.02(1)(a)(ii)).
    """
    given_back: Mapping[Source, Cents] = field(default_factory=dict)
    """What approved corrections took out of accounts, by source: the other columns are without it (given_back.py)."""
    declared: tuple[Declared, ...] = ()
    """What the employer declared for the plan year beyond the plan's own formulas."""
    receiving: Receiving | None = None
    """Whom conditions keep from employer money; None where the plan has no conditions."""
    loan_matched: Flags | None = None
    """Who received a match of student loan payments, where the plan tests them apart (IRC 401(m)(13)(B)(iv))."""
    history: PayHistory | None = None
    """From the first day of the plan year or, where that is earlier, of the calendar year.

    Only where someone will look at single pay dates: projections and working of small plans.
    """

    def __len__(self) -> int:
        return len(self.employee_ids)

    @property
    def calendar_year(self) -> CalendarYear:
        """The year of 402(g) and catch-up."""
        return CalendarYear(min(self.as_of, self.plan_year.last_day).year)

    @property
    def calendar_before(self) -> Cents:
        """Deferrals of the calendar year before the plan year began in it."""
        if self.plan_year.start.year < self.calendar_year.year:
            return np.zeros_like(self.calendar_deferrals)
        return self.calendar_deferrals - self.deferrals

    @property
    def horizon(self) -> date:
        """The last day that a test of these facts looks to: of the plan year, or of the calendar year (402(g))."""
        return max(self.plan_year.last_day, self.calendar_year.last_day)

    @property
    def plan_has_roth(self) -> bool:
        """Whether deferrals can be designated Roth."""
        return any(source.value == "roth" for source in self.provisions.deferrals.sources)

    @property
    def limitation_year(self) -> LimitationYear:
        """The year of 415(c): the plan year, as nearly every plan has it."""
        return LimitationYear(self.plan_year.start, self.plan_year.end)

    @property
    def prior_year_missing(self) -> bool:
        """Whether the plan is tested against last year's averages and these are not on file."""
        return self.by_prior_year and self.prior_ratios is None and not self.first_year_average

    @property
    def balances_missing(self) -> str:
        """Why no account on the determination date is known (IRC 416(g)(4)(C)); empty where some are, or none was.

        A plan whose first year was the one before may have had no money at its end; an older one had.
        """
        before = self.plan_year.previous()
        known = self.balances_at_determination.any() or any(each.balances.any() for each in self.others)
        if known or self.provisions.adopted_on >= before.start:
            return ""
        return (
            f"No account balance of {before.last_day} is on file, the day that decides whether the plan is top-heavy "
            "(IRC 416(g)(4)(C)). Bring the balances over: with the opening balances, or as prior_year_end_balance of "
            "the year-to-date figures."
        )

    @property
    def by_prior_year(self) -> bool:
        """Whether the plan is tested against last year's averages."""
        return self.provisions.testing.method.value == "prior_year"

    @property
    def first_year_average(self) -> bool:
        """Whether it may take 3 % for them: in its first year, unless it succeeds another plan (IRC 401(k)(3)(E))."""
        return self.first_plan_year and not self.succeeds

    @property
    def first_plan_year(self) -> bool:
        """Whether the plan was adopted in this plan year."""
        return self.provisions.adopted_on >= self.plan_year.start

    @property
    def deferrals(self) -> Cents:
        """Elective deferrals of the plan year, catch-up included."""
        return self.pre_tax + self.roth

    @property
    def kept_out_later(self) -> Flags:
        """Who will meet age and service in this year, in a class that is out."""
        if not self.kept_out_on:
            return np.zeros(len(self), dtype=np.bool_)
        later = [on is not None and self.as_of < on < self.plan_year.end for on in self.kept_out_on]
        return np.array(later, dtype=np.bool_) & ~self.eligible

    @property
    def eligible(self) -> Flags:
        """Who was eligible at any time of the plan year to date (an eligible leaver stays in the averages)."""
        return self._by_now(self.eligible_on)

    @property
    def tested(self) -> Flags:
        """Who of the eligible counts in the tests."""
        return self._by_now(self.tested_on or self.eligible_on)

    @property
    def in_match(self) -> Flags | None:
        """Who has entered for the 401(m) part, where that is not who may defer.

        Who may make after-tax contributions is in it (Reg. 1.410(b)-3(a)(2)(i), 1.401(m)-1(a)(3)).
        """
        after_tax = any(source.value == "after_tax" for source in self.provisions.deferrals.sources)
        return self._by_now(self.match_on) if self.match_on and not after_tax else None

    @property
    def in_nonelective(self) -> Flags | None:
        """Who has entered for nonelective money, where that is not who may defer."""
        return self._by_now(self.nonelective_on) if self.nonelective_on else None

    def _by_now(self, days: Sequence[date | None]) -> Flags:
        return np.array([on is not None and on <= self.as_of for on in days], dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class PriorRatios:
    """Averages of the nonhighly compensated in the preceding plan year, in hundredths of a percent."""

    adp_bps: int
    acp_bps: int

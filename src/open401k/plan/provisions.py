"""What a plan document says, as typed data: the provisions. Not here: since when they hold (adoption.py)."""

from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from open401k.kernel import PlanYear, Source, anniversary
from open401k.law.forfeitures import ForfeitureUse
from open401k.law.given import add_months
from open401k.law.pay_items import PayDefinition, PayKind

from .full_vesting import Disability, RetirementAge
from .loan_terms import Loans
from .pay_terms import PayTerms
from .rollover_terms import Rollovers
from .sharing import ProfitSharing


class EntryRule(StrEnum):
    """The day on which an employee who has met age and service becomes a participant."""

    IMMEDIATE = "immediate"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMIANNUAL = "semiannual"


class MatchPeriod(StrEnum):
    """Over which pay a match is computed: months and quarters are those of the plan year.

    What is longer than a pay period is credited as it goes, each pay date with what the period so far has more.
    """

    PAY_PERIOD = "pay_period"
    MONTH = "month"
    QUARTER = "quarter"
    PLAN_YEAR = "plan_year"

    @property
    def months(self) -> int:
        """How many months it has; a pay period has none of its own."""
        return {"month": 1, "quarter": 3, "plan_year": 12}.get(self.value, 0)


class SafeHarbor(StrEnum):
    """By which contribution the plan is deemed to pass the ADP test (401(k)(12); with a QACA 401(k)(13))."""

    NONE = "none"
    BASIC_MATCH = "basic_match"
    ENHANCED_MATCH = "enhanced_match"
    NONELECTIVE = "nonelective"
    QACA_MATCH = "qaca_match"
    QACA_NONELECTIVE = "qaca_nonelective"

    @property
    def is_match(self) -> bool:
        """One of the match designs."""
        return self in (SafeHarbor.BASIC_MATCH, SafeHarbor.ENHANCED_MATCH, SafeHarbor.QACA_MATCH)

    @property
    def is_nonelective(self) -> bool:
        """One of the nonelective designs."""
        return self in (SafeHarbor.NONELECTIVE, SafeHarbor.QACA_NONELECTIVE)

    @property
    def is_qaca(self) -> bool:
        """One that only a qualified automatic contribution arrangement has."""
        return self in (SafeHarbor.QACA_MATCH, SafeHarbor.QACA_NONELECTIVE)


class TestingMethod(StrEnum):
    """Against which year's NHCE average the HCEs are tested (401(k)(3)(A))."""

    __test__ = False  # pytest would collect the name

    CURRENT_YEAR = "current_year"
    PRIOR_YEAR = "prior_year"


class MonthDay(NamedTuple):
    """A day that returns each year."""

    month: int
    day: int

    def in_year(self, year: int) -> date:
        """That day of a calendar year."""
        return date(year, self.month, self.day)


NEW_YEARS_DAY = MonthDay(1, 1)


class Kind(StrEnum):
    """A kind of money that people enter on a day of its own."""

    DEFERRALS = "deferrals"
    MATCH = "match"
    NONELECTIVE = "nonelective"


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Who may come in, and when. ``hours_in_year`` is ``None`` where service is elapsed time.

    Who works part-time for long may defer where the plan asks for hours (IRC 401(k)(2)(D)(ii)). They get employer money
    only with ``part_time_shares``, and are in the tests only with ``part_time_tested`` (401(k)(15)(B)).
    """

    minimum_age: int = 21
    service_months: int = 12
    hours_in_year: int | None = 1_000
    entry: EntryRule = EntryRule.SEMIANNUAL
    excluded_classes: tuple[str, ...] = ()
    part_time_shares: bool = False
    part_time_tested: bool = False


@dataclass(frozen=True, slots=True)
class EntryTerms:
    """What a kind of employer money asks for where it is not what deferrals ask for.

    Nobody enters for it before the day from which they may defer. More than 12 ``service_months`` are two years. Of
    ``excluded_classes`` nobody gets this money, besides those that are out of the whole plan.
    """

    minimum_age: int = 21
    service_months: int = 12
    hours_in_year: int | None = 1_000
    entry: EntryRule = EntryRule.SEMIANNUAL
    excluded_classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deferrals:
    """What employees may put in themselves; ``max_bps_of_pay`` is a limit of the plan below the law's."""

    sources: tuple[Source, ...] = (Source.PRE_TAX,)
    max_bps_of_pay: int | None = None
    catch_up: bool = True
    higher_catch_up_60_63: bool = True
    roth_catch_up_by_all_wages: bool = False  # of all companies together, not of one (Reg. 1.414(v)-2(b)(4))


class MatchTier(NamedTuple):
    """``rate_bps`` of the deferrals between the tier before and ``up_to_bps_of_pay`` (counted from zero)."""

    rate_bps: int
    up_to_bps_of_pay: int


class ServiceTiers(NamedTuple):
    """Tiers of who has at least so many whole years of service on the first day of the plan year (elapsed time)."""

    years: int
    tiers: tuple[MatchTier, ...]


class Waiver(StrEnum):
    """Who receives a contribution without its conditions: who left in the plan year, by this."""

    DEATH = "death"
    DISABILITY = "disability"
    RETIREMENT = "retirement"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What somebody must have met when a plan year is over, to receive its contribution; none by default.

    ``hours`` are those of service in the plan year. With ``either`` one of both is enough: who left after so many hours
    receives it, too. ``waived`` frees who left in the year from all of it; retired is who had reached
    ``retirement_age`` then.
    """

    last_day: bool = False
    hours: int | None = None
    either: bool = False
    waived: tuple[Waiver, ...] = ()
    retirement_age: int = 65

    @property
    def asks(self) -> bool:
        """Whether there are any."""
        return self.last_day or self.hours is not None


UNCONDITIONAL = Conditions()


@dataclass(frozen=True, slots=True)
class Match:
    """The employer's match. 100 % to 3 % of pay and 50 % on the next 2 %: ``((10000, 300), (5000, 500))``.

    ``cap_cents`` is the most of a plan year, ``cap_per_period_cents`` that of a period. With ``true_up`` the end of the
    plan year adds what the formula gives over the whole year and the periods did not. ``by_service`` is in place of
    ``tiers`` for who has the years. What has ``conditions`` is credited when the plan year is over.
    Without ``matches_catch_up`` it counts deferrals below the regular limit alone. With ``student_loans`` qualified
    student loan payments count after deferrals, when a ``student_loan_period`` of the plan year is over (IRC
    401(m)(4)(A)(iii)); they are certified up to ``student_loan_months`` after the plan year.
    """

    tiers: tuple[MatchTier, ...]
    source: Source = Source.MATCH
    period: MatchPeriod = MatchPeriod.PAY_PERIOD
    cap_cents: int | None = None
    cap_per_period_cents: int | None = None
    true_up: bool = False
    by_service: tuple[ServiceTiers, ...] = ()
    conditions: Conditions = UNCONDITIONAL
    matches_catch_up: bool = True
    student_loans: bool = False
    student_loan_months: int = 3
    student_loan_period: MatchPeriod = MatchPeriod.PLAN_YEAR

    @property
    def loans_by_period(self) -> bool:
        """Whether student loan payments are matched more often than yearly."""
        return self.student_loans and self.student_loan_period is not MatchPeriod.PLAN_YEAR

    @property
    def bands(self) -> tuple[ServiceTiers, ...]:
        """All tiers by years of service, those of the first years first."""
        return (ServiceTiers(0, self.tiers), *self.by_service)


@dataclass(frozen=True, slots=True)
class Nonelective:
    """A share of pay for every participant, deferring or not; one with conditions when the plan year is over."""

    rate_bps: int
    source: Source = Source.NONELECTIVE
    conditions: Conditions = UNCONDITIONAL


@dataclass(frozen=True, slots=True)
class VestingSchedule:
    """``percents[n]`` is vested after n years of service; the last one stays."""

    percents: tuple[int, ...]

    def percent_after(self, years: int) -> int:
        """The vested percentage after whole years of service."""
        return self.percents[min(years, len(self.percents) - 1)]

    @property
    def takes_time(self) -> bool:
        """Whether anything is not vested at once."""
        return min(self.percents, default=100) < 100


IMMEDIATE_VESTING = VestingSchedule((100,))
CLIFF_2 = VestingSchedule((0, 0, 100))
CLIFF_3 = VestingSchedule((0, 0, 0, 100))
GRADED_6 = VestingSchedule((0, 0, 20, 40, 60, 80, 100))


@dataclass(frozen=True, slots=True)
class Vesting:
    """A schedule for each source that has one; every other source is vested at once.

    Whatever the schedules say, ``on_death`` and ``on_disability`` vest who leaves by it; ``normal_retirement`` (None:
    as the law has it, 65 and five years of participation) and ``early_retirement`` who reaches it in service.
    """

    schedules: tuple[tuple[Source, VestingSchedule], ...] = ()
    on_death: bool = False
    on_disability: Disability | None = None
    normal_retirement: RetirementAge | None = None
    early_retirement: RetirementAge | None = None

    def __post_init__(self) -> None:
        """Keep the sources in their own order, so that equal terms are equal values."""
        in_order = sorted(self.schedules, key=lambda each: list(Source).index(each[0]))
        object.__setattr__(self, "schedules", tuple(in_order))

    def of(self, source: Source) -> VestingSchedule:
        """The schedule of a source."""
        return dict(self.schedules).get(source, IMMEDIATE_VESTING)

    @property
    def takes_time(self) -> bool:
        """Whether any source is not."""
        return any(schedule.takes_time for _, schedule in self.schedules)


@dataclass(frozen=True, slots=True)
class Forfeitures:
    """What becomes of money that is not vested when somebody leaves, and what it is used for, in the plan's order.

    After five one-year breaks it is forfeited; with ``deemed_cash_out`` at once, where nothing at all is vested. Of
    several uses a person approves each; a single one is applied by itself.
    """

    deemed_cash_out: bool = True
    uses: tuple[ForfeitureUse, ...] = (ForfeitureUse.PLAN_EXPENSES, ForfeitureUse.EMPLOYER_CONTRIBUTIONS)


@dataclass(frozen=True, slots=True)
class Testing:
    """How ADP and ACP tests are run: by which year, by the top-paid group, apart for who has student loans matched."""

    __test__ = False

    method: TestingMethod = TestingMethod.CURRENT_YEAR
    top_paid_group: bool = False
    student_loans_apart: bool = False


@dataclass(frozen=True, slots=True)
class Compensation:
    """What counts as plan compensation, and what as pay under section 415.

    A definition of the law says which kinds of pay count (law/pay_items.py); the plan may leave kinds out, take in what
    the law leaves to it, and name payroll codes that do not count. Pay whose kind nobody has said counts.
    ``match`` and ``nonelective`` None: that money counts what deferrals count; nonelective is profit sharing, too.
    """

    excluded_pay_codes: tuple[str, ...] = ()
    definition: PayDefinition = PayDefinition.W2
    excluded_kinds: tuple[PayKind, ...] = ()
    included_kinds: tuple[PayKind, ...] = ()
    section_415: PayDefinition = PayDefinition.W2
    match: PayTerms | None = None
    nonelective: PayTerms | None = None

    def of(self, kind: Kind) -> "Compensation":
        """What a kind of money counts, as if that were all of the plan's terms."""
        terms = {Kind.MATCH: self.match, Kind.NONELECTIVE: self.nonelective}.get(kind)
        if terms is None:
            return replace(self, match=None, nonelective=None) if self.apart else self
        return Compensation(
            terms.excluded_pay_codes, terms.definition, terms.excluded_kinds, terms.included_kinds, self.section_415
        )

    @property
    def apart(self) -> tuple[Kind, ...]:
        """The kinds of money that count other pay than deferrals do."""
        told = ((Kind.MATCH, self.match), (Kind.NONELECTIVE, self.nonelective))
        return tuple(kind for kind, terms in told if terms is not None)


class SpillOver(StrEnum):
    """Where a deferral goes that an election asks for above the regular limit of the year."""

    STOP = "stop"
    CATCH_UP = "catch_up"
    AFTER_TAX = "after_tax"
    CATCH_UP_THEN_AFTER_TAX = "catch_up_then_after_tax"

    @property
    def to_catch_up(self) -> bool:
        """Whether it goes on as catch-up, for who may have it."""
        return self in (SpillOver.CATCH_UP, SpillOver.CATCH_UP_THEN_AFTER_TAX)

    @property
    def to_after_tax(self) -> bool:
        """Whether it goes on as after-tax contributions, last."""
        return self in (SpillOver.AFTER_TAX, SpillOver.CATCH_UP_THEN_AFTER_TAX)


@dataclass(frozen=True, slots=True)
class ElectionTerms:
    """How people elect what is withheld, in a plan whose elections are kept here; shares of plan compensation.

    ``minimum_bps`` and ``maximum_bps`` bound what one election of a percentage may ask for, all sources together.
    ``catch_up_apart``: catch-up is elected by itself; otherwise ``spill_over`` says what happens above the limit.
    """

    minimum_bps: int = 0
    maximum_bps: int = 10_000
    dollars: bool = True
    catch_up_apart: bool = False
    deemed_roth_catch_up: bool = True
    spill_over: SpillOver = SpillOver.CATCH_UP
    bonus_pay_codes: tuple[str, ...] = ()


class Arrangement(StrEnum):
    """Which automatic contribution arrangement: ordinary, eligible (414(w)), qualified (401(k)(13))."""

    ACA = "aca"
    EACA = "eaca"
    QACA = "qaca"


class Covered(StrEnum):
    """Whom automatic enrollment reaches: who enters from its first day on, or everybody without an election."""

    NEW_ENTRANTS = "new_entrants"
    WITHOUT_ELECTION = "without_election"


class Escalates(StrEnum):
    """When the default rises: each plan year after a year of participation, or after a QACA's initial period."""

    AFTER_A_YEAR = "after_a_year"
    AFTER_INITIAL_PERIOD = "after_initial_period"


@dataclass(frozen=True, slots=True)
class AutomaticEnrollment:
    """What is withheld from somebody who has not elected otherwise, from ``counted_from`` on.

    ``step_bps`` 0 is no escalation. ``withdrawal_days`` 0 is no permissible withdrawal (414(w)).
    """

    counted_from: date
    arrangement: Arrangement = Arrangement.EACA
    initial_bps: int = 300
    step_bps: int = 100
    top_bps: int = 1_000
    escalates: Escalates = Escalates.AFTER_A_YEAR
    source: Source = Source.PRE_TAX
    covers: Covered = Covered.WITHOUT_ELECTION
    wait_days: int = 0
    notice_days: int = 30
    withdrawal_days: int = 90


@dataclass(frozen=True, slots=True)
class Provisions:
    """One plan's terms on a day. Two equal values are the same plan.

    ``elections`` None: elections are not kept here, and nothing withheld is held against any.
    ``may_declare`` names what the employer may give beyond it, as declared for a plan year: match, profit_sharing;
    ``declared_conditions`` what is asked of who is to receive it, ``profit_sharing`` by what groups or points it is
    allocated (None: one share of pay, or one amount, for everybody). Without ``safe_harbor_hces`` the safe harbor
    contribution goes to those who are not highly compensated alone.
    ``forfeitures`` None: the books keep none, and what is not vested stays where it is.
    ``match_eligibility`` and ``nonelective_eligibility`` None: as for deferrals.
    ``loans`` None: nothing is lent. ``rollovers`` None: none is taken in, and none paid out by this system.
    """

    adopted_on: date
    plan_year_start: MonthDay = NEW_YEARS_DAY
    eligibility: Eligibility = field(default_factory=Eligibility)
    deferrals: Deferrals = field(default_factory=Deferrals)
    match: Match | None = None
    nonelective: Nonelective | None = None
    safe_harbor: SafeHarbor = SafeHarbor.NONE
    vesting: Vesting = field(default_factory=Vesting)
    testing: Testing = field(default_factory=Testing)
    compensation: Compensation = field(default_factory=Compensation)
    elections: ElectionTerms | None = None
    automatic_enrollment: AutomaticEnrollment | None = None
    may_declare: tuple[Source, ...] = ()
    declared_conditions: tuple[tuple[Source, Conditions], ...] = ()
    forfeitures: Forfeitures | None = None
    match_eligibility: EntryTerms | None = None
    nonelective_eligibility: EntryTerms | None = None
    loans: Loans | None = None
    safe_harbor_hces: bool = True
    profit_sharing: ProfitSharing | None = None
    rollovers: Rollovers | None = None

    def conditions_of_declared(self, source: Source) -> Conditions:
        """What is asked of who is to receive what the employer declares."""
        return dict(self.declared_conditions).get(source, UNCONDITIONAL)

    def eligibility_of(self, kind: Kind) -> Eligibility:
        """What a kind of money asks for: nonelective is profit sharing, too."""
        terms = {Kind.MATCH: self.match_eligibility, Kind.NONELECTIVE: self.nonelective_eligibility}.get(kind)
        if terms is None:
            return self.eligibility
        own = {each.name: getattr(terms, each.name) for each in fields(terms)}
        own["excluded_classes"] = tuple(dict.fromkeys((*self.eligibility.excluded_classes, *terms.excluded_classes)))
        return replace(self.eligibility, **own)

    def classes_apart(self, kind: Kind) -> bool:
        """Whether classes are out of a kind of money that may defer."""
        return set(self.eligibility_of(kind).excluded_classes) != set(self.eligibility.excluded_classes)

    def plan_year_of(self, day: date) -> PlanYear:
        """The plan year that a day falls in."""
        return plan_year_of(self.plan_year_start, day)

    def match_period_start(self, day: date) -> date | None:
        """First day of the period over which the match of a day is computed; None where that is the pay period."""
        return None if self.match is None else self.period_start(self.match.period, day)

    def period_start(self, period: MatchPeriod, day: date) -> date | None:
        """First day of the month, quarter or year of the plan year that a day falls in; a pay period has none."""
        return max(each for each in self._starts(period, day) if each <= day) if period.months else None

    def period_ends(self, period: MatchPeriod, day: date) -> tuple[date, ...]:
        """The last day of each such period of the plan year of a day."""
        starts = (*self._starts(period, day), self.plan_year_of(day).end)
        return tuple(each - timedelta(days=1) for each in starts[1:])

    def _starts(self, period: MatchPeriod, day: date) -> tuple[date, ...]:
        start = self.plan_year_of(day).start
        return tuple(add_months(start, each) for each in range(0, 12, period.months)) if period.months else (start,)


def plan_year_of(plan_year_start: MonthDay, day: date) -> PlanYear:
    """The twelve months that begin each year on ``plan_year_start`` and hold the day."""
    start = plan_year_start.in_year(day.year)
    return PlanYear.starting(start if start <= day else anniversary(start, -1))

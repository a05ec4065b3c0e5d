"""Automatic enrollment: who must have it (IRC 414A), its default rates by date, what makes a QACA or an EACA.

Not here: withdrawing default contributions (permissible_withdrawals.py), correcting errors (missed_deferrals.py),
notices.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from ..kernel import PlanYear, anniversary
from . import figures, given
from .arrays import Cents, Counts, Flags
from .eligibility import Days
from .given import check_facts, check_fields
from .matching import MatchFormula, exact_rate
from .safe_harbor import Shortcoming

#: Arrangements established before this day are exempt (IRC 414A(c)(2)(A)): the enactment of SECURE 2.0.
ENACTED = date(2022, 12, 29)
#: The mandate is for plan years that begin after 2024 (SECURE 2.0 s. 101(c)).
MANDATE_FROM = date(2025, 1, 1)
#: 100 % of the first 1 % of pay and 50 % of the next 5 % (IRC 401(k)(13)(D)(i)(I)).
QACA_MATCH = MatchFormula.of([(10_000, 100), (5_000, 600)])
#: The initial period of a QACA reaches to the end of the plan year after its first; from then one step a year.
_INITIAL_PLAN_YEARS = 2
#: A first pay date at least so many days after the notice (Reg. 1.401(k)-3(k)(4)(iii)(B)).
_DEFAULT_DAYS = 30


class Exemption(StrEnum):
    """Why a plan need not enroll automatically; the first that holds decides."""

    BEFORE_2025 = "plan_year_begins_before_2025"
    ESTABLISHED_BEFORE = "established_before_29_december_2022"
    GOVERNMENTAL_OR_CHURCH = "governmental_or_church_plan"
    SIMPLE = "simple_401k"
    NEW_EMPLOYER = "employer_in_existence_less_than_three_years"
    SMALL_EMPLOYER = "employer_of_ten_or_fewer_employees"


class ScheduleProblem(StrEnum):
    """What in a schedule of default rates the law does not allow, in the order of the law."""

    INITIAL_TOO_LOW = "initial_rate_below_the_minimum"
    INITIAL_TOO_HIGH = "initial_rate_above_the_maximum"
    STEP_IS_NOT_ONE_POINT = "increase_is_not_one_point"
    TOP_TOO_LOW = "increases_end_below_10_percent"
    LATER_TOO_LOW = "later_rate_below_the_minimum"
    TOO_HIGH = "rate_above_the_maximum"
    NO_PERMISSIBLE_WITHDRAWAL = "no_permissible_withdrawals"
    VESTING_TOO_SLOW = "vesting_after_more_than_two_years"


@dataclass(frozen=True, slots=True)
class Mandate:
    """Whether a plan year must have automatic enrollment. ``statute_from``: the day from which no exemption holds."""

    plan_year: PlanYear
    exemption: Exemption | None
    statute_from: date | None
    first_plan_year: PlanYear | None
    cite: str = "IRC 414A(a), (c); SECURE 2.0 s. 101(c); Prop. Reg. 1.414A-1 (plan years; in good faith until final)"

    @property
    def applies(self) -> bool:
        return self.exemption is None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Default rates of a plan: the first one, the yearly step, and where the steps end, in basis points of pay."""

    initial_bps: int
    step_bps: int = 0
    top_bps: int | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        given.counts(10_000, initial_bps=self.initial_bps, step_bps=self.step_bps, top_bps=self.top_bps or 0)

    def after(self, steps: Counts) -> Cents:
        top = self.initial_bps if self.top_bps is None else self.top_bps
        raised: Cents = self.initial_bps + self.step_bps * np.maximum(steps, 0)
        return np.minimum(raised, max(top, self.initial_bps))


@dataclass(frozen=True, slots=True, eq=False)
class DefaultRates:
    """Per employee on a day: whether the default applies, how many increases by then, and the rate that is withheld."""

    on: date
    by_default: Flags
    increases: Counts
    rate_bps: Cents
    next_increase: date
    cite: str


@dataclass(frozen=True, slots=True, eq=False)
class Uniformity:
    """Whether default rates are uniform, and whose rate differs from that of others with as many years."""

    uniform: bool
    differs: Flags
    cite: str = "IRC 414(w)(3)(B); Reg. 1.414(w)-1(b)(2); Reg. 1.401(k)-3(j)(2)(iii)"


def mandate(
    *,
    plan_year: PlanYear,
    established_on: date,
    employer_exists_since: date,
    first_year_over_ten_employees_ended: date | None,
    governmental_or_church: bool = False,
    simple_401k: bool = False,
) -> Mandate:
    """Whether the cash or deferred arrangement of a plan year must enroll automatically (IRC 414A(c)).

    ``established_on`` is the day on which its terms were adopted, whenever they took effect (Notice 2024-2 A-1); in a
    plan of several employers the day of this employer's adoption (414A(c)(2)(B)). ``employer_exists_since`` counts
    predecessors. ``first_year_over_ten_employees_ended`` is the close of the first taxable year with normally more than
    ten employees, None while there was none. Exemptions end within a plan year by the statute; the proposed
    regulation looks at the first day of the plan year, as here, and ``statute_from`` tells the statute's day.
    """
    check_facts(locals())
    given.days(employer_exists_since=employer_exists_since)
    given.days(established_on=established_on)
    given.days(first_year_over_ten_employees_ended=first_year_over_ten_employees_ended)
    forever = (
        (established_on < ENACTED, Exemption.ESTABLISHED_BEFORE),
        (governmental_or_church, Exemption.GOVERNMENTAL_OR_CHURCH),
        (simple_401k, Exemption.SIMPLE),
    )
    mature_on = anniversary(employer_exists_since, _mandate_years())
    large_on = (
        None if first_year_over_ten_employees_ended is None else anniversary(first_year_over_ten_employees_ended, 1)
    )
    exempt = any(holds for holds, _ in forever)
    statute_from = None if exempt or large_on is None else max(MANDATE_FROM, mature_on, large_on)
    for_now = (
        (plan_year.start < mature_on, Exemption.NEW_EMPLOYER),
        (large_on is None or plan_year.start < large_on, Exemption.SMALL_EMPLOYER),
    )
    found = ((plan_year.start < MANDATE_FROM, Exemption.BEFORE_2025), *forever, *for_now)
    first = None if statute_from is None else _first_year_from(plan_year, statute_from)
    return Mandate(plan_year, next((why for holds, why in found if holds), None), statute_from, first)


def merged_plan_is_exempt(
    *, ongoing_plan_exempt: bool, other_plan_exempt: bool, within_410b6c_transition: bool = False
) -> bool:
    """Whether the plan that goes on after two single-employer plans merge counts as established before 2022-12-29.

    Notice 2024-2 A-2: two exempt plans make one; a plan that is not exempt spoils it, unless the merger falls within
    the transition period of a transaction under IRC 410(b)(6)(C) and the plan that goes on is the exempt one. A plan
    that is spun off from an exempt plan is exempt (A-3).
    """
    return ongoing_plan_exempt and (other_plan_exempt or within_410b6c_transition)


def mandate_problems(
    schedule: Schedule, *, plan_year: PlanYear, permissible_withdrawals: bool = True
) -> tuple[ScheduleProblem, ...]:
    """What in a schedule falls short of IRC 414A(b)(2), (3): 3 to 10 % at first, one point a year, to 10 to 15 %."""
    check_facts(locals())
    low, high = figures.bps("mandate_initial_minimum", plan_year), figures.bps("mandate_initial_maximum", plan_year)
    reach, ceiling = figures.bps("mandate_reach", plan_year), figures.bps("mandate_ceiling", plan_year)
    top = schedule.initial_bps if schedule.top_bps is None else schedule.top_bps
    rises = schedule.initial_bps < reach or top > schedule.initial_bps
    return _present(
        (schedule.initial_bps < low, ScheduleProblem.INITIAL_TOO_LOW),
        (schedule.initial_bps > high, ScheduleProblem.INITIAL_TOO_HIGH),
        (rises and schedule.step_bps != figures.bps("mandate_step", plan_year), ScheduleProblem.STEP_IS_NOT_ONE_POINT),
        (top < reach, ScheduleProblem.TOP_TOO_LOW),
        (top > ceiling, ScheduleProblem.TOO_HIGH),
        (not permissible_withdrawals, ScheduleProblem.NO_PERMISSIBLE_WITHDRAWAL),
    )


def qaca_problems(schedule: Schedule, *, plan_year: PlanYear, vesting_years: int = 0) -> tuple[ScheduleProblem, ...]:
    """What in a schedule keeps it from being that of a QACA (IRC 401(k)(13)(C)(iii), (D)(iii); Reg. 1.401(k)-3(j)(2)).

    At least 3, 4, 5 and 6 %, at most 10 % in the initial period and 15 % after it, fully vested after two years.
    """
    check_facts(locals())
    given.counts(100, vesting_years=vesting_years)
    rates = schedule.after(np.arange(4))
    least = _qaca_minimums(plan_year)
    reached = schedule.initial_bps if schedule.top_bps is None else max(schedule.top_bps, schedule.initial_bps)
    return _present(
        (int(rates[0]) < least[0], ScheduleProblem.INITIAL_TOO_LOW),
        (int(rates[0]) > figures.bps("qaca_initial_maximum", plan_year), ScheduleProblem.INITIAL_TOO_HIGH),
        (bool((rates[1:] < least[1:]).any()), ScheduleProblem.LATER_TOO_LOW),
        (reached > figures.bps("qaca_maximum", plan_year), ScheduleProblem.TOO_HIGH),
        (vesting_years > figures.count("qaca_vesting_years", plan_year), ScheduleProblem.VESTING_TOO_SLOW),
    )


def qaca_match_shortcomings(
    formula: MatchFormula, *, last_day_or_hours_condition: bool = False
) -> tuple[Shortcoming, ...]:
    """Why a match does not satisfy IRC 401(k)(13)(D)(i)(I), (ii); none: it is that of a QACA or a better one.

    At every rate of deferral at least 100 % of the first 1 % of pay and 50 % of the next 5 %, by a rate that does not
    rise.
    """
    rates = sorted({tier.up_to_bps for tier in (*formula.tiers, *QACA_MATCH.tiers)})
    # Both formulas are straight between these rates, so comparing there compares everywhere.
    below = any(exact_rate(formula, rate) < exact_rate(QACA_MATCH, rate) for rate in rates)
    tiers = [tier.rate_bps for tier in formula.tiers]
    found = (
        (below, Shortcoming.BELOW_BASIC),
        (tiers != sorted(tiers, reverse=True), Shortcoming.RATE_RISES),
        (formula.cap_cents is not None, Shortcoming.CAPPED_IN_DOLLARS),
        (last_day_or_hours_condition, Shortcoming.CONDITIONS),
    )
    return tuple(shortcoming for there, shortcoming in found if there)


def mandated_rates(
    schedule: Schedule,
    *,
    first_contribution: Days,
    plan_year: PlanYear,
    elected_bps: Cents | None = None,
) -> DefaultRates:
    """Rates of a plan year under IRC 414A(b)(3)(A)(ii): one step on each plan year that starts after a completed year.

    A year of participation is completed on the day before the anniversary of the first default contribution (NaT: none
    yet). ``elected_bps`` is each employee's own election, -1 for none: it stays, and the default does not apply.
    """
    check_facts(locals(), signed=("elected_bps",))
    years = _completed_years(first_contribution, plan_year.start)
    return _rates(schedule, first_contribution, years, plan_year, elected_bps, "IRC 414A(b)(3)(A)")


def qaca_rates(
    schedule: Schedule,
    *,
    first_contribution: Days,
    plan_year: PlanYear,
    elected_bps: Cents | None = None,
) -> DefaultRates:
    """Rates of a plan year under IRC 401(k)(13)(C)(iii): the first step when the initial period is over.

    It ends on the last day of the plan year after the one with the first default contribution (Reg.
    1.401(k)-3(j)(2)(ii)(A)); then one step on the first day of each plan year. Plan years are twelve months.
    """
    check_facts(locals(), signed=("elected_bps",))
    steps = _plan_years_since(first_contribution, plan_year) - (_INITIAL_PLAN_YEARS - 1)
    return _rates(schedule, first_contribution, steps, plan_year, elected_bps, "IRC 401(k)(13)(C)(iii)")


def qaca_minimum_bps(*, first_contribution: Days, plan_year: PlanYear) -> Cents:
    """Per employee the least default rate of a QACA in a plan year; 0 before the first contribution
    (401(k)(13)(C)(iii)).
    """
    check_facts(locals())
    steps = np.clip(_plan_years_since(first_contribution, plan_year) - (_INITIAL_PLAN_YEARS - 1), 0, 3)
    least: Cents = np.where(_started(first_contribution, plan_year), _qaca_minimums(plan_year)[steps], 0)
    return least


def latest_default_start(*, notice_on: date, pay_periods: tuple[tuple[date, date], ...]) -> date:
    """The latest pay date on which the default election of a QACA must begin (Reg. 1.401(k)-3(k)(4)(iii)).

    The earlier of the pay date for the second payroll period that begins after the notice and the first pay date at
    least 30 days after it. ``pay_periods`` are pairs of a period's first day and its pay date, and reach that far.
    """
    check_facts(locals())
    given.days(notice_on=notice_on)
    second = [paid for begins, paid in pay_periods if begins > notice_on][1:2]
    thirty = [paid for _, paid in pay_periods if paid >= notice_on + timedelta(days=_DEFAULT_DAYS)][:1]
    if not second and not thirty:
        raise given.ImpossibleInput("pay_periods", f"they end before the default of {notice_on} has to begin.")
    return min(second + thirty)


def uniformity(
    *, default_bps: Cents, years_since_start: Counts, kept_earlier_election: Flags, held_by_a_limit: Flags
) -> Uniformity:
    """Whether default rates are a uniform percentage (Reg. 1.414(w)-1(b)(2); Reg. 1.401(k)-3(j)(2)(iii)).

    They may differ by years since the start, where an earlier election is not reduced, and where 401(a)(17), 402(g) or
    415 stops them; everybody else with as many years has one rate.
    """
    check_facts(locals())
    compared = ~(kept_earlier_election | held_by_a_limit)
    differs = np.zeros(default_bps.shape, dtype=np.bool_)
    for years in np.unique(years_since_start[compared]):
        group = compared & (years_since_start == years)
        values, counts = np.unique(default_bps[group], return_counts=True)
        differs |= group & (default_bps != values[np.argmax(counts)])
    return Uniformity(not bool(differs.any()), differs)


def _rates(
    schedule: Schedule, first: Days, steps: Counts, plan_year: PlanYear, elected: Cents | None, cite: str
) -> DefaultRates:
    own = np.full(first.shape, -1, dtype=np.int64) if elected is None else elected
    if (own > 10_000).any() or (own < -1).any():
        raise given.ImpossibleInput("elected_bps", "an election is from 0 to 10,000 basis points, or -1 for none.")
    by_default = (own < 0) & _started(first, plan_year)
    increases = np.where(by_default, np.maximum(steps, 0), 0)
    rate = np.where(by_default, schedule.after(increases), np.maximum(own, 0))
    return DefaultRates(plan_year.start, by_default, increases, rate, plan_year.end, cite)


def _started(first: Days, plan_year: PlanYear) -> Flags:
    return np.asarray(~np.isnat(first) & (first < np.datetime64(plan_year.end, "D")), dtype=np.bool_)


def _completed_years(first: Days, on: date) -> Counts:
    day = np.datetime64(on, "D")
    start = np.where(np.isnat(first), day, first)
    month, today = start.astype("datetime64[M]"), day.astype("datetime64[M]")
    months = (today - month).astype(np.int64)
    into, into_today = start - month.astype("datetime64[D]"), day - today.astype("datetime64[D]")
    completed: Counts = np.maximum((months - (into_today < into)) // 12, 0)
    return completed


def _plan_years_since(first: Days, plan_year: PlanYear) -> Counts:
    """How many plan years lie between the one of the first contribution and this one."""
    start = np.datetime64(plan_year.start, "D")
    day = np.where(np.isnat(first), start, first)
    shift = start - start.astype("datetime64[M]").astype("datetime64[D]")
    months = (start.astype("datetime64[M]") - (day - shift).astype("datetime64[M]")).astype(np.int64)
    since: Counts = np.maximum(-(-months // 12), 0)
    return since


def _qaca_minimums(plan_year: PlanYear) -> Cents:
    ids = ("qaca_initial_minimum", "qaca_second_minimum", "qaca_third_minimum", "qaca_later_minimum")
    return np.array([figures.bps(each, plan_year) for each in ids], dtype=np.int64)


def _mandate_years() -> int:
    return figures.count("mandate_employer_years", PlanYear.starting(MANDATE_FROM))


def _first_year_from(plan_year: PlanYear, day: date) -> PlanYear:
    start = anniversary(plan_year.start, day.year - plan_year.start.year)
    return PlanYear.starting(start if start >= day else anniversary(start, 1))


def _present(*found: tuple[bool, ScheduleProblem]) -> tuple[ScheduleProblem, ...]:
    return tuple(problem for there, problem in found if there)

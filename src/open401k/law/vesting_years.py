"""Years of service for vesting: which computation periods count, breaks in service, and what full vesting overrides.

Not here: schedules (vesting.py), hours and their equivalencies, eligibility service (eligibility.py), forfeitures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ..kernel import anniversary
from . import given
from .given import check_facts, check_fields

#: A computation period with so many hours is a year of service (IRC 411(a)(5)(A)).
YEAR_HOURS = 1_000
#: Of a long-term part-time employee (IRC 401(k)(15)(B)(iii)).
PART_TIME_YEAR_HOURS = 500
#: A period with not more hours than this is a one-year break (IRC 411(a)(6)(A)).
BREAK_HOURS = 500
#: The most that a maternity or paternity absence counts toward avoiding a break (IRC 411(a)(6)(E)(ii)).
PARENTAL_HOURS = 501
#: Consecutive breaks that part the account before them from service after them (IRC 411(a)(6)(C), (D)).
LONG_BREAK = 5
_MOST_HOURS = 8_784
#: Service before this age may be left out (IRC 411(a)(4)(A)).
SERVICE_AGE = 18
#: No plan's normal retirement is later than this age and these years of participation (IRC 411(a)(8)(B)).
NORMAL_RETIREMENT_AGE, NORMAL_RETIREMENT_YEARS = 65, 5


class PeriodKind(StrEnum):
    """What a computation period is."""

    YEAR_OF_SERVICE = "year_of_service"
    NEITHER = "neither"
    BREAK = "break"


class LeftOut(StrEnum):
    """Why a year of service does not count."""

    #: IRC 411(a)(4)(A).
    BEFORE_AGE_18 = "before_age_18"
    #: IRC 411(a)(4)(C).
    BEFORE_THE_PLAN = "before_the_plan"
    #: IRC 411(a)(6)(D): rule of parity.
    PARITY = "parity"
    #: IRC 411(a)(6)(B): held back until a year of service after the return.
    HELD_BACK = "held_back"


class FullyVestedBy(StrEnum):
    """What vests an account in full whatever the schedule says."""

    NORMAL_RETIREMENT_AGE = "normal_retirement_age"
    PLAN_TERMINATION = "plan_termination"
    PARTIAL_TERMINATION = "partial_termination"
    CONTRIBUTIONS_DISCONTINUED = "contributions_discontinued"
    #: Not by law: where the plan provides it.
    DEATH = "death"
    DISABILITY = "disability"
    EARLY_RETIREMENT_AGE = "early_retirement_age"


@dataclass(frozen=True, slots=True)
class ComputationPeriod:
    """Twelve months with their hours; parental hours only help to avoid a break."""

    begins: date
    hours: int
    parental_hours: int = 0

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class JudgedPeriod:
    """A computation period, and why its year of service is left out, if it is."""

    begins: date
    kind: PeriodKind
    left_out: LeftOut | None


@dataclass(frozen=True, slots=True)
class VestingService:
    """Years for each account: money from before five breaks does not vest by service after them.

    ``years`` count for what accrued after the last such period (or everything, if there was none).
    """

    years: int
    years_for_money_before_long_break: int | None
    consecutive_breaks: int
    long_break_ended: date | None
    periods: tuple[JudgedPeriod, ...]


def vesting_service(
    *,
    periods: Sequence[ComputationPeriod],
    birth_date: date | None = None,
    plan_maintained_from: date | None = None,
    vested_before_breaks: bool = True,
    plan_holds_back: bool = False,
    plan_uses_parity: bool = True,
    long_term_part_time: bool = False,
) -> VestingService:
    """Years of vesting service (IRC 411(a)(4) to (6)).

    ``vested_before_breaks``: anything vested in employer money before the breaks, deferrals included, which are
    employer contributions by the words of IRC 411(a)(6)(D)(iii). Without it, the rule of parity drops service before
    breaks that number at least five and the years before. ``plan_holds_back``: the one-year rule of (B).
    """
    check_facts(locals())
    ordered = sorted(periods, key=lambda each: each.begins)
    _given(ordered, birth_date, plan_maintained_from)
    year_hours = PART_TIME_YEAR_HOURS if long_term_part_time else YEAR_HOURS
    kinds = [_kind(each, year_hours, long_term_part_time) for each in ordered]
    left_out = [_before(each, birth_date, plan_maintained_from) for each in ordered]
    if plan_uses_parity and not vested_before_breaks:
        _parity(kinds, left_out)
    if plan_holds_back:
        _hold_back(kinds, left_out)
    long_end = _last_long_break(kinds)
    counted = [kind is PeriodKind.YEAR_OF_SERVICE and why is None for kind, why in zip(kinds, left_out, strict=True)]
    return VestingService(
        years=sum(counted),
        years_for_money_before_long_break=None if long_end is None else sum(counted[:long_end]),
        consecutive_breaks=_trailing_breaks(kinds),
        long_break_ended=None if long_end is None else _last_day(ordered[long_end]),
        periods=tuple(
            JudgedPeriod(each.begins, kind, why if kind is PeriodKind.YEAR_OF_SERVICE else None)
            for each, kind, why in zip(ordered, kinds, left_out, strict=True)
        ),
    )


def normal_retirement_date(
    *, birth_date: date, participates_from: date, plan_age: int | None = None, plan_years: int = 0
) -> date:
    """The day of normal retirement age (IRC 411(a)(8)): the plan's, or if earlier the later of 65 and five years of it.

    The anniversary is that of the day on which participation began; ``plan_years`` of participation go with the age.
    """
    check_facts(locals())
    given.days(birth_date=birth_date, participates_from=participates_from)
    given.counts(100, plan_age=plan_age or 0, plan_years=plan_years)
    lawful = max(
        anniversary(birth_date, NORMAL_RETIREMENT_AGE), anniversary(participates_from, NORMAL_RETIREMENT_YEARS)
    )
    if plan_age is None:
        return lawful
    own = anniversary(birth_date, plan_age)
    return min(lawful, max(own, anniversary(participates_from, plan_years)) if plan_years else own)


def fully_vested_by(
    *,
    on: date,
    employed: bool,
    normal_retirement_on: date | None = None,
    plan_terminated: bool = False,
    affected_by_partial_termination: bool = False,
    contributions_discontinued: bool = False,
    died: bool = False,
    disabled: bool = False,
    plan_vests_on_death: bool = False,
    plan_vests_on_disability: bool = False,
    early_retirement_on: date | None = None,
) -> FullyVestedBy | None:
    """What vests an account in full (IRC 411(a), (d)(3)); None: the schedule decides.

    Normal retirement age vests who reaches it in service, and so does the plan's early one, where it has one; the end
    of a plan vests everybody affected.
    """
    check_facts(locals())
    reached = normal_retirement_on is not None and employed and on >= normal_retirement_on
    holds = {
        FullyVestedBy.NORMAL_RETIREMENT_AGE: reached,
        FullyVestedBy.PLAN_TERMINATION: plan_terminated,
        FullyVestedBy.PARTIAL_TERMINATION: affected_by_partial_termination,
        FullyVestedBy.CONTRIBUTIONS_DISCONTINUED: contributions_discontinued,
        FullyVestedBy.DEATH: died and plan_vests_on_death,
        FullyVestedBy.DISABILITY: disabled and plan_vests_on_disability,
        FullyVestedBy.EARLY_RETIREMENT_AGE: early_retirement_on is not None and employed and on >= early_retirement_on,
    }
    return next((reason for reason, held in holds.items() if held), None)


def _given(ordered: Sequence[ComputationPeriod], birth_date: date | None, plan_from: date | None) -> None:
    given.days(birth_date=birth_date)
    given.days(plan_maintained_from=plan_from)
    for place, each in enumerate(ordered):
        given.days(**{f"periods.{place}.begins": each.begins})
        given.counts(_MOST_HOURS, **{f"periods.{place}.hours": each.hours})
        given.counts(_MOST_HOURS, **{f"periods.{place}.parental_hours": each.parental_hours})
        if place and each.begins < anniversary(ordered[place - 1].begins, 1):
            raise given.ImpossibleInput(f"periods.{place}.begins", f"{each.begins} is within the period before it.")


def _kind(period: ComputationPeriod, year_hours: int, part_time: bool) -> PeriodKind:
    if period.hours >= year_hours:
        return PeriodKind.YEAR_OF_SERVICE
    toward = period.hours + min(period.parental_hours, PARENTAL_HOURS)
    # A long-term part-time employee has no break with 500 hours (IRC 401(k)(15)(B)(iii)).
    return PeriodKind.BREAK if toward < BREAK_HOURS + (not part_time) else PeriodKind.NEITHER


def _last_day(period: ComputationPeriod) -> date:
    return anniversary(period.begins, 1) - timedelta(days=1)


def _before(period: ComputationPeriod, birth_date: date | None, plan_from: date | None) -> LeftOut | None:
    if birth_date is not None and _last_day(period) < anniversary(birth_date, SERVICE_AGE):
        return LeftOut.BEFORE_AGE_18
    if plan_from is not None and _last_day(period) < plan_from:
        return LeftOut.BEFORE_THE_PLAN
    return None


def _runs(kinds: Sequence[PeriodKind]) -> list[tuple[int, int]]:
    """First and last place of each run of consecutive breaks."""
    runs: list[tuple[int, int]] = []
    for place, kind in enumerate(kinds):
        if kind is not PeriodKind.BREAK:
            continue
        if runs and runs[-1][1] == place - 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs


def _parity(kinds: Sequence[PeriodKind], left_out: list[LeftOut | None]) -> None:
    for first, last in _runs(kinds):
        before = [n for n in range(first) if kinds[n] is PeriodKind.YEAR_OF_SERVICE and left_out[n] is None]
        if last - first + 1 >= max(LONG_BREAK, len(before)):
            for place in before:
                left_out[place] = LeftOut.PARITY


def _hold_back(kinds: Sequence[PeriodKind], left_out: list[LeftOut | None]) -> None:
    """IRC 411(a)(6)(B): years before a break count again after a year of service that follows it."""
    runs = _runs(kinds)
    if not runs or PeriodKind.YEAR_OF_SERVICE in kinds[runs[-1][1] + 1 :]:
        return
    for place in range(runs[-1][0]):
        if kinds[place] is PeriodKind.YEAR_OF_SERVICE and left_out[place] is None:
            left_out[place] = LeftOut.HELD_BACK


def _last_long_break(kinds: Sequence[PeriodKind]) -> int | None:
    ends = [last for first, last in _runs(kinds) if last - first + 1 >= LONG_BREAK]
    return ends[-1] if ends else None


def _trailing_breaks(kinds: Sequence[PeriodKind]) -> int:
    runs = _runs(kinds)
    return runs[-1][1] - runs[-1][0] + 1 if runs and runs[-1][1] == len(kinds) - 1 else 0

"""Vesting schedules, the slowest ones the law allows (IRC 411(a)(2)(B)), and amended ones.

Not here: years of service and full vesting (vesting_years.py), forfeitures.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from . import given
from .arrays import Cents, Counts, half_up_quotient
from .given import ImpossibleInput, check_facts

_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Schedule:
    """Vested share in basis points after 0, 1, 2 ... years of service; the last step holds for ever."""

    steps_bps: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.steps_bps or self.steps_bps[-1] != _WHOLE or min(self.steps_bps) < 0:
            raise ImpossibleInput("steps_bps", "a vesting schedule ends at 100 %")
        if list(self.steps_bps) != sorted(self.steps_bps):
            raise ImpossibleInput("steps_bps", "a vesting schedule never goes down (IRC 411(a)(10))")


#: Deferrals, QNEC, QMAC, safe harbor contributions and rollovers (IRC 411(a)(1), 401(k)(2)(C), 401(k)(12)(E)(i)).
IMMEDIATE = Schedule((_WHOLE,))
#: The two schedules of IRC 411(a)(2)(B)(ii) and (iii), which are also those of 416(b).
CLIFF_3 = Schedule((0, 0, 0, _WHOLE))
GRADED_2_TO_6 = Schedule((0, 0, 2_000, 4_000, 6_000, 8_000, _WHOLE))
#: A qualified automatic contribution arrangement (IRC 401(k)(13)(D)(iii)(I)).
QACA_CLIFF_2 = Schedule((0, 0, _WHOLE))
#: From so many years of service on a participant may keep the schedule before an amendment (IRC 411(a)(10)(B)).
ELECTION_YEARS = 3
#: The election is open at least so long after the last of adoption, effect and notice (Reg. 1.411(a)-8T(b)(2)).
ELECTION_DAYS = 60


@dataclass(frozen=True, slots=True)
class AmendedVesting:
    """One participant under an amended schedule, in basis points."""

    before_bps: int
    after_bps: int
    #: IRC 411(a)(10)(A): what was vested when the amendment was adopted or took effect, whichever is later.
    protected_bps: int
    may_elect_former: bool
    #: Of what accrues after the amendment.
    vested_bps: int
    #: Of what accrued before it: the better of both schedules, always (IRC 411(d)(6); Reg. 1.411(d)-3(a)(3)).
    vested_bps_of_earlier_money: int


def vested_bps(schedule: Schedule, years_of_service: Counts | np.int64) -> Cents:
    """The vested share after whole years of service, in basis points."""
    check_facts(locals(), signed=("years_of_service",))
    steps = np.array(schedule.steps_bps, dtype=np.int64)
    return steps[np.clip(years_of_service, 0, len(steps) - 1)]


def vested_cents(schedule: Schedule, years_of_service: Counts, balances: Cents) -> Cents:
    """The vested part of balances, to the cent, half-up."""
    check_facts(locals())
    return half_up_quotient(balances * vested_bps(schedule, years_of_service), _WHOLE)


def fast_enough(schedule: Schedule) -> bool:
    """Whether a schedule vests at least as fast, in every year, as the 3-year cliff or as 2 to 6 graded.

    IRC 411(a)(2)(B): one of the two throughout, not the slower of both year by year.
    """
    return any(_at_least(schedule, minimum) for minimum in (CLIFF_3, GRADED_2_TO_6))


def amended_vesting(
    *,
    before: Schedule,
    after: Schedule,
    years_of_service: int,
    years_at_amendment: int,
    elected_former: bool = False,
    all_years_by_end_of_election: int | None = None,
) -> AmendedVesting:
    """The vested share of one participant after the schedule was changed (IRC 411(a)(10), 411(d)(6)).

    Nobody falls below what was vested at the later of adoption and effect; who has three years of service by the end
    of the election period may keep the old schedule, unless the new one is nowhere slower (Reg. 1.411(a)-8T(b)(1)).
    These three are years "whether or not consecutive, without regard to the exceptions of section 411(a)(4)" (Reg.
    1.411(a)-8(b)(3)), as service before 18 or before the plan: ``all_years_by_end_of_election``, where they are more.
    """
    check_facts(locals())
    given.counts(100, years_at_amendment=years_at_amendment, years_of_service=years_of_service)
    given.counts(100, all_years_by_end_of_election=all_years_by_end_of_election or 0)
    if years_of_service < years_at_amendment:
        raise given.ImpossibleInput("years_of_service", "are fewer than at the amendment.")
    old, new, protected = (
        int(vested_bps(schedule, np.int64(years)))
        for schedule, years in ((before, years_of_service), (after, years_of_service), (before, years_at_amendment))
    )
    by_then = years_at_amendment if all_years_by_end_of_election is None else all_years_by_end_of_election
    if by_then < years_at_amendment:
        raise given.ImpossibleInput("all_years_by_end_of_election", "are fewer than those that count at the amendment.")
    offered = by_then >= ELECTION_YEARS and not _at_least(after, before)
    if elected_former and not offered:
        raise given.ImpossibleInput("elected_former", "there is no election without three years and a slower schedule.")
    return AmendedVesting(
        before_bps=old,
        after_bps=new,
        protected_bps=protected,
        may_elect_former=offered,
        vested_bps=max(old if elected_former else new, protected),
        vested_bps_of_earlier_money=max(old, new),
    )


def former_schedule_election_ends(*, adopted_on: date, effective_on: date, notice_on: date) -> date:
    """The earliest last day of the election of the former schedule (Reg. 1.411(a)-8T(b)(2)).

    Sixty days after the latest of adoption, effect and the participant's written notice.
    """
    check_facts(locals())
    given.days(adopted_on=adopted_on)
    return max(adopted_on, effective_on, notice_on) + timedelta(days=ELECTION_DAYS)


def _at_least(schedule: Schedule, minimum: Schedule) -> bool:
    # After its last step the minimum stays at 100 %, and no schedule goes down.
    years = np.arange(len(minimum.steps_bps))
    return bool((vested_bps(schedule, years) >= vested_bps(minimum, years)).all())

"""Vesting schedules and the slowest ones the law allows (IRC 411(a)(2)(B)). Not here: years of service."""

from dataclasses import dataclass

import numpy as np

from .arrays import Cents, Counts, half_up_quotient

_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Schedule:
    """Vested share in basis points after 0, 1, 2 ... years of service; the last step holds for ever."""

    steps_bps: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.steps_bps or self.steps_bps[-1] != _WHOLE or min(self.steps_bps) < 0:
            raise ValueError("a vesting schedule ends at 100 %")
        if list(self.steps_bps) != sorted(self.steps_bps):
            raise ValueError("a vesting schedule never goes down (IRC 411(a)(10))")


#: Deferrals, QNEC, QMAC, safe harbor contributions and rollovers (IRC 411(a)(1), 401(k)(2)(C), 401(k)(12)(E)(i)).
IMMEDIATE = Schedule((_WHOLE,))
#: The two schedules of IRC 411(a)(2)(B)(ii) and (iii), which are also those of 416(b).
CLIFF_3 = Schedule((0, 0, 0, _WHOLE))
GRADED_2_TO_6 = Schedule((0, 0, 2_000, 4_000, 6_000, 8_000, _WHOLE))
#: A qualified automatic contribution arrangement (IRC 401(k)(13)(D)(iii)(I)).
QACA_CLIFF_2 = Schedule((0, 0, _WHOLE))


def vested_bps(schedule: Schedule, years_of_service: Counts) -> Cents:
    """The vested share after whole years of service, in basis points."""
    steps = np.array(schedule.steps_bps, dtype=np.int64)
    return steps[np.clip(years_of_service, 0, len(steps) - 1)]


def vested_cents(schedule: Schedule, years_of_service: Counts, balances: Cents) -> Cents:
    """The vested part of balances, to the cent, half-up."""
    return half_up_quotient(balances * vested_bps(schedule, years_of_service), _WHOLE)


def fast_enough(schedule: Schedule) -> bool:
    """Whether a schedule vests at least as fast, in every year, as the 3-year cliff or as 2 to 6 graded.

    IRC 411(a)(2)(B): one of the two throughout, not the slower of both year by year.
    """
    return any(_at_least(schedule, minimum) for minimum in (CLIFF_3, GRADED_2_TO_6))


def _at_least(schedule: Schedule, minimum: Schedule) -> bool:
    years = np.arange(max(len(schedule.steps_bps), len(minimum.steps_bps)))
    return bool((vested_bps(schedule, years) >= vested_bps(minimum, years)).all())

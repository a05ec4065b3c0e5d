"""Ends of employment with the service up to them and the terms they were under. Not here: what they cost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from open401k import census, plan
from open401k.kernel import anniversary
from open401k.law import elapsed_time, vesting_years

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Leaving:
    """An end of employment: its last day, and the day of the return, if there was one by then."""

    left_on: date
    left_by: census.LeftBy | None
    returned_on: date | None
    years: int
    under: tuple[tuple[plan.Provisions, int], ...]
    """The terms they were employed under, each with the years of service at its end: what it left vested stays."""
    broken_on: date | None
    """The day on which five one-year breaks were complete."""


def leavings(employment: Sequence[census.Employment], *, spans: Sequence[plan.Span], on: date) -> Iterator[Leaving]:
    """Each end of employment by a day, with service by elapsed time up to it (Reg. 1.410(a)-7)."""
    begun = [each for each in employment if each.hired_on <= on]
    for place, (stint, following) in enumerate(pairwise([*begun, None])):
        if stint is None or stint.terminated_on is None or stint.terminated_on > on:
            continue
        left_on, returned_on = stint.terminated_on, following.hired_on if following is not None else None
        stints = tuple(_stint(each) for each in begun[: place + 1])
        breaks = elapsed_time.one_year_severances(severed=left_on, returned=returned_on, on=on)
        begun_by_then = [each for each in spans if each.start <= left_on and each.end > begun[0].hired_on]
        yield Leaving(
            left_on,
            stint.left_by,
            returned_on,
            _years(stints, left_on),
            tuple((each.provisions, _years(stints, min(each.end - _A_DAY, left_on))) for each in begun_by_then),
            anniversary(left_on, vesting_years.LONG_BREAK) if breaks >= vesting_years.LONG_BREAK else None,
        )


def _stint(span: census.Employment) -> elapsed_time.Stint:
    if span.terminated_on is None:
        return elapsed_time.Stint(span.hired_on)
    return elapsed_time.Stint(span.hired_on, ended=span.terminated_on)


def _years(stints: tuple[elapsed_time.Stint, ...], on: date) -> int:
    begun = tuple(each for each in stints if each.began <= on)
    return elapsed_time.elapsed_service(stints=begun, on=on).whole_years if begun else 0

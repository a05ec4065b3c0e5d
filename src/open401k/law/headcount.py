"""How many employees a year counts (IRC 414(q)(5)), for the top-paid group and the cap on officers. Not here: those.

A-9 is that of Temp. Reg. 1.414(q)-1T. Its exclusions, without the other ages and times that an employer may elect
(b)(2), and without its groups of jobs (e)(4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from ..kernel import PlanYear, anniversary
from .arrays import Cents, Flags
from .given import ImpossibleInput, check_facts, same_length

#: Fewer months of service than these leave a person out (IRC 414(q)(5)(A)).
MONTHS_OF_SERVICE = 6
#: Fewer hours in most weeks leave a person out, in hundredths (IRC 414(q)(5)(B)).
WEEKLY_HUNDREDTHS = 1_750
#: Who has not reached this age by the end of the year is left out (IRC 414(q)(5)(D)).
AGE = 21
#: So many tenths of all employees must be bargained for before any is left out (A-9(b)(1)(iii)(B)).
_UNION_TENTHS = 9
#: Parts of months are added up as months of so many days, as in elapsed time (Reg. 1.410(a)-7).
_DAYS_OF_A_MONTH = 30
_MOST_PEOPLE = 10**8


class LeftOut(StrEnum):
    """Why somebody is not counted; the first reason that holds."""

    SERVICE = "with less than 6 months of service"
    AGE = "under 21"
    HOURS = "who normally work less than 17 1/2 hours a week"
    UNION = "under collective bargaining agreements"


class NotOnFile(StrEnum):
    """Which fact is missing of somebody who is therefore counted."""

    EMPLOYMENT = "without dates of employment"
    BIRTH_DATE = "without a birth date"
    HOURS = "without weekly hours"


@dataclass(frozen=True, slots=True, eq=False)
class Headcount:
    """Who of the employees of a year is counted, and why others are not; ``ranked``: who can be among the best paid."""

    worked: int
    counted: Flags
    ranked: Flags
    left_out: Mapping[LeftOut, int]
    not_on_file: Mapping[NotOnFile, int]


def headcount(
    *,
    months_of_service: Cents,
    under_21: Flags,
    part_time: Flags,
    union: Flags,
    covers_union: bool,
    missing: Mapping[NotOnFile, Flags],
) -> Headcount:
    """The count over everybody who worked for the employer in the year, leavers included (IRC 414(q)(3), (5)).

    Only what the facts on file show leaves a person out: a larger count never makes fewer people highly compensated
    or key. So nobody is left out for normally working at most six months of a year, which only the experience of
    several years shows, nor as a nonresident alien (414(q)(5)(C), (8); A-9(f), (b)(1)(ii)). People of a union are
    counted, unless they are nine tenths of all and the plan does not cover them (A-9(b)(1)(iii)): then they are not
    ranked either. Those left out otherwise are still ranked (A-9(c)).
    """
    check_facts(locals())
    worked = len(union)
    out_as_union = union & (not covers_union and int(union.sum()) * 10 >= worked * _UNION_TENTHS)
    counted = np.ones(worked, dtype=np.bool_)
    left_out: dict[LeftOut, int] = {}
    for reason, flags in (
        (LeftOut.UNION, out_as_union),
        (LeftOut.SERVICE, months_of_service < MONTHS_OF_SERVICE),
        (LeftOut.AGE, under_21),
        (LeftOut.HOURS, part_time),
    ):
        if (counted & flags).any():
            left_out[reason] = int((counted & flags).sum())
        counted &= ~flags
    unknown = {fact: int((flags & counted).sum()) for fact, flags in missing.items()}
    return Headcount(worked, counted, ~out_as_union, left_out, {fact: n for fact, n in unknown.items() if n})


def months_of_service(
    who: Cents, hired: npt.NDArray[np.datetime64], ended: npt.NDArray[np.datetime64], year: PlanYear, people: int
) -> Cents:
    """Whole months of service by the end of the year, in it and in the year before (A-9(b)(1)(i)(A)).

    Employments as columns: whose, the first day, and the day after the last. Parts of months of several are added up.
    """
    check_facts(locals(), apart=("who", "hired", "ended"))
    same_length(who=who, hired=hired, ended=ended)
    if people > _MOST_PEOPLE:
        raise ImpossibleInput("people", f"{people} are more than anybody employs")
    if who.size and int(who.max()) >= people:
        raise ImpossibleInput("who", f"{int(who.max())} is not a place among {people} people")
    start = np.maximum(hired, np.datetime64(anniversary(year.start, -1), "D"))
    end = np.maximum(np.minimum(ended, np.datetime64(year.end, "D")), start)
    day, day_of_end = _day_of_month(start), _day_of_month(end)
    months = (end.astype("datetime64[M]") - start.astype("datetime64[M]")).astype(np.int64) - (day_of_end < day)
    anchor = (start.astype("datetime64[M]") + months).astype("datetime64[D]") + day
    days = np.maximum((end - anchor).astype(np.int64), 0)
    out, left = np.zeros(people, dtype=np.int64), np.zeros(people, dtype=np.int64)
    np.add.at(out, who, months)
    np.add.at(left, who, days)
    return out + np.where(np.bincount(who, minlength=people) > 1, left // _DAYS_OF_A_MONTH, 0)


def under_age(birth_dates: npt.NDArray[np.datetime64], year: PlanYear) -> Flags:
    """Who has not had the 21st birthday by the end of the year; an unknown birth date is nobody's."""
    check_facts(locals())
    latest = np.datetime64(anniversary(year.end, -AGE), "D")
    return np.asarray(~np.isnat(birth_dates) & (birth_dates >= latest), dtype=np.bool_)


def part_time(*, days: Cents, days_under: Cents) -> Flags:
    """Who normally works less than 17 1/2 hours a week: in at least half of the weeks worked (A-9(e)(2), (3)).

    ``days``: of the pay periods with hours; ``days_under``: of those with fewer a week. Weeks without work are not
    considered (A-9(e)(1)), so few hours in a whole year show nothing: they may be full weeks, and few.
    """
    check_facts(locals())
    return np.asarray((days > 0) & (days_under * 2 >= days), dtype=np.bool_)


def _day_of_month(day: npt.NDArray[np.datetime64]) -> Cents:
    """Counted from zero."""
    return np.asarray((day - day.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64), dtype=np.int64)

"""Service by elapsed time: periods of service, severance, service spanning (Reg. 1.410(a)-7). Not here: hours.

Nor: transfers between methods (f), benefit accrual (e), military leave.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from ..kernel import anniversary
from .given import ImpossibleInput, add_months, check_facts, check_fields, days

#: Parts of months are added up as months of so many days (Reg. 1.410(a)-7(c)(2)(i), (d)(1)(ii)).
DAYS_OF_A_MONTH = 30
MONTHS_OF_A_YEAR = 12
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stint:
    """Employment from the first hour of service on.

    ``absent_from``: the first day of an absence for another reason than quit, retirement, discharge or death that had
    not ended by the end of the stint; ``ended``: the day of quitting, retirement, discharge or death. A later return
    to work is the next stint. ``parental``: the absence is for a birth or adoption (IRC 410(a)(5)(E)(i)).
    """

    began: date
    absent_from: date | None = None
    ended: date | None = None
    parental: bool = False

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From the first day to the day after the last; ``spanned``: severance that counts as service."""

    start: date
    end: date
    spanned: bool


@dataclass(frozen=True, slots=True)
class ElapsedService:
    """Service up to a day: months and days over, whole years, the stretches, when a year was first complete."""

    months: int
    days_over: int
    whole_years: int
    stretches: tuple[Stretch, ...]
    severed_on: date | None
    year_completed_on: date | None


def severance_date(*, stint: Stint, on: date) -> date | None:
    """When the employee severs from service, if by a day (Reg. 1.410(a)-7(b)(2)).

    The day of quitting, retirement, discharge or death, or if earlier the first anniversary of the first day absent:
    of a parental absence the second, and the year between the two "is neither a period of service nor a period of
    severance" (Reg. 1.410(a)-9(a)(1)).
    """
    check_facts(locals())
    years = 2 if stint.parental else 1
    absence = stint.absent_from and anniversary(stint.absent_from, years)
    ends = [day for day in (stint.ended, absence) if day is not None]
    severed = min(ends, default=None)
    return severed if severed is not None and severed <= on else None


def elapsed_service(*, stints: tuple[Stint, ...], on: date) -> ElapsedService:
    """The period of service up to a day, severances of less than a year included as the rules of spanning ask.

    Reg. 1.410(a)-7(c)(2), (d)(1): who returns within twelve months of quitting, discharge or retirement, or of the
    first day of an absence in which that happened, is credited with the severance too. The last day is of the period,
    as in the example of Reg. 1.410(a)-9(a)(2) ("works until June 30"): hired on January 1, who quits on December 31 has
    a year. Of ``on`` itself nothing counts but such a day.
    """
    check_facts(locals())
    _check(stints, on)
    stretches: list[Stretch] = []
    severed: date | None = None
    for place, stint in enumerate(stints):
        severed = severance_date(stint=stint, on=on)
        returned = stints[place + 1].began if place + 1 < len(stints) else None
        end = on if severed is None else severed
        if severed is not None and severed == stint.ended:
            end += _A_DAY
        if returned is not None:
            end = min(end, returned)
        if stint.parental and stint.absent_from is not None:
            end = min(end, anniversary(stint.absent_from, 1))
        if end > stint.began:
            stretches.append(Stretch(stint.began, end, spanned=False))
        if severed is not None and returned is not None and _spans(stint, severed, returned):
            between = Stretch(severed + _A_DAY, returned, spanned=True)
            stretches += [between] if between.start < returned else []
    months, over = _total(stretches)
    return ElapsedService(
        months, over, months // MONTHS_OF_A_YEAR, tuple(stretches), severed, _year_completed(stretches)
    )


def one_year_severances(*, severed: date, returned: date | None, on: date) -> int:
    """Consecutive 1-year periods of severance by a day or the return, in place of breaks (Reg. 1.410(a)-7(c)(4)).

    Twelve months that end on the anniversary of the severance, without an hour of service: who returns on that very
    day has none, and is credited with the severance instead ((c)(2)(iii)).
    """
    check_facts(locals())
    end = on if returned is None else min(returned - timedelta(days=1), on)
    days(severed=severed, on=on if returned is None else min(returned, on))
    years = 0
    while anniversary(severed, years + 1) <= end:
        years += 1
    return years


def _spans(stint: Stint, severed: date, returned: date) -> bool:
    if stint.ended is None or severed != stint.ended:
        # Severed by a year of absence, not by quitting: the time after it never counts.
        return False
    from_day = severed if stint.absent_from is None else stint.absent_from
    return returned <= anniversary(from_day, 1)


def _total(stretches: list[Stretch]) -> tuple[int, int]:
    months = over = before = 0
    for start, end in _joined(stretches):
        whole = _whole_months(start, end)
        months, before, over = months + whole, over, over + (end - add_months(start, whole)).days
    if not before:
        # 30 days are a month only where parts of months are added up: else a month of 31 days would end a day early.
        return months, over
    return months + over // DAYS_OF_A_MONTH, over % DAYS_OF_A_MONTH


def _year_completed(stretches: list[Stretch]) -> date | None:
    months = over = 0
    for start, end in _joined(stretches):
        parts = over > 0
        months, over = months + over // DAYS_OF_A_MONTH, over % DAYS_OF_A_MONTH
        missing = max(MONTHS_OF_A_YEAR - months, 0)
        done = add_months(start, missing)
        if parts and missing:
            done = min(done, add_months(start, missing - 1) + timedelta(days=DAYS_OF_A_MONTH - over))
        if done <= end:
            return done
        whole = _whole_months(start, end)
        months, over = months + whole, over + (end - add_months(start, whole)).days
    return None


def _joined(stretches: list[Stretch]) -> list[tuple[date, date]]:
    """Stretches that follow one another without a gap as one, so that no month is cut."""
    joined: list[tuple[date, date]] = []
    for each in stretches:
        if joined and joined[-1][1] == each.start:
            joined[-1] = (joined[-1][0], each.end)
        else:
            joined.append((each.start, each.end))
    return joined


def _whole_months(start: date, end: date) -> int:
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - (add_months(start, months) > end)


def _check(stints: tuple[Stint, ...], on: date) -> None:
    if not stints:
        raise ImpossibleInput("stints", "nobody was employed.")
    for place, stint in enumerate(stints):
        following = stints[place + 1].began if place + 1 < len(stints) else None
        if following is None and stint.began > on:
            raise ImpossibleInput("on", f"{on} is before the employment of {stint.began}.")
        days(began=stint.began, absent_from=stint.absent_from, ended=stint.ended, next_began=following)
        if following is not None and stint.ended is None and stint.absent_from is None:
            raise ImpossibleInput("stints", f"the one from {stint.began} has no end and another follows.")

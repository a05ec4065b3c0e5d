"""A slow second implementation of breaks in service, elapsed time, filing days and payments from Roth accounts: year by
year and day by day, written from the statute and the regulations.
"""

from calendar import SATURDAY, SUNDAY, monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

ONE_DAY = timedelta(days=1)


def same_day(year: int, month: int, day: int) -> date:
    """29 February in a common year is 1 March."""
    return date(year, month, day) if day <= monthrange(year, month)[1] else date(year, month + 1, 1)


@dataclass(frozen=True)
class Hours:
    """Of one computation period; ``parental`` only against a break."""

    worked: int
    parental: int
    duty: date | None

    @property
    def kind(self) -> str:
        """IRC 410(a)(3)(A), 411(a)(6)(A)."""
        if self.worked >= 1_000:
            return "year_of_service"
        return "break" if self.worked + self.parental <= 500 else "neither"


@dataclass(frozen=True)
class Document:
    """Which rules of break the plan has."""

    parity: bool
    hold_out: bool
    required: int
    nonvested: bool


def judged(periods: list[Hours], plan: Document) -> list[tuple[str, int, int, str | None]]:
    """IRC 410(a)(5)(B) to (D): at the end of each period its kind, the years that count, breaks in a row, what was
    lost."""
    kept: list[int] = []  # the places of years of service that no rule has erased
    waiting, row, told = False, 0, []
    for place, period in enumerate(periods):
        row = row + 1 if period.kind == "break" else 0
        lost = None
        if period.kind == "year_of_service":
            kept, waiting = [*kept, place], False
        if period.kind == "break" and kept:
            waiting = waiting or plan.hold_out
            if len(kept) < plan.required:
                kept, lost = [], "break_before_two_years"
            elif plan.parity and plan.nonvested and row >= 5 and row >= len(kept):
                kept, lost = [], "parity"
        if lost is None and waiting:
            lost = "hold_out"
        told.append((period.kind, 0 if waiting else len(kept), row, lost))
    return told


def reemployed(periods: list[Hours]) -> date | None:
    """29 CFR 2530.200b-4(b)(1)(iii), (iv)."""
    kinds = [each.kind for each in periods]
    worked = next((place for place, kind in enumerate(kinds) if kind != "break"), len(kinds))
    broke = next((place for place in range(worked, len(kinds)) if kinds[place] == "break"), len(kinds))
    back = next((place for place in range(broke + 1, len(kinds)) if periods[place].duty), None)
    while back is not None:
        none = next((place for place in range(back + 1, len(kinds)) if not hours_or_duty(periods[place])), len(kinds))
        again = next((place for place in range(none + 1, len(kinds)) if periods[place].duty), None)
        if again is None:
            return periods[back].duty
        back = again
    return None


def hours_or_duty(period: Hours) -> bool:
    return period.worked > 0


@dataclass(frozen=True)
class Vested:
    """What counts for vesting: years, years for money before a long break, breaks at the end, why each was left out."""

    years: int
    before_long_break: int | None
    breaks: int
    left_out: list[str | None]


def vesting_years(
    hours: list[Hours], early: list[str | None], *, parity: bool, hold_back: bool, part_time: bool
) -> Vested:
    """IRC 411(a)(5), (6); 401(k)(15)(B)(iii). ``early``: years before age 18 or before the plan."""
    kinds = []
    for each in hours:
        toward = each.worked + min(each.parental, 501)
        served = each.worked >= (500 if part_time else 1_000)
        kinds.append("year" if served else "break" if toward < (500 if part_time else 501) else "neither")
    why = [early[place] if kind == "year" else None for place, kind in enumerate(kinds)]
    for place, kind in enumerate(kinds):
        run = 0
        while kind == "break" and run <= place and kinds[place - run] == "break":
            run += 1
        whole_run = place + 1 == len(kinds) or kinds[place + 1] != "break"
        before = [n for n in range(place - run + 1) if kinds[n] == "year" and why[n] is None]
        if kind == "break" and whole_run and parity and run >= 5 and run >= len(before):
            for n in before:
                why[n] = "parity"
    since = "".join(kind[0] for kind in kinds)  # y, n or b
    if hold_back and "b" in since and "y" not in since[since.rindex("b") :]:
        why = [reason or ("held_back" if kinds[n] == "year" else None) for n, reason in enumerate(why)]
    counts = [kind == "year" and reason is None for kind, reason in zip(kinds, why, strict=True)]
    end = since.rfind("bbbbb")
    trailing = len(since) - len(since.rstrip("b"))
    return Vested(sum(counts), None if end < 0 else sum(counts[: end + 5]), trailing, why)


def legal_holidays(year: int) -> set[date]:
    """5 USC 6103 and D.C. Code 28-2701: of a Saturday the Friday before, of a Sunday the Monday after."""
    days = [date(year, 7, 4), date(year, 11, 11), date(year, 12, 25), date(year, 4, 16)]
    days += [date(year, 1, 1), date(year + 1, 1, 1)]
    if year > 2020:
        days.append(date(year, 6, 19))
    found = set()
    for day in days:
        found.add({SATURDAY: day - ONE_DAY, SUNDAY: day + ONE_DAY}.get(day.weekday(), day))
    if year in range(1965, 2200, 4):  # of a Saturday, Inauguration Day has no other day
        inauguration = date(year, 1, 20)
        found.add(inauguration + ONE_DAY if inauguration.weekday() == SUNDAY else inauguration)
    for month, weekday, which in ((1, 0, 3), (2, 0, 3), (5, 0, 0), (9, 0, 1), (10, 0, 2), (11, 3, 4)):
        of_month = [date(year, month, n) for n in range(1, monthrange(year, month)[1] + 1)]
        found.add([day for day in of_month if day.weekday() == weekday][which - 1])
    return found


def open_day(day: date) -> date:
    """IRC 7503."""
    holidays = legal_holidays(day.year) | legal_holidays(day.year + 1)
    while day in holidays or day.weekday() in (SATURDAY, SUNDAY):
        day += ONE_DAY
    return day


def end_of_month_after(day: date, months: int) -> date:
    """The last day of that month after the month of ``day``, counted on the fingers."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, monthrange(year, month)[1])


@dataclass(frozen=True)
class Converted:
    """What of a conversion is left, cent by cent taxable first."""

    year: int
    taxable: int
    untaxed: int
    withdrawn: int


def early_cents(amount: int, on: date, conversions: Iterable[Converted]) -> int:
    """IRC 408A(d)(3)(F), (4)(B): cent by cent, first in and first out, of each conversion the taxable part first."""
    cents = []
    for each in sorted(conversions, key=lambda one: one.year):
        early = on < date(each.year + 5, 1, 1)
        cents += ([early] * each.taxable + [False] * each.untaxed)[each.withdrawn :]
    return sum(cents[:amount])


def roth_parts(gross: int, basis: int, income: int) -> tuple[int, int]:
    """Reg. 1.402A-1 A-3: basis pro rata, half up; all of it basis where there is no income."""
    if income <= 0:
        return gross, 0
    part = Fraction(gross * basis, basis + income)
    rounded = int(part + Fraction(1, 2))
    return rounded, gross - rounded

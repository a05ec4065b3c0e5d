"""Year-to-date figures from before a plan came here: the canonical file, read and checked. Not here: storing it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from open401k.kernel import Money, Source

from . import cells as cell
from .canonical import PERSON, CanonicalFile, Sheet, Values, read_sheet
from .findings import Code
from .mapping import DateOrder, Reading
from .rows import masked_ssn

START, END, HOURS, BALANCE = "period_start", "period_end", "hours", "prior_year_end_balance"
PAY: Final = ("plan_compensation", "section_415_compensation", "fica_wages")
EMPLOYEE: Final = ("pre_tax", "roth", "after_tax")
EMPLOYER: Final = tuple(source.value for source in Source if not source.from_employee and not source.is_rollover)
AMOUNTS: Final = (*PAY, *EMPLOYEE, *EMPLOYER, BALANCE)
REQUIRED: Final = (PERSON, START, END, *PAY, HOURS, "pre_tax", "roth")
COLUMNS: Final = (PERSON, START, END, *PAY, HOURS, *EMPLOYEE, *EMPLOYER, BALANCE)

_READING: Final = Reading(dates=DateOrder.ISO)


@dataclass(frozen=True, slots=True)
class YearToDateRow:
    """One person and period, both days included; amounts in cents and hours in hundredths, by column."""

    row: int
    line: int
    ssn: str
    start: date
    end: date
    amounts: Mapping[str, int]


@dataclass(slots=True)
class YearToDateFile(CanonicalFile[YearToDateRow]):
    """What could be read of a file."""

    def at(self, row: YearToDateRow, column: str, code: Code, reason: str, fix: str) -> None:
        """Nothing of the file will be recorded, because of a row that was read."""
        value = masked_ssn(row.ssn) if column == PERSON else str(row.start if column == START else row.end)
        if column in AMOUNTS:
            value = Money(row.amounts[column]).plain()
        self.reject(row.row, row.line, column, code, value, reason, fix)


@dataclass(frozen=True, slots=True)
class Boundary:
    """A day on which a count begins anew: no period may hold days of both sides, since nobody could part its sums."""

    on: date
    why: str


@dataclass(frozen=True, slots=True)
class YearToDateExpected:
    """What a file is held against besides itself: the years that count, and what is on file."""

    first_day: date
    as_of: date
    years: str  # "2026" or "2025 and 2026", for a reason
    people: frozenset[str] = frozenset()  # numbers of people on file
    boundaries: Sequence[Boundary] = ()
    paid_here: Sequence[date] = ()  # pay dates of payrolls that are on file here
    balance_on_file: date | None = None  # a determination date for which the books themselves hold balances


def read_year_to_date(data: bytes, *, file_name: str = "") -> YearToDateFile:
    """Rows of the canonical CSV (or the same as a workbook); everything unreadable is a finding with its place."""
    file = YearToDateFile()

    def make(row: int, line: int, values: Values) -> YearToDateRow | None:
        if not _dated(file, row, line, values):
            return None
        amounts = {name: values[name] for name in _SHEET.summed}
        return YearToDateRow(row, line, values[PERSON], values[START], values[END], amounts)

    read_sheet(file, _SHEET, data, file_name=file_name, make=make)
    _repeated(file)
    return file


def check_year_to_date(file: YearToDateFile, expected: YearToDateExpected) -> None:
    """Each row against people, years and payrolls that are on file; what is wrong is added to the findings."""
    for row in file.rows:
        for column, code, reason, fix in _wrong(row, expected):
            file.at(row, column, code, reason, fix)


def straddled(row: YearToDateRow, boundaries: Sequence[Boundary]) -> Iterator[tuple[str, str]]:
    """Reason and fix for each boundary that lies inside of a row's period."""
    for each in boundaries:
        if row.start < each.on <= row.end:
            reason = f"The period {row.start} to {row.end} holds {each.on}, {each.why}: what is before it counts apart."
            yield reason, f"Make two rows of it: up to the day before {each.on}, and from {each.on} on."


def _dated(file: YearToDateFile, row: int, line: int, values: Values) -> bool:
    fine = True
    for name in (START, END):
        if values[name] is None:
            fix = "Write the first and the last day of the period, as 2026-01-01."
            file.reject(row, line, name, Code.DATE_INVALID, "", "The day is blank.", fix)
            fine = False
    if fine and values[END] < values[START]:
        reason = f"The period ends on {values[END]}, before it starts on {values[START]}."
        file.reject(row, line, END, Code.DATE_ORDER, str(values[END]), reason, "Exchange the days, or correct one.")
        return False
    return fine


def _repeated(file: YearToDateFile) -> None:
    """No day of a person is in two rows."""
    of_person: dict[str, list[YearToDateRow]] = defaultdict(list)
    for row in file.rows:
        of_person[row.ssn].append(row)
    for rows in of_person.values():
        for one, other in pairwise(sorted(rows, key=lambda each: (each.start, each.end, each.row))):
            if other.start <= one.end:
                late, early = (one, other) if one.row > other.row else (other, one)
                reason = f"Rows {early.row} and {late.row} are the same person, and both hold {other.start}."
                file.at(late, PERSON, Code.ROW_DUPLICATE, reason, "Remove one, or make their periods follow on.")


def _wrong(row: YearToDateRow, expected: YearToDateExpected) -> Iterator[tuple[str, Code, str, str]]:
    """Column, code, reason and fix for each thing that is wrong with a row."""
    if row.ssn not in expected.people:
        fix = "Correct the number, or add the person to the roster first."
        yield PERSON, Code.PERSON_UNKNOWN, "Nobody of this sponsor has this number.", fix
    if row.start < expected.first_day:
        reason = f"{row.start} is not in {expected.years}, the years that still count on {expected.as_of}."
        yield START, Code.PERIOD_OUTSIDE, reason, f"Begin the period on {expected.first_day} or later."
    if row.end > expected.as_of:
        reason = f"The period ends on {row.end}, after {expected.as_of}, the day as of which the figures are given."
        yield END, Code.PERIOD_OUTSIDE, reason, "End it by that day, or give the figures as of a later one."
    for reason, fix in straddled(row, expected.boundaries):
        yield END, Code.PERIOD_STRADDLES, reason, fix
    here = [day for day in expected.paid_here if row.start <= day <= row.end]
    if here:
        reason = f"A payroll of {here[0]} was posted here: its money would count twice."
        yield END, Code.PERIOD_COVERED, reason, f"End the period before {here[0]}, without what was paid from then on."
    withheld = sum(row.amounts[name] for name in EMPLOYEE)
    if withheld > row.amounts["section_415_compensation"]:
        paid = Money(row.amounts["section_415_compensation"])
        reason = f"{Money(withheld)} was withheld from {paid} of section 415 compensation, which holds deferrals."
        yield "pre_tax", Code.AMOUNT_EXCEEDS_PAY, reason, "Correct the amount, or the compensation."
    if row.amounts[BALANCE] and expected.balance_on_file is not None:
        reason = f"The books hold the balances of {expected.balance_on_file} already: this one would count twice."
        yield BALANCE, Code.BALANCE_KNOWN, reason, "Leave the column out."


def _hours(text: str) -> int:
    hundredths = _known_hours(text)
    if hundredths is None:
        raise cell.CellError(Code.HOURS_FORMAT, "The hours are blank.", "Write 0 where none were worked.")
    return hundredths


_known_hours = cell.hours_parser()
_money = cell.money_parser(_READING)
_maybe_money = cell.money_parser(_READING, blank_is_zero=True)
_SHEET: Final = Sheet(
    what="year-to-date figures",
    cells={
        PERSON: cell.ssn,
        **dict.fromkeys((START, END), cell.date_parser(DateOrder.ISO, iso_too=True)),
        **{name: _money if name in REQUIRED else _maybe_money for name in PAY},
        HOURS: _hours,
        **{name: _money if name in REQUIRED else _maybe_money for name in (*EMPLOYEE, *EMPLOYER, BALANCE)},
    },
    required=REQUIRED,
    summed=(*AMOUNTS, HOURS),
    nobody=(
        "Headings, but nobody was paid.",
        "Write a row for each person with pay in the year; without any, there is nothing to bring.",
    ),
    below_zero=("A figure of the year to date cannot be below zero.", "Give what is left after every correction."),
    hundredths=(HOURS,),
)

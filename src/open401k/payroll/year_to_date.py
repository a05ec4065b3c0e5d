"""Year-to-date figures from before a plan came here: the canonical file, read and checked. Not here: storing it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any, Final

from open401k.kernel import Money, Source

from . import cells as cell
from .findings import Code, Finding, Findings, Severity
from .mapping import DateOrder, Reading, letter
from .rows import masked_ssn
from .tables import open_table

#: The row that adds up every other one, in place of a number.
TOTAL: Final = "total"
PERSON, START, END, HOURS, BALANCE = "ssn", "period_start", "period_end", "hours", "prior_year_end_balance"
PAY: Final = ("plan_compensation", "section_415_compensation", "fica_wages")
EMPLOYEE: Final = ("pre_tax", "roth", "after_tax")
EMPLOYER: Final = tuple(source.value for source in Source if not source.from_employee and source is not Source.ROLLOVER)
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
class YearToDateFile:
    """What could be read of a file; ``columns`` is the label of each column, for findings."""

    rows: list[YearToDateRow] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    columns: dict[str, str] = field(default_factory=dict)
    wrong: set[int] = field(default_factory=set)  # rows with a finding

    def reject(self, row: int, line: int, column: str, code: Code, value: str, reason: str, fix: str) -> None:
        """Nothing of the file will be recorded, and why."""
        label = self.columns.get(column, column)
        found = Finding(Severity.REJECT, code, reason, fix, row=row, line=line, column=label, value_masked=value)
        self.findings.add(found)
        self.wrong.add(row)

    def at(self, row: YearToDateRow, column: str, code: Code, reason: str, fix: str) -> None:
        """The same about a row that was read."""
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
    found = YearToDateFile()
    table = open_table(data, file_name=file_name)
    if isinstance(table, list):
        found.findings.extend(table)
        return found
    headings = [heading.casefold() for heading in table.headings]
    found.columns = {name: f"{letter(place)} {name}" for place, name in enumerate(headings)}
    if _headings(found, headings):
        sums: dict[str, int] = defaultdict(int)
        totals: list[YearToDateRow] = []
        for row, line, written in table.rows:
            _row(found, row, line, dict(zip(headings, written, strict=True)), sums, totals)
        _totals(found, sums, totals)
        _repeated(found)
    found.findings.extend(table.findings)
    return found


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


def _headings(file: YearToDateFile, headings: Sequence[str]) -> bool:
    for name in REQUIRED:
        if name not in headings:
            file.reject(1, 1, name, Code.HEADER_MISSING, "", f"There is no column {name}.", f"Add a column {name}.")
    for name in headings:
        if name not in COLUMNS:
            shown = cell.shown(name)
            reason = f"{shown!r} is no column of year-to-date figures."
            file.reject(1, 1, name, Code.HEADER_UNKNOWN, shown, reason, f"Take it out; there are {', '.join(COLUMNS)}.")
    return not file.findings.rejected


def _row(
    file: YearToDateFile,
    row: int,
    line: int,
    written: Mapping[str, str],
    sums: dict[str, int],
    totals: list[YearToDateRow],
) -> None:
    """Read every cell of a row. What can be read of a bad row counts in the sums, so that one fault is told once."""
    is_total = written[PERSON].strip(" ").casefold() == TOTAL
    values: dict[str, Any] = {}
    for name, text in written.items():
        if is_total and name in (PERSON, START, END):
            continue
        try:
            values[name] = _PARSERS[name](text)
        except cell.CellError as wrong:
            masked = masked_ssn(text) if name == PERSON else cell.shown(text)
            file.reject(row, line, name, wrong.code, masked, *_words(wrong))
    amounts = {name: values.get(name) or 0 for name in (*AMOUNTS, HOURS)}
    if is_total:
        unreadable = set(written) - {PERSON, START, END} - set(values)
        amounts = {name: cents for name, cents in amounts.items() if name in written and name not in unreadable}
        totals.append(YearToDateRow(row, line, "", date.min, date.min, amounts))
        return
    for name in (*AMOUNTS, HOURS):
        if name in written and name not in values:
            sums[f"{name} unreadable"] += 1
        sums[name] += amounts[name]
    if len(values) == len(written) and _dated(file, row, line, values):
        file.rows.append(YearToDateRow(row, line, values[PERSON], values[START], values[END], amounts))


def _words(wrong: cell.CellError) -> tuple[str, str]:
    if wrong.code is Code.AMOUNT_NEGATIVE:
        return "A figure of the year to date cannot be below zero.", "Give what is left after every correction."
    return wrong.reason, wrong.fix


def _dated(file: YearToDateFile, row: int, line: int, values: Mapping[str, Any]) -> bool:
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


def _totals(file: YearToDateFile, sums: Mapping[str, int], totals: Sequence[YearToDateRow]) -> None:
    """One total row, equal to the sum of the others in every column."""
    if not file.rows and not file.findings.rejected:
        fix = "Write a row for each person with pay in the year; without any, there is nothing to bring."
        file.reject(1, 1, PERSON, Code.FILE_NO_ROWS, "", "Headings, but nobody was paid.", fix)
    if len(totals) != 1:
        fix = f"End the file with one row whose ssn is {TOTAL!r}, the sum of each column: a cut file is noticed by it."
        reason = f"There are {len(totals)} total rows." if totals else "There is no total row."
        file.reject(totals[-1].row if totals else 1, 1, PERSON, Code.TOTAL_MISMATCH, "", reason, fix)
        return
    (total,) = totals
    for name, told in total.amounts.items():
        if sums[name] != told and not sums.get(f"{name} unreadable"):
            is_total, added, apart = (_shown(each, name) for each in (told, sums[name], abs(sums[name] - told)))
            reason = f"The total is {is_total}, the rows add up to {added}: {apart} apart."
            fix = "Find the missing, doubled or wrong row, or correct the total."
            file.reject(total.row, total.line, name, Code.TOTAL_MISMATCH, is_total, reason, fix)


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
        paid = _shown(row.amounts["section_415_compensation"])
        reason = f"{_shown(withheld)} was withheld from {paid} of section 415 compensation, which holds deferrals."
        yield "pre_tax", Code.AMOUNT_EXCEEDS_PAY, reason, "Correct the amount, or the compensation."
    if row.amounts[BALANCE] and expected.balance_on_file is not None:
        reason = f"The books hold the balances of {expected.balance_on_file} already: this one would count twice."
        yield BALANCE, Code.BALANCE_KNOWN, reason, "Leave the column out."


def _shown(number: int, name: str = "") -> str:
    return f"{Money(number).plain()} hours" if name == HOURS else str(Money(number))


def _hours(text: str) -> int:
    hundredths = _known_hours(text)
    if hundredths is None:
        raise cell.CellError(Code.HOURS_FORMAT, "The hours are blank.", "Write 0 where none were worked.")
    return hundredths


_known_hours = cell.hours_parser()
_money = cell.money_parser(_READING)
_maybe_money = cell.money_parser(_READING, blank_is_zero=True)
_PARSERS: Final[dict[str, Callable[[str], Any]]] = {
    PERSON: cell.ssn,
    START: cell.date_parser(DateOrder.ISO, iso_too=True),
    END: cell.date_parser(DateOrder.ISO, iso_too=True),
    HOURS: _hours,
    **{name: _money if name in REQUIRED else _maybe_money for name in AMOUNTS},
}

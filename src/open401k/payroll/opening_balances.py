"""Balances that a plan brings from elsewhere: the canonical file, read and checked. Not here: posting them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from open401k.kernel import Source

from . import cells as cell
from .canonical import PERSON, CanonicalFile, Sheet, Values, read_sheet
from .findings import Code
from .mapping import DateOrder, Reading
from .rows import masked_ssn

SOURCE, BALANCE = "source", "balance"
COLUMNS: Final = (PERSON, SOURCE, BALANCE)


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """What one source of one person's account held."""

    row: int
    line: int
    ssn: str
    source: Source
    cents: int


class OpeningFile(CanonicalFile[OpeningRow]):
    """What could be read of a file."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class OpeningExpected:
    """What a file is held against besides itself."""

    as_of: date
    today: date
    people: frozenset[str] = frozenset()  # numbers of people on file
    paid_here: Sequence[date] = ()  # pay dates of payrolls that were posted here
    told_before: date | None = None  # a year end of which figures brought over tell the balances


def read_opening_balances(data: bytes, *, file_name: str = "") -> OpeningFile:
    """Rows of the canonical CSV (or the same as a workbook); everything unreadable is a finding with its place."""
    file = OpeningFile()

    def make(row: int, line: int, values: Values) -> OpeningRow:
        return OpeningRow(row, line, values[PERSON], values[SOURCE], values[BALANCE])

    read_sheet(file, _SHEET, data, file_name=file_name, make=make)
    _repeated(file)
    if file.rows and not file.findings.rejected and not any(row.cents for row in file.rows):
        file.reject(1, 1, BALANCE, Code.FILE_NO_ROWS, "", "Every balance is zero.", _SHEET.nobody[1])
    return file


def check_opening_balances(file: OpeningFile, expected: OpeningExpected) -> None:
    """Each row against the people, the day against plan and payrolls on file; what is wrong joins the findings."""
    for row in file.rows:
        if row.ssn not in expected.people:
            fix = "Correct the number, or add the person to the roster first."
            _at(file, row, PERSON, Code.PERSON_UNKNOWN, "Nobody of this sponsor has this number.", fix)
    as_of = expected.as_of
    if as_of > expected.today:
        reason = f"{as_of} is still to come: nobody knows the balances of that day."
        file.reject_all(Code.PERIOD_OUTSIDE, reason, "Give the last day elsewhere.", column="as_of")
    here = [day for day in expected.paid_here if day <= as_of]
    if here:
        reason = (
            f"A payroll of {here[0]} was posted here, and the balances are of {as_of}: its money would count twice."
        )
        file.reject_all(Code.PERIOD_COVERED, reason, f"Give balances of a day before {here[0]}.", column="as_of")
    if expected.told_before is not None and as_of <= expected.told_before:
        reason = (
            f"Year-to-date figures on file tell the balances of {expected.told_before}: with these they would count"
            " twice."
        )
        fix = "Send the year-to-date figures again without the column prior_year_end_balance, then these balances."
        file.reject_all(Code.BALANCE_KNOWN, reason, fix, column="as_of")


def _repeated(file: OpeningFile) -> None:
    """A person's source is in one row."""
    seen: dict[tuple[str, Source], OpeningRow] = {}
    for row in file.rows:
        first = seen.setdefault((row.ssn, row.source), row)
        if first is not row:
            reason = f"Rows {first.row} and {row.row} are the same person and source ({row.source})."
            _at(file, row, PERSON, Code.ROW_DUPLICATE, reason, "Remove one, or make one row of their sum.")


def _at(file: OpeningFile, row: OpeningRow, column: str, code: Code, reason: str, fix: str) -> None:
    file.reject(row.row, row.line, column, code, masked_ssn(row.ssn), reason, fix)


def _source(text: str) -> Source:
    try:
        return Source(text.strip(" ").casefold())
    except ValueError:
        fix = f"Write one of {', '.join(Source)}."
        raise cell.CellError(Code.SOURCE_UNKNOWN, "There is no such source of money.", fix) from None


_SHEET: Final = Sheet(
    what="opening balances",
    cells={PERSON: cell.ssn, SOURCE: _source, BALANCE: cell.money_parser(Reading(dates=DateOrder.ISO))},
    required=COLUMNS,
    summed=(BALANCE,),
    nobody=(
        "Headings, but nobody has a balance.",
        "Write a row for each person and source with money; a plan without any needs no opening balances.",
    ),
    below_zero=("An account cannot hold less than nothing.", "Settle it with the prior recordkeeper first."),
)

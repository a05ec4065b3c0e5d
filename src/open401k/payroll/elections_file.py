"""A table of elections: the canonical file, read by itself. Not here: what the plan takes (recordkeeping)."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from . import cells as cell
from .canonical import PERSON, CanonicalFile, Sheet, Values, read_sheet
from .findings import Code
from .mapping import DateOrder, Reading
from .rows import masked_ssn

EMPLOYEE, SOURCE, PART, PERCENT, DOLLARS = "employee_id", "source", "part", "percent", "dollars"
EFFECTIVE, MADE, HOW = "effective_on", "made_on", "how"
SOURCES: Final = ("pre_tax", "roth", "after_tax")
PARTS: Final = ("regular", "bonus", "catch_up")
#: "automatic" is only of before a takeover: here, defaults are derived.
HOWS: Final = ("participant", "administrator", "payroll", "stop", "automatic", "escalation")
REQUIRED: Final = (PERSON, SOURCE, PERCENT, EFFECTIVE)
_PERCENT = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))? ?%?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ElectionRow:
    """One election of one person, who is named by number or by id."""

    row: int
    line: int
    ssn: str
    employee_id: str
    source: str
    part: str
    bps: int
    cents: int
    effective_on: date
    made_on: date | None
    how: str

    @property
    def slot(self) -> tuple[str, str, str, date]:
        """What a table says once."""
        return self.ssn or self.employee_id, self.source, self.part, self.effective_on


class ElectionsFile(CanonicalFile[ElectionRow]):
    """What could be read of a file."""

    __slots__ = ()

    def at(self, row: ElectionRow, column: str, code: Code, reason: str, fix: str) -> None:
        """Nothing of the file will be recorded, because of a row that was read."""
        value = masked_ssn(row.ssn) if column == PERSON else str(row.effective_on) if column == EFFECTIVE else ""
        self.reject(row.row, row.line, column, code, value, reason, fix)


def read_elections_file(data: bytes, *, file_name: str = "") -> ElectionsFile:
    """Rows of the canonical CSV (or the same as a workbook); everything wrong inside is a finding with its place."""
    file = ElectionsFile()

    def make(row: int, line: int, values: Values) -> ElectionRow | None:
        wrong = _wrong(values)
        if wrong is not None:
            file.reject(row, line, wrong[0], Code.ELECTION_FORMAT, "", *wrong[1:])
            return None
        return ElectionRow(
            row,
            line,
            values[PERSON],
            values.get(EMPLOYEE) or "",
            values[SOURCE],
            values.get(PART) or PARTS[0],
            values[PERCENT] or 0,
            values.get(DOLLARS) or 0,
            values[EFFECTIVE],
            values.get(MADE),
            values.get(HOW) or HOWS[1],
        )

    read_sheet(file, _SHEET, data, file_name=file_name, make=make)
    _repeated(file)
    return file


def _wrong(values: Values) -> tuple[str, str, str] | None:
    """Column, reason and fix of the first thing that a row as a whole cannot say."""
    if bool(values[PERSON]) == bool(values.get(EMPLOYEE)):
        return PERSON, "A row names its person once.", f"Give {PERSON}, or leave it blank and give {EMPLOYEE}."
    percent, dollars = values[PERCENT], values.get(DOLLARS)
    if (percent is None) == (dollars is None):
        return PERCENT, "An election is a percentage or an amount.", f"Give {PERCENT} or {DOLLARS}, and 0 to stop."
    if values[EFFECTIVE] is None:
        return EFFECTIVE, "The day from which it holds is blank.", "Write it as 2026-01-01."
    return None


def _repeated(file: ElectionsFile) -> None:
    seen: dict[tuple[str, str, str, date], int] = {}
    for row in file.rows:
        before = seen.setdefault(row.slot, row.row)
        if before != row.row:
            reason = f"Rows {before} and {row.row} elect for the same person, source, part and day."
            file.at(row, PERSON, Code.ROW_DUPLICATE, reason, "Remove one.")


def _person(text: str) -> str:
    return cell.ssn(text) if text.strip(" ") else ""


def _percent(text: str) -> int | None:
    bare = text.strip(" ")
    if not bare:
        return None
    found = _PERCENT.fullmatch(bare)
    bps = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else -1
    if not 0 <= bps <= 10_000:
        fix = "Write 6, 6.5 or 6.25%."
        raise cell.CellError(Code.ELECTION_FORMAT, "This is no percentage of pay from 0 to 100.", fix)
    return bps


def _dollars(text: str) -> int | None:
    return _money(text) if text.strip(" ") else None


def _one_of(words: Collection[str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        bare = text.strip(" ").casefold().replace("-", "_").replace(" ", "_")
        if bare and bare not in words:
            reason = f"{cell.shown(text)!r} is none of {', '.join(words)}."
            raise cell.CellError(Code.ELECTION_FORMAT, reason, "Write one of these words.")
        return bare

    return parse


def _source(text: str) -> str:
    found = _one_of(SOURCES)(text)
    if not found:
        raise cell.CellError(Code.ELECTION_FORMAT, "The source is blank.", f"Write one of {', '.join(SOURCES)}.")
    return found


_money = cell.money_parser(Reading(dates=DateOrder.ISO))
_date: Callable[[str], Any] = cell.date_parser(DateOrder.ISO, iso_too=True)
_SHEET: Final = Sheet(
    what="elections",
    cells={
        PERSON: _person,
        EMPLOYEE: cell.text,
        SOURCE: _source,
        PART: _one_of(PARTS),
        PERCENT: _percent,
        DOLLARS: _dollars,
        EFFECTIVE: _date,
        MADE: _date,
        HOW: _one_of(HOWS),
    },
    required=REQUIRED,
    summed=(),
    nobody=("Headings, but no election.", "Write a row for each election, or send no file."),
    below_zero=("An election cannot be below zero.", "Write 0 to stop."),
    totaled=False,
)

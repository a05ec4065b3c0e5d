"""People that a plan brings from elsewhere, with the pay of the year before: the canonical file, read and checked."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

from open401k.census import Relation, cannot_be_related

from . import cells as cell
from .canonical import PERSON, CanonicalFile, Sheet, Values, read_sheet
from .findings import Code
from .mapping import DateOrder, Reading
from .rows import masked_ssn

FIRST, LAST, BORN, HIRED, LEFT = "first_name", "last_name", "birth_date", "hired_on", "terminated_on"
CLASS, OWNS, OFFICER, RELATIVE, RELATION = "employee_class", "ownership_percent", "officer", "relative", "relation"
YEAR, HOURS = "pay_year", "hours"
PAY: Final = ("plan_compensation", "section_415_compensation", "fica_wages")
REQUIRED: Final = (PERSON, FIRST, LAST, BORN, HIRED)
#: The one who owns all, in basis points.
_ALL: Final = 10_000


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person; ``pay`` is the year's plan, section 415 and FICA pay in cents and its hours in hundredths."""

    row: int
    line: int
    ssn: str
    first_name: str
    last_name: str
    birth_date: date | None
    hired_on: date | None
    terminated_on: date | None
    employee_class: str
    ownership_bps: int
    officer: bool
    relative: str
    relation: Relation | None
    pay_year: int | None
    pay: tuple[int, int, int, int]


class RosterFile(CanonicalFile[PersonRow]):
    """What could be read of a file."""

    __slots__ = ()

    def at(self, row: PersonRow, column: str, code: Code, reason: str, fix: str) -> None:
        """Nobody of the file will be added, because of a row that was read."""
        number = row.relative if column == RELATIVE else row.ssn
        self.reject(row.row, row.line, column, code, masked_ssn(number), reason, fix)


def read_roster(data: bytes, *, file_name: str = "") -> RosterFile:
    """Rows of the canonical CSV (or the same as a workbook); everything wrong inside is a finding with its place."""
    file = RosterFile()

    def make(row: int, line: int, values: Values) -> PersonRow:
        return _person(row, line, values)

    read_sheet(file, _SHEET, data, file_name=file_name, make=make)
    seen: dict[str, list[PersonRow]] = defaultdict(list)
    for row in file.rows:
        seen[row.ssn].append(row)
        for column, code, reason, fix in _wrong(row):
            file.at(row, column, code, reason, fix)
    for rows in seen.values():
        for again in rows[1:]:
            reason = f"Rows {rows[0].row} and {again.row} have the same number."
            file.at(again, PERSON, Code.ROW_DUPLICATE, reason, "Remove one, or correct the number of one.")
    return file


def check_relatives(file: RosterFile, on_file: Mapping[str, date | None], *, today: date) -> None:
    """Whoever is named as a relative is in the file, or on file (by number, with the date of birth), and can be one."""
    known = {**on_file, **{row.ssn: _born(row) for row in file.rows}}
    for row in file.rows:
        if row.relative in known and row.relative != row.ssn and row.relation is not None:
            other = known[row.relative]
            words = cannot_be_related(row.relation, born=_born(row), relative_born=other, today=today)
            if words is not None:
                fix = "Correct a date of birth, the relative's number or the relation."
                file.at(row, RELATION, Code.PERSON_CONFLICT, words, fix)
        if row.relative and row.relative not in known:
            reason = "The relative has this number, and nobody of the file or of this sponsor does."
            file.at(row, RELATIVE, Code.PERSON_UNKNOWN, reason, "Correct the number, or add a row for the relative.")


def _born(row: PersonRow) -> date | None:
    """None, too, where the date is told to be wrong by itself."""
    wrong = row.birth_date is not None and row.hired_on is not None and row.hired_on < row.birth_date
    return None if wrong else row.birth_date


def _person(row: int, line: int, values: Values) -> PersonRow:
    return PersonRow(
        row=row,
        line=line,
        ssn=values[PERSON],
        first_name=values[FIRST],
        last_name=values[LAST],
        birth_date=values[BORN],
        hired_on=values[HIRED],
        terminated_on=values.get(LEFT),
        employee_class=values.get(CLASS, ""),
        ownership_bps=values.get(OWNS, 0),
        officer=values.get(OFFICER, False),
        relative=values.get(RELATIVE, ""),
        relation=values.get(RELATION),
        pay_year=values.get(YEAR),
        pay=(*(values[name] for name in PAY), values[HOURS]),
    )


def _wrong(row: PersonRow) -> list[tuple[str, Code, str, str]]:
    """Column, code, reason and fix for each thing that is wrong with a row by itself."""
    wrong: list[tuple[str, Code, str, str]] = []
    for column, name in ((FIRST, row.first_name), (LAST, row.last_name)):
        if not name:
            wrong.append((column, Code.NAME_FORMAT, "The name is blank.", "Write it as on the Social Security card."))
    if row.birth_date is None and row.hired_on is not None:
        wrong.append((BORN, Code.DATE_INVALID, "The birth date is blank.", "Write it: age decides entry and catch-up."))
    order = [(BORN, row.birth_date), (HIRED, row.hired_on), (LEFT, row.terminated_on)]
    known = [(column, day) for column, day in order if day is not None]
    for (_, before), (column, after) in pairwise(known):
        if after < before:
            reason = f"{column} is {after}, before {before}."
            wrong.append((column, Code.DATE_ORDER, reason, "Exchange the days, or correct one."))
    if row.terminated_on is not None and row.hired_on is None:
        fix = "Write it, or leave terminated_on blank for somebody who never worked here."
        wrong.append((HIRED, Code.HIRE_DATE_MISSING, "Somebody left who was never hired.", fix))
    if row.ownership_bps > _ALL:
        wrong.append((OWNS, Code.AMOUNT_IMPLAUSIBLE, "Nobody owns more than all.", "Write the percentage, such as 60."))
    if bool(row.relative) != (row.relation is not None):
        column = RELATION if row.relative else RELATIVE
        wrong.append((column, Code.AMOUNT_MISSING, f"{column} is blank.", "Fill both relative and relation, or none."))
    if row.relative == row.ssn:
        wrong.append((RELATIVE, Code.PERSON_CONFLICT, "Nobody is their own relative.", "Name the other person."))
    if any(row.pay) and row.pay_year is None:
        wrong.append(
            (YEAR, Code.DATE_INVALID, "There is pay, and no year.", "Write the year of the pay, such as 2025.")
        )
    return wrong


def _optional_ssn(text: str) -> str:
    return cell.ssn(text) if text.strip(" ") else ""


def _relation(text: str) -> Relation | None:
    word = text.strip(" ").casefold()
    if not word:
        return None
    try:
        return Relation(word)
    except ValueError:
        reason, fix = "There is no such relation.", f"Write what the relative is: {', '.join(Relation)}."
        raise cell.CellError(Code.NAME_FORMAT, reason, fix) from None


def _officer(text: str) -> bool:
    word = text.strip(" ").casefold()
    if word not in ("", "yes", "no"):
        raise cell.CellError(Code.NAME_FORMAT, "This is neither yes nor no.", "Write yes or no.")
    return word == "yes"


def _year(text: str) -> int | None:
    bare = text.strip(" ")
    if not bare:
        return None
    if not (len(bare) == 4 and bare.isascii() and bare.isdigit() and 1974 <= int(bare) <= 2100):
        raise cell.CellError(Code.DATE_INVALID, "This is not a year since 1974.", "Write it as 2025.")
    return int(bare)


def _hours(text: str) -> int:
    return _known_hours(text) or 0


_known_hours = cell.hours_parser()
_day: Final[Callable[[str], Any]] = cell.date_parser(DateOrder.ISO, iso_too=True)
_amount = cell.money_parser(Reading(dates=DateOrder.ISO), blank_is_zero=True)

_SHEET: Final = Sheet(
    what="a roster",
    cells={
        PERSON: cell.ssn,
        **dict.fromkeys((FIRST, LAST), cell.name),
        **dict.fromkeys((BORN, HIRED, LEFT), _day),
        CLASS: cell.text,
        OWNS: _amount,  # hundredths of a percent are basis points
        OFFICER: _officer,
        RELATIVE: _optional_ssn,
        RELATION: _relation,
        YEAR: _year,
        **dict.fromkeys(PAY, _amount),
        HOURS: _hours,
    },
    required=REQUIRED,
    summed=(*PAY, HOURS),
    nobody=("Headings, but nobody works there.", "Write a row for each person."),
    below_zero=("An amount of a roster cannot be below zero.", "Give what is left after every correction."),
    numbers=(PERSON, RELATIVE),
    hundredths=(HOURS,),
)
COLUMNS: Final = tuple(_SHEET.cells)

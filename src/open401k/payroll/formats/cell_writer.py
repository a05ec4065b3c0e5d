"""The cells of a row as a settled mapping writes them, and the row that comes back from them. Not here: files."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from .. import cells as cell
from ..mapping import Column, DateOrder, Mapping
from ..rows import BY_CODE, DATES, DEFERRALS, EMPLOYER_MONEY, Field, PayrollRow
from .reader import loans_of

#: Money that a file may leave unsaid: without its column it is None, not zero.
UNSAID = (Field.PLAN_COMPENSATION, *EMPLOYER_MONEY)
MONEY_OF_A_ROW = (Field.GROSS, *DEFERRALS, *UNSAID)
_NOTHING = PayrollRow(row=0, line=0)


class CellWriter:
    """Writes the cells of rows for one mapping; columns that nothing of a row fills stay as they are given."""

    def __init__(self, mapping: Mapping, *, dashed_ssn: bool = False, for_spreadsheets: bool = True) -> None:
        self._mapping, self._dashed = mapping, dashed_ssn
        self._text = cell.neutral if for_spreadsheets else cell.restated
        self._writers = [(column.place, field.attribute, self._writer(field)) for column, field in mapping.single]

    def fill(self, cells: list[str], row: PayrollRow) -> None:
        """Write the row into its cells."""
        for place, attribute, written in self._writers:
            cells[place] = written(getattr(row, attribute))
        for ref, payment, paid in _placed_loans(self._mapping, row):
            cells[payment.place] = written_cents(paid[1])
            if ref is not None:
                cells[ref.place] = self._text(paid[0])
        for what in (Field.EARNINGS, Field.DEDUCTIONS):
            for column, cents in _placed_codes(self._mapping, row, what):
                cells[column.place] = written_cents(cents)
        for column, hundredths in _placed_codes(self._mapping, row, Field.EARNINGS_HOURS):
            cells[column.place] = written_cents(hundredths) if hundredths else ""

    def _writer(self, field: Field) -> Callable[[Any], str]:
        if field in DATES:
            return lambda day: "" if day is None else written_day(self._mapping.reading.dates, day)
        if field is Field.EMPLOYER_EIN:
            return lambda ein: f"{ein[:2]}-{ein[2:]}" if ein else ""
        if field is Field.SSN:
            return lambda ssn: f"{ssn[:3]}-{ssn[3:5]}-{ssn[5:]}" if self._dashed and ssn else str(ssn)
        if field in (Field.HOURS, Field.FICA_WAGES):
            return lambda said: "" if said is None else written_cents(said)
        if field in MONEY_OF_A_ROW:
            return lambda cents: written_cents(cents or 0)
        return self._text


def carried(mapping: Mapping, row: PayrollRow) -> PayrollRow:
    """The row as a file of this mapping says it: what comes back when the file is read."""
    kept: dict[str, Any] = {}
    for _, field in mapping.single:
        value = getattr(row, field.attribute)
        kept[field.attribute] = 0 if value is None and field in UNSAID else value
    loans = [(_reference(ref, payment, paid), paid[1]) for ref, payment, paid in _placed_loans(mapping, row)]
    kept["loan_payments"] = tuple(loans)
    for what in BY_CODE:
        placed = _placed_codes(mapping, row, what)
        kept[what.attribute] = tuple((code, amount) for column, amount in placed if amount and (code := _code(column)))
    if Field.GROSS not in mapping.fields and kept["earnings"]:
        kept["gross_cents"] = sum(cents for _, cents in kept["earnings"])
    return replace(_NOTHING, row=row.row, line=row.line, **kept)


def written_cents(cents: int) -> str:
    """1234.56; the only form of an amount that every reader of ours takes."""
    return f"{cents // 100}.{cents % 100:02}"


def written_day(order: DateOrder, day: date) -> str:
    """A day as the layout writes it."""
    year, month, number = f"{day.year:04}", f"{day.month:02}", f"{day.day:02}"
    return {
        DateOrder.ISO: f"{year}-{month}-{number}",
        DateOrder.US: f"{month}/{number}/{year}",
        DateOrder.COMPACT: f"{year}{month}{number}",
        DateOrder.US_COMPACT: f"{month}{number}{year}",
    }[order]


def _placed_loans(mapping: Mapping, row: PayrollRow) -> list[tuple[Column | None, Column, tuple[str, int]]]:
    """Which loan stands in which columns: in the one of its own name, the others in the free ones in order."""
    columns = loans_of(mapping.columns)
    waiting = [paid for paid in row.loan_payments if paid[1]]
    placed: dict[int, tuple[str, int]] = {}
    for place, (ref, payment) in enumerate(columns):
        named = next((paid for paid in waiting if ref is None and paid[0] == _code(payment)), None)
        if named is not None:
            placed[place] = named
            waiting.remove(named)
    for place in range(len(columns)):
        if place not in placed and waiting:
            placed[place] = waiting.pop(0)
    return [(*columns[place], paid) for place, paid in sorted(placed.items())]


def _reference(ref: Column | None, payment: Column, paid: tuple[str, int]) -> str:
    return paid[0] if ref is not None else _code(payment)


def _placed_codes(mapping: Mapping, row: PayrollRow, what: Field) -> list[tuple[Column, int]]:
    """The sum of each code that has a column, in cents or in hundredths of an hour."""
    sums: dict[str, int] = {}
    for code, amount in getattr(row, what.attribute):
        sums[code] = sums.get(code, 0) + amount
    columns = [column for column in mapping.columns if column.field is what]
    return [(column, sums.pop(_code(column), 0)) for column in columns]


def _code(column: Column) -> str:
    return column.name or column.heading

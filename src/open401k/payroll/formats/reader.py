"""The compiled reader: cells of a settled mapping into PayrollRow, exact and fast. Not here: recognising columns."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import islice
from typing import Any

from .. import cells as cell
from ..findings import Code, Finding, Findings, Severity
from ..mapping import Column, Mapping
from ..rows import BY_CODE, DATES, REFERENCES, Field, PayrollRow, masked_ssn
from ..tables import Cells

CHUNK = 2_000

_ATTRIBUTES = [field.name for field in fields(PayrollRow)]
_DEFAULTS: list[Any] = [None, None, *[field.default for field in fields(PayrollRow)[2:]]]
_SLOTS = {field: _ATTRIBUTES.index(field.attribute) for field in Field}
_LOANS, _GROSS = (_ATTRIBUTES.index(name) for name in ("loan_payments", "gross_cents"))
_EARNINGS = _SLOTS[Field.EARNINGS]
#: How the cells of a field are read that is no amount, day or hours.
_TEXTS: dict[Field, Callable[[str], Any]] = {
    Field.SSN: cell.ssn,
    Field.FIRST_NAME: cell.name,
    Field.LAST_NAME: cell.name,
    Field.EMPLOYER_EIN: cell.ein,
    **dict.fromkeys((Field.EMPLOYEE_ID, *REFERENCES), cell.text),
}


class RowReader:
    """Reads rows of one mapping; what cannot be read becomes findings and no row."""

    def __init__(self, mapping: Mapping, *, typed_dates: bool = False) -> None:
        self.mapping = mapping
        self.findings = Findings()
        self.rows_read = 0
        reading = mapping.reading
        amount = cell.money_parser(reading)
        self._optional_amount = cell.money_parser(reading, blank_is_zero=True)
        day = cell.date_parser(reading.dates, iso_too=typed_dates)
        hours = cell.hours_parser()
        self._getters: list[tuple[int, int, Callable[[str], Any]]] = []
        for column, field in mapping.single:
            self._getters.append((_SLOTS[field], column.place, self._parser(field, amount, day, hours)))
        self._loan_columns = loans_of(mapping.columns)
        by_code = [(each, [column for column in mapping.columns if column.field is each]) for each in BY_CODE]
        self._code_columns = [
            (_SLOTS[field], columns, hours if field is Field.EARNINGS_HOURS else self._optional_amount)
            for field, columns in by_code
            if columns
        ]
        self._has_several = bool(self._loan_columns or self._code_columns)
        self._has_gross = Field.GROSS in mapping.fields

    @staticmethod
    def _parser(
        field: Field, amount: Callable[[str], Any], day: Callable[[str], Any], hours: Callable[[str], Any]
    ) -> Callable[[str], Any]:
        if field in DATES:
            return day
        if field is Field.FICA_WAGES:
            return cell.unless_blank(amount)
        return hours if field is Field.HOURS else _TEXTS.get(field, amount)

    def chunks(self, rows: Iterable[Cells], size: int = CHUNK) -> Iterator[list[PayrollRow]]:
        """Rows in lists of ``size``, so that memory stays flat however long the file is."""
        source = iter(rows)
        while batch := list(islice(source, size)):
            self.rows_read += len(batch)
            yield [row for cells in batch if (row := self.row(*cells)) is not None]

    def row(self, number: int, line: int, cells: Sequence[str]) -> PayrollRow | None:
        """One row; None when a cell of it is unreadable, with a finding for each such cell."""
        values = _DEFAULTS.copy()
        values[0], values[1] = number, line
        try:
            for slot, place, parse in self._getters:
                values[slot] = parse(cells[place])
            if self._has_several:
                self._several(values, cells)
        except cell.CellError:
            self._explain(number, line, cells)
            return None
        return PayrollRow(*values)

    def _several(self, values: list[Any], cells: Sequence[str]) -> None:
        """Loans, and what is told by code: each of its columns is its own entry."""
        payments = [
            (cell.text(cells[ref.place]) if ref else payment.name or payment.heading, cents)
            for ref, payment in self._loan_columns
            if (cents := self._optional_amount(cells[payment.place]))
        ]
        if payments:
            values[_LOANS] = tuple(payments)
        for slot, columns, parse in self._code_columns:
            told = ((column.name or column.heading, cells[column.place]) for column in columns)
            values[slot] = tuple((code, amount) for code, text in told if (amount := parse(text)))
            if slot == _EARNINGS and not self._has_gross:
                values[_GROSS] = sum(cents for _, cents in values[slot])

    def _explain(self, number: int, line: int, cells: Sequence[str]) -> None:
        """The slow path: every unreadable cell of the row, each with its place."""
        parsers = {place: parse for _, place, parse in self._getters}
        for ref, payment in self._loan_columns:
            parsers[payment.place] = self._optional_amount
            if ref:
                parsers[ref.place] = cell.text
        for _, columns, parse in self._code_columns:
            parsers.update({column.place: parse for column in columns})
        for column in self.mapping.columns:
            if column.place not in parsers:
                continue
            try:
                parsers[column.place](cells[column.place])
            except cell.CellError as problem:
                self.findings.add(_unreadable(problem, column, cells[column.place], number, line))


def _unreadable(problem: cell.CellError, column: Column, text: str, number: int, line: int) -> Finding:
    masked = masked_ssn(text) if column.field is Field.SSN else cell.shown(text)
    return Finding(
        Severity.REJECT,
        Code(problem.code),
        problem.reason,
        problem.fix,
        row=number,
        line=line,
        column=column.label,
        value_masked=masked,
    )


def loans_of(columns: Sequence[Column]) -> list[tuple[Column | None, Column]]:
    """Each payment column with the reference column that goes with it, in the order they stand."""
    refs = iter([column for column in columns if column.field is Field.LOAN_REF])
    return [(next(refs, None), column) for column in columns if column.field is Field.LOAN_PAYMENT]

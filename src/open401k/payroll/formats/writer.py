"""Rows into the bytes of a layout, and what of them it has no place for. Not here: reading (reader.py), file names."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from open401k.kernel import Money, Open401kError

from .. import cells as cell
from .. import tables
from ..mapping import Column, DateOrder
from ..mapping import Mapping as FileMapping
from ..rows import DATES, DEFERRALS, EMPLOYER_MONEY, Field, PayrollRow
from .layout import Layout, Writing
from .reader import loans_of

#: Money that a file may leave unsaid: without its column it is None, not zero.
_UNSAID = (Field.PLAN_COMPENSATION, *EMPLOYER_MONEY)
_MONEY = (Field.GROSS, *DEFERRALS, *_UNSAID)
_NOTHING = PayrollRow(row=0, line=0)


@dataclass(frozen=True, slots=True)
class Lost:
    """What rows say and a file does not: how many rows, and how much money where it is money."""

    what: str
    rows: int
    cents: int = 0

    def __str__(self) -> str:
        money = f", {Money(self.cents)}" if self.cents else ""
        return f"{self.what} ({self.rows} row{'s' if self.rows > 1 else ''}{money})"


@dataclass(frozen=True, slots=True)
class Written:
    """A file as bytes, how it is read back, and what is lost on the way."""

    data: bytes
    mapping: FileMapping
    lost: tuple[Lost, ...]

    @property
    def loses_money(self) -> bool:
        """Whether amounts that are not zero are missing in the file."""
        return any(each.cents for each in self.lost)


def write_layout(layout: Layout, rows: Sequence[PayrollRow], *, shared: Mapping[str, str] | None = None) -> Written:
    """A file of a layout; reading it gives :func:`carried` of each row.

    ``shared`` fills columns that say the same in every row and are nothing to us: ``{"Plan_Number": "123456-01"}``.
    """
    mapping = layout.mapping(_headings(layout, rows))
    if mapping is None:
        raise RuntimeError(f"the layout {layout.name} does not know its own headings")
    fixed = dict(shared or {})
    if unknown := sorted(set(fixed) - {column.heading for column in mapping.columns if column.field is None}):
        reason = f"{', '.join(unknown)} cannot be the same in every row of {layout.title}."
        raise Open401kError(reason, fix="Give only columns of the layout that no row fills.")
    return write_mapped(mapping, rows, shared=fixed, writing=layout.writing)


def write_mapped(
    mapping: FileMapping,
    rows: Sequence[PayrollRow],
    *,
    shared: Mapping[str, str] | None = None,
    writing: Writing | None = None,
) -> Written:
    """A file with the columns of any settled mapping, a learned one too, read over columns blank."""
    how = writing or Writing()
    headings = [column.heading for column in mapping.columns]
    if problems := tables.heading_problems(headings):
        raise Open401kError(problems[0].reason, fix="Rename the pay code, or write another layout.")
    _refuse_unwritable(mapping, rows)
    fixed = {heading: cell.neutral(text) for heading, text in (shared or {}).items()}
    writers = [(column.place, _writer(column.field, mapping.reading.dates, how)) for column in _single(mapping)]
    attributes = [column.field.attribute for column in _single(mapping) if column.field]
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(headings)
    body = csv.writer(out, quoting=csv.QUOTE_ALL if how.quoted else csv.QUOTE_MINIMAL, lineterminator="\r\n")
    blank = [fixed.get(heading, "") for heading in headings]
    for row in rows:
        cells = blank.copy()
        for (place, written), attribute in zip(writers, attributes, strict=True):
            cells[place] = written(getattr(row, attribute))
        _write_several(mapping, row, cells)
        body.writerow(cells)
    back = [carried(mapping, row) for row in rows]
    return Written(out.getvalue().encode(), mapping, _lost(rows, back))


def carried(mapping: FileMapping, row: PayrollRow) -> PayrollRow:
    """The row as a file of this mapping says it: what comes back when the file is read."""
    kept: dict[str, Any] = {}
    for column in _single(mapping):
        if column.field is not None:
            value = getattr(row, column.field.attribute)
            kept[column.field.attribute] = 0 if value is None and column.field in _UNSAID else value
    loans = [(_reference(ref, payment, paid), paid[1]) for ref, payment, paid in _placed_loans(mapping, row)]
    kept["loan_payments"] = tuple(loans)
    kept["earnings"] = tuple(
        (code, cents) for column, cents in _placed_codes(mapping, row) if cents and (code := _code(column))
    )
    if Field.GROSS not in mapping.fields and kept["earnings"]:
        kept["gross_cents"] = sum(cents for _, cents in kept["earnings"])
    return replace(_NOTHING, row=row.row, line=row.line, **kept)


def _headings(layout: Layout, rows: Sequence[PayrollRow]) -> list[str]:
    """The columns to write: an amount that no row says has none, since its zero would be a statement."""
    said = {each for each in Field if any(_says(row, each) for row in rows)}
    most = max((sum(1 for _, cents in row.loan_payments if cents) for row in rows), default=0)
    headings, payments = [], 0
    for heading in layout.headings:
        field = layout.fields.get(heading)
        optional = heading not in layout.required and (layout.writing.sparse or field in _UNSAID)
        if field is Field.LOAN_REF or field is Field.LOAN_PAYMENT:
            optional = optional and payments >= most
            payments += field is Field.LOAN_PAYMENT
            if not optional:
                headings.append(heading)
        elif not optional or field in said:
            headings.append(heading)
    if layout.pay_code_prefix:
        codes = dict.fromkeys(code for row in rows for code, cents in row.earnings if cents)
        headings += [layout.pay_code_prefix + code for code in codes]
    return headings


def _says(row: PayrollRow, field: Field) -> bool:
    value = getattr(row, field.attribute)
    return value is not None if field in _UNSAID else bool(value)


def _single(mapping: FileMapping) -> list[Column]:
    """The columns that fill one attribute each, as the reader reads them."""
    foreign = Field.EMPLOYEE_ID if Field.SSN in mapping.fields else None
    return [
        column
        for column in mapping.columns
        if column.field is not None and not column.field.may_repeat and column.field is not foreign
    ]


def _writer(field: Field | None, dates: DateOrder, how: Writing) -> Callable[[Any], str]:
    if field in DATES:
        return lambda day: "" if day is None else written_day(dates, day)
    if field is Field.SSN:
        return lambda ssn: f"{ssn[:3]}-{ssn[3:5]}-{ssn[5:]}" if how.dashed_ssn and ssn else str(ssn)
    if field is Field.HOURS:
        return lambda hundredths: "" if hundredths is None else written_cents(hundredths)
    if field in _MONEY:
        return lambda cents: written_cents(cents or 0)
    return cell.neutral


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


def _write_several(mapping: FileMapping, row: PayrollRow, cells: list[str]) -> None:
    for ref, payment, paid in _placed_loans(mapping, row):
        cells[payment.place] = written_cents(paid[1])
        if ref is not None:
            cells[ref.place] = cell.neutral(paid[0])
    for column, cents in _placed_codes(mapping, row):
        cells[column.place] = written_cents(cents)


def _placed_loans(mapping: FileMapping, row: PayrollRow) -> list[tuple[Column | None, Column, tuple[str, int]]]:
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


def _placed_codes(mapping: FileMapping, row: PayrollRow) -> list[tuple[Column, int]]:
    """The sum of each pay code that has a column."""
    sums: dict[str, int] = {}
    for code, cents in row.earnings:
        sums[code] = sums.get(code, 0) + cents
    columns = [column for column in mapping.columns if column.field is Field.EARNINGS]
    return [(column, sums.pop(_code(column), 0)) for column in columns]


def _code(column: Column) -> str:
    return column.name or column.heading


def _refuse_unwritable(mapping: FileMapping, rows: Iterable[PayrollRow]) -> None:
    """Nobody named, and less than nothing: no layout of ours reads either."""
    key = Field.SSN if Field.SSN in mapping.fields else Field.EMPLOYEE_ID
    for place, row in enumerate(rows, start=1):
        if not getattr(row, key):
            reason = f"Line {place} names its person by no {key}, and this layout by nothing else."
            raise Open401kError(reason, fix=f"Give the {key} of everybody.")
        amounts = [getattr(row, field.attribute) for field in _MONEY]
        if any(cents is not None and cents < 0 for cents in [*amounts, *dict(row.loan_payments).values()]):
            raise Open401kError(f"Line {place} has an amount below zero.", fix="Write the corrected file of that day.")


def _lost(rows: Sequence[PayrollRow], back: Sequence[PayrollRow]) -> tuple[Lost, ...]:
    """What differs between what was to be written and what will be read, by field."""
    counted: dict[str, list[int]] = {}
    for row, read in zip(rows, back, strict=True):
        for what, cents in () if row == read else _differences(row, read):
            counted.setdefault(what, []).append(cents)
    return tuple(Lost(what, len(cents), sum(cents)) for what, cents in counted.items())


def _differences(row: PayrollRow, read: PayrollRow) -> Iterable[tuple[str, int]]:
    for field in Field:
        if field.may_repeat:
            continue
        said, kept = getattr(row, field.attribute), getattr(read, field.attribute)
        if said == kept:
            continue
        if field in _UNSAID and said is None:
            yield f"that nothing is said of {field}", 0
        elif not (field is Field.EMPLOYEE_ID and read.ssn):
            yield str(field), (said or 0) - (kept or 0) if field in _MONEY else 0
    paid, kept_loans = (sum(cents for _, cents in each.loan_payments) for each in (row, read))
    if paid != kept_loans:
        yield "loan_payment", paid - kept_loans
    elif sorted(pair for pair in row.loan_payments if pair[1]) != sorted(read.loan_payments):
        yield "the numbers of loans", 0
    if sum(cents for _, cents in row.earnings) != sum(cents for _, cents in read.earnings):
        yield "pay codes", 0

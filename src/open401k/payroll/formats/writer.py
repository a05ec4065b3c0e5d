"""Rows into the bytes of a layout, and what of them it has no place for. Not here: reading (reader.py), file names."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from open401k.kernel import Money, Open401kError

from .. import cells as cell
from .. import tables
from ..mapping import Mapping as FileMapping
from ..rows import MONEY, Field, PayrollRow
from .cell_writer import MONEY_OF_A_ROW, UNSAID, CellWriter, carried
from .layout import Layout, Writing


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
    refuse_unwritable(mapping, rows)
    fixed = {heading: cell.neutral(text) for heading, text in (shared or {}).items()}
    cells_of = CellWriter(mapping, dashed_ssn=how.dashed_ssn)
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(headings)
    body = csv.writer(out, quoting=csv.QUOTE_ALL if how.quoted else csv.QUOTE_MINIMAL, lineterminator="\r\n")
    blank = [fixed.get(heading, "") for heading in headings]
    for row in rows:
        cells = blank.copy()
        cells_of.fill(cells, row)
        body.writerow(cells)
    back = [carried(mapping, row) for row in rows]
    return Written(out.getvalue().encode(), mapping, lost_between(rows, back))


def _headings(layout: Layout, rows: Sequence[PayrollRow]) -> list[str]:
    """The columns to write: an amount that no row says has none, since its zero would be a statement."""
    said = {each for each in Field if any(_says(row, each) for row in rows)}
    most = max((sum(1 for _, cents in row.loan_payments if cents) for row in rows), default=0)
    headings, payments = [], 0
    for heading in layout.headings:
        field = layout.fields.get(heading)
        optional = heading not in layout.required and (layout.writing.sparse or field in UNSAID)
        if field is Field.LOAN_REF or field is Field.LOAN_PAYMENT:
            optional = optional and payments >= most
            payments += field is Field.LOAN_PAYMENT
            if not optional:
                headings.append(heading)
        elif not optional or field in said:
            headings.append(heading)
    for field, prefix in layout.prefixes.items():
        codes = dict.fromkeys(code for row in rows for code, amount in getattr(row, field.attribute) if amount)
        headings += [prefix + code for code in codes]
    return headings


def _says(row: PayrollRow, field: Field) -> bool:
    value = getattr(row, field.attribute)
    return value is not None if field in (*UNSAID, Field.FICA_WAGES) else bool(value)


def refuse_unwritable(mapping: FileMapping, rows: Iterable[PayrollRow]) -> None:
    """Nobody named, and less than nothing: no layout of ours reads either."""
    keys = (Field.SSN, Field.EMPLOYEE_ID, Field.EMPLOYEE_NUMBER)
    key = next((each for each in keys if each in mapping.fields), Field.SSN)
    for place, row in enumerate(rows, start=1):
        if not getattr(row, key):
            reason = f"Line {place} names its person by no {key}, and this layout by nothing else."
            raise Open401kError(reason, fix=f"Give the {key} of everybody.")
        amounts = [getattr(row, field.attribute) for field in MONEY_OF_A_ROW]
        if any(cents is not None and cents < 0 for cents in [*amounts, *dict(row.loan_payments).values()]):
            raise Open401kError(f"Line {place} has an amount below zero.", fix="Write the corrected file of that day.")


def lost_between(rows: Sequence[PayrollRow], back: Sequence[PayrollRow]) -> tuple[Lost, ...]:
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
        if field in UNSAID and said is None:
            yield f"that nothing is said of {field}", 0
        elif not (field is Field.EMPLOYEE_ID and read.ssn):
            yield str(field), (said or 0) - (kept or 0) if field in MONEY else 0
    paid, kept_loans = (sum(cents for _, cents in each.loan_payments) for each in (row, read))
    if paid != kept_loans:
        yield "loan_payment", paid - kept_loans
    elif sorted(pair for pair in row.loan_payments if pair[1]) != sorted(read.loan_payments):
        yield "the numbers of loans", 0
    if sum(cents for _, cents in row.earnings) != sum(cents for _, cents in read.earnings):
        yield "pay codes", 0
    if sum(hours for _, hours in row.earnings_hours) != sum(hours for _, hours in read.earnings_hours):
        yield "hours by pay code", 0
    if sum(cents for _, cents in row.deductions) != sum(cents for _, cents in read.deductions):
        yield "deductions by code", 0

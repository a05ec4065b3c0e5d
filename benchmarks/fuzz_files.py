"""Payroll files as they come: every layout, a learned one, workbooks, fixed records. Not here: what harms them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import openpyxl

from open401k.payroll import (
    LAYOUTS,
    RECORDS,
    Column,
    DateOrder,
    Field,
    Mapping,
    PayrollRow,
    Reading,
    RecordLayout,
    write_layout,
    write_mapped,
    write_records,
)
from open401k.payroll.tables import Table, open_table

_FIRST = ("Ana", "Ben", "Zoë", "Mary Ann", "李", "Siobhán", "D'Arcy", "Jo")
_LAST = ("Lee", "O'Neil", "de la Cruz", "Van der Berg, Jr.", "Núñez", 'Smith "Smitty"', "Ng", "St. John-Smythe")
_PAY_DAY = date(2026, 3, 13)

#: A provider whose columns were settled once: grouped amounts with a dollar sign, two loans, pay codes.
LEARNED = Mapping(
    "northwind",
    tuple(
        Column(place, heading, field, name)
        for place, (heading, field, name) in enumerate(
            [
                ("Employee SSN", Field.SSN, ""),
                ("Emp No", Field.EMPLOYEE_ID, ""),
                ("Last", Field.LAST_NAME, ""),
                ("First", Field.FIRST_NAME, ""),
                ("Dept", None, ""),
                ("Check Date", Field.PAY_DATE, ""),
                ("Regular", Field.EARNINGS, "REG"),
                ("Overtime", Field.EARNINGS, "OT"),
                ("401k", Field.PRE_TAX, ""),
                ("Roth", Field.ROTH, ""),
                ("Loan A", Field.LOAN_PAYMENT, "A"),
                ("Loan B", Field.LOAN_PAYMENT, "B"),
            ]
        )
    ),
    Reading(dates=DateOrder.US, grouping=True, dollar_sign=True, blank_is_zero=True),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A file that is right."""

    layout: str
    data: bytes
    name: str = "payroll.csv"
    learned: Mapping | None = None
    records: RecordLayout | None = None


def samples(random: Random) -> list[Sample]:
    """One file of each kind, of the same people."""
    people = [_person(random, place) for place in range(random.randint(2, 6))]
    plain = [_plain(person) for person in people]
    found = [Sample(layout.name, write_layout(layout, people).data) for layout in LAYOUTS]
    found.append(Sample("learned", write_mapped(LEARNED, people).data, learned=LEARNED))
    found += [
        Sample(layout.name, write_records(layout, {"census": plain}).data, "census.txt", records=layout)
        for layout in RECORDS
    ]
    for layout in (LAYOUTS[0], LAYOUTS[1]):
        book = workbook(write_layout(layout, people).data, typed=random.random() < 0.7)
        found.append(Sample(f"{layout.name} workbook", book, "payroll.xlsx"))
    return found


def workbook(data: bytes, *, typed: bool) -> bytes:
    """The same table as a sheet; ``typed``: amounts are numbers and days are days, as payroll programs export."""
    table = open_table(data)
    assert isinstance(table, Table), table
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(table.headings)
    for _, _, cells in table.rows:
        sheet.append([_typed(cell) if typed else cell for cell in cells])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _typed(cell: str) -> object:
    whole, _, cents = cell.partition(".")
    if whole.isdigit() and len(cents) == 2:
        return float(cell)
    for cut in (cell.split("-"), [cell[6:], *cell[:5].split("/")]):
        if [len(part) for part in cut] == [4, 2, 2] and all(part.isdigit() for part in cut):
            return date(*map(int, cut))
    return cell


def _person(random: Random, place: int) -> PayrollRow:
    gross = random.randint(80_000, 1_500_000)
    regular = random.randint(0, gross)
    loans = tuple((f"L-{each}", random.randint(1, 50_000)) for each in range(random.choice([0, 0, 1, 1, 2])))
    left = date(2026, 2, 27) if random.random() < 0.2 else None
    return PayrollRow(
        row=0,
        line=0,
        ssn=f"{random.choice([1, 12, 219, 545]):03}{random.randint(1, 99):02}{1000 + place:04}",
        first_name=random.choice(_FIRST),
        last_name=random.choice(_LAST),
        birth_date=date(1950, 1, 1) + timedelta(days=random.randint(0, 20_000)),
        hire_date=date(2010, 1, 1) + timedelta(days=random.randint(0, 5_000)),
        termination_date=left,
        pay_date=_PAY_DAY,
        period_start=_PAY_DAY - timedelta(days=13),
        period_end=_PAY_DAY,
        hours_hundredths=random.choice([80_00, 72_25, 0]),
        gross_cents=gross,
        plan_compensation_cents=gross,
        pre_tax_cents=gross * random.randint(0, 15) // 100,
        roth_cents=random.choice([0, gross * 5 // 100]),
        match_cents=gross * 3 // 100,
        loan_payments=loans,
        earnings=(("REG", regular), ("OT", gross - regular)) if regular and regular != gross else (("REG", gross),),
    )


def _plain(row: PayrollRow) -> PayrollRow:
    """The row with names that a file of ASCII holds."""
    values = {name: getattr(row, name) for name in PayrollRow.__slots__}
    for name in ("first_name", "last_name"):
        values[name] = row_text if (row_text := values[name][:15]).isascii() else "Ann"
    return PayrollRow(**values)

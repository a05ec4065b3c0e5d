"""What people and their spreadsheets do to a payroll file before they send it. Not here: damage and attack."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from random import Random

import openpyxl
from benchmarks.fuzz_tables import Grid, grid_of, written
from openpyxl.utils import get_column_letter

#: The day before Excel's first, as it counts: it takes 1900 for a leap year.
_EXCEL_BEGINS = date(1899, 12, 30)


def saved_by_excel(random: Random, data: bytes) -> bytes:
    """A column of days became the numbers that Excel keeps, or the short form of somebody's country."""
    grid = grid_of(data)
    days = [place for place in range(len(grid[0])) if _day(grid[1][place] if place < len(grid[1]) else "")]
    shape: Callable[[date], str] = random.choice(
        [
            lambda day: str((day - _EXCEL_BEGINS).days),
            lambda day: f"{day:%d/%m/%Y}",
            lambda day: f"{day:%m/%d/%y}",
            lambda day: f"{day:%d-%b-%y}",
            lambda day: f"{day:%Y-%m-%d} 00:00:00",
        ]
    )
    return _column(grid, random.choice(days), lambda cell: shape(day) if (day := _day(cell)) else cell)


def zeros_lost(random: Random, data: bytes) -> bytes:
    """A column was opened as numbers: leading zeros went, of SSNs the hyphens too."""
    grid = grid_of(data)
    place = random.randrange(len(grid[0]))
    return _column(grid, place, lambda cell: cell.replace("-", "").lstrip("0") if cell[:1].isdigit() else cell)


def scientific(random: Random, data: bytes) -> bytes:
    """A column of long numbers as a narrow cell shows them."""
    grid = grid_of(data)
    digits = [place for place in range(len(grid[0])) if grid[1][place : place + 1] and grid[1][place][:1].isdigit()]

    def shown(cell: str) -> str:
        bare = cell.replace("-", "")
        return f"{Decimal(bare):.5E}" if bare.isdigit() else cell

    return _column(grid, random.choice(digits), shown)


def money_shown(random: Random, data: bytes) -> bytes:
    """A column of amounts as a sheet shows money: thousands apart, a sign, a currency, percent."""
    grid = grid_of(data)
    places = [place for place in range(len(grid[0])) if any(_cents(row[place : place + 1]) for row in grid[1:])]
    shape: Callable[[Decimal], str] = random.choice(
        [
            lambda amount: f"{amount:,.2f}",
            lambda amount: f"${amount:,.2f}",
            lambda amount: f"$ {amount:,.2f}",
            lambda amount: f"{amount:,.2f} ",
            lambda amount: f"{amount:,.2f} USD",
            lambda amount: f"{amount:,.2f}".translate(str.maketrans(",.", ".,")),
            lambda amount: f"{amount:.0f}",
            lambda amount: f"{amount:.1f}",
            lambda amount: f"{amount / 100:.4f}",
            lambda amount: f"{amount % 100:.2f}%",
        ]
    )
    every = random.random() < 0.5
    return _column(
        grid,
        random.choice(places),
        lambda cell: shape(amount) if (amount := _cents([cell])) and (every or random.random() < 0.5) else cell,
    )


def mixed_signs(random: Random, data: bytes) -> bytes:
    """A deduction is less than nothing in one program, and more in another: some rows each way."""
    grid = grid_of(data)
    places = [place for place in range(len(grid[0])) if any(_cents(row[place : place + 1]) for row in grid[1:])]
    sign = random.choice(["-{}", "({})", "{}-", "\u2212{}", "{} CR", "- {}", "-${}"])
    return _column(
        grid,
        random.choice(places),
        lambda cell: sign.format(cell) if _cents([cell]) and random.random() < 0.5 else cell,
    )


def totals(random: Random, data: bytes) -> bytes:
    """A last row of totals, named in one of its cells, or not at all; perhaps after an empty one."""
    grid = grid_of(data)
    last = []
    for place in range(len(grid[0])):
        amounts = [_cents(row[place : place + 1]) for row in grid[1:]]
        last.append(f"{sum(each for each in amounts if each):.2f}" if any(amounts) else "")
    blank = [place for place, cell in enumerate(last) if not cell]
    if blank and random.random() < 0.7:
        last[random.choice(blank)] = random.choice(
            ["Total", "Totals:", "TOTAL", "Grand total", "Sum", str(len(grid) - 1)]
        )
    grid += [[""] * len(grid[0]), last] if random.random() < 0.3 else [last]
    if random.random() < 0.3:
        grid.append([f"Printed by payroll on {date(2026, 3, 13)}"])
    return written(grid)


def headings_again(random: Random, data: bytes) -> bytes:
    """Two files were put together, or pages were printed: the headings come again; or a title stands above them."""
    grid = grid_of(data)
    if random.random() < 0.4:
        return written([["Acme, Inc. - payroll register"], *([[]] if random.random() < 0.5 else []), *grid])
    grid.insert(random.randrange(2, len(grid) + 1), list(grid[0]))
    return written(grid)


def names_merged(random: Random, data: bytes) -> bytes:
    """Last and first name in one cell: the other is empty, or its column is gone."""
    grid = grid_of(data)
    found = [
        place for place, heading in enumerate(grid[0]) if "name" in heading.lower() or heading in ("Last", "First")
    ]
    keep, gone = random.sample(found, 2)
    how = random.choice(["{}, {}", "{} {}", "{}/{}"])
    for row in grid[1:]:
        row[keep], row[gone] = how.format(row[keep], row[gone]), ""
    if random.random() < 0.5:
        for row in grid:
            row.pop(gone)
    return written(grid)


def shifted(random: Random, data: bytes) -> bytes:
    """One row slid by a cell: an empty one came in or fell out, and the row has its length still."""
    grid = grid_of(data)
    row = grid[random.randrange(1, len(grid))]
    one, other = random.randrange(len(row)), random.randrange(len(row))
    row.insert(other, row.pop(one) and "")
    return written(grid)


def saved_elsewhere(random: Random, data: bytes) -> bytes:
    """A byte order mark and semicolons, old line ends, an old code page, a line that names the delimiter."""
    grid = grid_of(data)
    return random.choice(
        [
            b"\xef\xbb\xbf" + written(grid, delimiter=";"),
            written(grid).replace(b"\r\n", b"\r"),
            b"\xef\xbb\xbf" + written(grid, delimiter=";").replace(b"\r\n", b"\r"),
            b"sep=;\r\n" + written(grid, delimiter=";"),
            written(grid, delimiter="\t").decode().encode("utf-16"),
            written(grid, delimiter=";").decode().encode("cp1252", "replace"),
            written(grid).decode().encode("mac-roman", "replace"),
            written(grid) + b"\x1a",
        ]
    )


def smart(random: Random, data: bytes) -> bytes:
    """What a word processor makes of quotes, hyphens and spaces."""
    old, new = random.choice(
        [
            ("'", "\u2019"),
            ('"', "\u201d"),
            ("-", "\u2013"),
            ("-", "\u2011"),
            (" ", "\u00a0"),
            (".", "\u2024"),
            ("0", "O"),
        ]
    )
    if random.random() < 0.5:
        return data.decode().replace(old, new).encode()
    grid = grid_of(data)
    return _column(grid, random.randrange(len(grid[0])), lambda cell: cell.replace(old, new))


def twice(random: Random, data: bytes) -> bytes:
    """The same people once more, or one of them with other hyphens or another case."""
    grid = grid_of(data)
    one = list(grid[random.randrange(1, len(grid))])
    grid.append([random.choice([cell, cell.upper(), cell.replace("-", ""), f" {cell}"]) for cell in one])
    return written(grid)


OF_TABLES = (
    *(saved_by_excel, zeros_lost, scientific, money_shown, mixed_signs, totals, headings_again),
    *(names_merged, shifted, saved_elsewhere, smart, twice),
)


# --- workbooks, opened and saved again


def second_sheet(random: Random, data: bytes) -> bytes:
    """Notes, last month's payroll, or a hidden list beside the payroll; or in front of it."""
    book = _opened(data)
    sheet = book.create_sheet("Notes", random.choice([0, 1]))
    last_month: list[list[object]] = [list(row) for row in book.worksheets[-1].iter_rows(values_only=True)]
    kept: list[list[list[object]]] = [[], [["call Ann"]], last_month]
    for row in random.choice(kept):
        sheet.append(row)
    sheet.sheet_state = random.choice(["visible", "hidden", "veryHidden"])
    book.worksheets[-1].sheet_state = "visible"
    return _saved(book)


def sheet_habits(random: Random, data: bytes) -> bytes:
    """A total that is reckoned, a hidden row or column, merged cells, a filter, days as numbers, SSNs as numbers."""
    book = _opened(data)
    sheet = book.worksheets[0]
    row, column = random.randint(2, sheet.max_row), random.randint(1, sheet.max_column)
    letter = get_column_letter(column)
    match random.randrange(8):
        case 0:
            sheet.cell(sheet.max_row + 1, column, f"=SUM({letter}2:{letter}{sheet.max_row})")
        case 1:
            sheet.row_dimensions[row].hidden = True
        case 2:
            sheet.column_dimensions[letter].hidden = True
        case 3:
            sheet.merge_cells(start_row=row, end_row=row, start_column=column, end_column=column + 1)
        case 4:
            sheet.insert_rows(1)
        case 5:
            sheet.auto_filter.ref = sheet.dimensions
        case 6:
            for (cell,) in sheet.iter_rows(min_row=2, min_col=column, max_col=column):
                cell.number_format = "General"
        case _:
            for (cell,) in sheet.iter_rows(min_row=2, min_col=column, max_col=column):
                bare = str(cell.value or "").replace("-", "")
                cell.value = int(bare) if bare.isdigit() else cell.value
    return _saved(book)


def _opened(data: bytes) -> openpyxl.Workbook:
    """The workbook; ValueError if an earlier mutation damaged it so that no program opens it."""
    try:
        return openpyxl.load_workbook(io.BytesIO(data))
    except (SyntaxError, TypeError, AttributeError) as error:  # as an XML parser and openpyxl say it
        raise ValueError("no workbook any more") from error


def _saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


OF_WORKBOOKS = (second_sheet, sheet_habits, sheet_habits)


def _column(grid: Grid, place: int, change: Callable[[str], str]) -> bytes:
    for row in grid[1:]:
        if place < len(row):
            row[place] = change(row[place])
    return written(grid)


def _cents(cells: list[str]) -> Decimal:
    """The amount of a cell with two decimals; nothing of another."""
    try:
        return Decimal(cells[0]) if cells and cells[0][-3:-2] == "." else Decimal(0)
    except InvalidOperation:
        return Decimal(0)


def _day(cell: str) -> date | None:
    digits = "".join(letter for letter in cell if letter.isdigit())
    if len(digits) != 8 or (not {"/", "-"} & set(cell) and not cell.startswith(("19", "20"))):
        return None
    try:
        cut = (digits[:4], digits[4:6], digits[6:]) if "/" not in cell else (digits[4:], digits[:2], digits[2:4])
        day = date(*map(int, cut))
        return day if 1900 <= day.year <= 2100 else None
    except ValueError:
        return None

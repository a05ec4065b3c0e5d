"""The limited process that reads one workbook from standard input. Not here: what a cell means."""

import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO

MOST_MEMORY = 768 * 1024 * 1024
MOST_CPU_SECONDS = 30
MOST_UNPACKED = 256 * 1024 * 1024
MOST_ROWS = 250_000
MOST_COLUMNS = 400
_ROW = re.compile(rb'<row\b[^>]{0,200}?\br="(\d{6,})"')
_WIDE = re.compile(rb'<c\b[^>]{0,100}?\br="[A-Z]{3}')
_ERROR = re.compile(rb'<c\b[^>]{0,100}?\bt="e"')
_DIMENSION = re.compile(rb'<dimension\b[^>]{0,100}?\bref="[A-Z]+\d+:([A-Z]+)(\d+)"')


class Refusal(Exception):  # noqa: N818 (not an error of the program)
    """The workbook is not read: code, reason, fix."""


def main() -> None:
    """Answer each row as a JSON array, then one object: done, or refused."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_SECONDS, MOST_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    data, out = sys.stdin.buffer.read(), sys.stdout
    try:
        scan(data)
        for cells in rows(data):
            out.write(json.dumps(cells) + "\n")
        out.write("{}\n")
    except Refusal as refusal:
        code, reason, fix = refusal.args
        out.write(json.dumps({"code": code, "refused": reason, "fix": fix}) + "\n")


def scan(data: bytes) -> None:
    """Count what really unpacks (directories lie) and where cells really are, before anything is built of them."""
    unpacked = 0
    with zipfile.ZipFile(BytesIO(data)) as archive:
        for member in archive.infolist():
            sheet = member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml")
            with archive.open(member) as part:
                tail = b""
                while chunk := part.read(1 << 20):
                    unpacked += len(chunk)
                    if unpacked > MOST_UNPACKED:
                        raise Refusal("file.unsafe", "The workbook unpacks to far too much.", "Save it again.")
                    if sheet:
                        check_sheet(tail + chunk)
                        tail = chunk[-300:]


def check_sheet(part: bytes) -> None:
    """Refuse far-away cells, declared or actual, and cells that hold a spreadsheet error."""
    declared = _DIMENSION.search(part)
    far = declared and (len(declared[1]) > 2 or int(declared[2]) > MOST_ROWS)
    if far or _WIDE.search(part) or any(int(found[1]) > MOST_ROWS for found in _ROW.finditer(part)):
        reason = f"The sheet uses cells beyond row {MOST_ROWS:,} or column ZZ."
        raise Refusal("file.unsafe", reason, "Delete the empty rows and columns, then save again.")
    if _ERROR.search(part):
        raise Refusal("file.type", "A cell shows a spreadsheet error such as #REF!.", "Repair the formula, save again.")


def rows(data: bytes) -> Iterator[list[str]]:
    """Every row of the one sheet that has cells, from row 1 on, as text."""
    import python_calamine  # here, so that the limits already hold

    try:
        book = python_calamine.load_workbook(BytesIO(data))
        sheets = [book.get_sheet_by_name(sheet) for sheet in book.sheet_names]
    except python_calamine.CalamineError:
        raise Refusal("file.type", "The workbook is damaged.", "Save it again.") from None
    used = [sheet for sheet in sheets if sheet.end is not None]
    if not used:
        raise Refusal("file.empty", "The workbook has no cells.", "Export it again.")
    if len(used) > 1:
        names = ", ".join(sheet.name for sheet in used[:5])
        raise Refusal("file.type", f"Several sheets have rows: {names}.", "Keep only the payroll sheet.")
    last_row, last_column = used[0].end or (0, 0)
    if last_row >= MOST_ROWS or last_column >= MOST_COLUMNS:
        raise Refusal("file.too_large", "The sheet has too many rows or columns.", "Split it by pay group.")
    left = [""] * (used[0].start or (0, 0))[1]  # so that column letters are those of the sheet
    yield from (left + [cell_text(cell) for cell in cells] for cells in used[0].iter_rows())


def cell_text(cell: object) -> str:
    """A cell as the text a careful CSV export would show: exact decimals, ISO days."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return number_text(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def number_text(number: float) -> str:
    """Its shortest decimal of at most 15 digits: what a spreadsheet holds to be the cell's value, digit for digit."""
    exact = Decimal(f"{number:.15g}")
    return str(int(exact)) if exact == exact.to_integral_value() else format(exact, "f")


if __name__ == "__main__":
    main()

"""The limited process that reads one workbook from standard input. Not here: what a cell means."""

import json
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from xml.parsers import expat

MOST_MEMORY = 768 * 1024 * 1024
MOST_CPU_SECONDS = 30
MOST_UNPACKED = 256 * 1024 * 1024
MOST_ROWS = 250_000
MOST_COLUMNS = 400
MOST_DEPTH = 1_000
# Element names may have a prefix: <x:c> is a cell like <c>.
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]{0,200}?\br=["\'](\d{6,})["\']')
_WIDE = re.compile(rb'<(?:\w+:)?c\b[^>]{0,100}?\br=["\'][A-Z]{3}')
_ERROR = re.compile(rb'<(?:\w+:)?c\b[^>]{0,100}?\bt=["\']e["\']')
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension\b[^>]{0,100}?\bref=["\'][A-Z]+\d+:([A-Z]+)(\d+)["\']')
#: A formula behind its value: against the standard, and its value would be passed over.
_MISPLACED = re.compile(rb"</(?:\w+:)?v>\s*<(?:\w+:)?f\b")

#: What the archive or its XML raises where bytes are missing, changed or of a kind that no spreadsheet program writes.
DAMAGED = (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, NotImplementedError, RuntimeError, OSError)


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
        _refuse(*refusal.args)
    except DAMAGED:
        _refuse("file.type", "The workbook is damaged.", "Save it again.")


def _refuse(code: str, reason: str, fix: str) -> None:
    sys.stdout.write(json.dumps({"code": code, "refused": reason, "fix": fix}) + "\n")


def scan(data: bytes) -> None:
    """Count what really unpacks (directories lie), look that it is XML and where cells are, before it is built up."""
    unpacked = 0
    with zipfile.ZipFile(BytesIO(data)) as archive:
        for member in archive.infolist():
            check = _parser() if member.filename.lower().endswith((".xml", ".rels")) else None
            sheet = check is not None and member.filename.startswith("xl/worksheets/")
            with archive.open(member) as part:
                tail, depth = b"", 0
                while chunk := part.read(1 << 20):
                    unpacked += len(chunk)
                    if unpacked > MOST_UNPACKED:
                        raise Refusal("file.unsafe", "The workbook unpacks to far too much.", "Save it again.")
                    if check is not None:
                        check.Parse(chunk, False)
                        depth += depth_of(chunk)
                    if depth > MOST_DEPTH:
                        raise Refusal("file.unsafe", "A part of the workbook is nested too deeply.", "Save it again.")
                    if sheet:
                        check_sheet(tail + chunk)
                        tail = chunk[-300:]
            if check is not None:
                check.Parse(b"", True)


def depth_of(chunk: bytes) -> int:
    """How much deeper the XML is behind these bytes than before them, near enough to notice what is made to harm."""
    other = chunk.count(b"<?") + chunk.count(b"<!") + chunk.count(b"/>")
    return chunk.count(b"<") - 2 * chunk.count(b"</") - other


def _parser() -> expat.XMLParserType:
    """Reads XML for its form alone: a spreadsheet program refuses what is none, and so do we."""

    def refuse(*_: object) -> None:
        raise Refusal("file.unsafe", "A part of the workbook defines entities.", "Save it as a plain .xlsx or .csv.")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    return parser


def check_sheet(part: bytes) -> None:
    """Refuse far-away cells, declared or actual, and cells that hold a spreadsheet error."""
    declared = _DIMENSION.search(part)
    far = declared and (len(declared[1]) > 2 or int(declared[2]) > MOST_ROWS)
    if far or _WIDE.search(part) or any(int(found[1]) > MOST_ROWS for found in _ROW.finditer(part)):
        reason = f"The sheet uses cells beyond row {MOST_ROWS:,} or column ZZ."
        raise Refusal("file.unsafe", reason, "Delete the empty rows and columns, then save again.")
    if _MISPLACED.search(part):
        reason = "A cell has its formula behind its value, as no spreadsheet program writes it."
        raise Refusal("file.type", reason, "Open it in a spreadsheet program and save it again.")
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
    if sheet_parts(data) > len(book.sheet_names):
        reason = "The workbook has a sheet that its list of sheets does not name."
        raise Refusal("file.unsafe", reason, "Save the sheet alone as a plain .xlsx or .csv.")
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


def sheet_parts(data: bytes) -> int:
    """How many sheets the archive holds, listed or not."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return sum(
            name.startswith("xl/worksheets/") and name.endswith(".xml") and "/_rels/" not in name
            for name in archive.namelist()
        )


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

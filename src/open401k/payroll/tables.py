"""Bytes of an upload into rows of text cells, streaming, with every doubt a finding. Not here: what a column means."""

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from . import workbook
from .cells import shown
from .findings import Code, Finding, Severity

Cells: TypeAlias = tuple[int, int, list[str]]  # row as a spreadsheet shows it, physical line, cells

MOST_BYTES = 64 * 1024 * 1024
MOST_COLUMNS = 400
#: Characters of one line, and of one cell: more is no row of a payroll, and would be cut into millions of cells.
MOST_LINE = 131_072
_PIECE = 1024 * 1024
_TOO_LONG = f"A line is longer than {MOST_LINE:,} characters."
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n\t ]*<")
#: What a spreadsheet takes as the separator of the rows below it.
_SEPARATOR_LINE = re.compile(r"sep=.?", re.IGNORECASE)
_SOMETHING = re.compile(rb"[^\r\n\t \xef\xbb\xbf\x00]")
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_FOREIGN = {
    b"%PDF": "a PDF",
    b"{\\rtf": "a Word document",
    b"\xd0\xcf\x11\xe0": "an old or encrypted Office file",
    b"\x89PNG": "a picture",
    b"\x1f\x8b": "a compressed file",
    b"\x7fELF": "a program",
    b"MZ": "a program",
}


@dataclass(slots=True)
class Table:
    """An opened file: its headings, then its rows once, in order. ``findings`` grow while rows are read."""

    headings: list[str]
    rows: Iterator[Cells]
    kind: str  # "csv" | "xlsx"
    encoding: str = ""
    delimiter: str = ""
    findings: list[Finding] = field(default_factory=list)


def open_table(
    data: bytes, *, file_name: str = "", encoding: str | None = None, delimiter: str | None = None
) -> Table | list[Finding]:
    """The table of a CSV or XLSX file; or why it cannot be read at all.

    ``encoding`` is declared by the sender ("cp1252"); undeclared files are UTF-8, with or without its mark, or UTF-16
    with its mark, which no other file begins with.
    """
    problem = _refusal(data, file_name)
    if problem:
        return [problem]
    if data[:4] == b"PK\x03\x04":
        return _workbook_table(data)
    if encoding is None and data[:2] in _UTF16_MARKS:
        return _utf16_table(data, delimiter)
    return _csv_table(data, encoding or "utf-8-sig", delimiter)


def _reject(code: Code, reason: str, fix: str, **place: object) -> Finding:
    return Finding(Severity.REJECT, code, reason, fix, **place)  # type: ignore[arg-type]


def _refusal(data: bytes, file_name: str) -> Finding | None:
    """What the size, the first bytes and the name say before anything is read."""
    if not _SOMETHING.search(data):
        return _reject(Code.FILE_EMPTY, "The file has no heading row.", "Export it again.")
    if len(data) > MOST_BYTES:
        return _reject(Code.FILE_TOO_LARGE, f"The file is larger than {MOST_BYTES >> 20} MB.", "Split it by pay group.")
    ending = file_name.lower().rpartition(".")[2] if "." in file_name else ""
    zipped = data[:4] == b"PK\x03\x04"
    if ending in ("xlsm", "xlsb", "xls", "ods", "zip") or (zipped and ending not in ("", "xlsx")):
        return _reject(Code.FILE_TYPE, f"A .{ending} file with this content is not read.", "Save it as .xlsx or .csv.")
    if ending == "xlsx" and not zipped:
        return _reject(Code.FILE_TYPE, "The file is named .xlsx but is not a workbook.", "Export it again.")
    for magic, what in _FOREIGN.items():
        if data.startswith(magic):
            return _reject(Code.FILE_TYPE, f"This is {what}, not a table.", "Save it as .xlsx or .csv.")
    if _MARKUP.match(data):
        return _reject(Code.FILE_TYPE, "This is a web page or XML, not a table.", "Export the data as .csv.")
    return None


def _csv_table(data: bytes, encoding: str, delimiter: str | None) -> Table | list[Finding]:
    undecodable = _encoding_problem(data, encoding)
    if undecodable:
        return [undecodable]
    first_line = io.TextIOWrapper(io.BytesIO(data), encoding, newline="").readline(MOST_LINE + 1)
    found = delimiter or _delimiter_of(first_line)
    text = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    reader = csv.reader(_lines(text), delimiter=found, strict=True)
    try:
        headings = [heading.strip() for heading in next(reader)]
    except _LineTooLongError:
        return [_reject(Code.FILE_TOO_LARGE, _TOO_LONG, "Export only the payroll.", row=1, line=1)]
    except (csv.Error, StopIteration):
        return [_reject(Code.FILE_QUOTE, "The heading row has an unclosed quote.", "Export it again.", row=1, line=1)]
    problems = heading_problems(headings)
    if problems:
        return problems
    table = Table(headings, iter(()), "csv", encoding.removesuffix("-sig"), found)
    if found != "," and delimiter is None:
        table.findings.append(
            Finding(
                Severity.NOTE,
                Code.FILE_DELIMITER,
                f"The cells are separated by {DELIMITERS[found]}, not commas; the file was read that way.",
                "Nothing to do if that is right.",
            )
        )
    table.rows = _csv_rows(reader, table)
    return table


class _LineTooLongError(csv.Error):
    """A line that no row of a payroll is."""


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Line by line, none of them longer than is read at once."""
    while line := text.readline(MOST_LINE + 1):
        if len(line) > MOST_LINE:
            raise _LineTooLongError(_TOO_LONG)
        yield line


def _utf16_table(data: bytes, delimiter: str | None) -> Table | list[Finding]:
    """What a spreadsheet saves as "Unicode text": said by its mark, so nothing about it is guessed."""
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError:
        reason = "The file begins as UTF-16 and goes on as something else: it is damaged or cut."
        return [_reject(Code.FILE_ENCODING, reason, 'Save it as "CSV UTF-8".')]
    table = _csv_table(text.encode(), "utf-8", delimiter)  # a second mark is part of the text, and no heading
    if isinstance(table, Table):
        table.encoding = "utf-16"
    return table


def _delimiter_of(first_line: str) -> str:
    """The separator that cuts the heading into most cells outside quotes; the comma when none does."""
    outside = "".join(part for place, part in enumerate(first_line.split('"')) if place % 2 == 0)
    return max(DELIMITERS, key=lambda candidate: (outside.count(candidate), candidate == ","))


def heading_problems(headings: Sequence[str]) -> list[Finding]:
    """Blank or repeated headings, which no mapping can settle."""
    if len(headings) > MOST_COLUMNS:
        return [_reject(Code.FILE_TOO_LARGE, f"More than {MOST_COLUMNS} columns.", "Export only the payroll.", row=1)]
    if any(shown(heading) != heading for heading in headings):
        reason = "The first row is not headings: a cell of it looks like a person's number, or cannot be printed."
        return [_reject(Code.HEADER_MISSING, reason, "Export with headings in row 1.", row=1, line=1)]
    if headings and _SEPARATOR_LINE.fullmatch(headings[0]) and not any(headings[1:]):
        reason = "The first row names a separator for a spreadsheet, and is no row of headings."
        return [_reject(Code.HEADER_MISSING, reason, "Remove the first row.", row=1, line=1)]
    problems, seen = [], dict[str, int]()
    for place, heading in enumerate(headings):
        where = workbook.letter_of(place)
        if not heading:
            problems.append(
                _reject(
                    Code.HEADER_BLANK, f"Column {where} has no heading.", "Name it or remove it.", row=1, column=where
                )
            )
        elif heading.casefold() in seen:
            first = workbook.letter_of(seen[heading.casefold()])
            reason = f"Columns {first} and {where} are both headed {heading!r}."
            column = f"{where} {heading}"
            problems.append(_reject(Code.HEADER_DUPLICATE, reason, "Give each its own heading.", row=1, column=column))
        seen.setdefault(heading.casefold(), place)
    return problems


def _csv_rows(reader: Iterator[list[str]], table: Table) -> Iterator[Cells]:
    width, row, line = len(table.headings), 1, reader.line_num + 1  # type: ignore[attr-defined]
    while True:
        row += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            table.findings.append(_broken_row(problem, row, line))
            return
        if len(cells) == width:
            if any(cells):
                yield row, line, cells
        elif any(cell.strip() for cell in cells):
            table.findings.append(_width_problem(cells, width, row, line))
        line = reader.line_num + 1  # type: ignore[attr-defined]


def _broken_row(problem: csv.Error, row: int, line: int) -> Finding:
    """Where a quoted cell breaks: at the row it starts in, not at the end of the file where it was noticed."""
    if isinstance(problem, _LineTooLongError):
        return _reject(Code.FILE_TOO_LARGE, _TOO_LONG, "Export only the payroll.", row=row, line=line)
    fix = 'Close the quote; a quote inside a quoted cell is written twice ("").'
    return _reject(
        Code.FILE_QUOTE,
        f"A quoted cell that starts in line {line} never ends properly ({problem}).",
        fix,
        row=row,
        line=line,
    )


def _width_problem(cells: list[str], width: int, row: int, line: int) -> Finding:
    fix = "Every row has as many cells as the heading."
    for left, right in itertools.pairwise(cells if len(cells) > width else ()):
        if _looks_cut(left.strip(" $"), right.strip()):
            left, right = left.strip(), right.strip()
            quoted = f'Quote amounts with commas: "{left},{right}", if the layout has them.'
            fix = f"Write the amount as {left}{right}. {quoted}"
            break
    return _reject(Code.ROW_WIDTH, f"The row has {len(cells)} cells, expected {width}.", fix, row=row, line=line)


def _looks_cut(left: str, right: str) -> bool:
    """Whether two neighbors could be one amount cut at its thousands comma: 1 and 234.56."""
    thousands, _, cents = right.partition(".")
    return left.isdigit() and len(left) <= 3 and thousands.isdigit() and len(thousands) == 3 and len(cents) in (0, 2)


def _encoding_problem(data: bytes, encoding: str) -> Finding | None:
    if data[:2] in _UTF16_MARKS or b"\x00" in data:
        reason = "The file is UTF-16 without saying so, or not text."
        return _reject(Code.FILE_ENCODING, reason, 'Save it as "CSV UTF-8".')
    try:
        b"".decode(encoding)
    except LookupError:
        return _reject(Code.FILE_ENCODING, f"There is no encoding {encoding!r}.", "Declare utf-8 or cp1252.")
    if _decodes(data, encoding):
        return None
    try:
        data.decode(encoding)
    except UnicodeDecodeError as problem:
        return _undecodable(data, problem.start, encoding)
    place = data.find("\ufffd".encode()) if encoding.startswith("utf-8") else 0
    return _undecodable(data, max(place, 0), encoding)


def _decodes(data: bytes, encoding: str) -> bool:
    """Whether all of it is text without a replacement character; piece by piece, so that no copy of it is made."""
    decoder, pieces = codecs.getincrementaldecoder(encoding)(), memoryview(data)
    try:
        for start in range(0, len(data), _PIECE):
            if "\ufffd" in decoder.decode(pieces[start : start + _PIECE], start + _PIECE >= len(data)):
                return False
    except UnicodeDecodeError:
        return False
    return True


def _undecodable(data: bytes, place: int, encoding: str) -> Finding:
    """The row, column and byte that are not what the encoding allows."""
    line_start = data.rfind(b"\n", 0, place) + 1
    row = data.count(b"\n", 0, place) + 1
    heading_line = data.split(b"\n", 1)[0].decode("latin-1").lstrip("ï»¿")
    delimiter = _delimiter_of(heading_line)
    column = data.count(delimiter.encode(), line_start, place)
    headings = heading_line.strip("\r").split(delimiter)
    heading = headings[column].strip('"') if column < len(headings) else ""
    byte, label = data[place], f"{workbook.letter_of(column)} {heading}".strip()
    guess = bytes([byte]).decode("cp1252", "replace")
    return _reject(
        Code.FILE_ENCODING,
        f"Byte 0x{byte:02X} in row {row}, column {label}, is not {encoding.removesuffix('-sig').upper()}"
        + (f"; in Windows-1252 it is {guess!r}." if guess.isprintable() and guess != "\ufffd" else "."),
        'Save the file as "CSV UTF-8", or declare its encoding (cp1252) with the upload.',
        row=row,
        line=row,
        column=label,
    )


def _workbook_table(data: bytes) -> Table | list[Finding]:
    unsafe = workbook.unsafe(data)
    if unsafe:
        return [unsafe]
    opened = workbook.read(data)
    if isinstance(opened, Finding):
        return [opened]
    headings, rows = opened
    problems = heading_problems(headings)
    if problems:
        rows.close()
        return problems
    table = Table(headings, iter(()), "xlsx")
    table.rows = _workbook_rows(rows, table)
    return table


def _workbook_rows(rows: Iterator[list[str] | Finding], table: Table) -> Iterator[Cells]:
    width = len(table.headings)
    for row, cells in enumerate(rows, start=2):
        if isinstance(cells, Finding):
            table.findings.append(cells)
            return
        used = len(cells)
        while used > width and not cells[used - 1]:
            used -= 1
        if used > width:
            table.findings.append(_width_problem(cells[:used], width, row, row))
        elif any(cells):
            yield row, row, cells[:width] + [""] * (width - used)

"""A second reader of payroll files, slow and plain on purpose: the oracle of the fuzzer. It shares no code with ours.

It knows the layouts (which heading is which field, how days are written), and reads everything else its own way:
characters one by one, amounts as decimals, workbooks as XML.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree import ElementTree

from open401k.payroll import LAYOUTS, DateOrder, Field, Layout, Mapping, PayrollRow, Reading, RecordLayout

_UNSAID_ARE_NONE = {"hours", "plan_compensation", "match", "safe_harbor_match", "nonelective"} | {
    "safe_harbor_nonelective",
    "profit_sharing",
}
_FAKE_SSNS = ("078051120", "219099999", "457555462", "987654321", "111111111", "222222222")
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, ElementTree.ParseError, InvalidOperation, EOFError, OSError),
    *(KeyError, ValueError, IndexError, NotImplementedError, RuntimeError, OverflowError, TypeError),
)
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class UnreadableError(Exception):
    """The file says nothing certain."""


def read_naively(data: bytes, *, learned: Mapping | None = None) -> list[PayrollRow]:
    """Every row of a file, or UnreadableError."""
    workbook = data[:4] == b"PK\x03\x04"
    records = list(_workbook(data) if workbook else _csv(data))
    if not records:
        raise UnreadableError("no heading")
    (_, _, first), rest = records[0], records[1:]
    if workbook:
        while first and not first[-1]:
            first = first[:-1]
    headings = [heading.strip() for heading in first]
    _check_headings(headings)
    columns, reading = _columns(headings, learned)
    rows = []
    for row, line, cells in rest:
        if workbook:
            cells = cells + [""] * (len(headings) - len(cells))
            while len(cells) > len(headings) and not cells[-1]:
                cells = cells[:-1]
        if not any(cell.strip() for cell in cells) and (len(cells) != len(headings) or not any(cells)):
            continue
        if len(cells) != len(headings):
            raise UnreadableError(f"row {row} has {len(cells)} cells")
        rows.append(_row(row, line, cells, columns, reading, typed=workbook))
    if not rows:
        raise UnreadableError("nobody")
    return rows


def read_records_naively(layout: RecordLayout, data: bytes) -> list[PayrollRow]:
    """Every record of a layout with one part and no header, or UnreadableError."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        raise UnreadableError("no ASCII") from None
    lines = text.replace("\r\n", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    if len({len(line) for line in lines}) != 1:
        raise UnreadableError("records of different length")
    positions = layout.parts[0].detail.positions
    rows = []
    for number, line in enumerate(lines, start=1):
        if len(line) < max(each.start + each.size - 1 for each in positions):
            raise UnreadableError("short")
        cells = [line[each.start - 1 : each.start - 1 + each.size] for each in positions]
        if any(each.says and each.says != cell for each, cell in zip(positions, cells, strict=True)):
            raise UnreadableError("another record")
        columns = [(each.field, each.name) for each in positions]
        rows.append(_row(number, number, cells, columns, Reading(dates=layout.dates, blank_is_zero=True), typed=False))
    return rows


# --- a file as cells


def _csv(data: bytes) -> Iterator[tuple[int, int, list[str]]]:
    text = _decoded(data)
    delimiter = _delimiter(text)
    row, line, place = 1, 1, 0
    while place < len(text):
        start, cells = line, []
        while True:
            cell, place, line = _cell(text, place, line, delimiter)
            cells.append(cell)
            if place >= len(text) or text[place] != delimiter:
                break
            place += 1
        if place < len(text):
            place += 2 if text[place : place + 2] == "\r\n" else 1
            line += 1
        yield row, start, cells
        row += 1


def _decoded(data: bytes) -> str:
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            text = data.decode("utf-16")
        else:
            text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableError("bytes that are no text") from None
    if "\x00" in text or "\ufffd" in text:
        raise UnreadableError("bytes that are no text")
    return text


def _delimiter(text: str) -> str:
    best, most, quoted = ",", 0, False
    counts = dict.fromkeys(",;\t|", 0)
    for letter in text:
        if letter in "\r\n":
            break
        if letter == '"':
            quoted = not quoted
        elif letter in counts and not quoted:
            counts[letter] += 1
    for letter, count in counts.items():
        if count > most:
            best, most = letter, count
    return best


def _cell(text: str, place: int, line: int, delimiter: str) -> tuple[str, int, int]:
    """One cell from ``place``: its text, where it ends, and the line there."""
    if text[place : place + 1] != '"':
        end = place
        while end < len(text) and text[end] not in (delimiter, "\r", "\n"):
            end += 1
        return text[place:end], end, line
    out: list[str] = []
    place += 1
    while place < len(text):
        if text[place] == '"':
            if text[place + 1 : place + 2] != '"':
                place += 1
                if place < len(text) and text[place] not in (delimiter, "\r", "\n"):
                    raise UnreadableError("text behind a quoted cell")
                return "".join(out), place, line
            place += 1
        elif text[place] == "\n" or (text[place] == "\r" and text[place + 1 : place + 2] != "\n"):
            line += 1
        out.append(text[place])
        place += 1
    raise UnreadableError("a quote that never ends")


def _workbook(data: bytes) -> Iterator[tuple[int, int, list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        shared = _shared(parts.get("xl/sharedStrings.xml"))
        days = _day_styles(parts["xl/styles.xml"]) if "xl/styles.xml" in parts else [False]
        sheets = [
            ElementTree.fromstring(part)  # noqa: S314 (files of our own making)
            for name, part in parts.items()
            if name.startswith("xl/worksheets/") and name.endswith(".xml")
        ]
        used = [sheet for sheet in sheets if any(len(cell) for cell in sheet.iter(f"{_SHEET}c"))]
        if len(used) != 1:
            raise UnreadableError("no sheet, or several sheets, with cells")
        (root,) = used
        grid: dict[int, dict[int, str]] = {}
        for cell in root.iter(f"{_SHEET}c"):
            found = re.fullmatch(r"([A-Z]+)(\d+)", cell.get("r", ""))
            if found is None:
                raise UnreadableError("a cell without a place")
            text = _cell_text(cell, shared, days)
            if text:
                grid.setdefault(int(found[2]), {})[_place(found[1])] = text
    except _DAMAGED as error:
        raise UnreadableError(f"no workbook: {error}") from None
    for row in range(1, max(grid, default=0) + 1):
        cells = grid.get(row, {})
        yield row, row, [cells.get(place, "") for place in range(max(cells, default=-1) + 1)]


def _place(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _shared(part: bytes | None) -> list[str]:
    if part is None:
        return []
    root = ElementTree.fromstring(part)  # noqa: S314
    return ["".join(text.text or "" for text in item.iter(f"{_SHEET}t")) for item in root.iter(f"{_SHEET}si")]


def _day_styles(part: bytes) -> list[bool]:
    """Of each cell style, whether it shows a number as a day."""
    root = ElementTree.fromstring(part)  # noqa: S314
    own = {each.get("numFmtId"): each.get("formatCode", "") for each in root.iter(f"{_SHEET}numFmt")}
    styles = root.find(f"{_SHEET}cellXfs")
    found = []
    for style in styles if styles is not None else ():
        number = style.get("numFmtId", "0")
        code = re.sub(r'"[^"]*"|\[[^\]]*\]', "", own.get(number, "")).lower()
        found.append(14 <= int(number) <= 22 or any(letter in code for letter in "ymdh"))
    return found


def _cell_text(cell: ElementTree.Element, shared: Sequence[str], days: Sequence[bool]) -> str:
    kind, value = cell.get("t", "n"), cell.find(f"{_SHEET}v")
    if kind == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(f"{_SHEET}t"))
    text = (value.text or "") if value is not None else ""
    if not text:
        return ""
    if kind == "e":
        raise UnreadableError("a cell shows an error")
    if kind == "s":
        return shared[int(text)]
    if kind == "b":
        return "TRUE" if text == "1" else "FALSE"
    if kind in ("str", "d"):
        return text
    number = Decimal(text)
    if days[int(cell.get("s", "0"))]:
        if number != int(number):
            raise UnreadableError("a day with a time")
        return str(date(1899, 12, 30) + timedelta(days=int(number)))
    # A spreadsheet holds 15 digits; what is behind them is the machine's, not the writer's.
    rounded = Decimal(f"{float(number):.15g}") + 0  # a zero has no sign in a spreadsheet
    return f"{rounded:f}".rstrip("0").rstrip(".") if "." in f"{rounded:f}" else f"{rounded:f}"


# --- cells as a row


def _check_headings(headings: Sequence[str]) -> None:
    if len({heading.casefold() for heading in headings}) != len(headings) or "" in headings or len(headings) > 400:
        raise UnreadableError("headings")
    for heading in headings:
        if not heading.isprintable() or len(heading) > 60 or re.search(r"\d{3}[- ]?\d{2}[- ]?\d{4}", heading):
            raise UnreadableError("headings")


def _columns(headings: Sequence[str], learned: Mapping | None) -> tuple[list[tuple[Field | None, str]], Reading]:
    if learned is not None and [column.heading for column in learned.columns] == list(headings):
        return [(column.field, column.name or column.heading) for column in learned.columns], learned.reading
    for layout in LAYOUTS:
        found = _by_layout(layout, headings)
        if found is not None:
            return found, layout.reading
    raise UnreadableError("a person has to say what the columns are")


def _by_layout(layout: Layout, headings: Sequence[str]) -> list[tuple[Field | None, str]] | None:
    fields = {heading.lower(): field for heading, field in layout.fields.items()}
    known = {heading.lower() for heading in (*layout.headings, *layout.read_over)}
    columns: list[tuple[Field | None, str]] = []
    for heading in headings:
        if layout.pay_code_prefix and heading.lower().startswith(layout.pay_code_prefix) and heading[4:].strip():
            columns.append((Field.EARNINGS, heading[4:].strip()))
        elif layout.pay_hours_prefix and heading.lower().startswith(layout.pay_hours_prefix) and heading[6:].strip():
            columns.append((Field.EARNINGS_HOURS, heading[6:].strip()))
        elif layout.deduction_prefix and heading.lower().startswith(layout.deduction_prefix) and heading[10:].strip():
            columns.append((Field.DEDUCTIONS, heading[10:].strip()))
        elif heading.lower() in known:
            columns.append((fields.get(heading.lower()), heading))
        else:
            return None
    there = {heading.lower() for heading in headings}
    return columns if all(heading.lower() in there for heading in layout.required) else None


def _row(
    row: int,
    line: int,
    cells: Sequence[str],
    columns: Sequence[tuple[Field | None, str]],
    reading: Reading,
    *,
    typed: bool,
) -> PayrollRow:
    said: dict[str, Any] = {}
    refs: list[str] = []
    payments: list[tuple[str, int]] = []
    earnings: list[tuple[str, int]] = []
    hours: list[tuple[str, int | None]] = []
    taken: list[tuple[str, int]] = []
    there = {field for field, _ in columns}
    for (field, name), cell in zip(columns, cells, strict=True):
        if field is Field.EMPLOYEE_ID and Field.SSN in there:
            field = None if Field.EMPLOYEE_NUMBER in there else Field.EMPLOYEE_NUMBER
        if field is None:
            continue
        if field is Field.LOAN_REF:
            refs.append(cell)
        elif field is Field.LOAN_PAYMENT:
            payments.append((name, _money(cell, reading, blank=True)))
        elif field is Field.EARNINGS:
            earnings.append((name, _money(cell, reading, blank=True)))
        elif field is Field.EARNINGS_HOURS:
            hours.append((name, _hours(cell.strip(" "))))
        elif field is Field.DEDUCTIONS:
            taken.append((name, _money(cell, reading, blank=True)))
        else:
            value = _value(field, cell, reading, typed)
            key = str(field)
            said["hours_hundredths" if key == "hours" else f"{key}_cents" if field.is_money else key] = value
    loans = [
        (_reference(refs[place]) if place < len(refs) else name, cents)
        for place, (name, cents) in enumerate(payments)
        if cents
    ]
    earned = [pair for pair in earnings if pair[1]]
    if earned and not any(field is Field.GROSS for field, _ in columns):
        said["gross_cents"] = sum(cents for _, cents in earned)
    said["deductions"] = tuple(pair for pair in taken if pair[1])
    said["earnings_hours"] = tuple((name, each) for name, each in hours if each)
    return PayrollRow(row=row, line=line, loan_payments=tuple(loans), earnings=tuple(earned), **said)


def _value(field: Field, cell: str, reading: Reading, typed: bool) -> Any:
    text = cell.strip(" ")
    if field is Field.SSN:
        return _ssn(cell)
    if field in (Field.FIRST_NAME, Field.LAST_NAME):
        return _name(text)
    if field in (Field.EMPLOYEE_ID, Field.EMPLOYEE_NUMBER, Field.PAY_GROUP, Field.EMPLOYMENT_STATUS):
        return _reference(cell)
    if field is Field.FICA_WAGES and not text:
        return None
    if field is Field.EMPLOYER_EIN:
        return _ein(text)
    if field is Field.HOURS:
        return _hours(text)
    if field.is_date:
        return _day(text, reading.dates, typed)
    return _money(cell, reading, blank=reading.blank_is_zero)


def _ssn(cell: str) -> str:
    text = cell.strip(" ") if len(cell) != 9 else cell
    shape = "".join("9" if letter in "0123456789" else letter for letter in text)
    if shape not in ("999999999", "999-99-9999"):
        raise UnreadableError("no SSN")
    digits = text.replace("-", "")
    area, group, serial = int(digits[:3]), int(digits[3:5]), int(digits[5:])
    if area in (0, 666) or area >= 900 or not group or not serial or digits in _FAKE_SSNS:
        raise UnreadableError("never issued")
    return digits


def _ein(text: str) -> str:
    shape = "".join("9" if letter in "0123456789" else letter for letter in text)
    if shape not in ("", "999999999", "99-9999999"):
        raise UnreadableError("no EIN")
    return text.replace("-", "")


def _without_apostrophe(text: str) -> str:
    bare = text.lstrip("'")
    return text[1:] if bare != text and bare[:1] in tuple("=+-@\t\r＝＋－＠") else text


def _name(text: str) -> str:
    text = _without_apostrophe(text)
    if not text.isprintable() or text[:1] in ("=", "+", "@") or len(text) > 100:
        raise UnreadableError("no name")
    return text


def _reference(cell: str) -> str:
    text = _without_apostrophe(cell.strip(" "))
    if not text.isprintable() or len(text) > 60:
        raise UnreadableError("no reference")
    return text


def _plain(text: str) -> Decimal:
    if not text or any(letter not in "0123456789." for letter in text) or text == ".":
        raise UnreadableError("no number")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise UnreadableError("no number") from None


def _hours(text: str) -> int | None:
    if not text:
        return None
    hundredths = _plain(text) * 100
    if hundredths != int(hundredths) or text[0] == "." or len(text.split(".")[0]) > 6:
        raise UnreadableError("no hours")
    return int(hundredths)


def _money(cell: str, reading: Reading, *, blank: bool) -> int:
    text = cell.strip(" ")
    if not text and blank:
        return 0
    if reading.dollar_sign and text[:1] == "$":
        text = text[1:]
    if "," in text:
        groups = text.split(".")[0].split(",")
        if not reading.grouping or not 1 <= len(groups[0]) <= 3 or any(len(each) != 3 for each in groups[1:]):
            raise UnreadableError("no amount")
        if "," in text.partition(".")[2]:
            raise UnreadableError("no amount")
        text = text.replace(",", "")
    cents = _plain(text) * 100
    if cents != int(cents) or cents >= 10**14:
        raise UnreadableError("no amount")
    return int(cents)


def _day(text: str, order: DateOrder, typed: bool) -> date | None:
    if not text:
        return None
    if typed and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        order = DateOrder.ISO
    cut: dict[DateOrder, Callable[[], tuple[str, str, str]]] = {
        DateOrder.ISO: lambda: (text[:4], text[5:7], text[8:]) if text[4:5] + text[7:8] == "--" else ("", "", ""),
        DateOrder.US: lambda: _year_first(text.split("/")),
        DateOrder.COMPACT: lambda: (text[:4], text[4:6], text[6:]),
        DateOrder.US_COMPACT: lambda: (text[4:], text[:2], text[2:4]),
    }
    year, month, day = cut[order]()
    two = (1, 2) if order is DateOrder.US else (2,)
    if len(year) != 4 or len(month) not in two or len(day) not in two:
        raise UnreadableError("no day")
    if any(letter not in "0123456789" for letter in year + month + day):
        raise UnreadableError("no day")
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise UnreadableError("no day") from None


def _year_first(parts: Sequence[str]) -> tuple[str, str, str]:
    return (parts[2], parts[0], parts[1]) if len(parts) == 3 else ("", "", "")

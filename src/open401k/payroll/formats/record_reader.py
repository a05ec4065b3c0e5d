"""Files of records into rows, part by part; every doubt names record, position and field. Not here: layouts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .. import cells as cell
from ..findings import Code, Finding, Findings, Severity
from ..mapping import Reading
from ..rows import Field, PayrollRow
from ..tables import MOST_BYTES
from .reader import RowReader
from .records import Part, Position, Record, RecordLayout, mapping_of


@dataclass(slots=True)
class RecordFile:
    """What could be read of a file, by part. With a refusal among the findings nothing of it may be used."""

    rows: dict[str, list[PayrollRow]] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)  # what the header of a part says, by position
    findings: Findings = field(default_factory=Findings)

    def reject(self, code: Code, reason: str, fix: str, *, record: int | None = None, column: str = "") -> None:
        """Nothing of the file is used, and why."""
        self.findings.add(Finding(Severity.REJECT, code, reason, fix, row=record, line=record, column=column))


def read_records(layout: RecordLayout, data: bytes, *, encoding: str | None = None) -> RecordFile:
    """The rows of each part. ``encoding`` is one of single bytes, if declared: positions are counted in bytes."""
    file = RecordFile({part.name: [] for part in layout.parts})
    lines = _lines(file, data, encoding or layout.encoding)
    if lines is None:
        return file
    walk = _Walk(layout, file)
    for number, line in enumerate(lines, start=1):
        walk.take(number, line)
    walk.end()
    return file


def _lines(file: RecordFile, data: bytes, encoding: str) -> list[str] | None:
    if not data.strip():
        file.reject(Code.FILE_EMPTY, "The file has no records.", "Export it again.")
        return None
    if len(data) > MOST_BYTES:
        file.reject(Code.FILE_TOO_LARGE, f"The file is larger than {MOST_BYTES >> 20} MB.", "Split it by pay group.")
        return None
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    texts: list[str] = []
    for number, line in enumerate(lines[:-1] if not lines[-1] else lines, start=1):
        try:
            texts.append(line.decode(encoding))
        except UnicodeDecodeError as problem:
            byte, place = line[problem.start], problem.start + 1
            reason = f"Byte 0x{byte:02X} at position {place} of record {number} is not {encoding.upper()}."
            fix = "Declare the encoding of the file (cp1252), one byte a letter: positions are counted in bytes."
            file.reject(Code.FILE_ENCODING, reason, fix, record=number, column=str(place))
        except LookupError:
            file.reject(Code.FILE_ENCODING, f"There is no encoding {encoding!r}.", "Declare ascii or cp1252.")
            return None
    return None if file.findings.rejected else texts


_amount = cell.money_parser(Reading())


class _Walk:
    """Goes through the records in order; knows in which part it stands and what it counted there."""

    def __init__(self, layout: RecordLayout, file: RecordFile) -> None:
        self._layout, self._file = layout, file
        self._readers = {part.name: RowReader(mapping_of(layout, part)) for part in layout.parts}
        for reader in self._readers.values():
            reader.findings = file.findings
        self._open: Part | None = None
        self._count, self._unread = 0, False
        self._length = 0
        self._closed: set[str] = set()

    def take(self, number: int, line: str) -> None:
        """One record."""
        cut = line.split(self._layout.delimiter) if self._layout.delimiter else line
        known = next(((part, kind) for part in self._layout.parts for kind in part.records if _is(kind, cut)), None)
        if known is None:
            reason = f"Record {number} begins like no record of {self._layout.title}."
            return self._reject(Code.RECORD_UNKNOWN, reason, "Correct its record type, or the layout.", number)
        part, kind = known
        if not self._in_order(number, part, kind) or not self._as_long(number, kind, cut):
            self._unread = True
            return None
        cells = [_cell(cut, each) for each in kind.positions]
        if kind is part.detail:
            return self._row(number, part, cells)
        if kind is part.header:
            self._file.headers[part.name] = {
                each.name: text.strip(" ") for each, text in zip(kind.positions, cells, strict=True)
            }
            return None
        return self._close(number, part, kind, cells)

    def end(self) -> None:
        """What is missing at the end."""
        if self._open is not None and self._open.trailer is not None:
            reason = f"Part {self._open.name} has no trailer record: the file was cut."
            self._file.reject(Code.RECORD_ORDER, reason, "Send the whole file.")
        if not any(self._file.rows.values()) and not self._file.findings.rejected:
            self._file.reject(Code.FILE_NO_ROWS, "No part of the file has a record of a person.", "Export it again.")

    def _reject(self, code: Code, reason: str, fix: str, number: int, column: str = "") -> None:
        self._unread = True
        self._file.reject(code, reason, fix, record=number, column=column)

    def _in_order(self, number: int, part: Part, kind: Record) -> bool:
        """Header, records, trailer: each part once, and nothing between them."""
        reason = ""
        if kind is part.header or (part.header is None and self._open is not part):
            if self._open is not None and self._open.trailer is not None:
                reason = f"Part {part.name} begins in record {number} before part {self._open.name} has its trailer."
            elif part.name in self._closed:
                reason = f"Part {part.name} begins again in record {number}."
            if self._open is not None:
                self._closed.add(self._open.name)
            self._open, self._count, self._unread = part, 0, False
        elif self._open is not part:
            reason = f"Record {number} of part {part.name} stands outside of it: its header is missing."
        if reason:
            self._reject(Code.RECORD_ORDER, reason, "Send each part once and whole: header, records, trailer.", number)
        return not reason

    def _as_long(self, number: int, kind: Record, cut: str | Sequence[str]) -> bool:
        wanted, has = kind.length, len(cut)
        what = "cells" if self._layout.delimiter else "characters"
        if self._layout.goes_on:
            self._length = self._length or has
            fits = has >= wanted and has == self._length
            told = f"at least {wanted}, like the first" if has >= wanted else f"at least {wanted}"
        else:
            fits, told = has == wanted, str(wanted)
        if fits:
            return True
        beyond = next((each for each in kind.positions if each.end > has or each.start > has), None)
        column = f"{beyond.at} {beyond.name}" if beyond else f"{wanted + 1}-{has}"
        fix = "A value is too long or too short for its place, or holds a line break: export it again."
        self._reject(Code.RECORD_LENGTH, f"Record {number} has {has} {what}, expected {told}.", fix, number, column)
        return False

    def _row(self, number: int, part: Part, cells: list[str]) -> None:
        self._count += 1
        before = self._file.findings.total
        for place, each in enumerate(part.detail.positions):
            if each.implied:
                cells[place] = self._with_point(number, each, cells[place])
        if self._file.findings.total == before:
            row = self._readers[part.name].row(number, number, cells)
            if row is not None:
                self._file.rows[part.name].append(row)
                return
        self._unread = True

    def _with_point(self, number: int, position: Position, text: str) -> str:
        digits = text.strip(" ")
        if digits and not (digits.isascii() and digits.isdigit()):
            reason = (
                f"{cell.shown(text)!r} is no number of cents in digits alone, as the layout says of {position.name}."
            )
            fix = "Write cents without a point or sign."
            self._reject(Code.AMOUNT_FORMAT, reason, fix, number, f"{position.at} {position.name}")
            return ""
        return f"{digits.zfill(3)[:-2]}.{digits.zfill(3)[-2:]}" if digits else ""

    def _close(self, number: int, part: Part, kind: Record, cells: list[str]) -> None:
        """A trailer: what it counts and adds up must be what was read."""
        rows = self._file.rows[part.name]
        for position, text in zip(kind.positions, cells, strict=True):
            if position.counts:
                self._compare(number, position, text, self._count, "records")
            elif position.sums is not None and not self._unread:
                text = self._with_point(number, position, text) if position.implied else text
                self._compare(number, position, text, total_of(rows, position.sums), "cents")
        self._closed.add(part.name)
        self._open = None

    def _compare(self, number: int, position: Position, text: str, counted: int, what: str) -> None:
        try:
            told = _whole(text) if what == "records" else _amount(text)
        except cell.CellError as problem:
            return self._reject(problem.code, problem.reason, problem.fix, number, f"{position.at} {position.name}")
        if told != counted:
            reason = (
                f"{position.name} of the trailer is {told} {what}; the part has {counted}: {abs(told - counted)} apart."
            )
            fix = "Find the missing or doubled records, or correct the trailer."
            self._reject(Code.TOTAL_MISMATCH, reason, fix, number, f"{position.at} {position.name}")
        return None


def total_of(rows: Sequence[PayrollRow], what: Field) -> int:
    """What a trailer says that the rows of its part add up to."""
    if what.may_repeat:
        pairs = (pair for row in rows for pair in getattr(row, what.attribute))
        return sum(cents for _, cents in pairs)
    return sum(getattr(row, what.attribute) or 0 for row in rows)


def _is(kind: Record, cut: str | Sequence[str]) -> bool:
    return all(_cell(cut, each) == each.says for each in kind.known_by)


def _cell(cut: str | Sequence[str], position: Position) -> str:
    if isinstance(cut, str):
        return cut[position.start - 1 : position.end]
    return cut[position.start - 1] if position.start <= len(cut) else ""


def _whole(text: str) -> int:
    bare = text.strip(" ")
    if not (bare.isascii() and bare.isdigit()):
        raise cell.CellError(Code.AMOUNT_FORMAT, "This is not a number of records.", "Write digits alone.")
    return int(bare)

"""Rows into files of records; a value longer than its place is a finding, never cut. Not here: reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from open401k.kernel import Open401kError

from .. import cells as cell
from ..findings import Code, Finding, Findings, Severity
from ..rows import Field, PayrollRow, masked_ssn
from .cell_writer import CellWriter, carried, written_cents
from .record_reader import total_of
from .records import Part, Position, Record, RecordLayout, mapping_of
from .writer import Lost, lost_between, refuse_unwritable


@dataclass(slots=True)
class WrittenRecords:
    """A file of records as bytes; with findings there are none."""

    data: bytes = b""
    findings: Findings = field(default_factory=Findings)
    lost: dict[str, tuple[Lost, ...]] = field(default_factory=dict)  # by part


def write_records(
    layout: RecordLayout,
    parts: Mapping[str, Sequence[PayrollRow]],
    *,
    shared: Mapping[str, str] | None = None,
    encoding: str | None = None,
) -> WrittenRecords:
    """A file with these parts in the order of the layout; reading it gives :func:`carried` of each row.

    ``shared`` fills positions that no row fills, of every record that has them: ``{"plan number": "123456"}``.
    """
    written = WrittenRecords()
    lines = _Lines(layout, encoding or layout.encoding, dict(shared or {}), written.findings)
    lines.refuse_unknown()
    for name in parts:
        layout.part(name)
    for part in layout.parts:
        if part.name in parts:
            written.lost[part.name] = _write_part(lines, part, parts[part.name])
    if not written.findings.rejected:
        written.data = b"".join(lines.done)
    return written


def _write_part(lines: "_Lines", part: Part, rows: Sequence[PayrollRow]) -> tuple[Lost, ...]:
    mapping = mapping_of(lines.layout, part)
    refuse_unwritable(mapping, rows)
    writer = CellWriter(mapping, for_spreadsheets=False)
    back = [carried(mapping, row) for row in rows]
    if part.header is not None:
        lines.add(part.header, {})
    for row in back:
        cells = [""] * len(mapping.columns)
        writer.fill(cells, row)
        lines.add(part.detail, _values(part, cells))
    if part.trailer is not None:
        said = {each.name: str(len(rows)) for each in part.trailer.positions if each.counts}
        sums = {each.name: _amount(each, total_of(back, each.sums)) for each in part.trailer.positions if each.sums}
        lines.add(part.trailer, said | sums)
    return lost_between(rows, back)


def _values(part: Part, cells: Sequence[str]) -> dict[str, str]:
    """The cells in the form of their places."""
    values = {}
    for each, text in zip(part.detail.positions, cells, strict=True):
        if each.field is None:
            continue
        if each.is_amount and text:
            text = _amount(each, int(text.replace(".", "")))
        elif each.field is Field.SSN and each.size == 11:
            text = f"{text[:3]}-{text[3:5]}-{text[5:]}"
        values[each.name] = text
    return values


def _amount(position: Position, cents: int) -> str:
    text = str(cents) if position.implied else written_cents(cents)
    return text.zfill(position.size)


class _Lines:
    """Puts values into records; what does not fit is a finding with record, position and field."""

    def __init__(self, layout: RecordLayout, encoding: str, shared: Mapping[str, str], findings: Findings) -> None:
        self.layout, self._encoding, self._shared, self._findings = layout, encoding, shared, findings
        self.done: list[bytes] = []

    def refuse_unknown(self) -> None:
        """Shared values that no record takes from the caller."""
        open_to_all = {
            each.name
            for part in self.layout.parts
            for record in part.records
            for each in record.positions
            if not (each.says or each.field or each.counts or each.sums)
        }
        if unknown := sorted(set(self._shared) - open_to_all):
            raise Open401kError(
                f"{self.layout.title} takes no {', '.join(unknown)} for all records.",
                fix=f"It takes: {', '.join(sorted(open_to_all))}.",
            )

    def add(self, record: Record, values: Mapping[str, str]) -> None:
        """One record."""
        number = len(self.done) + 1
        texts = [each.says or values.get(each.name) or self._shared.get(each.name, "") for each in record.positions]
        for each, text in zip(record.positions, texts, strict=True):
            self._check(number, each, text)
        if self.layout.delimiter:
            cells = [""] * record.length
            for each, text in zip(record.positions, texts, strict=True):
                cells[each.start - 1] = text
            line = self.layout.delimiter.join(cells)
        else:
            line = self._placed(record, texts)
        self.done.append(line.encode(self._encoding, "replace") + b"\r\n")

    @staticmethod
    def _placed(record: Record, texts: Sequence[str]) -> str:
        line = [" "] * record.length
        for each, text in zip(record.positions, texts, strict=True):
            line[each.start - 1 : each.end] = list(text[: each.size].ljust(each.size))
        return "".join(line)

    def _check(self, number: int, position: Position, text: str) -> None:
        shown = masked_ssn(text) if position.field is Field.SSN else cell.shown(text)
        if position.size and len(text) > position.size:
            reason = f"The value has {len(text)} characters; {position.name} has room for {position.size}."
            self._reject(Code.VALUE_TOO_LONG, number, position, shown, reason, "Shorten it at the source.")
        if not text.isprintable() or (self.layout.delimiter and self.layout.delimiter in text):
            reason = "The value holds a line break or the separator of the file."
            self._reject(Code.NAME_FORMAT, number, position, shown, reason, "Write it without.")
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            reason = f"The value has a letter that {self._encoding} has not."
            self._reject(
                Code.FILE_ENCODING,
                number,
                position,
                shown,
                reason,
                "Ask the recipient whether it takes cp1252, and write it so.",
            )

    def _reject(self, code: Code, number: int, position: Position, shown: str, reason: str, fix: str) -> None:
        column = f"{position.at} {position.name}"
        self._findings.add(
            Finding(Severity.REJECT, code, reason, fix, row=number, line=number, column=column, value_masked=shown)
        )

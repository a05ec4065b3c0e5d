"""Records of a batch core's files, fixed width and CSV: the same fields, a trailer with count and sum.

Not here: folders and nights (batch.py). A file whose trailer does not fit was cut off or changed: nothing of it counts.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

Record = Mapping[str, str]
#: By record type: fields with their widths. Amounts are cents, right-aligned with zeros; the rest is left-aligned.
FIELDS: Final[Mapping[str, Mapping[str, int]]] = {
    "O": {
        "action": 4, "ticket": 68, "way": 3, "account": 20, "line": 3, "fund": 8, "amount": 13, "basis": 13, "roth": 4,
    },
    "A": {"action": 4, "ticket": 68, "ok": 1, "word": 20, "reference": 20, "amount": 13, "again": 1},
    "P": {"account": 20, "fund": 8, "amount": 13, "frozen": 13, "open": 1},
    "K": {"ticket": 68, "state": 8, "amount": 13, "forms": 3},
}  # fmt: skip
_NUMBERS: Final = frozenset({"line", "amount", "basis", "frozen", "forms"})
_COUNT, _SUM = 9, 15


class Layout(StrEnum):
    """How records are written."""

    FIXED = "fixed"
    CSV = "csv"
    ISO = "iso"  # messages of their own (iso.py)


class UnreadableFileError(ValueError):
    """A file that does not hold what it says; it names the line, the reason, and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """A record with its type."""

    type: str
    record: Record

    @property
    def amount(self) -> int:
        """Its cents."""
        return int(self.record["amount"])


def write(rows: Sequence[Row], layout: Layout) -> bytes:
    """A whole file, trailer included."""
    total = sum(row.amount for row in rows)
    if layout is Layout.FIXED:
        lines = [row.type + "".join(_padded(row, *field) for field in FIELDS[row.type].items()) for row in rows]
        return "\n".join([*lines, f"T{len(rows):0{_COUNT}}{total:0{_SUM}}", ""]).encode("ascii")
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerows([row.type, *(row.record[name] for name in FIELDS[row.type])] for row in rows)
    table.writerow(["T", len(rows), total])
    return out.getvalue().encode("ascii")


def read(data: bytes, layout: Layout) -> list[Row]:
    """The rows of a whole file."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as why:
        raise UnreadableFileError(f"byte {why.start + 1} is no ASCII; ask for the file again") from why
    lines: Iterable[list[str]] = csv.reader(io.StringIO(text)) if layout is Layout.CSV else map(_cut, text.splitlines())
    rows: list[Row] = []
    for number, (kind, *values) in enumerate((line for line in lines if line), 1):
        if kind == "T":
            return _proven(rows, values, number)
        fields = FIELDS.get(kind)
        if fields is None or len(values) != len(fields):
            raise UnreadableFileError(f"line {number} is no record of a known type; ask for the file again")
        record = dict(zip(fields, values, strict=True))
        wrong = [name for name in fields if name in _NUMBERS and not _is_number(record[name])]
        if wrong:
            raise UnreadableFileError(f"line {number}, {wrong[0]}: {record[wrong[0]]!r} is no number; ask again")
        rows.append(Row(kind, record))
    raise UnreadableFileError(f"it ends after {len(rows)} records without a trailer: it was cut off; ask for it again")


def _proven(rows: list[Row], told: Sequence[str], number: int) -> list[Row]:
    if len(told) != 2 or not all(map(_is_number, told)):
        raise UnreadableFileError(f"line {number} is no trailer; ask for the file again")
    is_so, should_be = (len(rows), sum(row.amount for row in rows)), (int(told[0]), int(told[1]))
    if is_so != should_be:
        raise UnreadableFileError(
            f"the trailer says {should_be[0]} records of {should_be[1]} cents, there are {is_so[0]} of {is_so[1]}; "
            "ask for the file again"
        )
    return rows


def _padded(row: Row, name: str, width: int) -> str:
    value = row.record[name]
    if len(value) > width or not value.isascii() or "\n" in value:
        raise ValueError(f"{name} {value!r} does not fit into {width} places")
    return value.rjust(width, "0") if name in _NUMBERS else value.ljust(width)


def _cut(line: str) -> list[str]:
    """A line of fixed width as type and values; too short or too long gives another count of values."""
    kind = line[:1]
    if kind == "T":
        return [kind, line[1 : 1 + _COUNT], line[1 + _COUNT :]]
    values, at = [], 1
    for width in FIELDS.get(kind, {}).values():
        values.append(line[at : at + width].rstrip())
        at += width
    return [kind, *values] if len(line) == at else [kind]


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit()

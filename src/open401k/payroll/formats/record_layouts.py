"""Record layouts from a YAML file that a user supplies, when a copy of the positions is at hand. Not here: reading.

SPARK's elements ("Remittance and Census Data Elements" RC2.0, "Information Sharing" 1.04) publish their field positions
to members alone, so none are shipped: the file says where each field stands, and from which document that is.
"""

from collections.abc import Mapping
from typing import Any

import yaml

from open401k.kernel import Open401kError

from ..mapping import DateOrder
from ..rows import BY_CODE, Field
from .records import Part, Position, Record, RecordLayout, checked

_MOST_CHARACTERS, _MOST_PARTS, _MOST_POSITIONS = 200_000, 50, 1_000
_LAYOUT_KEYS = frozenset({"name", "title", "source", "delimiter", "dates", "encoding", "parts"})
_PART_KEYS = frozenset({"header", "detail", "trailer"})
_POSITION_KEYS = frozenset({"name", "start", "size", "field", "says", "counts", "sums", "implied"})
_ENCODINGS = ("ascii", "cp1252", "latin-1")


def record_layout(text: str) -> RecordLayout:
    """The layout that a YAML document describes, or an Open401kError that says where it does not.

    How it is written: docs/howto/payroll-files.md.
    """
    if len(text) > _MOST_CHARACTERS:
        raise _wrong("the document", "it is longer than any layout")
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise _wrong("the document", f"it is no YAML ({' '.join(str(error).split())[:120]})") from None
    given = _table(document, "the document", _LAYOUT_KEYS)
    parts = given.get("parts")
    if not isinstance(parts, Mapping) or not parts:
        reason = "it has no positions, and none are published that could be taken instead"
        raise _wrong("parts", reason, fix="Copy the positions from the standard that you have into `parts`.")
    if len(parts) > _MOST_PARTS:
        raise _wrong("parts", f"there are more than {_MOST_PARTS}")
    delimiter = _text(given, "delimiter", "the document")
    if len(delimiter) > 1 or delimiter.isalnum():
        raise _wrong("delimiter", "it is one character that is no letter and no digit")
    encoding = _text(given, "encoding", "the document") or "ascii"
    if encoding not in _ENCODINGS:
        raise _wrong("encoding", f"positions are counted in bytes, so it is one of {', '.join(_ENCODINGS)}")
    return checked(
        RecordLayout(
            name=_text(given, "name", "the document", needed=True),
            title=_text(given, "title", "the document") or _text(given, "name", "the document"),
            source=_text(given, "source", "the document", needed=True),
            delimiter=delimiter,
            dates=_dates(given),
            encoding=encoding,
            parts=tuple(_part(str(name), part) for name, part in parts.items()),
        )
    )


def _part(name: str, given: Any) -> Part:
    where = f"parts.{name}"
    table = _table(given, where, _PART_KEYS)
    if "detail" not in table:
        raise _wrong(where, "it has no detail record")
    records = {kind: _record(f"{where}.{kind}", table[kind]) for kind in table}
    return Part(name, records["detail"], records.get("header"), records.get("trailer"))


def _record(where: str, given: Any) -> Record:
    if not isinstance(given, list) or not 0 < len(given) <= _MOST_POSITIONS:
        raise _wrong(where, f"it is a list of up to {_MOST_POSITIONS:,} positions")
    return Record(tuple(_position(f"{where}[{place}]", each) for place, each in enumerate(given)))


def _position(where: str, given: Any) -> Position:
    table = _table(given, where, _POSITION_KEYS)
    return Position(
        name=_text(table, "name", where, needed=True),
        start=_number(table, "start", where),
        size=_number(table, "size", where),
        field=_field(table, "field", where),
        says=_text(table, "says", where),
        counts=_flag(table, "counts", where),
        sums=_field(table, "sums", where),
        implied=_flag(table, "implied", where),
    )


def _table(given: Any, where: str, keys: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise _wrong(where, f"it is a table of {', '.join(sorted(keys))}")
    if unknown := sorted(str(key) for key in given if key not in keys):
        raise _wrong(where, f"it knows no {', '.join(unknown)}; there are {', '.join(sorted(keys))}")
    return given


def _text(given: Mapping[str, Any], key: str, where: str, *, needed: bool = False) -> str:
    value = given.get(key, "")
    if not isinstance(value, str) or (not value.isprintable() and value != "\t") or (needed and not value.strip()):
        raise _wrong(f"{where}: {key}", "it is a text in quotes" if needed or value else "it is a text")
    return value


def _number(given: Mapping[str, Any], key: str, where: str) -> int:
    value = given.get(key, 0)
    if type(value) is not int or not 0 <= value <= 10_000:
        raise _wrong(f"{where}: {key}", "it is a whole number up to 10,000")
    return value


def _flag(given: Mapping[str, Any], key: str, where: str) -> bool:
    value = given.get(key, False)
    if not isinstance(value, bool):
        raise _wrong(f"{where}: {key}", "it is true or false")
    return value


def _field(given: Mapping[str, Any], key: str, where: str) -> Field | None:
    value = _text(given, key, where)
    known = [each for each in Field if each not in BY_CODE and (key == "field" or each.is_money)]
    if value and value not in known:
        raise _wrong(f"{where}: {key}", f"{value!r} is none of {', '.join(known)}")
    return Field(value) if value else None


def _dates(given: Mapping[str, Any]) -> DateOrder:
    value = _text(given, "dates", "the document") or DateOrder.COMPACT
    if value not in list(DateOrder):
        raise _wrong("dates", f"{value!r} is none of {', '.join(DateOrder)}")
    return DateOrder(value)


def _wrong(where: str, reason: str, *, fix: str = "") -> Open401kError:
    return Open401kError(f"This is no layout of records, at {where}: {reason}.", fix=fix or "Correct it there.")

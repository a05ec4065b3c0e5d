"""What a row of figures or a table must say of its source; one that does not is refused when it is read.

Not here: which files there are, and what their rows become (figures.py, tables.py).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml

#: A: primary text read, and a second independent source agrees; B: two secondary sources; C: one source, or a text not
#: read; D: contested or proposed. (Not law itself: how sure we are of it.)
LEVELS = ("A", "B", "C", "D")

#: How a citation begins. One that names none of these names no source of law.
SOURCES = (
    "26 CFR ", "29 CFR ", "29 USC ", "42 USC ", "Announcement ", "DOL ", "ERISA ", "IRC ", "Notice ", "Prop. Reg. ",
    "Reg. ", "Rev. Proc. ", "Rev. Rul. ", "SECURE ", "TD ", "T.D. ", "Temp. Reg. ",
)  # fmt: skip

_COMMON = {"name": str, "cite": str, "level": str, "unit": str, "checked_on": date}
#: What each kind of row must say beyond that, and what it may say.
_FIGURE, _FIGURE_MAY = {"read_by": str, "values": dict}, {"from_year": int, "note": str}
_TABLE, _TABLE_MAY = {"editions": dict}, {"note": str}


#: libyaml reads the tables several times as fast; PyYAML may have been built without it. Neither reads Python objects.
_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _EachOnce(_SAFE):  # type: ignore[misc]  # its base is one of two, known at run time only
    """A year or an id typed twice is refused, where YAML would keep the last one and say nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [(key.tag, key.value) for key, _ in node.value]
        if len(set(keys)) < len(keys):
            (twice, *_) = (key for key in keys if keys.count(key) > 1)
            raise UnsourcedError(f"line {node.start_mark.line + 1}: {twice[1]} stands there twice")
        made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return made


class UnsourcedError(ValueError):
    """A row of the law's figures does not say where it comes from, or what it says cannot be meant."""


def rows(text: str) -> dict[str, dict[str, Any]]:
    """The rows of a file, as they stand there: text, numbers and dates."""
    found: dict[str, dict[str, Any]] = yaml.load(text, Loader=_EachOnce)  # noqa: S506 (a safe loader)
    return found


def check_figure(file: str, figure_id: str, row: object) -> None:
    """Refuse a row of figures without its source, with an unknown key, or with a value that is no whole number."""
    where = f"{file}: {figure_id}"
    told = _told(where, row, _COMMON | _FIGURE, _FIGURE_MAY)
    _values(where, told["values"])
    for year, value in told["values"].items():
        if not isinstance(year, int) or isinstance(year, bool):
            raise UnsourcedError(f"{where}: {year!r} is no year")
        if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isascii():
            raise UnsourcedError(f"{where}: {year} is {value!r}; values are whole numbers, never fractions or floats")
        if not str(value).isdigit():
            raise UnsourcedError(f"{where}: {year} is {value!r}; values are whole numbers, without commas or signs")


def check_table(file: str, table_id: str, row: object) -> None:
    """Refuse a table without its source, with an unknown key, or with a value that is not the text as printed."""
    where = f"{file}: {table_id}"
    told = _told(where, row, _COMMON | _TABLE, _TABLE_MAY)
    _values(where, told["editions"])
    for since, rows in told["editions"].items():
        if not isinstance(since, date):
            raise UnsourcedError(f"{where}: {since!r} is no day from which an edition holds")
        _values(f"{where}: {since}", rows)
        for key, value in rows.items():
            if isinstance(value, float | bool) or not isinstance(value, int | str):
                raise UnsourcedError(f"{where}: {key} is {value!r}; values are text, exactly as printed")


def _told(where: str, row: object, must: Mapping[str, type], may: Mapping[str, type]) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise UnsourcedError(f"{where}: a row has {', '.join(must)}")
    for key, kind in {**must, **may}.items():
        if key not in row and key in must:
            raise UnsourcedError(f"{where}: {key} is missing")
        if key in row and (not isinstance(row[key], kind) or row[key] in ("", {})):
            raise UnsourcedError(f"{where}: {key} is {row[key]!r}, which says nothing")
    if unknown := sorted(set(map(str, row)) - set(must) - set(may)):
        raise UnsourcedError(f"{where}: {', '.join(unknown)} is no part of a row")
    if not row["cite"].startswith(SOURCES) or not any(letter.isdigit() for letter in row["cite"]):
        raise UnsourcedError(f"{where}: {row['cite']!r} names no section of law; it begins with one of {SOURCES}")
    if row["level"] not in LEVELS:
        raise UnsourcedError(f"{where}: level {row['level']!r} is none of {', '.join(LEVELS)}")
    return row


def _values(where: str, rows: object) -> None:
    if not isinstance(rows, dict) or not rows:
        raise UnsourcedError(f"{where}: there are no values")

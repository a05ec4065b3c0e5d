"""Dated tables of the law (life expectancies, interest rates by quarter), read from figures/tables/*.yaml.

Not here: figures with one value a year (figures.py), rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

from . import sourced
from .figures import NotEnacted


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its source. Each edition holds from its day until the next one; keys and values as printed."""

    id: str
    name: str
    cite: str
    level: str
    unit: str
    checked_on: date
    editions: Mapping[date, Mapping[str, Decimal]]
    file: str


def value(table_id: str, key: str | int, on: date) -> Decimal:
    """One value of the edition in force on a day, exactly as printed; an unknown key or an earlier day is refused.

    Only what the law leaves in force until it is replaced may be filed as one edition; what is announced for a period
    (a quarter's rate) has the period as its key, so that a period not on file is refused.
    """
    table, rows = _tables()[table_id], edition(table_id, on)
    if str(key) not in rows:
        raise NotEnacted(
            f"{table.name} has no entry for {key} ({table.cite}).",
            fix=f"If it is published by now, add it to src/open401k/law/figures/tables/{table.file} from its source.",
        )
    return rows[str(key)]


def edition(table_id: str, on: date) -> Mapping[str, Decimal]:
    """All rows in force on a day."""
    table = _tables()[table_id]
    in_force = [since for since in table.editions if since <= on]
    if not in_force:
        raise NotEnacted(f"{table.name} does not exist on {on}: it begins on {min(table.editions)} ({table.cite}).")
    return table.editions[max(in_force)]


def table(table_id: str) -> Table:
    """The whole table, for pages that show it with its citation."""
    return _tables()[table_id]


def all_tables() -> tuple[Table, ...]:
    """Every table on file, in order of id."""
    return tuple(row for _, row in sorted(_tables().items()))


@cache
def _tables() -> dict[str, Table]:
    folder = files(__package__) / "figures" / "tables"
    if not folder.is_dir():
        return {}
    return {
        found.id: found
        for file in sorted(folder.iterdir(), key=lambda each: each.name)
        if file.name.endswith(".yaml")
        for found in _read(file.name, file.read_text(encoding="utf-8"))
    }


def _read(name: str, text: str) -> list[Table]:
    rows = sourced.rows(text)
    for table_id, row in rows.items():
        sourced.check_table(name, table_id, row)
    return [
        Table(
            id=table_id,
            name=row["name"],
            cite=row["cite"],
            level=row["level"],
            unit=row["unit"],
            checked_on=row["checked_on"],
            editions={
                since: {str(key): Decimal(told) for key, told in edition.items()}
                for since, edition in row["editions"].items()
            },
            file=name,
        )
        for table_id, row in rows.items()
    ]

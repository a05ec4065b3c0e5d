"""How commands speak: a table or JSON to standard output, one line and its fix to standard error, an exit code."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

import typer
from rich.console import Console

from open401k.kernel import Money, Open401kError
from open401k.views.shown import Percent, Shown

from ..written import document
from . import tables

BAD_INPUT = 2
FAILED = 1


class BadInputError(Open401kError):
    """What was typed cannot be meant; nothing was tried."""


def counted(number: int, one: str) -> str:
    """A number and what it counts, as a person says it.

    >>> counted(1, "entry"), counted(0, "entry"), counted(1_200, "row"), counted(2, "key")
    ('1 entry', '0 entries', '1,200 rows', '2 keys')
    """
    changes = one.endswith("y") and one[-2:-1] not in "aeiou"
    many = "people" if one == "person" else f"{one[:-1]}ies" if changes else f"{one}s"
    return f"{number:,} {one if number == 1 else many}"


@dataclass(slots=True)
class Voice:
    """Speaks JSON or for people."""

    as_json: bool
    out: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=False))

    def tell(self, value: Any) -> None:
        """A value as JSON, in the JSON voice; silence otherwise."""
        if self.as_json:
            typer.echo(json.dumps(document(value), indent=2, ensure_ascii=False))

    def line(self, words: str) -> None:
        """A line for people."""
        if not self.as_json:
            self.out.print(words, markup=False, soft_wrap=True)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[Shown]], *, empty: str) -> None:
        """A table for people, amounts flush right."""
        if self.as_json:
            return
        listed = [list(row) for row in rows]
        if not listed:
            self.out.print(empty, markup=False)
            return
        right = [any(isinstance(row[place], Money | Percent | int) for row in listed) for place in range(len(headings))]
        tables.show(self.out, headings, [[_cell(each) for each in row] for row in listed], right)


def _cell(value: Shown) -> str:
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else _day_and_time(value)


def _day_and_time(value: Shown) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else str(value)


def fail(message: str, fix: str = "", *, code: int = FAILED) -> NoReturn:
    """One clear line, the fix on the next, and the exit code."""
    typer.echo(f"Error: {message}", err=True)
    if fix:
        typer.echo(f"Fix:   {fix}", err=True)
    raise typer.Exit(code)

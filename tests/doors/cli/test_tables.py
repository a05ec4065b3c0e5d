"""Tables in a terminal: an id is never broken, words fold, and another program is given a row in one line."""

import io
import re

import pytest
from rich.console import Console

from open401k.doors.cli import tables

RUN = "run_01a2065446f17cd0b16e1d6ec5f02e99"
HEADINGS = ("Pay date", "Source", "Rows", "Employee", "State", "Id")
ROWS = [["2026-12-18", "Gusto, by [itself]", "12", "$1,569.19", "posted_with_holds", RUN]] * 2
RIGHT = (False, False, True, True, False, False)


def shown(width: int, *, terminal: bool = True) -> list[str]:
    """What is printed, without its colors."""
    out = Console(file=io.StringIO(), width=width, force_terminal=terminal, highlight=False, no_color=True)
    tables.show(out, HEADINGS, ROWS, RIGHT)
    written = out.file.getvalue()  # type: ignore[attr-defined]
    return [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in written.splitlines()]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 132, 200])
def test_an_id_is_whole_at_any_width(width: int) -> None:
    lines = shown(width)
    assert sum(RUN in line for line in lines) == len(ROWS)
    assert all(len(line) <= max(width, len(RUN) + 2) for line in lines)
    assert "[" in "".join(lines), "what looks like markup is text"


def test_in_a_narrow_terminal_the_id_stands_below_its_row() -> None:
    heading, first, below, *_ = shown(80)
    assert "Id" not in heading.split()
    assert first.startswith("2026-12-18")
    assert below.strip() == RUN


def test_another_program_is_given_a_row_in_one_line() -> None:
    lines = shown(80, terminal=False)
    assert len(lines) == 1 + len(ROWS)
    assert all(line.startswith("2026-12-18") and line.endswith(RUN) for line in lines[1:])

"""A table for people in a terminal: what is copied from it, an id, never breaks over lines. Not here: JSON (say.py)."""

import re
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

#: A typed id, such as run_ and 32 digits.
_ID = re.compile(r"[a-z]{3,4}_[0-9a-f]{32}")
_GAP = 2


def show(out: Console, headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    """A table as wide as it is; where a terminal is narrower, ids stand below their row and words are folded.

    A file or another program is given each row in one line.
    """
    widths = [
        max(map(cell_len, column)) for column in zip(headings, *rows, strict=True)
    ]  # fmt: skip
    if not out.is_terminal or _total(widths) <= out.width:
        plain = out if out.is_terminal else Console(file=out.file, highlight=False, width=max(_total(widths), 1))
        plain.print(_table(headings, rows, right, widths))
        return
    ids = [place for place in range(len(headings)) if any(_ID.fullmatch(row[place]) for row in rows)]
    kept = [place for place in range(len(headings)) if place not in ids]
    of = [[row[place] for place in kept] for row in rows]
    least = [max(cell_len(word) for text in (headings[p], *(row[p] for row in rows)) for word in text.split() or [""])
             for p in kept]  # fmt: skip
    fitted = _fitted([widths[place] for place in kept], least, out.width)
    flush = [right[place] for place in kept]
    out.print(_table([headings[place] for place in kept], [], flush, fitted))
    for row, cells in zip(rows, of, strict=True):
        out.print(_table([], [cells], flush, fitted))
        for place in ids:
            if _ID.fullmatch(row[place]):
                out.print(f"  {row[place]}", markup=False, soft_wrap=True)
            elif row[place] != "–":
                out.print(f"  {headings[place]}: {row[place]}", markup=False, soft_wrap=True)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _fitted(widths: Sequence[int], least: Sequence[int], most: int) -> list[int]:
    """The widths, the widest taken from first until all fit; below its longest word a column goes last of all."""
    found = list(widths)
    for floor in (least, [1] * len(found)):
        while _total(found) > most:
            wide = [place for place in range(len(found)) if found[place] > floor[place]]
            if not wide:
                break
            found[max(wide, key=found.__getitem__)] -= 1
    return found


def _table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool], widths: Sequence[int]
) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold", show_header=bool(headings))
    for place, width in enumerate(widths):
        heading = headings[place] if headings else ""
        table.add_column(heading, justify="right" if right[place] else "left", overflow="fold", width=width)
    for row in rows:
        table.add_row(*map(Text, row))
    return table

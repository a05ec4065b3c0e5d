"""Tables of text as rows of cells, and back: what mutators of files share."""

from __future__ import annotations

import csv
import io

Grid = list[list[str]]


def grid_of(data: bytes) -> Grid:
    """Its cells; ValueError if no row is left."""
    grid = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
    if len(grid) < 2:
        raise ValueError("no rows")
    return grid


def written(grid: Grid, *, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    """The table as a file."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\r\n").writerows(grid)  # type: ignore[arg-type]
    return out.getvalue().encode()

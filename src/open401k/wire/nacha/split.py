"""From bytes to the lines of a NACHA file, each with its ending. Not here: what stands in a line."""

import re
from dataclasses import dataclass

from ..problems import Problem
from .layouts import WIDTH

#: Of one file. Half a million entries are some 47 MB.
MOST_BYTES = 64 * 1024 * 1024
_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|$)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line, at least 94 columns wide: what was stripped is filled up. ``width`` is as it was written."""

    number: int
    text: str
    width: int
    ending: str

    @property
    def where(self) -> str:
        """How problems name it."""
        return f"record {self.number}"

    @property
    def written(self) -> str:
        """As it was, with its ending."""
        return self.text.ljust(self.width)[: self.width] + self.ending


def split(data: bytes) -> tuple[list[Line], list[Problem], list[Problem]]:
    """Lines, problems, and what is unusual and harmless. A file without any line end is cut every 94 columns."""
    if not data.strip():
        return [], [Problem("record 1", "file", "The file is empty.", "Export it again.")], []
    if len(data) > MOST_BYTES:
        reason = f"The file has {len(data):,} bytes, at most {MOST_BYTES:,} are read."
        return [], [Problem("record 1", "file", reason, "Split it by batch.")], []
    text = data.decode("latin-1")  # one column a byte; what is not ASCII is named with its field
    body = text.rstrip("\r\n")
    if "\n" not in body and "\r" not in body and len(body) > WIDTH + _SPARE:
        return _cut(body, text[len(body) :])
    found = [each.groups() for each in _LINE.finditer(text)]
    if found and found[-1] == ("", ""):
        found.pop()
    return _checked([(one, end) for one, end in found])


#: Blanks beyond the last column that one line may have and still be one line.
_SPARE = 60


def _cut(body: str, end: str) -> tuple[list[Line], list[Problem], list[Problem]]:
    if len(body) % WIDTH:
        reason = f"{len(body)} columns without a line end are no multiple of {WIDTH}."
        return [], [Problem("record 1", "file", reason, "Export it again with one record a line.")], []
    starts = range(0, len(body), WIDTH)
    return _checked([(body[at : at + WIDTH], end if at == starts[-1] else "") for at in starts])


def _checked(found: list[tuple[str, str]]) -> tuple[list[Line], list[Problem], list[Problem]]:
    lines, problems, notes = [], [], []
    for number, (text, ending) in enumerate(found, 1):
        line = Line(number, text.rstrip(" ").ljust(WIDTH), len(text), ending)
        lines.append(line)
        if len(line.text) > WIDTH:
            reason = f"{len(line.text)} columns, {WIDTH} expected."
            problems.append(Problem(line.where, "record", reason, "Export it again with fixed widths."))
        elif text and len(text) != WIDTH:
            notes.append(Problem(line.where, "record", f"{len(text)} columns wide: blanks at its end differ."))
    return lines, problems, notes

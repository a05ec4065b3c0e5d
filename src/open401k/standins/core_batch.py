"""A stand-in for a custodian's core that works overnight: order files in, answer files out.

Not here: its books (_core_store.py). Its reader is its own. A file that is cut off or does not add up is left alone:
whoever sent it sends again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from ._core_store import Answer, Books

ORDER = (4, 68, 3, 20, 3, 8, 13, 13, 4)
ANSWER = (4, 68, 1, 20, 20, 13, 1)
POSITION = (20, 8, 13, 13, 1)
TICKET = (68, 8, 13, 3)
_ZEROS = {ORDER: (4, 6, 7), ANSWER: (5,), POSITION: (2, 3), TICKET: (2, 3)}
_AMOUNT = {"A": 5, "P": 2, "K": 2}


@dataclass
class Night:
    """What a core does in a night with the files of one folder. ``is_csv``: commas instead of columns."""

    books: Books
    folder: Path
    is_csv: bool = False

    def run(self) -> list[str]:
        """Work through every file that was not answered yet, then say how things stand; returns names of files."""
        done = []
        for path in sorted((self.folder / "out").glob("orders-*.txt")):
            answers = self.folder / "in" / path.name.replace("orders", "answers")
            if answers.exists():
                continue
            lines = self._lines(path.read_text("ascii"))
            if lines is None:
                continue
            told = [self._do(list(group)) for _, group in groupby(lines, key=lambda line: (line[0], line[1]))]
            self._write(answers, [("A", ANSWER, line) for line in told])
            done.append(answers.name)
        number = 1 + len(list((self.folder / "in").glob("positions-*.txt")))
        if number > 1 and not done:
            return done  # nothing moved since the last positions
        self._write(self.folder / "in" / f"positions-{number:06}.txt", self._positions())
        return done

    def _do(self, lines: list[list[str]]) -> list[Any]:
        action, ticket, way, account = lines[0][:4]
        amounts = [
            {
                "line": int(line[4]), "fund": line[5], "cents": int(line[6]), "basis": int(line[7]),
                "roth_year": int(line[8]) if line[8] else None,
            }
            for line in lines
        ]  # fmt: skip
        answer: Answer
        if action == "LIFT":
            answer = self.books.lift(ticket)
        elif action == "HOLD":
            answer = self.books.freeze(ticket, way, account, amounts)
        else:
            answer = self.books.book(ticket, way, account, amounts)
        yes, again = "NY"[answer.ok], "NY"[answer.again]
        return [action, ticket, yes, answer.word, answer.reference, answer.cents, again]

    def _positions(self) -> list[tuple[str, tuple[int, ...], list[Any]]]:
        rows: list[tuple[str, tuple[int, ...], list[Any]]] = []
        for number in self.books.numbers():
            found = self.books.account(number)
            if found is not None:
                for fund, cents in found["balance"].items():
                    frozen = found["frozen"].get(fund, 0)
                    rows.append(("P", POSITION, [number, fund, cents, frozen, "NY"[found["is_open"]]]))
        for ticket in self.books.tickets():
            known = self.books.ticket(ticket)
            rows.append(("K", TICKET, [ticket, known["state"], known["cents"], known["tax_forms"]]))
        return rows

    def _lines(self, text: str) -> list[list[str]] | None:
        """Orders of a whole file; None where count or sum of the last line do not fit."""
        *lines, last = text.splitlines() or [""]
        cut = [line.split(",")[1:] if self.is_csv else _cut(line[1:]) for line in lines]
        total = sum(int(line[6]) for line in cut if len(line) == len(ORDER))
        wanted = f"T,{len(cut)},{total}" if self.is_csv else f"T{len(cut):09}{total:015}"
        return cut if last == wanted else None

    def _write(self, path: Path, rows: list[tuple[str, tuple[int, ...], list[Any]]]) -> None:
        total = sum(line[_AMOUNT[kind]] for kind, _, line in rows)
        if self.is_csv:
            lines = [",".join([kind, *map(str, line)]) for kind, _, line in rows]
            lines.append(f"T,{len(rows)},{total}")
        else:
            lines = [kind + _joined(widths, line) for kind, widths, line in rows]
            lines.append(f"T{len(rows):09}{total:015}")
        aside = path.with_suffix(".tmp")
        aside.write_text("\n".join([*lines, ""]), "ascii")
        os.replace(aside, path)


def _cut(line: str) -> list[str]:
    found, at = [], 0
    for width in ORDER:
        found.append(line[at : at + width].strip())
        at += width
    return found


def _joined(widths: tuple[int, ...], line: list[Any]) -> str:
    told = zip(range(len(widths)), widths, map(str, line), strict=True)
    return "".join(text.zfill(width) if at in _ZEROS[widths] else text.ljust(width) for at, width, text in told)


def night_at(path: str, folder: Path, accounts: Mapping[str, Mapping[str, int]], *, is_csv: bool) -> Night:
    """A core with books in this file and these accounts, in cents by fund, over the files of this folder."""
    books = Books(path)
    for number, amounts in accounts.items():
        books.open(number, amounts)
    for name in ("out", "in"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return Night(books, folder, is_csv)

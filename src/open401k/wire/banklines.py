"""One line of a bank account and one statement, whatever format they came in, and the proof that they add up."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from .nacha.codes import RETURNS
from .problems import Problem

#: Limits of one statement, before and after it is read.
MOST_BYTES = 32 * 1024 * 1024
MOST_LINES = 200_000
#: The return code of a line that only says that it takes another one back.
REVERSED = "reversed"
_RETURNED = re.compile(r"\b(?:returned|return|rtn|retd|reject(?:ed)?|chargeback|nsf|reversal)\b", re.IGNORECASE)
_CODE = re.compile(r"\bR\d\d\b")


@dataclass(frozen=True, slots=True)
class BankLine:
    """Money that came (``cents`` above zero) or went. ``place`` is where the file says so."""

    place: str
    booked_on: date
    value_on: date
    cents: int
    references: tuple[str, ...] = ()
    counterparty: str = ""
    text: str = ""
    return_code: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """An account's lines; opening plus lines is closing where both are given. The account is not printed."""

    kind: str
    account: str = field(repr=False)
    lines: tuple[BankLine, ...]
    opening_cents: int | None = None
    closing_cents: int | None = None
    closed_on: date | None = None

    @property
    def proven(self) -> bool:
        """Whether the balances were given, so that no line can be missing."""
        return self.opening_cents is not None and self.closing_cents is not None


def unproven(statement: Statement, where: str) -> Iterator[Problem]:
    """The problem of a statement whose balances do not add up."""
    if statement.opening_cents is None or statement.closing_cents is None:
        return
    moved = sum(line.cents for line in statement.lines)
    missing = statement.closing_cents - statement.opening_cents - moved
    if missing:
        told = f"opening {shown(statement.opening_cents)} and lines of {shown(moved)} do not make closing "
        told += f"{shown(statement.closing_cents)}; {shown(missing)} is missing."
        yield Problem(where, "closing balance", told, "Ask the bank for the whole statement.")


def shown(cents: int) -> str:
    """Cents as dollars, for a message."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02}"


def return_code_in(text: str) -> str | None:
    """The return reason that a description carries: "ACH RETURN R01", "NSF". None where nothing was returned."""
    if not _RETURNED.search(text):
        return None
    named = next((code for code in _CODE.findall(text.upper()) if code in RETURNS), None)
    return named or ("R01" if re.search(r"\bnsf\b", text, re.IGNORECASE) else None)


def too_large(data: bytes) -> list[Problem]:
    """What keeps a file from being looked at."""
    if not data.strip():
        return [Problem("line 1", "file", "The file is empty.", "Export it again.")]
    if len(data) > MOST_BYTES:
        told = f"{len(data):,} bytes, at most {MOST_BYTES:,} are read."
        return [Problem("line 1", "file", told, "Ask for a shorter period.")]
    return []

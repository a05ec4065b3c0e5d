"""Reads a statement in whichever format it is. Not here: the formats (bai2.py, iso20022.py, statement_csv.py)."""

from . import bai2, iso20022, statement_csv
from .banklines import BankLine, Statement
from .problems import Unreadable

__all__ = ["BankLine", "Statement", "read_statement"]


def read_statement(
    data: bytes, *, opening_cents: int | None = None, closing_cents: int | None = None
) -> tuple[Statement, ...] | Unreadable:
    """The statements of a file: XML is camt, "01," begins BAI2, all else is CSV; balances are for CSV without them."""
    start = data[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        return iso20022.read(data)
    if start.startswith(b"01,"):
        return bai2.read(data)
    return statement_csv.read(data, opening_cents=opening_cents, closing_cents=closing_cents)

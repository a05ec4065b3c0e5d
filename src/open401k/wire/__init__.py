"""The wire: files that banks exchange, read and written as pure functions. Not here: what they mean (custody)."""

from . import bai2, iso20022, nacha, statement_csv
from .problems import Problem, Unreadable
from .statements import BankLine, Statement, read_statement

__all__ = [
    "BankLine",
    "Problem",
    "Statement",
    "Unreadable",
    "bai2",
    "iso20022",
    "nacha",
    "read_statement",
    "statement_csv",
]

"""NACHA files: every standard entry class, returns and notices of change, read and written back byte for byte."""

from .answers import Change, Return, changes, returns
from .building import CHECKING, SAVINGS, Debit, Originator, debit_file
from .codes import ABOUT_RETURNS, CHANGES, RETURNS, check_digit
from .layouts import CLASSES
from .reading import read
from .records import AchFile, Batch, Entry, Record, write
from .sums import Sums, sums_of, sums_of_all

__all__ = [
    "ABOUT_RETURNS",
    "CHANGES",
    "CHECKING",
    "CLASSES",
    "RETURNS",
    "SAVINGS",
    "AchFile",
    "Batch",
    "Change",
    "Debit",
    "Entry",
    "Originator",
    "Record",
    "Return",
    "Sums",
    "changes",
    "check_digit",
    "debit_file",
    "read",
    "returns",
    "sums_of",
    "sums_of_all",
    "write",
]

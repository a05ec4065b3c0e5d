"""Custody: bank accounts, files of debits, bank statements, and what each line of one is. The money is the ledger's."""

from . import accounts, ach, matching, retries, statements
from .ids import AccountChangeId, AchFileId, BankAccountId, StatementId

__all__ = [
    "AccountChangeId",
    "AchFileId",
    "BankAccountId",
    "StatementId",
    "accounts",
    "ach",
    "matching",
    "retries",
    "statements",
]

"""Recordkeeping: what each person should have, less what is posted, written to the ledger."""

from .contributions import Cents, Entitlement, HeldReason, Pay, People, YearToDate, entitle
from .opening import OpeningBalance, load_opening_balances, record_deposit
from .posting import Books, Cause, Settled, difference, post_difference
from .settlement import Scope, compare, settle

__all__ = [
    "Books",
    "Cause",
    "Cents",
    "Entitlement",
    "HeldReason",
    "OpeningBalance",
    "Pay",
    "People",
    "Scope",
    "Settled",
    "YearToDate",
    "compare",
    "difference",
    "entitle",
    "load_opening_balances",
    "post_difference",
    "record_deposit",
    "settle",
]

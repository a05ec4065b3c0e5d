"""Recordkeeping: what each person should have, less what is posted, written to the ledger."""

from .contributions import Cents, Entitlement, HeldReason, Pay, People, YearToDate, entitle
from .opening import OpeningBalance, deposited, load_opening_balances, record_deposit
from .posting import (
    Books,
    Cause,
    Corrected,
    Outside,
    Settled,
    corrections,
    difference,
    held_cents,
    outside_plan,
    post_difference,
)
from .settlement import Before, Preview, Reported, Scope, compare, left_long_ago, preview, read_before, settle

__all__ = [
    "Before",
    "Books",
    "Cause",
    "Cents",
    "Corrected",
    "Entitlement",
    "HeldReason",
    "OpeningBalance",
    "Outside",
    "Pay",
    "People",
    "Preview",
    "Reported",
    "Scope",
    "Settled",
    "YearToDate",
    "compare",
    "corrections",
    "deposited",
    "difference",
    "entitle",
    "held_cents",
    "left_long_ago",
    "load_opening_balances",
    "outside_plan",
    "post_difference",
    "preview",
    "read_before",
    "record_deposit",
    "settle",
]

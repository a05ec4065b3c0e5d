"""Recordkeeping: what each person should have, less what is posted, written to the ledger."""

from .contributions import Cents, Entitlement, Flags, HeldReason, Pay, People, YearToDate, entitle
from .earned import TakenBack, taken_back
from .opening import (
    Opening,
    OpeningBalance,
    deposited,
    load_opening_balances,
    opening_key,
    openings,
    record_deposit,
    reverse_opening_balances,
)
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
from .replaced import without_run
from .settlement import Before, Preview, Reported, Scope, compare, left_long_ago, preview, read_before, settle

__all__ = [
    "Before",
    "Books",
    "Cause",
    "Cents",
    "Corrected",
    "Entitlement",
    "Flags",
    "HeldReason",
    "Opening",
    "OpeningBalance",
    "Outside",
    "Pay",
    "People",
    "Preview",
    "Reported",
    "Scope",
    "Settled",
    "TakenBack",
    "YearToDate",
    "compare",
    "corrections",
    "deposited",
    "difference",
    "entitle",
    "held_cents",
    "left_long_ago",
    "load_opening_balances",
    "opening_key",
    "openings",
    "outside_plan",
    "post_difference",
    "preview",
    "read_before",
    "record_deposit",
    "reverse_opening_balances",
    "settle",
    "taken_back",
    "without_run",
]

"""Recordkeeping: what each person should have, less what is posted, written to the ledger."""

from .contributions import Cents, Entitlement, HeldReason, Pay, People, YearToDate, entitle
from .deposits import Deposited, deposits, record_deposit, record_employer_money, take_back, waiting
from .earned import TakenBack, taken_back
from .opening import (
    Opening,
    OpeningBalance,
    load_opening_balances,
    opening_key,
    openings,
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
    "Deposited",
    "Entitlement",
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
    "deposits",
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
    "record_employer_money",
    "reverse_opening_balances",
    "settle",
    "take_back",
    "taken_back",
    "waiting",
    "without_run",
]

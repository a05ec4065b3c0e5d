"""Recordkeeping: what each person should have, less what is posted, written to the ledger."""

from .contributions import Cents, Declared, Entitlement, HeldReason, Pay, People, YearToDate, entitle
from .declaring import Declaration, DeclarationRefusal, declared_for, record_declaration
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
from .previewing import Preview, Reported, preview
from .replaced import without_run
from .settlement import Before, Scope, compare, left_long_ago, read_before, settle
from .year_ends import end_year, years_to_end

__all__ = [
    "Before",
    "Books",
    "Cause",
    "Cents",
    "Corrected",
    "Declaration",
    "DeclarationRefusal",
    "Declared",
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
    "declared_for",
    "deposited",
    "difference",
    "end_year",
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
    "record_declaration",
    "record_deposit",
    "reverse_opening_balances",
    "settle",
    "taken_back",
    "without_run",
    "years_to_end",
]

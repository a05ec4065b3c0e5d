"""Recordkeeping: what each person should have, less what is posted, written to the ledger."""

from .contributions import Cents, Entitlement, HeldReason, Opening, Pay, People, entitle
from .posting import Books, Cause, Settled, difference, post_difference

__all__ = [
    "Books",
    "Cause",
    "Cents",
    "Entitlement",
    "HeldReason",
    "Opening",
    "Pay",
    "People",
    "Settled",
    "difference",
    "entitle",
    "post_difference",
]

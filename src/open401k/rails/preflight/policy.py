"""What a custodian asks for beyond the law: days, in its own hand. Not here: anything that a statute sets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """Days within which a change of contact data counts as recent, and a look at the sanctions lists as fresh."""

    contact_days: int = 15
    screening_days: int = 30

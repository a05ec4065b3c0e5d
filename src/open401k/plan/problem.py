"""A provision that cannot stand, as a value. Not here: which cannot (lawful.py)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProvisionProblem:
    """One thing that cannot stand: where, why, under which rule, and what would."""

    field: str
    reason: str
    citation: str
    fix: str

"""Kinds of money, accounts and amounts as a desk reads them. Not here: what participants read (in_words)."""

from __future__ import annotations

from typing import Final

from ..kinds import Into, Kind

KINDS: Final = {
    Kind.PRE_TAX: "pre-tax money",
    Kind.ROTH: "Roth money",
    Kind.AFTER_TAX: "after-tax money",
    Kind.PRE_TAX_403B: "pre-tax money of a 403(b) plan",
    Kind.GOVERNMENT_457B: "money of a governmental 457(b) plan",
    Kind.TRADITIONAL_IRA: "money of a traditional IRA",
    Kind.ROTH_IRA: "money of a Roth IRA",
    Kind.SIMPLE_IRA: "money of a SIMPLE IRA",
    Kind.SEP_IRA: "money of a SEP IRA",
}
INTO: Final = {
    Into.PLAN: "a plan",
    Into.PLAN_403B: "a 403(b) plan",
    Into.GOVERNMENT_457B: "a governmental 457(b) plan",
    Into.TRADITIONAL_IRA: "a traditional IRA",
    Into.ROTH_IRA: "a Roth IRA",
    Into.SIMPLE_IRA: "a SIMPLE IRA",
    Into.SEP_IRA: "a SEP IRA",
    Into.PERSON: "cash for the person",
}


def dollars(cents: int) -> str:
    """An amount, also one that cannot be.

    >>> dollars(1_234_56), dollars(-5)
    ('$1,234.56', '-$0.05')
    """
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}${whole:,}.{rest:02}"

"""An election in words: every field that is signed, as the person who signs reads it. Pure. Not here: pages.

What a custodian calls the addresses, commitments and hashes of an election is given (:class:`Known`); who shows it
answers for it, and both custodians check the election against their own facts before they agree to anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .kinds import Into, Kind


@dataclass(frozen=True, slots=True)
class Notice:
    """The explanation of section 402(f) as it was given: which text, when, and the text itself."""

    title: str
    version: str
    given_on: date
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """What an election's addresses and hashes stand for. Accounts as a person knows theirs: "ending in 4821".

    ``receivers`` in the election's order; ``into`` where each kind of money goes by the letters of acceptance.
    """

    source: str
    source_account: str
    receivers: tuple[str, ...]
    receiving_account: str
    into: tuple[tuple[Kind, Into], ...]
    rules: str
    notice: Notice

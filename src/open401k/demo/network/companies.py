"""The custodians of the network for trying, and who has an account there. Not here: their programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from open401k.kernel import Money
from open401k.rails.kinds import Into

Books = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Company:
    """A custodian: its core's way, the accounts in its books in cents by fund, what types of account it takes."""

    slug: str
    name: str
    core: str
    books: Books
    takes: frozenset[Into]


#: What each has at the settlement bank when the network begins.
RESERVE = Money(250_000_00)

EAST = Company(
    "east",
    "Eastbrook Trust",
    "rest",
    {
        "E-2001": {"PRETAX": 48_210_37, "ROTH": 12_904_11},
        "E-2002": {"PRETAX": 9_350_00},
        "E-2003": {"PRETAX": 0},
    },
    frozenset({Into.PLAN, Into.TRADITIONAL_IRA, Into.ROTH_IRA}),
)
WEST = Company(
    "west",
    "Westlake Retirement",
    "batch",
    {
        "W-3001": {"PRETAX": 61_500_25, "ROTH": 18_220_40},
        "W-3002": {"PRETAX": 27_115_90},
        "W-3003": {"PRETAX": 4_400_00, "ROTH": 600_00},
        "W-3004": {"PRETAX": 0},
    },
    frozenset({Into.PLAN}),
)
NORTH = Company(
    "north",
    "Northgate Plan Services",
    "rest",
    {
        "N-1001": {"PRETAX": 0, "ROTH": 0},
        "N-1002": {"PRETAX": 15_000_00, "ROTH": 2_500_00},
        "N-1003": {"PRETAX": 0},
    },
    frozenset({Into.PLAN}),
)
COMPANIES = (EAST, WEST, NORTH)

"""The kinds of money and the types of account by their numbers on chain, and what the law calls them.

Not here: which may go into which (preflight/rule_version.py makes that of the law). The numbers never change.
"""

from __future__ import annotations

from enum import IntEnum

from ..law.rollover_matrix import Account


class Kind(IntEnum):
    """Money by its tax character and by what it comes from. Earnings on after-tax money are pre-tax."""

    PRE_TAX = 0
    ROTH = 1
    AFTER_TAX = 2
    PRE_TAX_403B = 3
    GOVERNMENT_457B = 4
    TRADITIONAL_IRA = 5
    ROTH_IRA = 6
    SIMPLE_IRA = 7
    SEP_IRA = 8


class Into(IntEnum):
    """The type of account that money goes into; in a plan its kind decides on the account within it."""

    PLAN = 0
    PLAN_403B = 1
    GOVERNMENT_457B = 2
    TRADITIONAL_IRA = 3
    ROTH_IRA = 4
    SIMPLE_IRA = 5
    SEP_IRA = 6
    #: No account: it is paid to the person.
    PERSON = 15


#: Kinds that a plan of an employer pays.
OF_PLANS = frozenset({Kind.PRE_TAX, Kind.ROTH, Kind.AFTER_TAX, Kind.PRE_TAX_403B, Kind.GOVERNMENT_457B})
#: Kinds that were not taxed yet.
UNTAXED = frozenset(set(Kind) - {Kind.ROTH, Kind.ROTH_IRA, Kind.AFTER_TAX})

SOURCE: dict[Kind, Account] = {
    Kind.PRE_TAX: Account.PLAN_PRE_TAX,
    Kind.ROTH: Account.PLAN_ROTH,
    Kind.AFTER_TAX: Account.PLAN_AFTER_TAX,
    Kind.PRE_TAX_403B: Account.PLAN_403B_PRE_TAX,
    Kind.GOVERNMENT_457B: Account.GOVERNMENT_457B,
    Kind.TRADITIONAL_IRA: Account.TRADITIONAL_IRA,
    Kind.ROTH_IRA: Account.ROTH_IRA,
    Kind.SIMPLE_IRA: Account.SIMPLE_IRA,
    Kind.SEP_IRA: Account.SEP_IRA,
}
#: Types of account that are IRAs.
IRAS: dict[Into, Account] = {
    Into.TRADITIONAL_IRA: Account.TRADITIONAL_IRA,
    Into.ROTH_IRA: Account.ROTH_IRA,
    Into.SIMPLE_IRA: Account.SIMPLE_IRA,
    Into.SEP_IRA: Account.SEP_IRA,
}
_PRE_TAX: dict[Into, Account] = {
    Into.PLAN: Account.PLAN_PRE_TAX,
    Into.PLAN_403B: Account.PLAN_403B_PRE_TAX,
    Into.GOVERNMENT_457B: Account.GOVERNMENT_457B,
}


def destination(kind: Kind, into: Into) -> Account | None:
    """The account, as the law knows it, in which money of a kind lands; None where it is paid to the person."""
    if into is Into.PERSON:
        return None
    if into in IRAS:
        return IRAS[into]
    if kind in (Kind.ROTH, Kind.ROTH_IRA):
        return Account.PLAN_ROTH
    if kind is Kind.AFTER_TAX and into is not Into.GOVERNMENT_457B:
        return Account.PLAN_AFTER_TAX
    return _PRE_TAX[into]

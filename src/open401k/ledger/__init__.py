"""The books: accounts, journal, reservations, balances, and the checks that prove them."""

from .accounts import USD, AccountKey, Kind, account_id, open_accounts, open_in_order
from .balances import Balances, Contribution, balances, contributions
from .checks import Checked, Damage, DamageKind, verify
from .journal import Posted, Together, post, reverse, short, take_in
from .lines import LARGEST_AMOUNT, Line, Lines, Refusal
from .pending import Held, Reserved, Voided, held, post_reserved, reserve, void, waiting
from .totals import (
    CashOfPeople,
    Contributed,
    ContributionTotal,
    cash_of_people,
    contributed,
    contribution_totals,
    together,
)

__all__ = [
    "LARGEST_AMOUNT",
    "USD",
    "AccountKey",
    "Balances",
    "CashOfPeople",
    "Checked",
    "Contributed",
    "Contribution",
    "ContributionTotal",
    "Damage",
    "DamageKind",
    "Held",
    "Kind",
    "Line",
    "Lines",
    "Posted",
    "Refusal",
    "Reserved",
    "Together",
    "Voided",
    "account_id",
    "balances",
    "cash_of_people",
    "contributed",
    "contribution_totals",
    "contributions",
    "held",
    "open_accounts",
    "open_in_order",
    "post",
    "post_reserved",
    "reserve",
    "reverse",
    "short",
    "take_in",
    "together",
    "verify",
    "void",
    "waiting",
]

"""How evidence calls people, money and moments. Pure. Not here: what is said (the checks)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from ..messages import Role

_ROLES: Final = {
    Role.PARTICIPANT: "the participant", Role.SOURCE: "the releasing custodian",
    Role.RECEIVER: "the receiving custodian", Role.SPOUSE: "the spouse", Role.ADMINISTRATOR: "the plan's administrator",
    Role.DEPOSITORY: "the depository",
}  # fmt: skip


#: Why a contract wallet's signature is neither proved nor broken.
ONLY_A_CHAIN: Final = "only its chain can tell (--network, or the console of a node)."
#: The same where a chain was asked.
NOT_BY_THESE_BLOCKS: Final = (
    "it does not say so at the blocks of this file, or the chain has not those blocks. It may have had other owners "
    "when it signed: this cannot be proven from this file."
)

#: What findings are about, as people read it; in no order.
TITLES: Final = {
    "file": "The file", "case": "The case", "head": "The block that it stands under",
    "countersigned": "Blocks that custodians signed", "proofs": "Proofs", "contracts": "What decided",
    "terms": "The exact terms", "verdict": "The verdict", "rules": "The rules", "election": "The election",
    "participant": "The person", "limits": "The terms and the election", "attestation": "The proof of identity",
    "members": "Who took part", "approvals": "Approvals", "transactions": "Transactions", "payments": "The money",
    "receipts": "Receipts", "books": "The custodians’ books", "sums": "Whether it adds up",
    "undone": "What it gives back",
    "disclosed": "What is disclosed of the transfer file",
}  # fmt: skip


def name(role: Role, who: bytes) -> str:
    """Somebody by their part and address."""
    return f"{_ROLES[role]} (0x{who.hex()})"


def capital(text: str) -> str:
    """As a sentence begins."""
    return text[:1].upper() + text[1:]


def money(cents: int) -> str:
    """Dollars and cents."""
    return f"${cents // 100:,}.{cents % 100:02}"


def moment(seconds: int) -> str:
    """A moment of the chain's time, in UTC; beyond what a calendar has, the number."""
    if seconds >= 253_402_300_800:
        return f"second {seconds}"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"

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

"""A network is founded in one sitting: council, rules, members, deposits. Its time-lock passes by the sandbox's clock.

Everything goes the way that a real council and bank go (rails/network); only the clock is moved, before anybody joins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from open401k.kernel import Random
from open401k.rails.chain.durable import durable_chain, prepare
from open401k.rails.chain.founding import DAY, Charter, found
from open401k.rails.keys import Key
from open401k.rails.network import council, deposits
from open401k.rails.network.actions import Action, Admit, MemberRole
from open401k.rails.network.keyfile import make
from open401k.rails.network.motions import Motion, publish
from open401k.rails.network.place import Place, There

from .companies import RESERVE, Company

CHAIN_ID = 401
DELAY_DAYS = 7
#: Of the keys that lie in the sandbox's folder: no secret to anybody, so that everybody can try the commands.
PASSPHRASE = "sandbox network"  # noqa: S105 (known to everybody)
_COST = 2**10
_SEATS = ("seat-1", "seat-2", "seat-3")
_ROLES = MemberRole.RELEASES | MemberRole.RECEIVES | MemberRole.ATTESTS
_VALID_DAYS = 400
#: The most that one rollover moves here.
MOST_CENTS = 1_000_000_00


@dataclass(frozen=True, slots=True)
class Joining:
    """A custodian that takes part: its account (which holds deposits) and the key by which its node signs."""

    company: Company
    account: Key
    signer: bytes


class _Clock:
    """Seconds since 1970, behind the real ones until the network stands."""

    def __init__(self, now: int) -> None:
        self.now = now


def keys(folder: Path, companies: Sequence[Company], random: Random) -> Mapping[str, Key]:
    """A key for each seat, the bank, anybody, and each custodian's account, kept in files of the sandbox."""
    folder.mkdir(parents=True, exist_ok=True)
    names = (*_SEATS, "bank", "anybody", *(f"account-{each.slug}" for each in companies))
    return {name: make(folder / f"{name}.key", PASSPHRASE, random, cost=_COST) for name in names}


def found_network(
    url: str, *, shown_at: str, now: int, keys: Mapping[str, Key], joining: Sequence[Joining], random: Random
) -> Place:
    """Begin the chain of a database with a network that these custodians have joined, as of ``now``."""
    prepare(url)
    clock = _Clock(now - (DELAY_DAYS + 1) * DAY)
    seats = tuple(sorted(keys[name].address for name in _SEATS))
    with durable_chain(url, now=lambda: clock.now, chain_id=CHAIN_ID, begun_at=clock.now) as chain:
        at = found(chain, Charter(seats, 2, DELAY_DAYS * DAY, keys["bank"].address), secret=random.token(32))
        place = Place(CHAIN_ID, {"sandbox": shown_at}, at["network"], at["rollover"], at["deposit_token"])
        there = There(chain, place)
        actions = _actions(joining, now)
        motions = [_passed(there, action, keys) for action in actions]
        clock.now = now
        chain.tick()
        for motion in motions:
            council.carry(there, motion, keys["anybody"])
        _fund(there, keys["bank"], joining)
    return place


def year_of(now: int) -> int:
    """The year whose rules are published."""
    return datetime.fromtimestamp(now, UTC).year


def _actions(joining: Sequence[Joining], now: int) -> Sequence[Action]:
    rules = publish(year_of(now), follows=0, voters={}, level=2, most_cents=MOST_CENTS)
    admitted = [
        Admit(each.account.address, now + _VALID_DAYS * DAY, _ROLES, each.company.takes, each.signer)
        for each in joining
    ]
    return (rules, *admitted)


def _passed(there: There, action: Action, keys: Mapping[str, Key]) -> Motion:
    motion = Motion(CHAIN_ID, there.place.network, council.next_number(there), action)
    for name in _SEATS[:2]:
        motion = motion.signed(keys[name])
    council.pass_motion(there, motion, keys["anybody"])
    return motion


def _fund(there: There, bank: Key, joining: Sequence[Joining]) -> None:
    deposits.admit(there, bank, there.place.rollover)
    for each in joining:
        deposits.admit(there, bank, each.account.address)
        deposits.mint(there, bank, each.account.address, RESERVE, f"OPENING {each.company.slug}")
        deposits.allow(there, each.account, None)

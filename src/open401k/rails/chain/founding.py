"""How a network of custodians begins on a chain: who is in its council, and its three contracts. Not here: its members.

Members, rules and deposits are then decided by the council and the bank (contracts/network.vy, deposit_token.vy).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from eth_abi.abi import encode

from open401k.kernel import Open401kError

from ..artifacts import artifact
from ..keys import Key
from ..transactions import signed
from .durable import DurableChain

DAY = 86_400
_FIX = 'Write {"seats": ["0x...", ...], "of": 2, "delay_days": 7, "bank": "0x..."}: see docs/howto/rails-chain.md.'


@dataclass(frozen=True, slots=True)
class Charter:
    """The council's seats, how many of them decide, how long a decision waits, and the bank of the deposits."""

    seats: tuple[bytes, ...]
    needed: int
    delay: int
    bank: bytes


def read_charter(text: str) -> Charter:
    """A charter from JSON; what cannot be meant is refused with its place."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as why:
        raise Open401kError(f"The council's file is no JSON: {why}.", fix=_FIX) from None
    if not isinstance(told, dict) or set(told) != {"seats", "of", "delay_days", "bank"}:
        raise Open401kError("The council's file holds seats, of, delay_days and bank, and nothing else.", fix=_FIX)
    if not isinstance(told["seats"], list):
        raise Open401kError("The council's file: seats is a list of addresses.", fix=_FIX)
    seats = [_address(each, f"seats, number {place}") for place, each in enumerate(told["seats"], 1)]
    if len(set(seats)) != len(seats):
        raise Open401kError("The council's file: a seat is named twice.", fix="Name each key once.")
    needed, days = _whole(told["of"], "of"), _whole(told["delay_days"], "delay_days")
    if not len(seats) < 2 * needed <= 2 * len(seats):
        raise Open401kError(
            f"The council's file: {needed} of {len(seats)} seats is not most of them.", fix="Raise of, to all at most."
        )
    return Charter(tuple(sorted(seats)), needed, days * DAY, _address(told["bank"], "bank"))


def found(chain: DurableChain, charter: Charter, *, secret: bytes) -> dict[str, bytes]:
    """Deploy what is not there yet; addresses by name. ``secret`` signs the deployments and has no power afterwards."""
    key = Key(secret)
    network = _deployed(chain, key, "network", ["address[]", "uint256", "uint256"], list(charter.seats), charter.needed,
                        charter.delay)  # fmt: skip
    _deployed(chain, key, "rollover", ["address"], network)
    _deployed(chain, key, "deposit_token", ["address"], charter.bank)
    return chain.kept.contracts()


def _deployed(chain: DurableChain, key: Key, name: str, kinds: list[str], *given: object) -> bytes:
    known = chain.kept.contracts().get(name)
    if known is not None:
        return known
    data = artifact(name).code + encode(kinds, given)
    nonce = chain.nonce(key.address)
    (receipt,) = chain.send_raw([signed(key, chain_id=chain.chain_id, nonce=nonce, to=None, data=data, gas=12_000_000)])
    if not receipt.is_done or receipt.contract is None:
        raise Open401kError(f"The contract {name} refuses this charter.", fix=_FIX)
    chain.kept.add_contract(name, receipt.contract)
    return receipt.contract


def _address(told: object, where: str) -> bytes:
    if not isinstance(told, str) or not re.fullmatch(r"0x[0-9a-fA-F]{40}", told) or not int(told, 16):
        raise Open401kError(f"The council's file: {where} is no address: {str(told)[:60]!r}.", fix=_FIX)
    return bytes.fromhex(told[2:])


def _whole(told: object, where: str) -> int:
    if not isinstance(told, int) or isinstance(told, bool) or not 0 < told < 10_000:
        raise Open401kError(f"The council's file: {where} is no whole number from 1 on: {str(told)[:60]!r}.", fix=_FIX)
    return told

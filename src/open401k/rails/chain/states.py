"""Words of contracts at one block, for somebody who has neither the chain nor its database. Pure.

A proof holds the block's header, and for each contract the nodes of the state's trie and of its own: storage words,
and the hash of its code. Whether the header's hash is the chain's, the heads say that custodians keep or sign.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from eth_hash.auto import keccak

from open401k.kernel import Open401kError

from .interface import At, Head
from .tries import BrokenError, header_fields, proved, read_rlp

KIND = "open401k-rails-state-1"


@dataclass(frozen=True, slots=True)
class Account:
    """One contract in a proof: the way to it, and to each slot of 32 bytes."""

    address: bytes
    nodes: tuple[bytes, ...]
    slots: tuple[tuple[bytes, tuple[bytes, ...]], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a proof shows: words by contract and slot (0 where nothing stands), hashes of codes, the block."""

    block: Head
    words: Mapping[tuple[bytes, bytes], int]
    codes: Mapping[bytes, bytes]


class ShowsState(Protocol):
    """A chain that proves words of its contracts."""

    def state(self, asked: Mapping[bytes, Sequence[bytes]], *, at: At = "latest") -> str:
        """The proof of these slots of these contracts, at one block."""
        ...


def write_state(header: bytes, accounts: Sequence[Account]) -> str:
    """The file: the header as it is encoded, and each contract's proof."""
    told = {
        "kind": KIND,
        "header": header.hex(),
        "accounts": [
            {
                "address": account.address.hex(),
                "nodes": [node.hex() for node in account.nodes],
                "slots": [
                    {"slot": slot.hex(), "nodes": [node.hex() for node in nodes]} for slot, nodes in account.slots
                ],
            }
            for account in accounts
        ],
    }
    return json.dumps(told, indent=1) + "\n"


def check_state(text: str) -> Shown:
    """What the file proves; an error names what in it does not hold."""
    header, accounts = _told(text)
    if write_state(header, accounts) != text:
        raise _broken("it is not written as such proofs are")
    block, root = head_of(header)
    words: dict[tuple[bytes, bytes], int] = {}
    codes: dict[bytes, bytes] = {}
    for account in accounts:
        name = "0x" + account.address.hex()
        if account.address in codes:
            raise _broken(f"contract {name} is there twice")
        storage, codes[account.address] = _account(root, account, name)
        for slot, nodes in account.slots:
            if (account.address, slot) in words:
                raise _broken(f"slot 0x{slot.hex()} of {name} is there twice")
            words[account.address, slot] = _word(storage, slot, nodes, name)
    return Shown(block, words, codes)


def head_of(header: bytes) -> tuple[Head, bytes]:
    """A block by its encoded header, and the root of its state."""
    try:
        fields = header_fields(header)
    except BrokenError:
        raise _broken("the header is none") from None
    return Head(int.from_bytes(fields[8], "big"), keccak(header), int.from_bytes(fields[11], "big")), fields[3]


def _account(root: bytes, account: Account, name: str) -> tuple[bytes, bytes]:
    """The root of its storage, the hash of its code."""
    try:
        found = proved(root, keccak(account.address), account.nodes)
        fields = read_rlp(found) if found else None
    except BrokenError as why:
        raise _broken(f"contract {name}: {why}") from None
    if not isinstance(fields, list) or len(fields) != 4:
        raise _broken(f"there is no contract {name} in this block")
    _, _, storage, code = fields
    if not isinstance(storage, bytes) or not isinstance(code, bytes) or (len(storage), len(code)) != (32, 32):
        raise _broken(f"there is no contract {name} in this block")
    return storage, code


def _word(storage: bytes, slot: bytes, nodes: Sequence[bytes], name: str) -> int:
    try:
        found = proved(storage, keccak(slot), nodes)
        word = read_rlp(found) if found else b""
    except BrokenError as why:
        raise _broken(f"slot 0x{slot.hex()} of {name}: {why}") from None
    if not isinstance(word, bytes) or len(word) > 32:
        raise _broken(f"slot 0x{slot.hex()} of {name}: a word that is none")
    return int.from_bytes(word, "big")


def _told(text: str) -> tuple[bytes, list[Account]]:
    try:
        told = json.loads(text)
        if not isinstance(told, dict) or told.get("kind") != KIND:
            raise _broken(f"it is not of the kind {KIND}")
        return bytes.fromhex(told["header"]), [_read(account) for account in told["accounts"]]
    except (ValueError, TypeError, KeyError, RecursionError) as why:
        raise _broken(f"it cannot be read ({type(why).__name__})") from None


def _read(told: dict[str, object]) -> Account:
    address, nodes, slots = told["address"], told["nodes"], told["slots"]
    if not isinstance(address, str) or len(address) != 40 or not isinstance(slots, list):
        raise TypeError("an address or slots")
    read = [(bytes.fromhex(each["slot"]), _nodes(each["nodes"])) for each in slots]
    if any(len(slot) != 32 for slot, _ in read):
        raise ValueError("a slot")
    return Account(bytes.fromhex(address), _nodes(nodes), tuple(read))


def _nodes(told: object) -> tuple[bytes, ...]:
    if not isinstance(told, list):
        raise TypeError("nodes")
    return tuple(bytes.fromhex(node) for node in told)


def _broken(why: str) -> Open401kError:
    return Open401kError(f"The proof does not hold: {why}.", fix="Ask for it again, of whoever made it.")

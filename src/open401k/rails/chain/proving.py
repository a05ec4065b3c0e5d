"""How proofs travel over JSON-RPC, both ways: Ethereum's eth_getProof, and a method of our own for inclusion.

Not here: asking (rpc.py), what a proof must be to hold (states.py, proofs.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import rlp
from eth_hash.auto import keccak

from open401k.kernel import Open401kError

from . import wording
from .interface import UnavailableError
from .jsonrpc import Json
from .states import Account, check_state, write_state
from .tries import BrokenError, proved

#: [hash of the transaction, a later block or null]; the answer is the file of proofs.py, as an object.
INCLUSION = "open401k_proveTransaction"


@dataclass(frozen=True, slots=True)
class Header:
    """A block's header as it is encoded, and its number as it is asked for."""

    encoded: bytes
    number: str


def header_of(told: Json) -> Header:
    """The block that was answered."""
    return Header(wording.as_header(told), str(wording.as_object(told)["number"]))


def reader_of(address: bytes, slots: Sequence[bytes]) -> Callable[[Json], Account]:
    """Reads the answer about one contract; a ValueError where it is about something else."""

    def read(told: Json) -> Account:
        found = wording.as_object(told)
        words = [wording.as_object(each) for each in wording.as_list(found.get("storageProof"))]
        if len(words) != len(slots):
            raise ValueError(f"{len(slots)} slots were asked for and {len(words)} answered")
        shown = tuple((slot, _nodes(word.get("proof"))) for slot, word in zip(slots, words, strict=True))
        return Account(address, _nodes(found.get("accountProof")), shown)

    return read


def state_of(header: Header, accounts: Sequence[Account]) -> str:
    """The file, once it holds: a network that proves something else is not believed."""
    text = write_state(header.encoded, accounts)
    try:
        check_state(text)
    except Open401kError as why:
        raise UnavailableError(f"The network's proof does not hold: {why}", fix="Look at its endpoints.") from why
    return text


def text_of(told: Json) -> str | None:
    """The file of a proof of inclusion."""
    return None if told is None else json.dumps(wording.as_object(told), indent=1) + "\n"


def answer_of(account: Account, root: bytes) -> Json:
    """What eth_getProof answers about one contract under a state's root."""
    found = proved(root, keccak(account.address), account.nodes)
    fields = rlp.decode(found) if found else None
    if not isinstance(fields, list) or len(fields) != 4:
        raise BrokenError("no account")
    nonce, balance, storage, code = fields
    return {
        "address": wording.data(account.address), "balance": wording.quantity(int.from_bytes(balance, "big")),
        "codeHash": wording.data(code), "nonce": wording.quantity(int.from_bytes(nonce, "big")),
        "storageHash": wording.data(storage), "accountProof": [wording.data(node) for node in account.nodes],
        "storageProof": [_slot(storage, slot, nodes) for slot, nodes in account.slots],
    }  # fmt: skip


def _slot(storage: bytes, slot: bytes, nodes: Sequence[bytes]) -> Json:
    found = proved(storage, keccak(slot), nodes)
    value = int.from_bytes(rlp.decode(found), "big") if found else 0
    told: list[Json] = [wording.data(node) for node in nodes]
    return {"key": wording.data(slot), "value": wording.quantity(value), "proof": told}


def _nodes(told: Json) -> tuple[bytes, ...]:
    """Nodes in order; a node within its parent, which some networks repeat, and the empty trie's are left out."""
    read = [wording.as_data(each) for each in wording.as_list(told)]
    return tuple(node for place, node in enumerate(read) if node != b"\x80" and (place == 0 or len(node) >= 32))

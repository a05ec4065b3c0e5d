"""That a transaction is in a block, for somebody who has neither the chain nor its database. Pure.

A proof holds the block's header, the transaction and the receipt with the nodes of their tries, and headers up to a
later block if wanted. It proves inclusion under the last header's hash. Whether that is the chain's, the heads say that
custodians keep or sign.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import rlp
from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from open401k.kernel import Open401kError

from ..transactions import Transaction, read
from .interface import Head, Log
from .tries import BrokenError, header_fields, proved, read_rlp

KIND = "open401k-rails-inclusion-1"
_COMMITTED, _BATCHED = keccak(b"Committed(bytes32,uint256)"), keccak(b"Batched(bytes32,bytes32[])")
_KEY = bytes(rlp.encode(0))  # blocks hold one transaction


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof shows: the transaction and what became of it, its block, and the last block it is linked to."""

    transaction: Transaction
    is_done: bool
    logs: tuple[Log, ...]
    block: Head
    last: Head


def write_proof(headers: Sequence[bytes], transaction_nodes: Sequence[bytes], receipt_nodes: Sequence[bytes]) -> str:
    """The file: headers from the transaction's block on, as they are encoded."""
    told = {
        "kind": KIND,
        "headers": [header.hex() for header in headers],
        "transaction": [node.hex() for node in transaction_nodes],
        "receipt": [node.hex() for node in receipt_nodes],
    }
    return json.dumps(told, indent=1) + "\n"


def check_proof(text: str) -> Proven:
    """What the file proves; an error names what in it does not hold."""
    told = _told(text)
    heads = [_head(header, place) for place, header in enumerate(told["headers"], 1)]
    for place, (before, (head, fields)) in enumerate(pairwise(heads), 2):
        if fields[0] != before[0].hash or head.number != before[0].number + 1:
            raise _broken(f"header {place} does not follow the one before it")
    (block, first), (last, _) = heads[0], heads[-1]
    raw = _leaf(told["transaction"], first[4], "transaction")
    status, logs = _receipt(_leaf(told["receipt"], first[5], "receipt"))
    try:
        transaction = read(raw)
    except ValueError as why:
        raise _broken(f"the transaction: {why}") from None
    found = tuple(Log(address, topics, data, block.number, transaction.tx_hash) for address, topics, data in logs)
    return Proven(transaction, status, found, block, last)


def rollovers_of(shown: Proven) -> list[bytes]:
    """The ids that the called contract committed, alone or in a batch, as its events say."""
    mine = [log for log in shown.logs if shown.is_done and log.address == shown.transaction.to and log.topics]
    alone = [log.topics[1] for log in mine if log.topics[0] == _COMMITTED and len(log.topics) > 1]
    try:
        batched = [each for log in mine if log.topics[0] == _BATCHED for each in decode(["bytes32[]"], log.data)[0]]
    except (DecodingError, OverflowError):
        raise _broken("its event of a batch cannot be read") from None
    return alone + [bytes(each) for each in batched]


def proof_nodes(nodes: Any) -> list[bytes]:
    """The nodes on the way to the one transaction or receipt of a block."""
    return [bytes(rlp.encode(node)) for node in nodes.get_proof(_KEY)]


def _told(text: str) -> dict[str, list[bytes]]:
    try:
        told = json.loads(text)
        if not isinstance(told, dict) or told.get("kind") != KIND:
            raise _broken(f"it is not of the kind {KIND}")
        read = {name: [bytes.fromhex(each) for each in told[name]] for name in ("headers", "transaction", "receipt")}
    except (ValueError, TypeError, KeyError, RecursionError) as why:
        raise _broken(f"it cannot be read ({type(why).__name__})") from None
    if not all(read.values()):
        raise _broken("a part of it is empty")
    return read


def _head(header: bytes, place: int) -> tuple[Head, list[bytes]]:
    try:
        fields = header_fields(header)
    except BrokenError:
        raise _broken(f"header {place} is none") from None
    return Head(int.from_bytes(fields[8], "big"), keccak(header), int.from_bytes(fields[11], "big")), fields


def _leaf(nodes: Sequence[bytes], root: bytes, what: str) -> bytes:
    try:
        found = proved(root, _KEY, nodes)
    except BrokenError:
        found = None
    if not found:
        raise _broken(f"the {what} is not in this block")
    return found


def _receipt(encoded: bytes) -> tuple[bool, list[tuple[bytes, tuple[bytes, ...], bytes]]]:
    try:
        told: Any = read_rlp(encoded)
        status, _, _, logs = told
        return status == b"\x01", [_log(*log) for log in logs]
    except (ValueError, TypeError):
        raise _broken("the receipt is none") from None


def _log(address: Any, topics: Any, data: Any) -> tuple[bytes, tuple[bytes, ...], bytes]:
    """An event as a receipt has it: nothing but bytes, of their lengths."""
    sized = [(address, 20), *((topic, 32) for topic in topics)]
    if not isinstance(data, bytes) or not all(isinstance(each, bytes) and len(each) == size for each, size in sized):
        raise TypeError("no event")
    return address, tuple(topics), data


def _broken(why: str) -> Open401kError:
    return Open401kError(f"The proof does not hold: {why}.", fix="Ask for it again, of whoever made it.")

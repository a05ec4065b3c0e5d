"""What JSON-RPC writes: quantities, bytes, blocks, receipts, logs; both ways. Not here: asking or answering."""

from __future__ import annotations

from collections.abc import Sequence

import rlp
from eth_hash.auto import keccak

from .interface import Head, Log, Receipt
from .jsonrpc import Json


def quantity(number: int) -> str:
    """0x and hexadecimal digits, no leading zeros."""
    return hex(number)


def data(value: bytes) -> str:
    """0x and two digits a byte."""
    return "0x" + value.hex()


def as_quantity(told: Json) -> int:
    """A quantity read; a ValueError for anything else."""
    if not isinstance(told, str) or not told.startswith("0x") or len(told) > 66:
        raise ValueError(f"no quantity: {str(told)[:80]}")
    return int(told, 16)


def as_data(told: Json, length: int | None = None) -> bytes:
    """Bytes read, of this length; a ValueError for anything else."""
    if not isinstance(told, str) or not told.startswith("0x"):
        raise ValueError(f"no bytes: {str(told)[:80]}")
    read = bytes.fromhex(told[2:])
    if length is not None and len(read) != length:
        raise ValueError(f"not {length} bytes: {told[:80]}")
    return read


def as_object(told: Json) -> dict[str, Json]:
    """An object; a ValueError for anything else."""
    if not isinstance(told, dict):
        raise ValueError(f"no object: {str(told)[:80]}")
    return told


def as_list(told: Json) -> list[Json]:
    """A list; a ValueError for anything else."""
    if not isinstance(told, list):
        raise ValueError(f"no list: {str(told)[:80]}")
    return told


def as_head(told: Json) -> Head | None:
    """A block; None where there is none."""
    if told is None:
        return None
    block = as_object(told)
    return Head(as_quantity(block.get("number")), as_data(block.get("hash"), 32), as_quantity(block.get("timestamp")))


#: The fields of a header in their order: whether it is a quantity, and those that later forks appended.
_HEADER = (
    "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "#difficulty",
    "#number", "#gasLimit", "#gasUsed", "#timestamp", "extraData", "mixHash", "nonce",
)  # fmt: skip
_APPENDED = (
    "#baseFeePerGas", "withdrawalsRoot", "#blobGasUsed", "#excessBlobGas", "parentBeaconBlockRoot", "requestsHash",
)  # fmt: skip


def as_header(told: Json) -> bytes:
    """A block's header as it is encoded; ValueError where its hash is not theirs, as some networks seal blocks."""
    block = as_object(told)
    names = (*_HEADER, *(name for name in _APPENDED if block.get(name.removeprefix("#")) is not None))
    fields = [_field(block, name) for name in names]
    header: bytes = rlp.encode(fields)
    if keccak(header) != as_data(block.get("hash"), 32):
        raise ValueError("the hash of its blocks is not that of their headers, so nothing is proved by them")
    return header


def _field(block: dict[str, Json], name: str) -> bytes:
    if name.startswith("#"):
        number = as_quantity(block.get(name[1:]))
        return number.to_bytes((number.bit_length() + 7) // 8, "big")
    return as_data(block.get(name))


def as_log(told: Json) -> Log:
    """One event."""
    log = as_object(told)
    topics = tuple(as_data(topic, 32) for topic in as_list(log.get("topics")))
    number, tx_hash = as_quantity(log.get("blockNumber")), as_data(log.get("transactionHash"), 32)
    return Log(as_data(log.get("address"), 20), topics, as_data(log.get("data")), number, tx_hash)


def as_receipt(told: Json) -> Receipt | None:
    """A receipt whose block has no time yet, and no reason; None where there is none."""
    if told is None:
        return None
    receipt = as_object(told)
    if receipt.get("blockHash") is None:  # known to the endpoint, in no block
        return None
    contract = receipt.get("contractAddress")
    return Receipt(
        as_data(receipt.get("transactionHash"), 32),
        Head(as_quantity(receipt.get("blockNumber")), as_data(receipt.get("blockHash"), 32), 0),
        as_quantity(receipt.get("status")) == 1,
        as_quantity(receipt.get("gasUsed")),
        None if contract is None else as_data(contract, 20),
        tuple(as_log(log) for log in as_list(receipt.get("logs"))),
        b"",
    )


def as_calldata(told: Json) -> bytes | None:
    """What a transaction calls with; None where there is none, or it is in no block."""
    if told is None:
        return None
    transaction = as_object(told)
    return None if transaction.get("blockHash") is None else as_data(transaction.get("input"))


def logs_of(logs: Sequence[Log], blocks: Sequence[Head]) -> list[Json]:
    """Events as they are answered; ``blocks`` are theirs, one for each."""
    told: list[Json] = []
    place: dict[int, int] = {}
    for log, block in zip(logs, blocks, strict=True):
        at = place.get(log.block, 0)
        place[log.block] = at + 1
        told.append(
            {
                "address": data(log.address), "topics": [data(topic) for topic in log.topics], "data": data(log.data),
                "blockNumber": quantity(log.block), "blockHash": data(block.hash),
                "transactionHash": data(log.tx_hash), "transactionIndex": "0x0", "logIndex": quantity(at),
                "removed": False,
            }
        )  # fmt: skip
    return told

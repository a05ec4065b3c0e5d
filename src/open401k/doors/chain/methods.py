"""What an embedded chain answers to JSON-RPC: Ethereum's methods, as far as nodes need them. Not here: HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from eth.abc import BlockHeaderAPI

from open401k.rails.chain import proving, wording
from open401k.rails.chain.depth import keep_depth
from open401k.rails.chain.embedded import EmbeddedChain
from open401k.rails.chain.interface import Head, Receipt, RevertedError
from open401k.rails.chain.jsonrpc import Json
from open401k.rails.transactions import read

keep_depth()

_REVERTED, _REFUSED, _PARSE, _REQUEST, _METHOD, _PARAMS, _INTERNAL = 3, -32000, -32700, -32600, -32601, -32602, -32603
Params: TypeAlias = list[Json]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost; ``deployments`` lets others bring contracts of their own."""

    batch: int = 100
    blocks: int = 10_000
    events: int = 10_000
    linked: int = 1_000
    call_gas: int = 5_000_000
    deployments: bool = False


class _AnsweredError(Exception):
    def __init__(self, code: int, message: str, data: bytes | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


class Node:
    """The methods of one chain, one after the other: it has one writer."""

    def __init__(
        self, chain: EmbeddedChain, limits: Limits | None = None, *, log: Callable[[str], None] = lambda _: None
    ) -> None:
        self._chain, self._limits, self._log = chain, limits or Limits(), log
        self._lock = threading.Lock()
        self._methods: Mapping[str, Callable[[Params], Json]] = {
            "eth_chainId": lambda _: wording.quantity(chain.chain_id),
            "net_version": lambda _: str(chain.chain_id),
            "web3_clientVersion": lambda _: "open401k",
            "eth_blockNumber": lambda _: wording.quantity(chain.head().number),
            "eth_gasPrice": lambda _: "0x0",
            "eth_call": self._call,
            "eth_getCode": lambda params: wording.data(chain.code(_address(params, 0))),
            "eth_getTransactionCount": self._count,
            "eth_sendRawTransaction": self._send,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getTransactionByHash": self._transaction,
            "eth_getLogs": self._logs,
            "eth_getBlockByNumber": self._by_number,
            "eth_getBlockByHash": self._by_hash,
            "eth_getProof": self._proof,
            proving.INCLUSION: self._inclusion,
        }

    def answer(self, body: bytes) -> bytes:
        """One request or a batch of them."""
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            return _written(_failed(None, _PARSE, "no JSON"))
        if not isinstance(asked, list):
            return _written(self._one(asked))
        if not 0 < len(asked) <= self._limits.batch:
            return _written(_failed(None, _REQUEST, f"a batch holds 1 to {self._limits.batch} requests"))
        return _written([self._one(each) for each in asked])

    def head(self) -> Head:
        """The last block."""
        with self._lock:
            return self._chain.head()

    def told(self, words: str) -> None:
        """What the operator is told."""
        self._log(words)

    def tick(self, seconds: int, *, now: int) -> bool:
        """Make a block if the last one is so old: an idle chain would never meet a deadline. False if it is not."""
        with self._lock:
            if now - self._chain.head().time < seconds:
                return False
            self._chain.tick()
        return True

    def _one(self, asked: Json) -> Json:
        if not isinstance(asked, dict) or not isinstance(asked.get("method"), str):
            return _failed(None, _REQUEST, "a request is an object with a method")
        number, params = asked.get("id"), asked.get("params", [])
        method = self._methods.get(str(asked["method"]))
        if method is None:
            return _failed(number, _METHOD, f"the method {str(asked['method'])[:80]} does not exist here")
        if not isinstance(params, list):
            return _failed(number, _PARAMS, "params is a list")
        try:
            with self._lock:
                return {"jsonrpc": "2.0", "id": number, "result": method(params)}
        except _AnsweredError as why:
            return _failed(number, why.code, why.message, why.data)
        except RevertedError as why:
            return _failed(number, _REVERTED, "execution reverted", why.data)
        except ValueError as why:
            return _failed(number, _PARAMS, str(why))
        except Exception as why:  # the operator is told what; who asks, that there is no answer
            self._log(f"{asked['method']}: {type(why).__name__}: {why}")
            return _failed(number, _INTERNAL, "the chain cannot answer now")

    def _call(self, params: Params) -> Json:
        asked = wording.as_object(_at(params, 0))
        sender = wording.as_data(asked["from"], 20) if asked.get("from") else bytes(20)
        data = wording.as_data(asked.get("input") or asked.get("data") or "0x")
        block = self._number(params[1] if len(params) > 1 else "latest")
        to = wording.as_data(asked.get("to"), 20)
        return wording.data(self._chain.call(to, data, sender=sender, at=block, gas=self._limits.call_gas))

    def _count(self, params: Params) -> Json:
        block = self._number(params[1] if len(params) > 1 else "latest")
        return wording.quantity(self._chain.nonce_at(_address(params, 0), block))

    def _send(self, params: Params) -> Json:
        raw = wording.as_data(_at(params, 0))
        try:
            transaction = read(raw)
            if transaction.to is None and not self._limits.deployments:
                raise _AnsweredError(_REFUSED, "this chain takes no contracts but those of its operator")
            (receipt,) = self._chain.send_raw([raw])
        except ValueError as why:
            raise _AnsweredError(_REFUSED, str(why)) from why
        return wording.data(receipt.tx_hash)

    def _receipt(self, params: Params) -> Json:
        found = self._chain.receipt(wording.as_data(_at(params, 0), 32))
        if found is None:
            return None
        header = self._chain.header(found.block.number)
        transaction = self._chain.transactions(header)[0] if header else None
        return _receipt_of(found) | {
            "from": wording.data(transaction.sender) if transaction else None,
            "to": wording.data(transaction.to) if transaction and transaction.to else None,
        }

    def _transaction(self, params: Params) -> Json:
        tx_hash = wording.as_data(_at(params, 0), 32)
        found = self._chain.receipt(tx_hash)
        header = None if found is None else self._chain.header(found.block.number)
        if found is None or header is None:
            return None
        (transaction,) = self._chain.transactions(header)
        return {
            "hash": wording.data(tx_hash), "transactionIndex": "0x0", "type": "0x0",
            "blockHash": wording.data(found.block.hash), "blockNumber": wording.quantity(found.block.number),
            "chainId": wording.quantity(self._chain.chain_id), "from": wording.data(transaction.sender),
            "to": wording.data(transaction.to) if transaction.to else None, "input": wording.data(transaction.data),
            "nonce": wording.quantity(transaction.nonce), "value": wording.quantity(transaction.value),
            "gas": wording.quantity(transaction.gas), "gasPrice": "0x0",
        }  # fmt: skip

    def _logs(self, params: Params) -> Json:
        asked = wording.as_object(_at(params, 0))
        first, last = (self._number(asked.get(name, "latest"), ahead=True) for name in ("fromBlock", "toBlock"))
        if last - first >= self._limits.blocks:
            raise ValueError(f"{last - first + 1:,} blocks are asked for, at most {self._limits.blocks:,} are answered")
        named = asked.get("address")
        addresses = [wording.as_data(each, 20) for each in (named if isinstance(named, list) else [named])]
        if asked.get("topics"):
            raise ValueError("events are asked for by contract and block, not by topics")
        found = self._chain.logs(first, last, addresses)
        if len(found) > self._limits.events:
            raise ValueError(f"{len(found):,} events: ask for fewer blocks")
        heads = {number: self._chain.block(number) for number in {log.block for log in found}}
        return wording.logs_of(found, [head for log in found if (head := heads[log.block])])

    def _proof(self, params: Params) -> Json:
        slots = [_slot(each) for each in wording.as_list(_at(params, 1))]
        if len(slots) > self._limits.batch:
            raise ValueError(f"{len(slots)} slots are asked for, at most {self._limits.batch} are answered")
        header = self._chain.header(self._number(params[2] if len(params) > 2 else "latest"))
        if header is None:
            return None
        return proving.answer_of(self._chain.account(header, _address(params, 0), slots), header.state_root)

    def _inclusion(self, params: Params) -> Json:
        tx_hash, upto = wording.as_data(_at(params, 0), 32), _at(params, 1)
        last = None if upto is None else self._number(upto)
        there = self._chain.receipt(tx_hash)
        if there is None:
            return None
        if last is not None and last - there.block.number >= self._limits.linked:
            raise ValueError(f"at most {self._limits.linked:,} headers are linked: name a nearer block")
        found: Json = json.loads(self._chain.proof(tx_hash, upto=last) or "null")
        return found

    def _by_number(self, params: Params) -> Json:
        return self._block(self._chain.header(self._number(_at(params, 0), ahead=True)))

    def _by_hash(self, params: Params) -> Json:
        return self._block(self._chain.header(wording.as_data(_at(params, 0), 32)))

    def _block(self, header: BlockHeaderAPI | None) -> Json:
        if header is None:
            return None
        return {
            "number": wording.quantity(header.block_number), "hash": wording.data(header.hash),
            "parentHash": wording.data(header.parent_hash), "timestamp": wording.quantity(header.timestamp),
            "stateRoot": wording.data(header.state_root), "transactionsRoot": wording.data(header.transaction_root),
            "receiptsRoot": wording.data(header.receipt_root), "gasLimit": wording.quantity(header.gas_limit),
            "gasUsed": wording.quantity(header.gas_used), "baseFeePerGas": "0x0", "difficulty": "0x0",
            "miner": wording.data(header.coinbase), "extraData": wording.data(header.extra_data), "uncles": [],
            "sha3Uncles": wording.data(header.uncles_hash),
            "logsBloom": wording.data(header.bloom.to_bytes(256, "big")),
            "mixHash": wording.data(header.mix_hash), "nonce": wording.data(header.nonce),
            "withdrawalsRoot": wording.data(header.withdrawals_root or b""),
            "blobGasUsed": wording.quantity(header.blob_gas_used),
            "excessBlobGas": wording.quantity(header.excess_blob_gas),
            "parentBeaconBlockRoot": wording.data(header.parent_beacon_block_root or b""),
            "transactions": [wording.data(each.hash) for each in self._chain.transactions(header)],
        }  # fmt: skip

    def _number(self, told: Json, *, ahead: bool = False) -> int:
        """A block by its number or name; every block is final here."""
        head = self._chain.head().number
        if told in ("latest", "pending", "safe", "finalized"):
            return head
        number = 0 if told == "earliest" else wording.as_quantity(told)
        if number > head and not ahead:
            raise _AnsweredError(_REFUSED, f"there is no block {number} yet")
        return number


def _receipt_of(found: Receipt) -> dict[str, Json]:
    return {
        "transactionHash": wording.data(found.tx_hash), "transactionIndex": "0x0",
        "blockHash": wording.data(found.block.hash), "blockNumber": wording.quantity(found.block.number),
        "status": wording.quantity(int(found.is_done)), "gasUsed": wording.quantity(found.gas),
        "cumulativeGasUsed": wording.quantity(found.gas), "effectiveGasPrice": "0x0", "type": "0x0",
        "contractAddress": None if found.contract is None else wording.data(found.contract),
        "logs": wording.logs_of(found.logs, [found.block] * len(found.logs)),
    }  # fmt: skip


def _at(params: Params, place: int) -> Json:
    if len(params) <= place:
        raise ValueError(f"parameter {place + 1} is missing")
    return params[place]


def _address(params: Params, place: int) -> bytes:
    return wording.as_data(_at(params, place), 20)


def _slot(told: Json) -> bytes:
    """A slot as it is asked for, of 32 bytes or fewer."""
    if not isinstance(told, str) or not told.startswith("0x") or not 2 < len(told) <= 66:
        raise ValueError(f"no slot: {str(told)[:80]}")
    return int(told, 16).to_bytes(32, "big")


def _failed(number: Json, code: int, message: str, data: bytes | None = None) -> Json:
    error: dict[str, Json] = {"code": code, "message": message}
    if data is not None:
        error["data"] = wording.data(data)
    return {"jsonrpc": "2.0", "id": number, "error": error}


def _written(told: Json) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode()

"""Any EVM network over JSON-RPC, by several endpoints of which k must say alike; the rest are told and not believed.

Not here: one endpoint (jsonrpc.py), what is believed (agreement.py), whose turn and which fee (rails/sender).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, TypeVar

from open401k.kernel import Open401kError

from ..transactions import Transaction, read
from . import proving, wording
from .agreement import Doubt, Silence, agree, behind, heights
from .interface import At, Head, Log, NotMinedError, Receipt, RevertedError, UnavailableError
from .jsonrpc import Endpoint, Json, RpcError, SilentError

T = TypeVar("T")
#: The chain's own word for it, or how many blocks deep.
Finality: TypeAlias = Literal["finalized"] | int
_NOBODY = bytes(20)
_SPAN = 2_000  # blocks of events asked for at once


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a transaction is waited for: seconds between looks, and how many looks."""

    between: float = 1.0
    looks: int = 120


@dataclass(frozen=True, slots=True)
class _Reverted:
    data: bytes


class RpcChain:
    """A chain that is asked; ``wait`` sleeps, ``tell`` hears of every endpoint that is not believed."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        *,
        chain_id: int,
        wait: Callable[[float], None],
        agreeing: int | None = None,
        finality: Finality = "finalized",
        waiting: Waiting | None = None,
        tell: Callable[[Doubt], None] = lambda _: None,
    ) -> None:
        number = len(endpoints)
        self._k = number // 2 + 1 if agreeing is None else agreeing
        if not number or not number < 2 * self._k <= 2 * number or len({each.name for each in endpoints}) != number:
            raise Open401kError(
                f"{self._k} of {number} endpoints can not decide.",
                fix="Name each once, and let more than half of them agree: 1 of 1, 2 of 3, 3 of 5.",
            )
        self._endpoints = endpoints
        self.chain_id = chain_id
        self._wait, self._tell = wait, tell
        self._finality: Finality = finality
        self._waiting = waiting or Waiting()
        self._is_known = False
        self._highest = 0  # of blocks that k endpoints knew

    def close(self) -> None:
        """Give the connections back."""
        for endpoint in self._endpoints:
            endpoint.close()

    # ---- what every chain answers

    def send_raw(self, raws: Sequence[bytes]) -> list[Receipt]:
        """Each is offered and waited for; one that no chain would take is a ValueError."""
        return [self._send(raw) for raw in raws]

    def call(self, to: bytes, data: bytes, *, sender: bytes = _NOBODY, at: At = "latest") -> bytes:
        """The answer of a contract that is asked; :class:`RevertedError` if it refuses."""
        asked: Json = {"from": wording.data(sender), "to": wording.data(to), "data": wording.data(data)}
        found = self._agreed("eth_call", [asked, self._at(at)], wording.as_data)
        if isinstance(found, _Reverted):
            raise RevertedError(found.data)
        return found

    def call_all(self, asked: Sequence[tuple[bytes, bytes]], *, at: int) -> list[bytes]:
        """Many calls (to, data) in one block, in few requests to each endpoint; a refusal is as from :meth:`call`."""
        self._know_once()
        calls: list[list[Json]] = [
            [{"from": wording.data(_NOBODY), "to": wording.data(to), "data": wording.data(data)}, wording.quantity(at)]
            for to, data in asked
        ]
        said = {each.name: _answers(each, "eth_call", calls, wording.as_data) for each in self._endpoints}
        found = []
        for place in range(len(calls)):
            believed = self._believed("eth_call", {name: answers[place] for name, answers in said.items()})
            if isinstance(believed, _Reverted):
                raise RevertedError(believed.data)
            found.append(believed)
        return found

    def nonce(self, address: bytes) -> int:
        asked = [wording.data(address), self._at("latest")]
        return self._value("eth_getTransactionCount", asked, wording.as_quantity)

    def nonce_at(self, address: bytes, block: int) -> int:
        """How many of its transactions were in blocks then."""
        asked: list[Json] = [wording.data(address), wording.quantity(block)]
        return self._value("eth_getTransactionCount", asked, wording.as_quantity)

    def head(self) -> Head:
        """The last block that k endpoints know."""
        return self._head("latest")

    def final(self) -> Head:
        """The last block that is never taken back."""
        if self._finality == "finalized":
            return self._head("finalized")
        number = max(0, self.head().number - self._finality)
        found = self.block(number)
        if found is None:
            raise UnavailableError(f"Block {number} is gone.", fix="Ask again.")
        return found

    def block(self, number: int) -> Head | None:
        """The block of this number, if there is one."""
        asked: list[Json] = [wording.quantity(number), False]
        return self._value("eth_getBlockByNumber", asked, wording.as_head)

    def code(self, address: bytes) -> bytes:
        """What is deployed there."""
        return self._value("eth_getCode", [wording.data(address), self._at("latest")], wording.as_data)

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """What became of a transaction, as far as it is in a block."""
        found = self._value("eth_getTransactionReceipt", [wording.data(tx_hash)], wording.as_receipt)
        if found is None:
            return None
        block = self._value("eth_getBlockByHash", [wording.data(found.block.hash), False], wording.as_head)
        if block is None:
            raise UnavailableError("The block of a receipt is gone.", fix="Ask again: the chain may have gone back.")
        return replace(found, block=block)

    def calldata(self, tx_hash: bytes) -> bytes | None:
        """What a transaction in a block called with."""
        return self._value("eth_getTransactionByHash", [wording.data(tx_hash)], wording.as_calldata)

    def logs(self, from_block: int, to_block: int, addresses: Sequence[bytes]) -> list[Log]:
        """All events of these contracts in these blocks, in order: none where endpoints fell behind what they knew."""
        found: list[Log] = []
        last = min(to_block, self.head().number)
        if last < min(to_block, self._highest):
            raise UnavailableError(
                f"Endpoints knew block {self._highest}, and stand at {last} now.", fix="Ask again: one may lag."
            )
        if not addresses:
            return found
        for start in range(from_block, last + 1, _SPAN):
            asked: Json = {
                "fromBlock": wording.quantity(start),
                "toBlock": wording.quantity(min(start + _SPAN - 1, last)),
                "address": [wording.data(each) for each in addresses],
            }
            found += self._value("eth_getLogs", [asked], lambda told: [wording.as_log(log) for log in _list(told)])
        return found

    def state(self, asked: Mapping[bytes, Sequence[bytes]], *, at: At = "latest") -> str:
        """The proof of these slots of these contracts at one block (states.py), where the network offers it."""
        number: Json = self._at(at)
        header = self._value("eth_getBlockByNumber", [number, False], proving.header_of)
        accounts = []
        for address, slots in asked.items():
            given: list[Json] = [wording.data(address), [wording.data(slot) for slot in slots], header.number]
            accounts.append(self._value("eth_getProof", given, proving.reader_of(address, slots)))
        return proving.state_of(header, accounts)

    def proof(self, tx_hash: bytes, *, upto: int | None = None) -> str | None:
        """That a transaction is in its block (proofs.py): chains of ours prove it, others say that they do not."""
        given: list[Json] = [wording.data(tx_hash), None if upto is None else wording.quantity(upto)]
        return self._value(proving.INCLUSION, given, proving.text_of)

    # ---- what a sender needs besides

    def offer(self, raw: bytes) -> None:
        """Hand a transaction to every endpoint, and do not wait; a ValueError if all that answer refuse it."""
        said = self._all("eth_sendRawTransaction", [wording.data(raw)], lambda told: told)
        taken = [name for name, answer in said.items() if not isinstance(answer, Silence | RpcError)]
        refused = [answer for answer in said.values() if isinstance(answer, RpcError)]
        if taken or any(_is_known(error.message) for error in refused):
            return
        if refused:
            raise ValueError(refused[0].message)
        raise UnavailableError(f"No endpoint took it: {_names(said)}.", fix="Look at the endpoints; send it again.")

    def gas_price(self) -> int:
        """What a transaction costs now: the middle of what endpoints say, so that one alone cannot raise it."""
        said = self._all("eth_gasPrice", [], wording.as_quantity)
        prices = sorted(price for price in said.values() if isinstance(price, int))
        if len(prices) < self._k:
            raise UnavailableError(f"Too few endpoints tell a price: {_names(said)}.", fix="Look at them.")
        return prices[(len(prices) - 1) // 2]

    # ---- asking

    def _send(self, raw: bytes) -> Receipt:
        transaction = read(raw)
        if transaction.chain_id != self.chain_id:
            raise ValueError(f"signed for chain {transaction.chain_id}, not {self.chain_id}")
        known = self.receipt(transaction.tx_hash)
        if known is not None:
            return self._with_reason(transaction, known)
        if transaction.nonce > self.nonce(transaction.sender):
            raise ValueError(f"its number is {transaction.nonce}, and transactions before it are missing")
        self.offer(raw)
        for _ in range(self._waiting.looks):
            try:
                found = self.receipt(transaction.tx_hash)
            except UnavailableError:  # some endpoints know it already
                found = None
            if found is not None:
                return self._with_reason(transaction, found)
            self._wait(self._waiting.between)
        raise NotMinedError(transaction.tx_hash)

    def _with_reason(self, transaction: Transaction, receipt: Receipt) -> Receipt:
        """Receipts do not say why: the same call after it, in the same block, does as a rule."""
        if receipt.is_done or transaction.to is None:
            return receipt
        try:
            self.call(transaction.to, transaction.data, sender=transaction.sender, at=receipt.block.number)
        except RevertedError as why:
            return replace(receipt, output=why.data)
        except UnavailableError:
            return receipt
        return receipt

    def _at(self, at: At) -> str:
        if at == "latest" and len(self._endpoints) == 1:
            return "latest"
        number = at if isinstance(at, int) else (self.head() if at == "latest" else self.final()).number
        return wording.quantity(number)

    def _head(self, tag: str) -> Head:
        said = self._all("eth_getBlockByNumber", [tag, False], wording.as_head)
        heads = {name: _head_or_silence(answer) for name, answer in said.items()}
        for number in heights(heads, k=self._k):
            asked: list[Json] = [wording.quantity(number), False]
            there = {name: head for name, head in heads.items() if isinstance(head, Head) and head.number >= number}
            answers: dict[str, Head | Silence] = {
                name: head if head.number == number else _head_or_silence(self._one(name, asked))
                for name, head in there.items()
            }
            verdict = agree(answers, k=self._k, about=f"block {number}")
            if verdict.value is not None:
                silent = [Doubt(name, doubt.fault, doubt.about) for name, doubt in self._silent(heads)]
                for doubt in (*verdict.doubts, *behind(heads, number), *silent):
                    self._tell(doubt)
                self._highest = max(self._highest, number)
                return verdict.value
        raise UnavailableError(f"No {self._k} endpoints know the same block ({tag}): {_names(said)}.", fix="Ask again.")

    def _silent(self, heads: Mapping[str, Head | Silence]) -> list[tuple[str, Doubt]]:
        silence = {name: head for name, head in heads.items() if isinstance(head, Silence)}
        return [(doubt.endpoint, doubt) for doubt in agree(silence, k=self._k, about="the last block").doubts]

    def _one(self, name: str, asked: Sequence[Json]) -> Head | Silence | RpcError | None:
        (endpoint,) = (each for each in self._endpoints if each.name == name)
        return _answer(endpoint, "eth_getBlockByNumber", asked, wording.as_head)

    def _value(self, method: str, params: Sequence[Json], read: Callable[[Json], T]) -> T:
        found = self._agreed(method, params, read)
        if isinstance(found, _Reverted):
            raise UnavailableError(f"{method} was refused.", fix="Look at the endpoint.")
        return found

    def _agreed(self, method: str, params: Sequence[Json], read: Callable[[Json], T]) -> T | _Reverted:
        return self._believed(method, self._all(method, params, read))

    def _believed(self, method: str, said: Mapping[str, T | Silence | RpcError]) -> T | _Reverted:
        answers: dict[str, T | _Reverted | Silence] = {
            name: (_Reverted(answer.data or b"") if answer.is_revert else Silence(answer.message))
            if isinstance(answer, RpcError)
            else answer
            for name, answer in said.items()
        }
        verdict = agree(answers, k=self._k, about=method, knows=lambda answer: answer not in (None, []))
        for doubt in verdict.doubts:
            self._tell(doubt)
        if not verdict.agreed:
            raise UnavailableError(
                f"No {self._k} of {len(said)} endpoints say the same to {method}: {_names(answers)}.",
                fix="Ask again; if it stays so, look at the endpoints.",
            )
        return verdict.value  # type: ignore[return-value]

    def _all(self, method: str, params: Sequence[Json], read: Callable[[Json], T]) -> dict[str, T | Silence | RpcError]:
        self._know_once()
        return {each.name: _answer(each, method, params, read) for each in self._endpoints}

    def _know_once(self) -> None:
        if not self._is_known:
            self._is_known = True
            try:
                self._know()
            except BaseException:
                self._is_known = False
                raise

    def _know(self) -> None:
        """An endpoint of another chain is a mistake in the configuration, not a lie."""
        for name, answer in self._all("eth_chainId", [], wording.as_quantity).items():
            if isinstance(answer, int) and answer != self.chain_id:
                raise Open401kError(
                    f"{name} is an endpoint of chain {answer}, not of {self.chain_id}.", fix="Correct its address."
                )


def _answer(
    endpoint: Endpoint, method: str, params: Sequence[Json], read: Callable[[Json], T]
) -> T | Silence | RpcError:
    try:
        told = endpoint.ask(method, params)
    except SilentError as why:
        return Silence(why.why)
    except RpcError as error:
        return error
    return _as_told(told, read)


def _answers(
    endpoint: Endpoint, method: str, each: Sequence[Sequence[Json]], read: Callable[[Json], T]
) -> Sequence[T | Silence | RpcError]:
    try:
        told = endpoint.ask_all(method, each)
    except SilentError as why:
        return [Silence(why.why)] * len(each)
    return [_as_told(one, read) for one in told]


def _as_told(told: Json | RpcError, read: Callable[[Json], T]) -> T | Silence | RpcError:
    if isinstance(told, RpcError):
        return told
    try:
        return read(told)
    except ValueError as why:
        return Silence(f"it does not answer as it should: {why}")


def _head_or_silence(answer: Head | Silence | RpcError | None) -> Head | Silence:
    if isinstance(answer, RpcError):
        return Silence(answer.message)
    return Silence("it knows no such block") if answer is None else answer


def _list(told: Json) -> list[Json]:
    return wording.as_list(told)


def _is_known(message: str) -> bool:
    """The words of geth, Besu, Anvil and ours for what lies there or is in a block already."""
    said = message.lower()
    return "already" in said or "known transaction" in said


def _names(said: Mapping[str, object]) -> str:
    return ", ".join(
        f"{name} ({answer.why})" if isinstance(answer, Silence) else f"{name} ({answer})"[:200]
        for name, answer in said.items()
    )

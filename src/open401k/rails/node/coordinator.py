"""The coordinator as a node sees it: how a rollover stands at a block, and sending. Not here: what is sent."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from eth_abi.abi import decode
from eth_hash.auto import keccak

from ..calls import answer_of, call_of, refusal_of
from ..chain.interface import Chain, Head, Log, RevertedError, UnavailableError, call_all
from ..keys import Key
from ..messages import Role, Voter
from ..transactions import Relay, signed
from .cases import Agreed
from .core import Side, SilentError
from .following import Standing, Verdict
from .settled import Settlement, Told, settlements, side_by_money, sides_in, told_by

_logger = logging.getLogger("open401k.node.coordinator")
#: More than the dearest call of the coordinator takes.
GAS = 8_000_000
#: Events are asked for in pieces of so many blocks; who was away longer reads everything.
_MOST_BLOCKS = 5_000
_BATCHED = keccak(b"Batched(bytes32,bytes32[])")
_COMMITTED = keccak(b"Committed(bytes32,uint256)")
_PROPOSED = keccak(b"Proposed(bytes32,uint256)")
_VOTED = keccak(b"Voted(bytes32,uint256,address,bytes32)")
_STATES = (Verdict.ABSENT, Verdict.PREPARING, Verdict.COMMITTED, Verdict.ABORTED, Verdict.CLOSED)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The contract would not; ``code`` None where it told none."""

    code: int | None
    words: str


class Coordinator(Protocol):
    """What a node needs of the chain. Every method may raise :class:`SilentError`."""

    def final_block(self) -> Head:
        """The newest final block, asked anew; what is told after it is as of this block or, once we sent, a newer."""
        ...

    def block_at(self, number: int) -> Head:
        """The block that has this number now; asked for one that was final."""
        ...

    def news(self, after: int, block: Head) -> frozenset[bytes] | None:
        """Ids and keys of which events tell after block ``after`` up to this one; None: anything may have changed."""
        ...

    def piece_end(self, after: int, block: Head) -> Head:
        """Up to where who has read all up to block ``after`` reads at once on the way to this block."""
        ...

    def votes_of(self, us: bytes, after: int, block: Head) -> Sequence[tuple[bytes, Side]]:
        """Rollovers for which the events of these blocks tell a vote of ours, and on which side we are in each."""
        ...

    def keys_in(self, after: int, block: Head) -> Mapping[bytes, int]:
        """Under which key each rollover was opened in these blocks, by its id."""
        ...

    def open_until(self, rollover: bytes, key: int) -> int | None:
        """Until when votes count, while it is open by the newest final block; None where it is not, or others are."""
        ...

    def settlements(self, after: int, block: Head) -> Sequence[Settlement]:
        """What these blocks settled by events that do not say who paid and who received."""
        ...

    def sides_in(self, settlement: Settlement, us: bytes) -> Sequence[tuple[bytes, Side]]:
        """On which side we are in each rollover of it, where we are."""
        ...

    def read_ahead(self, agreed: Sequence[Agreed]) -> None:
        """All of these are asked for next: ask the chain for them together."""
        ...

    def final(self, agreed: Agreed) -> Standing:
        """How it stands at the newest final block: the only state that anybody acts on."""
        ...

    def newest(self, agreed: Agreed) -> Standing:
        """How it stands at the newest block, which may go again: whether to send."""
        ...

    def send(self, data: bytes) -> Refusal | None:
        """Send a call; None when it was taken. To send it twice does no harm."""
        ...

    def foretold(self, data: bytes) -> Refusal | None:
        """What the newest block's contract would say to a call; nothing is sent."""
        ...


class BatchCoordinator(Coordinator, Protocol):
    """The chain, whose key counts there, and which batches it settled, all by the newest final block."""

    def signer_of(self, us: bytes) -> bytes: ...

    def is_batched(self, batch: bytes) -> bool: ...

    def batch_with(self, rollover: bytes) -> tuple[Settlement, Told] | None: ...


@dataclass
class _Read:
    """What the contracts answered in one block: it is always the same, so it is asked for once."""

    block: Head
    told: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)


class ChainCoordinator:
    """The contracts ``rollover`` and ``network`` on a chain. ``relay`` signs the transactions; it has no rights."""

    def __init__(self, chain: Chain, *, rollover: bytes, network: bytes, relay: Key | Relay) -> None:
        self._chain = chain
        self._rollover = rollover
        self._network = network
        self._relay = relay
        self._final: _Read | None = None
        self._newest: _Read | None = None
        self._is_sent = False  # since the final block was asked for: there may be a newer
        self._batched: dict[bytes, int] = {}  # by which block
        self._batches_read = -1
        self._heard_of: tuple[int, int] | None = None
        self._told: Sequence[Log] = ()

    def final_block(self) -> Head:
        self._newest, self._is_sent = None, True
        with _heard():
            return self._at_final().block

    def signer_of(self, us: bytes) -> bytes:
        """The key that signs for this member, by the newest final block; 20 zeros if it has none."""
        with _heard():
            return self._signer(int.from_bytes(us, "big"), self._at_final()).to_bytes(20, "big")

    def is_batched(self, batch: bytes) -> bool:
        """Whether the newest final block knows this batch, by its hash, as settled."""
        with _heard():
            (told,) = self._ask(self._at_final(), [(self._rollover, call_of("batched_at(bytes32)", batch))])
        return any(told)

    def batch_with(self, rollover: bytes) -> tuple[Settlement, Told] | None:
        """The batch that settled a rollover by the newest final block, as its transaction tells it."""
        with _heard():
            if not self._is_in_batch(rollover, self._at_final().block):
                return None
            at = self._batched[rollover]
            found = settlements(self._chain.logs(at, at, [self._rollover]))
            settlement = next((each for each in found if each.batch is not None and rollover in each.ids), None)
            if settlement is None:
                raise SilentError(f"block {at} settled it in a batch, and tells none")
            told = told_by(settlement, self._chain.calldata(settlement.tx_hash) or b"")
        return None if told is None else (settlement, told)

    def block_at(self, number: int) -> Head:
        with _heard():
            found = self._chain.block(number)
        if found is None:
            raise SilentError(f"block {number} is gone, and a later one is final")
        return found

    def news(self, after: int, block: Head) -> frozenset[bytes] | None:
        if block.number - after > _MOST_BLOCKS:
            return None
        logs = self._events(after + 1, block.number)
        if any(log.address == self._network or log.topics[0] == _BATCHED for log in logs):
            return None
        return frozenset(topic for log in logs for topic in log.topics[1:])

    def piece_end(self, after: int, block: Head) -> Head:
        return block if block.number - after <= _MOST_BLOCKS else self.block_at(after + _MOST_BLOCKS)

    def votes_of(self, us: bytes, after: int, block: Head) -> Sequence[tuple[bytes, Side]]:
        found: dict[tuple[bytes, Side], None] = {}
        for first in range(after + 1, block.number + 1, _MOST_BLOCKS):
            for log in self._events(first, min(first + _MOST_BLOCKS - 1, block.number)):
                if log.address == self._rollover and (side := _side_in(log, us)) is not None:
                    found[log.topics[1], side] = None
        return list(found)

    def keys_in(self, after: int, block: Head) -> Mapping[bytes, int]:
        logs = self._events(after + 1, block.number) if after < block.number else ()
        mine = (log for log in logs if log.address == self._rollover and log.topics[0] == _PROPOSED)
        return {log.topics[1]: int.from_bytes(log.topics[2], "big") for log in mine}

    def open_until(self, rollover: bytes, key: int) -> int | None:
        asked = ["word_of(uint256)", "deadline_of(uint256)"]
        with _heard():
            told = self._ask(self._at_final(), [(self._rollover, call_of(each, key)) for each in asked])
        word, deadline = (int.from_bytes(each, "big") for each in told)
        ours = word >> 8 == int.from_bytes(rollover, "big") >> 8
        return deadline if ours and _STATES[word & 255] is Verdict.PREPARING else None

    def settlements(self, after: int, block: Head) -> Sequence[Settlement]:
        found: list[Settlement] = []
        for first in range(after + 1, block.number + 1, _MOST_BLOCKS):
            told = self._events(first, min(first + _MOST_BLOCKS - 1, block.number))
            found += settlements([log for log in told if log.address == self._rollover])
        return found

    def sides_in(self, settlement: Settlement, us: bytes) -> Sequence[tuple[bytes, Side]]:
        with _heard():
            told = told_by(settlement, self._chain.calldata(settlement.tx_hash) or b"")
            if told is not None:
                return sides_in(settlement, told, us)
            receipt = self._chain.receipt(settlement.tx_hash)
        side = None if receipt is None else side_by_money(receipt.logs, us)
        _logger.warning("transaction 0x%s settled what its call does not tell", settlement.tx_hash.hex())
        return [] if side is None else [(each, side) for each in settlement.ids]

    def _events(self, first: int, last: int) -> Sequence[Log]:
        """All events of both contracts in these blocks; the same again is not asked again."""
        if self._heard_of != (first, last):
            with _heard():
                self._told = self._chain.logs(first, last, [self._rollover, self._network])
            self._heard_of = first, last
        return self._told

    def read_ahead(self, agreed: Sequence[Agreed]) -> None:
        with _heard():
            self._ask(self._at_final(), [asked for each in agreed for asked in self._words_of(each)])

    def final(self, agreed: Agreed) -> Standing:
        with _heard():
            return self._standing(agreed, self._at_final())

    def newest(self, agreed: Agreed) -> Standing:
        with _heard():
            return self._standing(agreed, self._at_newest())

    def send(self, data: bytes) -> Refusal | None:
        with _heard():
            raw = signed(
                self._relay,
                chain_id=self._chain.chain_id,
                nonce=self._chain.nonce(self._relay.address),
                to=self._rollover,
                data=data,
                gas=GAS,
            )
            self._newest, self._is_sent = None, True
            try:
                (receipt,) = self._chain.send_raw([raw])
            except ValueError as why:  # another sender took this nonce: the next pass sends again
                raise SilentError(str(why)) from why
            if receipt.is_done:
                return None
            refusal = refusal_of(receipt.output or self._why(data, receipt.block))
        return Refusal(refusal.code, refusal.words)

    def foretold(self, data: bytes) -> Refusal | None:
        """What the contract would say to a call at the newest block; nothing is sent."""
        with _heard():
            try:
                self._chain.call(self._rollover, data, sender=self._relay.address)
            except RevertedError as why:
                told = refusal_of(why.data)
                return Refusal(told.code, told.words)
        return None

    def _why(self, data: bytes, block: Head) -> bytes:
        """Many chains do not keep what a failed transaction said: ask again, without sending."""
        try:
            self._chain.call(self._rollover, data, sender=self._relay.address, at=block.number)
        except RevertedError as why:
            return why.data
        return b""

    # ---- reading

    def _at_final(self) -> _Read:
        if self._final is None or self._is_sent:
            block = self._chain.final()
            self._is_sent = False
            if self._final is None or self._final.block != block:
                self._final = _Read(block)
        return self._final

    def _at_newest(self) -> _Read:
        if self._newest is None:
            block, final = self._chain.head(), self._at_final()
            self._newest = final if final.block == block else _Read(block)
        return self._newest

    def _words_of(self, agreed: Agreed) -> list[tuple[bytes, bytes]]:
        """The word of its key, whether a batch took the number, our vote, our receipt, votes of further voters."""
        us = int.from_bytes(agreed.us, "big")
        ours = (Role.RECEIVER if agreed.place else Role.SOURCE) << 160 | us
        source, number = agreed.key >> 72, (agreed.key >> 8) & (2**64 - 1)
        return [
            (self._rollover, call_of("word_of(uint256)", agreed.key)),
            (self._rollover, call_of("is_number_used(uint256,uint256)", source, number)),
            (self._rollover, call_of("vote_of(uint256,uint256)", agreed.key, ours)),
            (self._rollover, call_of("posted_of(bytes32,uint256)", agreed.rollover, us)),
            *((self._rollover, call_of("vote_of(uint256,uint256)", agreed.key, _party(each)))
              for _, each in agreed.voters),
        ]  # fmt: skip

    def _standing(self, agreed: Agreed, at: _Read) -> Standing:
        told = self._ask(at, self._words_of(agreed))
        word, batched, vote, receipt, *others = (int.from_bytes(each, "big") for each in told)
        if not word and batched:
            # A batch asks for no receipts, and both custodians signed it as a whole.
            if self._is_in_batch(agreed.rollover, at.block):
                return Standing(at.block, Verdict.COMMITTED, voted=True, posted=True, batched=True)
            return Standing(at.block, Verdict.TAKEN)
        if word and word >> 8 != int.from_bytes(agreed.rollover, "big") >> 8:
            return Standing(at.block, Verdict.TAKEN)
        verdict = _STATES[word & 255]
        counts = self._counts(vote, verdict, int.from_bytes(agreed.us, "big"), at)
        given = zip((each for _, each in agreed.voters), others, strict=True)
        return Standing(
            at.block, verdict, counts, bool(receipt),
            frozenset(each.role for each, by in given if self._others_counts(each, by, verdict, at)),
        )  # fmt: skip

    def _others_counts(self, voter: Voter, vote: int, verdict: Verdict, at: _Read) -> bool:
        """A spouse signs by the key that the terms name; members by the one that the network names now."""
        who = int.from_bytes(voter.who, "big")
        return bool(vote) if voter.role is Role.SPOUSE else self._counts(vote, verdict, who, at)

    def _is_in_batch(self, rollover: bytes, block: Head) -> bool:
        """A number's bit does not tell which rollover used it; the events of batches name their ids."""
        final = self._at_final().block.number
        for start in range(self._batches_read + 1, final + 1, _MOST_BLOCKS):
            last = min(start + _MOST_BLOCKS - 1, final)
            self._batched |= self._ids_of_batches(start, last)
            self._batches_read = last
        return rollover in self._batched or rollover in self._ids_of_batches(final + 1, block.number)

    def _ids_of_batches(self, first: int, last: int) -> dict[bytes, int]:
        if first > last:
            return {}
        logs = [log for log in self._chain.logs(first, last, [self._rollover]) if log.topics[0] == _BATCHED]
        return {each: log.block for log in logs for each in decode(["bytes32[]"], log.data)[0]}

    def _counts(self, vote: int, verdict: Verdict, us: int, at: _Read) -> bool:
        """A vote by a key that was replaced since does not count any more, until the verdict fell."""
        if not vote or verdict is not Verdict.PREPARING:
            return bool(vote)
        return self._signer(us, at) == vote

    def _signer(self, us: int, at: _Read) -> int:
        (told,) = self._ask(at, [(self._network, call_of("member(address)", us.to_bytes(20, "big")))])
        (member,) = answer_of(["(uint64,uint16,uint16,address)"], told)
        if not isinstance(member, tuple):
            raise TypeError("the network answers a member")
        return int(str(member[3]), 16)

    def _ask(self, at: _Read, asked: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        new = list(dict.fromkeys(each for each in asked if each not in at.told))
        if new:
            at.told.update(zip(new, call_all(self._chain, new, at=at.block.number), strict=True))
        return [at.told[each] for each in asked]


def _side_in(log: Log, us: bytes) -> Side | None:
    """On which side we voted, if this event tells a vote of ours. Who settles at once tells the source's by the key."""
    if log.topics[0] == _VOTED and log.data[44:64] == us:
        return {Role.SOURCE: Side.SOURCE, Role.RECEIVER: Side.RECEIVER}.get(Role(log.data[31]))
    if log.topics[0] == _COMMITTED and int.from_bytes(log.topics[2], "big") >> 72 == int.from_bytes(us, "big"):
        return Side.SOURCE
    return None


def _party(voter: Voter) -> int:
    return voter.role << 160 | int.from_bytes(voter.who, "big")


@contextmanager
def _heard() -> Iterator[None]:
    """No answer that may be believed is none: nothing was decided, the next pass asks again."""
    try:
        yield
    except UnavailableError as why:
        raise SilentError(str(why)) from why

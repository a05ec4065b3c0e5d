"""A network that mines late, reorganizes, loses, repeats; endpoints of it, of which one may lie. Not here: nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from open401k.base.faults import Stopped

from ..calls import call_of
from ..chain.interface import At, Head, Log, Receipt
from ..keys import Key
from ..node.core import SilentError
from ..transactions import signed
from .chance import Fault, Faults
from .engines import CHAIN_ID, CUSTODIANS, DAY, Engine, key
from .twin_chain import Sent, read_transaction

T = TypeVar("T", bytes, Head)
_WORD_OF = call_of("word_of(uint256)", 0)[:4]
NAMES = {
    call_of(f"{name}", *given)[:4]: name.split("(")[0]
    for name, given in {
        "settle(bytes,bytes)": (b"", b""),
        "propose(bytes,(bytes32,bytes))": (b"", (bytes(32), b"")),
        "propose_return(bytes,bytes,(bytes32,bytes))": (b"", b"", (bytes(32), b"")),
        "settle_batch(uint256,uint256,uint256,uint256,bytes,bytes,bytes)": (0, 0, 0, 0, b"", b"", b""),
        "approve(bytes,uint256,(bytes32,bytes))": (b"", 0, (bytes(32), b"")),
        "abort(bytes,uint256,uint256,uint256,bytes32,bytes)": (b"", 0, 0, 0, bytes(32), b""),
        "expire(uint256)": (0,),
        "post(bytes,uint256,uint256,bytes32,bytes)": (b"", 0, 0, bytes(32), b""),
    }.items()
}


@dataclass
class Clock:
    """Seconds since 1970 of the world."""

    now: int


@dataclass
class Watch:
    """Who is told what happens to the chain."""

    mined: Callable[[Sent | None, Receipt | None, Head], None]
    finalized: Callable[[int], None]
    taken_back: Callable[[int], None]


@dataclass
class Net:
    """The chain that all see in the end. ``depth`` blocks are not final; ``pool`` waits to be mined."""

    engine: Engine
    clock: Clock
    faults: Faults
    depth: int
    watch: Watch
    final: int = 0
    pool: list[tuple[int, bytes]] = field(default_factory=list)  # due, transaction
    mined: dict[int, tuple[bytes, Receipt]] = field(default_factory=dict)  # by block
    ids: dict[int, bytes] = field(default_factory=dict)  # key -> id, for those who lie

    @property
    def head(self) -> Head:
        return self.engine.heads()[-1]

    def mine(self, raw: bytes) -> Receipt:
        """In a block of its own, now; one that is there is told again; ValueError if its number is not the next."""
        known = next((receipt for each, receipt in self.mined.values() if each == raw), None)
        if known is not None:
            return known
        receipt = self.engine.send(raw)
        head = self.head
        self.mined[head.number] = raw, receipt
        self.watch.mined(read_transaction(raw), receipt, head)
        self._finalize()
        return receipt

    def slot(self, seconds: int) -> None:
        """Time passes: what is due is mined, in the order of the pool, and a block without anything."""
        self.clock.now += seconds
        due = [raw for when, raw in self.pool if when <= self.clock.now]
        self.pool = [each for each in self.pool if each[0] > self.clock.now]
        for raw in due:
            self.mine_if_good(raw)
        self.engine.add_empty()
        self.watch.mined(None, None, self.head)
        self._finalize()

    def mine_if_good(self, raw: bytes) -> None:
        """One whose number was used meanwhile falls out of the pool."""
        try:
            self.mine(raw)
        except ValueError:
            return

    def submit(self, by: Key, data: bytes, *, to: bytes | None = None) -> None:
        """Somebody who is no node sends a call, to the coordinator if nothing else is said."""
        nonce = self.engine.nonce(by.address)
        raw = signed(by, chain_id=CHAIN_ID, nonce=nonce, to=to or self.engine.rollover, data=data, gas=8_000_000)
        self.mine_if_good(raw)

    def reorganize(self, blocks: int, *, come_back: bool) -> None:
        """The last blocks that are not final never were; their transactions wait again, or are lost."""
        blocks = min(blocks, self.head.number - self.final)
        if blocks <= 0:
            return
        first = self.head.number - blocks + 1
        gone = [self.mined.pop(number)[0] for number in range(first, self.head.number + 1) if number in self.mined]
        self.engine.take_back(blocks)
        self.watch.taken_back(self.head.number)
        self.pool += [(self.clock.now, raw) for raw in gone] if come_back else []

    def suspend_rules(self, until: int) -> None:
        """The emergency stop, in blocks of the council."""
        before = len(self.engine.heads())
        self.engine.suspend_rules(until)
        for head in self.engine.heads()[before:]:
            self.watch.mined(None, None, head)
        self._finalize()

    def _finalize(self) -> None:
        self.final = max(self.final, self.head.number - self.depth)
        self.watch.finalized(self.final)


@dataclass
class Endpoints:
    """The chain as one node has it: of three endpoints, ``agree`` must say the same; at most one lies or lags."""

    net: Net
    faults: Faults
    boundary_of: Callable[[Sent], str]
    agree: int = 2
    cut_until: int = 0

    chain_id = CHAIN_ID

    # ---- reading

    def head(self) -> Head:
        return self._told(lambda lag: self.net.engine.heads()[max(self.net.head.number - lag, self.net.final)])

    def final(self) -> Head:
        return self._told(lambda lag: self.net.engine.heads()[max(self.net.final - lag, 0)])

    def block(self, number: int) -> Head | None:
        self._reach()
        heads = self.net.engine.heads()
        return heads[number] if number < len(heads) else None

    def nonce(self, address: bytes) -> int:
        self._reach()
        return self.net.engine.nonce(address)

    def call(self, to: bytes, data: bytes, *, sender: bytes = bytes(20), at: At = "latest") -> bytes:  # noqa: ARG002
        self._reach()
        number = at if isinstance(at, int) else self.net.head.number
        if number > self.net.head.number:
            raise SilentError("this block is gone")
        told = self.net.engine.call(to, data, number)
        if self._is_lied() and data[:4] == _WORD_OF:
            told = self._agreed([self._lie(data), told, told])
        return told

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        raise NotImplementedError("no node asks for it")

    def calldata(self, tx_hash: bytes) -> bytes | None:
        self._reach()
        mined = ((raw, receipt) for raw, receipt in self.net.mined.values() if receipt.tx_hash == tx_hash)
        return next((read_transaction(raw).data for raw, _ in mined), None)

    def logs(self, from_block: int, to_block: int, addresses: Sequence[bytes]) -> list[Log]:
        self._reach()
        receipts = [receipt for number, (_, receipt) in self.net.mined.items() if from_block <= number <= to_block]
        return [log for receipt in receipts for log in receipt.logs if log.address in addresses]

    # ---- sending

    def send_raw(self, raws: Sequence[bytes]) -> list[Receipt]:
        return [self._send(raw) for raw in raws]

    def _send(self, raw: bytes) -> Receipt:
        sent = read_transaction(raw)
        self._reach()
        kind = self.faults.at(
            self.boundary_of(sent), Fault.DROP, Fault.LOST_ANSWER, Fault.DELAY, Fault.REORDER, Fault.DUPLICATE,
            Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.GAS, Fault.NONCE, times=3,
        )  # fmt: skip
        match kind:
            case Fault.DROP:
                raise SilentError("nobody took it")
            case Fault.CRASH_BEFORE:
                raise Stopped("before sending")
            case Fault.NONCE:
                raise ValueError("this number is used")
            case Fault.DELAY | Fault.REORDER:
                later = self.net.clock.now + 60 + self.faults.dice.below(DAY if kind is Fault.DELAY else 3_600)
                self.net.pool.insert(0 if kind is Fault.REORDER else len(self.net.pool), (later, raw))
                raise SilentError("it waits in the pool")
            case Fault.GAS:
                return self._without_effect(sent)
        receipt = self.net.mine(raw)
        if kind is Fault.DUPLICATE:
            self.net.submit(key("copier"), sent.data)
        if kind is Fault.LOST_ANSWER:
            raise SilentError("it was mined, and nobody said so")
        if kind is Fault.CRASH_AFTER:
            raise Stopped("after sending")
        return receipt

    def _without_effect(self, sent: Sent) -> Receipt:
        """Too little gas: it takes its number and does nothing."""
        receipt = self.net.mine(_starved(sent, self.net))
        return replace(receipt, is_done=False, output=b"")

    # ---- what goes wrong

    def _reach(self) -> None:
        if self.faults.is_on and self.net.clock.now < self.cut_until:
            raise SilentError("no way to the chain")

    def _told(self, asked: Callable[[int], Head]) -> Head:
        self._reach()
        honest = asked(0)
        kind = self.faults.at("R8", Fault.LIE, Fault.LAG, Fault.DROP, Fault.PARTITION)
        match kind:
            case Fault.LIE:
                return self._agreed([Head(honest.number, honest.hash, honest.time + 30 * DAY), honest, honest])
            case Fault.LAG:
                return self._agreed([asked(1 + self.faults.dice.below(3)), honest, honest])
            case Fault.DROP:
                raise SilentError("no answer")
            case Fault.PARTITION:
                self.cut_until = self.net.clock.now + 600 + self.faults.dice.below(2 * DAY)
                raise SilentError("no way to the chain")
        return honest

    def _is_lied(self) -> bool:
        return self.faults.at("R8", Fault.LIE) is not None

    def _lie(self, data: bytes) -> bytes:
        asked = int.from_bytes(data[4:36], "big")
        return self.net.ids.get(asked, bytes(32))[:31] + bytes([self.faults.dice.one_of((0, 2, 3, 4))])

    def _agreed(self, told: Sequence[T]) -> T:
        """What so many say; the first that says it."""
        counted = Counter(told)
        found = next((each for each in told if counted[each] >= self.agree), None)
        if found is None:
            raise SilentError("the endpoints do not agree")
        return found


def _starved(sent: Sent, net: Net) -> bytes:
    by = next(each for each in (key(f"{name}'s relay") for name in CUSTODIANS) if each.address == sent.sender)
    data = sent.data[:4]  # nothing that could be read
    return signed(by, chain_id=CHAIN_ID, nonce=sent.nonce, to=net.engine.rollover, data=data, gas=8_000_000)

"""The coordinator over a network that is asked: what it cannot answer is silence; sending is durable (rails/sender).

A transaction is stored before it is sent. The same call is on its way once at a time; after a final block has it, it is
sent anew only if the newest block would take it. (The first time nobody asks: a block that is old knows an old time.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import psycopg

from open401k.kernel import Open401kError

from ..calls import answer_of, call_of, refusal_of
from ..chain.interface import Head
from ..chain.rpc import RpcChain
from ..keys import Key
from ..sender import Fees, Sender
from ..transactions import Relay
from .cases import Agreed
from .coordinator import GAS, ChainCoordinator, Refusal
from .core import SilentError
from .following import Standing
from .kept import KeptCases

#: The advisory lock of who works for a node: one process at a time, as long as its connection lives.
_LOCK = 0x6E6F6465

_MEMBER = "(uint64,uint16,uint16,address)"
#: How often, a tenth of a second apart, the turn is asked for at a start.
WAITS = 100
#: Seconds by our clock after a deadline, and the gas of a transaction without contents.
NUDGE_AFTER, NUDGE_GAS = 5, 21_000


class BusyError(Open401kError):
    """Another process works for this node."""


class Turn:
    """The right to send for a node, and the connection that holds it; taken anew when the connection broke."""

    def __init__(self, url: str) -> None:
        self._files = KeptCases(url)
        self._backend: int | None = None

    def connection(self) -> psycopg.Connection[tuple[object, ...]]:
        """The connection; :class:`BusyError` while another process has the turn."""
        with self._files.connected() as conn:
            if self._backend != conn.info.backend_pid:
                row = conn.execute("select pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
                if row != (True,):
                    raise BusyError("Another process runs this node.", fix="Stop it first: one works for a node.")
                self._backend = conn.info.backend_pid
        return conn

    def wait(self, sleep: Callable[[float], None]) -> None:
        """Take it; who was killed a moment ago may still have it, so it is asked for some seconds."""
        for left in reversed(range(WAITS)):
            try:
                self.connection()
            except BusyError:
                if not left:
                    raise
                sleep(0.1)
            else:
                return

    def close(self) -> None:
        """Give it back."""
        self._files.close()


class NetworkCoordinator(ChainCoordinator):
    """The coordinator as a node's process has it. One thread sends; others may ask."""

    def __init__(
        self, chain: RpcChain, *, rollover: bytes, network: bytes, relay: Key | Relay, turn: Turn,
        now: Callable[[], int], fees: Fees | None = None,
    ) -> None:  # fmt: skip
        super().__init__(chain, rollover=rollover, network=network, relay=relay)
        self._rpc, self._relay_key, self._turn, self._now, self._fees = chain, relay, turn, now, fees
        self._coordinator = rollover

    def send(self, data: bytes) -> Refusal | None:
        with _silence():
            purpose, sender = "node:" + hashlib.sha256(data).hexdigest(), self._sender()
            refusal = self.foretold(data) if sender.was_settled(purpose) else None
            if refusal is not None:
                return refusal
            self._newest, self._is_sent = None, True
            receipt = sender.once_at_a_time(purpose, to=self._coordinator, data=data, gas=GAS)
            if receipt is None or receipt.is_done:
                return None
            told = refusal_of(receipt.output or self._why(data, receipt.block))
            return Refusal(told.code, told.words)

    def look_after(self) -> None:
        """What is on its way: settled, sent again, or sent at a higher fee."""
        with _silence():
            sender = self._sender()
            if not sender.is_idle():
                sender.round()

    def nudge(self, deadline: int) -> bool:
        """Where a chain makes blocks only of transactions, its time stands still: send one that does nothing.

        Nothing is decided here: that a deadline is past is said by a final block. True if one was sent.
        """
        with _silence():
            head = self._rpc.head()
            if head.time > deadline or self._now() <= deadline + NUDGE_AFTER:
                return False
            key = f"node:time after block {head.number}"
            self._sender().put(key, to=self._relay_key.address, data=b"", gas=NUDGE_GAS)
            return True

    def _sender(self) -> Sender:
        return Sender(self._turn.connection(), self._rpc, self._relay_key, now=self._now, fees=self._fees)

    def foretold(self, data: bytes) -> Refusal | None:
        with _silence():
            return super().foretold(data)


class Asked:
    """What the newest final block says of members, for any thread: the coordinator of a pass is the worker's alone."""

    def __init__(self, chain: RpcChain, *, rollover: bytes, network: bytes) -> None:
        self._chain, self._rollover, self._network = chain, rollover, network

    def signer_of(self, us: bytes) -> bytes:
        """The key that signs for this member; 20 zeros if it has none. :class:`SilentError` if nobody answers."""
        return self.member(us)[2]

    def member(self, us: bytes) -> tuple[int, int, bytes]:
        """Until when it is a member, its roles, and the key that signs for it."""
        with _silence():
            answer = self._chain.call(self._network, call_of("member(address)", us), at="final")
        ((until, roles, _, signer),) = cast("tuple[tuple[int, int, int, str]]", answer_of([_MEMBER], answer))
        return until, roles, bytes.fromhex(signer[2:])

    def standing(self, agreed: Agreed) -> Standing:
        """How a rollover stands at the newest final block."""
        nobody = Key(b"\x01" * 32)  # nothing is sent here
        coordinator = ChainCoordinator(self._chain, rollover=self._rollover, network=self._network, relay=nobody)
        with _silence():
            return coordinator.final(agreed)

    def final_block(self) -> Head:
        """The newest final block."""
        with _silence():
            return self._chain.final()


@contextmanager
def _silence() -> Iterator[None]:
    """Nobody answers, or nobody can be believed: nothing is known, and it is asked again later."""
    try:
        yield
    except SilentError:
        raise
    except (Open401kError, psycopg.OperationalError, psycopg.InterfaceError) as why:
        raise SilentError(str(why)) from why

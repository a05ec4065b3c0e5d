"""Our transactions in order: each is stored before it is sent, sent again as often as needed, and happens once.

A number is taken once for each purpose. What is not in a block for long is sent with the same number at a higher fee,
so that only one of its forms can ever happen. After the chain went back the same bytes are sent again. Where a final
block gave the number to a transaction that no form here is (an older backup forgot the form that came, or somebody else
signs with the key), that is told once; the purpose may go on under another number, if who asks for it still wants it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from open401k.base.db import migrate_schema
from open401k.base.faults import fault
from open401k.kernel import Open401kError

from ..chain.interface import Head, Receipt
from ..keys import Key
from ..transactions import NotSignedError, Relay, read, signed
from . import _store
from ._store import Form, Task

_logger = logging.getLogger("open401k.node.sender")
#: So often a number is taken by somebody else between its signature and its turn.
_TRIES: Final = 16


class Network(Protocol):
    """A chain as senders need it."""

    @property
    def chain_id(self) -> int: ...

    def offer(self, raw: bytes) -> None: ...

    def gas_price(self) -> int: ...

    def nonce(self, address: bytes) -> int: ...

    def nonce_at(self, address: bytes, block: int) -> int: ...

    def final(self) -> Head: ...

    def receipt(self, tx_hash: bytes) -> Receipt | None: ...


class TakenError(Open401kError):
    """A number of this key went to what is no form of ours: an older backup forgot it, or the key is in two places."""


class _FasterError(Exception):
    """Another process took the number, or sent for the purpose: what was begun is undone."""


@dataclass(frozen=True, slots=True)
class Fees:
    """At most how much for a unit of gas, and after how many seconds without a block it is raised by an eighth."""

    most: int = 0
    patience: int = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """A purpose whose transaction is in a final block."""

    key: str
    receipt: Receipt


def prepare(url: str) -> list[str]:
    """Make the tables of this version; the names of the migrations applied."""
    return migrate_schema(url, package=__package__ or "", schema="sender")


class Sender:
    """The transactions of one key; ``now`` answers seconds since 1970. One process sends for a key at a time."""

    def __init__(
        self, conn: _store.Connection, network: Network, key: Key | Relay, *, now: Callable[[], int],
        fees: Fees | None = None,
    ) -> None:  # fmt: skip
        self._conn, self._network, self._key = conn, network, key
        self._now, self._fees = now, fees or Fees()
        self._address = key.address

    def put(self, key: str, *, to: bytes | None, data: bytes, gas: int) -> int:
        """Take the next number for this purpose, store what is sent, send it; the number.

        The same purpose again is the same number, whatever happened meanwhile; with other contents it is refused.
        The network and the signer are asked before the transaction begins: for the number that is next then. Where
        another process took that one, what was signed for it was never sent, and it is signed anew.
        """
        if (known := self._known(key, to, data, gas)) is not None:
            return known
        on_chain, price = self._network.nonce(self._address), min(self._network.gas_price(), self._fees.most)
        for _ in range(_TRIES):
            task = Task(_store.next_number(self._conn, self._address, on_chain), key, to, data, gas)
            form = self._signed(task, price)
            fault("rails.sender.after_signature")
            if self._is_kept(task, form, on_chain):
                fault("rails.sender.after_commit")
                self._offer(form)
                fault("rails.sender.after_offer")
                return task.nonce
            if (known := self._known(key, to, data, gas)) is not None:
                return known
        raise Open401kError(f"Others send by 0x{self._address.hex()} all the time.", fix="Let one process send for it.")

    def _is_kept(self, task: Task, form: Form, on_chain: int) -> bool:
        """Whether it has the number that it was signed for, and is stored; else somebody was faster, and nothing is."""
        try:
            with self._conn.transaction():
                # The row of this key is locked before the purpose is looked for: two at once take one number each.
                taken = _store.take_number(self._conn, self._address, on_chain)
                if taken != task.nonce or _store.by_key(self._conn, task.key) is not None:
                    raise _FasterError
                _store.add_task(self._conn, self._address, task)
                _store.add_form(self._conn, self._address, task.nonce, form)
                fault("rails.sender.before_commit")
        except _FasterError:
            return False
        return True

    def _known(self, key: str, to: bytes | None, data: bytes, gas: int) -> int | None:
        """The number of a purpose that was sent before."""
        known = _store.by_key(self._conn, key)
        if known is None:
            return None
        address, task = known
        if (address, task.recipient, task.data, task.gas) != (self._address, to, data, gas):
            raise Open401kError(f"{key} was sent with other contents.", fix="Give what is new its own key.")
        return task.nonce

    def once_at_a_time(self, purpose: str, *, to: bytes | None, data: bytes, gas: int) -> Receipt | None:
        """Have it on its way, and sent anew only after a final block has it, or another of its number; its receipt once
        a block has it. Ask :meth:`was_settled` first whether it is still wanted: what was lost here may have happened.

        :class:`NotSignedError` if it is not signed, or waits and is not signed at the higher fee that it needs.
        """
        number = 0
        while (known := _store.by_key(self._conn, f"{purpose}/{number}")) is not None:
            if not _store.is_settled(self._conn, known[0], known[1].nonce):
                self._look_after(known[1], self._network.final())
                break
            number += 1
        nonce = self.put(f"{purpose}/{number}", to=to, data=data, gas=gas)
        forms = _store.forms(self._conn, self._address, nonce)
        return next((found for form in forms if (found := self._network.receipt(form.tx_hash))), None)

    def was_settled(self, purpose: str) -> bool:
        """Whether what was sent for this purpose came into a final block before, or may have."""
        known = _store.by_key(self._conn, f"{purpose}/0")
        return known is not None and _store.is_settled(self._conn, known[0], known[1].nonce)

    def is_idle(self) -> bool:
        """Whether everything that was sent is in a final block."""
        return not _store.open_tasks(self._conn, self._address)

    def round(self) -> list[Outcome]:
        """Look after everything that is on its way; what is final since the last time."""
        final = self._network.final()
        settled, taken = list[Outcome](), list[TakenError]()
        for task in _store.open_tasks(self._conn, self._address):
            # Whose purpose it is hears of a refused signature when they ask for it again; the others wait for nobody.
            try:
                outcome = self._look_after(task, final)
                settled += [] if outcome is None else [outcome]
            except NotSignedError:
                continue
            except TakenError as why:  # told, once the others were looked after
                taken.append(why)
        if taken:
            raise taken[0]
        return settled

    def _look_after(self, task: Task, final: Head) -> Outcome | None:
        """One that is on its way: settled in a final block, or sent again where no block has it."""
        forms = _store.forms(self._conn, self._address, task.nonce)
        receipt = next((found for form in forms if (found := self._network.receipt(form.tx_hash))), None)
        if receipt is not None and receipt.block.number <= final.number:
            _store.done(self._conn, self._address, task.nonce, receipt.tx_hash, is_done=receipt.is_done)
            return Outcome(task.key, receipt)
        if receipt is None and task.nonce < self._network.nonce_at(self._address, final.number):
            self._lose(task, forms)
        elif receipt is None:
            self._again(task, forms)
        return None

    def _lose(self, task: Task, forms: list[Form]) -> None:
        """Its number is used: none of its forms can happen any more, unless a block has one by now."""
        if any(self._network.receipt(form.tx_hash) for form in forms):
            return
        _store.lost(self._conn, self._address, task.nonce)
        _logger.warning("number %d of 0x%s went to what is not on file", task.nonce, self._address.hex())
        raise TakenError(
            f"Number {task.nonce} of 0x{self._address.hex()} was used by a transaction that is not on file.",
            fix="After an older backup it is ours, and nothing is to be done. Else find who signs with this key.",
        )

    def _again(self, task: Task, forms: list[Form]) -> None:
        """The last form once more, or a dearer one where it waited long enough and a dearer one is allowed."""
        last = forms[-1]
        dearer = min(max(last.gas_price * 9 // 8 + 1, self._network.gas_price()), self._fees.most)
        is_enough = dearer > last.gas_price and dearer * 8 >= last.gas_price * 9  # networks want a tenth more
        if is_enough and self._now() - last.sent_at >= self._fees.patience:
            try:
                last = self._signed(task, dearer)
                _store.add_form(self._conn, self._address, task.nonce, last)
            except NotSignedError:
                self._offer(last)  # fees may fall, and a network that lost it has it again
                raise
        self._offer(last)

    def _signed(self, task: Task, gas_price: int) -> Form:
        raw = signed(
            self._key, chain_id=self._network.chain_id, nonce=task.nonce, to=task.recipient, data=task.data,
            gas=task.gas, gas_price=gas_price,
        )  # fmt: skip
        return Form(read(raw).tx_hash, raw, gas_price, self._now())

    def _offer(self, form: Form) -> None:
        try:
            self._network.offer(form.raw)
        except ValueError as why:
            if self._network.receipt(form.tx_hash) is None and not _passes(str(why)):
                raise Open401kError(
                    f"The network refuses a transaction: {why}", fix="Look at its gas and fee."
                ) from why


def _passes(said: str) -> bool:
    """What a later round clears up: it is there in another form, or those before it are not there yet."""
    words = ("underpriced", "nonce", "already", "known", "replacement")
    return any(word in said.lower() for word in words)

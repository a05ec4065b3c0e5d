"""Asking a network's contracts for a number; a transaction on them, tried before it is sent. Not here: what it says."""

from __future__ import annotations

from typing import cast

from open401k.kernel import Open401kError

from ..calls import answer_of, call_of, refusal_of
from ..chain.interface import Receipt, RevertedError
from ..keys import Key
from ..transactions import signed
from .place import There

GAS = 3_000_000


class RefusedError(Open401kError):
    """A contract refuses: nothing was sent, or what was sent changed nothing."""


def act(there: There, key: Key, to: bytes, data: bytes) -> Receipt:
    """Ask the contract first, so that a refusal costs no number; then send, and wait for its block."""
    chain = there.chain
    try:
        chain.call(to, data, sender=key.address)
    except RevertedError as why:
        raise _refused(why.data) from None
    raw = signed(key, chain_id=chain.chain_id, nonce=chain.nonce(key.address), to=to, data=data, gas=GAS)
    try:
        (receipt,) = chain.send_raw([raw])
    except ValueError as why:
        raise RefusedError(f"The chain refuses the transaction: {why}.", fix="Send it again; look at the key.") from why
    if not receipt.is_done:
        raise _refused(receipt.output)
    return receipt


def number_of(there: There, contract: bytes, call: str, *given: object) -> int:
    """A contract's answer that is one number."""
    (found,) = answer_of(["uint256"], there.chain.call(contract, call_of(call, *given)))
    return cast("int", found)


def _refused(data: bytes) -> RefusedError:
    words = refusal_of(data).words
    return RefusedError(f"The contract refuses: {words}.", fix=_FIXES.get(words, "Look at what is on file there."))


_FIXES = {
    "council: too few seats": "Let more seats sign it.",
    "council: not a seat": "Take out the signature of who is no seat.",
    "council: not its signature": "Write the motion anew under the number that the network is at, and sign again.",
    "council: no such motion was passed": "Pass it first.",
    "council: the delay is not over": "Wait until the day that `open401k network motion show` names.",
    "council: the motion has lapsed": "Write, sign and pass it again.",
    "deposit: only the bank": "Name the bank's key.",
    "deposit: the payee may not hold": "Let the bank admit the holder first.",
    "deposit: the payer is frozen": "Only the bank lifts that.",
    "deposit: not enough": "Look at the balance.",
    "network: not a member": "The council admits it first.",
}

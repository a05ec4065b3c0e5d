"""What must hold on chain at each block, whoever sent what: no rule is passed over, the model says the same.

Not here: deposits and escrows (run), what nodes may do (trace).
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import messages
from ..calls import call_of, refusal_of
from ..chain.interface import Head, Receipt
from .engines import Engine
from .model import tip
from .model_chain import RECEIPTS, Status, Tx
from .net import NAMES
from .rollovers import Rollover
from .twin_chain import Sent

#: What the contract must take also while rules are suspended: it gives money back, or tells of books.
_ALWAYS = frozenset({"abort", "expire", "post"})
_OF_RULES = frozenset({606, 607, 608})
_ENDS = frozenset({Tx.ABORT, Tx.EXPIRE, Tx.TAKE, *RECEIPTS})
_STATES = {Status.PREPARING: 1, Status.COMMITTED: 2, Status.ABORTED: 3, Status.CLOSED: 4}


def check_agreed(engine: Engine, each: Rollover, tx: Tx | None, head: Head) -> None:
    """I12, I13: nothing is opened, voted for or settled while its rules are suspended or its identity is revoked."""
    if tx is None or tx in _ENDS:
        return
    version = each.told.terms.rule_version
    if _number(engine, engine.network, call_of("suspended_until(uint32)", version), head.number) > head.time:
        raise AssertionError(f"I12 {each.name}: {tx} in block {head.number}, while its rules are suspended")
    told = each.told.attestation
    hashed = messages.attestation_hash(each.told.election.participant, told)
    if _number(engine, engine.network, call_of("revoked(address,bytes32)", told.attestor, hashed), head.number):
        raise AssertionError(f"I13 {each.name}: {tx} in block {head.number}, and its identity was revoked")


def check_refused(sent: Sent, receipt: Receipt) -> None:
    """I16: no stop of the rules keeps anybody from ending a rollover, or from telling that books followed."""
    what = NAMES.get(sent.data[:4], "")
    if not receipt.is_done and what in _ALWAYS and refusal_of(receipt.output).code in _OF_RULES:
        raise AssertionError(f"I16 {what} in block {receipt.block.number} is refused because of rules")


def check_words(engine: Engine, among: Sequence[Rollover], at: int) -> None:
    """I3, I4: the coordinator's word for each is what the model makes of all that was sent."""
    for each in among:
        word = _number(engine, engine.rollover, call_of("word_of(uint256)", each.key), at)
        found = word & 255 if word >> 8 == int.from_bytes(each.id, "big") >> 8 else 0
        status = tip(each.trace.state).status
        if found != _STATES.get(status, 0):
            raise AssertionError(f"I3 {each.name}: the coordinator's word ends in {found}, and the model says {status}")


def check_replayed(engine: Engine) -> None:
    """I14: each block is what its transaction makes of the one before, computed anew from the founding."""
    for told, found in zip(engine.heads(), engine.replayed(), strict=True):
        if told != found:
            raise AssertionError(f"I14 block {told.number} is not what its transactions make of it")


def _number(engine: Engine, to: bytes, asked: bytes, at: int) -> int:
    return int.from_bytes(engine.call(to, asked, at), "big")

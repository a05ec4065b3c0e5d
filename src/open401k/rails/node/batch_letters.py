"""Letters about batches that came: noted for the next pass, which has the core, the key and the chain."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .batch_waits import go_on_singly, go_on_without
from .batching import MOST_BATCHED, Batch, Stage
from .codec import BadInputError
from .codes import BATCH_DECLINED
from .deal import DealUnit
from .desk import Desk
from .letters import BatchDeclined, BatchOffered, BatchSigned, Came, Letter, LetterKind, Outgoing, Taken, body_of

KINDS: Final = frozenset({LetterKind.BATCH, LetterKind.BATCH_SIGNED, LetterKind.BATCH_DECLINED})


def take_batch(unit: DealUnit, desk: Desk, peer: bytes, letter: Letter) -> Taken:
    """One letter about a batch, taken once and in order. It has no case: each of its cases goes its own way."""
    try:
        body = body_of(letter)
    except BadInputError as wrong:
        return Taken(Came.REFUSED, words=str(wrong))
    batch = unit.batch(peer, letter.reference)
    if isinstance(body, BatchOffered):
        if batch is None and (why := _unfit(body, desk, peer)) is not None:
            return Taken(Came.REFUSED, words=why)
    elif batch is None or batch.first != desk.us:
        return Taken(Came.REFUSED, words="no batch of ours has this reference")
    came = unit.take_letter(peer, letter)
    if came is not Came.TAKEN:
        return Taken(came)
    match body:
        case BatchOffered():
            _asked(unit, desk, peer, letter.reference, body)
        case BatchSigned() if batch is not None and batch.stage is Stage.OFFERED:
            unit.change_batch(batch, replace(batch, stage=Stage.SIGNED, signed_second=body.signature))
        case BatchDeclined() if batch is not None and batch.stage is Stage.OFFERED:
            unit.change_batch(batch, replace(batch, stage=Stage.OVER))
            _declined(unit, desk, batch, body)
        case _:
            pass  # its time is over here: each went on singly
    return Taken(Came.TAKEN)


def batch_kept_out(unit: DealUnit, sent: Outgoing) -> None:
    """The other side takes no such letter: what we offered goes on singly."""
    batch = unit.batch(sent.to, sent.letter.reference)
    if batch is not None and batch.stage is Stage.OFFERED:
        unit.change_batch(batch, replace(batch, stage=Stage.OVER))
        go_on_singly(unit, batch)


def _unfit(body: BatchOffered, desk: Desk, peer: bytes) -> str | None:
    if body.first != peer or body.second != desk.us or peer == desk.us:
        return "the batch names other custodians than who sent it to whom"
    if not 1 <= len(body.ids) <= MOST_BATCHED or len(set(body.ids)) < len(body.ids):
        return f"a batch holds from 1 to {MOST_BATCHED} rollovers, each once"
    return None


def _asked(unit: DealUnit, desk: Desk, peer: bytes, reference: bytes, body: BatchOffered) -> None:
    batch = Batch(peer, reference, body.first, body.second, body.token, body.deadline, body.ids, Stage.ASKED,
                  signed_first=body.signature)  # fmt: skip
    if desk.takes_batches:
        unit.add_batch(batch)
        return
    unit.add_batch(replace(batch, stage=Stage.OVER))
    told = BatchDeclined(BATCH_DECLINED, "this node takes no batches")
    unit.put_letter(peer, reference, LetterKind.BATCH_DECLINED, told)


def _declined(unit: DealUnit, desk: Desk, batch: Batch, body: BatchDeclined) -> None:
    unfit = {each.rollover: f"the other side says: {each.words}" for each in body.items if each.rollover in batch.ids}
    if unfit and desk.takes_batches:
        go_on_without(unit, batch, unfit=unfit, at=desk.now())
    else:
        go_on_singly(unit, batch)

"""Letters about batches between the nodes of a run, over a bad line; what a batch is signed for. Not here: nodes.

Offering, answering, declining and sending are the nodes' own (node/batches); here letters are lost, late, repeated, and
what a node signed is told to the model: a signature under a batch is the vote of each rollover in it.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from open401k.base.faults import Stopped

from ..node.batching import Batch, Stage
from ..node.core import HoldState
from ..node.letters import Came, Outgoing
from ..node.taking import kept_out, take
from .chance import Fault
from .engines import address_of
from .parties import Party
from .rollovers import Played, Rollover
from .trace import DepartedError

LETTERS = (
    Fault.DROP, Fault.LOST_ANSWER, Fault.DELAY, Fault.REORDER, Fault.DUPLICATE, Fault.CRASH_BEFORE, Fault.CRASH_AFTER,
)  # fmt: skip


def carry(run: Played) -> None:
    """Each node's letters are brought to the other; one that is kept out there is told to who sent it."""
    for party in run.parties.values():
        with party.cases.begin() as unit:
            waiting = list(unit.letters_out())
        if run.faults.at("B2", Fault.REORDER, times=2):
            waiting.reverse()
        for sent in waiting:
            with suppress(OSError, Stopped):  # a full disk, a process that ends: it comes again
                _bring(run, party, sent)


def _bring(run: Played, party: Party, sent: Outgoing) -> None:
    to = next(each for each in run.parties.values() if address_of(each.name) == sent.to)
    kind = run.faults.at("B2", *LETTERS, times=2)
    if kind in (Fault.DROP, Fault.DELAY, Fault.REORDER):
        return  # nobody took it now
    if kind is Fault.CRASH_BEFORE:
        party.end("before a letter", at=run.clock.now)
        return
    came = Came.EARLY
    for _ in range(2 if kind is Fault.DUPLICATE else 1):
        with to.cases.begin() as unit:
            came = take(unit, to.desk, address_of(party.name), sent.letter).came
    if kind is Fault.CRASH_AFTER:
        party.end("after a letter", at=run.clock.now)
    if kind in (Fault.LOST_ANSWER, Fault.CRASH_AFTER):
        return
    with party.cases.begin() as unit:
        if came is Came.EARLY:
            unit.send_again(sent.to, sent.letter.reference)
        elif came is Came.REFUSED:
            kept_out(unit, party.desk, sent)
        else:
            unit.letter_sent(sent.to, sent.letter.reference, sent.letter.number)


def batches_of(run: Played) -> dict[str, int]:
    """How many there were, as one side has it: where they stand, and what was left out of one or offered again."""
    found: Counter[str] = Counter()
    for party in run.parties.values():
        found.update(str(batch.stage) for batch in party.cases.shelf.batches.values() if batch.second == batch.peer)
        told = [event.words for event in party.cases.shelf.events]
        found["left out"] += sum(words.startswith("left out of a batch") for words in told)
        found["offered again"] += sum(words.startswith("waits for a batch without") for words in told)
    return dict(found)


def note_signed(party: Party, batch: Batch, among: list[Rollover]) -> None:
    """A signature of ours is durable: it promises what the core holds now, and no rollover twice (ADR-0063)."""
    if batch.stage not in (Stage.OFFERED, Stage.SIGNED):
        return
    for each in (one for one in among if one.id in batch.ids):
        place = each.custodians.index(party.name)
        _, _, side = each.parts[place]
        held = party.core.status(each.id, side).state
        first = batch.stage is Stage.OFFERED or batch.second == address_of(party.name)
        if first and held not in (HoldState.HELD, HoldState.POSTED):
            raise DepartedError(f"I10 {each.name}: {party.name} signs a batch, and its core says {held}")
        if first:
            each.trace.voted(place)
        both = [one for one in party.cases.shelf.batches.values() if each.id in one.ids and one.stage is Stage.SIGNED]
        if len(both) > 1:
            raise DepartedError(f"ADR-0063 {each.name}: it is in two batches that both custodians signed")

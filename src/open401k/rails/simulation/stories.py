"""What may follow a rollover or stand in for its votes: it is given back, or settled in a batch. Not here: the run.

A return is a rollover of its own that names the first; each side opens its file by the node's own verb. A batch is
signed here for both custodians, of what both hold: how nodes come to sign one together is tested with deals.
"""

from __future__ import annotations

from dataclasses import replace

from .. import messages
from ..calls import call_of
from ..node.cases import State
from ..node.core import HoldState, Side
from ..node.exceptions import give_back as opened_back
from ..node.opening import agree, move
from .chance import Fault
from .engines import CHAIN_ID, DAY, address_of, key, signer_of
from .net import Net
from .rollovers import Played, Rollover

_READY = (State.DATA_REQUESTED, State.PREVALIDATED, State.LIQUIDATING)
_BATCH = "settle_batch(uint256,uint256,uint256,uint256,bytes,bytes,bytes)"


def give_back(run: Played) -> None:
    """Some of what was posted on both sides goes back, of each receiver once, from its own part: it was a mistake."""
    each = run.dice.one_of(run.rollovers)
    place = 1 + run.dice.below(len(each.receivers))
    giver = each.custodians[place]
    sides = ((each.source, Side.SOURCE), (giver, Side.RECEIVER))
    files = [] if each.is_other or each.parent else [run.file(name, each, side) for name, side in sides]
    known = any(other.parent == each.id and other.source == giver for other in run.rollovers)
    if known or not files or not all(file is not None and file.state is State.POSTED for file in files):
        return
    came = (leg for leg in each.told.terms.legs if leg.to == place - 1)
    legs = tuple(replace(leg, to=0, amount=1 + run.dice.below(leg.amount)) for leg in came)
    number = 100 + each.told.election.number
    told = run.signed(number, (giver, each.source), legs, (), parent=each.id)
    name = f"{each.name} back from {giver}"
    made = run.add(name, told, (giver, each.source), parent=each.id)
    for who, agreed in zip(made.custodians, made.agreed, strict=True):
        party = run.parties[who]
        with party.cases.begin() as unit:
            opened_back(unit, each.name, name)
            move(unit, name, *_READY)
        party.early.append(party.cases.kept)
        with party.cases.begin() as unit:
            agree(unit, name, agreed)


def batch(run: Played, net: Net) -> None:
    """Both sign for all that both hold and nobody else votes on, and somebody sends it."""
    held = [each for each in run.rollovers if _is_held(run, each)]
    if not held or not run.faults.is_on:
        return
    pair = run.names[:2]
    first, second = (int.from_bytes(address_of(name), "big") for name in pair)
    token, until = net.engine.token, run.clock.now + DAY
    hashed = messages.batch_hash(address_of("east"), address_of("west"), token, until, [each.id for each in held])
    digest = messages.rollover_domain(CHAIN_ID, net.engine.rollover).digest(hashed)
    signatures = [signer_of(name).sign(digest) for name in pair]
    encoded = messages.encode_batch([each.encoded for each in held])
    for each in held:  # the signature under the batch is the vote of each
        each.trace.voted(0)
        each.trace.voted(1)
    data = call_of(_BATCH, first, second, int.from_bytes(token, "big"), until, encoded, *signatures)
    later = run.faults.at("R10", Fault.DELAY, times=3)
    net.submit(key("batcher"), data, at=run.clock.now + run.dice.below(DAY) if later else None)


def _is_held(run: Played, each: Rollover) -> bool:
    """Whether both cores hold it now, nobody voted on it apart, and nobody wants its end."""
    if each.told.terms.voters or each.parent or each.is_other or len(each.receivers) > 1:
        return False
    files = [run.file(name, each, side) for _, name, side in each.parts]
    waits = all(file is not None and file.state is State.HELD and file.stop is None for file in files)
    held = (run.parties[name].core.status(each.id, side).state is HoldState.HELD for _, name, side in each.parts)
    return waits and all(held)

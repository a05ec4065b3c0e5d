"""What may follow a rollover or come between: it is given back, rules and clocks change. Not here: the run.

A return is a rollover of its own that names the first; each side opens its file by the node's own verb.
"""

from __future__ import annotations

from dataclasses import replace

from .. import messages
from ..calls import call_of
from ..messages import Role
from ..node.cases import State
from ..node.core import Side
from ..node.exceptions import give_back as opened_back
from ..node.opening import agree, move
from .chance import Fault
from .engines import CHAIN_ID, DAY, key
from .net import Net
from .rollovers import Played, Rollover
from .twin_chain import read_transaction

_READY = (State.DATA_REQUESTED, State.PREVALIDATED, State.LIQUIDATING)


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
        party.early.append(party.cases.all)
        with party.cases.begin() as unit:
            agree(unit, name, agreed)


def revoke(run: Played, net: Net) -> None:
    """The identity behind one rollover is revoked: the contract refuses it, and takes the others."""
    each = run.dice.one_of(run.rollovers)
    if not run.faults.is_on or run.dice.percent(50):
        return
    run.faults.note("R19", Fault.REVOKE)
    hashed = messages.attestation_hash(each.told.election.participant, each.told.attestation)
    net.submit(key("attestor"), call_of("revoke_attestation(bytes32)", hashed), to=net.engine.network)


def intrude(run: Played, net: Net) -> None:
    """Somebody without any right: votes by a key of their own, what was sent before, an expiry at any time."""
    if not run.faults.is_on:
        return
    each, what = run.dice.one_of(run.rollovers), run.dice.one_of((Fault.FORGED, Fault.REPLAY, Fault.EARLY))
    sent, at = b"", "R10"
    if what is Fault.EARLY:
        at, sent = "R17", call_of("expire(uint256)", each.key)
    elif what is Fault.FORGED:
        at, sent = _forged(run, net, each)
    elif net.mined:
        raw, _ = net.mined[run.dice.one_of(sorted(net.mined))]
        transaction = read_transaction(raw)
        sent = transaction.data if transaction.to == net.engine.rollover else b""
    if sent:
        run.faults.note(at, what)
        net.submit(key("stranger"), sent)


def _forged(run: Played, net: Net, each: Rollover) -> tuple[str, bytes]:
    """An approval by no custodian, or all that settle it at once."""
    domain, roles = messages.rollover_domain(CHAIN_ID, net.engine.rollover), [Role.SOURCE, Role.RECEIVER]
    hashed = (messages.approval_hash(each.id, role, bytes(32)) for role in roles)
    source, receiver = ((bytes(32), key("stranger").sign(domain.digest(one))) for one in hashed)
    voters = [source, *[receiver] * len(each.receivers)]
    if run.dice.percent(50):
        return "R10", call_of("settle(bytes,bytes)", each.encoded, messages.encode_approvals(voters))
    place = run.dice.below(len(voters))
    return "R7", call_of("approve(bytes,uint256,(bytes32,bytes))", each.encoded, place, voters[place])


def suspend(run: Played, net: Net) -> None:
    """The council stops the rules for a while."""
    if run.faults.is_on and run.dice.percent(50):
        run.faults.note("R19", Fault.SUSPEND)
        net.suspend_rules(run.clock.now + run.dice.below(3 * DAY))


def skew(run: Played) -> None:
    """A custodian's own clock goes wrong by up to ten days: nothing may follow from it."""
    party = run.parties[run.dice.one_of(run.names)]
    party.wrong = run.dice.below(20 * DAY) - 10 * DAY
    if run.faults.is_on:
        run.faults.note("R8", Fault.SKEW)

"""What those do who are no node: the settlement bank, two custodians who agree on what is against the rules.

They act by dice of their own, in a quarter of the seeds: what all others do in a seed stays as it was without them.
"""

from __future__ import annotations

from eth_hash.auto import keccak

from .. import messages
from ..calls import call_of
from ..kinds import Into, Kind
from ..messages import Leg, Role
from .chance import Fault
from .engines import CHAIN_ID, key, signer_of
from .net import Net
from .rollovers import Played
from .twin import case_of
from .twin_state import whole

_REFERENCES = 4  # few: one that was used is met


def act(run: Played) -> None:
    """Now and then one of them."""
    if run.later.percent(12):
        (bank if run.later.percent(70) else collude)(run, run.net)


def bank(run: Played, net: Net) -> None:
    """Deposits are minted for money that came, and redeemed for money that goes: by each reference once (I8)."""
    name, cents = run.later.one_of(run.names), 1 + run.later.below(9_000_00)
    reference = keccak(b"reference %d" % run.later.below(_REFERENCES))
    told = name, reference
    at, by, call = "R13", key("bank"), call_of("mint(address,uint256,bytes32)", key(name).address, cents, reference)
    if run.later.percent(40):
        at, by, call = "R12", key(name), call_of("redeem(uint256,bytes32)", cents, reference)
    known = run.referred.setdefault(at, set())
    if told in known or (at == "R13" and any(each == reference for _, each in known)):
        run.faults.note(at, Fault.DUPLICATE)
    known.add(told)
    net.submit(by, call, to=net.engine.token)


def collude(run: Played, net: Net) -> None:
    """Everybody signs that Roth money goes into a traditional IRA: the contract must not take it (I17)."""
    source, receiver = run.names[0], run.names[1]
    legs = (Leg(Kind.ROTH, Into.TRADITIONAL_IRA, 0, 1 + run.later.below(9_000_00), 0, bytes(32)),)
    told = run.signed(200 + run.later.below(50), (source, receiver), legs, (), days=1)
    case = case_of(told.election, told.signature, told.attestation, told.attested, told.terms)
    encoded = messages.encode_case(told.election, told.signature, told.attestation, told.attested, told.terms)
    net.engine.know(encoded, case)
    domain = messages.rollover_domain(CHAIN_ID, net.engine.rollover)
    roles = ((source, Role.SOURCE), (receiver, Role.RECEIVER))
    hashed = [(name, messages.approval_hash(case.id, role, bytes(32))) for name, role in roles]
    votes = [(bytes(32), signer_of(name).sign(domain.digest(each))) for name, each in hashed]
    call = call_of("settle(bytes,bytes)", encoded, messages.encode_approvals(votes))
    if run.later.percent(50):
        call = call_of("propose(bytes,(bytes32,bytes))", encoded, votes[0])
    run.faults.note("R10", Fault.UNLAWFUL)
    net.submit(key("copier"), call)
    word = whole(net.engine.call(net.engine.rollover, call_of("word_of(uint256)", case.key), net.head.number))
    if word & 255:
        raise AssertionError("I17 Roth money goes into a traditional IRA, and the contract took it")

"""A world whose chain is the EVM with the twin beside it: everything is done on both, and must come out the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import pytest
from tests.rails.world import BANK, CHAIN_ID, Case, World, founded

from open401k.rails.calls import Refusal, answer_of, call_of, refusal_of
from open401k.rails.chain.embedded import EmbeddedChain
from open401k.rails.chain.interface import At, Head, Log, Receipt, RevertedError
from open401k.rails.simulation.twin import case_of
from open401k.rails.simulation.twin_chain import TwinChain, read_transaction
from open401k.rails.simulation.twin_state import ENDLESS, Member, Rules, TwinState

_MEMBER = ["(uint64,uint16,uint16,address)"]
_RULES = ["(uint64,uint64,uint8,uint96,uint256,uint256,uint256,bytes32)"]


@dataclass
class Beside:
    """The EVM, and the twin beside it; what differs is an AssertionError."""

    evm: EmbeddedChain
    twin: TwinChain
    network: bytes
    rollover: bytes
    synchronize: Callable[[], None]
    compared: int = 0
    refused: int = 0

    @property
    def chain_id(self) -> int:
        return self.evm.chain_id

    def send_raw(self, raws: Sequence[bytes]) -> list[Receipt]:
        return [self._send(raw) for raw in raws]

    def _send(self, raw: bytes) -> Receipt:
        sent = read_transaction(raw)
        (real,) = self.evm.send_raw([raw])
        if sent.to == self.network and sent.data[:4] not in self._of_members():
            self.synchronize()
            return real
        self.twin.state.nonces[sent.sender] = sent.nonce
        (twin,) = self.twin.send_raw([raw])
        said = refusal_of(real.output), refusal_of(twin.output)
        assert (real.is_done, said[0]) == (twin.is_done, said[1]), said
        assert _told(real.logs) == _told(twin.logs)
        assert real.tx_hash == twin.tx_hash
        self.compared += 1
        self.refused += not real.is_done
        return real

    def call(self, to: bytes, data: bytes, *, sender: bytes = bytes(20), at: At = "latest") -> bytes:
        real = _answered(self.evm, to, data, sender, at)
        if to != self.network:
            assert _answered(self.twin, to, data, sender, "latest") == real
        return real if isinstance(real, bytes) else self.evm.call(to, data, sender=sender, at=at)  # refused again

    def nonce(self, address: bytes) -> int:
        return self.evm.nonce(address)

    def head(self) -> Head:
        return self.evm.head()

    def final(self) -> Head:
        return self.evm.final()

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        return self.evm.receipt(tx_hash)

    def logs(self, from_block: int, to_block: int, addresses: Sequence[bytes]) -> list[Log]:
        return self.evm.logs(from_block, to_block, addresses)

    @staticmethod
    def _of_members() -> tuple[bytes, ...]:
        return call_of("revoke_signer()")[:4], call_of("revoke_attestation(bytes32)", bytes(32))[:4]


def _answered(chain: EmbeddedChain | TwinChain, to: bytes, data: bytes, sender: bytes, at: At) -> bytes | Refusal:
    try:
        return chain.call(to, data, sender=sender, at=at)
    except RevertedError as why:
        return refusal_of(why.data)


def _told(logs: Sequence[Log]) -> list[tuple[bytes, tuple[bytes, ...], bytes]]:
    return [(log.address, log.topics, log.data) for log in logs]


def twin_of(world: World) -> TwinChain:
    """A twin with the members, the rules and the money of this world."""
    state = TwinState(time=world.chain.head().time, bank=BANK.address)
    holders = [world.members[name].address for name in ("source", "receiver", "other", "withholder")]
    state.admitted = frozenset([*holders, world.rollover])
    state.balances = {holder: world.balance(holder) for holder in holders}
    state.supply = sum(state.balances.values())
    state.allowed = {(holder, world.rollover): ENDLESS for holder in holders}
    twin = TwinChain(
        state, chain_id=CHAIN_ID, rollover=world.rollover, token=world.token, network=world.network,
        now=lambda: world.clock.now,
    )  # fmt: skip
    read_network(world, world.chain, twin)
    return twin


def read_network(world: World, chain: EmbeddedChain, twin: TwinChain) -> None:
    """Take over what a council decided."""

    def ask(kinds: Sequence[str], signature: str, *given: object) -> tuple[int, ...]:
        (told,) = answer_of(kinds, chain.call(world.network, call_of(signature, *given)))
        return cast("tuple[int, ...]", told if isinstance(told, tuple) else (told,))

    for member in world.members.values():
        until, roles, accounts, signer = ask(_MEMBER, "member(address)", member.address)
        twin.state.members[member.address] = Member(until, roles, accounts, bytes.fromhex(str(signer)[2:]))
    (latest,) = ask(["uint32"], "latest()")
    for version in range(1, latest + 1):
        told = ask(_RULES, "rules(uint32)", version)
        (suspended,) = ask(["uint256"], "suspended_until(uint32)", version)
        twin.state.rules[version] = _rules(told, suspended)


def _rules(told: Sequence[int], suspended: int) -> Rules:
    start, end, level, most, into, voters, withholding, _ = told
    return Rules(start, end, level, most, into, voters, withholding, suspended)


def beside_the_twin(patch: pytest.MonkeyPatch) -> World:
    """A founded world with the twin beside its chain; cases are made known to the twin as they are encoded."""
    world = founded()
    evm, twin = world.chain, twin_of(world)
    read = cast("cached_property[bytes]", Case.__dict__["encoded"]).func

    def encoded(case: Case) -> bytes:
        told = read(case)
        known = case_of(case.election, case.signature, case.attestation, case.attested, case.terms)
        twin.coordinator.know(told, known)
        return told

    patch.setattr(Case, "encoded", property(encoded))
    both = Beside(evm, twin, world.network, world.rollover, lambda: read_network(world, evm, twin))
    return replace(world, chain=cast("EmbeddedChain", both))

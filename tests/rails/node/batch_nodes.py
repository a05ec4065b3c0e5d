"""Two custodians whose nodes settle what is ready together in batches, with real contracts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from eth_hash.auto import keccak
from tests.rails.node.cores import MemoryCore
from tests.rails.node.deal_nodes import Both, Custodian, both
from tests.rails.node.deal_nodes import Kept as KeptDeals
from tests.rails.node.two_nodes import BEFORE, READY
from tests.rails.world import Case, World, founded, leg

from open401k.kernel import SeededRandom
from open401k.rails.node.batches import Batches
from open401k.rails.node.batching import Batch, Settings
from open401k.rails.node.cases import State
from open401k.rails.node.coordinator import ChainCoordinator
from open401k.rails.node.core import Side
from open401k.rails.node.opening import Signed, agree, agreed_of, move, open_case
from open401k.rails.node.signing import PolicySigner

WINDOW, ANSWER = 60, 600
SETTINGS = Settings(WINDOW, ANSWER)
BATCHED = keccak(b"Batched(bytes32,bytes32[])")


@dataclass
class Pairs:
    """Both nodes, and the rollovers between them by the name of their case."""

    two: Both
    cases: dict[str, Case] = field(default_factory=dict)

    @property
    def world(self) -> World:
        return self.two.world

    def open(self, *cents: int, source: str = "source") -> list[str]:
        """Rollovers of these amounts, with exact terms on both sides."""
        other = "receiver" if source == "source" else "source"
        names = []
        for each in cents:
            names.append(f"{source} {len(self.cases):02}")
            case = self.world.case(leg(0, each), source=source, receivers=(other,))
            self.agreed(names[-1], case)
        return names

    def agreed(self, name: str, case: Case) -> None:
        """This one, on both sides."""
        self.cases[name] = case
        told = Signed(case.election, case.signature, case.attestation, case.attested, case.terms)
        for custodian in (self.two.source, self.two.receiver):
            side = Side.SOURCE if case.election.source == custodian.desk.us else Side.RECEIVER
            with custodian.files.begin() as unit:
                open_case(unit, name, side=side, account=f"account at {custodian.side}")
                move(unit, name, *READY)
                agree(unit, name, agreed_of(told, us=custodian.desk.us, side=side))

    def passes(self, count: int = 1) -> None:
        """Each node once, then the post; time goes on a little."""
        for _ in range(count):
            self.two.source.node.run_once()
            self.two.receiver.node.run_once()
            self.two.carry()
            self.later(1)

    def later(self, seconds: int) -> None:
        """The chain's time goes on: somebody makes a block."""
        self.world.clock.now += seconds
        self.world.send(self.world.members["other"], self.world.token, bytes.fromhex("18160ddd"))

    def states(self, by: Custodian | None = None) -> set[State]:
        """Where all cases stand, on both sides or on one."""
        sides = [self.two.source, self.two.receiver] if by is None else [by]
        return {each.file(name).state for each in sides for name in self.cases}

    def balances(self) -> list[int]:
        """Pre-tax money in the books of the source and of the receiver."""
        found = []
        for custodian in (self.two.source, self.two.receiver):
            assert isinstance(custodian.node.core, MemoryCore)
            found.append(custodian.node.core.balances[f"account at {custodian.side}"][0])
        return found

    def batches(self, by: Custodian) -> Sequence[Batch]:
        """All of one side, also those that are over."""
        with by.files.begin() as unit:
            return list(unit.batches.values())  # type: ignore[attr-defined]

    def settled(self) -> list[int]:
        """How many ids each batch on chain holds."""
        logs = self.world.chain.logs(0, self.world.chain.head().number, [self.world.rollover])
        return [int.from_bytes(log.data[32:64], "big") for log in logs if log.topics[0] == BATCHED]


def pairs(
    source: Settings | None = SETTINGS, receiver: Settings | None = SETTINGS, kept: KeptDeals | None = None
) -> Pairs:
    """Both custodians; ``None``: it offers no batches, and takes none."""
    world = founded()
    two = both(world, kept) if kept is not None else both(world)
    for custodian, settings in ((two.source, source), (two.receiver, receiver)):
        custodian.desk = replace(custodian.desk, takes_batches=settings is not None)
        coordinator, signer = custodian.node.coordinator, custodian.node.signer
        assert isinstance(coordinator, ChainCoordinator)
        assert isinstance(signer, PolicySigner)
        random = SeededRandom(len(custodian.side) + 40)
        custodian.node.batches = Batches(
            custodian.files, custodian.node.core, coordinator, signer, random, custodian.desk.us, world.domain(),
            settings, lambda: world.clock.now,
        )  # fmt: skip
    return Pairs(two)


def books_follow_the_chain(found: Pairs) -> None:
    """Every case is over on both sides alike, each posted one once; money is where the books say."""
    for name, case in found.cases.items():
        ends = {one.file(name).state for one in (found.two.source, found.two.receiver)}
        assert ends in ({State.POSTED}, {State.RELEASED}), name
        for one in (found.two.source, found.two.receiver):
            booked = [line for line in one.node.core.booked if line[0] == case.id]  # type: ignore[attr-defined]
            assert len(booked) == (ends == {State.POSTED}), name
    moved = found.balances()[1] - BEFORE[0]
    assert found.balances()[0] == BEFORE[0] - moved


__all__ = ["ANSWER", "BEFORE", "SETTINGS", "WINDOW", "Pairs", "books_follow_the_chain", "pairs"]

"""Two custodians' nodes on one chain with the real contracts, and a rollover between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.rails.node.cores import MemoryCore
from tests.rails.world import RELAY, Case, World, leg

from open401k.rails.node.cases import Cases, State
from open401k.rails.node.coordinator import ChainCoordinator
from open401k.rails.node.core import CustodianCore, Side
from open401k.rails.node.memory import MemoryCases
from open401k.rails.node.opening import Signed, agree, agreed_of, move, open_case
from open401k.rails.node.signing import PolicySigner
from open401k.rails.node.worker import Node

BEFORE = {0: 5_000_00, 1: 1_000_00}
READY = (State.DATA_REQUESTED, State.PREVALIDATED, State.LIQUIDATING)


@dataclass
class Pair:
    """Both nodes, their cores, and the chain."""

    world: World
    source: Node
    receiver: Node

    def open(self, case: Case, name: str = "case", *, is_new: bool = True) -> None:
        """A file on either side, with exact terms; one that was opened before is taken there."""
        told = Signed(case.election, case.signature, case.attestation, case.attested, case.terms)
        for node, side in ((self.source, Side.SOURCE), (self.receiver, Side.RECEIVER)):
            us = self.world.members["source" if side is Side.SOURCE else "receiver"].address
            with node.cases.begin() as unit:
                if is_new:
                    open_case(unit, name, side=side, account=f"account at {side}")
                move(unit, name, *READY)
                agree(unit, name, agreed_of(told, us=us, side=side))

    def states(self, name: str = "case") -> tuple[State, State]:
        """Where the two files stand."""
        found = []
        for node in (self.source, self.receiver):
            with node.cases.begin() as unit:
                found.append(unit.case(name).state)
        return found[0], found[1]

    def run(self, passes: int = 4) -> None:
        """Pass after pass, in turn."""
        for _ in range(passes):
            self.source.run_once()
            self.receiver.run_once()


def node_of(world: World, name: str, *, cases: Cases, core: CustodianCore) -> Node:
    """The node of this member."""
    coordinator = ChainCoordinator(world.chain, rollover=world.rollover, network=world.network, relay=RELAY)
    return Node(cases, core, coordinator, PolicySigner(world.signer(name), world.domain()), salt=name.encode())


def pair(world: World, kept: Callable[[str], Cases] = lambda _: MemoryCases()) -> Pair:
    """Two nodes with cores in memory."""
    cores = [MemoryCore({f"account at {side}": dict(BEFORE)}) for side in Side]
    source = node_of(world, "source", cases=kept("source"), core=cores[0])
    return Pair(world, source, node_of(world, "receiver", cases=kept("receiver"), core=cores[1]))


def rollover(world: World) -> Case:
    """$1,234.56 pre-tax and $200.00 Roth, plan to plan."""
    return world.case(leg(0, 1_234_56), leg(1, 200_00))

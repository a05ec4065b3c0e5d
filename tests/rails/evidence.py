"""A rollover between two nodes, and the evidence that each of them hands out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.rails.node.two_nodes import Pair, pair
from tests.rails.test_transfer_file import values
from tests.rails.world import Case, World, founded, leg

from open401k.kernel import SeededRandom
from open401k.rails.evidence.collecting import PLAIN, collect
from open401k.rails.evidence.file import Evidence, joined, write
from open401k.rails.node.worker import Node
from open401k.rails.transfer_file.leaves import TransferFile, made


@dataclass
class Moved:
    """Both nodes after it, the case, the transfer file."""

    both: Pair
    case: Case
    file: TransferFile

    @property
    def world(self) -> World:
        return self.both.world

    def by(self, node: Node, labels: Sequence[str] = PLAIN) -> Evidence:
        """What one node hands out."""
        with node.cases.begin() as unit:
            said, agreed = unit.said("case"), unit.case("case").agreed
            calls = [message.data for message in unit.outbox("case")]
        assert agreed is not None
        chain, coordinator = self.world.chain, self.world.rollover
        return collect(
            chain, coordinator=coordinator, encoded=agreed.encoded, said=said, calls=calls, file=self.file,
            labels=labels,
        )  # fmt: skip

    def whole(self, labels: Sequence[str] = PLAIN) -> Evidence:
        """That of the receiver, with what the source says."""
        return joined(self.by(self.both.receiver, labels), self.by(self.both.source, labels))

    def text(self) -> str:
        return write(self.whole())


def file_of(cents: int) -> TransferFile:
    told = {f"amounts[pre_tax].{name}_cents": str(cents) for name in ("gross", "taxable")}
    return made(values() | told | {"settlement.amount_cents": str(cents)}, SeededRandom(4))


def moved(world: World | None = None) -> Moved:
    """$1,434.56 in two parts, posted by both."""
    both = pair(world or founded())
    plain = both.world.case(leg(0, 1_234_56), leg(0, 200_00))
    file = file_of(1_434_56)
    case = both.world.elected(plain.election, plain.attestation, replace(plain.terms, data_root=file.root))
    both.open(case)
    both.run()
    return Moved(both, case, file)

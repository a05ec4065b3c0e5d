"""Two custodians from somebody's wish to booked money: their desks, their nodes, and a post that carries letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from eth_hash.auto import keccak
from tests.rails.node.cores import MemoryCore
from tests.rails.node.halves import receiving, releasing
from tests.rails.node.two_nodes import BEFORE, node_of
from tests.rails.preflight_facts import TODAY
from tests.rails.world import World, key

from open401k.kernel import SeededRandom
from open401k.rails.keys import Key
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Attestation
from open401k.rails.node import deals
from open401k.rails.node.cases import Case, State
from open401k.rails.node.coordinator import ChainCoordinator
from open401k.rails.node.core import Side
from open401k.rails.node.deal import Deal, Deals
from open401k.rails.node.desk import Desk
from open401k.rails.node.elections import attested_by, digest_of
from open401k.rails.node.explaining import put_paper
from open401k.rails.node.letters import Came, Letter, Taken, letter_bytes, letter_of
from open401k.rails.node.memory_deals import MemoryDeals
from open401k.rails.node.papers import Paper
from open401k.rails.node.worker import Node
from open401k.rails.preflight.facts import Part, Proof
from open401k.rails.preflight.rule_version import rule_version

#: $3,000.00 pre-tax and $800.00 Roth, of what the cores of two nodes hold.
PARTS = (Part(Kind.PRE_TAX, Into.PLAN, 0, 3_000_00), Part(Kind.ROTH, Into.PLAN, 0, 800_00))
PARTICIPANT = key("a participant")


@dataclass
class Custodian:
    """One side."""

    side: Side
    desk: Desk
    node: Node
    files: Deals

    def deal(self, case: str) -> Deal:
        with self.files.begin() as unit:
            return unit.deal(case)

    def file(self, case: str) -> Case:
        with self.files.begin() as unit:
            return unit.case(case)

    def only(self) -> str:
        """The id of its one case."""
        with self.files.begin() as unit:
            (deal,) = unit.deals()
            return deal.case

    def open_codes(self) -> list[int]:
        with self.files.begin() as unit:
            return sorted(raised.code for raised in unit.raised() if raised.is_open)


@dataclass
class Both:
    """Two custodians on one chain."""

    world: World
    source: Custodian
    receiver: Custodian
    taken: list[Taken] = field(default_factory=list)

    def ask(self, *parts: Part, **other: object) -> None:
        """A wish at the receiver."""
        half = receiving(*(parts or PARTS), **other)  # type: ignore[arg-type]
        with self.receiver.files.begin() as unit:
            deals.request(unit, self.receiver.desk, "case", source=self.source.desk.us, half=half)

    def put(self, *parts: Part, **other: object) -> Deal:
        """The source's half."""
        case = self.source.only()
        with self.source.files.begin() as unit:
            return deals.put_facts(unit, self.source.desk, case, releasing(*(parts or PARTS), **other))

    def explain(self, paper: Paper) -> bool:
        """The source's explanation."""
        case = self.source.only()
        with self.source.files.begin() as unit:
            return put_paper(unit, case, paper)

    def put_again(self, *parts: Part, **other: object) -> Deal:
        """The receiver's half anew."""
        with self.receiver.files.begin() as unit:
            half = receiving(*(parts or PARTS), **other)  # type: ignore[arg-type]
            return deals.put_facts(unit, self.receiver.desk, "case", half)

    def until_signed(self, *parts: Part, **other: object) -> None:
        """Asked for, in order, signed, and both know it."""
        self.ask(*parts, **other)
        self.carry()
        self.put(*parts)
        self.carry()
        self.sign()
        self.carry()

    def until_terms(self, *parts: Part, **other: object) -> None:
        """Signed, sold, and both have the exact terms."""
        self.until_signed(*parts, **other)
        self.settle_terms()

    def settle_terms(self) -> None:
        """The source has the cash, and the receiver agrees to the exact terms."""
        self.ready()
        self.carry()

    def sign(self, by: Key = PARTICIPANT) -> None:
        """The participant reads the election and signs; the attestor stands behind the key."""
        desk = self.receiver.desk
        with self.receiver.files.begin() as unit:
            election = deals.election_of(unit, desk, "case")
        attestation, attested = self.attested(election.participant)
        with self.receiver.files.begin() as unit:
            signature = by.sign(digest_of(election, desk.domain))
            deals.elect(unit, desk, "case", signature=signature, attestation=attestation, attested=attested)

    def attested(self, participant: bytes) -> tuple[Attestation, bytes]:
        return attested_by(
            self.world.signer("attestor"),
            attestor=self.world.members["attestor"].address,
            participant=participant,
            proof=Proof(2, TODAY + timedelta(days=90)),
            evidence=keccak(b"proof"),
            domain=self.world.domain(),
        )

    def ready(self) -> None:
        case = self.source.only()
        with self.source.files.begin() as unit:
            deals.ready(unit, self.source.desk, case)

    def written(self, by: Custodian) -> list[Letter]:
        """Letters that wait at one side."""
        with by.files.begin() as unit:
            return [each.letter for each in unit.letters_out()]

    def take(self, to: Custodian, letter: Letter, *, of: bytes | None = None) -> Taken:
        """One letter, as it travels."""
        other = self.source if to is self.receiver else self.receiver
        with to.files.begin() as unit:
            return deals.take(unit, to.desk, of or other.desk.us, letter_of(letter_bytes(letter)))

    def carry(self, *, twice: bool = False, on_the_way: Callable[[Letter], Letter] = lambda letter: letter) -> None:
        """Letters go to and fro, as they travel, until there is none."""
        goes_on = True
        while goes_on:
            goes_on = False
            for from_, to in ((self.source, self.receiver), (self.receiver, self.source)):
                with from_.files.begin() as unit:
                    waiting = unit.letters_out()
                for each in waiting:
                    assert each.to == to.desk.us
                    for _ in range(1 + twice):
                        self.taken.append(self.take(to, on_the_way(each.letter)))
                    assert self.taken[-1].came is (Came.AGAIN if twice else Came.TAKEN)
                    with from_.files.begin() as unit:
                        unit.letter_sent(each.to, each.letter.reference, each.letter.number)
                    goes_on = True

    def run(self, passes: int = 4) -> None:
        for _ in range(passes):
            self.source.node.run_once()
            self.receiver.node.run_once()
            self.carry()

    def states(self) -> tuple[State, State]:
        return self.source.file(self.source.only()).state, self.receiver.file("case").state


Kept = Callable[[str, Callable[[], int]], Deals]


def both(world: World, kept: Kept = lambda _, now: MemoryDeals(now=now)) -> Both:
    """Two custodians with cores in memory, on the day of preflight's facts."""
    world.clock.now = int(datetime(TODAY.year, TODAY.month, TODAY.day, 15, tzinfo=UTC).timestamp())
    return Both(world, _custodian(world, Side.SOURCE, kept), _custodian(world, Side.RECEIVER, kept))


def _custodian(world: World, side: Side, kept: Kept) -> Custodian:
    files = kept(side, lambda: world.clock.now)
    core = MemoryCore({f"account at {side}": dict(BEFORE)})
    node = node_of(world, side, cases=files, core=core)
    assert isinstance(node.coordinator, ChainCoordinator)
    desk = Desk(
        us=world.members[side].address,
        network=node.coordinator,
        domain=world.domain(),
        token=world.token,
        rules={1: rule_version(2026)},
        rule_number=1,
        random=SeededRandom(len(side)),
        now=lambda: world.clock.now,
        withholder=world.members["withholder"].address,
    )
    return Custodian(side, desk, node, files)

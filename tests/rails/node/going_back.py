"""A rollover between two custodians that was posted, and how it goes back: the same two desks, the other way round."""

from __future__ import annotations

from dataclasses import dataclass

from tests.rails.node.cores import MemoryCore
from tests.rails.node.deal_nodes import PARTICIPANT, PARTS, Both, Custodian, both
from tests.rails.node.deal_nodes import Kept as KeptDeals
from tests.rails.node.halves import receiving, releasing
from tests.rails.world import founded

from open401k.rails.node import deals
from open401k.rails.node.cases import Case
from open401k.rails.node.deal import Deal
from open401k.rails.node.elections import digest_of
from open401k.rails.node.halves import ReceivingHalf
from open401k.rails.node.returning import give_back
from open401k.rails.preflight.facts import Part


@dataclass
class Back:
    """``two`` have posted a rollover; its source asks it back as case ``name``."""

    two: Both
    name: str = "back"

    def half(self, *parts: Part, **other: object) -> ReceivingHalf:
        """What the old source says now that it is to receive."""
        told = {"member": self.two.source.desk.us, "account": "account at source",
                "source_account": "account at receiver"}  # fmt: skip
        return receiving(*(parts or PARTS), **(told | other))  # type: ignore[arg-type]

    def ask(self, *parts: Part, half: ReceivingHalf | None = None, at: str = "") -> Deal:
        case = self.parent(self.two.source).id
        with self.two.source.files.begin() as unit:
            return give_back(unit, self.two.source.desk, case, self.name, half or self.half(*parts), at=at)

    def put(self, *parts: Part) -> Deal:
        """The half of who gives back."""
        giver = self.two.receiver
        half = releasing(*(parts or PARTS), account="account at receiver")
        with giver.files.begin() as unit:
            return deals.put_facts(unit, giver.desk, self.given(), half)

    def sign(self) -> None:
        desk = self.two.source.desk
        with self.two.source.files.begin() as unit:
            election = deals.election_of(unit, desk, self.name)
        attestation, attested = self.two.attested(election.participant)
        with self.two.source.files.begin() as unit:
            signature = PARTICIPANT.sign(digest_of(election, desk.domain))
            deals.elect(unit, desk, self.name, signature=signature, attestation=attestation, attested=attested)

    def ready(self) -> None:
        with self.two.receiver.files.begin() as unit:
            deals.ready(unit, self.two.receiver.desk, self.given())

    def until_signed(self, *parts: Part) -> None:
        self.ask(*parts)
        self.two.carry()
        self.put(*parts)
        self.two.carry()
        self.sign()
        self.two.carry()

    def given(self) -> str:
        """The case at who gives back."""
        reference = self.two.source.deal(self.name).reference
        with self.two.receiver.files.begin() as unit:
            deal = unit.deal_of(self.two.source.desk.us, reference)
        assert deal is not None
        return deal.case

    def parent(self, of: Custodian) -> Case:
        """The case of what goes back."""
        with of.files.begin() as unit:
            (found,) = [unit.case(deal.case) for deal in unit.deals() if deal.parent is None]
        return found

    def cases(self) -> tuple[Case, Case]:
        """At who asked, at who gives back."""
        return self.two.source.file(self.name), self.two.receiver.file(self.given())

    def balances(self) -> list[dict[int, int]]:
        found = []
        for custodian in (self.two.source, self.two.receiver):
            assert isinstance(custodian.node.core, MemoryCore)
            found.append(custodian.node.core.balances[f"account at {custodian.side}"])
        return found


def posted(kept: KeptDeals | None = None) -> Back:
    """$3,000.00 pre-tax and $800.00 Roth went from the source to the receiver, and both have booked it."""
    two = both(founded(), kept) if kept is not None else both(founded())
    two.until_terms()
    two.run()
    return Back(two)

"""Two plans on one chain: one that pays, one that receives, each behind the node of its custodian."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from tests.flows.rollovers import TERMS, World, world
from tests.rails.node.deal_nodes import PARTICIPANT, Both, Custodian, both
from tests.rails.node.halves import RECEIVER_FILE, SOURCE_FILE
from tests.rails.preflight_facts import DEADLINE, PAID, TODAY
from tests.rails.world import World as Network
from tests.rails.world import founded
from tests.support.database import TESTER

from open401k import plan
from open401k.base.db import Database
from open401k.flows.rollover import Asked, ask_into, release
from open401k.flows.rollover_at_node import receives
from open401k.flows.rollover_node import NodeSilentError, Standing, Us, WhyNot
from open401k.kernel import FixedClock, Refused, RolloverId
from open401k.rails.evidence.paid import paid_by_network
from open401k.rails.node import deals
from open401k.rails.node.elections import digest_of
from open401k.rails.node.explaining import put_paper
from open401k.rails.node.halves import ReceivingHalf, ReleasingHalf
from open401k.rails.node.papers import Paper
from open401k.rails.node.shares import handed_codes
from open401k.recordkeeping import RolloverRequest

UNTIL = date(2027, 6, 1)
DERIVED = ("plan_name", "plan_type", "payer_name", "trustee", "letter_on", "money_types")


def rest(file: Mapping[str, str]) -> dict[str, str]:
    """What of a transfer file no record of a plan has."""
    return {label: value for label, value in file.items() if label.rpartition(".")[2] not in DERIVED}


@dataclass
class DealNode:
    """A node in this process, behind what a plan asks of one."""

    custodian: Custodian
    world: Network
    silent: bool = False

    def us(self) -> Us:
        return Us(self.custodian.desk.us, UNTIL)

    def ask(self, *, key: str, source: bytes, half: ReceivingHalf) -> Standing:
        self._awake()
        with self.custodian.files.begin() as unit:
            deals.request(unit, self.custodian.desk, key, source=source, half=half)
        return self.standing(key)

    def put(self, case: str, *, half: ReceivingHalf | ReleasingHalf) -> Standing:
        self._awake()
        with self.custodian.files.begin() as unit:
            deals.put_facts(unit, self.custodian.desk, case, half)
        return self.standing(case)

    def standing(self, case: str) -> Standing:
        self._awake()
        with self.custodian.files.begin() as unit:
            deal, file = unit.deal(case), unit.case(case)
        reasons = None
        if deal.reasons is not None:
            reasons = [WhyNot(str(int(r.code)), r.detail, r.owner.value, r.unknown) for r in deal.reasons]
        asked = deal.receiving
        assert asked is not None
        others = tuple(
            None if e.half is None else receives(e.half) for e in sorted(deal.others, key=lambda one: one.place)
        )
        return Standing(
            case, file.state.value, reasons, asked.source_account, asked.wanted, asked.custodian, asked.account, others
        )

    def codes(self, case: str) -> dict[str, str]:
        with self.custodian.files.begin() as unit:
            return {member.hex(): code for member, code in handed_codes(unit.deal(case)).items()}

    def explain(self, case: str, *, paper: Paper) -> None:
        self._awake()
        with self.custodian.files.begin() as unit:
            put_paper(unit, case, paper)

    def withheld(self, case: str) -> int | None:
        self._awake()
        with self.custodian.files.begin() as unit:
            agreed = unit.case(case).agreed
        assert agreed is not None
        found = paid_by_network(self.world.chain, coordinator=self.world.rollover, encoded=agreed.encoded)
        return None if found is None else found.withheld_cents

    def tracker(self, case: str, *, key: str) -> str:
        return f"https://node.example/r/{case}-{key}"

    def _awake(self) -> None:
        if self.silent:
            raise NodeSilentError("The node does not answer.", fix="Try again.")


@dataclass
class Plans:
    """The plan that pays and the plan that receives, their nodes, and the chain between them."""

    pays: World
    takes: World
    between: Both | None = None

    @property
    def two(self) -> Both:
        assert self.between is not None
        return self.between

    @property
    def source(self) -> DealNode:
        return DealNode(self.two.source, self.two.world)

    @property
    def receiver(self) -> DealNode:
        return DealNode(self.two.receiver, self.two.world)

    def wish(self, **other: Any) -> dict[str, Any]:
        """What somebody tells the plan that receives."""
        return {
            "source": self.between.source.desk.us.hex() if self.between else "",
            "source_account": str(self.pays.leaver),
            "key": PARTICIPANT.address.hex(),
            "wanted": [{"kind": "pre_tax", "into": "plan"}, {"kind": "roth", "into": "plan"}],
            "deadline": DEADLINE.isoformat(),
            "proof": {"level": 2, "valid_until": "2026-12-31"},
            "screening": {"on": "2026-05-20", "clear": True},
            "e_sign_consent": True,
            "file": rest(RECEIVER_FILE),
        } | other

    def known(self, **other: Any) -> dict[str, Any]:
        """What people tell the plan that pays."""
        fine = {"order_pending": False, "levy": False, "bankruptcy": False, "other_legal": False}
        given = {"given_on": "2026-05-28", "told_of_thirty_days": True, "of_roth_money": True, "of_other_money": True}
        amounts = {f"amounts[{name}].earnings_cents": "0" for name in ("pre_tax", "match")}
        return {
            "payment_on": PAID.isoformat(),
            "contact": {"last_on": None},
            "explanation": given,
            "explanation_hash": bytes(range(32)).hex(),
            "holds": fine,
            "tax": {"nonresident_alien": False},
            "roth_first_year": 2021,
            "roth_basis_cents": 80_00,
            "approved": True,
            "file": rest(SOURCE_FILE) | amounts | {"amounts[match].forfeited_cents": "0"},
        } | other

    def ask(self, rollover_id: RolloverId, **other: Any) -> RolloverRequest:
        """Into the plan that receives."""
        made = Asked(self.takes.sponsor, self.takes.plan, rollover_id, self.takes.leaver, self.wish(**other))
        done = ask_into(self.takes.db, actor=TESTER, node=self.receiver, asked=made)
        assert not isinstance(done, Refused), done
        self.two.carry()
        return done

    def answer(self, rollover_id: RolloverId, **other: Any) -> RolloverRequest:
        """Out of the plan that pays."""
        told = Asked(self.pays.sponsor, self.pays.plan, rollover_id, self.pays.leaver, self.known(**other))
        done = release(self.pays.db, actor=TESTER, node=self.source, asked=told, case=self.two.source.only())
        assert not isinstance(done, Refused), done
        self.two.carry()
        return done

    def settle(self, case: str) -> None:
        """Signed, sold, agreed, committed, booked."""
        self.sign(case)
        self.two.ready()
        self.two.carry()
        self.two.run()

    def sign(self, case: str) -> None:
        custodian = self.two.receiver
        with custodian.files.begin() as unit:
            election = deals.election_of(unit, custodian.desk, case)
        attestation, attested = self.two.attested(election.participant)
        with custodian.files.begin() as unit:
            signature = PARTICIPANT.sign(digest_of(election, custodian.desk.domain))
            deals.elect(unit, custodian.desk, case, signature=signature, attestation=attestation, attested=attested)
        self.two.carry()


def plans(db: Database, clock: FixedClock, *, taking: plan.Rollovers = TERMS, after_tax_cents: int = 0) -> Plans:
    """The same person left one employer and works for another; both plans are here, each with its own custodian."""
    pays = world(db, clock, roth_cents=100_00, after_tax_cents=after_tax_cents)
    takes = world(db, clock, taking, leaves=False)
    takes.at(TODAY)
    two = both(founded())
    for custodian, books in ((two.source, pays), (two.receiver, takes)):
        custodian.node = replace(custodian.node, core=books.core())
        custodian.desk = replace(custodian.desk, pays_persons=False)
    return Plans(pays, takes, two)

"""A participant of a plan splits a rollover to two custodians: pre-tax money to one, Roth money to another, at once."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from tests.flows.rollover_nodes import DealNode, Plans
from tests.flows.rollovers import World, world
from tests.rails.node.cores import MemoryCore
from tests.rails.node.halves import receiving
from tests.rails.node.test_receivers import PARTS, Three, three
from tests.rails.preflight_facts import TODAY
from tests.rails.world import DAY, founded
from tests.support.database import TESTER

from open401k import census
from open401k.base.db import Database
from open401k.flows.rollover import Asked, follow, release
from open401k.flows.rollover_forms import forms_of
from open401k.flows.rollover_gather import _identity
from open401k.flows.verify import verify
from open401k.kernel import FixedClock, Refused, RolloverId, Source
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Mode
from open401k.rails.node import deals
from open401k.rails.node.cases import State
from open401k.rails.node.codec import told as as_json
from open401k.rails.node.halves import Wanted
from open401k.rails.node.together import codes_of
from open401k.rails.preflight.facts import Identity
from open401k.recordkeeping import STATE, RolloverRefusal, RolloverRequest
from open401k.views import rollovers as view

PRE_TAX, ROTH = Wanted(Kind.PRE_TAX, Into.PLAN), Wanted(Kind.ROTH, Into.ROTH_IRA)


@dataclass
class Split:
    """The plan that pays, and the three custodians: its own, who leads, and who joins."""

    pays: World
    all: Three

    @property
    def node(self) -> DealNode:
        return DealNode(self.all.source, self.all.world)

    @property
    def of(self) -> dict[str, Any]:
        return {"tenant_id": self.pays.sponsor, "plan_id": self.pays.plan}

    def person(self) -> Identity:
        with self.pays.db.begin(TESTER, tenants=[self.pays.sponsor]) as tx:
            (who,) = census.roster(tx, tenant_id=self.pays.sponsor, employee_ids=[self.pays.leaver])
            found = _identity(tx, tenant_id=self.pays.sponsor, person=who)
        assert found is not None
        return found

    def lead(self) -> None:
        half = replace(
            receiving(PARTS[0]), custodian="FIRST Custody", wanted=(PRE_TAX,), mode=Mode.ALL, identity=self.person(),
            source_account=str(self.pays.leaver),
        )  # fmt: skip
        desk = self.all.lead.desk
        with self.all.lead.files.begin() as unit:
            deals.request(
                unit, desk, "lead", source=self.all.source.desk.us, half=half, receivers=[self.all.other.desk.us]
            )
        self.all.carry()

    def join(self, account: str = "") -> None:
        self.all.join(
            identity=self.person(), wanted=(ROTH,), mode=Mode.ALL, source_account=account or str(self.pays.leaver)
        )
        self.all.carry()

    def answer(self) -> RolloverRequest | Refused[RolloverRefusal]:
        new = self.pays.db.ids.new(RolloverId)
        made = Asked(self.pays.sponsor, self.pays.plan, new, self.pays.leaver, self.known())
        done = release(self.pays.db, actor=TESTER, node=self.node, asked=made, case=self.all.source.only())
        self.all.carry()
        return done

    def known(self) -> dict[str, Any]:
        return Plans(self.pays, self.pays).known()

    def signed(self) -> RolloverRequest:
        self.lead()
        self.join()
        done = self.answer()
        assert isinstance(done, RolloverRequest)
        assert done.told[STATE].told == {"state": "prevalidated", "reasons": []}
        self.all.sign()
        self.all.carry()
        return done

    def looked(self) -> RolloverRequest:
        for _ in range(2):
            (found,) = follow(self.pays.db, actor=TESTER, node=self.node, **self.of)
        return found


@pytest.fixture
def split(db: Database, clock: FixedClock) -> Split:
    pays = world(db, clock, roth_cents=100_00)
    pays.at(TODAY)
    all_ = three(founded())
    all_.source.node = replace(all_.source.node, core=pays.core())
    return Split(pays, all_)


def test_pre_tax_goes_to_one_and_roth_to_another_at_once(split: Split) -> None:
    split.lead()
    early = split.answer()
    code = next(iter(split.node.codes(split.all.source.only()).values()))
    assert isinstance(early, Refused)
    assert (early.reason, "1 did not join yet" in early.message) == (RolloverRefusal.NOT_JOINED, True)
    assert f"0x{split.all.other.desk.us.hex()} with the code {code}" in early.fix
    assert code.replace("-", "").startswith(codes_of(split.all.lead.deal("lead"))[split.all.other.desk.us].hex())
    split.join()
    done = split.answer()
    assert isinstance(done, RolloverRequest)
    assert done.told["wanted"].told == as_json((PRE_TAX, ROTH))
    assert done.told[STATE].told == {"state": "prevalidated", "reasons": []}
    split.all.sign()
    split.all.carry()
    split.all.ready()
    split.all.carry()
    split.all.run(6)
    assert split.all.states() == [State.POSTED] * 3, split.all.raised()
    # Money flow: pre-tax 1,000.00 and match 200.00 (40 % vested) -> FIRST Custody; Roth 100.00 -> the bank
    held = split.pays.held(split.pays.leaver)
    assert (held[Source.PRE_TAX], held[Source.ROTH], held[Source.MATCH]) == (0, 0, 300_00)
    out = split.looked()
    assert out.booked is not None
    assert [(part.kind, part.cents, part.into) for part in out.booked.parts] == [
        ("pre_tax", 1_200_00, "plan"), ("roth", 100_00, "roth_ira"),
    ]  # fmt: skip
    with split.pays.db.begin(TESTER, tenants=[split.pays.sponsor]) as tx:
        shown = view.load_one(tx, **split.of, rollover_id=out.rollover_id)
    assert shown is not None
    assert [each.custodian for each in shown.parts] == ["FIRST Custody", "the bank"]
    assert [(each.custodian, each.words) for each in shown.receivers] == [
        ("FIRST Custody", "pre tax into plan"), ("the bank", "roth into roth ira"),
    ]  # fmt: skip
    forms = forms_of(out.booked, born_on=date(1980, 1, 1)) or ()
    assert [e.box_7_codes for e in forms if not isinstance(e, Refused)] == ["G", "H"]
    assert verify(split.pays.db, actor=TESTER, tenants=[split.pays.sponsor]).problems == []


def test_one_receiver_that_never_votes_lets_everything_expire(split: Split) -> None:
    split.signed()
    before = split.pays.held(split.pays.leaver)
    split.all.ready()
    split.all.carry()
    for _ in range(3):
        for each in (split.all.source, split.all.lead):
            each.node.run_once()
        split.all.carry()
    with split.pays.db.begin(TESTER, tenants=[split.pays.sponsor]) as tx:
        assert view.load(tx, **split.of).waiting == 1
    split.all.world.clock.now += 7 * DAY
    split.all.world.chain.tick()
    split.all.run(6)
    assert split.all.source.file(split.all.source.only()).state is State.RELEASED
    assert not split.looked().open
    assert split.pays.held(split.pays.leaver) == before
    core = split.pays.core().look_up(str(split.pays.leaver))
    assert not any(getattr(core, "held", {}).values())
    assert isinstance(split.all.other.node.core, MemoryCore)
    assert split.all.other.node.core.balances["account at other"][1] == 1_000_00
    assert verify(split.pays.db, actor=TESTER, tenants=[split.pays.sponsor]).problems == []

"""Several receivers of one election: one leads, each has its own part, none sees another's account or person."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rails.node.cores import MemoryCore
from tests.rails.node.deal_nodes import PARTICIPANT, Both, Custodian, Kept, both
from tests.rails.node.halves import PAPER, RECEIVER_FILE, SOURCE_FILE, receiving, releasing
from tests.rails.node.two_nodes import BEFORE, node_of
from tests.rails.preflight_facts import PAID
from tests.rails.world import (
    BEGUN,
    DAY,
    DELAY,
    MEMBER,
    RECEIVES,
    RELAY,
    RELEASES,
    World,
    action_of,
    founded,
    key,
)

from open401k.base.faults import Stopped, stopping_at
from open401k.kernel import Money, Source
from open401k.rails import tracking
from open401k.rails.calls import call_of
from open401k.rails.evidence.checking import check
from open401k.rails.evidence.file import joined, write
from open401k.rails.evidence.findings import Status
from open401k.rails.evidence.handing import evidence_of
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Mode
from open401k.rails.node import deals
from open401k.rails.node.again import again, off_rail, residual
from open401k.rails.node.cases import Case, State, Way
from open401k.rails.node.codec import BadInputError, told
from open401k.rails.node.codes import CLOSED_TWICE, LETTER_UNEXPECTED, NOTHING_COMES, TERMS_UNFIT
from open401k.rails.node.core import Side
from open401k.rails.node.deal import Deal
from open401k.rails.node.elections import digest_of
from open401k.rails.node.exceptions import StillOpenError
from open401k.rails.node.explaining import put_paper, signed_paper
from open401k.rails.node.following import Verdict
from open401k.rails.node.halves import ReceivingHalf, Wanted, shared_as
from open401k.rails.node.judging import NotNowError
from open401k.rails.node.letters import Came, Ended, Letter, LetterKind, Request, letter_bytes, letter_of
from open401k.rails.node.memory_deals import MemoryDeals
from open401k.rails.node.rest import half_of_rest
from open401k.rails.node.returning import give_back
from open401k.rails.node.seen import seen_of
from open401k.rails.node.together import codes_of
from open401k.rails.node.waiting import standing_here
from open401k.rails.preflight.facts import Held, Part
from open401k.rails.preflight.reasons import Code
from open401k.rails.tracking import Track, tracked

#: Notice 2014-54: money that goes to several places at once is one distribution.
PARTS = (Part(Kind.PRE_TAX, Into.PLAN, 0, 3_000_00), Part(Kind.ROTH, Into.ROTH_IRA, 1, 800_00))


OWN = {
    "receiving[0].plan_type": "roth_ira", "receiving[0].plan_name": "The Bank IRA", "receiving[0].letter_id": "LOA 7",
}  # fmt: skip


@dataclass
class Three:
    """A source and two receivers, of which the first leads."""

    world: World
    source: Custodian
    lead: Custodian
    other: Custodian
    seen: dict[str, list[bytes]] = field(default_factory=lambda: {"lead": [], "other": [], "source": []})

    def ask(self) -> None:
        half = replace(receiving(PARTS[0]), wanted=(Wanted(Kind.PRE_TAX, Into.PLAN, 3_000_00),))
        with self.lead.files.begin() as unit:
            deals.request(
                unit, self.lead.desk, "lead", source=self.source.desk.us, half=half, receivers=[self.other.desk.us]
            )

    def half_of_other(self, **more: object) -> ReceivingHalf:
        half = receiving(PARTS[1], member=self.other.desk.us)
        own = {name: value for name, value in RECEIVER_FILE.items() if name.startswith("receiving[0].")}
        told = replace(
            half, custodian="the bank", account="account at other", key=None, mode=half.mode,
            wanted=(Wanted(Kind.ROTH, Into.ROTH_IRA, 800_00),), file=own | OWN,
        )  # fmt: skip
        return replace(told, **more)  # type: ignore[arg-type]

    def join(self, **more: object) -> None:
        code = codes_of(self.lead.deal("lead"))[self.other.desk.us]
        with self.other.files.begin() as unit:
            deals.join(
                unit, self.other.desk, "other", source=self.source.desk.us, code=code, half=self.half_of_other(**more)
            )

    def put(self) -> None:
        half = releasing(Part(Kind.PRE_TAX, Into.PLAN, 0, 3_000_00), Part(Kind.ROTH, Into.PLAN, 0, 800_00))
        with self.source.files.begin() as unit:
            deals.put_facts(unit, self.source.desk, self.source.only(), half)

    def sign(self, by: Custodian | None = None, case: str = "lead") -> None:
        one = by or self.lead
        desk = one.desk
        with one.files.begin() as unit:
            election = deals.election_of(unit, desk, case)
        attestation, attested = Both(self.world, self.source, self.lead).attested(election.participant)
        with one.files.begin() as unit:
            signature = PARTICIPANT.sign(digest_of(election, desk.domain))
            deals.elect(unit, desk, case, signature=signature, attestation=attestation, attested=attested)

    def ready(self) -> None:
        with self.source.files.begin() as unit:
            deals.ready(unit, self.source.desk, self.source.only())

    def everybody(self) -> Iterator[tuple[str, Custodian]]:
        yield from (("source", self.source), ("lead", self.lead), ("other", self.other))

    def carry(self, on_the_way: Callable[[Letter], Letter] = lambda letter: letter) -> None:
        """Letters between all, as they travel, until there is none."""
        by = {each.desk.us: (name, each) for name, each in self.everybody()}
        goes_on = True
        while goes_on:
            goes_on = False
            for _, from_ in self.everybody():
                with from_.files.begin() as unit:
                    waiting = unit.letters_out()
                for each in waiting:
                    name, to = by[each.to]
                    text = letter_bytes(on_the_way(each.letter))
                    with to.files.begin() as unit:
                        taken = deals.take(unit, to.desk, from_.desk.us, letter_of(text))
                    if taken.came is Came.EARLY:
                        continue
                    assert taken.came in (Came.TAKEN, Came.AGAIN), taken
                    self.seen[name].append(text)
                    with from_.files.begin() as unit:
                        unit.letter_sent(each.to, each.letter.reference, each.letter.number)
                    goes_on = True

    def run(self, passes: int = 4) -> None:
        for _ in range(passes):
            for _, each in self.everybody():
                each.node.run_once()
            self.carry()

    def states(self) -> list[State]:
        return [
            self.source.file(self.source.only()).state,
            self.lead.file("lead").state,
            self.other.file("other").state,
        ]

    def raised(self) -> list[str]:
        """Open exceptions, in words."""
        found = []
        for name, each in self.everybody():
            with each.files.begin() as unit:
                found += [f"{name}: {raised.code} {raised.words}" for raised in unit.raised() if raised.is_open]
        return found

    def deals(self) -> list[Deal]:
        return [self.source.deal(self.source.only()), self.lead.deal("lead"), self.other.deal("other")]


def three(world: World, kept: Kept = lambda _, now: MemoryDeals(now=now)) -> Three:
    two = both(world, kept)
    files = kept("other", lambda: world.clock.now)
    node = node_of(world, "other", cases=files, core=MemoryCore({"account at other": dict(BEFORE)}))
    desk = replace(two.receiver.desk, us=world.members["other"].address, network=node.coordinator)  # type: ignore[arg-type]
    return Three(world, two.source, two.receiver, Custodian(Side.RECEIVER, desk, node, files))


def until_signed(all_: Three) -> None:
    all_.ask()
    all_.carry()
    all_.join()
    all_.carry()
    all_.put()
    all_.carry()
    all_.sign()
    all_.carry()


def stopped_once(do: Callable[[], object], boundary: str) -> None:
    with stopping_at(boundary), pytest.raises(Stopped):
        do()
    do()


@pytest.mark.parametrize("where", ["memory", "postgresql"])
def test_pre_tax_and_roth_go_to_two_custodians_at_once_though_steps_stop(
    where: str, request: pytest.FixtureRequest
) -> None:
    all_ = three(founded(), request.getfixturevalue("kept_deals")) if where == "postgresql" else three(founded())
    stopped_once(all_.ask, "deals.requested")
    stopped_once(all_.carry, "deals.letter_taken")
    all_.put()
    all_.carry()
    assert [all_.source.file(all_.source.only()).state, all_.lead.file("lead").state] == [State.DATA_REQUESTED] * 2
    stopped_once(all_.join, "deals.joined")
    stopped_once(all_.carry, "deals.letter_taken")
    told = [each.reasons for each in all_.deals()]
    assert all_.states() == [State.PREVALIDATED] * 3, told
    all_.sign()
    stopped_once(all_.carry, "deals.letter_taken")
    assert all_.states() == [State.LIQUIDATING] * 3
    stopped_once(all_.ready, "deals.ready")
    stopped_once(all_.carry, "deals.letter_taken")
    assert all(each.terms == all_.deals()[0].terms for each in all_.deals()), all_.raised()
    all_.run(6)
    assert all_.states() == [State.POSTED] * 3
    books = [each.node.core.balances for _, each in all_.everybody()]  # type: ignore[attr-defined]
    assert books == [
        {"account at source": {0: 2_000_00, 1: 200_00}},
        {"account at receiver": {0: 8_000_00, 1: 1_000_00}},
        {"account at other": {0: 5_000_00, 1: 1_800_00}},
    ]


def test_every_receiver_gets_the_explanation_whenever_it_joins() -> None:
    for is_late in (False, True):
        all_ = three(founded())
        all_.ask()
        all_.carry()
        if not is_late:
            all_.join()
            all_.carry()
        all_.put()
        all_.carry()
        with all_.source.files.begin() as unit:
            assert put_paper(unit, all_.source.only(), PAPER)
        all_.carry()
        if is_late:
            all_.join()
            all_.carry()
        assert all_.raised() == []
        for name, each in (("lead", all_.lead), ("other", all_.other)):
            with each.files.begin() as unit:
                found = signed_paper(unit, unit.deal(name))
                assert found is not None
                assert found.paper == PAPER
        with all_.other.files.begin() as unit:
            assert seen_of(unit, "other", None, now=all_.world.clock.now).explained


def test_who_does_not_lead_learns_of_other_kinds_the_sums_alone() -> None:
    all_ = three(founded())
    all_.ask()
    all_.carry()
    all_.join()
    all_.carry()
    half = releasing(Part(Kind.PRE_TAX, Into.PLAN, 0, 3_000_00), Part(Kind.ROTH, Into.PLAN, 0, 800_00))
    (pre_tax,) = (each for each in half.held if each.kind is Kind.PRE_TAX)
    some = replace(pre_tax, balance_cents=1_100_00, vested_cents=1_000_00, paid_cents=1_000_00)
    more = replace(some, source=Source.MATCH, balance_cents=2_500_00, vested_cents=2_000_00, paid_cents=2_000_00)
    told = {**half.file, "amounts[match].earnings_cents": "7",
            "amounts[pre_tax].forfeited_cents": "10000", "amounts[match].forfeited_cents": "50000"}  # fmt: skip
    half = replace(half, held=(some, more, *(each for each in half.held if each is not pre_tax)), file=told)
    with all_.source.files.begin() as unit:
        deals.put_facts(unit, all_.source.desk, all_.source.only(), half)
    all_.carry()
    assert all_.states() == [State.PREVALIDATED] * 3, [each.reasons for each in all_.deals()]
    all_.sign()
    all_.carry()
    all_.ready()
    all_.carry()
    assert all_.raised() == []
    _, lead, other = all_.deals()
    assert lead.releasing == half
    assert other.releasing is not None
    ours = [each for each in half.held if each.kind is Kind.ROTH]
    assert list(other.releasing.held) == [
        *ours, Held(pre_tax.source, Kind.PRE_TAX, 3_600_00, 3_000_00, 3_000_00),
    ]  # fmt: skip
    assert lead.transfer_file is not None
    assert other.transfer_file is not None
    assert other.transfer_file.root == lead.transfer_file.root
    seen = {label.partition("]")[0] for label in other.transfer_file.values if label.startswith("amounts[")}
    assert seen == {"amounts[roth"}
    text = b"".join(all_.seen["other"]).decode()
    assert ("50000" in text, 'amounts[match].forfeited_cents":' in text) == (False, False)
    all_.run(6)
    assert all_.states() == [State.POSTED] * 3


def test_no_receiver_sees_anothers_account_person_or_secret() -> None:
    all_ = three(founded())
    all_.ask()
    all_.carry()
    (known,) = {each.identity for each in (all_.half_of_other(),)}
    assert known is not None
    all_.join(identity=replace(known, former_names=(*known.former_names, "Only The Bank Knows")))
    all_.carry()
    all_.put()
    all_.carry()
    all_.sign()
    all_.carry()
    all_.ready()
    all_.carry()
    all_.run(6)
    assert all_.states() == [State.POSTED] * 3
    source, lead, other = all_.deals()
    (one,) = source.others
    assert one.hidden is not None
    secrets = {
        "lead": ["account at other", "Only The Bank Knows", one.hidden.hex(), "The Bank IRA", "LOA 7"],
        "other": ["account at receiver", lead.reference.hex(), "New Company 401(k) Plan", 'LOA 1"'],
    }
    for name, words in secrets.items():
        text = b"".join(all_.seen[name]).decode()
        for each in words:
            assert each not in text, (name, each)
    assert source.transfer_file is not None
    assert lead.transfer_file is not None
    assert other.transfer_file is not None
    assert source.transfer_file.root == lead.transfer_file.root == other.transfer_file.root
    assert not any(label.startswith("receiving[1].") for label in lead.transfer_file.values)
    assert not any(label.startswith("receiving[0].") for label in other.transfer_file.values)
    assert "case.reference" not in other.transfer_file.values
    assert other.transfer_file.values["receiving[1].account_number"] == "account at other"
    assert other.transfer_file.values["participant.tax_number"] == "900-70-0001"


@pytest.mark.parametrize("who", ["source", "lead", "other"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_any_of_them_ends_it_for_all(who: str, when: str) -> None:
    all_ = three(founded())
    until_signed(all_)
    if when == "after":
        all_.ready()
        all_.carry()
        all_.source.node.run_once()
    custodian = dict(all_.everybody())[who]
    with custodian.files.begin() as unit:
        deals.stop(unit, custodian.desk, custodian.only(), 501)
    all_.carry()
    all_.run(6)
    assert all_.states() == [State.RELEASED] * 3
    assert all(each.file(each.only()).stop == 501 for _, each in all_.everybody())
    assert all_.source.node.core.balances["account at source"] == dict(BEFORE)  # type: ignore[attr-defined]


def test_without_every_receivers_approval_nothing_moves() -> None:
    all_ = three(founded())
    until_signed(all_)
    all_.ready()
    all_.carry()
    for _ in range(3):
        all_.source.node.run_once()
        all_.lead.node.run_once()
        all_.carry()
    assert all_.states() == [State.VOTED, State.VOTED, State.LIQUIDATING]
    with all_.lead.files.begin() as unit:
        agreed = unit.case("lead").agreed
        standing = all_.lead.node.coordinator.final(agreed) if agreed else None
        seen = seen_of(unit, "lead", standing, now=all_.world.clock.now)
    assert [each.name for each in seen.receivers] == ["the new plan", "the bank"]
    assert [(each.name, each.given) for each in seen.votes][1:] == [("the new plan", True), ("the bank", False)]
    assert [(each.owner, each.said) for each in tracked(seen).todo] == [
        ("the bank", "Agree to the exact amounts, if it has not yet.")  # receivers tell who pays
    ]
    with all_.source.files.begin() as unit:
        case = unit.case(all_.source.only())
        paying = seen_of(unit, case.id, standing_here(unit, case), now=all_.world.clock.now)
    assert [(each.owner, each.said) for each in tracked(paying).todo] == [("the bank", "Agree to the exact amounts.")]
    all_.world.clock.now += 7 * DAY
    all_.world.chain.tick()
    all_.run()
    assert all_.states() == [State.RELEASED] * 3


def test_terms_with_anothers_account_in_our_leg_are_declined_for_all() -> None:
    all_ = three(founded())
    until_signed(all_)
    all_.ready()

    def swapped(letter: Letter) -> Letter:
        if letter.kind != LetterKind.TERMS:
            return letter
        body = cast("Any", json.loads(json.dumps(letter.body)))
        for leg in body["terms"]["legs"]:
            leg["commitment"] = "11" * 32
        return replace(letter, body=body)

    all_.carry(on_the_way=swapped)
    all_.run()
    assert all_.states() == [State.RELEASED] * 3
    assert {each.file(each.only()).stop for _, each in all_.everybody()} == {TERMS_UNFIT}


def test_who_is_not_named_does_not_join_and_a_person_who_differs_is_told() -> None:
    all_ = three(founded())
    all_.ask()
    all_.carry()
    code = codes_of(all_.lead.deal("lead"))[all_.other.desk.us]
    request = Letter(
        code, 1, LetterKind.REQUEST, told(Request(all_.source.desk.us, all_.half_of_other(), salt=bytes(32)))
    )
    with all_.source.files.begin() as unit:
        stranger = all_.world.members["administrator"].address
        assert deals.take(unit, all_.source.desk, stranger, request).came is Came.REFUSED
        wrong = replace(request, reference=bytes(32))
        assert deals.take(unit, all_.source.desk, all_.other.desk.us, wrong).came is Came.EARLY
    person = all_.half_of_other().identity
    assert person is not None
    all_.join(identity=replace(person, tax_number="900-70-0002"))
    all_.carry()
    all_.put()
    all_.carry()
    source, lead, other = all_.deals()
    assert [[each.code for each in deal.reasons or ()] for deal in (source, lead, other)] == [
        [Code.TAX_NUMBER_DIFFERS], [], [Code.TAX_NUMBER_DIFFERS],
    ]  # fmt: skip
    with all_.other.files.begin() as unit:
        deals.put_facts(unit, all_.other.desk, "other", all_.half_of_other())
    all_.carry()
    assert all_.states() == [State.PREVALIDATED] * 3


def newest(custodian: Custodian) -> Deal:
    """Its deal that no other follows."""
    with custodian.files.begin() as unit:
        parents = {unit.case(each.case).parent for each in unit.deals()}
        (found,) = (each for each in unit.deals() if each.case not in parents)
        return found


def stopped(all_: Three) -> None:
    """Exact terms, proposed; one receiver stops it, and all is given free."""
    until_signed(all_)
    all_.ready()
    all_.carry()
    all_.source.node.run_once()
    with all_.other.files.begin() as unit:
        deals.stop(unit, all_.other.desk, "other", 501)
    all_.carry()
    all_.run(6)
    assert all_.states() == [State.RELEASED] * 3


def verdict_of(custodian: Custodian, case: str) -> Verdict:
    agreed = custodian.file(case).agreed
    return custodian.node.coordinator.final(agreed).verdict if agreed else Verdict.ABSENT


@pytest.mark.parametrize("where", ["memory", "postgresql"])
def test_who_pays_proposes_it_again_to_all_though_steps_stop(where: str, request: pytest.FixtureRequest) -> None:
    all_ = three(founded(), request.getfixturevalue("kept_deals")) if where == "postgresql" else three(founded())
    stopped(all_)
    case = all_.source.only()
    verdict = verdict_of(all_.source, case)

    def do() -> None:
        with all_.source.files.begin() as unit:
            again(unit, all_.source.desk, case, "second", verdict=verdict)

    for each, name in ((all_.lead, "lead"), (all_.other, "other")):
        with each.files.begin() as unit, pytest.raises(NotNowError, match="the custodian that pays proposes it again"):
            again(unit, each.desk, name, "mine", verdict=verdict)
    stopped_once(do, "deals.again")
    stopped_once(all_.carry, "deals.letter_taken")
    do()
    custodians = [each for _, each in all_.everybody()]
    assert [each.file(newest(each).case).state for each in custodians] == [State.LIQUIDATING] * 3, all_.raised()
    assert [newest(each).part for each in custodians] == [1] * 3
    assert not all_.raised()
    with all_.source.files.begin() as unit:
        deals.ready(unit, all_.source.desk, "second")
    all_.carry()
    all_.run(6)
    assert [each.file(newest(each).case).state for each in custodians] == [State.POSTED] * 3, all_.raised()
    assert [each.node.core.balances for each in custodians] == [  # type: ignore[attr-defined]
        {"account at source": {0: 2_000_00, 1: 200_00}},
        {"account at receiver": {0: 8_000_00, 1: 1_000_00}},
        {"account at other": {0: 5_000_00, 1: 1_800_00}},
    ]


def test_a_case_that_ended_is_closed_by_a_check_for_each() -> None:
    all_ = three(founded())
    until_signed(all_)
    case = all_.source.only()
    with all_.source.files.begin() as unit, pytest.raises(NotNowError, match="stop it, which ends it for all"):
        off_rail(unit, case, Way.CHECK, "7, 8")
    with all_.source.files.begin() as unit:
        deals.stop(unit, all_.source.desk, case, 501)
    all_.carry()
    assert all_.raised()
    for wrong in ("7", "7,", "7, 8, 9"):
        with all_.source.files.begin() as unit, pytest.raises(NotNowError, match="in this order: the new plan, the ba"):
            off_rail(unit, case, Way.CHECK, wrong)
    with all_.source.files.begin() as unit:
        off_rail(unit, case, Way.CHECK, "7, 8")
    all_.carry()
    assert all_.states() == [State.OFF_RAIL] * 3
    assert not all_.raised()
    for each, number in ((all_.lead, "7"), (all_.other, "8")):
        with each.files.begin() as unit:
            assert unit.off_rail(each.only()) == (Way.CHECK, number)


@pytest.mark.parametrize(("named", "left"), [("7, 8", 0), ("7, 9", 1)])
def test_a_receiver_closes_its_own_part_and_who_pays_is_told(named: str, left: int) -> None:
    all_ = three(founded())
    stopped(all_)
    with all_.other.files.begin() as unit:
        off_rail(unit, "other", Way.WIRE, "8")
    all_.carry()
    assert all_.states() == [State.RELEASED, State.RELEASED, State.OFF_RAIL]
    assert any("of these receivers it is number 2" in each for each in all_.raised())
    with all_.source.files.begin() as unit:
        off_rail(unit, all_.source.only(), Way.WIRE, named)
    all_.carry()
    assert all_.states() == [State.OFF_RAIL] * 3
    assert len(all_.raised()) == left, all_.raised()


def who_may_release() -> World:
    """A network in which the other receiver may pay, too."""
    world = founded()
    told = (BEGUN + 400 * DAY, RELEASES | RECEIVES, 0xFFFF, world.signer("other").address)
    kinds, given = f"address,{MEMBER}", (world.members["other"].address, told)
    world.motion(action_of("set_member", kinds, *given))
    world.clock.now += DELAY
    world.send(RELAY, world.network, call_of(f"set_member({kinds})", *given))
    return world


@pytest.mark.parametrize("who", ["lead", "other"])
def test_one_receiver_gives_its_own_part_back(who: str) -> None:
    # Money flow: source -> lead 3,000.00 and -> other 800.00; then one of them gives its own back
    all_ = three(who_may_release())
    until_signed(all_)
    all_.ready()
    all_.carry()
    all_.run(6)
    assert all_.states() == [State.POSTED] * 3
    giver, case = dict(all_.everybody())[who], all_.source.only()
    kind, cents = (Kind.PRE_TAX, 3_000_00) if who == "lead" else (Kind.ROTH, 800_00)
    account = f"account at {'receiver' if who == 'lead' else 'other'}"
    part = Part(kind, Into.PLAN, 0, cents)
    half = receiving(part, member=all_.source.desk.us, account="account at source", source_account=account)

    def ask(half: ReceivingHalf, by: bytes | None) -> None:
        with all_.source.files.begin() as unit:
            give_back(unit, all_.source.desk, case, "back", half, by=by)

    with pytest.raises(BadInputError, match=r"by: names none, or not one.*the new plan.*the bank"):
        ask(half, None)
    with pytest.raises(BadInputError, match="wanted"):
        ask(replace(half, wanted=(Wanted(kind, Into.PLAN, cents + 1),)), giver.desk.us)
    another = all_.other if who == "lead" else all_.lead
    with pytest.raises(BadInputError, match=r"source_account.*wanted"):
        ask(half, another.desk.us)
    ask(half, giver.desk.us)
    all_.carry()
    given = newest(giver).case
    with giver.files.begin() as unit:
        own = {label: said for label, said in SOURCE_FILE.items() if who == "lead" or "pre_tax" not in label}
        deals.put_facts(unit, giver.desk, given, releasing(part, account=account, file=own))
    all_.carry()
    assert all_.source.file("back").state is State.PREVALIDATED, all_.source.deal("back").reasons
    all_.sign(all_.source, "back")
    all_.carry()
    with giver.files.begin() as unit:
        deals.ready(unit, giver.desk, given)
    all_.carry()
    all_.run(6)
    assert (all_.source.file("back").state, giver.file(given).state) == (State.POSTED, State.POSTED), all_.raised()
    assert giver.node.core.balances == {account: dict(BEFORE)}  # type: ignore[attr-defined]
    with pytest.raises(StillOpenError, match="nothing is left of it"):
        ask(replace(half, deadline=half.deadline.replace(day=half.deadline.day - 1)), giver.desk.us)
    # The giver's page told that all of it went back, though the other's part stayed where it came.
    for one, first in ((all_.source, case), (giver, giver.file(given).parent or "")):
        with one.files.begin() as unit:
            seen = replace(seen_of(unit, first, None, now=one.desk.now()), verdict=tracking.Verdict.CLOSED)
        assert (seen.went_back, seen.came) == (cents, 3_800_00)
        assert tracked(seen).headline == "Your money arrived, and a part of it went back"
        assert f"Since then {Money(cents)} of it went back" in tracked(seen).where


def test_each_check_of_a_receiver_that_differs_from_ours_is_kept() -> None:
    all_ = three(founded())
    stopped(all_)
    with all_.source.files.begin() as unit:
        off_rail(unit, all_.source.only(), Way.CHECK, "7, 8")
    for one, case, number in ((all_.lead, "lead", "FED 1"), (all_.other, "other", "FED 2")):
        with one.files.begin() as unit:  # before it heard of ours
            off_rail(unit, case, Way.WIRE, number)
    all_.carry()
    all_.carry()
    ours = [each for each in all_.raised() if each.startswith(f"source: {CLOSED_TWICE}")]
    assert len(ours) == 1
    with all_.source.files.begin() as unit:
        happened = [each.words for each in unit.events(limit=1_000) if each.case == all_.source.only()]
    told = ours + [each for each in happened if each.startswith(f"exception {CLOSED_TWICE} again")]
    assert [number for number in ("FED 1", "FED 2") if any(number in each for each in told)] == ["FED 1", "FED 2"]


#: Who leads asks for an amount of the pre-tax money, another receiver for the rest of it and for all Roth money.
WHOLE = (Part(Kind.PRE_TAX, Into.PLAN, 0, 3_000_00), Part(Kind.ROTH, Into.PLAN, 0, 800_00))
REST = (Wanted(Kind.PRE_TAX, Into.TRADITIONAL_IRA), Wanted(Kind.ROTH, Into.ROTH_IRA))


def all_moved() -> Three:
    all_ = three(founded())
    half = replace(receiving(PARTS[0]), mode=Mode.ALL, wanted=(Wanted(Kind.PRE_TAX, Into.PLAN, 1_000_00),))
    with all_.lead.files.begin() as unit:
        deals.request(
            unit, all_.lead.desk, "lead", source=all_.source.desk.us, half=half, receivers=[all_.other.desk.us]
        )
    all_.carry()
    all_.join(mode=Mode.ALL, wanted=REST)
    all_.carry()
    all_.put()
    all_.carry()
    all_.sign()
    all_.carry()
    all_.ready()
    all_.carry()
    all_.run(6)
    assert all_.states() == [State.POSTED] * 3, all_.raised()
    return all_


def came_in(all_: Three, after: str, new: str, *came: int) -> Deal:
    """What the source's desk does when pre-tax and Roth money came in after all was moved, told twice."""
    for _ in range(2):
        with all_.source.files.begin() as unit:
            half = half_of_rest(unit.deal(after).releasing or releasing(), came, payment_on=PAID)
            deal = residual(unit, all_.source.desk, after, new, half, verdict=Verdict.CLOSED)
    all_.carry()
    return deal


def settled(all_: Three, case: str) -> tuple[State, ...]:
    """The source has sold: terms, approvals, books; where the newest case of each stands."""
    with all_.source.files.begin() as unit:
        deals.ready(unit, all_.source.desk, case)
    all_.carry()
    all_.run(6)
    assert all_.raised() == [], all_.raised()
    return tuple(last(each).state for _, each in all_.everybody())


def last(one: Custodian) -> Case:
    """Its case that no other follows."""
    return one.file(newest(one).case)


def seen_track(one: Custodian) -> Track:
    """What the participant reads of a custodian's last case, with the chain's word."""
    with one.files.begin() as unit:
        file = unit.case(last(one).id)
        standing = one.node.coordinator.final(file.agreed) if file.agreed is not None else None
        return tracked(seen_of(unit, file.id, standing, now=one.desk.now()))


def balances(one: Custodian, account: str) -> dict[int, int]:
    return dict(cast("MemoryCore", one.node.core).balances[account])


def test_what_comes_in_later_goes_to_each_receiver_in_the_ratio_of_what_moved() -> None:
    all_ = all_moved()
    at_lead, at_other = balances(all_.lead, "account at receiver"), balances(all_.other, "account at other")
    made = came_in(all_, all_.source.only(), "rest", 40_01, 8_00)
    # 1,000.00 and 2,000.00 of pre-tax money moved: of 40.01 a third and the rest. What was named is not paid again.
    assert [(each.to, each.kind, each.cents) for each in made.parts or ()] == [
        (0, Kind.PRE_TAX, 13_34), (1, Kind.PRE_TAX, 26_67), (1, Kind.ROTH, 8_00),
    ]  # fmt: skip
    assert settled(all_, "rest") == (State.POSTED,) * 3
    assert balances(all_.lead, "account at receiver")[0] == at_lead[0] + 13_34
    then = balances(all_.other, "account at other")
    assert (then[0], then[1]) == (at_other[0] + 26_67, at_other[1] + 8_00)


def test_to_whom_nothing_comes_of_it_is_told_so_and_takes_part_in_the_next() -> None:
    all_ = all_moved()
    made = came_in(all_, all_.source.only(), "roth", 0, 5_00)
    assert made.left_out == {all_.lead.desk.us}
    file = last(all_.lead)
    assert (file.state, file.stop, all_.raised()) == (State.RELEASED, NOTHING_COMES, [])
    with all_.lead.files.begin() as unit, pytest.raises(NotNowError, match="comes to us"):
        off_rail(unit, file.id, Way.CHECK, "1")
    more = releasing(Part(Kind.PRE_TAX, Into.PLAN, 0, 3_00), Part(Kind.ROTH, Into.PLAN, 0, 5_00))
    with all_.source.files.begin() as unit, pytest.raises(NotNowError, match="other receivers are paid"):
        deals.put_facts(unit, all_.source.desk, "roth", more)
    assert settled(all_, "roth") == (State.POSTED, State.RELEASED, State.POSTED)
    for one, headline in (
        (all_.source, "Done: your money has arrived"),
        (all_.other, "Done: your money has arrived"),
        (all_.lead, "What came in later goes to another company"),
    ):
        track = seen_track(one)
        assert (track.headline, track.ended, track.todo) == (headline, True, ())
    before = balances(all_.lead, "account at receiver")
    came_in(all_, "roth", "third", 3_00, 0)
    assert settled(all_, "third") == (State.POSTED,) * 3
    assert balances(all_.lead, "account at receiver")[0] == before[0] + 1_00


def test_that_nothing_comes_ends_no_rollover_but_one_of_what_came_in_later() -> None:
    """Told of any other, the case would end in silence, with words about money that had come before."""
    all_ = three(founded())
    for step in (all_.ask, all_.join, all_.put, all_.sign):
        step()
        all_.carry()
    with all_.source.files.begin() as unit:
        deal = unit.deal(all_.source.only())
        with pytest.raises(BadInputError, match="is not 467"):
            deals.stop(unit, all_.source.desk, deal.case, NOTHING_COMES)
        unit.put_letter(deal.peer, deal.reference, LetterKind.STOP, Ended(NOTHING_COMES))
    all_.carry()
    file = last(all_.lead)
    assert (file.state, file.stop) == (State.LIQUIDATING, None)
    with all_.lead.files.begin() as unit:
        assert [each.code for each in unit.raised(file.id) if each.is_open] == [LETTER_UNEXPECTED]


def test_a_residual_that_was_stopped_is_proposed_again_to_those_it_pays() -> None:
    all_ = all_moved()
    came_in(all_, all_.source.only(), "roth", 0, 5_00)
    with all_.source.files.begin() as unit:
        deals.stop(unit, all_.source.desk, "roth", TERMS_UNFIT)
    all_.carry()
    with all_.source.files.begin() as unit:
        again(unit, all_.source.desk, "roth", "anew", verdict=Verdict.ABSENT)
    all_.carry()
    with all_.source.files.begin() as unit:
        deals.ready(unit, all_.source.desk, "anew")
    all_.carry()
    all_.run(6)
    assert [last(each).state for _, each in all_.everybody()] == [State.POSTED, State.RELEASED, State.POSTED]


@given(
    cents=st.lists(st.integers(1, 10**9), min_size=1, max_size=4), came=st.integers(0, 10**9),
)  # fmt: skip
def test_no_cent_of_what_came_in_is_lost_or_paid_twice(cents: list[int], came: int) -> None:
    before = tuple(Part(Kind.PRE_TAX, Into.PLAN, to, each) for to, each in enumerate(cents))
    held = (Held(Source.PRE_TAX, Kind.PRE_TAX, came, came, came),)
    parts = shared_as(held, [], before)
    assert sum(each.cents for each in parts) == came
    assert all(each.cents for each in parts)
    for each in parts:
        assert abs(each.cents * sum(cents) - came * cents[each.to]) < sum(cents) * len(cents)


def test_a_fixed_election_with_several_receivers_has_no_residual() -> None:
    all_ = three(founded())
    until_signed(all_)
    case = all_.source.only()
    half = all_.source.deal(case).releasing
    assert half is not None
    with all_.source.files.begin() as unit, pytest.raises(NotNowError, match="has no residual"):
        residual(unit, all_.source.desk, case, "rest", half, verdict=Verdict.ABORTED)
    with all_.other.files.begin() as unit:
        before = unit.deal("other")
        unit.change_deal(before, replace(before, elected=None))
        with pytest.raises(NotNowError, match="another custodian leads"):
            deals.election_of(unit, all_.other.desk, "other")


def test_members_who_cannot_be_meant_are_refused() -> None:
    all_ = three(founded())
    us, source = all_.lead.desk.us, all_.source.desk.us
    half = replace(receiving(PARTS[0]), wanted=(Wanted(Kind.PRE_TAX, Into.PLAN, 3_000_00),))
    for receivers in ([us], [source], [all_.other.desk.us] * 2, [key(str(each)).address for each in range(4)]):
        with all_.lead.files.begin() as unit, pytest.raises(BadInputError, match="receivers"):
            deals.request(unit, all_.lead.desk, "lead", source=source, half=half, receivers=receivers)


def test_evidence_holds_with_the_words_of_all_three() -> None:
    all_ = three(founded())
    until_signed(all_)
    all_.ready()
    all_.carry()
    all_.run(6)
    found = [
        evidence_of(each.files, all_.world.chain, coordinator=all_.world.rollover, case=each.only())
        for _, each in all_.everybody()
    ]
    report = check(write(joined(joined(found[0], found[1]), found[2])), head=all_.world.chain.head().hash)
    assert report.holds
    assert report.count(Status.MISSING) == 0

"""What the participant's page shows of a deal, as either side sees it, from the wish to the new account."""

from __future__ import annotations

import pytest
from tests.rails.node.deal_nodes import Both, Custodian, both
from tests.rails.node.going_back import Back, posted
from tests.rails.world import DAY, founded

from open401k.rails.calls import call_of
from open401k.rails.decoding import decode_case
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import attestation_hash
from open401k.rails.node import deals
from open401k.rails.node.cases import State
from open401k.rails.node.core import Answer, Order, SilentError
from open401k.rails.node.seen import seen_of
from open401k.rails.node.waiting import standing_here
from open401k.rails.preflight.facts import Holds, Part
from open401k.rails.tracking import Place, Seen, Standing, Step, Track, tracked


@pytest.fixture
def two() -> Both:
    return both(founded())


def seen(two: Both, custodian: Custodian) -> Seen:
    case = custodian.only()
    agreed = custodian.file(case).agreed
    custodian.node.coordinator.final_block()
    standing = custodian.node.coordinator.final(agreed) if agreed else None
    with custodian.files.begin() as unit:
        return seen_of(unit, case, standing, now=two.world.clock.now)


def shown(two: Both) -> Track:
    """The receiver's page; the source's shows the same place and stations."""
    pages = [tracked(seen(two, custodian)) for custodian in (two.receiver, two.source)]
    assert pages[0].place is pages[1].place
    assert pages[0].stations == pages[1].stations
    assert Place.UNCLEAR is not pages[0].place
    return pages[0]


def done(track: Track) -> Step:
    """The last station that is behind."""
    return [station.step for station in track.stations if station.standing is Standing.DONE][-1]


def test_both_sides_show_the_same_from_the_wish_to_the_new_account(two: Both) -> None:
    two.ask()
    two.carry()
    assert (done(shown(two)), shown(two).place) == (Step.ASKED, Place.OLD_ACCOUNT)
    two.put(holds=Holds(order_pending=True, levy=False, bankruptcy=False, other_legal=False))
    two.carry()
    assert [todo.owner for todo in shown(two).todo] == ["Your old plan at The Old Company"]
    two.put()
    two.carry()
    assert (done(shown(two)), [todo.owner for todo in shown(two).todo]) == (Step.CHECKED, ["You"])
    two.sign()
    two.carry()
    assert (done(shown(two)), shown(two).place) == (Step.SIGNED, Place.BEING_SOLD)
    two.ready()
    two.carry()
    two.source.node.run_once()
    two.carry()
    assert (done(shown(two)), shown(two).place) == (Step.SET_ASIDE, Place.HELD_FOR_ALL)
    assert {vote.name: vote.given for vote in seen(two, two.receiver).votes} == {
        "The Old Company": True,
        "the new plan": False,
    }
    two.receiver.node.run_once()
    two.carry()
    two.run()
    assert (done(shown(two)), shown(two).place, shown(two).ended) == (Step.ARRIVED, Place.NEW_ACCOUNT, True)


def test_what_is_decided_and_not_booked_is_late_from_when_the_other_side_booked_it(
    two: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.until_signed()
    two.ready()
    two.carry()

    def away(order: Order) -> Answer:
        raise SilentError("the core: ConnectError")

    monkeypatch.setattr(two.receiver.node.core, "post", away)
    two.run()
    two.carry()
    assert two.receiver.file(two.receiver.only()).state is State.VOTED
    (todo,) = shown(two).todo
    assert (todo.owner, todo.overdue) == ("the new plan", False)
    two.world.clock.now += 10 * DAY
    (later,) = tracked(seen(two, two.receiver)).todo
    assert (later.by, later.overdue) == (todo.by, True)


def test_what_was_stopped_before_the_terms_stays_where_it_was(two: Both) -> None:
    two.until_signed()
    with two.receiver.files.begin() as unit:
        deals.stop(unit, two.receiver.desk, "case", 176)
    two.carry()
    track = shown(two)
    assert (track.place, track.ended) == (Place.OLD_ACCOUNT, True)
    assert Standing.UNDONE not in {each.standing for each in track.stations}  # nothing was set aside yet


def test_what_nobody_decides_in_time_comes_back_by_itself(two: Both) -> None:
    two.until_terms()
    two.source.node.run_once()
    two.carry()
    two.world.clock.now += 15 * DAY
    two.run()
    track = shown(two)
    assert (track.place, track.ended) == (Place.OLD_ACCOUNT, True)
    assert {each.step: each.standing for each in track.stations} == {
        Step.ASKED: Standing.DONE, Step.CHECKED: Standing.DONE, Step.SIGNED: Standing.DONE,
        Step.SET_ASIDE: Standing.UNDONE,  # it had happened
        Step.APPROVED: Standing.NOT_REACHED, Step.MOVED: Standing.NOT_REACHED, Step.ARRIVED: Standing.NOT_REACHED,
    }  # fmt: skip


def test_an_approval_that_the_network_refused_is_awaited_on_both_pages(two: Both) -> None:
    two.until_terms()
    two.source.node.run_once()
    two.carry()
    agreed = two.receiver.file("case").agreed
    assert agreed is not None
    told = decode_case(agreed.encoded)
    revoked = attestation_hash(told.election.participant, told.attestation)
    world = two.world
    world.send(world.members["attestor"], world.network, call_of("revoke_attestation(bytes32)", revoked))
    two.run()
    assert two.receiver.open_codes() == [102]
    assert two.states() == (State.VOTED, State.VOTED)
    for each in (two.receiver, two.source):
        with each.files.begin() as unit:
            consoles = seen_of(unit, each.only(), standing_here(unit, unit.case(each.only())), now=world.clock.now)
        for page in (seen(two, each), consoles):
            assert [(vote.name, vote.given) for vote in page.votes] == [
                ("The Old Company", True),
                ("the new plan", False),
            ]
            assert [(todo.owner, todo.said) for todo in tracked(page).todo] == [
                ("the new plan", "Agree to the exact amounts.")
            ]


def test_who_has_told_nothing_yet_has_the_name_that_the_network_knows(two: Both) -> None:
    two.ask()
    two.carry()
    source, receiver = two.source, two.receiver
    names = {
        source.deal(source.only()).us: "Old Harbor Trust",
        receiver.deal(receiver.only()).us: "New Meadow Retirement",
    }
    for custodian, case in ((source, source.only()), (receiver, receiver.only())):
        with custodian.files.begin() as unit:
            told = seen_of(unit, case, None, now=two.world.clock.now, names=names)
        assert told.source.name == "Old Harbor Trust"


@pytest.mark.parametrize(
    ("cents", "headline", "place"),
    [
        ((1_000_00, 0), "Your money arrived, and a part of it went back", Place.NEW_ACCOUNT),
        ((2_000_00, 800_00), "Your money arrived, and a part of it went back", Place.NEW_ACCOUNT),
        ((3_000_00, 800_00), "Your money went back", Place.WENT_BACK),
    ],
)
def test_the_page_of_what_went_back_since_says_where_it_is(cents: tuple[int, int], headline: str, place: Place) -> None:
    # Money flow: source -> receiver 3,000.00 pre-tax and 800.00 Roth; then what is named goes back
    back = posted()
    parts = [Part(kind, Into.PLAN, 0, each) for kind, each in zip((Kind.PRE_TAX, Kind.ROTH), cents, strict=True)]
    back.until_signed(*(part for part in parts if part.cents))
    back.ready()
    back.two.carry()
    for custodian in (back.two.source, back.two.receiver):
        assert tracked(of_parent(back, custodian)).headline == "Done: your money has arrived"
    back.two.run()
    for custodian in (back.two.source, back.two.receiver):
        known = of_parent(back, custodian)
        track = tracked(known)
        assert (known.went_back, known.came) == (sum(cents), 3_800_00)
        assert (track.headline, track.place, track.ended) == (headline, place, True)
        assert "went back to The Old Company" in track.where
        assert (track.stations[-1].standing is Standing.UNDONE) is (place is Place.WENT_BACK)


def of_parent(back: Back, custodian: Custodian) -> Seen:
    """The page of the rollover that goes back."""
    file = back.parent(custodian)
    assert file.agreed is not None
    custodian.node.coordinator.final_block()
    with custodian.files.begin() as unit:
        return seen_of(unit, file.id, custodian.node.coordinator.final(file.agreed), now=back.two.world.clock.now)

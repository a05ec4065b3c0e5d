"""What goes back: only what was committed, to where it came from, at most what came of each kind, once."""

from __future__ import annotations

from eth_hash.auto import keccak
from tests.rails.test_rollover import refused
from tests.rails.world import (
    AFTER_TAX,
    DAY,
    PERSON,
    PRE_TAX,
    ROTH,
    ROTH_IRA,
    Case,
    World,
    key,
    leg,
)

from open401k.rails import messages
from open401k.rails.calls import call_of
from open401k.rails.messages import Mode, Role, Voter


def settled(world: World, *legs: messages.Leg, **told: object) -> Case:
    """One that is committed: $1,000.00 pre-tax and $200.00 Roth unless others are told."""
    case = world.case(*(legs or (leg(PRE_TAX, 1_000_00), leg(ROTH, 200_00))), **told)  # type: ignore[arg-type]
    world.settle(case)
    return case


def test_what_was_moved_by_mistake_goes_back_as_a_whole(world: World) -> None:
    """Reg. 1.401(a)(31)-1, Q&A-14: what should not have been taken in leaves again."""
    # Money flow: source -> receiver 1,200.00; receiver -> source 1,200.00
    before = world.money()
    case = settled(world)
    back = world.back(case)
    world.propose_back(back, case)
    assert world.moved(before) == {"source": -1_200_00, "escrow": 1_200_00}
    world.approve(back, 1)
    assert world.moved(before) == {}
    assert (world.state(case), world.state(back)) == ("committed", "committed")
    world.post(back, "receiver", Role.SOURCE)
    world.post(back, "source", Role.RECEIVER)
    assert world.state(back) == "closed"


def test_what_both_have_booked_goes_back_too_and_what_goes_back_can_come_again(world: World) -> None:
    case = settled(world)
    world.post(case, "source", Role.SOURCE)
    world.post(case, "receiver", Role.RECEIVER)
    assert world.state(case) == "closed"
    back = world.back(case)
    world.propose_back(back, case)
    world.approve(back, 1)
    again = world.back(back, by="source", to="receiver")
    before = world.money()
    world.propose_back(again, back)
    world.approve(again, 1)
    assert world.moved(before) == {"source": -1_200_00, "receiver": 1_200_00}


def test_a_rollover_that_names_a_parent_is_settled_and_proposed_as_a_return_only(world: World) -> None:
    case = settled(world)
    back = world.back(case)
    refused(631, lambda: world.settle(back))
    refused(631, lambda: world.propose(back))
    refused(624, lambda: world.batch([back], between=("receiver", "source")))
    before = world.money()
    assert world.state(back) == "absent"
    assert world.moved(before) == {}


def test_the_parent_is_the_one_that_is_named(world: World) -> None:
    case, other = settled(world), settled(world)
    refused(632, lambda: world.propose_back(world.back(case), other))
    refused(632, lambda: world.propose_back(world.back(case, parent=bytes(32)), case))
    refused(632, lambda: world.propose_back(world.back(case, parent=keccak(b"none")), case))


def test_only_what_was_committed_goes_back(world: World) -> None:
    absent = world.case()
    refused(633, lambda: world.propose_back(world.back(absent), absent))
    world.propose(absent)
    refused(633, lambda: world.propose_back(world.back(absent), absent))
    world.abort(absent, absent.election.source, Role.SOURCE, world.signer("source"))
    refused(633, lambda: world.propose_back(world.back(absent), absent))
    other = settled(world)
    twin = world.changed(other, salt=bytes(32))  # under the same key, and not the one that was committed
    refused(633, lambda: world.propose_back(world.back(twin), twin))
    batched = world.case()
    world.batch([batched])
    refused(633, lambda: world.propose_back(world.back(batched), batched))


def test_it_goes_back_to_where_it_came_from_and_nowhere_else(world: World) -> None:
    case = settled(world)
    refused(634, lambda: world.propose_back(world.back(case, to="other"), case))
    two = world.case(*case.terms.legs, source="receiver", receivers=("source", "other"))
    refused(634, lambda: world.propose_back(world.changed(two, parent=case.id), case))
    none = world.case(*case.terms.legs, source="receiver", receivers=())
    refused(634, lambda: world.propose_back(world.changed(none, parent=case.id), case))
    refused(634, lambda: world.propose_back(world.back(case, token=world.rollover), case))
    withholder = world.members["withholder"].address
    person = world.back(case, leg(PRE_TAX, 1_00, into=PERSON), withholder=withholder)
    refused(634, lambda: world.propose_back(person, case))


def test_at_most_what_came_of_each_kind(world: World) -> None:
    case = settled(world, leg(PRE_TAX, 600_00), leg(ROTH, 200_00), leg(PRE_TAX, 400_00))
    refused(407, lambda: world.propose_back(world.back(case, leg(PRE_TAX, 1_000_01)), case))
    refused(407, lambda: world.propose_back(world.back(case, leg(PRE_TAX, 999_00), leg(PRE_TAX, 1_01)), case))
    refused(407, lambda: world.propose_back(world.back(case, leg(PRE_TAX, 1_000_00), leg(ROTH, 200_01)), case))
    refused(407, lambda: world.propose_back(world.back(case, leg(AFTER_TAX, 1, into=ROTH_IRA)), case))
    refused(301, lambda: world.propose_back(world.back(case, leg(16, 1)), case))
    back = world.back(case, leg(PRE_TAX, 999_99), leg(ROTH, 200_00), leg(PRE_TAX, 1))
    world.propose_back(back, case)
    world.approve(back, 1)
    assert world.state(back) == "committed"


def test_nobody_gives_back_what_another_received_or_what_the_person_was_paid(world: World) -> None:
    withholder = world.members["withholder"].address
    legs = leg(PRE_TAX, 500_00, to=1), leg(ROTH, 50_00), leg(PRE_TAX, 300_00, into=PERSON, taxable=300_00)
    case = settled(world, *legs, receivers=("receiver", "other"), withholder=withholder)
    refused(407, lambda: world.propose_back(world.back(case, leg(PRE_TAX, 1)), case))
    world.propose_back(world.back(case, leg(ROTH, 50_00)), case)


def test_it_goes_back_once_unless_the_return_was_aborted(world: World) -> None:
    case = settled(world)
    first = world.back(case, leg(PRE_TAX, 1_00))
    world.propose_back(first, case)
    second = world.back(case, leg(PRE_TAX, 1_00))
    refused(635, lambda: world.propose_back(second, case))  # it goes back already
    world.clock.now = first.terms.deadline + 1
    world.expire(first)
    third = world.back(case, leg(PRE_TAX, 1_00))
    world.propose_back(third, case)
    world.approve(third, 1)
    refused(635, lambda: world.propose_back(world.back(case, leg(ROTH, 1_00)), case))  # it went
    world.post(third, "receiver", Role.SOURCE)
    world.post(third, "source", Role.RECEIVER)
    refused(635, lambda: world.propose_back(world.back(case, leg(ROTH, 1_00)), case))


def test_another_receiver_gives_back_its_own_share(world: World) -> None:
    legs = leg(PRE_TAX, 300_00), leg(PRE_TAX, 500_00, to=1)
    case = settled(world, *legs, receivers=("receiver", "source"))
    first = world.back(case, leg(PRE_TAX, 300_00))
    world.propose_back(first, case)
    itself = world.back(case, leg(PRE_TAX, 500_00), by="source")
    world.propose_back(itself, case)
    world.approve(itself, 1)
    assert world.state(itself) == "committed"


def test_a_return_is_held_to_everything_that_a_rollover_is(world: World) -> None:
    case = settled(world, leg(PRE_TAX, 300_00), receivers=("other",))
    refused(210, lambda: world.propose_back(world.back(case, by="other"), case))  # it may not release
    case = settled(world)
    late = world.back(case)
    refused(203, lambda: _approved_by(world, late, case))
    world.clock.now = late.terms.deadline + 1
    refused(601, lambda: world.propose_back(late, case))
    unsigned = world.back(case, deadline=world.clock.now + 30 * DAY)
    refused(602, lambda: world.propose_back(unsigned, case))
    forged = world.elected((told := world.back(case)).election, told.attestation, told.terms, by=key("somebody else"))
    refused(101, lambda: world.propose_back(forged, case))
    used = world.back(case)
    world.abort(used, used.election.source, Role.SOURCE, world.signer("receiver"))
    refused(611, lambda: world.propose_back(used, case))


def _approved_by(world: World, back: Case, case: Case) -> None:
    told = world.approval(back, Role.SOURCE, world.signer("source"))
    what = "propose_return(bytes,bytes,(bytes32,bytes))"
    world.send(world.members["other"], world.rollover, call_of(what, back.encoded, case.encoded, told))


def test_a_return_of_all_there_is_stays_within_what_was_elected(world: World) -> None:
    case = settled(world)
    told = world.case(leg(PRE_TAX, 1_000_00), source="receiver", receivers=("source",), mode=Mode.ALL, most=999_99)
    refused(403, lambda: world.propose_back(world.changed(told, parent=case.id), case))


def test_a_return_moves_something(world: World) -> None:
    case = settled(world)
    told = world.back(case)
    refused(401, lambda: world.propose_back(world.changed(told, legs=()), case))


def test_the_fullest_return_of_the_fullest_rollover(world: World) -> None:
    spouse = Voter(Role.SPOUSE, key("spouse").address)
    administrator = Voter(Role.ADMINISTRATOR, world.members["administrator"].address)
    legs = [leg(PRE_TAX, 1_00 + place) for place in range(8)]
    case = settled(world, *legs, voters=[spouse, administrator])
    back = world.changed(world.back(case), voters=(spouse, administrator))
    before = world.money()
    world.propose_back(back, case)
    for place in (2, 3, 1):
        world.approve(back, place)
    assert world.moved(before) == {"receiver": -8_28, "source": 8_28}

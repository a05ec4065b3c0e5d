"""What parties sign, as bytes: what does not fit is told where it is encoded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.rails.world import PERSON, World, key, leg

from open401k.rails.messages import ANY_TOTAL, Mode, Role, Voter, parent_of


def test_what_no_chain_would_read_as_it_was_signed_is_not_encoded(world: World) -> None:
    case = world.case()
    for broken in (
        replace(case, election=replace(case.election, max_total=2**96 - 1)),
        replace(case, election=replace(case.election, kinds_mask=1 << 16)),
        replace(case, election=replace(case.election, salt=bytes(31))),
        world.changed(case, deadline=2**40),
        world.changed(case, legs=(leg(0, 2**96),)),
        world.changed(case, part=256),
    ):
        with pytest.raises(ValueError, match=r"does not fit|no limit"):
            _ = broken.encoded


def test_no_limit_is_read_as_no_limit(world: World) -> None:
    world.settle(world.case(leg(0, 1_00), most=ANY_TOTAL, mode=Mode.ALL))


def test_two_directions_and_two_kinds_of_money_in_one_batch(world: World) -> None:
    """The network is asked again where its answer may be another one."""
    there = [world.case(leg(0, 5_00)), world.case(leg(1, 7_00), leg(0, 1_00))]
    back = [world.case(leg(0, 2_00), source="receiver", receivers=("source",))]
    before = world.money()
    world.batch([there[0], back[0], there[1]])
    assert world.moved(before) == {"source": -11_00, "receiver": 11_00}


def test_what_a_case_gives_back_is_read_from_its_bytes(world: World) -> None:
    voters = (Voter(Role.SPOUSE, key("spouse").address),)
    legs = leg(0, 1_00), leg(0, 2_00, into=PERSON)
    withholder = world.members["withholder"].address
    for case in (
        world.case(),
        world.case(*legs, receivers=("receiver", "other"), voters=voters, withholder=withholder),
    ):
        assert parent_of(case.encoded) is None
        assert parent_of(world.changed(case, parent=b"p" * 32).encoded) == b"p" * 32

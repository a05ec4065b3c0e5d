"""Contract wallets (ERC-1271) as participants, attestors and voters, on every way in; and the fullest lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.rails.stubs import token_of, wallet_by_size
from tests.rails.test_refusals import member, refused
from tests.rails.world import ATTESTS, PRE_TAX, Case, World, founded, key, leg

from open401k.rails.messages import Role, Voter

GOOD, BAD = b"agreed!", b"no"


def elected_by_wallet(world: World) -> tuple[Case, Case, int]:
    """A case whose participant is a wallet: as it agreed, as it did not, and by which code that is refused."""
    case = world.case()
    election = replace(case.election, participant=wallet_by_size(world, len(GOOD)))
    case = world.elected(election, case.attestation, case.terms)
    return replace(case, signature=GOOD), replace(case, signature=BAD), 101


def attested_by_wallet(world: World) -> tuple[Case, Case, int]:
    """The same of the attestor."""
    signer = wallet_by_size(world, len(GOOD))
    member(world, "attestor", ATTESTS, signer=signer)
    case = world.case()
    return replace(case, attested=GOOD), replace(case, attested=BAD), 105


@pytest.mark.parametrize("made", [elected_by_wallet, attested_by_wallet])
def test_a_wallet_signs_elections_and_attestations_on_every_way_in(
    world: World, made: Callable[[World], tuple[Case, Case, int]]
) -> None:
    good, bad, code = made(world)
    refused(code, lambda: world.settle(bad))
    refused(code, lambda: world.propose(bad))
    refused(code, lambda: world.batch([bad]))
    world.propose(good)
    refused(code, lambda: world.approve(bad, 1))
    world.approve(good, 1)
    assert world.state(good) == "committed"
    again, _, _ = made(another := founded())
    another.settle(again)
    again, _, _ = made(another := founded())
    another.batch([again])


def test_a_wallet_signs_for_what_goes_back(world: World) -> None:
    case = world.case()
    world.settle(case)
    member(world, "attestor", ATTESTS, signer=wallet_by_size(world, len(GOOD)))
    told = world.back(case)
    election = replace(told.election, participant=wallet_by_size(world, len(GOOD)))
    good = replace(world.elected(election, told.attestation, told.terms), signature=GOOD, attested=GOOD)
    refused(101, lambda: world.propose_back(replace(good, signature=BAD), case))
    refused(105, lambda: world.propose_back(replace(good, attested=BAD), case))
    world.propose_back(good, case)
    assert world.state(good) == "preparing"


def test_a_token_that_does_not_pay_gives_nothing_back(world: World) -> None:
    case = world.changed(world.case(), token=token_of(world, world.members["source"].address))
    world.settle(case)
    back = world.back(case, token=case.terms.token)
    refused(501, lambda: world.propose_back(back, case))
    assert world.state(back) == "absent"


def test_a_wallets_election_is_shown_to_abort_what_is_not_on_chain(world: World) -> None:
    good, bad, code = elected_by_wallet(world)
    source = good.election.source
    refused(code, lambda: world.abort(bad, source, Role.SOURCE, world.signer("source")))
    world.abort(good, source, Role.SOURCE, world.signer("source"))
    assert world.state(good) == "aborted"


def test_a_wallet_votes_in_two_phases(world: World) -> None:
    case = world.case(voters=[Voter(Role.SPOUSE, wallet_by_size(world, len(GOOD)))])
    world.propose(case)
    refused(203, lambda: world.approve(case, 2, (bytes(32), BAD)))
    world.approve(case, 2, (bytes(32), GOOD))
    world.approve(case, 1)
    assert world.state(case) == "committed"


def test_a_batch_takes_thirty_two_and_no_more(world: World) -> None:
    # Money flow: source -> receiver 32 x 1.00
    cases = [world.case(leg(PRE_TAX, 1_00)) for _ in range(33)]
    before = world.money()
    refused(629, lambda: world.batch(cases))
    receipt = world.batch(cases[:32])
    assert world.moved(before) == {"source": -32_00, "receiver": 32_00}
    told = b"".join(log.data for log in receipt.logs if log.address == world.rollover)
    assert all(case.id in told for case in cases[:32])


def test_the_fullest_terms_of_one_custodian_among_its_receivers(world: World) -> None:
    # Money flow: source -> receiver 3.00, other 3.00, itself 2.00
    names = ("receiver", "other", "source")
    voters = [
        Voter(Role.SPOUSE, key("spouse").address),
        Voter(Role.ADMINISTRATOR, world.members["administrator"].address),
    ]
    legs = [leg(PRE_TAX, 1_00, to=place % 3) for place in range(8)]
    case = world.case(*legs, receivers=names, voters=voters)
    before = world.money()
    receipt = world.settle(case)
    assert world.moved(before) == {"source": -6_00, "receiver": 3_00, "other": 3_00}
    assert case.id in receipt.logs[-1].topics

"""What does not fit a batch is left out of it, by the other side or by the contract; the rest goes on together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rails.node.batch_nodes import SETTINGS, WINDOW, Pairs, books_follow_the_chain, pairs
from tests.rails.node.deal_nodes import Custodian

from open401k.base.faults import Stopped, stopping_at
from open401k.rails import messages
from open401k.rails.calls import call_of
from open401k.rails.node import batches
from open401k.rails.node.batch_trials import RefusedWholeError, unfit
from open401k.rails.node.batching import Settings, Stage
from open401k.rails.node.cases import Case, State
from open401k.rails.node.coordinator import Refusal
from open401k.rails.node.core import Order, Refused, Side
from open401k.rails.node.letters import LetterKind
from open401k.rails.node.opening import stop
from open401k.rails.node.signing import Policy, PolicySigner

UNSIGNED = Refusal(627, "the first did not sign this batch")


def files(count: int) -> list[Case]:
    return [Case(f"{number:02}", Side.SOURCE, "account", State.HELD) for number in range(count)]


def revoked(found: Pairs, name: str) -> None:
    """The network takes back who the participant of this one is."""
    told, world = found.cases[name].attestation, found.world
    who = messages.attestation_hash(found.cases[name].election.participant, told)
    world.send(world.members["attestor"], world.network, call_of("revoke_attestation(bytes32)", who))


def words_of(one: Custodian, name: str) -> list[str]:
    """What the file says beside its states."""
    with one.files.begin() as unit:
        return [each.words for each in unit.events(limit=1_000) if each.case == name and each.words]


def held_levy(one: Custodian, rollover: bytes) -> None:
    """Its core does not hold for this one any more."""
    core = one.node.core
    hold = core.hold

    def refuses(order: Order) -> object:
        return Refused(251, "a levy came") if order.rollover == rollover else hold(order)

    core.hold = refuses  # type: ignore[assignment, method-assign]


def until_offered(found: Pairs, *cents: int) -> list[str]:
    """Held on both sides, offered by the source; its letter lies there."""
    names = found.open(*cents)
    found.passes(2)
    found.later(WINDOW)
    found.two.source.node.run_once()
    return names


def both_signed(found: Pairs) -> None:
    """Every batch that both signed holds what no other does, and what settled is in one of them."""
    for one in (found.two.source, found.two.receiver):
        ids = [each for batch in found.batches(one) if batch.stage is Stage.SETTLED for each in batch.ids]
        assert len(ids) == len(set(ids))


# ---- which are refused, by trying


@given(st.integers(1, 32), st.sets(st.integers(0, 31)), st.sets(st.integers(0, 31)))
def test_every_one_that_the_contract_refuses_is_found_and_no_other(count: int, bad: set[int], early: set[int]) -> None:
    cases, asked = files(count), list[int]()

    def ask(some: Sequence[Case]) -> Refusal:
        asked.append(len(some))
        for each in some:
            if int(each.id) in bad:
                return Refusal(102, "the identity was revoked")
            if int(each.id) in early:  # an old block knows an old time
                return Refusal(603, "before it was elected for")
        return UNSIGNED

    wanted = {
        each.id: "the contract refuses with 102: the identity was revoked" for each in cases if int(each.id) in bad
    }
    assert unfit(cases, ask) == wanted
    assert len(asked) <= 1 + 7 * len({each for each in bad | early if each < count})


def test_what_is_refused_of_an_empty_batch_is_nobodys_fault() -> None:
    with pytest.raises(RefusedWholeError, match="601: the deadline is over"):
        unfit(files(2), lambda _: Refusal(601, "the deadline is over"))


def test_a_refusal_that_two_make_together_takes_out_the_later_one() -> None:
    def ask(some: Sequence[Case]) -> Refusal:
        return Refusal(None, "reverted") if {"01", "03"} <= {each.id for each in some} else UNSIGNED

    assert unfit(files(5), ask) == {"03": "the contract refuses without a code: reverted"}


# ---- left out by the contract


def test_what_the_contract_would_refuse_is_not_offered_and_its_file_says_what_it_said() -> None:
    # Money flow: source -> receiver 400.00 in two rollovers of a batch
    found = pairs()
    names = found.open(100_00, 200_00, 300_00)
    found.passes(2)
    revoked(found, names[1])
    found.later(WINDOW)
    found.passes(6)
    assert found.settled() == [2]
    said = "left out of a batch: the contract refuses with 102: the identity was revoked"
    assert said in words_of(found.two.source, names[1])
    assert [found.two.source.file(name).state for name in names] == [State.POSTED, State.VOTED, State.POSTED]
    assert 102 in found.two.source.open_codes()  # alone, it is refused as ever
    found.later(6 * 86_400)
    found.passes(4)
    books_follow_the_chain(found)


def test_what_the_contract_would_refuse_since_it_was_offered_is_named_and_the_rest_is_offered_again() -> None:
    # Money flow: source -> receiver 400.00 in two rollovers of a batch
    found = pairs()
    names = until_offered(found, 100_00, 200_00, 300_00)
    revoked(found, names[1])
    found.passes(6)
    assert found.settled() == [2]
    assert [each.stage for each in found.batches(found.two.source)] == [Stage.OVER, Stage.SETTLED]
    (said,) = [each for each in words_of(found.two.source, names[1]) if "left out" in each]
    assert "the other side says: " in said
    assert "102: the identity was revoked" in said
    assert any("left out of a batch: case" in each for each in words_of(found.two.receiver, names[1]))
    first, second = found.batches(found.two.source)
    assert set(first.ids) - set(second.ids) == {found.cases[names[1]].id}
    both_signed(found)


def test_what_the_contract_refuses_after_both_signed_is_taken_out_before_it_is_sent() -> None:
    # Money flow: source -> receiver 400.00 in two rollovers of a batch
    found = pairs()
    names = until_offered(found, 100_00, 200_00, 300_00)
    found.two.carry()
    with stopping_at("batches.after_answer_commit"), pytest.raises(Stopped):
        found.two.receiver.node.run_once()
    revoked(found, names[1])
    found.passes(6)
    assert found.settled() == [2]
    for one in (found.two.source, found.two.receiver):
        assert any("102: the identity was revoked" in each for each in words_of(one, names[1]))
        assert [each.stage for each in found.batches(one)] == [Stage.OVER, Stage.SETTLED]
    found.later(6 * 86_400)
    found.passes(4)
    books_follow_the_chain(found)


def test_what_is_offered_anew_until_the_same_second_is_not_taken_for_what_was_refused() -> None:
    # Money flow: source -> receiver 400.00 in two rollovers of a batch; all end within the time of an answer
    found = pairs()
    names = found.open(100_00, 200_00, 300_00)
    found.passes(2)
    found.later(found.cases[names[0]].terms.deadline - found.world.clock.now - SETTINGS.answer // 2)
    found.two.source.node.run_once()
    found.two.carry()
    with stopping_at("batches.after_answer_commit"), pytest.raises(Stopped):
        found.two.receiver.node.run_once()
    revoked(found, names[1])
    found.passes(6)
    offered = found.batches(found.two.source)
    assert len({each.deadline for each in offered}) == 1
    assert [each.stage for each in offered] == [Stage.OVER, Stage.SETTLED]
    assert found.settled() == [2]


def test_money_that_is_short_ends_the_batch_for_all_and_each_file_says_so() -> None:
    found = pairs()
    until_offered(found, 100_00, 200_00)
    found.two.carry()
    with stopping_at("batches.after_answer_commit"), pytest.raises(Stopped):
        found.two.receiver.node.run_once()
    world = found.world
    world.send(world.members["source"], world.token, call_of("approve(address,uint256)", world.rollover, 0))
    found.passes(1)
    assert found.settled() == []
    for name in found.cases:
        assert any(
            "goes on without a batch: the contract refuses" in each for each in words_of(found.two.receiver, name)
        )


# ---- left out by a core, or by a policy


@pytest.mark.parametrize("most", [2, 3])
def test_too_few_that_are_left_go_singly_at_once(most: int) -> None:
    found = pairs(source=Settings(WINDOW, least=most))
    names = until_offered(found, 100_00, 200_00, 300_00)
    held_levy(found.two.receiver, found.cases[names[2]].id)
    found.passes(6)
    assert found.settled() == ([2] if most == 2 else [])
    assert [found.two.source.file(name).state for name in names[:2]] == [State.POSTED] * 2
    books_follow_the_chain(found)


@pytest.mark.parametrize("by", ["source", "receiver"])
def test_what_a_signers_policy_does_not_allow_is_left_out(by: str) -> None:
    found = pairs()
    one = found.two.source if by == "source" else found.two.receiver
    assert isinstance(one.node.signer, PolicySigner)
    one.node.signer.policy = Policy(most=250_00)
    names = found.open(100_00, 200_00, 300_00)
    found.passes(2)
    found.later(WINDOW)
    found.passes(7)
    assert found.settled() == [2]
    assert any("30000 cents are more than the 25000" in each for each in words_of(found.two.source, names[2]))
    assert [found.two.source.file(name).state for name in names[:2]] == [State.POSTED] * 2


def test_a_decline_that_names_strangers_alone_lets_all_go_singly() -> None:
    found = pairs()
    until_offered(found, 100_00, 200_00)
    (offer,) = [each for each in found.two.written(found.two.source) if each.kind == LetterKind.BATCH]
    body = {"code": 666, "words": "no", "items": [{"rollover": "11" * 32, "words": "not this"}]}
    told = replace(offer, kind=LetterKind.BATCH_DECLINED, body=body)  # type: ignore[arg-type]
    found.two.take(found.two.source, told)
    assert {found.two.source.file(name).batch_until for name in found.cases} == {None}


def test_both_stop_once_at_every_boundary_of_leaving_out() -> None:
    """The contract refuses one before it is offered, the other side's core another: both go singly, the rest once."""
    found = pairs()
    names = found.open(100_00, 200_00, 300_00, 400_00)
    found.passes(2)
    revoked(found, names[0])
    held_levy(found.two.receiver, found.cases[names[1]].id)
    found.later(WINDOW)
    reached: dict[str, int] = {}
    once = (*batches.BOUNDARIES[:4], "deals.letter_taken", *batches.BOUNDARIES[4:])
    for boundary in (*once, *once[2:]):  # for both offers, and for both answers
        for do in (found.two.source.node.run_once, found.two.receiver.node.run_once, found.two.carry):
            with stopping_at(boundary):
                try:
                    do()
                except Stopped:
                    reached[boundary] = reached.get(boundary, 0) + 1
        found.later(1)
    found.passes(8)
    assert found.settled() == [2]
    assert [found.two.source.file(name).state for name in names[1:]] == [State.RELEASED, State.POSTED, State.POSTED]
    assert reached.keys() >= {"batches.before_left_out_commit"}
    found.later(6 * 86_400)
    found.passes(4)
    books_follow_the_chain(found)
    both_signed(found)


# ---- offers that cross


def crossing(found: Pairs) -> tuple[Custodian, Custodian]:
    """Both have offered, and no letter has come: who leads, and who follows."""
    found.open(100_00, 200_00)
    found.open(120_00, 50_00, source="receiver")
    found.passes(2)
    found.later(WINDOW)
    sides = sorted((found.two.source, found.two.receiver), key=lambda each: each.desk.us)
    for each in sides:
        each.node.run_once()
        assert [batch.stage for batch in found.batches(each)] == [Stage.OFFERED]
    return sides[0], sides[1]


def carried(found: Pairs, from_: Custodian, *, newest_first: bool = False) -> int:
    """What one side wrote arrives at the other."""
    to = found.two.source if from_ is found.two.receiver else found.two.receiver
    with from_.files.begin() as unit:
        waiting = list(unit.letters_out())
    for each in reversed(waiting) if newest_first else waiting:
        found.two.take(to, each.letter)
        with from_.files.begin() as unit:
            unit.letter_sent(each.to, each.letter.reference, each.letter.number)
    return len(waiting)


Steps = Callable[[Pairs, Custodian, Custodian], None]


def both_arrive(found: Pairs, leads: Custodian, follows: Custodian) -> None:
    carried(found, leads)
    carried(found, follows)
    follows.node.run_once()
    leads.node.run_once()


def leader_hears_first(found: Pairs, leads: Custodian, follows: Custodian) -> None:
    carried(found, follows)
    leads.node.run_once()
    carried(found, leads)
    follows.node.run_once()


def follower_hears_first(found: Pairs, leads: Custodian, follows: Custodian) -> None:
    carried(found, leads)
    follows.node.run_once()
    follows.node.run_once()
    carried(found, follows)
    leads.node.run_once()


def newest_comes_first(found: Pairs, leads: Custodian, follows: Custodian) -> None:
    carried(found, follows)
    leads.node.run_once()
    carried(found, leads, newest_first=True)
    follows.node.run_once()


@pytest.mark.parametrize("steps", [both_arrive, leader_hears_first, follower_hears_first, newest_comes_first])
def test_offers_that_cross_are_settled_as_one(steps: Steps) -> None:
    # Money flow: source -> receiver 300.00, receiver -> source 170.00; on chain 130.00
    found = pairs()
    before = found.world.money()
    leads, follows = crossing(found)
    steps(found, leads, follows)
    found.passes(5)
    assert found.settled() == [4]
    assert found.states() == {State.POSTED}
    assert found.world.moved(before) == {"source": -130_00, "receiver": 130_00}
    for one in (leads, follows):
        (settled,) = [each for each in found.batches(one) if each.stage is Stage.SETTLED]
        assert settled.first == leads.desk.us
        assert {each.stage for each in found.batches(one) if each is not settled} == {Stage.OVER}
    books_follow_the_chain(found)


def test_a_leader_that_is_gone_lets_the_follower_go_on_when_the_time_is_over() -> None:
    found = pairs()
    leads, follows = crossing(found)
    carried(found, leads)
    for _ in range(4):
        follows.node.run_once()
        found.later(300)
    assert {each.stage for each in found.batches(follows)} <= {Stage.OVER}
    found.passes(8)
    assert found.states() == {State.POSTED}
    books_follow_the_chain(found)


def test_what_does_not_fit_of_two_that_cross_is_left_out_of_the_one() -> None:
    # Money flow: source -> receiver 200.00, receiver -> source 170.00
    found = pairs()
    leads, follows = crossing(found)
    bad = sorted(name for name in found.cases if name.startswith("source"))[0]
    held_levy(found.two.receiver, found.cases[bad].id)
    found.passes(8)
    assert sum(found.settled()) == 3
    assert {one.file(bad).state for one in (leads, follows)} == {State.RELEASED}
    books_follow_the_chain(found)
    both_signed(found)


def test_what_is_ended_after_it_was_offered_is_not_signed_anew_when_offers_cross() -> None:
    """Its abort is not on chain yet, and the other side has not heard of it: the contract would still take it."""
    found = pairs()
    leads, follows = crossing(found)
    (offered,) = found.batches(leads)
    ended, goes_on = (name for name in sorted(found.cases) if found.cases[name].id in offered.ids)
    with leads.files.begin() as unit:
        stop(unit, ended, 553)
    carried(found, follows)
    leads.node.run_once()
    (anew,) = [each for each in found.batches(leads) if each.stage is Stage.OFFERED]
    assert found.cases[goes_on].id in anew.ids
    assert found.cases[ended].id not in anew.ids
    assert "waits for the next batch" not in words_of(leads, ended)
    found.passes(8)
    assert found.settled() == [3]
    assert {one.file(ended).state for one in (leads, follows)} == {State.RELEASED}
    books_follow_the_chain(found)


def test_who_leads_takes_as_many_as_there_is_room_for_and_offers_the_rest_anew() -> None:
    found = pairs(source=Settings(WINDOW, most=3), receiver=replace(SETTINGS, most=3))
    crossing(found)
    found.passes(10)
    assert found.states() == {State.POSTED}
    assert found.settled()[0] == 3
    books_follow_the_chain(found)


def test_both_stop_at_every_boundary_while_their_offers_cross() -> None:
    found = pairs()
    found.open(100_00, 200_00)
    found.open(120_00, 50_00, source="receiver")
    found.passes(2)
    found.later(WINDOW)
    for boundary in ("batches.before_offer_commit", "batches.after_offer_commit", *batches.BOUNDARIES[4:]):
        for do in (found.two.receiver.node.run_once, found.two.source.node.run_once, found.two.carry):
            with stopping_at(boundary), suppress(Stopped):
                do()
        found.later(1)
    found.passes(6)
    assert found.settled() == [4]
    assert found.states() == {State.POSTED}
    books_follow_the_chain(found)
    both_signed(found)

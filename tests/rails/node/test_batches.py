"""Several rollovers with one peer settle in one transaction, or each by itself; none twice, whatever stops when."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from eth_hash.auto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rails.node.batch_nodes import ANSWER, BEFORE, SETTINGS, WINDOW, Pairs, books_follow_the_chain, pairs
from tests.rails.node.deal_nodes import Custodian
from tests.rails.world import DAY, PERSON, PRE_TAX, leg

from open401k.base.faults import Stopped, stopping_at
from open401k.rails.messages import Mode
from open401k.rails.node import batches, worker
from open401k.rails.node.batch_letters import batch_kept_out
from open401k.rails.node.batch_waits import go_on_singly
from open401k.rails.node.batching import Batch, Settings, Stage
from open401k.rails.node.cases import State
from open401k.rails.node.codec import Json
from open401k.rails.node.codes import BATCH_DECLINED, POLICY, SIGNER_AWAY
from open401k.rails.node.coordinator import Refusal
from open401k.rails.node.core import Order, Refused, SilentError
from open401k.rails.node.letters import Came, Letter, LetterKind
from open401k.rails.node.memory_deals import MemoryDealUnit
from open401k.rails.node.opening import stop
from open401k.rails.node.signing import Policy, PolicyError, PolicySigner, SignerAwayError
from open401k.rails.node.taking import kept_out

SETTLE_BATCH = keccak(b"settle_batch(uint256,uint256,uint256,uint256,bytes,bytes,bytes)")[:4]


def stages(found: Pairs) -> list[list[Stage]]:
    return [[each.stage for each in found.batches(one)] for one in (found.two.source, found.two.receiver)]


def until_offered(found: Pairs, *cents: int) -> list[str]:
    """Held on both sides, offered by the source; its letter lies there."""
    names = found.open(*(cents or (100_00, 200_00)))
    found.passes(2)
    found.later(WINDOW)
    found.two.source.node.run_once()
    return names


def written(found: Pairs, by: Custodian, *kinds: LetterKind) -> list[Letter]:
    with by.files.begin() as unit:
        return [each.letter for each in unit.letters_out() if each.letter.kind in kinds]


# ---- what is settled together


def test_what_is_ready_within_the_window_settles_in_one_transaction() -> None:
    # Money flow: source -> receiver 600.00 in three rollovers
    found = pairs()
    found.open(100_00, 200_00, 300_00)
    before = found.world.money()
    found.passes(2)
    assert found.states() == {State.HELD}
    found.later(WINDOW)
    found.passes(5)
    assert found.states() == {State.POSTED}
    assert found.settled() == [3]
    assert found.world.moved(before) == {"source": -600_00, "receiver": 600_00}
    assert found.balances() == [BEFORE[0] - 600_00, BEFORE[0] + 600_00]
    assert stages(found) == [[Stage.SETTLED], [Stage.SETTLED]]
    for custodian in (found.two.source, found.two.receiver):
        with custodian.files.begin() as unit:
            assert unit.raised() == []
        assert custodian.node.cases.to_follow() == []


def test_both_ways_are_one_batch_and_only_the_difference_moves() -> None:
    # Money flow: source -> receiver 300.00, receiver -> source 120.00; on chain 180.00
    found = pairs(receiver=replace(SETTINGS, window=10 * WINDOW))
    found.open(100_00, 200_00)
    found.open(120_00, source="receiver")
    before = found.world.money()
    found.passes(2)
    found.later(WINDOW)
    found.passes(6)
    assert found.states() == {State.POSTED}
    assert found.settled() == [3]
    assert found.world.moved(before) == {"source": -180_00, "receiver": 180_00}
    assert found.balances() == [BEFORE[0] - 180_00, BEFORE[0] + 180_00]
    assert sorted(map(sorted, stages(found))) == [[Stage.OVER, Stage.SETTLED]] * 2


def test_as_many_as_one_batch_holds_go_at_once_and_the_rest_in_the_next() -> None:
    found = pairs(source=Settings(WINDOW, ANSWER, most=3))
    found.open(*(10_00 + each for each in range(7)))
    found.passes(6)
    assert found.settled() == [3, 3]  # it is full: nobody waits for the window
    found.later(WINDOW)
    found.passes(6)
    assert found.states() == {State.POSTED}
    assert found.settled() == [3, 3]
    books_follow_the_chain(found)


def test_one_alone_does_not_wait_longer_than_the_window() -> None:
    found = pairs()
    found.open(100_00)
    found.passes(2)
    assert found.states() == {State.HELD}
    found.later(WINDOW)
    found.passes(5)
    assert found.states() == {State.POSTED}
    assert found.settled() == []
    assert stages(found) == [[], []]


def test_what_no_batch_holds_goes_by_itself_at_once() -> None:
    """A part for the person, or all there is that ends before a batch would be answered."""
    found = pairs()
    withholder = found.world.members["withholder"].address
    person = found.world.case(leg(PRE_TAX, 50_00), leg(PRE_TAX, 10_00, into=PERSON), withholder=withholder)
    short = found.world.case(leg(PRE_TAX, 50_00), mode=Mode.ALL)
    short = found.world.changed(short, deadline=found.world.clock.now + ANSWER)
    for name, case in (("person", person), ("short", short)):
        found.agreed(name, found.world.elected(case.election, case.attestation, case.terms))
    found.two.source.node.run_once()
    assert {found.two.source.file(name).state for name in found.cases} == {State.VOTED}
    assert found.two.source.file("short").batch_until is None


def test_a_node_without_the_setting_goes_on_as_before() -> None:
    found = pairs(source=None, receiver=None)
    found.open(100_00, 200_00)
    found.passes(4)
    assert found.states() == {State.POSTED}
    assert found.settled() == []


# ---- what falls back


def test_a_peer_that_takes_no_batches_declines_at_once_and_each_goes_singly() -> None:
    found = pairs(receiver=None)
    until_offered(found)
    found.passes(4)
    assert found.states() == {State.POSTED}
    assert found.settled() == []
    assert stages(found) == [[Stage.OVER], [Stage.OVER]]


def test_an_offer_that_is_not_answered_falls_back_when_its_time_is_over() -> None:
    found = pairs()
    until_offered(found)
    for _ in range(3):
        found.two.source.node.run_once()
        found.later(ANSWER // 4)
    assert found.states(found.two.source) == {State.HELD}
    found.later(ANSWER)
    found.two.source.node.run_once()
    found.two.source.node.run_once()
    assert found.states(found.two.source) == {State.VOTED}
    found.passes(5)  # the letter comes now: it is declined, or over
    assert found.states() == {State.POSTED}
    assert found.settled() == []
    books_follow_the_chain(found)


def test_an_answer_that_comes_too_late_moves_nothing_twice() -> None:
    found = pairs()
    until_offered(found)
    found.two.carry()
    receiver, sends = found.two.receiver.node, []
    batch_send = batches.Batches._send
    try:
        batches.Batches._send = lambda *_: sends.append(1)  # type: ignore[method-assign]
        receiver.run_once()  # signed, and not sent
    finally:
        batches.Batches._send = batch_send  # type: ignore[method-assign]
    assert [each.stage for each in found.batches(found.two.receiver)] == [Stage.SIGNED]
    found.later(2 * ANSWER)
    found.passes(6)
    assert found.states() == {State.POSTED}
    assert found.settled() == []
    books_follow_the_chain(found)


def test_a_letter_that_is_kept_out_there_lets_each_go_singly() -> None:
    found = pairs()
    until_offered(found)
    source = found.two.source
    with source.files.begin() as unit:
        (sent,) = [each for each in unit.letters_out() if each.letter.kind == LetterKind.BATCH]
        kept_out(unit, source.desk, sent)
    found.passes(4)
    assert found.states() == {State.POSTED}
    assert found.settled() == []


def test_one_that_is_stopped_lets_the_others_go_on() -> None:
    found = pairs()
    names = until_offered(found)
    with found.two.receiver.files.begin() as unit:
        stop(unit, names[0], 553)
    found.passes(6)
    ends = [{one.file(name).state for one in (found.two.source, found.two.receiver)} for name in names]
    assert ends == [{State.RELEASED}, {State.POSTED}]
    assert found.settled() == []
    books_follow_the_chain(found)


def test_one_that_is_stopped_after_both_signed_ends_the_batch() -> None:
    found = pairs()
    names = until_offered(found)
    found.two.carry()
    receiver = found.two.receiver.node
    receiver.run_once()  # signed
    with stopping_at("batches.before_send"), pytest.raises(Stopped):
        receiver.run_once()
    with found.two.source.files.begin() as unit:
        stop(unit, names[0], 553)
    source = found.two.source.node
    source.batches, kept = None, source.batches  # its abort is on chain before the batch
    source.run_once()
    source.batches = kept
    found.passes(8)
    assert found.settled() == []
    ends = [{one.file(name).state for one in (found.two.source, found.two.receiver)} for name in names]
    assert ends == [{State.RELEASED}, {State.POSTED}]
    books_follow_the_chain(found)


def test_a_core_that_does_not_hold_any_more_keeps_its_case_out() -> None:
    found = pairs()
    names = until_offered(found, 100_00, 200_00, 300_00)
    core, bad = found.two.receiver.node.core, found.cases[names[1]].id
    hold = core.hold

    def refuses(order: Order) -> object:
        return Refused(251, "a levy came") if order.rollover == bad else hold(order)

    core.hold = refuses  # type: ignore[assignment, method-assign]
    found.two.carry()
    found.two.receiver.node.run_once()
    (declined,) = written(found, found.two.receiver, LetterKind.BATCH_DECLINED)
    assert isinstance(declined.body, dict)
    assert declined.body["code"] == BATCH_DECLINED
    assert declined.body["words"] == f"case {names[1]} is not held by the core"
    found.passes(6)
    ends = [found.two.source.file(name).state for name in names]
    assert ends == [State.POSTED, State.RELEASED, State.POSTED]
    assert found.settled() == [2]
    books_follow_the_chain(found)


def test_what_the_sources_core_does_not_hold_is_not_offered() -> None:
    found = pairs()
    names = found.open(100_00, 200_00, 300_00)
    found.passes(2)
    core, silent = found.two.source.node.core, found.cases[names[0]].id
    hold = core.hold

    def away(order: Order) -> object:
        if order.rollover == silent:
            raise SilentError("the core is away")
        return hold(order)

    core.hold = away  # type: ignore[assignment, method-assign]
    batches = found.two.source.node.batches
    assert batches is not None
    found.later(WINDOW)
    found.two.source.node.run_once()
    assert batches.silent == {names[0]}
    found.passes(5)
    assert found.settled() == [2]
    core.hold = hold  # type: ignore[method-assign]
    found.passes(5)
    assert found.states() == {State.POSTED}


def test_a_batch_is_held_to_the_signers_policy_as_approvals_are() -> None:
    found = pairs()
    signer = found.two.receiver.node.signer
    assert isinstance(signer, PolicySigner)
    signer.policy = Policy(most=150_00)
    until_offered(found)
    found.two.carry()
    found.two.receiver.node.run_once()
    (declined,) = written(found, found.two.receiver, LetterKind.BATCH_DECLINED)
    assert isinstance(declined.body, dict)
    assert "20000 cents are more than the 15000" in str(declined.body["words"])


def test_a_batch_that_nobody_signs_is_on_a_desk_and_off_it_when_somebody_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = pairs()
    source = found.two.source
    found.open(100_00, 200_00)
    found.passes(2)
    found.world.clock.now += WINDOW  # time to offer; no block says so yet, so that nothing goes singly

    def refuses(*_: object, **__: object) -> bytes:
        raise PolicyError("no more of them this hour")

    with monkeypatch.context() as patch:
        patch.setattr(source.node.signer, "batch", refuses)
        for _ in range(3):
            source.node.run_once()
        assert source.open_codes() == [POLICY, POLICY]  # once for each case
    source.node.run_once()
    assert source.open_codes() == []
    found.passes(6)
    assert source.open_codes() == []
    assert found.states() == {State.POSTED}


def test_an_answer_to_a_batch_that_waits_for_the_signer_is_on_a_desk_until_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = pairs()
    until_offered(found)
    found.two.carry()
    receiver = found.two.receiver

    def away(*_: object, **__: object) -> bytes:
        raise SignerAwayError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(receiver.node.signer, "batch", away)
        receiver.node.run_once()
        receiver.node.run_once()
        assert receiver.open_codes() == [SIGNER_AWAY, SIGNER_AWAY]
    receiver.node.run_once()
    assert receiver.open_codes() == []
    found.passes(4)
    assert found.states() == {State.POSTED}


# ---- what we gave up, and the other side did not


def until_signed(found: Pairs) -> tuple[Custodian, Custodian]:
    """Signed by both, and sent by neither."""
    until_offered(found)
    found.two.carry()
    found.two.receiver.node.run_once()
    found.two.carry()
    assert stages(found) == [[Stage.SIGNED], [Stage.SIGNED]]
    return found.two.source, found.two.receiver


def refusing(custodian: Custodian, patch: pytest.MonkeyPatch) -> list[bytes]:
    """The chain takes nothing from it, and nobody was faster; what it sends."""
    sent: list[bytes] = []

    def send(data: bytes) -> Refusal:
        sent.append(data)
        return Refusal(612, "refused")

    patch.setattr(custodian.node.coordinator, "send", send)
    return sent


def test_a_batch_that_was_refused_to_us_is_still_settled_by_the_other_side(monkeypatch: pytest.MonkeyPatch) -> None:
    # Money flow: source -> receiver 300.00
    found = pairs()
    source, receiver = until_signed(found)
    with monkeypatch.context() as patch:
        sent = refusing(source, patch)
        for _ in range(3):
            source.node.run_once()
    assert len([each for each in sent if each[:4] == SETTLE_BATCH]) == 1
    assert stages(found)[0] == [Stage.OVER]
    assert {source.file(name).batch_until for name in found.cases} == {None}
    receiver.node.run_once()
    assert found.settled() == [2]
    found.passes(4)
    assert found.states() == {State.POSTED}
    assert stages(found) == [[Stage.SETTLED], [Stage.SETTLED]]
    books_follow_the_chain(found)


@pytest.mark.parametrize("where", ["memory", "postgresql"])
def test_a_batch_that_counts_as_over_here_and_was_settled_counts_as_settled_before_its_cases_are_posted(
    where: str, request: pytest.FixtureRequest
) -> None:
    found = pairs(kept=request.getfixturevalue("kept_deals")) if where == "postgresql" else pairs()
    until_offered(found)
    source, receiver = found.two.source, found.two.receiver
    found.two.carry()
    with source.files.begin() as unit:
        (batch,) = unit.live_batches()
        unit.change_batch(batch, replace(batch, stage=Stage.OVER))
        go_on_singly(unit, batch)
    receiver.node.run_once()
    receiver.node.run_once()
    assert found.settled() == [2]
    with stopping_at("node.before_core_post"), pytest.raises(Stopped):
        source.node.run_once()
    with source.files.begin() as unit:
        for case in found.cases.values():  # a return of any of them is told so, not sent to be refused
            assert (settled := unit.batch_of(case.id)) is not None
            assert settled.reference == batch.reference
    found.passes(3)
    assert found.states() == {State.POSTED}


# ---- offers that are not what they should be


def forged(found: Pairs, **other: object) -> list[str]:
    """The source's offer with other fields, signed anew by it; why the receiver declines."""
    until_offered(found)
    (offer,) = written(found, found.two.source, LetterKind.BATCH)
    (batch,) = found.batches(found.two.source)
    told = replace(batch, **other)  # type: ignore[arg-type]
    digest = found.world.domain().digest(told.hash)
    fields = {"first": told.first.hex(), "second": told.second.hex(), "token": told.token.hex(),
              "deadline": told.deadline, "ids": [each.hex() for each in told.ids],
              "signature": found.world.signer("source").sign(digest).hex()}  # fmt: skip
    assert found.two.take(found.two.receiver, replace(offer, body=fields)).came is Came.TAKEN  # type: ignore[arg-type]
    found.two.receiver.node.run_once()
    assert [each.stage for each in found.batches(found.two.receiver)] == [Stage.OVER]
    (declined,) = written(found, found.two.receiver, LetterKind.BATCH_DECLINED)
    assert isinstance(declined.body, dict)
    return str(declined.body["words"]).split("; ")


def test_every_item_is_checked_against_our_own_cases_and_all_is_told_at_once() -> None:
    found = pairs()
    until = found.world.clock.now + 4 * DAY
    strangers = (b"n" * 32, b"o" * 32)
    assert forged(found, ids=strangers) == ["no case of ours has these terms"]
    found = pairs()
    assert [each.split(" ", 2)[2] for each in forged(found, token=b"t" * 20)] == [
        "00 is with another custodian, or in another deposit", "01 is with another custodian, or in another deposit",
    ]  # fmt: skip
    found = pairs()
    assert {each.split(" ", 3)[3] for each in forged(found, deadline=until + 9 * DAY)} == {
        "ends before the batch does", "than a day",
    }  # fmt: skip


def test_an_offer_that_another_signed_or_that_names_others_is_not_taken() -> None:
    found = pairs()
    until_offered(found)
    (offer,) = written(found, found.two.source, LetterKind.BATCH)
    assert isinstance(offer.body, dict)
    take = found.two.take
    wrongs: tuple[dict[str, Json], ...] = (
        {"first": "11" * 20},
        {"second": "11" * 20},
        {"ids": []},
        {"ids": ["22" * 32] * 2},
        {"ids": ["22" * 31]},
        {"color": 1},
    )
    for wrong in wrongs:
        refused = take(found.two.receiver, replace(offer, body=offer.body | wrong))
        assert refused.came is Came.REFUSED, wrong
    other = found.world.members["other"].address
    assert take(found.two.receiver, offer, of=other).came is Came.REFUSED
    body = offer.body | {"signature": "11" * 65}
    assert take(found.two.receiver, replace(offer, body=body)).came is Came.TAKEN
    found.two.receiver.node.run_once()
    (declined,) = written(found, found.two.receiver, LetterKind.BATCH_DECLINED)
    assert isinstance(declined.body, dict)
    assert "not by a key that the network names" in str(declined.body["words"])


def test_an_answer_to_nothing_or_with_anothers_signature_changes_nothing_that_counts() -> None:
    found = pairs()
    until_offered(found)
    (offer,) = written(found, found.two.source, LetterKind.BATCH)
    source, receiver = found.two.source, found.two.receiver
    answer = Letter(b"x" * 32, 1, LetterKind.BATCH_SIGNED, {"signature": "11" * 65})
    assert found.two.take(source, answer).came is Came.REFUSED
    assert found.two.take(source, replace(answer, reference=offer.reference)).came is Came.TAKEN
    source.node.run_once()
    assert [each.stage for each in found.batches(source)] == [Stage.OVER]
    assert found.settled() == []
    source.node.run_once()
    assert found.states(source) == {State.VOTED}
    assert found.two.take(receiver, offer, of=receiver.desk.us).came is Came.REFUSED


# ---- stops and races


@pytest.mark.parametrize("where", ["memory", "postgresql"])
def test_both_nodes_stop_once_at_every_boundary_and_every_letter_comes_twice(
    where: str, request: pytest.FixtureRequest
) -> None:
    found = pairs(kept=request.getfixturevalue("kept_deals")) if where == "postgresql" else pairs()
    found.open(100_00, 200_00, 300_00)
    reached = set()
    held, rest = worker.BOUNDARIES[:4], worker.BOUNDARIES[6:]
    together = [each for each in batches.BOUNDARIES if "left_out" not in each]
    for boundary in (*held, "deals.letter_taken", "the window", *together, *rest):
        for do in (found.two.source.node.run_once, found.two.receiver.node.run_once, found.two.carry):
            with stopping_at(boundary):
                try:
                    do()
                except Stopped:
                    reached.add(boundary)
        found.later(WINDOW if boundary == "the window" else 1)
    found.passes(8)
    assert found.states() == {State.POSTED}
    assert {each for each in reached if each.startswith("batches.")} >= {
        "batches.before_offer_commit", "batches.before_answer_commit", "batches.before_send",
        "batches.before_end_commit",
    }  # fmt: skip
    assert found.settled() == [3]
    books_follow_the_chain(found)


ACTS = ("source", "receiver", "post", "lost", "later", "much later", "stop", "open", "back", "crash", "resigned")


def acted(found: Pairs, act: str, number: int) -> None:
    """One of the things that may happen between two custodians."""
    two = found.two
    names = sorted(found.cases)
    match act:
        case "source" | "receiver":
            (two.source if act == "source" else two.receiver).node.run_once()
        case "crash":
            boundary = [*batches.BOUNDARIES, *worker.BOUNDARIES][number % (len(batches.BOUNDARIES) + 16)]
            with stopping_at(boundary), suppress(Stopped):
                (two.source if number % 2 else two.receiver).node.run_once()
        case "post":
            two.carry()
        case "lost":  # the other side never hears of what waits now
            for one in (two.source, two.receiver):
                with one.files.begin() as unit:
                    for each in unit.letters_out():
                        if each.letter.kind in set(LetterKind) - {LetterKind.STANDS}:
                            unit.letter_sent(each.to, each.letter.reference, each.letter.number)
        case "later" | "much later":
            found.later(WINDOW if act == "later" else ANSWER)
        case "stop" if names:
            name, one = names[number % len(names)], (two.source, two.receiver)[number % 2]
            with one.files.begin() as unit:
                if unit.case(name).state in (State.LIQUIDATING, State.HELD, State.VOTED):
                    stop(unit, name, 553)
        case "open":
            found.open(10_00 + number)
        case "back":
            found.open(10_00 + number, source="receiver")
        case "resigned" if names:  # somebody sends a vote of its own though it waits
            with two.source.files.begin() as unit:
                case = unit.case(names[number % len(names)])
                unit.change(case, replace(case, batch_until=None))


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 99)), min_size=10, max_size=20))
def test_whatever_happens_between_batches_and_votes_nothing_pays_twice_and_all_comes_to_an_end(
    acts: list[tuple[str, int]],
) -> None:
    found = pairs()
    for number in range(3):
        found.open(100_00 + number)
    before = found.world.money()
    for act, number in acts:
        acted(found, act, number)
    for _ in range(3):
        found.passes(4)
        found.later(2 * ANSWER)
    found.passes(3)
    found.later(6 * DAY)
    found.passes(4)
    books_follow_the_chain(found)
    moved = found.balances()[1] - BEFORE[0]
    assert found.world.moved(before) == ({"source": -moved, "receiver": moved} if moved else {})


Locks = list[tuple[str, object]]


def locks(patch: pytest.MonkeyPatch) -> list[tuple[MemoryDealUnit, Locks]]:
    """What each transaction locks from now on, in its order: rows of batches, files, and the turn to write events."""
    found: list[tuple[MemoryDealUnit, Locks]] = []

    def noted(name: str, what: Callable[..., Locks]) -> None:
        does = getattr(MemoryDealUnit, name)

        def done(unit: MemoryDealUnit, *given: object) -> object:
            if not found or found[-1][0] is not unit:
                found.append((unit, []))
            found[-1][1].extend(each for each in what(*given) if each not in found[-1][1])
            return does(unit, *given)

        patch.setattr(MemoryDealUnit, name, done)

    noted("batch", lambda _, reference: [("batch", reference)])
    noted("change_batch", lambda before, _: [("batch", before.reference)])
    noted("case", lambda name: [("file", name)])
    noted("change", lambda before, _: [("file", before.id)])
    noted("put_event", lambda name, _: [("file", name), ("turn", "")])
    return found


@pytest.mark.parametrize("ends", ["settled", "offered with more", "declined", "kept out", "too late"])
def test_rows_of_batches_are_locked_first_then_all_files_in_order_then_the_turn_of_events(
    ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = {"declined": None, "offered with more": replace(SETTINGS, window=10 * WINDOW)}.get(ends, SETTINGS)
    found = pairs(receiver=receiver)
    found.open(100_00, 200_00)
    if ends == "offered with more":
        found.open(120_00, source="receiver")
    taken, source = locks(monkeypatch), found.two.source
    found.passes(2)
    found.later(WINDOW)
    source.node.run_once()
    if ends == "kept out":
        with source.files.begin() as unit:
            batch_kept_out(unit, next(each for each in unit.letters_out() if each.letter.kind == LetterKind.BATCH))
    if ends == "too late":
        found.later(2 * ANSWER)
    found.passes(6)
    assert found.states() == {State.POSTED}
    assert [len(each) for each in stages(found)] == [2 if ends == "offered with more" else 1] * 2
    assert any(len([kind for kind, _ in each if kind == "file"]) > 1 and each[-1][0] == "turn" for _, each in taken)
    for _, each in taken:
        for kind in ("batch", "file"):
            of_kind = [key for one, key in each if one == kind]
            assert of_kind == sorted(of_kind, key=str), each
        order = [("batch", "file", "turn").index(kind) for kind, _ in each]
        assert order == sorted(order), each


def test_a_batch_is_read_back_from_the_database_as_it_was_written(kept_deals: Callable[..., object]) -> None:
    found = pairs(kept=kept_deals)  # type: ignore[arg-type]
    with found.two.source.files.begin() as unit:
        told = Batch(b"p" * 20, b"r" * 32, b"p" * 20, b"s" * 20, b"t" * 20, 2**40, (b"1" * 32, b"2" * 32), Stage.ASKED)
        unit.add_batch(told)
        with pytest.raises(ValueError, match="of this reference already"):
            unit.add_batch(told)
        assert unit.batch(told.peer, told.reference) == told
        assert unit.live_batches() == [told]
        assert unit.batch_of(b"1" * 32) is None
        done = replace(told, stage=Stage.SETTLED, signed_first=b"1", signed_second=b"2")
        unit.change_batch(told, done)
        assert unit.batch_of(b"2" * 32) == done
        assert unit.live_batches() == []

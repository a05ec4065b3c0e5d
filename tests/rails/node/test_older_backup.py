"""A node's files may be of a backup that is older than its core: only what the core holds now is promised."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from eth_abi.abi import decode
from tests.rails.node.deal_nodes import PARTS, Both, both
from tests.rails.node.halves import releasing
from tests.rails.node.two_nodes import Pair, pair, rollover
from tests.rails.world import DAY, Case, founded

from open401k.kernel import SeededRandom
from open401k.rails.node import deals
from open401k.rails.node.again import off_rail
from open401k.rails.node.cases import Cases, Kind, State, Way
from open401k.rails.node.core import HoldState, Order, Side
from open401k.rails.node.letters import Came, LetterKind, Stands
from open401k.rails.node.memory import Kept, MemoryCases
from open401k.rails.node.memory_deals import MemoryDeals, Shelf
from open401k.rails.node.opening import agree, note_forgotten, stop
from open401k.rails.node.taking import kept_out
from open401k.rails.node.worker import Node


def test_nobody_votes_for_money_that_the_core_gave_free_after_the_backup() -> None:
    world = founded()
    both, case = pair(world), rollover(world)
    both.open(case)
    with both.source.cases.begin() as unit:  # the backup: held, not voted
        file = unit.case("case")
        unit.change(file, file.to(State.HELD))
    agreed = file.agreed
    assert agreed is not None
    both.source.core.hold(Order(agreed.rollover, Side.SOURCE, file.account, agreed.parts))
    both.source.core.release(agreed.rollover, Side.SOURCE)  # since then
    both.run()
    assert both.states()[0] is State.RELEASED
    assert world.state(case) in ("absent", "aborted")
    with both.source.cases.begin() as unit:
        assert [raised.code for raised in unit.raised("case")] == [657]


def forgetful(before: State) -> tuple[Pair, Case, bytes]:
    """The source voted, what it signed is in the world and not mined, and its file is of a backup before that."""
    both = pair(founded())
    case = rollover(both.world)
    both.open(case)
    assert isinstance(both.source.cases, MemoryCases)
    backup = both.source.cases.kept.copy()
    both.source.coordinator.send = lambda data: None  # type: ignore[method-assign]
    both.source.run_once()
    del both.source.coordinator.send
    with both.source.cases.begin() as unit:
        (vote,) = (message.data for message in unit.outbox("case") if message.kind is Kind.PROPOSE)
        held = unit.case("case")
    both.source.cases.kept = backup
    if before is State.HELD:
        with both.source.cases.begin() as unit:
            file = unit.case("case")
            unit.change(file, file.to(before))
    assert held.state is State.VOTED
    return both, case, vote


def is_held(node: Node) -> bool:
    with node.cases.begin() as unit:
        agreed = unit.case("case").agreed
    assert agreed is not None
    return node.core.status(agreed.rollover, Side.SOURCE).state == "held"


@pytest.mark.parametrize("before", [State.LIQUIDATING, State.HELD])
def test_a_stopped_file_that_forgot_its_vote_holds_until_the_chain_has_ended_it(before: State) -> None:
    both, case, vote = forgetful(before)
    with both.source.cases.begin() as unit:
        stop(unit, "case", 451)
    both.source.coordinator.send = lambda data: None  # type: ignore[method-assign]
    both.source.run_once()  # its abort is lost
    assert is_held(both.source)
    assert both.states()[0] is before
    del both.source.coordinator.send
    both.receiver.coordinator.send(vote)  # and somebody has the vote mined
    both.receiver.run_once()
    both.run()
    assert both.states() == (State.POSTED, State.POSTED)
    assert both.world.state(case) == "closed"


def test_an_abort_of_what_is_not_on_chain_tells_the_reason_and_comes_before_the_release() -> None:
    both, case, vote = forgetful(State.HELD)
    with both.source.cases.begin() as unit:
        stop(unit, "case", 451)
    both.source.run_once()
    assert both.world.state(case) == "aborted"
    assert both.states()[0] is State.RELEASED
    logs = both.world.chain.logs(0, both.world.chain.head().number, [both.world.rollover])
    role, code, _ = decode(["uint256", "uint256", "bytes32"], logs[-1].data)
    assert (role, code) == (2, 451)
    both.receiver.coordinator.send(vote)  # too late
    assert both.world.state(case) == "aborted"
    assert not is_held(both.source)


def restored(two: Both, at: Shelf, kept: Kept) -> None:
    """The source's files are of this backup; its core is not."""
    files = two.source.files
    assert isinstance(files, MemoryDeals)
    files.kept, files.shelf = kept.copy(), at.copy()
    old = two.source.node
    two.source.node = Node(old.cases, old.core, old.coordinator, old.signer, old.salt, us=two.source.desk.us)


def backup(two: Both) -> tuple[Shelf, Kept]:
    files = two.source.files
    assert isinstance(files, MemoryDeals)
    return files.shelf.copy(), files.kept.copy()


def carried(two: Both) -> None:
    """Letters go until there are none; whoever misses one is told all of that reference again, as the post does."""
    for _ in range(12):
        for from_, to in ((two.source, two.receiver), (two.receiver, two.source)):
            with from_.files.begin() as unit:
                waiting = unit.letters_out()
            for each in waiting:
                came = two.take(to, each.letter).came
                with from_.files.begin() as unit:
                    if came is Came.EARLY:
                        unit.send_again(each.to, each.letter.reference)
                    elif came is Came.REFUSED:
                        kept_out(unit, from_.desk, each)
                    else:
                        unit.letter_sent(each.to, each.letter.reference, each.letter.number)


def held_cents(two: Both, rollover: bytes) -> int:
    told = two.source.node.core.status(rollover, Side.SOURCE)
    return told.cents if told.state is HoldState.HELD else 0


def forgotten(two: Both) -> list[str]:
    with two.source.files.begin() as unit:
        return [raised.case for raised in unit.raised() if raised.is_open and raised.code == 659]


def test_a_source_that_forgot_its_terms_finds_its_vote_on_chain_and_keeps_what_is_held() -> None:
    two = both(founded())
    two.until_signed()
    shelf, kept = backup(two)
    two.ready()
    two.source.node.run_once()  # held, voted, proposed; the receiver has not heard
    agreed = two.source.file(two.source.only()).agreed
    assert agreed is not None
    restored(two, shelf, kept)
    two.source.node.run_once()
    assert forgotten(two) == [f"forgotten-{agreed.rollover.hex()}"]
    assert held_cents(two, agreed.rollover) == agreed.cents
    two.source.node.run_once()  # it is asked once
    assert len(forgotten(two)) == 1
    with two.source.files.begin() as unit:  # the desk has the same terms again: it goes on where it was
        agree(unit, two.source.only(), agreed)
    assert forgotten(two) == []
    two.source.node.run_once()
    assert two.source.file(two.source.only()).state is State.VOTED


def test_deposits_that_both_files_forgot_come_back_by_themselves_once_the_deadline_is_past() -> None:
    """Anybody may end it then; who else would, if neither file knows of it? The desk is asked about the hold alone."""
    two = both(founded())
    two.until_signed()
    shelf, kept = backup(two)
    before = two.world.money()
    two.ready()  # the receiver has not heard of the terms, nor will it
    two.source.node.run_once()
    agreed = two.source.file(two.source.only()).agreed
    assert agreed is not None
    restored(two, shelf, kept)
    two.source.node.run_once()
    assert len(forgotten(two)) == 1
    assert two.world.money()["escrow"] == agreed.cents
    restored(two, *backup(two))  # the process starts again
    two.source.node.run_once()
    assert two.world.money()["escrow"] == agreed.cents
    two.world.clock.now = agreed.deadline + 1
    two.world.chain.tick()
    for _ in range(3):
        two.source.node.run_once()
        two.world.chain.tick()
    assert two.world.money() == before
    assert held_cents(two, agreed.rollover) == agreed.cents  # what becomes of it is the desk's
    assert len(forgotten(two)) == 1
    head = two.world.chain.head()
    two.source.node.run_once()  # nothing is sent any more
    assert two.world.chain.head() == head
    assert list(two.source.files.to_follow()) == []


def test_a_source_that_forgot_its_terms_hears_of_them_before_they_are_on_chain() -> None:
    two = both(founded())
    two.until_signed()
    shelf, kept = backup(two)
    two.ready()
    two.carry()
    two.source.node.coordinator.send = lambda data: None  # type: ignore[method-assign]
    two.source.node.run_once()
    del two.source.node.coordinator.send
    agreed = two.source.file(two.source.only()).agreed
    assert agreed is not None
    restored(two, shelf, kept)
    two.receiver.node.run_once()  # it expects the money, and says so
    carried(two)
    assert forgotten(two) == [f"forgotten-{agreed.rollover.hex()}"]
    # The desk makes exact terms once more: the receiver keeps them out, and the core what it promised first.
    with two.source.files.begin() as unit:
        deals.ready(unit, two.source.desk, two.source.only())
    carried(two)
    assert two.receiver.open_codes() == [663]
    assert 664 in two.source.open_codes()
    two.world.clock.now += 30 * DAY
    two.world.chain.tick()
    two.source.node.run_once()
    two.receiver.node.run_once()
    assert two.receiver.file("case").state is State.RELEASED
    assert held_cents(two, agreed.rollover) == agreed.cents
    assert len(forgotten(two)) == 1


def test_a_source_that_forgot_the_request_takes_another_number_and_both_desks_are_asked() -> None:
    two = both(founded())
    shelf, kept = backup(two)
    two.until_terms()
    number = two.source.deal(two.source.only()).number
    two.source.node.run_once()
    agreed = two.source.file(two.source.only()).agreed
    assert agreed is not None
    restored(two, shelf, kept)
    two.source.node.run_once()
    two.receiver.node.run_once()
    carried(two)
    after = two.source.deal(two.source.only())
    assert after.number not in (None, number)
    assert forgotten(two) == [f"forgotten-{agreed.rollover.hex()}"]
    assert held_cents(two, agreed.rollover) == agreed.cents
    assert two.source.file(after.case).agreed is None
    assert 662 in two.source.open_codes()  # signed with facts that it did not tell
    with two.source.files.begin() as unit:
        deals.put_facts(unit, two.source.desk, after.case, releasing(*PARTS))
    carried(two)
    assert two.receiver.open_codes() == [663]
    assert two.source.open_codes() == [659, 662, 664]
    with two.source.files.begin() as unit:  # books and core were set right by hand
        off_rail(unit, forgotten(two)[0], Way.WIRE, "ledger entry 4711")
    assert forgotten(two) == []


def test_words_of_a_peer_open_one_file_for_each_case_and_no_more() -> None:
    two = both(founded())
    two.until_signed()
    two.ready()
    two.carry()
    deal = two.source.deal(two.source.only())
    last = two.world.clock.now
    for number in range(100):
        told = Stands(State.HELD, last, SeededRandom(number).token(32))
        with two.receiver.files.begin() as unit:
            unit.put_letter(two.source.desk.us, deal_of(two), LetterKind.STANDS, told)
        carried(two)
    assert len(forgotten(two)) == 1
    assert two.source.open_codes() == [659, 662]
    with two.source.files.begin() as unit:
        assert unit.deal(deal.case).their_state is State.HELD  # from the first; the others changed nothing
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)


def deal_of(two: Both) -> bytes:
    return two.receiver.deal("case").reference


def test_the_database_knows_which_file_is_of_a_rollover(kept: Callable[[str], Cases]) -> None:
    world = founded()
    two, case = pair(world, kept), rollover(world)
    two.open(case)
    with two.source.cases.begin() as unit:
        assert unit.case_of(case.id, Side.SOURCE) == "case"
        assert unit.case_of(case.id, Side.RECEIVER) is None
        assert not note_forgotten(unit, case.id, Side.SOURCE, at=1)
        assert note_forgotten(unit, bytes(32), Side.SOURCE, at=1)
        assert not note_forgotten(unit, bytes(32), Side.SOURCE, at=2)
        assert [each.code for each in unit.raised()] == [659]


def test_other_terms_under_the_number_are_an_exception_and_what_was_held_for_ours_is_free() -> None:
    world = founded()
    two, case = pair(world), rollover(world)
    two.open(case)
    two.receiver.run_once()
    assert two.states()[1] is State.HELD
    world.propose(world.changed(case, salt=bytes(31) + b"\1"))
    two.receiver.run_once()
    assert two.states()[1] is State.RELEASED
    with two.receiver.cases.begin() as unit:
        assert [raised.code for raised in unit.raised("case")] == [650]

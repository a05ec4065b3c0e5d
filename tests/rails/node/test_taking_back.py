"""A participant takes back their wish, their agreement to a screen; at each state, beside the chain's word."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from eth_hash.auto import keccak
from tests.rails.node.cores import MemoryCore
from tests.rails.node.deal_nodes import Both, both
from tests.rails.node.halves import releasing
from tests.rails.node.test_older_backup import carried
from tests.rails.world import DAY, founded

from open401k.base.faults import Stopped, stopping_at
from open401k.doors.node.provided import Act
from open401k.doors.node.showing import acts_of
from open401k.rails import tracking
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Mode
from open401k.rails.node.again import again, residual
from open401k.rails.node.cases import State
from open401k.rails.node.codes import PAPER_WANTED, WITHDRAWN
from open401k.rails.node.deals import NotNowError
from open401k.rails.node.following import Verdict
from open401k.rails.node.halves import Wanted
from open401k.rails.node.letters import Again, Came, LetterKind
from open401k.rails.node.seen import seen_of
from open401k.rails.node.taking_back import (
    TakeBack,
    agreed_again,
    may_take_back,
    take_back_move,
    take_back_rest,
    take_back_screen,
)
from open401k.rails.preflight.facts import Part

ENDED = (State.RELEASED, State.RELEASED)


def taken_back(two: Both, verdict: Verdict | None = None) -> None:
    with two.receiver.files.begin() as unit:
        take_back_move(unit, two.receiver.desk, "case", verdict)


def on_paper(two: Both) -> None:
    with two.receiver.files.begin() as unit:
        take_back_screen(unit, two.receiver.desk, "case")


def offered(two: Both, verdict: Verdict | None = None) -> list[TakeBack]:
    with two.receiver.files.begin() as unit:
        return list(may_take_back(unit, unit.deal("case"), verdict, now=two.world.clock.now))


def headline(two: Both) -> str:
    agreed = two.receiver.file("case").agreed
    standing = two.receiver.node.coordinator.final(agreed) if agreed else None
    with two.receiver.files.begin() as unit:
        return tracking.tracked(seen_of(unit, "case", standing, now=two.world.clock.now)).headline


def held(two: Both) -> list[dict[int, int]]:
    cores = [each.node.core for each in (two.source, two.receiver)]
    return [dict(core.balances[f"account at {side}"]) for core, side in zip(cores, ("source", "receiver"), strict=True)
            if isinstance(core, MemoryCore)]  # fmt: skip


def asked(two: Both) -> None:
    two.ask()
    two.carry()


def signed(two: Both) -> None:
    two.until_signed()


def proposed(two: Both) -> None:
    """The source holds, and its money lies at the coordinator."""
    two.until_terms()
    for _ in range(2):
        two.source.node.run_once()
    assert two.source.file(two.source.only()).state is State.VOTED


@pytest.mark.parametrize("until", [asked, signed, proposed])
def test_both_sides_end_it_and_free_what_they_held(until: Callable[[Both], None]) -> None:
    two = both(founded())
    before = held(two)
    until(two)
    with stopping_at("taking_back.move"), pytest.raises(Stopped):
        taken_back(two)
    taken_back(two)
    taken_back(two)
    assert headline(two).startswith("You took the move back")
    two.carry(twice=True)
    two.run(8)
    assert two.states() == ENDED
    assert two.receiver.file("case").stop == two.source.file(two.source.only()).stop == WITHDRAWN
    assert held(two) == before
    assert headline(two) == "You took the move back; your money stays yours"
    assert WITHDRAWN in two.source.open_codes()


@pytest.mark.parametrize("until", [signed, proposed])
def test_what_was_taken_back_is_not_proposed_again_by_a_desk_nor_by_a_letter(until: Callable[[Both], None]) -> None:
    two = both(founded())
    until(two)
    taken_back(two)
    two.carry()
    two.run(8)
    assert two.states() == ENDED
    for each, case in ((two.source, two.source.only()), (two.receiver, "case")):
        with each.files.begin() as unit, pytest.raises(NotNowError, match="took case"):
            again(unit, each.desk, case, "new", verdict=Verdict.ABSENT)
        assert acts_of(each.file(case)) == (Act.OFF_RAIL,)
    deal = two.source.deal(two.source.only())
    with two.source.files.begin() as unit:  # a source that does it all the same
        unit.put_letter(
            deal.peer, keccak(b"open401k again" + deal.reference), LetterKind.AGAIN, Again(deal.reference, 0)
        )
        (letter,) = [each.letter for each in unit.letters_out() if each.letter.kind == LetterKind.AGAIN]
    assert two.take(two.receiver, letter).came is Came.REFUSED
    assert two.receiver.only() == "case"


def test_what_is_decided_is_not_taken_back() -> None:
    two = both(founded())
    proposed(two)
    assert offered(two, Verdict.PREPARING) == [TakeBack.MOVE, TakeBack.SCREEN]
    assert offered(two, Verdict.COMMITTED) == [TakeBack.SCREEN]
    with pytest.raises(NotNowError, match="decided or over"):
        taken_back(two, Verdict.COMMITTED)
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)
    assert offered(two, Verdict.CLOSED) == []
    with pytest.raises(NotNowError):
        taken_back(two)
    with pytest.raises(NotNowError):
        on_paper(two)


def expired(two: Both) -> None:
    """The receiver was away; the money went back by itself."""
    two.until_signed()
    two.ready()
    two.carry()
    two.source.node.run_once()
    two.source.node.run_once()
    agreed = two.source.file(two.source.only()).agreed
    assert agreed is not None
    two.world.clock.now = agreed.deadline + 1
    two.world.chain.tick()
    two.run(8)
    assert two.states() == ENDED


def test_a_move_that_expired_is_taken_back_as_long_as_it_could_be_proposed_again() -> None:
    two = both(founded())
    expired(two)
    elected = two.receiver.deal("case").elected
    assert elected is not None
    if two.world.clock.now >= elected.election.deadline:
        two.world.clock.now = elected.election.deadline - 10
    assert TakeBack.MOVE in offered(two, Verdict.ABORTED)
    with stopping_at("taking_back.move"), pytest.raises(Stopped):
        taken_back(two, Verdict.ABORTED)
    taken_back(two, Verdict.ABORTED)
    taken_back(two, Verdict.ABORTED)
    two.carry(twice=True)
    assert two.receiver.file("case").stop == two.source.file(two.source.only()).stop == WITHDRAWN
    assert offered(two, Verdict.ABORTED) == []
    for each, case in ((two.source, two.source.only()), (two.receiver, "case")):
        with each.files.begin() as unit, pytest.raises(NotNowError, match="took case"):
            again(unit, each.desk, case, "new", verdict=Verdict.ABORTED)


def test_who_takes_it_back_while_a_desk_proposes_it_again_ends_both_proposals() -> None:
    two = both(founded())
    expired(two)
    with two.source.files.begin() as unit:  # its letter and the participant's word cross on the way
        again(unit, two.source.desk, two.source.only(), "second", verdict=Verdict.ABORTED)
    taken_back(two, Verdict.ABORTED)
    carried(two)
    assert two.source.file("second").state is State.RELEASED
    assert two.source.file("second").stop == WITHDRAWN
    with two.receiver.files.begin() as unit:
        assert [each.case for each in unit.deals()] == ["case"]


def test_who_takes_it_back_on_the_first_page_ends_what_was_proposed_again() -> None:
    two = both(founded())
    expired(two)
    with two.receiver.files.begin() as unit:
        again(unit, two.receiver.desk, "case", "second", verdict=Verdict.ABORTED)
    two.carry()
    assert two.receiver.file("second").state is State.NIGO  # time went by: a fact has to be told anew
    assert TakeBack.MOVE in offered(two, Verdict.ABORTED)
    taken_back(two, Verdict.ABORTED)
    two.carry()
    two.run(4)
    assert two.receiver.file("second").state is State.RELEASED
    with two.source.files.begin() as unit:
        assert {unit.case(each.case).state for each in unit.deals()} == {State.RELEASED}


def test_what_was_proposed_again_and_is_decided_is_not_taken_back_on_the_first_page() -> None:
    two = both(founded())
    expired(two)
    with two.receiver.files.begin() as unit:
        again(unit, two.receiver.desk, "case", "second", verdict=Verdict.ABORTED)
    assert TakeBack.MOVE not in offered(two, Verdict.COMMITTED)  # of the second
    with pytest.raises(NotNowError, match="decided or over"):
        taken_back(two, Verdict.COMMITTED)
    assert two.receiver.file("second").stop is None


def test_an_election_that_is_over_has_nothing_to_be_taken_back() -> None:
    two = both(founded())
    expired(two)
    two.world.clock.now += 366 * DAY
    assert TakeBack.MOVE not in offered(two, Verdict.ABORTED)
    with pytest.raises(NotNowError, match="decided or over"):
        taken_back(two, Verdict.ABORTED)


def test_after_all_was_moved_nothing_more_follows_once_they_say_so() -> None:
    two = both(founded())
    two.until_signed(mode=Mode.ALL, wanted=(Wanted(Kind.PRE_TAX, Into.PLAN), Wanted(Kind.ROTH, Into.PLAN)))
    two.ready()
    two.carry()
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)
    assert offered(two, Verdict.CLOSED) == [TakeBack.REST]
    with two.receiver.files.begin() as unit:
        take_back_rest(unit, two.receiver.desk, "case")
        take_back_rest(unit, two.receiver.desk, "case")
    two.carry()
    assert offered(two, Verdict.CLOSED) == []
    assert headline(two) == "Done: your money has arrived"
    half = releasing(Part(Kind.PRE_TAX, Into.PLAN, 0, 12_34))
    with two.source.files.begin() as unit, pytest.raises(NotNowError, match="nothing more moved"):
        residual(unit, two.source.desk, two.source.only(), "rest", half, verdict=Verdict.CLOSED)


def test_who_takes_it_back_while_it_is_decided_gets_what_the_chain_says() -> None:
    two = both(founded())
    proposed(two)
    with stopping_at("node.after_send"), pytest.raises(Stopped):
        two.receiver.node.run_once()
    taken_back(two)  # our page had not seen the verdict
    two.carry()
    two.run(6)
    assert two.states() == (State.POSTED, State.POSTED)
    assert headline(two) == "Done: your money has arrived"


def test_paper_before_the_signature_keeps_it_from_being_signed_here_until_they_agree_again() -> None:
    two = both(founded())
    two.ask()
    two.carry()
    two.put()
    two.carry()
    assert two.states() == (State.PREVALIDATED, State.PREVALIDATED)
    with stopping_at("taking_back.screen"), pytest.raises(Stopped):
        on_paper(two)
    on_paper(two)
    two.carry()
    assert two.states() == (State.NIGO, State.NIGO)
    assert two.receiver.open_codes() == [PAPER_WANTED, 278]
    with pytest.raises(NotNowError):
        on_paper(two)
    with two.receiver.files.begin() as unit:
        agreed_again(unit, "case")
    two.put_again()
    two.carry()
    assert (two.states(), two.receiver.open_codes()) == ((State.PREVALIDATED, State.PREVALIDATED), [])


def test_paper_after_the_signature_leaves_what_was_signed_as_it_is() -> None:
    two = both(founded())
    two.until_signed()
    on_paper(two)
    two.ready()
    two.carry()
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)
    assert two.receiver.open_codes() == [PAPER_WANTED]

"""What a desk does with a deal that ended: again under the same signature, the rest, back, or by check or wire."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.rails.node.cores import MemoryCore
from tests.rails.node.deal_nodes import PARTS, Both, Custodian, both
from tests.rails.node.halves import releasing
from tests.rails.node.test_deals import stopped_once
from tests.rails.world import DAY, founded

from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Mode
from open401k.rails.node import by_hand, deals
from open401k.rails.node.again import again, off_rail, residual
from open401k.rails.node.by_hand import close_exception
from open401k.rails.node.cases import MoveError, State, Way
from open401k.rails.node.codes import CLOSED_TWICE, LETTER_UNEXPECTED, Step, queued
from open401k.rails.node.deal import Deal
from open401k.rails.node.exceptions import StillOpenError
from open401k.rails.node.following import Verdict
from open401k.rails.node.halves import Wanted
from open401k.rails.node.judging import NotNowError, raise_for
from open401k.rails.node.letters import Came, LetterKind
from open401k.rails.preflight.facts import Part

ENDED = (State.RELEASED, State.RELEASED)
DONE = (State.POSTED, State.POSTED)


@pytest.fixture
def two() -> Both:
    return both(founded())


@pytest.fixture(params=["memory", "postgresql"])
def kept(request: pytest.FixtureRequest) -> Both:
    """Two custodians whose files are kept in memory, and in databases."""
    return both(founded(), request.getfixturevalue("kept_deals")) if request.param == "postgresql" else both(founded())


def core_of(custodian: Custodian) -> MemoryCore:
    assert isinstance(custodian.node.core, MemoryCore)
    return custodian.node.core


def newest(custodian: Custodian) -> Deal:
    """Its deal of the highest part, or the one that gives back."""
    with custodian.files.begin() as unit:
        return max(unit.deals(), key=lambda deal: (deal.parent is not None, deal.part, deal.signed_under is not None))


def states_of(two: Both) -> tuple[State, State]:
    """Of the newest case on both sides."""
    return two.source.file(newest(two.source).case).state, two.receiver.file(newest(two.receiver).case).state


def refused_by_the_receivers_core(two: Both) -> None:
    """Signed and proposed; the receiver's core does not know the account, so that the chain aborts it."""
    two.until_terms()
    accounts = core_of(two.receiver).balances
    kept = dict(accounts)
    accounts.clear()
    two.run()
    assert two.states() == ENDED
    accounts.update(kept)


def ready(two: Both) -> None:
    with two.source.files.begin() as unit:
        deals.ready(unit, two.source.desk, newest(two.source).case)


def verdict_of(custodian: Custodian, case: str) -> Verdict:
    agreed = custodian.file(case).agreed
    return custodian.node.coordinator.final(agreed).verdict if agreed else Verdict.ABSENT


def begin_again(two: Both, by: Custodian, case: str, new: str = "") -> Deal:
    with by.files.begin() as unit:
        return again(unit, by.desk, case, new or f"again at {by.side}", verdict=verdict_of(by, case))


def test_what_was_refused_is_fixed_and_proposed_again_under_the_same_signature(kept: Both) -> None:
    two = kept
    refused_by_the_receivers_core(two)
    first = two.receiver.deal("case")
    assert two.receiver.open_codes() == [351]
    stopped_once(lambda: begin_again(two, two.receiver, "case"), "deals.again")
    assert begin_again(two, two.receiver, "case").part == 1
    assert two.receiver.open_codes() == []
    stopped_once(two.carry, "deals.letter_taken")
    assert states_of(two) == (State.LIQUIDATING, State.LIQUIDATING)
    stopped_once(lambda: ready(two), "deals.ready")
    two.carry(twice=True)
    two.run()
    assert states_of(two) == DONE
    second = newest(two.receiver)
    assert second.elected == first.elected
    assert second.terms != first.terms
    assert two.receiver.file(second.case).parent == "case"
    assert core_of(two.receiver).balances["account at receiver"] == {0: 8_000_00, 1: 1_800_00}


def test_both_desks_may_begin_it_at_once(two: Both) -> None:
    refused_by_the_receivers_core(two)
    case = two.source.only()
    begin_again(two, two.receiver, "case")
    begin_again(two, two.source, case)
    two.carry()
    assert states_of(two) == (State.LIQUIDATING, State.LIQUIDATING)
    ready(two)
    two.carry()
    two.run()
    assert states_of(two) == DONE
    assert two.source.open_codes() == two.receiver.open_codes() == []


def test_a_proposal_waits_until_the_other_side_is_released_too(two: Both) -> None:
    two.until_signed()
    with two.receiver.files.begin() as unit:
        deals.stop(unit, two.receiver.desk, "case", 553, "the wire desk asks")
    with two.receiver.files.begin() as unit:
        assert again(unit, two.receiver.desk, "case", "new", verdict=Verdict.ABSENT).part == 0
    with two.receiver.files.begin() as unit:
        (letter,) = [each.letter for each in unit.letters_out() if each.letter.kind == LetterKind.AGAIN]
    assert two.take(two.source, letter).came is Came.EARLY
    while waiting := [each for each in two.written(two.receiver) if each.kind != LetterKind.AGAIN]:
        two.take(two.source, waiting[0])
        with two.receiver.files.begin() as unit:
            unit.letter_sent(two.source.desk.us, waiting[0].reference, waiting[0].number)
    assert two.take(two.source, letter).came is Came.TAKEN
    assert states_of(two) == (State.LIQUIDATING, State.LIQUIDATING)


def test_what_goes_on_is_not_proposed_again(two: Both) -> None:
    two.ask()
    with pytest.raises(StillOpenError, match="is data_requested"):
        begin_again(two, two.receiver, "case")
    with two.receiver.files.begin() as unit:
        deals.stop(unit, two.receiver.desk, "case", 553)
    with pytest.raises(NotNowError, match="was not signed"):
        begin_again(two, two.receiver, "case")


def test_an_election_that_is_over_is_asked_for_anew(two: Both) -> None:
    refused_by_the_receivers_core(two)
    elected = two.receiver.deal("case").elected
    assert elected
    two.world.clock.now = elected.election.deadline
    with pytest.raises(NotNowError, match="is over; ask for a new rollover"):
        begin_again(two, two.receiver, "case")


def test_somebody_elses_word_for_again_is_kept_out(two: Both) -> None:
    refused_by_the_receivers_core(two)
    begin_again(two, two.receiver, "case")
    with two.receiver.files.begin() as unit:
        (letter,) = [each.letter for each in unit.letters_out() if each.letter.kind == LetterKind.AGAIN]
    for wrong in (
        replace(letter, reference=b"x" * 32),
        replace(letter, number=2),
        replace(letter, body={**letter.body, "part": 7}),  # type: ignore[dict-item]
        replace(letter, body={**letter.body, "after": "00" * 32}),  # type: ignore[dict-item]
        replace(letter, body={}),
    ):
        assert two.take(two.source, wrong).came is Came.REFUSED
    assert two.take(two.source, letter, of=two.world.members["withholder"].address).came is Came.REFUSED
    assert two.take(two.source, letter).came is Came.TAKEN


ALL = {"mode": Mode.ALL, "wanted": (Wanted(Kind.PRE_TAX, Into.PLAN), Wanted(Kind.ROTH, Into.PLAN))}


@pytest.mark.parametrize("of_roth", [10_00, 0])
def test_what_comes_in_after_all_was_moved_follows_as_a_child(two: Both, of_roth: int) -> None:
    """Also where nothing came in of one kind that was signed for."""
    two.until_signed(**ALL)
    two.ready()
    two.carry()
    two.run()
    assert two.states() == DONE
    case = two.source.only()
    told = (Part(Kind.PRE_TAX, Into.PLAN, 0, 40_00), Part(Kind.ROTH, Into.PLAN, 0, of_roth))
    dividends = tuple(each for each in told if each.cents)

    def begin() -> Deal:
        verdict = verdict_of(two.source, case)
        with two.source.files.begin() as unit:
            return residual(unit, two.source.desk, case, "rest", releasing(*dividends), verdict=verdict)

    stopped_once(begin, "deals.residual")
    assert begin().part == 1
    two.carry()
    assert states_of(two) == (State.LIQUIDATING, State.LIQUIDATING)
    ready(two)
    two.carry()
    two.run()
    assert states_of(two) == DONE
    assert two.source.file("rest").parent == case
    assert core_of(two.receiver).balances["account at receiver"] == {0: 8_040_00, 1: 1_800_00 + of_roth}


def test_a_part_that_was_named_has_no_residual(two: Both) -> None:
    two.until_signed()
    with two.source.files.begin() as unit, pytest.raises(NotNowError, match="has no residual"):
        residual(unit, two.source.desk, two.source.only(), "rest", releasing(*PARTS), verdict=Verdict.COMMITTED)


def test_what_was_released_is_closed_by_wire_on_both_sides(kept: Both) -> None:
    two = kept
    refused_by_the_receivers_core(two)
    case = two.source.only()

    def close() -> None:
        with two.source.files.begin() as unit:
            off_rail(unit, case, Way.WIRE, "20261122-7")

    stopped_once(close, "deals.off_rail")
    close()
    two.carry()
    assert two.states() == (State.OFF_RAIL, State.OFF_RAIL)
    assert two.receiver.open_codes() == two.source.open_codes() == []
    with two.receiver.files.begin() as unit:
        assert unit.off_rail("case") == (Way.WIRE, "20261122-7")
        assert unit.deal("case").file == two.source.deal(case).file is not None
    with two.source.files.begin() as unit, pytest.raises(MoveError):
        off_rail(unit, case, Way.CHECK, "another")


def test_two_desks_that_close_it_differently_at_once_find_out_which_check_pays(kept: Both) -> None:
    two = kept
    refused_by_the_receivers_core(two)
    case = two.source.only()
    with two.source.files.begin() as unit:
        off_rail(unit, case, Way.CHECK, "1001")
    with two.receiver.files.begin() as unit:  # before it heard of it
        off_rail(unit, "case", Way.WIRE, "FED 7")
    two.carry()
    assert two.source.open_codes() == two.receiver.open_codes() == [CLOSED_TWICE]
    with two.source.files.begin() as unit:
        (waiting,) = queued([each for each in unit.raised(case) if each.is_open], on=date(2026, 6, 1))
    assert waiting.raised.words.endswith("the other side closed it by wire FED 7, we by check 1001")
    assert waiting.queue.steps == (Step.CLOSE,)

    def close() -> None:
        with two.source.files.begin() as unit:
            close_exception(unit, case, CLOSED_TWICE, "the wire paid; check 1001 was stopped", by="cash desk")

    stopped_once(close, *by_hand.BOUNDARIES)
    close()
    assert two.source.open_codes() == []
    with two.source.files.begin() as unit, pytest.raises(NotNowError, match="has no exception 451"):
        close_exception(unit, case, 451, "again", by="cash desk")
    with two.source.files.begin() as unit:
        assert unit.events(limit=1_000)[-1].words.startswith("exception 466 was closed by cash desk: the wire paid")


def test_what_is_open_is_mended_not_closed_by_words(two: Both) -> None:
    two.until_terms()
    case = two.source.only()
    with two.source.files.begin() as unit:
        raise_for(unit, two.source.desk, case, 451)
        raise_for(unit, two.source.desk, case, LETTER_UNEXPECTED)
    with two.source.files.begin() as unit, pytest.raises(NotNowError, match="451 closes when that is mended"):
        close_exception(unit, case, 451, "nothing", by="cash desk")
    with two.source.files.begin() as unit:
        close_exception(unit, case, LETTER_UNEXPECTED, "they sent it twice", by="operations")
    assert two.source.open_codes() == [451]


def test_a_desk_hears_of_a_wire_while_its_own_case_is_not_released(two: Both) -> None:
    two.until_terms()
    two.receiver.node.run_once()
    with two.source.files.begin() as unit:
        deals.stop(unit, two.source.desk, two.source.only(), 553)
    two.source.node.run_once()
    with two.source.files.begin() as unit:
        off_rail(unit, two.source.only(), Way.CHECK, "check 9")
    two.carry()
    assert two.receiver.open_codes() == [553, LETTER_UNEXPECTED]
    refused = "closed case case by check or wire: stop ours if it is open, then close it by the same"
    with two.receiver.files.begin() as unit, pytest.raises(NotNowError, match=refused):
        close_exception(unit, "case", LETTER_UNEXPECTED, "seen", by="operations")
    two.world.clock.now += 30 * DAY
    two.run()
    with two.receiver.files.begin() as unit, pytest.raises(NotNowError, match=refused):
        close_exception(unit, "case", 553, "seen", by="operations")
    with two.receiver.files.begin() as unit:
        assert off_rail(unit, "case", Way.CHECK, "check 9").state is State.OFF_RAIL


def test_what_was_proposed_again_is_not_closed_by_check_as_well(kept: Both) -> None:
    two = kept
    refused_by_the_receivers_core(two)
    two.carry()
    case = two.source.only()
    begin_again(two, two.receiver, "case")
    with two.receiver.files.begin() as unit, pytest.raises(NotNowError, match="again, last as case again at receiver"):
        off_rail(unit, "case", Way.CHECK, "check 9")
    with two.source.files.begin() as unit:  # which has not heard of it
        off_rail(unit, case, Way.CHECK, "check 9")
    told = [two.take(two.receiver, each) for each in two.written(two.source)]
    assert any("again as case again at receiver, which is" in each.words for each in told)
    assert two.receiver.file("case").state is State.RELEASED
    assert LETTER_UNEXPECTED in two.receiver.open_codes()
    with two.receiver.files.begin() as unit:
        (letter,) = [each.letter for each in unit.letters_out() if each.letter.kind == LetterKind.AGAIN]
    assert two.take(two.source, letter).came is Came.REFUSED  # so that the second never goes on


def test_what_the_other_side_closed_is_not_paid_by_a_second_check(two: Both) -> None:
    refused_by_the_receivers_core(two)
    two.carry()
    case = two.source.only()
    begin_again(two, two.source, case)  # the receiver has not heard of it
    with two.receiver.files.begin() as unit:
        off_rail(unit, "case", Way.CHECK, "check 9")
    assert all(two.take(two.source, each).came is Came.TAKEN for each in two.written(two.receiver))
    assert two.source.open_codes() == [LETTER_UNEXPECTED]
    with two.source.files.begin() as unit:
        deals.stop(unit, two.source.desk, "again at source", 553)
        assert unit.case("again at source").state is State.RELEASED
    with (
        two.source.files.begin() as unit,
        pytest.raises(NotNowError, match=f"the other side closed case {case}, which"),
    ):
        off_rail(unit, "again at source", Way.CHECK, "check 10")
    with two.source.files.begin() as unit:
        assert off_rail(unit, case, Way.CHECK, "check 9").state is State.OFF_RAIL
    with two.source.files.begin() as unit, pytest.raises(NotNowError, match="by check check 9: that is the same money"):
        off_rail(unit, "again at source", Way.CHECK, "check 10")
    with pytest.raises(NotNowError, match="by check check 9: that is the same money"):
        begin_again(two, two.source, "again at source", new="a third")
    for each in two.written(two.source):
        two.take(two.receiver, each)  # what is of the new proposal is kept out
    assert (two.source.open_codes(), two.receiver.open_codes()) == ([], [])


def test_the_last_proposal_is_the_one_that_is_closed(two: Both) -> None:
    refused_by_the_receivers_core(two)
    begin_again(two, two.receiver, "case")
    two.carry()
    last = newest(two.source).case
    with two.source.files.begin() as unit:
        first = next(deal.case for deal in unit.deals() if deal.case != last)
        deals.stop(unit, two.source.desk, last, 553)
    with two.source.files.begin() as unit, pytest.raises(NotNowError, match=f"last as case {last}"):
        off_rail(unit, first, Way.CHECK, "check 9")

"""Exceptions wait in queues with owners and clocks; a case is proposed again, or closed beside the rails."""

from __future__ import annotations

from datetime import date

import pytest
from tests.rails.node.conftest import Kept
from tests.rails.node.cores import MemoryCore
from tests.rails.node.two_nodes import pair, rollover
from tests.rails.world import founded, key

from open401k.rails.node.cases import Cases, MoveError, Raised, State, Way
from open401k.rails.node.codes import FOUND, Owner, Step, queue_of, queued
from open401k.rails.node.core import Side
from open401k.rails.node.exceptions import StillOpenError, close_off_rail, next_part, propose_again, residual
from open401k.rails.node.following import Verdict
from open401k.rails.node.memory import MemoryCases
from open401k.rails.node.opening import move, open_case
from open401k.rails.refusals import REFUSALS

FRIDAY = 1_767_988_800  # 9 January 2026, 20:00 UTC


@pytest.mark.parametrize("code", [*FOUND, *REFUSALS, 199])
def test_every_code_has_an_owner_a_clock_and_words_without_jargon(code: int) -> None:
    queue = queue_of(code)
    assert queue.words
    assert queue.steps
    assert queue.days in range(4)
    assert not any(word in queue.participant.lower() for word in ("chain", "contract", "vote", "escrow", "hash"))


def test_codes_of_nodes_are_none_of_the_contract() -> None:
    assert not FOUND.keys() & REFUSALS.keys()
    with pytest.raises(ValueError, match="100 to 699"):
        queue_of(700)


def test_a_clock_runs_in_business_days_and_decides_nothing() -> None:
    raised = [
        Raised("late", 451, "", FRIDAY),  # one business day: Monday
        Raised("now", 453, "", FRIDAY),  # at once
        Raised("identity", 101, "", FRIDAY),  # two
        Raised("over", 451, "", FRIDAY, is_open=False),
    ]
    found = queued(raised, on=date(2026, 1, 12))
    assert [(each.raised.case, each.due_on, each.is_overdue) for each in found] == [
        ("now", date(2026, 1, 9), True),
        ("late", date(2026, 1, 12), False),
        ("identity", date(2026, 1, 13), False),
    ]
    assert [each.queue.owner for each in found] == [Owner.AMOUNT, Owner.AMOUNT, Owner.IDENTITY]
    assert found[0].queue.steps == (Step.ESCALATE,)


@pytest.mark.parametrize(
    ("verdict", "part"),
    [(Verdict.ABSENT, 3), (Verdict.ABORTED, 4), (Verdict.TAKEN, 4), (Verdict.CLOSED, 4), (Verdict.COMMITTED, 4)],
)
def test_a_new_proposal_takes_a_part_that_is_free(verdict: Verdict, part: int) -> None:
    assert next_part(3, verdict) == part


def test_what_is_open_is_not_proposed_again() -> None:
    with pytest.raises(StillOpenError):
        next_part(0, Verdict.PREPARING)


def test_what_was_refused_is_fixed_and_proposed_again_under_new_terms() -> None:
    both = pair(founded())
    first = rollover(both.world)
    both.open(first)
    assert isinstance(both.receiver.core, MemoryCore)
    accounts = both.receiver.core.balances
    held_back = dict(accounts)
    accounts.clear()
    both.run()
    assert both.states() == (State.RELEASED, State.RELEASED)
    assert both.world.state(first) == "aborted"
    accounts.update(held_back)
    terms = both.world.changed(first, part=next_part(0, Verdict.ABORTED), salt=b"2" * 32).terms
    participant = key(f"participant {first.election.number}")
    second = both.world.elected(first.election, first.attestation, terms, by=participant)
    for node in (both.source, both.receiver):
        with node.cases.begin() as unit:
            new = propose_again(unit, "case", "case 2")
            assert new.parent == "case"
            assert not any(each.is_open for each in unit.raised("case"))
    both.open(second, "case 2", is_new=False)
    both.run()
    assert both.states("case 2") == (State.POSTED, State.POSTED)
    assert both.states() == (State.RELEASED, State.RELEASED)
    with both.source.cases.begin() as unit:
        assert residual(unit, "case 2", "case 3").parent == "case 2"
        with pytest.raises(StillOpenError):
            residual(unit, "case", "case 4")


@pytest.fixture(params=["memory", "postgres"])
def cases(request: pytest.FixtureRequest, kept: Kept) -> Cases:
    return MemoryCases() if request.param == "memory" else kept("either")


def test_a_case_is_closed_beside_the_rails_once_nothing_is_held(cases: Cases) -> None:
    with cases.begin() as unit:
        open_case(unit, "case", side=Side.SOURCE, account="a")
        move(unit, "case", State.DATA_REQUESTED, State.NIGO)
        unit.raise_(Raised("case", 353, "not taken", 1))
    with cases.begin() as unit, pytest.raises(ValueError, match="names its check"):
        close_off_rail(unit, "case", Way.WIRE, " ")
    with cases.begin() as unit:
        assert close_off_rail(unit, "case", Way.WIRE, "wire 7").state is State.OFF_RAIL
        assert unit.off_rail("case") == (Way.WIRE, "wire 7")
        assert not any(each.is_open for each in unit.raised())
        with pytest.raises(ValueError, match="closed otherwise"):
            unit.note_off_rail("case", Way.CHECK, "check 8")
    with cases.begin() as unit, pytest.raises(StillOpenError):
        propose_again(unit, "case", "case 2")


def test_what_holds_money_is_not_closed_beside_the_rails() -> None:
    both = pair(founded())
    both.open(rollover(both.world))
    both.source.run_once()
    with both.source.cases.begin() as unit, pytest.raises(MoveError):
        close_off_rail(unit, "case", Way.CHECK, "check 1")

"""Whole rollovers with faults: nothing is violated or stuck, a seed replays, planted mistakes are found."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest
from tests.rails import planted_on_chain
from tests.rails.planted import PLANTED

from open401k.rails.simulation.chance import BOUNDARIES, MISSING, Dice, Fault
from open401k.rails.simulation.model import begun
from open401k.rails.simulation.model_chain import Tx
from open401k.rails.simulation.run import Run
from open401k.rails.simulation.simulate import APPLICABLE, play, simulate
from open401k.rails.simulation.trace import DepartedError, Trace

EACH = 500


@pytest.mark.parametrize("first", range(0, 4 * EACH, EACH))
def test_two_thousand_seeds_violate_nothing_and_leave_nothing_stuck(first: int) -> None:
    found = simulate(range(first, first + EACH), evm_every=100)
    assert found.violating == []
    assert found.stuck == []
    assert (found.seeds, found.on_evm) == (EACH, EACH // 100)
    assert len(found.unmet()) <= 3, found.unmet()  # of some ninety pairs of boundary and fault
    assert found.ends["closed"] > 250
    assert found.ends["batched"] > 15
    assert found.returned > 5
    assert found.several > 40
    assert found.by_wallet > 10
    assert found.batches["settled"] > 20
    assert found.batches["left out"] > 10
    assert found.ends["aborted"] > 100
    assert found.ends["absent"] > 20


#: Where one begins that is met seldom.
SELDOM = {"signs a batch of what it does not hold yet": 450}


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_planted_mistake_of_a_node_is_found(mistake: str) -> None:
    first = SELDOM.get(mistake, 0)
    found = simulate(range(first, first + 100), evm_every=0, assembled=PLANTED[mistake], most_bad=1)
    assert len(found.violating) == 1, found.seeds
    ((seed, why),) = found.violating
    again = play(seed, assembled=PLANTED[mistake])  # and it replays
    assert again.violation == why


#: As above.
SELDOM_ON_CHAIN = {
    "I13 counts the vote of a wallet that was replaced": 100,
    "I16 hears of no books while rules are suspended": 200,
}


@pytest.mark.parametrize("mistake", planted_on_chain.PLANTED)
def test_a_planted_mistake_of_the_coordinator_is_found_by_the_invariant_that_it_breaks(
    mistake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, first = planted_on_chain.plant(monkeypatch, mistake), SELDOM_ON_CHAIN.get(mistake, 0)
    found = simulate(range(first, first + 100), evm_every=0, most_bad=1)
    told = [why for _, why in found.violating] or ["stuck" for _ in found.stuck]
    assert len(told) == 1, found.seeds
    assert words in told[0]


def test_events_on_the_evm_are_of_the_block_that_their_receipt_names() -> None:
    """Else who reads on from them looks at another block, and finds nothing there."""
    run = Run(8, evm=True)
    run.play()
    logs = [(number, log.block) for number, (_, receipt) in run.net.mined.items() for log in receipt.logs]
    assert logs
    assert all(number == block for number, block in logs)


def test_a_seed_is_the_same_run_on_the_twin_and_on_the_contracts() -> None:
    for seed in (4, 8, 400):
        twin, evm = play(seed), play(seed, evm=True)
        assert (evm.violation, evm.ends, evm.seen) == (None, twin.ends, twin.seen)
        assert evm.lines == twin.lines


def test_a_batch_is_read_anew_from_the_contracts_after_an_older_backup() -> None:
    found = play(3_005_540, evm=True)
    assert (found.violation, found.stuck, found.ends["batched"]) == (None, (), 1)


def test_an_offer_waits_while_a_larger_one_of_ours_with_the_same_rollover_is_unanswered() -> None:
    found = play(3_004_872)
    assert (found.violation, found.stuck) == (None, ())


def test_deposits_of_what_every_file_forgot_are_out_of_escrow_in_the_end() -> None:
    for seed in (838, 2_190):
        found = play(seed)
        assert (found.violation, found.stuck) == (None, ())


def test_who_is_told_again_what_it_forgot_knows_it_once_that_is_kept() -> None:
    assert play(4_013_945).violation is None  # its disk was full just then


def test_a_seed_is_the_same_run_in_another_process() -> None:
    told = play(17)
    code = (
        "import hashlib; from open401k.rails.simulation.simulate import play;"
        "print(hashlib.sha256('\\n'.join(play(17).lines).encode()).hexdigest())"
    )
    env = {**os.environ, "PYTHONHASHSEED": "4711"}
    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == hashlib.sha256("\n".join(told.lines).encode()).hexdigest()


def test_every_boundary_is_played_or_said_to_be_missing() -> None:
    assert set(APPLICABLE) == set(BOUNDARIES)
    assert {*BOUNDARIES, *MISSING} == {"B1", "B2", "W1", "W2", *(f"R{number}" for number in range(1, 21))}
    assert {fault for faults in APPLICABLE.values() for fault in faults} == set(Fault)


def test_dice_of_one_seed_fall_the_same_and_stay_within_their_bounds() -> None:
    one, two = Dice(5), Dice(5)
    thrown = [one.below(6) for _ in range(200)]
    assert thrown == [two.below(6) for _ in range(200)]
    assert set(thrown) == set(range(6))
    assert {one.weighted(((1, "seldom"), (0, "never"), (9, "often"))) for _ in range(100)} == {"seldom", "often"}


def test_a_trace_departs_from_the_model_where_the_code_does() -> None:
    trace = Trace(deadline=100, voters=0)
    trace.voted(0)
    trace.mined(Tx.PROPOSE, number=1, time=50)
    with pytest.raises(DepartedError, match="the source debits: the model does not do this"):
        trace.posted(0)
    trace = Trace(deadline=100, voters=0, state=begun(2))
    for place in range(3):
        trace.voted(place)
    trace.mined(Tx.SETTLE, number=1, time=50)
    trace.finalized(1)
    for place in range(3):
        trace.posted(place)
    trace.mined(Tx.SOURCE_POSTED, number=2, time=50)
    trace.mined(Tx.RECEIVER_POSTED, number=3, time=50)
    trace.finalized(3)
    done = [trace.is_done]  # the second receiver's receipt is not there
    trace.mined(Tx.SECOND_POSTED, number=4, time=50)
    trace.finalized(4)
    assert [*done, trace.is_done] == [False, True]
    assert json.dumps(trace.words).count("final: ") == 4

"""What was posted by mistake goes back between the same nodes, also at the second try."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.rails.node.conftest import Kept
from tests.rails.node.cores import MemoryCore
from tests.rails.node.two_nodes import BEFORE, READY, Pair, pair, rollover
from tests.rails.world import Case, founded, key

from open401k.rails.node.cases import State
from open401k.rails.node.core import Side
from open401k.rails.node.exceptions import StillOpenError, give_back, next_part, propose_again
from open401k.rails.node.following import Verdict
from open401k.rails.node.memory import MemoryCases
from open401k.rails.node.opening import Signed, TermsError, agree, agreed_of, move, stop


def posted(both: Pair) -> Case:
    case = rollover(both.world)
    both.open(case)
    both.run()
    assert both.states() == (State.POSTED, State.POSTED)
    return case


def agreed_on(both: Pair, case: Case, name: str) -> None:
    """Both agree on these terms: who received releases."""
    told = Signed(case.election, case.signature, case.attestation, case.attested, case.terms)
    for node, us, side in ((both.receiver, "receiver", Side.SOURCE), (both.source, "source", Side.RECEIVER)):
        with node.cases.begin() as unit:
            move(unit, name, *READY)
            agree(unit, name, agreed_of(told, us=both.world.members[us].address, side=side))


@pytest.mark.parametrize("where", ["memory", "postgres"])
def test_what_was_posted_goes_back_to_the_cent_also_at_the_second_try(where: str, kept: Kept) -> None:
    # Money flow: source -> receiver 1,434.56; receiver -> source 1,434.56
    both = pair(founded(), (lambda _: MemoryCases()) if where == "memory" else kept)
    case = posted(both)
    back = both.world.back(case)
    for node, side in ((both.source, Side.RECEIVER), (both.receiver, Side.SOURCE)):
        with node.cases.begin() as unit:
            assert give_back(unit, "case", "back").side is side
    agreed_on(both, back, "back")
    with both.source.cases.begin() as unit:
        stop(unit, "back", 451)
    both.run()
    assert both.states("back") == (State.RELEASED, State.RELEASED)
    terms = replace(back.terms, part=next_part(0, Verdict.ABORTED), salt=b"2" * 32)
    participant = key(f"participant {back.election.number}")
    again = both.world.elected(back.election, back.attestation, terms, by=participant)
    for node in (both.source, both.receiver):
        with node.cases.begin() as unit:
            propose_again(unit, "back", "again")
    agreed_on(both, again, "again")
    both.run()
    assert both.states("again") == (State.POSTED, State.POSTED)
    assert both.world.state(again) == "closed"
    for node, side in ((both.source, Side.SOURCE), (both.receiver, Side.RECEIVER)):
        assert isinstance(node.core, MemoryCore)
        assert node.core.balances[f"account at {side}"] == BEFORE


def test_terms_that_give_back_another_rollover_are_not_agreed_to() -> None:
    both = pair(founded())
    case = posted(both)
    with both.receiver.cases.begin() as unit:
        give_back(unit, "case", "back")
    with both.source.cases.begin() as unit:
        give_back(unit, "case", "back")
    other = both.world.changed(both.world.back(case), parent=b"o" * 32)
    with pytest.raises(TermsError, match="no case before it was that"):
        agreed_on(both, other, "back")


def test_what_is_not_posted_is_not_given_back() -> None:
    both = pair(founded())
    both.open(rollover(both.world))
    with both.receiver.cases.begin() as unit, pytest.raises(StillOpenError, match="stopped, not given back"):
        give_back(unit, "case", "back")

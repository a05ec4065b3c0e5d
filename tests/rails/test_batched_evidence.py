"""The evidence of a rollover that settled in a batch: the verdict, the difference that moved, and what is not there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.rails.node.batch_nodes import SETTINGS, WINDOW, Pairs, pairs
from tests.rails.world import leg

from open401k.rails.evidence.checking import check
from open401k.rails.evidence.collecting import collect
from open401k.rails.evidence.file import Evidence, write
from open401k.rails.evidence.findings import Report, Status


@pytest.fixture(scope="module")
def found() -> Pairs:
    """Three of the source and one of the receiver, in one batch."""
    made = pairs(receiver=replace(SETTINGS, window=10 * WINDOW))
    made.open(100_00, 200_00, 300_00)
    made.open(50_00, source="receiver")
    made.passes(2)
    made.later(WINDOW)
    made.passes(6)
    assert made.settled() == [4]
    return made


def of(found: Pairs, name: str) -> Evidence:
    world, files = found.world, found.two.source.files
    with files.begin() as unit:
        said, agreed = unit.said(name), unit.case(name).agreed
    assert agreed is not None
    return collect(world.chain, coordinator=world.rollover, encoded=agreed.encoded, said=said)


def said(report: Report, about: str, status: Status) -> str:
    (found,) = [each.said for each in report.findings if (each.about, each.status) == (about, status)]
    return found


def test_a_batched_rollover_is_proved_by_the_transaction_that_settled_all(found: Pairs) -> None:
    report = check(write(of(found, "source 01")), head=found.world.chain.head().hash)
    assert report.holds, [each.said for each in report.findings if each.status is Status.FAILED]
    assert said(report, "verdict", Status.PROVED).startswith("COMMITTED in a batch of 4")
    paid = said(report, "payments", Status.PROVED)
    assert "$550.00 left" in paid
    assert "the difference of 4 rollovers, of which this one moves $200.00" in paid
    assert {each.status for each in report.findings if each.about == "approvals"} == {Status.PROVED}
    receipts = [each.said for each in report.findings if each.about == "receipts"]
    assert all("no receipt is asked for" in each for each in receipts)
    assert "signed the election" in said(report, "election", Status.PROVED)
    (transaction,) = [each.said for each in report.findings if each.about == "transactions"]
    assert "was carried out" in transaction


def test_without_the_transaction_it_is_missing_not_proved(found: Pairs) -> None:
    bare = replace(of(found, "source 01"), transactions=(), headers=())
    report = check(write(bare))
    assert "no transaction is shown here" in said(report, "verdict", Status.MISSING)


def test_another_rollover_is_not_proved_by_the_same_batch(found: Pairs) -> None:
    world = found.world
    other = collect(world.chain, coordinator=world.rollover, encoded=world.case(leg(0, 1_00)).encoded)
    mine = of(found, "source 00")
    lent = replace(other, states=other.states, headers=mine.headers, transactions=mine.transactions)
    report = check(write(lent))
    assert not report.holds
    assert any("it is about another case" in each.said for each in report.findings if each.status is Status.FAILED)
    assert said(report, "verdict", Status.MISSING)


def test_the_one_that_goes_the_other_way_has_its_share_too(found: Pairs) -> None:
    report = check(write(of(found, "receiver 03")))
    assert said(report, "verdict", Status.PROVED)
    assert "of which this one moves $50.00" in said(report, "payments", Status.PROVED)

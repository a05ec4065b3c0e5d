"""The conformance kit passes ways that keep their promises, and finds each promise that a broken one does not keep.

Not here: the stand-in over HTTP, which is certified by the command (test_commands.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import pytest
from eth_hash.auto import keccak
from tests.rails.node.cores import MemoryCore

from open401k.rails.node.adapters.batch import BatchCore
from open401k.rails.node.adapters.layouts import Layout
from open401k.rails.node.certifying import Bench, certify
from open401k.rails.node.checks import CHECKS
from open401k.rails.node.core import Answer, CustodianCore, Done, HoldState, Order, Side
from open401k.standins._core_store import Books
from open401k.standins.core_batch import Night

NUMBERS = count()


def new_id() -> bytes:
    return keccak(b"rollover %d" % next(NUMBERS))


def failed(bench: Bench) -> list[str]:
    """What did not pass."""
    return [f"{r.check.run.__name__}: {r.words}" for r in certify(bench, CHECKS) if r.passed is False]


@pytest.mark.parametrize("layout", [Layout.FIXED, Layout.CSV])
def test_a_core_that_works_overnight_keeps_every_promise(layout: Layout, tmp_path: Path) -> None:
    books = Books(str(tmp_path / "core.db"))
    books.open("S-1", {"PRETAX": 1_000_00, "ROTH": 500_00})
    books.open("R-1", {"PRETAX": 0})
    folder = tmp_path / "files"

    def night() -> None:
        BatchCore(folder, layout).close_day()
        Night(books, folder, is_csv=layout is Layout.CSV).run()

    bench = Bench(lambda: BatchCore(folder, layout), "S-1", "R-1", new_id, night=night)
    results = certify(bench, CHECKS)
    books.close()
    assert [(r.check.run.__name__, r.words) for r in results if r.passed is False] == []
    assert sum(r.passed is None for r in results) == sum(check.needs is not None for check in CHECKS)


@dataclass
class Broken(MemoryCore):
    """A way that keeps its promises but one."""

    bug: str = ""
    again: int = 0
    amounts: list[int] = field(default_factory=list)

    def hold(self, order: Order) -> Answer:
        key = (order.rollover, order.side)
        if self.bug == "hold is not idempotent" and key in self.orders:
            known = self.orders[key][1]
            self.again += 1
            self.orders[keccak(b"%d" % self.again), order.side] = HoldState.HELD, known
            return Done("another", order.cents)
        if self.bug == "takes another order" and key in self.orders:
            self.orders[key] = HoldState.HELD, order
            return Done("hold", order.cents)
        if self.bug == "compares cents alone" and key in self.orders and self.same_cents(order):
            return Done("hold", order.cents, again=True)
        if self.bug == "late expectation" and order.side is Side.RECEIVER and self.released(order):
            del self.orders[key]
        if self.bug == "late hold" and self.orders.get(key, (None,))[0] is HoldState.RELEASED:
            del self.orders[key]
        if self.bug == "holds what is not there":
            self.orders[key] = HoldState.HELD, order
            return Done("hold", order.cents)
        if self.bug == "by amount":
            if order.cents in self.amounts:
                return Done("hold", order.cents, again=True)
            self.amounts.append(order.cents)
        return super().hold(order)

    def post(self, order: Order) -> Answer:
        key = (order.rollover, order.side)
        if self.bug == "books twice" and self.orders.get(key, (None,))[0] is HoldState.POSTED:
            self.orders[key] = HoldState.HELD, order
        if self.bug == "books without hold" and key not in self.orders:
            self.orders[key] = HoldState.HELD, order
        if self.bug == "credits the unexpected" and order.side is Side.RECEIVER and key not in self.orders:
            self.orders[key] = HoldState.HELD, order
        if self.bug == "debits what was given free" and order.side is Side.SOURCE and self.released(order):
            self.orders[key] = HoldState.HELD, order
        if self.bug == f"books {order.side} elsewhere" and key in self.orders and self.same_cents(order):
            self.orders[key] = self.orders[key][0], order
        if self.bug == "ignores facts":
            known = self.orders[key][1]
            assert known
            same = [p.cents for p in known.parts] == [p.cents for p in order.parts]
            return super().post(known) if same else super().post(order)
        if self.bug == "all into one kind" and order.side is Side.RECEIVER:
            known = self.orders[key][1]
            if known == order:
                one = replace(order, parts=tuple(replace(part, kind=0) for part in order.parts))
                self.orders[key] = self.orders[key][0], one
                answer = super().post(one)
                self.orders[key] = self.orders[key][0], order
                return answer
        return super().post(order)

    def same_cents(self, order: Order) -> bool:
        """Whether what is known under this id comes to as much."""
        known = self.orders[order.rollover, order.side][1]
        return known is not None and known.cents == order.cents

    def released(self, order: Order) -> bool:
        """Whether it was given free."""
        return self.orders.get((order.rollover, order.side), (None,))[0] is HoldState.RELEASED

    def release(self, rollover: bytes, side: Side) -> Answer:
        if self.bug == "gives both sides free" and (rollover, Side.SOURCE) in self.orders and side is Side.RECEIVER:
            super().release(rollover, Side.SOURCE)
        if self.bug == "releases what is credited" and side is Side.RECEIVER and (rollover, side) in self.orders:
            self.orders[rollover, side] = HoldState.RELEASED, self.orders[rollover, side][1]
        if self.bug == "releases what is posted" and (rollover, side) in self.orders:
            order = self.orders[rollover, side][1]
            self.orders[rollover, side] = HoldState.RELEASED, order
            return Done("released", 0)
        return super().release(rollover, side)


def bench_of(make: Callable[[], CustodianCore]) -> Bench:
    return Bench(make, "S-1", "R-1", new_id)


def memory(bug: str) -> Broken:
    return Broken({"S-1": {0: 1_000_00, 1: 500_00}, "R-1": {0: 0, 1: 0}}, bug=bug)


def test_the_core_of_the_tests_keeps_every_promise() -> None:
    core = memory("")
    assert failed(bench_of(lambda: core)) == []


@pytest.mark.parametrize(
    ("bug", "found"),
    [
        ("hold is not idempotent", "hold_twice"),
        ("takes another order", "hold_other"),
        ("late hold", "hold_late"),
        ("holds what is not there", "hold_too_much"),
        ("by amount", "twins"),
        ("books twice", "debit_twice"),
        ("books without hold", "debit_unheld"),
        ("ignores facts", "credit_other_facts"),
        ("all into one kind", "credit_twice"),
        ("releases what is posted", "release_posted"),
        ("compares cents alone", "hold_elsewhere"),
        ("gives both sides free", "both_sides"),
        ("late expectation", "expect_late"),
        ("books source elsewhere", "debit_elsewhere"),
        ("debits what was given free", "debit_late"),
        ("credits the unexpected", "credit_unexpected"),
        ("books receiver elsewhere", "credit_elsewhere"),
        ("releases what is credited", "release_credited"),
    ],
)
def test_a_broken_way_is_found(bug: str, found: str) -> None:
    core = memory(bug)
    assert found in [line.partition(":")[0] for line in failed(bench_of(lambda: core))]


def test_a_way_that_forgets_when_its_process_dies_is_found() -> None:
    """It remembers in memory what it did, and the core underneath does what it is told each time."""
    books = {"S-1": {0: 1_000_00, 1: 500_00}, "R-1": {0: 0, 1: 0}}
    names = [line.partition(":")[0] for line in failed(bench_of(lambda: MemoryCore(books)))]
    assert {"debit_lost", "restored"} <= set(names)

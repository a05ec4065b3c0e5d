"""A core that speaks ISO 20022, with a bank behind it: certified, with planted mistakes found, and a whole rollover."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from eth_hash.auto import keccak
from tests.rails.node.test_certifying import NUMBERS
from tests.rails.node.two_nodes import pair, rollover
from tests.rails.world import founded

from open401k.kernel import FixedClock
from open401k.rails.node.adapters.bank import Banked, BankFiles
from open401k.rails.node.adapters.batch import BatchCore
from open401k.rails.node.adapters.layouts import Layout
from open401k.rails.node.adapters.trouble import bank_trouble_at
from open401k.rails.node.bank_checks import BankTrouble, bank_checks
from open401k.rails.node.cases import State
from open401k.rails.node.certifying import Bench, certify
from open401k.rails.node.checks import CHECKS
from open401k.rails.node.core import Answer, CustodianCore, Done, Order, Part, Refused, Side, SilentError, Waiting
from open401k.standins._core_store import Books
from open401k.standins.bank_iso import Bank
from open401k.standins.core_iso import Night
from open401k.wire import mx

CLOCK = FixedClock(datetime(2026, 11, 20, 22, tzinfo=UTC))
AT, DAY = "2026-11-20T22:00:00Z", "2026-11-20"
US, THEM = mx.Party("Releasing Custodian", "111000", "021000021"), mx.Party("Settlement Bank", "900100", "026009593")
ORDER = Order(b"r" * 32, Side.SOURCE, "S-1", (Part(0, 0, 1_00), Part(1, 1, 50, basis=20, roth_since=2019)))


def new_id() -> bytes:
    return keccak(b"rollover %d" % next(NUMBERS))


@dataclass
class World:
    """A core and its bank as stand-ins, and our files to both."""

    folder: Path
    books: Books
    bank: Bank

    def core(self) -> BatchCore:
        return BatchCore(self.folder / "core", Layout.ISO, CLOCK)

    def files(self) -> BankFiles:
        return BankFiles(self.folder / "bank", CLOCK, US, THEM)

    def banked(self) -> Banked:
        return Banked(self.core(), self.files())

    def night(self) -> None:
        self.core().close_day()
        self.files().close_day()
        Night(self.books, self.folder / "core", AT).run()
        self.bank.run()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    books = Books(str(tmp_path / "core.db"))
    for account, money in {"S-1": {"PRETAX": 1_000_00, "ROTH": 500_00}, "R-1": {"PRETAX": 0}}.items():
        books.open(account, money)
    bank = Bank(str(tmp_path / "bank.db"), tmp_path / "bank", AT, DAY)
    yield World(tmp_path, books, bank)
    books.close()
    bank.close()


def failed(world: World, make: Callable[[], CustodianCore], promise: str = "") -> dict[str, str]:
    """What of the bank's checks did not pass; with ``promise`` only that one is tried."""
    checks = bank_checks(world.files, bank_trouble_at(world.folder / "bank"))
    tried = [check for check in checks if promise in ("", check.promise)]
    results = certify(Bench(make, "S-1", "R-1", new_id, night=world.night), tried)
    assert not any(result.passed is None for result in results)
    return {r.check.promise: r.words for r in results if r.passed is False}


def test_a_core_by_messages_keeps_every_promise(world: World) -> None:
    results = certify(Bench(world.core, "S-1", "R-1", new_id, night=world.night), CHECKS)
    assert [(r.check.run.__name__, r.words) for r in results if r.passed is False] == []
    assert sum(r.passed is None for r in results) == sum(check.needs is not None for check in CHECKS)


def test_a_core_with_its_bank_keeps_every_promise(world: World) -> None:
    assert failed(world, world.banked) == {}


@dataclass
class Careless(Banked):
    """A way that keeps its promises about the bank but one."""

    bug: str = ""

    def post(self, order: Order) -> Answer:
        if self.bug == "pays after the answer" and order.side is Side.SOURCE:
            return self.core.post(order)
        if order.side is Side.RECEIVER:
            there = self.bank.arrived(order.rollover)
            if self.bug == "credits unseen" or (self.bug == "credits what came" and isinstance(there, Done)):
                return self.core.post(order)
            if self.bug == "forgets returns" and isinstance(there, Refused):
                return self.core.post(order)
        return super().post(order)


class Forgetful(BankFiles):
    """It knows no instruction again: each order is a payment of its own."""

    def pay(self, rollover: bytes, cents: int) -> Answer:
        answer = super().pay(rollover, cents)
        if isinstance(answer, Done):
            self._ordered(rollover, len(self._tries(rollover)) + 1, cents)
        return answer


@pytest.mark.parametrize(
    ("bug", "found"),
    [
        ("pays after the answer", "paid once, however often it is posted"),
        ("credits unseen", "not credited before the money is there"),
        ("credits what came", "credited when all of it is there"),
        ("forgets returns", "what went back is not credited"),
        ("pays anew", "paid once, however often it is posted"),
    ],
)
def test_a_way_that_is_careless_with_the_bank_is_found(bug: str, found: str, world: World) -> None:
    files = Forgetful(world.folder / "bank", CLOCK, US, THEM) if bug == "pays anew" else world.files()
    assert failed(world, lambda: Careless(world.core(), files, bug), found)


def test_what_the_bank_refused_is_paid_again_under_a_new_id(world: World) -> None:
    files, cause = world.files(), bank_trouble_at(world.folder / "bank")
    assert isinstance(files.pay_again(ORDER.rollover), Refused)
    cause(BankTrouble.REJECT)
    assert isinstance(files.pay(ORDER.rollover, 1_50), Waiting)
    world.night()
    assert files.pay(ORDER.rollover, 1_50) == Refused(552, "the bank refused it: AM04")
    assert isinstance(files.pay(ORDER.rollover, 1_51), Refused)
    assert files.pay_again(ORDER.rollover) == Waiting(f"{'72' * 16}-o2.json")
    world.night()
    for _ in range(2):
        assert isinstance(files.pay_again(ORDER.rollover), Done)
    assert files.arrived(ORDER.rollover) == Done("72" * 16, 1_50)


def test_what_came_back_is_paid_again_and_counts_once(world: World) -> None:
    files, cause = world.files(), bank_trouble_at(world.folder / "bank")
    cause(BankTrouble.RETURN)
    files.pay(ORDER.rollover, 1_50)
    world.night()
    assert files.pay(ORDER.rollover, 1_50) == Refused(553, "the bank returned it: AC04")
    assert files.arrived(ORDER.rollover) == Refused(553, "what came went back: AC04")
    files.pay_again(ORDER.rollover)
    world.night()
    assert isinstance(files.pay(ORDER.rollover, 1_50), Done)
    assert files.arrived(ORDER.rollover) == Done("72" * 16, 1_50)


def test_a_file_that_cannot_be_read_is_silence_and_says_where(world: World) -> None:
    core, files = world.core(), world.files()
    core.hold(ORDER)
    data = mx.write_one(mx.Status("S-1", CLOCK.now(), "t-o", mx.Outcome.ACCEPTED, facts={"ACTION": "EAT"}))
    (world.folder / "core" / "in" / "answers-000001.xml").write_bytes(data)
    with pytest.raises(SilentError, match=r"answers-000001\.xml: message S-1, AddtlInf ACTION: 'EAT', HOLD or LIFT"):
        core.hold(ORDER)
    (world.folder / "bank" / "in" / "a.xml").write_bytes(b"<Document/>")
    with pytest.raises(SilentError, match=r"a\.xml of the bank: /Document, namespace"):
        files.arrived(ORDER.rollover)


def test_messages_need_to_know_the_time(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs a clock"):
        BatchCore(tmp_path, Layout.ISO)


def test_a_rollover_between_two_cores_that_pay_by_their_bank(world: World) -> None:
    """Both cores are the same stand-in: two accounts, one bank. Booked only when the bank has paid."""
    both = pair(founded())
    both.source.core = both.receiver.core = world.banked()
    world.books.open("account at source", {"PRETAX": 5_000_00, "ROTH": 1_000_00})
    world.books.open("account at receiver", {})
    case = rollover(both.world)
    both.open(case)
    states = []
    for _ in range(6):
        both.run(2)
        states.append(both.states())
        world.night()
        both.source.core = both.receiver.core = world.banked()
    assert states == [
        (State.LIQUIDATING, State.LIQUIDATING),  # both orders wait for the night
        (State.VOTED, State.VOTED),  # held, proposed, approved, committed; the debit waits for the next night
        (State.VOTED, State.VOTED),  # debited; the payment goes out; the receiver waits for the money
        (State.POSTED, State.VOTED),  # paid, and there: the credit waits for the night
        (State.POSTED, State.POSTED),
        (State.POSTED, State.POSTED),
    ]
    assert both.world.state(case) == "closed"
    found = [world.books.account(f"account at {side}") for side in Side]
    assert [each and each["balance"] for each in found] == [
        {"PRETAX": 5_000_00 - 1_234_56, "ROTH": 800_00},
        {"PRETAX": 1_234_56, "ROTH": 200_00},
    ]


def test_orders_of_the_same_id_and_other_terms_are_refused(world: World) -> None:
    core = world.core()
    core.hold(ORDER)
    core.close_day()
    world.night()
    assert core.hold(replace(ORDER, account="R-1")) == Refused(452, f"HOLD-{'72' * 16}-o.json is another order")

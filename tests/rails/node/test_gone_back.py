"""A return of the bank that comes after a payment was booked is an exception of its case, and ends when paid anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.rails.node.deal_nodes import both
from tests.rails.world import founded

from open401k.kernel import FixedClock
from open401k.rails.node.adapters.bank import BankFiles, WentBack
from open401k.rails.node.by_hand import close_exception
from open401k.rails.node.cases import Way
from open401k.rails.node.codes import PAID_TWICE, PAYMENT_RETURNED, Owner, Step, queue_of
from open401k.rails.node.core import Done, Refused, Side
from open401k.rails.node.gone_back import GoneBack
from open401k.rails.node.judging import NotNowError
from open401k.rails.node.kept_deals import KeptDeals
from open401k.rails.node.report import events_of
from open401k.wire import mx

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CLOCK = FixedClock(NOON)
ROLLOVER = b"r" * 32
NAME = (b"r" * 16).hex()


@dataclass
class Told:
    """A bank that says this."""

    back: list[WentBack] = field(default_factory=list)

    def went_back(self) -> Sequence[WentBack]:
        return self.back


def test_it_is_raised_once_resolved_when_paid_anew_and_raised_again_by_the_next(
    kept_deals: Callable[[str, Callable[[], int]], KeptDeals],
) -> None:
    two = both(founded(), kept_deals)
    two.until_terms()
    case, files, bank = two.source.only(), two.source.files, Told()
    assert isinstance(files, KeptDeals)
    agreed = two.source.file(case).agreed
    assert agreed
    watch = GoneBack(files, bank, two.source.desk.now)

    def told(times: int, *, stands: bool, side: Side = Side.SOURCE) -> list[int]:
        bank.back = [WentBack(agreed.rollover[:16].hex(), side, "AC04", times, stands)]
        watch.once(at=0)
        watch.once(at=0)
        return two.source.open_codes()

    assert told(1, stands=True) == []  # it is not booked yet: the adapter reads returns itself
    two.run()
    assert told(1, stands=True, side=Side.RECEIVER) == []  # not ours
    assert told(1, stands=True) == [PAYMENT_RETURNED]
    assert told(1, stands=False) == []
    assert told(1, stands=True) == []
    assert told(2, stands=True) == [PAYMENT_RETURNED]
    with files.begin() as unit:
        raised = unit.raised(case)[-1]
    assert raised.words.endswith("after it was booked: AC04")
    assert queue_of(raised.code).owner is Owner.SETTLEMENT


def test_closed_by_hand_it_names_what_pays_instead_and_stays_closed_until_another_return(
    kept_deals: Callable[[str, Callable[[], int]], KeptDeals],
) -> None:
    """A person's word alone left $3,800.00 with nobody: the books had paid, the bank had it back, nothing was open."""
    two = both(founded(), kept_deals)
    two.until_terms()
    two.run()
    case, files, bank = two.source.only(), two.source.files, Told()
    assert isinstance(files, KeptDeals)
    agreed = two.source.file(case).agreed
    assert agreed
    watch = GoneBack(files, bank, two.source.desk.now)

    def told(times: int) -> list[int]:
        bank.back = [WentBack(agreed.rollover[:16].hex(), Side.SOURCE, "AC04", times, stands=True)]
        watch.once(at=0)
        return two.source.open_codes()

    def close(paid: tuple[Way, str] | None) -> None:
        with files.begin() as unit:
            close_exception(unit, case, PAYMENT_RETURNED, "they changed banks", by="cash desk", paid=paid)

    assert told(1) == [PAYMENT_RETURNED]
    for paid in (None, (Way.WIRE, " ")):
        with pytest.raises(NotNowError, match="name the check or wire"):
            close(paid)
    assert told(1) == [PAYMENT_RETURNED]
    close((Way.WIRE, "20260601-7"))
    close((Way.WIRE, "20260601-7"))
    assert told(1) == []
    with files.begin() as unit:
        said = events_of(unit, case)[-1].words
    assert said == "exception 553 was closed by cash desk (paid by wire 20260601-7): they changed banks"
    assert told(2) == [PAYMENT_RETURNED]
    assert queue_of(PAYMENT_RETURNED).steps == (Step.PAY_AGAIN,)


def test_a_pacs_004_that_comes_later_is_read(tmp_path: Path) -> None:
    us = mx.Party("The Old Company", "1", "BANKUS33XXX")
    files = BankFiles(tmp_path, CLOCK, us, us)
    files.pay(ROLLOVER, 1_50)
    (ordered,) = (tmp_path / "spool").glob("*.json")

    def bank_says(name: str, message: mx.PaymentStatus | mx.PaymentReturn) -> None:
        (tmp_path / "in" / f"{name}.xml").write_bytes(mx.write_one(message))

    bank_says("1", mx.PaymentStatus("S-1", NOON, ordered.stem, NAME, "ACSC"))
    assert isinstance(files.pay(ROLLOVER, 1_50), Done)
    assert files.went_back() == []
    bank_says("2", mx.PaymentReturn("R-1", NOON, "R-1", NAME, 1_50, "AC04"))
    assert files.went_back() == [WentBack(NAME, Side.SOURCE, "AC04", 1, stands=True)]
    assert isinstance(files.pay(ROLLOVER, 1_50), Refused)
    files.pay_again(ROLLOVER)
    bank_says("3", mx.PaymentStatus("S-2", NOON, f"{ordered.stem}2", NAME, "ACSC"))
    assert files.went_back() == [WentBack(NAME, Side.SOURCE, "AC04", 1, stands=False)]


def test_what_the_bank_pays_again_after_a_wire_paid_it_is_paid_twice_until_one_is_back(
    kept_deals: Callable[[str, Callable[[], int]], KeptDeals],
) -> None:
    two = both(founded(), kept_deals)
    two.until_terms()
    two.run()
    case, files, bank = two.source.only(), two.source.files, Told()
    assert isinstance(files, KeptDeals)
    agreed = two.source.file(case).agreed
    assert agreed
    watch, name = GoneBack(files, bank, two.source.desk.now), agreed.rollover[:16].hex()

    def told(times: int, *, stands: bool) -> list[int]:
        bank.back = [WentBack(name, Side.SOURCE, "AC04", times, stands)]
        watch.once(at=0)
        watch.once(at=0)
        return two.source.open_codes()

    assert told(1, stands=True) == [PAYMENT_RETURNED]
    with files.begin() as unit:
        paid = Way.WIRE, "20260601-7"
        close_exception(unit, case, PAYMENT_RETURNED, "they changed banks", by="cash desk", paid=paid)
    assert told(1, stands=True) == []
    assert told(1, stands=False) == [PAID_TWICE]
    with files.begin() as unit:
        assert unit.raised(case)[-1].words.endswith(f": {name} by the bank, and wire 20260601-7")
    assert (queue_of(PAID_TWICE).owner, queue_of(PAID_TWICE).days) == (Owner.SETTLEMENT, 0)
    assert told(2, stands=True) == []  # that one came back, too: the wire is all that paid
    assert told(2, stands=False) == [PAID_TWICE]
    with files.begin() as unit:
        close_exception(unit, case, PAID_TWICE, "the wire came back", by="cash desk")
    assert told(2, stands=False) == []
    assert told(3, stands=True) == [PAYMENT_RETURNED]
    with files.begin() as unit:
        close_exception(unit, case, PAYMENT_RETURNED, "again", by="cash desk", paid=(Way.CHECK, "12"))
    assert told(3, stands=True) == []
    assert told(3, stands=False) == [PAID_TWICE]

"""What left an account before it was taken back, decided from its days alone."""

from datetime import UTC, date, datetime
from uuid import UUID

from open401k.kernel import EmployeeId, EntryId, Source
from open401k.recordkeeping._overpaid_store import MovedRow
from open401k.recordkeeping.overpaid import Overpaid, missing
from open401k.recordkeeping.overpaid_decided import Became, Beyond, Decided, beyond

WHO, EARNED, YEAR_END, LATER = UUID(int=1), date(2025, 6, 30), date(2026, 1, 2), date(2026, 3, 1)
SLOT = (EmployeeId(WHO), Source.MATCH, YEAR_END)


def row(day: date, cents: int, *, overpaid: int = 0, reserved: int = 1_000_00) -> MovedRow:
    return MovedRow(WHO, "match", day, cents, overpaid, reserved)


def test_what_is_reserved_is_gone_for_a_year_end_and_stays_so_while_it_is_reserved() -> None:
    before = [row(EARNED, 1_000_00), row(YEAR_END, -300_00)]
    assert missing(before, today=YEAR_END, reserved_is_gone=True) == {SLOT: 300_00}
    standing = [row(EARNED, 1_000_00), row(YEAR_END, -300_00, overpaid=300_00)]
    assert missing(standing, today=LATER, reserved_is_gone=False) == {}  # a correction for somebody else
    assert missing(standing, today=LATER, reserved_is_gone=True) == {}  # the next day's round


def test_what_is_reserved_no_longer_is_taken_out_again() -> None:
    standing = [row(EARNED, 1_000_00, reserved=0), row(YEAR_END, -300_00, overpaid=300_00, reserved=0)]
    assert missing(standing, today=LATER, reserved_is_gone=False) == {SLOT: -300_00}


def test_nothing_is_counted_as_gone_where_no_year_end_asked() -> None:
    assert missing([row(EARNED, 1_000_00), row(YEAR_END, -300_00)], today=LATER, reserved_is_gone=False) == {}


def said(became: Became, cents: int) -> Decided:
    entry = None if became is Became.LEFT else EntryId(UUID(int=2))
    return Decided(UUID(int=3), EmployeeId(WHO), Source.MATCH, became, cents, LATER, entry, "")


def test_money_that_came_again_beyond_what_is_overpaid_by_now_is_told_and_what_is_left_is_not() -> None:
    now = Overpaid(EmployeeId(WHO), Source.MATCH, 100_00, YEAR_END, datetime(2026, 3, 1, tzinfo=UTC))
    known = [said(Became.LEFT, 250_00), said(Became.PAID_BACK, 120_00), said(Became.RESTORED, 30_00)]
    assert beyond([now], known) == [Beyond(EmployeeId(WHO), Source.MATCH, 50_00)]
    assert beyond([], known) == [Beyond(EmployeeId(WHO), Source.MATCH, 150_00)]
    assert beyond([now], known[:1]) == []

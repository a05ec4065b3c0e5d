"""What left an account before it was taken back, decided from its days alone."""

from datetime import date
from uuid import UUID

from open401k.kernel import EmployeeId, Source
from open401k.recordkeeping._overpaid_store import MovedRow
from open401k.recordkeeping.overpaid import missing

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

"""Statements that do not join are told with the days between them; those that overlap, or come twice, are not."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from open401k.custody import StatementId
from open401k.custody.joins import Gap, gaps
from open401k.custody.statements import Kept, Line
from open401k.wire import BankLine

JAN = [(date(2026, 1, 5), 100_00), (date(2026, 1, 20), 50_00)]
FEB = [(date(2026, 2, 3), 25_00), (date(2026, 2, 17), -5_00)]
MARCH = [(date(2026, 3, 2), 10_00)]


def statement(
    number: int, opening: int | None, moves: list[tuple[date, int]], closed_on: date, account: str = "2468"
) -> tuple[Kept, list[Line]]:
    name = StatementId(UUID(int=number))
    closing = None if opening is None else opening + sum(cents for _, cents in moves)
    kept = Kept(
        name, f"s{number}", "camt", account, opening, closing, closed_on, datetime(2026, 4, 1, tzinfo=UTC), len(moves)
    )
    lines = [
        Line(name, at, BankLine(f"l{at}", on, on, cents, (), "", "", None), name)
        for at, (on, cents) in enumerate(moves, 1)
    ]
    return kept, lines


def found(*told: tuple[Kept, list[Line]]) -> list[Gap]:
    return gaps([kept for kept, _ in told], [line for _, lines in told for line in lines])


JANUARY = statement(1, 0, JAN, date(2026, 1, 31))
FEBRUARY = statement(2, 150_00, FEB, date(2026, 2, 28))
IN_MARCH = statement(3, 170_00, MARCH, date(2026, 3, 31))


def test_months_that_follow_join_in_any_order() -> None:
    assert found(IN_MARCH, JANUARY, FEBRUARY) == []


def test_a_month_that_is_missing_is_told_with_its_days_and_what_moved() -> None:
    (gap,) = found(JANUARY, IN_MARCH)
    assert (gap.first, gap.last, gap.days) == (date(2026, 2, 1), date(2026, 3, 1), 29)
    assert (gap.after, gap.name, gap.cents) == ("s1", "s3", 20_00)


def test_days_without_lines_and_the_same_balance_miss_nothing() -> None:
    assert found(JANUARY, statement(4, 150_00, MARCH, date(2026, 3, 31))) == []


@pytest.mark.parametrize(
    "other",
    [
        statement(5, 0, JAN, date(2026, 1, 31)),  # the same month once more
        statement(5, 100_00, [*JAN[1:], *FEB[:1]], date(2026, 2, 3)),  # begins within it
        statement(5, None, FEB, date(2026, 2, 28)),  # says no balance
        statement(5, 7_00, FEB, date(2026, 2, 28), account="1111"),  # another account
    ],
)
def test_what_overlaps_repeats_or_says_nothing_is_no_gap(other: tuple[Kept, list[Line]]) -> None:
    assert found(JANUARY, other) == []


def test_statements_that_follow_on_the_day_and_differ_are_told_without_days() -> None:
    (gap,) = found(JANUARY, statement(6, 149_00, [(date(2026, 2, 1), 1_00)], date(2026, 2, 1)))
    assert (gap.days, gap.cents) == (0, -1_00)


def test_the_statement_that_fills_a_gap_ends_it() -> None:
    assert len(found(JANUARY, IN_MARCH)) == 1
    assert found(JANUARY, IN_MARCH, FEBRUARY) == []

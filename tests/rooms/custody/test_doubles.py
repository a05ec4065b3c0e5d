"""Which booked lines are probably booked twice: equal payrolls are not."""

from datetime import date
from uuid import UUID

import pytest

from open401k.custody import StatementId
from open401k.custody.doubles import booked_twice
from open401k.custody.repeats import OF_ITS_OWN
from open401k.custody.statements import Finding, Kind, Line
from open401k.kernel import RunId
from open401k.wire import BankLine

DAY = date(2026, 3, 16)
ONE, TWO = RunId(UUID(int=1)), RunId(UUID(int=2))


def line(number: int, *, text: str = "401K ACME", on: date = DAY, file: int | None = None) -> Line:
    name = StatementId(UUID(int=number))
    return Line(name, 1, BankLine("", on, on, 500, (), "", text), StatementId(UUID(int=file or number)))


def part(of: Line, run: RunId | None, rule: str = "amount") -> Finding:
    kind = Kind.DEPOSIT if run else Kind.EMPLOYER_MONEY
    return Finding(*of.key, 1, kind, run, 500, None, rule, of.line.booked_on)


@pytest.mark.parametrize(
    ("other", "run", "rule", "paid_on", "found"),
    [
        (line(2), None, "reference, over", DAY, True),
        (line(2), TWO, "amount", date(2026, 3, 2), True),
        (line(2), TWO, "amount", DAY, False),  # two pay groups of one pay date: each owed its own
        (line(2), TWO, "a person", date(2026, 3, 2), False),
        (line(2, on=date(2026, 3, 30)), TWO, "amount", date(2026, 3, 30), False),  # the payroll after it
        (line(2, text="401K OTHER"), TWO, "amount", date(2026, 3, 2), False),
        (line(2, file=1), None, "reference, over", DAY, False),
    ],
)
def test_what_another_file_told_is_doubtful_unless_each_was_owed(
    other: Line, run: RunId | None, rule: str, paid_on: date, found: bool
) -> None:
    first = line(1)
    findings = [part(first, ONE), part(other, run, rule)]
    twice = booked_twice([first, other], findings, {ONE: DAY, TWO: paid_on})
    assert [(each.line, each.first) for each in twice] == ([(other, first)] if found else [])
    own = Finding(*other.key, 2, Kind.SEEN_BEFORE, None, 0, None, OF_ITS_OWN, DAY)
    assert booked_twice([first, other], [*findings, own], {ONE: DAY, TWO: paid_on}) == []

"""Year-to-date figures, fault by fault: row, column, reason and fix, all of them at once."""

import re
from datetime import date
from pathlib import Path

import pytest

from open401k.payroll import Boundary, Code, YearToDateExpected, YearToDateFile, check_year_to_date, read_year_to_date
from open401k.payroll.year_to_date import COLUMNS

HEADER = (
    "ssn,period_start,period_end,plan_compensation,section_415_compensation,fica_wages,hours,pre_tax,roth,match,"
    "prior_year_end_balance"
)
NAMES = HEADER.split(",")
ONE = "123-45-6789,2026-01-01,2026-06-30,40000.00,40000.00,38000.00,1040,2000.00,500.00,1000.00,25000.00"
OTHER = "234-56-7890,2026-01-01,2026-06-30,30000.00,30000.00,30000.00,960.5,900.00,0.00,450.00,"
TOTAL = "TOTAL,,,70000.00,70000.00,68000.00,2000.5,2900.00,500.00,1450.00,25000.00"
EXPECTED = YearToDateExpected(
    first_day=date(2026, 1, 1),
    as_of=date(2026, 6, 30),
    years="2026",
    people=frozenset({"123456789", "234567890"}),
)


def read(*lines: str, header: str = HEADER, expected: YearToDateExpected = EXPECTED) -> YearToDateFile:
    file = read_year_to_date("\n".join([header, *lines, ""]).encode(), file_name="ytd.csv")
    check_year_to_date(file, expected)
    return file


def told(file: YearToDateFile) -> list[tuple[int | None, str, str]]:
    assert all(each.reason and each.fix for each in file.findings.listed)
    return [(each.row, each.column, str(each.code)) for each in file.findings.by_place()]


def changed(line: str, **cells: str) -> str:
    return ",".join(cells.get(name, cell) for name, cell in zip(NAMES, line.split(","), strict=True))


def test_a_sound_file_is_read_to_the_cent_and_the_hundredth() -> None:
    file = read(ONE, OTHER, TOTAL)
    assert not file.findings.total
    first, second = file.rows
    assert (first.ssn, first.start, first.end) == ("123456789", date(2026, 1, 1), date(2026, 6, 30))
    assert first.amounts["prior_year_end_balance"] == 2_500_000
    assert (second.amounts["hours"], second.amounts["match"], second.amounts["qnec"]) == (96_050, 45_000, 0)


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"ssn": "12345678"}, "A ssn", "ssn.length"),
        ({"ssn": "345-67-8901"}, "A ssn", "person.unknown"),
        ({"period_start": "01/01/2026"}, "B period_start", "date.format"),
        ({"period_start": ""}, "B period_start", "date.invalid"),
        ({"period_end": "2026-02-30"}, "C period_end", "date.invalid"),
        ({"period_start": "2026-06-30", "period_end": "2026-01-01"}, "C period_end", "date.order"),
        ({"period_start": "2025-12-31"}, "B period_start", "period.outside"),
        ({"period_end": "2026-07-01"}, "C period_end", "period.outside"),
        ({"hours": ""}, "G hours", "hours.format"),
        ({"hours": "-1"}, "G hours", "hours.range"),
        ({"roth": "-500.00"}, "I roth", "amount.negative_not_allowed"),
        ({"match": "1000.001"}, "J match", "amount.precision"),
        ({"fica_wages": ""}, "F fica_wages", "amount.missing"),
        ({"plan_compensation": "forty"}, "D plan_compensation", "amount.format"),
    ],
)
def test_a_bad_cell_is_told_once_with_its_place(cells: dict[str, str], column: str, code: str) -> None:
    assert told(read(OTHER, changed(ONE, **cells), TOTAL)) == [(3, column, code)]


def test_every_fault_of_a_file_is_told_at_once() -> None:
    file = read(
        changed(ONE, period_start="2025-01-01", ssn="345-67-8901", section_415_compensation="2000.00"),
        changed(OTHER, roth="-1.00"),
        OTHER,
        changed(OTHER, period_start="2026-06-30"),
        changed(TOTAL, plan_compensation="70000.01", hours="1"),
    )
    assert told(file) == [
        (2, "A ssn", "person.unknown"),
        (2, "B period_start", "period.outside"),
        (2, "H pre_tax", "amount.exceeds_pay"),
        (3, "I roth", "amount.negative_not_allowed"),
        (5, "A ssn", "row.duplicate"),
        (6, "D plan_compensation", "total.mismatch"),
        (6, "E section_415_compensation", "total.mismatch"),
        (6, "F fica_wages", "total.mismatch"),
        (6, "G hours", "total.mismatch"),
        (6, "H pre_tax", "total.mismatch"),
        (6, "J match", "total.mismatch"),
    ]
    reasons = " ".join(each.reason for each in file.findings.listed)
    assert "345678901" not in reasons
    assert "345-67-8901" not in reasons
    assert "The total is $70,000.01, the rows add up to $130,000.00: $59,999.99 apart." in reasons
    assert "1.00 hours, the rows add up to 3921.50 hours" in reasons


def test_what_is_unreadable_does_not_make_the_total_wrong_as_well() -> None:
    assert told(read(changed(ONE, roth="x"), OTHER, TOTAL)) == [(2, "I roth", "amount.format")]


def test_periods_that_follow_on_are_two_rows_of_one_person() -> None:
    first = changed(ONE, period_end="2026-04-30")
    second = changed(OTHER, ssn="123-45-6789", period_start="2026-05-01")
    assert told(read(first, second, TOTAL)) == []
    assert told(read(first, changed(second, period_start="2026-04-30"), TOTAL)) == [(3, "A ssn", "row.duplicate")]


def test_a_cut_file_is_noticed_by_its_total() -> None:
    assert told(read(ONE, OTHER)) == [(1, "A ssn", "total.mismatch")]
    assert {code for _, _, code in told(read(ONE, TOTAL))} == {"total.mismatch"}
    assert told(read(ONE, OTHER, TOTAL, TOTAL)) == [(5, "A ssn", "total.mismatch")]
    assert (1, "A ssn", "file.no_rows") in told(read("TOTAL,,,0,0,0,0,0,0,0,0"))


def test_headings_are_those_of_the_layout() -> None:
    found = told(read(ONE, TOTAL, header=HEADER.replace("roth", "Roth 401k")))
    assert set(found) == {(1, "I roth 401k", "header.unknown"), (1, "roth", "header.missing")}
    assert len(found) == 2


def test_a_period_may_not_hold_a_day_on_which_a_count_begins_anew() -> None:
    expected = YearToDateExpected(
        EXPECTED.first_day, EXPECTED.as_of, "2026", EXPECTED.people, boundaries=[Boundary(date(2026, 4, 1), "a cut")]
    )
    file = read(ONE, changed(OTHER, period_start="2026-04-01"), TOTAL, expected=expected)
    assert told(file) == [(2, "C period_end", "period.straddles")]
    assert "up to the day before 2026-04-01" in file.findings.listed[0].fix


def test_what_the_books_hold_is_not_brought_over_again() -> None:
    expected = YearToDateExpected(
        EXPECTED.first_day,
        EXPECTED.as_of,
        "2026",
        EXPECTED.people,
        paid_here=[date(2026, 6, 26), date(2026, 7, 10)],
        balance_on_file=date(2025, 12, 31),
    )
    file = read(ONE, changed(OTHER, period_end="2026-06-25"), TOTAL, expected=expected)
    assert told(file) == [
        (2, "C period_end", str(Code.PERIOD_COVERED)),
        (2, "K prior_year_end_balance", str(Code.BALANCE_KNOWN)),
    ]


def test_the_example_of_the_how_to_is_read_without_a_finding() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "howto" / "take-over-within-a-year.md"
    example = re.findall(r"```\n(ssn,[\s\S]*?)```", page.read_text())
    file = read_year_to_date(example[0].encode())
    assert not file.findings.total, file.findings.listed
    assert len(file.rows) == 3
    named = re.findall(r"^\| (`.*?) \|", page.read_text(), re.MULTILINE)
    columns = {name for cell in named for name in re.findall(r"`(\w+)`", cell)}
    assert columns == set(COLUMNS)

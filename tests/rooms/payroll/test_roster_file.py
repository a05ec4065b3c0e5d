"""The roster of a takeover, fault by fault; and the examples of its page are files that can be read."""

import re
from datetime import date
from pathlib import Path

import pytest

from open401k.census import Relation
from open401k.payroll import RosterFile, check_relatives, read_opening_balances, read_roster
from open401k.payroll.opening_balances import COLUMNS as OF_BALANCES
from open401k.payroll.roster_file import COLUMNS

PAGE = (Path(__file__).resolve().parents[3] / "docs/howto/bring-a-plan-over.md").read_text()
NAMES = list(COLUMNS)
#: Of whoever is on file.
BORN = date(1995, 1, 1)
ONE = "123-45-6789,Owner,One,1970-02-03,2015-01-01,,,60.00,yes,,,2025,100000.00,101000.00,99000.00,2080.5"
OTHER = "234-56-7890,Spouse,One,1972-02-29,,,,40,,123-45-6789,Spouse,,,,,"
TOTAL = "Total,,,,,,,,,,,,100000.00,101000.00,99000.00,2080.5"


def read(*lines: str, on_file: tuple[str, ...] = ()) -> RosterFile:
    file = read_roster("\n".join([",".join(NAMES), *lines, ""]).encode(), file_name="people.csv")
    check_relatives(file, dict.fromkeys(on_file, BORN), today=date(2026, 1, 5))
    return file


def changed(line: str, **cells: str) -> str:
    return ",".join(cells.get(name, cell) for name, cell in zip(NAMES, line.split(","), strict=True))


def test_a_sound_roster_is_read_to_the_cent_and_the_basis_point() -> None:
    file = read(ONE, OTHER, TOTAL)
    assert not file.findings.total
    owner, spouse = file.rows
    assert (owner.ssn, owner.birth_date, owner.hired_on) == ("123456789", date(1970, 2, 3), date(2015, 1, 1))
    assert (owner.ownership_bps, owner.officer, owner.pay_year) == (6_000, True, 2025)
    assert owner.pay == (10_000_000, 10_100_000, 9_900_000, 208_050)
    assert (spouse.hired_on, spouse.ownership_bps, spouse.officer, spouse.pay_year) == (None, 4_000, False, None)
    assert (spouse.relative, spouse.relation) == ("123456789", Relation.SPOUSE)


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"ssn": "12345678"}, "A ssn", "ssn.length"),
        ({"first_name": ""}, "B first_name", "name.format"),
        ({"last_name": "=1+1"}, "C last_name", "name.format"),
        ({"birth_date": ""}, "D birth_date", "date.invalid"),
        ({"birth_date": "02/03/1970"}, "D birth_date", "date.format"),
        ({"hired_on": "1969-12-31"}, "E hired_on", "date.order"),
        ({"terminated_on": "2014-12-31"}, "F terminated_on", "date.order"),
        ({"hired_on": "", "terminated_on": "2025-01-01"}, "E hired_on", "hire_date.missing"),
        ({"ownership_percent": "100.01"}, "H ownership_percent", "amount.implausible"),
        ({"ownership_percent": "33.333"}, "H ownership_percent", "amount.precision"),
        ({"officer": "maybe"}, "I officer", "name.format"),
        ({"relation": "cousin"}, "K relation", "name.format"),
        ({"relation": "child"}, "J relative", "amount.missing"),
        ({"relative": "234-56-7890"}, "K relation", "amount.missing"),
        ({"relative": "123-45-6789", "relation": "child"}, "J relative", "person.conflict"),
        ({"relative": "345-67-8901", "relation": "child"}, "J relative", "person.unknown"),
        ({"relative": "34567890", "relation": "child"}, "J relative", "ssn.length"),
        ({"pay_year": ""}, "L pay_year", "date.invalid"),
        ({"pay_year": "25"}, "L pay_year", "date.invalid"),
        ({"fica_wages": "-1.00"}, "O fica_wages", "amount.negative_not_allowed"),
        ({"fica_wages": "1.00"}, "O fica_wages", "total.mismatch"),
    ],
)
def test_each_fault_is_told_once_with_its_place(cells: dict[str, str], column: str, code: str) -> None:
    file = read(changed(ONE, **cells), changed(OTHER, relative="", relation=""), TOTAL)
    found = file.findings.by_place()
    assert [(each.column, str(each.code)) for each in found] == [(column, code)]
    assert all(each.reason and each.fix for each in found)
    numbers = re.compile(r"\d{3}-?\d{2}-?\d{4}|\b\d{8}\b")
    assert not any(numbers.search(each.reason + each.value_masked) for each in found)


def test_a_person_is_in_one_row_and_a_relative_may_be_on_file() -> None:
    twice = read(ONE, changed(ONE, **dict.fromkeys(NAMES[11:], "")), TOTAL)
    assert [(each.row, str(each.code)) for each in twice.findings.listed] == [(3, "row.duplicate")]
    known = changed(ONE, relative="345-67-8901", relation="child")
    assert not read(known, TOTAL, on_file=("345678901",)).findings.total


@pytest.mark.parametrize(
    "lines",
    [
        (changed(ONE, relative="345-67-8901", relation="parent"), TOTAL),  # born in 1970, and the one on file in 1995
        (ONE, changed(OTHER, birth_date="2016-02-29"), TOTAL),  # a spouse of nine
    ],
)
def test_a_relative_who_cannot_be_one_by_dates_of_birth_is_a_finding(lines: tuple[str, ...]) -> None:
    (finding,) = read(*lines, on_file=("345678901",)).findings.listed
    assert (str(finding.code), finding.column) == ("person.conflict", "K relation")
    assert "born on" in finding.reason.lower()


def test_the_examples_of_the_page_can_be_read_and_it_names_every_column() -> None:
    people, balances = (example for example in re.findall(r"```\n(ssn,[\s\S]*?)```", PAGE))
    roster = read_roster(people.encode())
    check_relatives(roster, {}, today=date(2026, 1, 5))
    assert not roster.findings.total
    assert len(roster.rows) == 2
    opening = read_opening_balances(balances.encode())
    assert not opening.findings.total
    assert sum(row.cents for row in opening.rows) == 68_917_030
    assert {name for name in (*COLUMNS, *OF_BALANCES) if f"`{name}`" not in PAGE and name not in balances} == set()

"""Rows of one person in a file: of two employers or pay groups of one sponsor they stand, if both are named."""

from datetime import date

import pytest

from open401k.payroll import MOST_OF_ONE, hired_of, left_of, rows_again
from open401k.payroll.beside import apart
from open401k.payroll.rows import PayrollRow

SSN, OTHER = "219111003", "219111004"


def row(number: int = 2, ein: str = "", group: str = "", ssn: str = SSN, **more: object) -> PayrollRow:
    told: dict[str, object] = {"ssn": ssn, "employer_ein": ein, "pay_group": group, **more}
    return PayrollRow(row=number, line=number, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [
        (("111111111", ""), ("222222222", ""), True),
        (("111111111", "W"), ("222222222", "W"), True),
        (("111111111", "W"), ("111111111", "M"), True),
        (("", "Weekly"), ("", "Monthly"), True),
        (("", "Weekly"), ("", "weekly "), False),
        (("111111111", ""), ("", ""), False),  # who paid the second is not said
        (("111111111", "W"), ("", "M"), False),
        (("", ""), ("", ""), False),
    ],
)
def test_two_rows_are_of_two_payers_where_both_say_so(one: tuple[str, str], other: tuple[str, str], are: bool) -> None:
    assert apart(row(2, *one), row(3, *other)) is apart(row(3, *other), row(2, *one)) is are


def test_each_later_row_stands_beside_all_before_it_and_a_person_is_one_by_any_number() -> None:
    eins = [row(place, f"{place:09d}") for place in range(1, MOST_OF_ONE + 2)]
    assert list(rows_again(eins, {}).values()) == [True] * (MOST_OF_ONE - 1) + [False]
    assert rows_again([*eins[:2], row(5, "000000001")], {}) == {2: True, 5: False}
    assert rows_again([row(2, ssn=SSN), row(3, ssn=OTHER)], {}) == {}
    assert rows_again([row(2, ssn=SSN), row(3, ssn=OTHER)], {SSN: 0, OTHER: 0}) == {3: False}


def test_service_begins_at_the_first_employer_and_ends_at_the_last() -> None:
    march, april = date(2026, 3, 1), date(2026, 4, 1)
    assert hired_of([row(hire_date=april), row(), row(hire_date=march)]) == march
    assert left_of([row(termination_date=march), row()]) is None
    assert left_of([row(termination_date=april), row(termination_date=march)]) == april
    assert left_of([row(termination_date=march, rehire_date=april)]) is None
    assert left_of([]) is None

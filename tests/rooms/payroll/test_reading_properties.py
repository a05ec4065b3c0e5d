"""Whatever is done to a file: it is refused with a place, or read exactly; never half, never otherwise."""

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.payroll.test_catalogue import EXPECTED, HEADER

from open401k.kernel import EmployeeId
from open401k.payroll import Expectation, PayrollRow, Severity, Standing, check, open_upload

amounts = st.integers(0, 9_999_99)
names = st.text(st.characters(categories=["Lu", "Ll"], codec="utf-8"), min_size=1, max_size=12)
days = st.dates(date(1950, 1, 2), date(2000, 12, 30))
ssns = st.builds(
    lambda area, group, serial: f"{area:03d}{group:02d}{serial:04d}",
    st.integers(1, 665),
    st.integers(1, 99),
    st.integers(1, 9999),
)
people = st.lists(st.tuples(ssns, names, names, days, amounts, amounts, st.integers(0, 100_00)), min_size=1, max_size=8)


def dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def table(rows: list[tuple[str, str, str, date, int, int, int]]) -> list[list[str]]:
    return [
        [
            *(ssn, first, last, str(born), "2020-01-06", "", "2026-03-13", "9999999.99"),
            *(dollars(hours), dollars(pre_tax), dollars(roth), "0.00", "", ""),
        ]
        for ssn, first, last, born, pre_tax, roth, hours in rows
    ]


def written(rows: list[list[str]], delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL, end: str = "\n") -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerows([HEADER.split(","), *rows])
    return out.getvalue().encode()


def read(data: bytes) -> tuple[list[PayrollRow], list[tuple[str, int | None]]]:
    opened = open_upload(data, file_name="p.csv")
    rows = [row for chunk in opened.chunks() for row in chunk]
    refused = [(str(found.code), found.row) for found in opened.findings.listed if found.severity is Severity.REJECT]
    return rows, refused


@given(
    people,
    st.sampled_from(",;\t|"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
@settings(deadline=None)
def test_what_is_written_is_what_is_read(rows: Any, delimiter: Any, quoting: Any, end: Any, mark: Any) -> None:
    data = (b"\xef\xbb\xbf" if mark else b"") + written(table(rows), delimiter, quoting, end)
    found, refused = read(data)
    assert refused == []
    assert [
        (
            row.ssn,
            row.first_name,
            row.last_name,
            row.birth_date,
            row.pre_tax_cents,
            row.roth_cents,
            row.hours_hundredths,
        )
        for row in found
    ] == [tuple(row) for row in rows]


@given(people, st.data())
@settings(deadline=None)
def test_mutated_file_is_refused_with_its_place_or_read_as_the_oracle_reads_it(rows: Any, data: Any) -> None:
    cells = table(rows)
    row, column = data.draw(st.integers(0, len(cells) - 1)), data.draw(st.sampled_from([0, 7, 8, 9, 10, 11]))
    cells[row][column] = data.draw(st.text(st.sampled_from("0123456789.,-$ ()eNa"), max_size=12))
    found, refused = read(written(cells))
    if refused:
        assert all(place == row + 2 for _, place in refused)
        assert len(found) == len(cells) - 1
    else:
        assert value_at(found[row], column) == oracle(cells[row][column], column)


def value_at(row: PayrollRow, column: int) -> str | int | None:
    cents = {7: row.gross_cents, 9: row.pre_tax_cents, 10: row.roth_cents, 11: row.match_cents}
    return row.ssn if column == 0 else row.hours_hundredths if column == 8 else cents[column]


def oracle(cell: str, column: int) -> str | int | None:
    """What an accepted cell says, by the slow way."""
    text = cell.strip(" ")
    if column == 0:
        return text.replace("-", "")
    if column == 8 and not text:
        return None
    hundredths = Decimal(text if text != "." else "x") * 100
    assert hundredths == int(hundredths) >= 0
    return int(hundredths)


@given(people, st.data())
@settings(deadline=None)
def test_damaged_bytes_never_give_other_people_or_more_rows(rows: Any, data: Any) -> None:
    whole = bytearray(written(table(rows)))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    found, _ = read(bytes(whole))
    assert len(found) <= len(rows) + 3
    for row in found:
        assert len(row.ssn) == 9
        assert row.pre_tax_cents >= 0


@given(people)
@settings(deadline=None)
def test_content_is_the_same_in_any_order_and_format(rows: Any) -> None:
    unique = list({row[0]: row for row in rows}.values())
    first, second = written(table(unique)), written(table(unique[::-1]), ";", csv.QUOTE_ALL)
    contents = set()
    for data in (first, second):
        opened = open_upload(data)
        contents.add(check(opened.chunks(), Standing(place={}), EXPECTED, mapping=opened.mapping).content)
    assert len(contents) == 1


@given(
    st.lists(
        st.tuples(amounts, amounts, st.integers(0, 30_000_00), st.integers(0, 30_000_00), days), min_size=1, max_size=20
    )
)
@settings(deadline=None)
def test_holds_are_part_of_what_was_sent_whatever_the_standing(cases: Any) -> None:
    """Never more than the row carried, and never so little that the year's limit is passed."""
    rows, ssn_of = [], [f"{100 + place:03d}110001" for place in range(len(cases))]
    for place, (pre_tax, roth, _, _, _) in enumerate(cases):
        row = PayrollRow(place + 2, place + 2, ssn_of[place], pay_date=date(2026, 3, 13), gross_cents=9_999_999)
        rows.append(replace(row, pre_tax_cents=pre_tax, roth_cents=roth))
    known = Standing(
        place={ssn: place for place, ssn in enumerate(ssn_of)},
        employee_id=[EmployeeId.parse(f"emp_{place:032x}") for place in range(len(cases))],
        first_name=[""] * len(cases),
        last_name=[""] * len(cases),
        birth_date=[case[4] for case in cases],
        ytd_pre_tax=np.array([case[2] for case in cases], dtype=np.int64),
        ytd_roth=np.array([case[3] for case in cases], dtype=np.int64),
    )
    outcome = check([rows], known, Expectation(today=date(2026, 3, 13)))
    for place, (pre_tax, roth, before_pre_tax, before_roth, born) in enumerate(cases):
        held = sum(hold.cents for hold in outcome.holds if hold.row == place + 2)
        age = 2026 - born.year
        limit = 24_500_00 + (11_250_00 if 60 <= age <= 63 else 8_000_00 if age >= 50 else 0)
        before = before_pre_tax + before_roth
        assert 0 <= held <= pre_tax + roth
        assert held == max(0, before + pre_tax + roth - max(limit, before))


def test_reading_and_checking_many_rows_stays_flat_in_chunks() -> None:
    """A smoke test, without a limit on time: shared machines are slow; the benchmark has the figures."""
    start = date(1960, 1, 1)
    rows = [
        (
            f"{100 + place // 9999:03d}11{place % 9999 + 1:04d}",
            "First",
            "Last",
            start + timedelta(days=place % 9000),
            100_00,
            0,
            80_00,
        )
        for place in range(20_000)
    ]
    data = written(table(rows))
    opened = open_upload(data, file_name="p.csv")
    sizes = [len(chunk) for chunk in opened.chunks()]
    assert (sum(sizes), max(sizes)) == (20_000, 2_000)
    opened = open_upload(data, file_name="p.csv")
    outcome = check(opened.chunks(), Standing(place={}), EXPECTED, mapping=opened.mapping)
    assert outcome.rows == 20_000

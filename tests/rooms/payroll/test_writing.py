"""Every layout writes what it reads: the round trip, what is lost on the way, and names that run nothing."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.payroll_rows import rows, ssns

from open401k.kernel import Open401kError
from open401k.payroll import (
    LAYOUTS,
    PARTIAL,
    Column,
    DateOrder,
    Field,
    Layout,
    Mapping,
    PayrollRow,
    Reading,
    carried,
    file_name,
    open_upload,
    settle,
    write_layout,
    write_mapped,
)
from open401k.payroll.formats import RowReader
from open401k.payroll.tables import Table, open_table

LAYOUT = {layout.name: layout for layout in LAYOUTS}
ANA = PayrollRow(2, 2, "123456789", "", "Ana", "Lee", pay_date=date(2026, 3, 13), gross_cents=400_000)


def read(data: bytes, **how: object) -> list[PayrollRow]:
    opened = open_upload(data, **how)  # type: ignore[arg-type]
    found = [row for chunk in opened.chunks() for row in chunk]
    assert opened.findings.total == 0, opened.findings.listed
    return found


def placed(given: Sequence[PayrollRow]) -> list[PayrollRow]:
    return [replace(row, row=place, line=place) for place, row in enumerate(given, start=2)]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda each: each.name)
@settings(deadline=None, max_examples=60)
@given(people=st.lists(rows(), min_size=1, max_size=6))
def test_what_a_layout_writes_is_what_it_reads(layout: Layout, people: list[PayrollRow]) -> None:
    written = write_layout(layout, people)
    assert read(written.data) == placed([carried(written.mapping, row) for row in people])


@settings(deadline=None, max_examples=60)
@given(people=st.lists(rows(), min_size=1, max_size=6))
def test_our_own_layout_loses_nothing_but_the_silence_beside_an_amount(people: list[PayrollRow]) -> None:
    written = write_layout(LAYOUT["open401k"], people)
    assert not written.loses_money
    assert all(lost.what.startswith("that nothing is said of") for lost in written.lost)
    said = Field.MATCH.attribute
    assert [row.match_cents or 0 for row in read(written.data)] == [getattr(row, said) or 0 for row in people]


@settings(deadline=None, max_examples=60)
@given(
    people=st.lists(rows(), min_size=1, max_size=4),
    order=st.permutations(list(Field)),
    dates=st.sampled_from(DateOrder),
)
def test_any_settled_mapping_writes_what_it_reads(
    people: list[PayrollRow], order: list[Field], dates: DateOrder
) -> None:
    """The learned mapping of any provider: columns in any order, dates in any form."""
    fields = [field for field in order if field not in (Field.EMPLOYEE_ID, Field.EARNINGS)]
    columns = [Column(place, f"Column {field}", field) for place, field in enumerate(fields)]
    columns.append(Column(len(columns), "Regular", Field.EARNINGS, "REG"))
    mapping = Mapping("northwind", tuple(columns), Reading(dates=dates))
    written = write_mapped(mapping, people)
    opened = open_upload(written.data, provider="northwind", remembered=[mapping])
    assert [row for chunk in opened.chunks() for row in chunk] == placed([carried(mapping, row) for row in people])


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda each: each.name)
def test_what_a_layout_cannot_carry_is_what_its_data_says(layout: Layout) -> None:
    """A row that says everything: exactly the fields that the format table calls missing are lost."""
    everything = {
        field.attribute: date(2026, 3, 13) if field.is_date else 1_00
        for field in Field
        if not field.may_repeat and (field.is_date or field.is_money or field is Field.HOURS)
    }
    told = {str(field): "A" for field in (Field.EMPLOYEE_NUMBER, Field.PAY_GROUP, Field.EMPLOYMENT_STATUS)}
    codes = {"earnings": (("REG", 1_00),), "earnings_hours": (("REG", 8_00),), "employer_ein": "123456789"}
    codes["deductions"] = (("MED125", 1_00),)
    row = replace(ANA, **everything, **told, **codes, loan_payments=(("L-1", 5_00),))  # type: ignore[arg-type]
    lost = {each.what for each in write_layout(layout, [row]).lost}
    words = {"earnings": "pay codes", "earnings_hours": "hours by pay code", "loan_ref": "the numbers of loans"}
    words["deductions"] = "deductions by code"
    assert lost == {words.get(each, str(each)) for each in layout.not_carried}


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda each: each.name)
def test_headings_are_published_ones_and_every_field_has_its_place(layout: Layout) -> None:
    assert set(layout.fields) <= set(layout.headings)
    assert layout.required <= set(layout.fields)
    assert len(set(map(str.casefold, layout.headings))) == len(layout.headings)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda each: each.name)
def test_a_loan_too_many_is_told_with_its_money(layout: Layout) -> None:
    loans = tuple((f"L-{place}", 10_00) for place in range(layout.most_loans + 1))
    (lost,) = (
        each for each in write_layout(layout, [replace(ANA, loan_payments=loans)]).lost if "loan_pay" in each.what
    )
    assert (lost.rows, lost.cents) == (1, 10_00)


def test_several_loans_never_become_one() -> None:
    loans = (("L-1", 10_00), ("L-2", 20_00), ("L-1", 5_00))
    (row,) = read(
        write_layout(LAYOUT["open401k"], [replace(ANA, birth_date=date(1979, 4, 2), loan_payments=loans)]).data
    )
    assert row.loan_payments == loans


def test_an_amount_nobody_says_has_no_column_since_its_zero_would_be_a_statement() -> None:
    unsaid = write_layout(LAYOUT["paykonnect"], [ANA])
    said = write_layout(LAYOUT["paykonnect"], [replace(ANA, match_cents=0)])
    assert b"CONT_Company_Match" not in unsaid.data
    assert (read(unsaid.data)[0].match_cents, read(said.data)[0].match_cents) == (None, 0)


def test_paykonnect_is_written_as_published() -> None:
    written = write_layout(
        LAYOUT["paykonnect"], [replace(ANA, birth_date=date(1979, 4, 2))], shared={"Plan_Number": "123456-01"}
    )
    heading, line = written.data.decode().splitlines()
    assert heading.startswith('"Plan_Number","Plan_Name","EIN"')
    cells = next(csv.reader(io.StringIO(line)))
    assert line.startswith('"123456-01",')
    assert ("123-45-6789" in cells, "04/02/1979" in cells) == (True, True)


def test_only_columns_that_no_row_fills_can_be_shared() -> None:
    with pytest.raises(Open401kError, match="SSN cannot be the same"):
        write_layout(LAYOUT["paykonnect"], [ANA], shared={"SSN": "123-45-6789"})


AT = datetime(2026, 3, 9, 9, 5, 7, 42_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("layout", "parts", "name"),
    [
        ("paykonnect", {"plan": "123456-01"}, "123456-01_09032026_090507042.csv"),
        ("ascensus", {"kind": "TS", "client": "98765", "run": "1"}, "TS_98765_1_03092026.090507.csv"),
        ("vestwell", {}, "vestwell_20260309_090507.csv"),
    ],
)
def test_files_are_named_as_their_vendors_name_them(layout: str, parts: dict[str, str], name: str) -> None:
    assert file_name(LAYOUT[layout], at=AT, **parts) == name


@pytest.mark.parametrize("plan", ["", "../etc", "a b", "x" * 41])
def test_a_file_name_takes_no_part_that_is_a_path(plan: str) -> None:
    with pytest.raises(Open401kError, match="needs plan"):
        file_name(LAYOUT["paykonnect"], at=AT, plan=plan)


def test_a_person_without_a_number_is_not_written() -> None:
    with pytest.raises(Open401kError, match="Line 2 names its person by no ssn"):
        write_layout(LAYOUT["ascensus"], [ANA, replace(ANA, ssn="", employee_id="emp_" + "0" * 32)])


def test_less_than_nothing_is_not_written() -> None:
    with pytest.raises(Open401kError, match="below zero"):
        write_layout(LAYOUT["ascensus"], [replace(ANA, pre_tax_cents=-1)])


@pytest.mark.parametrize("codes", [("Reg", "REG"), ("x" * 80,), ("123-45-6789",)])
def test_pay_codes_that_make_no_headings_are_refused(codes: tuple[str, ...]) -> None:
    with pytest.raises(Open401kError, match="Rename the pay code"):
        write_layout(LAYOUT["open401k"], [replace(ANA, earnings=tuple((code, 1_00) for code in codes))])


DANGEROUS = ["=1+1", "+1", "-2+3", "@SUM(A1)", "'=1", "''-x", "＝1", '=HYPERLINK("http://x","y")']


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_runs_in_a_spreadsheet_and_the_text_comes_back(text: str) -> None:
    """reliability.md 3.10 U1: neutral on the way out, the same text on the way in."""
    row = replace(ANA, birth_date=date(1979, 4, 2), last_name="-Lee", loan_payments=((text, 5_00),))
    data = write_layout(LAYOUT["open401k"], [row]).data
    cells = [each for line in csv.reader(io.StringIO(data.decode())) for each in line]
    assert not [each for each in cells if each[:1] in tuple("=+-@\t\r＝＋－＠")]
    assert f"'{text}" in cells
    back = read(data)[0]
    assert (back.last_name, back.loan_payments) == ("-Lee", ((text, 5_00),))


@given(ssns())
def test_a_number_is_never_padded(ssn: str) -> None:
    """Case 23, on the way out too: the leading zero is in the file, as text."""
    assert ssn.encode() in write_layout(LAYOUT["ascensus"], [replace(ANA, ssn=ssn)]).data


@pytest.mark.parametrize("layout", PARTIAL, ids=lambda each: each.name)
@settings(deadline=None, max_examples=30)
@given(people=st.lists(rows(), min_size=1, max_size=4))
def test_a_partial_layout_writes_its_published_part_and_says_what_is_lost(
    layout: Layout, people: list[PayrollRow]
) -> None:
    written = write_layout(layout, people)
    table = open_table(written.data)
    assert isinstance(table, Table)
    read = [row for chunk in RowReader(written.mapping).chunks(table.rows) for row in chunk]
    assert read == placed([carried(written.mapping, row) for row in people])
    money = [each for each in layout.not_carried if each.is_money and not each.may_repeat]
    paid = Field.LOAN_PAYMENT in layout.carries
    assert written.loses_money == any(
        any(getattr(row, each.attribute) for each in money) or len(row.loan_payments) > paid for row in people
    )


def test_a_partial_layout_is_no_payroll_before_a_person_has_settled_it() -> None:
    """OneAmerica: known at sight, asked once for what is not published, then read at once."""
    heading = ",".join([*oneamerica().headings, "EE Pre-Tax 401k", "Mystery"])
    line = "C-1,,Ana,,Lee,123-45-6789,F,A,,,,,,,04/02/1979,02/02/2015,,,03/13/2026,4000.00,3900.00,200.00,7.00"
    data = f"{heading}\n{line}\n".encode()
    opened = open_upload(data, provider="acme")
    assert opened.mapping is None
    assert list(opened.chunks()) == []
    assert "OneAmerica CSV" in opened.findings.listed[0].reason
    assert opened.proposal is not None
    assert [column.heading for column in opened.proposal.columns if column.why != "published heading"] == [
        "EE Pre-Tax 401k",
        "Mystery",
    ]
    settled = settle(opened.proposal, {"V": Field.PRE_TAX, "W": None})
    (row,) = read(data, provider="acme", remembered=[settled])
    assert (row.gross_cents, row.plan_compensation_cents, row.pre_tax_cents) == (4_000_00, 3_900_00, 200_00)


def oneamerica() -> Layout:
    return next(layout for layout in PARTIAL if layout.name == "oneamerica")


def test_vestwells_template_asks_for_pay_and_for_the_kind_of_safe_harbor() -> None:
    layout = next(layout for layout in PARTIAL if layout.name == "vestwell_template")
    opened = open_upload(",".join(layout.headings).encode() + b"\n123-45-6789,Ana,Lee,04/02/1979,200.00,,90.00,,\n")
    assert opened.mapping is None
    told = {finding.column or finding.reason[:30] for finding in opened.findings.listed}
    assert {"gross", "G Employer Mandatory Contribution (Safe Harbor)"} <= told
    assert opened.proposal is not None
    with pytest.raises(ValueError, match="gross"):
        settle(opened.proposal, {"G": Field.SAFE_HARBOR_NONELECTIVE})

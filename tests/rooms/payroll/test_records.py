"""Files of records: census parts of fixed length; parts with header and trailer by a layout that a user supplies."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.payroll_rows import rows

from open401k.kernel import Open401kError
from open401k.payroll import (
    LAYOUTS,
    RECORDS,
    Field,
    PayrollRow,
    RecordFile,
    RecordLayout,
    open_upload,
    read_records,
    record_layout,
    write_records,
)

BY_NAME = {layout.name: layout for layout in RECORDS}
EMPOWER, VOYA = BY_NAME["empower_fixed"], BY_NAME["voya_fixed"]
ANA = PayrollRow(
    *(1, 1, "012345678", "", "Ana", "Lee"),
    birth_date=date(1979, 4, 2),
    hire_date=date(2015, 2, 2),
    pay_date=date(2026, 3, 13),
)

#: Positions of nobody: they show the form of a layout file, and are those of no published standard.
OURS = """
name: sample
title: Sample of two parts
source: made up for this test
delimiter: "{delimiter}"
dates: YYYYMMDD
parts:
  census:
    header: [{{name: type, start: 1, {size3}says: HC1}}, {{name: plan, start: {second}{size10}}}]
    detail:
      - {{name: type, start: 1, {size3}says: DC1}}
      - {{name: ssn, start: {second}{size9}, field: ssn}}
      - {{name: last name, start: {third}{size20}, field: last_name}}
      - {{name: birth, start: {fourth}{size8}, field: birth_date}}
    trailer: [{{name: type, start: 1, {size3}says: TC1}}, {{name: records, start: {second}{size10}, counts: true}}]
  remittance:
    header: [{{name: type, start: 1, {size3}says: HR1}}]
    detail:
      - {{name: type, start: 1, {size3}says: DR1}}
      - {{name: ssn, start: {second}{size9}, field: ssn}}
      - {{name: deferral, start: {third}{size20}, field: pre_tax, implied: true}}
      - {{name: loan, start: {fourth}{size8}, field: loan_ref}}
      - {{name: repaid, start: {fifth}{size12}, field: loan_payment}}
    trailer:
      - {{name: type, start: 1, {size3}says: TR1}}
      - {{name: records, start: {second}{size10}, counts: true}}
      - {{name: deferrals, start: {fourth}{size20}, sums: pre_tax, implied: true}}
"""


def text_of(delimiter: str) -> str:
    sizes = {f"size{size}": "" if delimiter else f", size: {size}" for size in (8, 9, 10, 12, 20)}
    places = (2, 3, 4, 5) if delimiter else (4, 13, 33, 41)
    names = dict(zip(("second", "third", "fourth", "fifth"), places, strict=True))
    return OURS.format(delimiter=delimiter, size3="" if delimiter else "size: 3, ", **sizes, **names)


FIXED, PIPES = record_layout(text_of("")), record_layout(text_of("|"))
LAYOUT = pytest.mark.parametrize("layout", [FIXED, PIPES], ids=["fixed", "pipes"])


def sample(layout: RecordLayout) -> bytes:
    person = replace(ANA, pre_tax_cents=200_00, loan_payments=(("L-1", 25_00),))
    written = write_records(layout, {"census": [person], "remittance": [person]}, shared={"plan": "123"})
    assert written.findings.total == 0, written.findings.listed
    return written.data


def told(file: RecordFile) -> list[tuple[str, int | None, str]]:
    return [(str(each.code), each.row, each.column) for each in file.findings.listed]


def test_what_ends_before_the_contributions_is_no_payroll_layout() -> None:
    assert {layout.name for layout in LAYOUTS}.isdisjoint(BY_NAME)
    for layout in RECORDS:
        assert not any(each.is_money for each in layout.carries)
        data = write_records(layout, {"census": [ANA]}).data
        assert open_upload(data, file_name="census.txt").mapping is None


def test_empower_stands_where_it_is_published() -> None:
    (line,) = write_records(EMPOWER, {"census": [ANA]}, shared={"plan number": "123456-01", "state": "NY"}).data.split(
        b"\r\n"
    )[:-1]
    assert len(line) == 304
    places = {1: b"123456-01    ", 14: b"012-34-5678", 45: b"Lee ", 80: b"Ana ", 135: b"04/02/1979", 237: b"NY"}
    for start, text in {**places, 275: b"02/02/2015"}.items():
        assert line[start - 1 :].startswith(text)


def test_voya_stands_where_it_is_published() -> None:
    (line, _) = write_records(
        VOYA, {"census": [ANA]}, shared={"employer id": "E12345", "payroll cycle": "6"}
    ).data.split(b"\r\n")
    assert (len(line), line[:22], line[26:35]) == (199, b"INGWIN6E12345620260313", b"012345678")
    assert (line[59:63], line[79:83]) == (b"Lee ", b"Ana ")


def plain(row: PayrollRow) -> PayrollRow:
    """Names as a file of single bytes can hold them."""
    first, last = (
        "".join(each for each in name if each.isascii())[:14].strip() for name in (row.first_name, row.last_name)
    )
    number, status = ("".join(filter(str.isalnum, text.encode("ascii", "ignore").decode())) for text in
                      (row.employee_number, row.employment_status))  # fmt: skip
    row = replace(row, employee_number=number[:10], employment_status=status[:1])
    return replace(row, first_name=first.lstrip("=+@"), last_name=last.lstrip("=+@"))


@pytest.mark.parametrize("layout", RECORDS, ids=lambda each: each.name)
@settings(deadline=None, max_examples=60)
@given(people=st.lists(rows().map(plain), min_size=1, max_size=5))
def test_a_census_part_reads_back_what_it_carries(layout: RecordLayout, people: list[PayrollRow]) -> None:
    written = write_records(layout, {"census": people})
    assert written.findings.total == 0
    file = read_records(layout, written.data)
    assert file.findings.total == 0, file.findings.listed
    kept = [each.attribute for each in layout.carries]
    assert [[getattr(row, each) for each in kept] for row in file.rows["census"]] == [
        [getattr(row, each) for each in kept] for row in people
    ]
    lost = {each.what for each in written.lost["census"] if not each.what.startswith("that nothing")}
    assert lost.isdisjoint({str(each) for each in layout.carries})


@LAYOUT
def test_parts_between_header_and_trailer_are_read_with_their_counts(layout: RecordLayout) -> None:
    file = read_records(layout, sample(layout))
    assert file.findings.total == 0, file.findings.listed
    ((census,), (paid,)) = file.rows["census"], file.rows["remittance"]
    assert (census.ssn, census.last_name, census.birth_date) == ("012345678", "Lee", date(1979, 4, 2))
    assert (paid.pre_tax_cents, paid.loan_payments) == (200_00, (("L-1", 25_00),))
    assert file.headers["census"] == {"type": "HC1", "plan": "123"}


def more(lines: list[str], place: int, old: str, new: str) -> list[str]:
    """The lines with one of them changed."""
    assert old in lines[place]
    return [*lines[:place], lines[place].replace(old, new, 1), *lines[place + 1 :]]


Change = Callable[[list[str]], list[str]]
BROKEN: dict[str, tuple[Change, str, int | None]] = {
    "no header": (lambda lines: lines[1:], "record.order", 1),
    "no trailer": (lambda lines: lines[:-1], "record.order", None),
    "trailer of the first part missing": (lambda lines: lines[:2] + lines[3:], "record.order", 3),
    "part twice": (lambda lines: lines[:3] + lines, "record.order", 4),
    "record type": (lambda lines: [lines[0], "XX9" + lines[1][3:], *lines[2:]], "record.unknown", 2),
    "record lost": (lambda lines: [lines[0], *lines[2:]], "total.mismatch", 2),
    "record doubled": (lambda lines: [*lines[:2], *lines[1:]], "total.mismatch", 4),
    "money changed": (lambda lines: more(lines, 4, "20000", "20001"), "total.mismatch", 6),
    "too long": (lambda lines: [lines[0], lines[1] + "|x", *lines[2:]], "record.length", 2),
    "empty line": (lambda lines: [lines[0], "", *lines[1:]], "record.unknown", 2),
    "count is no number": (lambda lines: [*lines[:2], lines[2][:-1] + "x", *lines[3:]], "amount.format", 3),
}  # fmt: skip


@LAYOUT
@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_contradicts_itself_is_refused_with_its_place(layout: RecordLayout, case: str) -> None:
    change, code, record = BROKEN[case]
    lines = sample(layout).decode().split("\r\n")[:-1]
    file = read_records(layout, "\r\n".join([*change(lines), ""]).encode())
    assert (code, record) in [(found, row) for found, row, _ in told(file)]
    assert file.findings.rejected


@pytest.mark.parametrize("text", ["-00000000000000020000"[:20], "000000000000002000.0", "0000000000000002000x"])
def test_cents_without_a_point_are_digits_alone(text: str) -> None:
    data = sample(FIXED).replace(b"00000000000000020000", text.encode(), 1)
    assert ("amount.format", 5, "13-32 deferral") in told(read_records(FIXED, data))


def test_a_wrong_cell_names_record_position_and_field() -> None:
    data = sample(FIXED).replace(b"19790402", b"19790231")
    assert told(read_records(FIXED, data)) == [("date.invalid", 2, "33-40 birth")]
    eight = write_records(EMPOWER, {"census": [ANA]}).data.replace(b"012-34-5678", b"12345678   ")
    (found,) = read_records(EMPOWER, eight).findings.listed
    assert (found.code, found.column, found.value_masked) == ("ssn.length", "14-24 SSN", "***-**-5678")


def test_a_shorter_record_names_the_first_field_that_it_lacks() -> None:
    data = write_records(EMPOWER, {"census": [ANA, ANA]}).data
    cut = data[:290] + data[304:]
    assert told(read_records(EMPOWER, cut))[0] == ("record.length", 1, "285-294 termination date")


def test_records_of_a_file_that_goes_on_are_all_of_one_length() -> None:
    line = write_records(EMPOWER, {"census": [ANA]}).data[:-2]
    longer = read_records(EMPOWER, line + b"0" * 40 + b"\r\n" + line + b"0" * 40 + b"\r\n")
    assert (longer.findings.total, len(longer.rows["census"])) == (0, 2)
    assert told(read_records(EMPOWER, line + b"0" * 40 + b"\r\n" + line + b"0" * 39)) == [
        ("record.length", 2, "305-343")
    ]


def test_a_value_longer_than_its_place_is_a_finding_never_cut() -> None:
    written = write_records(VOYA, {"census": [ANA, replace(ANA, first_name="Maximiliana-Antonia")]})
    assert written.data == b""
    (found,) = written.findings.listed
    assert (found.code, found.row, found.column) == ("value.too_long", 2, "80-94 first name")


def test_the_separator_in_a_value_is_a_finding() -> None:
    written = write_records(PIPES, {"census": [replace(ANA, last_name="Lee|Roe")]})
    assert [(each.code, each.row, each.column) for each in written.findings.listed] == [
        ("name.format", 2, "cell 3 last name")
    ]


def test_a_letter_outside_of_the_encoding_is_named_by_its_byte_and_read_when_declared() -> None:
    person = replace(ANA, last_name="Zoë")
    assert [each.code for each in write_records(VOYA, {"census": [person]}).findings.listed] == ["file.encoding"]
    data = write_records(VOYA, {"census": [person]}, encoding="cp1252").data
    assert told(read_records(VOYA, data)) == [("file.encoding", 1, "62")]
    assert read_records(VOYA, data, encoding="cp1252").rows["census"][0].last_name == "Zoë"


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n"])
def test_a_file_without_records_is_refused(data: bytes) -> None:
    assert [code for code, _, _ in told(read_records(VOYA, data))] == ["file.empty"]


WRONG: dict[str, tuple[Callable[[str], str], str]] = {
    "no positions": (lambda text: text.partition("parts:")[0] + "parts: {}", "no positions"),
    "no source": (lambda text: text.replace("source: made up for this test", ""), "source"),
    "unknown key": (lambda text: text.replace("counts: true", "count: true"), "knows no count"),
    "unknown field": (lambda text: text.replace("field: ssn", "field: ssnn"), "'ssnn' is none of"),
    "overlap": (lambda text: text.replace("start: 13", "start: 12"), "overlap"),
    "wrong constant": (lambda text: text.replace("says: HC1", "says: HC"), "says 2"),
    "same constant": (lambda text: text.replace("says: HC1", "says: DC1"), "told apart by no constant"),
    "field twice": (lambda text: text.replace("field: last_name", "field: ssn"), "has ssn twice"),
    "nobody": (lambda text: text.replace(", field: ssn", ""), "about: it has no ssn"),
    "short date": (lambda text: text.replace("size: 8, field: birth", "size: 6, field: birth"), "too short"),
    "sum of a name": (lambda text: text.replace("sums: pre_tax", "sums: last_name"), "is none of"),
    "list": (lambda text: "- 1", "it is a table"),
    "no YAML": (lambda text: "a: [", "it is no YAML"),
    "object": (lambda text: "!!python/object/apply:os.system [ls]", "it is no YAML"),
    "number as name": (lambda text: text.replace("name: sample", "name: 7"), "name"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_layout_that_is_none_is_refused_with_its_place(case: str) -> None:
    change, words = WRONG[case]
    assert change(text_of("")) != text_of("")
    with pytest.raises(Open401kError, match=words):
        record_layout(change(text_of("")))


def test_what_no_record_takes_is_not_shared() -> None:
    with pytest.raises(Open401kError, match="takes no SSN for all"):
        write_records(VOYA, {"census": [ANA]}, shared={"SSN": "1"})
    with pytest.raises(Open401kError, match="has no part"):
        write_records(VOYA, {"contributions": [ANA]})


@LAYOUT
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_damaged_bytes_are_refused_or_give_the_same_people(layout: RecordLayout, data: st.DataObject) -> None:
    """Never a crash, never more people than records, never a number that is none."""
    whole = bytearray(sample(layout))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    file = read_records(layout, bytes(whole))
    for part in file.rows.values():
        assert len(part) <= 3
        assert all(len(row.ssn) == 9 for row in part)
    assert Field.SSN in layout.carries


def test_the_layout_of_the_how_to_is_one() -> None:
    """A reader copies it: it must load, and its file must come back."""
    page = Path(__file__).resolve().parents[3] / "docs" / "howto" / "payroll-files.md"
    layout = record_layout(page.read_text().partition("```yaml\n")[2].partition("```")[0])
    written = write_records(layout, {"remittance": [replace(ANA, pre_tax_cents=200_00)]})
    assert written.data.split(b"\r\n")[1:3] == [b"DTL|012345678|20000", b"TRL|1|20000"]
    assert read_records(layout, written.data).rows["remittance"][0].pre_tax_cents == 200_00

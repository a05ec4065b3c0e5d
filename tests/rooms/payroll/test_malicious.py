"""Uploads made to harm: refused at once, with what to do, and never opened further than needed."""

import io
import time
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
from tests.rooms.payroll.test_catalogue import EXPECTED, GOOD, NAMES, SECOND, accepted, codes, lines, read, standing

from open401k.payroll import check, open_upload

Change = Callable[[dict[str, bytes]], None]


def sheet(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def typed(row: dict[str, str]) -> list[object]:
    return [
        float(cell) if NAMES[place] in ("gross_comp", "pre_tax", "roth", "match") else cell
        for place, cell in enumerate(row.values())
    ]


GOOD_BOOK = sheet(list(NAMES), typed(GOOD), typed(SECOND))


def rebuilt(change: Change, data: bytes = GOOD_BOOK) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def sheet_part(pattern: bytes, text: bytes) -> Change:
    def change(parts: dict[str, bytes]) -> None:
        name = "xl/worksheets/sheet1.xml"
        assert pattern in parts[name]
        parts[name] = parts[name].replace(pattern, text, 1)

    return change


def adding(name: str, content: bytes = b"x") -> Change:
    return lambda parts: parts.update({name: content})


BILLION_LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><worksheet'
XXE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet'


def test_good_workbook_is_read_exactly() -> None:
    opened = open_upload(GOOD_BOOK, file_name="payroll.xlsx")
    rows = [row for chunk in opened.chunks() for row in chunk]
    assert [(row.row, row.ssn, row.pre_tax_cents, row.gross_cents) for row in rows] == [
        (2, "123456789", 200_00, 4000_00),
        (3, "234567890", 200_00, 4000_00),
    ]


@pytest.mark.parametrize(
    ("what", "change", "code"),
    [
        ("zip bomb", adding("xl/media/a.bin", b"\0" * 30_000_000), "file.unsafe"),
        ("entities", sheet_part(b"<worksheet", BILLION_LAUGHS), "file.unsafe"),
        ("outside entity", sheet_part(b"<worksheet", XXE), "file.unsafe"),
        ("macros", adding("xl/vbaProject.bin"), "file.unsafe"),
        ("links", adding("xl/externalLinks/externalLink1.xml"), "file.unsafe"),
        ("embedded", adding("xl/embeddings/oleObject1.bin"), "file.unsafe"),
        ("binary", adding("xl/workbook.bin"), "file.unsafe"),
        ("zip slip", adding("../../etc/cron.d/x"), "file.unsafe"),
        ("declared size", sheet_part(b'ref="A1:N3"', b'ref="A1:XFD1048576"'), "file.unsafe"),
        ("far cell", sheet_part(b'<c r="A3"', b'<c r="XFD3"'), "file.unsafe"),
        ("far row", sheet_part(b'<row r="3"', b'<row r="1048576"'), "file.unsafe"),
        ("error cell", sheet_part(b'<c r="A3"', b'<c t="e" r="A3"'), "file.type"),
        ("no workbook", lambda parts: parts.pop("[Content_Types].xml"), "file.type"),
    ],
)
def test_harmful_workbook_is_refused_in_a_second(what: str, change: Change, code: str) -> None:
    data = rebuilt(change)
    start = time.process_time()
    opened = open_upload(data, file_name="payroll.xlsx")
    assert opened.mapping is None
    assert codes(opened.findings) == [code]
    assert time.process_time() - start < 1


def test_part_that_hides_its_size_is_read_no_further_than_it_says_and_found_damaged() -> None:
    data = rebuilt(adding("xl/media/a.bin", b"\0" * 3_000_000))
    lied = data.replace((3_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert codes(open_upload(lied, file_name="payroll.xlsx").findings) == ["file.type"]


def test_two_sheets_with_rows_are_not_guessed() -> None:
    book = openpyxl.load_workbook(io.BytesIO(GOOD_BOOK))
    book.create_sheet("Other").append([1])
    out = io.BytesIO()
    book.save(out)
    opened = open_upload(out.getvalue(), file_name="payroll.xlsx")
    assert codes(opened.findings) == ["file.type"]
    assert "Other" in opened.findings.listed[0].reason


@pytest.mark.parametrize("cell", [0.1 + 0.2, 19.99, 1234.5, 5000.0, 1e7 - 0.01])
def test_cents_of_a_number_cell_are_exact(cell: float) -> None:
    row = typed(GOOD)
    row[NAMES.index("gross_comp")] = cell
    opened = open_upload(sheet(list(NAMES), row), file_name="p.xlsx")
    assert [row.gross_cents for chunk in opened.chunks() for row in chunk] == [round(cell * 100)]


def test_fraction_of_a_cent_in_a_number_cell_is_refused() -> None:
    row = typed(GOOD)
    row[NAMES.index("pre_tax")] = 200.123
    opened = open_upload(sheet(list(NAMES), row), file_name="p.xlsx")
    assert list(opened.chunks()) == [[]]
    assert codes(opened.findings) == ["amount.precision"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xlsx", lines(GOOD)),
        ("a.csv", GOOD_BOOK),
        ("a.xlsm", GOOD_BOOK),
        ("a.xlsb", GOOD_BOOK),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        ("a.csv", b"%PDF-1.7"),
        ("a.csv", b"<html><body>"),
        ("a.xlsx", b"PK\x03\x04 broken"),
    ],
)
def test_name_and_content_must_agree(name: str, data: bytes) -> None:
    assert codes(open_upload(data, file_name=name).findings) == ["file.type"]


def test_unclosed_quote_is_an_error_with_its_line() -> None:
    outcome = read(lines(GOOD, SECOND | {"last_name": '"Cole'}))
    found = outcome.findings.listed[0]
    assert (found.code, found.row, found.line) == ("file.quote", 3, 3)


def test_quoted_line_break_shifts_lines_not_rows() -> None:
    outcome = read(lines(GOOD | {"first_name": '"A\nB"'}, SECOND | {"pre_tax": "x"}))
    assert [(finding.code, finding.row, finding.line) for finding in outcome.findings.by_place()] == [
        ("name.format", 2, 2),
        ("amount.format", 3, 4),
    ]


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "@SUM(1)"])
def test_formula_in_a_name_is_refused(name: str) -> None:
    assert codes(read(lines(GOOD | {"first_name": name})).findings) == ["name.format"]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (",".join(["ssn", *NAMES[1:-1], "ssn"]), "header.duplicate"),
        (",".join([*NAMES[:-1], ""]), "header.blank"),
        (",".join([*NAMES[:-1], "PRE_TAX"]), "header.duplicate"),
    ],
)
def test_blank_and_repeated_headings_are_refused(header: str, code: str) -> None:
    assert codes(open_upload(lines(GOOD, header=header)).findings) == [code]


def test_utf16_without_its_mark_is_named() -> None:
    assert codes(read(lines(GOOD).decode().encode("utf-16-le")).findings) == ["file.encoding"]


def test_blank_lines_are_passed_over_and_counted() -> None:
    data = lines(GOOD) + b"\n\n,,,,,,,,,,,,,\n" + ",".join((SECOND | {"pre_tax": "x"}).values()).encode()
    assert [(finding.row, finding.line) for finding in read(data).findings.listed] == [(6, 6)]
    assert accepted(lines(GOOD) + b"\n\n").rows == 1


def test_no_ssn_of_any_cell_reaches_a_finding_or_proposal() -> None:
    number, plain = "123-45-6789", "123456789"
    rows = [GOOD | {name: number} for name in NAMES]
    for data in (
        lines(*rows),
        lines(GOOD, header=",".join(GOOD.values())),
        lines(GOOD, header="a,b,c,d,e,f,g,h,i,j,k,l,m,n"),
    ):
        opened = open_upload(data)
        check(opened.chunks(), standing(), EXPECTED, mapping=opened.mapping, findings=opened.findings)
        told = repr(opened.findings.listed) + repr(opened.proposal)
        assert opened.findings.listed
        assert number not in told
        assert plain not in told


def test_file_without_headings_is_named() -> None:
    assert codes(open_upload(lines(SECOND, header=",".join(GOOD.values()))).findings) == ["header.missing"]

"""Workbooks made to harm (reliability.md 3.10 U2 to U6): refused within a second, in 100 MB, with what to do."""

import io
import resource
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.rooms.payroll.test_catalogue import HEADER, codes
from tests.rooms.payroll.test_malicious import GOOD_BOOK, Change, adding, rebuilt, sheet_part

from open401k.payroll import open_upload, workbook

SHEET = "xl/worksheets/sheet1.xml"
#: The goal is a second of a processor; beside other work on a shared one it takes up to twice as long.
MOST_SECONDS = 2
#: Runs the reader as it is run, and says its own peak: what a process was before it was exec'ed is not counted.
PEAK = """
import runpy, sys, atexit
@atexit.register
def peak():
    with open("/proc/self/status") as status:
        sys.stderr.write(next(line for line in status if line.startswith("VmHWM")).split()[1])
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def nested(parts: dict[str, bytes]) -> None:
    parts[SHEET] = parts[SHEET].replace(b"<sheetData>", b"<sheetData>" + b"<a>" * 400_000 + b"</a>" * 400_000)


def late_doctype(parts: dict[str, bytes]) -> None:
    """Behind more white space than is looked at before the archive is opened."""
    head, _, rest = parts[SHEET].partition(b"<worksheet")
    parts[SHEET] = head + b" " * 9_000 + b'<!DOCTYPE x [<!ENTITY a "ha">]><worksheet' + rest


def prefixed_far_cell(parts: dict[str, bytes]) -> None:
    parts[SHEET] = parts[SHEET].replace(b'<c r="A3"', b'<x:c xmlns:x="u" r="XFD3"/><c r="A3"', 1)


def strings(parts: dict[str, bytes]) -> None:
    """Eighty megabytes of shared strings that no cell shows, in some eighty kilobytes."""
    parts["xl/sharedStrings.xml"] = b"<sst>" + b"<si><t>aaaaaaaaaa</t></si>" * 3_200_000 + b"</sst>"


def empty_rows(parts: dict[str, bytes]) -> None:
    rows = b"".join(b'<row r="%d"/>' % place for place in range(4, 400_000))
    parts[SHEET] = parts[SHEET].replace(b"</sheetData>", rows + b"</sheetData>")


def links(parts: dict[str, bytes]) -> None:
    """Dynamic data exchange stands in an external link."""
    parts["xl/externalLinks/externalLink1.xml"] = (
        b'<externalLink><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>'
    )


def macro_type(parts: dict[str, bytes]) -> None:
    name = "[Content_Types].xml"
    plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    assert plain in parts[name]
    parts[name] = parts[name].replace(plain, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml")


def many(parts: dict[str, bytes]) -> None:
    parts.update({f"docProps/{place}": b"" for place in range(500)})


def without(name: str) -> Change:
    def change(parts: dict[str, bytes]) -> None:
        del parts[name]

    return change


CHANGES: dict[str, tuple[Change, str]] = {
    "deep nesting": (nested, "file.unsafe"),
    "late document type": (late_doctype, "file.unsafe"),
    "far cell with a prefix": (prefixed_far_cell, "file.unsafe"),
    "far row in apostrophes": (sheet_part(b'<row r="3"', b"<row r='1048576'"), "file.unsafe"),
    "strings without end": (strings, "file.unsafe"),
    "rows without cells": (empty_rows, "file.unsafe"),
    "dynamic data exchange": (links, "file.unsafe"),
    "macros by type alone": (macro_type, "file.unsafe"),
    "ribbon": (adding("customUI/customUI.xml", b"<x/>"), "file.unsafe"),
    "active control": (adding("xl/activeX/activeX1.xml", b"<x/>"), "file.unsafe"),
    "sheet that is not listed": (adding("xl/worksheets/sheet9.xml", b"<worksheet/>"), "file.unsafe"),
    "parts without number": (many, "file.unsafe"),
    "path of Windows": (adding("..\\..\\x.xml"), "file.unsafe"),
    "absolute path": (adding("/etc/passwd"), "file.unsafe"),
    "zip in the zip": (adding("xl/media/a.zip", GOOD_BOOK), ""),  # never unpacked, so it is none of our business
    "no XML": (sheet_part(b"</sheetData>", b""), "file.type"),
    "XML after the end": (sheet_part(b"</worksheet>", b"</worksheet><c/>"), "file.type"),
    "formula behind its value": (sheet_part(b"<v>4000</v>", b"<v>4000</v><f>1+1</f>"), "file.type"),
    "no styles": (without("xl/styles.xml"), ""),
    "no list of sheets": (without("xl/workbook.xml"), "file.unsafe"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_a_harmful_workbook_is_refused_at_once_and_in_little_memory(what: str) -> None:
    change, code = CHANGES[what]
    data = rebuilt(change)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.process_time()
    opened = open_upload(data, file_name="payroll.xlsx")
    list(opened.chunks())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert codes(opened.findings) == ([code] if code else [])
    assert all(each.fix for each in opened.findings.listed)
    assert (
        time.process_time() - start + after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < MOST_SECONDS
    )
    if workbook.unsafe(data) is None:
        assert peak_mib(data) < 100


def peak_mib(data: bytes) -> float:
    """What the process that reads the workbook took at most."""
    command = [sys.executable, "-I", "-c", PEAK, str(Path(workbook.__file__).with_name("workbook_process.py"))]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    return int(done.stderr) / 1024


def test_a_link_to_a_place_outside_is_no_part() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD_BOOK)) as archive, zipfile.ZipFile(out, "w") as hostile:
        for name in archive.namelist():
            hostile.writestr(name, archive.read(name))
        link = zipfile.ZipInfo("xl/media/link")
        link.external_attr = 0o120777 << 16
        hostile.writestr(link, "/etc/passwd")
    assert codes(open_upload(out.getvalue(), file_name="payroll.xlsx").findings) == ["file.unsafe"]


def test_a_part_twice_is_refused() -> None:
    out = io.BytesIO(GOOD_BOOK)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(out, "a") as archive:
        archive.writestr(SHEET, b"<worksheet/>")
    assert codes(open_upload(out.getvalue(), file_name="payroll.xlsx").findings) == ["file.unsafe"]


def encrypted() -> bytes:
    """The flag of encryption set on every part."""
    data = bytearray(GOOD_BOOK)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(mark)
        while start >= 0:
            flags = struct.unpack_from("<H", data, start + place)[0]
            struct.pack_into("<H", data, start + place, flags | 1)
            start = data.find(mark, start + 4)
    return bytes(data)


def word(parts: dict[str, bytes]) -> None:
    parts["word/document.xml"] = parts.pop(SHEET)


POLYGLOTS: dict[str, Callable[[], tuple[bytes, str, str]]] = {
    "workbook named .csv": lambda: (GOOD_BOOK, "payroll.csv", "file.type"),
    "table named .xlsx": lambda: (HEADER.encode() + b"\n", "payroll.xlsx", "file.type"),
    "program before the archive": lambda: (b"MZ" + bytes(64) + GOOD_BOOK, "payroll.xlsx", "file.type"),
    "script before the archive": lambda: (b"#!/bin/sh\nls\n" + GOOD_BOOK, "payroll.xlsx", "file.type"),
    "archive behind a table": lambda: (HEADER.encode() + b"\n" + GOOD_BOOK, "payroll.csv", "file.encoding"),
    "page": lambda: (b"  <!DOCTYPE html><script>alert(1)</script>", "payroll.csv", "file.type"),
    "page without a type": lambda: (b"<svg onload=alert(1)>\n<x>\n", "payroll.csv", "file.type"),
    "PDF": lambda: (b"%PDF-1.7\n" + HEADER.encode(), "payroll.csv", "file.type"),
    "Word": lambda: (rebuilt(word), "payroll.xlsx", "file.type"),
    "old Excel": lambda: (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "payroll.xls", "file.type"),
    "encrypted": lambda: (encrypted(), "payroll.xlsx", "file.type"),
    "picture": lambda: (b"\x89PNG\r\n\x1a\n" + bytes(50), "payroll.csv", "file.type"),
    "compressed": lambda: (b"\x1f\x8b\x08" + bytes(50), "payroll.csv", "file.type"),
    "cut in the middle": lambda: (GOOD_BOOK[: len(GOOD_BOOK) // 2], "payroll.xlsx", "file.type"),
    "wrong checksum": lambda: (GOOD_BOOK.replace(b"PK\x01\x02", b"PK\x01\x03", 1), "payroll.xlsx", "file.type"),
}  # fmt: skip


@pytest.mark.parametrize("what", POLYGLOTS)
def test_name_first_bytes_and_content_must_say_the_same(what: str) -> None:
    data, name, code = POLYGLOTS[what]()
    opened = open_upload(data, file_name=name)
    assert codes(opened.findings) == [code]
    assert opened.mapping is None


WIDE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a million headings": (lambda: b",".join(b"h%d" % each for each in range(1_000_000)) + b"\n1\n", "file.too_large"),
    "one endless cell": (lambda: HEADER.encode() + b"\n" + b"x" * 30_000_000, "file.too_large"),
    "one endless heading": (lambda: b"x" * 30_000_000, "file.too_large"),
    "a row of separators": (lambda: HEADER.encode() + b"\n" + b"," * 30_000_000, "file.too_large"),
    "a quote that swallows the file": (lambda: HEADER.encode() + b'\n"' + b"x\n" * 10_000_000, "file.quote"),
    "nothing but separators": (lambda: b"," * 20_000_000, "file.too_large"),
    "larger than any payroll": (lambda: b"a" * (64 * 1024 * 1024 + 1), "file.too_large"),
}  # fmt: skip


@pytest.mark.parametrize("what", WIDE)
def test_a_table_of_endless_size_is_refused_at_once(what: str) -> None:
    make, code = WIDE[what]
    data = make()
    start = time.process_time()
    opened = open_upload(data, file_name="payroll.csv")
    list(opened.chunks())
    assert codes(opened.findings) == [code]
    assert time.process_time() - start < MOST_SECONDS

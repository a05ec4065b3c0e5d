"""XLSX safely: refused by its directory before it is opened, then read in a limited process. Not here: CSV."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Generator
from io import BytesIO
from pathlib import Path

from .findings import Code, Finding, Severity
from .mapping import letter as letter_of

__all__ = ["letter_of", "read", "unsafe"]

MOST_MEMBERS = 500
MOST_UNPACKED = 256 * 1024 * 1024
MOST_RATIO = 100
RATIO_MATTERS_FROM = 4 * 1024 * 1024
_READER = Path(__file__).with_name("workbook_process.py")
_FORBIDDEN_PARTS = {
    "xl/externallinks/": "links to other files",
    "xl/embeddings/": "embedded documents",
    "xl/activex/": "active controls",
    "xl/vbaproject.bin": "macros",
    "xl/workbook.bin": "a binary workbook",
    "customui/": "a custom ribbon",
}


def _refused(code: Code, reason: str, fix: str = "Save the sheet alone as a plain .xlsx or .csv.") -> Finding:
    return Finding(Severity.REJECT, code, reason, fix)


def unsafe(data: bytes) -> Finding | None:
    """Why the workbook is not opened at all, from the zip's directory and the start of each part."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return _unsafe_directory(archive, len(data)) or _unsafe_parts(archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, RuntimeError, ValueError, NotImplementedError):
        return _refused(Code.FILE_TYPE, "The workbook is damaged or encrypted.")
    except zipfile.zlib.error:  # type: ignore[attr-defined]
        return _refused(Code.FILE_TYPE, "The workbook is damaged.")


def _unsafe_directory(archive: zipfile.ZipFile, size: int) -> Finding | None:
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(members) > MOST_MEMBERS or len(set(names)) != len(names):
        return _refused(Code.FILE_UNSAFE, "The workbook has too many or repeated parts.")
    unpacked, packed = sum(member.file_size for member in members), sum(member.compress_size for member in members)
    if packed > size or unpacked > MOST_UNPACKED or (unpacked > RATIO_MATTERS_FROM and unpacked > MOST_RATIO * size):
        return _refused(Code.FILE_UNSAFE, f"The workbook would unpack from {size:,} to {unpacked:,} bytes.")
    for member in members:
        name = member.filename.lower()
        if ".." in name or name.startswith("/") or "\\" in name or member.external_attr >> 28 == 0o12:
            return _refused(Code.FILE_UNSAFE, "A part of the workbook points outside of it.")
        if member.flag_bits & 0x1:
            return _refused(Code.FILE_TYPE, "The workbook is encrypted.", "Remove the password.")
        for part, what in _FORBIDDEN_PARTS.items():
            if name.startswith(part):
                return _refused(Code.FILE_UNSAFE, f"The workbook has {what}.")
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/worksheets/") for name in names):
        return _refused(Code.FILE_TYPE, "The file is a zip archive but not a workbook.")
    return None


def _unsafe_parts(archive: zipfile.ZipFile) -> Finding | None:
    """What the first bytes of each part declare: document types, macros, an endless sheet."""
    for member in archive.infolist():
        if not member.filename.lower().endswith((".xml", ".rels")):
            continue
        with archive.open(member) as part:
            start = part.read(8192)
        if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
            return _refused(Code.FILE_UNSAFE, "A part of the workbook defines entities.")
        if b"macroEnabled" in start:
            return _refused(Code.FILE_UNSAFE, "The workbook has macros.")
    return None


def read(data: bytes) -> tuple[list[str], Generator[list[str] | Finding, None, None]] | Finding:
    """The heading cells, and every later row as text; a row that is a finding is the last one."""
    lines = _lines(data)
    first = next(lines, None)
    if isinstance(first, Finding):
        return first
    if first is None or not any(first):
        return _refused(Code.FILE_EMPTY, "The first row of the sheet has no headings.", "Put the headings in row 1.")
    while first and not first[-1]:
        first.pop()
    return [cell.strip() for cell in first], lines


def _lines(data: bytes) -> Generator[list[str] | Finding, None, None]:
    """Rows from the limited process, one JSON line each; the process ends with this generator."""
    command = [sys.executable, "-I", str(_READER)]
    with subprocess.Popen(  # noqa: S603 (our own reader, fixed arguments)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield from _parsed(process, data)
        finally:
            process.kill()


def _parsed(process: "subprocess.Popen[bytes]", data: bytes) -> Generator[list[str] | Finding, None, None]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the reader was started without pipes")
    try:
        process.stdin.write(data)
        process.stdin.close()
    except BrokenPipeError:
        pass  # it died of its limits; the missing last line below says so
    for line in process.stdout:
        message = json.loads(line)
        if isinstance(message, list):
            yield message
        elif "refused" in message:
            yield _refused(Code(message["code"]), message["refused"], message["fix"])
            return
        else:
            return
    yield _refused(Code.FILE_UNSAFE, "The workbook needs more memory or time than a payroll can.")

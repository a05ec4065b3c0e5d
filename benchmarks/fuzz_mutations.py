"""What harms files: bytes, cells, rows, columns, headings, encodings, line ends. Not here: habits, reading."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Sequence
from random import Random

from benchmarks import fuzz_habits
from benchmarks.fuzz_files import Sample
from benchmarks.fuzz_tables import grid_of, written

_NOTHING_LEFT = (
    *(ValueError, IndexError, KeyError, csv.Error, zipfile.BadZipFile, zlib.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError),
)

#: Cells as people, spreadsheets and attackers write them.
CELLS = (
    *("", " ", "0", "0.00", "-", "N/A", "NULL", "x", "TRUE", "#REF!", "NaN", "Infinity", "1e5", "0x10", "1_000.00"),
    *(
        "200.5",
        "200.123",
        "200.120",
        "200.",
        ".5",
        ".",
        "$200.00",
        "(200.00)",
        "-200.00",
        "200.00-",
        "200.00CR",
        "+1.00",
    ),
    *("1,234.56", "12,34.56", "1.234,56", "1 234.56", "9999999999.00", "99999999999999999.00", "00200.00", "２００.00"),
    *("12345678", "123-45-678", "123456789", "012-34-5678", "000-12-3456", "666-12-3456", "912-34-5678", "078-05-1120"),
    *("1.23457E+08", "123456789.0", "123 45 6789", "2026-03-13", "03/13/2026", "3/13/2026", "13/03/2026", "3/13/26"),
    *("20260313", "03132026", "02/29/2025", "2025-02-29", "46094", "2026-3-3", "0001-01-01", "12/31/9999"),
    *("=1+1", "'=1+1", "@SUM(A1)", "-Lee", "'-Lee", "''", 'a"b', "a\nb", "a\r\nb", "a\tb", "a;b", "a|b", "a,b"),
    *("\ufffd", "\u200b", "\u00a0", "\ufeff", "é", "李", "x" * 61, "x" * 101, "80", "80.25", "-5", "900", "80.123"),
)
HEADINGS = (
    "",
    " ",
    "x",
    "ssn",
    "SSN",
    "Roth",
    "pre_tax",
    "PRE_TAX",
    "pay:REG",
    "pay:",
    "Total",
    "123-45-6789",
    "a" * 61,
)


def mutate(random: Random, sample: Sample) -> tuple[bytes, str]:
    """One to three things go wrong; the bytes, and what was done."""
    data, done = sample.data, []
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        kinds: Sequence[Callable[[Random, bytes], bytes]]
        if sample.name.endswith(".xlsx"):
            kinds = _OF_WORKBOOKS
        elif sample.records is not None:
            kinds = (_bytes, _lines, _line_ends)
        else:
            kinds = _OF_TABLES
        kind = random.choice(kinds)
        try:
            data = kind(random, data)
        except _NOTHING_LEFT:
            continue  # an earlier mutation left nothing for this one to change
        done.append(kind.__name__.strip("_"))
    return data, "+".join(done)


def _bytes(random: Random, data: bytes) -> bytes:
    whole = bytearray(data)
    for _ in range(random.randint(1, 3)):
        place = random.randrange(len(whole))
        match random.randrange(5):
            case 0:
                whole[place] = random.randrange(256)
            case 1:
                del whole[place : place + random.randint(1, 20)]
            case 2:
                whole[place:place] = bytes(random.randrange(256) for _ in range(random.randint(1, 4)))
            case 3:
                whole[place:place] = random.choice([b",", b'"', b"\r", b"\n", b"\x00", b";", b"-", b" ", b"0"])
            case _:
                whole[place] = ord(random.choice('0123456789.,-"'))
    return bytes(whole)


def _cut(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data))]


def _lines(random: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    place = random.randrange(len(lines))
    match random.randrange(4):
        case 0:
            del lines[place]
        case 1:
            lines.insert(place, lines[random.randrange(len(lines))])
        case 2:
            lines.insert(place, random.choice([b"\r\n", b"\n", b",,,\r\n", b"Total,,,\r\n", b"\r\n\r\n"]))
        case _:
            random.shuffle(lines)
    return b"".join(lines)


def _line_ends(random: Random, data: bytes) -> bytes:
    end = random.choice([b"\n", b"\r", b"\r\n", b"\n\r", b"\r\r\n"])
    return data.replace(b"\r\n", end) if random.random() < 0.7 else data.replace(b"\r\n", end, 1)


def _encoding(random: Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    match random.randrange(7):
        case 0:
            return b"\xef\xbb\xbf" + data
        case 1:
            return text.encode("utf-16")
        case 2:
            return ("\ufeff" + text).encode("utf-16-be")
        case 3:
            return text.encode("utf-16-le")
        case 4:
            return text.encode("cp1252", "replace")
        case 5:
            return text.encode("utf-32")
        case _:
            return b"\xef\xbb\xbf\xef\xbb\xbf" + data


def _delimiter(random: Random, data: bytes) -> bytes:
    if random.random() < 0.3:
        return data.replace(b",", random.choice([b";", b"\t", b"|"]))
    return written(grid_of(data), delimiter=random.choice(";\t|,"))


def _quotes(random: Random, data: bytes) -> bytes:
    match random.randrange(4):
        case 0:
            return written(grid_of(data), quoting=csv.QUOTE_ALL)
        case 1:
            return data.replace(b'"', b"", 1) if b'"' in data else data.replace(b",", b',"', 1)
        case 2:
            return data.replace(b'"', b"'")
        case _:
            place = random.randrange(len(data))
            return data[:place] + b'"' + data[place:]


def _cells(random: Random, data: bytes) -> bytes:
    grid = grid_of(data)
    for _ in range(random.choice([1, 1, 2, 5])):
        row = grid[random.randrange(1, len(grid))]
        place = random.randrange(len(row))
        old = row[place]
        row[place] = random.choice([random.choice(CELLS), random.choice(CELLS), _bent(random, old)])
    return written(grid)


def _bent(random: Random, old: str) -> str:
    """The same cell, a little otherwise."""
    bends: tuple[Callable[[str], str], ...] = (
        lambda text: f" {text} ",
        lambda text: f"{text}\u00a0",
        lambda text: f"-{text}",
        lambda text: f"({text})",
        lambda text: f"${text}",
        lambda text: f"{text}0",
        lambda text: f"0{text}",
        lambda text: text.replace("-", ""),
        lambda text: text.replace("/", "-"),
        lambda text: text[::-1],
        lambda text: text.replace(".", ","),
        lambda text: f"{text[:-6]},{text[-6:]}",
        lambda text: text[1:],
    )
    return random.choice(bends)(old)


def _rows(random: Random, data: bytes) -> bytes:
    grid = grid_of(data)
    place = random.randrange(1, len(grid))
    match random.randrange(6):
        case 0:
            del grid[place]
        case 1:
            grid.insert(place, list(grid[random.randrange(len(grid))]))
        case 2:
            grid.insert(place, [""] * random.choice([1, len(grid[0]), len(grid[0]) + 2]))
        case 3:
            grid.append(["Total", *[""] * (len(grid[0]) - 1)])
        case 4:
            grid[place].append(random.choice(CELLS))
        case _:
            grid[place].pop(random.randrange(len(grid[place])))
    return written(grid)


def _columns(random: Random, data: bytes) -> bytes:
    grid = grid_of(data)
    one, other = random.randrange(len(grid[0])), random.randrange(len(grid[0]))
    kind = random.randrange(4)
    for row in grid if kind else grid[random.randrange(2) :]:
        if kind == 0:
            row[one], row[other] = row[other], row[one]
        elif kind == 1:
            row.pop(one)
        elif kind == 2:
            row.insert(one, row[other])
        else:
            row.insert(one, "")
    return written(grid)


def _headings(random: Random, data: bytes) -> bytes:
    grid = grid_of(data)
    place = random.randrange(len(grid[0]))
    old = grid[0][place]
    bent = (
        old.upper(),
        old.lower(),
        f" {old} ",
        old[:-1],
        old.replace("_", " "),
        old + "\u00a0",
        random.choice(HEADINGS),
    )
    grid[0][place] = random.choice(bent)
    return written(grid)


_OF_TABLES = (
    _bytes,
    _cut,
    _lines,
    _line_ends,
    _encoding,
    _delimiter,
    _quotes,
    _cells,
    _cells,
    _rows,
    _columns,
    _headings,
    *fuzz_habits.OF_TABLES,
)


# --- workbooks: parts of the archive, and its bytes


def _zip_bytes(random: Random, data: bytes) -> bytes:
    return _bytes(random, data)


def _sheet_text(random: Random, data: bytes) -> bytes:
    """Numbers, types and places of cells in the sheet itself."""
    old, new = random.choice(
        [
            (b'<c r="A3"', b'<c r="ZZZ3"'),
            (b'<row r="3"', b'<row r="300000"'),
            (b'<row r="3"', b'<row r="9"'),
            (b't="s"', b't="n"'),
            (b't="n"', b't="s"'),
            (b't="n"', b't="e"'),
            (b't="n"', b't="b"'),
            (b't="n"', b't="str"'),
            (b"<v>80</v>", b"<v>80.1</v>"),
            (b"<v>80</v>", b"<v>8e1</v>"),
            (b"</v>", b"</v><f>1+1</f>"),
            (b"<v>", b"<v>1"),
            (b"<v>", b"<v>-"),
            (b"</v>", b"1</v>"),
            (b"</v>", b".5</v>"),
            (b"<v>", b"<v> "),
            (b"<sheetData>", b'<sheetData><row r="1"><c r="A1" t="str"><v>x</v></c></row>'),
            (b"</sheetData>", b""),
            (b' s="1"', b' s="0"'),
            (b' s="1"', b""),
        ]
    )
    return _part(data, "xl/worksheets/sheet1.xml", lambda part: _replaced(random, part, old, new))


def _strings(random: Random, data: bytes) -> bytes:
    old, new = random.choice(
        [
            (b"<t>", b"<t>\xff"),
            (b"<t>", b"<t> "),
            (b"<t>", b"<t>="),
            (b"</si>", b"</si><si><t>x</t></si>"),
            (b"</t>", b"</t><r><t>y</t></r>"),
            (b"<si>", b""),
        ]
    )
    return _part(data, "xl/sharedStrings.xml", lambda part: _replaced(random, part, old, new))


def _drop_part(random: Random, data: bytes) -> bytes:
    parts = _parts(data)
    parts.pop(random.choice(sorted(parts)))
    return _zipped(parts)


def _add_part(random: Random, data: bytes) -> bytes:
    name = random.choice(
        ["xl/vbaProject.bin", "xl/worksheets/sheet2.xml", "../x", "xl/externalLinks/e.xml", "docProps/x"]
    )
    return _zipped(_parts(data) | {name: b"<x/>"})


def _replaced(random: Random, part: bytes, old: bytes, new: bytes) -> bytes:
    places = [place for place in range(len(part)) if part.startswith(old, place)]
    place = random.choice(places) if places else len(part)
    return part[:place] + new + part[place + len(old) :]


def _part(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    parts = _parts(data)
    return _zipped(parts | {name: change(parts[name])})


def _parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


_OF_WORKBOOKS = (
    _zip_bytes,
    _cut,
    _sheet_text,
    _sheet_text,
    _sheet_text,
    _strings,
    _drop_part,
    _add_part,
    *fuzz_habits.OF_WORKBOOKS,
)

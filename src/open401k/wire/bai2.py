"""BAI2 statements: records 01, 02, 03, 16, 88, 49, 98, 99; every control total is proven. Not here: what lines mean."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from .banklines import MOST_LINES, BankLine, Statement, return_code_in, too_large, unproven
from .problems import Problem, Unreadable

_AMOUNT = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_OPENING, _CLOSING = "010", "015"
#: Items that came back: credits 255 to 257, debits 555 to 557; only their text is looked at for a reason.
_RETURNS = frozenset({255, 256, 257, 555, 556, 557})
_RECORDS = frozenset({"01", "02", "03", "16", "49", "98", "99"})


def read(data: bytes) -> tuple[Statement, ...] | Unreadable:
    """A statement for each account of each group, or all that is wrong."""
    problems = too_large(data)
    if problems:
        return Unreadable.because(problems)
    reader = _Reader()
    for record in _records(data, reader.problems):
        reader.take(record)
    reader.finish()
    if reader.problems:
        return Unreadable.because(reader.problems)
    return tuple(reader.statements)


@dataclass(slots=True)
class _Record:
    """A record with its continuations: fields, each with the physical line it stood in."""

    line: int
    fields: list[str]
    pieces: list[int]
    lines: int = 1

    @property
    def code(self) -> str:
        return self.fields[0]

    def at(self, index: int) -> str:
        return self.fields[index].strip() if index < len(self.fields) else ""

    def rest(self, index: int) -> str:
        """The text from a field on: commas belong to it, a continuation is a blank."""
        text = ""
        for place in range(index, len(self.fields)):
            text += "" if place == index else "," if self.pieces[place] == self.pieces[place - 1] else " "
            text += self.fields[place]
        return text.strip()


def _records(data: bytes, problems: list[Problem]) -> Iterator[_Record]:
    open_record: _Record | None = None
    text = data.decode("latin-1").removeprefix("\xef\xbb\xbf")
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if not line.strip():
            continue
        if any(not " " <= each <= "~" for each in line):
            problems.append(Problem(f"line {number}", "record", "Something that is not printable ASCII.", "Remove it."))
            return
        parts = line.rstrip(" ").removesuffix("/").split(",")
        if parts[0] == "88" and open_record is not None:
            open_record.fields += parts[1:]
            open_record.pieces += [number] * (len(parts) - 1)
            open_record.lines += 1
            continue
        if parts[0] not in _RECORDS:
            problems.append(Problem(f"line {number}", "record code", f"{parts[0][:10]!r} is none of BAI2.", _AGAIN))
            return
        if open_record is not None:
            yield open_record
        open_record = _Record(number, parts, [number] * len(parts))
    if open_record is not None:
        yield open_record


@dataclass(slots=True)
class _Sums:
    """What the next trailer must say."""

    total: int = 0
    parts: int = 0
    records: int = 0


@dataclass(slots=True)
class _Reader:
    """Where the reading stands: file, group and account are open or not."""

    problems: list[Problem] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    _file: _Sums | None = None
    _group: _Sums | None = None
    _account: _Sums | None = None
    _as_of: date = date.min
    _number: str = ""
    _balances: dict[str, int] = field(default_factory=dict)
    _lines: list[BankLine] = field(default_factory=list)
    _ended: bool = False

    def take(self, record: _Record) -> None:
        """One record, by its code and what is open."""
        for open_sums in (self._file, self._group, self._account):
            if open_sums is not None:
                open_sums.records += record.lines
        takers = {"01": self._start, "02": self._start_group, "03": self._start_account, "16": self._detail}
        takers |= {"49": self._end_account, "98": self._end_group, "99": self._end_file}
        if self._ended:
            self._wrong(record, "record code", "A record behind the end of the file (99).")
            return
        takers[record.code](record)

    def finish(self) -> None:
        """The file must have ended."""
        if not self._ended and not self.problems:
            self.problems.append(Problem("the end", "record code", "The file ends without its trailer (99).", _AGAIN))

    def _start(self, record: _Record) -> None:
        if self._file is not None:
            self._wrong(record, "record code", "A second file header (01).")
        self._file = _Sums(records=record.lines)
        if record.at(8) not in ("2", ""):
            self._wrong(record, "version", f"{record.at(8)!r}, 2 expected.")

    def _start_group(self, record: _Record) -> None:
        if self._file is None or self._group is not None:
            self._wrong(record, "record code", "A group (02) outside of a file, or within a group.")
        self._group = _Sums(records=record.lines)
        if record.at(3) != "1":
            told = f"{record.at(3)!r}: only updates (1) are read; deletions, corrections and tests are not."
            self._wrong(record, "group status", told)
        self._currency(record, record.at(6))
        self._as_of = self._day(record, "as-of date", record.at(4)) or date.min

    def _start_account(self, record: _Record) -> None:
        if self._group is None or self._account is not None:
            self._wrong(record, "record code", "An account (03) outside of a group, or within an account.")
        self._account = _Sums(records=record.lines)
        self._number, self._balances, self._lines = record.at(1), {}, []
        if not self._number:
            self._wrong(record, "account", "No account number.")
        self._currency(record, record.at(2))
        at = 3
        while at < len(record.fields):
            if not record.at(at):
                break
            cents = self._cents(record, at + 1, blank=True)
            self._account.total += cents
            if record.at(at + 1):
                self._balances[record.at(at)] = cents
            at = self._funds(record, at + 3)[0]

    def _detail(self, record: _Record) -> None:
        if self._account is None:
            self._wrong(record, "record code", "A transaction (16) outside of an account.")
            return
        cents = self._cents(record, 2)
        self._account.total += cents
        at, value_on = self._funds(record, 3)
        sign = self._sign(record)
        if len(self._lines) >= MOST_LINES:
            self._wrong(record, "record", f"More than {MOST_LINES:,} transactions.")
            return
        text = record.rest(at + 2)
        returned = return_code_in(text) or ("returned" if int(record.at(1) or 0) in _RETURNS and sign else None)
        found = tuple(each for each in (record.at(at + 1), record.at(at)) if each)
        place = f"line {record.line}"
        line = BankLine(place, self._as_of, value_on or self._as_of, sign * cents, found, "", text, returned)
        self._lines.append(line)

    def _end_account(self, record: _Record) -> None:
        account, group = self._account, self._group
        if account is None or group is None:
            self._wrong(record, "record code", "An account trailer (49) without an account.")
            return
        self._trailer(record, account, parts=None)
        group.total, group.parts = group.total + account.total, group.parts + 1
        opening, closing = self._balances.get(_OPENING), self._balances.get(_CLOSING)
        made = Statement("bai2", self._number, tuple(self._lines), opening, closing, self._as_of)
        self.problems.extend(unproven(made, f"line {record.line}"))
        self.statements.append(made)
        self._account = None

    def _end_group(self, record: _Record) -> None:
        if self._group is None or self._file is None or self._account is not None:
            self._wrong(record, "record code", "A group trailer (98) without a group, or within an account.")
            return
        self._trailer(record, self._group, parts="number of accounts")
        self._file.total, self._file.parts = self._file.total + self._group.total, self._file.parts + 1
        self._group = None

    def _end_file(self, record: _Record) -> None:
        if self._file is None or self._group is not None:
            self._wrong(record, "record code", "A file trailer (99) without a file, or within a group.")
            return
        self._trailer(record, self._file, parts="number of groups")
        self._ended = True

    def _trailer(self, record: _Record, sums: _Sums, *, parts: str | None) -> None:
        said = [("control total", self._cents(record, 1), sums.total)]
        if parts:
            said.append((parts, self._cents(record, 2), sums.parts))
        said.append(("number of records", self._cents(record, 3 if parts else 2), sums.records))
        for name, told, counted in said:
            if told != counted:
                self._wrong(record, name, f"{told} in the trailer, {counted} from the records.")

    def _sign(self, record: _Record) -> int:
        """Credits 100 to 399 and 920 to 959, debits 400 to 699 and 960 to 999, as the type codes are assigned."""
        code = int(record.at(1)) if record.at(1).isdigit() else 0
        if 100 <= code <= 399 or 920 <= code <= 959:
            return 1
        if 400 <= code <= 699 or 960 <= code <= 999:
            return -1
        if code != 890:  # text without an amount
            self._wrong(record, "type code", f"{record.at(1)!r} is neither a credit nor a debit.")
        return 0

    def _funds(self, record: _Record, at: int) -> tuple[int, date | None]:
        """The place behind the funds type and what belongs to it, and the value date where there is one."""
        kind = record.at(at)
        if kind == "S":
            return at + 4, None
        if kind == "V":
            return at + 3, self._day(record, "value date", record.at(at + 1))
        if kind == "D":
            return at + 2 + 2 * max(0, self._cents(record, at + 1)), None  # less than nothing would never end
        if kind not in ("", "Z", "0", "1", "2"):
            self._wrong(record, "funds type", f"{kind[:10]!r} is none of 0, 1, 2, D, S, V, Z.")
        return at + 1, None

    def _cents(self, record: _Record, at: int, *, blank: bool = False) -> int:
        said = record.at(at)
        if not said and blank:
            return 0
        if not _AMOUNT.fullmatch(said):
            self._wrong(record, f"field {at + 1}", f"{said[:20]!r} is no whole number.")
            return 0
        return int(said)

    def _day(self, record: _Record, name: str, said: str) -> date | None:
        if re.fullmatch(r"\d{6}", said, re.ASCII):
            try:
                return date.fromisoformat(f"20{said[:2]}-{said[2:4]}-{said[4:]}")
            except ValueError:
                pass
        self._wrong(record, name, f"{said[:20]!r} is no day (YYMMDD).")
        return None

    def _currency(self, record: _Record, said: str) -> None:
        if said not in ("", "USD"):
            self._wrong(record, "currency", f"{said[:10]!r}; only US dollars are read.")

    def _wrong(self, record: _Record, name: str, reason: str) -> None:
        self.problems.append(Problem(f"line {record.line}", name, reason, _AGAIN))


_AGAIN = "Ask the bank for the file again."

"""A bank's CSV export with usual headings. Not here: statements with formats of their own (bai2.py, iso20022.py)."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from io import StringIO

from .banklines import MOST_LINES, BankLine, Statement, return_code_in, shown, too_large, unproven
from .problems import Problem, Unreadable

#: What a column is -> how banks head it, in lower case without punctuation.
HEADINGS = {
    "booked_on": ("date", "posted date", "posting date", "post date", "transaction date", "booking date", "booked on"),
    "value_on": ("value date", "effective date", "value on"),
    "amount": ("amount", "transaction amount", "amount usd"),
    "credit": ("credit", "credits", "credit amount", "deposit", "deposits", "paid in"),
    "debit": ("debit", "debits", "debit amount", "withdrawal", "withdrawals", "paid out"),
    "text": ("description", "details", "memo", "narrative", "transaction description", "text"),
    "counterparty": ("payee", "name", "counterparty", "originator"),
    "reference": ("reference", "reference number", "customer reference", "check number", "trace number"),
    "bank_reference": ("bank reference", "transaction id", "fitid"),
    "balance": ("balance", "running balance", "running bal", "ledger balance"),
    "return_code": ("return code", "return reason", "reason code"),
    "account": ("account", "account number"),
    "currency": ("currency", "ccy"),
}
_MEANING = {heading: name for name, headings in HEADINGS.items() for heading in headings}
_AMOUNT = re.compile(r"(\()?(-|\+)?\$?(\d{1,13}|\d{1,3}(?:,\d{3}){1,4})(?:\.(\d{1,2}))?(\))?", re.ASCII)
_ISO, _US = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII), re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_LONGEST = 4_000


def read(
    data: bytes, *, opening_cents: int | None = None, closing_cents: int | None = None
) -> tuple[Statement, ...] | Unreadable:
    """One statement, or all that is wrong. Balances come from a balance column, or from whoever sends the file."""
    problems = too_large(data)
    if problems:
        return Unreadable.because(problems)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        told = f"the byte {data[error.start]:#04x} is not UTF-8."
        return Unreadable((Problem(f"line {line}", "file", told, "Save the file as UTF-8."),))
    reader = _Reader()
    rows = reader.rows(text)
    if rows:
        reader.take(rows)
    if reader.problems:
        return Unreadable.because(reader.problems)
    made = reader.statement(opening_cents, closing_cents)
    problems = [*reader.problems, *unproven(made, "the file")]
    return Unreadable.because(problems) if problems else (made,)


@dataclass(slots=True)
class _Reader:
    """What was read, and what is wrong."""

    problems: list[Problem] = field(default_factory=list)
    lines: list[BankLine] = field(default_factory=list)
    accounts: set[str] = field(default_factory=set)
    balances: list[int] = field(default_factory=list)
    _columns: dict[str, int] = field(default_factory=dict)
    _dates: set[str] = field(default_factory=set)

    def rows(self, text: str) -> list[tuple[int, list[str]]]:
        """Rows that are not empty, each with its line; the first is the headings."""
        if "\0" in text:
            self._wrong(1, "file", "A zero byte stands in it.", "Export it again.")
            return []
        head = text.lstrip().split("\n", 1)[0]
        delimiter = max(",;\t", key=head.count)
        found, reader = [], csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
        try:
            for row in reader:
                if any(cell.strip() for cell in row):
                    found.append((reader.line_num, row))
                if len(found) > MOST_LINES:
                    self._wrong(
                        reader.line_num, "file", f"More than {MOST_LINES:,} lines.", "Ask for a shorter period."
                    )
                    return []
        except csv.Error as error:
            self._wrong(reader.line_num, "file", f"It is no CSV: {error}.", "Export it again.")
            return []
        return found

    def take(self, rows: Sequence[tuple[int, list[str]]]) -> None:
        """Headings, then every row."""
        line, headings = rows[0]
        for at, heading in enumerate(headings):
            meaning = _MEANING.get(" ".join(re.sub(r"[^a-z ]", " ", heading.lower()).split()))
            if meaning in self._columns:
                self._wrong(line, heading[:40], f"Two columns are the {meaning.replace('_', ' ')}.", "Leave one out.")
            elif meaning is not None:
                self._columns[meaning] = at
        has = self._columns.keys()
        if "booked_on" not in has or not ({"amount"} <= has or {"credit", "debit"} <= has):
            known = "; ".join(f"{name.replace('_', ' ')}: {', '.join(each)}" for name, each in HEADINGS.items())
            told = "A date and an amount (or credit and debit) are needed."
            self._wrong(line, "headings", told, f"Known are {known}.")
            return
        if len(rows) == 1:
            self._wrong(line, "file", "There is no line below the headings.", "Export it again.")
        for number, row in rows[1:]:
            if len(row) != len(headings):
                told = f"{len(row)} cells, {len(headings)} expected."
                self._wrong(number, "row", told, "Amounts with commas stand in quotes.")
            elif any(len(cell) > _LONGEST for cell in row):
                self._wrong(number, "row", f"A cell is longer than {_LONGEST:,} characters.", "Export it again.")
            else:
                self._row(number, row)

    def statement(self, opening: int | None, closing: int | None) -> Statement:
        """What was read; with running balances every line is proven, in whichever order the bank lists them."""
        lines = self.lines
        if self.balances:
            if not _runs(lines, self.balances) and _runs(lines[::-1], self.balances[::-1]):
                lines, self.balances = lines[::-1], self.balances[::-1]
            at = _break(lines, self.balances)
            if at is not None:
                missing = self.balances[at] - self.balances[at - 1] - lines[at].cents
                told = f"{shown(self.balances[at])} does not follow from the line before; {shown(missing)} is missing."
                self.problems.append(Problem(lines[at].place, "balance", told, "Ask the bank for the whole statement."))
            first, last = self.balances[0] - lines[0].cents, self.balances[-1]
            opening, closing = first if opening is None else opening, last if closing is None else closing
        account = next(iter(self.accounts), "")
        closed = max(line.booked_on for line in lines)
        return Statement("csv", account, tuple(lines), opening, closing, closed)

    def _row(self, number: int, row: list[str]) -> None:
        told = {name: row[at].strip() for name, at in self._columns.items()}
        booked = self._day(number, "date", told["booked_on"])
        value_on = self._day(number, "value date", told["value_on"]) if told.get("value_on") else booked
        cents = self._signed(number, told)
        if told.get("currency", "USD") not in ("", "USD"):
            self._wrong(number, "currency", f"{told['currency'][:10]!r}; only US dollars are read.", "Leave it out.")
        if told.get("account"):
            self.accounts.add(told["account"])
            if len(self.accounts) == 2:
                self._wrong(number, "account", "A second account.", "Export each account by itself.")
        if "balance" in self._columns:
            self.balances.append(self._cents(number, "balance", told["balance"]))
        if booked is None or value_on is None:
            return
        text = told.get("text", "")
        references = tuple(told[name] for name in ("reference", "bank_reference") if told.get(name))
        returned = told.get("return_code") or return_code_in(text)
        place, party = f"line {number}", told.get("counterparty", "")
        self.lines.append(BankLine(place, booked, value_on, cents, references, party, text, returned))

    def _signed(self, number: int, told: dict[str, str]) -> int:
        if "amount" in told:
            return self._cents(number, "amount", told["amount"])
        credit, debit = told["credit"], told["debit"]
        if bool(credit) == bool(debit):
            zero = credit and (self._cents(number, "credit", credit) == 0 or self._cents(number, "debit", debit) == 0)
            if not zero:
                self._wrong(number, "credit", "Exactly one of credit and debit is needed.", "Leave the other blank.")
                return 0
        came = self._cents(number, "credit", credit) if credit else 0
        went = self._cents(number, "debit", debit) if debit else 0
        return came - abs(went)  # some banks write debits with a minus

    def _cents(self, number: int, name: str, said: str) -> int:
        match = _AMOUNT.fullmatch(said)
        if match is None or bool(match[1]) != bool(match[5]) or (match[1] and match[2]):
            self._wrong(number, name, f"{said[:30]!r} is no amount in dollars and cents.", "Write it like -1,234.56.")
            return 0
        cents = int(match[3].replace(",", "")) * 100 + int((match[4] or "").ljust(2, "0"))
        return -cents if match[1] or match[2] == "-" else cents

    def _day(self, number: int, name: str, said: str) -> date | None:
        us = _US.fullmatch(said)
        form = "iso" if _ISO.fullmatch(said) else "us" if us else ""
        try:
            day = date.fromisoformat(said) if form == "iso" else None
            if us:
                day = date(int(us[3]), int(us[1]), int(us[2]))
        except ValueError:
            day = None
        if day is None:
            self._wrong(number, name, f"{said[:30]!r} is no day.", "Write 2026-03-13 or 03/13/2026.")
        self._dates.add(form)
        if len(self._dates - {""}) > 1:
            self._wrong(number, name, "Dates are written in two ways in one file.", "Write all of them alike.")
            self._dates = {form}
        return day

    def _wrong(self, number: int, name: str, reason: str, fix: str) -> None:
        self.problems.append(Problem(f"line {number}", name, reason, fix))


def _break(lines: Sequence[BankLine], balances: Sequence[int]) -> int | None:
    return next((at for at in range(1, len(lines)) if balances[at] != balances[at - 1] + lines[at].cents), None)


def _runs(lines: Sequence[BankLine], balances: Sequence[int]) -> bool:
    return _break(lines, balances) is None

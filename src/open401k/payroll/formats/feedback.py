"""What a recordkeeper tells a payroll (the way back of a 360 file): typed instructions. Not here: a vendor's columns.

A writer (`feedback_paykonnect`, `feedback_ascensus`) turns instructions into the bytes of a file, and a reader turns
them back. Nothing here knows who sends a file or what became of it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from open401k.kernel import Open401kError, Source

from .. import cells as cell
from ..findings import Code, Finding, Findings, Severity
from ..mapping import DateOrder, Reading, letter
from ..rows import masked_ssn
from ..tables import open_table
from .cell_writer import written_cents, written_day


class Action(StrEnum):
    """What payroll should do. SET is a start or a change in a file that does not tell which."""

    START = "start"
    CHANGE = "change"
    STOP = "stop"
    SET = "set"


@dataclass(frozen=True, slots=True, order=True)
class Percent:
    """Of each paycheck, in hundredths of a percent: 1000 is 10 %."""

    hundredths: int

    def __str__(self) -> str:
        return written_cents(self.hundredths)


@dataclass(frozen=True, slots=True, order=True)
class Dollars:
    """A fixed amount of each paycheck, in cents."""

    cents: int

    def __str__(self) -> str:
        return written_cents(self.cents)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an instruction is about."""

    ssn: str  # nine digits
    last_name: str = ""
    first_name: str = ""
    middle_initial: str = ""


@dataclass(frozen=True, slots=True)
class Deduction:
    """What to withhold for one source. ``value`` is None exactly where it is to stop."""

    plan: str  # as the recipient numbers plans
    person: Person
    source: Source
    value: Percent | Dollars | None
    catch_up: bool = False
    action: Action = Action.SET
    effective_on: date | None = None  # None: with the next payroll
    eligible_on: date | None = None
    sent_on: date | None = None


@dataclass(frozen=True, slots=True)
class LoanRepayment:
    """What to withhold for one loan, by its own number. ``payment`` is None exactly where it is to stop."""

    plan: str
    person: Person
    loan_number: str
    payment: Dollars | None
    total: Dollars | None = None  # what is to be repaid in all
    action: Action = Action.SET
    effective_on: date | None = None
    eligible_on: date | None = None
    sent_on: date | None = None


Instruction: TypeAlias = Deduction | LoanRepayment

#: The code of each kind of deduction, and whether it is catch-up.
CODES: dict[tuple[Source, bool], str] = {
    (Source.PRE_TAX, False): "401K",
    (Source.PRE_TAX, True): "401KC",
    (Source.ROTH, False): "4ROTH",
    (Source.ROTH, True): "4ROTC",
    (Source.AFTER_TAX, False): "401A",
}
LOAN_CODE = "401L"
#: A second code of the same meaning; the codes of other plans (403B, 457B, ROTH_403B, ROTH_457B) are no 401(k).
_MEANINGS = {code: kind for kind, code in CODES.items()} | {"401O": (Source.PRE_TAX, False)}
_HIGHEST_PERCENT = Percent(100_00)
_PERCENT = re.compile(r"\d{1,3}(\.\d{0,4})?", re.ASCII)


@dataclass(slots=True)
class FeedbackFile:
    """What a file of instructions says; with a refusal among the findings nothing of it is to be used."""

    instructions: list[Instruction] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a file by heading, and where it stands."""

    row: int
    line: int
    cells: dict[str, str]
    columns: dict[str, str]
    findings: Findings

    def reject(self, heading: str, code: Code, reason: str, fix: str) -> None:
        """Nothing of the file is used, and why."""
        text = self.cells.get(heading, "")
        shown = masked_ssn(text) if "SSN" in heading else cell.shown(text)
        column = self.columns.get(heading, heading)
        self.findings.add(
            Finding(Severity.REJECT, code, reason, fix, row=self.row, line=self.line, column=column, value_masked=shown)
        )

    def ssn(self, heading: str) -> str:
        try:
            return cell.ssn(self.cells[heading])
        except cell.CellError as problem:
            self.reject(heading, problem.code, problem.reason, problem.fix)
            return ""

    def text(self, heading: str) -> str:
        try:
            return cell.text(self.cells[heading])
        except cell.CellError as problem:
            self.reject(heading, problem.code, problem.reason, problem.fix)
            return ""

    def day(self, heading: str) -> date | None:
        try:
            return _day(self.cells[heading])
        except cell.CellError as problem:
            fix = "Write it as MMDDYYYY, eight digits; format the column as text, so that no leading zero is lost."
            self.reject(heading, problem.code, problem.reason, fix)
            return None

    def dollars(self, heading: str) -> Dollars | None:
        """None where it is blank."""
        try:
            return Dollars(_cents(self.cells[heading])) if self.cells[heading].strip() else None
        except cell.CellError as problem:
            self.reject(heading, problem.code, problem.reason, problem.fix)
            return None

    def percent(self, heading: str) -> Percent | None:
        """None where it is blank."""
        text = self.cells[heading].strip(" ")
        if not text:
            return None
        whole, _, rest = text.partition(".")
        if not _PERCENT.fullmatch(text) or rest[2:].strip("0"):
            reason = "This is not a percentage with at most two decimals."
            self.reject(heading, Code.AMOUNT_FORMAT, reason, "Write it like 10.00.")
            return None
        value = Percent(int(whole) * 100 + int(rest[:2].ljust(2, "0")))
        if value > _HIGHEST_PERCENT:
            self.reject(heading, Code.AMOUNT_IMPLAUSIBLE, "Nobody defers more than all pay.", "Write 10 % as 10.00.")
        return value

    def source(self, heading: str) -> tuple[Source, bool]:
        """The source that a code means, and whether it is catch-up."""
        known = _MEANINGS.get(self.cells[heading].strip(" ").upper())
        if known is None:
            reason = "This code is no contribution of a 401(k) plan."
            self.reject(heading, Code.SOURCE_UNKNOWN, reason, f"Use one of {', '.join(_MEANINGS)}; {LOAN_CODE} in L.")
        return known or (Source.PRE_TAX, False)


_day = cell.date_parser(DateOrder.US_COMPACT)
_cents = cell.money_parser(Reading())


def lines_of(data: bytes, headings: Sequence[str], findings: Findings, *, file_name: str = "") -> Iterable[Line]:
    """The rows of a file with exactly these headings, in any order; anything else is a finding and gives none."""
    table = open_table(data, file_name=file_name)
    if isinstance(table, list):
        findings.extend(table)
        return
    known = {heading.casefold(): heading for heading in headings}
    there = [known.get(heading.casefold(), "") for heading in table.headings]
    for heading, name in zip(table.headings, there, strict=True):
        if not name:
            _reject_heading(findings, Code.HEADER_UNKNOWN, f"There is no column {cell.shown(heading)!r}.", heading)
    for heading in headings:
        if heading not in there:
            _reject_heading(findings, Code.HEADER_MISSING, f"There is no column {heading}.", heading)
    if not findings.rejected:
        columns = {name: f"{letter(place)} {name}" for place, name in enumerate(there)}
        for row, line, cells in table.rows:
            yield Line(row, line, dict(zip(there, cells, strict=True)), columns, findings)
    findings.extend(table.findings)


def _reject_heading(findings: Findings, code: Code, reason: str, heading: str) -> None:
    fix = "Send the file with the columns of its layout alone."
    findings.add(Finding(Severity.REJECT, code, reason, fix, row=1, line=1, column=heading))


def collected(made: Iterable[tuple[Line, Instruction]], findings: Findings) -> FeedbackFile:
    """The instructions, no two of which say different things of one deduction or loan from the same day on."""
    file, seen = FeedbackFile(findings=findings), dict[tuple[object, ...], int]()
    for line, instruction in made:
        first = seen.setdefault(key_of(instruction), line.row)
        if first != line.row:
            reason = f"Rows {first} and {line.row} instruct the same deduction or loan of one person from the same day."
            findings.add(
                Finding(
                    Severity.REJECT,
                    Code.ROW_DUPLICATE,
                    reason,
                    "Keep one; several loans have a number each, and are never added up.",
                    row=line.row,
                    line=line.line,
                )
            )
        file.instructions.append(instruction)
    if findings.rejected:
        file.instructions.clear()
    return file


def key_of(instruction: Instruction) -> tuple[object, ...]:
    """What an instruction is about: two of the same key contradict each other."""
    who = (instruction.plan, instruction.person.ssn, instruction.effective_on)
    if isinstance(instruction, LoanRepayment):
        return (*who, "loan", instruction.loan_number)
    return (*who, instruction.source, instruction.catch_up)


def checked(instructions: Sequence[Instruction]) -> Sequence[Instruction]:
    """The instructions, or an Open401kError: what no file can say is never written otherwise."""
    seen: set[tuple[object, ...]] = set()
    for place, each in enumerate(instructions, start=1):
        problem = _problem(each)
        if key_of(each) in seen:
            problem = "says the same deduction or loan again"
        if problem:
            raise Open401kError(f"Instruction {place} {problem}.", fix="Correct the instruction; nothing was written.")
        seen.add(key_of(each))
    return instructions


def _problem(instruction: Instruction) -> str:
    value = instruction.payment if isinstance(instruction, LoanRepayment) else instruction.value
    if (instruction.action is Action.STOP) is not (value is None):
        return "stops with a value, or goes on without one"
    amount = value.hundredths if isinstance(value, Percent) else value.cents if value else 1
    if amount <= 0:
        return "withholds nothing, which is a stop"
    if not re.fullmatch(r"\d{9}", instruction.person.ssn, re.ASCII):
        return "names nobody by nine digits"
    if not instruction.plan.strip():
        return "names no plan"
    if isinstance(instruction, LoanRepayment):
        return "" if instruction.loan_number.strip() else "names no loan"
    if (instruction.source, instruction.catch_up) not in CODES:
        return f"is of {instruction.source}{' catch-up' if instruction.catch_up else ''}, which has no code"
    return "is of more than all pay" if isinstance(value, Percent) and value > _HIGHEST_PERCENT else ""


def written(day: date | None) -> str:
    """A day as both files write it."""
    return "" if day is None else written_day(DateOrder.US_COMPACT, day)

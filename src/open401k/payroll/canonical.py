"""Files that a takeover brings in columns of ours: headings, cells, one total row. Not here: what a file is about."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from open401k.kernel import Money

from . import cells as cell
from .findings import Code, Finding, Findings, Severity
from .mapping import letter
from .rows import masked_ssn
from .tables import open_table

#: The row that adds up every other one, in place of a number.
TOTAL: Final = "total"
PERSON: Final = "ssn"

RowT = TypeVar("RowT")
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The columns of a file, each with how its cells are read; which must be there, and which are added up."""

    what: str  # "year-to-date figures", for a reason
    cells: Mapping[str, Callable[[str], Any]]
    required: Sequence[str]
    summed: Sequence[str]
    nobody: tuple[str, str]  # reason and fix where there is no row
    below_zero: tuple[str, str]
    numbers: Sequence[str] = (PERSON,)  # columns of Social Security numbers, whatever is written in them
    hundredths: Sequence[str] = ()  # summed, and hours
    totaled: bool = True  # whether a row of totals ends it

    def written(self, amount: int, column: str) -> str:
        """A sum of a column, for a reason."""
        return f"{Money(amount).plain()} hours" if column in self.hundredths else str(Money(amount))


@dataclass(slots=True)
class CanonicalFile(Generic[RowT]):
    """What could be read of a file; ``columns`` is the label of each column, for findings."""

    rows: list[RowT] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    columns: dict[str, str] = field(default_factory=dict)
    wrong: set[int] = field(default_factory=set)  # rows with a finding

    def reject(self, row: int, line: int, column: str, code: Code, value: str, reason: str, fix: str) -> None:
        """Nothing of the file will be recorded, and why."""
        label = self.columns.get(column, column)
        found = Finding(Severity.REJECT, code, reason, fix, row=row, line=line, column=label, value_masked=value)
        self.findings.add(found)
        self.wrong.add(row)

    def reject_all(self, code: Code, reason: str, fix: str, *, column: str) -> None:
        """The same about the whole file."""
        self.findings.add(Finding(Severity.REJECT, code, reason, fix, column=column))


@dataclass(slots=True)
class _Sums:
    """What the rows add up to, and what the total rows say; a column that could not be read is not compared."""

    added: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    unreadable: set[str] = field(default_factory=set)
    totals: list[tuple[int, int, Mapping[str, int]]] = field(default_factory=list)


def read_sheet(
    file: CanonicalFile[RowT],
    sheet: Sheet,
    data: bytes,
    *,
    file_name: str,
    make: Callable[[int, int, Values], RowT | None],
) -> None:
    """Read a CSV (or the same as a workbook) into ``file``; everything unreadable is a finding with its place.

    ``make`` turns the values of a readable row into a row, or rejects it and gives nothing.
    """
    table = open_table(data, file_name=file_name)
    if isinstance(table, list):
        file.findings.extend(table)
        return
    headings = [heading.casefold() for heading in table.headings]
    file.columns.update({name: f"{letter(place)} {name}" for place, name in enumerate(headings)})
    if _headings(file, sheet, headings):
        sums = _Sums()
        for row, line, written in table.rows:
            values = _values(file, sheet, (row, line), dict(zip(headings, written, strict=True)), sums)
            made = None if values is None else make(row, line, values)
            if made is not None:
                file.rows.append(made)
        _totals(file, sheet, sums)
    file.findings.extend(table.findings)


def _headings(file: CanonicalFile[RowT], sheet: Sheet, headings: Sequence[str]) -> bool:
    for name in sheet.required:
        if name not in headings:
            file.reject(1, 1, name, Code.HEADER_MISSING, "", f"There is no column {name}.", f"Add a column {name}.")
    for name in headings:
        if name not in sheet.cells:
            shown = cell.shown(name)
            reason = f"{shown!r} is no column of {sheet.what}."
            fix = f"Take it out; there are {', '.join(sheet.cells)}."
            file.reject(1, 1, name, Code.HEADER_UNKNOWN, shown, reason, fix)
    return not file.findings.rejected


def _values(
    file: CanonicalFile[RowT], sheet: Sheet, place: tuple[int, int], written: Mapping[str, str], sums: _Sums
) -> Values | None:
    """Read every cell of a row. What can be read of a bad row counts in the sums, so that one fault is told once."""
    is_total = sheet.totaled and written[PERSON].strip(" ").casefold() == TOTAL
    wanted = {name: text for name, text in written.items() if not is_total or name in sheet.summed}
    values: dict[str, Any] = {}
    for name, text in wanted.items():
        try:
            values[name] = sheet.cells[name](text)
        except cell.CellError as wrong:
            masked = masked_ssn(text) if name in sheet.numbers else cell.shown(text)
            words = sheet.below_zero if wrong.code is Code.AMOUNT_NEGATIVE else (wrong.reason, wrong.fix)
            file.reject(*place, name, wrong.code, masked, *words)
    amounts = {name: values[name] or 0 for name in sheet.summed if name in values}
    if is_total:
        sums.totals.append((*place, amounts))
        return None
    for name in sheet.summed:
        sums.added[name] += amounts.get(name, 0)
        if name in written and name not in values:
            sums.unreadable.add(name)
    return dict.fromkeys(sheet.summed, 0) | values | amounts if len(values) == len(written) else None


def _totals(file: CanonicalFile[RowT], sheet: Sheet, sums: _Sums) -> None:
    """One total row, equal to the sum of the others in every column."""
    if not file.rows and not file.findings.rejected:
        file.reject(1, 1, PERSON, Code.FILE_NO_ROWS, "", *sheet.nobody)
    if not sheet.totaled:
        return
    if len(sums.totals) != 1:
        fix = f"End the file with one row whose ssn is {TOTAL!r}, the sum of each column: a cut file is noticed by it."
        reason = f"There are {len(sums.totals)} total rows." if sums.totals else "There is no total row."
        file.reject(sums.totals[-1][0] if sums.totals else 1, 1, PERSON, Code.TOTAL_MISMATCH, "", reason, fix)
        return
    ((row, line, told_of),) = sums.totals
    for name, told in told_of.items():
        added = sums.added[name]
        if added != told and name not in sums.unreadable:
            is_total, is_added, apart = (sheet.written(each, name) for each in (told, added, abs(added - told)))
            reason = f"The total is {is_total}, the rows add up to {is_added}: {apart} apart."
            fix = "Find the missing, doubled or wrong row, or correct the total."
            file.reject(row, line, name, Code.TOTAL_MISMATCH, is_total, reason, fix)

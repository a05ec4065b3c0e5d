"""All checks of a file, chunk by chunk, to one outcome. Not here: the single checks (checks_people, checks_limits).

What a hold means for posting: the finding tells, the :class:`Hold` beside it names the cents of one source of one row
that go to suspense; everything else of the row posts. A hold finding without a Hold (a match that differs from the
formula) moves nothing: the plan's own computation is what posts.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from open401k.kernel import CalendarYear, LimitationYear, Money, PlanYear
from open401k.law import additions, figures

from . import checks_limits, checks_pay, checks_people, checks_same_day
from .beside import rows_again
from .checks_deductions import ToldOrNot
from .checks_slid import SlidWatch
from .checks_swap import SwapWatch
from .chunks import Chunk
from .code_watch import CodeWatch
from .findings import Code, Finding, Findings, Hold, Severity
from .mapping import Mapping
from .rows import AMOUNTS, Field, PayrollRow
from .said import ROWS, Said, summed
from .standing import NOBODY, Cents, Expectation, Standing

#: A payroll is announced at most this long before its pay date.
DAYS_AHEAD = 7
_TWICE = (
    "Remove one of them; two checks of one pay date are added up in one row. Where two employers (EINs) or pay groups"
    " of the sponsor paid the person, name them in each of the rows, and keep the rows of one person together."
)


@dataclass(slots=True)
class Outcome:
    """Everything the checks have to say about one file."""

    findings: Findings
    holds: list[Hold]
    pay_date: date | None
    period_start: date | None
    period_end: date | None
    rows: int
    totals: dict[str, int]  # cents by field as reported, for the confirm page and the control totals
    content: str  # the same for the same people and amounts in any order, file name or format
    content_before: str  # the same without deductions, as it was kept before there were any
    new_people: list[PayrollRow]

    @property
    def may_post(self) -> bool:
        """Whether nothing refuses the file; a confirmation may still be needed."""
        return not self.findings.rejected


@dataclass(slots=True)
class FileCheck:
    """Checks a file as it streams by: :meth:`chunk` for each, then :meth:`finish` once."""

    expected: Expectation
    mapping: Mapping | None = None
    findings: Findings = field(default_factory=Findings)
    holds: list[Hold] = field(default_factory=list)
    new_people: list[PayrollRow] = field(default_factory=list)
    period: tuple[date | None, date | None] = (None, None)  # of a payroll without rows
    codes: CodeWatch = field(default_factory=CodeWatch)
    _seen: "_Seen" = field(default_factory=lambda: _Seen())
    _totals: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AMOUNTS, 0))
    _rows: int = 0
    _first: PayrollRow | None = None
    _content: int = 0
    _before: int = 0
    _swap: SwapWatch = field(default_factory=SwapWatch)
    _slid: SlidWatch = field(default_factory=SlidWatch)
    _deductions: ToldOrNot = field(default_factory=ToldOrNot)

    def chunk(self, rows: Sequence[PayrollRow], standing: Standing = NOBODY) -> list[Hold]:
        """Check some rows against what is known of their people; the holds of these rows."""
        if not rows:
            return []
        self._first = self._first or rows[0]
        self._rows += len(rows)
        pay_date = self.pay_date
        columns = Chunk.of(rows, standing, self.mapping, self.codes.look(rows))
        self.codes.compare(rows, standing)
        self._pay_dates(rows, columns)
        self._repeated(rows, columns)
        self.findings.extend(checks_people.check(columns, self.expected, pay_date, self.new_people))
        holds: list[Hold] = []
        if pay_date is not None and not self._unusable(pay_date):
            for finding, hold in checks_limits.check(columns, self.expected, pay_date):
                if finding is not None:
                    self.findings.add(finding)
                if hold is not None:
                    holds.append(hold)
            for finding, hold in checks_same_day.check(columns, self.expected):
                self.findings.add(finding)
                holds.append(hold)
            self.findings.extend(checks_pay.check(columns, self.expected))
        for name, column in columns.amounts.items():
            self._totals[name] += int(column.sum())
        self._sum(rows, pay_date)
        self._swap.add(columns)
        self._slid.add(columns)
        self._deductions.look(rows, self.expected.codes)
        self.holds.extend(holds)
        return holds

    @property
    def pay_date(self) -> date | None:
        """The one pay date of the file: announced, else that of its first row."""
        return self.expected.pay_date or (self._first.pay_date if self._first else None)

    def _unusable(self, pay_date: date | None) -> list[Finding]:
        """Why nothing can be held against the figures of the pay date's year."""
        found = _pay_date_findings(pay_date, self.expected, self.mapping)
        missing = missing_figures(pay_date, self.expected) if pay_date is not None and not found else None
        return found if missing is None else [missing]

    def finish(self) -> Outcome:
        """What only the whole file shows: the pay date, totals, swapped columns."""
        if self._rows or (self.expected.said.no_contributions and not self.findings.rejected):
            unusable = self._unusable(self.pay_date)
            self.findings.extend(unusable)
            if self.pay_date is not None and not unusable:
                self.findings.extend(_not_known_yet(self.pay_date, self.expected))
            self.findings.extend(total_findings(self._totals, self._rows, self.expected.said))
            self.findings.extend(self._swap.findings(self.mapping) or self._slid.findings())
            self.findings.extend(self.codes.findings(self.expected.compensation, self.mapping))
            self.findings.extend(self._deductions.findings(self.expected.codes))
        first = self._first
        return Outcome(
            findings=self.findings,
            holds=self.holds,
            pay_date=self.pay_date,
            period_start=first.period_start if first else self.period[0],
            period_end=first.period_end if first else self.period[1],
            rows=self._rows,
            totals=dict(self._totals),
            content=f"{self._content:064x}",
            content_before=f"{self._before:064x}",
            new_people=self.new_people,
        )

    def _sum(self, rows: Sequence[PayrollRow], pay_date: date | None) -> None:
        told = content_sum(rows, pay_date)
        taken = [row for row in rows if row.deductions]
        self._content = (self._content + told) % 2**256
        before = told - content_sum(taken, pay_date) + content_sum(taken, pay_date, deductions=False)
        self._before = (self._before + before) % 2**256

    def _pay_dates(self, rows: Sequence[PayrollRow], columns: Chunk) -> None:
        pay_date = self.pay_date
        for row in rows:
            if row.pay_date is not None and row.pay_date != pay_date:
                reason = f"The row says {row.pay_date}, the payroll is of {pay_date}."
                fix = "Send each pay date as a file of its own."
                self.findings.add(
                    columns.finding(row, Severity.REJECT, Code.PAY_DATE_MIXED, reason, fix, Field.PAY_DATE)
                )

    def _repeated(self, rows: Sequence[PayrollRow], columns: Chunk) -> None:
        again = self._seen.again(rows)
        beside = rows_again(rows, columns.standing.place)
        for place, first_row, same_name in again:
            row = rows[place]
            if beside.get(row.row) and (same_name or row.key in columns.standing.place):
                continue  # whoever is on file is held against it, row by row
            if same_name:
                code, reason, fix = Code.ROW_DUPLICATE, f"Rows {first_row} and {row.row} are the same person.", _TWICE
            else:
                reason = f"Rows {first_row} and {row.row} have the same SSN and different names."
                fix, code = "Correct the SSN of one of them.", Code.PERSON_CONFLICT
            self.findings.add(columns.finding(row, Severity.REJECT, code, reason, fix, Field.SSN))
        told = {rows[place].row for place, _, _ in again}
        for row in rows:
            if (
                row.row not in told and beside.get(row.row) is False and not columns.standing.answered
            ):  # a word goes first
                reason = f"Row {row.row} and a row before it are the same person, each by another number."
                field = Field.SSN if row.ssn else Field.EMPLOYEE_NUMBER
                self.findings.add(columns.finding(row, Severity.REJECT, Code.ROW_DUPLICATE, reason, _TWICE, field))


class _Seen:
    """The rows that went by, as columns in order of their keys, a set for each chunk: a long file has many chunks."""

    __slots__ = ("_before",)

    def __init__(self) -> None:
        self._before: list[tuple[NDArray[np.bytes_], Cents, Cents]] = []  # keys, row numbers, hashes of names

    def again(self, rows: Sequence[PayrollRow]) -> list[tuple[int, int, bool]]:
        """Of these rows, those whose key came before: their place, its first row, whether that has the same name."""
        keys = np.array([row.key.encode() for row in rows], dtype=np.bytes_)
        numbers = np.array([row.row for row in rows], dtype=np.int64)
        told = [hash((row.last_name.casefold(), row.first_name.casefold())) for row in rows]
        names = np.array(told, dtype=np.int64)
        unique, first = np.unique(keys, return_index=True)
        first_of = first[np.searchsorted(unique, keys)]
        first_row, first_name = numbers[first_of], names[first_of]
        for keys_before, rows_before, names_before in reversed(self._before):
            at = np.minimum(np.searchsorted(keys_before, keys), len(keys_before) - 1)
            there = keys_before[at] == keys
            first_row[there], first_name[there] = rows_before[at[there]], names_before[at[there]]
        self._before.append((unique, numbers[first], names[first]))
        again = np.flatnonzero(first_row != numbers).tolist()
        return [(place, int(first_row[place]), bool(first_name[place] == names[place])) for place in again]


def check(
    chunks: Iterable[Sequence[PayrollRow]],
    standing: Standing,
    expected: Expectation,
    *,
    mapping: Mapping | None = None,
    findings: Findings | None = None,
) -> Outcome:
    """All checks of a file whose people's standing is at hand. ``findings`` of the reading are carried on."""
    whole = FileCheck(expected, mapping, findings if findings is not None else Findings())
    for rows in chunks:
        whole.chunk(rows, standing)
    return whole.finish()


def content_sum(rows: Iterable[PayrollRow], pay_date: date | None, *, deductions: bool = True) -> int:
    """A sum over rows that no order, name or format changes: who, when (``pay_date`` where no row says), how much.

    Without ``deductions`` it is the one that was kept before there were any in it. Of one row an SSN could be found by
    trying: it is kept keyed (runs.py), and told to nobody.
    """
    total = 0
    for row in rows:
        told: tuple[object, ...] = (
            row.key,
            row.pay_date or pay_date,
            row.gross_cents,
            row.hours_hundredths,
            row.pre_tax_cents,
            row.roth_cents,
            row.after_tax_cents,
            row.pre_tax_catch_up_cents,
            row.roth_catch_up_cents,
            row.match_cents,
            row.loan_payments,
        )
        if more := _beyond(row):  # what most rows do not say is left out, so that their sums stay what they were
            told = (*told, more)
        if deductions and (taken := tuple(each for each in _by_code(row.deductions) if each[1])):
            told = (*told, ("deductions", taken))
        total += int.from_bytes(hashlib.sha256(repr(told).encode()).digest(), "big")
    return total


def _beyond(row: PayrollRow) -> tuple[object, ...]:
    """Pay by code, employer money besides a match, and FICA wages: a file that differs in them is another payroll."""
    earned = _by_code(row.earnings)
    others = (
        row.safe_harbor_match_cents,
        row.nonelective_cents,
        row.safe_harbor_nonelective_cents,
        row.profit_sharing_cents,
    )
    said = (earned, tuple(cents or 0 for cents in others), row.fica_wages_cents)
    return said if earned or any(others) or row.fica_wages_cents is not None else ()


def _by_code(amounts: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    sums: dict[str, int] = {}
    for code, cents in amounts:
        sums[code] = sums.get(code, 0) + cents
    return tuple(sorted(sums.items()))


def missing_figures(pay_date: date, expected: Expectation) -> Finding | None:
    """A figure of the law that is not on file for the pay date: without it no limit and no match can be told."""
    year = _limitation_year(pay_date, expected)
    # In this order: a day that no calendar knows the end of fails the first.
    wanted: tuple[tuple[str, Callable[[], int]], ...] = (
        ("limit_402g", lambda: figures.cents("limit_402g", CalendarYear(pay_date.year))),
        ("limit_401a17", lambda: figures.cents("limit_401a17", PlanYear(year.start, year.end))),
        # In force on the pay date; that of a limitation year which ends later may still be to come.
        ("limit_415c", lambda: additions.dollar_limit(year, on=pay_date)),
    )
    for figure_id, read in wanted:
        try:
            read()
        except figures.NotEnacted as missing:
            row = figures.figure(figure_id)
            reason = f"{missing.message} The pay date {pay_date} needs the {row.name} ({row.cite})."
            return Finding(Severity.REJECT, Code.FIGURES_MISSING, reason, missing.fix, column=str(Field.PAY_DATE))
    return None


def _not_known_yet(pay_date: date, expected: Expectation) -> list[Finding]:
    """That the limit in force holds for now, where the one that decides in the end is still to be announced."""
    year = _limitation_year(pay_date, expected)
    missing = additions.not_known_yet(year)
    if missing is None:
        return []
    most = _dollars(additions.dollar_limit(year, on=pay_date))
    reason = (
        f"{missing.message} Until January 1, {year.last_day.year} additions may not exceed {most}"
        " (26 CFR 1.415(d)-1(b)(2)(iii))."
    )
    return [Finding(Severity.NOTE, Code.FIGURES_NOT_YET, reason, missing.fix, column=str(Field.PAY_DATE))]


def _limitation_year(pay_date: date, expected: Expectation) -> LimitationYear:
    return expected.limitation_year or LimitationYear.starting(date(pay_date.year, 1, 1))


def _pay_date_findings(pay_date: date | None, expected: Expectation, mapping: Mapping | None) -> list[Finding]:
    column = mapping.label(Field.PAY_DATE) if mapping else str(Field.PAY_DATE)
    if pay_date is None:
        fix = "Give the pay date with the upload."
        return [Finding(Severity.REJECT, Code.PAY_DATE_MISSING, "Nothing says the pay date.", fix, column=column)]
    shown = pay_date.isoformat()
    if pay_date > expected.today + timedelta(days=DAYS_AHEAD):
        reason = f"The pay date {shown} is more than {DAYS_AHEAD} days ahead."
        fix = "Check the year, or send the file closer to the pay date."
        return [Finding(Severity.REJECT, Code.PAY_DATE_RANGE, reason, fix, column=column, value_masked=shown)]
    if pay_date == expected.before_plan:
        reason = f"On {shown} the plan was not in force yet: no account could take the money."
        fix = "Check the year, or pay it back through payroll."
        return [Finding(Severity.REJECT, Code.PAY_DATE_RANGE, reason, fix, column=column, value_masked=shown)]
    if expected.closed_before is not None and pay_date < expected.closed_before:
        reason = f"The pay date {shown} is in a closed plan year; it is open from {expected.closed_before} on."
        fix = "Correct the date; to change a payroll of that year, send the file in place of that payroll."
        return [Finding(Severity.REJECT, Code.PAY_DATE_RANGE, reason, fix, column=column, value_masked=shown)]
    if expected.ask_before is not None and pay_date < expected.ask_before:
        reason = f"The pay date {shown} is {(expected.today - pay_date).days} days ago: is the year right?"
        fix = "Confirm that this pay was paid on that day, or correct the date."
        return [
            Finding(Severity.NOTE, Code.PAY_DATE_RANGE, reason, fix, column=column, value_masked=shown, confirm=True)
        ]
    return []


def total_findings(totals: Table[str, int], rows: int, said: Said) -> list[Finding]:
    """Where the rows are not what the sender said of them."""
    found = []
    for name, announced in said.control_totals.items():
        found_sum = summed(totals, rows, name)
        if found_sum is None:
            reason = f"There is no column {name!r} to hold the control total against."
            found.append(Finding(Severity.REJECT, Code.TOTAL_MISMATCH, reason, "Name a field.", column=name))
        elif found_sum != announced:
            found.append(_apart(name, announced, found_sum))
    contributed = sum(totals.get(name, 0) for name in AMOUNTS if name not in ("gross", "plan_compensation"))
    if said.no_contributions and contributed:
        reason = f'"No contributions" was said, but the rows carry {_dollars(contributed)}.'
        found.append(Finding(Severity.REJECT, Code.TOTAL_MISMATCH, reason, "Take the statement back, or the amounts."))
    return found


def _apart(name: str, announced: int, found: int) -> Finding:
    of = str if name == ROWS else _dollars
    apart = f"{of(abs(found - announced))} {'too much' if found > announced else 'missing'}"
    words = name.replace("_", " ")
    reason = f"The control total of {words} is {of(announced)}, the rows add up to {of(found)}: {apart}."
    detail = (("announced", str(announced)), ("summed", str(found)), ("difference", str(found - announced)))
    fix = "Find the missing or extra rows, or correct the control total."
    return Finding(Severity.REJECT, Code.TOTAL_MISMATCH, reason, fix, column=name, detail=detail)


def _dollars(cents: int) -> str:
    return str(Money(cents))

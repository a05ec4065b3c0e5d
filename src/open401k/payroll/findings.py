"""What a check of a payroll file found: findings, holds, their list. Not here: the checks (checks.py)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from open401k.kernel import Source

MOST_LISTED = 1_000


class Severity(StrEnum):
    """What a finding does to the file: nothing but tell, hold money of one row, or refuse the file."""

    NOTE = "note"
    HOLD = "hold"
    REJECT = "reject"


class Code(StrEnum):
    """Every finding there is. Stable: the API, the documentation and the provider's own software key on it."""

    FILE_EMPTY = "file.empty"
    FILE_NO_ROWS = "file.no_rows"
    FILE_TOO_LARGE = "file.too_large"
    FILE_TYPE = "file.type"
    FILE_ENCODING = "file.encoding"
    FILE_DELIMITER = "file.delimiter"
    FILE_QUOTE = "file.quote"
    FILE_UNSAFE = "file.unsafe"
    HEADER_MISSING = "header.missing"
    HEADER_UNKNOWN = "header.unknown"
    HEADER_BLANK = "header.blank"
    HEADER_DUPLICATE = "header.duplicate"
    CELLS_CHANGED = "cells.changed"
    COLUMNS_SWAPPED = "columns.swapped"
    ROW_WIDTH = "row.width"
    RECORD_LENGTH = "record.length"
    RECORD_UNKNOWN = "record.unknown"
    RECORD_ORDER = "record.order"
    VALUE_TOO_LONG = "value.too_long"
    ROW_DUPLICATE = "row.duplicate"
    ROW_SLID = "row.slid"
    AMOUNT_FORMAT = "amount.format"
    AMOUNT_PRECISION = "amount.precision"
    AMOUNT_MISSING = "amount.missing"
    AMOUNT_NEGATIVE = "amount.negative_not_allowed"
    AMOUNT_IMPLAUSIBLE = "amount.implausible"
    AMOUNT_EXCEEDS_PAY = "amount.exceeds_pay"
    SSN_INVALID = "ssn.invalid"
    SSN_KNOWN_INVALID = "ssn.known_invalid"
    SSN_LENGTH = "ssn.length"
    PERSON_CONFLICT = "person.conflict"
    PERSON_NAME_CHANGED = "person.name_changed"
    PERSON_UNKNOWN = "person.unknown"
    PERSON_TERMINATED = "person.terminated"
    PERSON_NUMBER_AGAIN = "person.number_again"
    PERSON_NOT_ELIGIBLE = "person.not_eligible"
    PERSON_NOT_PAID = "person.not_paid"
    EIN_FORMAT = "ein.format"
    EIN_STRANGE = "ein.strange"
    NAME_FORMAT = "name.format"
    HIRE_DATE_MISSING = "hire_date.missing"
    HIRE_DATE_CHANGED = "hire_date.changed"
    DOB_PLACEHOLDER = "dob.placeholder"
    DOB_RANGE = "dob.range"
    DOB_CHANGED = "dob.changed"
    DATE_INVALID = "date.invalid"
    DATE_FORMAT = "date.format"
    DATE_ORDER = "date.order"
    PAY_DATE_MISSING = "pay_date.missing"
    PAY_DATE_RANGE = "pay_date.range"
    PAY_DATE_MIXED = "pay_date.mixed"
    PAY_DATE_AGAIN = "pay_date.again"
    RUN_UNDONE = "run.undone"
    PERIOD_OUTSIDE = "period.outside"
    PERIOD_STRADDLES = "period.straddles"
    PERIOD_COVERED = "period.covered"
    BALANCE_KNOWN = "balance.known"
    FIGURES_MISSING = "figures.missing"
    FIGURES_NOT_YET = "figures.not_yet"
    HOURS_FORMAT = "hours.format"
    HOURS_RANGE = "hours.range"
    HOURS_AFTER_LEAVING = "hours.after_leaving"
    LIMIT_402G = "limit.402g"
    LIMIT_CATCHUP_AGE = "limit.catchup_age"
    LIMIT_ROTH_CATCHUP = "limit.roth_catchup"
    LIMIT_415 = "limit.415"
    LIMIT_415_EMPLOYER = "limit.415_employer"
    LIMIT_PLAN = "limit.plan"
    ELECTION_MISMATCH = "election.mismatch"
    ELECTION_FORMAT = "election.format"
    ELECTION_REFUSED = "election.refused"
    LOAN_UNKNOWN = "loan.unknown"
    LOAN_OVERPAY = "loan.overpay"
    LOAN_MISSED = "loan.missed"
    MATCH_MISMATCH = "match.mismatch"
    PAY_CODE_UNCONFIRMED = "pay_code.unconfirmed"
    DEDUCTIONS_NOT_TOLD = "deduction.not_told"
    PLAN_PAY_MISMATCH = "plan_compensation.mismatch"
    TOTAL_MISMATCH = "total.mismatch"
    SOURCE_NOT_IN_PLAN = "source.not_in_plan"
    SOURCE_UNKNOWN = "source.unknown"
    OPENING_ON_FILE = "opening.on_file"
    PERSON_ON_FILE = "person.on_file"
    LEDGER_REFUSED = "ledger.refused"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a file that someone should know: where, what, why, and what to do."""

    severity: Severity
    code: Code
    reason: str
    fix: str = ""
    row: int | None = None  # as a spreadsheet shows it; 1 is the heading; None is the whole file
    line: int | None = None  # the physical line, when it is not the row
    column: str = ""  # letter and heading: "J pre_tax"
    value_masked: str = ""
    detail: tuple[tuple[str, str], ...] = ()  # figures by name, in cents where they are money
    confirm: bool = False  # nothing posts until a person says that this is right


@dataclass(frozen=True, slots=True)
class Hold:
    """Money of one row that is not credited to its source but waits in suspense; the rest of the row posts.

    ``code`` is the finding that explains it. Of another payroll of the day, the row may let more wait than it has
    itself, or (negative) release what waited.
    """

    row: int
    key: str  # the row's person: PayrollRow.key
    source: Source
    cents: int
    code: Code


@dataclass(slots=True)
class Findings:
    """All findings of one file: every one is counted, the first thousand are listed."""

    listed: list[Finding] = field(default_factory=list)
    counts: Counter[Severity] = field(default_factory=Counter)
    to_confirm: int = 0

    def add(self, finding: Finding) -> None:
        """Count it; list it if there is room (a refusal pushes out a note)."""
        self.counts[finding.severity] += 1
        self.to_confirm += finding.confirm
        if len(self.listed) < MOST_LISTED:
            self.listed.append(finding)
        elif finding.severity is Severity.REJECT and self.counts[Severity.REJECT] <= MOST_LISTED:
            self._push_out(finding)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add each."""
        for finding in findings:
            self.add(finding)

    def _push_out(self, finding: Finding) -> None:
        for place in range(len(self.listed) - 1, -1, -1):
            if self.listed[place].severity is not Severity.REJECT:
                self.listed[place] = finding
                return

    @property
    def total(self) -> int:
        """How many there are, listed or not."""
        return sum(self.counts.values())

    @property
    def rejected(self) -> bool:
        """Whether nothing of the file may be posted."""
        return self.counts[Severity.REJECT] > 0

    @property
    def needs_confirmation(self) -> bool:
        """Whether a person has to say yes before anything is posted."""
        return self.to_confirm > 0

    def by_place(self) -> list[Finding]:
        """The listed findings as one reads a sheet: the file, then row by row."""

        def place(finding: Finding) -> tuple[int, int, str, str]:
            letters, _, _ = finding.column.partition(" ")
            return finding.row or 0, len(letters), finding.column, finding.code

        return sorted(self.listed, key=place)

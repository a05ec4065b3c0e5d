"""Which column of a provider's file is which field: mapping and proposal. Not here: recognition (columns.py)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from .rows import Field


class DateOrder(StrEnum):
    """How a layout writes a day; no other form is read."""

    ISO = "YYYY-MM-DD"
    US = "MM/DD/YYYY"
    COMPACT = "YYYYMMDD"
    US_COMPACT = "MMDDYYYY"


@dataclass(frozen=True, slots=True)
class Reading:
    """How the cells of a layout are written: settled with the mapping, never guessed per cell."""

    dates: DateOrder = DateOrder.ISO
    grouping: bool = False  # 1,234.56 in one cell
    dollar_sign: bool = False
    blank_is_zero: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file and what it was settled to mean; ``field`` None is read over."""

    place: int
    heading: str
    field: Field | None
    name: str = ""  # pay code of an earnings column, number of a loan column
    at: str = ""  # where it stands, in a file that is no sheet: "27-35"

    @property
    def letter(self) -> str:
        return letter(self.place)

    @property
    def label(self) -> str:
        """Letter (or position) and heading, as findings name it."""
        return f"{self.at or self.letter} {self.heading}"


@dataclass(frozen=True, slots=True)
class Mapping:
    """A settled reading of one layout."""

    provider: str
    columns: tuple[Column, ...]
    reading: Reading = Reading()

    @property
    def fingerprint(self) -> str:
        """Of the provider and the exact headings in order: the same file shape again is recognised by it."""
        return fingerprint(self.provider, [column.heading for column in self.columns])

    def of(self, field: Field) -> Column | None:
        """The first column that carries the field."""
        return next((column for column in self.columns if column.field is field), None)

    def label(self, field: Field) -> str:
        """Letter and heading of a field, or its own name when the file has no such column."""
        column = self.of(field)
        return column.label if column else str(field)

    @property
    def single(self) -> list[tuple[Column, Field]]:
        """The columns that fill one attribute each, with what they fill.

        Where the SSN says who it is, what was settled to be an id of ours is payroll's own number.
        """
        own = Field.EMPLOYEE_ID if Field.SSN not in self.fields else Field.EMPLOYEE_NUMBER
        numbered = Field.EMPLOYEE_NUMBER in self.fields
        return [
            (column, own if column.field is Field.EMPLOYEE_ID else column.field)
            for column in self.columns
            if column.field is not None
            and not column.field.may_repeat
            and not (column.field is Field.EMPLOYEE_ID and own is not Field.EMPLOYEE_ID and numbered)
        ]

    @property
    def fields(self) -> frozenset[Field]:
        """What the file carries."""
        return frozenset(column.field for column in self.columns if column.field is not None)


@dataclass(frozen=True, slots=True)
class ProposedColumn:
    """What a column seems to be, why, and three masked samples to judge by."""

    letter: str
    heading: str
    field: Field | None
    confidence: int  # 0 to 100; 100 is an exact known heading
    why: str
    samples: tuple[str, ...] = ()
    changed_from: str = ""  # the remembered heading that stood here, when the provider renamed it
    alternatives: tuple[Field, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class MappingProposal:
    """The whole proposal. ``settled`` is True only for an exact known layout or a remembered fingerprint."""

    provider: str
    fingerprint: str
    columns: tuple[ProposedColumn, ...]
    missing: tuple[Field, ...]
    ambiguous: tuple[str, ...]
    settled: bool
    reading: Reading = Reading()
    changes: tuple[str, ...] = ()  # in plain words, against what was remembered

    def mapping(self) -> Mapping:
        """The mapping that confirming this proposal as it stands would settle."""
        return Mapping(
            self.provider,
            tuple(
                Column(place, column.heading, column.field, column.name) for place, column in enumerate(self.columns)
            ),
            self.reading,
        )


def letter(place: int) -> str:
    """A column's letter as a spreadsheet shows it: 0 is A, 26 is AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def fingerprint(provider: str, headings: Sequence[str]) -> str:
    """SHA-256 over the provider and the exact headings, as hexadecimal."""
    return hashlib.sha256("\x1f".join([provider, *headings]).encode()).hexdigest()

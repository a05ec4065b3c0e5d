"""A NACHA file as typed values that compose to the very bytes they were read from. Not here: reading, checks."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ..problems import Problem
from .layouts import WIDTH, fields_of


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its fields as written, each at its full width.

    ``width`` and ``ending`` say how the line was written: some banks strip blanks at the end, some add them.
    """

    layout: str
    values: tuple[str, ...]
    number: int = 0  # counts from 1 in the file
    width: int = WIDTH
    ending: str = "\n"

    def __getitem__(self, name: str) -> str:
        """A field without the blanks around it; the first of that name."""
        for field, value in zip(fields_of(self.layout), self.values, strict=True):
            if field.name == name:
                return value.strip()
        raise KeyError(name)

    def has(self, name: str) -> bool:
        """Whether the layout knows the field."""
        return any(field.name == name for field in fields_of(self.layout))

    def whole(self, name: str) -> int:
        """A field of digits; blank counts as zero."""
        return int(self[name] or 0)

    @property
    def text(self) -> str:
        """The line without its ending, as wide as it was written."""
        return "".join(self.values).ljust(self.width)[: self.width]

    @property
    def line(self) -> str:
        """The line with its ending."""
        return self.text + self.ending


@dataclass(frozen=True, slots=True)
class Entry:
    """One payment with what is attached to it."""

    record: Record
    addenda: tuple[Record, ...] = ()

    @property
    def code(self) -> int:
        """The transaction code: 22 a credit to checking, 27 a debit of it."""
        return self.record.whole("code")

    @property
    def is_debit(self) -> bool:
        """Whether money leaves the receiver's account."""
        return is_debit(self.code)

    @property
    def cents(self) -> int:
        """The amount."""
        return self.record.whole("cents")

    @property
    def trace(self) -> str:
        """The trace number; an advice of the operator has none."""
        return self.record["trace"] if self.record.has("trace") else ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries of one company, class and day. Without a control only in a fragment."""

    header: Record
    entries: tuple[Entry, ...]
    control: Record | None

    @property
    def sec(self) -> str:
        """The standard entry class."""
        return self.header["sec"]

    @property
    def international(self) -> bool:
        """IAT, or a notice of change about one."""
        return self.header.layout == "iat_batch_header"

    def records(self) -> Iterator[Record]:
        """All in order."""
        yield self.header
        for entry in self.entries:
            yield entry.record
            yield from entry.addenda
        if self.control is not None:
            yield self.control


@dataclass(frozen=True)
class AchFile:
    """A whole file. ``filler`` is what follows the file's control: lines of nines, or blank ones.

    ``notes`` are what is unusual and harmless: it is kept and written back.
    """

    header: Record | None
    batches: tuple[Batch, ...]
    control: Record | None
    filler: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = ()

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The entries of all batches."""
        return tuple(entry for batch in self.batches for entry in batch.entries)

    def records(self) -> Iterator[Record]:
        """All in order."""
        if self.header is not None:
            yield self.header
        for batch in self.batches:
            yield from batch.records()
        if self.control is not None:
            yield self.control


def write(file: AchFile) -> bytes:
    """The bytes of a file: of one that was read, the same bytes again."""
    return ("".join(record.line for record in file.records()) + "".join(file.filler)).encode("ascii")


def is_debit(code: int) -> bool:
    """By the second digit of the transaction code: 5 to 9 is a debit; advices (8x) are even.

    Code 55 is the reversal of a loan's credit, so a debit as well.
    """
    return code % 2 == 0 if 81 <= code <= 88 else code % 10 >= 5

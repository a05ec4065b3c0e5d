"""Layouts of files made of records with fixed positions or separators, in parts. Not here: reading and writing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from open401k.kernel import Open401kError

from ..mapping import Column, DateOrder, Mapping, Reading
from ..rows import DATES, MONEY, Field


@dataclass(frozen=True, slots=True)
class Position:
    """One place in a record: from ``start`` (1 is the first) over ``size`` characters, or the ``start``-th cell."""

    name: str
    start: int
    size: int = 0  # 0 in a record with separators
    field: Field | None = None  # None is read over, and written from what is shared by all
    says: str = ""  # the constant by which the record is known
    counts: bool = False  # in a trailer: how many records of its part there are between header and trailer
    sums: Field | None = None  # in a trailer: what the records of its part add up to
    implied: bool = False  # cents without a point: 0000020000 is 200.00

    @property
    def at(self) -> str:
        """As a finding names it: ``27-35``, or ``cell 3``."""
        return f"{self.start}-{self.end}" if self.size else f"cell {self.start}"

    @property
    def end(self) -> int:
        return self.start + self.size - 1

    @property
    def is_amount(self) -> bool:
        return self.field in MONEY or self.sums is not None


@dataclass(frozen=True, slots=True)
class Record:
    """A kind of record: its positions, in order."""

    positions: tuple[Position, ...]

    @property
    def length(self) -> int:
        """Characters, or cells."""
        return max(max(each.end, each.start) if each.size else each.start for each in self.positions)

    @property
    def known_by(self) -> tuple[Position, ...]:
        """The constants that tell it from other records."""
        return tuple(each for each in self.positions if each.says)


@dataclass(frozen=True, slots=True)
class Part:
    """Records of one kind, between a header and a trailer where the layout has them."""

    name: str
    detail: Record
    header: Record | None = None
    trailer: Record | None = None

    @property
    def records(self) -> tuple[Record, ...]:
        return tuple(each for each in (self.header, self.detail, self.trailer) if each is not None)


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """A file of records. One that ``goes_on`` behind its published positions is known to there, and read to there."""

    name: str
    title: str
    parts: tuple[Part, ...]
    delimiter: str = ""  # blank: fixed positions
    dates: DateOrder = DateOrder.COMPACT
    encoding: str = "ascii"
    goes_on: bool = False
    source: str = ""  # where the positions are from
    remarks: tuple[str, ...] = ()

    def part(self, name: str) -> Part:
        """The part of a name, or an Open401kError."""
        for each in self.parts:
            if each.name == name:
                return each
        raise Open401kError(
            f"{self.title} has no part {name!r}.", fix=f"It has: {', '.join(each.name for each in self.parts)}."
        )

    @property
    def carries(self) -> frozenset[Field]:
        """Everything that a file of this layout can say of a person."""
        return frozenset(each.field for part in self.parts for each in part.detail.positions if each.field is not None)


def mapping_of(layout: RecordLayout, part: Part) -> Mapping:
    """The detail record as columns, so that the reader and the writer of rows serve it like any other file."""
    columns = tuple(
        Column(place, each.name, each.field, at=each.at) for place, each in enumerate(part.detail.positions)
    )
    return Mapping(layout.name, columns, Reading(dates=layout.dates, blank_is_zero=True))


def checked(layout: RecordLayout) -> RecordLayout:
    """The layout, or an Open401kError that says where it contradicts itself."""
    if not layout.parts:
        raise _wrong(layout, "it has no parts")
    for part in layout.parts:
        for record in part.records:
            _check_positions(layout, part, record)
        _check_fields(layout, part)
    kinds = [record for part in layout.parts for record in part.records]
    for one, other in combinations(kinds, 2):
        if not _differ(one, other):
            raise _wrong(layout, "two kinds of records are told apart by no constant at the same place")
    return layout


def _check_positions(layout: RecordLayout, part: Part, record: Record) -> None:
    if not record.positions:
        raise _wrong(layout, f"a record of part {part.name} has no positions")
    for each in record.positions:
        where = f"{each.name} in part {part.name}"
        if each.start < 1 or (each.size < 1) is not bool(layout.delimiter):
            raise _wrong(layout, f"{where} has no start, or no size where positions are fixed")
        if each.says and each.size and len(each.says) != each.size:
            raise _wrong(layout, f"{where} is {each.size} characters and says {len(each.says)}")
        if each.implied and not each.is_amount:
            raise _wrong(layout, f"{where} is no amount, so it implies no cents")
        if record is not part.trailer and (each.counts or each.sums):
            raise _wrong(layout, f"{where} counts or sums outside of a trailer")
    for before, after in pairwise(sorted(record.positions, key=lambda each: each.start)):
        if after.start <= max(before.end, before.start):
            raise _wrong(layout, f"{before.name} and {after.name} in part {part.name} overlap")


def _check_fields(layout: RecordLayout, part: Part) -> None:
    fields = [each.field for each in part.detail.positions if each.field is not None]
    for field in fields:
        if fields.count(field) > 1 and not field.may_repeat:
            raise _wrong(layout, f"part {part.name} has {field} twice")
    if fields.count(Field.LOAN_REF) not in (0, fields.count(Field.LOAN_PAYMENT)):
        raise _wrong(layout, f"part {part.name} has not one loan number for each loan payment")
    if Field.SSN not in fields:
        raise _wrong(layout, f"part {part.name} says of nobody whom it is about: it has no ssn")
    short = {Field.SSN: 9, **dict.fromkeys(DATES, 10 if layout.dates in (DateOrder.ISO, DateOrder.US) else 8)}
    for each in part.detail.positions:
        if each.size and each.field is not None and each.size < short.get(each.field, 1):
            raise _wrong(layout, f"{each.name} in part {part.name} is too short for {each.field}")


def _differ(one: Record, other: Record) -> bool:
    mine = {(each.start, each.size): each.says for each in one.known_by}
    return any(mine.get((each.start, each.size), each.says) != each.says for each in other.known_by)


def _wrong(layout: RecordLayout, reason: str) -> Open401kError:
    return Open401kError(f"The layout {layout.name} is not one: {reason}.", fix="Correct its positions.")


def positions(*given: tuple[str, int, int] | tuple[str, int, int, Field], says: str = "") -> tuple[Position, ...]:
    """Positions as (name, start, size, field); ``says`` is the constant of the first."""
    found: Sequence[Position] = [Position(*each) for each in given]
    first = found[0]
    return (Position(first.name, first.start, first.size, says=says), *found[1:]) if says else tuple(found)

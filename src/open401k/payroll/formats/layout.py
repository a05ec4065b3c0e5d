"""What a published layout says: its headings, which field each is, and how cells are written. Not here: reading."""

from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..mapping import Column, Mapping, Reading
from ..rows import BY_CODE, Field


@dataclass(frozen=True, slots=True)
class Writing:
    """How a file of the layout is written where reading leaves a choice."""

    quoted: bool = False  # every cell, not only those that need it
    dashed_ssn: bool = False  # 123-45-6789
    sparse: bool = False  # optional columns of which no row says anything are left out
    file_name: str = ""  # as its vendor names files; filled by file_names.py


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout known by its exact headings. Headings outside of it leave a file unsettled."""

    name: str
    title: str
    fields: Table[str, Field]
    required: frozenset[str]
    published: tuple[str, ...] = ()  # every heading, in the order in which a file is written; blank: those of `fields`
    read_over: frozenset[str] = frozenset()  # known besides, and never written
    reading: Reading = field(default_factory=Reading)
    writing: Writing = field(default_factory=Writing)
    any_case: bool = True
    without_pay_date: bool = False  # the day is announced with the upload
    pay_code_prefix: str = ""  # a heading that begins so is a pay code
    pay_hours_prefix: str = ""  # one that begins so is the hours of a pay code
    deduction_prefix: str = ""  # one that begins so is a code of what is taken off
    unclear: frozenset[str] = frozenset()  # published, and of a meaning that only the plan tells
    asks: str = ""  # no payroll by itself: what a file of it is asked for before it is read
    remarks: tuple[str, ...] = ()  # what the format table says besides what it sees here

    def mapping(self, headings: Sequence[str]) -> Mapping | None:
        """The settled mapping of a file of this layout; None for anything else."""
        keys = [self._key(heading) for heading in headings]
        if not {self._key(heading) for heading in self.required} <= set(keys):
            return None
        fields = {self._key(heading): meaning for heading, meaning in self.fields.items()}
        known = self._known()
        columns = []
        for place, (heading, key) in enumerate(zip(headings, keys, strict=True)):
            of, code = self._of_code(heading)
            if key not in known and of is None:
                return None
            columns.append(Column(place, heading, of or fields.get(key), code))
        return Mapping(self.name, tuple(columns), self.reading)

    def lacking(self, headings: Sequence[str]) -> list[str]:
        """Required headings that a file of nothing but this layout's headings does not have; [] for any other file."""
        keys = {self._key(heading) for heading in headings if self._of_code(heading)[0] is None}
        if not keys <= self._known() or len(keys) < len(self.required) // 2:
            return []
        return sorted(heading for heading in self.required if self._key(heading) not in keys)

    @property
    def headings(self) -> tuple[str, ...]:
        """Every heading that a file is written with, in order."""
        return self.published or tuple(self.fields)

    @property
    def published_fields(self) -> dict[str, Field | None]:
        """What each heading means, in small letters; None is read over. One that is asked for is not among them."""
        meant = {heading.casefold(): self.fields.get(heading) for heading in self.headings}
        return {key: field for key, field in meant.items() if key not in {each.casefold() for each in self.unclear}}

    @property
    def carries(self) -> frozenset[Field]:
        """Everything that a file of this layout can say of a row."""
        return frozenset(self.fields.values()) | self.prefixes.keys()

    @property
    def prefixes(self) -> dict[Field, str]:
        """How headings begin that are one of payroll's codes each, by what their columns hold."""
        told = (self.pay_code_prefix, self.pay_hours_prefix, self.deduction_prefix)
        return {field: prefix for field, prefix in zip(BY_CODE, told, strict=True) if prefix}

    @property
    def not_carried(self) -> tuple[Field, ...]:
        """What a row can say and a file of this layout cannot. An employee id stands in for an SSN, so it is none."""
        return tuple(each for each in Field if each not in self.carries and each is not Field.EMPLOYEE_ID)

    @property
    def most_loans(self) -> int:
        """How many loans of one person a row can say."""
        return sum(meaning is Field.LOAN_PAYMENT for meaning in self.fields.values())

    def _known(self) -> frozenset[str]:
        return frozenset(self._key(heading) for heading in (*self.fields, *self.published, *self.read_over))

    def _of_code(self, heading: str) -> tuple[Field | None, str]:
        """What a column of a code holds, and the code."""
        found = ((field, _behind(prefix, heading)) for field, prefix in self.prefixes.items())
        return next((each for each in found if each[1]), (None, ""))

    def _key(self, heading: str) -> str:
        return heading.casefold() if self.any_case else heading


def _behind(prefix: str, heading: str) -> str:
    return heading[len(prefix) :].strip() if prefix and heading.casefold().startswith(prefix) else ""

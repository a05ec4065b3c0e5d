"""Employees, and the dated facts they are made of. Not here: pay (pay_lines.py), who a file's row is (matching.py)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from open401k.kernel import EmployeeId

from .employment import Employment, LeftBy


class Relation(StrEnum):
    """What the relative is to the employee, as far as section 318 attributes stock between them."""

    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    GRANDCHILD = "grandchild"
    GRANDPARENT = "grandparent"

    @property
    def inverse(self) -> "Relation":
        """What the employee is to the relative."""
        return _INVERSE[self]


_INVERSE = {
    Relation.SPOUSE: Relation.SPOUSE,
    Relation.CHILD: Relation.PARENT,
    Relation.PARENT: Relation.CHILD,
    Relation.GRANDCHILD: Relation.GRANDPARENT,
    Relation.GRANDPARENT: Relation.GRANDCHILD,
}


@dataclass(frozen=True, slots=True)
class AnnualPay:
    """One year's pay as loaded from before the first payroll here; later years come from pay lines."""

    section_415_cents: int
    plan_cents: int
    fica_cents: int
    hours_hundredths: int


@dataclass(frozen=True, slots=True)
class Employee:
    """One person as known at an instant. The whole SSN is never here."""

    employee_id: EmployeeId
    first_name: str
    last_name: str
    ssn_last4: str
    birth_date: date | None
    employment: tuple[Employment, ...] = ()
    employee_class: str = ""
    ownership_bps: int = 0
    officer: bool = False
    family: tuple[tuple[EmployeeId, Relation], ...] = ()
    annual_pay: Mapping[int, AnnualPay] = field(default_factory=dict)
    class_changes: tuple[tuple[date, str], ...] = ()
    """Each class with its first day, oldest first, of who has not always had the same; for everybody else empty."""


@dataclass(frozen=True, slots=True)
class Hired:
    """Hired, or hired again, on the day of the event. ``instead_of``: the day it was thought to be."""

    instead_of: date | None = None


@dataclass(frozen=True, slots=True)
class Terminated:
    """The day of the event was the last of the employment. ``instead_of``: the day it was thought to be.

    ``by``: how it ended, where a plan may ask; told again for the same day it takes the place of what was told before.
    """

    instead_of: date | None = None
    by: LeftBy | None = None


@dataclass(frozen=True, slots=True)
class NotHired:
    """The hire known for the day of the event never happened."""


@dataclass(frozen=True, slots=True)
class NotTerminated:
    """The termination known for the day of the event never happened."""


@dataclass(frozen=True, slots=True)
class BirthDate:
    """Born on ``birth_date``; the last one recorded counts, whatever the day of the event."""

    birth_date: date


@dataclass(frozen=True, slots=True)
class Name:
    """Called so from the day of the event."""

    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class EmployeeClass:
    """Of this class (union, intern, ...) from the day of the event; provisions may exclude classes."""

    employee_class: str


@dataclass(frozen=True, slots=True)
class Ownership:
    """Owns this share of the sponsor directly, from the day of the event."""

    ownership_bps: int


@dataclass(frozen=True, slots=True)
class Officer:
    """Is, or is no longer, an officer from the day of the event."""

    officer: bool


@dataclass(frozen=True, slots=True)
class Ssn:
    """The right number, where another was on file. Sealed before it is stored."""

    ssn: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Family:
    """``relative`` is the employee's ``relation``, or is no longer. Told once, read from both sides."""

    relative: EmployeeId
    relation: Relation
    ended: bool = False


@dataclass(frozen=True, slots=True)
class PayOfYear:
    """A year's pay from before the first payroll here."""

    year: int
    pay: AnnualPay


Fact = (
    Hired
    | Terminated
    | NotHired
    | NotTerminated
    | BirthDate
    | Name
    | EmployeeClass
    | Ownership
    | Officer
    | Ssn
    | Family
    | PayOfYear
)

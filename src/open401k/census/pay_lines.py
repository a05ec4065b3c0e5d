"""Pay lines as facts: what a payroll run said about each person. Not here: reading files (payroll), entitlement."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from open401k.kernel import EmployeeId

Cents = npt.NDArray[np.int64]
#: A column to be written: an int64 array, or plain whole numbers.
Column = Sequence[int] | Cents
#: A column in which a file may say nothing for a row, or nothing at all.
Reported = Sequence[int | None] | Cents | None


@dataclass(frozen=True, slots=True)
class PayLines:
    """Lines of one run, as columns of equal length. ``section_415_cents`` left out is gross pay."""

    employee_id: Sequence[EmployeeId]
    line_no: Column
    gross_cents: Column
    fica_cents: Column
    hours_hundredths: Column
    pre_tax_cents: Column
    roth_cents: Column
    after_tax_cents: Column
    catch_up_pre_tax_cents: Column
    catch_up_roth_cents: Column
    section_415_cents: Column | None = None
    match_cents: Reported = None
    nonelective_cents: Reported = None
    #: (line_no, pay code, cents), where the file splits pay by code.
    earnings: Sequence[tuple[int, str, int]] = field(default=())


@dataclass(frozen=True, slots=True)
class PayTotals:
    """Sums over the current lines of a span of pay dates: one place per employee, all columns in that order."""

    employee_id: tuple[EmployeeId, ...]
    lines: Cents
    gross_cents: Cents
    plan_cents: Cents
    section_415_cents: Cents
    fica_cents: Cents
    hours_hundredths: Cents
    pre_tax_cents: Cents
    roth_cents: Cents
    after_tax_cents: Cents
    catch_up_pre_tax_cents: Cents
    catch_up_roth_cents: Cents
    match_cents: Cents
    nonelective_cents: Cents

    def __len__(self) -> int:
        return len(self.employee_id)


@dataclass(frozen=True, slots=True)
class PayByDate:
    """Sums per employee and pay date, by employee, then date. ``employee`` counts into ``employee_id``."""

    employee_id: tuple[EmployeeId, ...]
    employee: Cents
    pay_date: npt.NDArray[np.datetime64]
    gross_cents: Cents
    plan_cents: Cents
    section_415_cents: Cents
    fica_cents: Cents
    hours_hundredths: Cents
    pre_tax_cents: Cents
    roth_cents: Cents
    after_tax_cents: Cents
    catch_up_pre_tax_cents: Cents
    catch_up_roth_cents: Cents
    match_cents: Cents
    nonelective_cents: Cents

    def __len__(self) -> int:
        return len(self.employee)


@dataclass(frozen=True, slots=True)
class PayCode:
    """What an earnings code means from a pay date on: whether it counts as plan compensation."""

    code: str
    event_on: date
    counts: bool

"""What a test's working is made of on a page: steps, people, payroll rows. Not here: reading it (working_*)."""

from dataclasses import dataclass
from datetime import date

from open401k.kernel import EmployeeId, Money, RunId

from .shown import Shown


@dataclass(frozen=True, slots=True)
class WorkingStep:
    """One number of the working: what it is, its value, the words of its formula and the steps it is made of."""

    key: str
    label: str
    value: Shown
    formula: str = ""
    cite: str = ""
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PayrollRowLink:
    """One payroll row that a person's number is made of.

    Without ``run_id`` it is the sum of the payrolls from ``since`` to ``pay_date``, made before the plan came here.
    """

    run_id: RunId | None
    line_no: int
    pay_date: date
    counted_pay: Money
    counted_amount: Money
    since: date | None = None


@dataclass(frozen=True, slots=True)
class PersonWorking:
    """One person in a test: the cells match the test's ``columns``; ``rows`` are the payroll rows behind them."""

    employee_id: EmployeeId
    name: str
    group: str
    why_group: str
    values: tuple[Shown, ...]
    rows: tuple[PayrollRowLink, ...] = ()
    note: str = ""

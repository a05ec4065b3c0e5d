"""The people: employees, their employment facts, their pay lines as facts."""

from .employment import Employment, employed_between, employed_on, spans
from .pay_lines import PayByDate, PayCode, PayLines, PayTotals
from .people import (
    AnnualPay,
    BirthDate,
    Employee,
    EmployeeClass,
    Fact,
    Family,
    Hired,
    Name,
    NotHired,
    NotTerminated,
    Officer,
    Ownership,
    PayOfYear,
    Relation,
    Ssn,
    Terminated,
)

__all__ = [
    "AnnualPay",
    "BirthDate",
    "Employee",
    "EmployeeClass",
    "Employment",
    "Fact",
    "Family",
    "Hired",
    "Name",
    "NotHired",
    "NotTerminated",
    "Officer",
    "Ownership",
    "PayByDate",
    "PayCode",
    "PayLines",
    "PayOfYear",
    "PayTotals",
    "Relation",
    "Ssn",
    "Terminated",
    "employed_between",
    "employed_on",
    "spans",
]

"""Employee Fiduciary CSV: the published headings end at the names. What follows in a file is asked once."""

from ..mapping import DateOrder, Reading
from ..rows import Field
from .layout import Layout

_PUBLISHED = """
PLAN ID|DIVISION|PAYROLL FREQUENCY|PAYROLL BEGIN DATE|PAYROLL END DATE|CHECK DATE|SSN|LAST NAME|MIDDLE NAME|FIRST NAME
"""

LAYOUT = Layout(
    name="employee_fiduciary",
    title="Employee Fiduciary CSV",
    published=tuple(_PUBLISHED.strip().split("|")),
    fields={
        "PAYROLL BEGIN DATE": Field.PERIOD_START,
        "PAYROLL END DATE": Field.PERIOD_END,
        "CHECK DATE": Field.PAY_DATE,
        "SSN": Field.SSN,
        "LAST NAME": Field.LAST_NAME,
        "FIRST NAME": Field.FIRST_NAME,
    },
    required=frozenset({"PLAN ID", "PAYROLL FREQUENCY", "CHECK DATE", "SSN", "LAST NAME", "FIRST NAME"}),
    reading=Reading(dates=DateOrder.US, blank_is_zero=True),
    asks="the columns of dates, pay, contributions and loans, whose headings are not published",
    remarks=("How dates are written is not published; we write MM/DD/YYYY, and read what the file shows.",),
)

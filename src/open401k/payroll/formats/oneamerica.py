"""OneAmerica CSV: the published headings end after the earnings. What follows in a file is asked once."""

from ..mapping import DateOrder, Reading
from ..rows import Field
from .layout import Layout

_PUBLISHED = """
Contract Number|Division|First Name|Middle Name (or Initial)|Last Name|SSN|Gender|Employee Status|Union Status
Address 1|Address 2|City|State|Zip Code|Birth Date|Hire Date|Rehire Date|Termination Date|Payroll Date|415 Earnings
Plan Earnings
"""

LAYOUT = Layout(
    name="oneamerica",
    title="OneAmerica CSV",
    published=tuple(heading for line in _PUBLISHED.strip().splitlines() for heading in line.split("|")),
    fields={
        "First Name": Field.FIRST_NAME,
        "Last Name": Field.LAST_NAME,
        "SSN": Field.SSN,
        "Employee Status": Field.EMPLOYMENT_STATUS,
        "Birth Date": Field.BIRTH_DATE,
        "Hire Date": Field.HIRE_DATE,
        "Rehire Date": Field.REHIRE_DATE,
        "Termination Date": Field.TERMINATION_DATE,
        "Payroll Date": Field.PAY_DATE,
        "415 Earnings": Field.GROSS,
        "Plan Earnings": Field.PLAN_COMPENSATION,
    },
    required=frozenset({"Contract Number", "SSN", "Last Name", "First Name", "Payroll Date", "415 Earnings"}),
    reading=Reading(dates=DateOrder.US, blank_is_zero=True),
    asks="the columns of contributions and loans, whose headings are not published",
    remarks=(
        "Employee Status is A, D, L (on leave), R, T or XT, as published; it has no dates of a leave.",
        "How dates are written is not published; we write MM/DD/YYYY, and read what the file shows.",
    ),
)

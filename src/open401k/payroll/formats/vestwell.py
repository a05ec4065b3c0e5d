"""Vestwell's payroll CSV, by its published headings. "Employer Contribution" names no kind, so it is read over.

It has no pay date column: the day is announced with the upload. The shorter upload template is `vestwell_template`.
"""

from ..mapping import DateOrder, Reading
from ..rows import Field
from .layout import Layout

_PUBLISHED = """
Social Security Number|Last Name|Middle Name|First Name|Date of Birth|Date of Hire|Date of Rehire|Date of Termination
Street Address #1|Street Address #2|City|State|Zip Code|Email Address|Secondary Email Address|Phone|Secondary Phone
Division|Pre-tax Contribution Amount|Roth Contribution Amount|Employer Contribution|Loan Payment
Current Period Compensation
"""

LAYOUT = Layout(
    name="vestwell",
    title="Vestwell CSV",
    published=tuple(heading for line in _PUBLISHED.strip().splitlines() for heading in line.split("|")),
    fields={
        "Social Security Number": Field.SSN,
        "Last Name": Field.LAST_NAME,
        "First Name": Field.FIRST_NAME,
        "Date of Birth": Field.BIRTH_DATE,
        "Date of Hire": Field.HIRE_DATE,
        "Date of Rehire": Field.REHIRE_DATE,
        "Date of Termination": Field.TERMINATION_DATE,
        "Pre-tax Contribution Amount": Field.PRE_TAX,
        "Roth Contribution Amount": Field.ROTH,
        "Loan Payment": Field.LOAN_PAYMENT,
        "Current Period Compensation": Field.GROSS,
    },
    required=frozenset(
        {
            *("Social Security Number", "Last Name", "First Name", "Pre-tax Contribution Amount"),
            *("Roth Contribution Amount", "Current Period Compensation"),
        }
    ),
    reading=Reading(dates=DateOrder.US, grouping=True, blank_is_zero=True),
    without_pay_date=True,
    remarks=(
        "Employer Contribution names no kind of money, so it is read over, and written blank.",
        "The published list goes on after Current Period Compensation; a file with more columns asks once.",
    ),
)

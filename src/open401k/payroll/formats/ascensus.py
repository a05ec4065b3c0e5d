"""Ascensus CSV, by its published headings. It has no pay date column: the day is announced with the upload."""

from ..mapping import DateOrder, Reading
from ..rows import Field
from .layout import Layout

LAYOUT = Layout(
    name="ascensus",
    title="Ascensus CSV",
    fields={
        "SOCIAL SECURITY": Field.SSN,
        "LAST NAME": Field.LAST_NAME,
        "FIRST NAME": Field.FIRST_NAME,
        "TOTAL COMPENSATION": Field.GROSS,
        "EMPLOYEE 401(K)": Field.PRE_TAX,
        "ROTH 401(K)": Field.ROTH,
        "LOAN PAYMENT AMOUNT": Field.LOAN_PAYMENT,
        "MATCH": Field.MATCH,
        "PROFIT SHARING": Field.PROFIT_SHARING,
        "SAFE HARBOR MATCH": Field.SAFE_HARBOR_MATCH,
        "SAFE HARBOR NEC": Field.SAFE_HARBOR_NONELECTIVE,
        "HOURS": Field.HOURS,
        "DATE OF BIRTH": Field.BIRTH_DATE,
        "CURRENT DATE OF HIRE": Field.HIRE_DATE,
        "CURRENT DATE OF TERM": Field.TERMINATION_DATE,
    },
    required=frozenset({"SOCIAL SECURITY", "LAST NAME", "FIRST NAME", "TOTAL COMPENSATION", "EMPLOYEE 401(K)"}),
    read_over=frozenset(
        {
            *("MI", "DIVISIONAL CODE", "CLIENT SPECIFIC 1", "CLIENT SPECIFIC 2", "CLIENT SPECIFIC 3", "ADDRESS 1"),
            *("ADDRESS 2", "CITY", "STATE", "ZIP", "EMPLOYEE ELIGIBILITY DATE", "PRIOR DATE OF HIRE", "HCE CODE"),
            *("PRIOR DATE OF TERM", "ESTIMATED ANNUAL COMPENSATION", "EMPLOYMENT STATUS", "KEY EE CODE"),
            *("ENROLLMENT ELIGIBILITY", "UNION STATUS CODE", "EMPLOYEE WORK EMAIL"),
        }
    ),
    reading=Reading(dates=DateOrder.US, blank_is_zero=True),
    without_pay_date=True,
)

"""Ascensus CSV, by its published headings. It has no pay date column: the day is announced with the upload."""

from ..mapping import DateOrder, Reading
from ..rows import Field
from .layout import Layout, Writing

_PUBLISHED = """
SOCIAL SECURITY|LAST NAME|FIRST NAME|MI|DIVISIONAL CODE|TOTAL COMPENSATION|EMPLOYEE 401(K)|ROTH 401(K)
LOAN PAYMENT AMOUNT|MATCH|PROFIT SHARING|SAFE HARBOR MATCH|SAFE HARBOR NEC|CLIENT SPECIFIC 1|CLIENT SPECIFIC 2
CLIENT SPECIFIC 3|HOURS|ADDRESS 1|ADDRESS 2|CITY|STATE|ZIP|DATE OF BIRTH|CURRENT DATE OF HIRE|EMPLOYEE ELIGIBILITY DATE
CURRENT DATE OF TERM|PRIOR DATE OF HIRE|PRIOR DATE OF TERM|ESTIMATED ANNUAL COMPENSATION|EMPLOYMENT STATUS|HCE CODE
KEY EE CODE|ENROLLMENT ELIGIBILITY|UNION STATUS CODE|EMPLOYEE WORK EMAIL
"""

LAYOUT = Layout(
    name="ascensus",
    title="Ascensus CSV",
    published=tuple(heading for line in _PUBLISHED.strip().splitlines() for heading in line.split("|")),
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
        "EMPLOYMENT STATUS": Field.EMPLOYMENT_STATUS,
    },
    required=frozenset({"SOCIAL SECURITY", "LAST NAME", "FIRST NAME", "TOTAL COMPENSATION", "EMPLOYEE 401(K)"}),
    reading=Reading(dates=DateOrder.US, blank_is_zero=True),
    without_pay_date=True,
    writing=Writing(file_name="{kind}_{client}_{run}_{at:%m%d%Y.%H%M%S}.csv"),
    remarks=(
        "The published list has three columns CLIENT SPECIFIC; a file numbers them, since headings may not repeat.",
        "Catch-up has no column: it is sent within EMPLOYEE 401(K) or ROTH 401(K).",
    ),
)

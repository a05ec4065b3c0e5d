"""Vestwell's upload template: contributions without pay. A file of it alone proves no match and no test, so it asks."""

from ..mapping import DateOrder, Reading
from ..rows import Field
from .layout import Layout

_PUBLISHED = """
SSN|First Name|Last Name|Date of Birth|Pre-Tax Contribution|Roth Contribution
Employer Mandatory Contribution (Safe Harbor)|Profit-Sharing Contribution|Loan Repayment
"""

LAYOUT = Layout(
    name="vestwell_template",
    title="Vestwell upload template",
    published=tuple(heading for line in _PUBLISHED.strip().splitlines() for heading in line.split("|")),
    fields={
        "SSN": Field.SSN,
        "First Name": Field.FIRST_NAME,
        "Last Name": Field.LAST_NAME,
        "Date of Birth": Field.BIRTH_DATE,
        "Pre-Tax Contribution": Field.PRE_TAX,
        "Roth Contribution": Field.ROTH,
        "Profit-Sharing Contribution": Field.PROFIT_SHARING,
        "Loan Repayment": Field.LOAN_PAYMENT,
    },
    required=frozenset(
        {
            *("SSN", "First Name", "Last Name", "Pre-Tax Contribution", "Roth Contribution"),
            "Employer Mandatory Contribution (Safe Harbor)",
        }
    ),
    reading=Reading(dates=DateOrder.US, grouping=True, blank_is_zero=True),
    without_pay_date=True,
    unclear=frozenset({"Employer Mandatory Contribution (Safe Harbor)"}),
    asks="a column of gross pay, without which no match and no test follows from the file, and which kind of safe"
    " harbor contribution the plan has",
    remarks=("It has no column of catch-up contributions, by its vendor's own description.",),
)

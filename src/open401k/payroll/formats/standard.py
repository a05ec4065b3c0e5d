"""Open401k's own CSV and XLSX layout, which documentation and exports use; strict: ISO dates, no blank amounts.

It carries everything that a row can say, so that a file of any other layout can be turned into it without loss.
"""

from ..mapping import DateOrder, Reading
from ..rows import Field
from .layout import Layout, Writing

#: A person with more loans at once is beyond any plan we know of.
_MOST_LOANS = 5
_LOAN = (("loan_id", Field.LOAN_REF), ("loan_payment", Field.LOAN_PAYMENT))

LAYOUT = Layout(
    name="open401k",
    title="Open401k standard",
    fields={
        "ssn": Field.SSN,
        "first_name": Field.FIRST_NAME,
        "last_name": Field.LAST_NAME,
        "dob": Field.BIRTH_DATE,
        "hire_date": Field.HIRE_DATE,
        "rehire_date": Field.REHIRE_DATE,
        "term_date": Field.TERMINATION_DATE,
        "employee_number": Field.EMPLOYEE_NUMBER,
        "employer_ein": Field.EMPLOYER_EIN,
        "pay_group": Field.PAY_GROUP,
        "employment_status": Field.EMPLOYMENT_STATUS,
        "leave_start": Field.LEAVE_START,
        "leave_end": Field.LEAVE_END,
        "pay_date": Field.PAY_DATE,
        "period_start": Field.PERIOD_START,
        "period_end": Field.PERIOD_END,
        "gross_comp": Field.GROSS,
        "plan_comp": Field.PLAN_COMPENSATION,
        "fica_wages": Field.FICA_WAGES,
        "hours": Field.HOURS,
        "pre_tax": Field.PRE_TAX,
        "roth": Field.ROTH,
        "after_tax": Field.AFTER_TAX,
        "pre_tax_catch_up": Field.PRE_TAX_CATCH_UP,
        "roth_catch_up": Field.ROTH_CATCH_UP,
        "match": Field.MATCH,
        "safe_harbor_match": Field.SAFE_HARBOR_MATCH,
        "nonelective": Field.NONELECTIVE,
        "safe_harbor_nonelective": Field.SAFE_HARBOR_NONELECTIVE,
        "profit_sharing": Field.PROFIT_SHARING,
        **dict(_LOAN),
        **{f"{heading}_{place}": meaning for place in range(2, _MOST_LOANS + 1) for heading, meaning in _LOAN},
    },
    required=frozenset(
        {"ssn", "first_name", "last_name", "dob", "hire_date", "pay_date", "gross_comp", "hours", "pre_tax", "roth"}
    ),
    reading=Reading(dates=DateOrder.ISO),
    pay_code_prefix="pay:",
    pay_hours_prefix="hours:",
    deduction_prefix="deduction:",
    writing=Writing(sparse=True),
    remarks=(
        "A column per pay code, headed `pay:` and the code; their amounts are parts of `gross_comp`.",
        "A column of hours per pay code, headed `hours:` and the code; `hours` has all that count.",
        "A column per deduction code, headed `deduction:` and the code: what went to no plan of ours, by code.",
        f"Up to {_MOST_LOANS} loans of one person: `loan_id_2`, `loan_payment_2` and so on.",
    ),
)

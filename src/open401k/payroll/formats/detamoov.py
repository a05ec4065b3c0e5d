"""detamoov "Standard 401k", the vocabulary of an integration hub; several loans of one person stay several."""

from ..mapping import DateOrder, Reading
from ..rows import Field
from .layout import Layout

LAYOUT = Layout(
    name="detamoov",
    title="detamoov Standard 401k",
    fields={
        "SSN": Field.SSN,
        "LAST NAME": Field.LAST_NAME,
        "FIRST NAME": Field.FIRST_NAME,
        "DOB": Field.BIRTH_DATE,
        "HIRE DATE": Field.HIRE_DATE,
        "REHIRE DATE": Field.REHIRE_DATE,
        "TERMINATION DATE": Field.TERMINATION_DATE,
        "PAY PERIOD START DATE": Field.PERIOD_START,
        "PAY PERIOD END DATE": Field.PERIOD_END,
        "PAYROLL CHECK DATE": Field.PAY_DATE,
        "CURRENT PAY PERIOD GROSS PAY": Field.GROSS,
        "CURRENT PAY PERIOD HOURS WORKED": Field.HOURS,
        "CURRENT PAYROLL EMPLOYEE PRETAX CONTRIBUTION": Field.PRE_TAX,
        "CURRENT PAYROLL EMPLOYEE ROTH CONTRIBUTION": Field.ROTH,
        "CURRENT PAYROLL EMPLOYER MATCH CONTRIBUTION": Field.MATCH,
        "CURRENT PAYROLL NON ELECTIVE CONTRIBUTION": Field.NONELECTIVE,
        "CURRENT PAYROLL SAFE HARBOR NON ELECTIVE": Field.SAFE_HARBOR_NONELECTIVE,
        "401K LOAN 1 CONTRIBUTION": Field.LOAN_PAYMENT,
        "LOAN 2 REPAYMENT": Field.LOAN_PAYMENT,
    },
    required=frozenset(
        {
            *("SSN", "LAST NAME", "FIRST NAME", "PAYROLL CHECK DATE", "CURRENT PAY PERIOD GROSS PAY"),
            "CURRENT PAYROLL EMPLOYEE PRETAX CONTRIBUTION",
        }
    ),
    read_over=frozenset(
        {
            *("PLAN ID", "EMPLOYEE NUMBER", "MIDDLE NAME/INITIAL", "GENDER", "MARITAL STATUS", "ADDRESS LINE 1/2"),
            *("ADDRESS LINE 1", "ADDRESS LINE 2", "CITY", "STATE", "ZIP", "PHONE", "EMAIL", "EMPLOYMENT STATUS"),
            "YTD GROSS PAY",
        }
    ),
    reading=Reading(dates=DateOrder.US, blank_is_zero=True),
)

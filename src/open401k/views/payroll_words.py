"""What fields and control totals of a payroll are called where people read of them. Not here: what they mean."""

from collections.abc import Mapping

from open401k.payroll import Field

FIELD_LABELS: Mapping[Field, str] = {
    Field.SSN: "Social Security number",
    Field.EMPLOYEE_ID: "Id of ours (emp_...)",
    Field.EMPLOYEE_NUMBER: "Employee number",
    Field.EMPLOYER_EIN: "Employer identification number",
    Field.PAY_GROUP: "Pay group",
    Field.EMPLOYMENT_STATUS: "Employment status",
    Field.LEAVE_START: "First day of a leave",
    Field.LEAVE_END: "Last day of a leave",
    Field.FIRST_NAME: "First name",
    Field.LAST_NAME: "Last name",
    Field.BIRTH_DATE: "Date of birth",
    Field.HIRE_DATE: "Hire date",
    Field.REHIRE_DATE: "Rehire date",
    Field.TERMINATION_DATE: "Termination date",
    Field.PAY_DATE: "Pay date",
    Field.PERIOD_START: "First day of the pay period",
    Field.PERIOD_END: "Last day of the pay period",
    Field.HOURS: "Hours",
    Field.GROSS: "Gross pay",
    Field.PLAN_COMPENSATION: "Plan compensation",
    Field.FICA_WAGES: "FICA (Social Security) wages",
    Field.PRE_TAX: "Pre-tax deferral",
    Field.ROTH: "Roth deferral",
    Field.AFTER_TAX: "After-tax contribution",
    Field.PRE_TAX_CATCH_UP: "Pre-tax catch-up",
    Field.ROTH_CATCH_UP: "Roth catch-up",
    Field.MATCH: "Match",
    Field.SAFE_HARBOR_MATCH: "Safe harbor match",
    Field.NONELECTIVE: "Nonelective contribution",
    Field.SAFE_HARBOR_NONELECTIVE: "Safe harbor nonelective contribution",
    Field.PROFIT_SHARING: "Profit sharing",
    Field.LOAN_REF: "Loan number",
    Field.LOAN_PAYMENT: "Loan payment",
    Field.EARNINGS: "Pay of one code (the heading is the code)",
    Field.EARNINGS_HOURS: "Hours of one code (the heading is the code)",
    Field.DEDUCTIONS: "Taken off under one code (the heading is the code)",
}

#: Of control totals that are no single field.
_SUMS = {"rows": "Rows", "employee_money": "Employee money", "employer_money": "Employer money"}


def total_label(name: str) -> str:
    """What a control total is called."""
    return _SUMS.get(name) or FIELD_LABELS[Field(name)]

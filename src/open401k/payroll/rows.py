"""The row every layout is read into, and its fields. Not here: reading (formats/), checking (checks.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Field(StrEnum):
    """What one column of a payroll file can mean to a plan."""

    SSN = "ssn"
    EMPLOYEE_ID = "employee_id"
    EMPLOYEE_NUMBER = "employee_number"
    EMPLOYER_EIN = "employer_ein"
    PAY_GROUP = "pay_group"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    BIRTH_DATE = "birth_date"
    HIRE_DATE = "hire_date"
    REHIRE_DATE = "rehire_date"
    TERMINATION_DATE = "termination_date"
    EMPLOYMENT_STATUS = "employment_status"
    LEAVE_START = "leave_start"
    LEAVE_END = "leave_end"
    PAY_DATE = "pay_date"
    PERIOD_START = "period_start"
    PERIOD_END = "period_end"
    HOURS = "hours"
    GROSS = "gross"
    PLAN_COMPENSATION = "plan_compensation"
    FICA_WAGES = "fica_wages"
    PRE_TAX = "pre_tax"
    ROTH = "roth"
    AFTER_TAX = "after_tax"
    PRE_TAX_CATCH_UP = "pre_tax_catch_up"
    ROTH_CATCH_UP = "roth_catch_up"
    MATCH = "match"
    SAFE_HARBOR_MATCH = "safe_harbor_match"
    NONELECTIVE = "nonelective"
    SAFE_HARBOR_NONELECTIVE = "safe_harbor_nonelective"
    PROFIT_SHARING = "profit_sharing"
    LOAN_REF = "loan_ref"
    LOAN_PAYMENT = "loan_payment"
    EARNINGS = "earnings"
    EARNINGS_HOURS = "earnings_hours"
    DEDUCTIONS = "deductions"

    @property
    def is_date(self) -> bool:
        return self in DATES

    @property
    def is_money(self) -> bool:
        return self in MONEY

    @property
    def attribute(self) -> str:
        """The attribute of :class:`PayrollRow` that it fills."""
        if self in (Field.LOAN_REF, Field.LOAN_PAYMENT):
            return "loan_payments"
        if self is Field.HOURS:
            return "hours_hundredths"
        return f"{self}_cents" if self in MONEY and self not in BY_CODE else str(self)

    @property
    def may_repeat(self) -> bool:
        """Several columns of one row may carry it: each loan and each code has its own."""
        return self in (Field.LOAN_REF, Field.LOAN_PAYMENT, *BY_CODE)


DATES = frozenset(
    {
        Field.BIRTH_DATE,
        Field.HIRE_DATE,
        Field.REHIRE_DATE,
        Field.TERMINATION_DATE,
        Field.LEAVE_START,
        Field.LEAVE_END,
        Field.PAY_DATE,
        Field.PERIOD_START,
        Field.PERIOD_END,
    }
)
#: What has a column for each of payroll's codes.
BY_CODE = (Field.EARNINGS, Field.EARNINGS_HOURS, Field.DEDUCTIONS)
DEFERRALS = (Field.PRE_TAX, Field.ROTH, Field.AFTER_TAX, Field.PRE_TAX_CATCH_UP, Field.ROTH_CATCH_UP)
EMPLOYER_MONEY = (
    Field.MATCH,
    Field.SAFE_HARBOR_MATCH,
    Field.NONELECTIVE,
    Field.SAFE_HARBOR_NONELECTIVE,
    Field.PROFIT_SHARING,
)
#: What the employer calls the person, itself and the group; what it says of the job. All as written, none needed.
REFERENCES = (Field.EMPLOYEE_NUMBER, Field.PAY_GROUP, Field.EMPLOYMENT_STATUS)
#: What the rows of a file are added up in.
AMOUNTS = tuple(map(str, (Field.GROSS, Field.PLAN_COMPENSATION, *DEFERRALS, *EMPLOYER_MONEY, Field.LOAN_PAYMENT)))
MONEY = frozenset(
    {
        Field.GROSS,
        Field.PLAN_COMPENSATION,
        Field.FICA_WAGES,
        *DEFERRALS,
        *EMPLOYER_MONEY,
        Field.LOAN_PAYMENT,
        Field.EARNINGS,
        Field.DEDUCTIONS,
    }
)


@dataclass(frozen=True, slots=True)
class PayrollRow:
    """One employee in one payroll, as reported. Amounts the file does not carry at all are None, not zero."""

    row: int  # as a spreadsheet numbers it: the heading is row 1
    line: int  # the physical line it starts on; differs once a quoted cell spans lines
    ssn: str = ""  # nine digits, or "" when employee_id or employee_number says who it is
    employee_id: str = ""
    first_name: str = ""
    last_name: str = ""
    birth_date: date | None = None
    hire_date: date | None = None
    rehire_date: date | None = None
    termination_date: date | None = None
    pay_date: date | None = None
    period_start: date | None = None
    period_end: date | None = None
    hours_hundredths: int | None = None
    gross_cents: int = 0
    plan_compensation_cents: int | None = None
    pre_tax_cents: int = 0
    roth_cents: int = 0
    after_tax_cents: int = 0
    pre_tax_catch_up_cents: int = 0
    roth_catch_up_cents: int = 0
    match_cents: int | None = None
    safe_harbor_match_cents: int | None = None
    nonelective_cents: int | None = None
    safe_harbor_nonelective_cents: int | None = None
    profit_sharing_cents: int | None = None
    loan_payments: tuple[tuple[str, int], ...] = ()  # (reference, cents): several loans stay several
    earnings: tuple[tuple[str, int], ...] = ()  # (pay code, cents), when the file splits pay
    earnings_hours: tuple[tuple[str, int], ...] = ()  # (pay code, hundredths of an hour), when the file splits hours
    fica_wages_cents: int | None = None  # 3121(a) wages of the period; None follows from pay and the kinds of its codes
    employee_number: str = ""  # what payroll calls the person, at the employer of employer_ein
    employer_ein: str = ""  # nine digits
    pay_group: str = ""
    employment_status: str = ""  # the vendor's word or letter, as it stands
    leave_start: date | None = None
    leave_end: date | None = None  # the last day of the leave
    deductions: tuple[tuple[str, int], ...] = ()  # (deduction code, cents): what went to no plan of ours

    @property
    def key(self) -> str:
        """What the row names its person by."""
        return self.ssn or self.employee_id or (f"{self.employer_ein}|{self.employee_number}" if self.by_number else "")

    def place(self, field: Field) -> str:
        """Where a body of JSON has it; its rows count from 0."""
        return f"rows[{self.row - 1}].{field}"

    @property
    def number_as_evidence(self) -> str:
        """What payroll calls the person, as far as it may be kept as evidence."""
        return number_as_evidence(self.employee_number)

    @property
    def by_number(self) -> bool:
        """Whether nothing but payroll's own number says who it is: evidence, and never proof."""
        return bool(self.employee_number) and not self.ssn and not self.employee_id

    def plan_pay_cents(self, adds: Mapping[str, int]) -> int:
        """What the plan counts: gross pay with what each pay code adds to it or takes off, in its amounts."""
        if not self.earnings:
            return self.gross_cents
        return self.gross_cents + sum(cents * adds.get(code, 0) for code, cents in self.earnings)

    @property
    def deferral_cents(self) -> int:
        """Elective deferrals of the row, catch-up codes included; after-tax money is not one."""
        return self.pre_tax_cents + self.roth_cents + self.pre_tax_catch_up_cents + self.roth_catch_up_cents


def number_as_evidence(number: str) -> str:
    """An employee number, unless it may be a Social Security number: those are kept in one place, sealed."""
    digits = number.replace("-", "").replace(" ", "")
    return "" if len(digits) == 9 and digits.isdigit() else number


def masked_ssn(ssn: str) -> str:
    """The only form in which a person may see an SSN: ``***-**-1234``."""
    digits = [character for character in ssn if character.isdigit()]
    return "***-**-" + "".join(digits[-4:]).rjust(4, "*") if len(digits) >= 7 else "***"

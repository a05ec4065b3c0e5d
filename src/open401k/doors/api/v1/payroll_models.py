"""What the API takes of one person's pay: the canonical row. Not here: the payroll around it (models.py)."""

from datetime import date
from typing import Annotated, TypeAlias

from pydantic import Field, StringConstraints

from open401k.census import Side

from ...texts import MoneyText, Name, Sent, Text

MoneyFromZero = Annotated[
    str,
    StringConstraints(pattern=r"^\d{1,12}\.\d{2}$"),
    Field(description="US dollars and cents, none or more, such as 1234.50; never a number", examples=["1234.50"]),
]
HoursText: TypeAlias = Annotated[str, StringConstraints(pattern=r"^-?\d{1,4}(\.\d{1,2})?$")]
Reference: TypeAlias = Annotated[Text, Field(max_length=60)]


class EarningIn(Sent):
    """Pay under one of payroll's codes; a code nobody has confirmed holds the row until a person says what it is."""

    code: Annotated[Name, Field(max_length=100)]
    amount: MoneyText
    hours: Annotated[HoursText | None, Field(description="The hours that it pays, where payroll counts them")] = None


class DeductionIn(Sent):
    """What payroll took off under a code, and sent to no plan of ours; held like pay of a code nobody has confirmed."""

    code: Annotated[Name, Field(max_length=100)]
    amount: MoneyFromZero


class PayCodeIn(Sent):
    """A code's name and type: evidence for what it is for, which a person confirms."""

    code: Annotated[Name, Field(max_length=100)]
    name: Annotated[Text, Field(max_length=100)] = ""
    type: Annotated[
        Text,
        Field(
            max_length=60,
            description="As Finch types earnings: `salary`, `wage`, `overtime`, `bonus`, `commission`, `tips`, `pto`, "
            "`sick`, `severance`, `reimbursement`, `1099`; or benefits: `s125_medical`, `hsa_pre`, `hsa_post`, "
            "`fsa_medical`, `commuter`, `custom_post_tax`, `401k`, `401k_roth`, `401k_loan` and so on; any other says "
            "nothing",
        ),
    ] = ""
    side: Annotated[Side, Field(description="Whether it is a code of `earnings` or of `deductions`")] = Side.EARNING


class LoanPaymentIn(Sent):
    """A payment of one loan; several loans of one person are several."""

    loan_id: Annotated[Name, Field(max_length=100)]
    amount: MoneyFromZero


class PayrollRowIn(Sent):
    """One person's pay in canonical fields; amounts that are left out were not reported."""

    ssn: Annotated[Text, Field(repr=False)] = ""
    employee_id: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    birth_date: date | None = None
    hire_date: date | None = None
    rehire_date: date | None = None
    termination_date: date | None = None
    employee_number: Annotated[
        Reference, Field(description="What payroll calls the person; evidence where there is no `ssn`")
    ] = ""
    employer_ein: Annotated[
        str, StringConstraints(pattern=r"^(\d{2}-?\d{7})?$"), Field(description="Whose number that is, 12-3456789")
    ] = ""
    pay_group: Reference = ""
    employment_status: Reference = ""
    leave_start: date | None = None
    leave_end: Annotated[date | None, Field(description="The last day of the leave")] = None
    hours: HoursText | None = None
    gross: MoneyText
    plan_compensation: MoneyText | None = None
    fica_wages: Annotated[
        MoneyFromZero | None,
        Field(description="Social Security wages of the period; left out, they follow from pay and its codes' kinds"),
    ] = None
    pre_tax: MoneyText = "0.00"
    roth: MoneyText = "0.00"
    after_tax: MoneyText = "0.00"
    pre_tax_catch_up: MoneyText = "0.00"
    roth_catch_up: MoneyText = "0.00"
    match: MoneyText | None = None
    safe_harbor_match: MoneyText | None = None
    nonelective: MoneyText | None = None
    safe_harbor_nonelective: MoneyText | None = None
    profit_sharing: MoneyText | None = None
    earnings: Annotated[
        list[EarningIn],
        Field(
            default_factory=list,
            max_length=200,
            description="Gross pay, and pay beside it, by code; a code twice is added up",
        ),
    ]
    deductions: Annotated[
        list[DeductionIn],
        Field(
            default_factory=list,
            max_length=200,
            description="By code, without the plan's own; a code confirmed as cafeteria or transportation comes off "
            "FICA wages that are not told; a code twice is added up",
        ),
    ]
    loans: Annotated[list[LoanPaymentIn], Field(default_factory=list, max_length=50)]

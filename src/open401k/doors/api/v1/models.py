"""What the API takes and gives: money and percentages as strings with a published pattern, ids with prefixes."""

from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MoneyText = Annotated[
    str,
    StringConstraints(pattern=r"^-?\d{1,13}\.\d{2}$"),
    Field(description="US dollars and cents, such as 1234.50; never a number", examples=["1234.50"]),
]
PercentText = Annotated[
    str, StringConstraints(pattern=r"^-?\d{1,7}\.\d{2}$"), Field(description="A percentage, such as 5.21")
]
Item = TypeVar("Item")


class Sent(BaseModel):
    """A request body: unknown members are refused, so that a misspelt one is not read over."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Page(BaseModel, Generic[Item]):
    """One page of a list; ``next`` is the cursor of the following one."""

    items: list[Item]
    next: str | None = None


class ProblemDocument(BaseModel):
    """RFC 9457, with a stable ``code``, a ``fix`` and, where something sent was wrong, the places."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    fix: str | None = None
    errors: list[dict[str, Any]] | None = None


class NewSponsor(Sent):
    """An employer to register."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    ein: Annotated[str, Field(description="Employer identification number", examples=["12-3456789"])]
    established_on: date


class Sponsor(BaseModel):
    """An employer that sponsors a plan; the tenant of everything about it."""

    sponsor_id: str
    name: str
    ein: str
    established_on: date


class NewPlan(Sent):
    """A plan to adopt; ``provisions`` is the document as data."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    number: Annotated[str, StringConstraints(pattern=r"^\d{3}$")] = "001"
    effective_on: date | None = None
    provisions: dict[str, Any]


class Plan(BaseModel):
    """A plan as adopted and amended."""

    plan_id: str
    sponsor_id: str
    name: str
    number: str
    adopted_on: date
    provisions: dict[str, Any]


class NewEmployee(Sent):
    """A person to put on the roster."""

    ssn: Annotated[str, Field(description="Nine digits; stored encrypted, shown masked", repr=False)]
    first_name: Annotated[str, Field(min_length=1, max_length=100)]
    last_name: Annotated[str, Field(min_length=1, max_length=100)]
    birth_date: date | None = None
    hired_on: date | None = None
    employee_class: str = ""


class Employee(BaseModel):
    """A person on the roster; the number is masked."""

    employee_id: str
    first_name: str
    last_name: str
    ssn: str
    birth_date: date | None
    hired_on: date | None
    terminated_on: date | None
    employee_class: str


class PayrollRowIn(Sent):
    """One person's pay in canonical fields; amounts that are left out were not reported."""

    ssn: str = Field("", repr=False)
    employee_id: str = ""
    first_name: str = ""
    last_name: str = ""
    birth_date: date | None = None
    hire_date: date | None = None
    rehire_date: date | None = None
    termination_date: date | None = None
    hours: Annotated[str, StringConstraints(pattern=r"^-?\d{1,4}(\.\d{1,2})?$")] | None = None
    gross: MoneyText
    plan_compensation: MoneyText | None = None
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


class NewPayrollRun(Sent):
    """A payroll to check and post."""

    plan_id: str
    pay_date: date
    period_start: date
    period_end: date
    provider: Annotated[str, Field(max_length=100)] = ""
    replaces: str | None = None
    confirmed: Annotated[bool, Field(description="Findings that ask for a person's yes have been looked at")] = False
    rows: Annotated[list[PayrollRowIn], Field(min_length=1, max_length=200_000)]


class Finding(BaseModel):
    """One problem of a payroll."""

    severity: str
    code: str
    row: int | None
    column: str
    value: str
    reason: str
    fix: str
    confirm: bool


class PayrollRun(BaseModel):
    """A payroll run and what became of it."""

    run_id: str
    state: str
    posted: bool
    needs_confirmation: bool = False
    findings: list[Finding] = []


class PayrollRunLine(BaseModel):
    """A payroll run in a list."""

    run_id: str
    pay_date: date
    provider: str
    file_name: str
    people: int
    employee: MoneyText
    employer: MoneyText
    state: str
    notes: int
    holds: int
    rejects: int


class Confirmation(Sent):
    """A person's yes to a checked run."""

    confirmed: bool = False


class MappingChoice(Sent):
    """Which column is which field: column positions from 0, fields by name, null for a column that is not used."""

    fields: dict[Annotated[str, StringConstraints(pattern=r"^\d{1,4}$")], str | None]


class ClockState(BaseModel):
    """What the business clock says."""

    at: datetime
    sandbox: bool


class ClockMove(Sent):
    """Where to move a sandbox's clock."""

    to: datetime


class ClockMoved(ClockState):
    """Where the clock stands now, and what happened on the way."""

    happened: list[str]

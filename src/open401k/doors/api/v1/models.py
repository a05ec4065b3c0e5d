"""What the API takes and gives: money and percentages as strings with a published pattern, ids with prefixes."""

from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, Field, StrictBool, StrictInt, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from open401k import census, payroll

from ...texts import MoneyText, Name, Sent, SsnText, Text
from .payroll_models import MoneyFromZero, PayCodeIn, PayrollRowIn

Item = TypeVar("Item")


_PLACE = "#/components/schemas/"


def reference(model: type[BaseModel]) -> dict[str, str]:
    """How the description refers to a model."""
    return {"$ref": _PLACE + model.__name__}


def schemas(*wanted: type[BaseModel]) -> dict[str, Any]:
    """The schemas of models, and of all that they are made of, as the description holds them."""
    found: dict[str, Any] = {}
    for model in wanted:
        schema = model.model_json_schema(ref_template=_PLACE + "{model}")
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    return found


class Page(BaseModel, Generic[Item]):
    """One page of a list; ``next`` is the cursor of the following one."""

    items: list[Item]
    next: str | None = None


class ProblemPlace(BaseModel):
    """One place of what was sent that is wrong."""

    code: str | None = None
    pointer: Annotated[str | None, Field(description="JSON pointer into the body")] = None
    row: Annotated[
        int | None,
        Field(description="As a spreadsheet shows it, where 1 is the heading; of rows sent as JSON the first is 1"),
    ] = None
    column: str | None = None
    value: Annotated[str | None, Field(description="As sent, Social Security numbers masked")] = None
    reason: str
    fix: str | None = None


class ProblemDocument(BaseModel):
    """RFC 9457, with a stable ``code``, a ``fix`` and, where something sent was wrong, the places."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    fix: str | None = None
    errors: Annotated[list[ProblemPlace] | None, Field(description="At most a thousand")] = None
    run_id: Annotated[str | None, Field(description="Of a payroll that was refused")] = None
    file_sha256: Annotated[str | None, Field(description="Of the bytes that were refused")] = None
    rows_read: int | None = None
    found: Annotated[int | None, Field(description="How many findings there are, listed or not")] = None


class NewSponsor(Sent):
    """An employer to register."""

    name: Name
    ein: Annotated[
        str,
        StringConstraints(pattern=r"^\d{2}-?\d{7}$"),
        Field(description="Employer identification number", examples=["12-3456789"]),
    ]
    established_on: date


class Sponsor(BaseModel):
    """An employer that sponsors a plan; the tenant of everything about it."""

    sponsor_id: str
    name: str
    ein: str
    established_on: date


class NewPlan(Sent):
    """How a plan to adopt is called."""

    name: Name
    number: Annotated[str, StringConstraints(pattern=r"^\d{3}$")] = "001"
    effective_on: date | None = None


class Plan(BaseModel):
    """A plan as adopted and amended."""

    plan_id: str
    sponsor_id: str
    name: str
    number: str
    adopted_on: date
    provisions: dict[str, Any]


class YearOfPay(Sent):
    """A year's pay from before the first payroll here: who is highly compensated, and who is a key employee, follow."""

    year: Annotated[StrictInt, Field(ge=1974, le=2100)]
    plan_compensation: MoneyFromZero
    section_415_compensation: MoneyFromZero
    fica_wages: MoneyFromZero
    hours: Annotated[str, StringConstraints(pattern=r"^\d{1,4}(\.\d{1,2})?$")] = "0"


class NewRelative(Sent):
    """Somebody on the roster whose shares are attributed (IRC 318), and what that person is to the new one."""

    employee_id: Text
    relation: census.Relation


class NewEmployee(Sent):
    """A person to put on the roster."""

    ssn: SsnText
    first_name: Name
    last_name: Name
    birth_date: date | None = None
    hired_on: date | None = None
    employee_class: Text = ""
    ownership_bps: Annotated[StrictInt, Field(ge=0, le=10_000, description="Owned directly, 10000 is all")] = 0
    officer: StrictBool = False
    terminated_on: date | None = None
    annual_pay: Annotated[tuple[YearOfPay, ...], Field(max_length=10)] = ()
    family: Annotated[tuple[NewRelative, ...], Field(max_length=20)] = ()


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
    ownership_bps: int | None = None  # an answer that was kept before there were these has none of them
    officer: bool | None = None
    annual_pay: Annotated[list[int] | None, Field(description="Years whose pay was brought here")] = None
    family: Annotated[list[str] | None, Field(description="Relatives on the roster")] = None


class ControlTotals(Sent):
    """What the sender says the rows add up to; a payroll whose rows do not is refused, with both and the difference."""

    rows: Annotated[StrictInt | None, Field(ge=0, le=999_999_999, description="How many rows there are")] = None
    employee_money: Annotated[
        MoneyFromZero | None, Field(description="Pre-tax, Roth and after-tax money, catch-up included")
    ] = None
    employer_money: Annotated[MoneyFromZero | None, Field(description="Match, nonelective, profit sharing")] = None
    gross: MoneyFromZero | None = None
    plan_compensation: MoneyFromZero | None = None
    pre_tax: MoneyFromZero | None = None
    roth: MoneyFromZero | None = None
    after_tax: MoneyFromZero | None = None
    pre_tax_catch_up: MoneyFromZero | None = None
    roth_catch_up: MoneyFromZero | None = None
    match: MoneyFromZero | None = None
    safe_harbor_match: MoneyFromZero | None = None
    nonelective: MoneyFromZero | None = None
    safe_harbor_nonelective: MoneyFromZero | None = None
    profit_sharing: MoneyFromZero | None = None
    loan_payment: MoneyFromZero | None = None


class NewPayrollRun(Sent):
    """A payroll to check and post."""

    plan_id: Text
    pay_date: date
    period_start: date
    period_end: date
    provider: Annotated[Text, Field(max_length=100)] = ""
    replaces: Text | None = None
    confirmed: Annotated[StrictBool, Field(description="Findings that ask for a person's yes have been looked at")] = (
        False
    )
    second_run_reason: Annotated[
        Text,
        Field(
            max_length=200,
            description="Why this is a payroll of its own although the same people, pay date and amounts were posted "
            "before (else it is refused as `looks_like`); another reason makes yet another payroll",
        ),
    ] = ""
    control_totals: ControlTotals | None = None
    no_contributions: Annotated[
        StrictBool,
        Field(
            description="Nothing is contributed this period, said expressly: a payroll without rows (or without a "
            "contribution in them) that is on file for its pay date and posts nothing",
        ),
    ] = False
    codes: Annotated[
        list[PayCodeIn],
        Field(default_factory=list, max_length=500, description="What payroll calls its codes"),
    ]
    rows: Annotated[
        list[PayrollRowIn],
        Field(
            default_factory=list,
            max_length=200_000,
            validate_default=True,
            description="At least one, but for a period of no contributions",
        ),
    ]

    @field_validator("rows")
    @classmethod
    def _some(cls, rows: list[PayrollRowIn], told: ValidationInfo) -> list[PayrollRowIn]:
        if not rows and not told.data.get("no_contributions"):
            reason = "There are no rows. If nothing is contributed this period, say so with no_contributions"
            raise PydanticCustomError("too_short", reason)
        return rows


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
    rows: int
    employee: MoneyText
    employer: MoneyText
    state: str
    notes: int
    holds: int
    rejects: int


class Confirmation(Sent):
    """A person's yes to a checked run."""

    confirmed: StrictBool = False


class WhyClosed(Sent):
    """Why a run is not to be posted."""

    why: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class MappingChoice(Sent):
    """Which column is which field: column positions from 0, fields by name, null for a column that is not used."""

    fields: Annotated[
        dict[Annotated[str, StringConstraints(pattern=r"^\d{1,4}$")], payroll.Field | None], Field(max_length=1_000)
    ]


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


class NewDeposit(Sent):
    """The employer's money for one payroll has arrived, all of it."""

    run_id: Text
    received_on: date


class Deposit(BaseModel):
    """What the employer sends for one payroll, and what of it has come."""

    run_id: str
    pay_date: date
    due: Annotated[MoneyText, Field(description="All that is to be sent")]
    due_on: date
    latest_on: date
    received: MoneyText
    received_on: date | None


class JournalLine(BaseModel):
    """One debit and credit of the same amount: money of a dollar account, millionths of a unit of any other."""

    line_no: int
    debit: str
    credit: str
    amount: MoneyText | int
    asset: str
    ref: str


class JournalEntry(BaseModel):
    """One entry with its lines; entries are never changed, only reversed."""

    entry_id: str
    number: int
    event_on: date
    recorded_at: datetime
    recorded_by: str
    reason: str
    cause: str
    reverses: str | None
    lines: list[JournalLine]


class CorrectionChange(BaseModel):
    """What one person's source was credited more (negative: less), and what is held more."""

    employee_id: str
    source: str
    credited: MoneyText
    held: MoneyText


class Correction(BaseModel):
    """What a late fact did to the books."""

    correction_id: str
    origin: str
    entries: list[str]
    credited: MoneyText
    held: MoneyText
    employer: Annotated[MoneyText, Field(description="Of what was credited, what the employer owes more, or less")]
    changed: list[CorrectionChange]
    paragraph: str


class CorrectionCredit(BaseModel):
    """What one person's source gains (negative: loses), for the limitation year that begins then."""

    employee_id: str
    source: str
    year_start: date
    amount: MoneyText
    earnings: MoneyText


class CorrectionStage(BaseModel):
    """What it costs, and until when; no day: from then on."""

    until: date | None
    cost: MoneyText
    text: str


class CorrectionNotice(BaseModel):
    """What one employee is told, the last day for it, and the day on which it was given."""

    employee_id: str
    give_by: date
    text: str
    given_on: date | None = None


class OverpaidMoney(BaseModel):
    """Employer's money that left one person's source before it was taken back: who acts, by when."""

    employee_id: str
    source: str
    amount: MoneyText
    since: Annotated[date, Field(description="The day on which it was paid out, or after which it was taken back")]
    found_on: date
    act_by: Annotated[date | None, Field(description="Until then self-correction is certainly in time")]
    acts: str
    text: str
    cite: str


class OverpaidSettledMoney(BaseModel):
    """What became of overpaid money, with its rule; ``entry_id``: the money that came, null where it was left.

    ``undone_on``: it was wrong, and was taken back.
    """

    decision_id: str
    employee_id: str
    source: str
    became: str
    amount: MoneyText
    on: date
    text: str
    entry_id: str | None
    reason: str
    undone_on: date | None
    undone_because: str


class CorrectionToDecide(BaseModel):
    """One correction that costs the employer money: proposed, approved (and posted), declined or replaced."""

    proposal_id: str
    about: Annotated[str, Field(description="The failure, the payroll that came late, or the plan: facts learned late")]
    state: str
    kind: str
    title: str
    text: str
    paragraph: str
    on: Annotated[date, Field(description="Earnings run to this day")]
    principal: MoneyText
    earnings: MoneyText
    decide_by: date | None
    not_ready: Annotated[str, Field(description="Why it cannot be approved yet; empty: it can")]
    needed: Annotated[list[str], Field(description="What is not on file, and so not counted in it")] = []
    credits: list[CorrectionCredit]
    waiting: list[CorrectionStage]
    notices: list[CorrectionNotice]
    working: Any
    recorded_at: datetime
    ended_at: datetime | None
    reason: str
    replaced_by: str | None


class FailureOnFile(BaseModel):
    """A failure that was recorded, and what it comes to; nothing where nobody is owed anything."""

    failure_id: str
    proposed: CorrectionToDecide | None


class Verification(BaseModel):
    """The proof of the books: ``ok``, what was recomputed, and every difference."""

    ok: bool
    counts: dict[str, int] = {}
    problems: list[dict[str, str]] = []

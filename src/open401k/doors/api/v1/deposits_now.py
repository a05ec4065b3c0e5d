"""Where a plan's deposits stand, as the API says it. Not here: what can be done about them (deposits.py)."""

from datetime import date

from pydantic import BaseModel, Field

from open401k import compliance
from open401k.custody.joins import Gap
from open401k.kernel import Money
from open401k.views import deposit_page


class DepositState(BaseModel):
    """Where a payroll's money is; ``target_on`` is the day to send it by, after ``late_after`` it is late."""

    run_id: str
    pay_date: date
    state: str
    reference: str
    due: str
    outstanding: str
    received: str
    received_on: date | None
    target_on: date
    late_after: date
    by_source: dict[str, str]
    funded_employee: str
    funded_employer: str
    to_do: str = Field(description="Who does what next, where it is not plain; empty: nothing to say")
    lost_earnings: str | None = Field(
        description="What late withheld pay has cost so far; null: in time, or no rate yet"
    )


class OpenLine(BaseModel):
    """A line of a statement that only a person can place."""

    statement_id: str
    line_no: int
    booked_on: date
    amount: str
    text: str


class BookedTwice(BaseModel):
    """A line that was booked though another file had told the same day, sum and words; what each was booked as."""

    line: OpenLine
    booked_as: str
    first_booked_as: str


class Waiting(BaseModel):
    """Money of the employer beyond what was due."""

    entry_id: str
    on: date
    amount: str


class AccountChange(BaseModel):
    """What a bank asks to change about the employer's account; nothing changes before somebody decides."""

    change_id: str
    code: str
    asks: str


class CorrectionMoney(BaseModel):
    """Money that an approved correction asks of the employer; ``reference`` is its name on a statement."""

    proposal_id: str
    title: str
    reference: str
    due_since: date
    due: str
    outstanding: str
    received_on: date | None


class StatementGap(BaseModel):
    """Two statements of an account that do not join; a first and a last day are told where days are missing."""

    after: str = Field(description="The earlier statement, as the bank calls it")
    name: str = Field(description="The later one")
    first_missing: date | None
    last_missing: date | None
    days: int
    moved: str = Field(description="By how much the balance moved between them")


class DepositsNow(BaseModel):
    """All that is known of a plan's deposits."""

    deposits: list[DepositState]
    open_lines: list[OpenLine]
    waiting: list[Waiting]
    changes: list[AccountChange]
    probably_twice: list[BookedTwice] = Field(default_factory=list, description="For a person to look at")
    told_before: list[OpenLine] = Field(
        default_factory=list,
        description="Lines that another file had told, of the last two months; one that is money of its own is placed",
    )
    corrections: list[CorrectionMoney] = Field(
        default_factory=list, description="Money of approved corrections: no payroll's, and due since the approval"
    )
    statement_gaps: list[StatementGap] = Field(
        default_factory=list, description="Statements that do not join: send the one that is missing between them"
    )


def now_of(shown: deposit_page.DepositsPage) -> DepositsNow:
    """The page of deposits in words of the API."""
    return DepositsNow(
        deposits=[_state(each) for each in shown.deposits],
        open_lines=[_open(each) for each in shown.lines],
        probably_twice=[
            BookedTwice(line=_open(each.line), booked_as=each.booked_as, first_booked_as=each.first_booked_as)
            for each in shown.twice
        ],
        told_before=[_open(each) for each in shown.set_aside],
        waiting=[Waiting(entry_id=str(w.entry_id), on=w.on, amount=w.amount.plain()) for w in shown.money],
        changes=[AccountChange(change_id=str(c.account_change_id), code=c.code, asks=c.shown) for c in shown.changes],
        corrections=[_correction(each) for each in shown.corrections],
        statement_gaps=[_gap(each) for each in shown.gaps],
    )


def _correction(each: compliance.CorrectionOwed) -> CorrectionMoney:
    return CorrectionMoney(
        proposal_id=str(each.proposal_id),
        title=each.title,
        reference=each.reference,
        due_since=each.due_on,
        due=each.due.plain(),
        outstanding=each.outstanding.plain(),
        received_on=each.received_on,
    )


def _gap(each: Gap) -> StatementGap:
    return StatementGap(
        after=each.after,
        name=each.name,
        first_missing=each.first if each.days else None,
        last_missing=each.last if each.days else None,
        days=each.days,
        moved=Money(each.cents).plain(),
    )


def _open(each: deposit_page.WaitingLine) -> OpenLine:
    return OpenLine(
        statement_id=each.statement_id,
        line_no=each.line_no,
        booked_on=each.booked_on,
        amount=each.amount.plain(),
        text=each.text,
    )


def _state(each: deposit_page.DepositLine) -> DepositState:
    return DepositState(
        run_id=str(each.run_id),
        pay_date=each.pay_date,
        state=each.state,
        reference=each.reference,
        due=each.due.plain(),
        outstanding=each.outstanding.plain(),
        received=each.received.plain(),
        received_on=each.received_on,
        target_on=each.target_on,
        late_after=each.late_after,
        by_source={name: amount.plain() for name, amount in each.sources},
        funded_employee=each.employee_funded.plain(),
        funded_employer=each.employer_funded.plain(),
        to_do=each.to_do,
        lost_earnings=each.late.owed.plain() if each.late and each.late.owed is not None else None,
    )

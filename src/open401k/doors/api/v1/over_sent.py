"""Giving back what nobody elected, and money of payrolls that is over, by API. Not here: deposits as they come."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from open401k.base.access import Permission
from open401k.kernel import Money
from open401k.recordkeeping.over_sent import OverDecided, Way
from open401k.views import deposit_page, over_sent

from ... import over_sent as door
from ...guard import Caller, Needs
from ...texts import Sent, Text
from .once import answered, key_of

router = APIRouter(tags=["Deposits"])
Key = Annotated[str, Depends(key_of)]
Reader = Annotated[Caller, Depends(Needs(Permission.LEDGER_VIEW))]
Mover = Annotated[Caller, Depends(Needs(Permission.PLAN_CHANGE))]


class OverPerson(BaseModel):
    """Somebody from whom the corrected file withholds less."""

    employee_id: str
    amount: str


class OverSaid(BaseModel):
    """What a person said of an amount; ``undone_on``: it was wrong, and was taken back."""

    decision_id: str
    way: Way
    amount: str
    earnings: str | None
    on: date
    text: str
    reason: str
    undone_on: date | None
    undone_because: str


class OverSent(BaseModel):
    """A payroll that a corrected file lowered: what of its money is over, whose it was, and what to tell payroll."""

    run_id: str
    pay_date: date
    withheld: str
    employer: str
    ways: list[Way]
    return_until: date | None
    people: list[OverPerson]
    to_payroll: str
    notice: str
    said: list[OverSaid]


class OverSentList(BaseModel):
    """Each of them."""

    items: list[OverSent]


class SaidOfOver(Sent):
    """What becomes of an amount; ``earnings`` with what is distributed to the employee, and with nothing else."""

    run_id: Text
    way: Way
    amount: Text
    earnings: Text | None = None
    on: date
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


class WasWrong(Sent):
    """Why what was said is taken back."""

    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


class ToGiveBack(Sent):
    """One case of more withheld than elected, or before entry: whose, and its first pay date."""

    employee_id: Text
    first: date


class WentBack(BaseModel):
    """What is not in the plan any more, of which pay dates, and corrected payrolls that wait for somebody."""

    amount: str
    pay_dates: list[date]
    waits: list[str]
    text: str


@router.get("/plans/{plan_id}/deposits/over")
def list_over(caller: Reader) -> OverSentList:
    """Payrolls that a corrected file lowered, with what of their money is over."""
    with caller.begin() as tx:
        shown = deposit_page.load(tx, tenant_id=caller.tenant, plan_id=caller.plan)
    return OverSentList(items=[_over(each) for each in shown.lowered])


@router.post("/plans/{plan_id}/deposits/over", status_code=201)
def settle_over(caller: Mover, key: Key, sent: SaidOfOver) -> OverSentList:
    """A person says what becomes of money that is over: each case has one way back."""
    body = sent.model_dump_json().encode()

    def work() -> dict[str, Any]:
        door.settle(
            caller.services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan, key=key,
            run=sent.run_id, way=sent.way, amount=sent.amount, earnings=sent.earnings or "", on=sent.on,
            reason=sent.reason,
        )  # fmt: skip
        return list_over(caller).model_dump(mode="json")

    return OverSentList.model_validate(answered(caller, key=key, what=f"over {caller.plan}", body=body, work=work))


@router.post("/plans/{plan_id}/deposits/over/{decision_id}/undo")
def undo_over(caller: Mover, key: Key, decision_id: str, sent: WasWrong) -> OverSaid:
    """Take back what was said of such money, with a reason: it is over again, and a person says what it is.

    Not once the money that waits by it paid something or went back to the employer.
    """

    def work() -> dict[str, Any]:
        of: dict[str, Any] = {"actor": caller.actor, "tenant_id": caller.tenant, "plan_id": caller.plan}
        done = door.undo(caller.services.db, **of, decision=decision_id, reason=sent.reason)
        return _said(done).model_dump(mode="json")

    body = sent.model_dump_json().encode()
    return OverSaid.model_validate(answered(caller, key=key, what=f"undo over {decision_id}", body=body, work=work))


@router.post("/plans/{plan_id}/withholding-cases/give-back", status_code=201)
def give_back(caller: Mover, key: Key, sent: ToGiveBack) -> WentBack:
    """A person approves that what payroll withheld beyond an election goes back, by corrected payrolls."""
    body = sent.model_dump_json().encode()

    def work() -> dict[str, Any]:
        done = door.give(
            caller.services.db, actor=caller.actor, tenant_id=caller.tenant, plan_id=caller.plan,
            employee=sent.employee_id, first=sent.first,
        )  # fmt: skip
        return {
            "amount": Money(done.cents).plain(),
            "pay_dates": [day.isoformat() for day in done.pay_dates],
            "waits": [str(run_id) for run_id in done.waits],
            "text": door.given_words(done),
        }

    return WentBack.model_validate(answered(caller, key=key, what=f"give back {caller.plan}", body=body, work=work))


def _over(each: over_sent.OverLine) -> OverSent:
    return OverSent(
        run_id=str(each.run_id),
        pay_date=each.pay_date,
        withheld=each.withheld.plain(),
        employer=each.employer.plain(),
        ways=[Way(way) for way in each.ways],
        return_until=each.return_until,
        people=[OverPerson(employee_id=str(one.employee_id), amount=one.amount.plain()) for one in each.people],
        to_payroll=each.to_payroll,
        notice=each.notice,
        said=[_said(one) for one in each.said],
    )


def _said(one: OverDecided) -> OverSaid:
    return OverSaid(
        decision_id=str(one.decision_id), way=one.way, amount=Money(one.cents).plain(),
        earnings=None if one.earnings_cents is None else Money(one.earnings_cents).plain(), on=one.on, text=one.words,
        reason=one.reason, undone_on=one.undone_on, undone_because=one.undone_because,
    )  # fmt: skip

"""What payroll is told of loans, and what a payroll shows of it. Not here: deferrals (write_back.py)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from open401k import census, payroll, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, SponsorId
from open401k.payroll import write_back
from open401k.payroll.providers import Rate

from .write_back_leavers import paid_yet

_LOAN = payroll.Field.LOAN_PAYMENT


def repaying(told: Iterable[write_back.Instruction]) -> bool:
    """Whether payroll was ever told of a loan: then it is told of the end of it, too."""
    return any(each.slot.means is _LOAN for each in told)


def loans_wanted(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, days: int | None, on: date, today: date
) -> list[write_back.Wanted]:
    """What each paycheck is to repay of each loan of who works here; several loans of a person are several.

    ``days`` from paycheck to paycheck. A loan that is repaid is wanted no more, and so stopped.
    """
    known = [each for each in recordkeeping.repayments(tx, tenant_id=tenant_id, plan_id=plan_id) if not each.paid_off]
    who = sorted({each.loan.employee_id for each in known})
    people = census.roster(tx, tenant_id=tenant_id, employee_ids=who) if who else []
    paid = {each.employee_id for each in paid_yet(people, on)}
    return [_wanted(each, days, on, today) for each in known if each.loan.employee_id in paid]


def _wanted(each: recordkeeping.Repayment, days: int | None, on: date, today: date) -> write_back.Wanted:
    slot, why = write_back.Slot(each.loan.employee_id, _LOAN, each.loan.reference), f"Loan of {each.loan.loan_on}"
    leave = next((one for one in each.loan.leaves if one.holds(on)), None)
    if leave is not None:
        return write_back.Wanted(slot, None, max(leave.leave_on, today), f"{why}, paused until {leave.until}.")
    rate = Rate(cents=recordkeeping.per_paycheck(each, on=on, days=days))
    why += f", repaid by {each.loan.schedule.installments[-1].due_on}."
    return write_back.Wanted(slot, rate, max(each.loan.loan_on, today), why)


def loans_shown(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    instructions: Sequence[write_back.Instruction],
    paid: Collection[EmployeeId],
    pay_date: date,
) -> tuple[dict[write_back.Slot, int], dict[write_back.Slot, int]]:
    """What payroll was last told to withhold for each loan of who was paid, and what it withheld."""
    told = [
        each
        for each in instructions
        if each.slot.means is _LOAN
        and each.slot.employee_id in paid
        and each.effective_on <= pay_date
        and each.state is not write_back.State.REPLACED
    ]
    if not told:
        return {}, {}
    expected = {each.slot: 0 if each.rate is None else each.rate.cents or 0 for each in told}  # the last one stays
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    who = sorted({each.slot.employee_id for each in told})
    withheld: dict[write_back.Slot, int] = {}
    for each in recordkeeping.repayments(tx, **of, employee_ids=who):
        slot = write_back.Slot(each.loan.employee_id, _LOAN, each.loan.reference)
        withheld[slot] = sum(one.payment.cents for one in each.repaid if one.payment.pay_date == pay_date)
    return expected, withheld

"""Student loan payments as both doors and the terminal tell them: parsed in one way, refused in the same words."""

from datetime import date

from open401k import recordkeeping
from open401k.base.db import Actor, Database
from open401k.flows.student_loans import Certified, certify
from open401k.kernel import EmployeeId, FlowId, Money, PlanId, Refused, SponsorId, day_of, named_uuid

from .declaring import day_of_year
from .problems import Problem, ProblemError


def put_on_file(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    payment: recordkeeping.StudentLoanPayment,
    key: str,
) -> None:
    """Record what was certified, or take it back; the same key is the same payment."""
    flow_id = FlowId(named_uuid("student loan payment", str(tenant_id), str(plan_id), key))
    with db.begin(actor, tenants=[tenant_id]) as tx:
        today = day_of(tx.now)
    if payment.certified_on > today:
        fix = "Tell it on that day."
        raise ProblemError(Problem(422, "day_in_future", f"{payment.certified_on} is still to come.", fix=fix))
    done = certify(db, actor=actor, certified=Certified(tenant_id, plan_id, flow_id, payment))
    if isinstance(done, Refused):
        raise ProblemError(Problem(422, str(done.reason), "Nothing was recorded.", done.message, done.fix))


def payment_of(
    *, employee: str, paid_on: str, amount: str, certified_on: str, loan: str = ""
) -> recordkeeping.StudentLoanPayment:
    """As people write it."""
    try:
        who = EmployeeId.parse(employee)
    except ValueError:
        fix = "Name somebody of the plan, as emp_..."
        raise ProblemError(Problem(422, "employee_invalid", f"{employee!r} is nobody.", fix=fix)) from None
    return recordkeeping.StudentLoanPayment(
        employee_id=who,
        paid_on=_day(paid_on, "the day it was paid"),
        cents=_cents(amount),
        certified_on=_day(certified_on, "the day it was certified"),
        loan=loan.strip(),
    )


def _day(text: str, name: str) -> date:
    return day_of_year(text.strip(), name)


def _cents(text: str) -> int:
    try:
        found = Money.typed(text).cents
    except ValueError:
        fix = "Write it in dollars and cents, as 312.50."
        raise ProblemError(Problem(422, "amount_invalid", f"{text!r} is no amount.", fix=fix)) from None
    return found

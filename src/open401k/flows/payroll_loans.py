"""Loan payments of a payroll, repaid in the books. Not here: checking them (payroll_loans_check.py), how one splits."""

from collections.abc import Sequence
from datetime import date

from open401k import recordkeeping
from open401k.base.db import Tx
from open401k.kernel import PlanId, Refused, RunId, SponsorId
from open401k.payroll import runs
from open401k.recordkeeping import LoanPayment

from .payroll_loans_check import LoanWithheld
from .payroll_settle import PostingRefused


def repaid(tx: Tx, *, tenant_id: SponsorId, run: runs.Run, pay_date: date, withheld: Sequence[LoanWithheld]) -> int:
    """Record what a payroll withheld for loans and settle their books; cents that the employer owes for it.

    A corrected payroll takes back what the one that it replaces repaid, and may so owe less than nothing.
    """
    touched = set()
    if run.replaces is not None:
        touched = recordkeeping.loans_of_run(tx, tenant_id=tenant_id, run_id=run.replaces)
    if not withheld and not touched:
        return 0
    payments = _matched(tx, tenant_id, run.plan_id, run.run_id, pay_date, withheld)
    recordkeeping.record_payments(tx, tenant_id=tenant_id, plan_id=run.plan_id, run_id=run.run_id, payments=payments)
    settled = recordkeeping.settle_loans(
        tx,
        tenant_id=tenant_id,
        plan_id=run.plan_id,
        loans=touched | {each.loan_id for each in payments},
        key=f"payroll/{run.run_id}",
        cause=str(run.run_id),
    )
    if isinstance(settled, Refused):
        raise PostingRefused(settled)
    return settled


def _matched(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, run_id: RunId, pay_date: date, withheld: Sequence[LoanWithheld]
) -> list[LoanPayment]:
    if not withheld:
        return []
    who = sorted({each.employee_id for each in withheld})
    known = recordkeeping.repayments(tx, tenant_id=tenant_id, plan_id=plan_id, employee_ids=who)
    found = []
    for each in withheld:
        mine = [one for one in known if one.loan.employee_id == each.employee_id]
        meant = recordkeeping.named_loan(mine, each.reference, on=pay_date)
        if meant is None:  # it was there when the payroll was checked
            message = f"Row {each.row} repays a loan {each.reference!r} that is not on file."
            fix = "Correct the reference."
            raise PostingRefused(Refused(recordkeeping.LoanRefusal.LOAN_UNKNOWN, message, fix))
        found.append(LoanPayment(meant.loan.loan_id, run_id, each.row, each.place, pay_date, each.cents))
    return found

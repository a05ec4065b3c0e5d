"""Loans against what was lent and repaid. Finds damage, mends nothing."""

from open401k import payroll, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import SponsorId

from .proof import Problem, Proof


def check_loans(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """Every payment is posted as it repays its loan, notes hold what is owed, and what was withheld is what is due."""
    for each in plan.list_plans(tx, tenant_id=tenant_id):
        loans, damage = recordkeeping.loan_damage(tx, tenant_id=tenant_id, plan_id=each.plan_id)
        if loans:
            proof.count("loans", loans)
        for found in damage:
            proof.problems.append(Problem(str(tenant_id), "recordkeeping", "loan", found.where, found.message))
        due = payroll.remittance.recorded(tx, tenant_id=tenant_id, plan_id=each.plan_id)
        remitted = sum(one.loan_cents for one in due)
        repaid = recordkeeping.repaid_cents(tx, tenant_id=tenant_id, plan_id=each.plan_id) if loans else 0
        if remitted != repaid:
            message = f"payrolls owe {remitted} cents of loan payments, {repaid} are in the books"
            proof.problems.append(Problem(str(tenant_id), "payroll", "loan", str(each.plan_id), message))

"""Forfeitures against the facts, the ledger, and the payrolls they paid for. Finds damage, mends nothing."""

from open401k import ledger, payroll, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId

from .proof import Problem, Proof


def check_forfeitures(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """What was posted followed from what was known; the account holds it less the uses; payrolls owe that much less."""
    for each in plan.list_plans(tx, tenant_id=tenant_id):
        if not recordkeeping.keeps_forfeitures(tx, tenant_id=tenant_id, plan_id=each.plan_id):
            continue
        proof.count("forfeiture_accounts")
        for found in recordkeeping.forfeiture_damage(tx, tenant_id=tenant_id, plan_id=each.plan_id):
            proof.problems.append(Problem(str(tenant_id), "recordkeeping", "forfeiture", found.where, found.message))
        for where, message in _of_account(tx, tenant_id, each.plan_id):
            proof.problems.append(Problem(str(tenant_id), "recordkeeping", "forfeiture", where, message))


def _of_account(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[str, str]]:
    account = recordkeeping.forfeiture_account(tx, tenant_id=tenant_id, plan_id=plan_id)
    found = []
    balance = ledger.balances(tx, tenant_id=tenant_id, plan_id=plan_id).total(ledger.Kind.FORFEITURES)
    left = sum(each.left_cents for each in account.lots)
    if not balance == account.balance_cents == left:
        found.append((str(plan_id), f"the account holds {balance} cents, {left} are left of what arose"))
    used = recordkeeping.used_for_payrolls(tx, tenant_id=tenant_id, plan_id=plan_id)
    owed = payroll.remittance.recorded(tx, tenant_id=tenant_id, plan_id=plan_id)
    less = {str(each.run_id): each.forfeiture_cents for each in owed if each.forfeiture_cents}
    for run_id in sorted(used.keys() | less.keys()):
        if used.get(run_id, 0) != less.get(run_id, 0):
            message = f"{used.get(run_id, 0)} cents were used, the payroll asks for {less.get(run_id, 0)} less"
            found.append((run_id, message))
    return found

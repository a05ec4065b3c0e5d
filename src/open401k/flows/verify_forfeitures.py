"""Forfeitures against the facts, the ledger, and the payrolls they paid for. Finds damage, mends nothing."""

from open401k import plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import SponsorId

from .proof import Problem, Proof


def check_forfeitures(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """What was posted by the last day followed from what was known, and every entry moved what is kept of it."""
    for each in plan.list_plans(tx, tenant_id=tenant_id):
        if not recordkeeping.keeps_forfeitures(tx, tenant_id=tenant_id, plan_id=each.plan_id):
            continue
        proof.count("forfeiture_accounts")
        for found in recordkeeping.forfeiture_damage(tx, tenant_id=tenant_id, plan_id=each.plan_id):
            proof.problems.append(Problem(str(tenant_id), "recordkeeping", "forfeiture", found.where, found.message))

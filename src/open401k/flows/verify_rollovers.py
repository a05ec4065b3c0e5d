"""Rollovers against what was booked of them. Finds damage, mends nothing."""

from open401k import plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import SponsorId
from open401k.recordkeeping.rollover_withheld import withheld_damage

from .proof import Problem, Proof


def check_rollovers(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """Every entry of a rollover moved what its fact says, by person and source, and no entry is without one."""
    for each in plan.list_plans(tx, tenant_id=tenant_id):
        rollovers, damage = recordkeeping.rollover_damage(tx, tenant_id=tenant_id, plan_id=each.plan_id)
        if rollovers:
            proof.count("rollovers", rollovers)
        back = recordkeeping.invalid_damage(tx, tenant_id=tenant_id, plan_id=each.plan_id) if rollovers else ()
        tax = withheld_damage(tx, tenant_id=tenant_id, plan_id=each.plan_id) if rollovers else ()
        for found in (*damage, *back, *tax):
            proof.problems.append(Problem(str(tenant_id), "recordkeeping", "rollover", found.where, found.message))

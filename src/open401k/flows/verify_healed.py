"""Proposed and posted corrections against the facts as then known, the audit trail and the books. Mends nothing."""

from open401k import compliance, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import SponsorId
from open401k.recordkeeping import over_sent, overpaid_decided
from open401k.recordkeeping.deposits import left_payrolls

from .heal_approved import key_of, moves_money
from .proof import Problem, Proof


def check_healed(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """Each proposal is what was said and follows from what was known; each approved one is in the books, once."""
    known = compliance.proposals(tx, tenant_id=tenant_id)
    if known:
        proof.count("corrections", len(known))

    def problem(kind: str, where: object, message: str) -> None:
        proof.problems.append(Problem(str(tenant_id), "compliance", kind, str(where), message))

    for each in known:
        if compliance.was_changed(tx, tenant_id=tenant_id, proposal=each):
            problem("correction", each.proposal_id, "it is not what the audit trail says")
    differing = compliance.verify_failure_proposals(tx, tenant_id=tenant_id, known=known)
    differing += compliance.verify_late_facts(tx, tenant_id=tenant_id, known=known)
    differing += compliance.verify_excess_additions(tx, tenant_id=tenant_id, known=known)
    for found in differing:
        problem("correction", found.proposal_id, f"stored {found.stored}, recomputed {found.recomputed}")
    owed = {
        key_of(each.proposal_id) for each in known if each.as_approved is not None and moves_money(each.as_approved)
    }
    posted = recordkeeping.corrective_posted(tx, tenant_id=tenant_id)
    for key in sorted(owed - posted.keys()):
        problem("correction", key, "it was approved and is not in the books")
    for key in sorted(posted.keys() - owed):
        problem("correction", key, "it is in the books and was not approved")
    for each in known:
        content, found_cents = each.as_approved, posted.get(key_of(each.proposal_id))
        if content is not None and found_cents is not None and found_cents != content.posted_cents:
            message = f"approved {content.posted_cents} cents, posted {found_cents}"
            problem("correction", each.proposal_id, message)
    for each_plan in plan.list_plans(tx, tenant_id=tenant_id):
        for message in recordkeeping.changed_late_payrolls(tx, tenant_id=tenant_id, plan_id=each_plan.plan_id):
            problem("late_payroll", each_plan.plan_id, message)
        for where, message in recordkeeping.overpaid.damage(tx, tenant_id=tenant_id, plan_id=each_plan.plan_id):
            problem("overpaid", where, message)
        for where, message in overpaid_decided.damage(tx, tenant_id=tenant_id, plan_id=each_plan.plan_id):
            problem("overpaid_decided", where, message)
        left = left_payrolls(tx, tenant_id=tenant_id, plan_id=each_plan.plan_id)
        for where, message in over_sent.damage(tx, tenant_id=tenant_id, plan_id=each_plan.plan_id, left=left):
            problem("over_sent", where, message)
    for damage in recordkeeping.corrective_damage(tx, tenant_id=tenant_id):
        where = f"{damage.entry_id} {damage.employee_id} {damage.source}"
        problem("corrective", where, f"kept {damage.kept_cents} cents, moved {damage.moved_cents}")

"""A use of forfeitures as both doors and the terminal ask for it: approved, or refused in the same words."""

from open401k.base.db import Actor, Database
from open401k.flows.forfeiting import approve_use
from open401k.kernel import FlowId, PlanId, Refused, SponsorId, named_uuid
from open401k.law.forfeitures import ForfeitureUse
from open401k.recordkeeping import Approval

from .problems import Problem, ProblemError


def approve(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    key: str,
    used_for: ForfeitureUse,
    cents: int,
    reference: str,
) -> Approval:
    """A person says what forfeitures are used for; once for a key."""
    done = approve_use(
        db,
        actor=actor,
        tenant_id=tenant_id,
        plan_id=plan_id,
        approval_id=FlowId(named_uuid("forfeiture_use", str(tenant_id), str(plan_id), key)),
        used_for=used_for,
        cents=cents,
        reference=reference,
    )
    if isinstance(done, Refused):
        status = 409 if str(done.reason) == "key_reused" else 422
        raise ProblemError(Problem(status, str(done.reason), "The use was not approved.", done.message, done.fix))
    return done

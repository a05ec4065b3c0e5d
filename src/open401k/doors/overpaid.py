"""What becomes of money paid out before it was taken back, as every door takes it. Not here: the rules."""

from datetime import date
from typing import Any

from open401k.base.db import Actor, Database
from open401k.flows.overpaid_decided import decide_overpaid, undo_overpaid
from open401k.kernel import EmployeeId, Money, PlanId, Source, SponsorId, named_uuid
from open401k.recordkeeping.overpaid_decided import Became, Decided, Decision

from .decided import decision_id_of, reason_of, recorded, wrong


def settle(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    key: str,
    employee: str,
    source: str,
    became: str,
    amount: str,
    on: date,
    reason: str,
    within_limits: bool,
    line: str = "",
) -> Decided:
    """Record it, once for a key; refusals become problems."""
    if became not in tuple(Became):
        raise wrong("became_unknown", f"{became!r} is nothing that it may become.", f"Say {', '.join(Became)}.")
    if source not in tuple(Source):
        raise wrong("source_unknown", f"{source!r} is no source.", "Take it from the list of what is overpaid.")
    try:
        cents, who = Money.usd(amount).cents, EmployeeId.parse(employee)
    except ValueError as error:
        raise wrong("amount_invalid", f"{error}", "Write it like 400.00, and take the person from the list.") from None
    why = reason_of(reason)
    if line not in ("", "same", "other"):
        raise wrong("line_unknown", f"{line!r} is nothing that a line of the bank may be.", "Say same or other.")
    decision = Decision(
        named_uuid("overpaid", str(tenant_id), str(plan_id), key), who, Source(source), Became(became), cents, on,
        why, within_limits, line,
    )  # fmt: skip
    return recorded(decide_overpaid(db, actor=actor, tenant_id=tenant_id, plan_id=plan_id, decision=decision))


def undo(db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, decision: str, reason: str) -> Decided:
    """Take back what was recorded, once; refusals become problems."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id}
    return recorded(undo_overpaid(db, **of, decision_id=decision_id_of(decision), reason=reason_of(reason)))

"""What becomes of money paid out before it was taken back, as every door takes it. Not here: the rules."""

from datetime import date
from typing import Any
from uuid import UUID

from open401k.base.db import Actor, Database
from open401k.flows.overpaid_decided import Answer, decide_overpaid, undo_overpaid
from open401k.kernel import EmployeeId, Money, PlanId, Refused, Source, SponsorId, named_uuid
from open401k.recordkeeping.overpaid_decided import Became, Decided, Decision

from .problems import NOT_FOUND, Problem, ProblemError


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
        raise _wrong("became_unknown", f"{became!r} is nothing that it may become.", f"Say {', '.join(Became)}.")
    if source not in tuple(Source):
        raise _wrong("source_unknown", f"{source!r} is no source.", "Take it from the list of what is overpaid.")
    try:
        cents, who = Money.usd(amount).cents, EmployeeId.parse(employee)
    except ValueError as error:
        raise _wrong("amount_invalid", f"{error}", "Write it like 400.00, and take the person from the list.") from None
    _said(reason)
    if line not in ("", "same", "other"):
        raise _wrong("line_unknown", f"{line!r} is nothing that a line of the bank may be.", "Say same or other.")
    decision = Decision(
        named_uuid("overpaid", str(tenant_id), str(plan_id), key), who, Source(source), Became(became), cents, on,
        reason.strip(), within_limits, line,
    )  # fmt: skip
    return _done(decide_overpaid(db, actor=actor, tenant_id=tenant_id, plan_id=plan_id, decision=decision))


def undo(db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, decision: str, reason: str) -> Decided:
    """Take back what was recorded, once; refusals become problems."""
    try:
        decision_id = UUID(decision)
    except ValueError:
        raise ProblemError(NOT_FOUND) from None
    _said(reason)
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id}
    return _done(undo_overpaid(db, **of, decision_id=decision_id, reason=reason.strip()))


def _done(answer: Answer) -> Decided:
    if isinstance(answer, Refused):
        status = {"key_reused": 409, "no_such_decision": 404}.get(str(answer.reason), 422)
        raise ProblemError(Problem(status, str(answer.reason), "Not recorded.", answer.message, answer.fix))
    return answer


def _said(reason: str) -> None:
    if not reason.strip() or len(reason) > 500:
        raise _wrong("reason_missing", "Why is not said in 1 to 500 characters.", "Say who decided, and on what.")


def _wrong(code: str, message: str, fix: str) -> ProblemError:
    return ProblemError(Problem(422, code, "Not recorded.", message, fix))

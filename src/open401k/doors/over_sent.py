"""Money that a corrected payroll left over, and giving back what nobody elected, as every door takes it."""

from datetime import date
from typing import Any
from uuid import UUID

from open401k.base.db import Actor, Database
from open401k.flows.give_back import GivenBack, give_back
from open401k.flows.over_sent import decide_over, undo_over
from open401k.kernel import EmployeeId, Money, PlanId, Refused, RunId, SponsorId, named_uuid
from open401k.recordkeeping.over_sent import OverDecided, OverDecision, OverRefusal, Way

from .problems import NOT_FOUND, Problem, ProblemError


def settle(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    key: str,
    run: str,
    way: str,
    amount: str,
    earnings: str,
    on: date,
    reason: str,
) -> OverDecided:
    """Record what becomes of an amount, once for a key; refusals become problems."""
    if way not in tuple(Way):
        raise _wrong("way_unknown", f"{way!r} is no way.", f"Say {', '.join(Way)}.")
    try:
        run_id, cents = RunId.parse(run), Money.usd(amount).cents
        earned = Money.usd(earnings).cents if earnings else None
    except ValueError as error:
        raise _wrong(
            "amount_invalid", f"{error}", "Write it like 364.00, and take the payroll from the list."
        ) from None
    if earned is not None and earned < 0:
        raise _wrong("amount_invalid", "Earnings below zero are not paid.", "Say the amount, and 0.00 of earnings.")
    _said(reason)
    decision = OverDecision(
        named_uuid("over", str(tenant_id), str(plan_id), key), run_id, Way(way), cents, on, reason.strip(), earned
    )
    return _done(decide_over(db, actor=actor, tenant_id=tenant_id, plan_id=plan_id, decision=decision))


def undo(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, decision: str, reason: str
) -> OverDecided:
    """Take back what was recorded, once; refusals become problems."""
    try:
        decision_id = UUID(decision)
    except ValueError:
        raise ProblemError(NOT_FOUND) from None
    _said(reason)
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id}
    return _done(undo_over(db, **of, decision_id=decision_id, reason=reason.strip()))


def give(db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, employee: str, first: date) -> GivenBack:
    """A person approves that what nobody elected goes back; refusals become problems."""
    try:
        who = EmployeeId.parse(employee)
    except ValueError as error:
        raise _wrong("employee_unknown", f"{error}", "Take the person from the list.") from None
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id}
    done = give_back(db, **of, employee_id=who, first=first)
    if isinstance(done, Refused):
        raise ProblemError(Problem(422, str(done.reason), "Nothing went back.", done.message, done.fix))
    return done


def given_words(done: GivenBack) -> str:
    """What happened, and what is to be done now."""
    waits = f" {len(done.waits)} corrected payrolls wait for somebody, under Payrolls." if done.waits else ""
    if not done.pay_dates:
        return f"Nothing is in the books yet.{waits}"
    return (
        f"{Money(done.cents)} is not in the plan any more, nor the match on it. Deposits has what to tell payroll, and "
        f"what of it was sent already.{waits}"
    )


def _done(answer: OverDecided | Refused[OverRefusal]) -> OverDecided:
    if isinstance(answer, Refused):
        status = {"key_reused": 409, "no_such_decision": 404}.get(str(answer.reason), 422)
        raise ProblemError(Problem(status, str(answer.reason), "Not recorded.", answer.message, answer.fix))
    return answer


def _said(reason: str) -> None:
    if not reason.strip() or len(reason) > 500:
        raise _wrong("reason_missing", "Why is not said in 1 to 500 characters.", "Say who decided, and on what.")


def _wrong(code: str, message: str, fix: str) -> ProblemError:
    return ProblemError(Problem(422, code, "Not recorded.", message, fix))

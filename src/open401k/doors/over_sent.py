"""Money that a corrected payroll left over, and giving back what nobody elected, as every door takes it."""

from datetime import date
from typing import Any

from open401k.base.db import Actor, Database
from open401k.flows.give_back import GivenBack, give_back
from open401k.flows.over_sent import decide_over, undo_over
from open401k.kernel import EmployeeId, Money, PlanId, Refused, RunId, SponsorId, named_uuid
from open401k.recordkeeping.over_sent import OverDecided, OverDecision, Way

from .decided import decision_id_of, reason_of, recorded, wrong
from .problems import Problem, ProblemError


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
        raise wrong("way_unknown", f"{way!r} is no way.", f"Say {', '.join(Way)}.")
    try:
        run_id, cents = RunId.parse(run), Money.usd(amount).cents
        earned = Money.usd(earnings).cents if earnings else None
    except ValueError as error:
        raise wrong("amount_invalid", f"{error}", "Write it like 364.00, and take the payroll from the list.") from None
    if earned is not None and earned < 0:
        raise wrong("amount_invalid", "Earnings below zero are not paid.", "Say the amount, and 0.00 of earnings.")
    why = reason_of(reason)
    decision = OverDecision(
        named_uuid("over", str(tenant_id), str(plan_id), key), run_id, Way(way), cents, on, why, earned
    )
    return recorded(decide_over(db, actor=actor, tenant_id=tenant_id, plan_id=plan_id, decision=decision))


def undo(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, decision: str, reason: str
) -> OverDecided:
    """Take back what was recorded, once; refusals become problems."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": tenant_id, "plan_id": plan_id}
    return recorded(undo_over(db, **of, decision_id=decision_id_of(decision), reason=reason_of(reason)))


def give(db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, employee: str, first: date) -> GivenBack:
    """A person approves that what nobody elected goes back; refusals become problems."""
    try:
        who = EmployeeId.parse(employee)
    except ValueError as error:
        raise wrong("employee_unknown", f"{error}", "Take the person from the list.") from None
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

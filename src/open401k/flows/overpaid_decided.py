"""What becomes of money that left before it was taken back, as a person says; a line of the bank that shows it.

Money flow: employer receivable -> cash clearing for what came again; nothing where it is left with the person.
"""

from open401k import custody, recordkeeping
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.custody.statements import Kind, Line
from open401k.kernel import Open401kError, PlanId, Refused, SponsorId, day_of
from open401k.recordkeeping import overpaid_decided
from open401k.recordkeeping.overpaid_decided import CAME_AGAIN, SAME_MONEY, Decided, Decision, DecisionRefusal

Answer = Decided | Refused[DecisionRefusal]


def decide_overpaid(db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, decision: Decision) -> Answer:
    """Record it, once for its id."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)
        return overpaid_decided.decide(
            tx, tenant_id=tenant_id, plan_id=plan_id, decision=decision, today=day_of(tx.now)
        )


def place_overpaid(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, line: Line) -> bool:
    """Whether a line of the bank is money that a person said had come again; it is in the books already."""
    if line.line.cents <= 0 or line.line.return_code:
        return False
    known = overpaid_decided.decided(tx, tenant_id=tenant_id, plan_id=plan_id)
    fitting = [
        each.entry_id
        for each in known
        if each.entry_id and each.cents == line.line.cents and abs(each.on - line.line.booked_on) <= SAME_MONEY
    ]
    if not fitting:
        return False
    seen = {each.entry_id for each in custody.statements.findings(tx, tenant_id=tenant_id, plan_id=plan_id)}
    entry_id = next((each for each in fitting if each not in seen), None)
    if entry_id is None:
        return False
    custody.statements.note(
        tx, tenant_id=tenant_id, plan_id=plan_id, line=line, kind=Kind.SEEN_BEFORE, cents=line.line.cents,
        rule="overpaid, same money", entry_id=entry_id,
    )  # fmt: skip
    return True


def refuse_overpaid(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, money: recordkeeping.Deposited) -> None:
    """Money that was overpaid and came again, and what is left of it, is not given back."""
    known = overpaid_decided.decided(tx, tenant_id=tenant_id, plan_id=plan_id)
    if money.reference.startswith(CAME_AGAIN) or money.entry_id in {each.entry_id for each in known}:
        raise Open401kError("It came back to the plan, and stays.", fix="Let it pay what the employer owes next.")

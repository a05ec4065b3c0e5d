"""What becomes of money that left before it was taken back, as a person says; a line of the bank that shows it.

Money flow: employer receivable -> cash clearing for what came again; nothing where it is left with the person.
"""

from typing import Any
from uuid import UUID

from open401k import custody, recordkeeping
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.custody.statements import Kind, Line
from open401k.kernel import EntryId, Open401kError, PlanId, Refused, SponsorId, day_of
from open401k.recordkeeping import overpaid_decided
from open401k.recordkeeping.deposits import ever_waited
from open401k.recordkeeping.overpaid_decided import Decided, Decision, DecisionRefusal

from .bank_posting import read_books
from .overpaid_line import paid_by_sum

Answer = Decided | Refused[DecisionRefusal]


def decide_overpaid(db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, decision: Decision) -> Answer:
    """Record it, once for its id; a line of the bank that waited with that money has its place."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)
        of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "decision": decision}
        if (refused := overpaid_decided.may_be(tx, **of, today=day_of(tx.now)) or paid_by_sum(tx, **of)) is not None:
            return refused
        done = overpaid_decided.decide(tx, **of, today=day_of(tx.now))
        if isinstance(done, Decided) and done.entry_id is not None:
            owed = {each.outstanding_cents for each in read_books(tx, tenant_id=tenant_id, plan_id=plan_id).expected}
            for line in custody.statements.lines(tx, tenant_id=tenant_id, plan_id=plan_id):
                if line.line.cents not in owed:  # else it may be that payroll's: a person says
                    place_overpaid(tx, tenant_id=tenant_id, plan_id=plan_id, line=line)
        return done


def undo_overpaid(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, decision_id: UUID, reason: str
) -> Answer:
    """What was recorded was wrong: it is open again. Money that no bank has shown leaves the books."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)
        known = overpaid_decided.ever_decided(tx, tenant_id=tenant_id, plan_id=plan_id)
        entry_id = next((each.entry_id for each in known if each.decision_id == decision_id), None)
        shown = entry_id is not None and entry_id in _seen(tx, tenant_id, plan_id)
        return overpaid_decided.undo(
            tx, tenant_id=tenant_id, plan_id=plan_id, decision_id=decision_id, reason=reason, shown=shown,
            today=day_of(tx.now),
        )  # fmt: skip


def came_again(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, line: Line) -> EntryId | None:
    """The money that a line may be, since a person said that it had come again and no line has shown it yet."""
    if line.line.return_code:
        return None
    known = overpaid_decided.decided(tx, tenant_id=tenant_id, plan_id=plan_id)
    seen = _seen(tx, tenant_id, plan_id) if known else set()
    return overpaid_decided.came_again(known, cents=line.line.cents, on=line.line.booked_on, seen=seen)


def _seen(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> set[EntryId | None]:
    return {each.entry_id for each in custody.statements.findings(tx, tenant_id=tenant_id, plan_id=plan_id)}


def place_overpaid(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, line: Line) -> bool:
    """Whether a line of the bank is money that a person said had come again; it is in the books already."""
    entry_id = came_again(tx, tenant_id=tenant_id, plan_id=plan_id, line=line)
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
    decided_on, every = {each.entry_id for each in known}, ever_waited(tx, tenant_id=tenant_id, plan_id=plan_id)
    if money.reference in {each.reference for each in every if each.entry_id in decided_on}:  # its rest keeps it
        raise Open401kError("It came back to the plan, and stays.", fix="Let it pay what the employer owes next.")

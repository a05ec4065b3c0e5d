"""Money that was probably booked twice, told by two files: found, and what a person says of it. Not here: the rule.

Money flow: what the second telling posted goes back by new entries; where both are payments, nothing moves.
"""

from open401k import custody, payroll, recordkeeping
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.custody import StatementId
from open401k.custody.doubles import BOOKED_TWICE, Twice, booked_twice
from open401k.custody.matching import Part
from open401k.custody.repeats import OF_ITS_OWN, TOLD_BEFORE
from open401k.custody.statements import Kind, Name
from open401k.kernel import Open401kError, PlanId, SponsorId

from .bank_posting import posted


def probably_twice(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Twice]:
    """Lines that were booked though another file had told the same money."""
    lines = custody.statements.lines(tx, tenant_id=tenant_id, plan_id=plan_id, open_only=False)
    if not lines:
        return []
    findings = custody.statements.findings(tx, tenant_id=tenant_id, plan_id=plan_id)
    dues = payroll.remittance.recorded(tx, tenant_id=tenant_id, plan_id=plan_id)
    return booked_twice(lines, findings, {each.run_id: each.pay_date for each in dues})


def settle_twice(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    statement_id: StatementId,
    line_no: int,
    same_money: bool,
) -> None:
    """A person says that a line is the same money (what it posted is undone), or a payment of its own. Once for a line.

    The payroll that it paid is due again by its first clock.
    """
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)
        found = probably_twice(tx, tenant_id=tenant_id, plan_id=plan_id)
        twice = next((each for each in found if each.line.key == (statement_id, line_no)), None)
        if twice is None:
            _said_before(tx, tenant_id, plan_id, (statement_id, line_no), same_money)
        elif same_money:
            _undo(tx, tenant_id, plan_id, twice)
        else:
            _note(tx, tenant_id, plan_id, twice, Part(Kind.SEEN_BEFORE, 0, OF_ITS_OWN))


def _undo(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, twice: Twice) -> None:
    on = twice.line.line.booked_on
    known = recordkeeping.deposits(tx, tenant_id=tenant_id, plan_id=plan_id)
    known += recordkeeping.waiting(tx, tenant_id=tenant_id, plan_id=plan_id)
    standing = {each.entry_id for each in known if each.taken_back is None}
    if not standing.issuperset(twice.entries):
        raise Open401kError(
            "What was booked of it was used, given back or taken back since.",
            fix="Settle that with the employer first.",
        )
    for part in twice.parts:
        if part.entry_id is not None:
            reason, entry_id = "deposit_booked_twice", part.entry_id
            back = posted(recordkeeping.take_back(tx, tenant_id=tenant_id, entry_id=entry_id, on=on, reason=reason))
            undone = Part(part.kind, -part.cents, BOOKED_TWICE, part.run_id, back)
            _note(tx, tenant_id, plan_id, twice, undone)
    _note(tx, tenant_id, plan_id, twice, Part(Kind.SEEN_BEFORE, twice.line.line.cents, TOLD_BEFORE))


def _note(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, twice: Twice, part: Part) -> None:
    custody.statements.note(
        tx, tenant_id=tenant_id, plan_id=plan_id, line=twice.line, kind=part.kind, cents=part.cents, rule=part.rule,
        run_id=part.run_id, entry_id=part.entry_id,
    )  # fmt: skip


def _said_before(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, name: Name, same_money: bool) -> None:
    findings = custody.statements.findings(tx, tenant_id=tenant_id, plan_id=plan_id)
    said = {each.rule for each in findings if each.key == name}
    if (TOLD_BEFORE if same_money else OF_ITS_OWN) not in said:
        raise Open401kError("That line is not among those booked twice.", fix="See the plan's deposits for what is.")

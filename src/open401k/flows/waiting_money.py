"""What a person says of the employer's money that waits: it pays a payroll or a correction, or was given back.

Money flow: it leaves by the reversal of its entry; then employer receivable -> cash clearing for what it pays.
"""

from datetime import date
from typing import Any

from open401k import recordkeeping
from open401k.base import heads
from open401k.base.db import Actor, Database
from open401k.kernel import EntryId, Money, Open401kError, PlanId, ProposalId, RunId, SponsorId
from open401k.recordkeeping.deposits import APPLIED

from .bank_posting import posted, still_owed
from .correction_money import pay_correction
from .deposit import receive
from .over_sent import refuse_return
from .overpaid_decided import refuse_overpaid


def use_waiting(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    entry_id: EntryId,
    run_id: RunId | None = None,
    proposal_id: ProposalId | None = None,
    on: date,
) -> Money:
    """Waiting money pays what a payroll or an approved correction owes; neither: it was given back. Answers the rest.

    What may not return to the employer is not given back.
    """
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)
        waits = recordkeeping.waiting(tx, tenant_id=tenant_id, plan_id=plan_id)
        one = {each.entry_id: each for each in waits}.get(entry_id)
        if one is None:
            raise Open401kError("That money does not wait any more.", fix="See the plan's deposits for what does.")
        given_back = run_id is None and proposal_id is None
        if given_back:
            refuse_overpaid(tx, tenant_id=tenant_id, plan_id=plan_id, money=one)
            refuse_return(tx, money=one)
        on = max(on, one.on)  # a bank may book a day ahead of our clock
        reason = "employer_money_given_back" if given_back else "employer_money_applied"
        posted(recordkeeping.take_back(tx, tenant_id=tenant_id, entry_id=entry_id, on=on, reason=reason))
        if given_back:
            return Money(0)
        key = f"{APPLIED}{entry_id}"
        if run_id is None:
            paid = pay_correction(
                tx, tenant_id=tenant_id, plan_id=plan_id, proposal_id=proposal_id, most=one.cents, on=on, key=key
            )
        else:
            paid = min(one.cents, still_owed(tx, tenant_id=tenant_id, plan_id=plan_id, run_id=run_id))
            _refuse_nothing_due(paid)
            posted(receive(tx, tenant_id=tenant_id, plan_id=plan_id, run_id=run_id, cents=paid, on=on, key=key))
        rest = Money(one.cents - paid)
        if rest:
            more: Any = {"amount": rest, "key": f"deposit/rest/{entry_id}", "reference": one.reference}
            posted(recordkeeping.record_employer_money(tx, tenant_id=tenant_id, plan_id=plan_id, on=on, **more))
        return rest


def _refuse_nothing_due(cents: int) -> None:
    if not cents:
        raise Open401kError("Nothing is due for that payroll.", fix="Choose one that owes, or give it back.")

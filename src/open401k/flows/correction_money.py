"""The employer's money for an approved correction arrives: a person says so, or a line of the bank shows its sum.

Money flow: employer receivable -> cash clearing; back by a new entry for what a bank returned. Not here: approving
(heal_approved.py), the money of payrolls (bank_posting.py).
"""

from datetime import date
from typing import Any

from open401k import compliance, custody, ledger, recordkeeping
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.custody.statements import Kind, Line
from open401k.kernel import EntryId, Money, Open401kError, PlanId, ProposalId, Refused, SponsorId, day_of

from .bank_posting import posted

_RULE = "correction"


def deposited(
    db: Database, *, actor: Actor, tenant_id: SponsorId, proposal_id: ProposalId, on: date | None = None
) -> ledger.Posted | Refused[ledger.Refusal] | None:
    """All the money for a correction arrived on a day (today, unless given): a remittance of its own, once.

    None: nothing is due for it.
    """
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)
        proposal = compliance.get_proposal(tx, tenant_id=tenant_id, proposal_id=proposal_id)
        came = recordkeeping.correction_deposits(tx, tenant_id=tenant_id, plan_id=proposal.plan_id)
        owed = compliance.owed_for(proposal, came)
        if owed.due and not owed.outstanding:
            return _already(proposal_id, came)
        if not owed.due:
            return None
        return _receive(tx, tenant_id, proposal.plan_id, owed, on or day_of(tx.now), owed.outstanding)


def pay_correction(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, proposal_id: ProposalId | None, most: int, on: date, key: str
) -> int:
    """Money that waited pays what an approved correction owes, up to ``most`` cents; answers how much it was."""
    known = compliance.corrections_owed(tx, tenant_id=tenant_id, plan_id=plan_id)
    owed = next((each for each in known if each.proposal_id == proposal_id and each.outstanding), None)
    if owed is None:
        raise Open401kError("Nothing is due for that correction.", fix="Choose one that owes, or give it back.")
    paid, on = min(most, owed.outstanding.cents), max(on, owed.due_on)
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "on": on, "amount": Money(paid), "key": key}
    posted(recordkeeping.record_correction_deposit(tx, **of, reference=str(owed.proposal_id)))
    return paid


def place_correction(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, line: Line) -> bool:
    """Whether a line of the bank is the money of a correction, and then it is posted.

    It names the correction: less is taken, more waits as the employer's. Or it is the sum of one correction alone; or
    such a sum returned.
    """
    if line.line.cents < 0:
        return _came_back(tx, tenant_id, plan_id, line)
    if line.line.return_code:
        return False
    known = compliance.corrections_owed(tx, tenant_id=tenant_id, plan_id=plan_id)
    named = [each for each in known if each.reference in _text(line)]
    if named and _seen_before(tx, tenant_id, plan_id, line, named[0]):
        return True
    since = [each for each in named or known if each.outstanding and each.due_on <= line.line.booked_on]
    fitting = [each for each in since if each.outstanding.cents == line.line.cents]
    open_ones = fitting or (since if named else [])
    if len(open_ones) != 1:
        return False
    _pay(tx, tenant_id, plan_id, open_ones[0], line)
    return True


def _pay(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, owed: compliance.CorrectionOwed, line: Line) -> None:
    cents, due = line.line.cents, owed.outstanding.cents
    paid = min(cents, due)
    done = posted(_receive(tx, tenant_id, plan_id, owed, line.line.booked_on, Money(paid)))
    rule = f"{_RULE}, short" if cents < due else _RULE
    _note(tx, tenant_id, plan_id, line, Kind.DEPOSIT, done, cents=paid, rule=rule)
    if cents > due:
        of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "on": line.line.booked_on}
        of |= {"amount": Money(cents - due), "key": f"deposit/{line.name}/over", "reference": line.name}
        waits = posted(recordkeeping.record_employer_money(tx, **of))
        _note(tx, tenant_id, plan_id, line, Kind.EMPLOYER_MONEY, waits, cents=cents - due, rule=f"{_RULE}, over")


def _text(line: Line) -> str:
    return " ".join((*line.line.references, line.line.text)).upper()


def _seen_before(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, line: Line, owed: compliance.CorrectionOwed) -> bool:
    """A person recorded the money before the bank told."""
    if owed.outstanding or owed.received.cents != line.line.cents:
        return False
    came = recordkeeping.correction_deposits(tx, tenant_id=tenant_id, plan_id=plan_id)
    mine = [each for each in came if each.reference == str(owed.proposal_id) and _of_the_bank(each)]
    noted = {each.entry_id for each in custody.statements.findings(tx, tenant_id=tenant_id, plan_id=plan_id)}
    if len(mine) != 1 or mine[0].entry_id in noted:
        return False
    _note(tx, tenant_id, plan_id, line, Kind.SEEN_BEFORE, mine[0].entry_id)
    return True


def _of_the_bank(each: recordkeeping.Deposited) -> bool:
    """Whether a line may show it: it stands, and is no money that had waited."""
    return each.taken_back is None and not each.applied


def _came_back(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, line: Line) -> bool:
    came = recordkeeping.correction_deposits(tx, tenant_id=tenant_id, plan_id=plan_id)
    fitting = [each for each in came if _of_the_bank(each) and each.cents == -line.line.cents]
    if not line.line.return_code or len(fitting) != 1 or fitting[0].on > line.line.booked_on:
        return False
    entry_id, on = fitting[0].entry_id, line.line.booked_on
    back = recordkeeping.take_back(tx, tenant_id=tenant_id, entry_id=entry_id, on=on, reason="deposit_returned")
    _note(tx, tenant_id, plan_id, line, Kind.RETURNED, posted(back))
    return True


def _receive(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, owed: compliance.CorrectionOwed, on: date, amount: Money
) -> ledger.Posted | Refused[ledger.Refusal]:
    cause = str(owed.proposal_id)
    known = recordkeeping.correction_deposits(tx, tenant_id=tenant_id, plan_id=plan_id)
    before = sum(each.reference == cause for each in known)
    key = f"deposit/{cause}/{before + 1}" if before else f"deposit/{cause}"  # again, after a bank returned the first
    return recordkeeping.record_correction_deposit(
        tx, tenant_id=tenant_id, plan_id=plan_id, on=on, amount=amount, key=key, reference=cause
    )


def _already(proposal_id: ProposalId, came: list[recordkeeping.Deposited]) -> ledger.Posted:
    mine = [each for each in came if each.reference == str(proposal_id) and each.taken_back is None]
    return ledger.Posted(mine[-1].entry_id, already=True)


def _note(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, line: Line, kind: Kind, entry_id: EntryId, *,
    cents: int | None = None, rule: str = _RULE,
) -> None:  # fmt: skip
    custody.statements.note(
        tx, tenant_id=tenant_id, plan_id=plan_id, line=line, kind=kind,
        cents=line.line.cents if cents is None else cents, rule=rule, entry_id=entry_id,
    )  # fmt: skip

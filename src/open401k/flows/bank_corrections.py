"""The employer's money for an approved correction, found on a statement by the correction's name. Not here: payrolls.

Money flow: employer receivable -> cash clearing, under the key of heal_approved.deposited: once, whoever is first.
"""

from datetime import date
from typing import Any

from open401k import compliance, custody, recordkeeping
from open401k.base.db import Tx
from open401k.compliance import Proposal, ProposalState
from open401k.custody.statements import Kind, Line
from open401k.kernel import EntryId, PlanId, ProposalId, SponsorId

from .bank_posting import posted


def reference(proposal_id: ProposalId) -> str:
    """What money for a correction is called on a statement: short enough for every format, the same for ever."""
    return f"C{proposal_id.uuid.hex[-12:].upper()}"


def settle_corrections(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, lines: list[Line]) -> int:
    """Post every line that names an approved correction and is its sum, to the cent; others wait for a person."""
    came = [line for line in lines if line.line.cents > 0]
    if not came:
        return 0
    known = compliance.proposals(tx, tenant_id=tenant_id, plan_id=plan_id)
    approved = {reference(each.proposal_id): each for each in known if each.state is ProposalState.APPROVED}
    found = 0
    for line in came:
        text = " ".join((*line.line.references, line.line.text)).upper()
        named = next((each for name, each in approved.items() if name in text), None)
        if named is not None and compliance.due_of(named).cents == line.line.cents:
            _settle(tx, {"tenant_id": tenant_id, "plan_id": plan_id}, line, named)
            found += 1
    return found


def _settle(tx: Tx, of: dict[str, Any], line: Line, proposal: Proposal) -> None:
    kind, entry_id = _entry(tx, of, line.line.booked_on, proposal)
    told: dict[str, Any] = {"kind": kind, "cents": line.line.cents, "rule": "correction", "entry_id": entry_id}
    custody.statements.note(tx, **of, line=line, **told)


def _entry(tx: Tx, of: dict[str, Any], on: date, proposal: Proposal) -> tuple[Kind, EntryId]:
    """A person may have recorded it before the bank told."""
    cause = str(proposal.proposal_id)
    for each in recordkeeping.paid_corrections(tx, **of):
        if each.reference == cause and each.taken_back is None:
            return Kind.SEEN_BEFORE, each.entry_id
    amount = compliance.due_of(proposal)
    done = recordkeeping.record_deposit(tx, **of, on=on, amount=amount, key=f"deposit/{cause}", reference=cause)
    return Kind.DEPOSIT, posted(done)

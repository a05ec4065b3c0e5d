"""What the employer owes for corrections that it approved, and what of it came. Not here: recording it (flows)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from open401k.base.db import Tx
from open401k.kernel import Money, PlanId, ProposalId, SponsorId, day_of
from open401k.recordkeeping import Deposited, correction_deposits

from .proposals import Proposal, due_of, proposals


@dataclass(frozen=True, slots=True)
class CorrectionOwed:
    """The money of one approved correction: due since it was approved, to whose earnings it was counted."""

    proposal_id: ProposalId
    title: str
    due_on: date
    due: Money
    received: Money
    received_on: date | None

    @property
    def outstanding(self) -> Money:
        """What is still to be sent."""
        return self.due - self.received

    @property
    def reference(self) -> str:
        """What its money is called on a statement."""
        return correction_reference(self.proposal_id)


def correction_reference(proposal_id: ProposalId) -> str:
    """What money for a correction is called on a statement: short enough for every format, the same for ever."""
    return f"C{proposal_id.uuid.hex[-12:].upper()}"


def corrections_owed(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[CorrectionOwed]:
    """Every approved correction that asks for money, the oldest first; what a bank took back is owed again."""
    known = proposals(tx, tenant_id=tenant_id, plan_id=plan_id)
    asked = [each for each in known if due_of(each)]
    if not asked:
        return []
    came = correction_deposits(tx, tenant_id=tenant_id, plan_id=plan_id)
    return [owed_for(each, came) for each in asked]


def owed_for(proposal: Proposal, came: Sequence[Deposited]) -> CorrectionOwed:
    """The money of one of them, from every deposit for corrections."""
    mine = [each for each in came if each.reference == str(proposal.proposal_id) and each.taken_back is None]
    return CorrectionOwed(
        proposal_id=proposal.proposal_id,
        title=proposal.told.title,
        due_on=day_of(proposal.ended_at),
        due=due_of(proposal),
        received=Money(sum(each.cents for each in mine)),
        received_on=max((each.on for each in mine), default=None),
    )

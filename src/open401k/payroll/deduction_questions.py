"""Which deduction codes of a plan ask for a person. As code_questions.py does for earnings; an answer goes there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from open401k import census
from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId, day_of

from .code_asked import evidence_of, still_asked
from .codes_seen import DeductionSeenOn, deductions_seen_last
from .deduction_proposals import DeductionProposal, propose_deduction


@dataclass(frozen=True, slots=True)
class DeductionQuestion:
    """A code that nobody has confirmed since a file was held against it, with what it seems to be."""

    seen: DeductionSeenOn
    proposal: DeductionProposal

    def evidence(self) -> dict[str, Any]:
        """What is kept beside the answer: how the code behaved, so that it shows when it behaves otherwise."""
        seen = self.seen.seen
        told = evidence_of(seen, self.seen.run_id, self.proposal)
        return told | {"type": seen.provider_type, "off_fica_seen": seen.off_fica_seen}


def deduction_questions(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, kinds: Sequence[census.SaidKind]
) -> dict[str, DeductionQuestion]:
    """By code; nothing is read where no file raised a question."""
    found = deductions_seen_last(tx, tenant_id=tenant_id, plan_id=plan_id)
    if not found:
        return {}
    known = census.all_words_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=day_of(tx.now)).deductions
    asked = still_asked(found, known, kinds, census.Side.DEDUCTION)
    return {code: DeductionQuestion(seen, propose_deduction(seen.seen)) for code, seen in asked.items()}

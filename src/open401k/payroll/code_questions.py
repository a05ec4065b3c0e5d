"""Which codes of a plan ask for a person, and what an answer keeps as evidence. Not here: recording it (census)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from open401k import census, plan
from open401k.base.db import Tx
from open401k.kernel import Open401kError, PlanId, SponsorId, day_of

from .code_asked import evidence_of, still_asked
from .code_proposals import Proposal, propose_kind
from .codes_seen import SeenOn, seen_last
from .deduction_questions import DeductionQuestion
from .pay_codes import codes_by


@dataclass(frozen=True, slots=True)
class Question:
    """A code that nobody has confirmed since a file was held against it, with what it seems to be."""

    seen: SeenOn
    proposal: Proposal

    def evidence(self) -> dict[str, Any]:
        """What is kept beside the answer: how the code behaved, so that it shows when it behaves otherwise."""
        seen = self.seen.seen
        told = evidence_of(seen, self.seen.run_id, self.proposal)
        behaved = {"in_gross_seen": seen.gross_holds_it, "in_plan_seen": seen.plan_pay_holds_it}
        return told | behaved | ({"type": seen.provider_type} if seen.provider_type else {})


def questions(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, kinds: Sequence[census.SaidKind]
) -> dict[str, Question]:
    """By code; nothing is read where no file raised a question."""
    found = seen_last(tx, tenant_id=tenant_id, plan_id=plan_id)
    if not found:
        return {}
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=day_of(tx.now)).compensation
    words = census.words_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=day_of(tx.now))
    known = codes_by(words, terms)
    asked = still_asked(found, known, kinds, census.Side.EARNING)
    return {code: Question(seen, propose_kind(seen.seen, terms)) for code, seen in asked.items()}


def answer(
    question: Question | DeductionQuestion | None,
    before: census.CodeKind | None,
    *,
    code: str,
    kind: str,
    event_on: date | None = None,
    in_gross: bool | None = None,
    side: census.Side = census.Side.EARNING,
) -> census.CodeKind:
    """What a person says of a code, with what it is said on. Without a day it is of the same days as the word before.

    Whether gross pay holds the amounts is as the file shows, unless it is said.
    """
    try:
        meant = census.kind_of(side, kind)
    except ValueError:
        fix = f"Take one of: {', '.join(census.kinds_of(side))}."
        raise Open401kError(f"There is no kind {kind!r} of {side}.", fix=fix) from None
    seen_in_gross = question.proposal.in_gross if question else before.in_gross if before else True
    evidence = question.evidence() if question else dict(before.evidence) if before else {}
    return census.CodeKind(
        side,
        code,
        meant,
        event_on or (before.event_on if before else census.ALWAYS),
        seen_in_gross if in_gross is None else in_gross,
        evidence,
    )

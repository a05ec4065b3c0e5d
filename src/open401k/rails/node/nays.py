"""A further voter's signed no: before the verdict the contract takes it as their abort, whoever sends it.

What is not on chain yet only the custodians end (the contract's 207): there the source's own stop does. Not here: the
verb (deals), how a no is sent (worker).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ..calls import call_of
from ..messages import abort_hash
from .ballots import Ballot, with_ballot
from .cases import Agreed, Kind, Message
from .codes import VOTE_UNSOUND, VOTER_REFUSED
from .deal import Deal, DealUnit
from .desk import Desk
from .elections import is_signed
from .judging import is_closed, raise_for
from .voting import NAMES, Paper, paper_of, signer_for

#: Where a test may stop the process: at the end of the verb, before its transaction is committed.
BOUNDARIES: Final = ("deals.no",)
_NO_DETAIL: Final = bytes(32)


def no_digest(paper: Paper) -> bytes:
    """What a voter signs who does not agree to these terms (EIP-712)."""
    return paper.domain.digest(abort_hash(paper.rollover, paper.role, VOTER_REFUSED, _NO_DETAIL))


def is_no(paper: Paper, desk: Desk, signature: bytes) -> bool:
    """Whether the voter whom the terms name signed that."""
    signer = signer_for(paper, desk)
    return any(signer) and is_signed(desk, signer, no_digest(paper), signature)


def keep_no(unit: DealUnit, deal: Deal, agreed: Agreed, ballot: Ballot, signature: bytes) -> Ballot:
    """With the deal, and in the outbox once: the first that came ends it as well as any."""
    told = replace(ballot, no=signature)
    unit.change_deal(deal, replace(deal, voters=with_ballot(deal.voters, told)))
    who = int.from_bytes(ballot.who, "big")
    given = (agreed.encoded, who, ballot.role, VOTER_REFUSED, _NO_DETAIL, signature)
    message = Message(deal.case, Kind.NO, call_of("abort(bytes,uint256,uint256,uint256,bytes32,bytes)", *given))
    if not any(each.kind is Kind.NO for each in unit.outbox(deal.case)):
        unit.put_out(message)
    unit.put_event(deal.case, f"{NAMES[ballot.role]} signed that they do not agree")
    return told


def no_came(unit: DealUnit, desk: Desk, deal: Deal, told: Ballot) -> str | None:
    """A letter with a voter's no; why it does not fit where the case stands, if it does not."""
    file, paper = unit.case(deal.case), paper_of(deal, desk, told.role)
    if file.agreed is None or is_closed(file):
        return f"the case is {file.state}, and has nothing to end"
    if paper is None or told.who != paper.who:
        return "the terms name another voter, or none"
    if told.no is None or not is_no(paper, desk, told.no):
        raise_for(unit, desk, deal.case, VOTE_UNSOUND, NAMES[told.role])
        return None
    known = next(each for each in deal.voters if each.role is told.role)
    if known.no is None:
        keep_no(unit, deal, file.agreed, known, told.no)
    return None

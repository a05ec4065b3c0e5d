"""The explanation of section 402(f): put by the source, sent to the receiver, shown before the signature. ADR-0057.

Every receiver gets it: each relies on an election that names its hash. The document is the source's to supply; nothing
of its text is ours. The facts name its hash (``explanation_hash``), which is what is signed. Not here: whether it was
given in time (preflight), what a document may be (papers), pages.
"""

from __future__ import annotations

from typing import Final

from open401k.base.faults import fault

from .codec import BadInputError, Wrong
from .core import Side
from .deal import Deal, DealUnit
from .desk import Desk
from .judging import NotNowError, is_closed
from .letters import LetterKind
from .papers import OnFile, Paper, PaperTold, paper_of, told_of

BOUNDARIES: Final = ("explaining.put", "explaining.shown")
CAME: Final = "the explanation of choices came"
SHOWN: Final = "the explanation of choices was shown"


def put_paper(unit: DealUnit, case: str, paper: Paper) -> bool:
    """We pay: the explanation whose hash our facts name, to be shown to the participant. False: it was there."""
    deal, file = unit.deal(case), unit.case(case)
    if deal.side is not Side.SOURCE:
        raise NotNowError(f"we receive in case {case}; the explanation is the source's to give")
    if is_closed(file) or deal.elected is not None:
        raise NotNowError(f"case {case} is {file.state}; what was shown before the signature stays as it is")
    named = deal.releasing.explanation_hash if deal.releasing else None
    if named is None:
        raise NotNowError(f"the facts of case {case} name no explanation_hash; it is {paper.fingerprint.hex()}")
    if named != paper.fingerprint:
        said = f"has the hash {paper.fingerprint.hex()}, and the facts name {named.hex()}: correct the one or the other"
        raise BadInputError([Wrong("content", said)])
    if _there(unit, case) == paper:
        return False
    unit.put_paper(case, paper)
    for member, reference in deal.desks:
        unit.put_letter(member, reference, LetterKind.PAPER, told_of(paper))
    unit.put_event(case, "the explanation of choices was sent")
    fault("explaining.put")
    return True


def paper_to(unit: DealUnit, deal: Deal, member: bytes) -> None:
    """To a receiver that joined after it was put, once its facts are told: what is signed names it for all of them."""
    found = signed_paper(unit, deal)
    reference = next((each for who, each in deal.desks if who == member), None)
    if found is not None and reference is not None:
        unit.put_letter(member, reference, LetterKind.PAPER, told_of(found.paper))


def came(unit: DealUnit, deal: Deal, told: PaperTold) -> str | None:
    """The other side's document for our participant; or why it is not kept.

    Who signs by a key of their own may be faster than its letter: the very one that they signed is kept all the same.
    """
    if deal.side is not Side.RECEIVER:
        return "the explanation is the source's to give"
    if is_closed(unit.case(deal.case)):
        return "it came after the end"
    try:
        paper = paper_of(told)
    except BadInputError as wrong:
        return str(wrong)
    if deal.releasing is None or deal.releasing.explanation_hash != paper.fingerprint:
        return "its bytes are not those of the hash that the facts name"
    if deal.elected is not None and deal.elected.election.notice_hash != paper.fingerprint:
        return "it came after the signature, which is for another one"
    unit.put_paper(deal.case, paper)
    unit.put_event(deal.case, CAME)
    return None


def signed_paper(unit: DealUnit, deal: Deal) -> OnFile | None:
    """The document whose hash the election names; None while it is not here, or is another one."""
    if deal.releasing is None:
        return None
    found = unit.paper(deal.case)
    named = deal.releasing.explanation_hash
    return found if found is not None and found.paper.fingerprint == named else None


def is_awaited(unit: DealUnit, deal: Deal) -> bool:
    """Whether the participant could not read yet what they are asked to sign: an explanation was given, and its
    document is not here. Money that no plan pays needs none."""
    half = deal.releasing
    if half is None or half.explanation is None:
        return False
    return half.explanation_hash is None or unit.paper_named(deal.case) != half.explanation_hash


def show(unit: DealUnit, desk: Desk, case: str) -> None:
    """It is being shown to the participant: an event, the first time."""
    unit.case(case)  # locked: it is noted once
    found = unit.paper(case)
    if found is None:
        raise LookupError(f"no explanation of case {case}")
    if found.shown_at is None:
        unit.paper_was_shown(case, desk.now())
        unit.put_event(case, SHOWN)
        fault("explaining.shown")


def _there(unit: DealUnit, case: str) -> Paper | None:
    found = unit.paper(case)
    return found.paper if found else None

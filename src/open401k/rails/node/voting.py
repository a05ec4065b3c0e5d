"""Approvals of further voters: a spouse, the plan's administrator, a depository. Who is asked follows from the facts
and the rules (preflight); the source invites them, both sides check and keep what they sign, both nodes may send it.

Each verb is one transaction, and repeated it changes nothing more. Not here: pages and links (doors), sending (worker).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from eth_hash.auto import keccak

from open401k.base.faults import fault

from ..calls import call_of
from ..messages import Domain, Election, Role, Terms, approval_hash, election_hash, rollover_id
from .ballots import FURTHER, Ballot, ballot_of, given, with_ballot
from .cases import VOTES_OF, Agreed, Message
from .codec import BadInputError, Wrong, written
from .codes import VOTE_UNSOUND
from .core import Side
from .deal import Deal, DealUnit
from .desk import Desk
from .elections import is_signed
from .judging import NotNowError, is_closed, raise_for
from .letters import LetterKind
from .together import tell_all

#: Where a test may stop the process: at the end of each verb, before its transaction is committed.
BOUNDARIES: Final = ("deals.voter_named", "deals.voted")
#: As desks call them.
NAMES: Final = {
    Role.SPOUSE: "the spouse", Role.ADMINISTRATOR: "the plan's administrator", Role.DEPOSITORY: "the depository",
}  # fmt: skip
#: How somebody comes to be asked in a role: what the source is told who has nobody yet.
HOW_NAMED: Final = {
    Role.SPOUSE: "send them a link to choose how they sign, or put the address of their key",
    Role.ADMINISTRATOR: "put a member's address for the case, or set voters.administrator",
    Role.DEPOSITORY: "put a member's address for the case, or set voters.depository",
}
_NO_RECORD: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Paper:
    """What a voter signs: exact terms under their election, in a role, on this evidence; it counts in one domain."""

    role: Role
    who: bytes
    election: Election
    terms: Terms
    evidence: bytes
    domain: Domain

    @property
    def rollover(self) -> bytes:
        """The id of the terms."""
        return rollover_id(election_hash(self.election), self.terms)

    @property
    def digest(self) -> bytes:
        """What is signed (EIP-712)."""
        return self.domain.digest(approval_hash(self.rollover, self.role, self.evidence))


def asked(deal: Deal) -> tuple[Role, ...]:
    """Who approves besides the custodians: as the terms name them, before that as facts and rules last asked."""
    return tuple(Role(each.role) for each in deal.terms.voters) if deal.terms is not None else deal.asked


def who_of(deal: Deal, desk: Desk, role: Role) -> bytes | None:
    """The address that approves in this role; None while nobody is named."""
    ballot = ballot_of(deal.voters, role)
    if ballot is not None:
        return ballot.who
    return None if role is Role.SPOUSE else desk.voters.get(role)


def name_voter(unit: DealUnit, desk: Desk, case: str, role: Role, who: bytes) -> Deal:
    """We pay: this address approves in this role, a spouse's key or a member's. Until the exact terms it may change."""
    deal = unit.deal(case)
    if deal.side is not Side.SOURCE:
        raise NotNowError(f"we receive in case {case}; further voters are asked by the source")
    is_asked(deal, role)
    known = ballot_of(deal.voters, role)
    if known is not None and known.who == who:
        return deal
    if deal.terms is not None or is_closed(unit.case(case)):
        raise NotNowError(f"case {case} has its voters; stop it and propose it again with another")
    if len(who) != 20 or not any(who):
        raise BadInputError([Wrong("who", "is the 20 bytes of an address")])
    if role is not Role.SPOUSE and not any(desk.network.signer_of(who)):
        raise BadInputError([Wrong("who", "is no member of the network that has a key")])
    ballot = Ballot(role, who)
    after = replace(deal, voters=with_ballot(deal.voters, ballot))
    unit.change_deal(deal, after)
    tell_all(unit, deal, LetterKind.VOTER, ballot)
    unit.put_event(case, f"{NAMES[role]} can sign")
    fault("deals.voter_named")
    return after


def paper_of(deal: Deal, desk: Desk, role: Role) -> Paper | None:
    """What is to be signed in this role, or was; None before there are exact terms, or where nobody is asked."""
    ballot = ballot_of(deal.voters, role)
    if ballot is None or deal.terms is None or deal.elected is None:
        return None
    if (role, ballot.who) not in {(each.role, each.who) for each in deal.terms.voters}:
        return None
    evidence = ballot.evidence or evidence_of_vote(deal, role)
    return Paper(role, ballot.who, deal.elected.election, deal.terms, evidence, desk.domain)


def evidence_of_vote(deal: Deal, role: Role) -> bytes:
    """The hash of what an approval rests on: of a spouse the witnessed consent that the source has (IRC 417(a)(2)(A)).

    The reference, which no chain sees, is its salt; both sides work it out. Others have no record here: 32 zeros.
    """
    consent = deal.releasing.spouse.consent if deal.releasing and deal.releasing.spouse else None
    if role is not Role.SPOUSE or consent is None:
        return _NO_RECORD
    return keccak(b"open401k consent" + deal.reference + written(consent))


def vote(unit: DealUnit, desk: Desk, case: str, role: Role, signature: bytes) -> Deal:
    """The voter signed ``paper_of``: kept, put out for the chain, told to the other side.

    A member whose key was replaced since signs again, which takes the place of what it signed before.
    """
    deal, file = unit.deal(case), unit.case(case)
    is_asked(deal, role)
    ballot, paper = ballot_of(deal.voters, role), paper_of(deal, desk, role)
    if ballot is not None and ballot.signature == signature:
        return deal
    if ballot is None or paper is None or file.agreed is None:
        raise NotNowError(f"case {case} has no exact terms yet; {NAMES[role]} signs them when they are made")
    if is_closed(file) or file.stop is not None:
        raise NotNowError(f"case {case} is {file.state} and ends; nothing is signed any more")
    if not _is_sound(paper, desk, signature):
        raise BadInputError([Wrong("signature", f"is not that of {NAMES[role]} over these terms")])
    ballot = given(ballot, evidence=paper.evidence, signature=signature, at=desk.now())
    after = _kept(unit, deal, file.agreed, ballot)
    tell_all(unit, deal, LetterKind.VOTER, ballot)
    fault("deals.voted")
    return after


def came(unit: DealUnit, desk: Desk, deal: Deal, told: Ballot) -> str | None:
    """A letter about a voter; why it does not fit where the case stands, if it does not."""
    file = unit.case(deal.case)
    if told.role not in FURTHER:
        return f"{told.role.name.lower()} is no further voter"
    if not told.is_given:
        if deal.side is not Side.RECEIVER or deal.terms is not None or is_closed(file):
            return "who approves was known before"
        unit.change_deal(deal, replace(deal, voters=with_ballot(deal.voters, told.not_given)))
        unit.put_event(deal.case, f"{NAMES[told.role]} can sign")
        return None
    if file.agreed is None or is_closed(file):
        return f"the case is {file.state}, and has nothing to approve"
    paper = paper_of(deal, desk, told.role)
    if paper is None or told.who != paper.who:
        return "the terms name another voter, or none"
    # its salt is between the source and who leads: another receiver takes the evidence as it is signed
    expected = replace(paper, evidence=told.evidence or b"" if deal.place else evidence_of_vote(deal, told.role))
    if told.signature is None or told.evidence != expected.evidence or not _is_sound(expected, desk, told.signature):
        raise_for(unit, desk, deal.case, VOTE_UNSOUND, NAMES[told.role])
        return None
    _kept(unit, deal, file.agreed, told)
    return None


def ballots_for(terms: Terms) -> tuple[Ballot, ...]:
    """The voters whom exact terms name, each asked."""
    return tuple(Ballot(Role(each.role), each.who) for each in terms.voters)


def _kept(unit: DealUnit, deal: Deal, agreed: Agreed, ballot: Ballot) -> Deal:
    """With the deal, in the outbox, and told."""
    after = replace(deal, voters=with_ballot(deal.voters, ballot))
    unit.change_deal(deal, after)
    place = next(place for place, each in agreed.voters if each.role is ballot.role)
    data = call_of("approve(bytes,uint256,(bytes32,bytes))", agreed.encoded, place, (ballot.evidence, ballot.signature))
    message = Message(deal.case, VOTES_OF[ballot.role], data)
    waiting = [each for each in unit.outbox(deal.case) if each.kind is message.kind]
    if waiting:
        unit.mark(message)
    else:
        unit.put_out(message)
    for raised in unit.raised(deal.case):
        if raised.is_open and raised.code == VOTE_UNSOUND:
            unit.resolve(deal.case, raised.code)
    unit.put_event(deal.case, f"{NAMES[ballot.role]} agreed to the exact terms")
    return after


def is_asked(deal: Deal, role: Role) -> None:
    """Refuse what concerns a voter whom nobody asks."""
    if role not in asked(deal):
        raise NotNowError(f"case {deal.case} does not ask for {NAMES.get(role, role.name.lower())}")


def signer_for(paper: Paper, desk: Desk) -> bytes:
    """Whose signature counts: of a spouse the key that the terms name, of a member the one that the network names."""
    return paper.who if paper.role is Role.SPOUSE else desk.network.signer_of(paper.who)


def _is_sound(paper: Paper, desk: Desk, signature: bytes) -> bool:
    signer = signer_for(paper, desk)
    return any(signer) and is_signed(desk, signer, paper.digest, signature)

"""The JSON API of further voters: who is asked, by which address, their links, what they signed. Not here: rules."""

from __future__ import annotations

from typing import Any

from open401k.rails.messages import Role as VoterRole
from open401k.rails.messages import election_hash
from open401k.rails.node import deals, voting
from open401k.rails.node.ballots import FURTHER, ballot_of
from open401k.rails.node.deal import Deal, DealUnit
from open401k.rails.node.nays import no_digest
from open401k.rails.node.once import Answer
from open401k.rails.node.staff import Role, end_voter_links, voter_link_for
from open401k.rails.typed import approval_typed

from ..problems import NOT_FOUND, ProblemError
from .access import Call, Operation, case_named
from .api import CASE, _now, _object, _octets, _once, _state, _whole

_READ = frozenset(Role)
_FEED = frozenset({Role.OPERATOR, Role.SYSTEM})
_ACT = frozenset({Role.OPERATOR})
_NAMES = {role.name.lower(): role for role in FURTHER}


def voters(call: Call) -> Answer:
    """Who approves besides the custodians, by which address, whether they did; from the terms on what they sign."""
    with call.doors.process.files.begin() as unit:
        deal = unit.deal(case_named(unit, call))
    return Answer(200, {"voters": [_shown(deal, call, role) for role in voting.asked(deal)]})


def name_voter(call: Call) -> Answer:
    """We pay: the address that approves, of a spouse's key or a member; a spouse's passkey names itself on its page."""
    role, who = _role(call), _octets(_object(call.body, "who")["who"], 20, "who")
    with call.doors.process.files.begin() as unit:
        deal = deals.name_voter(unit, call.doors.office.desk, case_named(unit, call), role, who)
    call.doors.wake()
    return Answer(200, _shown(deal, call, role))


def link(call: Call) -> Answer:
    """A voter's link, for so many days; whoever has it may read the terms, sign with the voter's key, and refuse."""
    role, days = _role(call), _whole(_object(call.body, "days")["days"], "days", most=180)
    key = f"{call.token.token_id}|{call.key}"

    def work(unit: Any) -> Answer:
        case = case_named(unit, call)
        voting.is_asked(unit.deal(case), role)
        voter_link_for(unit, case, role, key, days=days, at=_now(call))
        return Answer(201, {"case": case, "role": role.name.lower()})

    made = _once(call, work)
    secret = call.doors.entrances.voter_link_of(call.names["case"], role, key)
    return Answer(made.status, made.told | {"url": f"{call.doors.process.config.shown_at}/v/{secret}"})


def end_links(call: Call) -> Answer:
    """End every link of a voter that holds, at once; what they signed stays."""
    role = _role(call)

    def work(unit: Any) -> Answer:
        case = case_named(unit, call)
        ended = end_voter_links(unit, case, role, at=_now(call))
        if ended:
            unit.put_event(case, f"the links of {voting.NAMES[role]} were ended")
        return Answer(200, {"case": case, "role": role.name.lower(), "ended": ended})

    return _once(call, work)


def vote(call: Call) -> Answer:
    """The voter's signature of the digest, by another way than our page."""
    role, signature = _role(call), _octets(_object(call.body, "signature")["signature"], None, "signature")

    def work(unit: DealUnit) -> Answer:
        deals.vote(unit, call.doors.office.desk, case_named(unit, call), role, signature)
        return _state(unit, call)

    return _once(call, work)


def refuse(call: Call) -> Answer:
    """The voter does not agree: the case ends; with their signature of ``no_digest`` by their own word on chain."""
    role, said = _role(call), call.body if isinstance(call.body, dict) else {}
    signature = _octets(_object(call.body, "signature")["signature"], None, "signature") if said else None

    def work(unit: DealUnit) -> Answer:
        desk, case = call.doors.office.desk, case_named(unit, call)
        if signature is None:
            deals.refuse(unit, desk, case, role)
        else:
            deals.say_no(unit, desk, case, role, signature)
        return _state(unit, call)

    return _once(call, work)


_AT = f"{CASE}/voters"
VOTERS = (
    Operation("GET", _AT, _READ, "Read who else approves", voters),
    Operation("PUT", f"{_AT}/{{role}}", _FEED, "Name a voter", name_voter),
    Operation("POST", f"{_AT}/{{role}}/links", _FEED, "Make a voter's link", link),
    Operation("POST", f"{_AT}/{{role}}/links/end", _FEED, "End a voter's links", end_links),
    Operation("POST", f"{_AT}/{{role}}/approval", _FEED, "Bring a voter's signature", vote),
    Operation("POST", f"{_AT}/{{role}}/refusal", _ACT, "Say that a voter does not agree", refuse),
)


def _role(call: Call) -> VoterRole:
    if call.names["role"] not in _NAMES:
        raise ProblemError(NOT_FOUND)
    return _NAMES[call.names["role"]]


def _shown(deal: Deal, call: Call, role: VoterRole) -> dict[str, Any]:
    desk, ballot = call.doors.office.desk, ballot_of(deal.voters, role)
    who, paper = voting.who_of(deal, desk, role), voting.paper_of(deal, desk, role)
    shown: dict[str, Any] = {
        "role": role.name.lower(), "who": who.hex() if who else None,
        "voted_at": ballot.voted_at if ballot else None, "digest": None, "typed": None, "until": None,
        "no_digest": None, "said_no": ballot is not None and ballot.no is not None,
    }  # fmt: skip
    if paper is not None:
        hashed = election_hash(paper.election)
        typed = approval_typed(paper.domain, hashed, paper.terms, role=role, evidence=paper.evidence)
        shown |= {"digest": paper.digest.hex(), "typed": typed, "until": paper.terms.deadline}
        shown |= {"no_digest": no_digest(paper).hex()}
    return shown

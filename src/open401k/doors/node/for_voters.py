"""What the page of a further voter asks, answered from the node's deals. Not here: HTML, whether a vote is sound."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from open401k.base.faults import fault
from open401k.rails.messages import Role
from open401k.rails.node import deals, voting
from open401k.rails.node.ballots import ballot_of
from open401k.rails.node.cases import Case, Raised, State
from open401k.rails.node.codes import VOTER_REFUSED
from open401k.rails.node.deal import Deal
from open401k.rails.node.judging import is_closed
from open401k.rails.node.kept_deals import KeptDealUnit
from open401k.rails.node.nays import no_digest
from open401k.rails.node.report import events_of
from open401k.rails.passkeys import Passkey

from .asked import Asked, Asking
from .for_pages import NodePages
from .provided import NewKey, Refusal, Signed
from .showing import contacts_of, known_of

_UNKNOWN = Refusal("", "This link does not hold any more.", "Ask the company for a new one.")


class NodeVoters:
    """The voters' side of a node's doors (asked.ForVoters)."""

    def __init__(self, pages: NodePages) -> None:
        self._pages, self._doors, self._now = pages, pages.doors, pages.now

    def asked(self, link: str) -> Asked | None:
        found = self._doors.entrances.voter_of(link, at=self._now())
        if found is None:
            return None
        case, role = found
        with self._doors.process.files.begin() as unit:
            file, deal = unit.case(case), unit.deal(case)
            happened, proposals = events_of(unit, case), _proposals(unit, file)
            refusals = [each for each in unit.raised(case) if each.code == VOTER_REFUSED]
        kept = self._key_of(proposals, role)  # by a connection of its own: not while this one holds the case
        desk, config = self._doors.office.desk, self._doors.process.config
        paper = voting.paper_of(deal, desk, role)
        rules = desk.rules.get(paper.terms.rule_version) if paper else None
        told = Asked(
            case, role, asking_of(file, deal, role), deal.releasing.custodian if deal.releasing else config.name,
            contacts=contacts_of(deal, config), cursor=happened[-1].seq if happened else 0,
            said_no=_said_no(file, deal, role), refused_at=_refused_at(refusals, role),
            ended=file.state in (State.RELEASED, State.OFF_RAIL), otherwise=file.state is State.OFF_RAIL,
            moved=file.state is State.POSTED,
        )  # fmt: skip
        if kept is not None:
            passkey = Passkey(bytes.fromhex(kept["x"]), bytes.fromhex(kept["y"]))
            told = replace(told, passkey=passkey, credential=bytes.fromhex(kept["credential"]))
        if paper is None or rules is None:
            return told
        spouse = deal.releasing.spouse if deal.releasing else None
        consent = spouse.consent if spouse and role is Role.SPOUSE else None
        known = known_of(deal, f"The network's rules for {rules.year}.", None)  # the participant read it and has signed
        return replace(told, paper=paper, known=known, consent=consent)

    def keep_voters_key(self, link: str, key: NewKey) -> Refusal | None:
        found = self._doors.entrances.voter_of(link, at=self._now())
        if found is None:
            return _UNKNOWN
        case, role = found
        told = {"x": key.passkey.x.hex(), "y": key.passkey.y.hex(), "credential": key.credential.hex(),
                "agreed_to": key.agreed_to, "at": self._now()}  # fmt: skip

        def work(unit: KeptDealUnit) -> None:
            deals.name_voter(unit, self._doors.office.desk, case, role, key.passkey.address)
            fault("pages.before_voters_key_commit")
            text = json.dumps(told).encode()
            self._doors.process.vault.replace_with(unit.conn, _key_name(case, role), text, at=self._now())

        return self._pages.done(work)

    def agree(self, link: str, signed: Signed) -> Refusal | None:
        found = self._doors.entrances.voter_of(link, at=self._now())
        if found is None:
            return _UNKNOWN
        case, role = found

        def work(unit: KeptDealUnit) -> None:
            desk = self._doors.office.desk
            paper = voting.paper_of(unit.deal(case), desk, role)
            if paper is None or paper.digest != signed.digest:
                raise deals.NotNowError("what is to be signed has changed since it was shown; read it again")
            deals.vote(unit, desk, case, role, signed.signature)
            fault("pages.before_vote_commit")
            name, shown = f"voter/{case}/{role.name.lower()}/shown", signed.shown.encode()
            self._doors.process.vault.put_with(unit.conn, name, shown, at=self._now())

        return self._pages.done(work)

    def say_no(self, link: str, digest: bytes, signature: bytes) -> Refusal | None:
        found = self._doors.entrances.voter_of(link, at=self._now())
        if found is None:
            return _UNKNOWN
        case, role = found

        def work(unit: KeptDealUnit) -> None:
            desk = self._doors.office.desk
            paper = voting.paper_of(unit.deal(case), desk, role)
            if paper is None or no_digest(paper) != digest:
                raise deals.NotNowError("what is to be signed has changed since it was shown; read it again")
            deals.say_no(unit, desk, case, role, signature)

        return self._pages.done(work)

    def disagree(self, link: str) -> Refusal | None:
        found = self._doors.entrances.voter_of(link, at=self._now())
        if found is None:
            return _UNKNOWN
        return self._pages.done(lambda unit: deals.refuse(unit, self._doors.office.desk, *found))

    def _key_of(self, proposals: Sequence[str], role: Role) -> dict[str, str] | None:
        """The passkey that they made for this case, or for a proposal before it."""
        for case in proposals:
            kept = self._doors.process.vault.found(_key_name(case, role))
            if kept is not None:
                found: dict[str, str] = json.loads(kept)
                return found
        return None


def _proposals(unit: KeptDealUnit, file: Case) -> Sequence[str]:
    """The case and those before it, newest first."""
    found = [file.id]
    while file.parent is not None:
        file = unit.case(file.parent)
        found.append(file.id)
    return found


def asking_of(file: Case, deal: Deal, role: Role) -> Asking:
    """How far this voter is."""
    ballot = ballot_of(deal.voters, role)
    if ballot is not None and ballot.is_given and not _said_no(file, deal, role):
        return Asking.SIGNED
    if is_closed(file) or file.stop is not None or role not in voting.asked(deal):
        return Asking.OVER
    if file.agreed is not None:
        return Asking.READY if file.state in (State.LIQUIDATING, State.HELD, State.VOTED) else Asking.OVER
    return Asking.KEY_NEEDED if role is Role.SPOUSE and ballot is None else Asking.NOT_YET


def _said_no(file: Case, deal: Deal, role: Role) -> bool:
    """Whether their no came in time, as far as we know: what is booked was decided before it."""
    ballot = ballot_of(deal.voters, role)
    return ballot is not None and ballot.no is not None and file.state is not State.POSTED


def _refused_at(refusals: Sequence[Raised], role: Role) -> int | None:
    """When they said no on their page, as the exception tells that was opened by it."""
    return next((each.raised_at for each in refusals if each.words.endswith(f": {voting.NAMES[role]}")), None)


def _key_name(case: str, role: Role) -> str:
    return f"voter/{case}/{role.name.lower()}/key"

"""What the console's page of voters asks of a node, and its answer: who else approves, their links. Not here: HTML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from open401k.rails.messages import Role
from open401k.rails.node import deals, voting
from open401k.rails.node.asking_first import asking_first
from open401k.rails.node.ballots import ballot_of
from open401k.rails.node.core import Side
from open401k.rails.node.judging import is_closed
from open401k.rails.node.kept_deals import KeptDealUnit
from open401k.rails.node.once import Answer
from open401k.rails.node.staff import VoterLink, end_voter_links, voter_link_for, voter_links_of

from .for_pages import REFUSALS, NodePages, refused
from .provided import Refusal, Staff


@dataclass(frozen=True, slots=True)
class Invited:
    """One who approves besides the custodians: by which address, when they did, and the links that were made."""

    role: Role
    who: bytes | None
    voted_at: int | None
    links: tuple[VoterLink, ...]

    def open_at(self, at: int) -> int:
        """How many of the links hold."""
        return sum(each.holds(at) for each in self.links)


@dataclass(frozen=True, slots=True)
class Inviting:
    """Of one case: whom we may invite, as who pays. ``is_over``: nobody is asked any more."""

    case: str
    voters: tuple[Invited, ...]
    is_over: bool
    now: int


class ForInviting(Protocol):
    """Every call stands alone; verbs are done once by their key."""

    def inviting(self, case: str) -> Inviting | None: ...

    def invite(self, staff: Staff, case: str, role: Role, *, days: int, key: str) -> str | Refusal: ...

    def end_links(self, staff: Staff, case: str, role: Role, *, key: str) -> Refusal | None: ...


class NodeInviting:
    """The pages' side of a node's voters' links."""

    def __init__(self, pages: NodePages) -> None:
        self._doors = pages.doors

    def inviting(self, case: str) -> Inviting | None:
        try:
            with self._doors.process.files.begin() as unit:
                file, deal = unit.case(case), unit.deal(case)
                links = voter_links_of(unit, case)
        except LookupError:
            return None
        if deal.side is not Side.SOURCE:
            return None
        found = []
        for role in voting.asked(deal):
            ballot = ballot_of(deal.voters, role)
            who, voted = voting.who_of(deal, self._doors.office.desk, role), ballot.voted_at if ballot else None
            found.append(Invited(role, who, voted, tuple(each for each in links if each.role is role)))
        return Inviting(case, tuple(found), is_closed(file) or file.stop is not None, self._now())

    def invite(self, staff: Staff, case: str, role: Role, *, days: int, key: str) -> str | Refusal:
        made_under = f"console {staff.name}|{key}"

        def work(unit: KeptDealUnit) -> Answer:
            file, deal = unit.case(case), unit.deal(case)
            if deal.side is not Side.SOURCE or is_closed(file) or file.stop is not None:
                raise deals.NotNowError(f"nobody is invited to case {case} any more: it is {file.state}")
            voting.is_asked(deal, role)
            voter_link_for(unit, case, role, made_under, days=days, at=self._now())
            unit.put_event(case, f"{staff.name} made a link for {voting.NAMES[role]}")
            return Answer(201, {"case": case})

        refusal = self._once(staff, key, f"invite {case} {role.name} {days}", work)
        if refusal is not None:
            return refusal
        secret = self._doors.entrances.voter_link_of(case, role, made_under)
        return f"{self._doors.process.config.shown_at}/v/{secret}"

    def end_links(self, staff: Staff, case: str, role: Role, *, key: str) -> Refusal | None:
        def work(unit: KeptDealUnit) -> Answer:
            unit.deal(case)
            if end_voter_links(unit, case, role, at=self._now()):
                unit.put_event(case, f"{staff.name} ended the links of {voting.NAMES[role]}")
            return Answer(200, {"case": case})

        return self._once(staff, key, f"end links {case} {role.name}", work)

    def _once(self, staff: Staff, key: str, asked: str, work: Callable[[KeptDealUnit], Answer]) -> Refusal | None:
        once, by, at = self._doors.once, f"console {staff.name}", self._now()
        try:
            asking_first(lambda: once.first(by, key, asked.encode(), at=at, work=work))
        except REFUSALS as why:
            return refused(why)
        self._doors.wake()
        return None

    def _now(self) -> int:
        return self._doors.process.around.seconds()

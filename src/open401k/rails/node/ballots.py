"""What one side knows of a further voter of a deal: who approves, the approval once it is given. Not here: verbs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ..messages import Role

#: Who may be asked besides the participant and the custodians.
FURTHER: Final = (Role.SPOUSE, Role.ADMINISTRATOR, Role.DEPOSITORY)


@dataclass(frozen=True, slots=True)
class Ballot:
    """One further voter: ``who`` is the address that the terms name, of a key (a spouse's) or of a member.

    ``evidence`` is the hash of what the approval rests on, ``signature`` that of the approval, ``voted_at`` seconds of
    the node's clock; they are None until it is given.
    """

    role: Role
    who: bytes
    evidence: bytes | None = None
    signature: bytes | None = None
    voted_at: int | None = None
    #: Signed as an abort: they do not agree.
    no: bytes | None = None

    @property
    def is_given(self) -> bool:
        """Whether the approval is here."""
        return self.signature is not None

    @property
    def not_given(self) -> Ballot:
        """The same voter, asked anew."""
        return Ballot(self.role, self.who)


def ballot_of(ballots: tuple[Ballot, ...], role: Role) -> Ballot | None:
    """That of one role."""
    return next((each for each in ballots if each.role is role), None)


def with_ballot(ballots: tuple[Ballot, ...], one: Ballot) -> tuple[Ballot, ...]:
    """In place of what was there of its role, by role."""
    others = (each for each in ballots if each.role is not one.role)
    return tuple(sorted((*others, one), key=lambda each: each.role))


def given(ballot: Ballot, *, evidence: bytes, signature: bytes, at: int) -> Ballot:
    """The approval came."""
    return replace(ballot, evidence=evidence, signature=signature, voted_at=at)

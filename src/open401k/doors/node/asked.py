"""What the page of a further voter is given: a spouse, an administrator or a depository who must approve.

Their link is a capability of its own, kept as a hash, and ends; whoever is not given what they ask for is told
``None``, never why. Not here: HTML, HTTP, where any of it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from open401k.rails.in_words import Known
from open401k.rails.messages import Role
from open401k.rails.node.voting import Paper
from open401k.rails.passkeys import Passkey
from open401k.rails.preflight.facts import Consent

from .provided import Contact, NewKey, Refusal, Signed


class Asking(StrEnum):
    """How far a voter's approval is."""

    #: A spouse has not said yet with which passkey they will sign.
    KEY_NEEDED = "key_needed"
    #: The companies still check, or sell: there are no exact terms yet.
    NOT_YET = "not_yet"
    READY = "ready"
    SIGNED = "signed"
    #: It ended, or nobody is asked any more.
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a voter is asked. ``paper`` is there from the exact terms on; by ``passkey`` they sign, if by one.

    ``source`` is the company that pays, ``consent`` the witnessed one that it has of a spouse.
    """

    case: str
    role: Role
    asking: Asking
    source: str
    paper: Paper | None = None
    known: Known | None = None
    consent: Consent | None = None
    passkey: Passkey | None = None
    credential: bytes = b""
    contacts: tuple[Contact, ...] = ()
    cursor: int = 0
    #: They signed that they do not agree.
    said_no: bool = False
    #: They said so without a signature, then.
    refused_at: int | None = None
    #: It ended, and nothing moved by it.
    ended: bool = False
    #: The custodian closed it with a check or wire.
    otherwise: bool = False
    #: It was decided and booked.
    moved: bool = False


class ForVoters(Protocol):
    """What the voters' page asks of a node. Every call stands alone."""

    def asked(self, link: str) -> Asked | None:
        """What the link is for; None for one that is unknown or has ended."""
        ...

    def keep_voters_key(self, link: str, key: NewKey) -> Refusal | None:
        """The passkey with which they will sign; refused once there are exact terms."""
        ...

    def agree(self, link: str, signed: Signed) -> Refusal | None:
        """Take the approval; the same again is nothing new, one of other terms is refused."""
        ...

    def say_no(self, link: str, digest: bytes, signature: bytes) -> Refusal | None:
        """They signed that they do not agree: the network ends it by their own word."""
        ...

    def disagree(self, link: str) -> Refusal | None:
        """They do not agree: the case ends."""
        ...

"""What a check of evidence tells: each statement as proved, stated by somebody, missing or broken. Not here: checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..chain.interface import Head
from .wording import NOT_BY_THESE_BLOCKS


class Status(StrEnum):
    """How far a statement goes."""

    #: It follows from hashes and signatures in the file, under the head.
    PROVED = "proved"
    #: Somebody says so, and signed it where ``by`` names them; nothing else shows it.
    STATED = "stated"
    #: The file does not say it.
    MISSING = "missing"
    #: The file says something that does not hold.
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement: what it is about (a code that stays), how far it goes, in words, and who says it."""

    about: str
    status: Status
    said: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All of them in the order in which people ask, under which head; nothing of a file that cannot be read."""

    findings: Sequence[Finding]
    rollover: bytes | None = None
    head: Head | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing in the file is broken."""
        return all(each.status is not Status.FAILED for each in self.findings)

    @property
    def unsigned(self) -> int:
        """How many statements a wallet is said to have signed that was asked, and does not say so: proved by nothing,
        though nothing shows that they are forged."""
        return sum(NOT_BY_THESE_BLOCKS in each.said for each in self.findings)

    def count(self, status: Status) -> int:
        """How many statements go so far."""
        return sum(each.status is status for each in self.findings)


def proved(about: str, said: str, by: str = "") -> Finding:
    """It follows from the file."""
    return Finding(about, Status.PROVED, said, by)


def stated(about: str, said: str, by: str) -> Finding:
    """Somebody says so."""
    return Finding(about, Status.STATED, said, by)


def missing(about: str, said: str) -> Finding:
    """The file does not say it."""
    return Finding(about, Status.MISSING, said)


def failed(about: str, said: str) -> Finding:
    """It does not hold."""
    return Finding(about, Status.FAILED, said)

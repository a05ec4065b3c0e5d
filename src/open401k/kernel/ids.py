"""Typed ids: a prefix that says what is named, and a UUIDv7. Made only by an injected :class:`Ids`."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Protocol, Self, TypeVar
from uuid import UUID

from .clock import Clock
from .random import Random


@dataclass(frozen=True, slots=True, order=True)
class Id:
    """One id; written ``emp_018f...`` (prefix and 32 hexadecimal digits), stored as a uuid."""

    uuid: UUID
    prefix: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"{self.prefix}_{self.uuid.hex}"

    def __hash__(self) -> int:
        return hash(
            self.uuid.int
        )  # a payroll hashes some thirty ids a row: half the time of hashing the uuid in a tuple

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str`` wrote; another prefix is refused by name."""
        prefix, _, digits = text.partition("_")
        if prefix != cls.prefix:
            raise ValueError(f"{text!r} is not a {cls.__name__}: it starts with {cls.prefix}_")
        try:
            return cls(UUID(hex=digits))
        except ValueError:
            raise ValueError(f"{text!r} is not a {cls.__name__}: 32 hexadecimal digits follow {cls.prefix}_") from None


class SponsorId(Id):
    """A sponsor, which is also the tenant of every row about it."""

    __slots__ = ()
    prefix = "spn"


class PlanId(Id):
    __slots__ = ()
    prefix = "pln"


class EmployeeId(Id):
    __slots__ = ()
    prefix = "emp"


class AccountId(Id):
    __slots__ = ()
    prefix = "acc"


class EntryId(Id):
    """A journal entry."""

    __slots__ = ()
    prefix = "jrn"


class ReservationId(Id):
    __slots__ = ()
    prefix = "rsv"


class RunId(Id):
    """A payroll run."""

    __slots__ = ()
    prefix = "run"


class FileId(Id):
    __slots__ = ()
    prefix = "fil"


class InstructionId(Id):
    """What payroll is told of one deduction of one person."""

    __slots__ = ()
    prefix = "ins"


class LoanId(Id):
    """A loan to a participant."""

    __slots__ = ()
    prefix = "lon"


class RolloverId(Id):
    """A rollover that was asked for in a plan: into it or out of it."""

    __slots__ = ()
    prefix = "rol"


class QuestionId(Id):
    """A question about who a row is."""

    __slots__ = ()
    prefix = "qst"


class ConnectionId(Id):
    """A sponsor's connection to a payroll provider."""

    __slots__ = ()
    prefix = "con"


class ComplianceRunId(Id):
    __slots__ = ()
    prefix = "cmp"


class AlertId(Id):
    __slots__ = ()
    prefix = "alt"


class FailureId(Id):
    """An operational failure: what went wrong in the past."""

    __slots__ = ()
    prefix = "flr"


class ProposalId(Id):
    """A proposed correction that costs the employer money, and waits for a person."""

    __slots__ = ()
    prefix = "prp"


class UserId(Id):
    __slots__ = ()
    prefix = "usr"


class ApiKeyId(Id):
    __slots__ = ()
    prefix = "key"


class SessionId(Id):
    __slots__ = ()
    prefix = "ses"


class EventId(Id):
    """An event for the outside, in the outbox."""

    __slots__ = ()
    prefix = "evt"


class WebhookEndpointId(Id):
    """Where a sponsor wants to be told of events."""

    __slots__ = ()
    prefix = "whe"


class FlowId(Id):
    __slots__ = ()
    prefix = "flw"


AnyId = TypeVar("AnyId", bound=Id)


class Ids(Protocol):
    """Where ids come from."""

    def new(self, kind: type[AnyId]) -> AnyId:
        """A fresh id of that kind."""
        ...


class TimedIds:
    """UUIDv7 (RFC 9562) from an injected clock and random source: ordered by time, and replayable from a seed."""

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random

    def new(self, kind: type[AnyId]) -> AnyId:
        return kind(uuid7(self._clock.now(), self._random.bits(74)))


def named_uuid(*names: str) -> UUID:
    """The UUID that follows from names: the same for ever (version 8 of RFC 9562, from SHA-256)."""
    digest = hashlib.sha256("\x00".join(names).encode()).digest()
    number = int.from_bytes(digest[:16], "big") & ~(0xF << 76) | 8 << 76
    return UUID(int=number & ~(0b11 << 62) | 0b10 << 62)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(at: datetime, random_74_bits: int) -> UUID:
    """The version-7 UUID of an instant: 48 bits of milliseconds, then version, variant and random bits."""
    elapsed = at - _EPOCH
    milliseconds = (elapsed.days * 86_400 + elapsed.seconds) * 1_000 + elapsed.microseconds // 1_000
    high, low = random_74_bits >> 62, random_74_bits & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 7 << 76 | high << 64 | 0b10 << 62 | low)

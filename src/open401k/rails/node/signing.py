"""What a node signs, under a policy: approvals, aborts, receipts, as calls of the coordinator. Not here: key files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from eth_hash.auto import keccak

from .. import messages
from ..calls import call_of
from ..chain.interface import Head
from ..keys import Key
from ..messages import Domain, Role
from ..transactions import NotSignedError
from .cases import Case, Kind
from .core import Side, SilentError
from .said import Booked, Countersigned, Line, Said, Statement

ROLE_OF = {Side.SOURCE: Role.SOURCE, Side.RECEIVER: Role.RECEIVER}


class PolicyError(NotSignedError):
    """The signer does not sign this: more than it may, more often, or it has not the key that the network names.

    ``rollover`` is the one of a batch for which it does not.
    """

    def __init__(self, said: str, rollover: bytes | None = None) -> None:
        super().__init__(said)
        self.rollover = rollover


class SignerAwayError(SilentError):
    """The signer in a process of its own does not answer: nothing is signed until it does."""


class Approvals(Protocol):
    """What was approved, by the time of final blocks."""

    def since(self, at: int) -> Sequence[tuple[bytes, int]]:
        """Rollovers and cents that were approved after this time."""
        ...

    def note(self, rollover: bytes, cents: int, at: int) -> None:
        """One more; the same again is nothing new."""
        ...


@dataclass
class MemoryApprovals:
    """As long as the process lives."""

    noted: dict[bytes, tuple[int, int]] = field(default_factory=dict)

    def since(self, at: int) -> Sequence[tuple[bytes, int]]:
        return [(rollover, cents) for rollover, (cents, when) in self.noted.items() if when > at]

    def note(self, rollover: bytes, cents: int, at: int) -> None:
        self.noted.setdefault(rollover, (cents, at))


class Signer(Protocol):
    """Signs typed messages of rollovers and nothing else. ``at`` is the time of a final block.

    ``encoded`` is the whole case, for who believes no ids and amounts that are told (rails.node.signer).
    """

    def approval(
        self, rollover: bytes, role: Role, evidence: bytes, *, cents: int, at: int, encoded: bytes = b""
    ) -> bytes: ...  # fmt: skip

    def abort(self, rollover: bytes, role: Role, code: int, *, at: int, encoded: bytes = b"") -> bytes: ...

    def posted(self, rollover: bytes, role: Role, reference: bytes, *, at: int, encoded: bytes = b"") -> bytes: ...

    def statement(self, rollover: bytes, role: Role, content: bytes, *, at: int, encoded: bytes = b"") -> bytes: ...

    def head(self, number: int, block: bytes, *, at: int, of: tuple[bytes, Role]) -> bytes:
        """``of``: the rollover that our books followed by this block, and as whom."""
        ...


@dataclass(frozen=True, slots=True)
class Item:
    """A rollover of a batch, what moves on our side, and its case as the contracts read it."""

    rollover: bytes
    cents: int
    encoded: bytes = b""


class BatchSigner(Protocol):
    """Signs a batch as a whole, under the same policy as approvals."""

    def batch(
        self, first: bytes, second: bytes, token: bytes, deadline: int, items: Sequence[Item], *, at: int
    ) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Policy:
    """What is signed without a human: cents of one approval, and approvals and cents of one hour."""

    most: int = 1_000_000_00
    an_hour: int = 1_000
    cents_an_hour: int = 20_000_000_00


@dataclass
class PolicySigner:
    """A key behind a policy: it is given fields, never a digest. ``key`` may be asked anew for each signature."""

    key: Key | Callable[[], Key]
    domain: Domain
    policy: Policy = field(default_factory=Policy)
    approvals: Approvals = field(default_factory=MemoryApprovals)

    def approval(
        self, rollover: bytes, role: Role, evidence: bytes, *, cents: int, at: int, encoded: bytes = b""  # noqa: ARG002
    ) -> bytes:  # fmt: skip
        self._allow(rollover, cents, at)
        return self._sign(messages.approval_hash(rollover, role, evidence))

    def batch(
        self, first: bytes, second: bytes, token: bytes, deadline: int, items: Sequence[Item], *, at: int
    ) -> bytes:
        """Under several rollovers at once: each counts as an approval of its cents."""
        for each in items:
            self._allow(each.rollover, each.cents, at)
        return self._sign(messages.batch_hash(first, second, token, deadline, [each.rollover for each in items]))

    # An end is always signed, and so are a receipt and what is so: at and case are for who judges them.
    def abort(self, rollover: bytes, role: Role, code: int, *, at: int, encoded: bytes = b"") -> bytes:  # noqa: ARG002
        return self._sign(messages.abort_hash(rollover, role, code, bytes(32)))

    def posted(self, rollover: bytes, role: Role, reference: bytes, *, at: int, encoded: bytes = b"") -> bytes:  # noqa: ARG002
        return self._sign(messages.posted_hash(rollover, role, reference))

    def statement(self, rollover: bytes, role: Role, content: bytes, *, at: int, encoded: bytes = b"") -> bytes:  # noqa: ARG002
        return self._sign(messages.statement_hash(rollover, role, content))

    def head(self, number: int, block: bytes, *, at: int, of: tuple[bytes, Role]) -> bytes:  # noqa: ARG002 (what was seen)
        return self._sign(messages.head_hash(number, block))

    def _sign(self, struct_hash: bytes) -> bytes:
        key = self.key if isinstance(self.key, Key) else self.key()
        return key.sign(self.domain.digest(struct_hash))

    def _allow(self, rollover: bytes, cents: int, at: int) -> None:
        if cents > self.policy.most:
            said = f"{cents} cents are more than the {self.policy.most} that one approval may move"
            raise PolicyError(said, rollover)
        approved = dict(self.approvals.since(at - 3_600))
        if rollover in approved:
            return  # the same once more: a restart before it was kept
        if len(approved) >= self.policy.an_hour:
            raise PolicyError(f"{self.policy.an_hour} approvals were signed within the hour", rollover)
        if sum(approved.values()) + cents > self.policy.cents_an_hour:
            said = f"more than {self.policy.cents_an_hour} cents would be approved within the hour"
            raise PolicyError(said, rollover)
        self.approvals.note(rollover, cents, at)


def vote_call(case: Case, kind: Kind, signer: Signer, *, at: int, parent: bytes | None = None) -> bytes:
    """The call that proposes (the source) or approves (a receiver); ``parent``: the encoded case that it gives back."""
    agreed, role = case.agreed, ROLE_OF[case.side]
    if agreed is None:
        raise ValueError(f"case {case.id} has no exact terms")
    signature = signer.approval(
        agreed.rollover, role, agreed.evidence, cents=agreed.cents, at=at, encoded=agreed.encoded
    )
    told = (agreed.evidence, signature)
    if kind is Kind.PROPOSE and parent is not None:
        return call_of("propose_return(bytes,bytes,(bytes32,bytes))", agreed.encoded, parent, told)
    if kind is Kind.PROPOSE:
        return call_of("propose(bytes,(bytes32,bytes))", agreed.encoded, told)
    return call_of("approve(bytes,uint256,(bytes32,bytes))", agreed.encoded, agreed.place, told)


def abort_call(case: Case, code: int, signer: Signer, *, at: int) -> bytes:
    """The call by which our side ends it."""
    agreed, role = case.agreed, ROLE_OF[case.side]
    if agreed is None:
        raise ValueError(f"case {case.id} has no exact terms")
    given = (agreed.encoded, int.from_bytes(agreed.us, "big"), role, code, bytes(32))
    signature = signer.abort(agreed.rollover, role, code, at=at, encoded=agreed.encoded)
    return call_of("abort(bytes,uint256,uint256,uint256,bytes32,bytes)", *given, signature)


def expire_call(case: Case) -> bytes:
    """The call by which anybody ends it after the deadline."""
    if case.agreed is None:
        raise ValueError(f"case {case.id} has no exact terms")
    return call_of("expire(uint256)", case.agreed.key)


def reference_salt(salt: bytes, rollover: bytes) -> bytes:
    """What hides the reference of one rollover: to open one says nothing of the others."""
    return keccak(b"open401k reference" + keccak(salt) + rollover)


def receipt_call(case: Case, reference: str, salt: bytes, signer: Signer, *, at: int) -> bytes:
    """The call that says: our books followed. The reference goes on chain salted, so that nobody can guess it."""
    agreed, role = case.agreed, ROLE_OF[case.side]
    if agreed is None:
        raise ValueError(f"case {case.id} has no exact terms")
    told = keccak(reference_salt(salt, agreed.rollover) + agreed.rollover + reference.encode())
    signature = signer.posted(agreed.rollover, role, told, at=at, encoded=agreed.encoded)
    given = (agreed.encoded, int.from_bytes(agreed.us, "big"), role, told, signature)
    return call_of("post(bytes,uint256,uint256,bytes32,bytes)", *given)


def said_of(case: Case, reference: str, salt: bytes, signer: Signer, *, block: Head) -> Said:
    """What we say about a case that the core booked under ``reference``, when ``block`` was final."""
    booked = booked_of(case, reference, salt)
    encoded = case.agreed.encoded if case.agreed is not None else b""
    signed = signer.statement(booked.rollover, booked.role, booked.content, at=block.time, encoded=encoded)
    head = signer.head(block.number, block.hash, at=block.time, of=(booked.rollover, booked.role))
    return Said(Statement(booked, signed), Countersigned(booked.role, booked.who, block.number, block.hash, head))


def booked_of(case: Case, reference: str, salt: bytes) -> Booked:
    """What our books show of a case that the core booked under ``reference``."""
    agreed = case.agreed
    if agreed is None:
        raise ValueError(f"case {case.id} has no exact terms")
    lines = tuple(Line(part.leg, part.kind, part.cents) for part in agreed.parts)
    hides = reference_salt(salt, agreed.rollover)
    return Booked(agreed.rollover, ROLE_OF[case.side], agreed.us, hides, reference, lines)

"""What a signer is asked, and how it travels over its socket. Pure but for reading and writing. Not here: judging.

Nothing is a bare digest: whoever asks names what is to be said, and what it is about comes beside it, whole (a case as
the contracts read it, a transaction's data, a sealed letter). The signer works every hash out for itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from ...messages import Role
from ..codec import BadInputError, Json, Wrong, parsed, read, told

#: The longest a message may be: JSON, and what comes beside it (a letter is the longest).
MOST_TOLD, MOST_BESIDE = 16_384, 2_100_000
_SIZE: Final = 4


@dataclass(frozen=True, slots=True)
class Keys:
    """Which keys there are."""


@dataclass(frozen=True, slots=True)
class MakeKey:
    """One more signing key; the network is told of it elsewhere."""


@dataclass(frozen=True, slots=True)
class Approve:
    """Our approval of the case that comes beside it."""

    key: bytes
    role: Role
    evidence: bytes


@dataclass(frozen=True, slots=True)
class SignBatch:
    """Our approval of all the cases that come beside it, each after its length, in one batch between two custodians."""

    key: bytes
    first: bytes
    second: bytes
    token: bytes
    deadline: int


@dataclass(frozen=True, slots=True)
class Abort:
    """Our end of the case that comes beside it, for a code of the work queues."""

    key: bytes
    role: Role
    code: int


@dataclass(frozen=True, slots=True)
class Posted:
    """Our receipt for the case that comes beside it; ``entry`` is the salted hash of our books' reference."""

    key: bytes
    role: Role
    entry: bytes


@dataclass(frozen=True, slots=True)
class State:
    """What our books say of the case that comes beside it, by its hash."""

    key: bytes
    role: Role
    content: bytes


@dataclass(frozen=True, slots=True)
class SawHead:
    """A final block that we acted on."""

    key: bytes
    number: int
    block: bytes


@dataclass(frozen=True, slots=True)
class Attest:
    """As an attestor: a proofed person stands behind this key."""

    key: bytes
    participant: bytes
    level: int
    valid_until: int
    evidence: bytes


@dataclass(frozen=True, slots=True)
class SendLetter:
    """The sealed letter that comes beside it is ours."""

    key: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """A letter of this hash came, and what became of it."""

    key: bytes
    letter: bytes
    came: str


@dataclass(frozen=True, slots=True)
class Transact:
    """A transaction of the relay; its data comes beside it."""

    to: bytes
    nonce: int
    gas: int
    gas_price: int


Asked = (
    Keys | MakeKey | Approve | SignBatch | Abort | Posted | State | SawHead | Attest | SendLetter | Received | Transact
)

_NAMED: Final[dict[str, type]] = {
    "keys": Keys, "make_key": MakeKey, "approve": Approve, "batch": SignBatch, "abort": Abort, "posted": Posted,
    "state": State, "head": SawHead, "attest": Attest, "letter": SendLetter, "received": Received, "transact": Transact,
}  # fmt: skip
_NAMES: Final = {kind: name for name, kind in _NAMED.items()}


def name_of(asked: Asked) -> str:
    """What it is called on the socket and in the log."""
    return _NAMES[type(asked)]


def written(asked: Asked) -> Json:
    """As it travels."""
    return {"ask": name_of(asked), "what": told(asked)}


def asked_of(text: bytes) -> Asked:
    """What is asked; :class:`BadInputError` for what no signer knows."""
    given = parsed(text, at="request")
    if not isinstance(given, dict) or set(given) != {"ask", "what"}:
        raise BadInputError([Wrong("request", "is an object with ask and what")])
    name = given["ask"]
    if not isinstance(name, str) or name not in _NAMED:
        raise BadInputError([Wrong("request.ask", f"is one of: {', '.join(_NAMED)}")])
    found: Asked = read(_NAMED[name], given["what"], at="request.what")
    return found


class Stream(Protocol):
    """A connection, read and written as a file."""

    def read(self, size: int, /) -> bytes: ...

    def write(self, data: bytes, /) -> int | None: ...

    def flush(self) -> None: ...


class BrokenError(Exception):
    """The other end went away, or speaks something else."""


def send(stream: Stream, told_of: Mapping[str, Json] | Json, beside: bytes = b"") -> None:
    """One message: the sizes of both parts, JSON, what comes beside it."""
    text = json.dumps(told_of, sort_keys=True).encode()
    stream.write(len(text).to_bytes(_SIZE, "big") + len(beside).to_bytes(_SIZE, "big") + text + beside)
    stream.flush()


def receive(stream: Stream) -> tuple[bytes, bytes]:
    """One message, as it came; :class:`BrokenError` if it does not come whole."""
    sizes = _exactly(stream, 2 * _SIZE)
    size, beside = int.from_bytes(sizes[:_SIZE], "big"), int.from_bytes(sizes[_SIZE:], "big")
    if size > MOST_TOLD or beside > MOST_BESIDE:
        raise BrokenError(f"a message of {size} and {beside} bytes; at most {MOST_TOLD} and {MOST_BESIDE}")
    return _exactly(stream, size), _exactly(stream, beside)


def _exactly(stream: Stream, size: int) -> bytes:
    found = stream.read(size)
    if len(found) != size:
        raise BrokenError("the connection ended within a message")
    return found

"""Letters between two custodians about one rollover: kinds, bodies, canonical JSON. Not here: how they are sent (post).

A letter is known by (peer, reference, number); each side numbers its own from 1, and they are taken in order. A repeat
changes nothing; a letter of a version or kind that is not known becomes an exception for operations, never a crash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from itertools import pairwise
from typing import Final

from ..messages import Attestation, Election, Terms
from ..transfer_file.leaves import SALT, FileRefusedError, Leaf, TransferFile, leaf_digest
from ..transfer_file.schema import Problem, problems
from .ballots import Ballot
from .cases import State, Way
from .codec import BadInputError, Json, Wrong, parsed, read, told, written
from .halves import ReceivingHalf, ReleasingHalf
from .papers import PaperTold

#: Raised when what every letter of a kind says changes; a field in `_LATER` changes only those that use it.
VERSION: Final = 1
_ALL: Final = "settlement.amount_cents"
MOST_BYTES: Final = 2_000_000


class LetterKind(StrEnum):
    """What a letter says."""

    #: Receiver: somebody asks for a rollover.
    REQUEST = "request"
    #: Either: a half of the facts, newer than the one before.
    FACTS = "facts"
    #: Receiver: the participant signed.
    ELECTED = "elected"
    #: Source: the exact terms, with the transfer file.
    TERMS = "terms"
    #: Receiver: it will not agree to these terms.
    DECLINED = "declined"
    #: Either: it wants this rollover ended.
    STOP = "stop"
    #: Either: words for the other desk.
    NOTE = "note"
    #: Either: where its case stands, once exact terms are agreed.
    STANDS = "stands"
    #: Either: a case that ended is proposed again, under a reference of its own; its first letter.
    AGAIN = "again"
    #: Either: it closed the case by check or wire.
    OFF_RAIL = "off_rail"
    #: Either: several agreed rollovers are settled by one transaction; under a reference of its own.
    BATCH = "batch"
    #: Who was offered a batch: it signs, too.
    BATCH_SIGNED = "batch_signed"
    #: Who was offered a batch: each goes on singly, or what is named does.
    BATCH_DECLINED = "batch_declined"
    #: Source: who approves besides the custodians; either: what they signed.
    VOTER = "voter"
    #: Source: the explanation whose hash its facts name.
    PAPER = "paper"
    #: Either: a letter of the other cannot be read here, and which version is. It is never answered by itself.
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Request:
    """``source`` is the address of the custodian that is asked to pay; ``parent`` the rollover that it gives back, and
    ``undoes`` that of which the network takes no return.

    ``receivers`` are members that receive, too, after who asks, in the election's order; each joins by a request of its
    own, under its code as the letters' reference, with the secret that its salts follow from (``salt``).
    """

    source: bytes
    receiving: ReceivingHalf
    parent: bytes | None = None
    undoes: bytes | None = None
    receivers: tuple[bytes, ...] = ()
    salt: bytes | None = None


@dataclass(frozen=True, slots=True)
class FactsTold:
    """The half of who writes; ``edition`` counts from 1. The source names its control number, and to one of several
    receivers its ``place`` and what it may see of the ``others``, in order.
    """

    edition: int
    releasing: ReleasingHalf | None = None
    receiving: ReceivingHalf | None = None
    number: int | None = None
    place: int = 0
    others: tuple[ReceivingHalf, ...] = ()


@dataclass(frozen=True, slots=True)
class Elected:
    """What the participant signed, and the attestor's word for the key."""

    election: Election
    signature: bytes
    attestation: Attestation
    attested: bytes


@dataclass(frozen=True, slots=True)
class FileLeaf:
    """One item of the transfer file, with its salt; of one that is another receiver's the digest alone."""

    label: str
    salt: bytes
    value: str
    digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class TermsTold:
    """The exact terms, and the transfer file whose root they name, in the order of its labels."""

    terms: Terms
    file: tuple[FileLeaf, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """Why: a code of the work queues, and words for the other desk."""

    code: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Words for the other desk; nothing follows from them."""

    words: str


@dataclass(frozen=True, slots=True)
class Stands:
    """The state of the sender's case, since when by the chain's clock. It shows; nothing is decided by it.

    ``rollover`` are the exact terms, once there are some: a source that does not know them has an older backup.
    """

    state: State
    at: int
    rollover: bytes | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """``after`` is the reference of the case before, ``part`` which proposal of the election this is."""

    after: bytes
    part: int
    is_residual: bool = False


@dataclass(frozen=True, slots=True)
class OffRail:
    """How it was paid, and the number of the check or wire."""

    way: Way
    reference: str


@dataclass(frozen=True, slots=True)
class BatchOffered:
    """Rollovers by their ids, in order, and the signature of who offers (``first``) under all of it."""

    first: bytes
    second: bytes
    token: bytes
    deadline: int
    ids: tuple[bytes, ...]
    signature: bytes


@dataclass(frozen=True, slots=True)
class BatchSigned:
    """The signature of who was offered it."""

    signature: bytes


@dataclass(frozen=True, slots=True)
class Unread:
    """Which letter of theirs cannot be read here: its number, kind and version; ``reads`` is the version that is.

    Both may be the same: then the letter is of a kind, or has a field, that this node does not know.
    """

    number: int
    kind: str
    version: int
    reads: int


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A rollover of a batch that may not be settled so, and why."""

    rollover: bytes
    words: str


@dataclass(frozen=True, slots=True)
class BatchDeclined:
    """A code and words for the other desk. Where ``items`` are named, the others may be offered again without them."""

    code: int
    words: str = ""
    items: tuple[NotTaken, ...] = ()


Body = (
    Request | FactsTold | Elected | TermsTold | Ended | Note | Stands | Again | OffRail | Ballot | PaperTold
    | BatchOffered | BatchSigned | BatchDeclined | Unread
)  # fmt: skip

_BODIES: Final[dict[LetterKind, type]] = {
    LetterKind.REQUEST: Request,
    LetterKind.FACTS: FactsTold,
    LetterKind.ELECTED: Elected,
    LetterKind.TERMS: TermsTold,
    LetterKind.DECLINED: Ended,
    LetterKind.STOP: Ended,
    LetterKind.NOTE: Note,
    LetterKind.STANDS: Stands,
    LetterKind.AGAIN: Again,
    LetterKind.OFF_RAIL: OffRail,
    LetterKind.BATCH: BatchOffered,
    LetterKind.BATCH_SIGNED: BatchSigned,
    LetterKind.BATCH_DECLINED: BatchDeclined,
    LetterKind.VOTER: Ballot,
    LetterKind.PAPER: PaperTold,
    LetterKind.UNREAD: Unread,
}
#: Fields that bodies of this version got later. At their default they are left out, as if they were not there yet: a
#: node from before, which refuses a field that it does not know, reads what does not use them.
_LATER: Final[dict[type, frozenset[str]]] = {
    Request: frozenset({"undoes"}), Ballot: frozenset({"no"}), BatchDeclined: frozenset({"items"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter as it travels: ``kind`` and ``body`` are read only when it is taken, so that newer ones arrive."""

    reference: bytes
    number: int
    kind: str
    body: Json
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A letter that waits to be sent to a member."""

    to: bytes
    letter: Letter


class Came(StrEnum):
    """What became of a letter that came. All but EARLY are answered as received."""

    TAKEN = "taken"
    #: It was taken before; nothing changed.
    AGAIN = "again"
    #: One before it is missing: the sender sends that first.
    EARLY = "early"
    #: Kept out: another letter was under this number, or it is of no case of ours and no request.
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a letter: what became of it, of which case, and why it was kept out or changed nothing."""

    came: Came
    case: str | None = None
    words: str = ""


def leaves_of(file: TransferFile) -> tuple[FileLeaf, ...]:
    """A whole file as it travels and is kept."""
    return tuple(FileLeaf(leaf.label, leaf.salt or b"", leaf.value or "") for leaf in file.leaves)


def file_from(told: Sequence[FileLeaf]) -> TransferFile:
    """The file of its items: every digest is computed here; FileRefusedError with every problem by its label."""
    found = [Problem(one.label, "is not in order, or is there twice") for one, below in pairwise(told)
             if one.label >= below.label]  # fmt: skip
    hidden = {each.label for each in told if each.digest is not None}
    if any(label.endswith("].gross_cents") for label in hidden):
        hidden.add(_ALL)  # what adds up to it is not all here: who sees all of it checks that, and its own legs each
    found += [
        each for each in problems({x.label: x.value for x in told if x.digest is None}) if each.label not in hidden
    ]
    if any(each.digest is not None and (len(each.digest) != SALT or any(each.salt) or each.value) for each in told):
        found.append(Problem("file", "has an item that is neither whole nor hidden"))
    if found:
        raise FileRefusedError(found)
    return TransferFile(tuple(_leaf(each) for each in told))


def _leaf(told: FileLeaf) -> Leaf:
    if told.digest is not None:
        return Leaf(told.label, told.digest, None, None)
    return Leaf(told.label, leaf_digest(told.salt, told.label, told.value), told.salt, told.value)


def letter_bytes(letter: Letter) -> bytes:
    """Canonical JSON, to be sealed and sent."""
    return written({field.name: getattr(letter, field.name) for field in fields(letter)})


def letter_of(text: bytes) -> Letter:
    """A letter as it came; :class:`BadInputError` where even its envelope cannot be read."""
    if len(text) > MOST_BYTES:
        raise BadInputError([Wrong("letter", f"has {len(text)} bytes, at most {MOST_BYTES}")])
    given = parsed(text, at="letter")
    if not isinstance(given, dict) or "body" not in given:
        raise BadInputError([Wrong("letter", "is an object with reference, number, kind, body, version")])
    known = {field.name for field in fields(_Envelope)}
    # A later version may say more on its envelope: it is taken, and told apart by its version.
    version = given.get("version")
    is_later = isinstance(version, int) and version > VERSION
    told_on_it = {name: each for name, each in given.items() if name != "body" and (name in known or not is_later)}
    envelope = read(_Envelope, told_on_it, at="letter")
    if not 1 <= envelope.number < 2**31:
        raise BadInputError([Wrong("letter.number", "counts from 1")])
    return Letter(envelope.reference, envelope.number, envelope.kind, given["body"], envelope.version)


def body_of(letter: Letter) -> Body:
    """What it says; :class:`BadInputError` for a version, kind or field that is not known."""
    if letter.version != VERSION:
        raise BadInputError([Wrong("letter.version", f"is not {VERSION}, the one that is read here")])
    if letter.kind not in set(LetterKind):
        raise BadInputError([Wrong("letter.kind", f"is one of: {', '.join(LetterKind)}")])
    body: Body = read(_BODIES[LetterKind(letter.kind)], letter.body, at="letter.body")
    return body


def letter(reference: bytes, number: int, kind: LetterKind, body: Body) -> Letter:
    """One to be put out."""
    if not isinstance(body, _BODIES[kind]):
        raise TypeError(f"{type(body).__name__} is no body of a letter {kind}")
    later = _LATER.get(type(body), frozenset())
    values = {field.name: getattr(body, field.name) for field in fields(body)
              if field.name not in later or getattr(body, field.name) != field.default}  # fmt: skip
    return Letter(reference, number, kind, told(values))


@dataclass(frozen=True, slots=True)
class _Envelope:
    reference: bytes
    number: int
    kind: str
    version: int

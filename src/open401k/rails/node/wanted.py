"""Signatures that the member's own wallet is to give, and whether one is still wanted. Pure. Not here: keeping, asking.

Where the network names a contract (ERC-1271) or a passkey for us, no key of the node votes. What is to be signed waits
in a queue; the deal's clock runs on, and what is not signed in time expires like any vote that never came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, assert_never

from .batching import Batch, Stage
from .cases import Case, Kind, Message, State
from .codec import Json
from .signing import PolicyError

#: Bytes of a signature that the contracts take (contracts/signatures.vy).
MOST_SIGNATURE: Final = 512
OF_OWNER: Final = 65


class Says(StrEnum):
    """What is signed. Nothing of it is a bare digest: each has its fields, and its words."""

    APPROVAL = "approval"
    ABORT = "abort"
    RECEIPT = "receipt"
    BATCH = "batch"
    STATEMENT = "statement"
    HEAD = "head"


#: What no contract reads: nothing waits for it, no clock ends it, and it is made of what stays.
LASTING: Final = (Says.STATEMENT, Says.HEAD)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One signature. ``told``: the fields as they are signed, beside exact terms; ``until``: seconds of the chain's
    time after which it is worth nothing, None where no clock ends it."""

    digest: bytes
    wallet: bytes
    says: Says
    case: str
    told: Mapping[str, Json]
    until: int | None
    asked_at: int
    signature: bytes | None = None


class WantedUnit(Protocol):
    """A transaction that keeps what waits for a wallet, too."""

    def ask(self, row: Wanted) -> bool:
        """False if it waits already, or was signed."""
        ...

    def wanted(self, digest: bytes) -> Wanted | None:
        """Locked until the end; its file is locked before."""
        ...

    def lasting(self, case: str) -> Mapping[Says, Wanted]:
        """What is asked of a case that no contract reads."""
        ...

    def ask_anew(self, digest: bytes, wallet: bytes, *, at: int) -> None:
        """What was signed is worth nothing now: the wallet, or its owners, are others."""
        ...

    def wallet_signed(self, digest: bytes, signature: bytes, *, by: str, at: int) -> None: ...

    def was_taken(self, digest: bytes, *, at: int) -> None:
        """The node goes on with it."""
        ...


class AwaitedError(PolicyError):
    """The wallet has not signed yet: what needs it waits, everything else goes on."""


def unwanted(wanted: Wanted, file: Case, outbox: Sequence[Message], live: Sequence[Batch]) -> str:
    """Why a signature is of no use any more, from our own file; nothing while it is."""
    is_open = file.state in (State.LIQUIDATING, State.HELD, State.VOTED)
    match wanted.says:
        case Says.APPROVAL if file.stop is not None:
            return f"the case is to end, for code {file.stop}"
        case Says.APPROVAL:
            return "" if file.state in (State.HELD, State.VOTED) else f"the case is {file.state}"
        case Says.ABORT:
            return "" if is_open and file.stop == wanted.told.get("code") else f"the case is {file.state}"
        case Says.RECEIPT if file.state is State.VOTED:
            return ""
        case Says.RECEIPT:
            waits = any(each.kind is Kind.RECEIPT and not each.is_done for each in outbox)
            return "" if waits else "the receipt is there"
        case Says.BATCH:
            ours = [each for each in live if each.hash.hex() == wanted.told.get("batch")]
            waits = any(each.stage in (Stage.ASKED, Stage.DRAWN_UP) for each in ours)
            return "" if waits else "the batch is over"
        case Says.STATEMENT | Says.HEAD:
            return "" if file.state is State.POSTED else f"the case is {file.state}"
        case _:
            assert_never(wanted.says)


def together(parts: Mapping[bytes, bytes]) -> bytes:
    """What several owners signed, as Safe and its like take it: one after the other, by the owners' addresses.

    No more than a contract takes: a wallet that is content with fewer reads the first.
    """
    return b"".join(parts[owner] for owner in sorted(parts)[: MOST_SIGNATURE // OF_OWNER])

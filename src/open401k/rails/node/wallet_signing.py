"""Whatever a member signs, by its own wallet: asked for, and given once it signed. Not here: putting one in.

What a wallet signed is looked at again by the chain before each use: its owners, or the wallet, may be others by now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Never, Protocol

from open401k.base.faults import fault

from .. import messages
from ..decoding import decode_case
from ..messages import Domain, Role
from . import _wanted_store
from .codec import Json
from .core import Side
from .deal import Deals
from .kept_deals import KeptDeals
from .signing import BatchSigner, Item, Signer
from .wanted import LASTING, AwaitedError, Says, Wanted

#: Where a test may stop the process.
BOUNDARIES: Final = ("wallets.before_ask_commit", "wallets.after_ask_commit")
_SIDES: Final = {Role.SOURCE: Side.SOURCE, Role.RECEIVER: Side.RECEIVER}
#: As desks read it.
NAMES: Final = {
    Says.APPROVAL: "an approval", Says.ABORT: "an end", Says.RECEIPT: "a receipt", Says.BATCH: "a batch",
    Says.STATEMENT: "a statement of the books", Says.HEAD: "a block",
}  # fmt: skip


class BothSigner(Signer, BatchSigner, Protocol):
    """Signs batches, too."""


@dataclass
class WalletSigner:
    """The wallet that ``named`` answers, by what it signed. ``holds``: whether the chain takes a signature for its."""

    named: Callable[[], bytes]
    domain: Domain
    files: Deals
    us: bytes
    holds: Callable[[bytes, bytes, bytes], bool]
    #: Seconds since 1970 by the node's clock.
    now: Callable[[], int]

    def approval(
        self, rollover: bytes, role: Role, evidence: bytes, *, cents: int, at: int, encoded: bytes = b""  # noqa: ARG002
    ) -> bytes:  # fmt: skip
        """No limit of the node's policy counts here: whoever holds the wallet decides."""
        struct = messages.approval_hash(rollover, role, evidence)
        told: dict[str, Json] = {"rollover": rollover.hex(), "role": int(role), "evidence": evidence.hex()}
        return self._given(struct, Says.APPROVAL, (rollover, role), told, _until(encoded))

    def abort(self, rollover: bytes, role: Role, code: int, *, at: int, encoded: bytes = b"") -> bytes:  # noqa: ARG002
        struct = messages.abort_hash(rollover, role, code, bytes(32))
        told: dict[str, Json] = {"rollover": rollover.hex(), "role": int(role), "code": code}
        return self._given(struct, Says.ABORT, (rollover, role), told, _until(encoded))

    def posted(self, rollover: bytes, role: Role, reference: bytes, *, at: int, encoded: bytes = b"") -> bytes:  # noqa: ARG002
        struct = messages.posted_hash(rollover, role, reference)
        told: dict[str, Json] = {"rollover": rollover.hex(), "role": int(role), "reference": reference.hex()}
        return self._given(struct, Says.RECEIPT, (rollover, role), told, None)

    def statement(self, rollover: bytes, role: Role, content: bytes, *, at: int, encoded: bytes = b"") -> bytes:  # noqa: ARG002
        """Asked for; what came is kept with the case where it is put in (wallet_putting), and nothing waits for it."""
        told: dict[str, Json] = {"rollover": rollover.hex(), "role": int(role), "content": content.hex()}
        return self._asked_for(messages.statement_hash(rollover, role, content), Says.STATEMENT, (rollover, role), told)

    def head(self, number: int, block: bytes, *, at: int, of: tuple[bytes, Role]) -> bytes:  # noqa: ARG002
        """The same; of each case once, by the block that it was first asked of."""
        told: dict[str, Json] = {"number": number, "hash": block.hex(), "role": int(of[1])}
        return self._asked_for(messages.head_hash(number, block), Says.HEAD, of, told)

    def batch(
        self, first: bytes, second: bytes, token: bytes, deadline: int, items: Sequence[Item], *, at: int  # noqa: ARG002
    ) -> bytes:  # fmt: skip
        """One that the other side offered, or that we drew up (Stage.DRAWN_UP): it stays the same until it is over."""
        ids = [each.rollover for each in items]
        struct = messages.batch_hash(first, second, token, deadline, ids)
        told: dict[str, Json] = {
            "batch": struct.hex(), "first": first.hex(), "second": second.hex(), "token": token.hex(),
            "deadline": deadline, "ids": [each.hex() for each in ids], "cents": [each.cents for each in items],
        }  # fmt: skip
        ours = [each for each in items if decode_case(each.encoded).election.source == self.us]
        about = (ours[0].rollover, Role.SOURCE) if ours else (ids[0], Role.RECEIVER)
        return self._given(struct, Says.BATCH, about, told, deadline)

    def _asked_for(self, struct: bytes, says: Says, about: tuple[bytes, Role], told: Mapping[str, Json]) -> Never:
        wallet, digest, (rollover, role) = self.named(), self.domain.digest(struct), about
        self._kept(digest, wallet, says, (rollover, _SIDES[role]), told, None)
        raise AwaitedError(f"{NAMES[says]} waits for the wallet 0x{wallet.hex()}, and nothing waits for that")

    def _given(
        self, struct: bytes, says: Says, about: tuple[bytes, Role], told: Mapping[str, Json], until: int | None
    ) -> bytes:  # fmt: skip
        """The wallet's signature; :class:`AwaitedError` until it is there, and it is asked for."""
        wallet, digest, (rollover, role) = self.named(), self.domain.digest(struct), about
        kept = self._kept(digest, wallet, says, (rollover, _SIDES[role]), told, until)
        if kept is not None and self.holds(wallet, digest, kept):
            with self.files.begin() as unit:
                unit.was_taken(digest, at=self.now())
            return kept
        if kept is not None:  # its owners are others now
            with self.files.begin() as unit:
                unit.ask_anew(digest, wallet, at=self.now())
        raise AwaitedError(
            f"{NAMES[says]} waits for the wallet 0x{wallet.hex()}: open401k node sign show 0x{digest.hex()[:16]}"
        )

    def _kept(
        self, digest: bytes, wallet: bytes, says: Says, about: tuple[bytes, Side], told: Mapping[str, Json],
        until: int | None,
    ) -> bytes | None:  # fmt: skip
        """What this wallet signed of it; where it did not, it is asked for."""
        with self.files.begin() as unit:
            case = unit.case_of(*about)
            if case is None:
                raise AssertionError("a signature is wanted for a rollover that no file has")
            unit.case(case)  # the file is locked first
            if says in LASTING and unit.lasting(case).get(says) is not None:
                return None  # asked for before the process was stopped
            asked = Wanted(digest, wallet, says, case, told, until, self.now())
            is_new = unit.ask(asked)
            found = unit.wanted(digest)
            if found is not None and found.wallet != wallet:
                unit.ask_anew(digest, wallet, at=self.now())
                found = None
            if is_new:
                unit.put_event(case, f"our wallet is asked to sign {NAMES[says]}")
            fault("wallets.before_ask_commit")
        fault("wallets.after_ask_commit")
        return None if found is None else found.signature


@dataclass
class MemberSigner:
    """By the key that the network names, if it is ours; else by the wallet that it names."""

    keys: BothSigner
    wallet: WalletSigner
    is_ours: Callable[[bytes], bool]

    def approval(
        self, rollover: bytes, role: Role, evidence: bytes, *, cents: int, at: int, encoded: bytes = b""
    ) -> bytes:
        return self._now().approval(rollover, role, evidence, cents=cents, at=at, encoded=encoded)

    def abort(self, rollover: bytes, role: Role, code: int, *, at: int, encoded: bytes = b"") -> bytes:
        return self._now().abort(rollover, role, code, at=at, encoded=encoded)

    def posted(self, rollover: bytes, role: Role, reference: bytes, *, at: int, encoded: bytes = b"") -> bytes:
        return self._now().posted(rollover, role, reference, at=at, encoded=encoded)

    def statement(self, rollover: bytes, role: Role, content: bytes, *, at: int, encoded: bytes = b"") -> bytes:
        return self._now().statement(rollover, role, content, at=at, encoded=encoded)

    def head(self, number: int, block: bytes, *, at: int, of: tuple[bytes, Role]) -> bytes:
        return self._now().head(number, block, at=at, of=of)

    def batch(
        self, first: bytes, second: bytes, token: bytes, deadline: int, items: Sequence[Item], *, at: int
    ) -> bytes:
        return self._now().batch(first, second, token, deadline, items, at=at)

    def asks(self) -> bool:
        """Whether the wallet is asked now, and signs later."""
        return self._now() is self.wallet

    def _now(self) -> BothSigner:
        named = self.wallet.named()
        return self.keys if not any(named) or self.is_ours(named) else self.wallet


def newly_signed(files: KeptDeals) -> Sequence[tuple[str, bytes]]:
    """Cases that may go on by what the wallet signed and nobody has used yet, each with its digest."""
    with files.begin() as unit:
        return _wanted_store.newly_signed(unit.conn)


def _until(encoded: bytes) -> int:
    return decode_case(encoded).terms.deadline

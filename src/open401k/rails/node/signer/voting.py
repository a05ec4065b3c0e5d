"""A node's votes, receipts and statements by the signer's key that the network names. Not here: letters (client)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...messages import Role
from ..signing import Item
from .client import SignerHand


@dataclass(frozen=True, slots=True)
class AskedSigner:
    """The key is asked for anew each time: the network may name another. Limits are the signer's own."""

    hand: Callable[[], SignerHand]

    def approval(
        self, rollover: bytes, role: Role, evidence: bytes, *, cents: int, at: int, encoded: bytes = b""  # noqa: ARG002
    ) -> bytes:  # fmt: skip
        return self.hand().approval(rollover, role, evidence, encoded=encoded)

    def batch(
        self,
        first: bytes,
        second: bytes,
        token: bytes,
        deadline: int,
        items: Sequence[Item],
        *,
        at: int,  # noqa: ARG002
    ) -> bytes:
        return self.hand().batch(first, second, token, deadline, items)

    def abort(self, rollover: bytes, role: Role, code: int, *, at: int, encoded: bytes = b"") -> bytes:  # noqa: ARG002
        return self.hand().abort(rollover, role, code, encoded=encoded)

    def posted(self, rollover: bytes, role: Role, reference: bytes, *, at: int, encoded: bytes = b"") -> bytes:  # noqa: ARG002
        return self.hand().posted(rollover, role, reference, encoded=encoded)

    def statement(self, rollover: bytes, role: Role, content: bytes, *, at: int, encoded: bytes = b"") -> bytes:  # noqa: ARG002
        return self.hand().statement(rollover, role, content, encoded=encoded)

    def head(self, number: int, block: bytes, *, at: int, of: tuple[bytes, Role]) -> bytes:  # noqa: ARG002
        return self.hand().head(number, block)

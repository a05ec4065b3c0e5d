"""Heads that custodians countersigned, as a file; and whether a chain is the one that they signed. Pure.

An operator who wrote a chain anew has other hashes where custodians signed. Not here: signing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from open401k.kernel import Open401kError

from ..chain.interface import Head
from ..messages import head_hash, rollover_domain
from ..node.codec import BadInputError, parsed, read, told
from ..node.said import Countersigned
from .file import KIND as EVIDENCE
from .file import read_file
from .on_chain import Wallets
from .signed import is_by

KIND: Final = "open401k-rails-heads-1"


@dataclass(frozen=True, slots=True)
class Heads:
    """What custodians signed about one chain; the coordinator is where their signatures count."""

    chain_id: int
    coordinator: bytes
    heads: tuple[Countersigned, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """One head beside the chain: whether the block is there, whether the member's key of then signed it."""

    head: Countersigned
    is_there: bool
    is_signed: bool

    @property
    def said(self) -> str:
        """In words."""
        if not self.is_signed:
            return "not signed by the key that this chain names for the member at that block"
        return "as signed" if self.is_there else "ANOTHER BLOCK STANDS THERE: the chain was written anew, or is another"


def write_heads(heads: Heads) -> str:
    """The file."""
    return json.dumps({"kind": KIND, **_record(told(heads))}, indent=1) + "\n"


def read_heads(text: str) -> Heads:
    """The heads of such a file, or of a rollover's evidence; an error that names the place for what is none."""
    try:
        given = parsed(text)
        if isinstance(given, dict) and given.get("kind") == EVIDENCE:
            evidence = read_file(text)
            return Heads(evidence.chain_id, evidence.coordinator, evidence.heads)
        if not isinstance(given, dict) or given.pop("kind", None) != KIND:
            raise _unreadable(f"it is not of the kind {KIND}, nor evidence of a rollover")
        return read(Heads, given)
    except BadInputError as why:
        raise _unreadable(str(why)) from None


def compare(
    heads: Heads, *, block_of: Callable[[int], Head | None], signer_of: Callable[[bytes, int], bytes],
    wallets: Wallets | None = None,
) -> Sequence[Compared]:  # fmt: skip
    """Each head beside the chain; ``signer_of`` answers a member's key at a block, 20 zeros where it has none, and
    ``wallets`` what a contract signed by then."""
    domain, found = rollover_domain(heads.chain_id, heads.coordinator), []
    for head in heads.heads:
        block = block_of(head.number)
        digest = domain.digest(head_hash(head.number, head.hash))
        key = signer_of(head.who, head.number) if block is not None else bytes(20)
        is_there = block is not None and block.hash == head.hash
        is_signed = block is None or is_by(key, digest, head.signature)
        if block is not None and not is_signed and wallets is not None:
            told = wallets(key, digest, head.signature, number=block.number, block=block.hash)
            is_signed = told is True
        found.append(Compared(head, is_there, is_signed))
    return found


def _record(given: object) -> dict[str, object]:
    if not isinstance(given, dict):
        raise TypeError("a record is told as an object")
    return given


def _unreadable(why: str) -> Open401kError:
    return Open401kError(f"The heads cannot be read: {why}.", fix="Ask for them again, of whoever made them.")

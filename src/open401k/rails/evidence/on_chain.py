"""What contract wallets signed, asked of a chain that the reader chose: no file proves it. Not here: keys (signed.py).

A wallet is asked at the block that a signature is about, as it was then; a chain with another block there says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from eth_hash.auto import keccak

from open401k.kernel import Open401kError

from ..calls import answer_of, call_of
from ..chain.interface import At, Chain, UnavailableError
from ..chain.states import ShowsState, check_state
from ..decoding import Decoded
from ..node.core import SilentError
from ..node.wallets import answers, is_contracts
from .calls import custodians

#: The hash of the code of who has none.
NO_CODE = keccak(b"")


class Wallets(Protocol):
    """Whether this contract says at this block that it signed; None where the chain does not tell."""

    def __call__(self, wallet: bytes, digest: bytes, signature: bytes, *, number: int, block: bytes) -> bool | None: ...

    def is_there(self, wallet: bytes, *, number: int, block: bytes) -> bool | None:
        """Whether anything at this address answers at this block; a key's address answers nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """By this chain."""

    chain: Chain

    def __call__(self, wallet: bytes, digest: bytes, signature: bytes, *, number: int, block: bytes) -> bool | None:
        return self._asked(number, block, lambda: is_contracts(self.chain, wallet, digest, signature, at=number))

    def is_there(self, wallet: bytes, *, number: int, block: bytes) -> bool | None:
        return self._asked(number, block, lambda: answers(self.chain, wallet, at=number))

    def _asked(self, number: int, block: bytes, ask: Callable[[], bool]) -> bool | None:
        try:
            there = self.chain.block(number)
            return None if there is None or there.hash != block else ask()
        except (UnavailableError, SilentError):
            return None


def asking(chain: Chain) -> Wallets:
    """By this chain."""
    return Asking(chain)


class _Shows(Chain, ShowsState, Protocol):
    """A chain that hands out proofs."""


def wallets_of(chain: _Shows, network: bytes, case: Decoded, *, at: int) -> Mapping[bytes, Sequence[bytes]]:
    """Contracts that sign for custodians of a case at this block: a proof shows that they are some, and no slots."""
    named = {signer_of(chain, network, who, at=at) for _, who in custodians(case)}
    return {each: () for each in sorted(named) if any(each) and _is_contract(chain, each, at)}


def signer_of(chain: Chain, network: bytes, who: bytes, *, at: At) -> bytes:
    """Whom the network names for a member; 20 zeros for none."""
    (member,) = answer_of(
        ["(uint64,uint16,uint16,address)"], chain.call(network, call_of("member(address)", who), at=at)
    )
    return bytes.fromhex(str(member[3])[2:]) if isinstance(member, tuple) else bytes(20)


def _is_contract(chain: ShowsState, address: bytes, at: int) -> bool:
    try:
        return check_state(chain.state({address: ()}, at=at)).codes[address] != NO_CODE
    except (Open401kError, ValueError):  # nobody is there
        return False

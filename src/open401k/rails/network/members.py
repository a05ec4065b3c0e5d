"""Who is on file of a network, and the keys by which a member signs. Not here: what the council decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from eth_hash.auto import keccak

from open401k.kernel import Open401kError

from ..calls import answer_of, call_of
from ..keys import Key, is_precompile
from ..kinds import Into
from .acting import act, number_of
from .actions import MemberRole
from .place import There

_SET = keccak(b"MemberSet(address,uint64,uint16,uint16,address)")


@dataclass(frozen=True, slots=True)
class Member:
    """What is on file; ``next_signer`` is named, and counts from the time beside it."""

    address: bytes
    valid_until: int
    roles: MemberRole
    accounts: tuple[Into, ...]
    signer: bytes
    next_signer: bytes | None
    next_signer_at: int


@dataclass(frozen=True, slots=True)
class Rules:
    """A version of the rules as it stands on chain."""

    version: int
    active_from: int
    active_until: int
    min_level: int
    most_cents: int
    suspended_until: int
    document_hash: bytes


def members(there: There) -> list[Member]:
    """Everybody that the council ever set, as on file now."""
    chain, network = there.chain, there.place.network
    told = [log.topics[1][12:] for log in chain.logs(0, chain.head().number, [network]) if log.topics[0] == _SET]
    return [member(there, address) for address in dict.fromkeys(told)]


def member(there: There, address: bytes) -> Member:
    """What is on file of one; of a stranger nothing but zeros."""
    kinds = ["(uint64,uint16,uint16,address)"]
    (word,) = answer_of(kinds, there.chain.call(there.place.network, call_of("member(address)", address)))
    until, roles, accounts, signer = cast("tuple[int, int, int, str]", word)
    following = _number(there, "next_signer(address)", address).to_bytes(20, "big")
    at = _number(there, "next_signer_at(address)", address)
    return Member(
        address, until, MemberRole(roles & 0b111111), tuple(each for each in Into if accounts >> each & 1),
        bytes.fromhex(signer[2:]), following if any(following) else None, at,
    )  # fmt: skip


def versions(there: There) -> list[Rules]:
    """Every version of the rules."""
    return [_rules(there, version) for version in range(1, _number(there, "latest()") + 1)]


def name_signer(there: There, by: Key, signer: bytes) -> None:
    """The member names its next signing key; the network's delay begins."""
    if is_precompile(signer):
        raise Open401kError(
            f"0x{signer.hex()} signs nothing: the chain itself answers there.", fix="Name a key or a wallet."
        )
    act(there, by, there.place.network, call_of("name_signer(address)", signer))


def take_signer(there: There, by: Key, who: bytes) -> None:
    """The key that was named takes the old one's place; anybody sends that when the delay is over."""
    act(there, by, there.place.network, call_of("take_signer(address)", who))


def revoke_signer(there: There, by: Key) -> None:
    """The member's key is lost: from now on nothing that it signed counts."""
    act(there, by, there.place.network, call_of("revoke_signer()"))


def revoke_attestation(there: There, by: Key, attestation: bytes) -> bool:
    """The attestor takes back what it attested, for good: nothing that needs it can be decided any more. Whether it
    had before."""
    network = there.place.network
    if number_of(there, network, "revoked(address,bytes32)", by.address, attestation):
        return True
    act(there, by, network, call_of("revoke_attestation(bytes32)", attestation))
    return False


def _rules(there: There, version: int) -> Rules:
    kinds = ["(uint64,uint64,uint8,uint96,uint256,uint256,uint256,bytes32)"]
    (word,) = answer_of(kinds, there.chain.call(there.place.network, call_of("rules(uint32)", version)))
    start, end, level, most, _, _, _, document = cast("tuple[int, int, int, int, int, int, int, bytes]", word)
    return Rules(version, start, end, level, most, _number(there, "suspended_until(uint32)", version), document)


def _number(there: There, call: str, *given: object) -> int:
    return number_of(there, there.place.network, call, *given)

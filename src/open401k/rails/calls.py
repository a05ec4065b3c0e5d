"""Calls of contracts as bytes, and what a refusal says. Not here: sending them (chain), who signs (keys.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from eth_abi.abi import decode, encode
from eth_hash.auto import keccak

from .refusals import REFUSALS

_ERROR = keccak(b"Error(string)")[:4]
_REFUSED = keccak(b"Refused(uint16)")[:4]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a contract refused: the code of a work queue where it told one, and words."""

    code: int | None
    words: str


def call_of(signature: str, *given: object) -> bytes:
    """The bytes that call ``name(types)`` with these values."""
    kinds = kinds_of(signature)
    if all(kind in _WHOLE for kind in kinds):  # a node asks so all day; the general encoder takes forty times as long
        return _selector(signature) + b"".join(
            _word(each, _WHOLE[kind]) for kind, each in zip(kinds, given, strict=True)
        )
    return _selector(signature) + encode(kinds, given)


#: Types that are one word, and how many bytes of it are theirs.
_WHOLE = {"uint256": 32, "bytes32": 32, "address": 20}


@cache
def _selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


def _word(given: object, size: int) -> bytes:
    if isinstance(given, bytes) and len(given) == size:
        return given.rjust(32, b"\0")
    if isinstance(given, int) and size == 32:
        return given.to_bytes(32, "big")
    raise TypeError(f"{given!r} is not one word of {size} bytes")


def answer_of(kinds: Sequence[str], data: bytes) -> tuple[object, ...]:
    """What a call answered."""
    if len(data) == 32 and len(kinds) == 1 and kinds[0] in ("uint256", "bytes32"):
        return (int.from_bytes(data, "big") if kinds[0] == "uint256" else data,)
    return decode(kinds, data)


def refusal_of(data: bytes) -> Refusal:
    """A refusal from what a reverted call left."""
    if data[:4] == _REFUSED:
        (code,) = decode(["uint16"], data[4:])
        return Refusal(code, REFUSALS.get(code, "a refusal that this version does not know"))
    if data[:4] == _ERROR:
        (words,) = decode(["string"], data[4:])
        return Refusal(None, words)
    return Refusal(None, "it says nothing")


@cache
def kinds_of(signature: str) -> tuple[str, ...]:
    """The types between the outermost parentheses."""
    inside, depth, found, one = signature[signature.index("(") + 1 : -1], 0, [], ""
    for letter in inside:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            found.append(one)
            one = ""
        else:
            one += letter
    return (*found, one) if one else tuple(found)

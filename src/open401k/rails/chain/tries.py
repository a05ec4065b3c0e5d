"""Merkle tries of Ethereum: the nodes on the way to one key, and what they prove. Pure.

Nobody who checks has the trie: each node is known by its hash, from the root on, so that a changed byte is found. A
node that is not on the way is refused: what proves nothing does not lie in a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import rlp
from eth_hash.auto import keccak

#: The root of a trie that has nothing in it.
EMPTY = keccak(b"\x80")
_Node = bytes | list["_Node"]


class BrokenError(ValueError):
    """Nodes that prove nothing about this key under this root."""


def proved(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes | None:
    """What stands under the key, or None where nothing does: either is proved; :class:`BrokenError` if neither is."""
    left = iter(nodes)

    def next_of(wanted: bytes) -> bytes:
        node = next(left, None)
        if node is None or keccak(node) != wanted:
            raise BrokenError("a node is missing or is another")
        return node

    found = _walked(root, key, next_of)
    if next(left, None) is not None:
        raise BrokenError("a node too many")
    return found


def way(root: bytes, key: bytes, node_of: Callable[[bytes], bytes]) -> list[bytes]:
    """The nodes from the root to the key, or to where it would be."""
    found: list[bytes] = []

    def kept(wanted: bytes) -> bytes:
        found.append(node_of(wanted))
        return found[-1]

    _walked(root, key, kept)
    return found


def _walked(root: bytes, key: bytes, node_of: Callable[[bytes], bytes]) -> bytes | None:
    if root == EMPTY:
        return None
    digits, at = list(_digits(key)), 0
    node = read_rlp(node_of(root))
    while True:
        if not isinstance(node, list):
            return None  # nothing on this side
        if len(node) == 17:
            if at == len(digits):
                return _value(node[16]) or None
            following, at = node[digits[at]], at + 1
        elif len(node) == 2:
            is_leaf, path = _path(node[0])
            if is_leaf:
                return _value(node[1]) if path == digits[at:] else None
            if path != digits[at : at + len(path)]:
                return None
            following, at = node[1], at + len(path)
        else:
            raise BrokenError("a node of no known kind")
        # a node of fewer than 32 bytes stands within its parent
        node = read_rlp(node_of(following)) if isinstance(following, bytes) and len(following) == 32 else following


def read_rlp(encoded: bytes) -> _Node:
    """What was encoded; :class:`BrokenError` for what cannot be read, also for what is nested without end."""
    try:
        node: _Node = rlp.decode(encoded)
    except (rlp.exceptions.RLPException, RecursionError):
        raise BrokenError("a node that cannot be read") from None
    return node


def header_fields(encoded: bytes) -> list[bytes]:
    """The fields of a block's header, its number and time among them as numbers of this world; else BrokenError."""
    fields = read_rlp(encoded)
    if not isinstance(fields, list) or len(fields) < 15:
        raise BrokenError("no header")
    found = [each for each in fields if isinstance(each, bytes)]
    if len(found) != len(fields) or max(len(found[8]), len(found[11])) > 8:
        raise BrokenError("no header")
    return found


def _value(told: _Node) -> bytes:
    if not isinstance(told, bytes):
        raise BrokenError("a value that is none")
    return told


def _path(told: _Node) -> tuple[bool, list[int]]:
    """Whether it ends here, and the digits of the key that it goes along."""
    digits = list(_digits(_value(told)))
    if not digits or digits[0] > 3:
        raise BrokenError("a way that is none")
    return digits[0] >= 2, digits[1:] if digits[0] % 2 else digits[2:]


def _digits(told: bytes) -> Iterator[int]:
    for each in told:
        yield each >> 4
        yield each & 15

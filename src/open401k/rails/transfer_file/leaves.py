"""Salted leaves under one root: what the terms name as ``dataRoot``; one item shown with its proof; one erased.

A leaf is H(00 | salt | length of label | label | value), a node H(01 | left | right), the root H(02 | count | top):
none passes for another. An odd one moves up as it is. Without its salt a leaf tells nothing, however few values there
are; with the salt deleted it never will.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from eth_hash.auto import keccak

from ...kernel import Random
from .schema import Problem, problems

_LEAF, _NODE, _ROOT = b"\x00", b"\x01", b"\x02"
SALT = 32
MOST_LEAVES = 2_000


@dataclass(frozen=True, slots=True)
class Leaf:
    """One item. An erased one has kept its digest alone."""

    label: str
    digest: bytes
    salt: bytes | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One item disclosed to somebody who knows the root: salt, value, and the way up."""

    label: str
    value: str
    salt: bytes
    count: int
    #: From the leaf upward: whether the other one stands on the left, and its digest.
    way: tuple[tuple[bool, bytes], ...]


@dataclass(frozen=True, slots=True)
class TransferFile:
    """The leaves in the order of their labels."""

    leaves: tuple[Leaf, ...]

    @property
    def root(self) -> bytes:
        """What the terms name."""
        return _root(len(self.leaves), _levels([leaf.digest for leaf in self.leaves])[-1][0])

    @property
    def values(self) -> dict[str, str]:
        """What is known by label; erased items are not."""
        return {leaf.label: leaf.value for leaf in self.leaves if leaf.value is not None}


class FileRefusedError(Exception):
    """A file that is none; ``problems`` names each label."""

    def __init__(self, found: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{each.label} {each.said}" for each in found))
        self.problems = tuple(found)


def leaf_digest(salt: bytes, label: str, value: str) -> bytes:
    """The hash of one item under its salt."""
    name = label.encode()
    return keccak(_LEAF + salt + len(name).to_bytes(2, "big") + name + value.encode())


def made(values: Mapping[str, str], random: Random) -> TransferFile:
    """A file of these values, each under a salt of its own; all that is wrong with them is told at once."""
    if found := problems(values):
        raise FileRefusedError(found)
    leaves = []
    for label in sorted(values):
        salt = random.token(SALT)
        leaves.append(Leaf(label, leaf_digest(salt, label, values[label]), salt, values[label]))
    return TransferFile(tuple(leaves))


def shown(file: TransferFile, label: str) -> Shown:
    """One item with its proof, and nothing of the others but digests."""
    labels = [leaf.label for leaf in file.leaves]
    if label not in labels:
        raise FileRefusedError([Problem(label, "is not in this file")])
    place = labels.index(label)
    leaf = file.leaves[place]
    if leaf.salt is None or leaf.value is None:
        raise FileRefusedError([Problem(label, "was erased")])
    way: list[tuple[bool, bytes]] = []
    for level in _levels([each.digest for each in file.leaves])[:-1]:
        other = place ^ 1
        if other < len(level):
            way.append((other < place, level[other]))
        place //= 2
    return Shown(label, leaf.value, leaf.salt, len(labels), tuple(way))


def proves(one: Shown, root: bytes) -> bool:
    """Whether a disclosed item is under this root."""
    digest = leaf_digest(one.salt, one.label, one.value)
    for on_the_left, other in one.way:
        digest = keccak(_NODE + other + digest) if on_the_left else keccak(_NODE + digest + other)
    return len(one.salt) == SALT and 0 <= one.count < 2**32 and _root(one.count, digest) == root


def erased(file: TransferFile, labels: Sequence[str]) -> TransferFile:
    """The file without these items' salts and values: its root stays, they cannot be found again."""
    unknown = [Problem(label, "is not in this file") for label in labels if label not in {x.label for x in file.leaves}]
    if unknown:
        raise FileRefusedError(unknown)
    return TransferFile(
        tuple(replace(leaf, salt=None, value=None) if leaf.label in labels else leaf for leaf in file.leaves)
    )


def to_bytes(file: TransferFile) -> bytes:
    """The file to be sealed and sent, or kept."""
    rows = [[leaf.label, leaf.digest.hex(), leaf.salt.hex() if leaf.salt else None, leaf.value] for leaf in file.leaves]
    return json.dumps({"version": 1, "leaves": rows}, separators=(",", ":")).encode()


def from_bytes(told: bytes) -> TransferFile:
    """A file as it came: every digest is computed again, every label and value read as the schema has it."""
    leaves = _read(told)
    labels = [leaf.label for leaf in leaves]
    found = [Problem(label, "is there twice") for label, below in pairwise(labels) if label == below]
    if labels != sorted(labels):
        found.append(Problem("file", "is not in the order of its labels"))
    for leaf in leaves:
        if leaf.salt is None or leaf.value is None:
            if leaf.salt is not None or leaf.value is not None:
                found.append(Problem(leaf.label, "is neither whole nor erased"))
        elif len(leaf.salt) != SALT or leaf_digest(leaf.salt, leaf.label, leaf.value) != leaf.digest:
            found.append(Problem(leaf.label, "does not fit its digest"))
    file = TransferFile(leaves)
    if not found and all(leaf.value is not None for leaf in leaves):
        found = list(problems(file.values))
    if found:
        raise FileRefusedError(found)
    return file


def _read(told: bytes) -> tuple[Leaf, ...]:
    """The leaves as they are written; what is no list of leaves is refused."""
    try:
        rows = json.loads(told)["leaves"]
        leaves = tuple(_leaf(*row) for row in rows)
    except (ValueError, KeyError, TypeError, RecursionError) as wrong:
        raise FileRefusedError([Problem("file", f"cannot be read: {type(wrong).__name__}")]) from wrong
    if not 0 < len(leaves) <= MOST_LEAVES:
        raise FileRefusedError([Problem("file", f"has {len(leaves)} leaves, not 1 to {MOST_LEAVES}")])
    return leaves


def _leaf(label: object, digest: object, salt: object, value: object) -> Leaf:
    if not isinstance(label, str) or not isinstance(digest, str) or len(digest) != 2 * SALT:
        raise ValueError("a label or a digest")
    if not isinstance(salt, str | None) or not isinstance(value, str | None):
        raise TypeError("a salt or a value")
    return Leaf(label, bytes.fromhex(digest), None if salt is None else bytes.fromhex(salt), value)


def _root(count: int, top: bytes) -> bytes:
    return keccak(_ROOT + count.to_bytes(4, "big") + top)


def _levels(digests: Sequence[bytes]) -> list[list[bytes]]:
    levels = [list(digests)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = [keccak(_NODE + below[i] + below[i + 1]) for i in range(0, len(below) - 1, 2)]
        levels.append(pairs + ([below[-1]] if len(below) % 2 else []))
    return levels

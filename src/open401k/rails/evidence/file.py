"""The evidence of one rollover as a file: its parts, strictly read and written one way. Pure. Not here: any check.

What is in it is either proved by a hash or a signature in it, or is itself such a proof: nothing is told besides. So
there is one way to write a file, and any other bytes are refused before they are judged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from open401k.kernel import Open401kError

from ..messages import Role
from ..node.codec import BadInputError, Json, parsed, read, told
from ..node.said import Countersigned, Statement
from ..transfer_file.leaves import Shown

KIND: Final = "open401k-rails-evidence-1"
#: The longest file that is read, in letters.
LONGEST: Final = 16 * 2**20
_MOST_CASE: Final = 4_096


@dataclass(frozen=True, slots=True)
class Approval:
    """One party's signature under the terms; ``evidence`` is the hash of what its approval rests on."""

    role: Role
    who: bytes
    evidence: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Included:
    """A transaction with its receipt: the block's number, and the nodes of both tries."""

    block: int
    transaction: tuple[bytes, ...]
    receipt: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All parts. ``states`` are files of chain/states.py: the first at the head, others at countersigned blocks.

    ``headers`` are linked, from the block of the first transaction to the head.
    """

    chain_id: int
    coordinator: bytes
    network: bytes
    delay: int
    case: bytes
    states: tuple[str, ...]
    headers: tuple[bytes, ...] = ()
    transactions: tuple[Included, ...] = ()
    approvals: tuple[Approval, ...] = ()
    statements: tuple[Statement, ...] = ()
    heads: tuple[Countersigned, ...] = ()
    leaves: tuple[Shown, ...] = ()


#: What a node answers with evidence in it (GET /v1/rollovers/{case}/evidence).
_ANSWER = {"case", "disclosed", "evidence"}


def write(evidence: Evidence) -> str:
    """The file."""
    return json.dumps(_told(evidence), indent=1, ensure_ascii=False) + "\n"


def read_file(text: str) -> Evidence:
    """The file read back; an error that names the place for what is none, or is written otherwise."""
    if len(text) > LONGEST:
        raise _unreadable(f"it is longer than {LONGEST:,} letters")
    try:
        text, told = _of_answer(text, parsed(text))
        found = _read(told)
    except BadInputError as why:
        raise _unreadable(str(why)) from None
    if write(found) != text:
        raise _unreadable("it is not written as evidence is, letter by letter")
    return found


def _of_answer(text: str, told: Json) -> tuple[str, Json]:
    """A node's API answers evidence as a field of an object; whoever saved the whole answer means that field."""
    if isinstance(told, dict) and set(told) == _ANSWER and isinstance(inside := told["evidence"], str):
        return inside, parsed(inside)
    return text, told


def joined(mine: Evidence, theirs: Evidence) -> Evidence:
    """Our file with what the other custodian alone could say: its statement, its heads, leaves that it disclosed."""
    same = ("chain_id", "coordinator", "network", "case")
    for name in same:
        if getattr(mine, name) != getattr(theirs, name):
            raise Open401kError(
                f"The two files are not of one rollover: {name} differs.", fix="Join files of the same case."
            )
    values = {name: getattr(mine, name) for name in Evidence.__slots__}
    for name in ("approvals", "statements", "heads", "leaves"):
        values[name] += tuple(each for each in getattr(theirs, name) if each not in values[name])
    blocks = {json.loads(state)["header"] for state in mine.states}
    values["states"] += tuple(each for each in theirs.states if json.loads(each)["header"] not in blocks)
    return Evidence(**values)


def _told(evidence: Evidence) -> dict[str, Json]:
    return {
        "kind": KIND,
        "chain_id": evidence.chain_id,
        "coordinator": evidence.coordinator.hex(),
        "network": evidence.network.hex(),
        "delay": evidence.delay,
        "case": evidence.case.hex(),
        "states": [json.loads(state) for state in evidence.states],
        "headers": [header.hex() for header in evidence.headers],
        "transactions": [
            {
                "block": each.block,
                "transaction": [node.hex() for node in each.transaction],
                "receipt": [node.hex() for node in each.receipt],
            }
            for each in evidence.transactions
        ],
        **{name: told(getattr(evidence, name)) for name in _LISTS},
    }


_LISTS: Final[Mapping[str, type]] = {
    "approvals": Approval, "statements": Statement, "heads": Countersigned, "leaves": Shown,
}  # fmt: skip
_NAMES: Final = (
    "kind", "chain_id", "coordinator", "network", "delay", "case", "states", "headers", "transactions", *_LISTS,
)  # fmt: skip


def _read(given: Json) -> Evidence:
    if not isinstance(given, dict) or given.get("kind") != KIND:
        raise _unreadable(f"it is not of the kind {KIND}")
    if tuple(given) != _NAMES:
        raise _unreadable(f"it holds exactly these fields, in this order: {', '.join(_NAMES)}")
    lists = {name: _items(given, name) for name in ("states", "headers", "transactions", *_LISTS)}
    found = Evidence(
        chain_id=_whole(given, "chain_id"),
        coordinator=_octets(given["coordinator"], "coordinator", size=20),
        network=_octets(given["network"], "network", size=20),
        delay=_whole(given, "delay"),
        case=_octets(given["case"], "case", most=_MOST_CASE),
        states=tuple(json.dumps(each, indent=1) + "\n" for each in lists["states"]),
        headers=_row(lists["headers"], "headers"),
        transactions=tuple(_included(each, place) for place, each in enumerate(lists["transactions"])),
        **{
            name: tuple(read(kind, each, at=f"{name}[{place}]") for place, each in enumerate(lists[name]))
            for name, kind in _LISTS.items()
        },
    )
    for place, head in enumerate(found.heads):
        _block(head, f"heads[{place}]")
    return found


def _block(head: Countersigned, at: str) -> None:
    """What cannot be the number and hash of a block cannot be put into the words that are signed, either."""
    if not 0 <= head.number < 2**64:
        raise _unreadable(f"{at}.number: it is a whole number")
    if len(head.hash) != 32:
        raise _unreadable(f"{at}.hash: it is 32 bytes in hexadecimal")


def _included(given: Json, place: int) -> Included:
    at = f"transactions[{place}]"
    if not isinstance(given, dict) or tuple(given) != ("block", "transaction", "receipt"):
        raise _unreadable(f"{at}: it holds block, transaction, receipt")
    rows = [_row(_items(given, name), f"{at}.{name}") for name in ("transaction", "receipt")]
    return Included(_whole(given, "block"), rows[0], rows[1])


def _items(given: dict[str, Json], name: str) -> list[Json]:
    found = given[name]
    if not isinstance(found, list) or len(found) > 2_000:
        raise _unreadable(f"{name}: it is a list of at most 2,000 items")
    return found


def _row(given: list[Json], at: str) -> tuple[bytes, ...]:
    return tuple(_octets(each, f"{at}[{place}]") for place, each in enumerate(given))


def _whole(given: dict[str, Json], name: str) -> int:
    found = given[name]
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < 2**64:
        raise _unreadable(f"{name}: it is a whole number")
    return found


def _octets(given: Json, at: str, *, size: int | None = None, most: int = 2**17) -> bytes:
    try:
        octets = bytes.fromhex(given) if isinstance(given, str) else None
    except ValueError:
        octets = None
    if octets is None or not 0 < len(octets) <= most or (size is not None and len(octets) != size):
        raise _unreadable(f"{at}: it is bytes in hexadecimal")
    return octets


def _unreadable(why: str) -> Open401kError:
    return Open401kError(f"The evidence cannot be read: {why}.", fix="Ask for it again, of whoever made it.")

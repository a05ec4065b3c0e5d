"""The SQL of sealed rows as master keys are changed: which are under others, one of them, and that one anew.

Each is locked alone, in a transaction of its own, so that it never holds what running work waits for while it waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Generic, LiteralString, TypeVar

from ._store import Connection
from .sealing import Sealed

Key = TypeVar("Key", bound="tuple[Any, ...]")


@dataclass(frozen=True, slots=True)
class SealedRows(Generic[Key]):
    """A table of sealed bytes, by key. ``one`` is locked until its transaction ends."""

    under_others: LiteralString
    one: LiteralString
    anew: LiteralString


DEALS: Final[SealedRows[tuple[str]]] = SealedRows(
    "select case_id from node.deal where kek_id <> %s order by case_id limit %s",
    "select kek_id, sealed from node.deal where kek_id <> %s and case_id = %s for update",
    "update node.deal set kek_id = %s, sealed = %s where case_id = %s",
)
LETTERS: Final[SealedRows[tuple[bytes, bytes, int]]] = SealedRows(
    "select recipient, reference, number from node.letter_out where kek_id <> %s limit %s",
    """
    select kek_id, sealed
    from node.letter_out
    where kek_id <> %s and recipient = %s and reference = %s and number = %s
    for update
    """,
    "update node.letter_out set kek_id = %s, sealed = %s where recipient = %s and reference = %s and number = %s",
)
#: Documents: one is kept once for all its cases.
PAPERS: Final[SealedRows[tuple[bytes]]] = SealedRows(
    "select fingerprint from node.paper where kek_id <> %s limit %s",
    "select kek_id, sealed from node.paper where kek_id <> %s and fingerprint = %s for update",
    "update node.paper set kek_id = %s, sealed = %s where fingerprint = %s",
)
#: Their names, by case.
NAMES: Final[SealedRows[tuple[str]]] = SealedRows(
    "select case_id from node.case_paper where kek_id <> %s limit %s",
    "select kek_id, sealed from node.case_paper where kek_id <> %s and case_id = %s for update",
    "update node.case_paper set kek_id = %s, sealed = %s where case_id = %s",
)
SECRETS: Final[SealedRows[tuple[str]]] = SealedRows(
    "select name from node.secret where kek_id <> %s limit %s",
    "select kek_id, sealed from node.secret where kek_id <> %s and name = %s for update",
    "update node.secret set kek_id = %s, sealed = %s where name = %s",
)


def under_others(conn: Connection, rows: SealedRows[Key], kek_id: str, limit: int) -> list[Key]:
    """What is sealed under another master key; nothing is locked."""
    found: list[Any] = conn.execute(rows.under_others, [kek_id, limit], binary=True).fetchall()
    return found


def one(conn: Connection, rows: SealedRows[Key], kek_id: str, key: Key) -> Sealed | None:
    """One of them, locked; None where it was sealed anew, or deleted, since."""
    row = conn.execute(rows.one, [kek_id, *key], binary=True).fetchone()
    return None if row is None else Sealed(*row)


def seal_anew(conn: Connection, rows: SealedRows[Key], key: Key, sealed: Sealed) -> None:
    """The same under another master key."""
    conn.execute(rows.anew, [sealed.kek_id, sealed.data, *key])

"""What a node asks of a custodian's core system, and how it answers. Not here: any core (adapters).

Every order is idempotent by (rollover, side): the same again is answered as the first time, another under the same id
is refused. A release wins for ever: a hold that arrives after it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

#: No kind of an account's money: cash that a receiver passes on to the person, after tax was withheld from it.
CASH_TO_PERSON: Final = 15


class Side(StrEnum):
    """Where the node's custodian stands in a rollover."""

    SOURCE = "source"
    RECEIVER = "receiver"


@dataclass(frozen=True, slots=True)
class Part:
    """One leg, as a core books it: cents of one kind of money, with the facts that go with it.

    ``basis`` is what was taxed already (Roth or after-tax contributions); ``roth_since`` the first year of a Roth
    account: both come from the transfer file. ``into`` is the type of account that the terms name; None: nobody told.
    """

    leg: int
    kind: int
    cents: int
    basis: int = 0
    roth_since: int | None = None
    into: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """Hold or post: for the source what leaves the account, for the receiver what it expects and takes in."""

    rollover: bytes
    side: Side
    account: str
    parts: tuple[Part, ...]

    @property
    def cents(self) -> int:
        """All parts together."""
        return sum(part.cents for part in self.parts)


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the core: cents by kind of money, and how many of them are held for rollovers."""

    account: str
    is_open: bool
    balance: Mapping[int, int]
    held: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Done:
    """It is so: under this reference in the core's books, for these cents. ``again``: it was so before."""

    reference: str
    cents: int
    again: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """The core took the order and has not said yet (a batch core answers overnight): ask again, the same."""

    since: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The core will not; ``code`` is that of a work queue (codes.py)."""

    code: int
    words: str


Answer = Done | Waiting | Refused


class HoldState(StrEnum):
    """What a core knows of one rollover."""

    UNKNOWN = "unknown"
    HELD = "held"
    RELEASED = "released"
    POSTED = "posted"


@dataclass(frozen=True, slots=True)
class Status:
    """What the core's books say about one rollover: cents that are held or posted, and tax facts made of it."""

    state: HoldState
    cents: int = 0
    reference: str = ""
    tax_facts: int = 0


class SilentError(Exception):
    """No answer: nobody knows whether it was done. Ask again later, the same."""


class CustodianCore(Protocol):
    """One core system. Every method may raise :class:`SilentError`."""

    def look_up(self, account: str) -> Account | Refused:
        """The account with its money by kind."""
        ...

    def hold(self, order: Order) -> Answer:
        """Source: put the money aside, so that nobody can spend it. Receiver: note what is expected."""
        ...

    def release(self, rollover: bytes, side: Side) -> Answer:
        """Give free what is held, if anything is; afterwards nothing can be held under this id."""
        ...

    def post(self, order: Order) -> Answer:
        """Book it, once: the source's debit from what is held, the receiver's credit of what was expected."""
        ...

    def status(self, rollover: bytes, side: Side) -> Status:
        """What was done about this rollover."""
        ...


def parts_by_kind(parts: Sequence[Part]) -> dict[int, int]:
    """Cents of each kind of money."""
    found: dict[int, int] = {}
    for part in parts:
        found[part.kind] = found.get(part.kind, 0) + part.cents
    return found

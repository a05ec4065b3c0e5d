"""A custodian in a run: the real node over files and a core that fail as faults say. Not here: the schedule."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from open401k.base.faults import Stopped
from open401k.kernel import SeededRandom

from .. import messages
from ..keys import Key
from ..node.batches import Batches
from ..node.batching import Batch, Settings
from ..node.cases import Case, State
from ..node.coordinator import ChainCoordinator, Coordinator
from ..node.core import Account, Answer, CustodianCore, Order, Refused, Side, SilentError, Status, Waiting
from ..node.deal import DealUnit
from ..node.desk import Desk
from ..node.memory import Kept
from ..node.memory_deals import MemoryDeals, Shelf
from ..node.signing import PolicySigner
from ..node.wallet_signing import BothSigner, WalletSigner
from ..node.wanted import Wanted
from ..node.worker import FinalityError, Node
from ..signatures import is_signed_by
from .chance import Fault, Faults
from .cores import Core
from .engines import CHAIN_ID, address_of, key, signer_of
from .net import Endpoints, Net

_AROUND = (Fault.DROP, Fault.LOST_ANSWER, Fault.DELAY, Fault.DUPLICATE, Fault.CRASH_BEFORE, Fault.CRASH_AFTER)
_OF_STATE = {
    State.HELD: ("R3", "R5"),
    State.VOTED: ("R6", "R7"),
    State.POSTED: ("R11", "R14"),
    State.RELEASED: ("R17", "R17"),
}


@dataclass
class FaultyCore:
    """A core that is asked over a bad line."""

    core: Core
    faults: Faults

    def look_up(self, account: str) -> Account | Refused:
        return self.core.look_up(account)

    def hold(self, order: Order) -> Answer:
        return self._asked("R3" if order.side is Side.SOURCE else "R5", lambda: self.core.hold(order))

    def release(self, rollover: bytes, side: Side) -> Answer:
        return self._asked("R17", lambda: self.core.release(rollover, side))

    def post(self, order: Order) -> Answer:
        return self._asked("R11" if order.side is Side.SOURCE else "R14", lambda: self.core.post(order), times=2)

    def status(self, rollover: bytes, side: Side) -> Status:
        return self.core.status(rollover, side)

    def _asked(self, boundary: str, do: Callable[[], Answer], *, times: int = 1) -> Answer:
        kind = self.faults.at(boundary, *_AROUND, times=times)
        match kind:
            case Fault.DROP:
                raise SilentError("the core does not answer")
            case Fault.DELAY:
                return Waiting("overnight")
            case Fault.CRASH_BEFORE:
                raise Stopped("before the core")
            case Fault.DUPLICATE:
                do()
        told = do()
        if kind is Fault.LOST_ANSWER:
            raise SilentError("the core did it and nobody heard")
        if kind is Fault.CRASH_AFTER:
            raise Stopped("after the core")
        return told


#: All that a node keeps: what a backup holds.
Files = tuple[Kept, Shelf]


class FaultyCases(MemoryDeals):
    """Files on a disk that may be full; a process may end before or after a transaction is committed."""

    def __init__(
        self, us: bytes, faults: Faults, moved: Callable[[Case], None], signed: Callable[[Batch], None],
        now: Callable[[], int], asked: Callable[[Wanted], None],
    ) -> None:  # fmt: skip
        super().__init__(now=now)
        self.asked = asked
        self.us = us
        self.faults = faults
        self.moved = moved
        self.signed = signed

    @property
    def all(self) -> Files:
        """Everything, as it is now."""
        return self.kept, self.shelf

    def put_back(self, files: Files) -> None:
        """As they were in a backup."""
        self.kept, self.shelf = files

    @contextmanager
    def begin(self) -> Iterator[DealUnit]:
        before, shelf, kind, moved, batches = self.kept, self.shelf, None, None, list[Batch]()
        asked = list[Wanted]()
        with super().begin() as unit:
            yield unit
            after, shelf_after = getattr(unit, "kept", before), getattr(unit, "shelf", shelf)
            moved = _moved(before, after)
            boundary = _OF_STATE[moved.state][moved.side is Side.RECEIVER] if moved and moved.state in _OF_STATE else ""
            if shelf_after.batches != shelf.batches:
                boundary, batches = "B1", _signed_now(self.us, shelf, shelf_after)
            if shelf_after.wanted != shelf.wanted:
                boundary, asked = (
                    "W1",
                    [each for each in shelf_after.wanted.values() if each.digest not in shelf.wanted],
                )
            if boundary:
                kind = self.faults.at(boundary, Fault.DISK_FULL, Fault.CRASH_BEFORE, Fault.CRASH_AFTER)
            if kind is Fault.DISK_FULL:
                raise OSError(errno.ENOSPC, "no space left on the disk")
            if kind is Fault.CRASH_BEFORE:
                raise Stopped("before the commit")
        for row in asked:
            self.asked(row)
        if moved is not None:
            self.moved(moved)
        for each in batches:
            self.signed(each)
        if kind is Fault.CRASH_AFTER:
            raise Stopped("after the commit")


def _moved(before: Kept, kept: Kept) -> Case | None:
    """The file whose state this transaction changes."""
    for name, case in kept.cases.items():
        known = before.cases.get(name)
        if known is not None and known.state is not case.state:
            return case
    return None


def _signed_now(us: bytes, before: Shelf, after: Shelf) -> list[Batch]:
    """Batches that we signed, or that both signed, by this transaction."""
    found = []
    for name, batch in after.batches.items():
        known = before.batches.get(name)
        if known != batch and (_ours(batch, us) is not None) and (known is None or known.stage is not batch.stage):
            found.append(batch)
    return found


def _ours(batch: Batch, us: bytes) -> bytes | None:
    return batch.signed_first if batch.first == us else batch.signed_second


#: How a node is put together: a test plants mistakes here.
Assembled = Callable[["Party", CustodianCore, Coordinator], Node]


def as_it_is(party: Party, core: CustodianCore, coordinator: Coordinator) -> Node:
    """The real node, as piece by piece it is shipped."""
    us, settings, salt = address_of(party.name), party.settings, party.name.encode()
    signer: BothSigner = PolicySigner(signer_of(party.name), party.domain)
    if party.wallet is not None:
        named, files = partial(party.coordinator.signer_of, us), party.cases
        signer = WalletSigner(named, party.domain, files, us, is_signed_by, party.own_now)
    batches = None
    if settings is not None:
        batches = Batches(
            party.cases, core, party.coordinator, signer, party.random, us, party.domain, settings, party.own_now
        )
    return Node(party.cases, core, coordinator, signer, salt, batches, us)


@dataclass
class Wallet:
    """One wallet, with what it was ever asked for and what it gave: whatever became of the node's files since.

    A key stands for it: to the coordinator a signature counts or does not, by whomever it was made.
    """

    name: str
    asked: dict[bytes, Wanted] = field(default_factory=dict)
    given: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)  # by digest and wallet
    never: set[bytes] = field(default_factory=set)

    @property
    def keys(self) -> dict[bytes, Key]:
        """The first one, and the one in its place."""
        return {each.address: each for each in (signer_of(self.name), key(f"{self.name}'s later wallet"))}


@dataclass
class Party:
    """One custodian: its process, which can die, its files and its core, which stay.

    ``wrong`` is by how many seconds its own clock is: no decision about what was signed may follow from it.
    """

    name: str
    net: Net
    core: Core
    faults: Faults
    cases: FaultyCases
    endpoints: Endpoints
    assembled: Assembled
    random: SeededRandom
    settings: Settings | None = None  # of batches
    wallet: Wallet | None = None  # whose word its votes are
    wrong: int = 0
    down_until: int = 0
    backup: Files | None = None
    early: list[Files] = field(default_factory=list)  # before a case was opened, before its terms were agreed
    coordinator: ChainCoordinator = field(init=False)
    desk: Desk = field(init=False)
    node: Node = field(init=False)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()
        self.desk = Desk(
            address_of(self.name), self.coordinator, self.domain, self.net.engine.token, {}, 1, self.random,
            self.own_now, takes_batches=self.settings is not None,
        )  # fmt: skip

    @property
    def domain(self) -> messages.Domain:
        """Where signatures count."""
        return messages.rollover_domain(CHAIN_ID, self.net.engine.rollover)

    def own_now(self) -> int:
        """What its own clock says."""
        return self.net.clock.now + self.wrong

    def start(self) -> None:
        """A new process over the same files."""
        engine = self.net.engine
        self.coordinator = ChainCoordinator(
            self.endpoints, rollover=engine.rollover, network=engine.network, relay=key(f"{self.name}'s relay")
        )
        self.node = self.assembled(self, FaultyCore(self.core, self.faults), self.coordinator)

    def end(self, why: str, *, at: int) -> None:
        """The process ends, and is down for a while."""
        self.said.append(f"{self.name} ends {why}")
        self.down_until = at + self.faults.dice.below(6 * 3_600)
        self.faults.note("R18", Fault.CRASH_AFTER)
        self.start()

    def follow(self) -> bool:
        """One pass; whether it did anything. A crash leaves it down for a while."""
        if self.faults.is_on and self.net.clock.now < self.down_until:
            return False
        try:
            passed = self.node.run_once()
        except Stopped as why:
            self.end(str(why), at=self.net.clock.now)
            return True
        except (SilentError, OSError) as why:
            self.said.append(f"{self.name}: {why}")
            return False
        except FinalityError as why:
            raise AssertionError(f"{self.name} saw a final block replaced: {why}") from why
        self.said += [f"{self.name}: {case} {action}" for case, action in passed.done]
        self.said += [f"{self.name}: {case} {why}" for case, why in passed.silent]
        return bool(passed.done)

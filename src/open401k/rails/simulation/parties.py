"""A custodian in a run: the real node over files and a core that fail as faults say. Not here: the schedule."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from open401k.base.faults import Stopped

from .. import messages
from ..chain.interface import Head
from ..node.cases import Case, State, Unit
from ..node.coordinator import ChainCoordinator, Coordinator
from ..node.core import Account, Answer, CustodianCore, Order, Refused, Side, SilentError, Status, Waiting
from ..node.memory import Kept, MemoryCases
from ..node.signing import PolicyError, PolicySigner, SignerAwayError
from ..node.worker import FinalityError, Node
from .chance import Fault, Faults
from .cores import Core
from .engines import CHAIN_ID, address_of, key, signer_of
from .net import Clock, Endpoints, Net

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


class FaultyCases(MemoryCases):
    """Files on a disk that may be full; a process may end before or after a transaction is committed."""

    def __init__(self, kept: Kept, faults: Faults, moved: Callable[[Case], None]) -> None:
        super().__init__(kept)
        self.faults = faults
        self.moved = moved

    @contextmanager
    def begin(self) -> Iterator[Unit]:
        before, kind, moved = self.kept, None, None
        with super().begin() as unit:
            yield unit
            moved = _moved(before, unit)
            if moved is not None and moved.state in _OF_STATE:
                boundary = _OF_STATE[moved.state][moved.side is Side.RECEIVER]
                kind = self.faults.at(boundary, Fault.DISK_FULL, Fault.CRASH_BEFORE, Fault.CRASH_AFTER)
            if kind is Fault.DISK_FULL:
                raise OSError(errno.ENOSPC, "no space left on the disk")
            if kind is Fault.CRASH_BEFORE:
                raise Stopped("before the commit")
        if moved is not None:
            self.moved(moved)
        if kind is Fault.CRASH_AFTER:
            raise Stopped("after the commit")


def _moved(before: Kept, unit: Unit) -> Case | None:
    """The file whose state this transaction changes."""
    kept = getattr(unit, "kept", before)
    for name, case in kept.cases.items():
        known = before.cases.get(name)
        if known is not None and known.state is not case.state:
            return case
    return None


@dataclass
class Queued:
    """Cases that wait for others, to be settled together; who signs a batch is another part of the run (stories)."""

    names: set[str] = field(default_factory=set)

    def once(self, block: Head) -> Mapping[str, SignerAwayError | PolicyError]:  # noqa: ARG002
        """Nothing is offered by letters here."""
        return {}

    def waits_until(self, case: Case, block: Head) -> int | None:
        return block.time + 43_200 if case.id in self.names else None

    def note_settled(self, case: Case) -> None:
        """No batch has a row here."""


#: How a node is put together: a test plants mistakes here.
Assembled = Callable[["Party", CustodianCore, Coordinator], Node]


def as_it_is(party: Party, core: CustodianCore, coordinator: Coordinator) -> Node:
    """The real node, as piece by piece it is shipped."""
    domain = messages.rollover_domain(CHAIN_ID, party.net.engine.rollover)
    signer, salt = PolicySigner(signer_of(party.name), domain), party.name.encode()
    return Node(party.cases, core, coordinator, signer, salt, party.waiting, address_of(party.name))


@dataclass
class Party:
    """One custodian: its process, which can die, its files and its core, which stay."""

    name: str
    net: Net
    core: Core
    faults: Faults
    cases: FaultyCases
    endpoints: Endpoints
    clock: Clock  # its own, which no decision may read
    assembled: Assembled
    down_until: int = 0
    backup: Kept | None = None
    waiting: Queued = field(default_factory=Queued)
    early: list[Kept] = field(default_factory=list)  # before a case was opened, before its terms were agreed
    node: Node = field(init=False)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A new process over the same files."""
        engine = self.net.engine
        coordinator = ChainCoordinator(
            self.endpoints, rollover=engine.rollover, network=engine.network, relay=key(f"{self.name}'s relay")
        )
        self.node = self.assembled(self, FaultyCore(self.core, self.faults), coordinator)

    def follow(self) -> bool:
        """One pass; whether it did anything. A crash leaves it down for a while."""
        if self.faults.is_on and self.net.clock.now < self.down_until:
            return False
        try:
            passed = self.node.run_once()
        except Stopped as why:
            self.said.append(f"{self.name} ends {why}")
            self.down_until = self.net.clock.now + self.faults.dice.below(6 * 3_600)
            self.faults.note("R18", Fault.CRASH_AFTER)
            self.start()
            return True
        except (SilentError, OSError) as why:
            self.said.append(f"{self.name}: {why}")
            return False
        except FinalityError as why:
            raise AssertionError(f"{self.name} saw a final block replaced: {why}") from why
        self.said += [f"{self.name}: {case} {action}" for case, action in passed.done]
        self.said += [f"{self.name}: {case} {why}" for case, why in passed.silent]
        return bool(passed.done)

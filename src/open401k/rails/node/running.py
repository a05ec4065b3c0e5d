"""A node's work while its process lives: passes, letters, webhooks, each again and again. Not here: any of them.

Whoever does not answer (the chain, the core, the database, a peer) is asked again, twice as late each time; a case that
waits keeps no other waiting. Nothing is kept here that a restart would miss.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from open401k.kernel import Open401kError

from ..chain.interface import Head
from .away import Away
from .backoff import Backoff, Chosen
from .cases import State
from .core import SilentError
from .signing import PolicyError, SignerAwayError
from .transmitting import NetworkCoordinator
from .worker import FinalityError, Node

log = logging.getLogger("open401k.node")
#: Seconds between two looks at the chain, and between two passes where it did not move.
LOOK, PASS = 0.2, 2.0
_ENDED = (State.POSTED, State.RELEASED, State.OFF_RAIL)


class Job(Protocol):
    """Something that is done again and again."""

    @property
    def name(self) -> str: ...

    def once(self, *, at: float) -> float:
        """Do what there is to do; how many seconds until the next time. ``at`` is a clock that does not go back."""
        ...


@dataclass
class Passes:
    """Passes over all open cases: when the final block moved, when somebody asks for one, and from time to time."""

    node: Node
    coordinator: NetworkCoordinator
    on_passed: Callable[[], None] = lambda: None
    #: Cases that may go on by what our wallet signed, each with the digest; until it is used.
    signed: Callable[[], Collection[tuple[str, bytes]]] = frozenset
    #: Tells desks of a core that does not answer.
    away: Away | None = None
    name: str = "cases"
    _backoff: Backoff[str] = field(default_factory=Backoff)
    _nudges: Backoff[int] = field(default_factory=lambda: Backoff(first=5.0, most=600.0))
    #: What ``signed`` told before: it wakes a case once, or who is silent would be asked with every pass.
    _told: frozenset[tuple[str, bytes]] = frozenset()
    #: Cases that wait for a block that nobody signs.
    _unsigned: set[str] = field(default_factory=set)
    #: Cases of which a batch had no answer, since when.
    _batched: dict[str, float] = field(default_factory=dict)
    _block: Head | None = None
    _next: float = 0.0
    _asked: bool = False
    _chosen: Chosen = field(init=False)

    def __post_init__(self) -> None:
        self._chosen = Chosen(self.node.cases, self._backoff)
        self.node.cases = self._chosen

    def ask(self) -> None:
        """Have the next look be a pass."""
        self._asked = True

    def once(self, *, at: float) -> float:
        block = self.coordinator.final_block()
        if block == self._block and at < self._next and not self._asked:
            return LOOK
        self._asked = False
        passed = self._pass(at, block)
        self._block, self._next = block, at + PASS
        if passed:
            self.on_passed()
        return LOOK

    def _pass(self, at: float, block: Head) -> bool:
        """Whether anything was done."""
        self._chosen.at = at
        told, before = frozenset(self.signed()), self._told
        for case, _ in told - before:
            self._backoff.answered(case)
        self._told = told
        passed = self.node.run_once()
        for case, _ in passed.done:
            self._backoff.answered(case)
        waits = {case: self._backoff.failed(case, at=at) for case, _ in passed.silent}
        silent = self.node.batches.silent if self.node.batches is not None else ()
        self._batched = {case: self._batched.get(case, at) for case in silent}
        waits = {case: at - since for case, since in self._batched.items()} | waits
        if self.away is not None:
            self.away.look(waits, at=block.time)
        for case, why in passed.silent:
            wait = waits[case]
            log.warning("case %s waits %.0f s: %s", case, wait, why)
        for case in passed.awaited:
            self._backoff.failed(case, at=at)
        self.coordinator.look_after()
        self._nudge(at)
        return bool(passed.done)

    def _nudge(self, at: float) -> None:
        """A chain that stands still before a deadline that is past by our clock is moved by one block."""
        deadlines: dict[int, str] = {}  # each with a case that waits for it
        for name in self._chosen.cases.to_follow():
            with self.node.cases.begin() as unit:
                case = unit.case(name)
            if case.agreed is not None and case.state not in _ENDED:
                for deadline in (case.agreed.deadline, case.batch_until):
                    deadlines |= {} if deadline is None else {deadline: deadlines.get(deadline, name)}
        self._nudges.forget_others(deadlines)
        self._unsigned.intersection_update(deadlines.values())
        for deadline, name in deadlines.items():
            if self._nudges.may_ask(deadline, at=at) and self._nudged(deadline, name):
                self._nudges.failed(deadline, at=at)
                return

    def _nudged(self, deadline: int, case: str) -> bool:
        """Whether one was sent, or nobody signs one: the case that waits for it says so, until somebody does."""
        try:
            sent = self.coordinator.nudge(deadline)
        except (SignerAwayError, PolicyError) as why:
            self._unsigned.add(case)
            self.node.unsigned(case, why, at=self._block.time if self._block else deadline)
            return True
        if case in self._unsigned:  # signed, or not needed any more
            self._unsigned.discard(case)
            self.node.signs_again(case)
        return sent


@dataclass
class _Thread:
    """One job in a thread of its own."""

    job: Job
    ends: threading.Event
    wakes: threading.Event = field(default_factory=threading.Event)
    trouble: str = ""
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name=f"node {self.job.name}", daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        self.wakes.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _work(self) -> None:
        backoff: Backoff[str] = Backoff(first=0.5, most=15.0)
        while not self.ends.is_set():
            try:
                wait = self.job.once(at=time.monotonic())
                backoff.answered("")
                self._say("")
            except (SilentError, FinalityError, PolicyError, OSError, Open401kError) as why:
                wait = backoff.failed("", at=time.monotonic())
                self._say(f"{type(why).__name__}: {why}")
            except Exception:  # the thread must live: nobody would follow anything any more
                log.exception("%s failed; it is tried again", self.job.name)
                wait = backoff.failed("", at=time.monotonic())
                self.trouble = "something is broken: see the log"
            self.wakes.wait(wait)
            self.wakes.clear()

    def _say(self, trouble: str) -> None:
        """Once, when it begins and when it is over."""
        if trouble and trouble != self.trouble:
            log.warning("%s: no answer, asked again: %s", self.job.name, trouble)
        elif self.trouble and not trouble:
            log.warning("%s: goes on", self.job.name)
        self.trouble = trouble


class Running:
    """All jobs of a node, from start to stop."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._ends = threading.Event()
        self._threads = [_Thread(job, self._ends) for job in jobs]

    def start(self) -> None:
        """Begin."""
        for each in self._threads:
            each.start()

    def wake(self) -> None:
        """Something happened: look now."""
        for each in self._threads:
            each.wakes.set()

    def stop(self, *, seconds: float = 15.0) -> None:
        """Finish what is under way, and end. What is left goes on after the next start."""
        self._ends.set()
        for each in self._threads:
            each.join(seconds)

    def trouble(self) -> dict[str, str]:
        """What does not answer now, by job."""
        return {each.job.name: each.trouble for each in self._threads if each.trouble}

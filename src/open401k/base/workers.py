"""Processes beside their parent that share its work: begun, watched, begun anew, ended. Not here: what they do.

A Python process uses one processor at a time; several use several. They know each other only through the database and
through a line to their parent: what they say on it, the parent hears; when the parent is gone, the line ends.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from open401k.kernel import Open401kError

log = logging.getLogger(__name__)

#: How long somebody who was asked to end may take for what is under way, in seconds.
GRACE: Final = 5.0
#: Seconds until one that ended by itself is begun anew: one that cannot live must not eat the processor.
PAUSE: Final = 1.0
#: How long one may take until it works.
BEGINS_WITHIN: Final = 60.0
_READY: Final = "ready"
_END: Final = "end"
_METHOD: Final = multiprocessing.get_context("spawn")  # a copy of a process with threads would hold locks for ever


class ToParent:
    """A worker's end of the line."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._lock = threading.Lock()

    def say(self, told: object) -> None:
        """Tell the parent; threads take turns."""
        with self._lock:
            self._line.send(told)

    def ready(self) -> None:
        """From here on the worker works."""
        self.say(_READY)

    def at_end(self, then: Callable[[], None]) -> None:
        """Do this when the parent asks to end, or is no more."""

        def watch() -> None:
            try:
                self._line.recv()
            except (EOFError, OSError):
                then()

        threading.Thread(target=watch, name="parent", daemon=True).start()


@dataclass(frozen=True, slots=True)
class _Worker:
    process: SpawnProcess
    line: Connection
    ready: threading.Event


class Workers:
    """So many processes that each run ``work(*given, ToParent)``; ``heard`` is called with what they say."""

    def __init__(
        self, work: Callable[..., None], given: Sequence[Any], count: int, heard: Callable[[Any], None]
    ) -> None:
        self._work, self._given, self._count, self._heard = work, tuple(given), count, heard
        self._ended = threading.Event()
        self._workers: list[_Worker] = []

    def start(self) -> None:
        """Begin all, and wait until each works; if one cannot, the others end and this is an error."""
        self._workers = [self._begin() for _ in range(self._count)]
        for each in self._workers:
            if not _is_ready(each):
                self.stop()
                raise Open401kError(
                    "A worker process ended before it could serve.",
                    fix="See above why; --workers 1 serves in one process.",
                )

    def watch(self) -> None:
        """Until :meth:`stop`, or an interruption: whoever ends is begun anew."""
        while not self._ended.is_set():
            gone = wait([each.process.sentinel for each in self._workers], timeout=0.5)
            for at, each in enumerate(self._workers):
                if each.process.sentinel in gone and not self._ended.is_set():
                    log.error("Worker %s ended with %s and is begun anew.", each.process.pid, each.process.exitcode)
                    each.line.close()
                    self._ended.wait(PAUSE)
                    self._workers[at] = self._begin()

    def stop(self) -> None:
        """Ask all to end what is under way, and end those that do not."""
        self._ended.set()
        for each in self._workers:
            with contextlib.suppress(OSError):  # it has ended
                each.line.send(_END)
        for each in self._workers:
            each.process.join(GRACE)
        for each in self._workers:
            if each.process.is_alive():
                each.process.kill()
                each.process.join()

    def _begin(self) -> _Worker:
        line, theirs = _METHOD.Pipe()
        process = _METHOD.Process(target=_run, args=(self._work, self._given, theirs), daemon=True)
        process.start()
        theirs.close()
        begun = _Worker(process, line, threading.Event())
        threading.Thread(target=self._hear, args=[begun], name="worker's line", daemon=True).start()
        return begun

    def _hear(self, worker: _Worker) -> None:
        while True:
            try:
                told = worker.line.recv()
            except (EOFError, OSError):
                return
            if told == _READY:
                worker.ready.set()
            else:
                self._heard(told)


def _is_ready(worker: _Worker) -> bool:
    """Whether it works within the time that it may take."""
    for _ in range(int(BEGINS_WITHIN * 20)):
        if worker.ready.wait(0.05) or not worker.process.is_alive():
            break
    return worker.ready.is_set()


def _run(work: Callable[..., None], given: Sequence[Any], line: Connection) -> None:
    """In the new process. Ctrl-C reaches the whole group of processes; a worker ends when its parent lets go."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    work(*given, ToParent(line))


def _leave(number: int, _: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)

"""Processes beside their parent: what they say is heard, who ends is begun anew, who cannot begin is told."""

import os
import signal
import threading
import time
from collections.abc import Callable
from queue import Queue
from typing import Any

import pytest

from open401k.base import workers
from open401k.base.workers import ToParent, Workers
from open401k.kernel import Open401kError

PATIENCE = 60


def tells_its_number(greeting: str, parent: ToParent) -> None:
    ended = threading.Event()
    parent.at_end(ended.set)
    parent.ready()
    parent.say((greeting, os.getpid()))
    ended.wait()


def cannot_begin(_: str, __: ToParent) -> None:
    raise SystemExit(3)


def does_not_listen(_: str, parent: ToParent) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    parent.ready()
    threading.Event().wait()


def begun(work: Callable[[str, ToParent], None]) -> tuple[Workers, "Queue[Any]"]:
    heard: Queue[Any] = Queue()
    found = Workers(work, ["here"], 2, heard.put)
    found.start()
    return found, heard


def test_what_workers_say_is_heard_and_who_is_killed_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PAUSE", 0.01)
    serving, heard = begun(tells_its_number)
    watch = threading.Thread(target=serving.watch)
    watch.start()
    (said, first), (_, second) = heard.get(timeout=PATIENCE), heard.get(timeout=PATIENCE)
    assert said == "here"
    assert first != second
    os.kill(first, signal.SIGKILL)
    _, third = heard.get(timeout=PATIENCE)
    assert third not in (first, second)
    serving.stop()
    watch.join(timeout=PATIENCE)
    assert not watch.is_alive()
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(third, 0)


def test_a_worker_that_cannot_begin_ends_the_others_and_says_so() -> None:
    with pytest.raises(Open401kError, match="ended before it could serve"):
        begun(cannot_begin)


def test_a_worker_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "GRACE", 0.1)
    serving, _ = begun(does_not_listen)
    start = time.monotonic()
    serving.stop()
    assert time.monotonic() - start < PATIENCE

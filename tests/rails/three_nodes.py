"""The network for trying as processes that are forked from one that has loaded everything: the same, in less time."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

from open401k.demo.network.programs import Child

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["open401k.app", "open401k.doors.chain", "open401k.doors.node.serving", "open401k.rails.chain.durable",
     "open401k.standins.core_batch", "open401k.standins.core_rest"]
)  # fmt: skip


class Forked:
    """A process of its own, as a program is."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    def poll(self) -> int | None:
        return self._process.exitcode

    def terminate(self) -> None:
        """At once: how programs end when they are asked to is another test's."""
        self._process.kill()

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float | None = None) -> None:
        self._process.join(timeout)


def forked(arguments: Sequence[str], settings: Mapping[str, str], log: Path) -> Child:
    """Run a command of ours in a process that is forked."""
    process = _FORKS.Process(target=_run, args=(list(arguments), dict(settings), str(log)), daemon=True)
    process.start()
    return Forked(process)


def _run(arguments: list[str], settings: dict[str, str], log: str) -> None:
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    for name in [each for each in os.environ if each.startswith("OPEN401K_")]:
        del os.environ[name]
    os.environ.update(settings)
    sys.argv = ["open401k", *arguments]
    from open401k.__main__ import main

    main()

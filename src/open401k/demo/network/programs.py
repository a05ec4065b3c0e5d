"""Programs as processes of their own: started, waited for, killed, stopped. Not here: which, and what they say."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from open401k.kernel import Open401kError

_SECONDS = 60.0
_GRACE = 15.0


class Child(Protocol):
    """A process that was started."""

    def poll(self) -> int | None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...

    def wait(self, timeout: float | None = None) -> object: ...


#: Runs a command of ours under these settings, writing into a log.
Launch = Callable[[Sequence[str], Mapping[str, str], Path], Child]


def launch(arguments: Sequence[str], settings: Mapping[str, str], log: Path) -> Child:
    """As everybody runs it, but that it ends with us; settings of this process are not handed on."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("OPEN401K_")}
    lifeline, _ = os.pipe()  # its other end is open as long as we live, and nobody's but ours
    try:
        with log.open("ab") as out:
            return subprocess.Popen(  # noqa: S603 (our own commands)
                [sys.executable, "-m", "open401k.demo.network.lifeline", *arguments],
                env=own | dict(settings), stdin=lifeline, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
    finally:
        os.close(lifeline)


@dataclass
class Programs:
    """Processes by name, each with a log of its own."""

    logs: Path
    launch: Launch = launch
    _running: dict[str, Child] = field(default_factory=dict)

    def start(self, name: str, arguments: Sequence[str], settings: Mapping[str, str]) -> None:
        """Run a command of ours."""
        self._running[name] = self.launch(arguments, settings, self.logs / f"{name}.log")

    def wait_for(self, name: str, url: str) -> None:
        """Until it answers at this address."""
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until:
            self.must_live(name)
            try:
                with urllib.request.urlopen(url, timeout=2):  # noqa: S310 (an address of this machine)
                    return
            except OSError:
                time.sleep(0.05)
        raise Open401kError(f"{name} does not answer at {url}.", fix=f"Look at {self.logs / name}.log.")

    def must_live(self, name: str) -> None:
        """An error that shows the end of its log, if it has ended."""
        if self._running[name].poll() is not None:
            said = (self.logs / f"{name}.log").read_text(errors="replace")[-2_000:]
            raise Open401kError(f"{name} has ended:\n{said}", fix="See what it says.")

    def kill(self, name: str) -> None:
        """As when the power fails."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Ask all to end, the last started first; who does not is killed."""
        running = list(reversed(self._running.values()))
        self._running.clear()
        for process in running:
            process.terminate()
        until = time.monotonic() + _GRACE
        for process in running:
            try:
                process.wait(timeout=max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def names(self) -> Sequence[str]:
        """What runs."""
        return tuple(self._running)


@contextmanager
def programs(logs: Path, start: Launch = launch) -> Iterator[Programs]:
    """All are stopped at the end."""
    logs.mkdir(parents=True, exist_ok=True)
    found = Programs(logs, start)
    try:
        yield found
    finally:
        found.stop()


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody has now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()

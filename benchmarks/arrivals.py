"""Payrolls of many sponsors at once through the HTTP API of a server. Not here: one alone (doors.py).

The server is what ``open401k serve`` starts, with two workers. Every sponsor sends one payroll on a connection of its
own; several clients, in a process of their own, send the next one as soon as they have an answer.
"""

from __future__ import annotations

import base64
import json
import math
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.doors import key_of, request_of
from benchmarks.generated import employer
from benchmarks.report import Held
from tests.support.database import START, Served, connect, master_keys

from open401k.base.sandbox import SandboxClock
from open401k.kernel import SystemClock

SPONSORS, PEOPLE, CLIENTS, WORKERS = 1_000, 15, 8, 2


@dataclass(frozen=True, slots=True)
class Arrived:
    """Seconds until all were posted and tested, and what one of them waited for its answer."""

    all: float
    p50: float
    p99: float
    slowest: float


def measure(running: Served, *, sponsors: int = SPONSORS, clients: int = CLIENTS) -> Iterator[Held]:
    """The first payroll of each sponsor, which opens all accounts, and the second one."""
    with TemporaryDirectory() as folder:
        clock = SandboxClock(Path(folder) / "clock", start=START, wall=SystemClock())  # the server goes by the same
        with connect(running.urls.app, clock) as db:
            plans = [employer(db, clock, PEOPLE) for _ in range(sponsors)]
            secrets = [key_of(plan) for plan in plans]
            with _serving(running, Path(folder)) as port:
                for name in ("first", "second"):
                    day = {plan.next_pay_date() for plan in plans}.pop()
                    sent = [
                        {"secret": secret, "key": f"{name}-{day}", "body": request_of(plan, day)}
                        for plan, secret in zip(plans, secrets, strict=True)
                    ]
                    yield from _told(name, sponsors, clients, _send(port, sent, clients))


def _told(name: str, sponsors: int, clients: int, found: Arrived) -> Iterator[Held]:
    figure = f"{sponsors / found.all:,.1f} a second; p50 {found.p50 * 1e3:,.0f} ms, slowest {found.slowest:.2f} s"
    what = f"{name} payrolls of {sponsors:,} sponsors x {PEOPLE}, {clients} clients, {WORKERS} workers"
    yield Held(f"{what}: all posted and tested", figure, "", found.all, "s", "<=", 60)
    yield Held(f"{what}: p99 of one", "", "", found.p99, "s", "<", 1)


@contextmanager
def _serving(running: Served, folder: Path) -> Iterator[int]:
    """The command on the database, with a data directory of its own; the port that it serves."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    keys = master_keys()
    environment = {
        **os.environ,
        "OPEN401K_DATA_DIR": str(folder),
        "OPEN401K_DATABASE_URL": running.urls.app,
        "OPEN401K_OWNER_DATABASE_URL": running.urls.owner,
        "OPEN401K_MASTER_KEY": base64.b64encode(keys.current).decode(),
        "OPEN401K_INDEX_KEY": base64.b64encode(keys.index).decode(),
    }
    command = [sys.executable, "-m", "open401k", "serve", "--port", str(port), "--workers", str(WORKERS), "--no-day"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            _until_ready(port, server)
            yield port
        finally:
            server.terminate()


def _until_ready(port: int, server: subprocess.Popen[bytes]) -> None:
    while True:
        assert server.poll() is None, "the server ended"
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)


def _send(port: int, sent: Sequence[dict[str, Any]], clients: int) -> Arrived:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "sent.json"
        file.write_text(json.dumps({"port": port, "clients": clients, "sent": sent}))
        command = [sys.executable, "-m", "benchmarks.arrivals", str(file)]
        done = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    taken = sorted(told["taken"])
    assert told["states"] == ["posted"], told["states"]
    p99 = taken[math.ceil(len(taken) * 0.99) - 1]
    return Arrived(told["all"], statistics.median(taken), p99, taken[-1])


def main() -> None:
    """The clients: send what the file says, print what each took."""
    told = json.loads(Path(sys.argv[1]).read_text())
    waiting = iter(told["sent"])
    taken: list[float] = []
    states: set[str] = set()

    def client(_: int) -> None:
        for each in waiting:
            connection = HTTPConnection("127.0.0.1", told["port"])
            headers = {"Content-Type": "application/json", "Idempotency-Key": each["key"]}
            headers["Authorization"] = f"Bearer {each['secret']}"
            body = json.dumps(each["body"]).encode()
            start = time.perf_counter()
            connection.request("POST", "/v1/payroll-runs", body, headers)
            answer = connection.getresponse()
            read = answer.read()
            taken.append(time.perf_counter() - start)
            connection.close()
            states.add(json.loads(read).get("state", str(answer.status)))

    start = time.perf_counter()
    with ThreadPoolExecutor(told["clients"]) as clients:
        list(clients.map(client, range(told["clients"])))
    print(json.dumps({"all": time.perf_counter() - start, "taken": taken, "states": sorted(states)}))


if __name__ == "__main__":
    main()

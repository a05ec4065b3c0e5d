"""Payrolls of many sponsors at once through the HTTP API of one server process. Not here: one alone (doors.py).

Every sponsor sends one payroll; several clients, in a process of their own, send the next one as soon as they have an
answer.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.doors import key_of, request_of, serving
from benchmarks.generated import employer
from benchmarks.report import Held
from tests.support.database import Served

SPONSORS, PEOPLE, CLIENTS = 1_000, 15, 8


@dataclass(frozen=True, slots=True)
class Arrived:
    """Seconds until all were posted and tested, and what one of them waited for its answer."""

    all: float
    p50: float
    p99: float
    slowest: float


def measure(running: Served, *, sponsors: int = SPONSORS, clients: int = CLIENTS) -> Iterator[Held]:
    """The first payroll of each sponsor, which opens all accounts, and the second one."""
    plans = [employer(running.db, running.clock, PEOPLE) for _ in range(sponsors)]
    secrets = [key_of(plan) for plan in plans]
    with serving(plans[0]) as port:
        for name in ("first", "second"):
            day = {plan.next_pay_date() for plan in plans}.pop()
            sent = [
                {"secret": secret, "key": f"{name}-{day}", "body": request_of(plan, day)}
                for plan, secret in zip(plans, secrets, strict=True)
            ]
            found = _send(port, sent, clients)
            figure = (
                f"{sponsors / found.all:,.1f} a second; p50 {found.p50 * 1e3:,.0f} ms, slowest {found.slowest:.2f} s"
            )
            what = f"{name} payrolls of {sponsors:,} sponsors x {PEOPLE}, {clients} clients of one server"
            yield Held(f"{what}: all posted and tested", figure, "", found.all, "s", "<=", 60)
            yield Held(f"{what}: p99 of one", "", "", found.p99, "s", "<", 1)


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
        connection = HTTPConnection("127.0.0.1", told["port"])
        for each in waiting:
            headers = {"Content-Type": "application/json", "Idempotency-Key": each["key"]}
            headers["Authorization"] = f"Bearer {each['secret']}"
            body = json.dumps(each["body"]).encode()
            start = time.perf_counter()
            connection.request("POST", "/v1/payroll-runs", body, headers)
            answer = connection.getresponse()
            read = answer.read()
            taken.append(time.perf_counter() - start)
            states.add(json.loads(read).get("state", str(answer.status)))

    start = time.perf_counter()
    with ThreadPoolExecutor(told["clients"]) as clients:
        list(clients.map(client, range(told["clients"])))
    print(json.dumps({"all": time.perf_counter() - start, "taken": taken, "states": sorted(states)}))


if __name__ == "__main__":
    main()

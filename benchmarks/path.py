"""The whole path of payrolls: many sponsors at once, one large file, years derived anew. Not here: its parts."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from benchmarks import arrivals, memory, replay
from benchmarks.generated import Employer, csv_file, employer
from benchmarks.report import Held, show
from benchmarks.runs import from_file
from tests.support.database import START, TESTER, Served, connect, served

from open401k import payroll
from open401k.flows.payroll_intake import Upload, take_in
from open401k.kernel import FixedClock, Refused

ROWS, MIB = 100_000, "MiB"
#: One row in so many of the bad file has a wrong cell.
WRONG_EVERY = 100


def measure(running: Served, *, sponsors: int, clients: int, rows: int) -> Iterator[Held]:
    """Every figure, one after the other, on one database."""
    yield from replay.measure(running)
    yield from arrivals.measure(running, sponsors=sponsors, clients=clients)
    yield from large_file(running, rows)


class TickingClock(FixedClock):
    """A clock that goes on a little at each look, as a real one: what is later is seen to be later."""

    def now(self) -> datetime:
        self.advance(timedelta(microseconds=1))
        return super().now()


def large_file(running: Served, rows: int) -> Iterator[Held]:
    """A file of many rows: the first and the second payroll of its plan, one with mistakes, and the memory of one."""
    clock = TickingClock(START)
    with connect(running.urls.app, clock) as db:
        yield from _large_file(employer(db, clock, rows), rows)


def _large_file(plan: Employer, rows: int) -> Iterator[Held]:
    for name in ("first", "second"):
        taken = from_file(plan)
        figure = f"{taken.processor:,.1f} s of processors"
        yield Held(f"file of {rows:,} rows, {name} payroll: posted and tested", figure, "", taken.wall, "s", "<=", 45)
    seconds, told = _with_mistakes(plan)
    yield Held(f"the same with {rows // WRONG_EVERY:,} wrong cells: all findings", told, "", seconds, "s", "<=", 45)
    for step, mebibytes in memory.peaks(plan).items():
        if step != "idle":
            yield Held(f"memory of the process while {step}, {rows:,} rows", "", "", mebibytes, MIB, "<=", 512)


def _with_mistakes(plan: Employer) -> tuple[float, str]:
    day = plan.next_pay_date()
    lines = csv_file(plan.people, day).split(b"\r\n")
    for number in range(1, len(lines) - 1, WRONG_EVERY):
        lines[number] = lines[number].rpartition(b",")[0] + b",1.2.3"
    plan.next_period -= 1
    start = time.perf_counter()
    upload = Upload(plan.tenant_id, plan.plan_id, "bad.csv", b"\r\n".join(lines), "Generated Payroll")
    taken = take_in(plan.db, actor=TESTER, upload=upload)
    seconds = time.perf_counter() - start
    assert not isinstance(taken, Refused), taken
    assert taken.run.status == payroll.runs.Status.REJECTED, taken.run.status
    found = taken.run.counts["reject"]
    assert found == len(plan.people) // WRONG_EVERY, found
    return seconds, f"{found:,} rejects in one answer, nothing posted"


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 1 when a figure misses its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks path", description=__doc__)
    parser.add_argument("--sponsors", type=int, default=arrivals.SPONSORS)
    parser.add_argument("--clients", type=int, default=arrivals.CLIENTS)
    parser.add_argument("--rows", type=int, default=ROWS, help="of the large file")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    with served(durable=True) as running:
        figures = measure(running, sponsors=chosen.sponsors, clients=chosen.clients, rows=chosen.rows)
        return show(figures, as_json=chosen.json)

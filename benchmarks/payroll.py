"""What a payroll costs, from its bytes to posted, tested and durable; every figure beside its peer and limit."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import foresight, ledger, memory
from benchmarks.clones import CopyOfRun, transaction_now
from benchmarks.doors import twelve_rows
from benchmarks.generated import Employer, employer
from benchmarks.report import Held, show
from benchmarks.runs import Took, canonical, from_file
from tests.support.database import Served, served

SIZES = (100, 1_000, 10_000, 100_000)
#: The size whose cost a row the larger sizes are held against: below it, what a payroll costs once is seen.
PER_ROW_FROM = 1_000


def measure(running: Served, *, rows: int, rounds: int, most: int, pgledger: Path | None) -> Iterator[Held]:
    """Every figure, one after the other, on one database."""
    yield from through_http(running)
    yield from against_copy(running, rows=rows, rounds=rounds)
    yield from against_ledgers(running, rounds=rounds, pgledger=pgledger)
    yield from of_sizes(running, sizes=[size for size in SIZES if size <= most], rounds=rounds)
    yield from foresight.measure()


def against_copy(running: Served, *, rows: int, rounds: int) -> Iterator[Held]:
    """Canonical rows against a bare COPY of what the run wrote; a provider's file by itself; in turn."""
    of_rows, of_files = (employer(running.db, running.clock, rows) for _ in range(2))
    canonical(of_rows)  # opens accounts, which later payrolls find open
    after = transaction_now(running.urls)
    canonical(of_rows)
    copy = CopyOfRun(running.urls, after=after, before=transaction_now(running.urls))
    from_file(of_files)
    written = sum(copy.rows.values())
    ours, files, peers = [], [], []
    for _ in range(rounds):
        ours.append(canonical(of_rows))
        peers.append(copy.seconds())
        files.append(from_file(of_files))
        peers.append(copy.seconds())
    peer, taken = statistics.median(peers), _median(ours)
    yield Held(
        f"{rows:,} canonical rows, posted, tested, durable, all guards on",
        f"{taken.wall:.2f} s ({taken.processor:.2f} s of processors)",
        f"COPY of the {written:,} rows that the run wrote: {peer:.3f} s",
        taken.wall / peer,
        "x",
        "<=",
        15,
        "same columns, keys, checks and role; without row security, under which PostgreSQL has no COPY FROM",
    )
    by_file = _median(files)
    yield Held(
        f"bytes of a CSV file to posted, all checks and entitlement included ({rows:,} rows)",
        f"{by_file.wall:.2f} s ({by_file.processor:.2f} s of processors)",
        f"{rows / by_file.processor:,.0f} rows per processor second",
        rows / by_file.wall,
        "rows/s",
        ">=",
        3_000,
    )


def against_ledgers(running: Served, *, rounds: int, pgledger: Path | None) -> Iterator[Held]:
    """Transfers a second against pgledger, and against our own posting called row by row; 1,000 people."""
    name = "transfers a second, payroll of 1,000 (3,000 transfers)"
    if pgledger is None:
        yield Held(name, "", "pgledger: name its SQL file with --pgledger", None, "x", ">=", 5)
    else:
        found = ledger.against_pgledger(running.db, running.urls, sql_file=pgledger, rows=1_000, rounds=rounds)
        speeds = 3_000 / found.ours_seconds, 3_000 / found.peer_seconds
        yield Held(name, f"{speeds[0]:,.0f}", f"pgledger: {speeds[1]:,.0f}", found.ratio, "x", ">=", 5)
    found = ledger.against_row_by_row(running.db, rows=1_000, rounds=3)
    speeds = 3_000 / found.ours_seconds, 3_000 / found.peer_seconds
    yield Held(name, f"{speeds[0]:,.0f}", f"our own, row by row: {speeds[1]:,.0f}", found.ratio, "x", ">=", 10)


def through_http(running: Served) -> Iterator[Held]:
    """Twelve rows through the API, and what follows them."""
    found = twelve_rows(employer(running.db, running.clock, 12))
    figure = f"p50 of {found.requests}, slowest {found.slowest * 1e3:.0f} ms"
    door = "uvicorn on the loopback, one client"
    yield Held("12 rows through the HTTP API, tests included", figure, door, found.p50 * 1e3, "ms", "<", 40)
    yield Held("projection and alert after that", "slowest", door, found.followed, "s", "<=", 2)


def of_sizes(running: Served, *, sizes: Sequence[int], rounds: int) -> Iterator[Held]:
    """Cost a row of every size, and the memory of a process that carries one payroll."""
    plans = [employer(running.db, running.clock, size) for size in sizes]
    taken: dict[int, list[Took]] = {size: [] for size in sizes}
    for size, plan in zip(sizes, plans, strict=True):
        from_file(plan)
        taken[size].clear()
    for number in range(rounds):
        for size, plan in zip(sizes, plans, strict=True):
            if size <= 10_000 or number < 2:
                taken[size].append(from_file(plan))
    cost = {size: _median(each) for size, each in taken.items()}
    base = cost[PER_ROW_FROM].processor / PER_ROW_FROM
    bare = {size: _copied(running, plan) / size for size, plan in zip(sizes, plans, strict=True) if size <= 10_000}
    for size in sizes:
        each = cost[size]
        yield Held(
            f"cost of a row, {size:,} rows from a file",
            f"{each.wall / size * 1e6:,.0f} us ({each.processor / size * 1e6:,.0f} us of processors)",
            f"{PER_ROW_FROM:,} rows: {base * 1e6:,.0f} us of processors",
            each.processor / size / base,
            "x",
            "<=",
            1.5,
            f"a bare COPY of what the run writes costs {bare[size] / bare[PER_ROW_FROM]:.2f}x" if size in bare else "",
        )
    yield from _memory([plan for plan in plans if len(plan.people) >= 10_000])


def _copied(running: Served, plan: Employer) -> float:
    """Seconds that a bare COPY of everything takes that one payroll of the plan writes."""
    after = transaction_now(running.urls)
    from_file(plan)
    copy = CopyOfRun(running.urls, after=after, before=transaction_now(running.urls))
    return statistics.median(copy.seconds() for _ in range(9))


def _memory(plans: Sequence[Employer]) -> Iterator[Held]:
    small: dict[str, float] = {}
    for plan in plans:
        found = memory.peaks(plan)
        idle = found.pop("idle")
        small = small or {**found, "idle": idle}
        for step, mebibytes in found.items():
            above, less = mebibytes - idle, small[step] - small["idle"]
            yield Held(
                f"memory of the process while {step}, {len(plan.people):,} rows",
                f"{mebibytes:,.0f} MiB, {above:,.0f} MiB above the idle process",
                f"10,000 rows: {small[step]:,.0f} MiB, {less:,.0f} above",
                mebibytes / small[step],
                "x",
                "<=",
                1.5,
                f"above the idle process {above / less:.2f}x",
            )


def _median(taken: Sequence[Took]) -> Took:
    def middle(of: Callable[[Took], float]) -> float:
        return statistics.median(map(of, taken))

    return Took(middle(lambda each: each.wall), middle(lambda each: each.processor))


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 1 when a figure misses its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks payroll", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=int, default=100_000, help="the largest plan, for cost a row and memory")
    parser.add_argument(
        "--pgledger", type=Path, help="pgledger.sql of github pgr0ss/pgledger, not part of this repository"
    )
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    with served(durable=True) as running:
        figures = measure(running, rows=chosen.rows, rounds=chosen.rounds, most=chosen.most, pgledger=chosen.pgledger)
        return show(figures, as_json=chosen.json)

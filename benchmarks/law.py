"""What the law costs: every test of 100,000 plans from arrays, beside a bare numpy pass; one plan; simulated year-ends.

Processor time is what counts where one process works alone: it is the same on a busy machine, more or less. Memory and
the largest book are measured in processes of their own: ``python -m benchmarks.law 10000000`` prints one of those.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np
from benchmarks.memory import MIB, status
from benchmarks.plans import YEARS, book_of, book_of_sizes, of_testing_group
from benchmarks.report import Held, show

from open401k import law
from open401k.law import book
from open401k.law.book import People
from open401k.law.cross_testing import TestingBasis

WIDTH = 15
PLANS = 100_000
LARGEST = 10_000_000
BASIS = TestingBasis()
ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of the wall and of this process's processors."""

    wall: float
    processor: float


def measure(*, plans: int, largest: int) -> Iterator[Held]:
    """Every figure, one after the other."""
    yield from of_the_book(plans)
    yield everything_else(plans)
    yield one_plan()
    yield simulated()
    yield linear(plans, largest)


def bare(people: People) -> int:
    """The peer: ADP, ACP, 402(g) and 415 in floating point, unrounded, without catch-up, checks or results to keep."""
    hce, nhce = people.eligible & people.is_hce, people.eligible & ~people.is_hce
    hces, nhces = (np.maximum(group.sum(axis=1), 1) for group in (hce, nhce))
    failed = 0
    for contributed in (people.deferrals, people.match):
        ratio = contributed / people.compensation
        low = np.einsum("ij,ij->i", ratio, nhce) / nhces
        high = np.einsum("ij,ij->i", ratio, hce) / hces
        failed += int((high > np.maximum(low * 1.25, np.minimum(low * 2, low + 0.02))).sum())
    over = (people.deferrals > 2_450_000).sum(axis=1)
    added = people.deferrals + people.match + people.nonelective
    return failed + int(over.sum()) + int((added > np.minimum(people.section_415, 7_200_000)).sum(axis=1).sum())


def of_the_book(plans: int) -> Iterator[Held]:
    """The six tests of every plan against the bare pass; plans of all sizes; memory; the working of some plans."""
    equal, mixed = book_of(plans, WIDTH, seed=401), book_of_sizes(plans * WIDTH, plans, seed=401)
    ours, peers, of_sizes = [], [], []
    for _ in range(ROUNDS):
        ours.append(took(lambda: book.verdicts(equal, YEARS)))
        peers.append(took(lambda: bare(equal)))
        of_sizes.append(took(lambda: book.verdicts(mixed, YEARS)))
    mine, peer, sizes = middle(ours), middle(peers), middle(of_sizes)
    name = f"{plans:,} plans x {WIDTH}: "
    yield Held(
        name + "ADP, ACP, 402(g), 415, 410(b) ratio and top-heavy",
        shown(mine),
        f"bare numpy, ADP/ACP/402(g)/415: {shown(peer)}",
        mine.processor / peer.processor,
        "x",
        "<=",
        8,
        f"{mine.processor / (plans * WIDTH) * 1e9:.0f} ns of processors a person",
    )
    yield Held(
        f"the same people in {mixed.plans:,} plans of 1 to {int(np.diff(mixed.edges()).max())}",
        shown(sizes),
        "plans of one size",
        sizes.processor / mine.processor,
        "x",
        "<=",
        3,
    )
    found = in_a_process(plans * WIDTH)
    yield Held(
        name + "peak memory of the process",
        f"{found['peak'] - found['idle']:,.0f} MiB above the idle process",
        f"its columns are {found['columns']:,.0f} MiB",
        found["peak"],
        "MiB",
        "<",
        1_000,
    )
    yield workings(equal)


def workings(people: People, some: int = 500) -> Held:
    """The working of plans that are asked for, beside the verdict of the book."""
    found = book.verdicts(people, YEARS)
    chosen = np.random.default_rng(15).choice(people.plans, min(some, people.plans), replace=False).tolist()
    begun = time.process_time()
    told = [book.working(people, YEARS, plan=plan) for plan in chosen]
    each = (time.process_time() - begun) / len(chosen)
    unlike = sum(not alike(found, plan, one) for plan, one in zip(chosen, told, strict=True))
    return Held(
        f"working of {len(chosen)} plans of the book, on demand",
        f"{each * 1e3:.2f} ms of processors each",
        "verdicts of the book",
        unlike,
        "unlike",
        "<=",
        0,
    )


def alike(found: book.Verdicts, plan: int, one: book.Working) -> bool:
    """Whether a plan's working says what the book says of it."""
    ratios = [
        (test.hce.average, test.nhce.average, test.limit.limit, test.passed)
        == (every.hce_average[plan], every.nhce_average[plan], every.limit[plan], every.passed[plan])
        for test, every in ((one.adp, found.adp), (one.acp, found.acp))
    ]
    return all(ratios) and (
        one.coverage.ratio == found.coverage.ratio[plan]
        and one.coverage.passed == found.coverage.passed[plan]
        and one.top_heavy.top_heavy == found.top_heavy.top_heavy[plan]
        and one.top_heavy.ratio == found.top_heavy.ratio[plan]
        and one.deferrals.excess.sum() == found.over_402g.cents[plan]
        and one.additions.excess.sum() == found.over_415.cents[plan]
    )


def everything_else(plans: int) -> Held:
    """General test, cross-testing, gateway, average benefit, and refunds of every failing plan, on two processors."""
    people = book_of(plans, WIDTH, seed=401)
    half = plans // 2
    context = multiprocessing.get_context("fork")  # the columns are shared, not copied
    begun = time.perf_counter()
    queue = context.SimpleQueue()
    parts = (people.of(0, half), people.of(half, plans))
    workers = [context.Process(target=_rest_of, args=(part, queue)) for part in parts]
    for worker in workers:
        worker.start()
    done = [queue.get() for _ in workers]
    for worker in workers:
        worker.join()
    wall = time.perf_counter() - begun
    failing, leveled, seconds = (sum(each[place] for each in done) for place in range(3))
    return Held(
        f"{plans:,} plans x {WIDTH}: general test, cross-testing, gateway, average benefit; refunds of failing plans",
        f"{wall:.1f} s on two processors ({seconds:.1f} s of them together)",
        f"{failing:,.0f} plans fail in amount; {leveled:,.0f} failed ADP or ACP tests leveled",
        wall,
        "s",
        "<",
        15,
    )


def _rest_of(people: People, queue: multiprocessing.SimpleQueue[tuple[int, int, float]]) -> None:
    before = time.process_time()
    amounts = book.amounts(people, YEARS, of_testing_group=of_testing_group(people), basis=BASIS)
    found = book.verdicts(people, YEARS)
    leveled = 0
    for plan in book.refunds(people, YEARS, found=found):
        leveled += (plan.adp is not None) + (plan.acp is not None)
    queue.put((int((~amounts.passed).sum()), leveled, time.process_time() - before))


def one_plan(rounds: int = 300) -> Held:
    """Every test of one plan with its working, p50 over different plans."""
    people = book_of(rounds, WIDTH, seed=12)
    group = of_testing_group(people)
    _every_test(people, group, 0)  # reads the tables, once in a process
    mine = middle([took(partial(_every_test, people, group, plan)) for plan in range(rounds)])
    return Held(
        f"one plan of {WIDTH}, all tests with their working",
        f"p50 of {rounds} plans; {mine.processor * 1e3:.2f} ms of processors",
        "",
        mine.wall * 1e3,
        "ms",
        "<",
        3,
    )


def _every_test(people: People, group: law.arrays.Cents, plan: int) -> None:
    year = YEARS.plan_year
    found = book.working(people, YEARS, plan=plan)
    pay, given, hce = people.compensation[plan], people.nonelective[plan], people.is_hce[plan]
    excluded, ages = people.excluded[plan], people.ages[plan]
    every = group[plan]
    for rates, of_group in (
        tuple(law.general_test.allocation_rates(allocations=each, compensation=pay) for each in (given, every)),
        tuple(
            law.cross_testing.equivalent_accrual_rates(
                allocations=each, compensation=pay, ages=ages, basis=BASIS, plan_year=year
            )
            for each in (given, every)
        ),
    ):
        average = law.average_benefit.average_benefit_percentage(rates=of_group, is_hce=hce, excluded=excluded)
        law.general_test.general_test(rates=rates, is_hce=hce, excluded=excluded, average_benefit_passed=average.passed)
        law.average_benefit.average_benefit_test(coverage=found.coverage, average=average)
    law.gateway.minimum_allocation_gateway(
        allocations=given,
        compensation=pay,
        section_415_compensation=people.section_415[plan],
        is_hce=hce,
        benefiting=given > 0,
        plan_year=year,
    )
    book.refunds_of(found)


def simulated(scenarios: int = 10_000) -> Held:
    """Year-ends of one plan that differ in what everybody deferred, through the same functions."""
    one = book_of(1, WIDTH, seed=7)
    columns = {
        field.name: np.repeat(getattr(one, field.name), scenarios, axis=0)
        for field in fields(one)
        if field.name != "starts"
    }
    rng = np.random.default_rng(7)
    columns["deferrals"] = columns["deferrals"] * rng.integers(50, 151, columns["deferrals"].shape) // 100
    years = People(**columns)
    group = of_testing_group(years)
    taken = middle(
        [
            took(
                lambda: (
                    book.verdicts(years, YEARS),
                    book.amounts(years, YEARS, of_testing_group=group, basis=BASIS),
                )
            )
            for _ in range(5)
        ]
    )
    return Held(
        f"{scenarios:,} simulated year-ends x {WIDTH}: all tests",
        shown(taken),
        "general test, cross-testing, gateway and average benefit included",
        taken.wall,
        "s",
        "<",
        1,
    )


def linear(plans: int, largest: int) -> Held:
    """What a person costs in the largest book, beside what one costs in the measured one; in turn."""
    small, large = plans * WIDTH, largest
    costs = [(in_a_process(small)["seconds"] / small, in_a_process(large)["seconds"] / large) for _ in range(3)]
    base, most = (statistics.median(pair[place] for pair in costs) for place in (0, 1))
    return Held(
        f"cost a person in a book of {large:,}",
        f"{most * 1e9:.0f} ns of processors",
        f"{small:,} people: {base * 1e9:.0f} ns",
        most / base,
        "x",
        "<=",
        1.5,
    )


def in_a_process(people: int) -> dict[str, float]:
    """Peak MiB and processor seconds of the tests of so many people, in a process that did nothing else."""
    command = [sys.executable, "-m", "benchmarks.law", str(people)]
    root = Path(__file__).parent.parent
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _alone(people: int) -> None:
    idle = status("VmRSS")
    whole = book_of(people // WIDTH, WIDTH, seed=401)
    columns = sum(getattr(whole, field.name).nbytes for field in fields(whole) if field.name != "starts")
    book.verdicts(whole.of(0, 100), YEARS)
    seconds = statistics.median(took(lambda: book.verdicts(whole, YEARS).totals()).processor for _ in range(3))
    peak = status("VmHWM")
    told = {"idle": idle / MIB, "columns": columns / MIB / MIB, "peak": peak / MIB, "seconds": seconds}
    print(json.dumps(told))


def took(work: Callable[[], object]) -> Took:
    """How long it takes, once."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - processor)


def middle(taken: Sequence[Took]) -> Took:
    """The medians."""
    return Took(statistics.median(each.wall for each in taken), statistics.median(each.processor for each in taken))


def shown(each: Took) -> str:
    return f"{each.wall * 1e3:,.0f} ms ({each.processor * 1e3:,.0f} ms of processors)"


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 1 when a figure misses its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks law", description=__doc__)
    parser.add_argument("--plans", type=int, default=PLANS)
    parser.add_argument("--largest", type=int, default=LARGEST, help="people of the largest book")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    return show(measure(plans=chosen.plans, largest=chosen.largest), as_json=chosen.json)


if __name__ == "__main__":
    _alone(int(sys.argv[1]))

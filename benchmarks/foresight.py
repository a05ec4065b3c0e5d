"""The figures of projection.py beside their limits. Not here: how they are measured."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence

from benchmarks.projection import calibrate, speed
from benchmarks.report import Held, show

ROUNDS = 5


def measure() -> Iterator[Held]:
    """How fast one projection is, and how true three hundred were."""
    before = time.process_time()
    runs = [speed() for _ in range(ROUNDS)]
    processor = (time.process_time() - before) / ROUNDS
    fast, seconds = runs[0], statistics.median(run["seconds"] for run in runs)
    yield Held(
        f"projection of {fast['people']:.0f} people, {fast['scenarios']:,.0f} simulated year ends",
        f"{seconds:.2f} s (with the making of its plan {processor:.2f} s of processors)",
        "",
        seconds,
        "s",
        "<",
        1,
    )
    true = calibrate()
    plans = f"{true['plans']:.0f} generated plans cut in August"
    yield Held(
        "real year ends inside the 80 % interval",
        f"{true['held'] * 100:.1f} %",
        plans,
        abs(true["held"] * 100 - 80),
        "points from 80",
        "<=",
        5,
    )
    yield Held(
        "Brier score",
        f"{true['brier']:.4f}",
        f"the ratio of today stays: {true['brier_today_stays']:.4f}; {plans}",
        true["brier"] / true["brier_today_stays"],
        "x",
        "<",
        1,
    )


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 1 when a figure misses its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks projection", description=__doc__)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    return show(measure(), as_json=chosen.json)

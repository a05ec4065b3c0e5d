"""The contracts beside their model, longer than CI has time for: ``python -m benchmarks contract-machine``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import invariant, run_state_machine_as_test
from tests.rails.test_machine import Rollovers, told_by_chance

_EACH = 10  # examples between two lines of progress


class Counted(Rollovers):
    """The machine that tells how far it is."""

    examples: ClassVar[int] = 0
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        if Counted.examples and Counted.examples % _EACH == 0:
            say()
        Counted.examples += 1

    @invariant()
    def the_contracts_say_what_the_model_says(self) -> None:
        Counted.steps += 1
        self.model.compare(self.cases[-6:])


def say() -> None:
    """One line of progress."""
    print(f"{Counted.examples} examples, {Counted.steps:,} steps", flush=True)


def main(arguments: Sequence[str]) -> int:
    """So many examples of Hypothesis, then as many stories by plain chance; an exception shows the steps that fail."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks contract-machine", description=__doc__)
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1, help="of the first story")
    told = parser.parse_args(arguments)
    begun = time.perf_counter()
    chosen = settings(
        max_examples=told.examples, stateful_step_count=told.steps, deadline=None, database=None,
        phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Counted, settings=chosen)
    say()
    for seed in range(told.seed, told.seed + told.examples):
        print(f"story {seed}: {dict(told_by_chance(seed, told.steps))}", flush=True)
    steps = Counted.steps + told.examples * told.steps
    print(f"{steps:,} steps in {time.perf_counter() - begun:.0f} s: the contracts did what their model says")
    return 0

"""The contracts beside their model, longer than CI has time for: ``python -m benchmarks contract-machine``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.rails.test_machine import Rollovers, told_by_chance


def main(arguments: Sequence[str]) -> int:
    """So many examples of Hypothesis, then as many stories by plain chance; an exception shows the steps that fail."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks contract-machine", description=__doc__)
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1, help="of the first story")
    told = parser.parse_args(arguments)
    chosen = settings(
        max_examples=told.examples, stateful_step_count=told.steps, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Rollovers, settings=chosen)
    for seed in range(told.seed, told.seed + told.examples):
        print(f"story {seed}: {dict(told_by_chance(seed, told.steps))}", flush=True)
    return 0

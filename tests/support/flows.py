"""Two proofs that every flow owes: it survives a stop at every step, and a repetition of every step."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

import pytest

from open401k.base.faults import Stopped, stopping_at
from open401k.base.plain import plain
from open401k.base.steps import Halt, StepFunction

Answer = TypeVar("Answer")


def stop_points(flow: str, steps: Sequence[StepFunction[Any]]) -> list[str]:
    """The two places of each step at which a crash matters: before its commit and after it. For ``parametrize``."""
    return [f"{flow}.{step.__name__}.{side}_commit" for step in steps for side in ("before", "after")]


def run_with_a_stop(point: str, run: Callable[[], Answer]) -> Answer:
    """Run, stop at ``point`` as if the process had died, run again; the answer is the second run's.

    ``run`` must use the same flow id each time.
    """
    with stopping_at(point), pytest.raises(Stopped):
        run()
    return run()


def each_step_twice(steps: Sequence[StepFunction[Any]]) -> list[StepFunction[Any]]:
    """The same steps, each carried out twice in its transaction; the second answer must equal the first."""
    return [_twice(step) for step in steps]


def _twice(step: StepFunction[Any]) -> StepFunction[Any]:
    @wraps(step)
    def both(tx: Any, ctx: Any, results: dict[str, Any]) -> Any:
        first = step(tx, ctx, dict(results))
        second = step(tx, ctx, dict(results))
        assert _comparable(first) == _comparable(second), f"{step.__name__} answers differently the second time"
        return second

    return both


def _comparable(answer: Any) -> Any:
    return (answer.reason, plain(answer.result)) if isinstance(answer, Halt) else plain(answer)

"""Proofs that every flow owes: it survives a stop or a kill at every step, and a repetition of every step."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

import pytest

from open401k.base.faults import Stopped, arm, stopping_at
from open401k.base.plain import plain
from open401k.base.steps import Halt, StepFunction
from tests.support import foretold

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


def kill_at(point: str, target: Callable[..., object], *arguments: object) -> None:
    """Run ``target(*arguments)`` in a process of its own and kill it (-9) at ``point``.

    ``target`` is a function at the top of a module, and its arguments can be pickled; it opens the database by its URL
    (``support.database.connect``). Run the flow again afterwards and look at the books.
    """
    process = multiprocessing.get_context("spawn").Process(target=_die_at, args=(point, target, arguments))
    process.start()
    process.join(timeout=60)
    exit_code = process.exitcode
    process.close()
    assert exit_code == -signal.SIGKILL, f"{point} was not reached: the process ended with {exit_code}"


def _die_at(point: str, target: Callable[..., object], arguments: tuple[object, ...]) -> None:
    arm(point, lambda: os.kill(os.getpid(), signal.SIGKILL))
    with foretold.once(most=foretold.A_STORY):  # as the process of the test foretells, which looks at the books
        target(*arguments)


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

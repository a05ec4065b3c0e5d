"""What both runners of mutants have alike: pytest without a loop of its own, workers that tell, mutants kept apart."""

from __future__ import annotations

import gc
import json
import os
import resource
from collections.abc import Callable, Iterator
from typing import Any

#: Tests are collected once, and run by the runner; what they say when they fail is looked at by nobody.
OPTIONS = (
    "-q", "--no-header", "--tb=native", "-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:cacheprovider",
    "-p", "no:xdist", "--capture=sys",
)  # fmt: skip
Tell = Callable[[dict[str, Any]], None]


def told_by(workers: int, work: Callable[[int, Tell], None]) -> Iterator[dict[str, Any]]:
    """What so many processes tell, each with its number."""
    gc.freeze()  # or the collector of each child would copy all there is
    reading, writing = os.pipe()
    pids = []
    for worker in range(workers):
        pid = os.fork()
        if pid == 0:
            work(worker, lambda told: (os.write(writing, f"{json.dumps(told)}\n".encode()), None)[1])
            os._exit(0)
        pids.append(pid)
    os.close(writing)
    with os.fdopen(reading) as stream:
        for line in stream:
            yield json.loads(line)
    for pid in pids:
        os.waitpid(pid, 0)


def kept_apart() -> None:
    """In the process of one mutant: it says nothing, and does not take all the memory there is."""
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)

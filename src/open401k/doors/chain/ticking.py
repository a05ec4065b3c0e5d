"""An idle chain tells the time: a block without a transaction, so that deadlines pass. Not here: blocks (rails)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from open401k.kernel import Clock

from .methods import Node


@contextmanager
def telling_time(node: Node, seconds: int, clock: Clock) -> Iterator[None]:
    """While the block lasts, no block of the chain is older than so many seconds for long; 0: never mind."""
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(min(1.0, seconds)):
            try:
                node.tick(seconds, now=int(clock.now().timestamp()))
            except Exception as why:  # as a request that fails: the operator is told, and the next second tries again
                node.told(f"telling the time: {type(why).__name__}: {why}")

    thread = threading.Thread(target=tell, name="chain time", daemon=True)
    if seconds:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        if seconds:
            thread.join(timeout=5)

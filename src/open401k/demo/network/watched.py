"""The demo's rollovers while somebody watches them in a browser: slowly, in a thread, until the demo ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from open401k.kernel import Open401kError

from .rollovers import Stories
from .sandbox import Say

#: Seconds before the first, and between two steps: long enough to open a link and read.
_FIRST, _REST = 15.0, 8.0


class _EndedError(Exception):
    """The demo is over."""


@contextmanager
def played_slowly(stories: Stories, say: Say) -> Iterator[None]:
    """They begin after a while; what is left when the block ends is left."""
    over = threading.Event()

    def rest() -> None:
        if over.wait(_REST):
            raise _EndedError

    def play() -> None:
        try:
            if not over.wait(_FIRST):
                replace(stories, rest=rest).play()
                say("That was the last of the three rollovers.")
        except _EndedError:
            return
        except Open401kError as why:
            if not over.is_set():
                say(f"The rollovers stopped: {why}")

    thread = threading.Thread(target=play, name="rollovers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=10)

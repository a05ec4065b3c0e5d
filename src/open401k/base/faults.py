"""Named fault points: compiled in, silent in production, armed by a test. Not here: what a flow does after one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_armed: dict[str, Callable[[], None]] = {}


class Stopped(BaseException):
    """What an armed fault point raises to play a crash; nothing catches it by accident."""


def fault(name: str) -> None:
    """A place where the process may be made to stop. Does nothing unless a test armed ``name``."""
    action = _armed.get(name) if _armed else None
    if action is not None:
        action()


def arm(name: str, action: Callable[[], None]) -> None:
    """Have ``fault(name)`` run ``action`` (raise, kill the process, move the clock) until :func:`disarm`."""
    _armed[name] = action


def disarm(name: str) -> None:
    """Make ``fault(name)`` silent again."""
    _armed.pop(name, None)


@contextmanager
def stopping_at(name: str) -> Iterator[None]:
    """Within the block, ``fault(name)`` raises :class:`Stopped`."""

    def stop() -> None:
        raise Stopped(name)

    arm(name, stop)
    try:
        yield
    finally:
        disarm(name)

"""What a decision needs of others (the network, a wallet, the signer) is asked before its transaction, never within.

The work begins; where it needs an answer that is not there yet, it is given up with its transaction, the question is
asked while nothing is held, and the work begins anew with the answer. So a network that is silent holds no row of ours.
What is asked outside of such work is asked at once. Not here: the questions (office).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from typing import Final, TypeVar, cast

T = TypeVar("T")
#: More questions than any work has.
_MOST: Final = 64
#: What was answered for the work that is under way in this thread.
_ANSWERS: ContextVar[dict[Hashable, object] | None] = ContextVar("answers", default=None)


class AskFirstError(Exception):
    """The work is given up: this is to be asked first. Nothing catches it but :func:`asking_first`."""

    def __init__(self, about: Hashable, ask: Callable[[], object]) -> None:
        super().__init__(str(about))
        self.about, self.ask = about, ask


def first(about: Hashable, ask: Callable[[], T]) -> T:
    """The answer to ``ask``, which ``about`` names; what the work is given was asked before its transaction began."""
    answers = _ANSWERS.get()
    if answers is None:
        return ask()
    if about not in answers:
        raise AskFirstError(about, ask)
    return cast("T", answers[about])


def asking_first(work: Callable[[], T]) -> T:
    """Do work that opens transactions of its own; it may be begun several times, and ends once."""
    if _ANSWERS.get() is not None:
        return work()
    answers: dict[Hashable, object] = {}
    for _ in range(_MOST):
        try:
            return _with(answers, work)
        except AskFirstError as asks:
            answers[asks.about] = asks.ask()
    raise AssertionError(f"the work asks for more than {_MOST} answers")


def _with(answers: dict[Hashable, object], work: Callable[[], T]) -> T:
    before = _ANSWERS.set(answers)
    try:
        return work()
    finally:
        _ANSWERS.reset(before)

"""What several endpoints say of one chain, and which of it is believed: what k of n say alike. Pure.

Not here: asking them (rpc.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from .interface import Head

T = TypeVar("T")


class Fault(StrEnum):
    """What is held against an endpoint."""

    LIES = "lies"
    """It says otherwise than those that are believed."""
    LAGS = "lags"
    """It does not know yet what they know."""
    SILENT = "silent"
    """It gave no answer that can be read."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """An endpoint that was not believed, by its name, and about what."""

    endpoint: str
    fault: Fault
    about: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Instead of an answer: why there is none."""

    why: str


@dataclass(frozen=True, slots=True)
class Verdict(Generic[T]):
    """What is believed, if anything is, and who was not."""

    agreed: bool
    value: T | None
    doubts: tuple[Doubt, ...]


def agree(
    answers: Mapping[str, T | Silence], *, k: int, about: str, knows: Callable[[T], bool] = lambda _: True
) -> Verdict[T]:
    """What at least ``k`` say alike; ``knows`` tells an answer from one of somebody who has not heard of it yet."""
    said = {name: answer for name, answer in answers.items() if not isinstance(answer, Silence)}
    doubts = [Doubt(name, Fault.SILENT, f"{about}: {a.why}") for name, a in answers.items() if isinstance(a, Silence)]
    for value in said.values():
        alike = [name for name, other in said.items() if other == value]
        if len(alike) >= k:
            for name, other in said.items():
                if name not in alike and knows(value):
                    fault = Fault.LIES if knows(other) else Fault.LAGS
                    doubts.append(Doubt(name, fault, about))
            return Verdict(True, value, tuple(doubts))
    return Verdict(False, None, tuple(doubts))


def heights(heads: Mapping[str, Head | Silence], *, k: int) -> Sequence[int]:
    """The blocks that may be the last one which ``k`` know, the highest first."""
    numbers = sorted((head.number for head in heads.values() if isinstance(head, Head)), reverse=True)
    return list(dict.fromkeys(numbers[k - 1 :]))


def behind(heads: Mapping[str, Head | Silence], number: int) -> list[Doubt]:
    """Who has not come to this block yet."""
    about = f"block {number}"
    return [
        Doubt(name, Fault.LAGS, f"{about}: it stands at {head.number}")
        for name, head in heads.items()
        if isinstance(head, Head) and head.number < number
    ]

"""Refusals as values: why something lawful to ask was not done, and what to do instead."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

Reason = TypeVar("Reason", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Refused(Generic[Reason]):
    """A command not carried out: ``reason`` is a stable code, ``message`` says by how much and under which rule."""

    reason: Reason
    message: str
    fix: str = ""
    detail: dict[str, str] = field(default_factory=dict)


class Open401kError(Exception):
    """An error a person can act on: what happened, and what to do. Everything else is a bug or an outage."""

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message if not fix else f"{message} {fix}")
        self.message = message
        self.fix = fix

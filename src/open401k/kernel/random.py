"""The source of random numbers, injected. Only here may the operating system's be read."""

import random
import secrets
from typing import Protocol


class Random(Protocol):
    """Uniform random bits and bytes."""

    def bits(self, count: int) -> int:
        """A whole number of ``count`` random bits."""
        ...

    def token(self, count: int) -> bytes:
        """``count`` random bytes, for keys and one-time links."""
        ...


class SystemRandom:
    """The operating system's: for keys, tokens and ids outside tests."""

    def bits(self, count: int) -> int:
        return secrets.randbits(count)

    def token(self, count: int) -> bytes:
        return secrets.token_bytes(count)


class SeededRandom:
    """The same numbers for the same seed: tests, demo populations, simulations. Never for production secrets."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 (replayable on purpose)

    def bits(self, count: int) -> int:
        return self._random.getrandbits(count)

    def token(self, count: int) -> bytes:
        return self._random.randbytes(count)

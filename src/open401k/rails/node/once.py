"""Once per key: the first answer to an Idempotency-Key is kept with the work, and given again to the same request.

Answers stand in clear, and stay when a case is erased: whoever writes one keeps people out of it, and the reference of
a deal, from which the salts follow. Not here: HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from open401k.base.faults import fault

from . import _doors_store
from .kept_deals import KeptDeals, KeptDealUnit

BOUNDARIES = ("once.before_commit", "once.after_commit")


class KeyReusedError(Exception):
    """The key is on file with another request; nothing was done."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status of HTTP, and what is said."""

    status: int
    told: dict[str, Any]


@dataclass
class Once:
    """Keys and first answers, in the node's database."""

    files: KeptDeals

    def first(
        self, asked_by: str, key: str, asked: bytes, *, at: int, work: Callable[[KeptDealUnit], Answer]
    ) -> Answer:  # fmt: skip
        """The first answer to this key of who asks. A refusal (an exception) keeps nothing: the key may try again."""
        digest = self.files.sealing.keyed_hash(b"asked|" + asked)
        with self.files.begin() as unit:
            _doors_store.lock_key(unit.conn, asked_by, key)
            known = _doors_store.answered(unit.conn, asked_by, key)
            if known is not None:
                body, status, told = known
                if body != digest:
                    raise KeyReusedError
                return Answer(status, told)
            answer = work(unit)
            _doors_store.insert_answered(unit.conn, asked_by, key, digest, answer.status, answer.told, at)
            fault("once.before_commit")
        fault("once.after_commit")
        return answer

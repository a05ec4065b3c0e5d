"""Once per key: the first answer to an Idempotency-Key is kept for ever, and given again to the same request.

A key with another body is refused. The answer is stored in the transaction that did the work (base.steps).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, TypeVar

from fastapi import Header
from pydantic import BaseModel

from open401k.base.db import Tx
from open401k.base.steps import done, kept_once, run_flow
from open401k.flows.payroll_keys import claim_key
from open401k.kernel import FlowId, SponsorId, named_uuid

from ...guard import Caller
from ...problems import KEY_MISSING, Problem, ProblemError
from ...written import document

Shown = TypeVar("Shown", bound=BaseModel)

KEY_REUSED = Problem(
    409,
    "key_reused",
    "This Idempotency-Key was used for something else.",
    "The key is on file with another request body; nothing was done.",
    "Use a fresh key for a new request, and the old body to repeat the old one.",
)


def key_of(
    idempotency_key: Annotated[
        str | None, Header(description="A fresh UUID; the same one when the request is repeated", max_length=200)
    ] = None,
) -> str:
    """The key of a request that creates or moves something; without one it is refused."""
    if not idempotency_key or not idempotency_key.strip():
        raise ProblemError(KEY_MISSING)
    return idempotency_key.strip()


def once(caller: Caller, *, tenant_id: SponsorId, key: str, what: str, body: bytes, work: Callable[[Tx], Any]) -> Any:
    """The first answer to this key: ``work`` runs at most once, together with keeping its answer."""
    # Keyed, since a body may hold a Social Security number: a bare hash of it could be guessed through.
    digest = caller.services.db.keyring.blind_index("api.body", what + "\x00" + body.decode()).hex()

    def answer(tx: Tx, ctx: None, results: dict[str, Any]) -> dict[str, Any]:
        del ctx, results
        return {"body": digest, "answer": work(tx)}

    flow_id = flow_id_of(tenant_id, key)
    kept = run_flow(
        caller.services.db,
        flow="api.once",
        flow_id=flow_id,
        tenant_id=tenant_id,
        actor=caller.actor,
        steps=[answer],
        ctx=None,
    )["answer"]
    if kept["body"] != digest:
        raise ProblemError(KEY_REUSED)
    return kept["answer"]


def answered(
    caller: Caller, *, key: str, what: str, body: bytes, work: Callable[[], dict[str, Any]], claims: bool = True
) -> dict[str, Any]:
    """The first answer to this key, where ``work`` has transactions of its own and is harmless when done twice.

    A refusal (an exception) keeps nothing, so that the same key may try again. ``claims`` is False where the story
    itself claims the key.
    """
    return Answering(caller, key=key, what=what, body=body).first(work, claims=claims)


def shown_once(
    caller: Caller, *, key: str, what: str, sent: BaseModel | None, shows: type[Shown], work: Callable[[], object]
) -> Shown:
    """The first answer to this key of a story whose end is a page: what ``work`` shows, as its model."""

    def kept() -> dict[str, Any]:
        found: dict[str, Any] = shows.model_validate(document(work())).model_dump(mode="json")
        return found

    body = b"" if sent is None else sent.model_dump_json().encode()
    return shows.model_validate(answered(caller, key=key, what=what, body=body, work=kept))


class Answering:
    """One request under its key; ``before`` are other bytes that earlier editions of us kept of the same body."""

    def __init__(
        self,
        caller: Caller,
        *,
        key: str,
        what: str,
        body: bytes,
        before: Callable[[], Iterable[bytes]] = tuple,
    ) -> None:
        self._caller, self._key, self._what, self._before = caller, key, what.encode() + b"\x00", before
        self._content = self._what + body
        self._digest = self._digest_of(self._content)
        self._flow_id = FlowId(named_uuid("api.answer", str(caller.tenant), key))
        self._kept: dict[str, Any] | None = None

    def keep(self, tx: Tx, answer: dict[str, Any]) -> dict[str, Any]:
        """Keep the answer with the end of the work itself; of two at once the first is kept, and both get it."""
        result = {"body": self._digest, "answer": answer}
        where: dict[str, Any] = {"flow": "api.answer", "flow_id": self._flow_id, "tenant_id": self._caller.tenant}
        self._kept = kept = dict(kept_once(tx, **where, step="keep", result=result))
        return kept

    def first(self, work: Callable[[], dict[str, Any]], *, claims: bool) -> dict[str, Any]:
        """As :func:`answered`; what ``work`` has not kept is kept after it."""
        with self._caller.begin() as tx:
            before = done(tx, tenant_id=self._caller.tenant, flow_id=self._flow_id)
        kept = before[0].result if before else self._worked(work, claims=claims)
        if kept["body"] != self._digest and kept["body"] not in self._digests_of_before():
            raise ProblemError(KEY_REUSED)
        return dict(kept["answer"])

    def _digest_of(self, content: bytes) -> str:
        keyring = self._caller.services.db.keyring
        return keyring.blind_index("api.body", hashlib.sha256(content).hexdigest()).hex()

    def _digests_of_before(self) -> Iterator[str]:
        return (self._digest_of(self._what + body) for body in self._before())

    def _worked(self, work: Callable[[], dict[str, Any]], *, claims: bool) -> dict[str, Any]:
        if claims:
            self._claim()
        answer = work()
        if self._kept is not None:
            return self._kept
        with self._caller.begin() as tx:
            return self.keep(tx, answer)

    def _claim(self) -> None:
        db, actor = self._caller.services.db, self._caller.actor
        refused = claim_key(db, actor=actor, tenant_id=self._caller.tenant, key=self._key, content=self._content)
        if refused is not None:
            raise ProblemError(KEY_REUSED)


def flow_id_of(tenant_id: SponsorId, key: str) -> FlowId:
    """The flow that a key stands for: the same for ever, another for every sponsor."""
    return FlowId(named_uuid("api.once", str(tenant_id), key))

"""Once per key: the first answer to an Idempotency-Key is kept for ever, and given again to the same request.

A key with another body is refused. The answer is stored in the transaction that did the work (base.steps).
"""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Header

from open401k.base.db import Tx
from open401k.base.steps import done, kept_once, run_flow
from open401k.flows.payroll_keys import claim_key
from open401k.kernel import FlowId, SponsorId, named_uuid

from ...guard import Caller
from ...problems import KEY_MISSING, Problem, ProblemError

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
    digest = caller.services.db.keyring.blind_index(
        "api.body", hashlib.sha256(what.encode() + b"\x00" + body).hexdigest()
    )
    flow_id = FlowId(named_uuid("api.answer", str(caller.tenant), key))
    with caller.begin() as tx:
        kept = [step.result for step in done(tx, tenant_id=caller.tenant, flow_id=flow_id)]
    if not kept:
        if claims:
            _claim(caller, key, what.encode() + b"\x00" + body)
        kept = [_keep(caller, flow_id, {"body": digest.hex(), "answer": work()})]
    if kept[0]["body"] != digest.hex():
        raise ProblemError(KEY_REUSED)
    return dict(kept[0]["answer"])


def _claim(caller: Caller, key: str, content: bytes) -> None:
    db = caller.services.db
    if claim_key(db, actor=caller.actor, tenant_id=caller.tenant, key=key, content=content) is not None:
        raise ProblemError(KEY_REUSED)


def _keep(caller: Caller, flow_id: FlowId, answer: dict[str, Any]) -> dict[str, Any]:
    """Keep an answer; of two at once the first is kept, and both get it."""

    with caller.begin() as tx:
        return dict(
            kept_once(tx, flow="api.answer", flow_id=flow_id, tenant_id=caller.tenant, step="keep", result=answer)
        )


def flow_id_of(tenant_id: SponsorId, key: str) -> FlowId:
    """The flow that a key stands for: the same for ever, another for every sponsor."""
    return FlowId(named_uuid("api.once", str(tenant_id), key))

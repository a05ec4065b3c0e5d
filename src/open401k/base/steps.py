"""The runner of flows: one transaction a step, the result stored in it, so that a restart skips what is done.

Not here: the flows themselves (flows/), and jobs that are due at a time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from psycopg.errors import DeadlockDetected, SerializationFailure

from open401k.kernel import FlowId, SponsorId

from . import _store
from .db import Actor, Database, Tx
from .faults import fault
from .plain import plain

#: What PostgreSQL undoes so that another transaction can go on: a deadlock, or a snapshot that became stale. Nothing
#: of the step is left, so it is tried again; the other one is done by then or holds what is waited for.
UNDONE_FOR_ANOTHER = (DeadlockDetected, SerializationFailure)
MOST_TRIES = 3

Ctx = TypeVar("Ctx")
Results: TypeAlias = dict[str, Any]
StepFunction: TypeAlias = Callable[[Tx, Ctx, Results], Any]


@dataclass(frozen=True, slots=True)
class Halt:
    """What a step returns to end the flow early: nothing after it runs, now or after a restart.

    ``for_now`` keeps what the step wrote but not that it was done: a later call tries the step again.
    """

    reason: str
    result: Any = None
    for_now: bool = False


class FlowResults(dict[str, Any]):
    """The results of a flow's steps by name, as JSON; ``halted`` says why it ended early, if it did."""

    halted: str | None = None

    def copy(self) -> "FlowResults":
        """Another one of the same."""
        other = FlowResults(self)
        other.halted = self.halted
        return other


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A flow that began and did not end: its door runs it again with the same id."""

    flow: str
    flow_id: FlowId
    tenant_id: SponsorId
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was carried out: when, and its result as JSON."""

    name: str
    done_at: datetime
    result: Any


def run_flow(
    db: Database,
    *,
    flow: str,
    flow_id: FlowId,
    tenant_id: SponsorId,
    actor: Actor,
    steps: Sequence[StepFunction[Ctx]],
    ctx: Ctx,
    until: str | None = None,
    begun_with: Results | None = None,
    along: Callable[[Tx], None] | None = None,
) -> FlowResults:
    """Run the steps that have no stored result, each in a transaction of its own; returns every result.

    A step sees the results of the earlier ones as JSON, in a first run as after a restart. Two runners of one flow at
    once are safe: the second waits for the first at each step. ``until`` names a step to stop after, for the time
    being: a later call goes on from there; what is to be done ``along`` with it happens with it, if it is taken now and
    not halted. ``begun_with`` is what :func:`begin_with` has stored already. A step that
    PostgreSQL undid for another's sake is tried again. Faults: ``<flow>.<step>.before_commit`` and ``.after_commit``.
    """
    names = [step.__name__ for step in steps]
    if len(set(names)) != len(names):
        raise ValueError(f"two steps of {flow} have the same name: {names}")
    results = FlowResults(begun_with or {})
    for step in steps:
        if step.__name__ not in results:

            def once(known: FlowResults, step: StepFunction[Ctx] = step) -> FlowResults:
                with db.begin(actor, tenants=[tenant_id]) as tx:
                    _run_step(tx, flow, flow_id, tenant_id, step, ctx, known, last=step is steps[-1])
                    if along is not None and step.__name__ == until and known.halted is None:
                        along(tx)
                    fault(f"{flow}.{step.__name__}.before_commit")
                return known

            results = _tried(once, results)
            fault(f"{flow}.{step.__name__}.after_commit")
        if results.halted is not None or step.__name__ == until:
            break
    return results


def _tried(once: Callable[[FlowResults], FlowResults], results: FlowResults) -> FlowResults:
    """What a step makes of the results so far: each try begins with the results before it."""
    for _ in range(MOST_TRIES - 1):
        try:
            return once(results.copy())
        except UNDONE_FOR_ANOTHER:
            continue
    return once(results.copy())


def _run_step(
    tx: Tx,
    flow: str,
    flow_id: FlowId,
    tenant_id: SponsorId,
    step: StepFunction[Ctx],
    ctx: Ctx,
    results: FlowResults,
    *,
    last: bool,
) -> None:
    known: dict[str, tuple[Any, str | None]] = {}
    if results or not _store.begin_flow(tx, tenant_id, flow_id, flow):  # with a result of a step it has begun
        _store.lock_flow(tx, tenant_id, flow_id)
        known = _store.steps_done(tx, tenant_id, flow_id, flow)
    for name, (stored, halted_because) in known.items():
        results[name] = stored
        results.halted = halted_because or results.halted
    if step.__name__ in results or results.halted is not None:
        return
    outcome = step(tx, ctx, dict(results))
    halt = outcome if isinstance(outcome, Halt) else None
    result = plain(halt.result if halt else outcome)
    if halt is None or not halt.for_now:
        _store.add_step(tx, tenant_id, flow_id, step.__name__, result, halt.reason if halt else None)
        if last or halt:
            _store.end_flow(tx, tenant_id, flow_id)
    results[step.__name__] = result
    results.halted = halt.reason if halt else None


def kept_once(tx: Tx, *, flow: str, flow_id: FlowId, tenant_id: SponsorId, step: str, result: Any) -> Any:
    """What is kept of a flow of one step: ``result``, unless somebody was first; as JSON."""
    if _store.begin_flow(tx, tenant_id, flow_id, flow, ends=True):
        _store.add_step(tx, tenant_id, flow_id, step, plain(result), None)
        return plain(result)
    return _store.steps_done(tx, tenant_id, flow_id, flow)[step][0]


def begin_with(
    tx: Tx, *, flow: str, flow_id: FlowId, tenant_id: SponsorId, step: StepFunction[Any], result: Any
) -> None:
    """Begin a flow whose first step is the caller's own transaction; a flow that has begun stays as it is."""
    if _store.begin_flow(tx, tenant_id, flow_id, flow):
        _store.add_step(tx, tenant_id, flow_id, step.__name__, plain(result), None)


def unfinished(tx: Tx) -> list[Unfinished]:
    """The flows in sight of ``tx`` that a crash left half way, oldest first."""
    return [
        Unfinished(flow, FlowId(flow_id), SponsorId(tenant_id), begun_at)
        for flow, flow_id, tenant_id, begun_at in _store.unfinished_flows(tx)
    ]


def done(tx: Tx, *, tenant_id: SponsorId, flow_id: FlowId) -> list[Done]:
    """The steps of a flow that are done, the first one first."""
    return [Done(*row) for row in _store.steps_by_time(tx, tenant_id, flow_id)]

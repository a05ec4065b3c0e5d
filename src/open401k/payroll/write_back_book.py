"""Instructions to payroll put on file, and what became of each. Not here: which are needed (write_back.py)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from open401k.base import audit, heads, messages
from open401k.base.db import Tx
from open401k.kernel import ConnectionId, EmployeeId, InstructionId, Open401kError, PlanId, SponsorId, day_of

from . import _write_back_store as _store
from .providers.statements import Rate
from .rows import Field
from .write_back import Answer, Difference, Instruction, Outcome, Slot, State, Wanted, to_tell


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that became of an instruction."""

    number: int
    state: State
    attempts: int
    detail: str
    at: datetime
    by: str


def on_file(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None) -> list[Instruction]:
    """Every instruction of a plan with where it stands, in the order of recording."""
    rows = _store.instructions(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    return [
        Instruction(
            number=row.number,
            instruction_id=InstructionId(row.instruction_id),
            slot=Slot(EmployeeId(row.employee_id), Field(row.means), row.loan_id),
            rate=None if row.bps is None and row.cents is None else Rate(row.cents, row.bps),
            effective_on=row.effective_on,
            why=row.why,
            recorded_at=row.recorded_at,
            state=State(row.state),
            state_at=row.state_at,
            attempts=row.attempts,
            next_try_at=row.next_try_at,
            job=row.job,
            detail=row.detail,
            catch_up=row.catch_up,
            at=ConnectionId(row.connection_id) if row.connection_id else None,
            taken_by=frozenset(map(ConnectionId, row.taken_by)),
            tried_at=frozenset(map(ConnectionId, row.tried_at)),
            filed=row.filed,
        )
        for row in rows
    ]


def ever_told(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> bool:
    """Whether there is any instruction of a plan: a plan whose payroll is told by others pays nothing more."""
    return _store.exists(tx, tenant_id=tenant_id, plan_id=plan_id)


def history(tx: Tx, *, tenant_id: SponsorId, instruction_id: InstructionId) -> list[Event]:
    """What became of one instruction, the first event first."""
    rows = _store.events(tx, tenant_id=tenant_id, instruction_id=instruction_id.uuid)
    return [Event(number, State(state), attempts, detail, at, by) for number, state, attempts, detail, at, by in rows]


def queue(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    wanted: Sequence[Wanted],
    told: Sequence[Instruction] | None = None,
    anew: Collection[Slot] = (),
    untold: Collection[Slot] = (),
) -> list[InstructionId]:
    """Queue what has to be told, and take back what waits for something else; asked again, nothing.

    ``told``: those on file that ``wanted`` speaks of, read under the lock; all of them, unless given. ``anew``: of what
    other companies than those that took it have to be told. ``untold``: what payroll withholds and was never told.
    """
    heads.lock(tx, tenant_id=tenant_id)
    told = on_file(tx, tenant_id=tenant_id, plan_id=plan_id) if told is None else told
    difference = to_tell(wanted, told, today=day_of(tx.now), anew=anew, untold=untold)
    return _queue(tx, tenant_id, plan_id, difference)


def _queue(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, difference: Difference) -> list[InstructionId]:
    if not difference.tell:
        return []
    new = [(tx.ids.new(InstructionId), each) for each in difference.tell]
    _store.add(tx, tenant_id=tenant_id, plan_id=plan_id, rows=[_row(number, each) for number, each in new])
    queued = [_event(number, State.QUEUED) for number, _ in new]
    replaced = [
        _event(number, State.REPLACED, detail="Another one took its place before it was told.")
        for number in difference.replaced
    ]
    _store.add_events(tx, tenant_id=tenant_id, rows=[*queued, *replaced])
    told = {"instructions": [str(number) for number, _ in new], "replaced": [str(each) for each in difference.replaced]}
    audit.record(tx, tenant_id=tenant_id, action="payroll.instructions_queued", subject=plan_id, after=told)
    messages.publish(tx, tenant_id=tenant_id, kind="instructions.queued", subject=plan_id, data=told)
    return [number for number, _ in new]


def attempted(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    instruction: Instruction,
    answer: Answer,
    job: str = "",
    detail: str = "",
    at: ConnectionId | None = None,
    taken: bool = False,
) -> None:
    """What one attempt to hand it over came to; ``at`` which company, and whether that took it."""
    event = _store.EventRow(
        instruction.instruction_id.uuid,
        str(answer.state),
        instruction.attempts + 1,
        answer.next_try_at,
        "" if taken else job or instruction.job,
        detail,
        at.uuid if at else None,
        taken,
    )
    _store.add_events(tx, tenant_id=tenant_id, rows=[event])
    _tell(tx, tenant_id, instruction.instruction_id, answer.state, detail)


def handed_over(tx: Tx, *, tenant_id: SponsorId, instructions: Sequence[Instruction], how: str) -> None:
    """These went out in a file, or a person told payroll."""
    rows = [_event(each.instruction_id, State.SENT, attempts=each.attempts + 1, detail=how) for each in instructions]
    if rows:
        _store.add_events(tx, tenant_id=tenant_id, rows=rows)
        for each in instructions:
            _tell(tx, tenant_id, each.instruction_id, State.SENT, how)


def came_of(tx: Tx, *, tenant_id: SponsorId, outcomes: Sequence[Outcome]) -> None:
    """What a payroll, or a day, made of these."""
    rows = [_event(each.instruction_id, each.state, detail=each.detail) for each in outcomes]
    if rows:
        _store.add_events(tx, tenant_id=tenant_id, rows=rows)
        for each in outcomes:
            _tell(tx, tenant_id, each.instruction_id, each.state, each.detail)


def tell_again(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, instruction_id: InstructionId) -> InstructionId:
    """A person looked, and has the same told once more, from today on: as a new instruction; asked again, that one.

    A new one, so that it has its time before it expires, and goes to companies that took the one before.
    """
    heads.lock(tx, tenant_id=tenant_id)
    known = {each.instruction_id: each for each in on_file(tx, tenant_id=tenant_id, plan_id=plan_id)}
    found = known.get(instruction_id)
    if found is None:
        raise Open401kError(f"There is no instruction {instruction_id} of this plan.", fix="Check the id.")
    newer = [each for each in known.values() if each.slot == found.slot and each.number > found.number]
    if newer and (newer[-1].state, newer[-1].rate) == (State.QUEUED, found.rate):
        return newer[-1].instruction_id
    if newer:
        raise Open401kError(f"{instruction_id} was followed by {newer[-1].instruction_id}.", fix="Look at that one.")
    if found.state is not State.QUEUED and not found.state.needs_a_person:
        raise Open401kError(f"{instruction_id} is {found.state}: nothing is to be told again.", fix="Wait for payroll.")
    if found.state is State.QUEUED:
        if found.next_try_at is not None:
            _store.add_events(tx, tenant_id=tenant_id, rows=[_event(instruction_id, State.QUEUED, detail="Tried now.")])
        return instruction_id
    effective_on = max(found.effective_on, day_of(tx.now))
    wanted = Wanted(found.slot, found.rate, effective_on, f"{found.why} Told again.", found.catch_up)
    return _queue(tx, tenant_id, plan_id, Difference((wanted,), ()))[0]


def _tell(tx: Tx, tenant_id: SponsorId, instruction_id: InstructionId, state: State, detail: str) -> None:
    said = {"state": str(state), "detail": detail}
    audit.record(tx, tenant_id=tenant_id, action="payroll.instruction", subject=instruction_id, after=said)
    if state.needs_a_person:
        messages.publish(tx, tenant_id=tenant_id, kind="instruction.needs_a_person", subject=instruction_id, data=said)


def _event(instruction_id: InstructionId, state: State, *, attempts: int = 0, detail: str = "") -> _store.EventRow:
    return _store.EventRow(instruction_id.uuid, str(state), attempts, None, "", detail)


def _row(instruction_id: InstructionId, wanted: Wanted) -> tuple[object, ...]:
    rate = wanted.rate
    return (
        instruction_id.uuid,
        wanted.slot.employee_id.uuid,
        str(wanted.slot.means),
        wanted.slot.loan_id,
        None if rate is None else rate.bps,
        None if rate is None else rate.cents,
        wanted.effective_on,
        wanted.why,
        bool(wanted.catch_up),
    )

"""Until when cases wait for a batch, and what their files say of it. Not here: when one is offered or over (batches).

Rows of batches are locked first, then files in everybody's order (locking), then the turn to write events: whoever
comes from two sides at once waits for the other, and not each for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from .batching import Batch
from .cases import Case
from .core import Side
from .deal import DealUnit

#: Letters of a reason in a file; the other side's words are as long as it likes.
MOST_WORDS: Final = 300


def go_on_singly(unit: DealUnit, *batches: Batch, why: str = "") -> None:
    """Their cases wait no more; the rows of the batches are locked. The chain sees to it that nothing is settled twice,
    should one still come."""
    words = "goes on without a batch" + (f": {why}" if why else "")
    wait(unit, [(case, None, words[:MOST_WORDS]) for case in _waiting(unit, batches)])


def go_on_without(unit: DealUnit, *batches: Batch, unfit: Mapping[bytes, str], at: int) -> None:
    """What does not fit goes on singly, and its file says why; of the others our own are offered again at once.

    ``unfit`` names rollovers, also such that do not wait: the other side pays those.
    """
    named = (unit.case_of(rollover, side) for rollover in unfit for side in Side)
    waiting = {case.id: case for case in _waiting(unit, batches, [each for each in named if each is not None])}
    until = {batch.deadline for batch in batches}
    told: list[tuple[Case, int | None, str]] = []
    for case in waiting.values():
        why = unfit.get(case.agreed.rollover) if case.agreed is not None else None
        if why is not None:
            told.append((case, None if case.batch_until in until else case.batch_until, left_out(why)))
        elif case.side is Side.SOURCE:
            told.append((case, at, "waits for a batch without what did not fit"))
        else:
            told.append((case, None, "its batch is offered again without what did not fit"))
    wait(unit, told)


def leave_out(unit: DealUnit, cases: Iterable[Case], why: Mapping[str, str]) -> None:
    """These are not offered, and go on singly; ``why`` by case. No row of a batch is locked."""
    names = {case.id for case in cases}
    wait(unit, [(case, None, left_out(why[case.id])) for case in locked(unit, names)])


def left_out(why: str) -> str:
    """As its file says it."""
    return f"left out of a batch: {why}"[:MOST_WORDS]


def wait(unit: DealUnit, told: Iterable[tuple[Case, int | None, str]]) -> None:
    """Until when each of these waits, and what its file says of it."""
    ordered = sorted(told, key=lambda each: each[0].id)
    unit.hold(*(case.id for case, _, _ in ordered))
    for case, until, _ in ordered:
        if case.batch_until != until:
            unit.change(case, replace(case, batch_until=until))
    # The turn to write events is kept until the commit: who holds a file and waits for it must not be waited for.
    for case, _, words in ordered:
        unit.put_event(case.id, words)


def locked(unit: DealUnit, names: Iterable[str]) -> list[Case]:
    """Locked in one order, by everybody after the row of a batch: or two would wait for each other."""
    wanted = sorted(set(names))
    unit.hold(*wanted)
    return [unit.case(name) for name in wanted]


def _waiting(unit: DealUnit, batches: Iterable[Batch], besides: Sequence[str] = ()) -> list[Case]:
    """Cases that wait for these batches, and those named besides; locked."""
    until: dict[str, set[int]] = {name: set() for name in besides}
    for batch in batches:
        for rollover in batch.ids:
            for side in Side:
                if (name := unit.case_of(rollover, side)) is not None:
                    until.setdefault(name, set()).add(batch.deadline)
    also = set(besides)
    return [case for case in locked(unit, until) if case.id in also or case.batch_until in until[case.id]]

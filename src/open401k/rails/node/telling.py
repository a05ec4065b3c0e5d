"""What a change of a case's state says to the outside: an event for live pages, a letter to the other custodian.

Both are of the same transaction as the change. Not here: where they are kept.
"""

from __future__ import annotations

from .cases import Case, State
from .deal import DealUnit
from .letters import LetterKind, Stands

#: Before these the other side knows where we stand from halves and letters.
_TOLD = frozenset({State.HELD, State.VOTED, State.POSTED, State.RELEASED, State.OFF_RAIL})


def tell_change(unit: DealUnit, case: Case, *, at: int) -> None:
    """The case came to another state."""
    unit.put_event(case.id, "")
    if case.state not in _TOLD:
        return
    rollover = case.agreed.rollover if case.agreed else None
    for other in unit.other_desks(case.id):  # none where it was opened with exact terms
        unit.put_letter(*other, LetterKind.STANDS, Stands(case.state, at, rollover))

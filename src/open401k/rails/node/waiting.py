"""Whether a case waits for us: somebody of our custodian must act, or an exception of it is open. Pure but for reading.

It is written beside the case with whatever changes it, so that the console's lists are queries. The chain is not asked:
our own case says enough. Not here: words for people (tracking), the lists (report).
"""

from __future__ import annotations

from typing import Final

from .. import tracking
from .cases import Case, State
from .core import Side
from .deal import DealUnit
from .following import Standing, Verdict
from .seen import seen_of

#: What a verdict must be by our own case, where the chain does not answer now.
AT_LEAST: Final = {
    State.VOTED: Verdict.PREPARING,
    State.POSTED: Verdict.COMMITTED,
    State.RELEASED: Verdict.ABORTED,
}


def standing_here(unit: DealUnit, file: Case) -> Standing | None:
    """The chain's word, as our own case implies it; None before there is one."""
    verdict, block = AT_LEAST.get(file.state), unit.cursor()
    return Standing(block, verdict, voted=True) if file.agreed and block and verdict else None


def waits_for_us(unit: DealUnit, case: str, *, now: int) -> bool:
    """Of a case with a deal. A deadline that goes by changes it with what the worker does then."""
    if any(raised.is_open for raised in unit.raised(case)):
        return True
    file = unit.case(case)
    seen = seen_of(unit, case, standing_here(unit, file), now=now)
    sides = [seen.source] if file.side is Side.SOURCE else list(seen.receivers)
    place = unit.deal(case).place if len(sides) > 1 else sides[0].place
    ours = next(each for each in sides if each.place == place)
    return any(ours.name in todo.owner for todo in tracking.tracked(seen).todo)

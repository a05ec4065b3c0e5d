"""Every plan of a sponsor settled to its facts in its turn, again while a turn leaves room. Not here: what should be.

Of one person's plans and pay dates the limits of IRC 402(g) and 415(c) are one (elsewhere.py, beside.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from open401k import ledger, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, Refused

from . import year_ends
from .elsewhere import windows
from .forfeitures import settle_forfeitures
from .overpaid import settle_overpaid
from .posting import Cause, Settled, at_limit, lost, post_difference
from .scope import Scope, widened
from .settlement import compared

#: Room that a turn leaves is there at the next; each begins later in the year than the one before it.
_MOST_TURNS = 5


@dataclass(frozen=True, slots=True)
class _Turn:
    """What was posted; who is at the limit of 415(c), and who lost something."""

    settled: Settled = field(default_factory=Settled)
    at_limit: frozenset[EmployeeId] = frozenset()
    lost: frozenset[EmployeeId] = frozenset()

    @property
    def left_room(self) -> frozenset[EmployeeId]:
        """What a day lost by the terms may be allocated on a day before it, which had no room yet: to whom."""
        return self.at_limit & self.lost

    def __add__(self, other: "_Turn") -> "_Turn":
        return _Turn(self.settled + other.settled, self.at_limit | other.at_limit, self.lost | other.lost)


def settle(tx: Tx, *, scope: Scope, cause: Cause, reserved_is_gone: bool = False) -> Settled | Refused[ledger.Refusal]:
    """Post what is missing, take back what is too much, for every pay date of the scope; a settled book stays.

    A pay date of more than ``SLICE`` people is posted in several entries. All entries are one movement: a match over
    the year may fall, so what one pay date loses can be in the account only by what a later one gains.

    What is posted here changes what is left to the sponsor's other plans on later pay dates: these are settled in their
    turn, and not part of the answer.

    What is taken back of the employer's money and left the account before is told as overpaid; so is, where
    ``reserved_is_gone``, what is reserved to leave it.
    """
    total, together, touched = Settled(), ledger.Together(), dict[PlanId, Cause]()
    now = scope
    for again in range(_MOST_TURNS):
        of_turn = _Turn()
        for part, its_cause in _turns(tx, now, cause.again(again)):
            settled = _settle_plan(tx, part, its_cause, together)
            if isinstance(settled, Refused):
                return settled
            of_turn += settled
            total = total + settled.settled if part.plan_id == scope.plan_id else total
            touched.setdefault(part.plan_id, its_cause)
        if not of_turn.left_room:
            break
        now = replace(scope, since=_a_year_before(scope.since), employees=sorted(of_turn.left_room), roster=None)
    for plan_id, its_cause in touched.items():
        left = _what_left(tx, replace(scope, plan_id=plan_id), its_cause, together, total, reserved_is_gone)
        if isinstance(left, Refused):
            return left
        total = total + left if plan_id == scope.plan_id else total
    refused = ledger.take_in(tx, tenant_id=scope.tenant_id, together=together)
    return total if refused is None else refused


def _what_left(
    tx: Tx, scope: Scope, cause: Cause, together: ledger.Together, total: Settled, reserved_is_gone: bool
) -> Settled | Refused[ledger.Refusal]:
    """Forfeitures follow what was posted; what is taken back and had left the account is overpaid."""
    of: dict[str, Any] = {
        "tenant_id": scope.tenant_id, "plan_id": scope.plan_id, "employees": widened(tx, scope).employees
    }  # fmt: skip
    forfeited = settle_forfeitures(tx, **of, key=cause.key, cause=cause.cause, together=together)
    if isinstance(forfeited, Refused):
        return forfeited
    correcting = cause.correction or bool(total.other_days)
    back = settle_overpaid(
        tx, **of, cause=cause, together=together, looked_up=correcting, reserved_is_gone=reserved_is_gone
    )
    if isinstance(back, Refused):
        return back
    return Settled(overpaid_cents=back)


def _a_year_before(day: date) -> date:
    """Early enough for the beginning of any plan's limitation year."""
    return day if day == date.min else date(day.year - 1, day.month, 1)


def _turns(tx: Tx, scope: Scope, cause: Cause) -> Iterator[tuple[Scope, Cause]]:
    """What is settled one after the other: all of it at once for the only plan of a sponsor."""
    others = plan.other_plans(tx, tenant_id=scope.tenant_id, plan_id=scope.plan_id)
    if not others:
        yield scope, cause
        return
    turns = year_ends.turns(tx, tenant_id=scope.tenant_id, plans=(scope.plan_id, *others))
    for window in windows(turns, start=scope.since, end=scope.until):
        own = window.plan_id == scope.plan_id
        part = replace(scope, plan_id=window.plan_id, since=window.start, until=window.end)
        yield part, cause if own else cause.for_plan(window.plan_id)


def _settle_plan(tx: Tx, scope: Scope, cause: Cause, together: ledger.Together) -> _Turn | Refused[ledger.Refusal]:
    total = _Turn()
    for should_be, posted, part in compared(tx, scope):
        settled = post_difference(
            tx,
            tenant_id=scope.tenant_id,
            plan_id=scope.plan_id,
            should_be=should_be,
            posted=posted,
            cause=cause,
            together=together,
            part=part,
        )
        if isinstance(settled, Refused):
            return settled
        total = total + _Turn(settled, at_limit(should_be), lost(should_be, posted))
    return total

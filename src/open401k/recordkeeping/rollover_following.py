"""How looking at where a plan's open rollovers stand went: when it did last, and since when it comes to nothing.

Not here: looking (flows/rollover_round.py), what was found of a rollover (rollovers.py).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from open401k.base import heads, messages
from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId, day_of

from . import _rollover_follow_store as _store

#: When a look that came to nothing is tried again on the same day.
FOLLOW_AGAIN_AFTER: Final = timedelta(minutes=30)


class RolloverDesk(StrEnum):
    """Whose desk a problem is: who runs our node, or who decides for the plan."""

    OPERATIONS = "operations"
    ADMINISTRATOR = "plan administrator"


@dataclass(frozen=True, slots=True)
class NotFollowed:
    """What kept one rollover from being looked at, or with no id all of them; what mends it, and whose desk it is."""

    rollover_id: str
    message: str
    fix: str
    owner: RolloverDesk

    @property
    def of_all(self) -> bool:
        return not self.rollover_id


@dataclass(frozen=True, slots=True)
class Following:
    """The newest look. ``since``: from when on none was good, where it was not."""

    on: date
    at: datetime
    open_count: int
    problems: tuple[NotFollowed, ...]
    since: datetime | None

    @property
    def ok(self) -> bool:
        return not self.problems

    def due(self, now: datetime) -> bool:
        """Once a day; sooner where the last one came to nothing."""
        return day_of(now) != self.on or (not self.ok and now - self.at >= FOLLOW_AGAIN_AFTER)


def rollovers_to_follow(tx: Tx) -> list[tuple[SponsorId, PlanId]]:
    """Plans in sight with open rollovers that nobody looked at today, or in vain a while ago."""
    plans = [(tenant, plan) for tenant, plan, _ in _store.with_open(tx)]
    if not plans:
        return []
    known = {(row.tenant_id, row.plan_id): _following(row) for row in _store.last(tx, plans=plans)}
    return [(SponsorId(each[0]), PlanId(each[1])) for each in plans if each not in known or known[each].due(tx.now)]


def following_of(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Following | None:
    """The newest look at a plan's open rollovers; None: nobody looked yet."""
    rows = _store.last(tx, plans=[(tenant_id.uuid, plan_id.uuid)])
    return _following(rows[0]) if rows else None


def keep_following(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, open_count: int, problems: Sequence[NotFollowed]
) -> bool:
    """Keep how a look went, and tell the outside when the first comes to nothing; a second good one a day is no news.

    Answers whether it was kept.
    """
    heads.lock(tx, tenant_id=tenant_id)
    rows = _store.last(tx, plans=[(tenant_id.uuid, plan_id.uuid)])
    before = _following(rows[0]) if rows else None
    today = day_of(tx.now)
    if before is not None and before.ok and not problems and before.on == today:
        return False
    number = rows[0].follow_no + 1 if rows else 1
    told = [asdict(each) for each in problems]
    row = (number, today, open_count, not problems, {"items": told})
    _store.insert(tx, tenant_id=tenant_id, plan_id=plan_id, row=row)
    if problems and (before is None or before.ok):
        said = {"open": open_count, "problems": told}
        messages.publish(tx, tenant_id=tenant_id, kind="rollovers.not_followed", subject=plan_id, data=said)
    return True


def _following(row: _store.FollowedRow) -> Following:
    problems = tuple(NotFollowed(**each | {"owner": RolloverDesk(each["owner"])}) for each in row.problems["items"])
    return Following(row.event_on, row.recorded_at, row.open_count, problems, None if not problems else row.since)

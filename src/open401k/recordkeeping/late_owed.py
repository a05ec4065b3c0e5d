"""What late facts made the employer owe more, or less, by person, source and pay date. Not here: earnings, deciding.

Only what settlement posted for a fact that was learned late, also where a payroll told it, or came after later ones;
what a year's end corrected of earlier days is in its own remittance.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, Source, SponsorId

from . import _late_store as _store
from .posting import Cause, Settled
from .scope import Scope

#: With what the keys of entries begin that a late fact caused.
LATE_KEY = "correction"
ONE_DAY = timedelta(days=1)
_EMPLOYER = [source.value for source in Source if not source.from_employee and not source.is_rollover]


@dataclass(frozen=True, slots=True)
class LateOwed:
    """What one late fact moved of the employer's money, negative: less is owed."""

    employee_id: EmployeeId
    source: Source
    pay_date: date
    cents: int
    learned_at: datetime
    origin: str


def late_owed(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None) -> list[LateOwed]:
    """Every movement of the employer's money by late facts, in the order in which they were learned."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    rows = _store.moved(tx, **of, keys=f"{LATE_KEY}/", sources=_EMPLOYER, known_at=known_at)
    return [
        LateOwed(EmployeeId(row.employee_id), Source(row.source), row.pay_date, row.cents, row.recorded_at, row.origin)
        for row in rows
    ]


def waits(*, moved_cents: int, standing_cents: int) -> bool:
    """Whether the employer's money of past pay dates, moved by a payroll, waits for a person.

    More does: it is late. Less lowers what the payroll asks for, but where it takes back ``standing_cents`` that late
    facts made owed before: else these would be asked for, with earnings, though they are owed no longer.
    """
    return moved_cents > 0 or (moved_cents < 0 < standing_cents)


def let_wait(tx: Tx, *, scope: Scope, cause: Cause, settled: Settled) -> int:
    """Keep that the employer's money of these entries waits, if it does: cents; 0 where the payroll asks for it.

    Once for a cause: in the transaction that settles it. ``cause`` has entries of past pay dates only.
    """
    moved = settled.employer_cents
    standing = _standing(tx, scope) if moved < 0 else 0
    if not waits(moved_cents=moved, standing_cents=standing):
        return 0
    of: dict[str, Any] = {"tenant_id": scope.tenant_id, "plan_id": scope.plan_id}
    _store.insert_late_payroll(tx, **of, keys=f"{cause.key}/", cause=cause.cause, cents=moved)
    return moved


def let_wait_of_other_days(tx: Tx, *, scope: Scope, cause: Cause, settled: Settled, days: Collection[date]) -> int:
    """The same of what a payroll changed on those days, on which it does not pay: all of them wait, or none does."""
    by_day = settled.employer_on(days)
    moved = sum(by_day.values())
    standing = _standing(tx, replace(scope, since=min(by_day), until=max(by_day) + ONE_DAY)) if moved < 0 else 0
    if not waits(moved_cents=moved, standing_cents=standing):
        return 0
    of: dict[str, Any] = {"tenant_id": scope.tenant_id, "plan_id": scope.plan_id}
    for day, cents in by_day.items():
        _store.insert_late_payroll(tx, **of, keys=f"{cause.key}/{day}", cause=cause.cause, cents=cents)
    return moved


def _standing(tx: Tx, scope: Scope) -> int:
    """What late facts before made the employer owe more of these people and pay dates."""
    people = None if scope.employees is None else frozenset(scope.employees)
    known = late_owed(tx, tenant_id=scope.tenant_id, plan_id=scope.plan_id)
    return sum(
        each.cents
        for each in known
        if scope.since <= each.pay_date < scope.until and (people is None or each.employee_id in people)
    )


def changed_late_payrolls(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[str]:
    """What is kept of payrolls whose money waits, and is not what their entries moved, in words."""
    found = _store.changed_late_payrolls(tx, tenant_id=tenant_id, plan_id=plan_id, sources=_EMPLOYER)
    return [f"{keys} kept {kept} cents, moved {moved}" for keys, kept, moved in found]

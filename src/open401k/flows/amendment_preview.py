"""What an amendment would do, before it is adopted: it is done in a transaction that is taken back.

Not here: adopting it (amendment.py), what may stand in it (plan/amendments.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from open401k import plan
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import Refused, day_of
from open401k.payroll import runs

from .amendment import Amendment, correction_of, put_in_force
from .correction import settle
from .payroll_settle import PostingRefused
from .year_end import end_years


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What changes, everything against it, and how far it reaches back.

    ``settled`` is what would be posted, as adopting would tell it; None where something stands against it.
    """

    changes: tuple[plan.Change, ...]
    objections: tuple[Refused[Any], ...]
    late: bool
    pay_dates: int
    settled: Mapping[str, Any] | None


class _TakenBackError(Exception):
    """Undoes the transaction in which an amendment was tried."""


def foresee(db: Database, *, actor: Actor, amendment: Amendment) -> Foreseen:
    """What :func:`open401k.flows.amendment.amend` would do now; nothing of it stays."""
    of: dict[str, Any] = {"tenant_id": amendment.tenant_id, "plan_id": amendment.plan_id}
    on = amendment.effective_on
    with db.begin(actor, tenants=[amendment.tenant_id]) as tx:
        changes, against = plan.proposed(tx, **of, effective_on=on, provisions=amendment.provisions)
        late = on < day_of(tx.now)
        posted = {run.pay_date for run in runs.history(tx, **of) if run.status == runs.Status.POSTED and run.pay_date}
    pay_dates = sum(day >= on for day in posted)
    if against:
        return Foreseen(changes, against, late, pay_dates, None)
    tried = _tried(db, actor, amendment)
    if isinstance(tried, Refused):
        return Foreseen(changes, (tried,), late, pay_dates, None)
    return Foreseen(changes, (), late, pay_dates, tried)


def _tried(db: Database, actor: Actor, amendment: Amendment) -> Mapping[str, Any] | Refused[Any]:
    """What the books would follow with, or why they refuse it."""
    found: list[Mapping[str, Any] | Refused[Any]] = []
    try:
        with db.begin(actor, tenants=[amendment.tenant_id]) as tx:
            found.append(_try(tx, amendment))
            raise _TakenBackError
    except PostingRefused as undone:
        return undone.refused
    except _TakenBackError:
        return found[-1]


def _try(tx: Tx, amendment: Amendment) -> Mapping[str, Any] | Refused[Any]:
    told: dict[str, Any] = {}
    correction = correction_of(amendment)

    def follow() -> None:
        of: dict[str, Any] = {"tenant_id": amendment.tenant_id, "plan_id": amendment.plan_id}
        end_years(tx, **of, today=day_of(tx.now), settled=False)
        told.update(settle(tx, correction, {}))

    heads.lock(tx, tenant_id=amendment.tenant_id)
    return put_in_force(tx, amendment, follow) or told

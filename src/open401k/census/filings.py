"""As what a plan year was reported on Form 5500, small or large: a stated fact. What follows from it: see law."""

from datetime import date, datetime
from typing import Any

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId

from . import _filed_store


def state_filed(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year_start: date, small: bool) -> None:
    """Append it; the same again changes nothing, another one takes the place of what was stated before."""
    heads.lock(tx, tenant_id=tenant_id)
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "year_start": year_start}
    before = _filed_store.last(tx, **of, known_at=None)
    if before is small:
        return
    _filed_store.add(tx, **of, small=small)
    year = year_start.isoformat()
    audit.record(
        tx, tenant_id=tenant_id, action="census.year_filed", subject=plan_id,
        before=None if before is None else {"year_start": year, "small": before},
        after={"year_start": year, "small": small},
    )  # fmt: skip


def filed_as_small(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year_start: date, known_at: datetime | None = None
) -> bool | None:
    """Whether the plan year was reported as that of a small plan; None: nobody has said."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "year_start": year_start}
    return _filed_store.last(tx, **of, known_at=known_at)

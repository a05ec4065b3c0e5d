"""That a sponsor confirmed the census of a plan year: a signed-off fact with a hash. Not here: the census itself."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId

from . import _confirm_store


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Who said that the census is right, of what was known at ``known_at``, with the hash of what they saw."""

    confirmed_at: datetime
    known_at: datetime
    sha256: str
    people: int
    confirmed_by: str
    signed_as: str


def confirm_year(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year_start: date, known_at: datetime, sha256: str, people: int,
    signed_as: str,
) -> None:  # fmt: skip
    """Append the confirmation; an earlier one of the year stays on file."""
    heads.lock(tx, tenant_id=tenant_id)
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "year_start": year_start}
    _confirm_store.add(tx, **of, known_at=known_at, sha256=sha256, people=people, signed_as=signed_as)
    after = {"year_start": year_start.isoformat(), "sha256": sha256, "people": people, "signed_as": signed_as}
    audit.record(tx, tenant_id=tenant_id, action="census.year_confirmed", subject=plan_id, after=after)


def confirmed_year(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year_start: date) -> Confirmation | None:
    """The newest confirmation of a plan year, if any."""
    row = _confirm_store.last(tx, tenant_id=tenant_id, plan_id=plan_id, year_start=year_start)
    return None if row is None else Confirmation(*row)

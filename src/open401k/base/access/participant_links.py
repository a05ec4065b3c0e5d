"""A participant's way to the page of their own account: a link of 256 bits, kept as a hash, for so many days.

Whoever has it is them, for that page alone: it opens nothing of staff. ``at`` is the wall clock's time. Not here: what
the page shows (views/participant.py).
"""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from open401k.kernel import EmployeeId, PlanId, SponsorId

from .. import audit, heads
from ..db import Tx
from . import _participant_store as _store
from .sessions import hash_token

LONGEST_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Participant:
    """Whom a link that holds is for, and until when."""

    tenant_id: SponsorId
    plan_id: PlanId
    employee_id: EmployeeId
    until: datetime


def make_participant_link(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId, key: str, days: int, at: datetime
) -> str:
    """The token of a link. The same key gives the same one, which only we can work out; a newer one ends those before.

    Repeated after a newer one was made, an older key opens nothing any more.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise ValueError(f"a link holds for 1 to {LONGEST_DAYS} days, not {days}")
    heads.lock(tx, tenant_id=tenant_id)
    secret = tx.keyring.blind_index("participant link", f"{tenant_id}\0{plan_id}\0{employee_id}\0{key}")
    token = base64.urlsafe_b64encode(secret).decode().rstrip("=")
    if _store.insert(tx, tenant_id, hash_token(token), plan_id, employee_id, at, at + timedelta(days=days)):
        ended = _store.end_others(tx, tenant_id, plan_id, employee_id, hash_token(token), at)
        after = {"plan_id": str(plan_id), "days": days, "ended": ended}
        audit.record(tx, tenant_id=tenant_id, action="access.participant_link", subject=employee_id, after=after)
    return token


def participant_of(tx: Tx, *, token: str, at: datetime) -> Participant | None:
    """Whom a link is for; unknown, replaced and expired ones get one and the same answer. ``tx`` sees every tenant."""
    row = _store.held(tx, hash_token(token), at)
    return None if row is None else Participant(SponsorId(row[0]), PlanId(row[1]), EmployeeId(row[2]), row[3])

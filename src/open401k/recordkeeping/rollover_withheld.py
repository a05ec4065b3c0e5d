"""Tax withheld of rollovers: what the network did, as it was read, against what the books say. ADR-0050.

A difference, or what no node can be asked any more, is ended by a person who found out what is true, by leg and with
a reason. Not here: reading it (flows/rollover_withheld.py), what the books say (rollovers.py).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from open401k.base import audit
from open401k.base.db import Tx
from open401k.kernel import Money, PlanId, Refused, RolloverId, SponsorId

from . import _rollover_store as _store
from .rollover_following import following_of, keep_following
from .rollovers import (
    WITHHELD,
    WITHHELD_SETTLED,
    RolloverDamage,
    RolloverRefusal,
    RolloverRequest,
    get_rollover_request,
    rollover_requests,
    tell_rollover,
)

#: Letters of a reason.
MOST_WHY = 1_000


def differently_withheld(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId
) -> list[tuple[RolloverRequest, tuple[int, int]]]:
    """Rollovers of which the network withheld other cents than the books say: both, the books' first."""
    ids = [RolloverId(e) for e in _store.told_under(tx, tenant_id=tenant_id, plan_id=plan_id, name=WITHHELD)]
    found = rollover_requests(tx, tenant_id=tenant_id, plan_id=plan_id, rollover_ids=ids) if ids else []
    return [(each, both) for each in found if (both := each.withheld_otherwise) is not None]


def withheld_damage(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[RolloverDamage, ...]:
    """The same, as verification tells it."""
    return tuple(
        RolloverDamage(
            str(each.rollover_id), f"the books say that {both[0]} cents were withheld, the network {both[1]}"
        )
        for each, both in differently_withheld(tx, tenant_id=tenant_id, plan_id=plan_id)
    )


def settle_withheld(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, legs: Mapping[int, int], why: str
) -> RolloverRequest | Refused[RolloverRefusal]:
    """A person found out what was withheld of each leg that was paid to the person; Form 1099-R says that from now on.

    Nothing is posted: the gross amount left the account, and tax is not the plan's money. The newest counts; the same
    again changes nothing.
    """
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "rollover_id": rollover_id}
    request = get_rollover_request(tx, **of)
    if isinstance(request, Refused):
        return request
    wrong = next(_wrong(request, legs, why.strip()), None)
    if wrong is not None:
        return wrong
    told = {"legs": {str(leg): cents for leg, cents in sorted(legs.items())}, "why": why.strip()}
    if tell_rollover(tx, **of, told={WITHHELD_SETTLED: told}):
        read = request.told.get(WITHHELD)
        found = {"withheld_cents": sum(legs.values()), "network_cents": None if read is None else read.told}
        audit.record(
            tx, tenant_id=tenant_id, action="recordkeeping.rollover_withheld_settled", subject=rollover_id, after=found
        )
        _ends(tx, tenant_id, plan_id, rollover_id)
    return get_rollover_request(tx, **of)


def _wrong(request: RolloverRequest, legs: Mapping[int, int], why: str) -> Iterator[Refused[RolloverRefusal]]:
    booked = request.booked
    settled = WITHHELD_SETTLED in request.told
    if booked is None or not (settled or request.withheld_unread or request.withheld_otherwise is not None):
        message = "What the network withheld of it is what the books say, or nothing is booked or paid to a person."
        yield Refused(RolloverRefusal.NOTHING_DIFFERS, message, "Look at the rollover: there is nothing to find out.")
        return
    fix = "Say for each leg that was paid to the person what was withheld of it, and why that is true."
    if not 0 < len(why) <= MOST_WHY:
        yield Refused(RolloverRefusal.FACTS_WRONG, f"why: a reason of at most {MOST_WHY} letters is kept with it.", fix)
    paid = {each.leg: each for each in booked.parts if each.into in (None, "person")}
    if set(legs) != set(paid):
        said = ", ".join(map(str, sorted(paid)))
        yield Refused(RolloverRefusal.FACTS_WRONG, f"legs: paid to the person, or nobody knows to whom: {said}.", fix)
        return
    for leg, cents in legs.items():
        if not 0 <= cents <= paid[leg].cents:
            message = f"leg {leg}: {Money(cents)} cannot be withheld of {Money(paid[leg].cents)}."
            yield Refused(RolloverRefusal.FACTS_WRONG, message, fix)


def _ends(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId) -> None:
    """The newest look at the plan's rollovers tells of it no more: there may be no other look."""
    looked = following_of(tx, tenant_id=tenant_id, plan_id=plan_id)
    if looked is None or all(each.rollover_id != str(rollover_id) for each in looked.problems):
        return
    others = [each for each in looked.problems if each.rollover_id != str(rollover_id)]
    count = max(0, looked.open_count - 1)
    keep_following(tx, tenant_id=tenant_id, plan_id=plan_id, open_count=count, problems=others)

"""What came by a rollover leaves once: over the rails, by a return, or out of the books, found invalid (ADR-0062).

A return is asked of the account into which the money came, and that names the request by which it came. Whichever of
the two is first stands against the other, as far as it is the same cents. Not here: either of them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from open401k import ledger
from open401k.base import heads
from open401k.base.db import Tx
from open401k.kernel import Money, PlanId, Refused, RolloverId, Source, SponsorId

from . import _rollover_invalid_store
from .rollovers import (
    RolloverBooked,
    RolloverRefusal,
    RolloverRequest,
    RolloverWay,
    rollover_requests,
    rollovers_booked,
)

#: What the books call a hold of money that leaves over the rails; its cause ends with the account asked for it.
_HOLD: Final = "rollover: source"


@dataclass(frozen=True, slots=True)
class GoesBack:
    """Of what came by one rollover: requests by which more of it may still go back, and what went, by source.

    ``held``: what the books hold for a return, by its cause, also where no request is open: a request ends with its
    case, and a node that tries again holds anew; a return that was put into the node by hand has no request.
    """

    open: tuple[RolloverId, ...]
    held: tuple[str, ...]
    cents: Mapping[Source, int]


def came_by(account: str) -> RolloverId | None:
    """The request by which money came into an account that the network knows; None for one that is a person's own."""
    try:
        return RolloverId.parse(account.partition("/")[2])
    except ValueError:
        return None


def goes_back(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, came: RolloverRequest) -> GoesBack:
    """What of a rollover that came goes back over the rails, or went."""
    requests = rollover_requests(tx, tenant_id=tenant_id, plan_id=plan_id)
    out = [each for each in requests if each.way is RolloverWay.OUT and came_by(each.account) == came.rollover_id]
    mine = {each.rollover_id for each in out}
    went: Counter[Source] = Counter()
    for each in rollovers_booked(tx, tenant_id=tenant_id, plan_id=plan_id):
        if each.gives_back == came.rollover_id or each.rollover_id in mine:
            went.update(_by_source(came.booked, [(part.kind, part.cents) for part in each.parts]))
    holds = ledger.waiting(tx, tenant_id=tenant_id, reason=_HOLD, cause_end=f"/{came.rollover_id}")
    return GoesBack(tuple(each.rollover_id for each in out if each.open), tuple(holds), went)


def left_of(booked: RolloverBooked, *gone: Mapping[Source, int]) -> dict[Source, int]:
    """What of the money that came is left by source, once this is gone."""
    found: Counter[Source] = Counter()
    for part in booked.parts:
        found.update(part.shares)
    for each in gone:
        found.subtract(each)
    return dict(found)


def may_go_back(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, account: str, wanted: Sequence[tuple[str, int | None]]
) -> Refused[RolloverRefusal] | None:
    """Why so much of each kind does not go back from the account into which it came: it was found invalid."""
    which = came_by(account)
    if which is None:
        return None
    heads.lock(tx, tenant_id=tenant_id)  # nobody determines it meanwhile
    found = _rollover_invalid_store.invalid(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=None)
    row = next((each for each in found if each.rollover_id == which.uuid), None)
    requests = rollover_requests(tx, tenant_id=tenant_id, plan_id=plan_id, rollover_ids=[which])
    if row is None or not requests or requests[0].booked is None:
        return None
    (came,) = requests
    booked = requests[0].booked
    invalid = {Source(name): cents for name, cents in row.parts.items()}
    left = left_of(booked, invalid, goes_back(tx, tenant_id=tenant_id, plan_id=plan_id, came=came).cents)
    asked = _by_source(booked, [(kind, booked.cents if cents is None else cents) for kind, cents in wanted])
    if all(cents <= left.get(source, 0) for source, cents in asked.items()):
        return None
    told = ", ".join(f"{Money(cents)} of {source.value}" for source, cents in sorted(invalid.items()))
    how = "paid back with its earnings" if row.paid_on is not None else "to be paid back with its earnings"
    message = f"Of {which} {told} were found invalid on {row.determined_on} and are {how}: no cent goes back twice."
    rest = ", ".join(f"{Money(max(0, cents))} of {source.value}" for source, cents in sorted(left.items()))
    return Refused(RolloverRefusal.FOUND_INVALID, message, f"Stop the return; over the rails go back at most {rest}.")


def _by_source(came: RolloverBooked | None, parts: Sequence[tuple[str, int]]) -> dict[Source, int]:
    """Cents of kinds in the sources into which these kinds came: each kind landed in one."""
    into = {part.kind: source for part in (came.parts if came else ()) for source in part.shares}
    found: Counter[Source] = Counter()
    for kind, cents in parts:
        if kind in into:
            found[into[kind]] += cents
    return dict(found)

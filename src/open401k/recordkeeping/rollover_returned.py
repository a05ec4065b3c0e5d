"""What came by a rollover leaves once: over the rails, by a return, or out of the books, found invalid (ADR-0062).

A return is asked of the account into which the money came, and that names the request by which it came. Whichever of
the two is first stands against the other, as far as it is the same cents. Not here: either of them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from open401k import ledger
from open401k.base import heads
from open401k.base.db import Tx
from open401k.kernel import Money, PlanId, Refused, RolloverId, Source, SponsorId

from . import _rollover_invalid_store
from .rollovers import (
    TAXED_KIND,
    RolloverBooked,
    RolloverRefusal,
    RolloverRequest,
    RolloverWay,
    kind_of_money,
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
    ``asked_cents`` of the open requests and ``held_cents`` of the holds are the same money as far as they meet.
    """

    open: tuple[RolloverId, ...]
    held: tuple[str, ...]
    cents: Mapping[Source, int]
    asked_cents: Mapping[Source, int]
    held_cents: Mapping[Source, int]

    def promised(self) -> dict[Source, int]:
        """By source, what more of it is to go at the least."""
        either = {*self.asked_cents, *self.held_cents}
        return {each: max(self.asked_cents.get(each, 0), self.held_cents.get(each, 0)) for each in either}


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
    asked: Counter[Source] = Counter()
    for request in (each for each in out if each.open and "wanted" in each.told):
        asked.update(_by_source(came.booked, _asked(request.told["wanted"].told, came.booked)))
    holds = ledger.waiting(tx, tenant_id=tenant_id, reason=_HOLD, cause_end=f"/{came.rollover_id}")
    held: Counter[Source] = Counter()
    for hold in holds:
        held.update(_by_source(came.booked, _of_sources(hold, tenant_id, came)))
    still = tuple(each.rollover_id for each in out if each.open)
    return GoesBack(still, tuple(hold.cause for hold in holds), went, asked, held)


def left_of(booked: RolloverBooked, *gone: Mapping[Source, int]) -> dict[Source, int]:
    """What of the money that came is left by source, once this is gone."""
    found: Counter[Source] = Counter()
    for part in booked.parts:
        found.update(part.shares)
    for each in gone:
        found.subtract(each)
    return dict(found)


def may_go_back(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, account: str, wanted: Sequence[tuple[str, int | None]],
    is_held: bool = False,
) -> Refused[RolloverRefusal] | None:  # fmt: skip
    """Why so much of each kind does not go back from the account into which it came: it left, is to, or was invalid.

    ``is_held``: it is about to be held, so that only what others hold is promised, not what was asked for it.
    """
    which = came_by(account)
    if which is None:
        return None
    heads.lock(tx, tenant_id=tenant_id)  # nobody determines it, or asks for it, meanwhile
    found = _rollover_invalid_store.invalid(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=None)
    row = next((each for each in found if each.rollover_id == which.uuid), None)
    requests = rollover_requests(tx, tenant_id=tenant_id, plan_id=plan_id, rollover_ids=[which])
    if not requests or requests[0].booked is None:
        return None
    (came,) = requests
    booked = requests[0].booked
    invalid = {} if row is None else {Source(name): cents for name, cents in row.parts.items()}
    back = goes_back(tx, tenant_id=tenant_id, plan_id=plan_id, came=came)
    promised = back.held_cents if is_held else back.promised()
    left = left_of(booked, invalid, back.cents, promised)
    asked = _by_source(booked, _asked([{"kind": kind, "cents": cents} for kind, cents in wanted], booked))
    if all(cents <= left.get(source, 0) for source, cents in asked.items()):
        return None
    told = [_in_words(invalid, "found invalid" + (f" on {row.determined_on}" if row else ""))] if invalid else []
    told += [_in_words(back.cents, "went back")] * any(back.cents.values())
    told += [_in_words(promised, "to go back by another return that is open")] * any(promised.values())
    reason = RolloverRefusal.FOUND_INVALID if invalid else RolloverRefusal.ONE_IS_OPEN
    if not invalid and not any(promised.values()):
        reason = RolloverRefusal.WENT_BACK
    message = f"Of {which}: {'; '.join(told) or 'no more came'}. No cent goes back twice."
    rest = ", ".join(f"{Money(max(0, cents))} of {source.value}" for source, cents in sorted(left.items()))
    return Refused(reason, message, f"Stop the return; over the rails go back at most {rest}.")


def _in_words(cents: Mapping[Source, int], what: str) -> str:
    return ", ".join(f"{Money(each)} of {source.value}" for source, each in sorted(cents.items()) if each) + f" {what}"


def _asked(wanted: Sequence[Mapping[str, Any]], came: RolloverBooked | None) -> list[tuple[str, int]]:
    """Kinds and cents of what is wanted; an amount that is not named is all that came of the kind."""
    parts = () if came is None else came.parts
    kinds = Counter[str]()
    for part in parts:
        kinds[_taxed(part.kind)] += part.cents
    return [
        (each["kind"], kinds[_taxed(each["kind"])] if each.get("cents") is None else each["cents"]) for each in wanted
    ]


def _of_sources(hold: ledger.Held, tenant_id: SponsorId, came: RolloverRequest) -> list[tuple[str, int]]:
    """What a hold takes, by how its money is taxed: the sources of one kind are drawn on in turn."""
    key = partial(ledger.AccountKey, came.plan_id, ledger.Kind.PARTICIPANT, came.employee_id)
    of = {ledger.account_id(tenant_id=tenant_id, key=key(source)).uuid: kind_of_money(source) for source in Source}
    return [(of[each], cents) for each, cents in zip(hold.lines.debit, hold.lines.amount, strict=True)]


def _taxed(kind: str) -> str:
    return TAXED_KIND.get(kind, "pre_tax")


def _by_source(came: RolloverBooked | None, parts: Sequence[tuple[str, int]]) -> dict[Source, int]:
    """Cents of kinds in the sources into which money that is taxed alike came: it landed in one."""
    into = {_taxed(part.kind): source for part in (came.parts if came else ()) for source in part.shares}
    found: Counter[Source] = Counter()
    for kind, cents in parts:
        if _taxed(kind) in into:
            found[into[_taxed(kind)]] += cents
    return dict(found)

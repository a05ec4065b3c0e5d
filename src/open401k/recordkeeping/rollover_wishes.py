"""What participants wish of rollovers, in their own words, until staff take it up, decline it, or they take it back.

A wish moves nothing: taken up, it is a request of the same id (rollovers.py), which the participant signs by a key of
their own. Not here: telling a node (flows/rollover_wished.py).
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from open401k import census, plan
from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, Refused, RolloverId, SponsorId

from . import _wish_store as _store
from .rollover_explanations import TellsOf, explanations_of, given_for, needed_for
from .rollover_release import releasable
from .rollovers import RolloverWay, kind_of_money, rollover_requests

#: So much of somebody's own words is kept.
LONGEST_WORDS: Final = 200


class WishEnd(StrEnum):
    """How a wish ended."""

    TAKEN_UP = "taken_up"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class WishRefusal(StrEnum):
    """Why a wish was not kept, taken up or ended. Checked, and listed, in order of precedence."""

    KEY_REUSED = "key_reused"
    WISH_UNKNOWN = "wish_unknown"
    ENDED_BEFORE = "ended_before"
    UNDER_WAY = "under_way"
    NOT_OFFERED = "not_offered"
    NOBODY_NAMED = "nobody_named"
    NOTHING_WISHED = "nothing_wished"
    KIND_NOT_TAKEN = "kind_not_taken"
    NOTHING_MAY_LEAVE = "nothing_may_leave"
    NOT_EXPLAINED = "not_explained"
    ONE_WAITS = "one_waits"
    NO_REASON = "no_reason"
    CASE_ASKS_OTHERWISE = "case_asks_otherwise"
    CASE_NOT_CONFIRMED = "case_not_confirmed"


Refusal = Refused[WishRefusal]


@dataclass(frozen=True, slots=True)
class WishedPart:
    """Money of a kind that goes into an account of a type; ``cents`` None: all of this kind."""

    kind: str
    into: str
    cents: int | None = None


@dataclass(frozen=True, slots=True)
class Wished:
    """What somebody wishes: who has the money, or is to have it, by name and account there; which money.

    ``explanation`` is the hash of the explanation that they said to have read; of money that comes none is needed.
    """

    custodian: str
    account: str
    parts: tuple[WishedPart, ...]
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class RolloverWish:
    """A wish and, where it has ended, how, by whom and with which words."""

    rollover_id: RolloverId
    plan_id: PlanId
    employee_id: EmployeeId
    way: RolloverWay
    wished: Wished
    asked_at: datetime
    end: WishEnd | None = None
    words: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""


@dataclass(frozen=True, slots=True)
class MayWish:
    """What a plan's terms and somebody's account allow today, as kinds; the hash of what is given for which money."""

    offered: bool
    takes: Collection[str]
    leaves: Collection[str]
    explanations: Mapping[TellsOf, str]


def may_wish(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, person: census.Employee, on: date) -> MayWish:
    """By the plan's terms and somebody's account as they are; who does not work here brings nothing in."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    terms = plan.provisions_on(tx, **of, on=on).rollovers
    if terms is None:
        return MayWish(offered=False, takes=(), leaves=(), explanations={})
    leaves = {kind_of_money(each) for each in releasable(tx, **of, person=person, on=on).payable()}
    takes = terms.takes if census.employed_on(person.employment, on) else ()
    given = given_for(explanations_of(tx, **of), leaves)
    explanations = {need: each.fingerprint.hex() for need, each in given.items()}
    return MayWish(True, tuple(each.value for each in takes), tuple(sorted(leaves)), explanations)


def refused(way: RolloverWay, wished: Wished, may: MayWish) -> Refusal | None:
    """Why this cannot be wished, in words for the participant."""
    if not may.offered:
        return _no(WishRefusal.NOT_OFFERED, "This plan's terms say nothing of rollovers.", "Ask the plan's staff.")
    if not wished.custodian.strip():
        return _no(WishRefusal.NOBODY_NAMED, "No company is named.", "Say who has the money, or is to have it.")
    if not wished.parts:
        return _no(WishRefusal.NOTHING_WISHED, "No money is chosen.", "Choose at least one kind of money.")
    kinds = [each.kind for each in wished.parts]
    if way is RolloverWay.INTO:
        wrong = sorted(set(kinds) - set(may.takes))
        message = f"The plan does not take {', '.join(wrong).replace('_', ' ')}."
        return _no(WishRefusal.KIND_NOT_TAKEN, message, "Leave it out.") if wrong else None
    if not set(kinds) <= set(may.leaves):
        message = "Of the money that you chose nothing may leave the plan today."
        return _no(WishRefusal.NOTHING_MAY_LEAVE, message, "The page says what may, and from when on.")
    fits = may.explanations.get(needed_for(kinds))
    if fits is None and may.explanations:
        message = "The plan has no explanation that tells of all the money that you chose (IRC 402(f))."
        fix = "Choose only Roth money or only other money, or ask the plan's staff for one that tells of both."
        return _no(WishRefusal.NOT_EXPLAINED, message, fix)
    if fits is None or wished.explanation != fits:
        message = "You have not said that you read the plan's explanation of your choices, as it is now (IRC 402(f))."
        return _no(WishRefusal.NOT_EXPLAINED, message, "Read it, tick the box below it, and ask again.")
    return None


def wish(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId, rollover_id: RolloverId,
    way: RolloverWay, wished: Wished, may: MayWish,
) -> RolloverWish | Refusal:  # fmt: skip
    """Keep a wish; the same again is the same, another under its id is refused, and of each way one waits at a time."""
    heads.lock(tx, tenant_id=tenant_id)
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "employee_id": employee_id}
    mine = wishes_of(tx, **of)
    for each in mine:
        if each.rollover_id == rollover_id:
            same = (each.way, each.wished) == (way, wished)
            fix = "Repeat the first one unchanged, or ask anew."
            return each if same else _no(WishRefusal.KEY_REUSED, "Something else was asked for under this key.", fix)
    if (why := refused(way, wished, may)) is not None:
        return why
    if any(each.end is None and each.way is way for each in mine):
        message = "You asked before, and the plan's staff have not answered yet."
        return _no(WishRefusal.ONE_WAITS, message, "Wait for the answer, or take that one back.")
    sealed = tx.keyring.seal(tx, **_place(tenant_id, rollover_id), plaintext=json.dumps(_said(wished)).encode())
    row = (rollover_id.uuid, plan_id, employee_id, way.value, sealed)
    _store.insert(tx, tenant_id=tenant_id, row=row)
    after = {"employee_id": str(employee_id), "way": way.value}
    audit.record(tx, tenant_id=tenant_id, action="recordkeeping.rollover_wished", subject=rollover_id, after=after)
    return RolloverWish(rollover_id, plan_id, employee_id, way, wished, tx.now)


def same_name(one: str, other: str) -> bool:
    """Whether two names or accounts are the same but for capitals, spaces, dots and the like."""
    first, second = ("".join(filter(str.isalnum, each.casefold())) for each in (one, other))
    return bool(first) and first == second


def end_wish(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, how: WishEnd, words: str = "",
    employee_id: EmployeeId | None = None,
) -> RolloverWish | Refusal:  # fmt: skip
    """It is over; the same end again is the same. ``employee_id``: theirs alone, so another's is unknown."""
    heads.lock(tx, tenant_id=tenant_id)
    found = wish_of(tx, tenant_id=tenant_id, plan_id=plan_id, rollover_id=rollover_id, employee_id=employee_id)
    if isinstance(found, Refused) or found.end is how:
        return found
    if found.end is not None:
        message = f"It was {found.end.value.replace('_', ' ')} before."
        return _no(WishRefusal.ENDED_BEFORE, message, "Ask anew.")
    if how is not WishEnd.TAKEN_UP and rollover_requests(
        tx, tenant_id=tenant_id, plan_id=plan_id, rollover_ids=[rollover_id]
    ):
        message = "It is under way already: the plan's staff took it up, and what it needs was sent."
        return _no(WishRefusal.UNDER_WAY, message, "Nothing is paid without a signature: do not sign it.")
    if how is WishEnd.DECLINED and not words.strip():
        return _no(WishRefusal.NO_REASON, "No reason is said.", "Say why, in words for the participant.")
    kept = words.strip()[:LONGEST_WORDS]
    _store.insert_end(tx, tenant_id=tenant_id, row=(rollover_id.uuid, how.value, kept))
    audit.record(
        tx, tenant_id=tenant_id, action="recordkeeping.rollover_wish_ended", subject=rollover_id, after={"how": how}
    )
    return wish_of(tx, tenant_id=tenant_id, plan_id=plan_id, rollover_id=rollover_id)


def wish_of(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, employee_id: EmployeeId | None = None
) -> RolloverWish | Refusal:
    """One of them."""
    found = wishes_of(tx, tenant_id=tenant_id, plan_id=plan_id, employee_id=employee_id)
    mine = [each for each in found if each.rollover_id == rollover_id]
    return mine[0] if mine else _no(WishRefusal.WISH_UNKNOWN, f"Nobody wished {rollover_id}.", "Check the id.")


def wishes_of(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId | None = None
) -> list[RolloverWish]:
    """Those of a plan, or of one person of it; the oldest first."""
    rows = _store.wishes(tx, tenant_id=tenant_id, plan_id=plan_id, employee_id=employee_id)
    return [_of(tx, tenant_id, row) for row in rows]


def _of(tx: Tx, tenant_id: SponsorId, row: _store.WishRow) -> RolloverWish:
    which = RolloverId(row.rollover_id)
    said = json.loads(tx.keyring.unseal(tx, **_place(tenant_id, which), sealed=bytes(row.sealed)))
    parts = tuple(WishedPart(**each) for each in said["parts"])
    wished = Wished(said["custodian"], said["account"], parts, said["explanation"])
    end = None if row.how is None else WishEnd(row.how)
    of = (PlanId(row.plan_id), EmployeeId(row.employee_id), RolloverWay(row.way))
    return RolloverWish(which, *of, wished, row.recorded_at, end, row.words or "", row.ended_at, row.ended_by or "")


def _said(wished: Wished) -> Mapping[str, Any]:
    parts = [{"kind": each.kind, "into": each.into, "cents": each.cents} for each in wished.parts]
    return {
        "custodian": wished.custodian,
        "account": wished.account,
        "parts": parts,
        "explanation": wished.explanation,
    }


def _place(tenant_id: SponsorId, rollover_id: RolloverId) -> dict[str, Any]:
    return {"tenant_id": tenant_id, "table": "recordkeeping.rollover_wish", "column": "sealed", "row_id": rollover_id}


def _no(reason: WishRefusal, message: str, fix: str) -> Refusal:
    return Refused(reason, message, fix)

"""Employer's money that the books take back after it left the account: an overpayment, derived. ADR-0067.

What a person should have is posted whole, so that contributions stand as they should. What had left before is put back
into the account, owed by the employer: nothing is credited to the employer for money that the plan no longer has.
Not here: what a person decides about it (flows), what may be done (law.self_correction).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from open401k import ledger
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, Refused, Source, SponsorId, day_of

from . import _overpaid_store as _store
from .posting import Cause

#: What the journal calls it.
REASON = "overpaid"
#: The employer's own money alone: what a person deferred was theirs, and taking it is refused as ever.
_SOURCES = [source.value for source in Source if not source.from_employee and not source.is_rollover]

Slot = tuple[EmployeeId, Source, date]


@dataclass(frozen=True, slots=True)
class Overpaid:
    """What left one person's source beyond what it should have had, since when it is known."""

    employee_id: EmployeeId
    source: Source
    cents: int
    since: date
    found_at: datetime


# --- decisions (pure)


def left_beyond(moves: Iterable[tuple[date, int]]) -> dict[date, int]:
    """By day, what has to be put in so that an account is at no day's end below zero, from its gains in order of days.

    What comes in later is of later days: nothing of it makes up for what left before.
    """
    balance, found = 0, dict[date, int]()
    for day, cents in moves:
        balance += cents
        if balance < 0:
            found[day], balance = found.get(day, 0) - balance, 0
    return found


def missing(rows: Sequence[_store.MovedRow], *, today: date, reserved_is_gone: bool) -> dict[Slot, int]:
    """Cents to put in (below zero: to take out again) so that the journal holds what left beyond, by day."""
    found: dict[Slot, int] = {}
    for (who, source), several in groupby(rows, key=lambda row: (row.employee_id, row.source)):
        of_account = list(several)
        moves = [(row.day, row.cents) for row in of_account]
        # What a year's end counted as gone stays so, of its day, while it is reserved: nobody could take it out again.
        found_on = [row.day for row in of_account if row.overpaid_cents]
        if (reserved_is_gone or found_on) and of_account[0].reserved_cents:
            on = max(found_on, default=max(today, moves[-1][0]))
            moves = sorted([*moves, (on, -of_account[0].reserved_cents)], key=lambda each: each[0])
        wanted = left_beyond(moves)
        standing = {row.day: row.overpaid_cents for row in of_account}
        for day in sorted(wanted.keys() | standing.keys()):
            cents = wanted.get(day, 0) - standing.get(day, 0)
            if cents:
                found[EmployeeId(who), Source(source), day] = cents
    return found


# --- the books


def settle_overpaid(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    cause: Cause,
    together: ledger.Together,
    employees: Sequence[EmployeeId] | None,
    looked_up: bool,
    reserved_is_gone: bool = False,
) -> Mapping[Source, int] | Refused[ledger.Refusal]:
    """Put in what left, for accounts that what waits ``together`` would overdraw; cents by source.

    ``looked_up``: also take out again what a correction shows to have left rightly. No statement where neither asks.
    """
    accounts = set(ledger.short(tx, tenant_id=tenant_id, together=together))
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "reason": REASON, "sources": _SOURCES}
    if looked_up:
        who = None if employees is None else [each.uuid for each in employees]
        accounts |= set(_store.accounts_of(tx, **of, employees=who))
    if not accounts:
        return {}
    rows = _store.moved(tx, **of, accounts=sorted(accounts))
    moves = missing(rows, today=day_of(tx.now), reserved_is_gone=reserved_is_gone)
    return _post(tx, tenant_id, plan_id, cause, together, moves)


def outstanding(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Overpaid]:
    """What is overpaid by now, by person and source, the one found first first."""
    found: dict[tuple[EmployeeId, Source], Overpaid] = {}
    for row in _store.overpaid(tx, tenant_id=tenant_id, plan_id=plan_id, reason=REASON):
        key = EmployeeId(row.employee_id), Source(row.source)
        before = found.get(key)
        since, at, cents = (
            (row.day, row.recorded_at, 0) if before is None else (before.since, before.found_at, before.cents)
        )
        found[key] = Overpaid(*key, cents + row.cents, min(since, row.day), at)
    return [each for each in found.values() if each.cents]


def damage(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[str, str]]:
    """Where the journal does not hold what follows from what came in and left; for verification."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "reason": REASON, "sources": _SOURCES}
    accounts = _store.accounts_of(tx, **of, employees=None)
    if not accounts:
        return []
    short: dict[tuple[EmployeeId, Source], int] = {}
    for row in _store.moved(tx, **of, accounts=accounts):
        key = EmployeeId(row.employee_id), Source(row.source)
        short[key] = short.get(key, 0) + row.overpaid_cents
    return [
        (f"{who} {source}", f"{-cents} cents too many are taken out")
        for (who, source), cents in short.items()
        if cents < 0
    ]


def _post(
    tx: Tx,
    tenant_id: SponsorId,
    plan_id: PlanId,
    cause: Cause,
    together: ledger.Together,
    moves: Mapping[Slot, int],
) -> dict[Source, int] | Refused[ledger.Refusal]:
    owed = ledger.AccountKey(plan_id, ledger.Kind.EMPLOYER_RECEIVABLE)
    theirs = {slot: ledger.AccountKey(plan_id, ledger.Kind.PARTICIPANT, slot[0], slot[1]) for slot in moves}
    accounts = ledger.open_accounts(tx, tenant_id=tenant_id, keys=[owed, *theirs.values()]) if moves else {}
    by_source: dict[Source, int] = {}
    for day in sorted({slot[2] for slot in moves}):
        lines = []
        for slot, cents in moves.items():
            if slot[2] != day:
                continue
            pair = (accounts[owed], accounts[theirs[slot]])
            lines.append(ledger.Line(*(pair if cents > 0 else pair[::-1]), abs(cents), f"{REASON}/{slot[1]}"))
            by_source[slot[1]] = by_source.get(slot[1], 0) + cents
        posted = ledger.post(
            tx,
            tenant_id=tenant_id,
            key=f"{cause.key}/{REASON}/{plan_id}/{day}",
            event_on=day,
            reason=REASON,
            cause=cause.cause,
            lines=lines,
            together=together,
        )
        if isinstance(posted, Refused):
            return posted
    return by_source

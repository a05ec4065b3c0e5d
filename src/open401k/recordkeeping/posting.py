"""Entitlement minus what is posted, written to the ledger. Not here: formulas (contributions.py), gathering."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import numpy as np

from open401k import ledger
from open401k.base.db import Tx
from open401k.base.faults import fault
from open401k.kernel import EmployeeId, EntryId, PlanId, Refused, Source, SponsorId

from . import _store
from .contributions import Cents, Flags, HeldReason

#: Differences listed in the working of a correction; the entry itself has them all.
MOST_LISTED = 1_000

#: What may differ: a credited source, or a source held for a reason.
Slot = tuple[Source, HeldReason | None]


@dataclass(frozen=True, slots=True)
class Books:
    """N x K cents per slot: what should be, or what is posted; ``not_given`` as :class:`Entitlement` has it.

    ``full``: whose year had all that 415(c) allows (beside.py).
    """

    employee_ids: tuple[EmployeeId, ...]
    pay_dates: tuple[date, ...]
    cents: Mapping[Slot, Cents]
    not_given: Mapping[Source, Cents] = field(default_factory=dict)
    full: Flags | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is posted: idempotency key, id of what caused it and, for a correction, its origin in words.

    ``pays`` is the pay date that is paid: entries of any other day correct it, whatever ``correction`` says.
    """

    key: str
    cause: str
    correction: bool = False
    origin: str = ""
    pays: date | None = None

    def corrects(self, pay_date: date) -> bool:
        """Whether the entry of a pay date changes what was settled before."""
        return self.correction or (self.pays is not None and pay_date != self.pays)

    def again(self, turn: int) -> "Cause":
        """The same cause, settled once more by what it has changed."""
        return replace(self, key=f"{self.key}/again/{turn}") if turn else self

    def for_plan(self, plan_id: PlanId) -> "Cause":
        """The same cause, where it changes what is left to another plan of the sponsor."""
        origin = f"{self.origin} Another plan of the sponsor shares the limits of IRC 402(g) and 415(c)."
        return Cause(f"{self.key}/{plan_id}", self.cause, correction=True, origin=origin.strip())


@dataclass(frozen=True, slots=True)
class Settled:
    """What was posted so that the books equal the entitlement: entries, and cents by source credited and held.

    ``other_days`` is what of it corrected another day than the one that is paid, where one is.
    """

    entries: tuple[EntryId, ...] = ()
    credited_cents: Mapping[Source, int] = field(default_factory=dict)
    held_cents: Mapping[tuple[Source, HeldReason], int] = field(default_factory=dict)
    other_days: Mapping[tuple[date, Slot], int] = field(default_factory=dict)
    #: Of what was taken back, what had left the accounts before: the employer is not credited with it (overpaid.py).
    overpaid_cents: Mapping[Source, int] = field(default_factory=dict)

    @property
    def receivable_cents(self) -> int:
        """What the employer owes for these entries."""
        back = sum(self.overpaid_cents.values())
        return sum(self.credited_cents.values()) + sum(self.held_cents.values()) + back

    @property
    def employer_cents(self) -> int:
        """What of it is the employer's own money, credited or held."""
        own = sum(cents for source, cents in self.credited_cents.items() if not source.from_employee)
        return own + sum(cents for (source, _), cents in self.held_cents.items() if not source.from_employee)

    def of_employees(self) -> "Settled":
        """The same without the employer's own money."""
        credited = {source: cents for source, cents in self.credited_cents.items() if source.from_employee}
        held = {slot: cents for slot, cents in self.held_cents.items() if slot[0].from_employee}
        return Settled(self.entries, credited, held)

    def employer_on(self, days: Collection[date]) -> dict[date, int]:
        """The employer's own money of those days among the others, day by day; what comes to nothing is left out."""
        found: dict[date, int] = {}
        for (day, (source, _)), cents in self.other_days.items():
            if day in days and not source.from_employee:
                found[day] = found.get(day, 0) + cents
        return {day: cents for day, cents in sorted(found.items()) if cents}

    def without_employer_on(self, days: Collection[date]) -> "Settled":
        """The same without that money."""
        credited, held = dict(self.credited_cents), dict(self.held_cents)
        for (day, (source, reason)), cents in self.other_days.items():
            if day in days and not source.from_employee:
                if reason is None:
                    credited[source] -= cents
                else:
                    held[source, reason] -= cents
        return Settled(self.entries, credited, held)

    def by_source(self) -> dict[str, int]:
        """What the employer owes, by source; all that is held is one."""
        credited = dict(self.credited_cents)
        for source, cents in self.overpaid_cents.items():
            credited[source] = credited.get(source, 0) + cents
        found = {str(source): cents for source, cents in sorted(credited.items()) if cents}
        held = sum(self.held_cents.values())
        return found | ({"held": held} if held else {})

    def __add__(self, other: "Settled") -> "Settled":
        credited, held = dict(self.credited_cents), dict(self.held_cents)
        for source, cents in other.credited_cents.items():
            credited[source] = credited.get(source, 0) + cents
        for slot, cents in other.held_cents.items():
            held[slot] = held.get(slot, 0) + cents
        days = dict(self.other_days)
        for of_day, cents in other.other_days.items():
            days[of_day] = days.get(of_day, 0) + cents
        back = dict(self.overpaid_cents)
        for source, cents in other.overpaid_cents.items():
            back[source] = back.get(source, 0) + cents
        return Settled((*self.entries, *other.entries), credited, held, days, back)


def difference(should_be: Books, posted: Books) -> dict[Slot, Cents]:
    """Should-be minus posted, per slot; slots without any difference are left out."""
    shape = (len(should_be.employee_ids), len(should_be.pay_dates))
    nothing = np.zeros(shape, dtype=np.int64)
    slots = {**should_be.cents, **posted.cents}
    found = {slot: should_be.cents.get(slot, nothing) - posted.cents.get(slot, nothing) for slot in slots}
    return {slot: cents for slot, cents in found.items() if cents.any()}


def at_limit(should_be: Books) -> frozenset[EmployeeId]:
    """Whose money waits, or is not given, by 415(c), or whose year had all that it allows."""
    waits = [cents for (_, reason), cents in should_be.cents.items() if reason is HeldReason.OVER_ADDITIONS]
    flags: list[Flags] = [np.any(cents != 0, axis=1) for cents in (*waits, *should_be.not_given.values())]
    return _who(should_be, [*flags, *([] if should_be.full is None else [should_be.full])])


def lost(should_be: Books, posted: Books) -> frozenset[EmployeeId]:
    """Who has more in the accounts than should be."""
    credited = [cents for (_, reason), cents in difference(should_be, posted).items() if reason is None]
    return _who(should_be, [np.any(cents < 0, axis=1) for cents in credited])


def _who(books: Books, flags: Sequence[Flags]) -> frozenset[EmployeeId]:
    places = {place for each in flags for place in np.flatnonzero(each).tolist()}
    return frozenset(books.employee_ids[place] for place in places)


def post_difference(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    should_be: Books,
    posted: Books,
    cause: Cause,
    together: ledger.Together,
    part: int = 0,
) -> Settled | Refused[ledger.Refusal]:
    """Post one entry per pay date that differs; all of them or, on a refusal, the caller rolls back.

    The caller takes in what waits ``together``. ``part`` numbers the slices of people of a plan that is too large for
    one entry.
    """
    differing = difference(should_be, posted)
    entries: list[EntryId] = []
    other_days: dict[tuple[date, Slot], int] = {}
    for period, pay_date in enumerate(should_be.pay_dates):
        moves = [(slot, cents[:, period]) for slot, cents in differing.items() if cents[:, period].any()]
        if not moves:
            continue
        lines = _lines(tx, tenant_id=tenant_id, plan_id=plan_id, people=should_be.employee_ids, moves=moves)
        fault("recordkeeping.before_post")
        outcome = ledger.post(
            tx,
            tenant_id=tenant_id,
            key=f"{cause.key}/{pay_date}/{part}" if part else f"{cause.key}/{pay_date}",
            event_on=pay_date,
            reason="correction" if cause.corrects(pay_date) else "contribution",
            cause=cause.cause,
            lines=lines,
            together=together,
        )
        if isinstance(outcome, Refused):
            return outcome
        entries.append(outcome.entry_id)
        if cause.pays is not None and cause.corrects(pay_date):
            other_days |= {(pay_date, slot): int(cents.sum()) for slot, cents in moves}
        if outcome.already:
            continue
        _remember(tx, tenant_id, plan_id, outcome.entry_id, pay_date, moves, cause, should_be, posted, period)
    credited = {slot[0]: int(cents.sum()) for slot, cents in differing.items() if slot[1] is None}
    held = {(slot[0], slot[1]): int(cents.sum()) for slot, cents in differing.items() if slot[1] is not None}
    return Settled(tuple(entries), credited, held, other_days)


def _lines(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    people: Sequence[EmployeeId],
    moves: Sequence[tuple[Slot, Cents]],
) -> ledger.Lines:
    """Employer receivable to the participant's source (or to suspense); a negative difference runs the other way."""
    employer = ledger.AccountKey(plan_id, ledger.Kind.EMPLOYER_RECEIVABLE)
    wanted: list[tuple[ledger.AccountKey, int, str]] = []
    for (source, reason), cents in moves:
        kind = ledger.Kind.PARTICIPANT if reason is None else ledger.Kind.SUSPENSE
        ref = source.value if reason is None else f"{source.value}/{reason.value}"
        for place in np.flatnonzero(cents).tolist():
            wanted.append((ledger.AccountKey(plan_id, kind, people[place], source), int(cents[place]), ref))
    owing, *accounts = ledger.open_in_order(tx, tenant_id=tenant_id, keys=[employer, *(key for key, _, _ in wanted)])
    owed = owing.uuid
    debit, credit = [], []
    for (_, cents_moved, _), account_id in zip(wanted, accounts, strict=True):
        account = account_id.uuid
        debit.append(owed if cents_moved > 0 else account)
        credit.append(account if cents_moved > 0 else owed)
    return ledger.Lines(debit, credit, [abs(cents) for _, cents, _ in wanted], [ref for _, _, ref in wanted])


def _remember(
    tx: Tx,
    tenant_id: SponsorId,
    plan_id: PlanId,
    entry_id: EntryId,
    pay_date: date,
    moves: Sequence[tuple[Slot, Cents]],
    cause: Cause,
    should_be: Books,
    posted: Books,
    period: int,
) -> None:
    """Beside the entry: reasons of held money, and the working of a correction."""
    rows = [
        _store.HeldRow(should_be.employee_ids[place].uuid, pay_date, slot[0].value, slot[1].value, int(cents[place]))
        for slot, cents in moves
        if slot[1] is not None
        for place in np.flatnonzero(cents).tolist()
    ]
    if rows:
        _store.insert_held(tx, tenant_id=tenant_id, plan_id=plan_id, entry_id=entry_id, rows=rows)
    if cause.corrects(pay_date):
        listed = list(_working(moves, should_be, posted, period))
        totals = {"credited_cents": 0, "held_cents": 0}
        for each in listed:
            totals["credited_cents" if each["held"] is None else "held_cents"] += each["difference_cents"]
        working = {"pay_date": pay_date.isoformat(), "differences": listed[:MOST_LISTED], "count": len(listed)} | totals
        _store.insert_correction(
            tx,
            tenant_id=tenant_id,
            plan_id=plan_id,
            entry_id=entry_id,
            cause=cause.cause,
            origin=cause.origin,
            working=working,
        )


def _working(
    moves: Sequence[tuple[Slot, Cents]], should_be: Books, posted: Books, period: int
) -> Iterator[dict[str, Any]]:
    for slot, cents in moves:
        for place in np.flatnonzero(cents).tolist():
            yield {
                "employee_id": str(should_be.employee_ids[place]),
                "source": slot[0].value,
                "held": None if slot[1] is None else slot[1].value,
                "should_be_cents": _at(should_be, slot, place, period),
                "posted_cents": _at(posted, slot, place, period),
                "difference_cents": int(cents[place]),
            }


def _at(books: Books, slot: Slot, place: int, period: int) -> int:
    cents = books.cents.get(slot)
    return 0 if cents is None else int(cents[place, period])


@dataclass(frozen=True, slots=True)
class Corrected:
    """One correction in the books: which entry, of which pay date, why, and what should have been against what was."""

    entry_id: EntryId
    pay_date: date
    cause: str
    origin: str
    credited_cents: int
    held_cents: int
    differences: Sequence[Mapping[str, Any]]


def corrections(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, cause: str | None = None) -> list[Corrected]:
    """The corrections of a plan, or those of one cause, by pay date."""
    found = [
        Corrected(
            entry_id=EntryId(row.entry_id),
            pay_date=date.fromisoformat(row.working["pay_date"]),
            cause=row.cause,
            origin=row.origin,
            credited_cents=row.working["credited_cents"],
            held_cents=row.working["held_cents"],
            differences=row.working["differences"],
        )
        for row in _store.corrections(tx, tenant_id=tenant_id, plan_id=plan_id, cause=cause)
    ]
    return sorted(found, key=lambda each: each.pay_date)


def held_cents(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> int:
    """What waits in suspense with a reason on file; the suspense accounts must hold the same."""
    return _store.held_cents(tx, tenant_id=tenant_id, plan_id=plan_id)


#: Money held for these never was a contribution to the plan; what is over a limit was one, and its test has to say so.
_OUTSIDE = (HeldReason.SOURCE_NOT_PERMITTED, HeldReason.LEFT_LONG_AGO, HeldReason.NOT_ENTERED)


@dataclass(frozen=True, slots=True)
class Outside:
    """Money of one person, pay date and source that waits to be given back, and counts in no test."""

    employee_id: EmployeeId
    pay_date: date
    source: Source
    cents: int


def outside_plan(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: date, end: date, known_at: datetime | None = None
) -> list[Outside]:
    """What was withheld from ``start`` up to ``end`` from people, or for sources, that the plan does not have."""
    held = _store.held(
        tx, tenant_id=tenant_id, plan_id=plan_id, start=start, end=end, reasons=_OUTSIDE, known_at=known_at
    )
    return [Outside(EmployeeId(row.employee_id), row.pay_date, Source(row.source), row.cents) for row in held]

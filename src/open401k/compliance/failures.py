"""Operational failures as facts: what went wrong, with whom, from when until when. Not here: what it costs.

A failure is recorded again as more of it is known (deferrals begun, notice given); each version stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.base.plain import plain
from open401k.kernel import EmployeeId, FailureId, Open401kError, PlanId, Refused, SponsorId, day_of, named_uuid

from . import _failure_store as _store

#: What the audit trail calls the recording of a failure.
RECORDED = "failure.recorded"
_WHOLE = 10_000


class FailureKind(StrEnum):
    """What went wrong with somebody's deferrals."""

    LEFT_OUT = "left_out"
    ELECTION_NOT_FOLLOWED = "election_not_followed"
    AUTOMATIC_NOT_APPLIED = "automatic_not_applied"
    COMPENSATION_WRONG = "compensation_wrong"
    CATCH_UP_NOT_OFFERED = "catch_up_not_offered"


class FailureRefusal(StrEnum):
    """Why a failure was not recorded. Checked, and listed, in order of precedence."""

    NOBODY = "nobody"
    TWICE = "twice"
    UNKNOWN_PERSON = "unknown_person"
    RATE_MISSING = "rate_missing"
    FROM_MISSING = "from_missing"
    DAYS_OUT_OF_ORDER = "days_out_of_order"
    OTHER_PLAN = "other_plan"
    ON_FILE = "on_file"


@dataclass(frozen=True, slots=True)
class MissedOn:
    """What of one pay date's elective deferrals, and of its after-tax contributions, was not withheld."""

    on: date
    cents: int
    after_tax_cents: int = 0


@dataclass(frozen=True, slots=True)
class Affected:
    """One person, and the rate of pay that was elected or is the plan's default.

    None, for those left out of a plan without automatic enrollment: the law has a rate for them. ``missed``, where
    elections are kept here: to the cent by pay date, instead of a rate (failures_withheld.py); empty: nothing any more.
    """

    employee_id: EmployeeId
    rate_bps: int | None = None
    missed: tuple[MissedOn, ...] | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Deferrals that should have been withheld and were not. Days as far as they are known.

    ``first_on`` None, for those left out: from each person's entry, as facts have it then. ``until``: the first day
    that was right again though nobody corrected it. ``told_on``: the employee told the employer. ``begin_on``: correct
    deferrals begin or began. ``automatic``: the plan enrolls automatically; ``uniform``: everybody in the same position
    is corrected in the same way (IRC 414(cc)(2)(B)).
    """

    failure_id: FailureId
    plan_id: PlanId
    kind: FailureKind
    people: tuple[Affected, ...]
    found_on: date
    how_found: str
    first_on: date | None = None
    until: date | None = None
    told_on: date | None = None
    begin_on: date | None = None
    notice_on: date | None = None
    automatic: bool = False
    uniform: bool = True

    @property
    def of_automatic(self) -> bool:
        """Whether automatic enrollment or escalation is concerned (IRC 414(cc)(2)(A))."""
        return self.automatic or self.kind is FailureKind.AUTOMATIC_NOT_APPLIED

    @property
    def from_payroll(self) -> bool:
        """Whether it is kept by the system itself, from what payroll withheld otherwise than elected."""
        return any(each.missed is not None for each in self.people)

    def by_hand_on(self, employee_id: EmployeeId, on: date) -> bool:
        """Whether a person recorded that somebody's deferrals were wrong on a pay date; catch-up is another failure."""
        return self.by_hand_between(employee_id, on, on + timedelta(days=1))

    def by_hand_between(self, employee_id: EmployeeId, start: date, end: date) -> bool:
        """The same of any day from ``start`` up to ``end``, which is no more of it."""
        if self.from_payroll or self.kind is FailureKind.CATCH_UP_NOT_OFFERED:
            return False
        concerned = any(each.employee_id == employee_id for each in self.people)
        return concerned and max(self.first_on or date.min, start) < min(self.ends_on, end)

    @property
    def ends_on(self) -> date:
        """The first day that was right again, as far as that is known."""
        return min(self.begin_on or date.max, self.until or date.max)

    def missed_of(self, employee_id: EmployeeId) -> tuple[MissedOn, ...] | None:
        """What one person missed by pay date, where that is known."""
        return next((each.missed for each in self.people if each.employee_id == employee_id), None)

    def rate_of(self, employee_id: EmployeeId) -> int | None:
        """The elected or default rate of one person."""
        return next((each.rate_bps for each in self.people if each.employee_id == employee_id), None)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A version of a failure on file; ``already``: it was before."""

    failure: Failure
    place: int
    recorded_at: datetime
    recorded_by: str
    already: bool = False


def left_out_id(plan_id: PlanId, employee_id: EmployeeId) -> FailureId:
    """The one failure that late facts make of one person in one plan."""
    return FailureId(named_uuid("left out", str(plan_id), str(employee_id)))


def refuse(failure: Failure, *, known: frozenset[EmployeeId], today: date) -> Refused[FailureRefusal] | None:
    """The first reason why this can be no failure of deferrals; pure."""
    people = [each.employee_id for each in failure.people]
    if not people:
        return _refused(FailureRefusal.NOBODY, "A failure concerns somebody.", "Name the employees.")
    if len(set(people)) < len(people):
        return _refused(FailureRefusal.TWICE, "An employee is named twice.", "Name each once.")
    unknown = [str(each) for each in people if each not in known]
    if unknown:
        message = f"{', '.join(unknown)} is no employee of this sponsor."
        return _refused(FailureRefusal.UNKNOWN_PERSON, message, "Take the ids from the people of the plan.")
    if refused := _refuse_rates(failure):
        return refused
    return _refuse_days(failure, today)


def _refuse_rates(failure: Failure) -> Refused[FailureRefusal] | None:
    if failure.kind is FailureKind.CATCH_UP_NOT_OFFERED:
        needed = False
    else:
        needed = failure.kind is not FailureKind.LEFT_OUT or failure.automatic
    for each in failure.people:
        if (each.rate_bps is None and needed) or (each.rate_bps is not None and not 0 < each.rate_bps <= _WHOLE):
            message = f"The rate of pay elected by, or due by default for, {each.employee_id} is missing or impossible."
            fix = "Give it in basis points, from 1 to 10000 (Rev. Proc. 2021-30 App. A .05(5), (8))."
            return _refused(FailureRefusal.RATE_MISSING, message, fix)
    if failure.first_on is None and failure.kind is not FailureKind.LEFT_OUT:
        fix = "Give the first pay date that was wrong."
        return _refused(FailureRefusal.FROM_MISSING, "It is not said from when deferrals were wrong.", fix)
    return None


#: What a day of a failure is, in the words of its form.
_DAYS = {
    "until": "the last pay date that was wrong",
    "begin_on": "the day on which correct deferrals begin",
    "found_on": "the day on which it was found",
    "told_on": "the day on which the employee told",
    "notice_on": "the day on which the notice was given",
}


def _refuse_days(failure: Failure, today: date) -> Refused[FailureRefusal] | None:
    first = failure.first_on
    for name, day in (("until", failure.until), ("begin_on", failure.begin_on), ("found_on", failure.found_on)):
        if day is not None and first is not None and day < first:
            message = f"{day} as {_DAYS[name]} is before the failure began on {first}."
            return _refused(FailureRefusal.DAYS_OUT_OF_ORDER, message, "Check both days.")
    for name, day in (("found_on", failure.found_on), ("told_on", failure.told_on), ("notice_on", failure.notice_on)):
        if day is not None and day > today:
            message = f"{day} as {_DAYS[name]} is still to come: today is {today}."
            return _refused(FailureRefusal.DAYS_OUT_OF_ORDER, message, "Record it once it has happened.")
    return None


def _refused(reason: FailureRefusal, message: str, fix: str) -> Refused[FailureRefusal]:
    return Refused(reason, message, fix)


def record_failure(
    tx: Tx, *, tenant_id: SponsorId, failure: Failure, known: frozenset[EmployeeId]
) -> Recorded | Refused[FailureRefusal]:
    """Keep what is known of a failure, as of now; the same again changes nothing."""
    heads.lock(tx, tenant_id=tenant_id)
    if refused := refuse(failure, known=known, today=day_of(tx.now)):
        return refused
    before = find(tx, tenant_id=tenant_id, failure_id=failure.failure_id)
    if before is not None and before.failure.plan_id != failure.plan_id:
        message = f"{failure.failure_id} is a failure of another plan."
        return _refused(FailureRefusal.OTHER_PLAN, message, "Record a failure of its own for this plan.")
    if before is not None and before.failure == failure:
        return Recorded(failure, before.place, before.recorded_at, before.recorded_by, already=True)
    place = 1 if before is None else before.place + 1
    if before is None and not failure.from_payroll:
        on_file = failures(tx, tenant_id=tenant_id, plan_id=failure.plan_id)
        if refused := _refuse_twice(failure, on_file):
            return refused
    content = failure_json(failure)
    ids: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": failure.plan_id, "failure_id": failure.failure_id}
    event_on = failure.first_on or failure.found_on
    _store.insert_failure(tx, **ids, place=place, event_on=event_on, content=content)
    audit.record(tx, tenant_id=tenant_id, action=RECORDED, subject=failure.failure_id, after=content)
    return Recorded(failure, place, tx.now, f"{tx.actor.kind}:{tx.actor.id}")


_WITH = "Record with {} when correct deferrals begin and when the notice was given."


def _refuse_twice(failure: Failure, known: Sequence[Recorded]) -> Refused[FailureRefusal] | None:
    """What payroll's own record has found already is no failure more: each would be paid."""
    for own in (each.failure for each in known if each.failure.from_payroll):
        for person in own.people:
            days = [one.on for one in person.missed or () if failure.by_hand_on(person.employee_id, one.on)]
            if days:
                message = f"Payroll's own record shows this already, from {days[0]} to {days[-1]}: see Proposed."
                return _refused(FailureRefusal.ON_FILE, message, _WITH.format(own.failure_id))
    late = {left_out_id(failure.plan_id, each.employee_id) for each in failure.people}
    for own in (each.failure for each in known if each.failure.failure_id in late):
        first = own.first_on or date.min
        if any(failure.by_hand_between(each.employee_id, first, own.ends_on) for each in own.people):
            message = f"What was learned late shows this already, from {first} on: see Proposed."
            return _refused(FailureRefusal.ON_FILE, message, _WITH.format(own.failure_id))
    return None


def find(tx: Tx, *, tenant_id: SponsorId, failure_id: FailureId, known_at: datetime | None = None) -> Recorded | None:
    """What is, or was then, known of one failure."""
    rows = _store.failures(tx, tenant_id=tenant_id, plan_id=None, failure_id=failure_id, known_at=known_at)
    return _recorded(rows[0]) if rows else None


def get_failure(tx: Tx, *, tenant_id: SponsorId, failure_id: FailureId) -> Recorded:
    """One failure; asking for one that does not exist is an error."""
    found = find(tx, tenant_id=tenant_id, failure_id=failure_id)
    if found is None:
        raise Open401kError(f"There is no failure {failure_id}.", fix="Check the id, or list the corrections.")
    return found


def failures(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Recorded]:
    """Every failure of a plan as now known, the one recorded first ahead."""
    rows = _store.failures(tx, tenant_id=tenant_id, plan_id=plan_id, failure_id=None, known_at=None)
    return [_recorded(row) for row in rows]


def failure_json(failure: Failure) -> dict[str, Any]:
    """As it is kept."""
    fields = {name: getattr(failure, name) for name in Failure.__slots__ if name != "people"}
    people = [_person_json(each) for each in failure.people]
    return {name: plain(value) for name, value in {**fields, "people": people}.items()}


def _person_json(person: Affected) -> dict[str, Any]:
    kept: dict[str, Any] = {"employee_id": person.employee_id, "rate_bps": person.rate_bps}
    if person.missed is not None:
        kept["missed"] = [[each.on.isoformat(), each.cents, each.after_tax_cents] for each in person.missed]
    return kept


def _person_of(kept: dict[str, Any]) -> Affected:
    told = kept.get("missed")
    missed = None if told is None else tuple(MissedOn(date.fromisoformat(day), *cents) for day, *cents in told)
    return Affected(EmployeeId.parse(kept["employee_id"]), kept["rate_bps"], missed)


def failure_of(content: dict[str, Any]) -> Failure:
    """What :func:`failure_json` wrote."""
    days = ("found_on", "first_on", "until", "told_on", "begin_on", "notice_on")
    dates = {name: None if content[name] is None else date.fromisoformat(content[name]) for name in days}
    return Failure(
        **{**content, **dates}
        | {
            "failure_id": FailureId.parse(content["failure_id"]),
            "plan_id": PlanId.parse(content["plan_id"]),
            "kind": FailureKind(content["kind"]),
            "people": tuple(_person_of(each) for each in content["people"]),
        }
    )


def _recorded(row: _store.FailureRow) -> Recorded:
    return Recorded(failure_of(row.content), row.place, row.recorded_at, row.recorded_by)

"""Turnover of a period, from which a partial termination is presumed: counted here, decided by a person.

Not here: stating what ended (plan_endings.py), whom it vests (full_vesting.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from open401k import census, plan
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, PlanId, PlanYear, SponsorId, anniversary
from open401k.law.forfeitures import PartialTermination, partial_termination

from . import _endings_store as _store
from .forfeitures import ages_of
from .full_vesting import normal_retirement
from .plan_endings import EndingKind, stated_endings

_A_DAY = timedelta(days=1)


class CountedAs(StrEnum):
    """How an end of employment counts (Rev. Rul. 2007-43): what was not told is taken for the employer's doing."""

    EMPLOYER_INITIATED = "employer_initiated"
    DEATH = "death"
    DISABILITY = "disability"
    RETIREMENT = "retirement"
    VOLUNTARY = "voluntary"
    #: Hired again by the end of the period.
    REHIRED = "rehired"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who may have participated: employment, the first day of participation, normal retirement if reached."""

    employee_id: EmployeeId
    employment: tuple[census.Employment, ...]
    enters_on: date | None
    retires_on: date | None = None


@dataclass(frozen=True, slots=True)
class Severance:
    """A participant who left in the period."""

    employee_id: EmployeeId
    left_on: date
    counted_as: CountedAs


@dataclass(frozen=True, slots=True)
class Turnover:
    """The inputs and the rate of a period, counted up to a day."""

    start: date
    last_day: date
    as_of: date
    at_start: int
    became: int
    severances: tuple[Severance, ...]
    result: PartialTermination


@dataclass(frozen=True, slots=True)
class FoundTurnover:
    """What a day found of a plan year. ``decided``: a person has said of these counts whether something ended."""

    start: date
    last_day: date
    as_of: date
    severed: int
    participants: int
    presumed: bool
    decided: EndingKind | None


def turnover(members: Sequence[Member], *, start: date, last_day: date, as_of: date) -> Turnover:
    """Participants at the start and those who became some, vested or not, and who of them left (Rev. Rul. 2007-43)."""
    until = min(last_day, as_of)
    at_start, became, left = 0, 0, []
    for each in members:
        times = _participation(each)
        if any(first <= start <= last for first, last in times):
            at_start += 1
        elif any(start < first <= until for first, _ in times):
            became += 1
        else:
            continue
        severance = _severance(each, start, until)
        if severance is not None:
            left.append(severance)
    result = partial_termination(
        employer_initiated=sum(each.counted_as is CountedAs.EMPLOYER_INITIATED for each in left),
        participants_at_start=at_start,
        became_participants=became,
        year=CalendarYear(start.year),
    )
    in_order = tuple(sorted(left, key=lambda each: (each.left_on, each.employee_id)))
    return Turnover(start, last_day, as_of, at_start, became, in_order, result)


def whole_period(start: date, last_day: date) -> bool:
    """Whether it is twelve months or more: a plan year, or longer where severances are related (Rev. Rul. 2007-43)."""
    return last_day >= anniversary(start, 1) - _A_DAY


def _participation(member: Member) -> list[tuple[date, date]]:
    """The first and the last day of each time of participating."""
    if member.enters_on is None:
        return []
    times = [(max(each.hired_on, member.enters_on), each.terminated_on or date.max) for each in member.employment]
    return [(first, last) for first, last in times if first <= last]


def _severance(member: Member, start: date, until: date) -> Severance | None:
    """The last time they left while participating; hired again by the end of the period, it does not count."""
    left = [
        each
        for each in member.employment
        if each.terminated_on is not None
        and start <= each.terminated_on <= until
        and member.enters_on is not None
        and member.enters_on <= each.terminated_on
    ]
    if not left or left[-1].terminated_on is None:
        return None
    last, left_on = left[-1], left[-1].terminated_on
    if any(left_on < each.hired_on <= until for each in member.employment):
        return Severance(member.employee_id, left_on, CountedAs.REHIRED)
    if last.left_by is not None:
        return Severance(member.employee_id, left_on, CountedAs(last.left_by.value))
    if member.retires_on is not None and member.retires_on <= left_on:
        return Severance(member.employee_id, left_on, CountedAs.RETIREMENT)
    return Severance(member.employee_id, left_on, CountedAs.EMPLOYER_INITIATED)


def count_turnover(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, periods: Sequence[tuple[date, date]], as_of: date
) -> tuple[Turnover, ...]:
    """The turnover of periods, as known now: people and their entries are read once."""
    people = census.roster(tx, tenant_id=tenant_id)
    spans = plan.provisions_between(tx, tenant_id=tenant_id, plan_id=plan_id, start=date.min, end=date.max)
    entered = census.first_entries(
        tx, tenant_id=tenant_id, provisions=spans[-1].provisions, plan_id=plan_id, employees=people
    )
    ages = ages_of(tx, tenant_id=tenant_id, plan_id=plan_id, people=people, spans=spans)
    under = [each.provisions.vesting for each in spans]
    members = [
        Member(
            each.employee_id,
            each.employment,
            None if day is None else max(day, spans[0].start),
            normal_retirement(under, ages[each.employee_id], by=as_of),
        )
        for each, day in zip(people, entered, strict=True)
    ]
    return tuple(turnover(members, start=start, last_day=last, as_of=as_of) for start, last in periods)


def vests_by_service(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, years: Sequence[PlanYear]
) -> tuple[PlanYear, ...]:
    """Those of the years in which anything was not vested at once: in the others a partial termination vests nobody."""
    spans = plan.provisions_between(tx, tenant_id=tenant_id, plan_id=plan_id, start=date.min, end=date.max)
    slow = [each for each in spans if each.provisions.vesting.takes_time]
    return tuple(year for year in years if any(each.start < year.end and year.start < each.end for each in slow))


def keep_found(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, found: Turnover) -> bool:
    """Keep what was found where it lets a partial termination be presumed, or no longer does; whether it is news.

    News is that one is presumed now, or that more were let go.
    """
    rows = {row.starts_on: row for row in _store.found_last(tx, tenant_id=tenant_id, plan_id=plan_id)}
    before, now = rows.get(found.start), found.result
    if before is None and not now.presumed:
        return False
    if before is not None and before[3:] == (now.employer_initiated, now.participants, now.presumed):
        return False
    row = _store.FoundRow(
        found.start, found.last_day, found.as_of, now.employer_initiated, now.participants, now.presumed
    )
    _store.insert_found(tx, tenant_id=tenant_id, plan_id=plan_id, found=row)
    return now.presumed and (before is None or not before.presumed or now.employer_initiated > before.severed)


def found_turnover(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[FoundTurnover, ...]:
    """What was found last of each plan year, the newest first; asked again where more have left than was decided on."""
    rows = _store.found_last(tx, tenant_id=tenant_id, plan_id=plan_id)
    if not rows:
        return ()
    stated = [each for each in stated_endings(tx, tenant_id=tenant_id, plan_id=plan_id) if each.counts]
    found = []
    for row in rows:
        decided = None
        for each in stated:
            of_all = each.ending.starts_on <= row.starts_on and each.ending.ends_on >= row.ends_on
            partial = each.ending.kind is EndingKind.PARTIAL_TERMINATION
            none = each.ending.kind is EndingKind.NO_PARTIAL_TERMINATION and (each.severed or 0) >= row.severed
            if of_all and (partial or none):
                decided = each.ending.kind
        ended = any(not each.ending.kind.of_a_period and each.ending.starts_on <= row.starts_on for each in stated)
        if ended and decided is None:
            decided = EndingKind.PLAN_TERMINATION
        found.append(FoundTurnover(*row, decided))
    return tuple(found)

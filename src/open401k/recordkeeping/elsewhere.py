"""What stands in the sponsor's other plans before a plan's pay date, and every plan settled in its turn.

Of one employer's plans, 402(g) with catch-up and 415(c) leave a person one limit (Reg. 1.401(a)-30(a); IRC
414(v)(2)(D), 415(f)(1)(B)). Which plan holds what is over it, the law leaves open. Here the plans take turns by pay
date, and on one day by what was recorded first: a pay date has the room that all pay dates before it have left
(ADR-0016). Not here: the limits (contributions.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

import numpy as np

from open401k import census, ledger, plan
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, IdColumn, PlanId, PlanYear, Source, SponsorId

from .contributions import Cents

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OfPeople:
    """Cents of some people in one other plan: deferrals of the calendar year, Roth of them, additions of the year."""

    deferrals: Cents
    roth: Cents
    additions: Cents


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What one other plan of the sponsor was given, before a turn, in the years of the plan whose turn it is."""

    plan_id: PlanId
    calendar_year: ledger.Contributed
    plan_year: ledger.Contributed
    last_year: ledger.Contributed | None = None  # calendar year before, up to a plan year that began in it

    def of(self, people: Sequence[EmployeeId]) -> OfPeople:
        """What these people have there."""
        ids = IdColumn.of(EmployeeId, people)
        nothing = np.zeros(len(ids), dtype=np.int64)
        money = self.calendar_year.of(ids)
        deferred = sum((cents for source, cents in money.items() if source.is_deferral), nothing)
        return OfPeople(deferred, money.get(Source.ROTH, nothing), counted(self.plan_year.of(ids), nothing))


def read_elsewhere(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    on: date,
    calendar: CalendarYear,
    year: PlanYear,
    known_at: datetime | None = None,
) -> tuple[Elsewhere, ...]:
    """The books of the sponsor's other plans as the turn of ``plan_id`` on that day finds them."""
    others = plan.other_plans(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    if not others:
        return ()
    of_day = [turn for turn in census.turns(tx, tenant_id=tenant_id, known_at=known_at) if turn.pay_date == on]
    own = min((turn for turn in of_day if turn.plan_id == plan_id), default=census.Turn(on, tx.now, plan_id))
    before = {turn.plan_id for turn in of_day if turn < own}
    found = []
    for other in others:
        end = on + _A_DAY if other in before else on

        def since(start: date, until: date = end, of: PlanId = other) -> ledger.Contributed:
            return census.contributed(tx, tenant_id=tenant_id, plan_id=of, start=start, end=until, known_at=known_at)

        in_calendar = since(calendar.start)
        same, begun = year.start == calendar.start, year.start < calendar.start
        last = since(CalendarYear(calendar.year - 1).start, year.start) if begun else None
        found.append(Elsewhere(other, in_calendar, in_calendar if same else since(year.start), last))
    return tuple(found)


def added(money: Sequence[ledger.Contributed], ids: IdColumn[EmployeeId]) -> dict[Source, Cents]:
    """Cents by source, of several plans together, in the order of these people."""
    total: dict[Source, Cents] = {}
    for each in money:
        for source, cents in each.of(ids).items():
            total[source] = total[source] + cents if source in total else cents
    return total


def counted(money: Mapping[Source, Cents], nothing: Cents) -> Cents:
    """What 415(c) counts, catch-up included."""
    return sum((cents for source, cents in money.items() if not source.is_rollover), nothing)


@dataclass(frozen=True, slots=True)
class Window:
    """Days of one plan between which no other plan was paid: from ``start`` up to, not including, ``end``."""

    plan_id: PlanId
    start: date
    end: date


def windows(turns: Sequence[census.Turn], *, start: date, end: date) -> Iterator[Window]:
    """The turns from a day on, those of one plan that follow each other taken together."""
    inside = [turn for turn in turns if start <= turn.pay_date < end]
    for plan_id, of_plan in groupby(inside, lambda turn: turn.plan_id):
        days = [turn.pay_date for turn in of_plan]
        yield Window(plan_id, days[0], days[-1] + _A_DAY)


def turns_before(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None) -> dict[date, int]:
    """By pay date of the plan, how many pay dates of other plans come before it; empty where there are no others."""
    others = 0
    found: dict[date, int] = {}
    if not plan.other_plans(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at):
        return found
    for turn in census.turns(tx, tenant_id=tenant_id, known_at=known_at):
        if turn.plan_id == plan_id:
            found[turn.pay_date] = others
        else:
            others += 1
    return found

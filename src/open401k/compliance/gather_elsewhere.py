"""Reading what the sponsor's other plans have of the people of one plan, as known at an instant. Not here: what it
means (elsewhere.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from open401k import census, ledger, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, IdColumn, PlanId, PlanYear, Source, SponsorId

from .facts import Cents, OtherPlan

_A_DAY = timedelta(days=1)
_MATCH = (Source.MATCH, Source.SAFE_HARBOR_MATCH, Source.QMAC)


@dataclass(frozen=True, slots=True)
class Asked:
    """The plan that is tested: its years up to a day, and the day that decides whether it is top-heavy."""

    tenant_id: SponsorId
    as_of: date
    known_at: datetime | None
    calendar: CalendarYear
    year: PlanYear
    determined_on: date


@dataclass(frozen=True, slots=True)
class Read:
    """Another plan as read, before it is known who the people of the tested plan are."""

    plan_id: PlanId
    name: str
    provisions: plan.Provisions
    determined_on: date
    balances: ledger.CashOfPeople


class Others:
    """The sponsor's other plans as read: who is in them, and what they have of the people asked for."""

    def __init__(self, tx: Tx, asked: Asked, plans: Sequence[Read]) -> None:
        self._tx, self._asked, self.plans = tx, asked, tuple(plans)

    @property
    def who(self) -> list[IdColumn[EmployeeId]]:
        """Everybody with a balance in one of them, plan by plan."""
        return [each.balances.employee_id for each in self.plans]

    def placed(self, people: Sequence[census.Employee]) -> tuple[OtherPlan, ...]:
        """Their money and members in the order of these people."""
        return tuple(_placed(self._tx, self._asked, each, people) for each in self.plans)


def read(tx: Tx, asked: Asked, others: Sequence[PlanId]) -> Others:
    """The other plans that had terms on the day, with their balances; for a sponsor of one plan nothing is asked."""
    if not others:
        return Others(tx, asked, ())
    called = {each.plan_id: each.called for each in plan.list_plans(tx, tenant_id=asked.tenant_id)}
    found = []
    for each in others:
        spans = plan.provisions_between(
            tx, tenant_id=asked.tenant_id, plan_id=each, start=asked.as_of, end=asked.as_of + _A_DAY,
            known_at=asked.known_at,
        )  # fmt: skip
        if spans:
            day = determination_date(spans[0].provisions, asked)
            found.append(Read(each, called[each], spans[0].provisions, day, _balances(tx, asked, each, day)))
    return Others(tx, asked, found)


def determination_date(provisions: plan.Provisions, asked: Asked) -> date:
    """The last day of the other plan's year that ends in the same calendar year, or today (Reg. 1.416-1 T-23)."""
    year = provisions.plan_year_of(date(asked.determined_on.year, 12, 31))
    last = year.last_day if year.last_day.year == asked.determined_on.year else year.previous().last_day
    return min(last, asked.as_of)


def _balances(tx: Tx, asked: Asked, plan_id: PlanId, day: date) -> ledger.CashOfPeople:
    of: dict[str, Any] = {"tenant_id": asked.tenant_id, "plan_id": plan_id, "as_of": day, "known_at": asked.known_at}
    return together_with(ledger.cash_of_people(tx, **of), recordkeeping.top_heavy_rollovers(tx, **of))


def together_with(found: ledger.CashOfPeople, more: Mapping[EmployeeId, int]) -> ledger.CashOfPeople:
    """Balances with what is added to some of them, or left out."""
    if not more:
        return found
    cents = dict(zip(found.employee_id, found.cents.tolist(), strict=True))
    cents |= {who: cents.get(who, 0) + added for who, added in more.items()}
    return ledger.CashOfPeople(IdColumn.of(EmployeeId, cents), np.array(list(cents.values()), dtype=np.int64))


def _placed(tx: Tx, asked: Asked, other: Read, people: Sequence[census.Employee]) -> OtherPlan:
    ids = IdColumn.of(EmployeeId, [each.employee_id for each in people])
    in_calendar = _Withheld(tx, asked, other.plan_id, ids, asked.calendar.start, asked.calendar.end)
    in_year = _Withheld(tx, asked, other.plan_id, ids, asked.year.start, asked.year.end)
    given = census.contributed(
        tx, tenant_id=asked.tenant_id, plan_id=other.plan_id, known_at=asked.known_at,
        start=asked.year.start, end=min(asked.as_of + _A_DAY, asked.year.end),
    ).of(ids)  # fmt: skip
    nothing = np.zeros(len(ids), dtype=np.int64)
    match = sum((given.get(source, nothing) for source in _MATCH), nothing)
    balances = np.zeros(len(ids), dtype=np.int64)
    rows = other.balances.employee_id.places_in(ids)
    balances[rows[rows >= 0]] = other.balances.cents[rows >= 0]
    entered = census.entry_dates(
        tx, tenant_id=asked.tenant_id, provisions=other.provisions, plan_id=other.plan_id, employees=people,
        known_at=asked.known_at,
    )  # fmt: skip
    there = other.provisions.adopted_on <= other.determined_on
    back = _given_back(tx, asked, other.plan_id, ids)
    return OtherPlan(
        name=other.name,
        deferrals=in_calendar.pre_tax + in_calendar.roth - back[Source.PRE_TAX] - back[Source.ROTH],
        roth=in_calendar.roth - back[Source.ROTH],
        plan_year_deferrals=in_year.pre_tax + in_year.roth,
        after_tax=in_year.after_tax,
        match=match,
        employer=sum((cents for source, cents in given.items() if _from_employer(source)), nothing),
        balances=balances,
        participates=(balances != 0)
        | np.array([there and day is not None and day <= other.determined_on for day in entered], dtype=np.bool_),
    )


def _given_back(tx: Tx, asked: Asked, plan_id: PlanId, ids: IdColumn[EmployeeId]) -> dict[Source, Cents]:
    """Deferrals that left the other plan as excess additions: no limit counts them any more (given_back.py).

    In 415(c) they are taken off already, with all that corrections gave and took in any plan.
    """
    found = {source: np.zeros(len(ids), dtype=np.int64) for source in (Source.PRE_TAX, Source.ROTH)}
    if (asked.year.start, asked.year.end) != (asked.calendar.start, asked.calendar.end):
        return found
    of: dict[str, Any] = {"tenant_id": asked.tenant_id, "plan_id": plan_id, "known_at": asked.known_at}
    rows = [
        each
        for each in recordkeeping.corrective_of_year(tx, **of, year_start=asked.year.start)
        if each.cents < 0 and each.source in found
    ]
    for each, place in zip(
        rows, IdColumn.of(EmployeeId, [each.employee_id for each in rows]).places_in(ids), strict=True
    ):
        if place >= 0:
            found[each.source][place] -= each.cents
    return found


def _from_employer(source: Source) -> bool:
    return not source.from_employee and not source.is_rollover


class _Withheld:
    """What payrolls of another plan withheld in a span of days, without what that plan never allowed."""

    def __init__(
        self, tx: Tx, asked: Asked, plan_id: PlanId, ids: IdColumn[EmployeeId], start: date, end: date
    ) -> None:
        span: dict[str, Any] = {
            "tenant_id": asked.tenant_id,
            "plan_id": plan_id,
            "start": start,
            "end": min(asked.as_of + _A_DAY, end),
            "known_at": asked.known_at,
        }
        pay = census.pay_totals(tx, **span)
        rows = pay.employee_id.places_in(ids)
        outside = recordkeeping.outside_plan(tx, **span)
        held = IdColumn.of(EmployeeId, [each.employee_id for each in outside]).places_in(ids)

        def of(source: Source, *columns: Cents) -> Cents:
            out = np.zeros(len(ids), dtype=np.int64)
            for column in columns:
                out[rows[rows >= 0]] += column[rows >= 0]
            for place, each in zip(held.tolist(), outside, strict=True):
                out[place] -= each.cents if place >= 0 and each.source is source else 0
            return out

        self.pre_tax = of(Source.PRE_TAX, pay.pre_tax_cents, pay.catch_up_pre_tax_cents)
        self.roth = of(Source.ROTH, pay.roth_cents, pay.catch_up_roth_cents)
        self.after_tax = of(Source.AFTER_TAX, pay.after_tax_cents)

"""What one employer's plans have in common: the pay of a person, whichever plan's payroll told it, and in which order
the plans were paid. Not here: what a single plan's payrolls say (pay_lines.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from open401k import plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, PlanId, SponsorId

from . import _hours_store, _pay_store, _sums_store
from .pay_lines import Cents, PayByDate, PayTotals, pay_by_date, pay_totals

#: What a payroll tells of the pay of a date. The employer pays it once, however many plans' payrolls tell it.
_PAY = ("gross_cents", "plan_cents", "section_415_cents", "fica_cents", "hours_hundredths")
#: What goes into one plan only.
_INTO_PLAN = (
    "pre_tax_cents",
    "roth_cents",
    "after_tax_cents",
    "catch_up_pre_tax_cents",
    "catch_up_roth_cents",
    "match_cents",
    "nonelective_cents",
)


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """A pay date of a plan among those of all plans of the sponsor: by the day, then by what was recorded first."""

    pay_date: date
    recorded_at: datetime
    plan_id: PlanId


@dataclass(frozen=True, slots=True)
class PeriodHours:
    """Per person: days of the pay periods with hours, and of those of them with fewer hours a week than asked about."""

    employee_id: IdColumn[EmployeeId]
    days: Cents
    days_under: Cents


#: A longer period says nothing of its weeks: what others paid before a takeover comes in sums of months.
_LONGEST_PERIOD_DAYS = 31


def period_hours(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_ids: Sequence[PlanId],
    start: date,
    end: date,
    weekly_hundredths: int,
    known_at: datetime | None = None,
) -> PeriodHours:
    """How much of the time worked had fewer than ``weekly_hundredths`` a week, by pay dates from ``start`` to ``end``.

    Of a person whom several plans' payrolls tell, the plan that tells of most days counts.
    """
    told = PeriodHours(IdColumn.of(EmployeeId, ()), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    for plan_id in plan_ids:
        span = _sums_store.Span(tenant_id, plan_id, start, end, known_at, None, (), brought=False)
        found = PeriodHours(
            *_hours_store.period_days(tx, span, weekly_hundredths=weekly_hundredths, longest_days=_LONGEST_PERIOD_DAYS)
        )
        told = found if not len(told.employee_id) else _most(told, found)
    return told


def _most(one: PeriodHours, other: PeriodHours) -> PeriodHours:
    who = one.employee_id.union(other.employee_id)
    days, under = np.zeros((2, len(who)), dtype=np.int64), np.zeros((2, len(who)), dtype=np.int64)
    for row, each in enumerate((one, other)):
        place = each.employee_id.places_in(who)
        days[row, place], under[row, place] = each.days, each.days_under
    chosen = (days[1] > days[0]).astype(np.int64), np.arange(len(who))
    return PeriodHours(who, days[chosen], under[chosen])


def turns(tx: Tx, *, tenant_id: SponsorId, known_at: datetime | None = None) -> list[Turn]:
    """Every plan's pay dates in their order; a run that took the place of another has its turn."""
    first: dict[tuple[PlanId, date], Turn] = {}
    for run in _pay_store.runs(tx, tenant_id=tenant_id, known_at=known_at):
        turn = Turn(run.pay_date, run.recorded_at, run.plan_id)
        key = (run.plan_id, run.pay_date)
        first[key] = min(first.get(key, turn), turn)
    return sorted(first.values())


def employer_pay(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: date, end: date, known_at: datetime | None = None
) -> PayTotals:
    """As :func:`pay_totals` of a plan, with the pay that only the payrolls of the sponsor's other plans told.

    Pay of one date that several plans' payrolls tell is the same pay: the one that tells most counts. What was
    withheld or given counts in full, since it went into one plan only. Plan pay is what this plan's own definition
    counts, whoever told it (Reg. 1.401(k)-2(a)(3)(iii) Example 2).
    """
    others = plan.other_plans(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    if not others:
        return pay_totals(tx, tenant_id=tenant_id, plan_id=plan_id, start=start, end=end, known_at=known_at)
    return _totals(
        employer_pay_by_date(
            tx,
            tenant_id=tenant_id,
            plan_ids=(plan_id, *others),
            start=start,
            end=end,
            known_at=known_at,
            codes_of=plan_id,
        )
    )


def employer_pay_by_date(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_ids: Sequence[PlanId],
    start: date,
    end: date,
    known_at: datetime | None = None,
    employees: Sequence[EmployeeId] | None = None,
    brought: bool = False,
    codes_of: PlanId | None = None,
) -> PayByDate:
    """As :func:`pay_by_date`, over all plans of the sponsor; pay of a date told several times counts once."""
    span: dict[str, Any] = {
        "start": start, "end": end, "known_at": known_at, "employees": employees, "brought": brought,
        "codes_of": codes_of,
    }  # fmt: skip
    found = [pay_by_date(tx, tenant_id=tenant_id, plan_id=each, **span) for each in plan_ids]
    return found[0] if len(found) == 1 else _together(found)


def _together(plans: Sequence[PayByDate]) -> PayByDate:
    who = np.concatenate([each.employee_id.raw[each.employee] for each in plans])
    day = np.concatenate([each.pay_date.astype("datetime64[D]").astype(np.int64) for each in plans])
    order = np.lexsort((day, who))
    who, day = who[order], day[order]
    new_person = np.ones(len(who), dtype=np.bool_)
    new_person[1:] = who[1:] != who[:-1]
    new_day = new_person.copy()
    new_day[1:] |= day[1:] != day[:-1]
    days = np.flatnonzero(new_day)

    def of(name: str, put_together: np.ufunc) -> Any:
        column = np.concatenate([getattr(each, name) for each in plans])[order]
        return put_together.reduceat(column, days) if len(days) else column

    return PayByDate(
        employee_id=IdColumn(EmployeeId, who[new_person]),
        employee=np.cumsum(new_person, dtype=np.int64)[days] - 1,
        pay_date=day[days].astype("datetime64[D]"),
        **{name: of(name, np.maximum) for name in _PAY},
        **{name: of(name, np.add) for name in _INTO_PLAN},
    )


def _totals(pay: PayByDate) -> PayTotals:
    """Dates added up; ``lines`` counts them."""
    firsts = np.flatnonzero(np.diff(pay.employee, prepend=-1))

    def of(name: str) -> Any:
        column = getattr(pay, name)
        return np.add.reduceat(column, firsts) if len(firsts) else column

    return PayTotals(
        employee_id=pay.employee_id,
        lines=np.bincount(pay.employee, minlength=len(pay.employee_id)).astype(np.int64),
        **{name: of(name) for name in (*_PAY, *_INTO_PLAN)},
    )

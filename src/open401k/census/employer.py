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

from . import _pay_store
from .pay_lines import PayByDate, PayTotals, pay_by_date, pay_totals

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


def turns(tx: Tx, *, tenant_id: SponsorId) -> list[Turn]:
    """Every plan's pay dates in their order; a run that took the place of another has its turn."""
    first: dict[tuple[PlanId, date], Turn] = {}
    for run in _pay_store.runs(tx, tenant_id=tenant_id):
        turn = Turn(run.pay_date, run.recorded_at, run.plan_id)
        key = (run.plan_id, run.pay_date)
        first[key] = min(first.get(key, turn), turn)
    return sorted(first.values())


def employer_pay(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: date, end: date, known_at: datetime | None = None
) -> PayTotals:
    """As :func:`pay_totals` of a plan, with the pay that only the payrolls of the sponsor's other plans told.

    Pay of one date that several plans' payrolls tell is the same pay: the one that tells most counts. What was
    withheld or given counts in full, since it went into one plan only.
    """
    span: dict[str, Any] = {"tenant_id": tenant_id, "start": start, "end": end, "known_at": known_at}
    others = plan.other_plans(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    if not others:
        return pay_totals(tx, plan_id=plan_id, **span)
    return _together([pay_by_date(tx, plan_id=each, **span) for each in (plan_id, *others)])


def _together(plans: Sequence[PayByDate]) -> PayTotals:
    who = np.concatenate([each.employee_id.raw[each.employee] for each in plans])
    day = np.concatenate([each.pay_date.astype("datetime64[D]").astype(np.int64) for each in plans])
    order = np.lexsort((day, who))
    who, day = who[order], day[order]
    new_person = np.ones(len(who), dtype=np.bool_)
    new_person[1:] = who[1:] != who[:-1]
    new_day = new_person.copy()
    new_day[1:] |= day[1:] != day[:-1]
    days = np.flatnonzero(new_day)
    people = np.flatnonzero(new_person[days])

    def of(name: str, put_together: np.ufunc) -> Any:
        column = np.concatenate([getattr(each, name) for each in plans])[order]
        return np.add.reduceat(put_together.reduceat(column, days), people) if len(who) else column

    return PayTotals(
        employee_id=IdColumn(EmployeeId, who[days][people]),
        lines=np.diff(np.append(people, len(days))).astype(np.int64),
        **{name: of(name, np.maximum) for name in _PAY},
        **{name: of(name, np.add) for name in _INTO_PLAN},
    )

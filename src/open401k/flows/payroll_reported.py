"""What a payroll reports, and what others of its day did, as the entitlement takes it. Not here: computing it."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from open401k import census, payroll, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn
from open401k.recordkeeping import Cents, Reported


def reported(
    rows: Sequence[tuple[int, payroll.PayrollRow]],
    people: int,
    codes: payroll.CodesOfPlan,
    bonus_codes: Sequence[str] = (),
) -> Reported:
    """One row a person; each comes with the place of its person among all of them.

    ``bonus_codes``: pay codes under which elections for bonuses hold, as far as they are plan pay.
    """
    bonuses = frozenset(code for code in bonus_codes if codes.counts(code))
    places = np.array([place for place, _ in rows], dtype=np.int64)

    def column(values: list[int]) -> Cents:
        out = np.zeros(people, dtype=np.int64)
        out[places] = values
        return out

    return Reported(
        compensation=column([codes.pay_of(row) for _, row in rows]),
        pre_tax=column([row.pre_tax_cents + row.pre_tax_catch_up_cents for _, row in rows]),
        roth=column([row.roth_cents + row.roth_catch_up_cents for _, row in rows]),
        after_tax=column([row.after_tax_cents for _, row in rows]),
        coded_catch_up_pre_tax=column([row.pre_tax_catch_up_cents for _, row in rows]),
        coded_catch_up_roth=column([row.roth_catch_up_cents for _, row in rows]),
        bonus=column([sum(cents for code, cents in row.earnings if code in bonuses) for _, row in rows])
        if bonuses
        else 0,
        apart={kind: column([of.pay_of(row) for _, row in rows]) for kind, of in codes.apart.items()},
    )


def paid_that_day(to_date: payroll.ToDate, people: Sequence[census.Employee]) -> Reported | None:
    """What other payrolls of the pay date paid these people, if there are any."""
    if to_date.same_day is None:
        return None
    ids = IdColumn.of(EmployeeId, [each.employee_id for each in people])
    day = payroll.OfLastDay(to_date.same_day, ids)
    return Reported(
        compensation=day.of("plan_cents"),
        pre_tax=day.of("pre_tax_cents", "catch_up_pre_tax_cents"),
        roth=day.of("roth_cents", "catch_up_roth_cents"),
        after_tax=day.of("after_tax_cents"),
        coded_catch_up_pre_tax=day.of("catch_up_pre_tax_cents"),
        coded_catch_up_roth=day.of("catch_up_roth_cents"),
        apart={kind: payroll.OfLastDay(paid, ids).of("plan_cents") for kind, paid in to_date.same_day_apart.items()},
    )


def in_doubt(
    watch: payroll.CodeWatch, rows: Sequence[tuple[int, payroll.PayrollRow]], people: int
) -> recordkeeping.Flags | None:
    """Whose row has a pay code that waits for a person; None is nobody's."""
    doubted = watch.look([row for _, row in rows])
    if not doubted:
        return None
    flags = np.zeros(people, dtype=np.bool_)
    flags[[place for place, row in rows if row.row in doubted]] = True
    return flags


def paid_in_doubt(tx: Tx, asked: payroll.Asked, people: Sequence[census.Employee]) -> recordkeeping.Flags | None:
    """The same of other payrolls of the pay date."""
    if not asked.same_day:
        return None
    day = asked.pay_date
    doubted = census.in_doubt(
        tx,
        tenant_id=asked.tenant_id,
        plan_id=asked.plan_id,
        start=day,
        end=day + timedelta(days=1),
        without=asked.without,
    )
    return np.array([(each.employee_id, day) in doubted for each in people], dtype=np.bool_) if doubted else None


def in_other_plans(
    tx: Tx, asked: payroll.Asked, before: recordkeeping.Before, standing: payroll.Standing
) -> list[payroll.OtherPlan]:
    """What these people have in the sponsor's other plans, by the very figures that posting starts from."""
    if not before.elsewhere:
        return []
    called = {each.plan_id: each.called for each in plan.list_plans(tx, tenant_id=asked.tenant_id)}
    found = [(called[each.plan_id], each.of(standing.employee_id)) for each in before.elsewhere]
    return [payroll.OtherPlan(name, mine.deferrals, mine.roth, mine.additions) for name, mine in found]

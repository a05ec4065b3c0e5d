"""Deposits that came late, by recorded remittances and deposits: what is proposed for them. Not here: the law."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from open401k import compliance, ledger, payroll, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import Open401kError, PlanId, RunId, SponsorId, day_of

from .deposit import deposit_key


def late_deposits(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[str, compliance.Content]]:
    """Each payroll whose withheld money came after its day, with what it costs as of today."""
    on = day_of(tx.now)
    return [
        (str(late.run_id), compliance.content_of_late_deposit(late, on=on)) for late in _late(tx, tenant_id, plan_id)
    ]


def content_of_late(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, about: str, on: date) -> compliance.Content:
    """The same of one payroll; asking for one that was in time is an error."""
    for late in _late(tx, tenant_id, plan_id):
        if str(late.run_id) == about:
            return compliance.content_of_late_deposit(late, on=on)
    raise Open401kError(f"The money of {about} was not late.", fix="Look at the corrections that wait.")


def _late(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> Iterator[compliance.LateDeposit]:
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    owed = {deposit_key(each.run_id): each for each in payroll.remittance.recorded(tx, **of)}
    if not owed:
        return
    came = recordkeeping.deposited_on(tx, tenant_id=tenant_id, keys=owed)
    for key, received in came.items():
        each = owed[key]
        withheld = each.employee_cents + each.loan_cents
        if received > each.due_on and withheld > 0:
            yield _late_one(tx, of, each.run_id, each.pay_date, each.due_on, received, withheld)


def _late_one(
    tx: Tx, of: dict[str, Any], run_id: RunId, pay_date: date, due_on: date, received: date, cents: int
) -> compliance.LateDeposit:
    credited = ledger.contributions(tx, **of, start=pay_date, end=pay_date + timedelta(days=1))
    shares = [
        compliance.LateShare(each.employee_id, each.source, each.cents)
        for each in sorted(credited)
        if each.source.from_employee and each.cents > 0
    ]
    year = plan.provisions_on(tx, **of, on=pay_date).plan_year_of(pay_date)
    return compliance.LateDeposit(run_id, pay_date, due_on, received, cents, year.start, tuple(shares))

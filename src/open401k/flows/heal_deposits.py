"""Deposits that came late, by recorded remittances and deposits: what is proposed for them. Not here: the law."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from open401k import compliance, ledger, payroll, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import Open401kError, PlanId, RunId, SponsorId, day_of
from open401k.law.lost_earnings import LatePart

from .deposit import received


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
    owed = payroll.remittance.owed(tx, **of)
    if not owed:
        return
    came: dict[RunId, list[recordkeeping.Deposited]] = {}
    deposits = recordkeeping.deposits(tx, **of)
    for each in deposits:
        if each.taken_back is None:
            came.setdefault(RunId.parse(each.reference), []).append(each)
    past = payroll.deposit_clock.shown(owed, received(deposits))
    for due in owed:
        due_on = payroll.deposit_clock.clock(due, past).late_after
        standing = [(each.on, each.cents) for each in came.get(due.run_id, [])]
        parts, missing = payroll.deposit_clock.late_parts(due.employee_cents + due.loan_cents, standing, due_on)
        if parts and not missing:  # while some is missing nobody knows until when that counts
            yield _late_one(tx, of, due.run_id, due.pay_date, due_on, parts)


def _late_one(
    tx: Tx,
    of: dict[str, Any],
    run_id: RunId,
    pay_date: date,
    due_on: date,
    parts: Sequence[LatePart],
) -> compliance.LateDeposit:
    credited = ledger.contributions(tx, **of, start=pay_date, end=pay_date + timedelta(days=1))
    shares = [
        compliance.LateShare(each.employee_id, each.source, each.cents)
        for each in sorted(credited)
        if each.source.from_employee and each.cents > 0
    ]
    year = plan.provisions_on(tx, **of, on=pay_date).plan_year_of(pay_date)
    return compliance.LateDeposit(run_id, pay_date, due_on, tuple(parts), year.start, tuple(shares))

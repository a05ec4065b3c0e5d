"""What a file of opening balances is held against: people, payrolls posted here, balances told by other figures."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from open401k import census, payroll, plan
from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId, day_of


@dataclass(frozen=True, slots=True)
class OpeningBalances:
    """A file, and the day at whose end the accounts held what it says."""

    tenant_id: SponsorId
    plan_id: PlanId
    as_of: date
    name: str
    content: bytes


def expected_of(tx: Tx, told: OpeningBalances, people: frozenset[str]) -> payroll.OpeningExpected:
    """Today, the people on file, and money of the balances that is here already."""
    of: dict[str, Any] = {"tenant_id": told.tenant_id, "plan_id": told.plan_id}
    runs = census.pay_runs(tx, **of)
    return payroll.OpeningExpected(
        as_of=told.as_of,
        today=day_of(tx.now),
        people=people,
        paid_here=sorted(run.pay_date for run in runs if run.current and not run.brought),
        told_before=_told_before(tx, told),
    )


def _told_before(tx: Tx, told: OpeningBalances) -> date | None:
    """The last determination date (IRC 416(g)(4)(C)) of which year-to-date figures tell the balances."""
    of: dict[str, Any] = {"tenant_id": told.tenant_id, "plan_id": told.plan_id}
    ends = [each.end for each in census.brought_pay(tx, **of) if each.balance_before_cents]
    if not ends:
        return None
    return plan.get(tx, **of).plan_year_of(max(ends)).start - timedelta(days=1)

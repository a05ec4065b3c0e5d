"""Lost earnings of withheld money that came in parts, or bounced: until good money was there."""

from datetime import date, timedelta

import pytest
from tests.flows.bookkeeping import Plan, acme
from tests.flows.test_bank_statements import cents, due, told
from tests.support.database import TESTER

from open401k import compliance, custody
from open401k.base.db import Database
from open401k.flows import heal
from open401k.kernel import FixedClock
from open401k.law.lost_earnings import lost_earnings

LATE = date(2026, 3, 2)


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    made = acme(db, clock)
    made.pay(1)
    made.at(date(2026, 3, 20))
    return made


def proposed(plan: Plan) -> list[compliance.Content]:
    plan.at(plan.clock.now().date())
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        heal.review(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
        known = compliance.proposals(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    return [each.content for each in known if each.state is compliance.ProposalState.PROPOSED]


def test_what_came_in_time_costs_nothing_and_the_rest_counts_until_it_is_there(plan: Plan) -> None:
    (one,) = due(plan)
    withheld = one.remittance.employee_cents + one.remittance.loan_cents
    name, paid = custody.ach.reference(one.run_id), one.remittance.pay_date
    told(plan, (paid + timedelta(days=3), withheld - 50_000, name))
    assert proposed(plan) == []  # the rest is still missing: nobody knows yet until when it counts
    told(plan, (LATE, cents(one) - withheld + 50_000, name))
    (content,) = proposed(plan)
    assert content.working["late_cents"] == 50_000
    owed = lost_earnings(principal_cents=50_000, loss_on=paid, recovered_on=LATE, paid_on=content.on)
    assert (content.principal_cents, content.earnings_cents) == (0, owed.total_cents)


def test_money_that_bounced_was_never_there(plan: Plan) -> None:
    (one,) = due(plan)
    paid = one.remittance.pay_date
    told(plan, (paid + timedelta(days=3), cents(one), "ACME"))
    assert proposed(plan) == []
    told(plan, (paid + timedelta(days=5), -cents(one), "ACH RETURN R01"))
    told(plan, (LATE, cents(one), custody.ach.reference(one.run_id)))
    (content,) = proposed(plan)
    withheld = one.remittance.employee_cents + one.remittance.loan_cents
    assert content.working["late_cents"] == withheld
    assert content.working["received_on"] in (LATE, LATE.isoformat())
    owed = lost_earnings(principal_cents=withheld, loss_on=paid, recovered_on=LATE, paid_on=content.on)
    assert content.earnings_cents == owed.total_cents

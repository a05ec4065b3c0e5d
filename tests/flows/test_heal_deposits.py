"""Lost earnings of withheld money that came in parts, or bounced: until good money was there."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.flows.bookkeeping import Plan, acme
from tests.flows.test_bank_statements import cents, due, told
from tests.flows.test_heal import approve
from tests.support.database import TESTER

from open401k import compliance, custody
from open401k.base.db import Database
from open401k.demo.files import Mistakes
from open401k.flows import heal
from open401k.flows.payroll_intake import Taken
from open401k.kernel import FixedClock, Money, Refused
from open401k.law.lost_earnings import lost_earnings
from open401k.payroll import deposit_clock
from open401k.views import deposit_page
from open401k.views.deposit_page import late_money

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


def test_beside_a_correction_that_waits_no_other_figure_is_shown(plan: Plan) -> None:
    """Of an employer whose pattern is known the page counted from another day: $4.01 beside $4.87."""
    for one in due(plan):
        told(plan, (one.remittance.pay_date + timedelta(days=3), cents(one), custody.ach.reference(one.run_id)))
    plan.pay(2)
    last = due(plan)[-1]
    came = last.clock.late_after + timedelta(days=30)
    told(plan, (came, cents(last), custody.ach.reference(last.run_id)))
    (content,) = proposed(plan)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        lines = deposit_page.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan).deposits
    (shown,) = [each.late for each in lines if each.late is not None]
    by_pattern = late_money(due(plan)[-1], came)
    assert by_pattern is not None
    assert by_pattern.owed != Money(content.total_cents)
    assert (shown.owed, shown.proposed) == (Money(content.total_cents), True)


def test_a_payroll_that_is_lowered_before_the_decision_asks_for_less(plan: Plan) -> None:
    """The first figure stood: who looked at $12.45 approved $11.44."""
    (one,) = due(plan)
    told(plan, (LATE, cents(one), custody.ach.reference(one.run_id)))
    (first,) = proposed(plan)
    lower = plan.file(1, Mistakes(cells={("219-11-1003", "401k Deferral"): "20.00"}))
    taken = plan.send(lower, replaces=one.run_id)
    assert isinstance(taken, Taken)
    assert plan.post(taken.run.run_id).halted is None
    (content,) = proposed(plan)
    (after,) = due(plan)
    withheld = after.remittance.employee_cents
    assert withheld == one.remittance.employee_cents - 116_00
    owed = lost_earnings(
        principal_cents=withheld, loss_on=one.remittance.pay_date, recovered_on=LATE, paid_on=content.on
    )
    assert (content.working["late_cents"], content.total_cents) == (withheld, owed.total_cents)
    assert content.total_cents < first.total_cents
    assert str(Money(content.total_cents)) in content.title


def test_what_a_correction_paid_is_no_longer_shown_as_going_on(plan: Plan) -> None:
    (one,) = due(plan)
    told(plan, (LATE, cents(one), custody.ach.reference(one.run_id)))
    (content,) = proposed(plan)
    assert shown_late(plan).paid is None
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (waiting,) = compliance.proposals(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    assert not isinstance(approve(plan, waiting), Refused)
    after = shown_late(plan)
    assert (after.paid, after.paid_on) == (Money(content.total_cents), date(2026, 3, 20))


def shown_late(plan: Plan) -> deposit_page.LateMoney:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (line,) = deposit_page.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan).deposits
    assert line.late is not None
    return line.late


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


def test_each_part_counts_until_its_own_day(plan: Plan) -> None:
    (one,) = due(plan)
    withheld = one.remittance.employee_cents + one.remittance.loan_cents
    name, paid = custody.ach.reference(one.run_id), one.remittance.pay_date
    days = [paid + timedelta(days=3), date(2026, 2, 9), LATE]
    for on, amount in zip(days, (withheld - 70_000, 50_000, cents(one) - withheld + 20_000), strict=True):
        told(plan, (on, amount, name))
    (content,) = proposed(plan)
    assert content.working["late_cents"] == 70_000
    naive = [
        lost_earnings(principal_cents=amount, loss_on=paid, recovered_on=on, paid_on=content.on)
        for on, amount in zip(days[1:], (50_000, 20_000), strict=True)
    ]
    assert content.earnings_cents == sum(each.total_cents for each in naive)
    assert f"$500.00 on {days[1]} and $200.00 on {LATE}" in content.text
    shown = late_money(due(plan)[0], LATE + timedelta(days=9))
    assert shown is not None
    until_last = [
        lost_earnings(principal_cents=amount, loss_on=paid, recovered_on=on, paid_on=LATE).total_cents
        for on, amount in zip(days[1:], (50_000, 20_000), strict=True)
    ]
    assert (shown.owed, shown.principal) == (Money(sum(until_last)), Money(70_000))


came = st.lists(st.tuples(st.dates(date(2026, 1, 9), date(2026, 6, 30)), st.integers(-50, 90_000)), max_size=8)


@given(came, st.integers(0, 200_000), st.dates(date(2026, 1, 9), date(2026, 6, 30)))
def test_late_parts_are_what_a_naive_count_cent_by_cent_says(
    deposits: list[tuple[date, int]], withheld: int, late_after: date
) -> None:
    parts, missing = deposit_clock.late_parts(withheld, deposits, late_after)
    there = 0
    naive: dict[date, int] = {}
    for on, amount in sorted(deposits):
        before, there = there, there + max(amount, 0)
        late = min(there, withheld) - min(before, withheld)
        if late and on > late_after:
            naive[on] = naive.get(on, 0) + late
    assert {each.recovered_on: each.principal_cents for each in parts} == naive
    assert missing == max(withheld - there, 0)
    assert list(naive) == sorted({each.recovered_on for each in parts})

"""Money that a late fact made due is on the list of what to send once it is approved."""

from datetime import date

from tests.flows.bookkeeping import acme
from tests.flows.test_heal import approve, newest
from tests.support.database import TESTER

from open401k import census
from open401k.base.db import Database
from open401k.demo.people import Person
from open401k.flows.correction import Correction, LateFact, correct
from open401k.flows.day import begin_day
from open401k.kernel import FixedClock, FlowId, Money, Refused
from open401k.views import deposit_page, plan_health

LATECOMER = Person("219-11-1099", "Nora", "Lund", date(1990, 2, 2), date(2025, 12, 8), 5_200_000, 500)


def test_a_late_hire_date_adds_the_money_of_corrections(db: Database, clock: FixedClock) -> None:
    plan = acme(db, clock)
    plan.pay(1, plan.file(1, joined=[LATECOMER]))

    def to_send() -> list[Money | None]:
        with db.begin(TESTER, tenants=[plan.sponsor]) as tx:
            shown = plan_health.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
        return [duty.amount for duty in shown.duties if duty.title == "Send the money of corrections"]

    assert to_send() == []
    with db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (who,) = census.find_by_ssn(tx, tenant_id=plan.sponsor, ssns=[LATECOMER.ssn]).values()
    hired_earlier = LateFact(who, census.Hired(instead_of=date(2025, 12, 8)), date(2024, 3, 4))
    correct(db, actor=TESTER, correction=Correction(plan.sponsor, plan.plan, db.ids.new(FlowId), hired_earlier))
    match = (LATECOMER.pay_cents(1) * 500 // 10_000) // 2
    assert to_send() == [], "it is only proposed: nobody has to send anything yet"
    plan.at(date(2026, 3, 2))
    begin_day(db, actor=TESTER, tenant_id=plan.sponsor)
    approved = approve(plan, newest(plan))
    assert not isinstance(approved, Refused), approved
    assert approved.as_approved is not None
    assert approved.as_approved.total_cents > match
    assert to_send() == [Money(approved.as_approved.total_cents)]


def test_money_that_was_held_and_is_released_is_held_no_more_on_deposits(db: Database, clock: FixedClock) -> None:
    plan = acme(db, clock)
    plan.pay(1, plan.file(1, joined=[LATECOMER]))
    deferral = Money(LATECOMER.pay_cents(1) * 500 // 10_000)

    def sources() -> dict[str, Money]:
        with db.begin(TESTER, tenants=[plan.sponsor]) as tx:
            (one,) = deposit_page.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan).deposits
        return {name: cents for name, cents in one.sources if "held" in name}

    assert sources() == {"held in suspense": deferral}
    with db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (who,) = census.find_by_ssn(tx, tenant_id=plan.sponsor, ssns=[LATECOMER.ssn]).values()
    hired_earlier = LateFact(who, census.Hired(instead_of=date(2025, 12, 8)), date(2024, 3, 4))
    correct(db, actor=TESTER, correction=Correction(plan.sponsor, plan.plan, db.ids.new(FlowId), hired_earlier))
    assert sources() == {"held at first, released since": deferral}

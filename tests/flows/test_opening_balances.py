"""Opening balances are posted once however often the story is stopped, and follow into tests and projection."""

from datetime import date
from typing import Any

import pytest
from tests.doors.takeover import balances_csv
from tests.flows.bookkeeping import Plan, acme, assert_sound
from tests.support.database import TESTER
from tests.support.flows import stop_points

from open401k import compliance, ledger, recordkeeping
from open401k.base.db import Database
from open401k.base.faults import Stopped, stopping_at
from open401k.demo.people import ACME
from open401k.doors.connecting import behind_the_last
from open401k.flows import correction
from open401k.flows.opening_balances import Opened, TakenBack, bring_balances, take_back_balances
from open401k.flows.opening_expected import OpeningBalances
from open401k.kernel import FixedClock, Source
from open401k.payroll import Findings
from open401k.payroll.opening_balances import read_opening_balances

AS_OF = date(2025, 12, 31)
STOPS = ["base.before_commit", "base.after_commit", *stop_points("correction", correction.STEPS)]
#: Key employees hold more than three fifths: the plan is top-heavy with these balances (IRC 416(g)(1)(A)(ii)).
OWNERS = {(each.ssn, Source.PRE_TAX): each.balance_2025_cents for each in ACME.people[:2]}


@pytest.fixture
def here(db: Database, clock: FixedClock) -> Plan:
    """Acme, whose opening balances were loaded by the story of the demo."""
    return acme(db, clock)


def bring(plan: Plan, held: dict[tuple[str, Source], int], as_of: date = AS_OF) -> Opened | Findings:
    told = OpeningBalances(plan.sponsor, plan.plan, as_of, "balances.csv", balances_csv(held))
    return bring_balances(plan.db, actor=TESTER, told=told)


def openings(plan: Plan) -> list[recordkeeping.Opening]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return recordkeeping.openings(tx, tenant_id=plan.sponsor, plan_id=plan.plan)


def held_by_people(plan: Plan) -> int:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        found = ledger.balances(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    return found.total(ledger.Kind.PARTICIPANT)


def top_heavy(plan: Plan) -> int | None:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        tested = compliance.latest(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    found = tested.of(compliance.TestId.TOP_HEAVY) if tested else None
    return found.measured if found else None


def take_back(plan: Plan) -> TakenBack:
    who: dict[str, Any] = {"actor": TESTER, "tenant_id": plan.sponsor, "plan_id": plan.plan}
    first = openings(plan)[-1]
    done = take_back_balances(plan.db, **who, entry_id=first.entry_id, why="They were of another plan.")
    assert isinstance(done, TakenBack), done
    return done


def stopped_everywhere(action: Any) -> Any:
    for point in STOPS:
        with stopping_at(point), pytest.raises(Stopped):
            action()
    return action()


def test_what_the_demo_loaded_is_the_same_balances_from_a_file(here: Plan) -> None:
    held = {(each.ssn, Source.PRE_TAX): each.balance_2025_cents for each in ACME.people if each.balance_2025_cents}
    again = bring(here, held)
    assert isinstance(again, Opened)
    assert again.already
    assert len(openings(here)) == 1


def test_a_reversal_and_the_right_balances_survive_a_stop_at_every_point(here: Plan) -> None:
    here.pay(1)
    before, posted = top_heavy(here), held_by_people(here)
    (first,) = openings(here)
    here.at(date(2026, 1, 20))
    back = stopped_everywhere(lambda: take_back(here))
    assert (back.already, back.total) == (True, first.amount)
    assert held_by_people(here) == posted - first.amount.cents
    assert top_heavy(here) != before
    here.at(date(2026, 1, 21))
    opened = stopped_everywhere(lambda: bring(here, OWNERS))
    assert (opened.already, opened.total.cents) == (True, sum(OWNERS.values()))
    assert [each.reversed_by for each in openings(here)] == [back.reversed_by, None]
    assert held_by_people(here) == posted - first.amount.cents + opened.total.cents
    assert top_heavy(here) == 10_000
    here.pay(2)
    assert_sound(here)


def test_a_payroll_that_the_balances_have_in_them_already_is_refused_and_not_asked_for(here: Plan) -> None:
    here.at(date(2026, 3, 1))
    take_back(here)
    assert isinstance(bring(here, OWNERS, date(2026, 2, 28)), Opened)
    taken = here.receive(1)
    assert here.findings(taken.run.run_id) == ["period.covered"]
    assert here.post(taken.run.run_id).halted is not None
    assert held_by_people(here) == sum(OWNERS.values())
    with here.db.begin(TESTER, tenants=[here.sponsor]) as tx:
        assert behind_the_last(tx, tenant_id=here.sponsor, plan_id=here.plan) == date(2026, 3, 1)
    assert_sound(here)


def test_balances_of_another_day_are_other_balances(here: Plan) -> None:
    held = {(each.ssn, Source.PRE_TAX): each.balance_2025_cents for each in ACME.people if each.balance_2025_cents}
    refused = bring(here, held, date(2025, 12, 30))
    assert isinstance(refused, Findings)
    assert [str(each.code) for each in refused.listed] == ["opening.on_file"]
    assert len(openings(here)) == 1


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["total,,0.00"], ["file.no_rows"]),
        (["219-11-1001,match,0.00", "total,,0.00"], ["file.no_rows"]),
        (["219-11-1001,match,", "total,,0.00"], ["amount.missing"]),
        (["219-11-1001,match,1.005", "total,,1.00"], ["amount.precision"]),
        (["219-11-1001,match,1.00", "total,,1.00", "total,,1.00"], ["total.mismatch"]),
        (["219-11-1001,,1.00", "total,,1.00"], ["source.unknown"]),
        (["219-11-1001,Match,1.00", "TOTAL,,1.00"], []),
    ],
)
def test_a_file_is_read_to_the_cent_or_every_fault_told(lines: list[str], found: list[str]) -> None:
    file = read_opening_balances("\n".join(["ssn,source,balance", *lines]).encode())
    assert [str(each.code) for each in file.findings.by_place()] == found
    assert all(each.reason and each.fix for each in file.findings.listed)

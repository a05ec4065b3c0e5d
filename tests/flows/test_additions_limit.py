"""The employer's money stops at 415(c) through the real flows: payroll by payroll, at the end of the year, and back."""

from dataclasses import replace
from datetime import date
from typing import Any

from tests.flows.test_accounts_above_zero import TERMS, with_terms
from tests.flows.test_declaration import asked, put
from tests.flows.test_match_forms import assert_proven, day_begins
from tests.flows.test_random_years import Machine, Row
from tests.support.database import TESTER

from open401k import compliance, ledger, plan, recordkeeping
from open401k.base.db import Database
from open401k.flows.declaration import declare
from open401k.kernel import EmployeeId, Source
from open401k.payroll import Code, runs
from open401k.views import declarations

#: 70,000.00 in 2025, 350,000.00 of pay: 23,500.00 deferred leave 46,500.00 of the 52,500.00 that 15 % give.
DAYS = [date(2025, month, 14) for month in range(1, 13)]
LAST = date(2025, 12, 31)
GIVES = replace(
    TERMS,
    match=None,
    nonelective=plan.Nonelective(1_500),
    may_declare=(Source.PROFIT_SHARING,),
    deferrals=replace(TERMS.deferrals, catch_up=False, higher_catch_up_60_63=False),
)
OF_415 = (Code.LIMIT_415, Code.LIMIT_415_EMPLOYER)
PAID = Row(35_000_00, 2_350_00)


def a_year(db: Database, months: int) -> tuple[Machine, EmployeeId]:
    made, who = with_terms(db, GIVES, DAYS)
    for day in DAYS[:months]:
        made.send(day, {who: PAID}, told="payroll")
    return made, who


def given(made: Machine, source: Source = Source.NONELECTIVE) -> list[int]:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        found = ledger.contributions(
            tx, tenant_id=made.sponsor, plan_id=made.plan_id, start=DAYS[0], end=date(2026, 1, 1)
        )
    by_day: dict[date, int] = {}
    for each in found:
        if each.source is source:
            by_day[each.event_on] = by_day.get(each.event_on, 0) + each.cents
    return [by_day.get(day, 0) for day in (*DAYS, LAST)]


def waiting(made: Machine) -> list[compliance.Proposal]:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        known = compliance.proposals(tx, tenant_id=made.sponsor, plan_id=made.plan_id)
    return [each for each in known if each.state is compliance.ProposalState.PROPOSED]


def told(made: Machine, place: int) -> list[Any]:
    of: dict[str, Any] = {"tenant_id": made.sponsor, "run_id": made.world.runs[place].run_id}
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        return [each for each in runs.findings_of_run(tx, **of) if each.code in OF_415]


def due(made: Machine, place: int) -> int:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        (cents,) = tx.one(
            "select employer_cents from payroll.remittance_v where run_id = %s", [made.world.runs[place].run_id.uuid]
        )
    return int(cents)


def test_what_is_over_is_neither_posted_nor_due_and_the_payroll_says_so(db: Database) -> None:
    """Nine months of 2,350.00 and 5,250.00 are 68,400.00: the tenth has 1,600.00, of its deferral."""
    made, _ = a_year(db, 10)
    assert given(made)[:10] == [5_250_00] * 9 + [0]
    assert [due(made, place) for place in (7, 8, 9)] == [5_250_00, 5_250_00, 0]
    waits, stopped = sorted(told(made, 9), key=lambda each: each.code)
    assert (waits.code, stopped.code) == OF_415
    assert dict(waits.detail)["excess_cents"] == "75000"
    assert dict(stopped.detail) == {"limit_cents": "7000000", "not_given_cents": "525000"}
    assert not told(made, 8)
    assert_proven(made)


def test_a_corrected_payroll_gives_the_room_back_and_what_it_gave_stands(db: Database) -> None:
    """Corrected back, 1,600.00 of the employer's are in the account: January's deferral has no room and waits."""
    made, who = a_year(db, 10)
    made.at(date(2025, 11, 3))
    made.send(DAYS[0], {who: Row(35_000_00)}, told="corrected", replaces=made.world.runs[0].run_id)
    assert given(made)[:10] == [5_250_00] * 9 + [1_600_00]  # 2,350.00 less were deferred in January
    made.send(DAYS[0], {who: PAID}, told="corrected back", replaces=made.world.runs[-1].run_id)
    assert given(made)[:10] == [5_250_00] * 9 + [1_600_00]
    assert given(made, Source.PRE_TAX)[:10] == [0] + [2_350_00] * 9
    assert_proven(made)


def test_nobody_is_stopped_for_pay_to_date_and_the_end_of_the_year_stops_at_pay(db: Database) -> None:
    """1,000.00 of pay, 900.00 of it deferred, and 15 % of pay beside it: 50.00 more than the pay of the year."""
    made, who = with_terms(db, GIVES, DAYS)
    made.send(DAYS[0], {who: Row(1_000_00, 900_00)}, told="payroll")
    assert given(made)[0] == 150_00  # more pay may come
    made.at(date(2026, 3, 2))
    put(made, recordkeeping.Declared(Source.PROFIT_SHARING, flat_cents=200_00))
    assert given(made, Source.PROFIT_SHARING)[-1] == 0
    made.at(date(2026, 3, 3))
    made.send(DAYS[1], {who: Row(1_000_00)}, told="a late payroll")
    assert given(made, Source.PROFIT_SHARING)[-1] == 200_00
    assert_proven(made)


def test_who_has_no_pay_left_has_nothing_of_the_year_by_the_terms(db: Database) -> None:
    """All pay was taken back: what was withheld was not, and the terms give nobody anything without pay."""
    made, who = with_terms(db, GIVES, DAYS)
    made.send(DAYS[0], {who: Row(1_000_00, 100_00)}, told="payroll")
    made.at(date(2026, 3, 2))
    put(made, recordkeeping.Declared(Source.PROFIT_SHARING, flat_cents=200_00))
    assert given(made, Source.PROFIT_SHARING)[-1] == 200_00
    made.at(date(2026, 3, 3))
    made.send(DAYS[0], {who: Row(0)}, told="nothing was paid", replaces=made.world.runs[-1].run_id)
    assert [sum(given(made, each)) for each in (Source.NONELECTIVE, Source.PRE_TAX, Source.PROFIT_SHARING)] == [0, 0, 0]
    assert_proven(made)
    day_begins(made, date(2026, 3, 4))
    assert [each for each in waiting(made) if each.content.kind == compliance.EXCESS_ADDITIONS] == []


def test_what_is_declared_after_the_year_stops_at_the_limit_and_the_page_says_whose(db: Database) -> None:
    made, who = a_year(db, 8)
    day_begins(made, date(2026, 1, 2))
    made.at(date(2026, 3, 2))
    wanted = asked(made, recordkeeping.Declared(Source.PROFIT_SHARING, flat_cents=12_000_00))
    for _ in range(2):  # the same again is the same
        declare(made.db, actor=TESTER, declared=wanted)
        assert given(made, Source.PROFIT_SHARING)[-1] == 9_200_00
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        (line,) = declarations.load(tx, tenant_id=made.sponsor, plan_id=made.plan_id).not_given
    assert (line.last_day, line.employee_id, line.source) == (LAST, who, Source.PROFIT_SHARING)
    assert line.cents.cents == 2_800_00
    assert_proven(made)
    made.at(date(2026, 3, 3))
    put(made, recordkeeping.Declared(Source.PROFIT_SHARING, flat_cents=90_000_00))
    assert given(made, Source.PROFIT_SHARING)[-1] == 9_200_00


def test_who_gets_nothing_of_it_is_told_too(db: Database) -> None:
    made, who = a_year(db, 10)
    made.at(date(2026, 3, 2))
    put(made, recordkeeping.Declared(Source.PROFIT_SHARING, flat_cents=500_00))
    assert given(made, Source.PROFIT_SHARING)[-1] == 0
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        found = declarations.load(tx, tenant_id=made.sponsor, plan_id=made.plan_id)
    assert [(each.employee_id, each.cents.cents) for each in found.not_given] == [(who, 500_00)]

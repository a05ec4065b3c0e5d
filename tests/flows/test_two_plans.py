"""The limits of a person are counted over every plan of the sponsor: 402(g), 414(v), 415(c)."""

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from tests.flows.bookkeeping import acme
from tests.flows.two_plans import (
    ROSA,
    SECOND,
    Row,
    assert_proved,
    credited,
    file_of,
    findings,
    held,
    pay,
    second_plan,
    two,
)
from tests.support.database import TESTER

from open401k import ledger
from open401k.base.db import Database
from open401k.demo.people import PAY_DATES
from open401k.kernel import FixedClock, Source
from open401k.payroll import Code, Severity
from open401k.plan import MonthDay, Nonelective

JAN_16, JAN_30, FEB_13 = PAY_DATES[1], PAY_DATES[2], PAY_DATES[3]
LIMIT = 24_500_00


def test_one_person_takes_part_in_both_plans(db: Database, clock: FixedClock) -> None:
    first, other = two(db, clock)
    pay(first, 1, Row(pre_tax=3_000))
    pay(other, 1, Row(pre_tax=2_000))
    assert (credited(first), credited(other)) == ({JAN_16: 3_000_00}, {JAN_16: 2_000_00})
    assert_proved(first)


def test_deferrals_over_402g_only_together_wait_in_the_second_plan(db: Database, clock: FixedClock) -> None:
    first, other = two(db, clock)
    pay(first, 1, Row(pre_tax=20_000))
    taken = pay(other, 2, Row(pre_tax=10_000))
    assert held(other) == {(JAN_30, "over_limit"): 5_500_00}
    assert (credited(first), credited(other)) == ({JAN_16: 20_000_00}, {JAN_30: 4_500_00})
    (found,) = [each for each in findings(other, taken) if each.code is Code.LIMIT_402G]
    assert "$20,000.00 of it in plan 001 (Acme Tool & Die 401(k) Plan)" in found.reason
    assert dict(found.detail)["in_other_plans_cents"] == "2000000"
    assert dict(found.detail)["excess_cents"] == "550000"
    assert_proved(first)


def test_of_two_plans_paying_on_one_day_the_one_posted_first_has_the_room(db: Database, clock: FixedClock) -> None:
    first, other = two(db, clock)
    pay(other, 1, Row(pre_tax=20_000))
    pay(first, 1, Row(pre_tax=10_000))
    assert (held(first), held(other)) == ({(JAN_16, "over_limit"): 5_500_00}, {})
    assert_proved(first)


def test_catch_up_is_one_amount_over_both_plans(db: Database, clock: FixedClock) -> None:
    """Marian is 58: 24,500 and 8,000 of catch-up (IRC 414(v)(2)(D)), as Roth, since she was paid over the threshold."""
    first, other = two(db, clock)
    pay(first, 1, Row("1002", roth=24_500))
    pay(other, 2, Row("1002", roth=10_000))
    assert credited(other, "1002") == {JAN_30: 8_000_00}
    assert held(other, "1002") == {(JAN_30, "over_limit"): 2_000_00}
    assert_proved(first)


def test_additions_over_415_only_together_wait_in_the_second_plan(db: Database, clock: FixedClock) -> None:
    """72,000 in 2026: 20,000 with a match of 1,500 in one plan leave 50,500 in the other (IRC 415(f)(1)(B))."""
    first, other = two(db, clock)
    pay(first, 1, Row(pre_tax=20_000))
    taken = pay(other, 2, Row(gross=70_000, after_tax=60_000))
    assert held(other) == {(JAN_30, "over_additions"): 9_500_00}
    assert credited(other) == {JAN_30: 50_500_00}
    (found,) = [each for each in findings(other, taken) if each.code is Code.LIMIT_415]
    assert "$21,500.00 of it in plan 001 (Acme Tool & Die 401(k) Plan)" in found.reason
    assert_proved(first)


def test_the_employers_money_stops_at_415_over_both_plans_and_comes_when_there_is_room_again(
    db: Database, clock: FixedClock
) -> None:
    """72,000 in 2026: 21,500 in one plan and 37,500 in the other leave 13,000 of the next 37,500."""
    first, other = two(db, clock, replace(SECOND, nonelective=Nonelective(2_500)))
    wrong = pay(first, 1, Row(pre_tax=20_000))
    pay(other, 2, Row(gross=150_000))
    taken = pay(other, 3, Row(gross=150_000))
    assert credited(other, sources=(Source.NONELECTIVE,)) == {JAN_30: 37_500_00, FEB_13: 13_000_00}
    (found,) = [each for each in findings(other, taken) if each.code is Code.LIMIT_415_EMPLOYER]
    assert found.severity is Severity.NOTE
    assert "by the plan's terms up to this pay date, $24,500.00 is not given" in found.reason
    assert ("not_given_cents", "2450000") in found.detail
    assert held(other) == {}
    assert_proved(first)
    first.at(date(2026, 2, 16))
    pay(first, 1, Row(pre_tax=15_000), replaces=wrong.run.run_id)
    assert credited(other, sources=(Source.NONELECTIVE,)) == {JAN_30: 37_500_00, FEB_13: 18_000_00}
    assert_proved(first)


def test_payroll_posted_late_takes_its_turn_by_pay_date(db: Database, clock: FixedClock) -> None:
    first, other = two(db, clock)
    pay(other, 3, Row(pre_tax=20_000))
    pay(first, 4, Row(pre_tax=2_000))
    pay(first, 2, Row(pre_tax=10_000))
    assert held(first) == {(PAY_DATES[4], "over_limit"): 2_000_00}
    assert held(other) == {(FEB_13, "over_limit"): 5_500_00}
    assert credited(first) == {JAN_30: 10_000_00}
    assert_proved(first)


def test_correction_in_one_plan_frees_what_waited_in_the_other(db: Database, clock: FixedClock) -> None:
    first, other = two(db, clock)
    wrong = pay(first, 1, Row(pre_tax=20_000))
    pay(other, 2, Row(pre_tax=10_000))
    first.at(date(2026, 2, 2))
    pay(first, 1, Row(pre_tax=15_000), replaces=wrong.run.run_id)
    assert held(other) == {(JAN_30, "over_limit"): 500_00}
    assert credited(other) == {JAN_30: 9_500_00}
    assert_proved(first)


def test_file_checked_before_the_other_plan_posted_is_checked_again(db: Database, clock: FixedClock) -> None:
    first, other = two(db, clock)
    waiting = other.receive(1, file_of([Row(pre_tax=10_000)], 1))
    assert Code.LIMIT_402G not in other.findings(waiting.run.run_id)
    pay(first, 1, Row(pre_tax=20_000))
    other.at(JAN_16)
    other.post(waiting.run.run_id)
    assert Code.LIMIT_402G in other.findings(waiting.run.run_id)
    assert held(other) == {(JAN_16, "over_limit"): 5_500_00}
    assert_proved(first)


def test_three_plans_share_one_limit(db: Database, clock: FixedClock) -> None:
    first, other = two(db, clock)
    third = second_plan(first, number="003")
    for each, period in ((first, 1), (other, 2), (third, 3)):
        pay(each, period, Row(pre_tax=10_000))
    assert held(third) == {(FEB_13, "over_limit"): 5_500_00}
    assert_proved(first)


def test_others_are_untouched(db: Database, clock: FixedClock) -> None:
    first, other = two(db, clock)
    pay(first, 1, Row(ROSA, pre_tax=20_000))
    pay(other, 2, Row("1004", pre_tax=20_000))
    assert (held(other, "1004"), credited(other, "1004")) == ({}, {JAN_30: 20_000_00})


def test_sponsor_of_one_plan_is_asked_nothing_about_others(
    db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("asked for the plans of a sponsor that has one")

    only = acme(db, clock)
    for name in ("open401k.census.turns", "open401k.plan.list_plans", "open401k.census.employer.pay_by_date"):
        monkeypatch.setattr(name, asked)
    pay(only, 1, Row(pre_tax=20_000), wait=True)
    assert credited(only) == {JAN_16: 20_000_00}


@pytest.mark.parametrize("begins", [MonthDay(1, 1), MonthDay(7, 1)], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_order_of_posting_both_limits_hold_and_the_books_are_proved(
    db: Database, clock: FixedClock, seed: int, begins: MonthDay
) -> None:
    """Ten payrolls of both plans in any order, some corrected: together within 24,500 and 72,000 to the cent."""
    draw = Random(seed)  # noqa: S311
    plans = two(db, clock, replace(SECOND, plan_year_start=begins))
    slots = [(of, period) for of in plans for period in range(1, 6)]
    draw.shuffle(slots)
    posted = []
    for of, period in slots:
        row = Row(gross=60_000, pre_tax=draw.randrange(8_000), roth=draw.randrange(2_000))
        row = replace(row, after_tax=draw.randrange(25_000)) if of is plans[1] else row
        posted.append((of, period, pay(of, period, row), row))
    for of, period, taken, row in draw.sample(posted, 3):
        pay(of, period, replace(row, pre_tax=draw.randrange(8_000)), replaces=taken.run.run_id)
    own = [sum(credited(of).values()) for of in plans]
    with db.begin(TESTER, tenants=[plans[0].sponsor]) as tx:
        sums = dict.fromkeys(Source, 0)
        for of in plans:
            for each in ledger.contribution_totals(
                tx, tenant_id=of.sponsor, plan_id=of.plan, start=date(2026, 1, 1), end=date(2027, 1, 1)
            ):
                sums[each.source] += each.cents
    assert sum(own) == sums[Source.PRE_TAX] + sums[Source.ROTH] + sums[Source.AFTER_TAX]
    assert sums[Source.PRE_TAX] + sums[Source.ROTH] <= LIMIT
    assert sum(sums.values()) <= 72_000_00
    assert any(held(of) for of in plans)
    assert_proved(plans[0])

"""Rows that are sent and posted at once, stopped at each of their commits and sent again with the same key."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan, acme, assert_sound, books
from tests.support.database import TESTER

from open401k import payroll
from open401k.base.db import Database
from open401k.base.faults import Stopped, arm, disarm
from open401k.doors.provided import Order, RunHeader, RunOutcome
from open401k.doors.stories import PayrollStories
from open401k.flows.payroll_keys import KeyRefusal
from open401k.kernel import EmployeeId, FixedClock, Refused
from open401k.payroll import runs

COMMITS = 6  # taken in and checked; posted; tested; projected; warned; answered
PAY_DATE = date(2026, 1, 16)


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    made = acme(db, clock)
    made.at(PAY_DATE)
    return made


def send(plan: Plan, who: EmployeeId, cents: int = 100_00) -> RunOutcome | Refused[Any]:
    """One person's pay, under one key."""
    row = payroll.PayrollRow(
        row=1, line=1, employee_id=str(who), gross_cents=5_000_00, hours_hundredths=80_00, pre_tax_cents=cents
    )
    header = RunHeader(PAY_DATE, date(2026, 1, 1), date(2026, 1, 15))
    order = Order(TESTER, plan.sponsor, plan.plan, "one key")
    return PayrollStories(plan.db).receive_rows(order, run=header, rows=[row])


@contextmanager
def stopping_at_commit(number: int, side: str) -> Iterator[None]:
    """The process dies at the ``number``-th commit, before or after it."""
    passed = count(1)

    def stop() -> None:
        if next(passed) == number:
            raise Stopped(f"commit {number}")

    arm(f"base.{side}_commit", stop)
    try:
        yield
    finally:
        disarm(f"base.{side}_commit")


def history(plan: Plan) -> list[runs.Run]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return runs.history(tx, tenant_id=plan.sponsor, plan_id=plan.plan)


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("number", range(1, COMMITS + 1))
def test_rows_stopped_at_a_commit_and_sent_again_are_posted_once(plan: Plan, number: int, side: str) -> None:
    who = plan.employee("1003")
    with stopping_at_commit(number, side), pytest.raises(Stopped):
        send(plan, who)
    if (number, side) == (1, "before"):
        assert history(plan) == []  # nothing half done
    again = send(plan, who)
    assert isinstance(again, RunOutcome)
    assert again.state.value == "posted"
    assert [run.status for run in history(plan)] == ["posted"]
    assert books(plan).by_date["1003", "pre_tax", PAY_DATE] == 100_00
    assert_sound(plan)


def test_a_key_stands_for_its_rows_even_if_a_stop_came_after_them(plan: Plan) -> None:
    who = plan.employee("1003")
    with stopping_at_commit(1, "after"), pytest.raises(Stopped):
        send(plan, who)
    refused = send(plan, who, cents=200_00)
    assert isinstance(refused, Refused)
    assert refused.reason is KeyRefusal.KEY_REUSED
    assert [run.status for run in history(plan)] == ["received"]

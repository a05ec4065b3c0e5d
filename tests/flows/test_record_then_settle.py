"""Declarations and student loan payments, stopped, killed and repeated at every point: the books come out the same."""

from datetime import date

from tests.flows.test_declaration import asked, on_last_day, year_of_pay
from tests.flows.test_match_forms import NOTHING, assert_proven, matched, paid
from tests.flows.test_random_years import Machine
from tests.flows.test_student_loans import asked as asked_of_loans
from tests.support.database import START, TESTER, Served, connect
from tests.support.flows import kill_at, run_with_a_stop, stop_points

from open401k import recordkeeping
from open401k.base.db import Database
from open401k.base.steps import FlowResults, unfinished
from open401k.flows import correction
from open401k.flows.declaration import Declared, declare
from open401k.flows.student_loans import Certified, certify
from open401k.kernel import FixedClock, Source

#: Where a process may die: before the books follow, within their entries, around the commit, and in what comes after.
POINTS = (
    "recordkeeping.before_post",
    "ledger.after_lines_before_balances",
    "record_then_settle.before_commit",
    "record_then_settle.after_commit",
    *stop_points(correction.FLOW, correction.STEPS[1:]),
)


def assert_ended(made: Machine) -> None:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        ours = [each for each in unfinished(tx) if (each.tenant_id, each.flow) == (made.sponsor, correction.FLOW)]
        assert ours == []
    assert_proven(made)


def test_a_declaration_survives_a_stop_at_every_point(db: Database) -> None:
    made, _ = year_of_pay(db)
    for number, point in enumerate(POINTS, start=1):  # each declares more than the one before it
        made.at(date(2026, 3, 1 + number))
        declared = asked(made, recordkeeping.Declared(Source.PROFIT_SHARING, rate_bps=100 * number))
        done = run_with_a_stop(point, lambda: declare(made.db, actor=TESTER, declared=declared))  # noqa: B023
        assert isinstance(done, FlowResults), point
        assert on_last_day(made) == {Source.PROFIT_SHARING: number * 200_00}, point
    assert_ended(made)


def test_a_student_loan_payment_survives_a_stop_at_every_point(db: Database) -> None:
    made, who = paid(db, matched(student_loans=True), NOTHING, NOTHING)
    for number, point in enumerate(POINTS, start=1):
        made.at(date(2026, 2, number))
        certified = asked_of_loans(made, who, date(2025, 3, 3), number * 40_00)
        done = run_with_a_stop(point, lambda: certify(made.db, actor=TESTER, certified=certified))  # noqa: B023
        assert isinstance(done, FlowResults), point
        assert on_last_day(made) == {Source.MATCH: number * 20_00}, point
    assert_ended(made)


def elsewhere(url: str, at: str, asked: Declared | Certified) -> None:
    """In a process of its own."""
    with connect(url, FixedClock(START.fromisoformat(at))) as db:
        if isinstance(asked, Declared):
            declare(db, actor=TESTER, declared=asked)
        else:
            certify(db, actor=TESTER, certified=asked)


def test_kill_9_leaves_nothing_half_declared_or_certified(postgres: Served, db: Database) -> None:
    made, _ = year_of_pay(db)
    made.at(date(2026, 3, 2))
    declared = asked(made, recordkeeping.Declared(Source.PROFIT_SHARING, rate_bps=300))
    kill_at(POINTS[1], elsewhere, postgres.urls.app, made.clock.now().isoformat(), declared)
    assert on_last_day(made) == {}
    assert isinstance(declare(made.db, actor=TESTER, declared=declared), FlowResults)
    assert on_last_day(made) == {Source.PROFIT_SHARING: 600_00}
    lent, who = paid(db, matched(student_loans=True), NOTHING, NOTHING)
    lent.at(date(2026, 3, 3))
    certified = asked_of_loans(lent, who, date(2025, 3, 3), 500_00)
    kill_at(POINTS[3], elsewhere, postgres.urls.app, lent.clock.now().isoformat(), certified)
    assert on_last_day(lent) == {Source.MATCH: 250_00}  # committed, and not tested yet
    assert isinstance(certify(lent.db, actor=TESTER, certified=certified), FlowResults)
    assert on_last_day(lent) == {Source.MATCH: 250_00}
    for each in (made, lent):
        assert_ended(each)

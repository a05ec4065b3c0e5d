"""Student loan payments through the real flows: certified in the year and after it, repeated, corrected, late."""

from datetime import date
from typing import Any

from tests.flows.test_declaration import on_last_day
from tests.flows.test_match_forms import DAYS, NOTHING, assert_proven, day_begins, matched, paid
from tests.flows.test_random_years import Machine
from tests.support.database import TESTER

from open401k import recordkeeping
from open401k.base.db import Database
from open401k.base.steps import FlowResults
from open401k.flows.student_loans import Certified, certify
from open401k.kernel import EmployeeId, FlowId, Refused, Source


def asked(made: Machine, who: EmployeeId, paid_on: date, cents: int, loan: str = "") -> Certified:
    payment = recordkeeping.StudentLoanPayment(who, paid_on, cents, made.clock.now().date(), loan)
    return Certified(made.sponsor, made.plan_id, made.db.ids.new(FlowId), payment)


def put(made: Machine, who: EmployeeId, paid_on: date, cents: int, loan: str = "") -> Any:
    return certify(made.db, actor=TESTER, certified=asked(made, who, paid_on, cents, loan))


def test_payments_are_matched_once_when_the_year_is_over(db: Database) -> None:
    made, who = paid(db, matched(student_loans=True), NOTHING, NOTHING)
    made.at(date(2025, 11, 3))
    assert isinstance(put(made, who, date(2025, 3, 3), 500_00), FlowResults)
    assert isinstance(put(made, who, date(2025, 3, 3), 100_00, "the second loan"), FlowResults)
    assert on_last_day(made) == {}
    day_begins(made, date(2026, 1, 2))
    assert on_last_day(made) == {Source.MATCH: 300_00}
    made.at(date(2026, 3, 2))  # half of at most 6 % of 20,000.00
    once = asked(made, who, date(2025, 12, 31), 1_000_00)
    for _ in range(2):
        assert isinstance(certify(made.db, actor=TESTER, certified=once), FlowResults)
        assert on_last_day(made) == {Source.MATCH: 600_00}
    made.at(date(2026, 3, 3))
    put(made, who, date(2025, 3, 3), 0)  # the first one was not theirs
    made.at(date(2026, 3, 4))
    put(made, who, date(2025, 12, 31), 700_00)
    assert on_last_day(made) == {Source.MATCH: 400_00}
    made.send(DAYS[2], {who: NOTHING}, told="a late payroll")
    assert on_last_day(made) == {Source.MATCH: 400_00}
    made.at(date(2026, 4, 1))
    late = put(made, who, date(2025, 6, 2), 100_00)
    assert isinstance(late, Refused)
    assert late.reason is recordkeeping.StudentLoanRefusal.TOO_LATE
    assert_proven(made)

"""Acme in the middle of August: seventeen payrolls, the last one with owners who save far more. Not here: the tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from tests.support.database import TESTER

from open401k.base.db import Database, Tx
from open401k.demo.files import file_name, payroll_csv
from open401k.demo.people import ACME, BIRCH, PAY_DATES, Company
from open401k.demo.setup import takeover_of
from open401k.flows.deposit import deposit_run
from open401k.flows.payroll_intake import Taken, Upload, post_run, settle_columns, take_in
from open401k.flows.plan_takeover import Takeover, take_over
from open401k.kernel import FixedClock, Refused, RunId

AUGUST = date(2026, 8, 14)
PAYROLLS = PAY_DATES.index(AUGUST) + 1
_FIRST = datetime(2026, 1, 2, 12, tzinfo=UTC)


@dataclass
class Seat:
    """One plan of a database with its runs, and the clock that stands where its story ends."""

    db: Database
    clock: FixedClock
    plan: Takeover
    run_ids: list[RunId]

    @contextmanager
    def begin(self, *others: "Seat") -> Iterator[Tx]:
        """A transaction on the sponsor's data, and that of other plans' sponsors, at the story's time."""
        self.db.clock = self.clock
        with self.db.begin(TESTER, tenants=[each.plan.sponsor_id for each in (self, *others)]) as tx:
            yield tx


def taken_over(db: Database, company: Company, clock: FixedClock | None = None) -> Seat:
    """A plan with its people and last year's balances, before its first payroll."""
    clock = clock or FixedClock(_FIRST)
    db.clock = clock
    plan = takeover_of(company, db.ids)
    take_over(db, actor=TESTER, takeover=plan)
    return Seat(db, clock, plan, [])


def paid(seat: Seat, company: Company, periods: range) -> None:
    """Files that come in on their pay dates and are posted; only the last one is projected, as only it is looked at."""
    for period in periods:
        at = datetime.combine(PAY_DATES[period], time(13, tzinfo=UTC))
        seat.clock.advance_to(max(seat.clock.now(), at))
        seat.db.clock = seat.clock
        sponsor, plan_id = seat.plan.sponsor_id, seat.plan.plan_id
        upload = Upload(sponsor, plan_id, file_name(company, period), payroll_csv(company, period), "Summit Payroll")
        taken = take_in(seat.db, actor=TESTER, upload=upload)
        assert isinstance(taken, Taken), taken
        run_id = taken.run.run_id
        if not seat.run_ids:
            settled = settle_columns(seat.db, actor=TESTER, tenant_id=sponsor, run_id=run_id, fields={})
            assert not isinstance(settled, Refused), settled
        result = post_run(seat.db, actor=TESTER, tenant_id=sponsor, run_id=run_id, wait=period == periods[-1])
        assert result.halted is None, result.halted
        seat.run_ids.append(run_id)


def acme_in_august(db: Database) -> Seat:
    """Sixteen payrolls with their deposits, and that of August 14, whose deposit is still to come."""
    seat = taken_over(db, ACME)
    paid(seat, ACME, range(PAYROLLS))
    for period, run_id in enumerate(seat.run_ids[:-1]):
        deposit_run(
            db,
            actor=TESTER,
            tenant_id=seat.plan.sponsor_id,
            plan_id=seat.plan.plan_id,
            run_id=run_id,
            on=PAY_DATES[period],
        )
    return seat


def birch_in_august(db: Database, clock: FixedClock) -> Seat:
    """Another sponsor's plan, which passes, with the same clock: its two last payrolls."""
    seat = taken_over(db, BIRCH, clock)
    paid(seat, BIRCH, range(PAYROLLS - 2, PAYROLLS))
    return seat

"""The first payroll, end to end: a provider's file to posted, tested, projected, alerted."""

from datetime import UTC, datetime

import pytest
from tests.support.database import TESTER

from open401k import compliance, fiduciary, ledger
from open401k.base.db import Database
from open401k.demo.files import file_name, payroll_csv
from open401k.demo.people import ACME, PAY_DATES_2026
from open401k.demo.setup import takeover_of
from open401k.flows.payroll_intake import Upload, post_run, settle_columns, take_in
from open401k.flows.plan_takeover import Takeover, take_over
from open401k.flows.verify import verify
from open401k.kernel import FixedClock, Refused


@pytest.fixture
def acme(db: Database) -> Takeover:
    takeover = takeover_of(ACME, db.ids)
    take_over(db, actor=TESTER, takeover=takeover)
    return takeover


def pay(db: Database, clock: FixedClock, acme: Takeover, period: int) -> None:
    day = PAY_DATES_2026[period]
    clock.advance_to(datetime(day.year, day.month, day.day, 17, period, tzinfo=UTC))
    upload = Upload(
        acme.sponsor_id, acme.plan_id, file_name(ACME, period), payroll_csv(ACME, period), provider="Summit Payroll"
    )
    taken = take_in(db, actor=TESTER, upload=upload)
    assert not isinstance(taken, Refused), taken
    if taken.run.status == "needs_mapping":
        taken = settle_columns(db, actor=TESTER, tenant_id=acme.sponsor_id, run_id=taken.run.run_id, fields={})
        assert not isinstance(taken, Refused), taken
    result = post_run(db, actor=TESTER, tenant_id=acme.sponsor_id, run_id=taken.run.run_id)
    assert result.halted is None, (result.halted, dict(result))


def test_seventeen_payrolls_are_posted_and_the_sponsor_hears_in_august(
    db: Database, clock: FixedClock, acme: Takeover
) -> None:
    clock.advance_to(datetime(2026, 1, 5, 16, 0, tzinfo=UTC))
    for period in range(1, 17):
        pay(db, clock, acme, period)
    with db.begin(TESTER, tenants=[acme.sponsor_id]) as tx:
        tested = compliance.latest(tx, tenant_id=acme.sponsor_id, plan_id=acme.plan_id)
        assert tested is not None
        for result in tested.results:
            print(result.test, result.status, result.measured, result.limit, result.explanation)
        alerts = fiduciary.open_alerts(tx, tenant_id=acme.sponsor_id, plan_id=acme.plan_id)
        for alert in alerts:
            print(alert)
        forecast = compliance.latest_forecast(tx, tenant_id=acme.sponsor_id, plan_id=acme.plan_id)
        assert forecast is not None
        for cure in forecast.cures:
            print(cure.kind, cure.standing, cure.employer_cost_cents, cure.decide_by, cure.explanation)
        balances = ledger.balances(tx, tenant_id=acme.sponsor_id, plan_id=acme.plan_id)
        print(balances.total(ledger.Kind.PARTICIPANT), balances.total(ledger.Kind.EMPLOYER_RECEIVABLE))
    assert [alert.test for alert in alerts] == ["adp"]
    proof = verify(db, actor=TESTER, tenants=[acme.sponsor_id])
    assert proof.problems == []
    print(proof.counts)

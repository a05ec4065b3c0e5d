"""The story of the sandbox: what it tells, and that its books are proved at the end."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.support import foretold
from tests.support.database import TESTER, Served

from open401k import compliance, fiduciary
from open401k.base.sandbox import SandboxClock
from open401k.demo import story
from open401k.flows.verify import verify
from open401k.kernel import FixedClock


@pytest.fixture(scope="module", autouse=True)
def foretold_once() -> Iterator[None]:
    """With as many year-ends as people get who start it."""
    with foretold.once():
        yield


def test_the_story_ends_with_an_alert_for_one_plan_and_none_for_the_other(postgres: Served, tmp_path: Path) -> None:
    wall = FixedClock(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    clock = SandboxClock(tmp_path / "clock", start=story.STARTS_AT, wall=wall)
    postgres.db.clock = clock
    told: list[str] = []
    sandbox = story.Sandbox(postgres.db, clock, TESTER, world="test of the story")
    seats = story.set_up(sandbox, told.append)
    story.advance(sandbox, datetime(2026, 8, 14, 20, 0, tzinfo=UTC), told.append)
    # Acme is top-heavy by its balances of 2025, and told so with its first payroll.
    first_told = {"adp": date(2026, 8, 14), "top_heavy": date(2026, 1, 2)}
    for seat, tests in zip(seats, (["adp", "top_heavy"], []), strict=True):
        with postgres.db.begin(TESTER, tenants=[seat.tenant_id]) as tx:
            alerts = fiduciary.open_alerts(tx, tenant_id=seat.tenant_id, plan_id=seat.plan_id)
            assert [alert.test for alert in alerts] == tests
            assert all(alert.raised_at.date() == first_told[alert.test] for alert in alerts)
            latest = compliance.latest(tx, tenant_id=seat.tenant_id, plan_id=seat.plan_id)
            assert latest is not None
            assert latest.of(compliance.TestId.ADP).status is compliance.Status.PASS
        assert verify(postgres.db, actor=TESTER, tenants=[seat.tenant_id]).problems == []
    acme = seats[0]
    story.advance(sandbox, datetime(2026, 12, 31, 20, 0, tzinfo=UTC), told.append)
    with postgres.db.begin(TESTER, tenants=[acme.tenant_id]) as tx:
        latest = compliance.latest(tx, tenant_id=acme.tenant_id, plan_id=acme.plan_id)
        assert latest is not None
        adp = latest.of(compliance.TestId.ADP)
        assert (adp.status, adp.measured, adp.limit) == (compliance.Status.FAIL, 750, 522)
    story.advance(sandbox, datetime(2027, 1, 4, 20, 0, tzinfo=UTC), told.append)
    with postgres.db.begin(TESTER, tenants=[acme.tenant_id]) as tx:
        alerts = fiduciary.open_alerts(tx, tenant_id=acme.tenant_id, plan_id=acme.plan_id)
    adp_alert = next(alert for alert in alerts if alert.test == "adp")
    assert adp_alert.title == "The ADP test of 2026 failed"
    assert "averaged 7.50 % against a limit of 5.22 %" in adp_alert.text
    assert adp_alert.decide_by == date(2027, 3, 15)
    refused = [line for line in told if "No figures on file for 2027" in line]
    assert len(refused) == 4, "each plan's first payroll and tests of 2027 wait for the figures"
    assert verify(postgres.db, actor=TESTER, tenants=[seat.tenant_id for seat in seats]).problems == []

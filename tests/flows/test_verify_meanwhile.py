"""Verification reads one snapshot: a payroll posts while it runs, and what it proves is from before, whole."""

import threading

import psycopg
import pytest
from tests.flows.bookkeeping import Plan, acme, assert_sound
from tests.support.database import TESTER

from open401k.base.db import Database, Tx
from open401k.flows import verify as verification
from open401k.flows.proof import Proof
from open401k.flows.verify import CHECKS, check_audit, verify
from open401k.kernel import FixedClock, SponsorId

#: What a payroll may take at the very most, on a busy machine; one that waits for a lock never ends.
PATIENCE_SECONDS = 60


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    plan = acme(db, clock)
    plan.pay(1, wait=True)
    return plan


def test_a_payroll_posts_while_verification_runs_and_both_hold(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    before = verify(plan.db, actor=TESTER, tenants=[plan.sponsor])
    posted: list[bool] = []

    def pay_in_between(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
        payroll = threading.Thread(target=lambda: plan.pay(2, wait=True), daemon=True)
        payroll.start()
        payroll.join(timeout=PATIENCE_SECONDS)
        posted.append(not payroll.is_alive())

    # After the audit trail and before the books: half of the checks come before the payroll, half after it.
    assert CHECKS[0] is check_audit
    monkeypatch.setattr(verification, "CHECKS", (CHECKS[0], pay_in_between, *CHECKS[1:]))
    meanwhile = verify(plan.db, actor=TESTER, tenants=[plan.sponsor])
    monkeypatch.undo()
    assert posted == [True], "the payroll waited for verification"
    assert meanwhile.problems == []
    assert meanwhile.counts == before.counts
    after = verify(plan.db, actor=TESTER, tenants=[plan.sponsor])
    assert after.problems == []
    assert after.counts["entries"] > before.counts["entries"]
    assert_sound(plan)


def test_a_snapshot_stands_still_and_writes_nothing(db: Database, tenant: SponsorId) -> None:
    """Two readings agree whatever is committed in between; the connection's next user may write again."""

    def opened(tx: Tx) -> int:
        return int(tx.one("select event_no from base.head where tenant_id = %s", [tenant])[0])

    change = "update base.head set event_no = event_no + 1 where tenant_id = %s"
    with db.begin(TESTER, tenants=[tenant], snapshot=True) as tx:
        first = opened(tx)
        with db.begin(TESTER, tenants=[tenant]) as other:
            other.run(change, [tenant])
        assert opened(tx) == first
    with db.begin(TESTER, tenants=[tenant]) as tx:
        assert opened(tx) == first + 1
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), db.begin(TESTER, tenants=[tenant], snapshot=True) as tx:
        tx.run(change, [tenant])


def test_a_snapshot_sees_its_tenants_only(db: Database, tenant: SponsorId) -> None:
    with db.begin(TESTER, tenants=[], snapshot=True) as tx:
        assert tx.rows("select 1 from base.head where tenant_id = %s", [tenant]) == []

"""The books proved from the facts: balances, entitlements, tests, audit chain. Finds damage, mends nothing."""

from collections.abc import Sequence
from datetime import date

from open401k import census, compliance, fiduciary, ledger, payroll, plan, recordkeeping
from open401k.base import audit
from open401k.base.db import ALL_TENANTS, Actor, Database, Tx
from open401k.kernel import PlanId, SponsorId

from .proof import Problem, Proof
from .verify_forfeitures import check_forfeitures
from .verify_healed import check_healed
from .verify_loans import check_loans
from .verify_rollovers import check_rollovers
from .verify_told import check_elections, check_outbox, check_pay, check_remittances


def verify(db: Database, *, actor: Actor, tenants: Sequence[SponsorId] | None = None) -> Proof:
    """Recompute everything of these sponsors (of all, unless named), each from one snapshot of its books.

    Nothing is locked: payrolls post meanwhile. A posting is one transaction, so a snapshot holds all of it or nothing,
    and nothing is half way between two checks.
    """
    proof = Proof()
    with db.begin(actor, tenants=ALL_TENANTS) as tx:
        every = [sponsor.sponsor_id for sponsor in plan.list_sponsors(tx)]
    for tenant_id in every if tenants is None else tenants:
        with db.begin(actor, tenants=[tenant_id], snapshot=True) as tx:
            tx.kept = None  # what is proven is the database, not what this process remembers of it
            proof.count("sponsors")
            for check in CHECKS:
                check(tx, tenant_id, proof)
    return proof


def check_audit(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """The audit chain holds from its first row to the head."""
    for found in audit.verify(tx, tenant_id=tenant_id):
        proof.problems.append(Problem(str(tenant_id), "audit", found.damage, f"record {found.audit_no}", found.message))


def check_ledger(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """Balances are the sums of lines, entries carry their hashes, nothing is missing."""
    checked = ledger.verify(tx, tenant_id=tenant_id)
    proof.count("accounts", checked.accounts)
    proof.count("entries", checked.entries)
    proof.count("lines", checked.lines)
    for damage in checked.damage:
        message = f"found {damage.found}, expected {damage.expected}"
        proof.problems.append(Problem(str(tenant_id), "ledger", damage.kind, damage.where, message))


def check_entitlements(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """What the facts entitle everybody to is what is posted, for every pay date."""
    for each in plan.list_plans(tx, tenant_id=tenant_id):
        proof.count("plans")
        _check_plan(tx, tenant_id, each.plan_id, proof)


def _check_plan(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, proof: Proof) -> None:
    dates = [run.pay_date for run in census.pay_runs(tx, tenant_id=tenant_id, plan_id=plan_id)]
    if not dates:
        return
    scope = recordkeeping.Scope(tenant_id, plan_id, min(dates), date.max)
    for should_be, posted in recordkeeping.compare(tx, scope=scope):
        proof.count("entitlements", len(should_be.employee_ids) * len(should_be.pay_dates))
        for (source, reason), cents in recordkeeping.difference(should_be, posted).items():
            for place, period in zip(*cents.nonzero(), strict=True):
                where = f"{should_be.employee_ids[place]} {should_be.pay_dates[period]} {source}"
                held = f" held as {reason}" if reason else ""
                message = f"{int(cents[place, period])} cents are missing in the books{held}"
                proof.problems.append(Problem(str(tenant_id), "recordkeeping", "entitlement", where, message))


def check_suspense(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """Every cent in suspense has a reason on file."""
    for each in plan.list_plans(tx, tenant_id=tenant_id):
        held = recordkeeping.held_cents(tx, tenant_id=tenant_id, plan_id=each.plan_id)
        balance = ledger.balances(tx, tenant_id=tenant_id, plan_id=each.plan_id).total(ledger.Kind.SUSPENSE)
        if held != balance:
            message = f"suspense holds {balance} cents, reasons are on file for {held}"
            proof.problems.append(Problem(str(tenant_id), "recordkeeping", "suspense", str(each.plan_id), message))


def check_tests(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """Every stored test follows from the facts as they were known then."""
    for found in compliance.verify_runs(tx, tenant_id=tenant_id):
        where = f"{found.run_id} {found.test or ''}".strip()
        message = f"stored {found.stored}, recomputed {found.recomputed}"
        proof.problems.append(Problem(str(tenant_id), "compliance", "test", where, message))


def check_files(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """Every file that was sent is still the bytes that were sent."""
    files, broken = payroll.files.verify(tx, tenant_id=tenant_id)
    proof.count("files", files)
    for file_id, message in broken:
        proof.problems.append(Problem(str(tenant_id), "payroll", "file", str(file_id), message))


def check_alerts(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """The newest forecast follows from the facts of its run, and every open alert says what its forecast says."""
    for each in plan.list_plans(tx, tenant_id=tenant_id):
        for difference in compliance.verify_forecast(tx, tenant_id=tenant_id, plan_id=each.plan_id):
            message = f"stored {difference.stored}, recomputed {difference.recomputed}"
            proof.problems.append(Problem(str(tenant_id), "compliance", "forecast", str(difference.run_id), message))
    for alert in fiduciary.open_alerts(tx, tenant_id=tenant_id):
        proof.count("alerts")
        if not fiduciary.follows(tx, tenant_id=tenant_id, alert=alert):
            message = "what it says is not what its forecast says"
            proof.problems.append(Problem(str(tenant_id), "fiduciary", "alert", str(alert.alert_id), message))


CHECKS = (
    check_audit,
    check_ledger,
    check_entitlements,
    check_suspense,
    check_tests,
    check_files,
    check_pay,
    check_elections,
    check_remittances,
    check_outbox,
    check_alerts,
    check_healed,
    check_forfeitures,
    check_loans,
    check_rollovers,
)

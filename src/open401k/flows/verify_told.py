"""Pay lines, elections, remittances, events against what the audit trail says of them. Finds damage, mends nothing."""

from typing import Any

from open401k import census, payroll, plan, recordkeeping
from open401k.base import audit, messages
from open401k.base.db import Tx
from open401k.kernel import SponsorId
from open401k.payroll import runs

from .proof import Problem, Proof


def check_pay(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """Every pay line is what was recorded: hours and FICA wages, from which nothing is posted, too."""
    for run_id, message in census.changed_lines(tx, tenant_id=tenant_id):
        proof.problems.append(Problem(str(tenant_id), "census", "pay_line", str(run_id), message))


def check_elections(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """Every election is what was recorded; what payroll withheld otherwise is derived from them, and stored nowhere."""
    for each in plan.list_plans(tx, tenant_id=tenant_id):
        for message in recordkeeping.changed_elections(tx, tenant_id=tenant_id, plan_id=each.plan_id):
            proof.problems.append(Problem(str(tenant_id), "recordkeeping", "election", str(each.plan_id), message))


def check_remittances(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """What is due for each posted run is what the audit trail says was told when it was posted."""
    for each in plan.list_plans(tx, tenant_id=tenant_id):
        due = {
            str(one.run_id): one for one in payroll.remittance.recorded(tx, tenant_id=tenant_id, plan_id=each.plan_id)
        }
        for run in runs.history(tx, tenant_id=tenant_id, plan_id=each.plan_id):
            told = _told_when_posted(tx, tenant_id, str(run.run_id))
            one = due.pop(str(run.run_id), None)
            found = one and {
                "employee_cents": one.employee_cents, "employer_cents": one.employer_cents,
                "due_on": one.due_on.isoformat(), "forfeiture_cents": one.forfeiture_cents,
                "loan_cents": one.loan_cents,
            }  # fmt: skip
            proof.count("remittances", one is not None)
            expected = told and {name: told[name] for name in ("employee_cents", "employer_cents", "due_on")} | {
                name: told.get(name, 0) for name in ("forfeiture_cents", "loan_cents")
            }
            if found != expected:
                message = f"stored {found}, told {expected}"
                proof.problems.append(Problem(str(tenant_id), "payroll", "remittance", str(run.run_id), message))
        for run_id in due:
            proof.problems.append(
                Problem(str(tenant_id), "payroll", "remittance", run_id, "of a run that is not there")
            )


def _told_when_posted(tx: Tx, tenant_id: SponsorId, run_id: str) -> dict[str, Any] | None:
    for entry in audit.entries(tx, tenant_id=tenant_id, subject=run_id):
        if entry.action == "payroll.posted" and isinstance(entry.after, dict):
            return entry.after
    return None


def check_outbox(tx: Tx, tenant_id: SponsorId, proof: Proof) -> None:
    """Events are numbered without a gap up to the head; a posted payroll told the outside what the audit trail says."""
    expected, last = 1, messages.newest_cursor(tx, tenant_id=tenant_id)
    while page := messages.read_after(tx, tenant_id=tenant_id, cursor=expected - 1, limit=1_000):
        for event in page:
            if event.cursor != expected:
                message = f"event {expected} is missing"
                proof.problems.append(Problem(str(tenant_id), "base", "event", str(event.cursor), message))
            if event.kind == "payroll.posted" and event.data != _told_when_posted(tx, tenant_id, event.subject):
                message = "it does not say what the audit trail says"
                proof.problems.append(Problem(str(tenant_id), "base", "event", str(event.cursor), message))
            expected = event.cursor + 1
        proof.count("events", len(page))
    if expected != last + 1:
        message = f"the last event is {expected - 1}, the head says {last}"
        proof.problems.append(Problem(str(tenant_id), "base", "event", str(last), message))

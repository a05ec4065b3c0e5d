"""What a payroll that a provider told is to become now: rows of a run, nothing any more, or a wait for a person.

Not here: the runs (provider_payrolls.py).
"""

from dataclasses import dataclass
from typing import Any

from open401k import payroll
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, RunId
from open401k.payroll import connections, pulled, runs
from open401k.payroll.providers import PayrollKind, ProviderPayroll
from open401k.payroll.pulled import Version
from open401k.payroll.pulled_rows import Waits, rows_of, waiting

Waiting = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ready:
    """A payroll told, and what it became: the run before it, the reversals that go into it."""

    version: Version[ProviderPayroll]
    replaces: RunId | None
    reversals: tuple[Version[ProviderPayroll], ...]
    rows: list[payroll.PayrollRow]


def ready_of(tx: Tx, of: connections.Connection, provider_id: str) -> Ready | Waiting | None:
    """A payroll as it is to be posted now; None where it is done with, or goes along with the one that it reverses."""
    version = pulled.payroll_of(tx, of=of, provider_id=provider_id)
    if version is None:
        raise LookupError(f"{provider_id} was never told")
    told = version.told
    if told.pay_date < of.since:
        done_with(tx, of, version, None)
        return None
    if told.kind is PayrollKind.WITHDRAWN:
        return _withdrawn(tx, of, version)
    if told.kind is PayrollKind.REVERSAL:
        original = pulled.payroll_of(tx, of=of, provider_id=told.reverses) if told.reverses else None
        return None if original is not None else waiting(told, "reversal_alone", *_ALONE)
    reversals = [pulled.payroll_of(tx, of=of, provider_id=each) for each in told.reversed_by]
    if None in reversals:
        return waiting(told, "reversal_missing", "Its reversal is not told yet.", "It is asked again by itself.")
    known = tuple(each for each in reversals if each is not None)
    rows = rows_of(told, reversals=[each.told for each in known], who=_employees(tx, of))
    if isinstance(rows, Waits):
        return waiting(told, rows.why, rows.message, rows.fix)
    before = pulled.became(tx, of=of, kind=pulled.PAYROLL).get(provider_id)
    return Ready(version, _posted_before(tx, of, before), known, rows)


def _withdrawn(tx: Tx, of: connections.Connection, version: Version[ProviderPayroll]) -> Waiting | None:
    """A payroll that is there no more: what is in the books of it waits for a person, who takes it back or asks why.

    A list that leaves one out may be a fault of the provider, so no money moves by it alone.
    """
    before = pulled.became(tx, of=of, kind=pulled.PAYROLL).get(version.told.provider_id)
    run = runs.get(tx, tenant_id=of.tenant_id, run_id=before.run_id) if before and before.run_id else None
    if run is None or run.status != runs.Status.POSTED or run.replaced_by is not None:
        done_with(tx, of, version, None)
        return None
    message = (
        f"The payroll of {version.told.pay_date} is not at {of.provider.title()} any more; {run.run_id} posted it."
    )
    return {**waiting(version.told, "payroll_gone", message, _GONE), "run_id": str(run.run_id)}


_GONE = (
    "If it was deleted or canceled there, take its run back: send a payroll of no contributions that replaces it. "
    "If it was not, ask the provider; once it is listed again this ends by itself."
)
_ALONE = (
    "A reversal came of a payroll that the provider did not tell.",
    "Correct that payroll's run by hand: upload it again without what was reversed.",
)


def _posted_before(tx: Tx, of: connections.Connection, before: pulled.Became | None) -> RunId | None:
    """The run that a telling before this one is in the books with."""
    if before is None or before.run_id is None:
        return None
    run = runs.get(tx, tenant_id=of.tenant_id, run_id=before.run_id)
    return run.run_id if run.status == runs.Status.POSTED else None


def _employees(tx: Tx, of: connections.Connection) -> dict[str, EmployeeId]:
    became = pulled.became(tx, of=of, kind=pulled.PERSON).items()
    return {provider_id: each.employee_id for provider_id, each in became if each.employee_id}


def done_with(tx: Tx, of: connections.Connection, version: Version[ProviderPayroll], run_id: RunId | None) -> None:
    """This telling is done with: it is in a run, or goes nowhere."""
    told, number = version.told, version.version_no
    pulled.done(tx, of=of, kind=pulled.PAYROLL, provider_id=told.provider_id, version_no=number, run_id=run_id)

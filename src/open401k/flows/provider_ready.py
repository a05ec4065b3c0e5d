"""What a payroll that a provider told is to become now: rows of a run, nothing any more, or a wait for a person.

Not here: the runs (provider_payrolls.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from open401k import payroll
from open401k.base import heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, RunId
from open401k.payroll import connections, pulled, runs
from open401k.payroll.providers import PayrollKind, ProviderPayroll
from open401k.payroll.pulled import Version
from open401k.payroll.pulled_rows import Waits, Why, not_on_roster, rows_of, waiting

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
        return _reversal(tx, of, version)
    reversals = [pulled.payroll_of(tx, of=of, provider_id=each) for each in told.reversed_by]
    if None in reversals:
        return waiting(told, "reversal_missing", "Its reversal is not told yet.", "It is asked again by itself.")
    known = tuple(each for each in reversals if each is not None)
    reversed_by = [each.told for each in known]
    rows = rows_of(told, reversals=reversed_by, who=_employees(tx, of), employer_ein=of.employer_ein)
    if isinstance(rows, Waits):
        strange = rows.why is Why.PERSON_UNKNOWN and not_on_roster(told, pulled.told_people(tx, of=of))
        why = strange or rows
        return waiting(told, why.why, why.message, why.fix)
    before = _runs_of(tx, of, provider_id)
    if (same := _as_posted(tx, of, told, before)) is not None:
        done_with(tx, of, version, same)
        return None
    _close(tx, of, [run for run in before if _version(run) < version.version_no], _TOLD_ANEW)
    return Ready(version, _posted_before(before), known, rows)


def _reversal(tx: Tx, of: connections.Connection, version: Version[ProviderPayroll]) -> Waiting | None:
    """It goes along with what it reverses. Told anew once that is done with, it waits for a person, never unseen."""
    told = version.told
    original = pulled.payroll_of(tx, of=of, provider_id=told.reverses) if told.reverses else None
    if original is None:
        return waiting(told, "reversal_alone", *_ALONE)
    if pulled.waits(tx, of=of, provider_id=told.reverses) or not pulled.waits(tx, of=of, provider_id=told.provider_id):
        return None
    run = _standing(_runs_of(tx, of, told.reverses))
    if run is None or run.told is None:  # nothing of it is in the books, or a person corrected it by hand
        done_with(tx, of, version, None)
        return None
    return waiting(told, "reversal_anew", f"It was told otherwise than {run.run_id} posted it.", _ALONE[1])


def _standing(known: Sequence[runs.Run]) -> runs.Run | None:
    return next((run for run in reversed(known) if run.status == runs.Status.POSTED and run.replaced_by is None), None)


def _as_posted(tx: Tx, of: connections.Connection, told: ProviderPayroll, before: Sequence[runs.Run]) -> RunId | None:
    """The last run of a payroll, where it stands in the books as it is told now."""
    last = before[-1] if before else None
    if last is None or last.told is None or told.reversed_by or last.status != runs.Status.POSTED or last.replaced_by:
        return None
    same = pulled.told_as(tx, of=of, told=told, version_no=last.told.version)
    return last.run_id if same else None


def _withdrawn(tx: Tx, of: connections.Connection, version: Version[ProviderPayroll]) -> Waiting | None:
    """A payroll that is there no more: what is in the books of it waits for a person, who takes it back or asks why.

    What is not in the books yet is closed, so that nobody posts it later: a payroll that comes back is another run. A
    list that leaves one out may be a fault of the provider, so no money moves by it alone.
    """
    known = _runs_of(tx, of, version.told.provider_id)
    _close(tx, of, known, f"It is not at {of.provider.title()} any more: deleted or canceled there.")
    run = _standing(known)
    if run is None:
        done_with(tx, of, version, None)
        return None
    message = (
        f"The payroll of {version.told.pay_date} is not at {of.provider.title()} any more; {run.run_id} posted it."
    )
    return {**waiting(version.told, "payroll_gone", message, _GONE), "run_id": str(run.run_id)}


def _runs_of(tx: Tx, of: connections.Connection, told_id: str) -> list[runs.Run]:
    """What every telling of a payroll became, also those of a pull that was cut short; nothing is posted meanwhile."""
    heads.lock(tx, tenant_id=of.tenant_id)
    return runs.of_payroll(tx, tenant_id=of.tenant_id, connection_id=of.connection_id, told_id=told_id)


def _version(run: runs.Run) -> int:
    return run.told.version if run.told else 0


def _close(tx: Tx, of: connections.Connection, known: Sequence[runs.Run], why: str) -> None:
    for run in known:
        runs.cancel(tx, tenant_id=of.tenant_id, run=run, why=why)


_TOLD_ANEW = "The provider told another version of this payroll, which takes its place."
_GONE = (
    "If it was deleted or canceled there, take its run back: send a payroll of no contributions that replaces it. "
    "If it was not, ask the provider; once it is listed again this ends by itself."
)
_ALONE = (
    "A reversal came of a payroll that the provider did not tell.",
    "Correct that payroll's run by hand: upload it again without what was reversed.",
)


def _posted_before(known: Sequence[runs.Run]) -> RunId | None:
    """The run that a telling before this one is in the books with; one that others replaced is refused as such."""
    posted = [run for run in known if run.status == runs.Status.POSTED]
    standing = [run for run in posted if run.replaced_by is None] or posted
    return standing[-1].run_id if standing else None


def _employees(tx: Tx, of: connections.Connection) -> dict[str, EmployeeId]:
    became = pulled.became(tx, of=of, kind=pulled.PERSON).items()
    return {provider_id: each.employee_id for provider_id, each in became if each.employee_id}


def done_with(tx: Tx, of: connections.Connection, version: Version[ProviderPayroll], run_id: RunId | None) -> None:
    """This telling is done with: it is in a run, or goes nowhere."""
    told, number = version.told, version.version_no
    pulled.done(tx, of=of, kind=pulled.PAYROLL, provider_id=told.provider_id, version_no=number, run_id=run_id)

"""What a provider took back: a payroll that is there no more, a reversal; and the runs that a payroll became.

Not here: what a payroll is to become (provider_ready.py).
"""

from collections.abc import Sequence
from typing import Any

from open401k.base import heads
from open401k.base.db import Tx
from open401k.kernel import RunId
from open401k.payroll import connections, pulled, runs
from open401k.payroll.providers import ProviderPayroll
from open401k.payroll.pulled import Version
from open401k.payroll.pulled_rows import waiting

Waiting = dict[str, Any]


def withdrawn(tx: Tx, of: connections.Connection, version: Version[ProviderPayroll]) -> Waiting | None:
    """A payroll that is there no more: what is in the books of it waits for a person, who takes it back or asks why.

    What is not in the books yet is closed, so that nobody posts it later: a payroll that comes back is another run. A
    list that leaves one out may be a fault of the provider, so no money moves by it alone.
    """
    known = runs_of(tx, of, version.told.provider_id)
    close(tx, of, known, f"It is not at {of.provider.title()} any more: deleted or canceled there.")
    run = standing(known)
    if run is None:
        done_with(tx, of, version, None)
        return None
    message = (
        f"The payroll of {version.told.pay_date} is not at {of.provider.title()} any more; {run.run_id} posted it."
    )
    return {**waiting(version.told, "payroll_gone", message, _GONE), "run_id": str(run.run_id)}


def reversal(tx: Tx, of: connections.Connection, version: Version[ProviderPayroll]) -> Waiting | None:
    """It goes along with what it reverses. Told anew once that is done with, it waits for a person, never unseen."""
    told = version.told
    original = pulled.payroll_of(tx, of=of, provider_id=told.reverses) if told.reverses else None
    if original is None:
        return waiting(told, "reversal_alone", *_ALONE)
    if pulled.waits(tx, of=of, provider_id=told.reverses) or not pulled.waits(tx, of=of, provider_id=told.provider_id):
        return None
    run = standing(runs_of(tx, of, told.reverses))
    if run is None or run.told is None:  # nothing of it is in the books, or a person corrected it by hand
        done_with(tx, of, version, None)
        return None
    said = f"A reversal of the payroll of {original.told.pay_date} was told otherwise than {run.run_id} posted it."
    return {**waiting(told, "reversal_anew", said, _BY_HAND), "run_id": str(run.run_id)}


def standing(known: Sequence[runs.Run]) -> runs.Run | None:
    """The run that is in the books, of all that a payroll became."""
    return next((run for run in reversed(known) if run.status == runs.Status.POSTED and run.replaced_by is None), None)


def runs_of(tx: Tx, of: connections.Connection, told_id: str) -> list[runs.Run]:
    """What every telling of a payroll became, also those of a pull that was cut short; nothing is posted meanwhile."""
    heads.lock(tx, tenant_id=of.tenant_id)
    return runs.of_payroll(tx, tenant_id=of.tenant_id, connection_id=of.connection_id, told_id=told_id)


def close(tx: Tx, of: connections.Connection, known: Sequence[runs.Run], why: str) -> None:
    """Nobody posts these any more."""
    for run in known:
        runs.cancel(tx, tenant_id=of.tenant_id, run=run, why=why)


def done_with(tx: Tx, of: connections.Connection, version: Version[ProviderPayroll], run_id: RunId | None) -> None:
    """This telling is done with: it is in a run, or goes nowhere."""
    told, number = version.told, version.version_no
    pulled.done(tx, of=of, kind=pulled.PAYROLL, provider_id=told.provider_id, version_no=number, run_id=run_id)


_GONE = (
    "If it was deleted or canceled there, take its run back: send a payroll of no contributions that replaces it. "
    "If it was not, ask the provider; once it is listed again this ends by itself."
)
_BY_HAND = "Correct that payroll's run by hand: upload it again without what was reversed."
_ALONE = ("A reversal came of a payroll that the provider did not tell.", _BY_HAND)

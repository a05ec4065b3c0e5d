"""Payrolls that a provider told go into runs, each once; a reversed or corrected one corrects its run.

Not here: asking the provider (provider_pull.py), what a run does (payroll_run.py).
"""

from dataclasses import dataclass
from typing import Any

from open401k import payroll
from open401k.base.db import Actor, Database, Tx
from open401k.base.faults import fault
from open401k.kernel import EmployeeId, Refused, RunId
from open401k.payroll import connections, pulled, runs
from open401k.payroll.providers import PayrollKind, ProviderPayroll
from open401k.payroll.pulled import Version
from open401k.payroll.pulled_rows import Waits, codes_of, rows_of, waiting

from .payroll_intake import Upload, post_run, take_rows
from .payroll_keys import Claim, content_of

Waiting = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ready:
    """A payroll told, and what it became: the run before it, the reversals that go into it."""

    version: Version[ProviderPayroll]
    replaces: RunId | None
    reversals: tuple[Version[ProviderPayroll], ...]
    rows: list[payroll.PayrollRow]


def settle_payrolls(db: Database, *, actor: Actor, of: connections.Connection) -> tuple[list[RunId], list[Waiting]]:
    """Every payroll that waits, oldest first; the runs made or carried on, and what waits for a person."""
    with db.begin(actor, tenants=[of.tenant_id]) as tx:
        ids = [each.told.provider_id for each in pulled.waiting_payrolls(tx, of=of)]
        unposted = _unposted(tx, of)
    made: list[RunId] = []
    waits: list[Waiting] = []
    for run_id in unposted:  # held up by something that may have been settled meanwhile
        waits += _posted(db, actor, of, run_id)
    for provider_id in ids:
        with db.begin(actor, tenants=[of.tenant_id]) as tx:
            ready = _ready(tx, of, provider_id)
        outcome = ready if isinstance(ready, dict) or ready is None else _run(db, actor, of, ready)
        if isinstance(outcome, RunId):
            made.append(outcome)
            waits += _standing(db, actor, of, outcome)
        elif outcome is not None:
            waits.append(outcome)
    return made, waits


def _posted(db: Database, actor: Actor, of: connections.Connection, run_id: RunId) -> list[Waiting]:
    post_run(db, actor=actor, tenant_id=of.tenant_id, run_id=run_id)
    return _standing(db, actor, of, run_id)


def _standing(db: Database, actor: Actor, of: connections.Connection, run_id: RunId) -> list[Waiting]:
    """What a run waits for, if it is not in the books."""
    with db.begin(actor, tenants=[of.tenant_id]) as tx:
        run = runs.get(tx, tenant_id=of.tenant_id, run_id=run_id)
    if run.status == runs.Status.POSTED:
        return []
    message = f"The run of {run.announced} is {run.status.replace('_', ' ')}."
    fix = "Open the run: each of its findings says what to do."
    return [{"what": "run", "run_id": str(run_id), "why": run.status, "message": message, "fix": fix}]


def _unposted(tx: Tx, of: connections.Connection) -> list[RunId]:
    """Runs that were held up, but for those of payrolls that are at the provider no more."""
    became = pulled.became(tx, of=of, kind=pulled.PAYROLL)
    gone = {
        each.told.provider_id for each in pulled.waiting_payrolls(tx, of=of) if each.told.kind is PayrollKind.WITHDRAWN
    }
    found = {each.run_id for provider_id, each in became.items() if each.run_id and provider_id not in gone}
    known = [runs.get(tx, tenant_id=of.tenant_id, run_id=run_id) for run_id in sorted(found)]
    return [run.run_id for run in known if run.status != runs.Status.POSTED]


def _ready(tx: Tx, of: connections.Connection, provider_id: str) -> Ready | Waiting | None:
    """A payroll as it is to be posted now; None where it is done with, or goes along with the one that it reverses."""
    version = pulled.payroll_of(tx, of=of, provider_id=provider_id)
    if version is None:
        raise LookupError(f"{provider_id} was never told")
    told = version.told
    if told.pay_date < of.since:
        _done(tx, of, version, None)
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
        _done(tx, of, version, None)
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


def _run(db: Database, actor: Actor, of: connections.Connection, ready: Ready) -> RunId | Waiting:
    """Into a run by a key of this telling, so that a repeat is the same run; then posted as any other payroll."""
    told = ready.version.told
    upload = _upload(of, ready)
    key = f"{of.connection_id}/{told.provider_id}/{ready.version.version_no}"
    taken = take_rows(db, actor=actor, upload=upload, claim=Claim(key, upload.content))
    fault("provider_pull.taken")
    if isinstance(taken, Refused):
        return waiting(told, str(taken.reason), taken.message, taken.fix)
    run_id = taken.run.run_id
    post_run(db, actor=actor, tenant_id=of.tenant_id, run_id=run_id)
    fault("provider_pull.posted")
    with db.begin(actor, tenants=[of.tenant_id]) as tx:
        for version in (ready.version, *ready.reversals):
            _done(tx, of, version, run_id)
    return run_id


def _upload(of: connections.Connection, ready: Ready) -> Upload:
    """The API's own body: from here on the payroll goes where every other goes."""
    told, rows = ready.version.told, ready.rows
    days: dict[str, Any] = {each: getattr(told, each) for each in ("pay_date", "period_start", "period_end")}
    body = payroll.as_json(rows, **days, codes=codes_of(told))
    said = payroll.Said({payroll.ROWS: len(rows)} if rows else {}, no_contributions=not rows)
    name = f"{of.provider.title()} {told.pay_date} {told.provider_id}.json"
    how: dict[str, Any] = {"announced": told.pay_date, "replaces": ready.replaces, "said": said}
    return Upload(of.tenant_id, of.plan_id, name, content_of(body), payroll.API_PROVIDER, **how)


def _done(tx: Tx, of: connections.Connection, version: Version[ProviderPayroll], run_id: RunId | None) -> None:
    told, number = version.told, version.version_no
    pulled.done(tx, of=of, kind=pulled.PAYROLL, provider_id=told.provider_id, version_no=number, run_id=run_id)

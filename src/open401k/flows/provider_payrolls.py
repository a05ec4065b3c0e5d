"""Payrolls that a provider told go into runs, each once; a reversed or corrected one corrects its run.

Not here: asking the provider (provider_pull.py), what a run does (payroll_run.py).
"""

from collections.abc import Collection, Sequence
from typing import Any

from open401k import payroll
from open401k.base.db import Actor, Database, Tx
from open401k.base.faults import fault
from open401k.kernel import Refused, RunId
from open401k.payroll import connections, pulled, runs
from open401k.payroll.pulled_rows import Why, codes_of, waiting

from .payroll_intake import Upload, post_run, take_rows
from .payroll_keys import Claim, content_of
from .provider_gone import Waiting, done_with
from .provider_ready import Ready, ready_of

_RUN = "run"  # what waits is a run, by its own findings


def settle_payrolls(db: Database, *, actor: Actor, of: connections.Connection) -> tuple[list[RunId], list[Waiting]]:
    """Every payroll that waits, oldest first; the runs made or carried on, and what waits for a person."""
    with db.begin(actor, tenants=[of.tenant_id]) as tx:
        ids = [each.told.provider_id for each in pulled.waiting_payrolls(tx, of=of)]
        unposted = _unposted(tx, of, ids)
    made: list[RunId] = []
    waits: list[Waiting] = []
    for run_id in unposted:  # held up by something that may have been settled meanwhile
        waits += _posted(db, actor, of, run_id)
    for provider_id in ids:
        with db.begin(actor, tenants=[of.tenant_id]) as tx:
            ready = ready_of(tx, of, provider_id)
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


def not_taken(waits: Sequence[Waiting]) -> set[str]:
    """The payrolls that wait for another telling: what cannot be so, and what a run is rejected for.

    That of a rejected run takes its place.
    """
    odd = {each["provider_id"] for each in waits if each["what"] == pulled.PAYROLL and each["why"] in set(Why)}
    return odd | {each["provider_id"] for each in waits if each["what"] == _RUN and each["why"] == runs.Status.REJECTED}


def _standing(db: Database, actor: Actor, of: connections.Connection, run_id: RunId) -> list[Waiting]:
    """What a run waits for, if it is not in the books."""
    with db.begin(actor, tenants=[of.tenant_id]) as tx:
        run = runs.get(tx, tenant_id=of.tenant_id, run_id=run_id)
    if run.status in (runs.Status.POSTED, runs.Status.CANCELED):
        return []
    message = f"The run of {run.announced} waits: {run.status.replace('_', ' ')}."
    fix = "Open the run: each of its findings says what to do."
    told_id = run.told.told_id if run.told else ""
    said = {"what": _RUN, "run_id": str(run_id), "provider_id": told_id, "why": str(run.status)}
    return [{**said, "message": message, "fix": fix}]


def _unposted(tx: Tx, of: connections.Connection, news: Collection[str]) -> list[RunId]:
    """Runs that were held up, but for those of payrolls of which there is news: that decides about them first."""
    became = pulled.became(tx, of=of, kind=pulled.PAYROLL)
    found = {each.run_id for provider_id, each in became.items() if each.run_id and provider_id not in news}
    known = [runs.get(tx, tenant_id=of.tenant_id, run_id=run_id) for run_id in sorted(found)]
    return [run.run_id for run in known if run.status not in (runs.Status.POSTED, runs.Status.CANCELED)]


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
            done_with(tx, of, version, run_id)
    return run_id


def _upload(of: connections.Connection, ready: Ready) -> Upload:
    """The API's own body: from here on the payroll goes where every other goes."""
    told, rows = ready.version.told, ready.rows
    days: dict[str, Any] = {each: getattr(told, each) for each in ("pay_date", "period_start", "period_end")}
    body = payroll.as_json(rows, **days, codes=codes_of(told))
    said = payroll.Said({payroll.ROWS: len(rows)} if rows else {}, no_contributions=not rows)
    name = f"{of.provider.title()} {told.pay_date} {told.provider_id}.json"
    by = runs.Telling(of.connection_id, told.provider_id, ready.version.version_no)
    how: dict[str, Any] = {"announced": told.pay_date, "replaces": ready.replaces, "said": said, "told": by}
    return Upload(of.tenant_id, of.plan_id, name, content_of(body), payroll.API_PROVIDER, **how)

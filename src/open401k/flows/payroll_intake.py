"""Payrolls coming in: kept, columns settled, checked, confirmed. Not here: posting (payroll_run.py)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from open401k import payroll
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import FlowResults, Results, begin_with
from open401k.kernel import FlowId, Open401kError, PlanId, Refused, RunId, SponsorId
from open401k.payroll import letter, runs

from .payroll_check import check_run
from .payroll_keys import Claim, claimed
from .payroll_run import FLOW, Payroll, check, run_payroll


@dataclass(frozen=True, slots=True)
class Upload:
    """What somebody sent, and what they said about it."""

    tenant_id: SponsorId
    plan_id: PlanId
    name: str
    content: bytes
    provider: str = ""
    announced: date | None = None
    replaces: RunId | None = None
    second_run_reason: str = ""
    said: payroll.Said = payroll.NOTHING_SAID
    told: runs.Telling | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A run opened for an upload, checked as far as its columns are known; its status says what it waits for."""

    run: runs.Run
    already: bool
    begun_with: Results | None = None  # steps of its posting that are done already


def take_in(db: Database, *, actor: Actor, upload: Upload, claim: Claim | None = None) -> Taken | Refused[Any]:
    """Keep the bytes, open a run, check every row whose columns are known. The same bytes again: the first run.

    A file is kept even where its check fails. See ``take_rows`` for what is to be posted at once.
    """
    with db.begin(actor, tenants=[upload.tenant_id]) as tx:
        received = _received(tx, upload, claim)
    if isinstance(received, Refused):
        return received
    return _checked(db, actor, upload.tenant_id, received.run, already=received.already, data=upload.content)


def take_rows(db: Database, *, actor: Actor, upload: Upload, claim: Claim) -> Taken | Refused[Any]:
    """Take in what is posted at once unless somebody has to be asked: kept, checked and begun in one transaction."""
    with db.begin(actor, tenants=[upload.tenant_id]) as tx:
        received = _received(tx, upload, claim)
        if isinstance(received, Refused):
            return received
        taken = _check(tx, upload.tenant_id, received.run, already=received.already, data=upload.content)
        return taken if isinstance(taken, Refused) else begun(tx, tenant_id=upload.tenant_id, taken=taken)


def _received(tx: Tx, upload: Upload, claim: Claim | None) -> runs.Received | Refused[Any]:
    refused = claim and claimed(tx, tenant_id=upload.tenant_id, claim=claim)
    return refused or runs.receive(
        tx,
        tenant_id=upload.tenant_id,
        plan_id=upload.plan_id,
        file_name=upload.name,
        data=upload.content,
        provider=upload.provider,
        replaces=upload.replaces,
        second_run_reason=upload.second_run_reason,
        announced=upload.announced,
        said=upload.said,
        told=upload.told,
    )


def send_again(db: Database, *, actor: Actor, tenant_id: SponsorId, run_id: RunId, reason: str) -> Taken | Refused[Any]:
    """A person says that a file kept before is a payroll of its own, and why: a second one of the same amounts."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        run = runs.get(tx, tenant_id=tenant_id, run_id=run_id)
        data = payroll.files.content(tx, tenant_id=tenant_id, file_id=run.file_id)
    upload = Upload(tenant_id, run.plan_id, run.file_name, data, run.provider, run.announced, None, reason, run.said)
    return take_in(db, actor=actor, upload=upload)


def settle_columns(
    db: Database, *, actor: Actor, tenant_id: SponsorId, run_id: RunId, fields: Mapping[int, str | None]
) -> Taken | Refused[Any]:
    """A person said which column is which; files of the same headings are read so from now on."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)  # what was checked before is checked again by the new columns
        run = runs.get(tx, tenant_id=tenant_id, run_id=run_id)
        data = payroll.files.content(tx, tenant_id=tenant_id, file_id=run.file_id)
        opened = payroll.reopen(tx, tenant_id=tenant_id, run=run, data=data)
        if opened.proposal is None:
            raise Open401kError(f"{run.file_name} is not a table.", fix="Send a CSV or XLSX file.")
        try:
            choices = {letter(place): payroll.Field(name) if name else None for place, name in fields.items()}
            mapping = payroll.settle(opened.proposal, choices)
        except ValueError as problem:
            raise Open401kError(f"The columns do not fit: {problem}.", fix="Choose again.") from problem
        runs.remember(tx, tenant_id=tenant_id, plan_id=run.plan_id, mapping=mapping)
    return _checked(db, actor, tenant_id, run, already=False, data=data)


def say_yes(db: Database, *, actor: Actor, tenant_id: SponsorId, run_id: RunId) -> None:
    """A person read the findings that ask for it, and confirms."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)  # nobody checks it anew between the look and the yes
        if runs.get(tx, tenant_id=tenant_id, run_id=run_id).status == runs.Status.NEEDS_CONFIRMATION:
            runs.mark(tx, tenant_id=tenant_id, run_id=run_id, status=runs.Status.CONFIRMED)


def begun(tx: Tx, *, tenant_id: SponsorId, taken: Taken) -> Taken:
    """The posting of a run that was checked just now begins with that: its first step is done."""
    if taken.already or (run := taken.run).status != runs.Status.RECEIVED:
        return taken
    begin_with(tx, flow=FLOW, flow_id=FlowId(run.run_id.uuid), tenant_id=tenant_id, step=check, result=run.status)
    return replace(taken, begun_with={check.__name__: run.status})


def post_run(db: Database, *, actor: Actor, tenant_id: SponsorId, run_id: RunId, wait: bool = True) -> FlowResults:
    """Post what was checked (and confirmed where asked); a second call gives the first answer."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        run = runs.get(tx, tenant_id=tenant_id, run_id=run_id)
    return run_payroll(db, actor=actor, of=Payroll(tenant_id, run.plan_id, run_id), wait=wait)


def _checked(
    db: Database, actor: Actor, tenant_id: SponsorId, run: runs.Run, *, already: bool, data: bytes
) -> Taken | Refused[Any]:
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)  # the same file sent twice at once is checked one after the other
        run = runs.get(tx, tenant_id=tenant_id, run_id=run.run_id)
        return _check(tx, tenant_id, run, already=already, data=data)


def _check(tx: Tx, tenant_id: SponsorId, run: runs.Run, *, already: bool, data: bytes) -> Taken | Refused[Any]:
    """Under the tenant's lock; ``data`` are the bytes of the run's file."""
    done = run.status in (runs.Status.POSTED, runs.Status.CONFIRMED)
    if not done and isinstance(checked := check_run(tx, tenant_id=tenant_id, run=run, data=data), Refused):
        return checked
    return Taken(runs.get(tx, tenant_id=tenant_id, run_id=run.run_id), already)

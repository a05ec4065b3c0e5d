"""Payrolls coming in: kept, columns settled, checked, confirmed. Not here: posting (payroll_run.py)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from open401k import payroll
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import FlowResults, run_flow
from open401k.kernel import FlowId, Open401kError, PlanId, Refused, RunId, SponsorId, named_uuid
from open401k.payroll import letter, runs

from .payroll_check import check_run
from .payroll_run import Payroll, run_payroll


class KeyRefusal(StrEnum):
    """Why a repeated command was not carried out."""

    KEY_REUSED = "key_reused"


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


@dataclass(frozen=True, slots=True)
class Taken:
    """A run opened for an upload, checked as far as its columns are known; ``status`` says what it waits for."""

    run: runs.Run
    already: bool


def take_in(db: Database, *, actor: Actor, upload: Upload) -> Taken | Refused[runs.Refusal]:
    """Keep the bytes, open a run, check every row whose columns are known. The same bytes again: the first run."""
    with db.begin(actor, tenants=[upload.tenant_id]) as tx:
        received = runs.receive(
            tx,
            tenant_id=upload.tenant_id,
            plan_id=upload.plan_id,
            file_name=upload.name,
            data=upload.content,
            provider=upload.provider,
            replaces=upload.replaces,
            second_run_reason=upload.second_run_reason,
            announced=upload.announced,
        )
    if isinstance(received, Refused):
        return received
    return _checked(db, actor, upload.tenant_id, received.run, already=received.already)


def send_again(
    db: Database, *, actor: Actor, tenant_id: SponsorId, run_id: RunId, reason: str
) -> Taken | Refused[runs.Refusal]:
    """A person says that a file kept before is a payroll of its own, and why: a second one of the same amounts."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        run = runs.get(tx, tenant_id=tenant_id, run_id=run_id)
        data = payroll.files.content(tx, tenant_id=tenant_id, file_id=run.file_id)
    upload = Upload(tenant_id, run.plan_id, run.file_name, data, run.provider, run.announced, second_run_reason=reason)
    return take_in(db, actor=actor, upload=upload)


def content_of(body: Mapping[str, Any]) -> bytes:
    """The bytes that stand for the API's rows: canonical JSON, the same for the same body."""
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def settle_columns(
    db: Database, *, actor: Actor, tenant_id: SponsorId, run_id: RunId, fields: Mapping[int, str | None]
) -> Taken | Refused[runs.Refusal]:
    """A person said which column is which; files of the same headings are read so from now on."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)  # what was checked before is checked again by the new columns
        run = runs.get(tx, tenant_id=tenant_id, run_id=run_id)
        data = payroll.files.content(tx, tenant_id=tenant_id, file_id=run.file_id)
        known = runs.remembered(tx, tenant_id=tenant_id, plan_id=run.plan_id, provider=run.provider)
        opened = payroll.open_upload(data, file_name=run.file_name, provider=run.provider, remembered=known)
        if opened.proposal is None:
            raise Open401kError(f"{run.file_name} is not a table.", fix="Send a CSV or XLSX file.")
        try:
            choices = {letter(place): payroll.Field(name) if name else None for place, name in fields.items()}
            mapping = payroll.settle(opened.proposal, choices)
        except ValueError as problem:
            raise Open401kError(f"The columns do not fit: {problem}.", fix="Choose again.") from problem
        runs.remember(tx, tenant_id=tenant_id, plan_id=run.plan_id, mapping=mapping)
    return _checked(db, actor, tenant_id, run, already=False)


def claim_key(
    db: Database, *, actor: Actor, tenant_id: SponsorId, key: str, content: bytes
) -> Refused[KeyRefusal] | None:
    """A key stands for one content, for ever: the first to use it decides. Keyed hash: content may hold an SSN."""
    digest = db.keyring.blind_index("payroll key", hashlib.sha256(content).hexdigest()).hex()

    def claim(tx: Tx, ctx: None, results: dict[str, Any]) -> str:
        del tx, ctx, results
        return digest

    flow_id = FlowId(named_uuid("payroll.key", str(tenant_id), key))
    kept = run_flow(db, flow="payroll.key", flow_id=flow_id, tenant_id=tenant_id, actor=actor, steps=[claim], ctx=None)
    if kept["claim"] == digest:
        return None
    message = "This key was used for another payroll; nothing was done."
    return Refused(KeyRefusal.KEY_REUSED, message, "Use a fresh key for new content, the old content to repeat.")


def say_yes(db: Database, *, actor: Actor, tenant_id: SponsorId, run_id: RunId) -> None:
    """A person read the findings that ask for it, and confirms."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)  # nobody checks it anew between the look and the yes
        if runs.get(tx, tenant_id=tenant_id, run_id=run_id).status == runs.Status.NEEDS_CONFIRMATION:
            runs.mark(tx, tenant_id=tenant_id, run_id=run_id, status=runs.Status.CONFIRMED)


def post_run(db: Database, *, actor: Actor, tenant_id: SponsorId, run_id: RunId, wait: bool = True) -> FlowResults:
    """Post what was checked (and confirmed where asked); a second call gives the first answer."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        run = runs.get(tx, tenant_id=tenant_id, run_id=run_id)
    return run_payroll(db, actor=actor, of=Payroll(tenant_id, run.plan_id, run_id), wait=wait)


def _checked(
    db: Database, actor: Actor, tenant_id: SponsorId, run: runs.Run, *, already: bool
) -> Taken | Refused[runs.Refusal]:
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)  # the same file sent twice at once is checked one after the other
        now = runs.get(tx, tenant_id=tenant_id, run_id=run.run_id)
        if now.status not in (runs.Status.POSTED, runs.Status.CONFIRMED):
            checked = check_run(tx, tenant_id=tenant_id, run=now)
            if isinstance(checked, Refused):
                return checked
        return Taken(runs.get(tx, tenant_id=tenant_id, run_id=run.run_id), already)

"""Payroll runs: one for each payroll sent, and everything that happened to it. Not here: posting, the pay lines."""

from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import ConnectionId, Open401kError, PlanId, Refused, RunId, SponsorId

from . import _events_store, _mapping_store, _near_store, _store, files
from ._store import RunRow as Run
from ._store import Telling
from .checks import Outcome, total_findings
from .findings import Finding, Findings, Severity
from .mapping import Column, DateOrder, Mapping, Reading
from .rows import Field
from .said import NOTHING_SAID, Said

__all__ = [
    "Received",
    "Refusal",
    "Run",
    "Status",
    "Telling",
    "all_by_others",
    "cancel",
    "check_holds",
    "checked",
    "findings_of_run",
    "get",
    "history",
    "mark",
    "of_payroll",
    "receive",
    "remember",
    "remembered",
    "replaceable",
    "told",
    "unread",
]


class Status(StrEnum):
    """Where a run stands: the last thing that happened to it."""

    RECEIVED = "received"
    NEEDS_MAPPING = "needs_mapping"
    NEEDS_CONFIRMATION = "needs_confirmation"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    POSTED = "posted"
    CANCELED = "canceled"  # its provider, or a person, took it back before it was posted


class Refusal(StrEnum):
    """Why a payroll was not taken in. Listed in order of precedence."""

    ORIGINAL_MISSING = "original_missing"
    ORIGINAL_NOT_POSTED = "original_not_posted"
    ALREADY_REPLACED = "already_replaced"
    LOOKS_LIKE = "looks_like"


@dataclass(frozen=True, slots=True)
class Received:
    """A payroll taken in; ``already`` when the same bytes came before and nothing new was made."""

    run: Run
    already: bool


def receive(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    file_name: str,
    data: bytes,
    provider: str = "",
    replaces: RunId | None = None,
    second_run_reason: str = "",
    announced: date | None = None,
    said: Said = NOTHING_SAID,
    told: Telling | None = None,
) -> Received | Refused[Refusal]:
    """Keep an upload and open its run. The same bytes are the same run, unless a reason says they are meant again.

    Bytes of which something else is said are a run of their own: what was said with a run stays with it.
    The same bytes with the same reason are one run too: whoever clicks twice means it once. What was canceled stays so.
    """
    heads.lock(tx, tenant_id=tenant_id)  # two uploads of one file at once: the second waits and finds the first
    file_id = files.keep(tx, tenant_id=tenant_id, plan_id=plan_id, name=file_name, data=data)
    before = _store.runs_of_file(tx, tenant_id=tenant_id, plan_id=plan_id, file_id=file_id)
    alike = [run for run in before if _is_alike(run, announced, said, told)]
    if alike and not second_run_reason and not _means_something_else(alike[0], replaces):
        return Received(alike[0], already=True)
    if meant := next((run for run in alike if second_run_reason and run.reason == second_run_reason), None):
        return Received(meant, already=True)
    original = _store.run(tx, tenant_id=tenant_id, run_id=replaces) if replaces else None
    if replaces and (refusal := _may_replace(original, plan_id, replaces)):
        return refusal
    run_id = tx.ids.new(RunId)
    _store.add_run(
        tx,
        tenant_id=tenant_id,
        run_id=run_id,
        plan_id=plan_id,
        file_id=file_id,
        attempt=before[0].attempt + 1 if before else 1,
        provider=provider,
        replaces=replaces,
        reason=second_run_reason,
        announced=announced,
        said=said,
        told=told,
    )
    mark(tx, tenant_id=tenant_id, run_id=run_id, status=Status.RECEIVED)
    after = {"file": str(file_id), "replaces": str(replaces or ""), "reason": second_run_reason}
    after |= {"said": said.text} if said else {}
    audit.record(tx, tenant_id=tenant_id, action="payroll.received", subject=run_id, after=after)
    return Received(get(tx, tenant_id=tenant_id, run_id=run_id), already=False)


def _is_alike(before: Run, announced: date | None, said: Said, told: Telling | None) -> bool:
    """The same bytes, and what was said with them: of a run that is not closed, and of the same company."""
    elsewhere = told is not None and _of_another_company(before, told)
    return before.status != Status.CANCELED and not elsewhere and not _said_otherwise(before, announced, said)


def _of_another_company(before: Run, told: Telling) -> bool:
    """Bytes name people and money, and two companies may pay the same ones the same."""
    return before.told is not None and before.told.connection_id != told.connection_id


def _means_something_else(before: Run, replaces: RunId | None) -> bool:
    """The same bytes, but a later file took their place, or they are now said to correct another run."""
    if before.status == Status.POSTED:
        instead = before.said.no_contributions and replaces not in (None, before.replaces)
        return before.replaced_by is not None or instead
    return replaces is not None and replaces != before.replaces


def _said_otherwise(before: Run, announced: date | None, said: Said) -> bool:
    """Of the same bytes something else was said: a posted run is told only what its rows contradict."""
    if said.no_contributions or before.said.no_contributions:
        # Headings without rows are the same bytes on every pay date.
        told = (before.said.no_contributions, before.announced)
        if (said.no_contributions, announced) != told:
            return True
    if before.status == Status.POSTED:
        if announced not in (None, before.pay_date):
            return True  # salaries are the same bytes on every pay date, where the layout has no column for it
        return bool(total_findings(before.totals, before.rows, said))
    return said != before.said or announced not in (None, before.announced)


def _may_replace(original: Run | None, plan_id: PlanId, replaces: RunId) -> Refused[Refusal] | None:
    if original is None or original.plan_id != plan_id:
        return Refused(
            Refusal.ORIGINAL_MISSING, f"There is no run {replaces} to replace.", "Send the first file first."
        )
    if original.status != Status.POSTED:
        message = f"Run {replaces} is {original.status}, not posted: there is nothing of it to replace."
        return Refused(Refusal.ORIGINAL_NOT_POSTED, message, "Send the corrected file as a payroll of its own.")
    if original.replaced_by is not None:
        message = f"Run {replaces} was replaced by {original.replaced_by}."
        return Refused(Refusal.ALREADY_REPLACED, message, f"Replace {original.replaced_by}.")
    return None


def get(tx: Tx, *, tenant_id: SponsorId, run_id: RunId) -> Run:
    """One run; an unknown id is an error a person can act on."""
    found = _store.run(tx, tenant_id=tenant_id, run_id=run_id)
    if found is None:
        raise Open401kError(f"There is no payroll run {run_id}.", fix="Take the id from the list of payroll runs.")
    return found


def history(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Run]:
    """The runs of a plan, newest first."""
    return _store.runs(tx, tenant_id=tenant_id, plan_id=plan_id)


def replaceable(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, pay_date: date) -> list[Run]:
    """Posted runs of that pay date: what a corrected file would replace, to be proposed."""
    return _store.runs_on(tx, tenant_id=tenant_id, plan_id=plan_id, pay_date=pay_date)


def all_by_others(run: Run, beside: Sequence[Run]) -> bool:
    """Whether every one of these is a payroll of another company than this one, as connected providers told them."""
    return run.told is not None and all(
        each.told is not None and _of_another_company(each, run.told) for each in beside
    )


def posted_near(tx: Tx, *, tenant_id: SponsorId, run: Run, outcome: Outcome) -> list[tuple[RunId, date]]:
    """Posted runs for the same pay period, or days away, by another pay date: each may be this payroll."""
    if outcome.pay_date is None:
        return []
    return _near_store.posted_near(
        tx,
        tenant_id=tenant_id,
        plan_id=run.plan_id,
        pay_date=outcome.pay_date,
        period=(outcome.period_start, outcome.period_end),
        other_than=run.replaces,
        connection_id=run.told.connection_id if run.told else None,
    )


def of_payroll(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, told_id: str) -> list[Run]:
    """The runs that one payroll of a connected provider became, telling by telling, the oldest first."""
    return _store.runs_of_telling(tx, tenant_id=tenant_id, connection_id=connection_id, told_id=told_id)


def cancel(tx: Tx, *, tenant_id: SponsorId, run: Run, why: str) -> None:
    """Close a run for good that is not posted; ``run`` as it was read under the tenant's lock."""
    if run.status in (Status.POSTED, Status.CANCELED):
        return
    mark(tx, tenant_id=tenant_id, run_id=run.run_id, status=Status.CANCELED, detail={"why": why})
    audit.record(tx, tenant_id=tenant_id, action="payroll.canceled", subject=run.run_id, after={"why": why})


def mark(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, status: Status, detail: Table[str, Any] | None = None) -> None:
    """Append what happened; a confirmation and a posting are also in the audit trail."""
    _store.add_event(tx, tenant_id=tenant_id, run_id=run_id, status=str(status), detail=detail or {})
    if status in (Status.CONFIRMED, Status.POSTED):
        audit.record(tx, tenant_id=tenant_id, action=f"payroll.{status}", subject=run_id, after=detail)


def told(tx: Tx, *, tenant_id: SponsorId, run_id: RunId) -> dict[str, Any]:
    """What was told with the last thing that happened to a run: for a posted one, its figures."""
    return _events_store.last_detail(tx, tenant_id=tenant_id, run_id=run_id)


def check_holds(tx: Tx, *, tenant_id: SponsorId, run: Run) -> bool:
    """Whether nothing else of the sponsor was posted since the run was checked, and its columns mean what they meant.

    Ask under the tenant's lock; checks and postings are made under it, too.
    """
    return run.check_no > 0 and not _events_store.overtaken(
        tx, tenant_id=tenant_id, plan_id=run.plan_id, run_id=run.run_id
    )


#: By which a content is indexed: with deductions, and as runs were that were checked before these were in it.
_CONTENT, _CONTENT_BEFORE = "payroll content with deductions", "payroll content"


def checked(
    tx: Tx, *, tenant_id: SponsorId, run_id: RunId, outcome: Outcome, run: Run | None = None
) -> Status | Refused[Refusal]:
    """Record a check and the status that follows from it; ``run`` is its row as read under the tenant's lock.

    The same people and amounts as a posted run stop here, unless the run replaces it or was said to be a second one.
    """
    run = run or get(tx, tenant_id=tenant_id, run_id=run_id)
    if run.status in (Status.POSTED, Status.CANCELED):
        return Status(run.status)
    index = tx.keyring.blind_index(_CONTENT, outcome.content)
    _add_check(tx, tenant_id, run_id, outcome.findings, outcome, index)
    if outcome.findings.rejected:
        status = Status.REJECTED
    else:
        before = tx.keyring.blind_index(_CONTENT_BEFORE, outcome.content_before)
        company = run.told.connection_id if run.told else None
        whose: dict[str, Any] = {"plan_id": run.plan_id, "other_than": run_id, "connection_id": company}
        twin = _store.posted_with_content(tx, tenant_id=tenant_id, content=(index, before), **whose)
        if twin is not None and outcome.rows and twin != run.replaces and not run.reason:
            mark(tx, tenant_id=tenant_id, run_id=run_id, status=Status.REJECTED, detail={"looks_like": str(twin)})
            message = f"This looks like run {twin}: the same people, the same pay date, the same amounts."
            fix = "If it is a real second payroll, send it again with a reason; if it corrects that run, say so."
            return Refused(Refusal.LOOKS_LIKE, message, fix, {"run_id": str(twin), "refused_run_id": str(run_id)})
        clear = Status.CONFIRMED if run.status == Status.CONFIRMED else Status.RECEIVED
        waits = outcome.findings.needs_confirmation and clear is Status.RECEIVED
        status = Status.NEEDS_CONFIRMATION if waits else clear
    if status is not Status(run.status):
        mark(tx, tenant_id=tenant_id, run_id=run_id, status=status)
    return status


def is_told_as(tx: Tx, *, tenant_id: SponsorId, run: Run, before: Run, outcome: Outcome) -> bool:
    """Whether the run that this one replaces says the same of the same people."""
    if not outcome.rows:  # nothing is the same on every pay date
        return not before.rows
    index = [tx.keyring.blind_index(_CONTENT, outcome.content)]
    whose: dict[str, Any] = {"plan_id": run.plan_id, "other_than": run.run_id, "connection_id": None}
    return before.run_id == _store.posted_with_content(tx, tenant_id=tenant_id, content=index, **whose)


def unread(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, status: Status, findings: Findings) -> None:
    """Record why a file was not read at all: it is rejected, or its columns wait for a person."""
    _add_check(tx, tenant_id, run_id, findings, None, tx.keyring.blind_index(_CONTENT, str(run_id)))
    mark(tx, tenant_id=tenant_id, run_id=run_id, status=status)


def _add_check(
    tx: Tx, tenant_id: SponsorId, run_id: RunId, findings: Findings, outcome: Outcome | None, index: bytes
) -> None:
    number = _store.add_check(
        tx,
        tenant_id=tenant_id,
        run_id=run_id,
        pay_date=outcome.pay_date if outcome else None,
        period_start=outcome.period_start if outcome else None,
        period_end=outcome.period_end if outcome else None,
        rows=outcome.rows if outcome else 0,
        content_index=index,
        counts={str(severity): findings.counts[severity] for severity in Severity} | {"confirm": findings.to_confirm},
        totals=outcome.totals if outcome else {},
    )
    if findings.listed:
        _store.add_findings(tx, tenant_id=tenant_id, run_id=run_id, check_no=number, findings=findings.by_place())


def findings_of_run(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, run: Run | None = None) -> list[Finding]:
    """The listed findings of the last check; ``run`` is the row of the run, where it is at hand."""
    run = run or get(tx, tenant_id=tenant_id, run_id=run_id)
    if run.check_no and not any(run.counts.values()):
        return []
    return _store.findings(tx, tenant_id=tenant_id, run_id=run_id, check_no=run.check_no)


def remember(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, mapping: Mapping) -> None:
    """Settle a mapping for its provider: files of the same headings are read by it from now on."""
    body = {
        "columns": [
            {"heading": column.heading, "field": column.field and str(column.field), "name": column.name}
            for column in mapping.columns
        ],
        "dates": str(mapping.reading.dates),
        "grouping": mapping.reading.grouping,
        "dollar_sign": mapping.reading.dollar_sign,
        "blank_is_zero": mapping.reading.blank_is_zero,
    }
    _mapping_store.add_mapping(
        tx,
        tenant_id=tenant_id,
        plan_id=plan_id,
        provider=mapping.provider,
        fingerprint=mapping.fingerprint,
        body=body,
    )
    after = {"provider": mapping.provider, "fingerprint": mapping.fingerprint, **body}
    audit.record(tx, tenant_id=tenant_id, action="payroll.mapping_settled", subject=plan_id, after=after)


def remembered(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, provider: str) -> Sequence[Mapping]:
    """What was settled for a provider, newest first."""
    bodies = _mapping_store.mappings(tx, tenant_id=tenant_id, plan_id=plan_id, provider=provider)
    return [_mapping(provider, body) for body in bodies]


def _mapping(provider: str, body: Table[str, Any]) -> Mapping:
    columns = tuple(
        Column(place, column["heading"], Field(column["field"]) if column["field"] else None, column["name"])
        for place, column in enumerate(body["columns"])
    )
    reading = Reading(DateOrder(body["dates"]), body["grouping"], body["dollar_sign"], body["blank_is_zero"])
    return Mapping(provider, columns, reading)

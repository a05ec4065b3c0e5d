"""A payroll file on its way in: which column means what, before anything of it is recorded."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from open401k import payroll
from open401k.base.db import Tx
from open401k.kernel import PlanId, RunId, SponsorId
from open401k.payroll import Code, Field, runs

from .heading import heading
from .payroll_lines import held_on, next_pay_date, payroll_lines
from .payroll_words import FIELD_LABELS
from .shown import FindingLine, PayrollLine, PlanHeading, finding_line

#: Payrolls under the form, to open one and correct it there.
_RECENT = 5


@dataclass(frozen=True, slots=True)
class PayrollUpload:
    """The page that takes a file; ``replaces`` names the run that a corrected file takes the place of."""

    heading: PlanHeading
    recent: tuple[PayrollLine, ...]
    providers: tuple[str, ...]
    next_payroll_on: date | None
    replaces: RunId | None = None


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """One field of the canonical row that a column can be mapped to."""

    key: str
    label: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class ColumnProposal:
    """One column of the file, what we take it for and why, with masked samples."""

    position: int
    heading: str
    field: str | None
    sure: bool
    why: str
    samples: tuple[str, ...]
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PayrollMapping:
    """The proposed reading of one file, for the sponsor to confirm once per provider."""

    heading: PlanHeading
    run_id: RunId
    file_name: str
    provider: str
    rows: int
    pay_date: date | None
    columns: tuple[ColumnProposal, ...]
    fields: tuple[FieldChoice, ...]
    remembered: bool
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    problems: tuple[FindingLine, ...] = ()
    replaces: RunId | None = None


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, replaces: RunId | None = None) -> PayrollUpload:
    """The page that takes a file. Only a posted run is replaced: of any other nothing is in the books."""
    history = runs.history(tx, tenant_id=tenant_id, plan_id=plan_id)
    due = payroll.remittance.recorded(tx, tenant_id=tenant_id, plan_id=plan_id)
    posted = [run for run in history if run.status == runs.Status.POSTED]
    waits_on = held_on(tx, tenant_id=tenant_id, plan_id=plan_id, found=history[:_RECENT])
    return PayrollUpload(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        recent=payroll_lines(history[:_RECENT], due, among=history, waits_on=waits_on),
        providers=_providers(history),
        next_payroll_on=next_pay_date(run.pay_date for run in posted if run.pay_date),
        replaces=_standing_for(replaces, {run.run_id: run for run in posted}),
    )


def load_mapping(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, run_id: RunId) -> PayrollMapping | None:
    """How the run's file would be read, opened anew from its bytes; None where there is no such run or no table."""
    history = runs.history(tx, tenant_id=tenant_id, plan_id=plan_id)
    run = next((each for each in history if each.run_id == run_id), None)
    if run is None or run.provider == payroll.API_PROVIDER:
        return None
    data = payroll.files.content(tx, tenant_id=tenant_id, file_id=run.file_id)
    opened = payroll.reopen(tx, tenant_id=tenant_id, run=run, data=data)
    proposal = opened.proposal
    if proposal is None:
        return None
    problems = [finding_line(each) for each in opened.findings.listed if not _told_elsewhere(each)]
    rows, pay_date = _glance(opened, proposal)
    return PayrollMapping(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        run_id=run_id,
        file_name=run.file_name,
        provider=run.provider,
        rows=rows,
        pay_date=run.pay_date or run.announced or pay_date,
        columns=tuple(_column(place, column) for place, column in enumerate(proposal.columns)),
        fields=tuple(FieldChoice(str(each), FIELD_LABELS[each], each in payroll.REQUIRED) for each in Field),
        remembered=proposal.settled,
        changed=proposal.changes,
        missing=tuple(FIELD_LABELS[each] for each in proposal.missing),
        problems=tuple(problems),
        replaces=run.replaces,
    )


def _providers(history: Iterable[runs.Run]) -> tuple[str, ...]:
    """Whose files came, the last one first."""
    named = (run.provider for run in history if run.provider and run.provider != payroll.API_PROVIDER)
    return tuple(dict.fromkeys(named))


def _standing_for(replaces: RunId | None, posted: dict[RunId, runs.Run]) -> RunId | None:
    """The run that stands now where this one stood."""
    run = posted.get(replaces) if replaces is not None else None
    while run is not None and run.replaced_by is not None:
        run = posted.get(run.replaced_by)
    return run.run_id if run is not None else None


def _column(place: int, column: payroll.ProposedColumn) -> ColumnProposal:
    return ColumnProposal(
        position=place,
        heading=column.heading,
        field=str(column.field) if column.field else None,
        sure=column.confidence == 100 and not column.changed_from,
        why=f"{column.why}; it was {column.changed_from!r}" if column.changed_from else column.why,
        samples=column.samples,
        alternatives=tuple(FIELD_LABELS[each] for each in column.alternatives),
    )


def _told_elsewhere(finding: payroll.Finding) -> bool:
    """Missing fields, unknown headings and changes have the page's own lists; what is ambiguous names no column."""
    listed = finding.code in (Code.HEADER_MISSING, Code.CELLS_CHANGED)
    return listed or (finding.code is Code.HEADER_UNKNOWN and finding.column != "")


def _glance(opened: payroll.Opened, proposal: payroll.MappingProposal) -> tuple[int, date | None]:
    """How many rows there are and what day the first says, read as proposed; nothing else is taken from them."""
    opened.mapping = opened.mapping or proposal.mapping()
    pay_date: date | None = None
    for rows in opened.chunks():
        pay_date = pay_date or (rows[0].pay_date if rows else None)
    return opened.rows_read, pay_date

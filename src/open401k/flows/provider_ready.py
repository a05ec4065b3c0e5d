"""What a payroll that a provider told is to become now: rows of a run, nothing any more, or a wait for a person.

Not here: the runs (provider_payrolls.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from open401k import payroll
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, RunId
from open401k.payroll import connection_words, connections, pulled, runs
from open401k.payroll.connection_words import TWICE, asked_of
from open401k.payroll.providers import PayrollKind, ProviderPayroll
from open401k.payroll.pulled import Version
from open401k.payroll.pulled_rows import Waits, Why, not_on_roster, rows_of, waiting

from .provider_gone import Waiting, close, done_with, reversal, runs_of, withdrawn


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
        return withdrawn(tx, of, version)
    if told.kind is PayrollKind.REVERSAL:
        return reversal(tx, of, version)
    reversals = [pulled.payroll_of(tx, of=of, provider_id=each) for each in told.reversed_by]
    if None in reversals:
        return waiting(told, "reversal_missing", "Its reversal is not told yet.", "It is asked again by itself.")
    known = tuple(each for each in reversals if each is not None)
    reversed_by = [each.told for each in known]
    sure = _sure(tx, of, (version, *known))
    rows = rows_of(told, reversals=reversed_by, who=_employees(tx, of), employer_ein=of.employer_ein, sure=sure)
    if isinstance(rows, Waits):
        if rows.twice:
            number = next(each.version_no for each in (version, *known) if each.told.provider_id == rows.twice)
            said = waiting(told, rows.why, rows.message, f"{rows.fix} {TWICE}")
            return said | {"asks": asked_of(rows.twice, number)}
        strange = rows.why is Why.PERSON_UNKNOWN and not_on_roster(told, pulled.told_people(tx, of=of))
        why = strange or rows
        return waiting(told, why.why, why.message, why.fix)
    before = runs_of(tx, of, provider_id)
    if (same := _as_posted(tx, of, told, before)) is not None:
        done_with(tx, of, version, same)
        return None
    close(tx, of, [run for run in before if _version(run) < version.version_no], _TOLD_ANEW)
    return Ready(version, _standing(tx, of, before), known, rows)


def _sure(tx: Tx, of: connections.Connection, tellings: Sequence[Version[ProviderPayroll]]) -> set[str]:
    """Tellings of which a person said that what looks doubled is real."""
    said = connection_words.said(tx, of=of)
    return {each.told.provider_id for each in tellings if asked_of(each.told.provider_id, each.version_no) in said}


def _as_posted(tx: Tx, of: connections.Connection, told: ProviderPayroll, before: Sequence[runs.Run]) -> RunId | None:
    """The last run of a payroll, where it stands in the books as it is told now."""
    last = before[-1] if before else None
    if last is None or last.told is None or told.reversed_by or last.status != runs.Status.POSTED or last.replaced_by:
        return None
    same = pulled.told_as(tx, of=of, told=told, version_no=last.told.version)
    return last.run_id if same else None


def _version(run: runs.Run) -> int:
    return run.told.version if run.told else 0


_TOLD_ANEW = "The provider told another version of this payroll, which takes its place."


def _standing(tx: Tx, of: connections.Connection, known: Sequence[runs.Run]) -> RunId | None:
    """The run that the payroll is in the books with: of a telling before, or what a person put in its place."""
    posted = [run for run in known if run.status == runs.Status.POSTED]
    if not posted:
        return None
    run = next((each for each in reversed(posted) if each.replaced_by is None), posted[-1])
    while run.replaced_by is not None:
        run = runs.get(tx, tenant_id=of.tenant_id, run_id=run.replaced_by)
    return run.run_id


def _employees(tx: Tx, of: connections.Connection) -> dict[str, EmployeeId]:
    became = pulled.became(tx, of=of, kind=pulled.PERSON).items()
    return {provider_id: each.employee_id for provider_id, each in became if each.employee_id}

"""Files of debits, what became of them, and what came back. Not here: how a file is written (wire.nacha)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import NEW_YORK, Open401kError, PlanId, RunId, SponsorId
from open401k.wire import Unreadable, nacha

from . import _ach_store as _store
from . import accounts
from .ids import AchFileId, BankAccountId


class FileStatus(StrEnum):
    """Where a file is: made here, at the bank, or withdrawn before it got there."""

    MADE = "made"
    SENT = "sent"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class AchFile:
    """A file of debits on file."""

    ach_file_id: AchFileId
    cents: int
    effective_on: date
    same_day: bool
    made_at: datetime
    status: FileStatus


@dataclass(frozen=True, slots=True)
class Debit:
    """One debit for one payroll, and how it came back."""

    ach_file_id: AchFileId
    trace: str
    run_id: RunId
    cents: int
    effective_on: date
    return_code: str | None
    returned_on: date | None
    withdrawn: bool
    bank_account_id: BankAccountId | None
    account_then: BankAccountId | None = None
    """The employer's account on file when it came back."""

    @property
    def under_way(self) -> bool:
        """Whether its money may still come."""
        return self.return_code is None and not self.withdrawn


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be debited for one payroll."""

    run_id: RunId
    cents: int
    retry: bool = False
    """Sent again after it came back for want of funds."""


def reference(run_id: RunId) -> str:
    """What a deposit of a payroll is called on a statement: short enough for every format, the same for ever."""
    return f"K{run_id.uuid.hex[-12:].upper()}"


def make(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    wanted: Sequence[Wanted],
    effective_on: date,
    same_day: bool,
    key: str,
) -> AchFileId:
    """Make a file of debits, one a payroll, and keep it sealed; the same key again is the first file."""
    heads.lock(tx, tenant_id=tenant_id)
    known = made_under(tx, tenant_id=tenant_id, key=key)
    if known is not None:
        return known
    on_file = accounts.on_file(tx, tenant_id=tenant_id, plan_id=plan_id)
    missing = [each for each in accounts.Purpose if each not in on_file]
    if missing:
        raise Open401kError(
            f"There is no bank account of the {' and the '.join(missing)} on file.",
            fix="Put both accounts on file first: open401k deposits account.",
        )
    employer, own = on_file[accounts.Purpose.EMPLOYER], on_file[accounts.Purpose.PLAN]
    files, entries = _store.count_files(tx, tenant_id=tenant_id)
    number = accounts.number_of(tx, tenant_id=tenant_id, account=employer)
    code = nacha.SAVINGS if employer.kind == "savings" else nacha.CHECKING
    wanted = sorted(wanted, key=lambda each: each.retry)
    debits = [
        nacha.Debit(employer.routing, number, each.cents, reference(each.run_id), employer.name, code, each.retry)
        for each in wanted
    ]
    made = nacha.debit_file(
        nacha.Originator(own.routing, own.bank_name, own.company_id or own.routing, own.name),
        debits,
        sec="CCD",
        description="401K DEP",
        effective_on=effective_on,
        created=tx.now.astimezone(NEW_YORK),
        modifier="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[files % 36],
        first_trace=entries + 1,
        same_day=same_day,
    )
    if isinstance(made, Unreadable):
        raise Open401kError(
            f"The file cannot be made: {made}", fix="Repair the accounts on file, or split the amounts."
        )
    return _keep(tx, tenant_id, plan_id, made, wanted, (effective_on, same_day, key), employer.bank_account_id)


def made_under(tx: Tx, *, tenant_id: SponsorId, key: str) -> AchFileId | None:
    """The file that was made under a key."""
    known = _store.file_by_key(tx, tenant_id=tenant_id, key=key)
    return None if known is None else AchFileId(known)


def files(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[AchFile]:
    """Every file, the newest first."""
    rows = _store.files(tx, tenant_id=tenant_id, plan_id=plan_id)
    return [AchFile(AchFileId(r[0]), r[1], r[2], r[3], r[4], FileStatus(r[5] or "made")) for r in rows]


def content(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, file_id: AchFileId) -> bytes:
    """The bytes for the bank; they hold account numbers, so that they were asked for is recorded."""
    sealed = _store.sealed_file(tx, tenant_id=tenant_id, plan_id=plan_id, file_id=file_id)
    if sealed is None:
        raise Open401kError(f"There is no ACH file {file_id}.", fix="Take the id from the list of files.")
    audit.record(tx, tenant_id=tenant_id, action="custody.ach_file_read", subject=file_id)
    return tx.keyring.unseal(
        tx, tenant_id=tenant_id, table="custody.ach_file", column="sealed", row_id=file_id, sealed=sealed
    )


def debits(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Debit]:
    """Every debit, the oldest first."""
    rows = _store.entries(tx, tenant_id=tenant_id, plan_id=plan_id)
    return [
        Debit(
            AchFileId(r[0]),
            r[1],
            RunId(r[2]),
            r[3],
            r[4],
            r[5],
            r[6],
            r[7],
            *(BankAccountId(a) if a else None for a in r[8:]),
        )
        for r in rows
    ]


def mark(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, file_id: AchFileId, status: FileStatus) -> None:
    """A person says that the file was given to the bank, or was not after all; saying it again changes nothing."""
    heads.lock(tx, tenant_id=tenant_id)
    known = next((f for f in files(tx, tenant_id=tenant_id, plan_id=plan_id) if f.ach_file_id == file_id), None)
    if known is None or status is FileStatus.MADE:
        raise Open401kError(f"There is no ACH file {file_id}.", fix="Take the id from the list of files.")
    if status is FileStatus.WITHDRAWN and known.status is FileStatus.SENT:
        raise Open401kError("The file is at the bank already.", fix="Ask the bank for a reversal; wait for its return.")
    if known.status is FileStatus.WITHDRAWN and status is FileStatus.SENT:
        raise Open401kError("The file was withdrawn.", fix="Make a new one.")
    if _store.add_event(tx, tenant_id=tenant_id, file_id=file_id, status=status):
        audit.record(tx, tenant_id=tenant_id, action=f"custody.ach_file_{status}", subject=file_id)


def came_back(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, debit: Debit, code: str, on: date) -> bool:
    """A debit was returned; False when that was on file. Its reason may come after it, in the bank's own file."""
    file_id, trace = debit.ach_file_id, debit.trace
    employer = accounts.on_file(tx, tenant_id=tenant_id, plan_id=plan_id).get(accounts.Purpose.EMPLOYER)
    then = None if employer is None else employer.bank_account_id
    if not _store.add_return(
        tx, tenant_id=tenant_id, file_id=file_id, trace=trace, code=code, returned_on=on, account=then
    ):
        _keep_reason(tx, tenant_id, debit, code)
        return False
    if not debit.withdrawn and _store.add_event(tx, tenant_id=tenant_id, file_id=file_id, status=FileStatus.SENT):
        audit.record(tx, tenant_id=tenant_id, action="custody.ach_file_sent", subject=file_id, after={"by": "a return"})
    told = {"trace": debit.trace, "code": code, "cents": debit.cents}
    audit.record(tx, tenant_id=tenant_id, action="custody.debit_returned", subject=debit.run_id, after=told)
    return True


def _keep_reason(tx: Tx, tenant_id: SponsorId, debit: Debit, code: str) -> None:
    """The reason as the bank's file has it, where a statement told less, or told it in words."""
    if code not in nacha.RETURNS or code == debit.return_code:
        return
    if _store.add_reason(tx, tenant_id=tenant_id, file_id=debit.ach_file_id, trace=debit.trace, code=code):
        told = {"trace": debit.trace, "code": code, "before": debit.return_code}
        audit.record(tx, tenant_id=tenant_id, action="custody.return_reason_told", subject=debit.run_id, after=told)


def _keep(
    tx: Tx,
    tenant_id: SponsorId,
    plan_id: PlanId,
    made: nacha.AchFile,
    wanted: Sequence[Wanted],
    how: tuple[date, bool, str],
    account_id: BankAccountId,
) -> AchFileId:
    effective_on, same_day, key = how
    file_id = tx.ids.new(AchFileId)
    cents = sum(each.cents for each in wanted)
    sealed = tx.keyring.seal(
        tx,
        tenant_id=tenant_id,
        table="custody.ach_file",
        column="sealed",
        row_id=file_id,
        plaintext=nacha.write(made),
    )
    columns = (key, sealed, cents, effective_on, same_day, account_id)
    _store.add_file(tx, tenant_id=tenant_id, file_id=file_id, plan_id=plan_id, columns=columns)
    rows = [(entry.trace, each.run_id, each.cents) for entry, each in zip(made.entries, wanted, strict=True)]
    _store.add_entries(tx, tenant_id=tenant_id, file_id=file_id, plan_id=plan_id, rows=rows)
    told = {"cents": cents, "debits": len(rows), "effective_on": effective_on.isoformat()}
    audit.record(tx, tenant_id=tenant_id, action="custody.ach_file_made", subject=file_id, after=told)
    return file_id

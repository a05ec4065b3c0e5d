"""What the employer contributes to correct a failure: posted under a reason of its own (ADR-0029).

Settlement reads contributions and corrections of payrolls alone, so no replay ever takes this back. Not here: how much
is owed (compliance), and that somebody approved it (flows).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from open401k import ledger
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, EntryId, IdColumn, PlanId, Refused, Source, SponsorId

from . import _corrective_store as _store
from .contributions import Cents

#: What the journal calls it.
REASON = "operational_correction"


@dataclass(frozen=True, slots=True)
class Corrective:
    """For one person's source and a limitation year: a contribution and earnings on it; negative is taken back."""

    employee_id: EmployeeId
    source: Source
    year_start: date
    cents: int
    earnings_cents: int


@dataclass(frozen=True, slots=True)
class CorrectiveDamage:
    """An entry whose money is not what is kept of it."""

    entry_id: EntryId
    employee_id: EmployeeId
    source: str
    kept_cents: int
    moved_cents: int


def post_corrective(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    key: str,
    on: date,
    cause: str,
    amounts: Sequence[Corrective],
) -> ledger.Posted | Refused[ledger.Refusal]:
    """From the employer to the accounts; what is taken back goes to the unallocated account. Once for a key.

    What was allocated by mistake is held to reduce later contributions and does not go back to the employer (Rev.
    Proc. 2021-30 section 6.06(2)). Of the employee's own money it is paid to the employee (the same section).
    """
    owed = ledger.AccountKey(plan_id, ledger.Kind.EMPLOYER_RECEIVABLE)
    unallocated = ledger.AccountKey(plan_id, ledger.Kind.FORFEITURES)
    paid_out = ledger.AccountKey(plan_id, ledger.Kind.CASH_CLEARING)
    moves = [
        (ledger.AccountKey(plan_id, ledger.Kind.PARTICIPANT, each.employee_id, each.source), cents, ref)
        for each in amounts
        for cents, ref in ((each.cents, f"correction/{each.source}"), (each.earnings_cents, f"earnings/{each.source}"))
        if cents
    ]
    sides = [owed, unallocated, paid_out]
    accounts = ledger.open_accounts(tx, tenant_id=tenant_id, keys=[*sides, *(key for key, _, _ in moves)])
    lines = [
        ledger.Line(accounts[owed], accounts[account], cents, ref)
        if cents > 0
        else ledger.Line(accounts[account], accounts[_taken_to(account, unallocated, paid_out)], -cents, ref)
        for account, cents, ref in moves
    ]
    posted = ledger.post(tx, tenant_id=tenant_id, key=key, event_on=on, reason=REASON, cause=cause, lines=lines)
    if isinstance(posted, ledger.Posted) and not posted.already:
        rows = [
            _store.CorrectiveRow(e.employee_id.uuid, e.source.value, e.year_start, e.cents, e.earnings_cents)
            for e in amounts
        ]
        _store.insert_corrective(tx, tenant_id=tenant_id, plan_id=plan_id, entry_id=posted.entry_id, rows=rows)
    return posted


def _taken_to(
    account: ledger.AccountKey, unallocated: ledger.AccountKey, paid_out: ledger.AccountKey
) -> ledger.AccountKey:
    return paid_out if account.source is not None and account.source.from_employee else unallocated


def corrective_additions(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_ids: Sequence[PlanId],
    year_start: date,
    people: IdColumn[EmployeeId],
    known_at: datetime | None = None,
) -> Cents | None:
    """Corrective contributions that count in 415 for a limitation year, whenever they were posted; None: none were.

    Reg. 1.415(c)-1(b)(6)(ii): they are credited for the year to which they relate. Earnings are no annual additions.
    """
    rows = _store.additions(tx, tenant_id=tenant_id, plan_ids=plan_ids, year_start=year_start, known_at=known_at)
    if not rows:
        return None
    places = IdColumn.of(EmployeeId, [EmployeeId(who) for who, _ in rows]).places_in(people)
    found = np.zeros(len(people), dtype=np.int64)
    for place, (_, cents) in zip(places.tolist(), rows, strict=True):
        if place >= 0:
            found[place] += cents
    return found


@dataclass(frozen=True, slots=True)
class CorrectiveOfYear:
    """What approved corrections gave one person's source for a plan year (negative: took), and the earnings on it."""

    employee_id: EmployeeId
    source: Source
    cents: int
    earnings_cents: int


def corrective_of_year(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year_start: date, known_at: datetime | None = None
) -> list[CorrectiveOfYear]:
    """Corrective money of every kind for the year it relates to, whenever it was posted."""
    rows = _store.of_year(tx, tenant_id=tenant_id, plan_id=plan_id, year_start=year_start, known_at=known_at)
    return [CorrectiveOfYear(EmployeeId(who), Source(source), *cents) for who, source, *cents in rows]


def corrective_posted(tx: Tx, *, tenant_id: SponsorId) -> dict[str, int]:
    """Key of each corrective entry with what it credited in all; for verification."""
    return dict(_store.posted(tx, tenant_id=tenant_id))


def corrective_damage(tx: Tx, *, tenant_id: SponsorId) -> list[CorrectiveDamage]:
    """Corrective entries against what is kept of them; for verification."""
    rows = _store.entries_that_differ(tx, tenant_id=tenant_id)
    return [CorrectiveDamage(EntryId(row[0]), EmployeeId(row[1]), *row[2:]) for row in rows]

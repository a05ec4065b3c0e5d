"""Elections put on file and read back. Not here: which holds, which is refused (elections.py)."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from open401k import census, plan
from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, Refused, Source, SponsorId, day_of

from . import _elections_store
from .elections import SLOTS, Columns, Election, ElectionRefusal, How, NewElection, Part, Slot, elected_on, refuse

_SLOTS = tuple(f"{slot.source}/{slot.part}" for slot in SLOTS)
#: What the audit trail calls the recording of elections; ``after`` holds how many, and their hash.
RECORDED: Final = "recordkeeping.elections_recorded"
_DEFAULTS = tuple(str(how) for how in How if how.by_default)


def record_elections(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, elections: Sequence[NewElection]
) -> Refused[ElectionRefusal] | int:
    """Append elections, all or none; how many, or the first that is refused, by its place in ``detail``.

    They are judged one after the other: a lower one that makes room for a higher one comes first. Whether the same was
    recorded before is the caller's business, who has the key.
    """
    refused = first_refused(tx, tenant_id=tenant_id, plan_id=plan_id, elections=elections)
    if refused:
        return refused[0]
    today = day_of(tx.now)
    rows = [_row(replace(each, made_on=each.made_on or today)) for each in elections]
    _elections_store.add(tx, tenant_id=tenant_id, plan_id=plan_id, rows=rows)
    audit.record(
        tx,
        tenant_id=tenant_id,
        action=RECORDED,
        subject=plan_id,
        after={
            "elections": len(rows),
            "people": len({each.employee_id for each in elections}),
            "sha256": _sha256_of(rows),
        },
    )
    return len(rows)


def first_refused(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, elections: Sequence[NewElection]
) -> list[Refused[ElectionRefusal]]:
    """Every election that the plan would not take, each with its ``place``; nothing is recorded."""
    heads.lock(tx, tenant_id=tenant_id)
    people = list(dict.fromkeys(each.employee_id for each in elections))
    known = {each.employee_id for each in census.roster(tx, tenant_id=tenant_id, employee_ids=people)}
    on_file: dict[EmployeeId, list[Election]] = {}
    for each in read_elections(tx, tenant_id=tenant_id, plan_id=plan_id, employees=people):
        on_file.setdefault(each.employee_id, []).append(each)
    terms: dict[date, plan.Provisions | None] = {}
    found = []
    for place, new in enumerate(elections):
        if new.event_on not in terms:
            terms[new.event_on] = _terms_on(tx, tenant_id, plan_id, new.event_on)
        held = on_file.setdefault(new.employee_id, [])
        refused = _refuse(new, known, terms[new.event_on], held, tx.now)
        if refused is not None:
            found.append(replace(refused, detail={**refused.detail, "place": str(place)}))
        else:
            held.append(_as_recorded(new, len(held), held, tx.now))
    return found


def _refuse(
    new: NewElection, known: set[EmployeeId], terms: plan.Provisions | None, held: Sequence[Election], now: datetime
) -> Refused[ElectionRefusal] | None:
    if new.employee_id not in known:
        return Refused(ElectionRefusal.UNKNOWN_PERSON, f"There is no employee {new.employee_id}.", "Check the id.")
    if terms is None:
        return Refused(
            ElectionRefusal.NOT_KEPT_HERE,
            f"Neither on {new.event_on} nor later the plan has terms of elections: they are kept elsewhere.",
            "Amend the plan with `elections`, from the day on which they are kept here.",
        )
    return refuse(new, terms, elected_on(held, new.event_on), day_of(now))


def _terms_on(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, on: date) -> plan.Provisions | None:
    """By which terms an election is judged: those of its day, or the first later ones by which they are kept here.

    A plan that comes here brings elections with the days on which they took effect elsewhere.
    """
    spans = plan.provisions_between(tx, tenant_id=tenant_id, plan_id=plan_id, start=on, end=date.max)
    kept = [span.provisions for span in spans if span.provisions.elections is not None]
    return kept[0] if kept else None


def _as_recorded(new: NewElection, place: int, held: Sequence[Election], now: datetime) -> Election:
    number = (held[-1].number if held else 0) + place + 1
    made = new.made_on or day_of(now)
    return Election(
        number, new.employee_id, new.slot, new.bps, new.cents, new.event_on, made, new.how, new.stands, now, ""
    )


def read_elections(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    employees: Sequence[EmployeeId] | None = None,
    known_at: datetime | None = None,
) -> list[Election]:
    """Every election on file in the order of its recording, those taken back and taken over too."""
    rows = _elections_store.elections(tx, tenant_id=tenant_id, plan_id=plan_id, employees=employees, known_at=known_at)
    return [
        Election(
            row.election_no,
            EmployeeId(row.employee_id),
            Slot(Source(row.source), Part(row.part)),
            row.bps,
            row.cents,
            row.event_on,
            row.made_on,
            How(row.how),
            row.stands,
            row.recorded_at,
            row.recorded_by,
        )
        for row in rows
    ]


def election_columns(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, until: date, known_at: datetime | None = None
) -> Columns:
    """Everybody's elections that take effect up to a day, for a whole payroll."""
    raw = _elections_store.columns(
        tx,
        tenant_id=tenant_id,
        plan_id=plan_id,
        until=until,
        known_at=known_at,
        slots=_SLOTS,
        defaults=_DEFAULTS,
    )
    return Columns(*raw)


def _row(new: NewElection) -> tuple[object, ...]:
    return (
        new.employee_id.uuid,
        str(new.slot.source),
        str(new.slot.part),
        new.bps,
        new.cents,
        new.event_on,
        new.made_on,
        str(new.how),
        new.stands,
    )


def _sha256_of(rows: Sequence[Sequence[object]]) -> str:
    return hashlib.sha256("\n".join("/".join(map(str, row)) for row in rows).encode()).hexdigest()


def changed_elections(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Iterator[str]:
    """What of the elections on file is not as it was recorded; they are in the order of their recording."""
    told = [each for each in audit.entries(tx, tenant_id=tenant_id, subject=plan_id) if each.action == RECORDED]
    recorded: list[dict[str, Any]] = [each.after for each in reversed(told) if isinstance(each.after, dict)]
    rows = _elections_store.elections(tx, tenant_id=tenant_id, plan_id=plan_id, employees=None, known_at=None)
    expected = sum(each["elections"] for each in recorded)
    if len(rows) != expected:
        yield f"{len(rows)} elections are on file, {expected} were recorded"
        return
    start = 0
    for each in recorded:
        part = rows[start : start + each["elections"]]
        start += len(part)
        if _sha256_of([row[1:10] for row in part]) != each["sha256"]:
            yield f"of {len(part)} elections some are not as they were recorded"

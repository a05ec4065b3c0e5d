"""The end of a plan, of a part of it, or of contributions: facts that a person states. Not here: whom they vest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from open401k import plan
from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import FlowId, PlanId, Refused, SponsorId, day_of

from . import _endings_store as _store

_CITE = "IRC 411(d)(3); Reg. 1.411(d)-2"
MOST_LETTERS = 500


class EndingKind(StrEnum):
    """What ended; or, of a turnover that let a partial termination be presumed, that it was none."""

    PLAN_TERMINATION = "plan_termination"
    PARTIAL_TERMINATION = "partial_termination"
    NO_PARTIAL_TERMINATION = "no_partial_termination"
    CONTRIBUTIONS_DISCONTINUED = "contributions_discontinued"

    @property
    def of_a_period(self) -> bool:
        """Whether it is of a period with its turnover; the others are of a day."""
        return self in (EndingKind.PARTIAL_TERMINATION, EndingKind.NO_PARTIAL_TERMINATION)


class EndingRefusal(StrEnum):
    """Why it was not put on file. Checked, and listed, in order of precedence."""

    KEY_REUSED = "key_reused"
    NOT_A_PERSON = "not_a_person"
    NO_REASON = "no_reason"
    DAYS_WRONG = "days_wrong"
    NOT_YET = "not_yet"
    NOT_ON_FILE = "not_on_file"


@dataclass(frozen=True, slots=True)
class Ending:
    """``starts_on`` and ``ends_on`` are one day for what is of a day; ``stands`` false takes back what was stated."""

    kind: EndingKind
    starts_on: date
    ends_on: date
    reason: str
    stands: bool = True


@dataclass(frozen=True, slots=True)
class StatedEnding:
    """An ending on file: the turnover it was decided on, when and by whom; whether it counts now."""

    ending_id: FlowId
    ending: Ending
    severed: int | None
    participants: int | None
    recorded_at: datetime
    by: str
    counts: bool


def decide_ending(
    wanted: Ending, *, known: Sequence[Ending], today: date, by_person: bool, adopted_on: date
) -> Refused[EndingRefusal] | None:
    """Why it cannot be put on file; None: it can. ``known`` are those that count."""
    if not by_person:
        return Refused(EndingRefusal.NOT_A_PERSON, f"A person states what ended ({_CITE}).", "Sign in, or use a key.")
    if not 0 < len(wanted.reason) <= MOST_LETTERS:
        message = f"A reason has up to {MOST_LETTERS} letters, and this one has {len(wanted.reason)}."
        return Refused(EndingRefusal.NO_REASON, message, "Name the resolution, the event, or what rebuts it.")
    if wanted.ends_on < wanted.starts_on or wanted.starts_on < adopted_on:
        message = f"{wanted.starts_on} to {wanted.ends_on} is no time of a plan that began on {adopted_on}."
        return Refused(EndingRefusal.DAYS_WRONG, message, "Give its first and its last day.")
    if not wanted.kind.of_a_period and wanted.ends_on != wanted.starts_on:
        message = f"A {wanted.kind.value.replace('_', ' ')} is of one day, and two were given."
        return Refused(EndingRefusal.DAYS_WRONG, message, "Give the day alone.")
    if wanted.starts_on > today:
        message = f"{wanted.starts_on} is still to come: what vests people has happened ({_CITE})."
        return Refused(EndingRefusal.NOT_YET, message, "State it on its day.")
    same = (_place(wanted), wanted.kind)
    if not wanted.stands and same not in [(_place(each), each.kind) for each in known]:
        message = "Nothing of that kind and of those days is on file."
        return Refused(EndingRefusal.NOT_ON_FILE, message, "Name its kind and days as they were stated.")
    return None


def counting(stated: Iterable[Ending]) -> list[Ending]:
    """Those that count, oldest first: of the same place the one stated last, if it stands."""
    last: dict[tuple[str, date, date], Ending] = {}
    for each in stated:
        last.pop(_place(each), None)
        last[_place(each)] = each
    return [each for each in last.values() if each.stands]


def _place(ending: Ending) -> tuple[str, date, date]:
    """Whether a turnover was a partial termination is one question: the later answer takes the place of the other."""
    kind = "turnover" if ending.kind.of_a_period else ending.kind.value
    return kind, ending.starts_on, ending.ends_on


def endings_of(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None
) -> tuple[Ending, ...]:
    """What counts, as known at an instant."""
    rows = _store.endings(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    return tuple(counting(_ending(row) for row in rows))


def stated_endings(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[StatedEnding]:
    """Everything ever stated, the newest first."""
    rows = _store.endings(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=None)
    last = {_place(_ending(row)): row.ending_id for row in rows}
    return [
        StatedEnding(
            FlowId(row.ending_id),
            _ending(row),
            row.severed,
            row.participants,
            row.recorded_at,
            row.recorded_by,
            row.stands and last[_place(_ending(row))] == row.ending_id,
        )
        for row in reversed(rows)
    ]


def state_ending(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    ending_id: FlowId,
    ending: Ending,
    turnover: tuple[int, int] | None,
    by_person: bool,
) -> bool | Refused[EndingRefusal]:
    """Put it on file; whoever asks settles forfeitures afterwards. False: it was there under this id already."""
    heads.lock(tx, tenant_id=tenant_id)
    rows = _store.endings(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=None)
    before = next((_ending(row) for row in rows if row.ending_id == ending_id.uuid), None)
    if before is not None:
        reused = Refused(EndingRefusal.KEY_REUSED, "Something else was stated under it before.", "Use a fresh key.")
        return False if before == ending else reused
    refused = decide_ending(
        ending,
        known=counting(_ending(row) for row in rows),
        today=day_of(tx.now),
        by_person=by_person,
        adopted_on=plan.get(tx, tenant_id=tenant_id, plan_id=plan_id).adopted_on,
    )
    if refused is not None:
        return refused
    severed, participants = turnover or (None, None)
    _store.insert_ending(
        tx, tenant_id=tenant_id, plan_id=plan_id, ending_id=ending_id.uuid, kind=ending.kind.value,
        starts_on=ending.starts_on, ends_on=ending.ends_on, stands=ending.stands, reason=ending.reason,
        severed=severed, participants=participants,
    )  # fmt: skip
    told = {"kind": ending.kind.value, "from": str(ending.starts_on), "to": str(ending.ends_on)}
    counts = {"stands": ending.stands, "severed": severed, "participants": participants}
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="recordkeeping.plan_ending",
        subject=str(plan_id),
        after=told | counts | {"reason": ending.reason},
    )
    return True


def _ending(row: _store.EndingRow) -> Ending:
    return Ending(EndingKind(row.kind), row.starts_on, row.ends_on, row.reason, row.stands)

"""What people should have forfeited minus what is posted: derived, never asked. Not here: using it (forfeiture_use.py).

Money flow: participant's source -> the plan's forfeitures; restored the other way, by the employer once these are used.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from open401k import census, ledger, plan
from open401k.base import heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, EntryId, PlanId, Refused, Source, SponsorId, anniversary, day_of

from . import _forfeiture_store as _store
from .forfeited import Credit, Forfeited, forfeited
from .full_vesting import Ages, lowest_age
from .plan_endings import endings_of

#: What the journal calls it.
REASON = "forfeiture"

#: Whose source, and the day on which it is forfeited or restored.
Slot = tuple[EmployeeId, Source, date]


@dataclass(frozen=True, slots=True)
class ForfeitureDamage:
    """Where the books are not what follows from the facts."""

    where: str
    message: str


def keeps_forfeitures(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> bool:
    """Whether the plan's terms ever let money be forfeited; no statement under the tenant's lock."""
    return any(each.provisions.forfeitures is not None for each in _spans(tx, tenant_id, plan_id, None))


def derive_forfeitures(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    as_of: date,
    employees: Sequence[EmployeeId] | None = None,
    known_at: datetime | None = None,
) -> dict[EmployeeId, tuple[Forfeited, ...]]:
    """What each person who ever left has forfeited by a day, and got back, as known at an instant."""
    spans = _spans(tx, tenant_id, plan_id, known_at)
    people = census.roster(tx, tenant_id=tenant_id, employee_ids=employees, known_at=known_at)
    left = [each for each in people if any(span.terminated_on for span in each.employment)]
    if not left:
        return {}
    ids = [each.employee_id for each in left]
    money: dict[EmployeeId, list[Credit]] = defaultdict(list)
    rows = _store.gained(tx, tenant_id=tenant_id, plan_id=plan_id, employees=ids, known_at=known_at)
    for who, source, day, cents in rows:
        money[EmployeeId(who)].append(Credit(Source(source), day, cents))
    with_money = [each for each in left if each.employee_id in money]
    ages = ages_of(tx, tenant_id=tenant_id, plan_id=plan_id, people=with_money, spans=spans, known_at=known_at)
    endings = endings_of(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    found = {
        each.employee_id: forfeited(
            employment=each.employment,
            money=money[each.employee_id],
            spans=spans,
            on=as_of,
            ages=ages[each.employee_id],
            endings=endings,
        )
        for each in with_money
    }
    return {who: moves for who, moves in found.items() if moves}


def settle_forfeitures(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    key: str,
    cause: str,
    together: ledger.Together,
    employees: Sequence[EmployeeId] | None = None,
) -> tuple[EntryId, ...] | Refused[ledger.Refusal]:
    """Post what is missing, take back what is too much, as of today; a settled book stays.

    The caller takes in what waits ``together``: an account that a correction overdraws gets back what it forfeited.
    """
    if not keeps_forfeitures(tx, tenant_id=tenant_id, plan_id=plan_id):
        return ()
    heads.lock(tx, tenant_id=tenant_id)
    of_whom = None if employees is None else list(employees)
    derived = derive_forfeitures(tx, tenant_id=tenant_id, plan_id=plan_id, as_of=day_of(tx.now), employees=of_whom)
    standing = _store.forfeited(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=None)
    wanted = None if employees is None else frozenset(employees)
    moves = missing(derived, ((row, row.cents) for row in standing), wanted)
    if not moves:
        return ()
    held = _store.balance(tx, tenant_id=tenant_id, plan_id=plan_id)
    return _post(tx, tenant_id, plan_id, funded(moves, held), key, cause, together)


def settle_everybody(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[EntryId, ...] | Refused[ledger.Refusal]:
    """Everybody's forfeitures as of today: what a day asks for. A second time on a day posts nothing."""
    if not keeps_forfeitures(tx, tenant_id=tenant_id, plan_id=plan_id):
        return ()
    today = day_of(tx.now)
    return settle_because(tx, tenant_id=tenant_id, plan_id=plan_id, key=f"day/{plan_id}/{today}", cause=f"day/{today}")


def settle_because(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, key: str, cause: str
) -> tuple[EntryId, ...] | Refused[ledger.Refusal]:
    """As :func:`settle_everybody`, for a cause of its own: something was learned that touches everybody."""
    if not keeps_forfeitures(tx, tenant_id=tenant_id, plan_id=plan_id):
        return ()
    heads.lock(tx, tenant_id=tenant_id)
    today, together = day_of(tx.now), ledger.Together()
    posted = settle_forfeitures(tx, tenant_id=tenant_id, plan_id=plan_id, key=key, cause=cause, together=together)
    refused = posted if isinstance(posted, Refused) else ledger.take_in(tx, tenant_id=tenant_id, together=together)
    if refused is not None:
        return refused
    _store.insert_derived(tx, tenant_id=tenant_id, plan_id=plan_id, as_of=today)
    return posted


# --- decisions (pure)


def missing(
    derived: Mapping[EmployeeId, Sequence[Forfeited]],
    standing: Iterable[tuple[_store.ForfeitedRow, int]],
    wanted: frozenset[EmployeeId] | None,
) -> dict[Slot, int]:
    """Cents to forfeit (below zero: to give back) so that the books hold what is derived, by person, source, day."""
    found: dict[Slot, int] = defaultdict(int)
    for who, moves in derived.items():
        for each in moves:
            found[who, each.source, each.on] += each.cents
    for row, cents in standing:
        who = EmployeeId(row.employee_id)
        if wanted is None or who in wanted:
            found[who, Source(row.source), row.event_on] -= cents
    return {slot: cents for slot, cents in sorted(found.items(), key=_by_day) if cents}


def funded(moves: Mapping[Slot, int], held: int) -> list[tuple[Slot, int, int]]:
    """Each move with what the employer has to put in: forfeitures restore accounts first, as far as they are there.

    As plan documents have it: a restored amount is the one that was forfeited (Reg. 1.411(a)-7(d)(2)(iii)), from
    forfeitures that are not used yet, else from the employer.
    """
    there = held + sum(cents for cents in moves.values() if cents > 0)
    found = []
    for slot, cents in moves.items():
        own = max(-cents - max(there, 0), 0) if cents < 0 else 0
        there -= max(-cents, 0) - own
        found.append((slot, cents, own))
    return found


def _by_day(move: tuple[Slot, int]) -> tuple[date, str, str]:
    (who, source, day), _ = move
    return day, str(who), source.value


# --- the books


def _post(
    tx: Tx,
    tenant_id: SponsorId,
    plan_id: PlanId,
    moves: Sequence[tuple[Slot, int, int]],
    key: str,
    cause: str,
    together: ledger.Together,
) -> tuple[EntryId, ...] | Refused[ledger.Refusal]:
    pool = ledger.AccountKey(plan_id, ledger.Kind.FORFEITURES)
    owed = ledger.AccountKey(plan_id, ledger.Kind.EMPLOYER_RECEIVABLE)
    theirs = {slot: ledger.AccountKey(plan_id, ledger.Kind.PARTICIPANT, slot[0], slot[1]) for slot, _, _ in moves}
    accounts = ledger.open_accounts(tx, tenant_id=tenant_id, keys=[pool, owed, *theirs.values()])
    entries: list[EntryId] = []
    for day in sorted({slot[2] for slot, _, _ in moves}):
        of_day = [each for each in moves if each[0][2] == day]
        lines: list[ledger.Line] = []
        for slot, cents, own in of_day:
            account, ref = accounts[theirs[slot]], f"{REASON}/{slot[1]}"
            if cents > 0:
                lines.append(ledger.Line(account, accounts[pool], cents, ref))
            if -cents - own > 0:
                lines.append(ledger.Line(accounts[pool], account, -cents - own, ref))
            if own:
                lines.append(ledger.Line(accounts[owed], account, own, ref))
        posted = ledger.post(
            tx,
            tenant_id=tenant_id,
            key=f"{key}/{REASON}/{plan_id}/{day}",
            event_on=day,
            reason=REASON,
            cause=cause,
            lines=lines,
            together=together,
        )
        if isinstance(posted, Refused):
            return posted
        rows = [_store.ForfeitedRow(s[0].uuid, s[1].value, s[2], cents, own) for s, cents, own in of_day]
        _store.insert_forfeited(tx, tenant_id=tenant_id, plan_id=plan_id, entry_id=posted.entry_id, rows=rows)
        entries.append(posted.entry_id)
    return tuple(entries)


def forfeiture_damage(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Iterator[ForfeitureDamage]:
    """What is kept against the ledger; what the last day posted against what then followed from the facts."""
    for entry, kept, moved in _store.differing(tx, tenant_id=tenant_id, plan_id=plan_id):
        yield ForfeitureDamage(str(EntryId(entry)), f"kept {kept} cents, moved {moved}")
    last = _store.derived(tx, tenant_id=tenant_id, plan_id=plan_id)
    if last is None:
        return
    as_of, known_at = last
    derived = derive_forfeitures(tx, tenant_id=tenant_id, plan_id=plan_id, as_of=as_of, known_at=known_at)
    standing = _store.forfeited(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    for (who, source, day), cents in missing(derived, ((row, row.cents) for row in standing), None).items():
        message = (
            f"{cents} cents are to be forfeited and are not" if cents > 0 else f"{-cents} cents are to be restored"
        )
        yield ForfeitureDamage(f"{who} {source} {day}", message)


def _spans(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None) -> tuple[plan.Span, ...]:
    return plan.provisions_between(
        tx, tenant_id=tenant_id, plan_id=plan_id, start=date.min, end=date.max, known_at=known_at
    )


def ages_of(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    people: Sequence[census.Employee],
    spans: Sequence[plan.Span],
    known_at: datetime | None = None,
    on: date = date.min,
) -> dict[EmployeeId, Ages]:
    """Birth and participation of each; the latter is looked up only for who is old enough on leaving, or on a day."""
    youngest = lowest_age(spans)
    old = [
        each
        for each in people
        if each.birth_date is not None
        and any(max(span.terminated_on or on, on) >= anniversary(each.birth_date, youngest) for span in each.employment)
    ]
    since: dict[EmployeeId, date | None] = {}
    if old:
        entered = census.first_entries(
            tx,
            tenant_id=tenant_id,
            provisions=spans[-1].provisions,
            plan_id=plan_id,
            employees=old,
            known_at=known_at,
        )
        since = {each.employee_id: day for each, day in zip(old, entered, strict=True)}
    hired = {each.employee_id: each.employment[0].hired_on if each.employment else date.min for each in people}
    return {
        each.employee_id: Ages(each.birth_date, since.get(each.employee_id) or hired[each.employee_id])
        for each in people
    }

"""A rollover that is found invalid after it came: determined by a person, and paid out with its earnings. ADR-0059.

Reg. 1.401(a)(31)-1 A-14(b)(1): the plan keeps its standing if the administrator had reasonably concluded that it was
valid, and pays the amount with any earnings on it within a reasonable time after the determination. The regulation
names neither a number of days nor how earnings are attributed.
Money flow: rollover sources -> cash clearing. Not here: the coming in (rollovers.py), its tax and its form, a person's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from open401k import ledger
from open401k.base import audit, heads, messages
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, EntryId, Money, PlanId, Refused, RolloverId, Source, SponsorId, day_of, half_up

from . import _rollover_invalid_store as _store
from ._rollover_store import entries as entries_of
from .rollover_returned import goes_back, left_of
from .rollovers import RolloverBooked, RolloverDamage, RolloverRequest, RolloverWay, get_rollover_request

#: What the journal calls it.
INVALID_REASON: Final = "rollover: invalid"
INVALID_CITE: Final = "Reg. 1.401(a)(31)-1 A-14(b)(1)"
#: Reasons of entries that are no earnings: what came into a source and left it otherwise. A note is part of the
#: account (ADR-0033): what is lent and repaid goes nowhere, and interest is what the account earns.
_MOVES: Final = frozenset(
    {"contribution", "correction", "forfeiture", "loan_offset", "opening", "opening_reversed", "overpaid",
     "rollover: receiver", "rollover: source", INVALID_REASON}
)  # fmt: skip
_ACCOUNT: Final = (ledger.Kind.PARTICIPANT, ledger.Kind.PARTICIPANT_LOAN)


class WhyInvalid(StrEnum):
    """Why money that came was none that could be rolled over."""

    NOT_ELIGIBLE = "not_eligible"
    REQUIRED_MINIMUM = "required_minimum"
    SOURCE_NOT_QUALIFIED = "source_not_qualified"
    KIND_NOT_TAKEN = "kind_not_taken"
    TOO_LATE = "too_late"
    OTHER = "other"


class InvalidRefusal(StrEnum):
    """Why a rollover was not found invalid, or not paid back. Checked, and listed, in order of precedence."""

    ROLLOVER_UNKNOWN = "rollover_unknown"
    NOT_A_PERSON = "not_a_person"
    DID_NOT_COME = "did_not_come"
    DETERMINED_BEFORE = "determined_before"
    NOT_SAID_WHY = "not_said_why"
    NO_SUCH_LEG = "no_such_leg"
    MORE_THAN_CAME = "more_than_came"
    NOT_DETERMINED = "not_determined"
    PAID_BEFORE = "paid_before"
    RETURN_IS_OPEN = "return_is_open"
    WENT_BACK = "went_back"
    EARNINGS_OF_OTHER_SOURCES = "earnings_of_other_sources"
    LOSS_MORE_THAN_CAME = "loss_more_than_came"
    MORE_THAN_THERE_IS = "more_than_there_is"
    WITHHELD_MORE_THAN_PAID = "withheld_more_than_paid"


Refusal = Refused[InvalidRefusal]


@dataclass(frozen=True, slots=True)
class PaidBack:
    """What was paid back: by which entry, when, cents and earnings of each source, and the tax taken from it.

    Where all of it was lost nothing is paid, and there is no entry.
    """

    entry_id: EntryId | None
    on: date
    cents: Mapping[Source, int]
    earnings: Mapping[Source, int]
    withheld_cents: int
    by: str

    @property
    def gross_cents(self) -> int:
        return sum(self.cents.values()) + sum(self.earnings.values())


@dataclass(frozen=True, slots=True)
class InvalidRollover:
    """What was determined of a rollover, by source, and what was paid back of it; None: it waits."""

    rollover_id: RolloverId
    employee_id: EmployeeId
    determined_on: date
    why: WhyInvalid
    detail: str
    cents: Mapping[Source, int]
    by: str
    paid: PaidBack | None


@dataclass(frozen=True, slots=True)
class Moved:
    """A source since the rollover came: what it held before, what came and went, what it holds now."""

    before_cents: int
    into_cents: int
    out_cents: int
    now_cents: int


def attributed(*, invalid_cents: int, moved: Moved) -> int:
    """Earnings on a part of a source, below zero for a loss: pro rata, as Reg. 1.408-11(a) attributes them in an IRA.

    contribution x (adjusted closing - adjusted opening) / adjusted opening; the opening with all that came since, the
    closing with all that went.
    """
    opening, closing = moved.before_cents + moved.into_cents, moved.now_cents + moved.out_cents
    return half_up(Fraction(invalid_cents * (closing - opening), opening))


def determine_invalid(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, why: WhyInvalid, detail: str,
    legs: Mapping[int, int], by_person: bool,
) -> InvalidRollover | Refusal:  # fmt: skip
    """A person determines which cents of which legs were invalid; the same again is the same, once of a rollover."""
    heads.lock(tx, tenant_id=tenant_id)
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    request = get_rollover_request(tx, **of, rollover_id=rollover_id)
    if isinstance(request, Refused):
        return Refused(InvalidRefusal.ROLLOVER_UNKNOWN, request.message, request.fix)
    booked = request.booked
    if not by_person:
        return Refused(InvalidRefusal.NOT_A_PERSON, f"A person determines it ({INVALID_CITE}).", "Sign in.")
    if booked is None or booked.way is not RolloverWay.INTO:
        message = f"{rollover_id} brought no money into the plan."
        return Refused(InvalidRefusal.DID_NOT_COME, message, "What never came is stopped at the node.")
    cents = _by_source(booked, legs)
    if not detail.strip():
        return Refused(InvalidRefusal.NOT_SAID_WHY, "What was found is not said.", "Say by what it was found.")
    if isinstance(cents, Refused):
        return cents
    known = next((each for each in invalid_rollovers(tx, **of) if each.rollover_id == rollover_id), None)
    if known is not None:
        if (known.why, known.detail, known.cents) == (why, detail, cents):
            return known
        message = f"{rollover_id} was determined to be invalid on {known.determined_on}, otherwise."
        return Refused(InvalidRefusal.DETERMINED_BEFORE, message, "Look at what was determined.")
    if (refused := _returned(tx, tenant_id, request, cents)) is not None:
        return refused
    parts = {source.value: amount for source, amount in cents.items()}
    row = (rollover_id.uuid, plan_id, booked.employee_id, day_of(tx.now), why.value, detail, parts)
    _store.insert_invalid(tx, tenant_id=tenant_id, row=row)
    said = {"plan_id": str(plan_id), "why": why.value, "cents": sum(cents.values()), "cite": INVALID_CITE}
    audit.record(tx, tenant_id=tenant_id, action="rollover.invalid", subject=rollover_id, after=said)
    messages.publish(tx, tenant_id=tenant_id, kind="rollover.invalid", subject=rollover_id, data=said)
    return next(each for each in invalid_rollovers(tx, **of) if each.rollover_id == rollover_id)


def pay_back_invalid(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, withheld_cents: int,
    earnings: Mapping[Source, int] | None, by_person: bool,
) -> InvalidRollover | Refusal:  # fmt: skip
    """Pay it out with its earnings, approved by a person, once: the same again is the first answer.

    ``earnings``: of each of its sources as the investment records have them; None: as the books attribute them.
    ``withheld_cents`` is told: which class of payment it is to 3405 is not settled here.
    """
    heads.lock(tx, tenant_id=tenant_id)
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    known = next((each for each in invalid_rollovers(tx, **of) if each.rollover_id == rollover_id), None)
    if not by_person:
        return Refused(InvalidRefusal.NOT_A_PERSON, f"A person approves it ({INVALID_CITE}).", "Sign in.")
    if known is None:
        message = f"Nobody determined that {rollover_id} is invalid."
        return Refused(InvalidRefusal.NOT_DETERMINED, message, "Determine it first: which part, and why.")
    if known.paid is not None:
        same = known.paid.withheld_cents == withheld_cents and earnings in (None, known.paid.earnings)
        message = f"{Money(known.paid.gross_cents)} were paid back on {known.paid.on}."
        return known if same else Refused(InvalidRefusal.PAID_BEFORE, message, "Nothing is left of it to pay.")
    request = get_rollover_request(tx, **of, rollover_id=rollover_id)
    if not isinstance(request, Refused) and (refused := _returned(tx, tenant_id, request, known.cents)) is not None:
        return refused
    found = invalid_earnings(tx, **of, invalid=known) if earnings is None else _told(known, earnings)
    if isinstance(found, Refused):
        return found
    paid = {source: cents + found[source] for source, cents in known.cents.items()}
    if not 0 <= withheld_cents <= sum(paid.values()):
        message = f"{Money(withheld_cents)} cannot be withheld from {Money(sum(paid.values()))}."
        return Refused(InvalidRefusal.WITHHELD_MORE_THAN_PAID, message, "Say what is withheld of the payment.")
    entry = _post(tx, tenant_id, plan_id, known, paid) if sum(paid.values()) else None
    if isinstance(entry, Refused):
        return entry
    parts = {s.value: {"cents": cents, "earnings": found[s]} for s, cents in known.cents.items()}
    row = (rollover_id.uuid, plan_id, known.employee_id, entry, day_of(tx.now), parts, withheld_cents)
    _store.insert_taken_back(tx, tenant_id=tenant_id, row=row)
    after = {"cents": sum(paid.values()), "earnings": sum(found.values()), "withheld": withheld_cents}
    audit.record(tx, tenant_id=tenant_id, action="rollover.taken_back", subject=rollover_id, after=after)
    return next(each for each in invalid_rollovers(tx, **of) if each.rollover_id == rollover_id)


def invalid_earnings(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, invalid: InvalidRollover) -> dict[Source, int]:
    """Earnings on the invalid part of each source by the books: whatever moved it that is no money in or out.

    The source is its cash and the note of it: interest on a loan is what the account earns, no contribution to it.
    """
    request = get_rollover_request(tx, tenant_id=tenant_id, plan_id=plan_id, rollover_id=invalid.rollover_id)
    if isinstance(request, Refused) or request.booked is None:
        raise AssertionError("what was determined had come")
    now = _held(tx, tenant_id, plan_id, invalid.employee_id)
    found = {}
    for source, cents in invalid.cents.items():
        keys = [ledger.AccountKey(plan_id, kind, invalid.employee_id, source) for kind in _ACCOUNT]
        both, entry = [ledger.account_id(tenant_id=tenant_id, key=key).uuid for key in keys], request.booked.entry_id
        moves = _store.moved_since(tx, tenant_id=tenant_id, account_ids=both, entry_id=entry.uuid)
        known = [each for each in moves if each.reason in _MOVES]
        before = now.get(source, 0) - sum(each.into - each.out for each in moves)
        moved = Moved(before, sum(e.into for e in known), sum(e.out for e in known), now.get(source, 0))
        found[source] = attributed(invalid_cents=cents, moved=moved)
    return found


def invalid_rollovers(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None
) -> list[InvalidRollover]:
    """Everything that was determined in a plan, the oldest first, as known at an instant."""
    return [_invalid(row) for row in _store.invalid(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)]


def invalid_damage(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[RolloverDamage, ...]:
    """Entries of this reason against what was approved, by entry, day, person, source and cents, both ways."""
    should: dict[tuple[str, str, str, str], int] = {}
    for each in invalid_rollovers(tx, tenant_id=tenant_id, plan_id=plan_id):
        for source, cents in each.cents.items() if each.paid is not None else ():
            if each.paid is not None and (total := cents + each.paid.earnings[source]):
                slot = (str(each.paid.entry_id), str(each.paid.on), str(each.employee_id), source.value)
                should[slot] = -total
    entries = entries_of(tx, tenant_id=tenant_id, plan_id=plan_id, reasons=[INVALID_REASON])
    moved = {
        (str(EntryId(entry)), str(day), str(EmployeeId(who)), source): cents
        for entry, _, day, who, source, cents in entries
    }
    return tuple(
        RolloverDamage(slot[0], f"paid back {should.get(slot, 'nothing')}, moved {moved.get(slot, 'nothing')}")
        for slot in sorted({*should, *moved})
        if should.get(slot) != moved.get(slot)
    )


def _by_source(booked: RolloverBooked, legs: Mapping[int, int]) -> dict[Source, int] | Refusal:
    """Cents by source; what came of one leg went into one source."""
    came, found = {each.leg: each for each in booked.parts}, dict[Source, int]()
    unknown = [leg for leg in legs if leg not in came]
    if unknown or not legs:
        message = f"Leg {', '.join(map(str, unknown)) or '(none)'}: this rollover came in legs {sorted(came)}."
        return Refused(InvalidRefusal.NO_SUCH_LEG, message, "Name each leg of which a part is invalid, and how much.")
    for leg, cents in legs.items():
        if not 0 < cents <= came[leg].cents:
            message = f"Leg {leg}: {Money(cents)} is no part of the {Money(came[leg].cents)} that came."
            return Refused(InvalidRefusal.MORE_THAN_CAME, message, "Say how much of it is invalid.")
        (source,) = came[leg].shares
        found[source] = found.get(source, 0) + cents
    return found


def _returned(tx: Tx, tenant_id: SponsorId, came: RolloverRequest, cents: Mapping[Source, int]) -> Refusal | None:
    """Why these cents are not paid out of the books: they go back over the rails, or went (ADR-0062)."""
    if came.booked is None:
        return None
    back = goes_back(tx, tenant_id=tenant_id, plan_id=came.plan_id, came=came)
    if back.open:
        message = f"{came.rollover_id} is asked back over the rails by {', '.join(map(str, back.open))}, which is open."
        return Refused(InvalidRefusal.RETURN_IS_OPEN, message, "Wait until that has ended, or stop it at the node.")
    if back.held:
        message = f"Money of {came.rollover_id} is held to go back over the rails: {', '.join(back.held)}."
        return Refused(InvalidRefusal.RETURN_IS_OPEN, message, "Wait until it is posted, or stop it at the node.")
    left = left_of(came.booked, back.cents)
    more = sorted(source for source, each in cents.items() if each > left.get(source, 0))
    if not more:
        return None
    went = ", ".join(f"{Money(back.cents[each])} of {each.value}" for each in more)
    message = f"Of {came.rollover_id} {went} went back over the rails: no cent goes back twice."
    rest = ", ".join(f"{Money(left.get(each, 0))} of {each.value}" for each in more)
    return Refused(InvalidRefusal.WENT_BACK, message, f"At most {rest} can still be found invalid.")


def _told(invalid: InvalidRollover, earnings: Mapping[Source, int]) -> dict[Source, int] | Refusal:
    """Earnings as they are told: of every source it came into and no other, for what is paid is paid once."""
    wrong = sorted(source.value for source in {*earnings} ^ {*invalid.cents})
    if wrong:
        into = ", ".join(sorted(source.value for source in invalid.cents))
        message = f"Earnings of {', '.join(wrong)}: what was invalid came into {into}."
        return Refused(InvalidRefusal.EARNINGS_OF_OTHER_SOURCES, message, f"Tell them of {into}; 0.00 where none are.")
    for source, cents in invalid.cents.items():
        if earnings[source] < -cents:
            message = f"{source.value}: of {Money(cents)} no {Money(-earnings[source])} can be lost."
            return Refused(InvalidRefusal.LOSS_MORE_THAN_CAME, message, "Tell a loss of no more than what was invalid.")
    return dict(earnings)


def _post(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, invalid: InvalidRollover, paid: Mapping[Source, int]
) -> EntryId | Refusal:
    clearing = ledger.AccountKey(plan_id, ledger.Kind.CASH_CLEARING)
    keys = {s: ledger.AccountKey(plan_id, ledger.Kind.PARTICIPANT, invalid.employee_id, s) for s in paid}
    ids = ledger.open_accounts(tx, tenant_id=tenant_id, keys=[clearing, *keys.values()])
    lines = [ledger.Line(ids[keys[s]], ids[clearing], cents, s.value) for s, cents in paid.items() if cents > 0]
    key = f"rollover:invalid:{invalid.rollover_id}"
    posted = ledger.post(
        tx, tenant_id=tenant_id, key=key, event_on=day_of(tx.now), reason=INVALID_REASON,
        cause=str(invalid.rollover_id), lines=lines,
    )  # fmt: skip
    if isinstance(posted, Refused):
        return Refused(InvalidRefusal.MORE_THAN_THERE_IS, posted.message, "Sell holdings or repay the loan first.")
    return posted.entry_id


def _held(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, who: EmployeeId) -> dict[Source, int]:
    """Each source, with what of it is lent to its owner."""
    held, found = ledger.balances(tx, tenant_id=tenant_id, plan_id=plan_id), dict[Source, int]()
    rows = zip(held.kind, held.employee_id, held.source, held.asset, held.amount, strict=True)
    for kind, owner, source, asset, amount in rows:
        if kind in _ACCOUNT and owner == who.uuid and asset == ledger.USD and source is not None:
            found[Source(source)] = found.get(Source(source), 0) + amount
    return found


def _invalid(row: _store.InvalidRow) -> InvalidRollover:
    paid = None
    if row.paid_on is not None and row.paid is not None:
        cents = {Source(name): each["cents"] for name, each in row.paid.items()}
        earnings = {Source(name): each["earnings"] for name, each in row.paid.items()}
        paid = PaidBack(
            None if row.entry_id is None else EntryId(row.entry_id), row.paid_on, cents, earnings,
            row.withheld_cents or 0, row.paid_by or "",
        )  # fmt: skip
    return InvalidRollover(
        RolloverId(row.rollover_id), EmployeeId(row.employee_id), row.determined_on, WhyInvalid(row.why), row.detail,
        {Source(name): cents for name, cents in row.parts.items()}, row.recorded_by, paid,
    )  # fmt: skip

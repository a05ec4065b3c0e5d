"""Rollovers into a plan and out of it: what was asked and told, and what the books followed, once. ADR-0050.

Money flow: cash clearing -> rollover sources; participant's sources -> cash clearing. Not here: moving it (the node's
core, flows/rollover_core.py), what may be paid (rollover_release.py).
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, EntryId, PlanId, Refused, RolloverId, Source, SponsorId, day_of
from open401k.law.form_1099r import EarlyException, Payee

from . import _rollover_store as _store
from . import _wish_store


class RolloverWay(StrEnum):
    """Into the plan or out of it."""

    INTO = "into"
    OUT = "out"


#: What the journal calls it, each way.
ROLLOVER_REASON: Final = {RolloverWay.INTO: "rollover: receiver", RolloverWay.OUT: "rollover: source"}
#: The names under which a request's place in the world is told; all others are facts for its preflight.
CASE, STATE, ENDED, ACCOUNT = "case", "state", "ended", "account"
#: Which explanation our node has; not a fact for the preflight either.
PAPER: Final = "paper"
#: What the network withheld, read when it was final.
WITHHELD: Final = "withheld"
#: What a person found that was withheld, by leg, and why: it ends a difference, or what cannot be read.
WITHHELD_SETTLED: Final = "withheld_settled"
#: Of several receivers who gets how many of the legs, in their order.
RECEIVERS: Final = "receivers"
NOT_FACTS: Final = (ACCOUNT, CASE, STATE, ENDED, PAPER, WITHHELD, WITHHELD_SETTLED, RECEIVERS)


class RolloverRefusal(StrEnum):
    """Why a rollover was not asked for or told. Checked, and listed, in order of precedence."""

    KEY_REUSED = "key_reused"
    ROLLOVER_UNKNOWN = "rollover_unknown"
    NOT_JOINED = "not_joined"
    NOT_OFFERED = "not_offered"
    PERSON_UNKNOWN = "person_unknown"
    NOT_EMPLOYED = "not_employed"
    NOT_ENTERED = "not_entered"
    KIND_NOT_TAKEN = "kind_not_taken"
    ONE_IS_OPEN = "one_is_open"
    FOUND_INVALID = "found_invalid"
    WENT_BACK = "went_back"
    ENDED_BEFORE = "ended_before"
    FACTS_WRONG = "facts_wrong"
    ALTERNATE_PAYEE = "alternate_payee"
    NOT_EXPLAINED = "not_explained"
    NOTHING_DIFFERS = "nothing_differs"


@dataclass(frozen=True, slots=True)
class RolloverTold:
    """One thing that was told of a request: about a day, known since, by whom."""

    name: str
    event_on: date
    told: Any
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class RolloverPart:
    """One leg as the books followed it: cents by source, of them basis, and the first year of its Roth clock.

    Of what was paid out ``into`` is the type of account it went to, ``taxable_cents`` what of it is taxed now (None: it
    is not known here), ``withheld_cents`` the tax that was taken from it.
    """

    leg: int
    kind: str
    cents: int
    shares: Mapping[Source, int]
    basis_cents: int = 0
    roth_since: int | None = None
    into: str | None = None
    taxable_cents: int | None = None
    withheld_cents: int = 0


@dataclass(frozen=True, slots=True)
class RolloverBooked:
    """What the books followed. ``rollover`` is its id on the rails; ``rollover_id`` the request, where there is one."""

    rollover: bytes
    way: RolloverWay
    plan_id: PlanId
    employee_id: EmployeeId
    entry_id: EntryId
    event_on: date
    parts: tuple[RolloverPart, ...]
    rollover_id: RolloverId | None
    recorded_at: datetime
    payee: Payee = Payee.PARTICIPANT
    early: EarlyException = EarlyException.NONE
    #: The request by which what went out had come: a return.
    gives_back: RolloverId | None = None

    @property
    def cents(self) -> int:
        return sum(each.cents for each in self.parts)


@dataclass(frozen=True, slots=True)
class RolloverRequest:
    """A rollover that somebody asked for, with the newest of each thing that was told, and what the books followed."""

    rollover_id: RolloverId
    plan_id: PlanId
    employee_id: EmployeeId
    way: RolloverWay
    asked_at: datetime
    asked_by: str
    told: Mapping[str, RolloverTold] = field(default_factory=dict)
    booked: RolloverBooked | None = None

    @property
    def case(self) -> str | None:
        """The node's case file."""
        found = self.told.get(CASE)
        return None if found is None else str(found.told)

    @property
    def account(self) -> str:
        """The account that the network knows: of one that comes in its own, so that its posting is told apart.

        Of one that goes out that which its case names; a return names the one into which the money came.
        """
        found = self.told.get(ACCOUNT)
        return str(self.employee_id) if found is None else str(found.told)

    @property
    def goes_to(self) -> tuple[str, ...]:
        """The custodian of each leg, where several receive."""
        said = self.told[RECEIVERS].told if RECEIVERS in self.told else ()
        return tuple(str(each["custodian"]) for each in said for _ in range(each["legs"]))

    @property
    def withheld_unread(self) -> bool:
        """Whether something may have been withheld of it, and nobody read yet what the network did."""
        if self.booked is None or self.booked.way is not RolloverWay.OUT:
            return False
        if WITHHELD in self.told or WITHHELD_SETTLED in self.told:
            return False
        return any(each.into in (None, "person") for each in self.booked.parts)

    @property
    def withheld_otherwise(self) -> tuple[int, int] | None:
        """Cents withheld by the books and by the network, where they differ and nobody found out yet what is true."""
        if self.booked is None or WITHHELD not in self.told or WITHHELD_SETTLED in self.told:
            return None
        both = (sum(each.withheld_cents for each in self.booked.parts), int(self.told[WITHHELD].told))
        return None if both[0] == both[1] else both

    @property
    def as_withheld(self) -> RolloverBooked | None:
        """What the books followed, with the tax that was truly withheld where a person found that out."""
        if self.booked is None or WITHHELD_SETTLED not in self.told:
            return self.booked
        true = self.told[WITHHELD_SETTLED].told["legs"]
        cents = {each.leg: true.get(str(each.leg), each.withheld_cents) for each in self.booked.parts}
        parts = tuple(replace(each, withheld_cents=cents[each.leg]) for each in self.booked.parts)
        return replace(self.booked, parts=parts)

    @property
    def open(self) -> bool:
        """Whether it may still come to something."""
        return self.booked is None and ENDED not in self.told


@dataclass(frozen=True, slots=True)
class RolloverDamage:
    """Where the books are not what the facts say."""

    where: str
    message: str


def rollover_requests(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, rollover_ids: Sequence[RolloverId] | None = None
) -> list[RolloverRequest]:
    """Requests of a plan, the oldest first."""
    ids = None if rollover_ids is None else [each.uuid for each in rollover_ids]
    rows = _store.requests(tx, tenant_id=tenant_id, plan_id=plan_id, rollover_ids=ids)
    if not rows:
        return []
    told = _store.told(tx, tenant_id=tenant_id, rollover_ids=[row.rollover_id for row in rows])
    newest: dict[RolloverId, dict[str, RolloverTold]] = {}
    for row in told:
        newest.setdefault(RolloverId(row.rollover_id), {})[row.name] = _opened(tx, tenant_id, row)
    booked = {each.rollover_id: each for each in rollovers_booked(tx, tenant_id=tenant_id, plan_id=plan_id)}
    return [
        RolloverRequest(
            RolloverId(row.rollover_id), PlanId(row.plan_id), EmployeeId(row.employee_id), RolloverWay(row.way),
            row.recorded_at, row.recorded_by, newest.get(RolloverId(row.rollover_id), {}),
            booked.get(RolloverId(row.rollover_id)),
        )
        for row in rows
    ]  # fmt: skip


def get_rollover_request(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId
) -> RolloverRequest | Refused[RolloverRefusal]:
    """One of them."""
    found = rollover_requests(tx, tenant_id=tenant_id, plan_id=plan_id, rollover_ids=[rollover_id])
    if found:
        return found[0]
    message = f"Nobody asked for a rollover {rollover_id} in this plan."
    return Refused(RolloverRefusal.ROLLOVER_UNKNOWN, message, "Check the id.")


def ask_rollover(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId, employee_id: EmployeeId, way: RolloverWay
) -> bool | Refused[RolloverRefusal]:
    """Put a request on file; False: it was there. Another under the same id, or of a wish that ended, is refused."""
    heads.lock(tx, tenant_id=tenant_id)
    before = _store.requests(tx, tenant_id=tenant_id, plan_id=plan_id, rollover_ids=[rollover_id.uuid])
    if before:
        if (before[0].employee_id, before[0].way) == (employee_id.uuid, way):
            return False
        message = f"{rollover_id} was asked for somebody or something else before."
        return Refused(RolloverRefusal.KEY_REUSED, message, "Repeat the first request unchanged, or send a new key.")
    if (how := _wish_store.end_of(tx, tenant_id=tenant_id, rollover_id=rollover_id)) is not None:
        message = f"The participant's wish {rollover_id} was {how.replace('_', ' ')} before."
        return Refused(RolloverRefusal.ENDED_BEFORE, message, "The participant may ask anew.")
    _store.insert_request(tx, tenant_id=tenant_id, row=(rollover_id.uuid, plan_id, employee_id, way.value))
    after = {"employee_id": str(employee_id), "way": way.value}
    audit.record(tx, tenant_id=tenant_id, action="recordkeeping.rollover_asked", subject=rollover_id, after=after)
    return True


def tell_rollover(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    rollover_id: RolloverId,
    told: Mapping[str, Any],
    event_on: date | None = None,
) -> tuple[str, ...]:
    """Append what was told, by name; what is on file as it was told stays. Answers which names were new."""
    heads.lock(tx, tenant_id=tenant_id)
    (request,) = rollover_requests(tx, tenant_id=tenant_id, plan_id=plan_id, rollover_ids=[rollover_id])
    number = len(_store.told(tx, tenant_id=tenant_id, rollover_ids=[rollover_id.uuid]))
    fresh = [name for name in sorted(told) if name not in request.told or request.told[name].told != told[name]]
    for name in fresh:
        number += 1
        place = _place(tenant_id, rollover_id, number)
        sealed = tx.keyring.seal(tx, **place, plaintext=json.dumps(told[name], sort_keys=True).encode())
        row = (rollover_id.uuid, number, name, event_on or day_of(tx.now), sealed)
        _store.insert_told(tx, tenant_id=tenant_id, row=row)
    if fresh:
        action = "recordkeeping.rollover_told"
        audit.record(tx, tenant_id=tenant_id, action=action, subject=rollover_id, after={"names": fresh})
    return tuple(fresh)


def rollovers_booked(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None
) -> list[RolloverBooked]:
    """What the books of a plan followed, in the order in which it was recorded, as known at an instant."""
    return [_booked(row) for row in _store.booked(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)]


def book_rollover(tx: Tx, *, tenant_id: SponsorId, booked: RolloverBooked) -> None:
    """Keep what an entry that was just posted is about, in its transaction."""
    parts = [
        {
            "leg": each.leg, "kind": each.kind, "cents": each.cents, "basis_cents": each.basis_cents,
            "roth_since": each.roth_since, "into": each.into,
            "taxable_cents": each.taxable_cents, "withheld_cents": each.withheld_cents,
            "shares": {source.value: cents for source, cents in each.shares.items()},
        }
        for each in booked.parts
    ]  # fmt: skip
    request = None if booked.rollover_id is None else booked.rollover_id.uuid
    back = {} if booked.gives_back is None else {"gives_back": str(booked.gives_back)}
    row = (
        booked.rollover, booked.way.value, booked.plan_id, booked.employee_id, booked.entry_id, booked.event_on,
        {"parts": parts, "payee": booked.payee.value, "early": booked.early.value} | back, request,
    )  # fmt: skip
    _store.insert_booked(tx, tenant_id=tenant_id, row=row)
    after = {"rollover": booked.rollover.hex(), "way": booked.way.value, "cents": booked.cents}
    audit.record(tx, tenant_id=tenant_id, action="recordkeeping.rollover_booked", subject=booked.entry_id, after=after)


def paid_out(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId) -> dict[Source, int]:
    """What rollovers paid out of each source of one person."""
    found: Counter[Source] = Counter()
    for each in rollovers_booked(tx, tenant_id=tenant_id, plan_id=plan_id):
        if each.employee_id == employee_id and each.way is RolloverWay.OUT:
            for part in each.parts:
                found.update(part.shares)
    return dict(found)


def open_request_of(
    requests: Sequence[RolloverRequest],
    *,
    employee_id: EmployeeId,
    way: RolloverWay,
    account: str,
    legs: Sequence[tuple[str, int]],
) -> RolloverRequest | None:
    """The request that a posting follows, by its account, else by what it asks for; None where it cannot be told.

    ``legs``: kind and cents of each, in order.
    """
    found = [each for each in requests if each.employee_id == employee_id and each.way is way and each.open]
    found = [each for each in found if each.account == account]
    if len(found) > 1:
        posted = [{"kind": kind, "cents": cents} for kind, cents in legs]
        found = [each for each in found if confusable(_wanted(each), posted)]
    return found[0] if len(found) == 1 else None


def confusable(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a posting of one wish could be taken for another's: the same kinds in order, and no amount differs.

    An amount that is not named is the rest, whatever it will be.
    """
    if [each["kind"] for each in one] != [each["kind"] for each in other]:
        return False
    amounts = [(a.get("cents"), b.get("cents")) for a, b in zip(one, other, strict=True)]
    return all(None in pair or pair[0] == pair[1] for pair in amounts)


def _wanted(request: RolloverRequest) -> list[Mapping[str, Any]]:
    return list(request.told["wanted"].told) if "wanted" in request.told else []


def rollover_damage(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[int, tuple[RolloverDamage, ...]]:
    """How many rollovers were booked, and every entry of one that is not what its facts say, or has none."""
    booked = {each.entry_id: each for each in rollovers_booked(tx, tenant_id=tenant_id, plan_id=plan_id)}
    reasons = list(ROLLOVER_REASON.values())
    moved: dict[EntryId, Counter[tuple[str, str, str, str]]] = {}
    for entry, reason, day, who, source, cents in _store.entries(
        tx, tenant_id=tenant_id, plan_id=plan_id, reasons=reasons
    ):
        person = str(EmployeeId(who)) if who is not None else ""
        moved.setdefault(EntryId(entry), Counter())[reason, day.isoformat(), person, source or ""] += cents
    found = []
    for entry_id in sorted({*booked, *moved}, key=str):
        said = _should_move(booked[entry_id]) if entry_id in booked else Counter[tuple[str, str, str, str]]()
        if said != moved.get(entry_id, Counter()):
            message = f"the facts say {dict(said) or 'nothing'}, the books {dict(moved.get(entry_id, {})) or 'nothing'}"
            found.append(RolloverDamage(str(entry_id), message))
    found += [
        RolloverDamage(str(each.entry_id), "its parts are not what their sources gave or took, of one kind")
        for each in booked.values()
        if not all(sum(part.shares.values()) == part.cents and _of_one_kind(part, each) for part in each.parts)
    ]
    found += [
        RolloverDamage(str(each.entry_id), "after-tax money is not basis alone: its earnings come as pre-tax money")
        for each in booked.values()
        if any(part.kind == "after_tax" and part.basis_cents != part.cents for part in each.parts)
    ]
    return len(booked), tuple(found)


def _should_move(booked: RolloverBooked) -> Counter[tuple[str, str, str, str]]:
    sign = 1 if booked.way is RolloverWay.INTO else -1
    reason, day, who = ROLLOVER_REASON[booked.way], booked.event_on.isoformat(), str(booked.employee_id)
    found: Counter[tuple[str, str, str, str]] = Counter()
    for part in booked.parts:
        for source, cents in part.shares.items():
            found[reason, day, who, source.value] += sign * cents
    return found


def _of_one_kind(part: RolloverPart, booked: RolloverBooked) -> bool:
    """Pre-tax money may be what after-tax money earned, where that leaves in the same payment (ADR-0076)."""
    taxed = {TAXED_KIND.get(part.kind, "pre_tax")}
    if "pre_tax" in taxed and booked.way is RolloverWay.OUT and any(x.kind == "after_tax" for x in booked.parts):
        taxed.add("after_tax")
    return all(kind_of_money(source) in taxed for source in part.shares)


#: How money of a source is taxed, where it is not all of it untaxed so far; of kinds of rollovers by their names.
TAXED_AS: Final = {
    Source.ROTH: "roth", Source.ROTH_ROLLOVER: "roth",
    Source.AFTER_TAX: "after_tax", Source.AFTER_TAX_ROLLOVER: "after_tax",
}  # fmt: skip
TAXED_KIND: Final = {"roth": "roth", "after_tax": "after_tax"}


def kind_of_money(source: Source) -> str:
    """How money of a source is taxed: ``pre_tax``, ``roth`` or ``after_tax``."""
    return TAXED_AS.get(source, "pre_tax")


def _booked(row: _store.BookedRow) -> RolloverBooked:
    parts = tuple(
        RolloverPart(
            each["leg"], each["kind"], each["cents"],
            {source: each["shares"][source.value] for source in Source if source.value in each["shares"]},
            each["basis_cents"], each["roth_since"], each["into"],
            each.get("taxable_cents"), each.get("withheld_cents", 0),
        )
        for each in row.parts["parts"]
    )  # fmt: skip
    request = None if row.rollover_id is None else RolloverId(row.rollover_id)
    of = (PlanId(row.plan_id), EmployeeId(row.employee_id), EntryId(row.entry_id))
    payee, early = Payee(row.parts.get("payee", "participant")), EarlyException(row.parts.get("early", "none"))
    way = RolloverWay(row.way)
    back = RolloverId.parse(row.parts["gives_back"]) if "gives_back" in row.parts else None
    return RolloverBooked(row.rollover, way, *of, row.event_on, parts, request, row.recorded_at, payee, early, back)


def _opened(tx: Tx, tenant_id: SponsorId, row: _store.ToldRow) -> RolloverTold:
    place = _place(tenant_id, RolloverId(row.rollover_id), row.told_no)
    told = json.loads(tx.keyring.unseal(tx, **place, sealed=bytes(row.sealed)))
    return RolloverTold(row.name, row.event_on, told, row.recorded_at, row.recorded_by)


def _place(tenant_id: SponsorId, rollover_id: RolloverId, number: int) -> dict[str, Any]:
    row_id = f"{rollover_id}|{number}"
    return {"tenant_id": tenant_id, "table": "recordkeeping.rollover_told", "column": "sealed", "row_id": row_id}

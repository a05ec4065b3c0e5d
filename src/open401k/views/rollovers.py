"""Rollovers of a plan: what is open and what it waits for, what came in and went out; one with its parts and story."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from open401k import census, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, Money, PlanId, RolloverId, SponsorId, day_of
from open401k.law.filings import form_945
from open401k.recordkeeping import STATE, RolloverBooked, RolloverPart, RolloverRequest, RolloverWay
from open401k.recordkeeping.rollovers import WITHHELD, WITHHELD_SETTLED

from . import rollovers_invalid, who
from .heading import heading
from .rollovers_invalid import InvalidShown
from .shown import PlanHeading

#: Where a request stands, in the words of a page, by the state of the node's case file.
WORDS = {
    "": "not sent yet",
    "draft": "begun",
    "data_requested": "the other custodian is asked for its facts",
    "nigo": "something is missing",
    "prevalidated": "in order; the participant signs",
    "liquidating": "signed; holdings are sold and the amounts agreed",
    "held": "the money is set aside",
    "voted": "approved; the network decides",
    "posted": "done",
    "released": "ended, nothing moved",
    "off_rail": "closed by check or wire",
}


@dataclass(frozen=True, slots=True)
class MissingLine:
    """One thing that keeps a rollover from being signed: what, who acts; ``unknown``: somebody has to tell it."""

    code: str
    detail: str
    owner: str
    unknown: bool


@dataclass(frozen=True, slots=True)
class RolloverLine:
    """One rollover, asked for or booked; ``cents`` what the books followed."""

    rollover_id: RolloverId
    employee_id: EmployeeId
    name: str
    ssn_masked: str
    way: str
    state: str
    words: str
    asked_on: date
    missing: tuple[MissingLine, ...]
    booked_on: date | None
    amount: Money | None

    @property
    def open(self) -> bool:
        return self.booked_on is None and self.state not in ("released", "off_rail")


@dataclass(frozen=True, slots=True)
class PartLine:
    """One leg as the books followed it."""

    leg: int
    kind: str
    amount: Money
    basis: Money
    roth_since: int | None
    into: str
    sources: tuple["SourceShare", ...]
    #: The custodian that received it, where several did.
    custodian: str = ""


@dataclass(frozen=True, slots=True)
class SourceShare:
    """What a source gave or took."""

    source: str
    amount: Money


@dataclass(frozen=True, slots=True)
class ToldLine:
    """What was told, by its name, when and by whom; its words are shown to who may decide, at the node."""

    name: str
    event_on: date
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class FormLine:
    """What a Form 1099-R will say; ``withheld`` is box 4."""

    gross: Money
    taxable: Money
    basis: Money
    codes: str
    roth_first_year: int | None
    withheld: Money
    tax_year: int
    payee: str


@dataclass(frozen=True, slots=True)
class WithheldTax:
    """Tax that was withheld; what is deposited with the Treasury is not known here, only by when it is reported."""

    withheld: Money
    tax_year: int
    form_945_due: date
    cite: str


@dataclass(frozen=True, slots=True)
class RolloverDetail:
    """One rollover; ``case`` names it at our node. ``forms``: None where they are somebody's to make."""

    heading: PlanHeading
    line: RolloverLine
    case: str
    rollover: str
    parts: tuple[PartLine, ...]
    told: tuple[ToldLine, ...]
    forms: tuple[FormLine, ...] | None = None
    deposit: WithheldTax | None = None
    invalid: InvalidShown | None = None
    #: What the network withheld, once it was read; ``differs``: the books say otherwise.
    withheld: Money | None = None
    differs: Money | None = None
    #: Whether nobody read yet what the network did; what a person found out, where that differs or cannot be read.
    unread: bool = False
    settled: "SettledTax | None" = None
    #: Of several receivers each, with how many legs.
    receivers: tuple["ReceiverLine", ...] = ()


@dataclass(frozen=True, slots=True)
class SettledTax:
    """What was truly withheld, as a person found out: why, since when, by whom."""

    withheld: Money
    why: str
    on: date
    by: str


@dataclass(frozen=True, slots=True)
class ReceiverLine:
    """One of several custodians to which a rollover goes at once: what it gets, in words."""

    custodian: str
    words: str


@dataclass(frozen=True, slots=True)
class RollingIn:
    """Somebody who works here and may ask."""

    employee_id: EmployeeId
    name: str


@dataclass(frozen=True, slots=True)
class LookProblem:
    """What kept a rollover, or with no id all of them, from being looked at; what mends it, and whose desk it is."""

    rollover_id: str
    message: str
    fix: str
    owner: str


@dataclass(frozen=True, slots=True)
class Looked:
    """The newest look at what is open, which the day's round does by itself; ``since``: from when on none was good."""

    at: datetime
    since: datetime | None
    problems: tuple[LookProblem, ...]


@dataclass(frozen=True, slots=True)
class PlanRollovers:
    """All rollovers of a plan: what is open first, then the newest; ``takes`` what the plan takes in."""

    heading: PlanHeading
    offered: bool
    trustee: str
    takes: tuple[str, ...]
    lines: tuple[RolloverLine, ...]
    people: tuple[RollingIn, ...]
    looked: Looked | None = None

    @property
    def waiting(self) -> int:
        """How many are not over."""
        return sum(each.open for each in self.lines)


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> PlanRollovers:
    """Every rollover that was asked for in a plan, and who may ask."""
    today = day_of(tx.now)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today).rollovers
    asked = recordkeeping.rollover_requests(tx, tenant_id=tenant_id, plan_id=plan_id)
    people = {each.employee_id: each for each in census.roster(tx, tenant_id=tenant_id)} if asked or terms else {}
    lines = [_line(each, people) for each in asked[::-1]]
    working = [each for each in people.values() if census.employed_on(each.employment, today)]
    return PlanRollovers(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        offered=terms is not None,
        trustee="" if terms is None else terms.trustee,
        takes=() if terms is None else tuple(each.value for each in terms.takes),
        lines=tuple(sorted(lines, key=lambda each: not each.open)),
        people=()
        if terms is None
        else tuple(RollingIn(each.employee_id, _name(each)) for each in sorted(working, key=_name)),
        looked=_looked(recordkeeping.following_of(tx, tenant_id=tenant_id, plan_id=plan_id)),
    )


def load_one(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId) -> RolloverDetail | None:
    """One rollover; None when the plan has no such."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    found = recordkeeping.rollover_requests(tx, **of, rollover_ids=[rollover_id])
    if not found:
        return None
    request, booked = found[0], found[0].booked
    people = {
        each.employee_id: each for each in census.roster(tx, tenant_id=tenant_id, employee_ids=[request.employee_id])
    }
    told = sorted(request.told.values(), key=lambda each: (each.recorded_at, each.name))
    called = who.names(tx, [each.recorded_by for each in told])
    return RolloverDetail(
        heading(tx, **of),
        _line(request, people),
        request.case or "",
        "" if booked is None else booked.rollover.hex(),
        () if booked is None else tuple(_part(each, request.goes_to) for each in booked.parts),
        tuple(ToldLine(each.name, each.event_on, each.recorded_at, called[each.recorded_by]) for each in told),
        withheld=Money(request.told[WITHHELD].told) if WITHHELD in request.told else None,
        differs=None if request.withheld_otherwise is None else Money(request.withheld_otherwise[0]),
        unread=request.withheld_unread,
        settled=_settled(request, called),
        receivers=_receivers(request),
        invalid=None if booked is None else rollovers_invalid.load(tx, **of, rollover_id=rollover_id),
    )


def _settled(request: RolloverRequest, called: Mapping[str, str]) -> SettledTax | None:
    found = request.told.get(WITHHELD_SETTLED)
    if found is None:
        return None
    cents = sum(found.told["legs"].values())
    return SettledTax(Money(cents), found.told["why"], found.event_on, called[found.recorded_by])


def _looked(found: recordkeeping.Following | None) -> Looked | None:
    if found is None:
        return None
    problems = tuple(LookProblem(e.rollover_id, e.message, e.fix, e.owner) for e in found.problems)
    return Looked(found.at, found.since, problems)


def withheld_tax(forms: Sequence[FormLine]) -> WithheldTax | None:
    """What was withheld of the parts that were paid to the person, and when Form 945 of the year is due."""
    withheld = sum((each.withheld for each in forms), Money(0))
    if not withheld:
        return None
    due = form_945(CalendarYear(forms[0].tax_year))
    return WithheldTax(withheld, forms[0].tax_year, due.due, due.cite)


def _line(request: RolloverRequest, people: Mapping[EmployeeId, census.Employee]) -> RolloverLine:
    who, booked = people[request.employee_id], request.booked
    state = state_of(request)
    return RolloverLine(
        rollover_id=request.rollover_id,
        employee_id=request.employee_id,
        name=_name(who),
        ssn_masked=census.mask_ssn(who.ssn_last4) if who.ssn_last4 else "",
        way="in" if request.way is RolloverWay.INTO else "out",
        state=state or "asked",
        words=_words(state, booked),
        asked_on=day_of(request.asked_at),
        missing=missing_of(request),
        booked_on=None if booked is None else booked.event_on,
        amount=None if booked is None else Money(booked.cents),
    )


def state_of(request: RolloverRequest) -> str:
    """The state of the node's case file as it was last told; what is booked is posted."""
    if request.booked is not None:
        return "posted"
    return str(request.told[STATE].told["state"]) if STATE in request.told else ""


def missing_of(request: RolloverRequest) -> tuple[MissingLine, ...]:
    """What kept it from being signed when our node last said."""
    if request.booked is not None or STATE not in request.told:
        return ()
    return tuple(MissingLine(**each) for each in request.told[STATE].told["reasons"])


def _words(state: str, booked: RolloverBooked | None) -> str:
    if booked is None:
        return WORDS.get(state, state)
    return "received" if booked.way is RolloverWay.INTO else "paid"


def _receivers(request: RolloverRequest) -> tuple[ReceiverLine, ...]:
    """Each of several custodians, with what it asked for."""
    wanted = request.told["wanted"].told if "wanted" in request.told else ()
    found: dict[str, list[str]] = {}
    for custodian, each in zip(request.goes_to, wanted, strict=False):
        amount = f"{Money(each['cents'])} of " if each.get("cents") else ""
        found.setdefault(custodian, []).append(f"{amount}{each['kind']} into {each['into']}".replace("_", " "))
    return tuple(ReceiverLine(custodian, ", ".join(words)) for custodian, words in found.items())


def _part(part: RolloverPart, goes_to: Sequence[str]) -> PartLine:
    shares = tuple(SourceShare(source.value, Money(cents)) for source, cents in part.shares.items())
    basis = Money(part.basis_cents)
    return PartLine(
        part.leg,
        part.kind,
        Money(part.cents),
        basis,
        part.roth_since,
        part.into or "",
        shares,
        goes_to[part.leg] if part.leg < len(goes_to) else "",
    )


def _name(who: census.Employee) -> str:
    return f"{who.first_name} {who.last_name}"

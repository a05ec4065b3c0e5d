"""What of somebody's account may leave by a rollover today, as these books know it; None is "not known". Mostly pure.

Not here: what people tell (flows/rollover_told.py), whether it is lawful (rails/preflight), requests (rollovers.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from open401k import census, ledger, plan
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, PlanId, Source, SponsorId
from open401k.law import given
from open401k.law.distribution_events import Event, may_distribute
from open401k.law.minimum_distributions import applicable_age
from open401k.law.roth import FIRST_ROTH_YEAR

from . import _rollover_store as _store
from .loan_books import Offset
from .loans import repayments
from .plan_endings import EndingKind, endings_of
from .rollovers import ROLLOVER_REASON, RolloverBooked, RolloverWay, rollovers_booked
from .vested import vested_in_full, vested_shares

#: Entries whose money in a source was contributed, and is basis where it was taxed; a note is part of the account.
_CONTRIBUTED: Final = ("contribution", "correction")
_NEUTRAL: Final = ("loan", "loan_payment", "forfeiture", "overpaid", *ROLLOVER_REASON.values())
AGE_59_5: Final = 59


@dataclass(frozen=True, slots=True)
class HeldSource:
    """One source: the account with its note, what of it is vested, and the vested cash that nothing reserves."""

    source: Source
    balance_cents: int
    vested_cents: int | None
    free_cents: int


@dataclass(frozen=True, slots=True)
class OpenedBy:
    """What opened the account, and since when; ``sources`` None: all of them."""

    event: Event
    on: date
    sources: frozenset[Source] | None = None

    def opens(self, source: Source) -> bool:
        return (self.sources is None or source in self.sources) and may_distribute(
            source=source, event=self.event
        ).allowed


@dataclass(frozen=True, slots=True)
class TaxedMoney:
    """Money that was taxed before it came: its basis, and of a Roth account the first year. None: not known."""

    account_cents: int = 0
    basis_cents: int | None = 0
    first_year: int | None = None


@dataclass(frozen=True, slots=True)
class Releasable:
    """One person's account as of a day. ``minimum_cents`` zero: none is required; None: somebody works it out."""

    employee_id: EmployeeId
    on: date
    held: tuple[HeldSource, ...]
    opened: OpenedBy | None
    roth: TaxedMoney
    after_tax: TaxedMoney
    loan_cents: int
    offset: Offset | None
    minimum_cents: int | None
    last_contribution_on: date | None = None

    def payable(self) -> Mapping[Source, int]:
        """Cents that may be paid now, by source; what is not known to be vested is not."""
        if self.opened is None:
            return {}
        found = {each.source: each.free_cents for each in self.held if self.opened.opens(each.source)}
        return {source: cents for source, cents in found.items() if cents}


def releasable(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, person: census.Employee, on: date) -> Releasable:
    """Everything that the plan's own records say about paying one person on a day."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    who = person.employee_id
    terms = plan.provisions_on(tx, **of, on=on)
    loans = repayments(tx, **of, employee_ids=[who])
    moves = _store.moved(tx, **of, employee_id=who.uuid)
    booked = [each for each in rollovers_booked(tx, **of) if each.employee_id == who]
    held = _held(tx, tenant_id, plan_id, person, on)
    endings = [each for each in endings_of(tx, **of) if each.kind is EndingKind.PLAN_TERMINATION]
    ended = min((each.starts_on for each in endings if each.starts_on <= on), default=None)
    return Releasable(
        employee_id=who,
        on=on,
        held=held,
        opened=opened_by(person, terms.rollovers, on=on, plan_ended=ended),
        roth=taxed_money((Source.ROTH, Source.ROTH_ROLLOVER), held, moves, booked),
        after_tax=taxed_money((Source.AFTER_TAX, Source.AFTER_TAX_ROLLOVER), held, moves, booked),
        loan_cents=sum(each.balance_cents for each in loans),
        offset=next((each.loan.offset for each in loans if each.loan.offset is not None), None),
        minimum_cents=minimum_of(person, on=on),
        last_contribution_on=max((each.last_on for each in moves if each.reason in _CONTRIBUTED), default=None),
    )


def opened_by(
    person: census.Employee, terms: plan.Rollovers | None, *, on: date, plan_ended: date | None = None
) -> OpenedBy | None:
    """The event that opens an account, by the last employment and the plan's terms; None: there is none.

    The end of employment first (IRC 401(k)(2)(B)(i)(I)), of the plan, then age 59 1/2 where the plan pays from it; what
    was rolled in at any time where it says so (Rev. Rul. 2004-12).
    """
    last = person.employment[-1] if person.employment else None
    if last is not None and last.terminated_on is not None and last.terminated_on < on:
        by = {census.LeftBy.DEATH: Event.DEATH, census.LeftBy.DISABILITY: Event.DISABILITY}
        event = by.get(last.left_by, Event.SEVERANCE) if last.left_by is not None else Event.SEVERANCE
        return OpenedBy(event, last.terminated_on)
    if plan_ended is not None:
        return OpenedBy(Event.PLAN_TERMINATION, plan_ended)
    if terms is None or last is None:
        return None
    reached = given.half_year_after(person.birth_date, AGE_59_5) if person.birth_date is not None else None
    if terms.paid_from_59_5 and reached is not None and reached <= on:
        return OpenedBy(Event.AGE_59_5, reached)
    if terms.rolled_in_paid_any_time:
        return OpenedBy(Event.NO_EVENT, last.hired_on, frozenset(each for each in Source if each.is_rollover))
    return None


def minimum_of(person: census.Employee, *, on: date) -> int | None:
    """Zero where no minimum can be required for the year of payment (IRC 401(a)(9)(C)); otherwise not known here."""
    if person.birth_date is None:
        return None
    reached = applicable_age(born_on=person.birth_date).reached_on.year
    return 0 if reached > on.year else None


def taxed_money(
    sources: Sequence[Source],
    held: Sequence[HeldSource],
    moves: Sequence[_store.MovedRow],
    booked: Sequence[RolloverBooked],
) -> TaxedMoney:
    """Basis and first year of money that was taxed: what was contributed, what rollovers brought and took.

    Money that came otherwise (balances brought from elsewhere, corrections with earnings) has a basis that these books
    do not know. The period of a Roth account that a direct rollover brought may be the longer (IRC 402A(d)(2)(B)).
    """
    names = {each.value for each in sources}
    mine = [each for each in moves if each.source in names]
    parts = [(each, part) for each in booked for part in each.parts if set(part.shares) & set(sources)]
    account = sum(each.balance_cents for each in held if each.source in sources)
    known = not any(each.cents and each.reason not in (*_CONTRIBUTED, *_NEUTRAL) for each in mine)
    basis = sum(each.cents for each in mine if each.reason in _CONTRIBUTED)
    for each, part in parts:
        basis += part.basis_cents if each.way is RolloverWay.INTO else -part.basis_cents
    since = [each.first_on.year for each in mine if each.reason in _CONTRIBUTED and each.cents > 0]
    brought = [part.roth_since for each, part in parts if each.way is RolloverWay.INTO]
    years = [*since, *(year for year in brought if year is not None)]
    clear = known and None not in brought and years and min(years) >= FIRST_ROTH_YEAR
    return TaxedMoney(account, basis if known else None, CalendarYear(min(years)).year if clear else None)


def _held(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, person: census.Employee, on: date) -> tuple[HeldSource, ...]:
    full = vested_in_full(tx, tenant_id=tenant_id, plan_id=plan_id, person=person, on=on) is not None
    shares = vested_shares(tx, tenant_id=tenant_id, plan_id=plan_id, person=person, on=on)
    accounts = ledger.balances(tx, tenant_id=tenant_id, plan_id=plan_id)
    cash: dict[Source, int] = {}
    kept: dict[Source, int] = {}
    lent: dict[Source, int] = {}
    rows = zip(
        accounts.kind, accounts.employee_id, accounts.source, accounts.asset, accounts.amount, accounts.reserved,
        strict=True,
    )  # fmt: skip
    for kind, owner, source, asset, amount, reserved in rows:
        if owner == person.employee_id.uuid and source is not None and asset == ledger.USD:
            if kind == ledger.Kind.PARTICIPANT:
                cash[Source(source)], kept[Source(source)] = amount, reserved
            elif kind == ledger.Kind.PARTICIPANT_LOAN:
                lent[Source(source)] = amount
    found = []
    for source in Source:
        balance = cash.get(source, 0) + lent.get(source, 0)
        if not balance:
            continue
        exact = shares.vested(source, balance)
        vested = balance if full else None if exact is None else int(exact)
        free = max(min((vested or 0) - lent.get(source, 0), cash.get(source, 0)) - kept.get(source, 0), 0)
        found.append(HeldSource(source, balance, vested, free))
    return tuple(found)

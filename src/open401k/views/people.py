"""The people of a plan, with what each has saved this year; Social Security numbers are masked."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from open401k import census, compliance, ledger, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Money, PlanId, PlanYear, Source, SponsorId, day_of, half_up

from .heading import heading
from .shown import Percent, PlanHeading
from .vesting_words import BY_WORDS


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One employee."""

    employee_id: EmployeeId
    name: str
    ssn_masked: str
    hired_on: date | None
    terminated_on: date | None
    participant_since: date | None
    highly_compensated: bool | None
    why_group: str
    deferral_rate: Percent | None
    deferred: Money
    employer: Money
    corrective: Money
    balance: Money
    rehired_on: date | None = None


@dataclass(frozen=True, slots=True)
class People:
    """Everyone the sponsor has reported, or a page of them; ``more`` is where the next page begins."""

    heading: PlanHeading
    people: tuple[PersonLine, ...]
    more: int | None = None


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source of a person: this plan year's contributions, the balance, and what of it is vested.

    ``this_year`` has ``corrective`` in it: contributions of approved corrections for the year, whenever they were made.
    ``earnings`` came with them and are no contribution. ``vested`` is None where years of service cannot be told from
    one unbroken employment.
    """

    source: str
    this_year: Money
    corrective: Money
    earnings: Money
    balance: Money
    vested: Money | None


@dataclass(frozen=True, slots=True)
class PersonDetail:
    """One employee: entry, groups with their reasons, each source, pay of the plan year to date.

    ``vested_by``: what vests everything whatever the schedule says, in words; empty where the schedule decides.
    """

    heading: PlanHeading
    person: PersonLine
    birth_date: date | None
    enters_on: date | None
    key_employee: bool | None
    why_key: str
    plan_compensation: Money
    held: Money
    sources: tuple[SourceLine, ...]
    vested_by: str = ""


@dataclass(frozen=True, slots=True)
class _Group:
    """What the last test run found of one person."""

    hce: bool
    why_hce: str
    key: bool
    why_key: str


@dataclass(frozen=True, slots=True)
class _Books:
    """The plan's people as of today: what they were paid and credited in the plan year, and what they have."""

    plan_cents: Mapping[EmployeeId, int]
    this_year: Mapping[EmployeeId, Counter[str]]
    corrective: Mapping[EmployeeId, Mapping[str, recordkeeping.CorrectiveOfYear]]
    balances: Mapping[EmployeeId, Counter[str]]
    held: Mapping[EmployeeId, int]
    groups: Mapping[EmployeeId, _Group]


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: int = 0, limit: int | None = None) -> People:
    """Everyone on file by last name, as of today; with a ``limit`` a page of them, from place ``start`` on."""
    tested = compliance.latest(tx, tenant_id=tenant_id, plan_id=plan_id)
    everyone = sorted(census.roster(tx, tenant_id=tenant_id), key=lambda each: (each.last_name, each.first_name))
    end = len(everyone) if limit is None else max(0, start) + limit
    roster = everyone[max(0, start) : end]
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=day_of(tx.now))
    today = day_of(tx.now)
    entered = census.entry_dates(tx, tenant_id=tenant_id, provisions=terms, plan_id=plan_id, employees=roster, on=today)
    books = _books(tx, tenant_id, plan_id, terms.plan_year_of(today), tested)
    days = [_entry(on, terms) for on in entered]
    lines = [_line(each, on, today, books) for each, on in zip(roster, days, strict=True)]
    return People(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id, run=tested),
        people=tuple(lines),
        more=end if end < len(everyone) else None,
    )


def load_person(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId) -> PersonDetail | None:
    """One person as of today; None when the sponsor has no such employee."""
    found = census.roster(tx, tenant_id=tenant_id, employee_ids=[employee_id])
    if not found:
        return None
    person, today = found[0], day_of(tx.now)
    tested = compliance.latest(tx, tenant_id=tenant_id, plan_id=plan_id)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today)
    (entered,) = census.entry_dates(
        tx, tenant_id=tenant_id, provisions=terms, plan_id=plan_id, employees=found, on=today
    )
    enters_on = _entry(entered, terms)
    books = _books(tx, tenant_id, plan_id, terms.plan_year_of(today), tested)
    group = books.groups.get(employee_id)
    full = recordkeeping.vested_in_full(tx, tenant_id=tenant_id, plan_id=plan_id, person=person, on=today)
    shares = None
    if full is None:
        shares = recordkeeping.vested_shares(tx, tenant_id=tenant_id, plan_id=plan_id, person=person, on=today)
    return PersonDetail(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id, run=tested),
        person=_line(person, enters_on, today, books),
        birth_date=person.birth_date,
        enters_on=enters_on,
        key_employee=group.key if group else None,
        why_key=group.why_key if group else "",
        plan_compensation=Money(books.plan_cents.get(employee_id, 0)),
        held=Money(books.held.get(employee_id, 0)),
        sources=_sources(person, books, shares),
        vested_by="" if full is None else BY_WORDS[full],
    )


def _entry(day: date | None, terms: plan.Provisions) -> date | None:
    """Nobody is a participant before there is a plan."""
    return None if day is None else max(day, terms.adopted_on)


def _line(person: census.Employee, enters_on: date | None, today: date, books: _Books) -> PersonLine:
    credited = books.this_year.get(person.employee_id, Counter())
    deferred = sum(cents for source, cents in credited.items() if Source(source).is_deferral)
    corrective = sum(each.cents for each in books.corrective.get(person.employee_id, {}).values())
    employer = corrective + sum(cents for source, cents in credited.items() if not Source(source).from_employee)
    paid = books.plan_cents.get(person.employee_id, 0)
    last = person.employment[-1] if person.employment else None
    group = books.groups.get(person.employee_id)
    return PersonLine(
        employee_id=person.employee_id,
        name=f"{person.first_name} {person.last_name}",
        ssn_masked=census.mask_ssn(person.ssn_last4) if person.ssn_last4 else "",
        hired_on=person.employment[0].hired_on if person.employment else None,
        terminated_on=last.terminated_on if last else None,
        participant_since=enters_on if enters_on is not None and enters_on <= today else None,
        highly_compensated=group.hce if group else None,
        why_group=group.why_hce if group else "",
        deferral_rate=Percent(half_up(Fraction(deferred * 10_000, paid))) if paid > 0 else None,
        deferred=Money(deferred),
        employer=Money(employer),
        corrective=Money(corrective),
        balance=Money(sum(books.balances.get(person.employee_id, Counter()).values())),
        rehired_on=rehired_on(person),
    )


def rehired_on(person: census.Employee) -> date | None:
    """The last day of hire of who was hired more than once."""
    return person.employment[-1].hired_on if len(person.employment) > 1 else None


def _sources(
    person: census.Employee, books: _Books, shares: recordkeeping.VestedShares | None
) -> tuple[SourceLine, ...]:
    """``shares`` None: everything is vested."""
    credited = books.this_year.get(person.employee_id, Counter())
    balances = books.balances.get(person.employee_id, Counter())
    lines = []
    for source in Source:
        corrected = books.corrective.get(person.employee_id, {}).get(source.value)
        if source.value not in credited and source.value not in balances and corrected is None:
            continue
        more, earned = (0, 0) if corrected is None else (corrected.cents, corrected.earnings_cents)
        held = balances[source.value]
        share = Fraction(held) if shares is None else shares.vested(source, held)
        vested = None if share is None else Money(half_up(share))
        this_year = Money(credited[source.value] + more)
        lines.append(SourceLine(source.value, this_year, Money(more), Money(earned), Money(held), vested))
    return tuple(lines)


def _books(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, year: PlanYear, tested: compliance.ComplianceRun | None
) -> _Books:
    paid = census.pay_totals(tx, tenant_id=tenant_id, plan_id=plan_id, start=year.start, end=year.end)
    gained = census.contributed(tx, tenant_id=tenant_id, plan_id=plan_id, start=year.start, end=year.end).rows()
    of_year = recordkeeping.corrective_of_year(tx, tenant_id=tenant_id, plan_id=plan_id, year_start=year.start)
    corrective: dict[EmployeeId, dict[str, recordkeeping.CorrectiveOfYear]] = defaultdict(dict)
    for each in of_year:
        corrective[each.employee_id][each.source.value] = each
    found = ledger.balances(tx, tenant_id=tenant_id, plan_id=plan_id)
    columns = zip(found.kind, found.employee_id, found.source, found.asset, found.amount, strict=True)
    balances: dict[EmployeeId, Counter[str]] = defaultdict(Counter)
    held: Counter[EmployeeId] = Counter()
    for kind, who, source, asset, amount in columns:
        if who is None or source is None or asset != ledger.USD:
            continue
        if kind in (ledger.Kind.PARTICIPANT, ledger.Kind.PARTICIPANT_LOAN):  # a note is part of the account
            balances[EmployeeId(who)][source] += amount
        elif kind == ledger.Kind.SUSPENSE:
            held[EmployeeId(who)] += amount
    return _Books(
        plan_cents=dict(zip(paid.employee_id, paid.plan_cents.tolist(), strict=True)),
        this_year=_by_person(gained),
        corrective=corrective,
        balances=balances,
        held=held,
        groups=_groups(tested),
    )


def _by_person(gained: Iterable[ledger.ContributionTotal]) -> dict[EmployeeId, Counter[str]]:
    credited: dict[EmployeeId, Counter[str]] = defaultdict(Counter)
    for each in gained:
        credited[each.employee_id][each.source.value] += each.cents
    return credited


def _groups(tested: compliance.ComplianceRun | None) -> dict[EmployeeId, _Group]:
    """Who is highly compensated and who is key, with the reasons, by the last run that could tell."""
    if tested is None or "hce" not in tested.people:
        return {}
    people = tested.people
    columns = (people[name] for name in ("employee", "hce", "hce_reason", "key", "key_reason"))
    return {
        EmployeeId.parse(who): _Group(bool(hce), why_hce, bool(key), why_key)
        for who, hce, why_hce, key, why_key in zip(*columns, strict=True)
    }

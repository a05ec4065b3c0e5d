"""What an employer declared for its plan years, what of it is in accounts, and what the plan lets it declare."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from open401k import census, ledger, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Money, PlanId, PlanYear, Source, SponsorId, day_of

from .heading import heading
from .shown import PlanHeading


@dataclass(frozen=True, slots=True)
class DeclarationLine:
    """One declaration; ``counts`` False: replaced by a later one, or taken back.

    ``posted``: what the accounts hold of the source on the last day of the year, a true-up of the plan included.
    """

    last_day: date
    source: Source
    words: str
    declared_on: date
    recorded_at: datetime
    counts: bool
    takes_back: bool
    posted: Money


@dataclass(frozen=True, slots=True)
class GroupField:
    """A group whose share is declared: as it is sent, and as people call it."""

    group: str
    name: str


@dataclass(frozen=True, slots=True)
class NotGivenLine:
    """Of whom the end of a plan year gives less than the plan's terms, since the limit of 415(c) is reached."""

    last_day: date
    employee_id: EmployeeId
    name: str
    source: Source
    cents: Money


@dataclass(frozen=True, slots=True)
class Declarations:
    """Everything declared, the newest first; ``may`` names what the plan lets the employer declare now."""

    heading: PlanHeading
    lines: tuple[DeclarationLine, ...]
    may: tuple[Source, ...]
    years: tuple[date, ...]
    groups: tuple[GroupField, ...] = ()
    by_points: bool = False
    not_given: tuple[NotGivenLine, ...] = ()


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Declarations:
    """For the page, the API and the terminal alike."""
    today = day_of(tx.now)
    above = heading(tx, tenant_id=tenant_id, plan_id=plan_id)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today)
    year = terms.plan_year_of(today)
    known = recordkeeping.declarations(tx, tenant_id=tenant_id, plan_id=plan_id)
    posted = {day: _posted(tx, tenant_id, plan_id, day) for day in {each.last_day for each in known}}
    groups = _groups(tx, tenant_id, terms, year.previous())
    names = {each.group: each.name for each in groups}
    sharing = terms.profit_sharing
    return Declarations(
        heading=above,
        lines=tuple(_line(each, posted[each.last_day], names) for each in known),
        may=terms.may_declare,
        years=(year.last_day, year.previous().last_day),
        groups=groups,
        by_points=sharing is not None and sharing.points is not None,
        not_given=_not_given(tx, tenant_id, plan_id, year.previous()),
    )


def _not_given(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, year: PlanYear) -> tuple[NotGivenLine, ...]:
    """What the end of a year would give, and 415(c) does not: of everybody paid in it, most of it first."""
    found = [
        (people.employee_ids[place], source, int(cents[place, 0]))
        for people, _ in recordkeeping.compare(tx, scope=recordkeeping.Scope(tenant_id, plan_id, year.start, year.end))
        if people.pay_dates[0] == year.last_day
        for source, cents in people.not_given.items()
        for place in np.flatnonzero(cents[:, 0]).tolist()
    ]
    who = census.roster(tx, tenant_id=tenant_id, employee_ids=[each for each, _, _ in found]) if found else []
    names = {each.employee_id: f"{each.first_name} {each.last_name}" for each in who}
    lines = [NotGivenLine(year.last_day, each, names[each], source, Money(cents)) for each, source, cents in found]
    return tuple(sorted(lines, key=lambda line: (-line.cents.cents, line.name)))


def _groups(tx: Tx, tenant_id: SponsorId, terms: plan.Provisions, since: PlanYear) -> tuple[GroupField, ...]:
    """The plan's groups; where each participant is one, everybody who worked here since a year began, by name."""
    if terms.profit_sharing is None:
        return ()
    if not terms.profit_sharing.each_alone:
        return tuple(GroupField(each.name, each.name) for each in terms.profit_sharing.groups)
    here = [
        each
        for each in census.roster(tx, tenant_id=tenant_id)
        if census.employed_between(each.employment, start=since.start, end=date.max)
    ]
    found = [GroupField(str(each.employee_id), f"{each.first_name} {each.last_name}") for each in here]
    return tuple(sorted(found, key=lambda each: (each.name, each.group)))


def _posted(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, day: date) -> dict[Source, int]:
    found: dict[Source, int] = {}
    rows = ledger.contributions(tx, tenant_id=tenant_id, plan_id=plan_id, start=day, end=day + timedelta(days=1))
    for each in rows:
        found[each.source] = found.get(each.source, 0) + each.cents
    return found


def _line(each: recordkeeping.OnRecord, posted: dict[Source, int], names: Mapping[str, str]) -> DeclarationLine:
    words = in_words(each.formula, names)
    source = each.formula.source
    return DeclarationLine(
        each.last_day, source, words or "nothing: taken back", each.declared_on, each.recorded_at, each.counts,
        not words, Money(posted.get(source, 0)) if each.counts else Money(0),
    )  # fmt: skip


def in_words(formula: recordkeeping.Declared, names: Mapping[str, str] | None = None) -> str:
    """A formula as a person says it; empty for one of nothing. ``names`` are those of people who are groups of one."""
    if formula.total_cents:
        return f"{Money(formula.total_cents)} by points"
    if formula.shares:
        return ", ".join(_share_in_words(each, names or {}) for each in formula.shares if each.rate_bps or each.cents)
    if formula.tiers:
        parts, since = [], 0
        for rate, up_to in formula.tiers:
            parts.append(
                f"{percent(rate)} of deferrals {f'from {percent(since)} ' if since else ''}to {percent(up_to)} of pay"
            )
            since = up_to
        cap = f", at most {Money(formula.cap_cents)} for each" if formula.cap_cents is not None else ""
        return f"{', '.join(parts)}{cap}"
    if formula.excess_bps:
        return (
            f"{percent(formula.rate_bps)} of pay to {Money(formula.integration_cents)}, "
            f"{percent(formula.excess_bps)} above"
        )
    if formula.rate_bps:
        return f"{percent(formula.rate_bps)} of pay"
    return f"{Money(formula.flat_cents)} for each participant" if formula.flat_cents else ""


def _share_in_words(each: recordkeeping.GroupShare, names: Mapping[str, str]) -> str:
    share = f"{percent(each.rate_bps)} of pay" if each.rate_bps else str(Money(each.cents))
    return f"{names.get(each.group, each.group)} {share}"


def percent(bps: int) -> str:
    """As people declare it: no more places than it has."""
    return f"{bps / 100:g} %"

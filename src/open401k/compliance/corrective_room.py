"""Corrective contributions within 415(c): they are annual additions of the limitation year to which they relate.

Reg. 1.415(c)-1(b)(6)(ii)(A). What that year has no room for is not contributed; earnings on what is are no annual
additions and do not count (restorative payments neither: Reg. 1.415(c)-1(b)(2)(ii)(C)). Not here: what is owed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import numpy as np

from open401k import census, law, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, LimitationYear, Money, PlanId, PlanYear, Source, SponsorId, half_up
from open401k.law import NotEnacted
from open401k.recordkeeping import corrective_additions

from .excess_additions import allocated_additions, pay_is_told
from .given_back import as_allocated
from .proposal_content import Content, Credit
from .proposals import proposals
from .runs import facts_for

#: Under which the working tells what was left out; a content without it was not held to the limit.
HELD_TO_415 = "over_415"
#: What is not contributed first: as at the limit itself (recordkeeping.additions_limit).
_ORDER = (
    Source.PROFIT_SHARING,
    Source.NONELECTIVE,
    Source.MATCH,
    Source.QMAC,
    Source.QNEC,
    Source.SAFE_HARBOR_MATCH,
    Source.SAFE_HARBOR_NONELECTIVE,
)
_Key = tuple[EmployeeId, date]


def within_additions(content: Content, room: Mapping[_Key, int]) -> Content:
    """Pure: what each person's year has room for; who is not in ``room`` has enough. Earnings in proportion."""
    over = {
        key: max(sum(each.cents for each in content.credits if _key(each) == key) - most, 0)
        for key, most in room.items()
    }
    left, kept = dict(over), []
    for each in sorted(content.credits, key=lambda one: _ORDER.index(one.source) if one.source in _ORDER else -1):
        less = min(left.get(_key(each), 0), max(each.cents, 0))
        if less:
            left[_key(each)] -= less
            cents = each.cents - less
            each = replace(each, cents=cents, earnings_cents=half_up(Fraction(each.earnings_cents * cents, each.cents)))
        if each.cents or each.earnings_cents or not less:
            kept.append(each)
    told = [
        f"{Money(cents)} of it is not contributed for {who}: the limit of IRC 415(c) for the year from {start} has no "
        "room for it (a corrective contribution is an annual addition of the year it relates to, Reg. "
        "1.415(c)-1(b)(6)(ii)(A); earnings on it are none)."
        for (who, start), cents in sorted(over.items())
        if cents
    ]
    lost = [[str(who), start, cents] for (who, start), cents in sorted(over.items()) if cents]
    found = replace(content, working={**content.working, HELD_TO_415: lost})
    if not told:
        return found
    return replace(
        found,
        credits=tuple(sorted(kept, key=lambda one: one.key)),
        title=f"{content.title}; {Money(sum(over.values()))} less by IRC 415(c)",
        text=" ".join([content.text, *told]),
    )


def _key(credit: Credit) -> _Key:
    return credit.employee_id, credit.year_start


def corrective_room(
    tx: Tx,
    content: Content,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    about: str,
    on: date,
    known_at: datetime | None = None,
) -> dict[_Key, int]:
    """What the limit has left for each person's year, this matter's own contributions left out, where it may matter."""
    found: dict[_Key, int] = {}
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "known_at": known_at}
    known = proposals(tx, tenant_id=tenant_id, plan_id=plan_id, about=about) if content.credits else []
    by_then = [each for each in known if known_at is None or each.ended_at <= known_at]
    posted = [credit for each in by_then if each.as_approved is not None for credit in each.as_approved.credits]
    for start in sorted({each.year_start for each in content.credits if each.cents > 0}):
        year = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=start).plan_year_of(start)
        wanted = [each for each in content.credits if each.year_start == start]
        try:
            if not _may_matter(tx, of, year, wanted):
                continue
            found |= _room(tx, of, year, wanted, [each for each in posted if each.year_start == start], on)
        except NotEnacted:  # a year before the figures on file: what was allowed then a person knows
            continue
    return found


def _may_matter(tx: Tx, of: dict[str, Any], year: PlanYear, wanted: Sequence[Credit]) -> bool:
    """Whether anybody comes near: asked before all facts of the year are gathered."""
    people = IdColumn.of(EmployeeId, list(dict.fromkeys(each.employee_id for each in wanted)))
    others = plan.other_plans(tx, **of)
    if others:
        return True
    nothing = np.zeros(len(people), dtype=np.int64)
    allocated = census.contributed(tx, **of, start=year.start, end=year.end).of(people)
    total = sum((cents for source, cents in allocated.items() if not source.is_rollover), nothing)
    where = {name: of[name] for name in ("tenant_id", "known_at")}
    corrective = corrective_additions(tx, **where, plan_ids=[of["plan_id"]], year_start=year.start, people=people)
    total = total if corrective is None else total + np.maximum(corrective, 0)
    np.add.at(total, _places(people, [each.employee_id for each in wanted]), [max(each.cents, 0) for each in wanted])
    paid = census.employer_pay(tx, **of, start=year.start, end=year.end)
    places = people.places_in(paid.employee_id)
    most = law.additions.dollar_limit(LimitationYear(year.start, year.end), on=year.last_day)
    pay = np.append(paid.section_415_cents, most)[places]
    return bool((total > np.clip(pay, 0, most)).any())


def _room(
    tx: Tx, of: dict[str, Any], year: PlanYear, wanted: Sequence[Credit], posted: Sequence[Credit], on: date
) -> dict[_Key, int]:
    facts = as_allocated(facts_for(tx, **of, as_of=min(on, year.last_day), history=False))
    people = IdColumn.of(EmployeeId, facts.employee_ids)
    own = np.zeros(len(facts), dtype=np.int64)
    np.add.at(own, _places(people, [each.employee_id for each in posted]), [each.cents for each in posted])
    allocated = census.contributed(tx, **of, start=year.start, end=year.end).of(people)
    outcome = allocated_additions(facts, allocated, own, told=pay_is_told(tx, of, year, facts))
    who = list(dict.fromkeys(each.employee_id for each in wanted))
    places = _places(people, who)
    return {(each, year.start): int(outcome.room[place]) for each, place in zip(who, places, strict=True) if place >= 0}


def _places(people: IdColumn[EmployeeId], who: Sequence[EmployeeId]) -> list[int]:
    places: list[int] = IdColumn.of(EmployeeId, list(who)).places_in(people).tolist() if who else []
    return places

"""Annual additions that are in the accounts and over 415(c): what a person is asked to take out of them, and how.

Nobody takes them back silently: what was allocated is corrected by Rev. Proc. 2021-30 section 6.06(2), in its order
(law.limitation_years), by a person's approval. Not here: stopping at the limit (recordkeeping.additions_limit).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from open401k import census, law, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, Money, PlanId, PlanYear, Source, SponsorId, day_of
from open401k.law.limitation_years import AccountAdditions, AdditionsCorrection, correct_excess_additions

from . import _store
from .cures_limits import additions_back
from .facts import Cents, Flags, PlanFacts
from .given_back import as_allocated
from .proposal_content import Content, Credit, Notice
from .proposals import Proposal, posted_credits
from .results import Status, TestId
from .runs import facts_for
from .year import Year
from .year_from_facts import year_of

#: What such a proposal is called.
EXCESS_ADDITIONS = "excess_additions"
PARAGRAPH = "Rev. Proc. 2021-30 section 6.06(2): excess annual additions (IRC 415(c))"
_DEFERRALS = (Source.PRE_TAX, Source.ROTH)
_MATCH = (Source.MATCH, Source.QMAC, Source.SAFE_HARBOR_MATCH)
_NONELECTIVE = (Source.PROFIT_SHARING, Source.NONELECTIVE, Source.QNEC, Source.SAFE_HARBOR_NONELECTIVE)
_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Excess:
    """One person of a limitation year: what was allocated by source, the limit, and how the excess leaves."""

    employee_id: EmployeeId
    allocated: Mapping[Source, int]
    limit_cents: int
    found: AdditionsCorrection


def about_additions(plan_id: PlanId, year: PlanYear) -> str:
    """Each limitation year of a plan is a matter of its own."""
    return f"additions/{plan_id}/{year.start}"


def year_about(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, about: str) -> PlanYear:
    """The limitation year of a matter."""
    start = date.fromisoformat(about.rsplit("/", 1)[1])
    return plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=start).plan_year_of(start)


def years_over(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[PlanYear]:
    """Limitation years that are over and whose last test found somebody above the limit."""
    rows = _store.years_failed(
        tx, tenant_id=tenant_id, plan_id=plan_id, test=TestId.ADDITIONS_LIMIT, status=Status.FAIL,
        over_by=day_of(tx.now), known_at=None,
    )  # fmt: skip
    return [PlanYear(start, end) for start, end in rows]


def excess_content(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    year: PlanYear,
    known: Sequence[Proposal],
    on: date,
    known_at: datetime | None = None,
) -> Content:
    """All that is over the limit of a year that is over, what was approved of it (``known``) included."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "known_at": known_at}
    facts = as_allocated(facts_for(tx, **of, as_of=year.last_day, history=False))
    allocated = census.contributed(tx, **of, start=year.start, end=year.end).of(
        IdColumn.of(EmployeeId, facts.employee_ids)
    )
    own = np.zeros(len(facts), dtype=np.int64)
    place = {who: index for index, who in enumerate(facts.employee_ids)}
    for each in posted_credits(known):
        own[place[each.employee_id]] += each.cents
    people = excess_of(facts, allocated, own, told=pay_is_told(tx, of, year, facts))
    return content_of_excess(people, facts=facts, on=on)


def allocated_additions(
    facts: PlanFacts, allocated: Mapping[Source, Cents], corrected: Cents, *, told: Flags
) -> law.additions.AnnualAdditions:
    """What is in the accounts, against the limit: money that waits in suspense is not. ``corrected`` is left out.

    100 % of pay, which may be nothing, is a limit once the year is over, of whose pay some payroll ``told``.
    """
    nobody, nothing = np.zeros(len(facts), dtype=np.bool_), np.zeros(len(facts), dtype=np.int64)
    year = year_of(facts, is_hce=nobody, is_key=nobody)
    money = _counted(allocated)
    deferred = sum((money[each] for each in _DEFERRALS if each in money), nothing)
    employer = sum((cents for source, cents in money.items() if not source.from_employee), nothing)
    corrective = nothing if year.corrective is None else year.corrective - corrected
    after_tax = money.get(Source.AFTER_TAX, nothing)
    known = told & (facts.as_of >= facts.plan_year.last_day)
    return law.additions.annual_additions(
        year=facts.limitation_year,
        on=facts.as_of,
        deferrals=deferred,
        catch_up=np.minimum(year.plan_split().catch_up, deferred),
        after_tax=after_tax,
        # corrections are those of all plans: what they took may have been of another one
        employer=np.maximum(employer + corrective + year.additions_elsewhere(deferred + after_tax + employer), 0),
        compensation=np.where(
            known, year.section_415, law.additions.dollar_limit(facts.limitation_year, on=facts.as_of)
        ),
        catch_up_room=year.additions_room(),
    )


def _counted(allocated: Mapping[Source, Cents]) -> dict[Source, Cents]:
    return {source: np.maximum(cents, 0) for source, cents in allocated.items() if not source.is_rollover}


def pay_is_told(tx: Tx, of: Mapping[str, Any], year: PlanYear, facts: PlanFacts) -> Flags:
    """Whose pay of the year, nothing included, is on file in a payroll."""
    paid = census.employer_pay(tx, **of, start=year.start, end=year.end)
    found: Flags = IdColumn.of(EmployeeId, facts.employee_ids).places_in(paid.employee_id) >= 0
    return found


def excess_of(facts: PlanFacts, allocated: Mapping[Source, Cents], corrected: Cents, *, told: Flags) -> list[Excess]:
    """Who is over; ``corrected`` is what was approved of this very matter, and is looked through."""
    nobody, nothing = np.zeros(len(facts), dtype=np.bool_), np.zeros(len(facts), dtype=np.int64)
    year = year_of(facts, is_hce=nobody, is_key=nobody)
    outcome, money = allocated_additions(facts, allocated, corrected, told=told), _counted(allocated)
    deferred = sum((money[each] for each in _DEFERRALS if each in money), nothing)
    regular = deferred - np.minimum(year.plan_split().catch_up, deferred) - outcome.catch_up_by_415
    most, found = _matched_up_to(year), []
    for place in np.flatnonzero(outcome.excess > 0).tolist():
        of_person = {source: int(cents[place]) for source, cents in money.items() if cents[place]}
        account = _account(of_person, int(regular[place]), int(most[place]))
        limit = account.total_cents - min(int(outcome.excess[place]), account.total_cents)
        correction = correct_excess_additions(account=account, limit_cents=limit)
        if correction.excess_cents:
            found.append(Excess(facts.employee_ids[place], of_person, int(outcome.limit[place]), correction))
    return found


def _matched_up_to(year: Year) -> Cents:
    """Deferrals up to the last tier were matched; what is above was not."""
    tiers = [each for some in (year.match_tiers, *year.match_by_service) for each in some]
    return year.counted_pay() * max((through for _, through in tiers), default=0) // _WHOLE


def _account(money: Mapping[Source, int], regular: int, most: int) -> AccountAdditions:
    match = sum(money.get(each, 0) for each in _MATCH)
    matched = min(regular, most) if match else 0
    return AccountAdditions(
        unmatched_after_tax_cents=money.get(Source.AFTER_TAX, 0),
        unmatched_deferral_cents=regular - matched,
        matched_deferral_cents=matched,
        matched_after_tax_cents=0,
        match_cents=match,
        nonelective_cents=sum(money.get(each, 0) for each in _NONELECTIVE),
    )


def leaves(excess: Excess) -> dict[Source, int]:
    """By source what leaves the account: a person's own money to the person, the employer's to be held unallocated."""
    own_after_tax = own_deferral = match = nonelective = 0
    for part in excess.found.parts:
        name = part.step.value
        own_after_tax += part.returned_cents if "after_tax" in name else 0
        own_deferral += part.returned_cents if "deferral" in name else 0
        nonelective += part.forfeited_cents if name.startswith("nonelective") else 0
        match += 0 if name.startswith("nonelective") else part.forfeited_cents
    found: dict[Source, int] = {}
    for cents, order in (
        (own_after_tax, (Source.AFTER_TAX,)), (own_deferral, _DEFERRALS), (match, _MATCH),
        (nonelective, _NONELECTIVE),
    ):  # fmt: skip
        left = cents
        for source in order:
            part_of = min(left, excess.allocated.get(source, 0))
            left -= part_of
            if part_of:
                found[source] = part_of
    return found


def content_of_excess(people: Sequence[Excess], *, facts: PlanFacts, on: date) -> Content:
    """Pure: what leaves each account, in words and figures; nothing where nobody is over."""
    if not people:
        words = f"As the facts now stand, nobody's annual additions of {facts.plan_year} are over the limit."
        return Content(EXCESS_ADDITIONS, on, words, words, PARAGRAPH, None, (), working={"people": []})
    last, cite, until = additions_back(facts)
    parts = {each.employee_id: leaves(each) for each in people}
    total = sum(each.found.excess_cents for each in people)
    told = "; ".join(_told(each, parts[each.employee_id]) for each in people)
    return Content(
        kind=EXCESS_ADDITIONS,
        on=on,
        title=f"{Money(total)} of annual additions are over IRC 415(c) for {facts.plan_year}",
        text=f"They are in the accounts already, so they are corrected and not only left out: {told}. After-tax "
        "contributions and deferrals that were not matched leave first, then matched ones with their match, the "
        "employer's other money last. What a person made is paid to the person with the earnings on it (Form 1099-R, "
        "code E; the account's own earnings are not on file here: add them), and counts in no 402(g) limit and no ADP "
        "test any more. The employer's money is held unallocated and reduces what the employer contributes next."
        f" Correct it by {last} ({cite}).{until}{_together(facts)}",
        paragraph=PARAGRAPH,
        decide_by=last,
        credits=tuple(
            Credit(who, source, facts.plan_year.start, -cents)
            for who, of_person in parts.items()
            for source, cents in sorted(of_person.items())
        ),
        notices=tuple(_notice(each, parts[each.employee_id], facts, last) for each in people),
        working={"people": [_working(each) for each in people]},
    )


def _together(facts: PlanFacts) -> str:
    """The limit is of all plans of the employer (Reg. 1.415(f)-1(a)(1)): where one corrects, the other need not."""
    if not facts.others:
        return ""
    return (
        f" The limit is of all plans of the sponsor together, with {', '.join(each.name for each in facts.others)}: "
        "approve it in the plan out of which the excess leaves by the plans' own terms. Another plan then proposes "
        "only what is left."
    )


def _told(excess: Excess, parts: Mapping[Source, int]) -> str:
    out = ", ".join(f"{Money(cents)} of {source.value.replace('_', ' ')}" for source, cents in parts.items())
    return f"{excess.employee_id} is {Money(excess.found.excess_cents)} over {Money(excess.limit_cents)}: {out}"


def _notice(excess: Excess, parts: Mapping[Source, int], facts: PlanFacts, last: date) -> Notice:
    paid = sum(cents for source, cents in parts.items() if source.from_employee)
    forfeited = sum(parts.values()) - paid
    told = [f"What was added to your account for {facts.plan_year} is over the limit of IRC 415(c)."]
    if paid:
        told.append(f"{Money(paid)} of your own contributions are paid back to you, with earnings (Form 1099-R).")
    if forfeited:
        told.append(f"{Money(forfeited)} of employer contributions leave your account.")
    return Notice(excess.employee_id, last, " ".join(told))


def _working(excess: Excess) -> dict[str, Any]:
    return {
        "employee_id": str(excess.employee_id),
        "limit_cents": excess.limit_cents,
        "excess_cents": excess.found.excess_cents,
        "allocated": {source.value: cents for source, cents in sorted(excess.allocated.items())},
        "parts": [[part.step.value, part.returned_cents, part.forfeited_cents] for part in excess.found.parts],
    }

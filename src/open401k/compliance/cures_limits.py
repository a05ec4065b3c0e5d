"""Cures of limits that each person has alone: 402(g) with catch-up, 415(c), 401(a)(17). Not here: the limits (law)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from open401k import law
from open401k.kernel import Money

from .cure_case import (
    EARNINGS_UNKNOWN,
    WHOLE,
    Case,
    at_year_end,
    dates_to_come,
    day_text,
    not_available,
    outcome_after,
    over_on,
    rates_now,
)
from .facts import Cents, Flags, PlanFacts
from .measures import counted_too_much, must_be_roth
from .results import CostItem, Cure, CureKind, Effect, Standing, TestId
from .simulation import Intervention
from .year import Year

_SURE_ENOUGH = 0.90
_NO_DATE = "No pay date is left on which elections could still change."
_NOBODY = "Nobody's own election leads over the limit in more than one of ten simulated years."


@dataclass(frozen=True, slots=True, eq=False)
class _AtRisk:
    """Who may end over the limit, the rates that they have now, and the first day after the year of the limit."""

    places: Cents
    rates: Cents
    after_tax: Cents
    over_on: date


def limit_cures(case: Case) -> list[Cure]:
    """What can be done about people on course over 402(g) or 415(c), before and after the year ends."""
    risk = _at_risk(case)
    offers = [_lower(case, risk), _stop(case, risk)]
    if case.measure.test is TestId.DEFERRAL_LIMIT:
        offers.append(_elect_roth(case))
    return [*offers, _return_excess(case)]


def _at_risk(case: Case) -> _AtRisk:
    people = len(case.facts)
    over = _failing(case, case.ends)[:people] > 1 - _SURE_ENOUGH
    rates = rates_now(case) if case.effective_on else np.zeros(people, dtype=np.int64)
    after_tax = _after_tax_now(case) if case.effective_on else np.zeros(people, dtype=np.int64)
    may_change = case.today.here & ((rates > 0) | (after_tax > 0))
    return _AtRisk(np.flatnonzero(over & may_change), rates, after_tax, over_on(case.facts, case.measure.test))


def _failing(case: Case, ends: Year) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Share of year-ends in which each person is over the limit."""
    assert case.measure.over is not None  # noqa: S101 (asked only of limits that each person has alone)
    share: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = np.atleast_2d(case.measure.over(ends)).mean(axis=0)
    return share


def _after_tax_now(case: Case) -> Cents:
    """After-tax rate of each person on the last date with pay, in basis points."""
    history = case.facts.history
    assert history is not None  # noqa: S101 (a cure that changes elections is asked for only with a history)
    pay, given = history.compensation, history.after_tax
    last = pay.shape[1] - 1 - (pay[:, ::-1] > 0).argmax(axis=1)
    rows = np.arange(len(pay))
    return np.where(pay[rows, last] > 0, given[rows, last] * WHOLE // np.maximum(pay[rows, last], 1), 0)


# --- before the year ends: elections


def _ruled(risk: _AtRisk, total: Cents, on: date) -> Intervention:
    """Everybody at risk at most at a rate in total; what gives way first is after-tax, which has nothing to lose."""
    rate, after_tax = (np.full(len(risk.rates), -1, dtype=np.int64) for _ in range(2))
    allowed = np.minimum(total, risk.rates[risk.places])
    rate[risk.places] = allowed
    after_tax[risk.places] = np.minimum(total - allowed, risk.after_tax[risk.places])
    return Intervention(on, rate, after_tax_bps=after_tax, until=risk.over_on)


def _passing(case: Case, risk: _AtRisk, intervention: Intervention) -> Flags:
    """Who of those at risk stays within the limit in nine of ten year-ends."""
    failing = _failing(case, case.after_of(risk.places, intervention))
    return np.asarray(failing <= 1 - _SURE_ENOUGH, dtype=np.bool_)


def _highest(holds: Callable[[Cents], Flags], top: Cents) -> Cents:
    """For each place the largest number up to ``top`` for which it holds; -1 where it does not hold for zero."""
    low, high = np.full(len(top), -1, dtype=np.int64), top.copy()
    while (low < high).any():
        middle = (low + high + 1) // 2
        good = holds(np.maximum(middle, 0))
        open_still = low < high
        low = np.where(open_still & good, middle, low)
        high = np.where(open_still & ~good, middle - 1, high)
    return low


def _lower(case: Case, risk: _AtRisk) -> Cure:
    """The highest rate that each of them may keep for the rest of the year."""
    kind, title = CureKind.LOWER_ELECTION, "Lower the election for the rest of the year"
    on = case.effective_on
    if on is None:
        return not_available(case, kind, title, _NO_DATE)
    if not len(risk.places):
        return not_available(case, kind, title, _NOBODY)
    top = (risk.rates + risk.after_tax)[risk.places]
    best = _highest(lambda total: _passing(case, risk, _ruled(risk, total, on)), top)
    if (best < 0).all():
        return not_available(case, kind, title, "Even without any further contribution of theirs they end over it.")
    kept = np.maximum(best, 0)
    after = case.with_after(risk.places, _ruled(risk, kept, on))
    effects = _effects(case, risk, after, [f"at most {law.explain.percent(int(rate))} of pay" for rate in kept])
    text = f"From {day_text(on)} on, {_names(case, risk.places, kept)}."
    return _of_election(case, kind, title, after, on, effects, text)


def _stop(case: Case, risk: _AtRisk) -> Cure:
    """The last pay date on which each of them can still contribute in full."""
    kind, title = CureKind.STOP_ELECTION, "Payroll stops the contributions in time"
    on = case.effective_on
    if on is None:
        return not_available(case, kind, title, _NO_DATE)
    if not len(risk.places):
        return not_available(case, kind, title, _NOBODY)
    dates = [day for day in dates_to_come(case.facts, case.measure.test) if day >= on]

    def stopped(places: Cents) -> Intervention:
        since = np.full(len(case.facts), date.max.toordinal(), dtype=np.int64)
        since[risk.places] = [dates[place].toordinal() for place in places.tolist()]
        return replace(_ruled(risk, np.zeros_like(places), on), since=since)

    best = _highest(
        lambda places: _passing(case, risk, stopped(places)),
        np.full(len(risk.places), len(dates) - 1, dtype=np.int64),
    )
    if (best < 0).all():
        return not_available(case, kind, title, "Even without any further contribution of theirs they end over it.")
    days = [dates[place] for place in np.maximum(best, 0).tolist()]
    after = case.with_after(risk.places, stopped(np.maximum(best, 0)))
    effects = _effects(case, risk, after, [f"only what is left to the limit, from {day_text(day)} on" for day in days])
    told = "; ".join(
        f"{case.facts.labels[place]}, {day_text(day)}" for place, day in zip(risk.places[:3], days, strict=False)
    )
    text = f"From a date on only what is left to the limit is withheld: {told}{_more(risk.places)}."
    return _of_election(case, kind, title, after, min(days), effects, text)


def _elect_roth(case: Case) -> Cure:
    """Deferrals as Roth from a day on, for those whose catch-up must be Roth (IRC 414(v)(7)(A))."""
    kind, title = CureKind.ELECT_ROTH, "Make the catch-up as Roth"
    people = len(case.facts)
    if not case.today.plan_has_roth:
        return not_available(case, kind, title, "The plan has no Roth deferrals.")
    if case.effective_on is None:
        return not_available(case, kind, title, _NO_DATE)
    must = np.atleast_2d(must_be_roth(case.ends) > 0).mean(axis=0)[:people] > 1 - _SURE_ENOUGH
    who = must & case.today.here
    if not who.any():
        return not_available(case, kind, title, "Nobody's catch-up is expected to have to be Roth and not to be.")
    unchanged = np.full(people, -1, dtype=np.int64)
    after = case.with_after(np.flatnonzero(who), Intervention(case.effective_on, unchanged, as_roth=who))
    if (_failing(case, after)[:people][who] > 1 - _SURE_ENOUGH).all():
        return not_available(case, kind, title, "Roth alone does not suffice: their deferrals end over the limit too.")
    change = np.rint(np.median(np.atleast_2d(after.roth - case.ends.roth), axis=0)).astype(np.int64)
    effects = tuple(
        Effect(i, case.facts.labels[i], f"{Money(int(change[i]))} as Roth instead of before tax", 0)
        for i in np.flatnonzero(who).tolist()
    )
    text = (
        f"From {day_text(case.effective_on)} on their deferrals are Roth, so that all catch-up of the year is. "
        "Wages of last year over the threshold require it (IRC 414(v)(7)(A))."
    )
    return _of_election(case, kind, title, after, case.effective_on, effects, text)


def _of_election(
    case: Case, kind: CureKind, title: str, after: Year, on: date, effects: tuple[Effect, ...], text: str
) -> Cure:
    saved = min(int(_change(case.ends.match, after.match).sum()), 0)
    measured, limit, passes = outcome_after(case, after)
    return Cure(
        kind=kind, test=case.measure.test, title=title, standing=Standing.PERMITTED, reason="",
        employer_cost_cents=saved,
        cost=(CostItem("Match on the deferrals not made", saved),) if saved else (),
        effects=effects,
        decide_by=max(case.facts.as_of, on - timedelta(days=7)),
        effective_on=on,
        notices=("Tell each of them, and the payroll provider, before the pay date; no notice is prescribed.",),
        decided_by="the plan administrator, with each of them: the plan must not accept more (IRC 401(a)(30), 415(a))",
        median_after=measured, limit_after=limit, pass_probability_bps=passes, explanation=text,
    )  # fmt: skip


def _effects(case: Case, risk: _AtRisk, after: Year, words: list[str]) -> tuple[Effect, ...]:
    """Each person's new rule, and what they contribute less in the middle of the year-ends."""
    own = case.measure.test is TestId.DEFERRAL_LIMIT
    before, then = (year.elected if own else year.deferrals + year.after_tax for year in (case.ends, after))
    less = _change(before, then)
    was = (risk.rates + risk.after_tax)[risk.places]
    return tuple(
        Effect(i, case.facts.labels[i], f"{law.explain.percent(int(rate))} of pay becomes {rule}", int(less[i]))
        for i, rate, rule in zip(risk.places.tolist(), was, words, strict=True)
    )


def _change(before: Cents, after: Cents) -> Cents:
    change: Cents = np.rint(np.median(np.atleast_2d(after - before), axis=0)).astype(np.int64)
    return change


def _names(case: Case, places: Cents, rates: Cents) -> str:
    told = [
        f"{case.facts.labels[i]} at most {law.explain.percent(int(rate))} of pay"
        for i, rate in zip(places[:3].tolist(), rates, strict=False)
    ]
    return "; ".join(told) + _more(places)


def _more(places: Cents) -> str:
    return f" and {len(places) - 3} more" if len(places) > 3 else ""


# --- after the year end: what is too much goes back


def _return_excess(case: Case) -> Cure:
    """What goes back at the median year-end, and by when."""
    kind, year, facts = CureKind.RETURN_EXCESS, case.median, case.facts
    title = "Pay back what is too much"
    if case.measure.test is TestId.DEFERRAL_LIMIT:
        over = law.deferrals.split(year.elected, year.deferral_limits()).excess
        days = law.deadlines.excess_deferral_deadlines(facts.calendar_year)
        last, cite, code = days.return_by, "IRC 402(g)(2)(A)", "Form 1099-R, code 8 or P"
        how = "It is taxed in the year it was deferred, even though paid back; after that day it is taxed twice."
    else:
        over, code = year.annual_additions().excess, "Form 1099-R, code E"
        last, cite, until = additions_back(facts)
        how = (
            "After-tax contributions go first, then unmatched deferrals, then matched ones, and match on them is lost."
            f"{until}"
        )
    over = np.atleast_1d(over)[: len(facts)]
    if not (over > 0).any():
        return not_available(case, kind, title, f"{at_year_end(case)} nothing is over the limit.")
    total = int(over.sum())
    return Cure(
        kind=kind, test=case.measure.test, title=title, standing=Standing.PERMITTED, reason="",
        employer_cost_cents=0,
        cost=(CostItem("Earnings on what goes back", None, EARNINGS_UNKNOWN),),
        effects=tuple(
            Effect(i, facts.labels[i], f"{Money(int(over[i]))} goes back, with earnings", -int(over[i]))
            for i in np.flatnonzero(over > 0).tolist()
        ),
        decide_by=last, effective_on=last, notices=(f"{code}, to each of them.",),
        decided_by="the plan administrator; nobody else has to agree",
        median_after=int(case.measure.of(year).limit), limit_after=int(case.measure.of(year).limit),
        pass_probability_bps=WHOLE,
        explanation=(
            f"{at_year_end(case)} {Money(total)} is too much. It goes back with earnings by {day_text(last)} "
            f"({cite}). {how}"
        ),
    )  # fmt: skip


def additions_back(facts: PlanFacts) -> tuple[date, str, str]:
    """By when what is over 415(c) goes back, under which rule, and what that day is where it is no day of the rule.

    Only a plan with deferrals and a nonelective contribution has the 9 1/2 months of section 4.04. Any other corrects
    by itself within a reasonable period after the failure is found, which is at the latest as its year ends.
    """
    terms, year = facts.provisions, facts.limitation_year
    practice = law.self_correction.excess_additions_practice(
        limitation_year=year,
        has_elective_deferrals=any(source.is_deferral for source in terms.deferrals.sources),
        has_nonelective_besides_match=terms.nonelective is not None,
    )
    if practice.counts:
        return practice.return_by, "Rev. Proc. 2021-30 sections 4.04, 6.06(2)", ""
    period = law.self_correction.self_correction_period(plan_year=facts.plan_year, identified_on=year.last_day)
    assert period.last_day is not None  # noqa: S101 (nothing that bars self-correction was told)
    until = (
        f" That day ends the 18th month after {day_text(year.last_day)}, within which self-correction is in time "
        "(SECURE 2.0 s. 305; Notice 2023-43); the sooner, the less income goes back."
    )
    return period.last_day, "Rev. Proc. 2021-30 section 6.06(2)", until


def reallocation(case: Case) -> list[Cure]:
    """Employer money on pay over the 401(a)(17) limit leaves the accounts (Rev. Proc. 2021-30, appendix B 2.07)."""
    kind, title = CureKind.REALLOCATE, "Take back what was given on pay that does not count"
    over = np.atleast_1d(counted_too_much(case.median))[: len(case.facts)]
    if not (over > 0).any():
        return [not_available(case, kind, title, "No money was given on pay over the limit.")]
    last = case.facts.plan_year.last_day
    limit = law.compensation.annual_cap(case.facts.plan_year)
    return [
        Cure(
            kind=kind, test=case.measure.test, title=title, standing=Standing.PERMITTED, reason="",
            employer_cost_cents=-int(over.sum()),
            cost=(
                CostItem("Used for later employer contributions", -int(over.sum())),
                CostItem("Earnings on it", None, EARNINGS_UNKNOWN),
            ),
            effects=tuple(
                Effect(i, case.facts.labels[i], f"{Money(int(over[i]))} leaves the account", -int(over[i]))
                for i in np.flatnonzero(over > 0).tolist()
            ),
            decide_by=last, effective_on=last, notices=(),
            decided_by="the plan administrator; nobody else has to agree",
            median_after=limit, limit_after=limit, pass_probability_bps=WHOLE,
            explanation=(
                f"{Money(int(over.sum()))} of employer money was given on pay over {Money(limit)}. It moves to an "
                f"unallocated account and pays for later employer contributions."
            ),
        )
    ]  # fmt: skip

"""Cures of a coverage failure of the match alone (IRC 401(m), 410(b)): a class that may defer is let into it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from open401k import law
from open401k.kernel import Money

from .cure_case import WHOLE, Case, dates_to_come, day_text, not_available, outcome_after
from .cures_coverage import OTHERWISE, Covered, class_words, effects_of, fewest, pay_of_year
from .facts import Cents, Flags, PlanFacts
from .match_to_come import formula_of
from .results import CostItem, Cure, CureKind, Standing
from .year import Year

_NONE = f"No class that is out of the match alone brings the ratio to 70 %. {OTHERWISE}"


def match_coverage_cures(case: Case) -> list[Cure]:
    """Let a class into the match for the rest of the year, or for all of it once it is over.

    None where nobody is out of the match alone by class: then its coverage follows that of the deferrals, or fails by a
    condition, which an amendment drawn up by a person cures (ADR-0032).
    """
    out = out_of_match_alone(case.facts) & ~case.today.is_hce
    if not out.any():
        return []
    covered = fewest(case, out, _let_in)
    return [_now(case, covered), _afterwards(case, covered)]


def out_of_match_alone(facts: PlanFacts) -> Flags:
    """Who may defer and is kept out of the match by class."""
    if facts.match_kept_out is None:
        return np.zeros(len(facts), dtype=np.bool_)
    return facts.match_kept_out & ~facts.class_excluded & facts.eligible


def _let_in(year: Year, who: Flags) -> Year:
    """The same year with these people in the match: who could have one on any day of the year benefits."""
    if year.in_match is None or year.match_kept_out is None:
        return year
    wide = np.append(who, np.zeros(year.match_kept_out.shape[-1] - len(who), dtype=np.bool_))
    taken_in = year.match_kept_out & wide
    return replace(year, in_match=year.in_match | taken_in, match_kept_out=year.match_kept_out & ~taken_in)


def _now(case: Case, covered: Covered | None) -> Cure:
    """An amendment that takes a class in from the next pay date on."""
    kind, title = CureKind.COVER_MORE, "Let a class into the match"
    on = case.effective_on
    if covered is None:
        return not_available(case, kind, title, _NONE)
    if on is None:
        return not_available(case, kind, title, "The year is over: an amendment for its rest comes too late.")
    matched = _match_to_come(case, covered, on)
    measured, limit, passes = outcome_after(case, covered.ends)
    return Cure(
        kind=kind, test=case.measure.test, title=title, standing=Standing.NEEDS_AMENDMENT,
        reason=f"Amend the plan before {day_text(on)}: {class_words(covered)} is then matched as the others are.",
        employer_cost_cents=int(matched.sum()),
        cost=(CostItem("Match of what they save until the year end", int(matched.sum())),),
        effects=effects_of(case, covered, lambda cents: f"is matched from {day_text(on)} on: {Money(cents)}", matched),
        decide_by=max(case.facts.as_of, on - timedelta(days=7)), effective_on=on,
        notices=("A summary of material modifications.",),
        decided_by="the sponsor",
        median_after=measured, limit_after=limit, pass_probability_bps=passes,
        explanation=(
            f"With {class_words(covered)}, {int(covered.who.sum())} more employees are covered by the match and the "
            f"ratio ends near {law.explain.percent(measured)}; 70 % pass. Who may be matched on one day of the year is "
            f"covered for it (Reg. 1.410(b)-3(a)(2)(i)); days before that day are not matched. {OTHERWISE}"
        ),
    )  # fmt: skip


def _match_to_come(case: Case, covered: Covered, on: date) -> Cents:
    """The plan's formula on what they will be paid and save from a day on, at the median of the year-ends."""
    formula, people = formula_of(case.facts), len(covered.who)
    days = dates_to_come(case.facts, case.measure.test)
    later = sum(day >= on for day in days)
    if formula is None:
        return np.zeros(people, dtype=np.int64)

    def to_come(ends: Cents, today: Cents) -> Cents:
        found: Cents = np.rint(np.median(np.atleast_2d(ends - today), axis=0)).astype(np.int64)[:people]
        return np.where(covered.who, np.maximum(found, 0) * later // max(len(days), 1), 0)

    pay = to_come(case.ends.compensation, case.today.compensation)
    return law.matching.match(to_come(case.ends.deferrals, case.today.deferrals), pay, formula)


def _afterwards(case: Case, covered: Covered | None) -> Cure:
    """An amendment for the whole of the year, made after it (Reg. 1.401(a)(4)-11(g))."""
    kind, title = CureKind.COVER_AFTERWARDS, "Let a class into the match of the year that is over"
    last = law.deadlines.coverage_amendment(case.facts.plan_year)
    if covered is None:
        return not_available(case, kind, title, _NONE)
    paid = np.where(covered.who, pay_of_year(case, covered), 0)
    given = law.matching.nonelective(paid, _average(case))
    measured, limit, _ = outcome_after(case, covered.ends)
    return Cure(
        kind=kind, test=case.measure.test, title=title, standing=Standing.NEEDS_AMENDMENT,
        reason=f"Amend the plan by {day_text(last)} (Reg. 1.401(a)(4)-11(g)(3)).",
        employer_cost_cents=int(given.sum()),
        cost=(CostItem("Contribution instead of the match, at the others' average", int(given.sum())),),
        effects=effects_of(case, covered, lambda cents: f"receives {Money(cents)}, vested at once", given),
        decide_by=last, effective_on=last,
        notices=("A summary of material modifications for the amendment.",),
        decided_by="the sponsor",
        median_after=measured, limit_after=limit, pass_probability_bps=WHOLE,
        explanation=(
            f"{int(covered.who.sum())} employees of {class_words(covered)} count as covered by the match for the whole "
            f"year, and each receives the others' average of matches, whatever they saved: in the middle of the "
            f"simulated years {Money(int(given.sum()))} together. {OTHERWISE}"
        ),
    )  # fmt: skip


def _average(case: Case) -> int:
    """Average contribution ratio of those in the match who are not highly compensated, at the median year-end."""
    year = case.median
    return int(
        law.nondiscrimination.ratio_scenarios(
            contributions=year.acp_contributions(), compensation=year.counted_pay(), is_hce=year.is_hce,
            eligible=year.of_match().acp_eligible,
        ).nhce_average
    )  # fmt: skip

"""Cures of a coverage failure (IRC 410(b)): more people come into the plan, now or backward. Not here: the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from open401k import law
from open401k.kernel import Money

from .cure_case import WHOLE, Case, day_text, not_available, outcome_after
from .facts import Cents, Flags
from .match_to_come import formula_of
from .results import CostItem, Cure, CureKind, Effect, Standing
from .year import Year

_SURE_ENOUGH = 0.90
OTHERWISE = "The average benefit test (IRC 410(b)(2)) may pass without it: the coverage test says how near it is."


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """Classes that come in, who is in them, and the year-ends that follow."""

    classes: tuple[str, ...]
    who: Flags
    ends: Year


def coverage_cures(case: Case) -> list[Cure]:
    """Cover more people for the rest of the year, or for all of it once it is over."""
    excluded = (case.facts.class_excluded | case.facts.kept_out_later) & ~case.today.is_hce
    covered = fewest(case, excluded, _with)
    return [_now(case, covered), _afterwards(case, covered)]


def fewest(case: Case, excluded: Flags, let_in: Callable[[Year, Flags], Year]) -> Covered | None:
    """The classes of those excluded, those with the fewest people first, until nine in ten year-ends pass."""
    facts = case.facts
    names = facts.classes or ("",) * len(facts)
    sizes: dict[str, int] = {}
    for place in np.flatnonzero(excluded).tolist():
        sizes[names[place]] = sizes.get(names[place], 0) + 1
    order = sorted(sizes, key=lambda name: (sizes[name], name))
    # One class that does it alone is better than several smaller ones.
    for chosen in [*((name,) for name in order), *(tuple(order[: n + 1]) for n in range(1, len(order)))]:
        who = excluded & np.array([name in chosen for name in names], dtype=np.bool_)
        ends = let_in(case.ends, who)
        if case.passes(ends) >= _SURE_ENOUGH:
            return Covered(chosen, who, ends)
    return None


def _with(year: Year, who: Flags) -> Year:
    """The same year with these people in the plan: eligible on any day of the year is benefiting."""
    wide = np.append(who, np.zeros(year.class_excluded.shape[-1] - len(who), dtype=np.bool_))
    taken_in = year.class_excluded & wide
    return replace(
        year,
        eligible=year.eligible | taken_in,
        class_excluded=year.class_excluded & ~taken_in,
        in_match=_and(year.in_match, taken_in, year.match_kept_out),
        in_nonelective=_and(year.in_nonelective, taken_in, year.nonelective_kept_out),
        match_kept_out=None if year.match_kept_out is None else year.match_kept_out & ~taken_in,
        nonelective_kept_out=None if year.nonelective_kept_out is None else year.nonelective_kept_out & ~taken_in,
    )


def _and(entered: Flags | None, taken_in: Flags, kept_out: Flags | None) -> Flags | None:
    """With whom class alone kept out of the kind of money: age and service are asked of them as of all others."""
    return None if entered is None else entered | (taken_in if kept_out is None else taken_in & kept_out)


def _now(case: Case, covered: Covered | None) -> Cure:
    """An amendment that takes a class in from the next pay date on."""
    kind, title = CureKind.COVER_MORE, "Take an excluded class into the plan"
    on = case.effective_on
    if covered is None:
        return not_available(case, kind, title, f"No excluded class brings the ratio to 70 %. {OTHERWISE}")
    if on is None:
        return not_available(case, kind, title, "The year is over: an amendment for its rest comes too late.")
    paid = pay_of_year(case, covered)
    still = np.rint(np.median(np.atleast_2d(case.ends.compensation - case.today.compensation), axis=0)).astype(np.int64)
    to_come = np.where(covered.who, still[: len(paid)], 0)
    cost, parts = _cost(case, to_come, covered.who, rate=_savers_rate(case))
    measured, limit, passes = outcome_after(case, covered.ends)
    return Cure(
        kind=kind, test=case.measure.test, title=title, standing=Standing.NEEDS_AMENDMENT,
        reason=f"Amend the plan before {day_text(on)}: {class_words(covered)} may then defer.",
        employer_cost_cents=cost, cost=parts,
        effects=effects_of(case, covered, lambda _: f"may defer from {day_text(on)} on", np.zeros_like(paid)),
        decide_by=max(case.facts.as_of, on - timedelta(days=7)), effective_on=on,
        notices=("A summary of material modifications, and an election form for each of them before that day.",),
        decided_by="the sponsor",
        median_after=measured, limit_after=limit, pass_probability_bps=passes,
        explanation=(
            f"With {class_words(covered)}, {int(covered.who.sum())} more employees are covered and the ratio ends near "
            f"{law.explain.percent(measured)}; 70 % pass. The cost assumes that they save as the others do. "
            f"{OTHERWISE}"
        ),
    )  # fmt: skip


def _afterwards(case: Case, covered: Covered | None) -> Cure:
    """An amendment for the whole of the year, made after it (Reg. 1.401(a)(4)-11(g))."""
    kind, title = CureKind.COVER_AFTERWARDS, "Cover a class for the year that is over"
    last = law.deadlines.coverage_amendment(case.facts.plan_year)
    if covered is None:
        return not_available(case, kind, title, f"No excluded class brings the ratio to 70 %. {OTHERWISE}")
    paid = np.where(covered.who, pay_of_year(case, covered), 0)
    qnec = law.matching.nonelective(paid, _average(case, case.median.adp_contributions()))
    matched = law.matching.nonelective(paid, _average(case, case.median.acp_contributions()))
    given = qnec + matched
    measured, limit, _ = outcome_after(case, covered.ends)
    return Cure(
        kind=kind, test=case.measure.test, title=title, standing=Standing.NEEDS_AMENDMENT,
        reason=f"Amend the plan by {day_text(last)} (Reg. 1.401(a)(4)-11(g)(3)).",
        employer_cost_cents=int(given.sum()),
        cost=(
            CostItem("Contribution instead of the deferrals not made, at the others' average", int(qnec.sum())),
            CostItem("Contribution instead of the match, at the others' average", int(matched.sum())),
        ),
        effects=effects_of(case, covered, lambda cents: f"receives {Money(cents)}, vested at once", given),
        decide_by=last, effective_on=last,
        notices=("A summary of material modifications for the amendment.",),
        decided_by="the sponsor",
        median_after=measured, limit_after=limit, pass_probability_bps=WHOLE,
        explanation=(
            f"{int(covered.who.sum())} employees of {class_words(covered)} count as covered for the whole year, and "
            "each receives the average of the others, in the middle of the simulated years "
            f"{Money(int(given.sum()))} together. {OTHERWISE}"
        ),
    )  # fmt: skip


def pay_of_year(case: Case, covered: Covered) -> Cents:
    """Counted pay of the whole year of those who come in, at the median year-end."""
    return np.atleast_1d(case.median.counted_pay())[: len(covered.who)]


def _average(case: Case, contributions: Cents) -> int:
    """Average ratio of the eligible nonhighly compensated at the median year-end, in hundredths of a percent."""
    year = case.median
    return int(
        law.nondiscrimination.ratio_scenarios(
            contributions=contributions, compensation=year.counted_pay(), is_hce=year.is_hce, eligible=year.eligible
        ).nhce_average
    )


def _savers_rate(case: Case) -> int:
    return _average(case, case.median.adp_contributions())


def _cost(case: Case, pay: Cents, who: Flags, *, rate: int) -> tuple[int, tuple[CostItem, ...]]:
    """Match and nonelective on pay still to come, by the plan's own formulas."""
    formula, given = formula_of(case.facts), case.facts.provisions.nonelective
    parts: list[CostItem] = []
    if formula is not None:
        deferred = law.matching.nonelective(pay, rate)
        match = int(law.matching.match(deferred, pay, formula)[who].sum())
        parts.append(CostItem(f"Match, if they save {law.explain.percent(rate)} of pay", match))
    if given is not None:
        parts.append(CostItem("Nonelective", int(law.matching.nonelective(pay, given.rate_bps)[who].sum())))
    return sum(part.cents or 0 for part in parts), tuple(parts)


def effects_of(case: Case, covered: Covered, words: Callable[[int], str], cents: Cents) -> tuple[Effect, ...]:
    """What happens to each of those who come in."""
    return tuple(
        Effect(i, case.facts.labels[i], words(int(cents[i])), int(cents[i]))
        for i in np.flatnonzero(covered.who).tolist()
    )


def class_words(covered: Covered) -> str:
    """The classes that come in, as a sentence names them."""
    named = [f"the class {name!r}" for name in covered.classes if name]
    return " and ".join(named) or "the excluded class"
